"""The ducat equation: what was sold is accounted for to the last fraction, or cascade is wrong.

Both sides are summed on their own. From Stripe's: sold = settled + in flight + undelivered +
doubtful + unattributable. From Venice's: executed = settled + over-delivered + manual + orphaned +
elsewhere + taken back of these. What came back for refunds is a third sum: returned = by the
window's charges + elsewhere; what was given beyond that, since money came again, counts as
executed. What people decided to take back of wrong transfers is a fourth sum. A charge lost, or a
stratagem used twice, breaks one of them. What is plainly settled was compared pair by pair, and
stands on both sides.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from cascade_cli.domain.matching.matched_charge import MatchedCharge
from cascade_cli.domain.records.stratagems import State
from cascade_cli.domain.shop.money import ZERO, exactly


class EquationPart(StrEnum):
    """Where those ducats of a charge are that have not reached its citizen."""

    IN_FLIGHT = "in_flight"
    UNDELIVERED = "undelivered"
    DOUBTFUL = "doubtful"
    UNATTRIBUTABLE = "unattributable"


def part_of(matched: MatchedCharge) -> EquationPart:
    """The one part that takes all of the charge's outstanding ducats."""
    states = {row.state(matched.terms.now) for row in matched.correcting if matched.is_right(row)}
    if matched.by_state[State.DOUBTFUL] or State.DOUBTFUL in states:
        return EquationPart.DOUBTFUL
    if not matched.is_attributable:
        return EquationPart.UNATTRIBUTABLE
    if matched.is_unknown:
        return EquationPart.UNDELIVERED
    if State.LIVE in states or any(matched.is_right(s) for s in matched.by_state[State.LIVE]):
        return EquationPart.IN_FLIGHT
    hopeless = matched.by_state[State.FAILED] or matched.moving
    return EquationPart.IN_FLIGHT if matched.is_young and not hopeless else EquationPart.UNDELIVERED


@dataclass(frozen=True)
class Equation:
    """Ducats of one window. `returned` are those taken back after refunds, less those given again;
    `refund_exposure` those delivered whose money is gone, neither returned nor written off;
    `taken_back` are those that came back because a person decided so: over-delivered and orphaned
    are what is left after that."""

    sold: Decimal
    settled: Decimal
    in_flight: Decimal
    undelivered: Decimal
    doubtful: Decimal
    unattributable: Decimal
    over_delivered: Decimal
    executed: Decimal
    manual: Decimal
    orphaned: Decimal
    elsewhere: Decimal
    returned: Decimal = ZERO
    returned_elsewhere: Decimal = ZERO
    returned_here: Decimal = ZERO
    refund_exposure: Decimal = ZERO
    taken_back: Decimal = ZERO
    taken_back_elsewhere: Decimal = ZERO
    taken_back_here: Decimal = ZERO

    def called(self, name: str) -> Decimal:
        """One of the sums by its name on screens, such as `over-delivered`."""
        ducats: Decimal = getattr(self, re.sub(r"\W", "_", name))
        return ducats

    @property
    def residual(self) -> Decimal:
        """Ducats that cannot be accounted for; anything but zero is a bug in cascade."""
        with exactly():
            parts = self.in_flight + self.undelivered + self.doubtful + self.unattributable
            unsold = self.over_delivered + self.manual + self.orphaned + self.elsewhere
            unsold += self.taken_back_here
            stripe_s, venice_s = self.sold - self.settled - parts, self.executed - self.settled
            back = self.returned - self.returned_here - self.returned_elsewhere
            taken = self.taken_back - self.taken_back_here - self.taken_back_elsewhere
            return stripe_s or (venice_s - unsold) or back or taken


def equate(
    matched_charges: Iterable[MatchedCharge],
    *,
    plain: Decimal,
    sold: Decimal,
    executed: Decimal,
    manual: Decimal,
    orphaned: Decimal,
    elsewhere: Decimal,
    returned: Decimal = ZERO,
    returned_elsewhere: Decimal = ZERO,
    taken_back: Decimal = ZERO,
    taken_back_elsewhere: Decimal = ZERO,
    taken_from_orphans: Decimal = ZERO,
) -> Equation:
    """Sum the cases against `sold` and `executed`, which the caller took from the two lists.

    `plain` are the ducats of charges that were settled without a case.
    """
    settled, over_delivered, exposure, here = plain, ZERO, ZERO, ZERO
    taken_here = taken_from_orphans
    outstanding = dict.fromkeys(EquationPart, ZERO)
    for matched in matched_charges:
        settled += matched.settled
        over_delivered += matched.over_delivered
        exposure += matched.exposure
        here += matched.returned
        taken_here += matched.taken_back
        if matched.outstanding:
            outstanding[part_of(matched)] += matched.outstanding
    return Equation(
        sold=sold,
        settled=settled,
        in_flight=outstanding[EquationPart.IN_FLIGHT],
        undelivered=outstanding[EquationPart.UNDELIVERED],
        doubtful=outstanding[EquationPart.DOUBTFUL],
        unattributable=outstanding[EquationPart.UNATTRIBUTABLE],
        over_delivered=over_delivered,
        executed=executed,
        manual=manual,
        orphaned=orphaned - taken_from_orphans,
        elsewhere=elsewhere,
        returned=returned,
        returned_elsewhere=returned_elsewhere,
        returned_here=here,
        refund_exposure=exposure,
        taken_back=taken_back,
        taken_back_elsewhere=taken_back_elsewhere,
        taken_back_here=taken_here,
    )
