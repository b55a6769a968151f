"""The README's picture of `cascade --sandbox reconcile`: `python -m tests.docs.picture`.

The command itself runs, over a sandbox seeded at a fixed moment; Rich draws what it printed.
"""

from __future__ import annotations

import io
from pathlib import Path

from rich.console import Console
from rich.terminal_theme import TerminalTheme
from rich.text import Text

from tests.screens.terminal import terminal

PICTURE = Path(__file__).with_name("reconcile.svg")
COMMAND = ("--sandbox", "reconcile", "--since", "7d")
COLUMNS = 88

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
    """What the command prints on a terminal with colours."""
    with terminal() as shop:
        return shop.say(*COMMAND, columns=COLUMNS)


def drawn(text: str) -> str:
    """As a picture; a line that is too wide for a terminal is folded as a terminal would."""
    console = Console(record=True, width=COLUMNS, file=io.StringIO(), force_terminal=True)
    console.print(Text(f"$ cascade {' '.join(COMMAND)}", "bold"))
    for line in text.splitlines():
        console.print(Text.from_ansi(line), overflow="fold", highlight=False)
    return console.export_svg(
        title="cascade", theme=_THEME, code_format=_FORMAT, unique_id="cascade"
    )


if __name__ == "__main__":
    PICTURE.write_text(drawn(printed()), encoding="utf-8")
