"""Where a payment's money is, by the sandbox's own data: what the client makes of it is not asked.

Every movement is a balance transaction, and what they add up to has stayed.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import accumulate
from typing import Any

from tests.simulation.stage import Stage

# What was not captured is booked and booked back.
_OF_CAPTURE = ("charge", "partial_capture_reversal")
_OPEN = ("needs_response", "under_review")


@dataclass(frozen=True)
class Money:
    """Of one charge: what was taken, and after each movement how much of that was gone."""

    captured: int
    gone_after: tuple[int, ...]
    is_contested: bool
    """Nobody knows yet whose the money is."""
    was_disputed: bool

    @property
    def gone(self) -> int:
        """In the end."""
        return self.gone_after[-1]

    @property
    def ever_moved(self) -> bool:
        """Whether anything went, for good or not."""
        return len(self.gone_after) > 1


class MoneyView:
    """Looks into the account."""

    def __init__(self, stage: Stage) -> None:
        self._stage = stage

    def money(self, charge_id: str) -> Money:
        """As it is now."""
        with self._stage.app.stripe.account.writing(self._stage.scheduler.now()) as writer:
            charge = writer.get("charge", charge_id)
            refunds = writer.of_charge("refund", charge_id)
            disputes = writer.of_charge("dispute", charge_id)
            ids = [charge["balance_transaction"], *_of_refunds(refunds)]
            moved = [writer.get("balance_transaction", id) for id in ids if id]
        moved += [one for dispute in disputes for one in dispute["balance_transactions"]]
        moved.sort(key=lambda one: one["created"])
        back = [-one["amount"] for one in moved if one["reporting_category"] not in _OF_CAPTURE]
        return Money(
            charge["amount_captured"],
            tuple(accumulate(back, initial=0)),
            any(dispute["status"] in _OPEN for dispute in disputes),
            bool(disputes),
        )


def _of_refunds(refunds: list[dict[str, Any]]) -> Iterator[str | None]:
    for refund in refunds:
        yield from (refund["balance_transaction"], refund["failure_balance_transaction"])
