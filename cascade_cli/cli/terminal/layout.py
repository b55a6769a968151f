"""How `--help` is laid out: panels of options by their purpose, and examples below them."""

from __future__ import annotations

from inspect import cleandoc

PAYMENTS = "Which payments"
CASES = "Which cases"
EVENTS = "Which events"
ENTRIES = "Which entries"
CREDITED = "What is credited"
TAKEN_BACK = "What is taken back"
DECISION = "The decision"
SOLD = "What is sold"
GIFT = "If it is a gift"
BALANCE = "The balance"
REPAIR = "Repair"
OVERRIDE = "Override a guard"
WRITING = "Before it writes"
TELL = "Tell others how it went"
RUN = "The nightly run"
WATCH = "Watch"
OUTPUT = "Output"
LIMITS = "Limits"
ENGINE = "Venice's engine"
WEBHOOKS = "Stripe's events"
CLOCKS = "The services' clocks"


def examples(*lines: str, topic: str = "") -> str:
    """An epilog: each line is a command to type, and the topic tells more."""
    more = [f"More: cascade help {topic}"] if topic else []
    return "\n".join(["Examples:", *(f"  {line}" for line in lines), *more])


def unwrapped(docstring: str | None) -> str:
    """Each paragraph on one line: Typer keeps line breaks, and a terminal has its own width."""
    paragraphs = cleandoc(docstring or "").split("\n\n")
    return "\n\n".join(" ".join(paragraph.split()) for paragraph in paragraphs)
