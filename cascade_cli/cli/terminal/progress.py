"""Bars on stderr while both sides are read."""

from __future__ import annotations

from types import TracebackType

from rich.console import Console
from rich.progress import BarColumn, Progress, ProgressColumn, Task, TextColumn, TimeElapsedColumn
from rich.text import Text

from cascade_cli.adapters.http.transport import Transport


class _Requests(ProgressColumn):
    """How many requests a service has been sent so far."""

    def render(self, task: Task) -> Text:
        transport: Transport = task.fields["transport"]
        return Text(f"{transport.requests_sent} requests")


class ReadingProgress:
    """A bar for each service, without an end: neither says how much there is to read."""

    def __init__(self, console: Console, stripe: Transport, airtable: Transport) -> None:
        self._progress = Progress(
            TextColumn("{task.description}"),
            BarColumn(bar_width=24),
            _Requests(),
            TimeElapsedColumn(),
            console=console,
            transient=True,
        )
        self._progress.add_task("Stripe", total=None, transport=stripe)
        self._progress.add_task("Airtable", total=None, transport=airtable)

    def __enter__(self) -> ReadingProgress:
        self._progress.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._progress.stop()

    def begin(self, step: str) -> None:
        """Say which step begins."""
        self._progress.console.print(Text(step, style="dim"))
