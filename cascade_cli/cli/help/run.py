"""`cascade help`: lists the topics, shows one, or writes man pages."""

from __future__ import annotations

import io
import sys
from collections.abc import Sequence
from contextlib import redirect_stdout
from pathlib import Path

from cascade_cli.cli.app import COMMANDS, GROUPS, declared, run
from cascade_cli.cli.help.topics import CHAPTERS, Topic, found, named, near, read
from cascade_cli.cli.terminal.escape import escape
from cascade_cli.cli.terminal.session import Outcome, Session
from cascade_cli.errors import UsageError


def manual(words: Sequence[str], folder: Path | None, *, json: bool) -> Outcome:
    """Raises UsageError for an unknown topic, or a folder that cannot be written."""
    word = " ".join(words).lower()
    if folder:
        return _man_pages(word, folder)
    if not word:
        return _list()
    if topic := named(word):
        return _page(topic)
    # After the topics, because `--help` shows a command's own help anyway.
    if _is_command(word.split()):
        return _command(word, json=json)
    if topic := found(word):
        return _page(topic)
    names = near(word, [*COMMANDS, *GROUPS])
    meant = f"Did you mean {', '.join(names)}? " if names else ""
    raise UsageError(f"The manual has no topic {word!r}.", f"{meant}cascade help lists all topics.")


def _list() -> Outcome:
    rows = [
        {"topic": name, "title": read(name).title, "chapter": chapter}
        for chapter, names in CHAPTERS.items()
        for name in names
    ]
    return Outcome({"topics": rows}, lambda session: _show(session, _listing()))


def _listing() -> str:
    """Every line at most 80 columns wide."""
    width = max(len(name) for names in CHAPTERS.values() for name in names)
    lines = ["The manual. One topic: cascade help TOPIC. A command: cascade help COMMAND."]
    for chapter, names in CHAPTERS.items():
        lines += ["", chapter, *(f"  {name:{width}}  {read(name).title}" for name in names)]
    return "\n".join(lines) + "\n"


def _page(topic: Topic) -> Outcome:
    data = {"topic": topic.name, "title": topic.title, "text": topic.text}
    return Outcome(data, lambda session: _show_page(session, topic))


def _show_page(session: Session, topic: Topic) -> None:
    if not sys.stdout.isatty():
        _show(session, topic.text)
        return
    from cascade_cli.cli.help.text import show  # noqa: PLC0415 - a pipe gets Markdown as it is

    show(session, topic)


def _show(session: Session, text: str) -> None:
    """Text as it is, through the pager on a terminal."""
    if session.pages and sys.stdout.isatty():
        from cascade_cli.cli.terminal.console import UsersPager  # noqa: PLC0415 - not in a pipe

        UsersPager().show(text)
    else:
        sys.stdout.write(text)


def _is_command(words: Sequence[str]) -> bool:
    first, rest = words[0], list(words[1:])
    if first in GROUPS and rest:
        return rest in [[_name(c)] for c in declared(first).registered_commands]
    return first in {*COMMANDS, *GROUPS} and not rest


def _name(command: object) -> str:
    name = getattr(command, "name", None) or getattr(command, "callback").__name__  # noqa: B009
    return str(name).replace("_", "-")


def _command(word: str, *, json: bool) -> Outcome:
    """What its `--help` prints."""
    data = {"topic": word, "title": "", "text": _help(word)} if json else None
    return Outcome(data, lambda _session: None if json else _print_help(word))


def _print_help(word: str) -> None:
    run([*word.split(), "--help"])


def _help(word: str) -> str:
    out = io.StringIO()
    with redirect_stdout(out):
        _print_help(word)
    return out.getvalue()


def _man_pages(word: str, folder: Path) -> Outcome:
    if word:
        raise UsageError("--man writes all pages and takes no topic.", "Leave the topic out.")
    from cascade_cli.cli.help.man import write  # noqa: PLC0415 - reads Markdown

    try:
        files = write(folder)
    except OSError as error:
        raise UsageError(f"{str(folder)!r} cannot be written: {error.strerror}.") from error
    said = f"Wrote {len(files)} man pages. Read one: man -M {_typed(folder)} cascade-refunds\n"
    data = {"folder": str(folder), "files": [*map(str, files)]}
    return Outcome(data, lambda session: _show(session, said))


def _typed(folder: Path) -> str:
    """Quoted for a shell, and harmless for the terminal."""
    from shlex import quote  # noqa: PLC0415 - no other page needs it

    return escape(quote(str(folder)))
