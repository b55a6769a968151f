"""Options that many commands have, and `options_as_parameters`, for commands that take their
options as dataclasses."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import MISSING, fields, is_dataclass
from functools import wraps
from inspect import Parameter, signature
from typing import Annotated, Any, get_type_hints

import typer

from cascade_cli.cli.terminal import layout

_JSON = "One JSON object on stdout."
Json = Annotated[bool, layout.OUTPUT("--json", help=_JSON)]
PlainJson = Annotated[bool, typer.Option("--json", help=_JSON)]
"""For a command without panels."""
DryRun = Annotated[bool, layout.WRITING("--dry-run", help="Show every write, but make none.")]
Yes = Annotated[bool, layout.WRITING("--yes", "-y", help="Do not ask.")]


def options_as_parameters(command: Callable[..., int]) -> Callable[..., int]:
    """The command for Typer: the fields of its dataclasses become parameters.

    So an option is written once, as a field, and `command` gets whole dataclasses to pass on.
    """
    own = signature(command, eval_str=True)
    taken = own.parameters.values()
    groups: dict[str, Any] = {p.name: p.annotation for p in taken if is_dataclass(p.annotation)}

    @wraps(command)
    def called(**words: Any) -> int:
        for name, options in groups.items():
            words[name] = options(**{p.name: words.pop(p.name) for p in _parameters(options)})
        return command(**words)

    parameters = [
        parameter
        for one in taken
        for parameter in (_parameters(one.annotation) if one.name in groups else [one])
    ]
    vars(called)["__signature__"] = own.replace(parameters=parameters)
    return called


def _parameters(options: Any) -> Iterator[Parameter]:
    annotations = get_type_hints(options, include_extras=True)
    for field in fields(options):
        default = Parameter.empty if field.default is MISSING else field.default
        kind, annotation = Parameter.KEYWORD_ONLY, annotations[field.name]
        if field.init:
            yield Parameter(field.name, kind, default=default, annotation=annotation)
