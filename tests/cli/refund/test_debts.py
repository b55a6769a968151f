"""Debts of citizens who had spent what was to come back, once nothing is to come back any more."""

from __future__ import annotations

from typing import Any

from tests.cli.refund.test_refund import bought, charge_of, reconciled, refund
from tests.cli.refund.test_states import becomes, pending
from tests.harness.counter import Counter


def owing(counter: Counter) -> tuple[str, str]:
    """A payment whose refund found nothing to take: its intent, and the refund."""
    intent = bought(counter, spent=100)
    name = pending(counter, intent)
    assert refund(counter, intent).code == 0
    assert debts(counter) == [{"payment": intent, "ducats": "100"}]
    return intent, name


def debts(counter: Counter, since: str = "7d") -> Any:
    return counter.type("reconcile", "--since", since, "--json").data["refund_debts"]


def test_a_debt_ends_when_the_refund_fails(counter: Counter) -> None:
    _, name = owing(counter)
    becomes(counter, name, "failed")
    assert counter.type("status", "--json").data["refund_debts"] == []
    assert "Debts" not in counter.type("status").out
    assert debts(counter) == []
    assert "Debts" not in counter.type("reconcile", "--since", "7d").out
    assert reconciled(counter)["items"] == []


def test_a_debt_ends_when_a_lost_dispute_is_won(counter: Counter) -> None:
    intent = bought(counter, spent=100)
    account = counter.sandboxed.app.stripe.account
    dispute = account.dispute(charge_of(counter, intent), at=counter.now())
    account.close_dispute(dispute["id"], at=counter.now())
    assert refund(counter, intent).code == 0
    assert debts(counter) == [{"payment": intent, "ducats": "100"}]
    account.turn_dispute(dispute["id"], at=counter.now(), status="won")
    assert debts(counter) == []


def test_a_debt_that_stands_no_more_is_told_by_no_later_run(counter: Counter) -> None:
    """Nor by one whose window does not hold the payment."""
    _, name = owing(counter)
    assert len(debts(counter, "1h")) == 1
    becomes(counter, name, "failed")
    assert debts(counter) == []
    assert debts(counter, "1h") == []
    assert "'marco' has no debt any more" in counter.type("journal", "list").out


def test_cascade_refund_forgets_a_debt_that_stands_no_more(counter: Counter) -> None:
    intent, name = owing(counter)
    becomes(counter, name, "failed")
    assert refund(counter, intent).data["refunds"][0]["debt"] == "0"
    assert debts(counter, "1h") == []


def test_a_debt_that_stands_is_recorded_once(counter: Counter) -> None:
    intent, _ = owing(counter)
    before = counter.type("journal", "list", "--json").data["entries"]
    assert refund(counter, intent).code == 0
    assert counter.type("journal", "list", "--json").data["entries"] == before
