"""`cascade journal list`, `verify` and `export`. They only read, and never create a journal."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from cascade_cli.adapters.journal.reported_heads import report_head
from cascade_cli.cli.journal.options import EntryOptions
from cascade_cli.cli.journal.text import entry_document, show_entries, write_lines
from cascade_cli.cli.terminal.option_values import moment_option
from cascade_cli.cli.terminal.session import Outcome, Session, closed_pipe_is_silent
from cascade_cli.domain.records.journal_entries import Entry, Head, Verification
from cascade_cli.domain.shop.counts import format_count
from cascade_cli.errors import CascadeError, JournalError, TamperedError, UsageError
from cascade_cli.wiring.journal import existing_journal


def head_to_tell(session: Session) -> Head | None:
    """The journal's head, recorded as one that was told to people. None if no journal can be
    read."""
    try:
        with existing_journal(session) as journal:
            return report_head(session.folder, journal, session.warn) if journal else None
    except CascadeError:
        return None


def _criteria(session: Session, options: EntryOptions) -> dict[str, Any]:
    """The options as arguments of the journal. Raises UsageError for an invalid time."""
    since, until, now = options.since, options.until, session.now()
    return {
        "since": moment_option("--since", since, now) if since else None,
        "until": moment_option("--until", until, now) if until else None,
        "key": options.key,
    }


def list_entries(session: Session, options: EntryOptions, limit: int | None = None) -> Outcome:
    """Who did what when."""
    criteria = _criteria(session, options)
    with existing_journal(session) as journal:
        kept: list[Entry] = list(journal.entries(**criteria, limit=limit)) if journal else []
        left = journal.count(**criteria) - len(kept) if journal and limit else 0
        shops = journal.bases() if journal else set()
    data = {"entries": [entry_document(entry) for entry in kept], "left": left}
    return Outcome(data, lambda s: show_entries(s.console(), kept, left, with_base=len(shops) > 1))


def verify(session: Session, against: str | None = None) -> Outcome:
    """Whether the whole journal is as cascade wrote it. Raises UsageError for an invalid head."""
    kept = kept_head(against) if against is not None else None
    with existing_journal(session) as journal:
        if journal is None:
            raise JournalError(
                "There is no journal: nothing was written from here yet, or it was removed.",
                "If ducats were moved from this machine, restore it: cascade journal restore F",
            )
        found = journal.verify(kept)
        if found.is_intact:
            # Remembered outside the journal: an older copy that is put back later lacks this head.
            report_head(session.folder, journal, session.warn)
    data = {
        "intact": found.is_intact,
        "entries": found.entries,
        "head": found.head or None,
        "flaw": found.flaw or None,
        "seq": found.seq,
    }
    if found.is_intact:
        return Outcome(data, lambda s: _show_intact(s, found, kept))
    error = TamperedError(
        f"The journal was tampered with: {found.flaw}.",
        f"{_what_stands(found)}Keep the journal as it is, and compare it with a backup.",
    )
    return Outcome(data, lambda _session: None, error.exit_code, error)


def kept_head(text: str) -> Head:
    """The head that was typed. Raises UsageError if it is not one."""
    head = Head.of(text)
    if head is None:
        raise UsageError(
            f"--against {text!r} is not a head.",
            "A head is what `cascade journal verify` printed after `Head:`, or the part of that "
            "before the colon.",
        )
    return head


def _what_stands(found: Verification) -> str:
    return f"Entries 1 to {found.entries} are as they were written. " if found.entries else ""


def _show_intact(session: Session, found: Verification, kept: Head | None) -> None:
    console = session.console()
    entries = format_count(found.entries, "entry", "entries")
    console.print(f"Intact: {entries}, none changed, removed or reordered.")
    console.print("Claims, locks, modes, marks and events are as cascade left them.")
    if kept:
        console.print("Nothing was cut off or put back since the head that you kept.")
    console.print(f"Head: {Head(found.head, found.entries)}", soft_wrap=True)


def export(session: Session, options: EntryOptions, output: Path | None) -> Outcome:
    """Entries as JSON lines; streamed, however many they are."""
    criteria = _criteria(session, options)
    with existing_journal(session) as journal:
        entries = journal.entries(**criteria) if journal else iter(())
        if output is None:
            with closed_pipe_is_silent():
                write_lines(entries)
            return Outcome(None, lambda _session: None)
        number = _write_file(output, entries)
    said = f"{format_count(number, 'entry is', 'entries are')} in {output}."
    return Outcome({"entries": number}, lambda s: s.console().print(said, soft_wrap=True))


def _write_file(path: Path, entries: Iterator[Entry]) -> int:
    """Never overwrites a file, and never leaves half of one."""
    try:
        with path.open("x", encoding="utf-8") as out:
            # The entries name citizens and payments, so only the owner may read them.
            path.chmod(0o600)
            try:
                return write_lines(entries, out)
            except BaseException:
                path.unlink()
                raise
    except OSError as error:
        raise UsageError(f"{str(path)!r} cannot be written: {error.strerror}.") from error
