"""`reconcile --repair` tells of arrivals where the base refuses the engine's notice, once."""

from __future__ import annotations

import json
import shutil
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager

import pytest

from cascade_cli.adapters.http.transport import utc_now
from cascade_cli.adapters.journal import Journal
from cascade_cli.domain.delivery.arrival_notices import TELL_ARRIVAL
from cascade_cli.domain.records.journal_entries import Fate, Worker
from cascade_cli.sandbox.wire import Response, json_response
from cascade_cli.services.delivery.tell_arrivals import ArrivalService, NoticesSent
from cascade_cli.wiring.writing import wire_writing
from tests.end_to_end.arrivals.told import (
    airtable_reads,
    arrived,
    delivered,
    is_arrival,
    night,
    texts,
)
from tests.harness.counter import Counter
from tests.harness.faults import throttled, unavailable
from tests.harness.sandboxed import wire

NO_SCHEMA = json_response(403, {"error": {"type": "INVALID_PERMISSIONS"}})
REFUSED = json_response(422, {"error": {"type": "INVALID_VALUE_FOR_COLUMN", "message": "no"}})


def use_engine_layout(counter: Counter) -> None:
    counter.sandboxed.app.airtable.tables.use_legacy_notifications()


def test_the_base_refuses_the_engines_notice_and_cascade_tells_the_citizen(
    counter: Counter,
) -> None:
    key = delivered(counter)
    assert [row["Type"] for row in counter.rows("NOTIFICATIONS")] == ["cascade_transfer_on_its_way"]
    answer = night(counter)
    assert answer.code == 0
    assert "1 notice of arrival written." in answer.out
    (row,) = arrived(counter)
    assert row["Citizen"] == "marco"
    assert row["Content"] == f"525 ducats have arrived (gift). Reference: {key}."
    assert (row["Asset"], row["Status"]) == (key, "unread")
    details = json.loads(row["Details"])
    assert (details["stratagem_id"], details["ducats"]) == (key, "525")
    assert details["arrived_at"].startswith("2026-11-20T15:")


def test_an_arrival_is_told_once_however_many_nights_follow(counter: Counter) -> None:
    delivered(counter)
    for _ in range(3):
        assert night(counter).code == 0
    assert len(arrived(counter)) == 1


def test_payments_are_told_of_like_credits_by_hand(counter: Counter) -> None:
    intent = counter.paid()
    assert night(counter, "--json").data["arrivals_told"] == 0
    counter.sandboxed.app.engine.run()
    assert night(counter, "--json").data["arrivals_told"] == 1
    (text,) = texts(counter)
    assert text == (
        "100 ducats have arrived (Ducat purchase via CASCADE). "
        f"Reference: cascade_payment_{intent}."
    )


def test_nobody_is_told_before_the_engine_has_run(counter: Counter) -> None:
    counter.credit("marco", "5", "--reference", "r1")
    night(counter)
    assert arrived(counter) == []


def test_where_the_engine_tells_cascade_does_not_and_asks_no_more(counter: Counter) -> None:
    use_engine_layout(counter)
    delivered(counter)
    told = [row["Type"] for row in counter.rows("NOTIFICATIONS")]
    assert told.count("payment_received") == 1
    reads, before = len(airtable_reads(counter)), len(counter.sandboxed.recorder.to("airtable"))
    assert night(counter).code == 0
    assert [row["Type"] for row in counter.rows("NOTIFICATIONS")] == told
    # The schema, and the transfers of the window.
    assert len(counter.sandboxed.recorder.to("airtable")) - before == 2
    assert len(airtable_reads(counter)) - reads == 1


def test_telling_one_costs_one_create_and_no_look_up_where_the_run_has_read_the_row(
    counter: Counter,
) -> None:
    delivered(counter)
    before = len(counter.sandboxed.recorder.to("airtable"))
    assert night(counter).code == 0
    assert len(counter.sandboxed.recorder.to("airtable")) - before == 3


def test_an_arrival_that_the_run_has_not_read_is_looked_up(counter: Counter) -> None:
    delivered(counter)
    counter.pass_time(hours=5)
    assert counter.type("reconcile", "--since", "1h", "--repair", "--yes").code == 0
    assert len(arrived(counter)) == 1


