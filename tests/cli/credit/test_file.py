"""`credit --file`: all rows are checked before the first is written, and each is paid once."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from threading import Barrier

import pytest

from cascade_cli.sandbox.wire import Request, json_response
from tests.harness.commands import Answer
from tests.harness.counter import Counter, write_credits
from tests.harness.faults import is_create, is_update, unavailable

HEADER = "citizen,ducats,reason,reference\n"


def credit_file(counter: Counter, file: Path, *words: str) -> Answer:
    return counter.type("credit", "--file", str(file), "--yes", *words)


def credit_text(counter: Counter, folder: Path, text: str) -> Answer:
    file = folder / "credits.csv"
    file.write_text(text, encoding="utf-8")
    return credit_file(counter, file)


@pytest.mark.parametrize(
    ("rows", "told"),
    [
        ("marco,0,gift,a\n", "line 2: '0' is not a positive number"),
        ('marco,5,gift,a\nmarco,"1,000",gift,b\n', "line 3: '1,000' is not a positive number"),
        ("marco,5,gift,a\nmarco,NaN,gift,b\n", "line 3: 'NaN'"),
        ("marco,5,gift,a\n,5,gift,b\n", "line 3: A credit needs a citizen"),
        ("marco,5,,a\n", "line 2: A credit needs a reason"),
        ("marco,5,gift,\n", "line 2: The reference '' is not"),
        ("marco,5,gift,two words\n", "line 2: The reference 'two words' is not"),
        ("marco,5,gift,a\nlucia,6,gift,a\n", "the reference 'a' stands in 2 rows"),
        ("marco,5,gift\n", "line 2: it has too many or too few cells"),
        ("marco,5,gift,a,b\n", "line 2: it has too many or too few cells"),
        ("", "it has no rows"),
        ('marco,5,"gift\n', "cannot be read"),
    ],
)
def test_one_bad_row_and_nothing_of_the_file_is_credited(
    counter: Counter, tmp_path: Path, rows: str, told: str
) -> None:
    answer = credit_text(counter, tmp_path, HEADER + rows)
    assert (answer.code, counter.requests) == (2, [])
    assert told in answer.err


def test_every_bad_row_is_named_at_once(counter: Counter, tmp_path: Path) -> None:
    rows = "".join(f"marco,none,gift,r{number}\n" for number in range(12))
    answer = credit_text(counter, tmp_path, HEADER + rows)
    assert "line 2: " in answer.err
    assert "line 11: " in answer.err
    assert "(and 2 more)" in answer.err


@pytest.mark.parametrize(
    "text", ["", "citizen;ducats;reason;reference\n", "marco,5,gift,a\n", "reason," + HEADER]
)
def test_other_columns_are_refused(counter: Counter, tmp_path: Path, text: str) -> None:
    answer = credit_text(counter, tmp_path, text)
    assert (answer.code, counter.requests) == (2, [])
    assert "citizen, ducats, reason, reference" in answer.err


def test_a_file_that_is_no_text_is_refused(counter: Counter, tmp_path: Path) -> None:
    file = tmp_path / "credits.csv"
    file.write_bytes(HEADER.encode() + b"\xff\xfe,5,gift,a\n")
    assert credit_file(counter, file).code == 2
    assert credit_file(counter, tmp_path / "nowhere.csv").code == 2
    assert credit_file(counter, tmp_path).code == 2
    assert not counter.requests


def test_a_spreadsheets_byte_order_mark_and_line_ends_are_read(
    counter: Counter, tmp_path: Path
) -> None:
    text = "\ufeff" + HEADER.replace("\n", "\r\n") + 'marco,5,"gift, or two",a\r\n'
    assert credit_text(counter, tmp_path, text).code == 0
    assert '"gift, or two"' in counter.row("cascade_manual_a")["Notes"]


def test_one_unknown_citizen_and_nothing_of_the_file_is_credited(
    counter: Counter, tmp_path: Path
) -> None:
    answer = credit_text(counter, tmp_path, HEADER + "marco,5,gift,a\nnobody,5,gift,b\n")
    assert (answer.code, counter.writes) == (7, [])
    assert "no citizen 'nobody'" in answer.err


def test_more_than_the_processor_has_and_nothing_of_the_file_is_credited(
    counter: Counter, tmp_path: Path
) -> None:
    counter.fund(9)
    answer = credit_text(counter, tmp_path, HEADER + "marco,5,gift,a\nlucia,5,gift,b\n")
    assert (answer.code, counter.writes) == (7, [])


def test_a_payment_that_is_named_twice_is_refused(counter: Counter, tmp_path: Path) -> None:
    charge = counter.sandboxed.pay(counter.now() - timedelta(hours=5), citizen="")
    names = [("marco", charge["payment_intent"]), ("lucia", charge["id"])]
    rows = [(citizen, "100", "gift", name) for citizen, name in names]
    answer = credit_file(counter, write_credits(tmp_path / "f.csv", rows))
    assert (answer.code, counter.writes, counter.rows()) == (7, [], [])
    assert "same transfer" in answer.err


def test_the_file_excludes_other_words(counter: Counter, tmp_path: Path) -> None:
    file = write_credits(tmp_path / "credits.csv", [("marco", "5", "gift", "a")])
    answer = counter.type("credit", "marco", "5", "--file", str(file), "--yes")
    assert (answer.code, counter.requests) == (2, [])


def file_of(counter: Counter, tmp_path: Path, rows: int) -> Path:
    names = [f"citizen_{number}" for number in range(rows)]
    counter.move_in(*names)
    return write_credits(tmp_path / "credits.csv", [(name, "5", "gift", name) for name in names])


def test_two_hundred_rows_are_two_hundred_transfers_told_row_by_row(
    counter: Counter, tmp_path: Path
) -> None:
    file = file_of(counter, tmp_path, 200)
    answer = credit_file(counter, file, "--json")
    assert answer.code == 0
    results = [(d["citizen"], d["result"]) for d in answer.data["deliveries"]]
    assert results == [(f"citizen_{number}", "credited") for number in range(200)]
    assert len(counter.rows()) == len(counter.rows("NOTIFICATIONS")) == 200
    creates = [request for request in counter.writes if is_create(request)]
    assert len(creates) == 20


def test_a_file_broken_off_is_taken_up_where_it_stopped(counter: Counter, tmp_path: Path) -> None:
    file = file_of(counter, tmp_path, 60)
    unauthorized = json_response(401, {"error": {"type": "AUTHENTICATION_REQUIRED"}})
    updates: list[Request] = []

    def is_late_update(request: Request) -> bool:
        updates.extend([request] if is_update(request) else [])
        return is_update(request) and len(updates) > 3

    counter.network.break_(is_late_update, unauthorized, times=1000)
    assert credit_file(counter, file).code == 4
    counter.network.heal()
    counter.sandboxed.app.engine.run()
    executed = [row for row in counter.rows() if row["Status"] == "executed"]
    assert 0 < len(executed) < 60
    counter.fund(5 * (60 - len(executed)))
    assert credit_file(counter, file).code == 0
    counter.sandboxed.app.engine.run()
    assert len(counter.rows()) == 60
    assert {counter.ducats_of(f"citizen_{number}") for number in range(60)} == {5}


def test_lost_answers_of_a_batch_are_waited_for_together_while_the_rest_goes_on(
    counter: Counter, tmp_path: Path
) -> None:
    file = file_of(counter, tmp_path, 60)
    started = counter.now()
    counter.network.break_(is_create, unavailable(), times=1, applied=False)
    counter.network.break_(is_create, unavailable(), times=1, applied=True)
    assert credit_file(counter, file).code == 0
    assert (counter.now() - started).total_seconds() < 130
    assert len(counter.rows()) == 60
    assert {row["Status"] for row in counter.rows()} == {"active"}


def test_one_row_that_the_base_refuses_does_not_hold_back_its_ten(
    counter: Counter, tmp_path: Path
) -> None:
    refusal = {"error": {"type": "INVALID_VALUE_FOR_COLUMN", "message": "no"}}
    counter.network.break_(
        lambda request: is_create(request) and b'"lucia"' in request.body,
        json_response(422, refusal),
        times=2,
    )
    rows = [("marco", str(number), "gift", f"r{number}") for number in range(1, 10)]
    file = write_credits(tmp_path / "credits.csv", [*rows, ("lucia", "5", "gift", "x")])
    answer = credit_file(counter, file, "--json")
    assert answer.code == 5
    results = [delivery["result"] for delivery in answer.data["deliveries"]]
    assert results == ["credited"] * 9 + ["failed"]
    assert credit_file(counter, file).code == 0
    assert len(counter.rows()) == 10


def test_rounds_of_a_large_file_are_written_side_by_side(counter: Counter, tmp_path: Path) -> None:
    file = file_of(counter, tmp_path, 100)
    meeting = Barrier(2)
    # The first two writes, after the schema, two looks each at citizens and rows, and the mode.
    for number in (7, 8):
        counter.sandboxed.recorder.before(number, lambda: _meet(meeting))
    assert credit_file(counter, file).code == 0
    assert [is_create(request) for request in counter.requests[6:8]] == [True, True]
    assert not meeting.broken
    assert len(counter.rows()) == 100


def _meet(meeting: Barrier) -> None:
    meeting.wait(20)
