"""What people decided is watched every night, however long ago it was settled."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass

import pytest

from tests.cli.resolve.cases import (
    doubtful,
    edit,
    orphan,
    resolve,
    run_engine,
    too_few,
    too_many,
    transferred,
    twice,
    wrong_citizen,
)
from tests.cli.resolve.test_reopened import night
from tests.harness.counter import Counter


def _settled_by(counter: Counter) -> str:
    payment = wrong_citizen(counter)
    assert counter.credit("marco", "100", "--reference", "made-good").code == 0
    run_engine(counter)
    return payment


def _moved(counter: Counter) -> str:
    return doubtful(counter, moved=True)


@dataclass(frozen=True)
class Decided:
    """A case, what is typed about it until nothing is left to do, and how the StratagemId of the
    transfer begins that somebody edits afterwards."""

    make: Callable[[Counter], str]
    hows: tuple[tuple[str, ...], ...]
    edited: str


CASES = {
    "credit": Decided(too_few, (("--credit",),), "cascade_correction_"),
    "credit and take back": Decided(
        wrong_citizen, (("--credit",), ("--take-back",)), "cascade_correction_"
    ),
    "take back": Decided(twice, (("--take-back",),), "cascade_takeback_"),
    "surplus": Decided(too_many, (("--take-back",),), "cascade_payment_"),
    "orphan": Decided(orphan, (("--take-back",),), "cascade_takeback_"),
    "settled by": Decided(
        _settled_by,
        (("--settled-by", "cascade_manual_made-good"), ("--take-back",)),
        "cascade_manual_",
    ),
    "moved": Decided(_moved, (("--moved",),), "cascade_payment_"),
    "not moved": Decided(doubtful, (("--not-moved",),), "cascade_payment_"),
    "accept": Decided(twice, (("--accept",),), "cascade_payment_"),
    "snooze": Decided(too_few, (("--snooze", "300d"),), "cascade_payment_"),
}


def decided(counter: Counter, name: str) -> str:
    """The case, as it is when all was decided and carried out."""
    case = CASES[name].make(counter)
    night(counter)
    for how in CASES[name].hows:
        answer = resolve(counter, case, *how)
        assert answer.code == 0, answer
        counter.pass_time(minutes=5)
        run_engine(counter)
    return case


def halved(counter: Counter, begin: str) -> None:
    """Somebody halves the ducats of a transfer, in the base itself."""
    rows = counter.sandboxed.app.airtable.tables.select("STRATAGEMS")
    row = next(r for r in rows if r["fields"]["StratagemId"].startswith(begin))
    notes, _, log = row["fields"]["Notes"].partition("\n")
    told = json.loads(notes)
    half = json.dumps(told | {"amount": told["amount"] / 2})
    edit(counter, row["id"], Notes=f"{half}\n{log}" if log else half)


@pytest.mark.parametrize("name", CASES)
def test_an_edit_long_after_opens_a_decided_case(counter: Counter, name: str) -> None:
    case = decided(counter, name)
    for _ in range(5):
        counter.pass_time(hours=24)
        assert night(counter)["items"] == []
    halved(counter, CASES[name].edited)
    counter.pass_time(hours=24)
    data = night(counter)
    (item,) = data["items"]
    assert item["decision"]["how"] == CASES[name].hows[-1][0][2:].replace("-", "_")
    assert data["since_last"]["new"] == [case]


DAYS = 24


def _twice_long_ago(counter: Counter) -> str:
    payment = counter.paid(hours_ago=25 * DAYS)
    for days in (25, 24.5):
        transferred(counter, payment, hours_ago=days * DAYS)
    return payment


def _wrong_long_ago(counter: Counter) -> str:
    payment = counter.paid(hours_ago=25 * DAYS)
    transferred(counter, payment, citizen="lucia", hours_ago=25 * DAYS)
    assert counter.credit("marco", "100", "--reference", "made-good").code == 0
    run_engine(counter)
    return payment


def _orphan_long_ago(counter: Counter) -> str:
    return transferred(counter, citizen="lucia", StratagemId="of_old", hours_ago=25 * DAYS)


OF_OLD = {
    "accept": (_twice_long_ago, "--accept", "cascade_payment_"),
    "settled by": (_wrong_long_ago, "--settled-by=cascade_manual_made-good", "cascade_manual_"),
    "orphan": (_orphan_long_ago, "--accept", "of_old"),
    "orphan taken back": (_orphan_long_ago, "--take-back", "cascade_takeback_"),
}


@pytest.mark.parametrize("name", OF_OLD)
def test_a_case_that_no_night_has_seen_opens_when_its_transfers_change(
    counter: Counter, name: str
) -> None:
    make, how, begin = OF_OLD[name]
    night(counter)
    case = make(counter)
    assert resolve(counter, case, how).code == 0
    counter.pass_time(minutes=5)
    run_engine(counter)
    if name == "settled by":
        assert resolve(counter, case, "--take-back").code == 0
        run_engine(counter)
    for _ in range(3):
        counter.pass_time(hours=24)
        data = night(counter)
        assert data["items"] == []
    halved(counter, begin)
    counter.pass_time(hours=24)
    data = night(counter)
    assert data["since_last"]["new"] == [case]


def test_a_case_that_no_night_has_seen_and_nobody_decided_about_stays_unseen(
    counter: Counter,
) -> None:
    night(counter)
    _twice_long_ago(counter)
    counter.pass_time(hours=24)
    assert night(counter)["items"] == []


NIGHTS = 100


def test_what_does_not_change_stays_decided_for_a_hundred_nights(counter: Counter) -> None:
    for name in CASES:
        decided(counter, name)
    accepted = [make(counter) for make in (doubtful, too_few, too_many, wrong_citizen, orphan)]
    night(counter)
    for case in accepted:
        assert resolve(counter, case, "--accept").code == 0
    counter.pass_time(hours=24)
    first = night(counter)
    assert first["items"] == []
    # The newest decision of each; what moved nothing has been delivered since like any other.
    assert set(first["decided"]) == {"accept", "snooze", "credit", "take_back", "moved"}
    for number in range(NIGHTS):
        counter.pass_time(hours=24)
        run_engine(counter)
        data = night(counter)
        assert (number, data["items"]) == (number, [])
        assert data["since_last"]["new"] == data["since_last"]["solved"] == []
        assert data["decided"] == first["decided"]
