"""Puts a backup in a journal's place: prepares it beside the journal, verifies it, and replaces the
journal in one step.

A journal that can be read is replaced within a transaction of its own database, not by a new file.
So a process that has it open sees the restored journal at once, and cannot go on writing into a
file that was replaced. Only a journal that is damaged or missing gets a new file.
"""

from __future__ import annotations

import fcntl
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from itertools import count, groupby
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, or_, select
from sqlalchemy.exc import DBAPIError

from cascade_cli.adapters.journal import backups, chain, sqlite, tables, verification
from cascade_cli.adapters.journal.chain import Transaction, Which
from cascade_cli.adapters.journal.claims import last_attempt
from cascade_cli.adapters.journal.database import Database, file_url
from cascade_cli.adapters.journal.entry_bodies import Redactor
from cascade_cli.adapters.journal.failures import FOREIGN_ERRORS, NONSENSE, journal_error
from cascade_cli.adapters.journal.locks import HolderLiveness, holder_in
from cascade_cli.adapters.journal.marks import set_mark
from cascade_cli.adapters.journal.taking_over import take_over
from cascade_cli.domain.history.restored import (
    Backup,
    Forgotten,
    Present,
    forgotten,
    restored_from,
)
from cascade_cli.domain.records.journal_entries import (
    RESTORED,
    EntryKind,
    Head,
    Intent,
    Promised,
    Worker,
)
from cascade_cli.domain.shop.times import moment_text
from cascade_cli.errors import JournalError, LockedError, TamperedError

UNTOUCHED = "Nothing was changed."
_DAMAGED = ("SQLITE_NOTADB", "SQLITE_CORRUPT", "SQLITE_ERROR")
# In WAL mode every open connection holds a shared lock on this byte of the -shm file.
_OPEN_LOCK_BYTE = 128


@contextmanager
def draft_for(database: Database, folder: Path) -> Iterator[Path]:
    """For `with`: an empty file beside the journal, or in `folder` if the journal is in a server's
    database. Raises JournalError."""
    file = database.file.resolve() if database.file else folder / "journal-restore"
    with ExitStack() as stack:
        try:
            file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            draft = stack.enter_context(sqlite.draft_of(file))
        except OSError as error:
            raise journal_error(error, str(file), UNTOUCHED, ()) from error
        yield draft


