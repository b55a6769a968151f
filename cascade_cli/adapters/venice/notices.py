"""What citizens were told about their transfers, in whichever layout the base has."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from datetime import UTC, datetime

from pyairtable.formulas import EQ, FIND, OR, Field, Formula

from cascade_cli.adapters.venice.base import VeniceReader
from cascade_cli.adapters.venice.notifications import NOTIFICATIONS
from cascade_cli.domain.story import Happening, Source
from cascade_cli.errors import SchemaError

# Citizen, type, text, the JSON that names the stratagem, and the engine's field for its id.
_LAYOUT = ("Citizen", "Type", "Content", "Details")
_ENGINE_LAYOUT = ("CitizenUsername", "Type", "Title", "Metadata", "RelatedEntity")
_LEGACY_LAYOUT = ("CitizenUsername", "Type", "Title", "Metadata")


class NoticeReader(VeniceReader):
    """Reads notifications. Raises only errors of cascade_cli.errors."""

    def notices(self, stratagem_ids: Sequence[str]) -> list[Happening]:
        """What the engine and cascade told of these stratagems; two weeks back at most."""
        for layout in (_LAYOUT, _ENGINE_LAYOUT):
            with suppress(SchemaError):
                return self._told(stratagem_ids, layout)
        return self._told(stratagem_ids, _LEGACY_LAYOUT)

    def _told(self, stratagem_ids: Sequence[str], layout: Sequence[str]) -> list[Happening]:
        citizen, type_, text, details, *related = layout
        named: list[Formula] = [FIND(f'"{name}"', Field(details)) for name in stratagem_ids]
        named += [EQ(Field(field), name) for field in related for name in stratagem_ids]
        return [
            Happening(
                datetime.fromisoformat(record["createdTime"]).astimezone(UTC),
                Source.VENICE,
                f"{record['fields'].get(citizen)!r} was told: {record['fields'].get(text)}",
                str(record["fields"].get(type_, "")),
            )
            for record in self._select(OR(*named), NOTIFICATIONS, layout)
        ]
