"""Citizens come, go and change their names; other jobs change their ducats.

Stratagems name citizens by Username only, so they keep the old name. Whoever comes back is a new
record with a new creation time. All of it happens at once, as in Airtable's own window.
"""

from __future__ import annotations

from typing import Any

from cascade_cli.sandbox.airtable.tables import Tables
from cascade_cli.sandbox.venice.processor import Record
from cascade_cli.sandbox.wire import Clock

STIPEND = 3_000
STIPENDIARIES = "Innovatori"


class Residents:
    """Changes CITIZENS as of `now`. Raises ValueError, having changed nothing, for a wrong name."""

    def __init__(self, tables: Tables, now: Clock) -> None:
        self._tables = tables
        self._now = now

    def add(self, username: str, *, ducats: float = 0, social_class: str = "Popolani") -> Record:
        """Somebody new, or somebody who was removed, made anew."""
        self._check_free(username)
        fields = {
            "CitizenId": username,
            "Username": username,
            "SocialClass": social_class,
            "Ducats": ducats,
            "InVenice": True,
            "CreatedAt": self._now().isoformat(),
        }
        return self._tables.create("CITIZENS", fields)

    def remove(self, username: str) -> Record:
        """Delete the record; what it had is gone."""
        record = self._called(username)
        self._tables.delete("CITIZENS", record["id"])
        return record

    def rename(self, username: str, new: str) -> Record:
        """The same record under another name."""
        record = self._called(username)
        self._check_free(new)
        names = {"CitizenId": new, "Username": new}
        return self._tables.update("CITIZENS", record["id"], names)

    def pay_stipends(self) -> list[str]:
        """The job of 08:00: every citizen of class Innovatori gets 3,000 ducats; returns who.

        It writes absolute balances from a reading of its own, without a lock.
        """
        listed = self._tables.select("CITIZENS", f"{{SocialClass}} = '{STIPENDIARIES}'")
        for record in listed:
            raised = {"Ducats": float(record["fields"].get("Ducats", 0)) + STIPEND}
            self._tables.update("CITIZENS", record["id"], raised)
        return [str(record["fields"].get("Username", "")) for record in listed]

    def _called(self, username: str) -> Record:
        found = self._find(username)
        if not found:
            raise ValueError(f"Venice has no citizen {username!r}; nothing was changed")
        return found[0]

    def _check_free(self, username: str) -> None:
        if self._find(username):
            raise ValueError(f"Venice has a citizen {username!r} already; nothing was changed")

    def _find(self, username: str) -> list[dict[str, Any]]:
        rows = self._tables.select("CITIZENS")
        return [row for row in rows if row["fields"].get("Username") == username]
