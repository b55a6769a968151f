"""Who holds a claim or a lock."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from cascade_cli.domain.shop.times import format_moment, moment_text


@dataclass(frozen=True)
class Holder:
    """One worker's hold on a row. `birth` tells its process from a later one with its pid."""

    run: str
    host: str
    pid: int
    birth: str
    operator: str
    command: str
    since: str
    lease_until: str

    def columns(self) -> dict[str, Any]:
        """What a row records of this hold."""
        return asdict(self)

    def has_lease(self, moment: datetime) -> bool:
        """Whether the lease still runs at that moment."""
        return bool(self.run) and self.lease_until > moment_text(moment)

    @property
    def ends(self) -> str:
        """When its lease does, for people."""
        return format_moment(datetime.fromisoformat(self.lease_until))

    def __str__(self) -> str:
        since = format_moment(datetime.fromisoformat(self.since))
        return f"`{self.command}` by {self.operator} on {self.host} (pid {self.pid}) since {since}"


RELEASED = Holder("", "", 0, "", "", "", "", "")
