"""Test payments never move ducats of the live base, nor the reverse."""

from __future__ import annotations

from typing import Protocol

from cascade_cli.errors import GuardError

MODES = {True: "live", False: "test"}


class Bindings(Protocol):
    """Where it is remembered which mode a base belongs to: the journal."""

    def mode_of(self, base_id: str) -> bool | None:
        """Whether the base takes live payments; None while nothing was written to it."""

    def bind_mode(self, base_id: str, livemode: bool) -> None:
        """Bind it at its first write. Raises GuardError on the other mode."""


class Base(Protocol):
    """The base itself, for what another journal knew."""

    def has_mode(self, livemode: bool) -> bool:
        """Whether cascade wrote a transfer for a payment of that mode into it."""


def guard_mode(bindings: Bindings, base: Base, base_id: str, *, livemode: bool) -> None:
    """Call before the first write. Raises GuardError if the base belongs to the other mode."""
    if bindings.mode_of(base_id) is None and base.has_mode(not livemode):
        raise GuardError(
            f"The base {base_id} holds transfers for {MODES[not livemode]} payments, and the "
            f"Stripe key is a {MODES[livemode]} key.",
            "Nothing was written. Use the key and the base of one mode.",
        )
    bindings.bind_mode(base_id, livemode)