class Restoring:
    """Restores one backup, of which `draft` is a copy. Every method raises JournalError."""

    def __init__(
        self,
        database: Database,
        draft: Path,
        worker: Worker,
        now: Callable[[], datetime],
    ) -> None:
        self._database, self._worker, self._now = database, worker, now
        self._draft, self._file = Database(file_url(draft)), draft

    def backup(self) -> Backup:
        """Verify the backup, and return its head. Raises TamperedError if somebody changed it."""
        found = backups.verification_of(self._file)
        if not found.is_intact:
            raise TamperedError(
                f"The backup was tampered with: {found.flaw}. {UNTOUCHED}",
                "Take another backup. Keep this one, and find out who changed it.",
            )
        with self._draft.reading() as connection:
            last = list(chain.entries_in(connection, Which("", None, None, None), 1))
            return Backup(chain.head_of(connection), last[0].at if last else None)

    @property
    def place(self) -> str:
        """Where the journal is, without its password."""
        return self._database.place

    def kept_as(self, folder: Path) -> Path:
        """The file that will keep the present journal: beside it, or in `folder` if the journal is
        in a server's database."""
        moment = f"before-restore-{self._now():%Y%m%dT%H%M%SZ}"
        # A script may restore twice within a second.
        names = (moment if number == 1 else f"{moment}-{number}" for number in count(1))
        if file := self._database.file:
            paths = (file.resolve().with_name(f"{file.name}.{name}") for name in names)
        else:
            paths = (folder.absolute() / f"journal.{name}{backups.SUFFIX}" for name in names)
        return next(path for path in paths if not path.exists())

    def holds(self, head: Head) -> bool:
        """Whether the backup has that head. A head without a number may be anywhere in it."""
        with self._draft.reading() as connection:
            if head.entries is not None:
                return chain.holds(connection, head)
            found = select(tables.entries.c.seq).where(tables.entries.c.hash == head.hash)
            return connection.execute(found).first() is not None

    def present(self) -> Present:
        """The journal that would be replaced. Raises JournalError also if the database belongs to
        another program."""
        if not self._database.exists():
            return Present()
        if self._database.file:
            _refuse_other_program(self._database.file)
        try:
            with self._database.reading_one_state() as connection:
                head = chain.head_of(connection)
                flaw = verification.verify(connection).flaw
                common = self._common(connection, head)
                lost = self._lost(connection, common)
        except TamperedError as error:
            return Present(damage=self._damage_of(error))
        except JournalError as error:
            if self._database.file is None or not _is_damage(error, self._database.file):
                raise
            return Present(damage=self._damage_of(error))
        return Present(head, flaw=flaw, common=common, lost=lost)

    def _damage_of(self, error: TamperedError | JournalError) -> str:
        if self._database.file is None:
            raise JournalError(
                f"{error.message} {UNTOUCHED}",
                "In PostgreSQL cascade only replaces a journal that it can read. Set "
                "CASCADE_JOURNAL_URL to another database or schema, and restore into that.",
            ) from error
        return error.message

    def _common(self, connection: Connection, head: Head) -> int:
        """The number of the last entry that both have. A hash covers all entries before its own, so
        a binary search finds it."""
        with self._draft.reading() as other:
            low, high = 0, min(head.entries or 0, chain.head_of(other).entries or 0)
            while low < high:
                middle = (low + high + 1) // 2
                if chain.hash_at(connection, middle) == chain.hash_at(other, middle):
                    low = middle
                else:
                    high = middle - 1
        return low

    def _lost(self, connection: Connection, common: int) -> Forgotten | None:
        try:
            return forgotten(chain.entries_after(connection, common))
        except NONSENSE:
            return None

    def close(self) -> None:
        """Close the connections."""
        self._draft.close()
        self._database.close()

    def check_holders(self, present: Present) -> None:
        """Raises LockedError while another run works with the present journal.

        A journal that cannot be read is not checked.
        """
        if present.head is not None:
            with self._database.reading() as connection:
                self._refuse_holders(connection)

    def _refuse_holders(self, connection: Connection) -> None:
        liveness, now = HolderLiveness(self._worker.host, None), self._now()
        for table in (tables.locks, tables.claims):
            held = table.c.run != "", table.c.lease_until > moment_text(now)
            for row in connection.execute(select(table).where(*held)):
                holder = holder_in(row)
                if not liveness.is_dead(holder):
                    raise LockedError(
                        f"Another run is working with the journal: {holder}. {UNTOUCHED}",
                        "Stop it, or wait until it is done. If that run is gone, its lock ends at "
                        f"{holder.ends}.",
                    )

    def carry_out(
        self, present: Present, since: datetime | None, note: dict[str, Any], kept: Path
    ) -> bool:
        """Put the backup into the journal's place, and the present journal into the file `kept`.

        Returns whether there was a journal to keep. Raises LockedError, or JournalError if the
        journal has changed since `present` was read.
        """
        self._prepare(present, since, note)
        if present.head is None:
            return self._put(present, kept)
        self._replace(present.head, kept)
        return True

    def _prepare(self, present: Present, since: datetime | None, note: dict[str, Any]) -> None:
        knows = present.head is not None and self._carry_over(present, since)
        with self._draft.writing(UNTOUCHED) as connection:
            transaction = self._transaction(connection, "")
            restored_marks = select(tables.marks).where(tables.marks.c.name == RESTORED)
            for row in connection.execute(restored_marks).all():
                transaction.delete(tables.marks, row)
            restored = restored_from(since, transaction.at, knows_attempts=knows).document()
            transaction.append(EntryKind.RUN, "", {"restored": {**note, **restored}})
            set_mark(transaction, RESTORED, restored)
            transaction.flush()
        self._draft.close()
        found = backups.verification_of(self._file)
        assert found.is_intact, found.flaw  # noqa: S101 - the last check before it takes effect

    def _carry_over(self, present: Present, since: datetime | None) -> bool:
        """Carry the replaced journal's promises and last writes over; False if it cannot be read.

        They can only hold cascade back, so they are safe to take even from a journal that somebody
        has edited.
        """
        try:
            with self._database.reading_one_state() as connection:
                later = moment_text(since) if since else ""
                found = _promises(connection, present.common, later)
                promises = sorted(found, key=lambda one: one.base)
        except (TamperedError, *NONSENSE):
            return False
        with self._draft.writing(UNTOUCHED) as connection:
            for base, some in groupby(promises, key=lambda one: one.base):
                transaction = self._transaction(connection, base)
                take_over(transaction, some)
                transaction.flush()
        return True

    def _transaction(self, connection: Connection, base: str) -> Transaction:
        worker = replace(self._worker, base=base)
        return Transaction(connection, worker, Redactor(self._database.secrets), self._now)

    def _replace(self, seen: Head, kept: Path) -> None:
        with (
            self._draft.reading() as source,
            sqlite.draft_of(kept) as before,
            self._database.rebuilding(UNTOUCHED) as target,
        ):
            if chain.head_of(target) != seen:
                raise JournalError(
                    f"Another command has written to the journal meanwhile. {UNTOUCHED}",
                    "Type the command again.",
                )
            self._refuse_holders(target)
            self._keep(target, before)
            sqlite.put(before, kept)
            try:
                _rewrite(source, target)
            except BaseException:
                kept.unlink()
                raise

    def _keep(self, target: Connection, before: Path) -> None:
        if self._database.file:
            sqlite.copy(self._database.file, before)
        else:
            with backups.new_tables(before) as copy:
                backups.copy_rows(target, copy)

    def _put(self, present: Present, kept: Path) -> bool:
        """Restore where there is no readable journal: as a new file, or as the first tables in a
        server's database."""
        file = self._database.file
        if file is None:
            with self._draft.reading() as source, self._database.rebuilding(UNTOUCHED) as target:
                if tables.found_version(target):
                    raise JournalError(
                        f"A journal was made there meanwhile. {UNTOUCHED}",
                        "Type the command again.",
                    )
                _rewrite(source, target)
            return False
        try:
            sqlite.use_wal(self._file)
            return _put_file(self._file, file.resolve(), present, kept)
        except FileExistsError as error:
            raise JournalError(
                f"A journal was made there meanwhile. {UNTOUCHED}", "Type the command again."
            ) from error
        except FOREIGN_ERRORS as error:
            raise journal_error(error, str(file), UNTOUCHED, ()) from error


