from __future__ import annotations

import shlex
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from cascade_cli.domain.discrepancies.kinds import Kind
from cascade_cli.domain.discrepancies.repair_command import Repair
from cascade_cli.domain.records.charges import Charge, Dispute
from cascade_cli.domain.records.stratagems import Failure, Stratagem
from cascade_cli.domain.shop.keys import Origin
from tests.domain.samples import NOW, a_charge, a_stratagem, judge, keyed, older, the_item

CREDIT = "cascade credit marco 100 --payment pi_1 --reason 'paid but not delivered'"
EXPLAIN = Repair("cascade explain pi_1")


def decided(words: str, reason: str, matched: str = "pi_1") -> Repair:
    """What is printed where a person decides."""
    return Repair(f"cascade resolve {matched} {words} --reason '{reason}'")


def repair(charge: Charge, *stratagems: Stratagem, **answers: object) -> Repair:
    proposed = the_item(charge, *stratagems, **answers).repair
    assert proposed is not None
    return proposed


def live(charge: Charge, **changed: object) -> Stratagem:
    active = {"status": "active", "expires_at": NOW + timedelta(hours=1)}
    return keyed(charge, **{**active, **changed})


def test_what_is_settled_or_in_flight_needs_no_repair() -> None:
    charge = a_charge()
    assert the_item(charge, keyed(charge)).repair is None
    assert the_item(charge, live(charge)).repair is None


@pytest.mark.parametrize(
    "stratagems",
    [
        (),
        (keyed(a_charge(), status="planned"),),
        (keyed(a_charge(), status="active", expires_at=NOW),),
        (keyed(a_charge(), status="failed", failure=Failure.MALFORMED),),
    ],
)
def test_missing_stalled_and_failed_are_credited_by_a_machine(
    stratagems: tuple[Stratagem, ...],
) -> None:
    assert repair(a_charge(), *stratagems) == Repair(CREDIT, automatic=True)


def test_an_empty_processor_is_replenished_first() -> None:
    charge = a_charge()
    failed = keyed(charge, status="failed", failure=Failure.NO_FUNDS)
    assert repair(charge, failed) == Repair("cascade citizen replenish --by 100")
    short = repair(charge, failed, processor_ducats=Decimal("99.9"))
    assert short == Repair("cascade citizen replenish --by 100")


def test_a_processor_that_has_the_ducats_again_credits() -> None:
    charge = a_charge()
    failed = keyed(charge, status="failed", failure=Failure.NO_FUNDS)
    credited = repair(charge, failed, processor_ducats=Decimal(100))
    assert credited == Repair(CREDIT, automatic=True)


@pytest.mark.parametrize("status", ["error", "failed"])
def test_a_doubtful_transfer_is_left_to_a_person(status: str) -> None:
    assert repair(a_charge(), keyed(a_charge(), status=status)) == decided(
        "--moved", "the balances show it", "rec_ch_1"
    )


@pytest.mark.parametrize("changed", [{"refunded_cents": 1}, {"disputed": True}])
def test_a_refund_or_dispute_leaves_an_undelivered_charge_to_a_person(
    changed: dict[str, Any],
) -> None:
    wait = decided("--snooze 7d", "it is not decided yet what is owed")
    rest = Repair("cascade refund pi_1") if "refunded_cents" in changed else wait
    assert repair(a_charge(**changed)) == rest
    unknown = repair(a_charge(**changed), citizens={"marco": False}, similar={"marco": ("Marco",)})
    # What the rest of the money bought goes out by the same key, whoever gets it.
    found = decided("--credit --citizen CITIZEN", "paid but not delivered")
    assert unknown == (found if "refunded_cents" in changed else wait)


def test_a_second_finding_stops_the_machine() -> None:
    assert repair(a_charge(captured_cents=400)) == decided("--credit", "only this was paid for")


