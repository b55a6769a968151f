"""A decision counts while the facts are what they were, night after night, and not a day longer."""

from __future__ import annotations

from typing import Any

import pytest

from tests.cli.resolve.cases import (
    doubtful,
    edit,
    orphan,
    reconciled,
    resolve,
    the_item,
    too_few,
    too_many,
    transferred,
    twice,
    wrong_citizen,
)
from tests.harness.counter import Counter


def night(counter: Counter) -> dict[str, Any]:
    answer = counter.type("reconcile", "--since", "last", "--json")
    assert answer.code in {0, 3}, answer
    return answer.data


def charge_of(counter: Counter, payment: str) -> str:
    with counter.sandboxed.app.stripe.account.writing(counter.now()) as writer:
        return str(writer.get("payment_intent", payment)["latest_charge"])


def accepted(counter: Counter, case: str) -> None:
    """A person has accepted it, and two nights have found nothing to do."""
    night(counter)
    assert resolve(counter, case, "--accept").code == 0
    counter.pass_time(hours=24)
    first = night(counter)
    assert first["items"] == []
    assert first["since_last"]["solved"] == [case]
    counter.pass_time(hours=24)
    assert night(counter)["items"] == []


def reopened(counter: Counter, case: str) -> str:
    """The next night lists the case again, as new, and says what has changed."""
    counter.pass_time(hours=24)
    data = night(counter)
    assert data["since_last"]["new"] == [case]
    (item,) = data["items"]
    assert item["decision"]["how"] == "accept"
    assert any("accepted as it is, by" in line for line in item["evidence"])
    return str(item["reopened"])


def test_money_that_goes_back_opens_a_decided_case(counter: Counter) -> None:
    payment = twice(counter)
    accepted(counter, payment)
    counter.sandboxed.app.stripe.account.refund(
        charge_of(counter, payment), at=counter.now(), amount=500
    )
    assert "500 cents of its money went back" in reopened(counter, payment)


def test_a_dispute_opens_a_decided_case(counter: Counter) -> None:
    payment = twice(counter)
    accepted(counter, payment)
    counter.sandboxed.app.stripe.account.dispute(charge_of(counter, payment), at=counter.now())
    assert "the dispute is" in reopened(counter, payment)


def test_an_edited_row_opens_a_decided_case(counter: Counter) -> None:
    payment = too_many(counter)
    accepted(counter, payment)
    (row,) = counter.sandboxed.app.airtable.tables.select("STRATAGEMS")
    notes = row["fields"]["Notes"].replace("150", "170")
    edit(counter, row["id"], Notes=notes)
    assert "170" in reopened(counter, payment)


def test_another_transfer_opens_a_decided_case(counter: Counter) -> None:
    payment = wrong_citizen(counter)
    accepted(counter, payment)
    transferred(counter, payment, citizen="lucia", hours_ago=0.1)
    assert "a transfer is new" in reopened(counter, payment)


def test_an_engine_run_opens_a_decided_case(counter: Counter) -> None:
    payment = counter.paid()
    record = transferred(counter, payment, citizen="lucia", Status="expired")
    assert the_item(counter)["kind"] == "stalled"
    accepted(counter, payment)
    number = counter.row(f"cascade_payment_{payment}")["StratagemId"]
    counter.sandboxed.app.engine.run(only=number)
    assert f"{record} was stalled and is executed" in reopened(counter, payment)


@pytest.mark.parametrize("case", [twice, too_few, too_many, wrong_citizen, doubtful, orphan])
def test_what_does_not_change_stays_decided(counter: Counter, case: Any) -> None:
    name = case(counter)
    night(counter)
    assert resolve(counter, name, "--accept").code == 0
    for _ in range(12):
        counter.pass_time(hours=24)
        assert night(counter)["items"] == []
    assert reconciled(counter, "--since", "20d")["items"] == []


def test_a_correction_that_comes_to_nothing_is_no_settled_case(counter: Counter) -> None:
    payment = too_few(counter)
    assert resolve(counter, payment, "--credit").code == 0
    counter.pass_time(hours=80)
    item = the_item(counter, "--since", "20d")
    assert (item["kind"], item["ducats_at_risk"]) == ("amount_mismatch", "10")
    assert resolve(counter, payment, "--credit").code == 0
    counter.sandboxed.app.engine.run()
    assert counter.ducats_of("marco") == 100
    assert reconciled(counter, "--since", "20d")["items"] == []


def test_a_row_that_the_engine_ran_again_is_doubtful_again(counter: Counter) -> None:
    payment = doubtful(counter, moved=True)
    assert resolve(counter, payment, "--moved").code == 0
    assert reconciled(counter)["items"] == []
    (row,) = counter.sandboxed.app.airtable.tables.select("STRATAGEMS")
    edit(counter, row["id"], Notes=row["fields"]["Notes"] + "\n[ERROR] Processing error: again")
    item = the_item(counter)
    assert item["kind"] == "doubtful"
    assert item["decision"]["how"] == "moved"
