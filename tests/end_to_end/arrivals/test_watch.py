"""When the server looks whether ducats have arrived, and that its looks hold up no credit."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta
from itertools import pairwise

import pytest

from cascade_cli.adapters.http.transport import utc_now
from cascade_cli.adapters.journal import Journal
from cascade_cli.domain.records.journal_entries import Worker
from cascade_cli.domain.shop.engine_schedule import Schedule, parse_schedule
from cascade_cli.domain.shop.keys import LEGACY_SOURCE
from cascade_cli.services.delivery.tell_arrivals import ArrivalService, ArrivalWatch, Looks
from cascade_cli.wiring.writing import wire_writing
from tests.end_to_end.arrivals.told import airtable_reads, arrived, is_arrival
from tests.harness.counter import Counter
from tests.harness.faults import throttled, unavailable
from tests.harness.sandboxed import wire

DAILY = parse_schedule("11:00,19:00 Europe/Rome")


class Hour:
    """The server's watch at the counter, with what it said."""

    def __init__(self, counter: Counter, service: ArrivalService) -> None:
        self.counter, self._service = counter, service
        self.looks: Looks = {}
        self.said = list[str]()

    def watch(self, schedule: Schedule = DAILY) -> ArrivalWatch:
        """As the worker makes one whenever it connects."""
        return ArrivalWatch(self._service, schedule, self.looks, now=utc_now, tell=self.said.append)

    def reads(self, watch: ArrivalWatch, **later: float) -> int:
        """How often the base is read when the watch works until it has nothing to do."""
        self.counter.pass_time(**later)
        before = len(airtable_reads(self.counter))
        while watch.work():
            pass
        return len(airtable_reads(self.counter)) - before


@pytest.fixture
def hour(counter: Counter) -> Iterator[Hour]:
    """16:00 in Rome: the engine runs in three hours."""
    worker = Worker("run-serve", "here", 1, "anna", "serve")
    url = f"sqlite:///{counter.state}/journal.sqlite3"
    wiring = wire(counter.environment())
    counter.state.mkdir(exist_ok=True)
    with closing(Journal(url, worker, now=utc_now)) as journal:
        yield Hour(counter, wire_writing(wiring, journal, lambda _message: None).arrivals)
    wiring.airtable.close()
    wiring.stripe.close()


def test_nothing_is_read_before_the_engine_had_its_turn(hour: Hour) -> None:
    hour.counter.credit("marco", "5", "--reference", "r1")
    watch = hour.watch()
    assert [hour.reads(watch, minutes=20) for _ in range(9)] == [0] * 9


def test_after_the_run_the_arrival_is_looked_up_once_and_told(hour: Hour) -> None:
    for number in range(3):
        hour.counter.credit("marco", str(number + 5), "--reference", f"r{number}")
    watch = hour.watch()
    assert hour.reads(watch, hours=3) == 0
    hour.counter.sandboxed.app.engine.run()
    assert hour.reads(watch, minutes=11) == 1
    assert len(arrived(hour.counter)) == 3
    assert [hour.reads(watch, hours=4) for _ in range(5)] == [0] * 5


def test_nobody_delivered_to_means_nothing_read(hour: Hour) -> None:
    watch = hour.watch()
    assert [hour.reads(watch, hours=4) for _ in range(8)] == [0] * 8


def test_what_the_engine_leaves_is_looked_at_after_each_of_three_runs_and_no_more(
    hour: Hour,
) -> None:
    hour.counter.credit("marco", "5", "--reference", "r1")
    watch = hour.watch(parse_schedule("every 10m"))
    assert sum(hour.reads(watch, minutes=1) for _ in range(300)) == 3


def test_a_watch_made_anew_remembers_its_looks(hour: Hour) -> None:
    hour.counter.credit("marco", "5", "--reference", "r1")
    assert hour.reads(hour.watch(), hours=4) == 1
    assert [hour.reads(hour.watch()) for _ in range(5)] == [0] * 5


def test_what_was_delivered_before_the_server_began_is_told_too(hour: Hour) -> None:
    hour.counter.credit("marco", "5", "--reference", "r1")
    hour.counter.sandboxed.app.engine.run()
    hour.counter.pass_time(hours=4)
    hour.reads(hour.watch())
    assert len(arrived(hour.counter)) == 1


def test_a_hundred_arrivals_are_looked_up_in_two_reads_and_told_ten_at_a_time(hour: Hour) -> None:
    for _ in range(100):
        hour.counter.paid()
    assert hour.counter.type("reconcile", "--repair", "--yes").code == 0
    hour.counter.sandboxed.app.engine.run()
    watch = hour.watch()
    hour.counter.pass_time(hours=4)
    before, told = len(airtable_reads(hour.counter)), list[int]()
    while watch.work():
        told.append(len(arrived(hour.counter)))
    assert len(airtable_reads(hour.counter)) - before == 2
    assert told[-1] == 100
    assert max(after - past for past, after in pairwise(told)) == 10


def test_a_base_that_cannot_be_read_is_said_and_never_raised(hour: Hour) -> None:
    hour.counter.credit("marco", "5", "--reference", "r1")
    hour.counter.sandboxed.app.engine.run()
    hour.counter.network.break_(lambda request: request.method == "GET", unavailable(), times=99)
    watch = hour.watch()
    hour.counter.pass_time(hours=4)
    assert watch.work() is False
    assert hour.said[-1].startswith("nobody is told of arrivals for now: ")
    hour.counter.network.heal()
    hour.reads(watch, hours=17)
    assert len(arrived(hour.counter)) == 1


def test_a_notice_that_cannot_be_sent_is_said_and_never_raised(hour: Hour) -> None:
    hour.counter.credit("marco", "5", "--reference", "r1")
    hour.counter.sandboxed.app.engine.run()
    hour.counter.network.break_(is_arrival, throttled(), times=9)
    watch = hour.watch()
    hour.reads(watch, hours=4)
    assert hour.said[-1].startswith("nobody is told of arrivals for now: ")
    hour.reads(watch, hours=17)
    assert arrived(hour.counter) == []


def test_a_revived_row_of_the_legacy_connector_is_found_by_the_payment_it_notes(
    hour: Hour,
) -> None:
    counter = hour.counter
    intent, at = counter.paid(), counter.now() - timedelta(hours=4)
    notes = json.dumps({"source": LEGACY_SOURCE, "amount": 100.0})
    name = f"cascade_payment_marco_{int(at.timestamp())}"
    refused = f"{notes}\n[ERROR] Receiver marco not found."
    counter.sandboxed.transfer(name, at, Notes=refused, Status="failed")
    assert counter.credit("marco", "100", "--payment", intent).code == 0
    watch = hour.watch()
    hour.reads(watch, hours=3)
    counter.sandboxed.app.engine.run()
    assert hour.reads(watch, minutes=11) == 2
    assert len(arrived(counter)) == 1
