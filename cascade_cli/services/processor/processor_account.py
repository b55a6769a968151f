"""Finds the payment processor among Venice's citizens, and reads its account."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

from cascade_cli.domain.delivery.runway import OUTFLOW_DAYS, Finances, finances
from cascade_cli.domain.records.citizens import CitizenRow, look_alikes, look_alikes_clause
from cascade_cli.errors import GuardError, SettingsError
from cascade_cli.services.ports import VenicePort

FindRows = Callable[[str], list[CitizenRow]]
"""The citizens of a name, and those whose names look like it."""


class ProcessorService:
    """Reads the processor's account. Raises SettingsError if Venice has no such citizen."""

    def __init__(
        self,
        rows_named_like: FindRows,
        transfers: VenicePort,
        username: str,
        now: Callable[[], datetime],
    ) -> None:
        self._rows_named_like, self._transfers = rows_named_like, transfers
        self._username, self._now = username, now

    def look(self) -> tuple[CitizenRow, Finances]:
        """The balance, and the transfers that draw on it: three or four requests."""
        processor = processor_row(self._rows_named_like, self._username)
        if processor is None:
            raise no_processor(self._rows_named_like, self._username)
        now = self._now()
        executed = self._transfers.executed_since(now - timedelta(days=OUTFLOW_DAYS))
        moments = [row.executed_at for row in executed if row.executed_at]
        last = max(moments) if moments else self._transfers.last_executed_at()
        return processor, finances(processor, self._transfers.open_transfers(), executed, last, now)


def processor_row(rows_named_like: FindRows, username: str) -> CitizenRow | None:
    """The citizen with exactly that name. Raises GuardError if several share it."""
    found = [c for c in rows_named_like(username) if c.username == username]
    if len(found) > 1:
        # Airtable has no unique fields, so nothing keeps two rows from having one name.
        records = ", ".join(processor.record_id for processor in found)
        raise GuardError(
            f"Venice has {len(found)} citizens called {username!r} ({records}).",
            "It is chance which of them pays. Nothing was written: keep one, by hand, in the base.",
        )
    return found[0] if found else None


def no_processor(rows_named_like: FindRows, username: str) -> SettingsError:
    """The error to raise if nobody has exactly that name; it names citizens with similar names."""
    others = [citizen.username for citizen in rows_named_like(username)]
    similar = look_alikes([username], others).get(username, ())
    other = "Correct CASCADE_PROCESSOR, or create" if similar else "Create"
    return SettingsError(
        f"Venice has no citizen {username!r} to pay with{look_alikes_clause(username, similar)}.",
        f"{other} it: cascade citizen setup",
    )
