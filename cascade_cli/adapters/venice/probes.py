"""Read Venice for doctor: the base, what the token may do there, which fields it has and which it
needs, and whether Venice's own HTTP API is well."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any
from urllib.parse import quote

import requests
from pyairtable.formulas import CREATED_TIME, EQ, FIND, IS_BEFORE, NOT, OR, Field, to_formula

from cascade_cli.adapters.http.transport import (
    CONNECT_TIMEOUT_SECONDS,
    READ_TIMEOUT_SECONDS,
    Transport,
    plain_session,
)
from cascade_cli.adapters.venice.citizens import CITIZENS
from cascade_cli.adapters.venice.errors import translated_errors
from cascade_cli.adapters.venice.notifications import NOTIFICATIONS
from cascade_cli.adapters.venice.reader import TableReader
from cascade_cli.adapters.venice.table_fields import COMPUTED_TYPES, read_fields
from cascade_cli.adapters.venice.transfer_formulas import TRANSFER
from cascade_cli.adapters.venice.transfers import STRATAGEMS, TransferReader
from cascade_cli.domain.doctor.airtable import Base, BaseSchema, Column, RequiredField
from cascade_cli.domain.doctor.venice import Answers
from cascade_cli.domain.records.stratagems import Stratagem
from cascade_cli.domain.shop.keys import LEGACY_SOURCE, Origin
from cascade_cli.errors import RightsError, UnreachableError

READ_TABLES = (STRATAGEMS, CITIZENS, NOTIFICATIONS)
_NO_ROUTE = 404
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


class BaseProbe(TableReader):
    """Every method is one or a few reads, and raises only errors of cascade_cli.errors."""

    def check_token(self) -> None:
        """Raises CredentialsError if Airtable does not know the token."""
        with translated_errors():
            self._api.whoami()

    def bases(self) -> list[Base] | None:
        """The bases that the token can see; None if the token may not ask."""
        try:
            with translated_errors():
                # Only the first page, of a thousand bases. A token for one base needs no more.
                listed = self._api.request("GET", self._api.urls.bases)["bases"]
        except RightsError:
            return None
        return [
            Base(str(each["id"]), str(each["name"]), str(each["permissionLevel"]))
            for each in listed
        ]

    def base(self) -> Base:
        """The base's name, and what the token's owner may do there; unknown if the token may not
        ask."""
        ours = (each for each in self.bases() or () if each.id == self._base_id)
        return next(ours, Base(self._base_id, self._base_id, None))

    def refusals(self) -> Iterator[tuple[str, str]]:
        """Each table that cascade reads, with why it cannot be read (empty if it can)."""
        for table in READ_TABLES:
            try:
                self._select(table, None, dict, max_records=1, page_size=1)
            except RightsError as error:
                yield table, error.message
            else:
                yield table, ""

    def schema(self, social_class: str) -> BaseSchema | None:
        """The base's fields, and those that are needed for a processor of that class.

        None if the token may not read the schema.
        """
        found = read_fields(self._api, self._base_id)
        if found is None:
            return None
        tables = {
            table: {
                each.name: Column(each.type, each.type in COMPUTED_TYPES, each.options)
                for each in fields
            }
            for table, fields in found.items()
        }
        needed = tuple(required_fields(tables, social_class))
        return BaseSchema(tables, needed, tables.get(TRANSACTIONS), TRANSACTION_FIELDS)


class LegacyReader(TransferReader):
    """Finds transfers that the legacy connector made, and those of another processor."""

    def legacy_since(self, since: datetime) -> list[Stratagem]:
        """The transfers of the legacy connector or of another processor, created since then."""
        lately = NOT(IS_BEFORE(CREATED_TIME(), to_formula(since)))
        legacy = FIND(LEGACY_SOURCE, Field("Notes"))
        others = NOT(EQ(Field("ExecutedBy"), self._processor))
        rows = self._any(lately, OR(legacy, others))
        return [row for row in rows if row.origin is Origin.LEGACY or row.other_processor]


class VeniceApi:
    """`GET /health` and `GET /citizens/<username>` below `url`; `key` is sent if there is one."""

    def __init__(self, url: str, key: str, transport: Transport) -> None:
        self._url, self._session = url, plain_session(url, transport)
        if key:
            self._session.headers["Authorization"] = f"Bearer {key}"

    def ask(self, username: str) -> Answers:
        """Ask for the API's health; if it has no such route, for the citizen. One or two requests.

        Raises UnreachableError.
        """
        try:
            health = self._get("/health")
            # The legacy connector calls that route, but no version of the API has it.
            if health.status_code != _NO_ROUTE:
                return Answers(health.status_code, username)
            found = self._get(f"/citizens/{quote(username, safe='')}")
        except requests.RequestException as error:
            raise UnreachableError(
                f"Venice's API gave no answer ({type(error).__name__})."
            ) from error
        return Answers(_NO_ROUTE, username, found.status_code, _citizen(found))

    def _get(self, path: str) -> requests.Response:
        timeout = (CONNECT_TIMEOUT_SECONDS, READ_TIMEOUT_SECONDS)
        return self._session.get(self._url + path, timeout=timeout, allow_redirects=False)


def _citizen(response: requests.Response) -> str | None:
    try:
        document: Any = response.json()
    except requests.exceptions.JSONDecodeError:
        return None
    if not isinstance(document, dict) or "success" not in document:
        return None
    # If the citizen did not exist a moment ago, the API answers success without a citizen.
    citizen = document.get("citizen") or {}
    return str(citizen.get("username", "")) if isinstance(citizen, dict) else None


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
