"""What cannot come back is put off, and taken when it is there."""

from __future__ import annotations

import shlex
from collections.abc import Callable

import pytest

from tests.cli.resolve.cases import (
    give,
    orphan,
    reconciled,
    run_engine,
    the_item,
    transferred,
    twice,
)
from tests.harness.counter import Counter


def follow(counter: Counter) -> str:
    """Types the one line that is printed, and says which decision or command it is."""
    item = the_item(counter, "--since", "90d")
    words = shlex.split(item["repair"]["command"])[1:]
    assert counter.type(*words, "--yes").code == 0
    run_engine(counter)
    counter.pass_time(minutes=20)
    return words[2] if words[0] == "resolve" else words[0]


def refunded(counter: Counter) -> str:
    payment = counter.paid()
    transferred(counter, payment)
    account = counter.sandboxed.app.stripe.account
    account.refund(account.charge_of(payment, at=counter.now()), at=counter.now())
    return payment


def spends(counter: Counter, citizen: str, ducats: float) -> None:
    """All but so many."""
    give(counter, citizen, ducats - counter.ducats_of(citizen))


@pytest.mark.parametrize(
    ("make", "citizen", "first"),
    [
        (refunded, "marco", "refund"),
        (twice, "marco", "--take-back"),
        (orphan, "lucia", "--take-back"),
    ],
)
def test_a_debt_is_put_off_and_taken_when_it_is_there(
    counter: Counter, make: Callable[[Counter], str], citizen: str, first: str
) -> None:
    make(counter)
    spends(counter, citizen, 30)
    assert follow(counter) == first
    assert counter.ducats_of(citizen) == 0
    assert follow(counter) == "--snooze"
    assert reconciled(counter, "--since", "90d")["items"] == []
    counter.pass_time(days=31)
    give(counter, citizen, 50)
    assert the_item(counter, "--since", "90d")["reopened"] == "the time it was put off for is over"
    assert follow(counter) == first
    assert counter.ducats_of(citizen) == 0
    assert follow(counter) == "--snooze"
    counter.pass_time(days=31)
    give(counter, citizen, 500)
    assert follow(counter) == first
    assert reconciled(counter, "--since", "90d")["items"] == []
    assert counter.ducats_of(citizen) == 480


def test_where_the_policy_leaves_ducats_a_debt_is_put_off_whoever_has_them(
    counter: Counter,
) -> None:
    refunded(counter)
    settings = {"CASCADE_REFUND_POLICY": "none"}
    for expected in ("refund", "resolve"):
        item = the_item(counter, **settings)
        words = shlex.split(item["repair"]["command"])[1:]
        assert words[0] == expected
        assert counter.type(*words, "--yes", **settings).code == 0
    assert reconciled(counter, **settings)["items"] == []
