"""Tells people, a dead man's switch and the node exporter how a reconciliation ended.

This never changes the result of the run: if somebody cannot be told, that is a warning.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from cascade_cli.adapters.http.ping import DeadManSwitch
from cascade_cli.cli.reconcile.options import EndOptions
from cascade_cli.cli.terminal.session import Outcome, Session, run_command
from cascade_cli.errors import CascadeError, ExitCode

if TYPE_CHECKING:
    from cascade_cli.cli.reconcile.alerting import Alerting
    from cascade_cli.domain.records.journal_entries import Head

_GOOD = (ExitCode.OK, ExitCode.DISCREPANCIES)


def run_and_report(
    session: Session,
    options: EndOptions,
    work: Callable[[Session], Outcome],
    *,
    json: bool = False,
) -> int:
    """`run_command` for reconcile: check that everybody can be told, run, and tell them."""
    end = RunEnd(session, options)

    def checked(session: Session) -> Outcome:
        end.prepare()
        return work(session)

    return run_command(session, "reconcile", checked, json=json, at_end=end.tell)


class RunEnd:
    """Tells how one run ended. The run begins when this is made."""

    def __init__(self, session: Session, options: EndOptions) -> None:
        self._session, self._options = session, options
        self._begun = time.monotonic()
        self._switch: DeadManSwitch | None = None
        self._metrics: Path | None = None
        self._alerting: Alerting | None = None
        self._page: Path | None = None
        self._is_written = False
        self._head: Head | None = None

    def prepare(self) -> None:
        """Raises UsageError or SettingsError, before anything is read, if somebody cannot be told.

        All are prepared first: those that work tell of the one that does not.
        """
        steps = (self._use_switch, self._use_metrics, self._use_page, self._use_alerts)
        errors = [error for error in map(_error_of, steps) if error]
        if errors:
            raise errors[0]

    def _use_switch(self) -> None:
        if self._options.ping is not None:
            self._session.secrets.append(self._options.ping)
        self._switch = self._options.switch()

    def _use_metrics(self) -> None:
        self._metrics = self._options.metrics()

    def _use_page(self) -> None:
        self._page = self._options.page()

    def _use_alerts(self) -> None:
        if self._options.alert:
            from cascade_cli.cli.reconcile.alerting import Alerting  # noqa: PLC0415 - seldom wanted

            self._alerting = Alerting(self._session)

    def tell(self, outcome: Outcome) -> None:
        """Tell everybody; never raises.

        It is called a second time if the outcome could not be shown. People and the switch hear of
        that; the files keep what was judged.
        """
        failed = outcome.error is not None or outcome.exit_code not in _GOOD
        if self._metrics or self._page or self._alerting:
            self._guarded("the journal's head", self._read_head)
        if not self._is_written:
            self._guarded("the metrics file", lambda: self._write_metrics(outcome, failed))
            self._guarded("the report", lambda: self._write_page(outcome))
            self._is_written = True
        heard = self._guarded("the alert", lambda: self._alert(outcome, failed))
        # The switch watches over the alerts, too: without it, nobody would notice that they are
        # lost.
        self._guarded("the ping", lambda: self._ping(failed or not heard))

    def _read_head(self) -> bool:
        from cascade_cli.cli.journal.run import head_to_tell  # noqa: PLC0415 - costs 0.2 s

        self._head = head_to_tell(self._session)
        return True

    def _write_metrics(self, outcome: Outcome, failed: bool) -> bool:
        if self._metrics is not None:
            from cascade_cli.cli.reconcile.run_metrics import write_metrics  # noqa: PLC0415 - as above

            seconds = time.monotonic() - self._begun
            write_metrics(
                self._metrics,
                outcome,
                failed=failed,
                at=self._session.now(),
                seconds=seconds,
                head=self._head,
            )
        return True

    def _write_page(self, outcome: Outcome) -> bool:
        if self._page is not None:
            from cascade_cli.cli.reconcile.report.page import write_report  # noqa: PLC0415 - brings Jinja

            write_report(self._session, self._page, outcome, self._head)
        return True

    def _alert(self, outcome: Outcome, failed: bool) -> bool:
        return self._alerting is None or self._alerting.tell(
            outcome, failed=failed, head=self._head
        )

    def _ping(self, failed: bool) -> bool:
        if self._switch is not None:
            self._switch.ping(failed=failed)
        return True

    def _guarded(self, what: str, tell: Callable[[], bool]) -> bool:
        try:
            return tell()
        except CascadeError as error:
            self._session.insist(f"{what}: {error.message}")
        except OSError as error:
            self._session.insist(f"{what}: {error.strerror or type(error).__name__}")
        except Exception as error:  # noqa: BLE001 - whatever it is, the run's result stands
            self._session.insist(f"{what}: {type(error).__name__} was not foreseen")
        return False


def _error_of(step: Callable[[], None]) -> CascadeError | None:
    try:
        step()
    except CascadeError as error:
        return error
    return None
