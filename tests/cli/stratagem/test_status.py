from __future__ import annotations

from typing import Any

import pytest

from tests.cli.stratagem.rows import failed, make
from tests.harness.commands import Answer
from tests.harness.counter import Counter

PAID = "cascade_payment_pi_3Abc"


def _status(counter: Counter, identity: str) -> Answer:
    return counter.type("stratagem", "status", identity, "--json")


def _the_one(answer: Answer) -> dict[str, object]:
    (row,) = answer.data["stratagems"]
    return dict(row)


def test_an_executed_transfer_has_arrived(counter: Counter) -> None:
    make(counter, "done", Status="executed", ExecutedAt="2026-11-20T10:00:00Z")
    answer = _status(counter, "done")
    row = _the_one(answer)
    assert (answer.code, row["state"], row["ducats_moved"]) == (0, "executed", "yes")
    assert (
        row["meaning"] == "The engine executed it at 2026-11-20 10:00 UTC: the ducats have arrived."
    )


def test_when_it_was_executed_is_left_out_where_the_row_does_not_say(counter: Counter) -> None:
    make(counter, "done", Status="executed")
    meaning = _the_one(_status(counter, "done"))["meaning"]
    assert meaning == "The engine executed it: the ducats have arrived."


def test_an_active_transfer_waits_for_the_next_run(counter: Counter) -> None:
    make(counter, "live")
    counter.pass_time(seconds=30)
    answer = _status(counter, "live")
    row = _the_one(answer)
    assert (answer.code, row["state"], row["ducats_moved"]) == (0, "live", "not yet")
    taken = "The engine takes it at its next run: 19:00 Europe/Rome, in 2h 59m."
    assert row["meaning"] == taken
    assert answer.data["next_run_at"] == "2026-11-20T18:00:00Z"


def test_one_that_expires_before_the_next_run_is_said_to(counter: Counter) -> None:
    make(counter, "live", hours_left=1)
    assert "It expires before that" in str(_the_one(_status(counter, "live"))["meaning"])


def test_one_that_a_healthy_engine_would_have_taken_casts_doubt_on_the_engine(
    counter: Counter,
) -> None:
    make(counter, "live", hours_ago=30)
    meaning = str(_the_one(_status(counter, "live"))["meaning"])
    assert meaning.startswith("The engine takes it at its next run: ")
    assert "It has waited 1d 6h, longer than a healthy engine takes" in meaning


@pytest.mark.parametrize(
    ("fields", "why"),
    [
        ({"hours_left": -1}, "it is active, but expired 2026-11-20 14:00 UTC"),
        ({"Status": "planned"}, "it was never activated"),
        ({"Status": "expired"}, "it is expired"),
        ({"Status": None}, "it has no status"),
    ],
)
def test_what_the_engine_passes_over_may_be_tried_again(
    counter: Counter, fields: dict[str, Any], why: str
) -> None:
    make(counter, PAID, **fields)
    answer = _status(counter, "pi_3Abc")
    row = _the_one(answer)
    assert (answer.code, row["state"], row["safe_to_retry"]) == (3, "stalled", True)
    assert why in str(row["meaning"])
    assert str(row["command"]).endswith("cascade explain -- cascade_payment_pi_3Abc")


def test_what_somebody_cancelled_is_not_for_a_retry(counter: Counter) -> None:
    make(counter, "off", Status="cancelled")
    row = _the_one(_status(counter, "off"))
    assert row["meaning"] == "The engine will never take it: it is cancelled."
    assert row["retry"] == "No: somebody cancelled it. Find out why first."
    assert (row["safe_to_retry"], row["command"]) == (False, "cascade explain -- off")


def test_a_row_planned_moments_ago_is_being_made(counter: Counter) -> None:
    make(counter, "new", Status="planned", hours_ago=0)
    row = _the_one(_status(counter, "new"))
    assert row["meaning"] == "It was made moments ago and is about to be activated."


# The engine's words, whether ducats moved, and what to do: FACTS' table.
FAILURES = [
    ("Failed to parse transfer details: x", "failed", "no", "cascade explain"),
    ("Missing required fields or invalid amount.", "failed", "no", "cascade explain"),
    ("Sender X not found.", "failed", "no", "cascade citizen setup"),
    ("Receiver marco not found.", "failed", "no", "cascade explain"),
    ("Insufficient funds: 1.0 < 100.0", "failed", "no", "cascade citizen replenish --by 100"),
    ("Processing error: boom", "doubtful", "perhaps", "cascade explain"),
    ("Processor logic returned failure or …", "doubtful", "perhaps", "cascade explain"),
]


