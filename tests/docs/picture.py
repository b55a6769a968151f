"""The README's picture of `cascade --sandbox reconcile`: `python -m tests.docs.picture`.

The command itself runs, over a sandbox seeded at a fixed moment; Rich draws what it printed.
"""

from __future__ import annotations

import io
import os
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, redirect_stdout
from datetime import UTC, datetime
from pathlib import Path

import time_machine
from rich.console import Console
from rich.terminal_theme import TerminalTheme
from rich.text import Text

from cascade_cli.cli.app import run
from cascade_cli.settings import SETTINGS

PICTURE = Path(__file__).with_name("reconcile.svg")
COMMAND = ("--sandbox", "reconcile", "--since", "7d")
AT = datetime(2026, 11, 20, 15, 0, tzinfo=UTC)
COLUMNS = 88
# Up to the end of the fifth discrepancy, and the closing sentence.
FIRST_LINES, LAST_LINES = 48, 2

_THEME = TerminalTheme(
    (13, 17, 23),
    (214, 222, 230),
    [
        (72, 79, 88),
        (255, 123, 114),
        (63, 185, 80),
        (227, 179, 65),
        (88, 166, 255),
        (188, 140, 255),
        (57, 197, 207),
        (177, 186, 196),
    ],
)

# Rich's own format fetches a font; a picture has to stand for itself.
_FORMAT = """\
<svg viewBox="0 0 {width} {height}" xmlns="http://www.w3.org/2000/svg" role="img">
<title>What cascade --sandbox reconcile prints</title>
<style>
.{unique_id}-matrix {{ font: {char_height}px/{line_height}px ui-monospace, SFMono-Regular, Menlo,
 Consolas, "DejaVu Sans Mono", monospace; font-variant-east-asian: full-width; }}
.{unique_id}-title {{ font: bold 16px system-ui, sans-serif; }}
{styles}
</style>
<defs>
<clipPath id="{unique_id}-clip-terminal">
<rect x="0" y="0" width="{terminal_width}" height="{terminal_height}" />
</clipPath>
{lines}
</defs>
{chrome}
<g transform="translate({terminal_x}, {terminal_y})" clip-path="url(#{unique_id}-clip-terminal)">
{backgrounds}
<g class="{unique_id}-matrix">
{matrix}
</g>
</g>
</svg>
"""


def printed() -> str:
    """What the command prints on a terminal with colours, at that moment."""
    out = io.StringIO()
    with _alone(), time_machine.travel(AT, tick=False), redirect_stdout(out):
        run(COMMAND)
    return out.getvalue()


@contextmanager
def _alone() -> Iterator[None]:
    """A state folder of its own, and nobody's settings."""
    before = dict(os.environ)
    for name in (*(setting.name for setting in SETTINGS), "NO_COLOR"):
        os.environ.pop(name, None)
    with tempfile.TemporaryDirectory() as folder:
        terminal = {"FORCE_COLOR": "1", "COLUMNS": str(COLUMNS), "TERM": "xterm-256color"}
        os.environ.update({"CASCADE_STATE_DIR": folder, **terminal})
        try:
            yield
        finally:
            os.environ.clear()
            os.environ.update(before)


def shortened(lines: Sequence[str]) -> list[str]:
    """The beginning and the end; what is left out is counted."""
    left = len(lines) - FIRST_LINES - LAST_LINES
    note = f"\x1b[2m… {left} lines are left out here …\x1b[0m"
    return [*lines[:FIRST_LINES], "", note, "", *lines[-LAST_LINES:]]


def drawn(text: str) -> str:
    """As a picture; a line that is too wide for a terminal is folded as a terminal would."""
    console = Console(record=True, width=COLUMNS, file=io.StringIO(), force_terminal=True)
    console.print(Text(f"$ cascade {' '.join(COMMAND)}", "bold"))
    for line in shortened(text.splitlines()):
        console.print(Text.from_ansi(line), overflow="fold", highlight=False)
    return console.export_svg(
        title="cascade", theme=_THEME, code_format=_FORMAT, unique_id="cascade"
    )


if __name__ == "__main__":
    PICTURE.write_text(drawn(printed()), encoding="utf-8")
