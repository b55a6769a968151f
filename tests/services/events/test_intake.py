"""What becomes of a webhook's event: credited, waiting until when, or left to a person."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest

from cascade_cli.adapters.journal import inbox as inbox_of_journal
from cascade_cli.domain.delivery.deliveries import Delivery, Result
from cascade_cli.domain.delivery.delivery_steps import Action, Write
from cascade_cli.domain.reconcile.event_replay import Objection, Obstacle
from cascade_cli.domain.records.journal_entries import ClaimState
from cascade_cli.domain.records.stripe_events import Accepted, Event, EventState, Settlement
from cascade_cli.domain.shop.exchange import RatesError
from cascade_cli.errors import (
    AnswerError,
    GuardError,
    LockedError,
    UnreachableError,
)
from cascade_cli.services.delivery.credit_service import PATIENCE
from cascade_cli.services.events.intake import BATCH, SHORT_OF_DUCATS, Intake, backoff
from cascade_cli.services.events.replay_service import (
    MANY_PAYMENTS,
    PlannedReplay,
    Replayer,
    ReplayPlan,
)
from cascade_cli.services.refunds.automatic_refunds import RefundResult
from tests.domain.delivery.orders import an_order
from tests.domain.samples import a_charge, a_stratagem

NOW = datetime(2026, 11, 20, 15, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
WAITING, ATTENTION = EventState.WAITING, EventState.ATTENTION
CREDITED, RECORDED = EventState.CREDITED, EventState.RECORDED


def accepted(
    name: str = "1",
    *,
    kind: str = "charge.succeeded",
    tries: int = 0,
    livemode: bool = False,
    payment: str | None = None,
) -> Accepted:
    payment_id = payment or f"pi_{name}"
    event = Event(
        id=f"evt_{name}",
        type=kind,
        created_at=NOW,
        livemode=livemode,
        payment_id=payment_id,
        subjects=frozenset({payment_id}),
        pending_webhooks=1,
        raw=b"{}",
    )
    return Accepted(event, NOW, tries)


def refunded(name: str = "1", **changed: Any) -> Accepted:
    return accepted(name, kind="charge.refunded", **changed)


@dataclass
class Inbox(inbox_of_journal.Inbox):
    """Events that are due, and what was settled."""

    events: Sequence[Accepted]
    credited_before: frozenset[str] = frozenset()
    settled: list[Settlement] = field(default_factory=list)

    def due(self, limit: int) -> list[Accepted]:
        return list(self.events)[:limit]

    def credited(self, payment_ids: Iterable[str]) -> set[str]:
        return set(payment_ids) & self.credited_before

    def settle(self, settlements: Iterable[Settlement]) -> None:
        self.settled += settlements


Deliver = Callable[[str], Delivery]


@dataclass
class Counter(Replayer):
    """Who credits payments: what `deliver` says of each, unless it is `planned` otherwise, or
    `shared` among many citizens."""

    deliver: Deliver = field(default_factory=lambda: delivery)
    planned: Mapping[str, PlannedReplay] = field(default_factory=dict)
    shared: Mapping[str, Sequence[PlannedReplay]] = field(default_factory=dict)
    ailing: Mapping[str, Exception] = field(default_factory=dict)
    looks: list[list[str]] = field(default_factory=list)
    told: list[tuple[Mapping[str, Any], bool]] = field(default_factory=list)
    carried_out: list[str] = field(default_factory=list)
    patience: set[timedelta] = field(default_factory=set)

    def plan(
        self, events: Sequence[Event], facts: Mapping[str, Any], *, in_part: bool = False
    ) -> ReplayPlan:
        self.looks.append([event.id for event in events])
        self.told.append((facts, in_part))
        payments: dict[str, PlannedReplay] = {}
        for event in (event for event in events if event.payment_id):
            name = str(event.payment_id)
            if name in self.ailing:
                raise self.ailing[name]
            if name in self.shared:
                parts = self.shared[name]
                return ReplayPlan(tuple(replace(one, events=(event,)) for one in parts), {})
            order, step = an_order(key=f"key_{name}"), Write(Action.CREATE)
            one = self.planned.get(name, PlannedReplay(name, (), order=order, step=step))
            earlier = payments[name].events if name in payments else ()
            payments[name] = replace(one, events=(*earlier, event))
        return ReplayPlan(tuple(payments.values()), {})

    def carry_out(self, plan: ReplayPlan, patience: timedelta = PATIENCE) -> list[Delivery]:
        self.patience.add(patience)
        self.carried_out += [order.key for order in plan.orders]
        return [self.deliver(order.key) for order in plan.orders]


def delivery(key: str, result: Result = Result.CREDITED, **changed: Any) -> Delivery:
    return Delivery(an_order(key=key), result, "why", **changed)


class FixedRefunds:
    """Settles refunds, always with the same answer."""

    def __init__(self, answer: RefundResult | Exception) -> None:
        self.answer, self.asked = answer, list[tuple[str, timedelta]]()

    def __call__(self, payment_id: str, patience: timedelta) -> RefundResult:
        self.asked.append((payment_id, patience))
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer


def intake(inbox: Inbox, counter: Counter, **changed: Any) -> Intake:
    usual: dict[str, Any] = {
        "livemode": False,
        "facts": {},
        "guard": lambda: None,
        "now": lambda: NOW,
        **changed,
    }
    return Intake(inbox, counter, **usual)


def settled(
    *events: Accepted, counter: Counter | None = None, **changed: Any
) -> list[tuple[EventState, str, datetime | None]]:
    """What the inbox is told of the events."""
    inbox = Inbox(events)
    found = intake(inbox, counter or Counter(), **changed).work()
    assert sorted(found, key=str) == sorted(inbox.settled, key=str)
    return [(one.state, one.note, one.next_at) for one in inbox.settled]


def test_where_nothing_is_due_nobody_is_asked() -> None:
    counter, inbox = Counter(), Inbox([])
    assert intake(inbox, counter).work() == []
    assert counter.looks == []


def test_a_paid_event_is_credited_without_waiting_for_anything() -> None:
    counter = Counter()
    assert settled(accepted(), counter=counter) == [(CREDITED, "why", None)]
    assert (counter.carried_out, counter.patience) == (["key_pi_1"], {timedelta(0)})


def test_a_payment_already_credited_by_another_event_is_not_looked_up_again() -> None:
    inbox, counter = Inbox([accepted("1"), accepted("2")], frozenset({"pi_1"})), Counter()
    found = intake(inbox, counter).work()
    assert {(one.event_id, one.state) for one in found} == {
        ("evt_1", CREDITED),
        ("evt_2", CREDITED),
    }
    assert counter.looks == [["evt_2"]]


@pytest.mark.parametrize("kind", ["charge.succeeded", "charge.refunded"])
def test_an_event_of_the_other_mode_moves_nothing_and_is_shown_to_a_person(kind: str) -> None:
    counter, automatic_refunds = Counter(), FixedRefunds(RefundResult("refunded"))
    live = accepted(kind=kind, livemode=True)
    found = settled(live, counter=counter, refunds=automatic_refunds)
    assert found == [
        (ATTENTION, "it is an event of live mode, and the Stripe key is a test key", None)
    ]
    test = settled(accepted(kind=kind), counter=counter, refunds=automatic_refunds, livemode=True)
    assert test == [
        (ATTENTION, "it is an event of test mode, and the Stripe key is a live key", None)
    ]
    assert (counter.looks, automatic_refunds.asked) == ([], [])


def test_the_base_is_guarded_before_the_first_write_and_only_then() -> None:
    guarded = list[int]()
    nothing = Counter(planned={"pi_1": PlannedReplay("pi_1", (), already=a_stratagem())})
    settled(accepted(), counter=nothing, guard=lambda: guarded.append(1))
    assert guarded == []
    settled(accepted(), guard=lambda: guarded.append(1))
    assert guarded == [1]


def test_a_base_of_the_other_mode_is_written_to_by_nobody() -> None:
    def refuse() -> None:
        raise GuardError("The base holds live payments.")

    inbox, counter = Inbox([accepted()]), Counter()
    with pytest.raises(GuardError):
        intake(inbox, counter, guard=refuse).work()
    assert (counter.carried_out, inbox.settled) == ([], [])


@pytest.mark.parametrize("result", [Result.CREDITED, Result.ALREADY, Result.RETIRED])
def test_what_is_under_way_or_done_is_credited(result: Result) -> None:
    counter = Counter(lambda key: delivery(key, result))
    assert settled(accepted(), counter=counter) == [(CREDITED, "why", None)]


@pytest.mark.parametrize("result", [Result.BLOCKED, Result.REFUSED])
def test_what_only_a_person_can_decide_is_shown_to_one(result: Result) -> None:
    counter = Counter(lambda key: delivery(key, result))
    assert settled(accepted(), counter=counter) == [(ATTENTION, "why", None)]


@pytest.mark.parametrize("result", [Result.BUSY, Result.FAILED, Result.UNFINISHED])
def test_what_may_go_better_next_time_waits_a_little(result: Result) -> None:
    counter = Counter(lambda key: delivery(key, result))
    found = settled(accepted(tries=1), counter=counter)
    assert found == [(WAITING, "why", NOW + timedelta(seconds=4))]


def test_a_write_that_may_still_come_is_looked_at_when_that_can_be_told() -> None:
    counter = Counter(lambda key: delivery(key, Result.UNFINISHED, finish_at=NOW + 2 * MINUTE))
    assert settled(accepted(), counter=counter) == [(WAITING, "why", NOW + 2 * MINUTE)]


@pytest.mark.parametrize("zone", [UTC, timezone(timedelta(hours=10))])
def test_what_is_over_the_days_limit_waits_for_midnight_utc(zone: timezone) -> None:
    now = datetime(2026, 11, 20, 15, 7, 9, 5, tzinfo=UTC).astimezone(zone)
    over = ClaimState.OVER_LIMIT
    counter = Counter(lambda key: delivery(key, Result.REFUSED, claim=over))
    found = settled(accepted(), counter=counter, now=lambda: now)
    assert found == [(WAITING, "why", datetime(2026, 11, 21, tzinfo=UTC))]


def test_what_the_processor_cannot_pay_waits_for_ducats_and_is_not_begun() -> None:
    order = an_order(key="key_pi_1")
    short = PlannedReplay("pi_1", (), order=order, step=Write(Action.CREATE), is_funded=False)
    counter = Counter(planned={"pi_1": short})
    found = settled(accepted(), counter=counter)
    assert found == [(WAITING, SHORT_OF_DUCATS, NOW + timedelta(seconds=2))]
    assert counter.carried_out == []


def test_what_was_delivered_before_is_credited_and_says_by_which_transfer() -> None:
    row = a_stratagem(stratagem_id="cascade_payment_pi_1", status="executed")
    counter = Counter(planned={"pi_1": PlannedReplay("pi_1", (), already=row)})
    found = settled(accepted(), counter=counter)
    assert found == [(CREDITED, "cascade_payment_pi_1 is executed", None)]


NO_PURCHASE = PlannedReplay("pi_1", ())
UNKNOWN = replace(NO_PURCHASE, objection=Objection(Obstacle.UNKNOWN_PAYMENT, "nobody knows it"))
UNDERPAID = replace(NO_PURCHASE, objection=Objection(Obstacle.UNDERPAID, "it cost too little"))


@pytest.mark.parametrize(
    ("planned", "state", "note"),
    [
        (NO_PURCHASE, RECORDED, "no paid purchase of ducats"),
        (UNKNOWN, ATTENTION, "nobody knows it"),
    ],
)
def test_what_stripe_does_not_show_yet_is_looked_at_a_second_time_and_no_third(
    planned: PlannedReplay, state: EventState, note: str
) -> None:
    counter = Counter(planned={"pi_1": planned})
    ((first, _, again_at),) = settled(accepted(tries=0), counter=counter)
    assert (first, again_at) == (WAITING, NOW + timedelta(seconds=30))
    assert settled(accepted(tries=1), counter=counter) == [(state, note, None)]


def test_an_event_that_tells_of_no_payment_is_recorded() -> None:
    one = accepted()
    nameless = replace(one, event=replace(one.event, payment_id=None))
    assert settled(nameless) == [(RECORDED, "it names no payment", None)]


def test_an_objection_is_shown_to_a_person_at_once() -> None:
    counter = Counter(planned={"pi_1": UNDERPAID})
    assert settled(accepted(), counter=counter) == [(ATTENTION, "it cost too little", None)]


def test_two_events_of_one_payment_are_one_credit_and_are_settled_alike() -> None:
    counter = Counter()
    both = accepted("1"), accepted("2", payment="pi_1", kind="payment_intent.succeeded")
    assert [state for state, *_ in settled(*both, counter=counter)] == [CREDITED, CREDITED]
    assert counter.carried_out == ["key_pi_1"]


@pytest.mark.parametrize("error", [AnswerError("nonsense"), RatesError("bad"), ValueError("bug")])
def test_a_payment_that_spoils_its_batch_waits_and_the_others_are_credited(
    error: Exception,
) -> None:
    counter = Counter(ailing={"pi_2": error})
    found = settled(accepted("1"), accepted("2", tries=1), accepted("3"), counter=counter)
    assert [state for state, *_ in found] == [CREDITED, WAITING, CREDITED]
    assert found[1][2] == NOW + timedelta(seconds=4)
    assert found[1][1] in {"nonsense", "bad", "ValueError"}
    assert counter.carried_out == ["key_pi_1", "key_pi_3"]


def test_what_holds_up_one_payment_is_told_once_for_a_bug_report() -> None:
    heard = list[Exception]()
    spoiled, failed, busy = ValueError("bug"), AnswerError("no"), LockedError("another run")
    counter = Counter(
        lambda key: delivery(key, Result.FAILED, error=failed), ailing={"pi_2": spoiled}
    )
    settled(accepted("1"), accepted("2"), counter=counter, hear=heard.append)
    settled(refunded(), refunds=FixedRefunds(spoiled), hear=heard.append)
    settled(refunded(), refunds=FixedRefunds(busy), hear=heard.append)
    settled(accepted("1"), hear=heard.append)
    assert heard == [failed, spoiled, spoiled]


def test_one_bad_event_alone_is_work_that_was_done() -> None:
    inbox = Inbox([accepted("1")])
    found = intake(inbox, Counter(ailing={"pi_1": AnswerError("nonsense")})).work()
    assert [(one.event_id, one.state) for one in found] == [("evt_1", WAITING)]


def test_an_outage_is_no_single_events_fault_and_settles_nothing() -> None:
    inbox = Inbox([accepted("1"), accepted("2")])
    with pytest.raises(UnreachableError):
        intake(inbox, Counter(ailing={"pi_2": UnreachableError("no answer")})).work()
    assert inbox.settled == []


def test_an_outage_after_one_bad_event_leaves_the_rest_for_later() -> None:
    ailing = {"pi_1": AnswerError("nonsense"), "pi_3": UnreachableError("no answer")}
    inbox = Inbox([accepted("1"), accepted("2"), accepted("3")])
    with pytest.raises(UnreachableError):
        intake(inbox, Counter(ailing=ailing)).work()
    assert [(one.event_id, one.state) for one in inbox.settled] == [
        ("evt_1", WAITING),
        ("evt_2", CREDITED),
    ]


def test_three_bad_events_and_no_good_one_are_a_fault_of_all() -> None:
    events = [accepted(name) for name in "123"]
    ailing = {f"pi_{name}": AnswerError("nonsense") for name in "123"}
    with pytest.raises(AnswerError):
        intake(Inbox(events), Counter(ailing=ailing)).work()
    assert len(settled(*events[:2], counter=Counter(ailing=ailing))) == 2


def test_three_bad_events_after_a_good_one_are_each_their_own_fault() -> None:
    ailing = {f"pi_{name}": AnswerError("nonsense") for name in "234"}
    found = settled(*(accepted(name) for name in "1234"), counter=Counter(ailing=ailing))
    assert [state for state, *_ in found] == [CREDITED, WAITING, WAITING, WAITING]


def test_without_a_clerk_a_refund_is_left_to_a_person_and_recorded() -> None:
    found = settled(refunded())
    assert found == [(RECORDED, "left to a person: cascade refund pi_1", None)]


def test_two_events_of_one_refund_are_one_look_without_patience() -> None:
    automatic_refunds = FixedRefunds(RefundResult("taken back"))
    both = refunded("1"), refunded("2", payment="pi_1")
    found = settled(*both, refunds=automatic_refunds)
    assert found == [(RECORDED, "taken back", None)] * 2
    assert automatic_refunds.asked == [("pi_1", timedelta(0))]


def test_credits_come_before_what_went_back() -> None:
    found = settled(refunded("1"), accepted("2"), refunds=FixedRefunds(RefundResult("taken back")))
    assert [state for state, *_ in found] == [CREDITED, RECORDED]


@pytest.mark.parametrize(
    ("dealt", "state", "again_at"),
    [
        (RefundResult("x", needs_person=True), ATTENTION, None),
        (RefundResult("x", needs_person=True, again_at=NOW + MINUTE), ATTENTION, None),
        (RefundResult("x", again_at=NOW + MINUTE), WAITING, NOW + MINUTE),
        (RefundResult("x", is_purchase=False), WAITING, NOW + timedelta(seconds=30)),
        (RefundResult("x"), RECORDED, None),
    ],
)
def test_a_refund_is_seen_through_as_the_clerk_says(
    dealt: RefundResult, state: EventState, again_at: datetime | None
) -> None:
    assert settled(refunded(), refunds=FixedRefunds(dealt)) == [(state, "x", again_at)]


def test_a_refund_of_what_is_no_purchase_is_looked_at_twice_and_recorded() -> None:
    automatic_refunds = FixedRefunds(RefundResult("x", is_purchase=False))
    assert settled(refunded(tries=1), refunds=automatic_refunds) == [(RECORDED, "x", None)]


def test_what_failed_of_a_refund_is_tried_again_at_the_earliest_moment() -> None:
    unfinished = delivery("key", Result.UNFINISHED, finish_at=NOW + 3 * MINUTE)
    for again_at, next_at in ((2 * MINUTE, 2 * MINUTE), (9 * MINUTE, 3 * MINUTE)):
        automatic_refunds = FixedRefunds(
            RefundResult("x", again_at=NOW + again_at, failed=(unfinished,))
        )
        ((state, _, later),) = settled(refunded(), refunds=automatic_refunds)
        assert (state, later) == (WAITING, NOW + next_at)


@pytest.mark.parametrize("error", [AnswerError("nonsense"), LockedError("another run")])
def test_a_refund_that_cannot_be_dealt_with_now_waits(error: Exception) -> None:
    found = settled(refunded(tries=2), refunds=FixedRefunds(error))
    assert found == [(WAITING, str(error), NOW + timedelta(seconds=8))]


def test_a_refund_waits_for_a_service_that_is_out_with_all_the_rest() -> None:
    inbox = Inbox([refunded()])
    with pytest.raises(UnreachableError):
        intake(inbox, Counter(), refunds=FixedRefunds(UnreachableError("no answer"))).work()
    assert inbox.settled == []


def test_who_waits_waits_longer_each_time_and_never_more_than_five_minutes() -> None:
    waits = [backoff(tries).total_seconds() for tries in (0, 1, 2, 7, 8, 1000)]
    assert waits == [2, 4, 8, 256, 300, 300]


def test_a_batch_is_small_enough_to_be_finished_within_seconds() -> None:
    """The process is told to stop, and the claims of a batch keep the webhook waiting."""
    found = settled(*(accepted(str(number)) for number in range(140)))
    assert len(found) == 100


def test_a_batch_settles_few_refunds_which_take_requests_of_their_own() -> None:
    found = settled(*(refunded(str(number)) for number in range(40)))
    assert len(found) == 30


def test_a_batch_of_different_payments_is_large_enough_for_one_listing_of_all() -> None:
    assert BATCH > MANY_PAYMENTS


def test_a_credit_carries_the_shop_s_facts_and_may_be_made_in_part() -> None:
    counter = Counter()
    settled(accepted(), counter=counter, facts={"worker": "one"})
    assert counter.told == [({"worker": "one"}, True)]


def test_the_time_to_wait_is_told_by_the_inbox_s_clock_and_the_days_limit_by_the_services() -> None:
    """Our clock may be wrong: the inbox lives by it, Stripe and Venice by theirs."""
    wrong = {"now": lambda: NOW, "inbox_now": lambda: NOW - 30 * MINUTE}
    counter = Counter(lambda key: delivery(key, Result.FAILED))
    ((_, _, next_at),) = settled(accepted(), counter=counter, **wrong)
    assert next_at == NOW - 30 * MINUTE + timedelta(seconds=2)
    over = Counter(lambda key: delivery(key, Result.REFUSED, claim=ClaimState.OVER_LIMIT))
    ((_, _, next_at),) = settled(accepted(), counter=over, **wrong)
    assert next_at == NOW - 30 * MINUTE + timedelta(hours=9)


def test_two_events_of_a_payment_that_spoils_its_batch_wait_together() -> None:
    twins = accepted("1"), accepted("2", payment="pi_1"), accepted("3")
    counter = Counter(ailing={"pi_1": AnswerError("nonsense")})
    found = settled(*twins, counter=counter)
    assert [state for state, *_ in found] == [WAITING, WAITING, CREDITED]
    assert counter.looks == [["evt_1", "evt_2", "evt_3"], ["evt_1", "evt_2"], ["evt_3"]]


def test_a_fault_of_all_settles_what_was_found_before_it_and_nothing_else() -> None:
    inbox = Inbox([accepted(name) for name in "1234"])
    ailing = {f"pi_{name}": AnswerError("nonsense") for name in "1234"}
    with pytest.raises(AnswerError):
        intake(inbox, Counter(ailing=ailing)).work()
    assert [one.event_id for one in inbox.settled] == ["evt_1", "evt_2"]


def test_a_refund_that_names_no_payment_is_left_to_a_person_and_asks_nobody() -> None:
    one = refunded()
    nameless, automatic_refunds = (
        replace(one, event=replace(one.event, payment_id=None)),
        FixedRefunds(RefundResult("x")),
    )
    found = settled(nameless, refunds=automatic_refunds)
    assert found == [(RECORDED, "left to a person: cascade refund PAYMENT", None)]
    assert automatic_refunds.asked == []


@pytest.mark.parametrize(
    ("failed", "again_at", "state", "next_at"),
    [
        ([Result.REFUSED], None, ATTENTION, None),
        ([Result.REFUSED], NOW + MINUTE, WAITING, NOW + MINUTE),
        ([Result.REFUSED, Result.FAILED], None, WAITING, NOW + timedelta(seconds=2)),
        ([Result.CREDITED, Result.REFUSED], None, ATTENTION, None),
    ],
)
def test_a_refund_for_many_waits_while_one_part_does_and_else_needs_a_person(
    failed: list[Result], again_at: datetime | None, state: EventState, next_at: datetime | None
) -> None:
    parts = tuple(delivery("key", result) for result in failed)
    dealt = RefundResult("x", again_at=again_at, failed=parts)
    ((found, _, later),) = settled(refunded(), refunds=FixedRefunds(dealt))
    assert (found, later) == (state, next_at)


def test_refunds_of_two_payments_are_settled_each_for_itself() -> None:
    inbox, automatic_refunds = (
        Inbox([refunded("1"), refunded("2")]),
        FixedRefunds(RefundResult("taken back")),
    )
    found = intake(inbox, Counter(), refunds=automatic_refunds).work()
    assert [one.event_id for one in found] == ["evt_1", "evt_2"]
    assert [payment for payment, _ in automatic_refunds.asked] == ["pi_1", "pi_2"]


def part(number: int, citizen: str, **changed: Any) -> PlannedReplay:
    """One citizen's part of a payment for many, under way unless it is said otherwise."""
    row = a_stratagem(stratagem_id=f"cascade_payment_pi_1.{number}", status="executed")
    charge = a_charge(citizen=citizen)
    return PlannedReplay(f"pi_1.{number}", (), charge, **{"already": row, **changed})


