from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest

from cascade_cli.domain.matching.matching import Match, Rule, asked_payments, match, named_payments
from cascade_cli.domain.records.charges import Charge
from cascade_cli.domain.records.stratagems import Stratagem
from tests.domain.samples import PAID, a_charge, a_stratagem, keyed, older

SECOND, MINUTE, HOUR = timedelta(seconds=1), timedelta(minutes=1), timedelta(hours=1)


def matches_of(charge: Charge, *stratagems: Stratagem) -> tuple[Match, ...]:
    return match([charge], stratagems).by_charge[charge.id]


def rules(*found: Match) -> list[tuple[str, Rule]]:
    return [(one.stratagem.record_id, one.rule) for one in found]


def test_the_key_in_the_stratagem_id_identifies_the_charge() -> None:
    charge = a_charge()
    assert rules(*matches_of(charge, keyed(charge))) == [("rec_ch_1", Rule.KEY)]


def test_a_key_counts_whatever_citizen_amount_and_time_say() -> None:
    charge = a_charge()
    stratagem = keyed(charge, citizen="x", ducats=None, created_at=PAID - 100 * HOUR)
    assert rules(*matches_of(charge, stratagem)) == [("rec_ch_1", Rule.KEY)]


@pytest.mark.parametrize("stripe_id", ["pi_1", "ch_1"])
def test_a_stripe_id_in_notes_identifies_the_charge(stripe_id: str) -> None:
    stratagem = older(stripe_ids=(stripe_id,), ducats=Decimal(1))
    assert rules(*matches_of(a_charge(), stratagem)) == [("rec1", Rule.NOTES)]


def test_the_key_comes_before_another_id_in_notes() -> None:
    one, other = a_charge("1"), a_charge("2")
    found = match([one, other], [keyed(one, stripe_ids=("pi_2",))])
    assert rules(*found.by_charge["ch_1"]) == [("rec_ch_1", Rule.KEY)]
    assert found.by_charge["ch_2"] == ()


def test_a_charge_without_intent_is_found_by_its_own_id() -> None:
    charge = a_charge(payment_intent=None)
    assert rules(*matches_of(charge, keyed(charge))) == [("rec_ch_1", Rule.KEY)]


def test_a_stratagem_that_names_another_payment_is_not_matched_by_citizen_and_time() -> None:
    found = match([a_charge()], [keyed(a_charge("other"))])
    assert found.by_charge["ch_1"] == ()
    assert [s.record_id for s in found.unmatched] == ["rec_ch_other"]


def test_an_older_row_is_matched_by_citizen_amount_and_time() -> None:
    assert rules(*matches_of(a_charge(), older())) == [("rec1", Rule.NEAREST)]


def test_seventy_two_hours_after_payment_an_older_row_still_fits() -> None:
    (at_the_end,) = matches_of(a_charge(), older(created_at=PAID + 72 * HOUR))
    assert at_the_end.rule is Rule.NEAREST
    assert not matches_of(a_charge(), older(created_at=PAID + 72 * HOUR + SECOND))


def test_an_older_row_of_the_same_second_fits_and_one_from_before_does_not() -> None:
    assert matches_of(a_charge(), older(created_at=PAID))
    assert not matches_of(a_charge(), older(created_at=PAID - SECOND))


@pytest.mark.parametrize("ducats", ["99.999999", "100.000001", "1000"])
def test_an_older_row_of_any_other_amount_does_not_fit(ducats: str) -> None:
    assert not matches_of(a_charge(), older(ducats=Decimal(ducats)))


def test_equal_amounts_fit_however_they_are_written() -> None:
    assert matches_of(a_charge(ducats=Decimal("100.0")), older(ducats=Decimal("1E+2")))


@pytest.mark.parametrize("citizen", ["Marco", "marco ", "MARCO", ""])
def test_an_older_row_for_another_spelling_does_not_fit(citizen: str) -> None:
    assert not matches_of(a_charge(), older(citizen=citizen))


def test_an_older_row_without_a_readable_amount_is_left_over() -> None:
    found = match([a_charge(ducats=None)], [older(ducats=None)])
    assert [s.record_id for s in found.unmatched] == ["rec1"]


def test_a_row_that_is_not_the_older_connectors_is_not_matched_by_time() -> None:
    assert not matches_of(a_charge(), a_stratagem())


