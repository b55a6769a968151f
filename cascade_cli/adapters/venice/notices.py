"""Read what citizens were told about their transfers, in whichever layout the base has."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from pyairtable.formulas import EQ, FIND, OR, Field, Formula

from cascade_cli.adapters.venice.base import VeniceReader
from cascade_cli.adapters.venice.notifications import NOTIFICATIONS
from cascade_cli.domain.explain.story import Happening, Reporter
from cascade_cli.errors import SchemaError


@dataclass(frozen=True)
class _Layout:
    """The names of fields. `details` holds JSON that names the stratagem, `related` only its id."""

    citizen: str
    text: str
    details: str
    related: str = ""

    @property
    def fields(self) -> list[str]:
        return [self.citizen, "Type", self.text, self.details]

    def names(self, stratagem_id: str) -> Iterator[Formula]:
        """Conditions. For a row about this stratagem, one of them is true."""
        yield FIND(f'"{stratagem_id}"', Field(self.details))
        if self.related:
            yield EQ(Field(self.related), stratagem_id)


_LAYOUTS = (
    _Layout("Citizen", "Content", "Details"),
    # The engine writes RelatedEntity; the legacy connector and cascade write Metadata.
    _Layout("CitizenUsername", "Title", "Metadata", "RelatedEntity"),
    _Layout("CitizenUsername", "Title", "Metadata"),
)


class NoticeReader(VeniceReader):
    """Reads notifications. Raises only errors of cascade_cli.errors."""

    def notices(self, stratagem_ids: Sequence[str]) -> list[Happening]:
        """What the engine and cascade told about these stratagems, at most two weeks back."""
        *others, last = _LAYOUTS
        for layout in others:
            try:
                return self._read(stratagem_ids, layout)
            except SchemaError:
                continue
        return self._read(stratagem_ids, last)

    def _read(self, stratagem_ids: Sequence[str], layout: _Layout) -> list[Happening]:
        named = OR(*(condition for name in stratagem_ids for condition in layout.names(name)))
        return [
            Happening(
                datetime.fromisoformat(record["createdTime"]).astimezone(UTC),
                Reporter.VENICE,
                f"{record['fields'].get(layout.citizen)!r} was told: "
                f"{record['fields'].get(layout.text)}",
                str(record["fields"].get("Type", "")),
            )
            for record in self._select(named, NOTIFICATIONS, layout.fields)
        ]