def _rewrite(source: Connection, target: Connection) -> None:
    tables.create_anew(target)
    backups.copy_rows(source, target)
    found = verification.verify(target)
    assert found.is_intact, found.flaw  # noqa: S101 - else nothing is committed


def _put_file(draft: Path, file: Path, present: Present, kept: Path) -> bool:
    left = [path for path in sqlite.sidecars(file) if path.exists()]
    with _exclusively(file):
        for path in left:
            # Otherwise SQLite would apply the old file's -wal to the new one.
            path.rename(kept.with_name(kept.name + path.name.removeprefix(file.name)))
        if present.is_absent:
            sqlite.put(draft, file)
            return bool(left)
        sqlite.put_aside(file, kept)
        draft.rename(file)
        sqlite.sync_folder(file)
        return True


@contextmanager
def _exclusively(file: Path) -> Iterator[None]:
    """For `with`: no other process has the database open. Raises LockedError if one has."""
    index = file.with_name(f"{file.name}-shm")
    if not index.exists():
        yield
        return
    with index.open("r+b") as opened:
        try:
            fcntl.lockf(opened, fcntl.LOCK_EX | fcntl.LOCK_NB, 1, _OPEN_LOCK_BYTE)
        except OSError as error:
            raise LockedError(
                f"Another process has {str(file)!r} open. {UNTOUCHED}",
                "Stop `cascade serve` and everything else that uses it.",
            ) from error
        yield


def _is_damage(error: JournalError, file: Path) -> bool:
    """Whether the file itself is broken, not only locked, forbidden or made by a newer cascade."""
    if file.stat().st_size == 0:
        return True
    cause = error.__cause__
    origin = cause.orig if isinstance(cause, DBAPIError) else cause
    code = str(getattr(origin, "sqlite_errorname", ""))
    return code.startswith(_DAMAGED)


def _refuse_other_program(file: Path) -> None:
    """Raises JournalError if the file is another program's database."""
    try:
        with closing(sqlite.look(file)) as connection:
            names = {name for (name,) in connection.execute("SELECT name FROM sqlite_master")}
    except sqlite3.Error:
        return  # Opening it as a journal gives the better error.
    if names and not any(name.startswith("cascade_") for name in names):
        raise JournalError(
            f"{str(file)!r} is another program's database. {UNTOUCHED}",
            "Set CASCADE_JOURNAL_URL to another place.",
        )


def _promises(connection: Connection, common: int, since: str) -> Iterator[Promised]:
    """The claims that were made, amended or worked on after the last common entry, or `since`."""
    claims = tables.claims
    later = or_(claims.c.intent_seq > common, claims.c.last_attempt_at >= since)
    for row in connection.execute(select(claims).where(later)).all():
        detail = {"carried_over": "from the journal that was replaced"}
        ducats = Decimal(row.ducats)
        intent = Intent(row.key, row.citizen, ducats, row.cause, detail)
        at = datetime.fromisoformat(row.first_at).astimezone(UTC)
        yield Promised(intent, at, row.base, last_attempt(row), amends=True)
