"""How orders are carried out: in rounds and tens, patiently, and each exactly once."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from cascade_cli.adapters.http.transport import utc_now
from cascade_cli.adapters.journal import Journal
from cascade_cli.domain.delivery.deliveries import Delivery, Result, Sighting
from cascade_cli.domain.delivery.delivery_steps import FATE_BOUND
from cascade_cli.domain.records.gifts import Gift
from cascade_cli.domain.records.journal_entries import ClaimState, EntryKind, Intent
from cascade_cli.domain.records.orders import Order
from cascade_cli.domain.records.stratagems import Stratagem
from cascade_cli.errors import ServiceError, SettingsError, ThrottledError, UnreachableError
from cascade_cli.sandbox.wire import Request, Response, json_response
from cascade_cli.services.delivery.deliver import Deliverer
from cascade_cli.services.delivery.order_in_progress import MOST_WRITES
from cascade_cli.wiring import this_worker
from tests.domain.delivery.orders import an_order
from tests.harness.counter import Counter
from tests.harness.faults import is_create, is_notification, is_update, throttled, unavailable
from tests.services.delivery.desks import Workers, workers

LONG = 3 * FATE_BOUND
CREDITED, FAILED = Result.CREDITED, Result.FAILED
REFUSED = json_response(422, {"error": {"type": "INVALID_VALUE_FOR_COLUMN", "message": "no"}})


@pytest.fixture
def office(counter: Counter, tmp_path: Path) -> Iterator[Workers]:
    with workers(counter, tmp_path) as office:
        yield office


def orders(number: int) -> list[Order]:
    return [an_order(key=f"cascade_manual_{count:03}") for count in range(number)]


def deliver(
    deliverer: Deliverer, *wanted: Order, patience: timedelta = LONG, **more: Any
) -> list[Delivery]:
    return deliverer.deliver(wanted, patience=patience, **more)


def results(deliveries: list[Delivery]) -> list[Result]:
    return [delivery.result for delivery in deliveries]


def asked(counter: Counter, which: Any) -> list[Request]:
    return [request for request in counter.requests if which(request)]


def records_in(request: Request) -> int:
    return len(json.loads(request.body)["records"])


def is_read(request: Request) -> bool:
    return request.method == "GET" and request.path.endswith("/STRATAGEMS")


def row_of(counter: Counter, status: str, hours: float = 1) -> str:
    """A row made six hours ago, which the engine may take for so many hours from now on."""
    made = counter.now() - timedelta(hours=6)
    until = (counter.now() + timedelta(hours=hours)).isoformat()
    key = "cascade_manual_gift"
    return str(counter.sandboxed.transfer(key, made, Status=status, ExpiresAt=until)["id"])


@pytest.mark.parametrize("threads", [1, 3])
def test_many_orders_each_become_one_transfer_and_are_answered_in_their_order(
    counter: Counter, office: Workers, threads: int
) -> None:
    wanted, heard = orders(105), list[str]()
    found = office.deliverer(threads=threads).deliver(
        wanted, patience=LONG, done=lambda delivery: heard.append(delivery.order.key)
    )
    keys = [order.key for order in wanted]
    assert [delivery.order.key for delivery in found] == keys
    assert sorted(heard) == keys
    assert set(results(found)) == {CREDITED}
    assert sorted(row["StratagemId"] for row in counter.rows()) == keys
    assert {row["Status"] for row in counter.rows()} == {"active"}


def test_fifty_are_read_at_once_and_ten_are_written_at_once(
    counter: Counter, office: Workers
) -> None:
    deliver(office.deliverer(), *orders(61))
    assert len(asked(counter, is_read)) == 2
    for which in (is_create, is_update, is_notification):
        sizes = [records_in(request) for request in asked(counter, which)]
        assert sizes == [10, 10, 10, 10, 10, 10, 1]


def test_nothing_to_deliver_asks_nobody(counter: Counter, office: Workers) -> None:
    deliverer = office.deliverer()
    before = len(counter.requests)
    assert deliver(deliverer) == []
    assert len(counter.requests) == before


def test_a_transfer_lives_for_the_lifetime_from_when_the_engine_may_have_it(
    counter: Counter, office: Workers
) -> None:
    deliver(office.deliverer(CASCADE_STRATAGEM_LIFETIME="48h"), an_order())
    expires_at = counter.row("cascade_manual_gift")["ExpiresAt"]
    within = timedelta(seconds=5)
    late = counter.now() + timedelta(hours=48)
    assert str(late - within) < expires_at.replace("T", " ") <= str(late)


def test_what_may_or_may_not_be_written_is_waited_for_and_then_looked_at(
    counter: Counter, office: Workers
) -> None:
    told = list[str]()
    began = counter.now()
    counter.network.break_(is_create, unavailable(), applied=True)
    (found,) = deliver(office.deliverer(tell=told.append), an_order())
    assert found.result is CREDITED
    assert FATE_BOUND <= counter.now() - began < FATE_BOUND + timedelta(seconds=30)
    assert len(counter.rows()) == 1
    assert "1 write may or may not have been applied: looking again in 120 s" in told[-1]


def test_others_are_told_of_before_what_has_to_wait(counter: Counter, office: Workers) -> None:
    counter.network.break_(is_create, unavailable())
    heard, told = list[tuple[str, bool]](), list[str]()
    began = counter.now()
    deliverer = office.deliverer(tell=told.append)
    deliverer.deliver(
        orders(12),
        patience=LONG,
        done=lambda one: heard.append((one.order.key[-3:], counter.now() - began > FATE_BOUND)),
    )
    assert heard[:2] == [("010", False), ("011", False)]
    assert [late for _, late in heard[2:]] == [True] * 10
    assert "10 writes may or may not have been applied" in told[-1]


def test_beyond_its_patience_it_says_when_the_same_command_may_finish(
    counter: Counter, office: Workers
) -> None:
    deliverer, heard = office.deliverer(), list[Result]()
    counter.network.break_(is_create, unavailable())
    began = counter.now()
    short = FATE_BOUND - timedelta(seconds=1)
    (found,) = deliver(
        deliverer, an_order(), patience=short, done=lambda one: heard.append(one.result)
    )
    assert found.result is Result.UNFINISHED
    assert heard == [Result.UNFINISHED]
    assert counter.now() - began < timedelta(seconds=30)
    assert found.finish_at is not None
    assert began + FATE_BOUND <= found.finish_at <= counter.now() + FATE_BOUND
    counter.pass_time(seconds=FATE_BOUND.total_seconds())
    assert results(deliver(deliverer, an_order())) == [CREDITED]
    assert len(counter.rows()) == 1


def test_while_a_key_is_another_workers_nothing_is_written_for_it(
    counter: Counter, office: Workers
) -> None:
    with closing(Journal(office.url, this_worker("other"), now=utc_now)) as other:
        order = an_order()
        intent = Intent(order.key, "marco", Decimal(100), order.cause, {"reason": "gift"})
        other.claim([intent], lease=timedelta(minutes=1), day_limit_ducats=None)
        mine, theirs = orders(1)[0], an_order()
        assert results(deliver(office.deliverer(), theirs, mine)) == [Result.BUSY, CREDITED]
        assert [row["StratagemId"] for row in counter.rows()] == [mine.key]
        other.release([order.key])
    assert results(deliver(office.deliverer(), theirs)) == [CREDITED]


def test_the_keys_are_free_again_whatever_became_of_the_orders(
    counter: Counter, office: Workers
) -> None:
    counter.network.break_(is_create, REFUSED)
    assert results(deliver(office.deliverer(), an_order())) == [FAILED]
    assert results(deliver(office.deliverer(), an_order())) == [CREDITED]


def test_a_base_that_cannot_be_read_is_not_written_to(counter: Counter, office: Workers) -> None:
    deliverer = office.deliverer()
    counter.network.break_(is_read, Response(200, b"<html>"), times=99)
    found = deliver(deliverer, *orders(2))
    assert results(found) == [FAILED, FAILED]
    assert all(isinstance(delivery.error, ServiceError) for delivery in found)
    assert all("makes no sense" in delivery.why for delivery in found)
    assert not counter.writes
    counter.network.heal()
    assert results(deliver(office.deliverer(), *orders(2))) == [CREDITED, CREDITED]


def test_one_row_that_the_base_refuses_holds_up_none_of_its_ten(
    counter: Counter, office: Workers
) -> None:
    def is_bad(request: Request) -> bool:
        return is_create(request) and b"cascade_manual_001" in request.body

    counter.network.break_(is_bad, REFUSED, times=99)
    assert results(deliver(office.deliverer(), *orders(2))) == [CREDITED, FAILED]
    assert [records_in(request) for request in asked(counter, is_create)] == [2, 1, 1]


def test_what_is_over_the_days_limit_is_refused_whoever_else_credits(
    counter: Counter, office: Workers
) -> None:
    one, other = deliver(office.deliverer(CASCADE_MAX_DUCATS_PER_DAY="150"), *orders(2))
    assert (one.result, other.result) == (CREDITED, Result.REFUSED)
    assert other.claim is ClaimState.OVER_LIMIT
    assert len(counter.rows()) == 1


def test_a_worker_that_stands_still_for_ten_minutes_loses_its_key_and_writes_nothing(
    counter: Counter, office: Workers
) -> None:
    order = an_order()
    intent = Intent(order.key, "marco", Decimal(100), order.cause, {"reason": "gift"})
    answers = list[ClaimState]()
    with closing(Journal(office.url, this_worker("other"), now=utc_now)) as other:

        def stand_still() -> None:
            for seconds in (9 * 60 + 50, 15):
                counter.pass_time(seconds=seconds)
                claims = other.claim([intent], lease=timedelta(hours=1), day_limit_ducats=None)
                answers.append(claims[order.key].state)

        seen = Sighting((), counter.now() + timedelta(minutes=10))
        deliverer = office.deliverer(turn=stand_still)
        assert results(deliver(deliverer, order, sighting=seen)) == [Result.BUSY]
    assert answers == [ClaimState.BUSY, ClaimState.HELD]
    assert not counter.writes


@pytest.mark.parametrize("which", [is_create, is_update])
def test_a_locked_out_write_is_tried_five_times_ever_more_slowly(
    counter: Counter, office: Workers, which: Any
) -> None:
    pauses = list[float]()
    deliverer = office.deliverer(sleep=pauses.append)
    counter.network.break_(which, throttled(), times=999)
    (found,) = deliver(deliverer, an_order())
    assert isinstance(found.error, ThrottledError | UnreachableError)
    assert found.result is FAILED
    # After the last there is nothing left to wait for.
    assert pauses == [2, 4, 8, 16]


@pytest.mark.parametrize("status", [401, 403, 404])
def test_a_right_that_is_taken_away_while_rows_are_read_is_told_in_the_deliveries(
    counter: Counter, office: Workers, status: int
) -> None:
    deliverer = office.deliverer()
    counter.network.break_(is_read, json_response(status, {"error": "NO"}), times=99)
    found = deliver(deliverer, *orders(2))
    assert results(found) == [FAILED, FAILED]
    assert all(isinstance(delivery.error, SettingsError) for delivery in found)
    assert not counter.writes
    counter.network.heal()
    assert results(deliver(office.deliverer(), *orders(2))) == [CREDITED, CREDITED]


def test_a_base_that_keeps_nothing_of_what_is_written_is_given_up(
    counter: Counter, office: Workers
) -> None:
    """An automation of the base gives the row its old expiry again, as each answer shows."""
    kept = counter.sandboxed.app.airtable.tables.get("STRATAGEMS", row_of(counter, "active"))
    counter.network.break_(is_update, json_response(200, {"records": [kept]}), times=999)
    (found,) = deliver(office.deliverer(), an_order())
    assert (found.result, found.why) == (FAILED, "The base does not keep what is written to it.")
    assert len(asked(counter, is_update)) == MOST_WRITES + 1


def test_a_turn_that_comes_late_has_the_rows_looked_at_again(
    counter: Counter, office: Workers
) -> None:
    """While this worker waits for its turn, a person runs the stratagem by hand."""
    record = row_of(counter, "expired", -1)
    turns = list[int]()

    def turn() -> None:
        turns.append(1)
        if len(turns) == 1:
            counter.pass_time(seconds=21)
            counter.sandboxed.app.airtable.tables.update(
                "STRATAGEMS", record, {"Status": "executed"}
            )

    assert results(deliver(office.deliverer(turn=turn), an_order())) == [Result.ALREADY]
    assert not counter.writes


def test_a_turn_that_comes_soon_asks_for_no_second_look(counter: Counter, office: Workers) -> None:
    turns = list[int]()

    def turn() -> None:
        turns.append(1)
        counter.pass_time(seconds=9)

    assert results(deliver(office.deliverer(turn=turn), an_order())) == [CREDITED]
    assert len(turns) == 3
    assert len(asked(counter, is_read)) == 1


def test_an_active_row_that_ran_out_gets_a_new_expiry_and_nothing_else(
    counter: Counter, office: Workers
) -> None:
    row_of(counter, "active", -1)
    before = counter.row("cascade_manual_gift")
    assert results(deliver(office.deliverer(), an_order())) == [CREDITED]
    after = counter.row("cascade_manual_gift")
    changed = {name for name in after if after[name] != before.get(name)}
    assert changed - {"UpdatedAt"} == {"ExpiresAt"}


def test_a_row_that_would_run_out_before_the_engines_next_run_lives_longer(
    counter: Counter, office: Workers
) -> None:
    row_of(counter, "active", 1)
    assert results(deliver(office.deliverer(), an_order())) == [CREDITED]
    counter.pass_time(hours=4)
    counter.sandboxed.app.engine.run()
    assert counter.ducats_of("marco") == 100


def test_a_transfer_that_is_not_to_arrive_any_more_does_not(
    counter: Counter, office: Workers
) -> None:
    row_of(counter, "active", 40)
    assert results(deliver(office.deliverer(), an_order(ends=True))) == [Result.RETIRED]
    counter.sandboxed.app.engine.run()
    assert counter.ducats_of("marco") == 0
    assert counter.rows("NOTIFICATIONS") == []


def test_a_dead_row_of_somebody_else_becomes_the_orders_own(
    counter: Counter, office: Workers
) -> None:
    record = row_of(counter, "failed")
    counter.sandboxed.app.airtable.tables.update("STRATAGEMS", record, {"TargetCitizen": "lucia"})
    notes = '{"amount": 7}\n[ERROR] Insufficient funds: 0 < 7'
    counter.sandboxed.app.airtable.tables.update("STRATAGEMS", record, {"Notes": notes})
    assert results(deliver(office.deliverer(), an_order())) == [CREDITED]
    counter.sandboxed.app.engine.run()
    assert (counter.ducats_of("marco"), counter.ducats_of("lucia")) == (100, 0)


def test_who_was_told_once_is_not_told_again_and_the_next_ten_are_told_as_well(
    counter: Counter, office: Workers
) -> None:
    deliverer = office.deliverer()
    deliver(deliverer, *orders(12))
    deliver(deliverer, *orders(13))
    assert len(counter.rows("NOTIFICATIONS")) == 13


def test_givers_are_told_of_their_gifts_alone(counter: Counter, office: Workers) -> None:
    gift = an_order(gift=Gift(giver="lucia", message="", anonymous=False))
    deliver(office.deliverer(), gift, *orders(1))
    told = sorted(str(row["Citizen"]) for row in counter.rows("NOTIFICATIONS"))
    assert told == ["lucia", "marco", "marco"]


def test_the_journal_says_what_was_sent_and_what_became_of_it(
    counter: Counter, office: Workers
) -> None:
    deliver(office.deliverer(), an_order())
    (record,) = counter.sandboxed.app.airtable.tables.select("STRATAGEMS")
    with closing(Journal(office.url, this_worker("other"), now=utc_now)) as journal:
        entries = [
            (str(entry.kind), entry.body)
            for entry in journal.entries(key="cascade_manual_gift")
            if entry.kind in {EntryKind.ATTEMPT, EntryKind.OUTCOME}
        ]
    assert [kind for kind, _ in entries] == ["attempt", "outcome"] * 3
    assert [body["action"] for _, body in entries[::2]] == ["create", "activate", "notify"]
    outcomes = [body for _, body in entries[1::2]]
    assert [body["fate"] for body in outcomes] == ["applied"] * 3
    assert [body["detail"].get("record") for body in outcomes] == [record["id"], record["id"], None]


def test_of_a_write_of_unknown_fate_the_journal_claims_nothing(
    counter: Counter, office: Workers
) -> None:
    counter.network.break_(is_create, unavailable())
    deliver(office.deliverer(), an_order(), patience=timedelta(0))
    with closing(Journal(office.url, this_worker("other"), now=utc_now)) as journal:
        kinds = [entry.kind for entry in journal.entries(key="cascade_manual_gift")]
    assert EntryKind.ATTEMPT in kinds
    assert EntryKind.OUTCOME not in kinds


def test_of_a_gift_the_journal_tells_the_givers_notice_from_the_citizens(office: Workers) -> None:
    deliver(office.deliverer(), an_order(gift=Gift(giver="lucia", message="", anonymous=False)))
    with closing(Journal(office.url, this_worker("other"), now=utc_now)) as journal:
        entries = list(journal.entries(key="cascade_manual_gift"))
    notices = [entry.body for entry in entries if entry.body.get("action") == "notify"]
    told = [body["detail"].get("told") for body in notices]
    assert told == [None, None, "giver", "giver"]


def test_what_was_seen_just_before_is_not_read_again(counter: Counter, office: Workers) -> None:
    deliverer = office.deliverer()
    seen = Sighting((), counter.now())
    assert results(deliver(deliverer, an_order(), sighting=seen)) == [CREDITED]
    assert not asked(counter, is_read)
    stale = Sighting((), counter.now() - timedelta(seconds=30))
    assert results(deliver(deliverer, *orders(1), sighting=stale)) == [CREDITED]
    assert len(asked(counter, is_read)) == 1


def test_rows_that_were_seen_are_believed_for_their_own_order_only(
    counter: Counter, office: Workers, a_seen_row: Stratagem
) -> None:
    seen = Sighting((a_seen_row,), counter.now())
    found = deliver(office.deliverer(), an_order(), *orders(1), sighting=seen)
    assert results(found) == [Result.ALREADY, CREDITED]


@pytest.fixture
def a_seen_row(counter: Counter) -> Stratagem:
    return Stratagem(
        record_id="rec1",
        stratagem_id="cascade_manual_gift",
        citizen="marco",
        ducats=Decimal(100),
        status="executed",
        created_at=counter.now(),
        expires_at=None,
    )