def test_an_unknown_schema_is_no_reason_to_guess_or_to_say_anything(counter: Counter) -> None:
    delivered(counter)
    counter.network.break_(lambda request: "/meta/" in request.path, NO_SCHEMA, times=9)
    before = len(counter.sandboxed.recorder.to("airtable"))
    answer = night(counter)
    assert (answer.code, arrived(counter)) == (0, [])
    assert "arriv" not in answer.err
    assert len(counter.sandboxed.recorder.to("airtable")) - before == 2


def test_reconcile_without_repair_only_reads(counter: Counter) -> None:
    delivered(counter)
    writes = len(counter.writes)
    counter.type("reconcile", "--since", "7d")
    assert (len(counter.writes), arrived(counter)) == (writes, [])


def test_a_dry_run_says_how_many_would_be_told_and_tells_nobody(counter: Counter) -> None:
    delivered(counter)
    words = ("reconcile", "--since", "7d", "--repair", "--dry-run")
    assert "Would tell 1 citizen that their ducats have arrived." in counter.type(*words).out
    assert counter.type(*words, "--json").data["arrivals_to_tell"] == 1
    assert arrived(counter) == []
    assert night(counter, "--json").data["arrivals_told"] == 1


def test_a_base_without_notifications_is_asked_nothing_and_nothing_is_said(
    counter: Counter,
) -> None:
    delivered(counter)
    counter.sandboxed.app.airtable.tables.drop_table("NOTIFICATIONS")
    writes = len(counter.writes)
    answer = night(counter)
    assert (answer.code, len(counter.writes)) == (0, writes)
    assert "told" not in answer.err


def test_a_base_whose_other_layout_lacks_the_engines_field_is_told_in_that_layout(
    counter: Counter,
) -> None:
    tables = counter.sandboxed.app.airtable.tables
    use_engine_layout(counter)
    table = tables.catalogue.table("NOTIFICATIONS")
    tables.drop_field("NOTIFICATIONS", table.field("RelatedEntity").name)
    key = delivered(counter)
    assert night(counter).code == 0
    (row,) = arrived(counter)
    assert (row["CitizenUsername"], row["Title"]) == ("marco", "Ducats have arrived")
    assert json.loads(row["Metadata"])["stratagem_id"] == key


@pytest.mark.parametrize("answer", [REFUSED, throttled(), unavailable("1")], ids=str)
def test_a_notice_that_is_refused_or_lost_is_a_warning_and_not_sent_again(
    counter: Counter, answer: Response
) -> None:
    delivered(counter)
    counter.network.break_(is_arrival, answer)
    said = night(counter)
    assert said.code == 0
    assert "told that the ducats have arrived" in said.err
    for _ in range(2):
        night(counter)
    assert len([request for request in counter.writes if is_arrival(request)]) == 1
    assert arrived(counter) == []


def test_a_notice_whose_answer_was_lost_is_not_sent_again(counter: Counter) -> None:
    delivered(counter)
    counter.network.break_(is_arrival, unavailable(), applied=True)
    assert "1 citizen may or may not have been told" in night(counter).err
    night(counter)
    assert len(arrived(counter)) == 1


def test_the_first_refusal_that_concerns_all_leaves_the_rest_to_the_next_night(
    counter: Counter,
) -> None:
    for number in range(12):
        counter.credit("marco", str(number + 1), "--reference", f"r{number}")
    counter.sandboxed.app.engine.run()
    counter.network.break_(is_arrival, throttled())
    night(counter)
    assert arrived(counter) == []
    night(counter)
    assert len(arrived(counter)) == 2


def test_twelve_arrivals_take_two_writes(counter: Counter) -> None:
    for number in range(12):
        counter.credit("marco", str(number + 1), "--reference", f"r{number}")
    counter.sandboxed.app.engine.run()
    assert night(counter, "--json").data["arrivals_told"] == 12
    assert len([request for request in counter.writes if is_arrival(request)]) == 2


def test_what_was_executed_more_than_three_days_ago_is_no_news(counter: Counter) -> None:
    delivered(counter)
    counter.pass_time(hours=73)
    assert night(counter, "--json").data["arrivals_told"] == 0


def test_what_this_journal_never_delivered_is_told_to_nobody(counter: Counter) -> None:
    delivered(counter)
    shutil.rmtree(counter.state)
    assert night(counter, "--json").data["arrivals_told"] == 0


