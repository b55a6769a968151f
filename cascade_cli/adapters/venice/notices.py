"""What citizens were told about their transfers, in whichever layout the base has."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

from pyairtable.formulas import FIND, OR, Field

from cascade_cli.adapters.venice.base import VeniceReader
from cascade_cli.adapters.venice.notifications import NOTIFICATIONS
from cascade_cli.domain.story import Happening, Source
from cascade_cli.errors import SchemaError

# Citizen, type, text, and the JSON that names the stratagem.
_LAYOUT = ("Citizen", "Type", "Content", "Details")
_OLDER_LAYOUT = ("CitizenUsername", "Type", "Title", "Metadata")


class NoticeReader(VeniceReader):
    """Reads notifications. Raises only errors of cascade_cli.errors."""

    def notices(self, stratagem_ids: Sequence[str]) -> list[Happening]:
        """What the engine and cascade told of these stratagems; two weeks back at most."""
        try:
            return self._told(stratagem_ids, _LAYOUT)
        except SchemaError:
            return self._told(stratagem_ids, _OLDER_LAYOUT)

    def _told(self, stratagem_ids: Sequence[str], layout: Sequence[str]) -> list[Happening]:
        citizen, type_, text, details = layout
        named = OR(*(FIND(f'"{name}"', Field(details)) for name in stratagem_ids))
        return [
            Happening(
                datetime.fromisoformat(record["createdTime"]).astimezone(UTC),
                Source.VENICE,
                f"{record['fields'].get(citizen)!r} was told: {record['fields'].get(text)}",
                str(record["fields"].get(type_, "")),
            )
            for record in self._select(named, NOTIFICATIONS, layout)
        ]
