"""Area `journal`: whether the journal is there, writable and whole."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from cascade_cli.domain.doctor.findings import Check, amber, green, red
from cascade_cli.domain.records.journal_entries import Head, Restored, Verification
from cascade_cli.domain.shop.counts import format_count
from cascade_cli.domain.shop.times import format_moment
from cascade_cli.errors import CascadeError

_OTHERS_WRITE = 0o022

WRITABLE = green("journal.writable", "writable")
NEW = green("journal.new", "file")
ADDRESS = red(
    "journal.address",
    "CASCADE_JOURNAL_URL",
    "No ducats move without a journal.",
    "Write it like sqlite:////path/to/journal.db or postgresql://user:password@host/database.",
)
UNUSABLE = red("journal.unusable", "journal", "No ducats move without it.", "")
NOT_MADE = red(
    "journal.not_made",
    "file",
    "No ducats move without a journal.",
    "Let this user write into that folder, or set CASCADE_JOURNAL_URL.",
)
ABSENT = amber(
    "journal.absent",
    "file",
    "cascade has made transfers in this base, and this journal knows none of them. With two "
    "journals for one base, each knows only half of what was promised.",
    "Use the journal that made them (CASCADE_JOURNAL_URL, CASCADE_STATE_DIR), or restore it.",
)
UNWRITABLE = red("journal.unwritable", "writable", "No ducats move without it.", "")
OTHERS_WRITE = amber(
    "journal.others_write",
    "file",
    "Anyone who can write it can rebuild the whole chain, and `verify` would not notice.",
    "chmod 600 it.",
)
INTACT = green("journal.intact", "chain")
TAMPERED = red(
    "journal.tampered",
    "chain",
    "Nobody knows for certain what was promised and sent, so a credit may be made twice.",
    "Leave it as it is and compare it with a backup. Move no ducats from here until then.",
)
OTHER_HEAD = amber(
    "journal.other_head",
    "head",
    "It has been truncated, restored from a backup or replaced. What was promised and sent since "
    "then is forgotten, so a credit may be made twice.",
    "Compare it with a backup. If you put it back yourself, type `cascade journal catch-up --since "
    "7d`: it writes down what the base shows since then, and records the new head.",
)

NOT_CAUGHT_UP = red(
    "journal.not_caught_up",
    "restored",
    "Until it has caught up, nothing may be written to the base, so no payment is delivered.",
    "Type: cascade journal catch-up",
)

DEPENDENT = ("journal",)


@dataclass(frozen=True)
class JournalPlace:
    """Where the journal is, or would be made. `mode` is None if there is no file."""

    name: str
    mode: int | None = None
    can_be_made: bool = True


def judge_absence(place: JournalPlace, *, others_wrote: bool) -> Check:
    """There is no journal yet. `others_wrote` means that cascade made transfers in this base."""
    if not place.can_be_made:
        return NOT_MADE.seen(f"{place.name} does not exist, and cannot be made there")
    if others_wrote:
        return ABSENT.seen(f"{place.name} does not exist")
    return NEW.seen(f"none yet; the first write makes {place.name}")


def judge_place(place: JournalPlace) -> Iterator[Check]:
    """Can others write it?"""
    if place.mode is not None and place.mode & _OTHERS_WRITE:
        yield OTHERS_WRITE.seen(f"{place.name} has mode {place.mode:04o}")


def judge_writing(error: CascadeError | None) -> Check:
    """`error` is why a trial write, which is rolled back, failed."""
    if error is None:
        return WRITABLE.seen("a trial write worked and was rolled back")
    return UNWRITABLE.seen(error.message, advice=error.hint)


def judge_chain(found: Verification) -> Check:
    """What `cascade journal verify` finds."""
    entries = format_count(found.entries, "entry", "entries")
    if found.is_intact:
        return INTACT.seen(f"{entries}, none changed, removed or reordered")
    return TAMPERED.seen(found.flaw)


def judge_head(found: Verification, told: Head) -> Check:
    """The chain is whole, but its head is not the one last recorded."""
    entries = format_count(found.entries, "entry", "entries")
    if told.entries and told.entries > found.entries:
        return OTHER_HEAD.seen(f"it has {entries}, but once had {told.entries}")
    return OTHER_HEAD.seen(f"the hash of entry {told.entries} is not the reported one")


def judge_restored(restored: Restored | None) -> Iterator[Check]:
    """Does it still have to catch up with the base?"""
    if restored and restored.is_pending:
        yield NOT_CAUGHT_UP.seen(f"restored {format_moment(restored.at)}, not caught up yet")


def judge_use(error: CascadeError) -> Check:
    """Why the journal cannot be opened or read at all."""
    return UNUSABLE.seen(error.message, advice=error.hint)
