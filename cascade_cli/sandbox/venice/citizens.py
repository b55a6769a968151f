"""Adds, removes and renames citizens, and pays stipends as another of Venice's jobs does.

Stratagems name citizens by Username only, so they keep the old name after a change. A citizen who
comes back gets a new record with a new creation time. Changes take effect at once, as in
Airtable's own user interface.
"""

from __future__ import annotations

from typing import Any

from cascade_cli.sandbox.airtable.tables import Tables
from cascade_cli.sandbox.venice.execution import Record
from cascade_cli.sandbox.wire import Clock

STIPEND = 3_000
STIPENDIARIES = "Innovatori"


class Residents:
    """Changes CITIZENS. Raises ValueError for an unknown or taken name, and changes nothing."""

    def __init__(self, tables: Tables, now: Clock) -> None:
        self._tables = tables
        self._now = now

    def add(self, username: str, *, ducats: float = 0, social_class: str = "Popolani") -> Record:
        """Add a citizen, who may have been removed before."""
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
        """Delete the citizen's record, and with it their ducats."""
        record = self._called(username)
        self._tables.delete("CITIZENS", record["id"])
        return record

    def rename(self, username: str, new: str) -> Record:
        """Give the citizen's record a new name."""
        record = self._called(username)
        self._check_free(new)
        names = {"CitizenId": new, "Username": new}
        return self._tables.update("CITIZENS", record["id"], names)

    def pay_stipends(self) -> list[str]:
        """Give every citizen of class Innovatori 3,000 ducats, as the live job does at 08:00.

        It reads all balances first and writes absolute ones, without a lock. Returns the usernames.
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
