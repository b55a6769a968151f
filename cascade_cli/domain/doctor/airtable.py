"""Areas `airtable` and `schema`: the token, and the fields that cascade and the engine need.

Airtable refuses a whole write if one of its fields is missing, computed or of another type, or
lacks the select option. In the live city this once stopped all transfers for days.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from cascade_cli.domain.doctor.findings import Check, Finding, amber, green, red
from cascade_cli.domain.shop.counts import format_count
from cascade_cli.errors import CascadeError, CredentialsError, QuotaError, UnreachableError

TOKEN_GOOD = green("airtable.token_good", "token")
TOKEN_REFUSED = red(
    "airtable.token_refused",
    "token",
    "Nothing that needs Venice's base works: no reconciliation and no credit.",
    "Create a personal access token under airtable.com/create/tokens.",
)
UNREACHABLE = red(
    "airtable.unreachable",
    "connection",
    "Nothing that needs Venice's base works.",
    "Check the network, proxies and AIRTABLE_ENDPOINT_URL.",
)
QUOTA = red(
    "airtable.quota",
    "allowance",
    "Nothing can be read or written until next month: every command ends with exit code 5.",
    "Upgrade the workspace's plan, or wait until the month ends.",
)
FAILING = red(
    "airtable.failing",
    "service",
    "Nothing that needs Venice's base works until it answers again.",
    "See status.airtable.com, then run doctor again.",
)
READ = green("airtable.read", "right to read")
UNREADABLE = red(
    "airtable.unreadable",
    "right to read",
    "Reconciliation cannot read both sides, so it judges nothing (exit code 4).",
    "Give the token access to this base and the scope data.records:read. Check AIRTABLE_BASE_ID "
    "and the table's name.",
)
MAY_WRITE = green("airtable.may_write", "right to write")
READ_ONLY = amber(
    "airtable.read_only",
    "right to write",
    "Reconciliation works; credit, repair, replay and serve are refused.",
    "If ducats should move from here, let the token's owner edit the base, and give the token "
    "data.records:write.",
)

DEPENDENT = ("airtable", "mode", "schema", "processor", "engine", "older")
_READING = frozenset({"read", "comment", "none"})


@dataclass(frozen=True)
class Base:
    """The base as the token's owner sees it. `level` is None if the token may not ask."""

    id: str
    name: str
    level: str | None


def judge_failure(error: CascadeError) -> Check:
    """Why Airtable cannot be used at all."""
    finding = FAILING
    for kind, named in (
        (CredentialsError, TOKEN_REFUSED),
        (UnreachableError, UNREACHABLE),
        (QuotaError, QUOTA),
    ):
        if isinstance(error, kind):
            finding = named
    return finding.seen(error.message, closes=DEPENDENT)


def judge_access(base: Base, refusals: Sequence[tuple[str, str]]) -> Iterator[Check]:
    """`refusals` has each table that is read, and why it cannot be read; empty if it can."""
    yield TOKEN_GOOD.seen("accepted")
    for table, refusal in refusals:
        if refusal:
            # The later areas would only be refused the same rows.
            closes = DEPENDENT[1:] if table == "STRATAGEMS" else ()
            yield UNREADABLE.seen(refusal, name=f"read {table}", closes=closes)
    if not any(refusal for _, refusal in refusals):
        yield READ.seen(f"{', '.join(table for table, _ in refusals)} of {base.name}")
    if base.level in _READING:
        yield READ_ONLY.seen(f"the base lets the token's owner {base.level}")
    elif base.level is not None:
        yield MAY_WRITE.seen(
            f"its owner may {base.level}; the token's own scope shows only at the first write"
        )
    else:
        yield MAY_WRITE.seen(
            "shows only at the first write: the token cannot ask without schema.bases:read"
        )


_SCHEMA_ADVICE = "Names are case sensitive. Put it back in the base, or ask whoever changed it."


@dataclass(frozen=True)
class Column:
    """A field as the base has it: Airtable's type, and the options if it is a select."""

    type: str
    is_computed: bool = False
    options: tuple[str, ...] | None = None


