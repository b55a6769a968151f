"""`cascade doctor --bundle F`: shows what a bug report would contain, and writes it after a yes."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from rich.segment import Segment, Segments
from rich.text import Text

from cascade_cli.adapters.bundle.archive import texts_of, write_archive
from cascade_cli.adapters.http.transport import utc_now
from cascade_cli.cli.doctor.text import document
from cascade_cli.cli.terminal.confirmation import check_answerable, confirm
from cascade_cli.cli.terminal.console import paged
from cascade_cli.cli.terminal.escape import escape
from cascade_cli.cli.terminal.session import Outcome, Session, closed_pipe_is_silent
from cascade_cli.domain.bundle.parts import Bundle
from cascade_cli.errors import UsageError
from cascade_cli.wiring.bundle import make_report

_REPLACED = "Names, ids, amounts and keys are not in it. Stand-ins such as pi-kqzvtd replace them."


def write_bundle(
    session: Session,
    file: Path,
    tell_bug: Callable[[Exception], None],
    *,
    dry_run: bool,
    yes: bool,
    json: bool,
) -> Outcome:
    """Show the bundle, ask, and write it. Exit code 0 then, even if doctor found something red.

    With `dry_run` it is only shown. Raises UsageError if the file cannot be made, GuardError if
    the answer is no.
    """
    _check_place(file)
    if not dry_run:
        check_answerable(yes=yes)
    session.say("Gathering what a bug report needs…")
    report = make_report(session, utc_now, tell_bug, session.redacted)
    made = report.bundle
    texts = _texts(session, made)
    if not json:
        _show_texts(session, texts)
        _show_omissions(session, made)
    size = None
    if not dry_run:
        confirm(session, f"Write this to {file}?", yes=yes)
        size = _write(file, texts, made)
        report.keep_key()
    data = {**document(session, report.checks), "bundle": _document(file, made, size)}
    said = "Nothing was written."
    if size is not None:
        said = f"Wrote {escape(str(file))}: {len(made.parts)} parts, {size} bytes."
    return Outcome(data, lambda s: s.console().print(Text(said), soft_wrap=True))


def _check_place(file: Path) -> None:
    """Refuse a wrong path first. Gathering the bundle may take a minute."""
    folder = file.absolute().parent
    if os.path.lexists(file):
        raise _unwritable(file, "it exists already")
    if not folder.is_dir():
        raise _unwritable(file, "there is no such folder")
    if not os.access(folder, os.W_OK | os.X_OK):
        raise _unwritable(file, "you may not write there")


def _unwritable(file: Path, why: str) -> UsageError:
    return UsageError(
        f"{str(file)!r} cannot be written: {why}.",
        "Nothing was written. Name a new file, such as cascade-bundle.zip.",
    )


def _texts(session: Session, made: Bundle) -> dict[str, str]:
    """The bundle's files. No key should be in them; if one is, it is removed here."""
    texts = texts_of(made.parts, made.left_out, made.made_at)
    return {name: session.redacted(text) for name, text in texts.items()}


def _show_texts(session: Session, texts: Mapping[str, str]) -> None:
    console = session.console()
    with closed_pipe_is_silent(), paged(console, wanted=session.pages):
        for name, text in texts.items():
            console.print(Text(f"── {name} ", "bold"))
            # Not through `Text`, which rounds and folds: this must be what will be written.
            console.print(Segments([Segment(escape(text, keep="\n"))]), soft_wrap=True)


def _write(file: Path, texts: Mapping[str, str], made: Bundle) -> int:
    try:
        return write_archive(file, texts, made.made_at)
    except OSError as error:
        raise _unwritable(file, error.strerror or type(error).__name__) from error


def _document(file: Path, made: Bundle, size: int | None) -> dict[str, Any]:
    return {
        "file": str(file),
        "bytes": size,
        "left_out": dict(made.left_out),
        "parts": dict(made.parts),
    }


def _show_omissions(session: Session, made: Bundle) -> None:
    console = session.console()
    if made.left_out:
        listed = ", ".join(f"{name} ({why})" for name, why in made.left_out.items())
        console.print(Text(f"Left out, because it could not be read: {listed}.", "yellow"))
    console.print(Text(_REPLACED, "dim"))
