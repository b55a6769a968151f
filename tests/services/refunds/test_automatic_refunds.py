"""What becomes of a refund: it is carried out, looked at again, or left to a person."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, cast

import pytest

from cascade_cli.domain.delivery.deliveries import Delivery, Result
from cascade_cli.domain.delivery.delivery_steps import FATE_BOUND
from cascade_cli.domain.discrepancies.refund_plan import Picture, RefundPlan, picture_of
from cascade_cli.domain.records.charges import Charge, Dispute, Refund
from cascade_cli.domain.records.citizens import Resident
from cascade_cli.domain.records.stratagems import Failure, Stratagem
from cascade_cli.domain.refunds.refund_shares import Policy
from cascade_cli.domain.selling.allocation import Allocation, Share, portions_of
from cascade_cli.errors import GuardError
from cascade_cli.services.delivery.credit_requests import CreditLimits
from cascade_cli.services.refunds.automatic_refunds import AutomaticRefunds, RefundResult
from cascade_cli.services.refunds.refund_service import (
    EVERY_PORTION,
    CarriedOut,
    NoPurchaseError,
    RefundService,
    RefundWish,
)
from tests.domain.refunds.test_refund_plan import taken
from tests.domain.samples import GRACE, NOW, PAID, a_charge, keyed, the_matched_charge

MINUTE = timedelta(minutes=1)
LIVE: dict[str, Any] = {"status": "active", "expires_at": NOW + timedelta(hours=5)}
# The engine runs at seven in the evening in Rome, and is done with it five minutes later.
AFTER_NEXT_RUN = NOW.replace(hour=18, minute=5)
WISH = RefundWish(Policy.AVAILABLE, {"worker": "one"})


class PaperRefundService(RefundService):
    """Plans as the service does; what it looks at and carries out is on paper.

    `looks` are what each look shows, the last of them for ever.
    """

    def __init__(self, *looks: Sequence[Picture] | GuardError, result: Result) -> None:
        limits = CreditLimits(Decimal(10_000), Decimal(100_000), "CASCADE_PAYMENT_PROCESSOR")
        self._limits, self.looks, self.result = limits, list(looks), result
        self.seen = list[slice]()
        self.asked = list[int]()
        self.told = list[tuple[list[str], RefundWish, timedelta]]()
        self.refused: GuardError | None = None

    def look(self, payment_id: str, some: slice = EVERY_PORTION) -> tuple[Picture, ...]:
        assert payment_id == "pi_1"
        self.seen.append(some)
        shown = self.looks.pop(0) if len(self.looks) > 1 else self.looks[0]
        if isinstance(shown, GuardError):
            raise shown
        return tuple(shown[some])

    def residents(self, pictures: Sequence[Picture]) -> dict[str, Resident]:
        self.asked.append(len(pictures))
        names = [picture.matched.as_decided.citizen or "" for picture in pictures]
        return {name: Resident(Decimal(1000), PAID - timedelta(days=9)) for name in names}

    def carry_out(
        self, plans: Sequence[RefundPlan], wish: RefundWish, patience: timedelta = 3 * MINUTE
    ) -> list[CarriedOut]:
        found = []
        for plan in plans:
            orders = plan.endings or plan.orders
            self.told.append(([order.key for order in orders], wish, patience))
            deliveries = [Delivery(order, self.result, "why") for order in orders]
            found.append(CarriedOut(plan, deliveries, self.refused))
        return found


@dataclass
class Promises:
    """What the journal is at work on."""

    keys: frozenset[str] = frozenset()
    since: list[datetime] = field(default_factory=list)

    def keys_in_progress(self, keys: Collection[str], since: datetime) -> set[str]:
        self.since.append(since)
        return set(keys) & self.keys


@dataclass
class RefundsUnderTest:
    """AutomaticRefunds with what they work on, and what happened in which order."""

    service: PaperRefundService
    settings: Mapping[str, Any] = field(default_factory=dict)
    promises: Promises = field(default_factory=Promises)
    happened: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        usual: dict[str, Any] = {"refunds": True, "hold": False, **self.settings}
        self.automatic_refunds = AutomaticRefunds(
            service=self.service,
            keys_in_progress=self.promises.keys_in_progress,
            wish=WISH,
            guard=lambda: self.happened.append("guarded"),
            lock=self.lock,
            now=lambda: NOW,
            **usual,
        )

    @contextmanager
    def lock(self) -> Iterator[None]:
        self.happened.append("locked")
        yield
        self.happened.append("open")

    def settle(self) -> RefundResult:
        return self.automatic_refunds.settle("pi_1", MINUTE)


def service_seeing(
    *looks: Sequence[Picture] | GuardError, result: Result = Result.CREDITED, **settings: Any
) -> RefundsUnderTest:
    return RefundsUnderTest(PaperRefundService(*looks, result=result), settings)


def sent_back(cents: int = 1000, **changed: Any) -> Charge:
    refunds = (Refund("re_1", "succeeded", cents, PAID, has_left=True),) if cents else ()
    return a_charge(**{"refunds": refunds, "refunded_cents": cents, **changed})


def shown(charge: Charge, *rows: Stratagem, dispute: str = "") -> list[Picture]:
    """One look at the payment."""
    found = [Dispute("du_1", "ch_1", dispute, "fraudulent", 1000, 0)] if dispute else []
    answers = {"disputes": {charge.id: tuple(found)}} if found else {}
    return [picture_of(the_matched_charge(charge, *rows, **answers), {})]


DELIVERED = keyed(a_charge())
ON_ITS_WAY = keyed(a_charge(), **LIVE)
TAKEN = taken()
TAKING = taken(**LIVE)


def test_a_refund_is_carried_out_within_the_lock_and_after_the_guard() -> None:
    one = service_seeing(shown(sent_back(), DELIVERED), shown(sent_back(), DELIVERED, TAKING))
    dealt = one.settle()
    assert one.happened == ["locked", "guarded", "open"]
    assert one.service.told == [(["cascade_refund_re_1"], WISH, MINUTE)]
    assert [delivery.result for delivery in dealt.deliveries] == [Result.CREDITED]
    assert (dealt.failed, dealt.needs_person, dealt.is_purchase) == ((), False, True)
    assert dealt.note == "re_1 succeeded: 100 ducats due: 100 under way"


def test_what_is_on_its_way_is_looked_at_again_after_the_engine_s_next_run() -> None:
    seen = service_seeing(shown(sent_back(), DELIVERED), shown(sent_back(), DELIVERED, TAKING))
    assert seen.settle().again_at == AFTER_NEXT_RUN
    # The reading may be older than the write.
    unseen = service_seeing(shown(sent_back(), DELIVERED), shown(sent_back(), DELIVERED))
    assert unseen.settle().again_at == AFTER_NEXT_RUN


@pytest.mark.parametrize("result", [Result.REFUSED, Result.BLOCKED, Result.FAILED, Result.BUSY])
def test_what_did_not_come_to_a_good_end_is_told(result: Result) -> None:
    dealt = service_seeing(shown(sent_back(), DELIVERED), result=result).settle()
    assert [delivery.result for delivery in dealt.failed] == [result]
    assert dealt.deliveries == dealt.failed
    assert dealt.again_at is None


def test_a_write_whose_fate_is_unknown_has_failed_and_is_looked_at_again() -> None:
    dealt = service_seeing(shown(sent_back(), DELIVERED), result=Result.UNFINISHED).settle()
    assert len(dealt.failed) == 1
    assert dealt.again_at == AFTER_NEXT_RUN


def test_what_is_done_is_not_done_again_and_nobody_guards_it() -> None:
    one = service_seeing(shown(sent_back(), DELIVERED, TAKEN))
    dealt = one.settle()
    assert one.happened == ["locked", "open"]
    assert dealt == RefundResult("re_1 succeeded: 100 ducats due: 100 taken back")
    assert service_seeing(shown(sent_back(0), DELIVERED)).settle() == RefundResult(
        "no money went back"
    )


def test_what_comes_back_may_be_refused_and_is_looked_at_again() -> None:
    dealt = service_seeing(shown(sent_back(), DELIVERED, TAKING)).settle()
    assert (dealt.again_at, dealt.deliveries) == (AFTER_NEXT_RUN, ())


def test_a_part_of_what_is_under_way_waits_for_its_arrival() -> None:
    one = service_seeing(shown(sent_back(300), ON_ITS_WAY))
    dealt = one.settle()
    assert dealt.note.endswith("is under way: the part comes back once it has arrived")
    assert (dealt.again_at, one.service.told) == (AFTER_NEXT_RUN, [])


def test_what_was_ended_may_be_in_the_engine_s_hands_and_is_looked_at_soon() -> None:
    ended = replace(ON_ITS_WAY, expires_at=NOW)
    before, after = shown(sent_back(), ON_ITS_WAY), shown(sent_back(), ended)
    one = service_seeing(before, after, result=Result.RETIRED)
    dealt = one.settle()
    assert one.service.told[0][0] == ["cascade_payment_pi_1"]
    assert (dealt.again_at, dealt.failed) == (NOW + 5 * MINUTE, ())
    assert dealt.note == "re_1 succeeded: 100 ducats due: 100 withheld"


def test_what_ran_out_before_is_not_waited_for() -> None:
    """A reading of the rows told that the engine passes it over."""
    ran_out = replace(ON_ITS_WAY, expires_at=NOW)
    one = service_seeing(shown(sent_back(), ran_out), result=Result.RETIRED)
    one.promises.keys = frozenset({"cascade_payment_pi_1"})
    assert (one.settle().again_at, one.service.told[0][0]) == (None, ["cascade_payment_pi_1"])


def test_a_payment_that_bought_no_ducats_is_no_purchase() -> None:
    one = service_seeing(NoPurchaseError("Stripe knows no such payment."))
    assert one.settle() == RefundResult("Stripe knows no such payment.", is_purchase=False)
    assert one.happened == ["locked", "open"]


def test_what_is_in_doubt_is_for_a_person_and_nothing_is_written() -> None:
    in_doubt = keyed(a_charge(), status="failed", failure=Failure.UNCERTAIN)
    one = service_seeing(shown(sent_back(), in_doubt))
    dealt = one.settle()
    assert (dealt.needs_person, "may or may not have moved" in dealt.note) == (True, True)
    assert (one.happened, one.service.told) == (["locked", "open"], [])


def test_what_stands_in_the_way_after_an_ending_is_for_a_person() -> None:
    one = service_seeing(shown(sent_back(), DELIVERED))
    one.service.refused = GuardError("It was executed twice.")
    dealt = one.settle()
    assert (dealt.note, dealt.needs_person) == ("It was executed twice.", True)
    assert len(dealt.deliveries) == 1


def test_what_cannot_be_looked_at_afterwards_is_for_a_person() -> None:
    dealt = service_seeing(shown(sent_back(), DELIVERED), NoPurchaseError("It is gone.")).settle()
    assert (dealt.note, dealt.needs_person, dealt.is_purchase) == ("It is gone.", True, True)
    assert len(dealt.deliveries) == 1


def test_what_no_look_shows_afterwards_is_told_as_it_was_before() -> None:
    dealt = service_seeing(shown(sent_back(), DELIVERED), ()).settle()
    assert dealt.note == "re_1 succeeded: 100 ducats due: 100 left"
    assert dealt.again_at == AFTER_NEXT_RUN


def test_a_debt_alone_is_work() -> None:
    one = service_seeing(shown(sent_back(), DELIVERED))
    poor = replace(one.automatic_refunds, wish=replace(WISH, policy=Policy.NONE))
    poor.settle("pi_1", MINUTE)
    assert one.service.told[0][0] == []
    assert one.happened == ["locked", "guarded", "open"]


YOUNG = NOW - timedelta(minutes=5)


@pytest.mark.parametrize(
    ("charge", "rows", "again_at"),
    [
        (sent_back(created_at=YOUNG), (), YOUNG + GRACE),
        (sent_back(300, created_at=YOUNG), (), YOUNG + GRACE),
        (sent_back(0, created_at=YOUNG, disputed=True), (), YOUNG + GRACE),
        # Nothing went back, it is old, or it has arrived.
        (sent_back(0, created_at=YOUNG), (), None),
        (sent_back(), (), None),
        (sent_back(created_at=YOUNG), (DELIVERED, TAKEN), None),
    ],
)
def test_somebody_may_be_about_to_deliver_a_young_payment_whose_money_went_back(
    charge: Charge, rows: tuple[Stratagem, ...], again_at: datetime | None
) -> None:
    dealt = service_seeing(shown(charge, *rows)).settle()
    assert dealt.again_at == again_at
    assert dealt.note.startswith("not delivered; it is checked again") == bool(again_at)


# Withholding -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("settings", "row", "dispute", "ended"),
    [
        ({"hold": True}, ON_ITS_WAY, "needs_response", True),
        ({"hold": True, "refunds": False}, ON_ITS_WAY, "needs_response", True),
        ({"hold": False}, ON_ITS_WAY, "needs_response", False),
        ({"hold": True}, DELIVERED, "needs_response", False),
        ({"hold": True}, ON_ITS_WAY, "won", False),
    ],
)
def test_what_has_not_arrived_is_withheld_while_a_dispute_is_open_where_the_shop_says_so(
    settings: dict[str, Any], row: Stratagem, dispute: str, ended: bool
) -> None:
    one = service_seeing(shown(sent_back(0, disputed=True), row, dispute=dispute), **settings)
    one.settle()
    assert [keys for keys, *_ in one.service.told] == [["cascade_payment_pi_1"]] * ended


def test_who_may_only_withhold_takes_nothing_back() -> None:
    charge = sent_back(0, disputed=True)
    one = service_seeing(
        shown(charge, ON_ITS_WAY, dispute="under_review"), hold=True, refunds=False
    )
    one.settle()
    assert [wish.policy for _, wish, _ in one.service.told] == [Policy.NONE]
    both = service_seeing(shown(charge, ON_ITS_WAY, dispute="under_review"), hold=True)
    both.settle()
    assert [wish.policy for _, wish, _ in both.service.told] == [Policy.AVAILABLE]


def test_who_may_only_withhold_leaves_a_refund_to_others() -> None:
    refunded = service_seeing(shown(sent_back(), DELIVERED), refunds=False, hold=True)
    refunded.settle()
    assert (refunded.service.told, refunded.service.asked) == ([], [])
    both = shown(sent_back(300, disputed=True), ON_ITS_WAY, dispute="under_review")
    disputed = service_seeing(both, refunds=False, hold=True)
    disputed.settle()
    assert disputed.service.told == []


@pytest.mark.parametrize("known", [True, False])
def test_a_write_that_only_the_journal_knows_is_kept_from_arriving(known: bool) -> None:
    one = service_seeing(shown(sent_back()))
    one.promises.keys = frozenset({"cascade_payment_pi_1"} if known else ())
    one.settle()
    assert [keys for keys, *_ in one.service.told] == [["cascade_payment_pi_1"]] * known
    # Later than that after the last write, the rows show all there will be.
    assert one.promises.since == [NOW - FATE_BOUND]


def test_a_plan_shows_that_a_write_known_to_the_journal_alone_would_be_ended() -> None:
    one = service_seeing(shown(sent_back()))
    one.promises.keys = frozenset({"cascade_payment_pi_1"})
    (plan,) = one.automatic_refunds.plans("pi_1")
    assert [order.key for order in plan.endings] == ["cascade_payment_pi_1"]
    assert one.promises.since == [NOW - FATE_BOUND]


def test_who_may_take_nothing_back_asks_nobody_for_the_journal_s_writes() -> None:
    one = service_seeing(shown(sent_back()), refunds=False)
    one.promises.keys = frozenset({"cascade_payment_pi_1"})
    one.settle()
    assert (one.service.told, one.promises.since) == ([], [])


def test_a_transfer_is_ended_once_although_money_went_back_and_a_dispute_is_open() -> None:
    charge = sent_back(disputed=True)
    one = service_seeing(shown(charge, ON_ITS_WAY, dispute="under_review"), hold=True)
    one.settle()
    assert one.service.told[0][0] == ["cascade_payment_pi_1"]


# Many citizens -----------------------------------------------------------------------------------

GUILD = Allocation(tuple(Share(f"citizen{n}", Decimal(10)) for n in range(1, 6)))


def guild(cents: int = 1000, *, delivered: bool = True) -> list[Picture]:
    """Ten ducats for each of five citizens; the money went back, in part or whole."""
    whole = sent_back(cents, citizen=None, ducats=None, rate=Decimal("0.20"))
    portions = portions_of(whole, GUILD)
    rows = [keyed(one, citizen=one.citizen, ducats=one.ducats) for one in portions]
    found = zip(portions, rows, strict=True)
    return [shown(one, *[row] * delivered)[0] for one, row in found]


def test_all_citizens_of_a_payment_are_asked_for_at_once_and_each_pays_its_share() -> None:
    one = service_seeing(guild())
    dealt = one.settle()
    keys = [key for keys, *_ in one.service.told for key in keys]
    assert keys == [f"cascade_refund_re_1.{number}" for number in range(1, 6)]
    assert (one.service.asked, len(dealt.deliveries)) == ([5], 5)
    assert (dealt.goes_on, one.happened.count("guarded")) == (False, 1)


def test_very_many_citizens_take_turns_and_the_lock_is_free_in_between() -> None:
    one = service_seeing(guild(), at_once=2)
    first = one.settle()
    assert (first.note, first.goes_on, first.again_at) == (
        "2 of 5 citizens are dealt with, the others are next",
        True,
        NOW + timedelta(seconds=10),
    )
    assert one.settle().note.startswith("4 of 5 citizens")
    last = one.settle()
    assert (last.goes_on, len(last.deliveries)) == (False, 5)
    assert one.happened == ["locked", "guarded", "open"] * 3
    assert [(seen.start, seen.stop) for seen in one.service.seen[::2]] == [(0, 2), (2, 4), (4, 6)]


def test_the_last_turn_is_the_last_although_it_is_full() -> None:
    one = service_seeing(guild(), at_once=5)
    assert not one.settle().goes_on


def test_where_money_moves_between_two_turns_all_of_them_begin_again() -> None:
    before, after = guild(300), guild(1000)
    one = service_seeing(before, before, after, at_once=2)
    assert one.settle().goes_on
    assert one.settle().note.startswith("2 of 5 citizens")
    assert [(seen.start, seen.stop) for seen in one.service.seen[2:4]] == [(2, 4), (0, 2)]


def test_all_turns_are_taken_where_nobody_waits() -> None:
    one = service_seeing(guild(), at_once=2)
    dealt = one.automatic_refunds.settle_all("pi_1")
    assert (dealt.goes_on, len(dealt.deliveries), one.happened.count("locked")) == (False, 5, 3)


def test_a_plan_is_shown_for_each_citizen_and_nothing_is_written() -> None:
    one = service_seeing(guild())
    plans = one.automatic_refunds.plans("pi_1")
    assert [plan.orders[0].ducats for plan in plans] == [Decimal(10)] * 5
    assert (one.happened, one.service.told, one.service.asked) == ([], [], [5])


def test_who_may_only_withhold_asks_for_no_citizens() -> None:
    one = service_seeing(guild(), refunds=False, hold=True)
    one.settle()
    assert one.service.asked == []


def test_one_citizen_in_doubt_holds_up_no_other() -> None:
    pictures = guild()
    doubtful = replace(cast("Any", pictures[1].matched.stratagems[0]), failure=Failure.UNCERTAIN)
    charge = pictures[1].matched.charge
    pictures[1] = shown(charge, doubtful)[0]
    one = service_seeing(pictures)
    dealt = one.settle()
    assert len(dealt.deliveries) == 4
    assert dealt.note.startswith("pi_1.2: cascade_payment_pi_1.2 may or may not have moved")
    # Those who are waited for come before the person.
    assert (dealt.needs_person, dealt.again_at) == (False, AFTER_NEXT_RUN)