def test_the_nearest_pair_is_made_first() -> None:
    early, late = a_charge("1"), a_charge("2", created_at=PAID + 2 * HOUR)
    near, far = (older("near", created_at=PAID + 2 * HOUR + SECOND), older("far"))
    found = match([early, late], [near, far]).by_charge
    assert rules(*found["ch_2"]) == [("recnear", Rule.NEAREST)]
    assert rules(*found["ch_1"]) == [("recfar", Rule.NEAREST)]


def test_the_earlier_charge_goes_without_when_the_later_one_is_nearer() -> None:
    early, late = a_charge("1"), a_charge("2", created_at=PAID + HOUR)
    found = match([early, late], [older(created_at=PAID + HOUR + MINUTE)]).by_charge
    assert found["ch_1"] == ()
    assert rules(*found["ch_2"]) == [("rec1", Rule.NEAREST)]


def test_two_charges_at_the_same_second_are_named_as_rivals() -> None:
    found = match([a_charge("1"), a_charge("2")], [older()]).by_charge
    (chosen,) = [one for matched in found.values() for one in matched]
    assert chosen.rivals in {("ch_1",), ("ch_2",)}
    assert not found[chosen.rivals[0]]


def test_two_older_rows_at_the_same_second_are_named_as_rivals() -> None:
    first, second = matches_of(a_charge(), older("a", stratagem_id="A"), older("b"))
    assert first.rule is Rule.NEAREST
    assert first.rivals == (second.stratagem.stratagem_id,)


def test_candidates_a_second_apart_are_no_rivals() -> None:
    first, _ = matches_of(a_charge(), older("a"), older("b", created_at=PAID + MINUTE + SECOND))
    assert first.rivals == ()


def test_a_second_older_row_is_a_surplus_of_the_payment_it_follows() -> None:
    found = matches_of(a_charge(), older("1"), older("2", created_at=PAID + HOUR))
    assert rules(*found) == [("rec1", Rule.NEAREST), ("rec2", Rule.SURPLUS)]


def test_an_older_row_after_a_keyed_one_is_a_surplus() -> None:
    charge = a_charge()
    found = matches_of(charge, keyed(charge), older())
    assert rules(*found) == [("rec_ch_1", Rule.KEY), ("rec1", Rule.SURPLUS)]


def test_an_older_row_prefers_a_charge_without_transfer_to_one_with() -> None:
    paid_and_keyed, waiting = a_charge("1", created_at=PAID + SECOND), a_charge("2")
    found = match([paid_and_keyed, waiting], [keyed(paid_and_keyed), older()]).by_charge
    assert rules(*found["ch_2"]) == [("rec1", Rule.NEAREST)]


def test_a_surplus_needs_the_payment_within_seventy_two_hours_too() -> None:
    late = older("late", created_at=PAID + 72 * HOUR + SECOND)
    found = match([a_charge()], [older(), late])
    assert [s.record_id for s in found.unmatched] == ["reclate"]


def test_a_surplus_goes_to_the_last_payment_before_it() -> None:
    first, last = a_charge("1"), a_charge("2", created_at=PAID + HOUR)
    rows = [older("a"), older("b", created_at=PAID + HOUR + SECOND)]
    extra = older("c", created_at=PAID + 2 * HOUR)
    found = match([first, last], [*rows, extra]).by_charge
    assert rules(*found["ch_2"])[1:] == [("recc", Rule.SURPLUS)]


def test_the_payments_that_a_stratagem_names_are_its_key_and_its_notes() -> None:
    stratagem = keyed(a_charge(), stripe_ids=("pi_1", "ch_9"))
    assert named_payments(stratagem) == ("pi_1", "ch_9")
    assert named_payments(older()) == ()


def test_a_charge_beside_an_intent_that_is_named_twice_needs_no_question_of_its_own() -> None:
    told_twice = keyed(a_charge(), stripe_ids=("pi_1", "ch_1"))
    assert asked_payments(told_twice) == ("pi_1",)
    told_once = keyed(a_charge(), stripe_ids=("ch_1",))
    assert asked_payments(told_once) == ("pi_1", "ch_1")
    with_difference = keyed(a_charge(), stripe_ids=("pi_2", "ch_2"))
    assert asked_payments(with_difference) == ("pi_1", "pi_2", "ch_2")
    assert asked_payments(older()) == ()


def test_scripts_read_by_which_rule_a_row_was_found_in_these_words() -> None:
    assert list(Rule) == [
        "stratagem_id",
        "stripe_id_in_notes",
        "citizen_amount_time",
        "surplus_of_same_citizen_and_amount",
    ]