def test_dead_rows_of_the_same_second_stop_no_machine() -> None:
    rows = (older("a", status="expired"), older("b", status="expired"))
    assert repair(a_charge(), *rows).automatic


@pytest.mark.parametrize(
    ("changed", "lets_lapse"),
    [
        ({}, False),
        ({"disputed": True}, True),
        ({"captured_cents": 400}, True),
        ({"disputed": True, "captured_cents": 400}, True),
    ],
)
def test_a_surplus_that_has_not_moved_is_ended_by_a_machine(
    changed: dict[str, Any], lets_lapse: bool
) -> None:
    charge = a_charge(**changed)
    for first in (keyed(charge), live(charge)):
        assert repair(charge, first, live(charge, record_id="rec2")) == Repair(
            "cascade reconcile --repair --since 2026-11-19",
            automatic=True,
            ends_surplus=True,
            lets_lapse=lets_lapse,
        )


def test_a_surplus_of_a_lost_dispute_is_left_to_a_person() -> None:
    charge = a_charge(disputed=True)
    lost = Dispute("du_1", charge.id, "lost", "fraudulent", charge.captured_cents)
    twice = keyed(charge), live(charge, record_id="rec2")
    assert not repair(charge, *twice, disputes={charge.id: (lost,)}).automatic


@pytest.mark.parametrize(
    ("changed", "second"),
    [
        ({}, {"status": "executed"}),
        ({}, {"status": "error"}),
        ({"refunded_cents": 1}, {}),
        ({"disputed": True}, {"status": "executed"}),
        ({}, {"citizen": "polo"}),
        ({}, {"ducats": Decimal(1)}),
    ],
)
def test_a_duplicate_with_anything_more_to_it_is_left_to_a_person(
    changed: dict[str, Any], second: dict[str, object]
) -> None:
    charge = a_charge(**changed)
    other = live(charge, **{"record_id": "rec2", **second})
    assert not repair(charge, keyed(charge), other).automatic


def test_of_two_payments_of_one_second_each_row_is_revived_by_a_machine() -> None:
    charges = [a_charge("1"), a_charge("2")]
    items = judge(charges, [older(n, status="active", expires_at=NOW) for n in "ab"]).items
    assert [item.repair.automatic for item in items if item.repair] == [True, True]


def test_a_duplicate_of_rivals_is_left_to_a_person() -> None:
    later = NOW + timedelta(hours=1)
    rows = (older(name, status="active", expires_at=later) for name in "ab")
    assert repair(a_charge(), *rows) == decided("--snooze 1d", "the engine has not run yet")


def test_a_misspelt_citizen_is_credited_by_a_person_under_the_near_name() -> None:
    proposed = repair(a_charge(), citizens={"marco": False}, similar={"marco": ("Marco",)})
    assert proposed == Repair(CREDIT.replace("marco", "Marco"), automatic=False)


def test_an_unknown_citizen_without_a_namesake_is_for_a_person_to_name() -> None:
    assert repair(a_charge(), citizens={"marco": False}) == decided(
        "--credit --citizen CITIZEN", "paid but not delivered"
    )


def test_delivered_and_refunded_is_reversed_by_a_person() -> None:
    charge = a_charge(refunded_cents=1000)
    assert repair(charge, keyed(charge)) == Repair("cascade refund pi_1")


@pytest.mark.parametrize(
    ("charge", "stratagem", "words"),
    [
        (a_charge(citizen=None), None, "--credit --citizen CITIZEN"),
        (a_charge(ducats=None), None, "--credit DUCATS"),
        (a_charge(disputed=True), keyed(a_charge()), "--snooze 7d"),
        (a_charge(), keyed(a_charge(), citizen="polo"), "--credit"),
        (a_charge(), keyed(a_charge(), ducats=Decimal(1)), "--credit"),
        (a_charge(), keyed(a_charge(), ducats=Decimal(300)), "--take-back"),
        (a_charge(captured_cents=1), keyed(a_charge()), "--accept"),
    ],
)
def test_of_every_other_kind_the_first_decision_that_fits_is_printed(
    charge: Charge, stratagem: Stratagem | None, words: str
) -> None:
    printed = repair(charge, *(one for one in [stratagem] if one))
    assert printed.command.startswith(f"cascade resolve pi_1 {words} --reason ")
    assert not printed.automatic


