"""Test payments never move ducats of the live base, nor the reverse."""

from __future__ import annotations

from cascade_cli.errors import GuardError
from cascade_cli.services.ports import JournalPort, VenicePort

MODES = {True: "live", False: "test"}


def guard_mode(journal: JournalPort, base: VenicePort, base_id: str, *, livemode: bool) -> None:
    """Call before the first write. Raises GuardError if the base belongs to the other mode."""
    if journal.mode_of(base_id) is None and base.has_mode(not livemode):
        raise GuardError(
            f"The base {base_id} holds transfers for {MODES[not livemode]} payments, and the "
            f"Stripe key is a {MODES[livemode]} key.",
            "Nothing was written. Use the key and the base of one mode.",
        )
    journal.bind_mode(base_id, livemode)
