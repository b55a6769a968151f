"""How `--help` is laid out: options in panels by purpose, and examples below them."""

from __future__ import annotations

from functools import partial
from inspect import cleandoc
from typing import Any

import typer


def _panel(title: str) -> partial[Any]:
    """A function to call like `typer.Option`, which puts the option into a panel of this title."""
    return partial(typer.Option, rich_help_panel=title)


PAYMENTS = _panel("Which payments")
CASES = _panel("Which cases")
EVENTS = _panel("Which events")
ENTRIES = _panel("Which entries")
CREDITED = _panel("What is credited")
TAKEN_BACK = _panel("What is taken back")
DECISION = _panel("The decision")
SOLD = _panel("What is sold")
GIFT = _panel("If it is a gift")
BALANCE = _panel("The balance")
REPAIR = _panel("Repair")
OVERRIDE = _panel("Override a guard")
WRITING = _panel("Before it writes")
TELL = _panel("Tell others how it went")
RUN = _panel("The nightly run")
WATCH = _panel("Watch")
OUTPUT = _panel("Output")
LIMITS = _panel("Limits")
ENGINE = _panel("Venice's engine")
WEBHOOKS = _panel("Stripe's events")
CLOCKS = _panel("The services' clocks")


def examples(*lines: str, topic: str = "") -> str:
    """An epilog: commands to type, and the topic that tells more."""
    more = [f"More: cascade help {topic}"] if topic else []
    return "\n".join(["Examples:", *(f"  {line}" for line in lines), *more])


def unwrapped(docstring: str | None) -> str:
    """Each paragraph on one line: Typer keeps line breaks, and a terminal has its own width."""
    paragraphs = cleandoc(docstring or "").split("\n\n")
    return "\n\n".join(" ".join(paragraph.split()) for paragraph in paragraphs)