def test_a_charge_without_intent_is_named_by_its_own_id() -> None:
    assert "--payment ch_1 " in repair(a_charge(payment_intent=None)).command


@pytest.mark.parametrize("citizen", ["it's me", "$(rm -rf /)", "a;b", "[red]x[/]", "x\n--yes"])
def test_the_citizen_is_one_word_of_the_command(citizen: str) -> None:
    command = repair(a_charge(citizen=citizen)).command
    assert command.isprintable()
    if citizen.isprintable():
        assert shlex.split(command)[2] == citizen


def test_a_citizen_who_looks_like_an_option_comes_after_two_dashes() -> None:
    command = repair(a_charge(citizen="--yes")).command
    words = shlex.split(command)
    assert words[:4] == ["cascade", "credit", "--payment", "pi_1"]
    assert words[-3:] == ["--", "--yes", "100"]


def test_in_place_of_a_citizen_whom_no_shell_can_name_a_person_names_the_buyer() -> None:
    named = decided("--credit --citizen CITIZEN", "paid but not delivered")
    assert repair(a_charge(citizen="marco\0polo")) == named


def test_what_a_won_dispute_has_left_undelivered_is_delivered_by_the_refund_desk() -> None:
    charge = a_charge(disputed=True)
    won = (Dispute("du_1", charge.id, "won", "fraudulent", 1000),)
    delivered = Repair("cascade refund pi_1", automatic=True)
    assert repair(charge, disputes={charge.id: won}) == delivered
    cancelled = keyed(charge, status="cancelled")
    by_person = Repair("cascade refund pi_1", automatic=False)
    assert repair(charge, cancelled, disputes={charge.id: won}) == by_person


def test_nobody_is_told_to_deliver_again_what_went_astray_even_where_less_was_paid() -> None:
    short = a_charge(captured_cents=500)
    assert "deliver all the same" in the_item(short).advice
    for astray in (keyed(short, citizen="polo"), live(short, citizen="polo")):
        assert "deliver all the same" not in the_item(short, astray).advice


def test_a_person_may_deliver_what_is_left_of_an_underpaid_payment() -> None:
    advice = the_item(a_charge(captured_cents=500, refunded_cents=100)).advice
    assert advice.endswith(": cascade refund pi_1 --although-underpaid")


@pytest.mark.parametrize("changed", [{"refunded_cents": 100}, {}])
def test_while_a_payment_is_disputed_no_line_delivers_an_underpaid_one(
    changed: dict[str, Any],
) -> None:
    advice = the_item(a_charge(captured_cents=500, disputed=True, **changed)).advice
    assert "by hand, with a --reference" in advice
    assert "--although" not in advice


@pytest.mark.parametrize("status", ["executed", "active"])
def test_what_was_taken_back_of_another_is_delivered_by_a_correction_and_by_no_machine(
    status: str,
) -> None:
    """Its own transfer is refused beside the executed one: a machine would try it every night."""
    charge = a_charge()
    wrong = older(citizen="lucia", stripe_ids=("pi_1",))
    back = a_stratagem(
        "2",
        stratagem_id=f"cascade_takeback_{wrong.record_id}",
        origin=Origin.TAKE_BACK,
        stripe_ids=("pi_1",),
        payer="lucia",
        status=status,
        expires_at=NOW + timedelta(hours=9),
    )
    snapshot = judge([charge], [wrong, back])
    (item,) = (item for item in snapshot.items if item.charge)
    assert item.kind is Kind.MISSING
    assert item.repair == decided("--credit", "paid but not delivered")
