"""What the service checks before a credit is written, to the last ducat."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from cascade_cli.adapters.stripe.purchases import StripeReader
from cascade_cli.domain.delivery.deliveries import Result
from cascade_cli.domain.delivery.delivery_steps import FATE_BOUND
from cascade_cli.domain.records.charges import Charge
from cascade_cli.domain.records.orders import Order, Override
from cascade_cli.domain.selling.allocation import Allocation, Share, portions_of
from cascade_cli.domain.shop.money import ZERO
from cascade_cli.errors import GuardError, UsageError
from cascade_cli.services.delivery.credit_requests import (
    bought,
    charge_for,
    check_limit,
    check_payment_id,
    check_words,
    manual_order,
)
from cascade_cli.services.delivery.credit_service import CreditService
from tests.domain.samples import a_charge
from tests.harness.counter import Counter
from tests.harness.faults import Which, is_create, is_update, unavailable
from tests.services.delivery.desks import Workers, workers

LIMIT = Decimal(100)
NOBODY = tuple[Order, ...]()
MANY = portions_of(
    a_charge(), Allocation((Share("marco", Decimal(60)), Share("lucia", Decimal(40))))
)


def by_hand(reference: str = "r1", ducats: int = 100, citizen: str = "marco") -> Order:
    return manual_order(citizen, Decimal(ducats), reason="gift", reference=reference, facts={})


@pytest.fixture
def office(counter: Counter, tmp_path: Path) -> Iterator[Workers]:
    with workers(counter, tmp_path) as office:
        yield office


@pytest.fixture
def service(office: Workers) -> CreditService:
    return office.writing().service


class Purchases(StripeReader):
    """Payments as Stripe tells of them."""

    def __init__(self, *charges: Charge) -> None:
        self.bought = charges

    def portions(self, payment_id: str) -> tuple[Charge, ...]:  # noqa: ARG002 - of any
        return self.bought


def test_a_credit_may_be_as_large_as_the_limit_and_no_larger() -> None:
    check_limit(LIMIT, [("marco", LIMIT)])
    with pytest.raises(GuardError, match=r"100\.01 ducats to 'lucia'"):
        check_limit(LIMIT, [("marco", LIMIT), ("lucia", Decimal("100.01"))])


def test_each_of_many_credits_has_the_limit_to_itself() -> None:
    check_limit(LIMIT, [("marco", LIMIT), ("lucia", LIMIT)])


def test_where_more_was_promised_than_the_lowered_limit_nothing_is_left(office: Workers) -> None:
    office.writing().service.carry_out(office.writing().service.plan([by_hand(ducats=60)]))
    lowered = office.writing(CASCADE_MAX_DUCATS_PER_DAY="50").service
    with pytest.raises(GuardError, match="leaves 0 ducats today"):
        lowered.plan([by_hand("r2", ducats=1)])


def test_all_of_what_the_day_leaves_may_go(office: Workers) -> None:
    service = office.writing(CASCADE_MAX_DUCATS_PER_DAY="100").service
    service.plan([by_hand("r1", 60), by_hand("r2", 40)])
    with pytest.raises(GuardError, match=r"100 ducats today.*101 are asked for"):
        service.plan([by_hand("r1", 60), by_hand("r2", 41)])


def test_the_processor_may_pay_with_its_last_ducat(
    counter: Counter, service: CreditService
) -> None:
    counter.fund(100)
    assert service.plan([by_hand()]).processor_ducats == 100
    with pytest.raises(GuardError, match="has 100 ducats and 101 are to go out"):
        service.plan([by_hand("r1", 60), by_hand("r2", 41)])


def test_ducats_on_their_way_to_others_are_not_promised_twice(
    counter: Counter, office: Workers
) -> None:
    service = office.writing().service
    service.carry_out(service.plan([by_hand(ducats=60)]))
    counter.fund(100)
    with pytest.raises(GuardError, match="60 of them promised to transfers on their way"):
        service.plan([by_hand("r2", 41)])
    assert service.plan([by_hand("r2", 40)]).outgoing == 40


def test_a_credit_that_is_on_its_way_does_not_compete_with_itself(
    counter: Counter, office: Workers
) -> None:
    service = office.writing().service
    service.carry_out(service.plan([by_hand()]))
    counter.fund(100)
    again = service.plan([by_hand()])
    assert (again.outgoing, again.unwritten) == (LIMIT, NOBODY)


def test_what_arrived_asks_for_no_more_ducats(counter: Counter, office: Workers) -> None:
    service = office.writing().service
    service.carry_out(service.plan([by_hand()]))
    counter.sandboxed.app.engine.run()
    counter.fund(0)
    again = service.plan([by_hand()])
    assert (again.total, again.outgoing, again.unwritten) == (LIMIT, ZERO, NOBODY)


def test_a_transfer_that_only_a_person_can_judge_asks_for_no_ducats(
    counter: Counter, service: CreditService
) -> None:
    counter.sandboxed.transfer("cascade_manual_r1", counter.now(), Status="error")
    counter.fund(0)
    again = service.plan([by_hand()])
    assert (again.outgoing, again.unwritten) == (ZERO, NOBODY)


def test_a_question_names_the_one_credit_or_sums_up_the_many(service: CreditService) -> None:
    one, two = by_hand("r1", 60), by_hand("r2", 40, "lucia")
    assert service.plan([one]).description == "60 ducats to 'marco'"
    assert service.plan([one, two]).description == "100 ducats to 2 citizens"
    service.carry_out(service.plan([one]))
    assert service.plan([one, two]).description == "40 ducats to 'lucia'"


def test_a_question_about_many_says_of_how_many_a_guard_objects(service: CreditService) -> None:
    short = order_for(service, a_charge(captured_cents=50), overrides={Override.UNDERPAID})
    plan = service.plan([short, by_hand("r1", 5, "lucia")])
    assert plan.description == "105 ducats to 2 citizens, 1 of them although a guard objects"


def test_without_a_processor_nothing_is_planned(office: Workers) -> None:
    service = office.writing(CASCADE_PROCESSOR="Nobody").service
    with pytest.raises(GuardError, match="no citizen 'Nobody' to pay with"):
        service.plan([by_hand()])


def test_a_look_saves_the_second_one_while_it_is_fresh(counter: Counter, office: Workers) -> None:
    service = office.writing().service
    plan = service.plan([by_hand()])
    before = [request.method for request in counter.requests].count("GET")
    assert [one.result for one in service.carry_out(plan)] == [Result.CREDITED]
    assert [request.method for request in counter.requests].count("GET") == before


def order_for(service: CreditService, charge: Charge, **changed: Any) -> Order:
    said = {"citizen": "marco", "ducats": Decimal(100), "reason": "late", "facts": {}, **changed}
    return service.order_for_payment(charge, **said)


def test_a_payment_is_credited_as_it_was_sold_under_its_own_key(service: CreditService) -> None:
    order = order_for(service, a_charge(), facts={"by": "anna"})
    assert (order.key, order.citizen, order.ducats) == ("cascade_payment_pi_1", "marco", LIMIT)
    assert (order.reason, order.facts["by"], order.amends) == ("late", "anna", True)
    assert "instead_of" not in order.facts


def test_another_amount_than_the_payment_bought_is_refused(service: CreditService) -> None:
    with pytest.raises(GuardError, match="pi_1 bought 100 ducats"):
        order_for(service, a_charge(), ducats=Decimal(101))


def test_where_the_payment_names_no_amount_the_persons_counts(service: CreditService) -> None:
    assert order_for(service, a_charge(ducats=None), ducats=Decimal(7)).ducats == 7


def test_a_citizen_of_venice_does_not_lose_a_payment_to_another(service: CreditService) -> None:
    with pytest.raises(GuardError, match="pi_1 is for 'lucia'"):
        order_for(service, a_charge(citizen="lucia"))


def test_for_a_citizen_who_does_not_exist_the_person_names_one_and_that_is_recorded(
    service: CreditService,
) -> None:
    order = order_for(service, a_charge(citizen="marko"), facts={"by": "anna"})
    assert (order.citizen, order.facts["instead_of"]) == ("marco", "marko")
    assert order.facts["by"] == "anna"


def test_where_the_payment_names_nobody_the_person_does(service: CreditService) -> None:
    order = order_for(service, a_charge(citizen=None))
    assert order.citizen == "marco"
    assert "instead_of" not in order.facts


def test_a_payment_whose_citizens_nobody_knows_is_not_credited_to_one(
    service: CreditService,
) -> None:
    with pytest.raises(GuardError, match="the file is not the one that was sold"):
        order_for(service, a_charge(unallocated="the file is not the one that was sold"))


def test_money_that_went_back_buys_nothing_for_a_person_either(service: CreditService) -> None:
    with pytest.raises(GuardError, match="was refunded"):
        order_for(service, a_charge(refunded_cents=1))


def test_of_a_payment_for_many_those_who_exist_are_credited_and_the_others_are_named(
    service: CreditService,
) -> None:
    shares = (Share("marco", Decimal(60)), Share("zuan", Decimal(30)), Share("lucia", Decimal(10)))
    charges = portions_of(a_charge(), Allocation(shares))
    orders, unknown = service.orders_for_payment(charges, reason="late", facts={"by": "anna"})
    assert [(order.citizen, order.ducats) for order in orders] == [
        ("marco", Decimal(60)),
        ("lucia", Decimal(10)),
    ]
    assert {(o.reason, o.facts["by"], o.amends) for o in orders} == {("late", "anna", True)}
    assert unknown == ["Venice has no citizen 'zuan'"]


def test_where_a_payment_names_nobody_a_person_has_to(service: CreditService) -> None:
    with pytest.raises(GuardError, match="does not say who gets the ducats"):
        service.orders_for_payment(
            [a_charge(citizen=None, citizen_text="")], reason="late", facts={}
        )


@pytest.mark.parametrize("text", ["", "  ", "x" * 1001, "a\0b", "\ud800"])
def test_a_reason_that_no_record_can_hold_is_refused(service: CreditService, text: str) -> None:
    for refused in (
        lambda: check_words("marco", text),
        lambda: check_words(text, "gift"),
        lambda: by_hand_for(text),
        lambda: order_for(service, a_charge(), reason=text),
        lambda: service.orders_for_payment([a_charge()], reason=text, facts={}),
    ):
        with pytest.raises(UsageError, match=r"needs a (citizen|reason)|is longer than"):
            refused()


def by_hand_for(reason: str) -> Order:
    return manual_order("marco", LIMIT, reason=reason, reference="r1", facts={})


def test_a_reason_may_have_a_thousand_characters() -> None:
    assert len(by_hand_for("x" * 1000).reason) == 1000


def test_a_credit_by_hand_is_recorded_with_its_reference_and_its_reason_trimmed() -> None:
    since = datetime(2026, 11, 19, tzinfo=UTC)
    facts = {"by": "anna"}
    order = manual_order(
        "marco", LIMIT, reason=" gift ", reference="r1", facts=facts, refuse_twin_since=since
    )
    assert (order.key, order.reason) == ("cascade_manual_r1", "gift")
    assert order.facts == {"reference": "r1", "by": "anna"}
    assert order.refuse_twin_since == since


def test_a_reference_that_no_key_can_hold_is_refused() -> None:
    with pytest.raises(UsageError, match="The reference 'a b' is not"):
        by_hand("a b")


def test_a_payment_that_stripe_does_not_know_buys_nothing() -> None:
    with pytest.raises(GuardError, match="no paid ducat purchase 'pi_1'"):
        bought(Purchases(), "pi_1")
    with pytest.raises(GuardError, match="no paid ducat purchase 'pi_1'"):
        charge_for(Purchases(), "pi_1", "marco")


def test_a_payment_for_one_is_meant_whatever_name_the_person_types() -> None:
    assert charge_for(Purchases(a_charge()), "pi_1", "Marko") == a_charge()


def test_of_a_payment_for_many_the_citizens_own_part_is_meant() -> None:
    assert bought(Purchases(*MANY), "pi_1") == MANY
    assert charge_for(Purchases(*MANY), "pi_1", "lucia").ducats == 40
    with pytest.raises(GuardError, match="for 2 citizens, and 'zuan' is none of them"):
        charge_for(Purchases(*MANY), "pi_1", "zuan")


@pytest.mark.parametrize("text", ["", "evt_1", "pi_1 ", "pi_"])
def test_only_a_payments_id_is_looked_up(text: str) -> None:
    check_payment_id("pi_1")
    check_payment_id("ch_1.2")
    with pytest.raises(UsageError, match="is not a payment's id"):
        check_payment_id(text)


def test_the_same_gift_twice_within_a_day_is_refused_and_after_it_is_not(
    counter: Counter,
) -> None:
    assert counter.credit("marco", "5").code == 0
    counter.pass_time(hours=23, minutes=50)
    assert counter.credit("marco", "5").code == 7
    counter.pass_time(minutes=15)
    assert counter.credit("marco", "5").code == 0
    assert len(counter.rows()) == 2


@pytest.mark.parametrize("lost", [is_create, is_update])
def test_a_lost_write_is_seen_through_before_the_command_ends(
    counter: Counter, service: CreditService, lost: Which
) -> None:
    began = counter.now()
    plan = service.plan([by_hand()])
    counter.network.break_(lost, unavailable())
    assert [one.result for one in service.carry_out(plan)] == [Result.CREDITED]
    assert counter.now() - began >= FATE_BOUND


def test_a_transfer_that_was_begun_and_has_vanished_leaves_nothing_to_write(
    counter: Counter, service: CreditService
) -> None:
    service.carry_out(service.plan([by_hand()]))
    counter.pass_time(seconds=FATE_BOUND.total_seconds() + 1)
    tables = counter.sandboxed.app.airtable.tables
    for record in tables.select("STRATAGEMS"):
        tables.delete("STRATAGEMS", record["id"])
    assert service.plan([by_hand()]).unwritten == NOBODY


def test_only_a_person_takes_up_what_somebody_cancelled(
    counter: Counter, service: CreditService
) -> None:
    counter.sandboxed.transfer("cascade_payment_pi_1", counter.now(), Status="cancelled")
    order = order_for(service, a_charge())
    plan = service.plan([order])
    assert [one.key for one in plan.unwritten] == [order.key]
    assert "cancelled" in plan.objections_to(order)
    with pytest.raises(GuardError, match="cancelled"):
        service.plan([order], by_person=False)


def test_what_is_under_way_is_not_objected_to_again(service: CreditService) -> None:
    cheap = a_charge(captured_cents=50)
    service.carry_out(service.plan([order_for(service, cheap, overrides={Override.UNDERPAID})]))
    order = order_for(service, cheap)
    again = service.plan([order])
    assert (again.unwritten, again.objections_to(order)) == (NOBODY, "")
