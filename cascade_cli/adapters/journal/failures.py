"""Turn the drivers' errors into words for the person who has to solve the problem."""

from __future__ import annotations

import sqlite3
from typing import NamedTuple

from sqlalchemy.exc import DBAPIError, NoResultFound, SQLAlchemyError

from cascade_cli.errors import JournalError, TamperedError

FOREIGN_ERRORS = (SQLAlchemyError, sqlite3.Error, OSError)
"""Everything that opening and using a database may raise. `journal_error` takes any of them."""

NONSENSE = (ValueError, TypeError, ArithmeticError, LookupError)
"""What reading a row raises if cascade did not write it. `tampered_error` takes any of them."""

NOTHING_MOVES = "No ducats move without it."


class _Diagnosis(NamedTuple):
    codes: tuple[str, ...]
    what: str
    hint: str


# SQLite's codes have names. The others are PostgreSQL's SQLSTATEs, or the class with which they
# begin.
_AGAIN = "Then run the same command again: it continues where it stopped."
_LOCKED = _Diagnosis(
    ("SQLITE_BUSY", "SQLITE_LOCKED", "SQLITE_PROTOCOL", "55P03", "40P01", "40001"),
    "stayed locked by another process",
    f"Wait until the other run is done. {_AGAIN}",
)
_FULL = _Diagnosis(
    ("SQLITE_FULL", "SQLITE_IOERR", "SQLITE_TOOBIG", "53100"),
    "could not be written in full",
    f"Check free disk space, quotas and the disk's health. {_AGAIN}",
)
_READ_ONLY = _Diagnosis(
    ("SQLITE_READONLY", "SQLITE_PERM", "SQLITE_AUTH", "25006", "42501"),
    "may not be written",
    "Give this user the right to write the journal (the file and its folder, or the tables), "
    "or set CASCADE_JOURNAL_URL to a place it may write.",
)
_CLOSED = _Diagnosis(
    ("SQLITE_CANTOPEN",),
    "could not be opened",
    "Check that the folder exists and this user may write there, or set CASCADE_JOURNAL_URL.",
)
_DAMAGED = _Diagnosis(
    ("SQLITE_NOTADB", "SQLITE_CORRUPT", "XX001", "XX002"),
    "is damaged or not a journal",
    "Keep the file as it is: it may be the only record of what was promised. "
    "Restore it from a backup, or set CASCADE_JOURNAL_URL to another place.",
)
_INCOMPLETE = _Diagnosis(
    ("42P01", "42703", "SQLITE_ERROR"),
    "lacks a table or a column",
    "Restore the journal from a backup; do not repair it by hand.",
)
_UNREACHABLE = _Diagnosis(
    ("08", "28", "3D000", "57P", "53300"),
    "refused or lost the connection",
    "Check that PostgreSQL is running and CASCADE_JOURNAL_URL has the right host, user, password "
    f"and database. {_AGAIN}",
)
_UNFAMILIAR = _Diagnosis((), "could not be used", "Run `cascade doctor`.")
_DIAGNOSES = (_LOCKED, _FULL, _READ_ONLY, _CLOSED, _DAMAGED, _INCOMPLETE, _UNREACHABLE)


def journal_error(
    error: Exception, place: str, consequence: str, secrets: tuple[str, ...]
) -> JournalError:
    """The JournalError for a driver's or the system's exception, without any of `secrets`."""
    diagnosis = _diagnose(error)
    detail = _detail(error)
    for secret in secrets:
        detail = detail.replace(secret, "***")
    message = f"The journal {place} {diagnosis.what} ({detail}). {consequence}"
    return JournalError(message, diagnosis.hint)


def tampered_error(error: Exception, place: str, consequence: str) -> TamperedError:
    """The TamperedError for a row that cannot be what cascade wrote."""
    return TamperedError(
        f"The journal {place} holds something that cascade never writes "
        f"({type(error).__name__}). {consequence}",
        "Run `cascade journal verify`: it says what was edited. Keep the journal as it is, and "
        "compare it with a backup.",
    )


def _diagnose(error: Exception) -> _Diagnosis:
    if isinstance(error, OSError):
        return _CLOSED
    if isinstance(error, NoResultFound):
        return _INCOMPLETE
    origin = error.orig if isinstance(error, DBAPIError) else error
    code = getattr(origin, "sqlite_errorname", None) or getattr(origin, "sqlstate", None)
    if not code:
        return _diagnose_nameless(error)
    return next((d for d in _DIAGNOSES if code.startswith(d.codes)), _UNFAMILIAR)


def _diagnose_nameless(error: Exception) -> _Diagnosis:
    """An operational error without a code is a connection that psycopg could not make or keep."""
    origin = error.orig if isinstance(error, DBAPIError) else error
    if isinstance(origin, sqlite3.Error):
        return _UNFAMILIAR
    return _UNREACHABLE if type(origin).__name__ == "OperationalError" else _UNFAMILIAR


def _detail(error: Exception) -> str:
    """The driver's own first line: SQLAlchemy's text would repeat the statement."""
    origin = error.orig if isinstance(error, DBAPIError) else error
    if isinstance(error, OSError):
        return error.strerror or type(error).__name__
    lines = str(origin).strip().splitlines()
    return lines[0] if lines else type(origin).__name__
