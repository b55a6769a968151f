"""How what is open is found again, in as few requests as may be."""

from __future__ import annotations

from datetime import timedelta

import pytest

from cascade_cli.domain.history.open_items import (
    OpenItem,
    cheapest_since,
    dormant_of,
    open_items_of,
    without_strangers,
)
from cascade_cli.domain.matching.snapshot import Snapshot
from cascade_cli.domain.shop.keys import Origin
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

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
RECENT = NOW - HOUR


def young(number: int) -> list[OpenItem]:
    """Payments of the hours before, a minute apart."""
    moments = (RECENT - HOUR - timedelta(minutes=minute) for minute in range(number))
    return [OpenItem(f"ch_{at}", at) for at in moments]


def test_without_anything_open_the_window_begins_with_what_is_new() -> None:
    assert cheapest_since([], RECENT, 500) == RECENT


@pytest.mark.parametrize("charges_a_day", [0, 50, 500])
def test_one_old_payment_is_asked_for(charges_a_day: int) -> None:
    assert cheapest_since([OpenItem("ch_1", NOW - 100 * DAY)], RECENT, charges_a_day) == RECENT


def test_many_young_ones_are_listed_and_the_old_one_is_asked_for() -> None:
    leads = [*young(30), OpenItem("ch_old", NOW - 100 * DAY)]
    assert cheapest_since(leads, RECENT, 500) == min(lead.at for lead in leads[:30])


def test_in_a_busy_shop_fewer_are_worth_listing() -> None:
    leads = young(3)
    assert cheapest_since(leads, RECENT, 500) == leads[-1].at
    assert cheapest_since(leads, RECENT, 5_000_000) == RECENT


def test_where_listing_all_is_cheapest_all_is_listed() -> None:
    leads = [OpenItem(f"ch_{day}", RECENT - day * DAY) for day in range(1, 11) for _ in range(9)]
    assert cheapest_since(leads, RECENT, 100) == RECENT - 10 * DAY


def test_transfers_without_a_charge_never_widen_the_window() -> None:
    leads = [OpenItem(None, RECENT - HOUR, (f"rec{number}",)) for number in range(100)]
    assert cheapest_since(leads, RECENT, 1) == RECENT


def test_a_lead_names_the_charge_and_all_its_transfers() -> None:
    charge = a_charge()
    rows = [keyed(charge), a_stratagem("2", stripe_ids=("ch_1",), origin=Origin.PAYMENT)]
    assert list(open_items_of(judge([charge], rows))) == [
        OpenItem("ch_1", PAID, ("rec2", "rec_ch_1"))
    ]


def test_a_credit_by_hand_that_has_not_arrived_is_led_to_once() -> None:
    by_hand = {"origin": Origin.MANUAL, "reason": "prize"}
    made = NOW - HOUR
    live = a_stratagem("live", status="active", created_at=made, expires_at=NOW + HOUR, **by_hand)
    stalled = a_stratagem("dead", status="active", expires_at=made, **by_hand)
    rows = [
        live,
        stalled,
        a_stratagem("done", **by_hand),
        a_stratagem("off", status="cancelled", **by_hand),
    ]
    found = sorted(lead.records for lead in open_items_of(judge([], rows)))
    assert found == [("recdead",), ("reclive",)]


def test_a_dead_row_beside_an_executed_one_is_a_loose_end() -> None:
    plain, untidy = a_charge("1"), a_charge("2", citizen="polo")
    dead = a_stratagem("dead", stripe_ids=("pi_2",), origin=Origin.PAYMENT, status="expired")
    paid = [keyed(plain), keyed(untidy, citizen="polo")]
    result = judge([plain, untidy], [*paid, dead])
    assert not result.items.unsettled
    assert dormant_of(result) == {"recdead": "ch_2"}


def _with_a_stranger() -> Snapshot:
    followed = a_charge("1", created_at=WEEK.since - 50 * HOUR)
    stranger = older("row", created_at=WEEK.since - HOUR)
    return Snapshot(WEEK, (followed,), (stranger,), beyond=frozenset({"ch_1"}))


def test_a_row_that_was_not_remembered_is_no_followed_charge_s() -> None:
    snapshot = _with_a_stranger()
    assert without_strangers(snapshot, TERMS.prices, {"ch_1"}, set()).stratagems == ()
    assert without_strangers(snapshot, TERMS.prices, {"ch_1"}, {"recrow"}) == snapshot
    assert without_strangers(snapshot, TERMS.prices, set(), set()) == snapshot


def test_a_row_of_the_window_may_be_a_followed_charge_s() -> None:
    followed = a_charge("1", created_at=WEEK.since - HOUR)
    snapshot = a_snapshot([followed], [older("row", created_at=WEEK.since + HOUR)])
    assert without_strangers(snapshot, TERMS.prices, {"ch_1"}, set()) == snapshot
