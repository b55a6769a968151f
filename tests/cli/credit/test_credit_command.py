"""`cascade credit`: what it writes, what it asks for, and how it ends."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime, timedelta

import pytest

from cascade_cli.adapters.journal import Journal
from cascade_cli.domain.records.journal_entries import Intent
from cascade_cli.domain.shop.money import parse_ducats
from cascade_cli.domain.shop.times import rfc3339
from cascade_cli.sandbox.airtable import BASE_ID
from cascade_cli.sandbox.wire import Request, json_response
from cascade_cli.wiring import this_worker
from tests.harness.counter import Counter
from tests.harness.faults import is_create, is_update, is_write, unavailable


def test_a_credit_becomes_one_active_stratagem_that_the_engine_carries_out_once(
    counter: Counter,
) -> None:
    assert counter.credit("marco", "525", "--reference", "r1").code == 0
    counter.sandboxed.app.engine.run()
    counter.sandboxed.app.engine.run()
    assert counter.ducats_of("marco") == 525
    assert counter.row("cascade_manual_r1")["Status"] == "executed"


def test_the_stratagem_outlives_the_engines_schedule(counter: Counter) -> None:
    counter.credit("marco", "5", "--reference", "r1", CASCADE_STRATAGEM_LIFETIME="48h")
    expires = datetime.fromisoformat(counter.row("cascade_manual_r1")["ExpiresAt"])
    assert abs(expires - counter.now() - timedelta(hours=48)) < timedelta(minutes=1)


def test_notes_are_the_audit_trail(counter: Counter) -> None:
    counter.credit("marco", "5", "--reference", "r1")
    notes = json.loads(counter.row("cascade_manual_r1")["Notes"])
    assert notes["amount"] == 5
    assert (notes["reason"], notes["reference"]) == ("gift", "r1")
    assert notes["operator"]
    assert notes["livemode"] is False


def test_a_dry_run_shows_the_writes_and_makes_none(counter: Counter) -> None:
    answer = counter.credit("marco", "5", "--dry-run")
    assert answer.code == 0
    assert "create a planned stratagem, then activate it, then tell the citizen" in answer.out
    assert not counter.writes
    assert counter.credit("marco", "5", "--json").data["deliveries"][0]["result"] == "credited"


def test_without_a_terminal_and_without_yes_nothing_is_written(counter: Counter) -> None:
    answer = counter.type("credit", "marco", "5", "--reason", "gift")
    assert answer.code == 7
    assert "add --yes" in answer.err
    assert not counter.requests


def test_a_processor_that_is_not_there_cannot_pay(counter: Counter) -> None:
    answer = counter.credit("marco", "5", CASCADE_PROCESSOR="NOBODY")
    assert (answer.code, counter.writes) == (7, [])
    assert "cascade citizen setup" in answer.err


def test_a_processor_with_too_little_cannot_pay(counter: Counter) -> None:
    counter.fund(4.99)
    answer = counter.credit("marco", "5")
    assert (answer.code, counter.writes) == (7, [])
    assert "has 4.99 ducats and 5 are to go out" in answer.err


def test_what_is_promised_to_others_cannot_be_paid_a_second_time(counter: Counter) -> None:
    counter.fund(10)
    counter.credit("lucia", "6")
    before = len(counter.writes)
    answer = counter.credit("marco", "5")
    assert (answer.code, len(counter.writes)) == (7, before)
    assert "has 10 ducats, 6 of them promised to transfers on their way, and 5 are" in answer.err
    counter.sandboxed.app.engine.run()
    counter.fund(10)
    assert counter.credit("marco", "5").code == 0


def test_a_credit_on_its_way_is_not_counted_against_itself(counter: Counter) -> None:
    counter.fund(5)
    counter.credit("marco", "5", "--reference", "r1")
    assert counter.credit("marco", "5", "--reference", "r1").code == 0


def test_a_credit_that_was_carried_out_needs_no_ducats_any_more(counter: Counter) -> None:
    counter.fund(5)
    counter.credit("marco", "5", "--reference", "r1")
    counter.sandboxed.app.engine.run()
    answer = counter.credit("marco", "5", "--reference", "r1")
    assert answer.code == 0
    assert "already" in answer.out


def journal_of(counter: Counter, command: str) -> Journal:
    """The journal of the commands, as another worker of this very process sees it."""
    folder = counter.environment()["CASCADE_STATE_DIR"]
    url = f"sqlite:///{folder}/journal.sqlite3"
    return Journal(url, this_worker(command), now=lambda: datetime.now(UTC))


def test_every_write_stands_in_the_journal_before_it_reaches_the_base(counter: Counter) -> None:
    seen = []

    def look(request: Request) -> bool:
        if is_write(request):
            with closing(journal_of(counter, "look")) as journal:
                *_, newest = journal.entries()
            seen.append((str(newest.kind), newest.key, newest.body["action"]))
        return False

    counter.network.break_(look, unavailable())
    counter.credit("marco", "5", "--reference", "r1")
    actions = ("create", "activate", "notify")
    assert seen == [("attempt", "cascade_manual_r1", action) for action in actions]


def test_a_second_run_is_told_who_holds_the_lock(counter: Counter) -> None:
    journal = journal_of(counter, "cascade reconcile --repair")
    with closing(journal), journal.lock(f"base {BASE_ID}", lease=timedelta(minutes=3)):
        answer = counter.credit("marco", "5")
    assert (answer.code, counter.requests) == (6, [])
    assert "cascade reconcile --repair" in answer.err


@contextmanager
def somebody_at(counter: Counter, key: str) -> Iterator[None]:
    """Another worker holds the claim of that key for 5 ducats to marco."""
    with closing(journal_of(counter, "serve")) as journal:
        intent = Intent(key, "marco", parse_ducats("5"), "manual")
        journal.claim([intent], lease=timedelta(minutes=3), day_limit_ducats=None)
        yield


def test_a_credit_that_another_worker_is_at_ends_busy(counter: Counter) -> None:
    with somebody_at(counter, "cascade_manual_r1"):
        answer = counter.credit("marco", "5", "--reference", "r1")
    assert (answer.code, counter.writes) == (6, [])
    assert "another worker is working on it" in answer.err


@pytest.mark.parametrize("applied", [True, False])
def test_a_lost_answer_is_waited_for_and_the_credit_is_made_once(
    counter: Counter, applied: bool
) -> None:
    counter.network.break_(is_create, unavailable("1"), applied=applied)
    started = counter.now()
    answer = counter.credit("marco", "5", "--reference", "r1")
    assert answer.code == 0
    assert "1 write may or may not have been applied: looking again in 120 s" in answer.err
    assert f"run the same command again after {rfc3339(counter.now())[:17]}" in answer.err
    assert counter.now() - started >= timedelta(seconds=120)
    assert counter.row("cascade_manual_r1")["Status"] == "active"


@pytest.mark.parametrize("applied", [True, False])
def test_a_lost_activation_is_waited_for_and_sent_again_only_if_it_did_not_come(
    counter: Counter, applied: bool
) -> None:
    counter.network.break_(is_update, unavailable(), applied=applied)
    assert counter.credit("marco", "5", "--reference", "r1").code == 0
    updates = [request for request in counter.writes if is_update(request)]
    assert len(updates) == (1 if applied else 2)
    assert counter.row("cascade_manual_r1")["Status"] == "active"


def test_what_stays_unknown_ends_unfinished_and_the_same_command_finishes_it(
    counter: Counter,
) -> None:
    counter.network.break_(is_create, unavailable(), times=9)
    answer = counter.credit("marco", "5", "--reference", "r1", "--json")
    assert answer.code == 5
    (delivery,) = answer.data["deliveries"]
    assert delivery["result"] == "unfinished"
    assert datetime.fromisoformat(delivery["finish_at"]) > counter.now()
    assert "The same command finishes the job after" in answer.document["error"]["hint"]
    counter.network.heal()
    counter.pass_time(minutes=2)
    assert counter.credit("marco", "5", "--reference", "r1").code == 0
    assert counter.row("cascade_manual_r1")["Status"] == "active"


def test_a_write_that_the_base_refuses_fails_and_leaves_nothing_undecided(
    counter: Counter,
) -> None:
    refusal = {"error": {"type": "INVALID_VALUE_FOR_COLUMN", "message": "no"}}
    counter.network.break_(is_create, json_response(422, refusal))
    assert counter.credit("marco", "5", "--reference", "r1").code == 5
    assert counter.rows() == []
    assert counter.credit("marco", "5", "--reference", "r1").code == 0
    assert counter.row("cascade_manual_r1")["Status"] == "active"


def test_a_row_in_doubt_is_left_to_people(counter: Counter) -> None:
    counter.credit("marco", "5", "--reference", "r1")
    counter.sandboxed.app.engine.run(fail_at="after_write_payer")
    before = counter.rows()
    answer = counter.credit("marco", "5", "--reference", "r1")
    assert answer.code == 7
    assert "cascade explain cascade_manual_r1" in answer.err
    assert counter.rows() == before


def test_a_credit_that_would_run_out_before_the_engines_next_run_is_given_time(
    counter: Counter,
) -> None:
    counter.credit("marco", "5", "--reference", "r1")
    counter.pass_time(hours=71, minutes=30)
    assert counter.credit("marco", "5", "--reference", "r1").code == 0
    counter.pass_time(hours=4)
    counter.sandboxed.app.engine.run()
    assert counter.ducats_of("marco") == 5