def shared(*parts: PlannedReplay) -> tuple[EventState, str, datetime | None]:
    (found,) = settled(accepted(), counter=Counter(shared={"pi_1": parts}))
    return found


def test_a_payment_for_two_is_credited_when_both_have_their_ducats_and_names_both() -> None:
    state, note, next_at = shared(part(1, "marco"), part(2, "lucia"))
    assert (state, next_at) == (CREDITED, None)
    assert note == (
        "2 of 2 citizens: marco: cascade_payment_pi_1.1 is executed; "
        "lucia: cascade_payment_pi_1.2 is executed"
    )


def test_a_payment_for_many_needs_a_person_for_the_one_citizen_who_does() -> None:
    nobody = Objection(Obstacle.UNKNOWN_CITIZEN, "Venice has no citizen 'polo'")
    state, note, _ = shared(part(1, "marco"), part(2, "polo", already=None, objection=nobody))
    assert (state, note) == (ATTENTION, "1 of 2 citizens: polo: Venice has no citizen 'polo'")


def test_who_waits_for_ducats_makes_the_whole_payment_wait_for_them() -> None:
    order = an_order(key="key_pi_1.2")
    unfunded = {"already": None, "order": order, "step": Write(Action.CREATE), "is_funded": False}
    state, note, next_at = shared(part(1, "marco"), part(2, "lucia", **unfunded))
    assert (state, note) == (WAITING, SHORT_OF_DUCATS)
    assert next_at == NOW + timedelta(seconds=2)


@dataclass
class Watch:
    """Who tells of arrivals: whether there was anything to do."""

    busy: bool
    asked: int = 0

    def work(self) -> bool:
        self.asked += 1
        return self.busy


@pytest.mark.parametrize("busy", [True, False])
def test_arrivals_are_told_where_somebody_is_there_to_tell_them(busy: bool) -> None:
    watch = Watch(busy)
    assert intake(Inbox([]), Counter(), tell_arrivals=watch.work).tell_arrivals() is busy
    assert watch.asked == 1
    assert intake(Inbox([]), Counter()).tell_arrivals() is False
