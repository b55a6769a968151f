"""An option is written once: as a field of a dataclass that the command takes whole."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Annotated

import pytest
import typer

from cascade_cli.cli.terminal.options import options_as_parameters


@dataclass(frozen=True)
class Window:
    since: Annotated[str, typer.Argument()]
    until: Annotated[str | None, typer.Option("--to")] = None
    drawn: int = field(init=False, default_factory=lambda: 7)


def run(*words: str) -> object:
    seen: list[object] = []

    @options_as_parameters
    def command(ctx: typer.Context, *, window: Window, json: bool = False) -> int:
        seen.extend([ctx.info_name, window, json])
        return 3

    app = typer.Typer(add_completion=False)
    app.command()(command)
    assert typer.main.get_command(app)(list(words), standalone_mode=False) == 3
    return seen[1:]


def test_the_fields_are_the_commands_options() -> None:
    assert run("7d", "--to", "1d", "--json") == [Window("7d", "1d"), True]


def test_a_field_that_is_left_out_has_its_default() -> None:
    assert run("7d") == [Window("7d"), False]


def test_a_field_without_a_default_is_needed() -> None:
    with pytest.raises(typer.TyperException, match="since"):
        run()


def test_a_field_that_is_not_given_is_no_option() -> None:
    with pytest.raises(typer.TyperException, match="--drawn"):
        run("7d", "--drawn", "1")
