"""The mark of a restored journal, and the promises that it takes over."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from cascade_cli.domain.records.journal_entries import Attempt, Intent

RESTORED = "restored"
"""The name of the mark. A restore sets one for all bases; each base gets its own when it has caught
up."""


@dataclass(frozen=True)
class Restored:
    """A journal was restored at `at`, from a backup whose last entry was written at `since`.

    `knows_attempts` says that the writes sent since then were carried over. Until the base has been
    looked at (`caught_up`), nothing may be written to it.
    """

    at: datetime
    since: datetime
    knows_attempts: bool = False
    caught_up: datetime | None = None

    @property
    def is_pending(self) -> bool:
        """Whether the base still has to be looked at."""
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
        """From the journal's mark; None if it was never restored."""
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
    """A promise of `base` that a restored journal takes over.

    `at` is when it was first made, `attempt` the last write that is known. If it `amends`, it
    replaces what the journal says about the key.
    """

    intent: Intent
    at: datetime
    base: str
    attempt: Attempt | None = None
    amends: bool = False
