"""Lists: pages, cursors, time ranges, filters."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest

from cascade_cli.sandbox.store import Store
from cascade_cli.sandbox.stripe import StripeAccount, StripeSandbox
from tests.sandbox.stripe.conftest import StoppedClock
from tests.sandbox.stripe.purchases import V1, buy, code, raw


@pytest.fixture
def charges(account: StripeAccount, clock: StoppedClock) -> list[str]:
    """Twelve charges, a minute apart except that two share each moment; newest first."""
    made = [buy(account, clock.time + timedelta(minutes=n // 2))["id"] for n in range(12)]
    return made[::-1]


def ids(page: Any) -> list[str]:
    return [each.id for each in page.data]


def test_ten_come_by_default_newest_first(client: V1, charges: list[str]) -> None:
    page = client.charges.list()
    assert ids(page) == charges[:10]
    assert page.has_more
    assert page.url == "/v1/charges"


def test_charges_of_one_moment_come_last_made_first(client: V1, charges: list[str]) -> None:
    assert ids(client.charges.list({"limit": 2})) == charges[:2]


def test_starting_after_goes_on_towards_older_ones(client: V1, charges: list[str]) -> None:
    page = client.charges.list({"limit": 4, "starting_after": charges[4]})
    assert ids(page) == charges[5:9]
    assert page.has_more


def test_the_last_page_says_that_there_are_no_more(client: V1, charges: list[str]) -> None:
    page = client.charges.list({"limit": 4, "starting_after": charges[7]})
    assert (ids(page), page.has_more) == (charges[8:], False)


def test_ending_before_goes_towards_newer_ones_and_keeps_the_order(
    client: V1, charges: list[str]
) -> None:
    page = client.charges.list({"limit": 4, "ending_before": charges[6]})
    assert (ids(page), page.has_more) == (charges[2:6], True)
    first = client.charges.list({"limit": 4, "ending_before": charges[2]})
    assert (ids(first), first.has_more) == (charges[:2], False)


def test_auto_paging_meets_every_charge_once(client: V1, charges: list[str]) -> None:
    assert [each.id for each in client.charges.list({"limit": 5}).auto_paging_iter()] == charges


@pytest.mark.parametrize("limit", [0, 101, -1])
def test_a_limit_out_of_bounds_is_refused(client: V1, limit: int) -> None:
    expected = (400, "parameter_invalid_integer", "limit")
    assert code(client.charges.list, {"limit": limit}) == expected


def test_an_unknown_cursor_is_refused(client: V1) -> None:
    for name in ("starting_after", "ending_before"):
        assert code(client.charges.list, {name: "ch_3No"}) == (400, "resource_missing", name)


def test_a_cursor_of_another_kind_is_unknown(client: V1, charges: list[str]) -> None:
    intent = client.charges.retrieve(charges[0]).payment_intent
    expected = (400, "resource_missing", "starting_after")
    assert code(client.charges.list, {"starting_after": intent}) == expected


def test_both_cursors_at_once_are_refused(client: V1, charges: list[str]) -> None:
    params = {"starting_after": charges[0], "ending_before": charges[1]}
    assert code(client.charges.list, params)[1] == "parameters_exclusive"


@pytest.mark.parametrize(
    ("bounds", "expected"),
    [
        ({"gte": 120}, slice(0, 8)),
        ({"gt": 120}, slice(0, 6)),
        ({"lt": 120}, slice(8, 12)),
        ({"lte": 120}, slice(6, 12)),
        ({"gte": 60, "lt": 180}, slice(6, 10)),
    ],
)
def test_created_bounds(
    client: V1, charges: list[str], clock: StoppedClock, bounds: dict[str, int], expected: slice
) -> None:
    epoch = int(clock.time.timestamp())
    created: Any = {name: epoch + seconds for name, seconds in bounds.items()}
    assert ids(client.charges.list({"created": created, "limit": 100})) == charges[expected]


def test_created_as_a_number_is_that_second(
    client: V1, charges: list[str], clock: StoppedClock
) -> None:
    page = client.charges.list({"created": int(clock.time.timestamp())})
    assert ids(page) == charges[10:]


def test_bounds_and_cursor_work_together(
    client: V1, charges: list[str], clock: StoppedClock
) -> None:
    since: Any = {"gte": int(clock.time.timestamp()) + 60}
    page = client.charges.list({"created": since, "starting_after": charges[7]})
    assert ids(page) == charges[8:10]


def test_charges_filter_by_payment_intent(client: V1, charges: list[str]) -> None:
    intent = client.charges.retrieve(charges[3]).payment_intent
    assert isinstance(intent, str)
    assert ids(client.charges.list({"payment_intent": intent})) == [charges[3]]


def test_charges_filter_by_customer(
    client: V1, account: StripeAccount, clock: StoppedClock
) -> None:
    customer = client.customers.create({"email": "nicolo@venice.example"}).id
    buy(account, clock.time)
    mine = buy(account, clock.time, customer=customer)["id"]
    assert ids(client.charges.list({"customer": customer})) == [mine]


def test_charges_filter_by_transfer_group(client: V1, charges: list[str]) -> None:
    client.charges.update(charges[2], {"transfer_group": "rialto"})
    assert ids(client.charges.list({"transfer_group": "rialto"})) == [charges[2]]


@pytest.mark.parametrize("name", ["payment_intent", "customer"])
def test_a_filter_by_something_that_does_not_exist_is_refused(client: V1, name: str) -> None:
    assert code(client.charges.list, {name: "xx_No"}) == (400, "resource_missing", name)


@pytest.mark.parametrize("name", ["status", "metadata"])
def test_charges_cannot_be_filtered_by_status_or_metadata(client: V1, name: str) -> None:
    assert code(client.charges.list, {name: "succeeded"}) == (400, "parameter_unknown", name)


def test_a_page_is_found_by_index_without_sorting(store: Store) -> None:
    with store.read() as connection:
        rows = connection.execute(
            "EXPLAIN QUERY PLAN SELECT body FROM stripe_objects WHERE object = 'charge'"
            " AND created >= 5 AND (created, seq) < (9, 9) ORDER BY created DESC, seq DESC LIMIT 9"
        ).fetchall()
    (step,) = [row[3] for row in rows]
    assert "USING INDEX stripe_newest" in step


def test_a_list_is_plain_json_for_other_clients(sandbox: StripeSandbox, charges: list[str]) -> None:
    document = json.loads(raw(sandbox, "GET", "/v1/charges?limit=1").body)
    assert list(document) == ["object", "data", "has_more", "url"]
    assert document["data"][0]["id"] == charges[0]