def test_a_legacy_row_that_was_revived_is_told_of_when_it_arrives(counter: Counter) -> None:
    intent = counter.paid()
    made = counter.now().replace(microsecond=0)
    key = f"cascade_payment_marco_{int(made.timestamp())}"
    notes = '{"amount": 100.0, "reason": "x", "source": "cascade_payment_processor"}'
    counter.sandboxed.transfer(key, made, Status="expired", Notes=notes)
    assert night(counter).code == 0
    assert counter.sandboxed.app.engine.run().executed == [key]
    assert night(counter).code == 0
    (text,) = texts(counter)
    assert text.endswith(f"Reference: cascade_payment_{intent}.")


def test_what_is_taken_back_is_told_when_it_has_left(counter: Counter) -> None:
    intent = counter.paid()
    counter.credit("marco", "100", "--payment", intent)
    counter.sandboxed.app.engine.run()
    with counter.sandboxed.app.stripe.account.writing(counter.now()) as writer:
        charge = writer.get("payment_intent", intent)["latest_charge"]
    counter.sandboxed.app.stripe.account.refund(charge, at=counter.now(), amount=None)
    counter.type("refund", intent, "--yes")
    counter.sandboxed.app.engine.run()
    assert night(counter, "--json").data["arrivals_told"] == 2
    assert sorted(text.split(" (")[0] for text in texts(counter)) == [
        "100 ducats have arrived",
        "100 ducats have gone back from you",
    ]


def test_journal_and_explain_tell_of_it_in_plain_words(counter: Counter) -> None:
    key = delivered(counter)
    night(counter)
    listed = counter.type("journal", "list").out
    assert "about to tell the citizen of the arrival" in listed
    assert "tell the citizen of the arrival: done" in listed
    assert counter.type("journal", "verify").code == 0
    timeline = counter.type("explain", key, "--json").data["timeline"]
    happened = [entry["what"] for entry in timeline]
    assert f"'marco' was told: 525 ducats have arrived (gift). Reference: {key}." in happened


@contextmanager
def service_of(counter: Counter, run: str) -> Iterator[tuple[ArrivalService, Journal]]:
    """A service of a worker of its own, over the counter's journal."""
    url = f"sqlite:///{counter.state}/journal.sqlite3"
    worker = Worker(run, "here", 1, "anna", "test")
    wiring = wire(counter.environment())
    with closing(Journal(url, worker, now=utc_now)) as journal:
        yield wire_writing(wiring, journal, lambda _message: None).arrivals, journal
    wiring.airtable.close()
    wiring.stripe.close()


def test_of_two_workers_that_found_the_same_arrivals_one_tells_of_each(counter: Counter) -> None:
    keys = [delivered(counter, f"r{number}", str(number + 5)) for number in range(5)]
    together, told = threading.Barrier(2), list[NoticesSent]()

    def work(run: str) -> None:
        with service_of(counter, run) as (service, _):
            found = service.arrived(keys)
            assert len(found) == len(keys)
            together.wait(10)
            told.append(service.tell(found))

    workers = [threading.Thread(target=work, args=(run,)) for run in ("run-a", "run-b")]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert sum(one.by_fate[Fate.APPLIED] for one in told) == len(keys)
    assert len(arrived(counter)) == len(keys)


def test_whoever_died_between_intent_and_sending_is_followed_by_nobody(counter: Counter) -> None:
    key = delivered(counter)
    with service_of(counter, "run-dead") as (_, journal):
        journal.attempt_once([key], TELL_ARRIVAL, {})
    assert night(counter, "--json").data["arrivals_told"] == 0
    assert [request for request in counter.writes if is_arrival(request)] == []


def test_a_repair_that_is_refused_for_want_of_ducats_tells_all_the_same(counter: Counter) -> None:
    delivered(counter)
    counter.paid()
    counter.fund(0)
    assert night(counter).code != 0
    assert len(arrived(counter)) == 1


def test_no_notice_at_creation_says_that_ducats_have_arrived(counter: Counter) -> None:
    counter.credit("marco", "5", "--reference", "r1")
    (row,) = counter.rows("NOTIFICATIONS")
    assert "have arrived" not in row["Content"]


def test_without_a_terminal_nobody_is_told_without_a_yes(counter: Counter) -> None:
    delivered(counter)
    assert counter.type("reconcile", "--since", "7d", "--repair").code == 7
    assert arrived(counter) == []
