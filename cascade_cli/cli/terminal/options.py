"""Options and their help: the panels in which `--help` shows them, the options that many commands
have, and `options_as_parameters`, for commands that take their options as dataclasses."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import MISSING, fields, is_dataclass
from functools import partial, wraps
from inspect import Parameter, cleandoc, signature
from typing import Annotated, Any, get_type_hints

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


_JSON = "One JSON object on stdout."
Json = Annotated[bool, OUTPUT("--json", help=_JSON)]
PlainJson = Annotated[bool, typer.Option("--json", help=_JSON)]
"""For a command that has no other option in a panel."""
DryRun = Annotated[bool, WRITING("--dry-run", help="Show every write, but make none.")]
Yes = Annotated[bool, WRITING("--yes", "-y", help="Do not ask.")]


def options_as_parameters(command: Callable[..., int]) -> Callable[..., int]:
    """The command for Typer: the fields of its dataclasses become parameters.

    So an option is written once, as a field, and `command` gets whole dataclasses to pass on.
    """
    # The annotations are strings: every module has `from __future__ import annotations`.
    own = signature(command, eval_str=True)
    taken = own.parameters.values()
    groups: dict[str, tuple[Any, list[Parameter]]] = {
        p.name: (p.annotation, [*_parameters(p.annotation)])
        for p in taken
        if is_dataclass(p.annotation)
    }

    @wraps(command)
    def called(**words: Any) -> int:
        for name, (options, parameters) in groups.items():
            words[name] = options(**{p.name: words.pop(p.name) for p in parameters})
        return command(**words)

    parameters = [each for one in taken for each in groups.get(one.name, (None, [one]))[1]]
    # Typer asks `inspect.signature` for the parameters, and that looks here first.
    vars(called)["__signature__"] = own.replace(parameters=parameters)
    return called


def _parameters(options: Any) -> Iterator[Parameter]:
    annotations = get_type_hints(options, include_extras=True)
    for field in fields(options):
        default = Parameter.empty if field.default is MISSING else field.default
        kind, annotation = Parameter.KEYWORD_ONLY, annotations[field.name]
        if field.init:
            yield Parameter(field.name, kind, default=default, annotation=annotation)


def examples(*lines: str, topic: str = "") -> str:
    """An epilog: commands to type, and the topic that tells more."""
    more = [f"More: cascade help {topic}"] if topic else []
    return "\n".join(["Examples:", *(f"  {line}" for line in lines), *more])


def unwrapped(docstring: str | None) -> str:
    """Each paragraph on one line: Typer keeps line breaks, and a terminal has its own width."""
    paragraphs = cleandoc(docstring or "").split("\n\n")
    return "\n\n".join(" ".join(paragraph.split()) for paragraph in paragraphs)