@pytest.mark.parametrize(("error", "state", "moved", "command"), FAILURES)
def test_the_engine_s_words_tell_whether_ducats_moved(
    counter: Counter, error: str, state: str, moved: str, command: str
) -> None:
    failed(counter, PAID, error)
    answer = _status(counter, PAID)
    row = _the_one(answer)
    assert (answer.code, row["state"], row["ducats_moved"]) == (3, state, moved)
    assert row["safe_to_retry"] is False
    assert str(row["command"]).startswith(command)
    assert error.rstrip(".") in str(row["meaning"])


RULINGS = {
    "--moved": ("executed", "yes", "A person found that it has moved its ducats."),
    "--not-moved": ("failed", "no", "A person found that it moved no ducats: Processing error: x."),
}


@pytest.mark.parametrize("found", RULINGS)
def test_what_a_person_found_out_about_a_doubtful_row_counts(counter: Counter, found: str) -> None:
    failed(counter, "gift", "Processing error: x")
    resolved = counter.type("resolve", "gift", found, "--reason", "the balances", "--yes")
    assert resolved.code == 0, resolved.err
    row = _the_one(_status(counter, "gift"))
    assert (row["state"], row["ducats_moved"], row["meaning"]) == RULINGS[found]


def test_status_error_is_doubtful(counter: Counter) -> None:
    make(counter, "odd", Status="error")
    row = _the_one(_status(counter, "odd"))
    assert (row["state"], row["ducats_moved"]) == ("doubtful", "perhaps")


def test_the_command_for_a_manual_credit_keeps_its_reference(counter: Counter) -> None:
    make(counter, "cascade_manual_prize-7", Status="planned", citizen="-dash")
    command = str(_the_one(_status(counter, "cascade_manual_prize-7"))["command"])
    assert command == "cascade credit --reference prize-7 --reason gift -- -dash 100"


def test_a_record_id_finds_it(counter: Counter) -> None:
    record = make(counter, "one")
    assert _the_one(_status(counter, record))["stratagem_id"] == "one"


def test_a_charge_in_its_notes_finds_it(counter: Counter) -> None:
    make(counter, PAID, Notes='{"amount": 1, "reason": "x", "charge": "ch_3Abc"}')
    assert _the_one(_status(counter, "ch_3Abc"))["stratagem_id"] == PAID


def test_an_id_that_only_begins_another_finds_nothing(counter: Counter) -> None:
    make(counter, PAID, Notes='{"amount": 1, "reason": "x", "charge": "ch_3Abc"}')
    assert _status(counter, "ch_3Ab").code == 3
    assert _status(counter, "pi_3Ab").code == 3
    assert _status(counter, PAID.upper()).code == 3


def test_a_payment_of_the_older_connector_is_found_and_said_to_be_a_guess(
    counter: Counter,
) -> None:
    intent = counter.paid(hours_ago=2)
    notes = '{"amount": 100.0, "reason": "x", "source": "cascade_payment_processor"}'
    make(counter, "cascade_payment_marco_1795000000", Notes=notes, hours_ago=1.9)
    answer = _status(counter, intent)
    assert answer.data["found_by"] == "citizen_amount_time"
    assert "it may belong to another payment" in answer.document["warnings"][0]


def test_a_payment_without_a_transfer_is_said_to_be_paid(counter: Counter) -> None:
    intent = counter.paid()
    answer = _status(counter, intent)
    assert answer.code == 3
    assert answer.document["error"] == {
        "kind": "not_found",
        "message": f"{intent} was paid, and Venice has no transfer for it.",
        "hint": f"See: cascade explain {intent}",
    }


def test_two_transfers_for_one_payment_are_shown_both(counter: Counter) -> None:
    make(counter, PAID, Status="executed")
    make(counter, PAID)
    answer = _status(counter, "pi_3Abc")
    assert answer.code == 3
    assert len(answer.data["stratagems"]) == 2
    assert "2 transfers that moved ducats, or still may" in answer.document["warnings"][0]


def test_a_dead_row_beside_an_executed_one_does_no_harm(counter: Counter) -> None:
    make(counter, PAID, Status="executed")
    make(counter, PAID, Status="planned")
    assert _status(counter, "pi_3Abc").code == 0


def test_somebody_else_s_stratagem_is_none_of_the_processor_s(counter: Counter) -> None:
    make(counter, "theirs", ExecutedBy="lucia")
    assert _status(counter, "theirs").code == 3


BY_OLD: dict[str, Any] = {"ExecutedBy": "OLD_PROCESSOR"}
TO_OLD: dict[str, Any] = {"ExecutedBy": "marco", "TargetCitizen": "OLD_PROCESSOR"}


