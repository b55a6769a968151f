"""The ducat equation: every ducat that was sold is accounted for to the last fraction, or cascade
is wrong.

Both sides are summed separately. Stripe's side: sold = settled + in flight + undelivered + doubtful
+ unattributable. Venice's side: executed = settled + over-delivered + manual + orphaned + elsewhere
+ what people took back of these. Ducats that came back for refunds are a third sum: returned = by
the window's charges + elsewhere. Ducats given beyond that, because money came back since, count
as executed. Ducats that people decided to take back from wrong transfers are a fourth sum.

A charge that is lost, or a stratagem that is used twice, breaks one of these sums. What is plainly
settled was compared pair by pair, and is added to both sides.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from cascade_cli.domain.matching.fast_path import PlainlySettled
from cascade_cli.domain.matching.matched_charge import MatchedCharge, Terms, sum_ducats
from cascade_cli.domain.matching.snapshot import Snapshot
from cascade_cli.domain.reconcile.orphans import Owner
from cascade_cli.domain.records.stratagems import State, Stratagem
from cascade_cli.domain.refunds.refund_shares import returned
from cascade_cli.domain.shop.keys import Origin, taken_record_in
from cascade_cli.domain.shop.money import ZERO, exactly


class EquationPart(StrEnum):
    """Where a charge's ducats are that have not reached its citizen."""

    IN_FLIGHT = "in_flight"
    UNDELIVERED = "undelivered"
    DOUBTFUL = "doubtful"
    UNATTRIBUTABLE = "unattributable"


def part_of(matched: MatchedCharge) -> EquationPart:
    """The one part that gets all of the charge's outstanding ducats."""
    # The first that fits decides. What may have moved comes first: no other part may count on it.
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
    """The ducats of one window.

    `returned` are those taken back after refunds, less those given again. `refund_exposure` are
    delivered ducats whose money is gone, neither returned nor written off. `taken_back` are those
    that came back because a person decided so; `over_delivered` and `orphaned` are what is left
    after that.
    """

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


def equation_of(
    snapshot: Snapshot,
    matched_charges: Mapping[str, MatchedCharge],
    owners: Mapping[Owner, list[Stratagem]],
    terms: Terms,
    plain: PlainlySettled,
) -> Equation:
    """The equation of the judged and the plainly settled charges, and of all transfers that count.

    `owners` has the transfers that no judged charge accounts for.
    """

    def executed(stratagems: Iterable[Stratagem]) -> Decimal:
        return sum_ducats(s for s in stratagems if s.state(terms.now) is State.EXECUTED)

    cases, plainly = matched_charges.values(), plain.ducats
    outstanding = dict.fromkeys(EquationPart, ZERO)
    for matched in cases:
        if matched.outstanding:
            outstanding[part_of(matched)] += matched.outstanding
    ours = {
        s.record_id
        for c in cases
        for s in (*c.stratagems, *c.returns, *c.corrections, *c.takebacks)
    }
    concerned = [
        s for s in snapshot.stratagems if snapshot.must_account_for(s) or s.record_id in ours
    ]
    given = [s for s in concerned if not s.returns and s.origin is not Origin.TAKE_BACK]
    returning = [s for s in concerned if s.returns]
    taking = [s for s in concerned if s.origin is Origin.TAKE_BACK]
    orphans = {s.record_id for s in owners[Owner.NOBODY] if s.state(terms.now) is State.EXECUTED}
    of_orphans = [t for t in taking if taken_record_in(t.stratagem_id) in orphans]
    taken_from_orphans = executed(of_orphans)
    completed = sum((matched.completed for matched in cases), ZERO)
    return Equation(
        sold=sum(
            (matched_charges[c.id].sold for c in snapshot.charges if c.id in matched_charges),
            plainly,
        ),
        settled=sum((matched.settled for matched in cases), plainly),
        in_flight=outstanding[EquationPart.IN_FLIGHT],
        undelivered=outstanding[EquationPart.UNDELIVERED],
        doubtful=outstanding[EquationPart.DOUBTFUL],
        unattributable=outstanding[EquationPart.UNATTRIBUTABLE],
        over_delivered=sum((matched.over_delivered for matched in cases), ZERO),
        executed=executed(given) + completed + plainly,
        manual=executed(owners[Owner.REASON]),
        orphaned=executed(owners[Owner.NOBODY]) - taken_from_orphans,
        elsewhere=executed(owners[Owner.OTHER_PAYMENT]),
        returned=returned(returning, terms.now) + completed,
        returned_elsewhere=returned((s for s in returning if s.record_id not in ours), terms.now),
        returned_here=sum((matched.returned for matched in cases), ZERO),
        refund_exposure=sum((matched.exposure for matched in cases), ZERO),
        taken_back=executed(taking),
        taken_back_elsewhere=executed(
            t for t in taking if t.record_id not in ours and t not in of_orphans
        ),
        taken_back_here=sum((matched.taken_back for matched in cases), taken_from_orphans),
    )
