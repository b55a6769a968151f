"""What is set aside as plainly settled: the verdicts are those of the full path, to the letter."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cascade_cli.domain.discrepancies.kinds import Kind
from cascade_cli.domain.matching.fast_path import CachedFastPath, PlainlySettled, take_fast_path
from cascade_cli.domain.matching.matched_charge import Terms
from cascade_cli.domain.matching.matching import match
from cascade_cli.domain.matching.pending_lookups import (
    PendingLookups,
    earlier_window,
    keys_to_look_up,
    later_window,
)
from cascade_cli.domain.matching.snapshot import Lookups, Snapshot
from cascade_cli.domain.reconcile.reconciliation import reconcile
from cascade_cli.domain.records.charges import Charge
from cascade_cli.domain.records.stratagems import Stratagem
from cascade_cli.domain.selling.pricing import PriceList
from cascade_cli.domain.shop.exchange import Exchange, OwnRates, Rates
from cascade_cli.domain.shop.keys import PAYMENT_PREFIX, Origin
from cascade_cli.domain.shop.times import Window
from tests.domain.generated import snapshots
from tests.domain.samples import (
    NOW,
    PAID,
    TERMS,
    WEEK,
    a_charge,
    a_snapshot,
    a_stratagem,
    judge,
    keyed,
    older,
)

HOUR = timedelta(hours=1)


def nothing(snapshot: Snapshot, _prices: PriceList) -> tuple[PlainlySettled, Snapshot]:
    """Leave all to the full path."""
    return PlainlySettled([], []), snapshot


def names_of(snapshot: Snapshot) -> list[str]:
    plain, _ = take_fast_path(snapshot, TERMS.prices)
    return [charge.id for charge in plain.charges]


def assert_same_verdicts(snapshot: Snapshot, terms: Terms = TERMS) -> None:
    quick, whole = reconcile(snapshot, terms), reconcile(snapshot, terms, nothing)
    assert list(quick.items) == list(whole.items)
    assert quick == whole


Odd = dict[str, Any]
# What makes a charge, or its transfer, or both, something to think about.
OF_CHARGE: Sequence[Odd] = (
    {"refunded_cents": 1},
    {"refunded_cents": 1000},
    {"disputed": True},
    {"captured_cents": 998},
    {"citizen": None},
    {"citizen": "polo"},
    {"ducats": None},
    {"ducats": Decimal("100.1")},
    {"rate": Decimal("0.11")},
    {"payment_intent": None},
    {"created_at": WEEK.since - HOUR},
    {"created_at": WEEK.until},
)
OF_STRATAGEM: Sequence[Odd] = (
    {"status": "active"},
    {"status": "failed"},
    {"status": "executed "},
    {"ducats": None},
    {"ducats": Decimal("99.9")},
    {"citizen": "Marco"},
    {"origin": Origin.LEGACY},
    {"stratagem_id": "cascade_payment_pi_Other"},
)
OF_BOTH: Sequence[Odd] = (
    {"citizen": ""},
    {"ducats": None},
    {"ducats": Decimal(0)},
    {"ducats": Decimal("0E+3")},
)


def a_pair(
    charge: Odd | None = None, stratagem: Odd | None = None, name: str = "1"
) -> tuple[Charge, Stratagem]:
    sold = a_charge(name, **(charge or {}))
    return sold, replace(keyed(a_charge(name)), **(stratagem or {}))


@pytest.mark.parametrize(
    ("charge", "stratagem"),
    [
        *((odd, {}) for odd in OF_CHARGE),
        *(({}, odd) for odd in OF_STRATAGEM),
        *((odd, odd) for odd in OF_BOTH),
    ],
)
def test_what_is_odd_is_thought_about(charge: Odd, stratagem: Odd) -> None:
    sold, made = a_pair(charge, stratagem)
    assert names_of(a_snapshot([sold], [made])) == []
    assert_same_verdicts(a_snapshot([sold], [made]))


@pytest.mark.parametrize(
    ("charge", "stratagem"),
    [
        ({}, {}),
        ({"captured_cents": 999}, {}),
        ({"captured_cents": 1, "currency": "eur"}, {}),
        ({"created_at": WEEK.since}, {}),
        ({}, {"created_at": NOW}),
        ({}, {"ducats": Decimal("100.000")}),
        ({}, {"instead_of": "marco"}),
        ({}, {"stripe_ids": ("pi_1", "ch_1")}),
        ({}, {"success_logged": True, "engine_log": "Successfully transferred"}),
    ],
)
def test_what_is_not_odd_is_set_aside_and_settled(charge: Odd, stratagem: Odd) -> None:
    sold, made = a_pair(charge, stratagem)
    snapshot = a_snapshot([sold], [made])
    assert names_of(snapshot) == ["ch_1"]
    assert reconcile(snapshot, TERMS).counts == {Kind.SETTLED: 1}
    assert_same_verdicts(snapshot)


CONCERNING: Sequence[Charge | Stratagem] = (
    # Another transfer under the same key, or that names the payment or the charge.
    keyed(a_charge(), record_id="recTwin"),
    keyed(a_charge(), record_id="recTwin", status="active"),
    a_stratagem("2", stripe_ids=("pi_1",), origin=Origin.PAYMENT),
    a_stratagem("2", stripe_ids=("ch_1",), origin=Origin.PAYMENT),
    a_stratagem("2", stratagem_id=f"{PAYMENT_PREFIX}ch_1", origin=Origin.PAYMENT),
    # The older connector credited the same citizen and amount, up to 72 hours later.
    older("2"),
    older("2", created_at=PAID),
    older("2", created_at=PAID + 72 * HOUR),
    # Another charge of the same intent, paid before or after.
    a_charge("2", payment_intent="pi_1", created_at=PAID - HOUR),
    a_charge("2", payment_intent="pi_1", created_at=PAID + HOUR),
    # A charge that is called what this intent is called.
    a_charge("2", id="pi_1"),
    a_charge("2", payment_intent="ch_1"),
)


@pytest.mark.parametrize("concerning", CONCERNING)
@pytest.mark.parametrize("is_first", [True, False])
def test_what_something_else_concerns_is_thought_about(
    concerning: Charge | Stratagem, is_first: bool
) -> None:
    pairs = [a_pair(), a_pair(name="plain", charge={"citizen": "x"}, stratagem={"citizen": "x"})]
    charges, stratagems = [c for c, _ in pairs], [s for _, s in pairs]
    place = 0 if is_first else len(pairs)
    if isinstance(concerning, Charge):
        charges.insert(place, concerning)
    else:
        stratagems.insert(place, concerning)
    assert "ch_1" not in names_of(a_snapshot(charges, stratagems))
    assert_same_verdicts(a_snapshot(charges, stratagems))


@pytest.mark.parametrize(
    "elsewhere",
    [
        older("2", citizen="polo"),
        older("2", ducats=Decimal(99)),
        older("2", created_at=PAID - HOUR),
        older("2", created_at=PAID + 72 * HOUR + timedelta(seconds=1)),
        a_stratagem("2", stripe_ids=("pi_10",), origin=Origin.PAYMENT),
        a_charge("2"),
    ],
)
def test_what_does_not_concern_it_changes_nothing(elsewhere: Charge | Stratagem) -> None:
    sold, made = a_pair()
    others = [elsewhere] if isinstance(elsewhere, Charge) else []
    rows = [elsewhere] if isinstance(elsewhere, Stratagem) else []
    snapshot = a_snapshot([sold, *others], [made, *rows])
    assert names_of(snapshot) == ["ch_1"]
    assert_same_verdicts(snapshot)


@pytest.mark.parametrize("intent", ["pi_1-2", "pi_", "1", "pi_1\npi_2", "ch_2"])
def test_an_id_that_stripe_never_makes_leaves_all_to_the_full_path(intent: str) -> None:
    odd = a_charge("odd", payment_intent=intent)
    sold, made = a_pair()
    snapshot = a_snapshot([sold, odd], [made, keyed(odd)])
    assert names_of(snapshot) == []
    assert_same_verdicts(snapshot)


@pytest.mark.parametrize("ids", [("p", "ch_y_1"), ("c", "py_h_1"), ("ch_1\npy_2",), ("ch_",)])
def test_ids_that_look_usual_only_side_by_side_leave_all_to_the_full_path(
    ids: tuple[str, ...],
) -> None:
    odd = [a_charge(str(number), id=name) for number, name in enumerate(ids, start=2)]
    sold, made = a_pair()
    snapshot = a_snapshot([sold, *odd], [made, *map(keyed, odd)])
    assert names_of(snapshot) == []
    assert_same_verdicts(snapshot)


def test_a_charge_without_an_intent_does_not_hinder_the_others() -> None:
    odd = a_charge("odd", payment_intent=None)
    sold, made = a_pair()
    snapshot = a_snapshot([sold, odd], [made, replace(keyed(odd), stratagem_id=PAYMENT_PREFIX)])
    assert names_of(snapshot) == ["ch_1"]
    assert_same_verdicts(snapshot)


@pytest.mark.parametrize("odd", [{"rate": Decimal("0.11")}, {"ducats": Decimal(101)}])
def test_the_price_of_one_sale_is_not_taken_for_another_s(odd: Odd) -> None:
    same = {"ducats": odd["ducats"]} if "ducats" in odd else {}
    pairs = [a_pair(), a_pair(odd, same, name="2"), a_pair({"currency": "eur"}, name="3")]
    pairs.append(a_pair({"currency": "usd", "captured_cents": 500}, name="4"))
    snapshot = a_snapshot([c for c, _ in pairs], [s for _, s in pairs])
    assert names_of(snapshot) == ["ch_1", "ch_3"]
    assert names_of(replace(snapshot, charges=snapshot.charges[::-1])) == ["ch_3", "ch_1"]


def test_two_plain_charges_whose_ids_are_each_others_intents_are_thought_about() -> None:
    one, other = a_charge("1", id="pi_2"), a_charge("2", id="pi_3")
    snapshot = a_snapshot([one, other], [keyed(one), keyed(other)])
    assert names_of(snapshot) == []
    assert_same_verdicts(snapshot)


def test_the_settled_come_last_and_in_order_of_time_however_they_were_found() -> None:
    late, early = a_pair(name="b"), a_pair(name="c", charge={"created_at": PAID - 9 * HOUR})
    between = a_charge("a", citizen="polo", created_at=PAID - HOUR)
    missing = a_charge("d", citizen="x")
    items = reconcile(
        a_snapshot(
            [late[0], early[0], between, missing], [late[1], early[1], older("9", citizen="polo")]
        ),
        TERMS,
    ).items
    assert [item.name for item in items] == ["ch_d", "ch_c", "ch_a", "ch_b"]
    assert [items[i] for i in range(4)] == list(items)
    assert items[-1] == items[1:][2]


def test_nothing_is_lost_between_the_plain_and_the_rest() -> None:
    pairs = [a_pair(name=str(number)) for number in range(9)]
    odd = [a_pair({"disputed": True}, name=f"odd{number}") for number in range(3)]
    snapshot = a_snapshot([c for c, _ in pairs + odd], [s for _, s in pairs + odd])
    plain, rest = take_fast_path(snapshot, TERMS.prices)
    assert {*plain.charges, *rest.charges} == {*snapshot.charges}
    assert {*plain.stratagems, *rest.stratagems} == {*snapshot.stratagems}
    assert (len(plain), len(rest.charges)) == (9, 3)


def test_a_charge_that_is_judged_beyond_the_window_may_be_plain_too() -> None:
    sold, made = a_pair({"created_at": WEEK.since - HOUR})
    snapshot = a_snapshot([sold], [made])
    assert names_of(snapshot) == []
    snapshot = replace(snapshot, beyond=frozenset({sold.id}))
    assert names_of(snapshot) == ["ch_1"]
    assert_same_verdicts(snapshot)


@given(snapshots())
def test_the_rest_asks_and_fetches_all_that_the_whole_would(snapshot: Snapshot) -> None:
    _, rest = take_fast_path(snapshot, TERMS.prices)
    of_rest, of_all = (match(w.charges, w.stratagems) for w in (rest, snapshot))
    assert keys_to_look_up(of_rest, rest) == keys_to_look_up(of_all, snapshot)
    assert earlier_window(of_rest, rest) == earlier_window(of_all, snapshot)
    assert later_window(of_rest, rest) == later_window(of_all, snapshot)
    asked, all_asked = (
        vars(PendingLookups(snapshot, TERMS, "P", a)) for a in (take_fast_path, nothing)
    )
    assert asked == all_asked


@given(snapshots())
def test_any_world_is_judged_as_the_full_path_judges_it(snapshot: Snapshot) -> None:
    assert_same_verdicts(snapshot)


_pairs = st.builds(
    a_pair,
    st.sampled_from([{}, {}, {}, *OF_CHARGE]),
    st.sampled_from([{}, {}, {}, *OF_STRATAGEM]),
    st.sampled_from(["1", "2", "3", "4"]),
)


@given(st.lists(_pairs, max_size=6), st.lists(st.sampled_from(CONCERNING), max_size=3))
def test_a_mostly_plain_world_is_judged_as_the_full_path_judges_it(
    pairs: list[tuple[Charge, Stratagem]], beside: list[Charge | Stratagem]
) -> None:
    charges = {c.id: c for c in [*(c for c, _ in pairs), *beside] if isinstance(c, Charge)}
    rows = {s.record_id: s for s in [*(s for _, s in pairs), *beside] if isinstance(s, Stratagem)}
    assert_same_verdicts(a_snapshot(charges.values(), rows.values()))


def test_the_same_rows_are_looked_at_once_whatever_was_answered_meanwhile() -> None:
    once, snapshot = CachedFastPath(), a_snapshot([a_charge()], [keyed(a_charge())])
    plain, rest = once(snapshot, TERMS.prices)
    answered = replace(snapshot, lookups=Lookups(citizens={"marco": True}))
    same, of_answered = once(answered, TERMS.prices)
    assert same is plain
    assert of_answered == replace(rest, lookups=answered.lookups)


def test_other_rows_are_looked_at_anew() -> None:
    once, snapshot = CachedFastPath(), a_snapshot([a_charge()], [keyed(a_charge())])
    once(snapshot, TERMS.prices)
    refunded = replace(snapshot, charges=(a_charge(refunded_cents=1),))
    later = replace(snapshot, window=Window(NOW, NOW + HOUR))
    for other in (refunded, later, replace(later, beyond=frozenset({snapshot.charges[0].id}))):
        assert once(other, TERMS.prices) == take_fast_path(other, TERMS.prices)


def test_a_price_is_remembered_for_its_own_currency_only() -> None:
    """A sale in euros, whose price nobody checks, says nothing of the same sale in dollars."""
    euros, dollars = (
        a_charge("1", currency="eur", captured_cents=60),
        a_charge("2", captured_cents=60),
    )
    result = judge([euros, dollars], [keyed(euros), keyed(dollars)])
    assert result.counts == {Kind.SETTLED: 1, Kind.UNDERPAID: 1}
    assert [item.charge for item in result.discrepancies] == [dollars]


_DEARER = PriceList(rate=Decimal("0.20"), lowest_rate=Decimal("0.20"))
_EUROS = [Exchange(Decimal(rate), PAID.date() - 3 * HOUR * 24) for rate in ("0.5", "0.8")]
ABROAD = replace(
    TERMS,
    prices=PriceList(
        changes=(((PAID - HOUR * 24).date(), _DEARER),),
        rates=OwnRates({"eur": (_EUROS[0], Exchange(Decimal("0.9"), PAID.date()))}, Rates()),
    ),
)
_sales = st.builds(
    lambda name, odd, currency, exchange, days: a_pair(
        {
            **odd,
            "currency": currency,
            "exchange": exchange,
            "created_at": PAID - HOUR * 24 * days,
        },
        name=name,
    ),
    st.sampled_from(["1", "2", "3", "4"]),
    st.sampled_from([{}, {"captured_cents": 500}, {"captured_cents": 700}]),
    st.sampled_from(["usd", "eur", "jpy"]),
    st.sampled_from([None, *_EUROS]),
    st.integers(0, 5),
)


@given(st.lists(_sales, max_size=8, unique_by=lambda pair: pair[0].id))
def test_prices_that_change_by_the_day_and_other_currencies_are_judged_alike(
    pairs: list[tuple[Charge, Stratagem]],
) -> None:
    assert_same_verdicts(a_snapshot([c for c, _ in pairs], [s for _, s in pairs]), ABROAD)


def test_a_price_is_remembered_for_its_own_day_only() -> None:
    before, after = (
        a_charge(name, created_at=PAID - HOUR * 24 * days) for name, days in (("1", 3), ("2", 0))
    )
    snapshot = a_snapshot([before, after], [keyed(before), keyed(after)])
    result = reconcile(snapshot, ABROAD)
    assert [item.charge for item in result.discrepancies] == [after]