@pytest.mark.parametrize(
    ("name", "fields", "meaning", "moved"),
    [
        (
            PAID,
            BY_OLD,
            "'OLD_PROCESSOR' pays it, not the processor, and it is 'active'.",
            "perhaps",
        ),
        (
            "cascade_refund_re_1",
            {**TO_OLD, "Status": "planned"},
            "'OLD_PROCESSOR' receives it, not the processor, and it is 'planned'.",
            "no",
        ),
        (
            PAID,
            {**BY_OLD, "Status": "expired"},
            "'OLD_PROCESSOR' pays it, not the processor, and it is 'expired'.",
            "no",
        ),
    ],
)
def test_what_is_another_processor_s_to_pay_or_to_get_is_not_for_cascade_to_repeat(
    counter: Counter, name: str, fields: dict[str, Any], meaning: str, moved: str
) -> None:
    make(counter, name, **fields)
    answer = _status(counter, name)
    row = _the_one(answer)
    assert (row["meaning"], row["ducats_moved"]) == (meaning, moved)
    assert "find out who made it" in str(row["retry"])
    assert (row["safe_to_retry"], row["command"]) == (False, f"cascade explain -- {name}")


def test_what_another_processor_has_paid_is_said_to_be_its(counter: Counter) -> None:
    make(counter, PAID, Status="executed", **BY_OLD)
    row = _the_one(_status(counter, PAID))
    assert row["ducats_moved"] == "yes"
    assert str(row["meaning"]).endswith("'OLD_PROCESSOR' paid them, not the processor.")


HOSTILE = [
    "o'clock",
    'say "so"',
    "back\\slash",
    "a{b}c",
    "') , TRUE(), ('",
    "line\nbreak",
    "\u202eeno",
    "-1",
    "x" * 10_000,
]


@pytest.mark.parametrize("name", HOSTILE)
def test_an_id_is_meant_to_the_letter(counter: Counter, name: str) -> None:
    make(counter, name)
    make(counter, name + "x")
    make(counter, "ordinary")
    answer = counter.type("stratagem", "status", "--json", "--", name)
    assert answer.code == 0
    assert _the_one(answer)["stratagem_id"] == name


@pytest.mark.parametrize("name", HOSTILE)
def test_an_id_that_is_not_there_is_nobody_s(counter: Counter, name: str) -> None:
    make(counter, name + "x")
    make(counter, "ordinary")
    assert counter.type("stratagem", "status", "--", name).code == 3


@pytest.mark.parametrize("name", ["", " ", "\udcff", "nul\0"])
def test_what_is_no_text_is_refused_before_any_request(counter: Counter, name: str) -> None:
    answer = counter.type("stratagem", "status", name)
    assert answer.code == 2
    assert counter.requests == []


def test_hostile_text_is_shown_as_text(counter: Counter) -> None:
    notes = '{"amount": 1, "reason": "[bold]\\u001b[31mred\\nline"}'
    make(counter, "[red]x", citizen="\u202eeno\x1b]0;t\x07", Notes=notes)
    out = counter.type("stratagem", "status", "[red]x").out
    assert "[red]x" in out
    assert "[bold]\\x1b[31mred\\nline" in out
    assert "\x1b" not in out
    assert "\u202e" not in out


def test_people_read_everything_that_is_known(counter: Counter) -> None:
    failed(counter, PAID, "Insufficient funds: 1.0 < 100.0")
    out = counter.type("stratagem", "status", PAID).out
    for text in ("failed", "100", "marco", "2026-11-22 15:00 UTC", "ducats moved?   no", "gift"):
        assert text in out
    assert "$ cascade citizen replenish --by 100" in out
    assert "The engine's next run: 19:00 Europe/Rome" in out


def test_notes_whose_amount_cannot_be_read_do_not_stop_it(counter: Counter) -> None:
    make(counter, "bad", Notes="not json")
    row = _the_one(_status(counter, "bad"))
    assert (row["state"], row["ducats"]) == ("failed", None)


def test_a_credit_by_hand_that_vanished_is_told_in_the_journal_s_words(counter: Counter) -> None:
    counter.credit("marco", "30", "--reference", "prize")
    tables = counter.sandboxed.app.airtable.tables
    (row,) = tables.select("STRATAGEMS")
    tables.delete("STRATAGEMS", str(row["id"]))
    answer = counter.type("stratagem", "status", "cascade_manual_prize")
    assert "has vanished from Venice's base: the journal: " in " ".join(answer.err.split())
    told = counter.type("explain", "cascade_manual_prize")
    assert told.code == 0
    assert "about to create" in told.out


def test_a_key_that_nobody_ever_wrote_for_is_not_found(counter: Counter) -> None:
    answer = counter.type("stratagem", "status", "cascade_manual_other")
    assert "has no transfer 'cascade_manual_other'" in " ".join(answer.err.split())
