"""Credits by hand that were executed twice, or came to nothing while another gave the same."""

from __future__ import annotations

import json
import shlex

import pytest

from tests.cli.resolve.cases import BROKE_OFF, edit, give, reconciled, resolve, run_engine, the_item
from tests.harness.counter import Counter


def by_hand(counter: Counter, reference: str, reason: str, *, log: str = "", **fields: str) -> str:
    notes = json.dumps({"amount": 100.0, "reason": reason, "reference": reference})
    written = {"Notes": f"{notes}\n{log}" if log else notes, **fields}
    at = counter.now()
    record = counter.sandboxed.transfer(f"cascade_manual_{reference}", at, "marco", **written)
    counter.pass_time(hours=1)
    return str(record["id"])


def executed(counter: Counter, reference: str) -> str:
    give(counter, "marco", 100)
    return by_hand(counter, reference, "prize", ExecutedAt=counter.now().isoformat())


def typed(counter: Counter) -> str:
    """The one printed line, typed; which decision it is."""
    words = shlex.split(the_item(counter)["repair"]["command"])[1:]
    assert counter.type(words[0], "--yes", *words[1:]).code == 0
    run_engine(counter)
    return words[2]


def test_of_one_that_was_executed_twice_the_surplus_comes_back(counter: Counter) -> None:
    executed(counter, "prize")
    executed(counter, "prize")
    assert the_item(counter)["ducats_at_risk"] == "100"
    assert typed(counter) == "--take-back"
    assert counter.ducats_of("marco") == 100
    assert reconciled(counter)["items"] == []
    rows = [row for row in counter.rows() if row["StratagemId"].startswith("cascade_takeback")]
    assert [json.loads(row["Notes"].split("\n")[0])["amount"] for row in rows] == [100]


def test_of_what_the_citizen_has_spent_the_rest_is_put_off(counter: Counter) -> None:
    first = executed(counter, "prize")
    executed(counter, "prize")
    give(counter, "marco", -130)
    assert typed(counter) == "--take-back"
    assert counter.ducats_of("marco") == 0
    assert typed(counter) == "--snooze"
    assert resolve(counter, first, "--take-back").code in {0, 7}


@pytest.mark.parametrize("status", ["active", "failed"])
def test_no_view_prints_a_credit_that_would_be_refused(counter: Counter, status: str) -> None:
    payment = counter.paid(citizen="nobody")
    reason = f"ducats of {payment}"
    broken = by_hand(counter, "mine", reason, Status="active")
    if status == "failed":
        edit(counter, broken, Status="failed", Notes=_failed(reason))
    again = ("credit", "--reference", "mine", "--reason", reason, "--yes", "marco", "100")
    assert "cascade credit" in counter.type("stratagem", "status", broken).out
    assert counter.credit("marco", "100", "--reference", f"yours-{payment}").code == 0
    assert counter.type(*again).code == 7
    for view in (("stratagem", "status", broken), ("explain", broken)):
        out = counter.type(*view).out
        assert "cascade credit" not in out, view
        assert "cascade_manual_yours" in out
    listed = counter.type("stratagem", "list", "--json").data["stratagems"]
    assert {row["command"] for row in listed} == {None}
    lines = {item["repair"]["command"] for item in reconciled(counter)["items"]}
    assert not any("--reference mine" in line for line in lines)


def _failed(reason: str) -> str:
    notes = json.dumps({"amount": 100.0, "reason": reason, "reference": "mine"})
    return f"{notes}\n[ERROR] Failed to parse transfer details: Extra data"


def test_a_doubtful_one_is_looked_into_before_the_payment_that_it_speaks_of(
    counter: Counter,
) -> None:
    payment = counter.paid()
    by_hand(counter, "mine", f"for {payment}", Status="failed", log=BROKE_OFF)
    lines = [item["repair"]["command"] for item in reconciled(counter)["items"]]
    assert sorted(line.split()[3] for line in lines) == ["--moved", "--snooze"]
