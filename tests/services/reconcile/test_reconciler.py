"""Gathering: what has to be asked beyond the two listings, through HTTP."""

from __future__ import annotations

from contextlib import closing
from datetime import UTC, datetime, timedelta
from threading import Barrier

import pytest

from cascade_cli.domain.discrepancies.kinds import Kind
from cascade_cli.domain.matching.matched_charge import Terms
from cascade_cli.domain.selling.pricing import PriceList
from cascade_cli.domain.shop.engine_schedule import parse_schedule
from cascade_cli.domain.shop.times import Window
from cascade_cli.errors import ServiceError
from cascade_cli.sandbox.app import SandboxApp
from cascade_cli.sandbox.server import SandboxServer
from cascade_cli.sandbox.wire import Request, Response
from cascade_cli.services.reconcile.gather import Run
from cascade_cli.wiring.reading import Wiring
from tests.harness.sandboxed import Sandboxed, served

NOW = datetime(2026, 11, 20, 15, 0, tzinfo=UTC)
SINCE = NOW - timedelta(days=7)
HOUR, MINUTE = timedelta(hours=1), timedelta(minutes=1)
TERMS = Terms(NOW, 15 * MINUTE, parse_schedule("every 10m"), PriceList())


def run(wiring: Wiring, since: datetime = SINCE, until: datetime = NOW) -> Run:
    return wiring.reconciler.run(Window(since, until), TERMS)


def kinds(run: Run) -> dict[str, Kind]:
    return {item.charge.id: item.kind for item in run.result.items if item.charge}


def legacy_id(at: datetime) -> str:
    return f"cascade_payment_marco_{int(at.timestamp())}"


@pytest.fixture(autouse=True)
def marco(sandboxed: Sandboxed) -> None:
    sandboxed.move_in("marco", SINCE - timedelta(days=300))


def test_a_transfer_made_before_the_window_is_found_by_its_key(
    sandboxed: Sandboxed, wiring: Wiring
) -> None:
    paid = sandboxed.pay(SINCE + MINUTE)
    sandboxed.transfer(f"cascade_payment_{paid['payment_intent']}", SINCE - HOUR)
    assert kinds(run(wiring)) == {paid["id"]: Kind.SETTLED}


def test_a_transfer_made_after_the_window_settles_a_charge_within_it(
    sandboxed: Sandboxed, wiring: Wiring
) -> None:
    paid = sandboxed.pay(NOW - 100 * HOUR)
    sandboxed.transfer(f"cascade_payment_{paid['payment_intent']}", NOW - HOUR)
    assert kinds(run(wiring, until=NOW - 90 * HOUR)) == {paid["id"]: Kind.SETTLED}


def test_a_transfer_for_a_payment_before_the_window_is_looked_up_and_no_orphan(
    sandboxed: Sandboxed, wiring: Wiring
) -> None:
    paid = sandboxed.pay(SINCE - timedelta(days=30))
    sandboxed.transfer(f"cascade_payment_{paid['payment_intent']}", SINCE + HOUR)
    result = run(wiring).result
    assert (list(result.items), result.elsewhere) == ([], 1)


def test_a_transfer_for_an_unknown_payment_is_an_orphan(
    sandboxed: Sandboxed, wiring: Wiring
) -> None:
    sandboxed.transfer("cascade_payment_pi_unknown", SINCE + HOUR)
    assert run(wiring).result.counts == {Kind.ORPHAN: 1}


def test_an_older_row_of_a_payment_before_the_window_is_no_orphan(
    sandboxed: Sandboxed, wiring: Wiring
) -> None:
    sandboxed.pay(SINCE - HOUR)
    sandboxed.transfer(legacy_id(SINCE + HOUR), SINCE + HOUR)
    assert list(run(wiring).result.items) == []


def test_an_older_row_of_a_payment_before_the_window_is_no_second_credit(
    sandboxed: Sandboxed, wiring: Wiring
) -> None:
    sandboxed.pay(SINCE - HOUR)
    paid = sandboxed.pay(SINCE + HOUR)
    for at in (SINCE + HOUR + MINUTE, SINCE + 2 * HOUR):
        sandboxed.transfer(legacy_id(at), at)
    assert kinds(run(wiring)) == {paid["id"]: Kind.SETTLED}


def test_a_payment_after_the_window_keeps_its_row_and_the_missing_one_stays_missing(
    sandboxed: Sandboxed, wiring: Wiring
) -> None:
    missing = sandboxed.pay(NOW - 30 * HOUR)
    sandboxed.pay(NOW - 20 * HOUR)
    at = NOW - 20 * HOUR + MINUTE
    sandboxed.transfer(legacy_id(at), at)
    assert kinds(run(wiring, until=NOW - 25 * HOUR)) == {missing["id"]: Kind.MISSING}


