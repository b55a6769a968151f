"""Everything that cascade raises on purpose, and the exit code of each.

CascadeError
├── UsageError            2  the command line asks for something impossible
├── SettingsError         4  a setting is missing or malformed
│   ├── CredentialsError  4  a service refused the key
│   ├── RightsError       4  the key may not do this
│   └── SchemaError       4  the base lacks a table or a field
├── ServiceError          5  a service could not be read or written in full
│   ├── UnreachableError  5  no connection, or no answer in time
│   ├── ThrottledError    5  still told to slow down after every retry
│   ├── QuotaError        5  the month's allowance of calls is used up
│   ├── AnswerError       5  an answer that makes no sense
│   ├── FateUnknownError  5  a write that may or may not have been applied
│   └── JournalError      5  the journal could not be read or written
├── OutputError           5  standard output cannot take the result
├── NotFoundError         3  what was asked about does not exist
├── TamperedError         3  the journal is not as it was written
├── EngineRefusedError    3  Venice's engine refused a transfer; no ducats moved
├── LockedError           6  another run is at work
├── GuardError            7  refused to protect money
└── BalanceError          1  the ducats do not add up: a bug in cascade
"""

from __future__ import annotations

from enum import IntEnum

BUG_HINT = "This is a bug in cascade. Run it again with -v and report what it prints."


class ExitCode(IntEnum):
    """What a script learns from cascade's exit status."""

    OK = 0
    BUG = 1
    USAGE = 2
    DISCREPANCIES = 3
    SETTINGS = 4
    INCOMPLETE = 5
    LOCKED = 6
    REFUSED = 7
    # As shells report a process that Ctrl-C (signal 2) has ended: 128 + 2.
    INTERRUPTED = 130


class CascadeError(Exception):
    """A failure that cascade understands: `message` says what happened, `hint` what to do."""

    exit_code = ExitCode.BUG
    kind = "bug"

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


class UsageError(CascadeError):
    """The command line asks for something impossible; nothing was done."""

    exit_code = ExitCode.USAGE
    kind = "usage"


class SettingsError(CascadeError):
    """A setting is missing or malformed; nothing was done."""

    exit_code = ExitCode.SETTINGS
    kind = "settings"


class CredentialsError(SettingsError):
    """A service does not know the key."""

    kind = "credentials"


class RightsError(SettingsError):
    """A service knows the key but it may not do what was asked."""

    kind = "rights"


class SchemaError(SettingsError):
    """The base lacks a table or a field that cascade needs."""

    kind = "schema"


class ServiceError(CascadeError):
    """Stripe, Airtable or Venice could not be read or written in full."""

    exit_code = ExitCode.INCOMPLETE
    kind = "service"


class UnreachableError(ServiceError):
    """No connection could be made, or no answer came in time."""

    kind = "unreachable"


class ThrottledError(ServiceError):
    """The service still said "slow down" when all retries were used."""

    kind = "throttled"


class QuotaError(ServiceError):
    """The month's allowance of API calls is used up; waiting does not help."""

    kind = "quota"


class AnswerError(ServiceError):
    """The service answered something that its documentation rules out."""

    kind = "answer"


class FateUnknownError(ServiceError):
    """A write may have been applied, or may still be: check before sending it again."""

    kind = "fate_unknown"


class JournalError(ServiceError):
    """The journal could not be read or written; without it no money moves."""

    kind = "journal"


class OutputError(CascadeError):
    """Standard output cannot take the result; what the command did stands."""

    exit_code = ExitCode.INCOMPLETE
    kind = "output"


class NotFoundError(CascadeError):
    """Neither side knows what was asked about."""

    exit_code = ExitCode.DISCREPANCIES
    kind = "not_found"


class TamperedError(CascadeError):
    """The journal is not as it was written."""

    exit_code = ExitCode.DISCREPANCIES
    kind = "tampered"


class EngineRefusedError(CascadeError):
    """Venice's engine took a transfer up and refused it; no ducats moved."""

    exit_code = ExitCode.DISCREPANCIES
    kind = "engine_refused"


class LockedError(CascadeError):
    """Another run is at work on the same thing; nothing was done."""

    exit_code = ExitCode.LOCKED
    kind = "locked"


class GuardError(CascadeError):
    """Refused, to protect money."""

    exit_code = ExitCode.REFUSED
    kind = "guard"


class BalanceError(CascadeError):
    """The ducats of the two sides do not add up: cascade itself is wrong."""
