"""The fields of Venice's base that cascade and the engine need: names, types and options."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from cascade_cli.adapters.venice.base import STRATAGEMS, TRANSFER
from cascade_cli.adapters.venice.citizens import CITIZENS
from cascade_cli.adapters.venice.notifications import NOTIFICATIONS
from cascade_cli.domain.doctor.airtable import Column, RequiredField

TRANSACTIONS = "TRANSACTIONS"
TRANSACTION_FIELDS = (
    "Username", "Type", "Amount", "BalanceBefore", "BalanceAfter", "Description", "Timestamp",
    "RelatedStratagem",
)  # fmt: skip
"""The fields that the engine tries to write about a transfer that it has carried out."""

_TEXT = frozenset({"singleLineText", "multilineText", "richText", "singleSelect"})
_LONG_TEXT = frozenset({"multilineText", "richText"})
_MOMENT = frozenset({"dateTime"})
_NUMBER = frozenset({"number", "currency"})
_FLAG = frozenset({"checkbox"})

_ENGINE_FAILS = "The engine will fail every transfer: "
_CASCADE_FAILS = "Airtable refuses every transfer that cascade makes: it takes no unknown field."
_LEFT_OUT = "cascade leaves it out of what it writes."
_UNTOLD = "Citizens are not told of their ducats; the transfers are not affected."
# The engine marks a transfer only after it has moved the ducats.
_UNMARKED = (
    "The engine moves the ducats and cannot mark the transfer. It ends doubtful, or is executed "
    "again at every run. Stop the engine until this is right."
)


def required_fields(
    tables: Mapping[str, Mapping[str, Column]], social_class: str
) -> Iterator[RequiredField]:
    """The fields that a base with these tables needs, for a processor of that class."""
    yield from _stratagems()
    yield from _citizens(social_class)
    older = "CitizenUsername" in tables.get(NOTIFICATIONS, {})
    yield from _legacy_notifications() if older else _notifications()


def _stratagems() -> Iterator[RequiredField]:
    def need(field: str, types: frozenset[str], consequence: str, *options: str) -> RequiredField:
        return RequiredField(STRATAGEMS, field, types, consequence, options)

    yield need("StratagemId", _TEXT, _CASCADE_FAILS)
    yield need("Type", _TEXT, f"{_ENGINE_FAILS}it cannot know what kind it is.", TRANSFER)
    yield need("ExecutedBy", _TEXT, f"{_ENGINE_FAILS}it cannot know who pays.")
    yield need("TargetCitizen", _TEXT, f"{_ENGINE_FAILS}it cannot know who is paid.")
    yield need("Status", _TEXT, _UNMARKED, "planned", "active", "executed", "failed")
    yield need("ExecutedAt", _MOMENT, _UNMARKED)
    yield need(
        "ExpiresAt", _MOMENT, "The engine takes nothing: it looks for rows that have not expired."
    )
    yield need("Notes", _LONG_TEXT, f"{_ENGINE_FAILS}it reads the amount there.")
    for name, options in (("Variant", ("instant",)), ("Category", ("economic",))):
        yield RequiredField(STRATAGEMS, name, _TEXT, _LEFT_OUT, options, is_vital=False)
    for name in ("Name", "Description"):
        yield RequiredField(STRATAGEMS, name, _TEXT, _LEFT_OUT, is_vital=False)


def _citizens(social_class: str) -> Iterator[RequiredField]:
    lost = f"{_ENGINE_FAILS}it cannot find payer and payee."
    yield RequiredField(CITIZENS, "Username", _TEXT, lost)
    yield RequiredField(
        CITIZENS, "Ducats", _NUMBER, f"{_ENGINE_FAILS}it cannot write the balances."
    )
    setup = "`cascade citizen setup` leaves it out, or is refused; nothing else is affected."
    for name in ("CitizenId", "FirstName", "LastName", "Description"):
        yield RequiredField(CITIZENS, name, _TEXT, setup, is_vital=False)
    yield RequiredField(CITIZENS, "SocialClass", _TEXT, setup, (social_class,), is_vital=False)
    for name in ("IsAI", "InVenice"):
        yield RequiredField(CITIZENS, name, _FLAG, setup, is_vital=False)


def _notifications() -> Iterator[RequiredField]:
    for name in ("Citizen", "Type", "Content", "Details", "Asset", "AssetType"):
        yield RequiredField(NOTIFICATIONS, name, _TEXT, _UNTOLD, is_vital=False)
    yield RequiredField(NOTIFICATIONS, "Status", _TEXT, _UNTOLD, ("unread",), is_vital=False)
    yield RequiredField(NOTIFICATIONS, "CreatedAt", _MOMENT, _UNTOLD, is_vital=False)


def _legacy_notifications() -> Iterator[RequiredField]:
    for name in ("CitizenUsername", "Type", "Title", "Message", "Metadata"):
        yield RequiredField(NOTIFICATIONS, name, _TEXT, _UNTOLD, is_vital=False)
    yield RequiredField(NOTIFICATIONS, "Timestamp", _MOMENT, _UNTOLD, is_vital=False)
    yield RequiredField(NOTIFICATIONS, "Read", _FLAG, _UNTOLD, is_vital=False)
