"""Who gets how much of one payment: the text that says so, and the portions that come of it."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cascade_cli.adapters.stripe.purchase_parser import (
    ALLOCATION,
    allocation_in,
    allocation_metadata,
    divided,
    nothing_kept,
)
from cascade_cli.domain.discrepancies.kinds import Kind
from cascade_cli.domain.discrepancies.refund_plan import obstacle_to, picture_of
from cascade_cli.domain.matching.snapshot import Lookups, matched_charge_of
from cascade_cli.domain.records.orders import order_for_charge, payment_facts
from cascade_cli.domain.records.stratagems import Stratagem
from cascade_cli.domain.selling.allocation import (
    LONGEST_PIECE,
    MOST_CITIZENS,
    Allocation,
    Share,
    fits,
    portions_of,
    read_allocation,
)
from tests.domain.samples import TERMS, a_charge, a_stratagem, judge, keyed

_NAMES = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=1)
_NAMES = _NAMES.filter(lambda name: bool(name.strip()) and len(name) <= 200)
_DUCATS = st.decimals("0.000001", "10000", places=6).map(lambda ducats: ducats.normalize() + 0)
ALLOCATIONS = st.lists(
    st.builds(Share, _NAMES, _DUCATS), min_size=1, max_size=60, unique_by=lambda s: s.citizen
).map(lambda shares: Allocation(tuple(shares)))

THREE = Allocation(
    (
        Share("marco", Decimal(100)),
        Share("lucia", Decimal("50.5")),
        Share("zuan", Decimal(20)),
    )
)
WHOLE = a_charge("guild", captured_cents=1705, citizen=None, ducats=None)
MARCO, LUCIA, ZUAN = portions_of(WHOLE, THREE)


@given(ALLOCATIONS)
def test_the_text_says_all_of_it(allocation: Allocation) -> None:
    assert read_allocation(allocation.text) == allocation


@given(ALLOCATIONS)
def test_no_place_can_change_the_text(allocation: Allocation) -> None:
    assert allocation.text.isascii()
    assert allocation.text.isprintable()
    assert " " not in allocation.text


@given(ALLOCATIONS)
def test_the_metadata_gives_back_what_was_sold_or_says_that_it_has_no_room(
    allocation: Allocation,
) -> None:
    metadata = allocation_metadata(allocation)
    assert len(metadata) <= 40
    assert all(len(value) <= LONGEST_PIECE for value in metadata.values())
    assert fits(allocation) == (f"{ALLOCATION}_1" in metadata)
    kept = {allocation.digest: allocation}
    assert allocation_in(metadata, kept.get) == allocation
    if fits(allocation):
        assert allocation_in(metadata, nothing_kept) == allocation


@given(ALLOCATIONS, st.data())
def test_an_edited_allocation_is_no_allocation(allocation: Allocation, data: st.DataObject) -> None:
    metadata = allocation_metadata(allocation)
    key = data.draw(st.sampled_from(sorted(metadata)))
    at = data.draw(st.integers(0, len(metadata[key]) - 1))
    other = data.draw(st.sampled_from("0123456789ab=,;:"))
    edited = metadata[key][:at] + other + metadata[key][at + 1 :]
    if edited == metadata[key]:
        return
    (charge,) = divided(WHOLE, metadata | {key: edited}, nothing_kept)
    assert charge.unallocated
    assert charge.citizen is None


def test_neither_citizen_nor_ducats_stand_where_an_older_webhook_looks_for_them() -> None:
    assert allocation_metadata(THREE).keys() == {"allocation", "allocation_1"}


@pytest.mark.parametrize(
    ("shares", "why"),
    [
        ((), "names nobody"),
        ((Share("marco", Decimal(1)), Share("marco", Decimal(2))), "'marco' stands in 2 rows"),
        ((Share(" ", Decimal(1)),), "' ' is not a citizen's name"),
        (tuple(Share(str(n), Decimal(1)) for n in range(MOST_CITIZENS + 1)), "1001 citizens"),
        ((Share("x" * 201, Decimal(1)),), "is not a citizen's name"),
        ((Share("mar\0co", Decimal(1)),), "is not a citizen's name"),
        ((Share("half a sign: \ud83d", Decimal(1)),), "is not a citizen's name"),
    ],
)
def test_what_nobody_could_be_credited_by_is_refused(shares: tuple[Share, ...], why: str) -> None:
    with pytest.raises(ValueError, match=why):
        Allocation(shares)


def test_a_thousand_citizens_and_a_name_of_two_hundred_letters_can_be_credited() -> None:
    assert len(Allocation(tuple(Share(str(n), Decimal(1)) for n in range(1000))).shares) == 1000
    assert Allocation((Share("x" * 200, Decimal(1)),)).total == Decimal(1)


def test_the_text_and_the_digest_of_what_was_sold_years_ago_are_still_the_same() -> None:
    """Both lie in Stripe and in journals, and are compared with what this version makes."""
    shares = (("marco", "100"), ("Zoë d/Este", "100.0"), ("lucia", "50.50"))
    sold = Allocation(tuple(Share(citizen, Decimal(ducats)) for citizen, ducats in shares))
    assert sold.text == "100=marco,Zo%C3%AB%20d%2FEste;50.5=lucia"
    assert sold.digest == "ce8bac349255a29d518dbd6344ec89fb"


@pytest.mark.parametrize("text", ["", "marco", "100", "100=", "ten=marco", "100=%ff", "-1=marco"])
def test_what_was_never_written_as_an_allocation_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"\w"):
        read_allocation(text)


def test_stripe_s_metadata_takes_36_values_of_500_characters_and_not_one_more() -> None:
    full, over = _of_length(36 * 500), _of_length(36 * 500 + 1)
    values = [value for key, value in allocation_metadata(full).items() if key != ALLOCATION]
    assert [len(value) for value in values] == [500] * 36
    assert allocation_metadata(over).keys() == {ALLOCATION}


def _of_length(length: int) -> Allocation:
    """Some citizens, and one whose name makes the text so long."""
    names = [f"{number:0>170}" for number in range(105)]
    text = f"1={','.join(names)},"
    return read_allocation(text + "x" * (length - len(text)))


@given(ALLOCATIONS, st.integers(0, 10**9))
def test_the_portions_are_together_the_whole_payment(allocation: Allocation, cents: int) -> None:
    portions = portions_of(replace(WHOLE, captured_cents=cents), allocation)
    assert sum(portion.own_cents for portion in portions) == cents
    assert all(portion.own_cents >= 0 for portion in portions)
    assert len({portion.stratagem_id for portion in portions}) == len(portions)
    assert len({portion.id for portion in portions}) == len(portions)


def test_a_portion_is_known_by_its_number_and_shows_stripe_s_own_ids() -> None:
    assert (LUCIA.id, LUCIA.charge_id, LUCIA.payment_id) == (
        "ch_guild.2",
        "ch_guild",
        "pi_guild.2",
    )
    assert LUCIA.stratagem_id == "cascade_payment_pi_guild.2"
    facts = payment_facts(LUCIA)
    assert (facts["payment_intent"], facts["charge"], facts["portion"]) == (
        "pi_guild",
        "ch_guild",
        2,
    )
    assert facts["amount_cents"] == 505


def test_a_portion_says_whose_it_is_as_if_it_had_been_sold_alone() -> None:
    said = [(one.citizen_text, one.ducats_text) for one in (MARCO, LUCIA, ZUAN)]
    assert said == [("marco", "100"), ("lucia", "50.5"), ("zuan", "20")]


def test_a_portion_says_how_many_there_are() -> None:
    parts = [one.portion for one in (MARCO, LUCIA, ZUAN) if one.portion]
    assert [(part.number, part.of) for part in parts] == [(1, 3), (2, 3), (3, 3)]


def test_the_whole_is_judged_by_the_price_of_all_its_ducats() -> None:
    assert not judge([MARCO, LUCIA, ZUAN], [keyed(MARCO), *_rows()]).discrepancies
    cheap = portions_of(replace(WHOLE, captured_cents=800), THREE)
    result = judge(cheap, [keyed(cheap[0]), *_rows()])
    assert result.counts == {Kind.UNDERPAID: 3}
    # 9.05 of 17.05 USD are missing: their ducats are at risk once, not three times.
    assert sum(item.at_risk for item in result.items) == Decimal("90.5")


def _rows() -> list[Stratagem]:
    return [
        keyed(LUCIA, citizen="lucia", ducats=Decimal("50.5")),
        keyed(ZUAN, citizen="zuan", ducats=Decimal(20)),
    ]


def test_a_transfer_that_names_the_whole_payment_is_the_portion_s_of_its_citizen() -> None:
    by_hand = a_stratagem(
        stratagem_id="cascade_payment_pi_guild",
        citizen="lucia",
        ducats=Decimal("50.5"),
        origin=keyed(LUCIA).origin,
    )
    result = judge([MARCO, LUCIA, ZUAN], [by_hand])
    kinds = {item.citizen: item.kind for item in result.items}
    assert kinds == {"marco": Kind.MISSING, "lucia": Kind.SETTLED, "zuan": Kind.MISSING}


def test_one_who_is_not_among_them_has_got_somebody_else_s_ducats() -> None:
    stranger = a_stratagem(
        stratagem_id="cascade_payment_pi_guild", citizen="polo", origin=keyed(LUCIA).origin
    )
    result = judge([MARCO, LUCIA, ZUAN], [stranger])
    assert [i.stratagems for i in result.items if i.kind is Kind.ORPHAN] == [(stranger,)]


def test_the_evidence_about_a_portion_tells_its_part_of_what_went_back() -> None:
    (item,) = judge([replace(LUCIA, refunded_cents=341)]).items
    assert any(line.startswith("1.01 USD went back") for line in item.evidence), item.evidence
    assert (
        sum(replace(one, refunded_cents=1705).own_refunded_cents for one in (MARCO, LUCIA, ZUAN))
        == 1705
    )


def test_a_payment_for_nobody_knows_whom_is_never_credited() -> None:
    metadata = {ALLOCATION: allocation_metadata(THREE)[ALLOCATION]}
    (nobody,) = divided(WHOLE, metadata, nothing_kept)
    (item,) = judge([nobody]).items
    assert (item.kind, item.at_risk) == (Kind.UNATTRIBUTABLE, Decimal("170.5"))
    assert "kept in the journal" in item.verdict
    assert not (item.repair and item.repair.automatic)
    with pytest.raises(ValueError, match="sold for 3 citizens"):
        order_for_charge(replace(nobody, citizen="marco"), "", {})


def test_whose_money_went_back_is_not_settled_while_nobody_knows_whom_it_was_for() -> None:
    metadata = {ALLOCATION: allocation_metadata(THREE)[ALLOCATION]}
    (nobody,) = divided(replace(WHOLE, refunded_cents=1705), metadata, nothing_kept)
    (item,) = judge([nobody]).items
    assert item.kind is Kind.UNATTRIBUTABLE
    picture = picture_of(matched_charge_of(nobody, (), Lookups(), TERMS), {})
    assert "kept in the journal" in obstacle_to(picture)
