"""The tables and fields of Venice's base, taken from the engine's own schema."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from cascade_cli.sandbox.airtable.schema import Table

Definition = dict[str, Any]

_MOMENT = {
    "timeZone": "utc",
    "dateFormat": {"name": "iso", "format": "YYYY-MM-DD"},
    "timeFormat": {"name": "24hour", "format": "HH:mm"},
}
_CHECK = {"icon": "check", "color": "greenBright"}


def venice_base() -> tuple[Table, ...]:
    """The four tables as Venice's documentation describes them today."""
    return (
        Table.build("STRATAGEMS", _stratagems()),
        Table.build("CITIZENS", _citizens()),
        Table.build("NOTIFICATIONS", _notifications()),
        Table.build("TRANSACTIONS", _transactions()),
    )


def legacy_notifications() -> Table:
    """The NOTIFICATIONS table that the engine and the legacy connector expect."""
    definitions = [
        _text("CitizenUsername"), _text("Type"), _text("Title"), _long_text("Message"),
        _long_text("Metadata"), _moment("Timestamp"), _text("RelatedEntity"), _checkbox("Read"),
    ]  # fmt: skip
    return Table.build("NOTIFICATIONS", definitions)


def _stratagems() -> list[Definition]:
    return [
        *_all(_text, "StratagemId Type Variant Name"),
        _select("Category", "economic political social information covert"),
        *_all(_text, "ExecutedBy TargetCitizen TargetBuilding TargetResourceType"),
        _select("Status", "planned active executed failed expired cancelled error"),
        *_all(_moment, "ExecutedAt ExpiresAt"),
        *_all(_long_text, "Description Notes"),
        _created("CreatedAt"),
        _modified("UpdatedAt"),
    ]


def _citizens() -> list[Definition]:
    return [
        *_all(_text, "CitizenId Username FirstName LastName SocialClass"),
        _number("Ducats", 8),
        *_all(_checkbox, "IsAI InVenice"),
        _long_text("Description"),
        _number("Influence", 2),
        *_all(_moment, "LastActiveAt CreatedAt"),
        _modified("UpdatedAt"),
        *_citizen_extras(),
    ]


def _citizen_extras() -> list[Definition]:
    amounts = "Income Turnover NetResult"
    periods = ("Daily", "Weekly", "Monthly")
    return [
        *_all(_text, "HomeCity GuildId Wallet TelegramUserId DiscordId Color SecondaryColor"),
        *_all(_text, "FamilyMotto Specialty Origin Language Religion CoatOfArmsImageUrl ImageUrl"),
        *_all(_long_text, "Position CorePersonality ImagePrompt CoatOfArms Preferences Biography"),
        *(_number(period + amount, 2) for period in periods for amount in amounts.split()),
        *_all(_moment, "AteAt SleptAt ArrivedAt"),
        *(_number(name, 0) for name in ("CarryCapacity", "Reputation", "BirthYear")),
    ]


def _notifications() -> list[Definition]:
    return [
        *_all(_text, "Citizen Type"),
        *_all(_long_text, "Content Details"),
        *_all(_text, "Asset AssetType"),
        _long_text("Notes"),
        _moment("ReadAt"),
        _select("Status", "unread read archived"),
        _moment("CreatedAt"),
        _modified("UpdatedAt"),
    ]


def _transactions() -> list[Definition]:
    return [
        *_all(_text, "Type AssetType Asset Seller Buyer"),
        _number("Price", 8),
        _long_text("Notes"),
        *_all(_moment, "CreatedAt ExecutedAt"),
        _modified("UpdatedAt"),
    ]


def _all(kind: Callable[[str], Definition], names: str) -> list[Definition]:
    return [kind(name) for name in names.split()]


def _text(name: str) -> Definition:
    return {"name": name, "type": "singleLineText"}


def _long_text(name: str) -> Definition:
    return {"name": name, "type": "multilineText"}


def _number(name: str, precision: int) -> Definition:
    return {"name": name, "type": "number", "options": {"precision": precision}}


def _checkbox(name: str) -> Definition:
    return {"name": name, "type": "checkbox", "options": _CHECK}


def _moment(name: str) -> Definition:
    return {"name": name, "type": "dateTime", "options": _MOMENT}


def _select(name: str, choices: str) -> Definition:
    from_names = [{"id": f"sel{choice:0>14}", "name": choice} for choice in choices.split()]
    return {"name": name, "type": "singleSelect", "options": {"choices": from_names}}


def _created(name: str) -> Definition:
    options = {"result": {"type": "dateTime", "options": _MOMENT}}
    return {"name": name, "type": "createdTime", "options": options}


def _modified(name: str) -> Definition:
    result = {"type": "dateTime", "options": _MOMENT}
    options = {"isValid": True, "referencedFieldIds": [], "result": result}
    return {"name": name, "type": "lastModifiedTime", "options": options}
