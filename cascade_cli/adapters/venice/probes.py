"""Reads Venice's base for doctor: what the token may do, and which fields there are."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from pyairtable import Api
from pyairtable.formulas import CREATED_TIME, EQ, FIND, IS_BEFORE, NOT, OR, Field, to_formula

from cascade_cli.adapters.venice.base import CITIZENS, STRATAGEMS, VeniceReader
from cascade_cli.adapters.venice.errors import our_errors
from cascade_cli.adapters.venice.notifications import NOTIFICATIONS
from cascade_cli.adapters.venice.required_schema import TRANSACTION_FIELDS, TRANSACTIONS, needs
from cascade_cli.adapters.venice.table_fields import COMPUTED_TYPES, read_fields
from cascade_cli.domain.doctor.airtable import Base, BaseSchema, Column
from cascade_cli.domain.records.stratagems import Stratagem
from cascade_cli.domain.shop.keys import LEGACY_SOURCE, Origin
from cascade_cli.errors import RightsError

READ_TABLES = (STRATAGEMS, CITIZENS, NOTIFICATIONS)


class BaseProbe:
    """Every method is one or a few reads, and raises only errors of cascade_cli.errors."""

    def __init__(self, api: Api, base_id: str) -> None:
        self._api, self._base_id = api, base_id

    def check_token(self) -> None:
        """Raises CredentialsError if Airtable does not know the token."""
        with our_errors():
            self._api.whoami()

    def base(self) -> Base:
        """The base's name and what the token's owner may do there, if the token may ask."""
        try:
            with our_errors():
                listed = self._api.request("GET", self._api.urls.bases)["bases"]
        except RightsError:
            return Base(self._base_id, self._base_id, None)
        ours = next((each for each in listed if each["id"] == self._base_id), None)
        if ours is None:
            # A page has a thousand bases; that of a token for one base is on the first.
            return Base(self._base_id, self._base_id, None)
        return Base(self._base_id, str(ours["name"]), str(ours["permissionLevel"]))

    def refusals(self) -> Iterator[tuple[str, str]]:
        """Each table that cascade reads, and why it cannot be read; empty if it can."""
        for table in READ_TABLES:
            try:
                with our_errors():
                    self._api.table(self._base_id, table).first()
            except RightsError as error:
                yield table, error.message
            else:
                yield table, ""

    def schema(self, social_class: str) -> BaseSchema | None:
        """For a processor of that class. None if the token may not read the schema."""
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
        needed = tuple(needs(tables, social_class))
        return BaseSchema(tables, needed, tables.get(TRANSACTIONS), TRANSACTION_FIELDS)


class LegacyReader(VeniceReader):
    """Finds transfers of the older connector, and those that the processor does not pay."""

    def legacy_since(self, since: datetime) -> list[Stratagem]:
        """Such transfers created since then."""
        lately = NOT(IS_BEFORE(CREATED_TIME(), to_formula(since)))
        legacy = FIND(LEGACY_SOURCE, Field("Notes"))
        others = NOT(EQ(Field("ExecutedBy"), self._processor))
        rows = self._stratagems(lately, OR(legacy, others))
        return [row for row in rows if row.origin is Origin.LEGACY or row.other_processor]
