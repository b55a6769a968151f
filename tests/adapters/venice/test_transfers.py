"""Reading Venice's base, through pyairtable and HTTP, from the sandbox."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from cascade_cli.domain.records.stratagems import State
from cascade_cli.domain.shop.keys import Origin
from cascade_cli.sandbox.seed.citizens import PROCESSOR
from cascade_cli.wiring.reading import Wiring
from tests.harness.clocks import ManualClock
from tests.harness.sandboxed import Sandboxed

AT = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
SECOND = timedelta(seconds=1)
NASTY = (
    "it's",
    'say "hi"',
    "back\\slash",
    "{Status}",
    "line\nbreak",
    "tab\tstop",
    "\u202egnirts",
    "');OR(TRUE(),'",
    "émile ☃",
    " spaced ",
)


def test_a_transfer_is_read_whole(sandboxed: Sandboxed, wiring: Wiring) -> None:
    order = '{"amount": 525.0, "reason": "r", "payment_intent": "pi_1"}'
    notes = f"{order}\n[2026-11-20 13:00] Successfully transferred 525.0 ducats to marco."
    written = sandboxed.transfer(
        "cascade_payment_pi_1", AT, Notes=notes, ExecutedAt=AT.isoformat(), ExpiresAt=AT.isoformat()
    )
    (read,) = wiring.transfers.transfers(AT)
    assert (read.record_id, read.stratagem_id) == (written["id"], "cascade_payment_pi_1")
    assert (read.citizen, read.ducats, read.status) == ("marco", Decimal(525), "executed")
    assert (read.created_at, read.expires_at, read.executed_at) == (AT, AT, AT)
    assert (read.origin, read.stripe_ids, read.reason) == (Origin.PAYMENT, ("pi_1",), "r")
    assert read.success_logged


def test_a_row_with_everything_empty_is_read(sandboxed: Sandboxed, wiring: Wiring) -> None:
    sandboxed.transfer("", AT, citizen="", Status=None, ExpiresAt=None, Notes=None)
    (read,) = wiring.transfers.transfers(AT)
    assert (read.stratagem_id, read.citizen, read.status, read.expires_at) == ("", "", "", None)
    assert read.notes_flaw == "its Notes are empty"
    assert read.state(AT) is State.STALLED


def test_only_the_processors_transfers_are_read(sandboxed: Sandboxed, wiring: Wiring) -> None:
    sandboxed.transfer("ours", AT)
    sandboxed.transfer("others", AT, ExecutedBy="marco")
    sandboxed.transfer("another type", AT, Type="undercut")
    assert [read.stratagem_id for read in wiring.transfers.transfers(AT)] == ["ours"]


def test_what_comes_back_to_the_processor_for_a_refund_is_read_with_its_payer(
    sandboxed: Sandboxed, wiring: Wiring
) -> None:
    sandboxed.transfer("cascade_refund_re_1", AT, citizen=PROCESSOR, ExecutedBy="marco")
    sandboxed.transfer("cascade_refund_re_2", AT, citizen="polo", ExecutedBy="marco")
    sandboxed.transfer("cascade_giveback_re_1", AT)
    read = {row.stratagem_id: row for row in wiring.transfers.transfers(AT)}
    assert read["cascade_refund_re_2"].other_processor == "polo"
    taken, given = read["cascade_refund_re_1"], read["cascade_giveback_re_1"]
    assert (taken.payer, taken.citizen, taken.origin) == ("marco", PROCESSOR, Origin.REFUND)
    assert (given.payer, given.citizen, given.origin) == ("", "marco", Origin.GIVE_BACK)


def test_the_span_is_half_open_to_the_second(sandboxed: Sandboxed, wiring: Wiring) -> None:
    for name, at in (("before", AT - SECOND), ("first", AT), ("last", AT + 59 * SECOND)):
        sandboxed.transfer(name, at)
    sandboxed.transfer("until", AT + 60 * SECOND)
    read = wiring.transfers.transfers(AT, AT + 60 * SECOND)
    assert {one.stratagem_id for one in read} == {"first", "last"}


def test_without_an_end_all_since_are_read(sandboxed: Sandboxed, wiring: Wiring) -> None:
    sandboxed.transfer("later", AT + timedelta(days=300))
    assert [read.stratagem_id for read in wiring.transfers.transfers(AT)] == ["later"]


def test_more_than_a_page_is_read_in_pages_of_a_hundred(
    sandboxed: Sandboxed, wiring: Wiring
) -> None:
    for number in range(205):
        sandboxed.transfer(str(number), AT)
    assert len({read.stratagem_id for read in wiring.transfers.transfers(AT)}) == 205
    assert len(sandboxed.recorder.to("airtable")) == 3


def test_only_the_fields_that_are_used_are_asked_for(sandboxed: Sandboxed, wiring: Wiring) -> None:
    wiring.transfers.transfers(AT)
    (request,) = sandboxed.recorder.to("airtable")
    assert request.query.count("fields%5B%5D=") == 7


def test_keys_are_looked_up_ninety_five_at_a_time(sandboxed: Sandboxed, wiring: Wiring) -> None:
    keys = [f"cascade_payment_pi_3{number:023}" for number in range(200)]
    for key in keys[::10]:
        sandboxed.transfer(key, AT - timedelta(days=400))
    found = wiring.transfers.transfers_named(keys)
    assert {one.stratagem_id for one in found} == set(keys[::10])
    requests = sandboxed.recorder.to("airtable")
    assert len(requests) == 3
    assert {request.method for request in requests} == {"GET"}


@pytest.mark.usefixtures("sandboxed")
def test_no_keys_need_no_request(sandboxed: Sandboxed, wiring: Wiring) -> None:
    assert wiring.transfers.transfers_named([]) == []
    assert sandboxed.recorder.requests == []


@pytest.mark.parametrize("name", NASTY)
def test_a_key_matches_to_the_letter_whatever_it_holds(
    sandboxed: Sandboxed, wiring: Wiring, name: str
) -> None:
    sandboxed.transfer(name, AT)
    sandboxed.transfer("other", AT)
    assert [one.stratagem_id for one in wiring.transfers.transfers_named([name])] == [name]
    assert wiring.transfers.transfers_named([name.upper() + "x"]) == []


@pytest.mark.parametrize("name", NASTY)
def test_a_citizen_is_found_whatever_the_name_holds(
    sandboxed: Sandboxed, wiring: Wiring, name: str
) -> None:
    sandboxed.move_in(name, AT)
    sandboxed.move_in("other", AT)
    assert list(wiring.citizens.balances([name])) == [name]


def test_citizens_are_found_in_every_spelling_of_case(sandboxed: Sandboxed, wiring: Wiring) -> None:
    for name in ("marco", "Marco", "polo"):
        sandboxed.move_in(name, AT)
    assert set(wiring.citizens.balances(["MARCO"])) == {"marco", "Marco"}


def test_a_citizen_who_does_not_exist_is_not_in_the_answer(
    sandboxed: Sandboxed, wiring: Wiring
) -> None:
    sandboxed.move_in("marco", AT)
    assert wiring.citizens.balances(["marc", "marcoo", ""]) == {}


def test_long_names_in_number_make_a_post_and_are_all_found(
    sandboxed: Sandboxed, wiring: Wiring
) -> None:
    names = [f"{number:03}{'é' * 300}" for number in range(60)]
    for name in names:
        sandboxed.move_in(name, AT)
    assert set(wiring.citizens.balances(names)) == set(names)
    assert {request.method for request in sandboxed.recorder.to("airtable")} == {"POST"}


def test_an_expired_iterator_starts_the_listing_over(
    sandboxed: Sandboxed, wiring: Wiring, manual_clock: ManualClock
) -> None:
    for number in range(150):
        sandboxed.transfer(str(number), AT)
    sandboxed.recorder.before(2, lambda: manual_clock.advance(hours=1))
    assert len(wiring.transfers.transfers(AT)) == 150
    assert len(sandboxed.recorder.to("airtable")) == 4


def test_an_unreadable_expiry_is_long_past_and_not_blank(
    sandboxed: Sandboxed, wiring: Wiring
) -> None:
    tables = sandboxed.app.airtable.tables
    tables.drop_field("STRATAGEMS", "ExpiresAt")
    tables.add_field("STRATAGEMS", {"name": "ExpiresAt", "type": "singleLineText"})
    sandboxed.transfer("s", AT, Status="active", ExpiresAt="tomorrow")
    (read,) = wiring.transfers.transfers(AT)
    assert read.state(AT) is State.STALLED


def test_notes_of_a_hundred_thousand_characters_are_read(
    sandboxed: Sandboxed, wiring: Wiring
) -> None:
    notes = json.dumps({"amount": 5, "reason": "x" * 99_000})
    sandboxed.transfer("s", AT, Notes=notes)
    (read,) = wiring.transfers.transfers(AT)
    assert read.ducats == 5