@dataclass(frozen=True)
class RequiredField:
    """A field that cascade or the engine uses, and what happens if it does not fit.

    `options` are the words that are written into it. `is_vital` means that ducats depend on it.
    """

    table: str
    field: str
    types: frozenset[str]
    consequence: str
    options: tuple[str, ...] = ()
    is_written: bool = True
    is_vital: bool = True

    @property
    def name(self) -> str:
        """Table and field, as people write them."""
        return f"{self.table}.{self.field}"


def _pair(code: str, name: str) -> dict[bool, Finding]:
    """One finding if ducats depend on the field, another if not. `RequiredField.consequence` says
    why it matters."""
    return {
        True: red(f"schema.{code}", name, "", _SCHEMA_ADVICE),
        False: amber(f"schema.{code}_minor", name, "", _SCHEMA_ADVICE),
    }


FITS = green("schema.fits", "table")
SCHEMA_UNKNOWN = amber(
    "schema.unknown",
    "fields",
    "A missing field would show only when a write is refused, after the payment.",
    "Give the token the scope schema.bases:read.",
)
NO_TABLE = _pair("no_table", "table")
NO_FIELD = _pair("no_field", "field")
COMPUTED = _pair("computed", "field")
WRONG_TYPE = _pair("type", "field")
OPTION = _pair("option", "field")
REFUSED_HARMLESSLY = green("schema.refused_harmlessly", "TRANSACTIONS")

Tables = Mapping[str, Mapping[str, Column]]


@dataclass(frozen=True)
class BaseSchema:
    """The base's tables, and what is needed of them.

    `record` is the table in which the engine keeps its own record of a transfer, None if there is
    none; `record_fields` are the fields that the engine tries to write there.
    """

    tables: Tables
    required: Sequence[RequiredField]
    record: Mapping[str, Column] | None
    record_fields: Sequence[str]


def judge_tables(tables: Tables, required: Sequence[RequiredField]) -> Iterator[Check]:
    """One check for each flaw, and one for each table that has none."""
    for table in dict.fromkeys(need.table for need in required):
        wanted = [need for need in required if need.table == table]
        columns = tables.get(table)
        if columns is None:
            vital = any(need.is_vital for need in wanted)
            first = next((need for need in wanted if need.is_vital == vital), wanted[0])
            yield _seen(NO_TABLE, first, f"the base has no table {table}", name=table)
            continue
        flaws = [flaw for need in wanted if (flaw := _flaw(need, columns.get(need.field)))]
        fields = len({need.field for need in wanted})
        yield from flaws or [FITS.seen(f"all {fields} needed fields fit", name=table)]


def judge_record(columns: Mapping[str, Column] | None, written: Sequence[str]) -> Check:
    """The engine's own record of a transfer. If it cannot write that, it carries on."""
    missing = [field for field in written if columns is None or field not in columns]
    if not missing:
        return FITS.seen("all fields that the engine writes are there", name="TRANSACTIONS")
    lacking = format_count(len(missing), "field is", "fields are")
    return REFUSED_HARMLESSLY.seen(
        f"the engine cannot write its rows ({lacking} missing), but carries on; so a missing row "
        "proves nothing"
    )


def _flaw(need: RequiredField, column: Column | None) -> Check | None:
    if column is None:
        return _seen(NO_FIELD, need, f"{need.table} has no field {need.field}")
    if need.is_written and column.is_computed:
        return _seen(
            COMPUTED,
            need,
            f"Airtable computes it ({column.type}) and refuses to let anyone write it",
        )
    if column.type not in need.types and not (column.is_computed and not need.is_written):
        fitting = " or ".join(sorted(need.types))
        return _seen(WRONG_TYPE, need, f"it is a {column.type}, but must be {fitting}")
    if column.options is None:
        return None
    lacking = [option for option in need.options if option not in column.options]
    if not lacking:
        return None
    has = ", ".join(column.options) or "none"
    return _seen(OPTION, need, f"it has no option {', '.join(map(repr, lacking))}, only {has}")


def _seen(pair: dict[bool, Finding], need: RequiredField, found: str, name: str = "") -> Check:
    return pair[need.is_vital].seen(found, name=name or need.name, why=need.consequence)
