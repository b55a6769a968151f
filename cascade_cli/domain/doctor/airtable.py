"""Airtable's token: whether it is good, and what it opens."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from cascade_cli.domain.doctor.findings import Check, amber, green, red
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
    "Nothing is read or written until next month: every command ends with exit code 5.",
    "Raise the workspace's plan; waiting does not help before the month ends.",
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
    "Give the token access to this base and the scope data.records:read; check AIRTABLE_BASE_ID "
    "and the table's name.",
)
MAY_WRITE = green("airtable.may_write", "right to write")
READ_ONLY = amber(
    "airtable.read_only",
    "right to write",
    "Reconciliation works; credit, repair, replay and serve are refused.",
    "If ducats are to move from here, let the token's owner edit the base, and give the token "
    "data.records:write.",
)
FINDINGS = (
    TOKEN_GOOD, TOKEN_REFUSED, UNREACHABLE, QUOTA, FAILING, READ, UNREADABLE, MAY_WRITE, READ_ONLY,
)  # fmt: skip

DEPENDENT = ("airtable", "mode", "schema", "processor", "engine", "older")
_READING = frozenset({"read", "comment", "none"})


@dataclass(frozen=True)
class Base:
    """The base as the token's owner sees it; `level` is None where the token may not ask."""

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
    """`refusals` has every table that is read, with why it cannot be, empty if it can."""
    yield TOKEN_GOOD.seen("accepted")
    for table, refusal in refusals:
        if refusal:
            # What was refused to us here is refused to whatever asks for it later.
            closes = DEPENDENT[1:] if table == "STRATAGEMS" else ()
            yield UNREADABLE.seen(refusal, name=f"read {table}", closes=closes)
    if not any(refusal for _, refusal in refusals):
        yield READ.seen(f"{', '.join(table for table, _ in refusals)} of {base.name}")
    if base.level in _READING:
        yield READ_ONLY.seen(f"the base lets the token's owner {base.level}")
    elif base.level is not None:
        yield MAY_WRITE.seen(
            f"its owner may {base.level}; the token's own scope shows at the first write"
        )
    else:
        yield MAY_WRITE.seen("shows at the first write: without schema.bases:read nobody can ask")