def test_only_the_citizens_of_what_has_not_arrived_are_asked_for(
    sandboxed: Sandboxed, wiring: Wiring
) -> None:
    settled, missing = sandboxed.pay(NOW - HOUR), sandboxed.pay(NOW - HOUR, "polo")
    sandboxed.transfer(f"cascade_payment_{settled['payment_intent']}", NOW - HOUR)
    assert kinds(run(wiring))[missing["id"]] is Kind.UNKNOWN_CITIZEN
    (asked,) = [r.query for r in sandboxed.recorder.to("airtable") if "CITIZENS" in r.path]
    assert "polo" in asked
    assert "marco" not in asked


def test_a_citizen_spelt_in_another_case_is_proposed(sandboxed: Sandboxed, wiring: Wiring) -> None:
    sandboxed.pay(NOW - HOUR, "MARCO")
    (item,) = run(wiring).result.items
    assert item.repair is not None
    assert item.repair.command.startswith("cascade credit marco 100 ")


def test_disputes_are_looked_up_for_disputed_charges_only(
    sandboxed: Sandboxed, wiring: Wiring
) -> None:
    charges = [sandboxed.pay(NOW - HOUR) for _ in range(3)]
    for charge in charges:
        sandboxed.transfer(f"cascade_payment_{charge['payment_intent']}", NOW - HOUR)
    sandboxed.app.stripe.account.dispute(charges[0]["id"], at=NOW)
    assert kinds(run(wiring))[charges[0]["id"]] is Kind.DISPUTED
    asked = [r.query for r in sandboxed.recorder.to("stripe") if "disputes" in r.path]
    assert asked == [f"charge={charges[0]['id']}&limit=100&expand%5B0%5D=data.charge"]


def test_what_the_listings_leave_open_is_asked_all_at_once(sandboxed: Sandboxed) -> None:
    contested = sandboxed.pay(NOW - HOUR)
    sandboxed.transfer(f"cascade_payment_{contested['payment_intent']}", NOW - HOUR)
    sandboxed.app.stripe.account.dispute(contested["id"], at=NOW)
    sandboxed.pay(NOW - HOUR, "polo")
    sandboxed.transfer("cascade_payment_pi_unknown", SINCE + HOUR)
    # The missing one's transfer and citizen, the payment of the orphan, the dispute.
    all_are_there = Barrier(4)

    def one_waits_for_the_other(request: Request) -> Response:
        if "CREATED_TIME" not in request.query and "created" not in request.query:
            all_are_there.wait(timeout=20)
        return sandboxed.app.handle(request)

    with (
        SandboxServer(one_waits_for_the_other) as server,
        Sandboxed(sandboxed.app, sandboxed.recorder, server.url).wired() as wiring,
    ):
        counts = run(wiring).result.counts
    assert counts == {Kind.DISPUTED: 1, Kind.UNKNOWN_CITIZEN: 1, Kind.ORPHAN: 1}


def test_a_slower_pace_needs_fewer_threads() -> None:
    with (
        closing(SandboxApp(":memory:", latency_seconds=0.2)) as app,
        served(app) as slow,
        slow.wired(CASCADE_STRIPE_RATE="25") as wiring,
    ):
        wiring.payments.latest(Window(SINCE, NOW), 1)
        assert 1 < wiring.stripe.threads_wanted(10) < wiring.stripe.threads_wanted()


@pytest.mark.parametrize("service", ["stripe", "airtable"])
@pytest.mark.parametrize("number", [1, 2])
def test_a_listing_that_breaks_off_is_never_judged(
    sandboxed: Sandboxed, wiring: Wiring, service: str, number: int
) -> None:
    for count in range(120):
        charge = sandboxed.pay(NOW - HOUR - timedelta(seconds=count))
        sandboxed.transfer(f"cascade_payment_{charge['payment_intent']}", NOW - HOUR)
    broken = Response(422 if service == "airtable" else 400, b'{"error": {"type": "x"}}')
    sandboxed.recorder.break_from(service, number, broken)
    with pytest.raises(ServiceError):
        run(wiring)


@pytest.mark.parametrize("service", ["stripe", "airtable"])
@pytest.mark.parametrize("body", [b"{}", b"[]", b"null", b"", b"<html>", b'{"records": 5}'])
def test_an_answer_that_is_not_the_services_is_never_judged(
    sandboxed: Sandboxed, wiring: Wiring, service: str, body: bytes
) -> None:
    sandboxed.pay(NOW - HOUR)
    sandboxed.recorder.break_from(service, 1, Response(200, body))
    with pytest.raises(ServiceError, match=r"makes no sense|Invalid response body"):
        run(wiring)
