"""Man pages: cascade(1), one for each command from its own help, one for each topic."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby
from pathlib import Path
from typing import Any

import typer

from cascade_cli import __version__
from cascade_cli.cli.app import COMMANDS, GROUPS, app_for
from cascade_cli.cli.help.roff import bold, escaped, roff, verbatim
from cascade_cli.cli.help.topics import Topic, spelled_out, topics


def write(folder: Path) -> list[Path]:
    """Write all pages to `man1` and `man7` in the folder. Raises OSError."""
    files = []
    for name, section, text in pages():
        file = folder / f"man{section}" / f"{name}.{section}"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
        files.append(file)
    return files


def pages() -> Iterator[tuple[str, int, str]]:
    """Name, section and text of each page."""
    command: Any = typer.main.get_command(app_for([*COMMANDS, *GROUPS]))
    for name, one in _tree("cascade", command):
        # Section 1 of a system's manual is for commands, section 7 for overviews.
        yield name.replace(" ", "-"), 1, "\n".join(_command_page(name, one)) + "\n"
    for topic in topics():
        yield f"cascade-{topic.name}", 7, _topic_page(topic)


def _tree(name: str, command: Any) -> Iterator[tuple[str, Any]]:
    yield name, command
    for child, inner in getattr(command, "commands", {}).items():
        yield from _tree(f"{name} {child}", inner)


def _head(name: str, section: int, summary: str) -> Iterator[str]:
    page = name.replace(" ", "-")
    yield f'.TH "{escaped(page.upper())}" {section} "" "cascade {__version__}" "cascade"'
    yield from (".SH NAME", f"{escaped(page)} \\- {escaped(summary)}")


def _topic_page(topic: Topic) -> str:
    head = "\n".join(_head(f"cascade-{topic.name}", 7, topic.title))
    body = spelled_out(topic.text, lambda name: f"**cascade-{name}**(7)")
    return f"{head}\n.SH DESCRIPTION\n{roff(body)}"


def _command_page(name: str, command: Any) -> Iterator[str]:
    summary, _, rest = (command.help or "").partition("\n\n")
    one_line = " ".join(summary.split())
    yield from _head(name, 1, one_line.rstrip("."))
    yield from (".SH SYNOPSIS", " ".join([bold(name), *map(escaped, _usage(command))]))
    yield from (".SH DESCRIPTION", escaped(one_line))
    for paragraph in rest.split("\n\n") if rest else []:
        yield from (".PP", escaped(" ".join(paragraph.split())))
    yield from _commands(name, command)
    yield from _options(command)
    yield from _examples(command)
    if name == "cascade":
        yield ".SH MANUAL"
        for topic in topics():
            yield from (".TP", f"{bold(f'cascade-{topic.name}')}(7)", escaped(topic.title))
    else:
        yield from (".SH SEE ALSO", f"{bold('cascade')}(1), {bold('cascade help')}")


def _usage(command: Any) -> Iterator[str]:
    yield "[OPTIONS]"
    if hasattr(command, "commands"):
        yield "COMMAND [ARGS]..."
    for one in command.params:
        if not _is_option(one):
            yield _metavar(one) if one.required else f"[{_metavar(one).strip('[]')}]"


def _commands(name: str, command: Any) -> Iterator[str]:
    if hasattr(command, "commands"):
        yield ".SH COMMANDS"
    for child, inner in getattr(command, "commands", {}).items():
        page = f"{name}-{child}".replace(" ", "-")
        summary = (inner.help or "").partition("\n\n")[0]
        yield from (".TP", f"{bold(page)}(1)", escaped(" ".join(summary.split())))


def _options(command: Any) -> Iterator[str]:
    """In their panels, as `--help` shows them."""
    shown = sorted(command.params, key=_panel)
    for panel, parameters in groupby(shown, key=_panel):
        yield f'.SH "{escaped(panel[1].upper())}"'
        for one in parameters:
            yield from (".TP", _spelled(one), escaped(one.help or ""))


def _panel(parameter: Any) -> tuple[bool, str]:
    """A sort key: arguments first, then options without a panel, then the panels."""
    panel = getattr(parameter, "rich_help_panel", None)
    usual = "Options" if _is_option(parameter) else "Arguments"
    return bool(panel), panel or usual


def _spelled(parameter: Any) -> str:
    if not _is_option(parameter):
        return escaped(_metavar(parameter))
    names = ", ".join(map(bold, parameter.opts))
    return names if parameter.is_flag else f"{names} \\fI{escaped(_metavar(parameter))}\\fR"


def _is_option(parameter: Any) -> bool:
    return str(parameter.opts[0]).startswith("-")


def _metavar(parameter: Any) -> str:
    return str(parameter.metavar or parameter.name.upper())


def _examples(command: Any) -> Iterator[str]:
    """The commands that the epilog shows."""
    if lines := [line.strip() for line in (command.epilog or "").splitlines() if line[:1] == " "]:
        yield ".SH EXAMPLES"
        yield from verbatim("\n".join(lines))
