"""What is written about one payment's refunds, and what keeps a machine from writing anything."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from cascade_cli.domain.discrepancies.kinds import Kind
from cascade_cli.domain.discrepancies.refund_plan import (
    Picture,
    RefundPlan,
    RefundTerms,
    describe,
    obstacle_to,
    picture_of,
    plan_refunds,
    withholding,
)
from cascade_cli.domain.discrepancies.repair_command import Repair
from cascade_cli.domain.matching.matched_charge import MatchedCharge
from cascade_cli.domain.records.charges import Charge, Dispute, Refund
from cascade_cli.domain.records.gifts import Gift
from cascade_cli.domain.records.journal_entries import Attempt, Fate
from cascade_cli.domain.records.orders import Cause, Order, Override
from cascade_cli.domain.records.past_delivery import PastDelivery
from cascade_cli.domain.records.stratagems import Failure, Stratagem
from cascade_cli.domain.refunds.refund_shares import Policy
from cascade_cli.domain.shop.keys import Origin, give_back_key, refund_key
from cascade_cli.domain.shop.money import ZERO
from tests.domain.samples import (
    NOW,
    PAID,
    a_charge,
    a_stratagem,
    keyed,
    older,
    the_item,
    the_matched_charge,
)

PROCESSOR = "CASCADE_PAYMENT_PROCESSOR"
SOON, PAST = NOW + timedelta(hours=1), NOW - timedelta(hours=1)
LIVE: dict[str, Any] = {"status": "active", "expires_at": SOON}
DOUBTFUL: dict[str, Any] = {"status": "failed", "failure": Failure.UNCERTAIN}


def terms(**changed: Any) -> RefundTerms:
    usual: dict[str, Any] = {
        "policy": Policy.ALL,
        "processor": PROCESSOR,
        "available": Decimal(1000),
        "facts": {"worker": "one"},
        **changed,
    }
    return RefundTerms(**usual)


def sent_back(*cents: int, **changed: Any) -> Charge:
    """100 ducats for 1,000 cents, of which refunds sent so many back, one an hour."""
    refunds = tuple(
        Refund(f"re_{n}", "succeeded", one, PAID + timedelta(hours=n), has_left=True)
        for n, one in enumerate(cents, start=1)
    )
    return a_charge(**{"refunds": refunds, "refunded_cents": sum(cents), **changed})


def failed(charge: Charge) -> Charge:
    """None of its refunds reached the payer: the money is back."""
    refunds = tuple(replace(one, status="failed", has_left=False) for one in charge.refunds)
    return replace(charge, refunds=refunds, refunded_cents=0)


def a_dispute(status: str = "won", taken: int = 0) -> Dispute:
    return Dispute("du_1", "ch_1", status, "fraudulent", 1000, taken, PAID + timedelta(hours=9))


def disputed(*disputes: Dispute) -> dict[str, Any]:
    return {"disputes": {"ch_1": disputes}}


def taken(name: str = "re_1", ducats: str = "100", **changed: Any) -> Stratagem:
    """It took ducats back for that refund."""
    usual = {
        "stratagem_id": refund_key(name),
        "origin": Origin.REFUND,
        "citizen": PROCESSOR,
        "payer": "marco",
        "ducats": Decimal(ducats),
        "stripe_ids": ("pi_1", "ch_1"),
    }
    return a_stratagem(f"_back_{name}", **{**usual, **changed})


def given(name: str = "re_1", ducats: str = "100", **changed: Any) -> Stratagem:
    """It gave them to the citizen again."""
    usual = {
        "stratagem_id": give_back_key(name),
        "origin": Origin.GIVE_BACK,
        "ducats": Decimal(ducats),
        "stripe_ids": ("pi_1", "ch_1"),
    }
    return a_stratagem(f"_again_{name}", **{**usual, **changed})


def matched_charge_of(charge: Charge, *rows: Stratagem, **answers: Any) -> MatchedCharge:
    return the_matched_charge(charge, *rows, **answers)


def picture(charge: Charge, *rows: Stratagem, **answers: Any) -> Picture:
    return picture_of(matched_charge_of(charge, *rows, **answers), {})


def plan(
    charge: Charge, *rows: Stratagem, by: RefundTerms | None = None, **answers: Any
) -> RefundPlan:
    return plan_refunds(picture(charge, *rows, **answers), by or terms())


def moves(orders: tuple[Order, ...]) -> list[tuple[str, str, Decimal, str]]:
    """From whom, to whom, how much, and under which key; nobody is the processor."""
    return [(one.payer, one.citizen, one.ducats, one.key) for one in orders]


BOUGHT = a_charge()
DELIVERED = keyed(BOUGHT)
ON_ITS_WAY = keyed(BOUGHT, **LIVE)
RAN_OUT = keyed(BOUGHT, status="active", expires_at=PAST)


# What keeps a machine from writing anything ------------------------------------------------------


def test_nothing_stands_in_the_way_of_a_payment_that_was_delivered_once() -> None:
    assert obstacle_to(picture(sent_back(1000), DELIVERED)) == ""
    assert obstacle_to(picture(sent_back(1000), DELIVERED, taken())) == ""
    assert obstacle_to(picture(sent_back(1000))) == ""


def test_ducats_that_went_to_another_citizen_are_taken_from_nobody() -> None:
    elsewhere = keyed(BOUGHT, citizen="lucia")
    why = obstacle_to(picture(sent_back(1000), elsewhere))
    assert why == "its ducats went to another citizen than the payment names"


@pytest.mark.parametrize("second", [{"status": "executed"}, LIVE])
def test_what_was_delivered_more_than_once_is_settled_first(second: dict[str, Any]) -> None:
    again = keyed(BOUGHT, record_id="recTwice", **second)
    why = obstacle_to(picture(sent_back(1000), DELIVERED, again))
    assert why == "it was delivered more than once, or may be: settle that first"


@pytest.mark.parametrize(
    ("rows", "name"),
    [
        ((keyed(BOUGHT, **DOUBTFUL),), "cascade_payment_pi_1"),
        ((DELIVERED, taken(**DOUBTFUL)), "cascade_refund_re_1"),
        ((DELIVERED, taken(), given(**DOUBTFUL)), "cascade_giveback_re_1"),
    ],
)
def test_where_one_transfer_is_in_doubt_no_machine_moves_anything(
    rows: tuple[Stratagem, ...], name: str
) -> None:
    why = obstacle_to(picture(sent_back(1000), *rows))
    assert why == f"{name} may or may not have moved its ducats"


def test_a_payment_of_which_nobody_knows_whom_it_is_for_is_left_alone() -> None:
    charge = sent_back(1000, unallocated="the list of its citizens is lost")
    assert obstacle_to(picture(charge, DELIVERED)) == "the list of its citizens is lost"


# Taking back -------------------------------------------------------------------------------------


def test_a_refund_takes_its_share_from_the_citizen_and_says_what_for() -> None:
    (order,) = plan(sent_back(250), DELIVERED).orders
    assert moves((order,)) == [("marco", PROCESSOR, Decimal(25), "cascade_refund_re_1")]
    assert (order.cause, order.reason) == (Cause.REFUND, "Refund of a ducat purchase")
    told = {name: order.facts[name] for name in ("payment_intent", "charge", "worker")}
    assert told == {"payment_intent": "pi_1", "charge": "ch_1", "worker": "one"}
    assert (order.facts["refund"], order.facts["refund_cents"]) == ("re_1", 250)
    assert not order.ends


def test_what_the_engine_refused_may_be_asked_for_as_less_under_the_same_key() -> None:
    refused = taken(status="failed", failure=Failure.NO_FUNDS, failure_text="Insufficient funds")
    by = terms(policy=Policy.AVAILABLE, available=Decimal(40))
    (order,) = plan(sent_back(1000), DELIVERED, refused, by=by).orders
    assert moves((order,)) == [("marco", PROCESSOR, Decimal(40), "cascade_refund_re_1")]
    assert order.amends


def test_two_refunds_are_two_transfers_the_older_first() -> None:
    found = plan(sent_back(250, 100), DELIVERED)
    assert moves(found.orders) == [
        ("marco", PROCESSOR, Decimal(25), "cascade_refund_re_1"),
        ("marco", PROCESSOR, Decimal(10), "cascade_refund_re_2"),
    ]
    assert found.taking == (Decimal(25), Decimal(10))
    assert found.picture.left == 35


def test_a_lost_dispute_takes_its_ducats_under_its_own_key() -> None:
    charge = a_charge(disputed=True)
    found = plan(charge, DELIVERED, **disputed(a_dispute("lost", 1000)))
    assert moves(found.orders) == [("marco", PROCESSOR, Decimal(100), "cascade_refund_du_1")]
    assert found.orders[0].reason == "A disputed ducat purchase"


def test_what_a_citizen_has_spent_is_a_debt() -> None:
    by = terms(policy=Policy.AVAILABLE, available=Decimal(30))
    found = plan(sent_back(500), DELIVERED, by=by)
    assert (found.taking, found.debt(0)) == ((Decimal(30),), Decimal(20))
    nothing = plan(sent_back(500), DELIVERED, by=terms(policy=Policy.NONE))
    assert (nothing.orders, nothing.debt(0)) == ((), Decimal(50))


def test_a_person_may_take_less_than_is_due() -> None:
    found = plan(sent_back(500), DELIVERED, by=terms(wanted=Decimal(5)))
    assert (found.taking, found.debt(0)) == ((Decimal(5),), Decimal(45))


def test_what_was_written_off_is_left_with_the_citizen() -> None:
    seen = picture_of(matched_charge_of(sent_back(500), DELIVERED), {"re_1": Decimal(20)})
    assert plan_refunds(seen, terms()).taking == (Decimal(30),)


def test_a_gift_is_taken_from_who_received_it_and_says_so() -> None:
    gift = Gift("lucia", "for you")
    (order,) = plan(sent_back(500, gift=gift), DELIVERED).orders
    assert (order.payer, order.gift) == ("marco", gift)


# What is still under way -------------------------------------------------------------------------


def test_a_transfer_whose_money_all_went_back_is_ended_and_nothing_is_taken() -> None:
    found = plan(sent_back(1000), ON_ITS_WAY)
    (ending,) = found.endings
    assert moves((ending,)) == [("", "marco", Decimal(100), "cascade_payment_pi_1")]
    assert (ending.ends, ending.cause, ending.reason) == (
        True,
        Cause.PAYMENT,
        "the money went back",
    )
    assert ending.own_records == {ON_ITS_WAY.record_id}
    assert (ending.facts["payment_intent"], ending.facts["worker"]) == ("pi_1", "one")
    assert (found.orders, found.taking, found.debt(0)) == ((), (ZERO,), ZERO)


def test_a_part_of_what_is_under_way_comes_back_once_it_has_arrived() -> None:
    found = plan(sent_back(250), ON_ITS_WAY)
    assert (found.endings, found.orders, found.taking) == ((), (), (Decimal(0),))
    assert found.waits == (
        "cascade_payment_pi_1 is under way: the part comes back once it has arrived"
    )
    assert found.debt(0) == 0


def test_what_is_taken_for_a_refund_that_failed_is_stopped() -> None:
    charge = failed(sent_back(1000))
    found = plan(charge, DELIVERED, taken(**LIVE))
    (ending,) = found.endings
    assert moves((ending,)) == [("marco", PROCESSOR, Decimal(100), "cascade_refund_re_1")]
    assert (ending.ends, ending.cause, ending.reason) == (
        True,
        Cause.REFUND,
        "the money did not go back",
    )
    assert (found.orders, found.debt(0)) == ((), ZERO)


def test_what_is_taken_for_money_that_a_bank_holds_is_not_stopped() -> None:
    charge = a_charge(disputed=True)
    back = taken("du_1", **LIVE)
    for status, taken_cents, ended in (("under_review", 1000, 0), ("won", 0, 1)):
        answers = disputed(a_dispute(status, taken_cents))
        assert len(plan(charge, DELIVERED, back, **answers).endings) == ended


def test_ducats_on_their_way_to_the_citizen_are_never_stopped() -> None:
    charge = failed(sent_back(1000))
    assert plan(charge, DELIVERED, taken(), given(**LIVE)).endings == ()


# Giving again ------------------------------------------------------------------------------------


def test_what_was_taken_for_a_refund_that_failed_is_given_again() -> None:
    charge = failed(sent_back(1000, gift=Gift("lucia", "for you")))
    (order,) = plan(charge, DELIVERED, taken()).orders
    assert moves((order,)) == [("", "marco", Decimal(100), "cascade_giveback_re_1")]
    assert (order.cause, order.reason) == (Cause.GIVE_BACK, "A refund that failed")
    assert (order.facts["refund"], order.facts["payment_intent"]) == ("re_1", "pi_1")
    assert order.gift == charge.gift


def test_what_was_taken_for_a_dispute_that_was_won_later_is_given_again() -> None:
    found = plan(a_charge(disputed=True), DELIVERED, taken("du_1"), **disputed(a_dispute()))
    (order,) = found.orders
    assert moves((order,)) == [("", "marco", Decimal(100), "cascade_giveback_du_1")]
    assert order.reason == "A dispute whose money came back"


@pytest.mark.parametrize("again", [{"status": "executed"}, LIVE])
def test_it_is_given_once(again: dict[str, Any]) -> None:
    charge = failed(sent_back(1000))
    assert plan(charge, DELIVERED, taken(), given(**again)).orders == ()


def test_a_citizen_whose_name_another_has_now_gets_and_pays_nothing() -> None:
    by = terms(identity_doubt="the marco of that time is gone")
    for charge, row in ((sent_back(1000), ()), (failed(sent_back(1000)), (taken(),))):
        found = plan(charge, DELIVERED, *row, by=by)
        assert (found.orders, found.refused) == ((), "the marco of that time is gone")
        assert found.debt(0) == 0
    assert plan(a_charge(), DELIVERED, by=by).refused == ""


def test_a_citizen_who_gave_the_gift_gets_it_back_as_no_gift() -> None:
    charge = sent_back(1000, gift=Gift("marco", "for you"))
    assert plan(charge, DELIVERED).orders[0].gift is None
    assert plan(failed(charge), DELIVERED, taken()).orders[0].gift is None


def test_what_is_to_be_stopped_is_stopped_whoever_bears_the_name_now() -> None:
    charge = sent_back(300, 200)
    first = replace(charge.refunds[0], status="failed", has_left=False)
    charge = replace(charge, refunds=(first, charge.refunds[1]), refunded_cents=200)
    found = plan(charge, DELIVERED, taken("re_1", "30", **LIVE), by=terms(identity_doubt="another"))
    assert [one.key for one in found.endings] == ["cascade_refund_re_1"]
    assert (found.orders, found.taking) == ((), (ZERO, ZERO))


# The rest ----------------------------------------------------------------------------------------


def test_what_was_never_delivered_is_withheld_and_the_rest_is_delivered() -> None:
    found = plan(sent_back(300))
    (order,) = found.orders
    assert moves((order,)) == [("", "marco", Decimal(70), "cascade_payment_pi_1")]
    assert (order.cause, order.amends) == (Cause.PAYMENT, True)
    assert order.reason == "Ducat purchase via CASCADE, refunded in part"
    assert (order.facts["worker"], order.charge and order.charge.id) == ("one", "ch_1")
    assert (found.taking, found.debt(0)) == ((ZERO,), ZERO)


def test_a_dispute_that_was_won_lets_all_ducats_arrive() -> None:
    found = plan(a_charge(disputed=True), **disputed(a_dispute("won")))
    assert moves(found.orders) == [("", "marco", Decimal(100), "cascade_payment_pi_1")]
    assert found.orders[0].reason == "Ducat purchase via CASCADE, disputed in vain"


@pytest.mark.parametrize(
    ("charge", "rows", "answers"),
    [
        # Nothing ever went back, and nobody disputes it: any credit delivers it.
        (BOUGHT, (), {}),
        (sent_back(1000), (), {}),
        (sent_back(300), (DELIVERED,), {}),
        # The payer's bank has not decided.
        (sent_back(300, disputed=True), (), disputed(a_dispute("needs_response"))),
        (sent_back(300, disputed=True), (), {}),
        # The webhook may still be at it.
        (sent_back(300, created_at=NOW - timedelta(minutes=1)), (), {}),
        # A person cancelled the transfer.
        (sent_back(300), (keyed(BOUGHT, status="cancelled"),), {}),
        # Nobody knows for whom, or how much.
        (sent_back(300, citizen=None), (), {}),
        (sent_back(300, ducats=None), (), {}),
        # The base has forgotten what the engine was given.
        (
            sent_back(300),
            (),
            {"past": {"ch_1": PastDelivery(Attempt("activate", PAST, Fate.APPLIED), None)}},
        ),
        # The legacy connector delivered it a day later.
        (sent_back(300), (older("late", created_at=PAID + timedelta(hours=25)),), {}),
    ],
)
def test_the_rest_is_delivered_only_where_it_is_certain(
    charge: Charge, rows: tuple[Stratagem, ...], answers: dict[str, Any]
) -> None:
    assert [one for one in plan(charge, *rows, **answers).orders if not one.payer] == []


def test_a_row_that_ran_out_is_delivered_as_it_is_so_that_its_amount_tells_what_moved() -> None:
    (order,) = plan(sent_back(300), RAN_OUT).orders
    assert moves((order,)) == [("", "marco", Decimal(100), "cascade_payment_pi_1")]
    assert order.own_records == {RAN_OUT.record_id}


def test_the_rest_is_not_delivered_beside_a_late_row_that_may_be_its_transfer() -> None:
    seen = picture(sent_back(300))
    unclear = replace(seen.matched, late=(older("late"),))
    assert plan_refunds(replace(seen, matched=unclear), terms()).orders == ()


def test_a_row_that_the_engine_was_never_given_becomes_the_rest() -> None:
    planned = keyed(BOUGHT, status="planned")
    (order,) = plan(sent_back(300), planned).orders
    assert order.ducats == Decimal(70)
    assert order.own_records == {planned.record_id}


def test_a_row_that_ran_out_for_another_citizen_or_for_more_is_not_delivered() -> None:
    for wrong in ({"citizen": "lucia"}, {"ducats": Decimal(101)}):
        assert plan(sent_back(300), replace(RAN_OUT, **wrong)).orders == ()


def test_the_rest_is_not_delivered_where_too_little_was_paid() -> None:
    cheap = sent_back(150, captured_cents=500)
    found = plan(cheap)
    assert (found.orders, found.taking, found.debt(0)) == ((), (ZERO,), ZERO)
    assert "less than its ducats cost" in found.refused


def test_the_rest_of_a_payment_is_judged_by_what_all_its_ducats_cost() -> None:
    """100 ducats cost 10.00, and 7.50 were paid: that pays neither for 100 nor for 70."""
    assert plan(sent_back(225, captured_cents=750)).orders == ()
    assert "7.50 USD where 10.00 USD were due" in plan(sent_back(225, captured_cents=750)).refused


@pytest.mark.parametrize("back", [1, 333, 666, 999])
def test_the_rest_of_a_payment_in_full_is_never_refused_for_its_roundings(back: int) -> None:
    found = plan(sent_back(back))
    assert (len(found.orders), found.refused) == (1, "")


def test_a_person_may_deliver_the_rest_although_too_little_was_paid() -> None:
    found = plan(sent_back(225, captured_cents=750), by=terms(overrides=[Override.UNDERPAID]))
    assert [order.ducats for order in found.orders] == [70]
    assert found.orders[0].facts["overrides"] == ["although-underpaid"]


def test_what_a_person_decides_about_prices_is_recorded_only_where_it_counts() -> None:
    found = plan(sent_back(300), by=terms(overrides=[Override.UNDERPAID]))
    assert "overrides" not in found.orders[0].facts


def test_the_rest_is_not_delivered_to_nobody() -> None:
    found = plan(sent_back(300), by=terms(missing_citizen="Venice has no citizen 'marco'"))
    assert (found.orders, found.refused) == ((), "Venice has no citizen 'marco'")
    assert found.taking == (ZERO,)


def test_who_has_gone_may_still_return_what_is_due() -> None:
    found = plan(
        sent_back(300), DELIVERED, by=terms(missing_citizen="Venice has no citizen 'marco'")
    )
    assert (len(found.orders), found.refused) == (1, "")


def test_the_rest_knows_which_rows_are_other_payments() -> None:
    seen = picture(sent_back(300))
    known = replace(seen.matched, foreign_records=frozenset({"recOther"}))
    (order,) = plan_refunds(replace(seen, matched=known), terms()).orders
    assert order.foreign_records == {"recOther"}


@pytest.mark.parametrize("reason", ["Ducat purchase via CASCADE, refunded in part", "by hand"])
def test_what_any_rest_lacks_is_given_when_its_refund_fails(reason: str) -> None:
    """Whoever delivered it: cascade or, in Airtable, a person."""
    rest = keyed(BOUGHT, ducats=Decimal(70), reason=reason)
    assert the_item(sent_back(300), rest).kind is Kind.SETTLED
    charge = failed(sent_back(300))
    item = the_item(charge, rest)
    assert (item.kind, item.at_risk) == (Kind.REFUNDED, Decimal(30))
    assert item.repair == Repair("cascade refund pi_1")
    (order,) = plan(charge, rest).orders
    assert (order.ducats, order.cause) == (Decimal(30), Cause.GIVE_BACK)
    assert the_item(charge, rest, given("re_1", "30")).kind is Kind.SETTLED


def test_what_is_short_by_more_than_any_refund_was_over_is_for_a_person() -> None:
    charge, short = failed(sent_back(300)), keyed(BOUGHT, ducats=Decimal(60))
    assert the_item(charge, short).kind is Kind.AMOUNT_MISMATCH
    assert plan(charge, short).orders == ()


# Withholding -------------------------------------------------------------------------------------


def test_what_only_the_journal_knows_is_kept_from_arriving() -> None:
    order = withholding(matched_charge_of(sent_back(1000)), terms())
    assert order is not None
    assert moves((order,)) == [("", "marco", Decimal(100), "cascade_payment_pi_1")]
    assert (order.ends, order.cause, order.reason) == (
        True,
        Cause.PAYMENT,
        "the money went back",
    )
    assert (order.facts["payment_intent"], order.facts["worker"]) == ("pi_1", "one")
    assert order.charge is not None


def test_a_late_row_of_the_legacy_connector_is_known_beside_what_is_withheld() -> None:
    late = older("late")
    order = withholding(replace(matched_charge_of(sent_back(1000)), late=(late,)), terms())
    assert order is not None
    assert order.unclear_records == {late.record_id}


@pytest.mark.parametrize("row", [ON_ITS_WAY, RAN_OUT])
def test_the_row_that_is_there_is_the_one_that_is_kept_from_arriving(row: Stratagem) -> None:
    charge = a_charge(disputed=True)
    order = withholding(
        matched_charge_of(charge, row, **disputed(a_dispute("needs_response"))), terms()
    )
    assert order is not None
    assert order.own_records == {row.record_id}
    assert order.reason == "the payer disputes it"
    assert (order.key, order.ends) == ("cascade_payment_pi_1", True)


@pytest.mark.parametrize("lacks", [{"citizen": None}, {"ducats": None}])
def test_where_nobody_knows_whose_ducats_they_are_nothing_can_be_withheld(
    lacks: dict[str, Any],
) -> None:
    assert withholding(matched_charge_of(sent_back(1000, **lacks)), terms()) is None


def test_a_row_without_a_citizen_or_a_readable_amount_cannot_be_withheld() -> None:
    for flaw in ({"citizen": ""}, {"ducats": None}):
        row = replace(RAN_OUT, **flaw)
        assert withholding(matched_charge_of(sent_back(1000), row), terms()) is None


# What is told ------------------------------------------------------------------------------------


def test_an_order_is_shown_with_the_id_of_the_row_that_it_changes() -> None:
    legacy = older("1", status="active", expires_at=SOON)
    found = plan(sent_back(1000), legacy)
    assert found.stratagem_id(found.endings[0]) == legacy.stratagem_id
    new = plan(sent_back(250), DELIVERED)
    assert new.stratagem_id(new.orders[0]) == "cascade_refund_re_1"
    nameless = keyed(BOUGHT, stratagem_id="", stripe_ids=("pi_1",), **LIVE)
    unnamed = plan(sent_back(1000), nameless)
    assert unnamed.stratagem_id(unnamed.endings[0]) == "cascade_payment_pi_1"
    refused = taken(status="failed", failure=Failure.NO_FUNDS)
    again = plan(sent_back(1000), DELIVERED, refused)
    assert again.stratagem_id(again.orders[0]) == refused.stratagem_id


@pytest.mark.parametrize(
    ("charge", "rows", "text"),
    [
        (sent_back(250), (DELIVERED,), "25 ducats due: 25 left"),
        (sent_back(250), (), "25 ducats due: 25 withheld"),
        (sent_back(250), (DELIVERED, taken(ducats="25")), "25 ducats due: 25 taken back"),
        (
            sent_back(250),
            (DELIVERED, taken(ducats="20", **LIVE)),
            "25 ducats due: 20 under way, 5 left",
        ),
        (
            failed(sent_back(250)),
            (DELIVERED, taken(ducats="25")),
            "0 ducats due: 25 taken back, 25 to be given again",
        ),
        (
            failed(sent_back(250)),
            (DELIVERED, taken(ducats="25"), given(ducats="25")),
            "0 ducats due: 25 taken back, 25 given again",
        ),
        (failed(sent_back(250)), (DELIVERED,), "0 ducats due"),
    ],
)
def test_what_became_of_a_refund_s_ducats_is_told_in_a_few_words(
    charge: Charge, rows: tuple[Stratagem, ...], text: str
) -> None:
    (part,) = picture(charge, *rows).parts
    assert describe(part) == text


def test_what_was_written_off_and_what_a_bank_holds_are_told() -> None:
    seen = picture_of(matched_charge_of(sent_back(250), DELIVERED), {"re_1": Decimal(5)})
    assert describe(seen.parts[0]) == "25 ducats due: 5 written off, 20 left"
    charge = a_charge(disputed=True)
    (part,) = picture(charge, DELIVERED, **disputed(a_dispute("under_review", 1000))).parts
    assert describe(part) == "0 ducats due: 100 more if it is lost"
