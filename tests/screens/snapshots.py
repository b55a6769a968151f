"""The screens kept as text at three widths: `python -m tests.screens.snapshots` draws them anew."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from rich.text import Text

from tests.screens.terminal import Terminal, terminal

FOLDER = Path(__file__).parent / "kept"
WIDTHS = (60, 80, 140)
SCREENS = {
    "reconcile": ("reconcile",),
    "reconcile_kind": ("--no-pager", "reconcile", "--kind", "refunded", "--kind", "stalled"),
    "explain": ("explain", "pi_3hzz7gx0XIcXauOz19fho1La"),
    "explain_citizen": ("explain", "--since", "7d", "SerenissimaTrader"),
    "doctor": ("doctor",),
    "status": ("status", "--since", "7d"),
}


def drawn(shop: Terminal, name: str, columns: int) -> str:
    """As people see it without any style; the ends of lines are cut off."""
    told = Text.from_ansi(shop.sandbox(*SCREENS[name], columns=columns)).plain
    return "".join(f"{line.rstrip()}\n" for line in told.splitlines())


def kept(name: str, columns: int) -> Path:
    """Its file."""
    return FOLDER / f"{name}_{columns}.txt"


def all_of_them() -> Iterator[tuple[str, int]]:
    """Each screen at each width."""
    return ((name, columns) for name in SCREENS for columns in WIDTHS)


if __name__ == "__main__":
    FOLDER.mkdir(exist_ok=True)
    with terminal() as shop:
        for name, columns in all_of_them():
            kept(name, columns).write_text(drawn(shop, name, columns), encoding="utf-8")
