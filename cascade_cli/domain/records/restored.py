"""What a restored journal remembers of that, and what it takes over of the time it has lost."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from cascade_cli.domain.records.journal_entries import Attempt, Intent

RESTORED = "restored"
"""The mark of a journal that was restored; each base has one of its own once it has caught up."""


@dataclass(frozen=True)
class Restored:
    """A journal was restored at that moment, from a backup whose last entry is of `since`.

    `knows_attempts` if the journal knows of all that was sent meanwhile all the same. Until the
    base has been looked at, which is `caught_up`, nothing may be written.
    """

    at: datetime
    since: datetime
    knows_attempts: bool = False
    caught_up: datetime | None = None

    @property
    def is_pending(self) -> bool:
        """The base has not been looked at yet."""
        return self.caught_up is None

    def document(self) -> dict[str, Any]:
        """As the journal keeps it."""
        return {
            "at": self.at.isoformat(),
            "since": self.since.isoformat(),
            "knows_attempts": self.knows_attempts,
            "caught_up": self.caught_up.isoformat() if self.caught_up else None,
        }

    @classmethod
    def of(cls, document: Mapping[str, Any] | None) -> Restored | None:
        """From what the journal kept; None where it was never restored."""
        if document is None:
            return None
        caught_up = document["caught_up"]
        return cls(
            datetime.fromisoformat(document["at"]),
            datetime.fromisoformat(document["since"]),
            document["knows_attempts"],
            datetime.fromisoformat(caught_up) if caught_up else None,
        )


@dataclass(frozen=True)
class Promised:
    """A promise of `base` that a restored journal takes over: when it was first made, and the last
    write that is known to have been sent for it. If it `amends`, it is the last word about its
    key, whatever the journal says."""

    intent: Intent
    at: datetime
    base: str
    attempt: Attempt | None = None
    amends: bool = False
