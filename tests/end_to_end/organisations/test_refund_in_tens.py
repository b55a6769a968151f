"""A refund of a payment for many goes in tens, as its credit did."""

from __future__ import annotations

from collections import Counter as Tally
from collections.abc import Callable

import pytest

from cascade_cli.domain.delivery.delivery_steps import FATE_BOUND
from cascade_cli.sandbox.wire import Request
from tests.end_to_end.organisations.guild import bought, keys, reconciled, replayed, stripe_of
from tests.harness.commands import Answer
from tests.harness.counter import Counter
from tests.harness.faults import is_create, is_notification, is_update, is_write, unavailable

AUTO = {"CASCADE_REFUNDS": "auto"}
Command = Callable[[Counter, str], Answer]


def guild_of(counter: Counter, number: int) -> dict[str, str]:
    """So many citizens, for each of whom ten ducats are to be bought."""
    names = [f"member_{n}" for n in range(1, number + 1)]
    counter.move_in(*names)
    return dict.fromkeys(names, "10")


def refunded(counter: Counter, members: dict[str, str], *, arrived: bool = True) -> tuple[str, str]:
    """Their payment, credited, and all of its money sent back: its intent's id, and the refund's"""
    intent = bought(counter, members)
    assert replayed(counter).code == 0
    if arrived:
        counter.sandboxed.app.engine.run()
    return intent, str(stripe_of(counter).v1.refunds.create({"payment_intent": intent}).id)


def refund(counter: Counter, intent: str) -> Answer:
    return counter.type("refund", intent, "--yes", "--json")


def replay(counter: Counter, _intent: str) -> Answer:
    return replayed(counter, **AUTO)


def left_to(counter: Counter, members: dict[str, str]) -> set[float]:
    """The ducats that they have after the engine's next run."""
    counter.sandboxed.app.engine.run()
    return {counter.ducats_of(name) for name in members}


def charges_read(counter: Counter) -> int:
    """How often Stripe was asked for the payment: once for each look."""
    return sum(request.path.endswith("/charges") for request in counter.requests)


@pytest.mark.parametrize("command", [refund, replay])
@pytest.mark.parametrize("arrived", [True, False])
def test_a_refund_for_forty_takes_at_most_half_as_many_requests_again_as_its_credit(
    counter: Counter, arrived: bool, command: Command
) -> None:
    members = guild_of(counter, 40)
    intent = bought(counter, members)
    before = len(counter.requests)
    assert replayed(counter).code == 0
    credit = len(counter.requests) - before
    if arrived:
        counter.sandboxed.app.engine.run()
    stripe_of(counter).v1.refunds.create({"payment_intent": intent})
    before = len(counter.requests)
    assert command(counter, intent).code == 0
    assert len(counter.requests) - before <= 1.5 * credit
    assert left_to(counter, members) == {0}
    assert {item["kind"] for item in reconciled(counter)["items"]} == {"settled"}


@pytest.mark.parametrize(
    ("arrived", "kinds"), [(True, [is_create, is_update, is_notification]), (False, [is_update])]
)
def test_ten_are_refunded_by_one_write_of_each_kind(
    counter: Counter, arrived: bool, kinds: list[Callable[[Request], bool]]
) -> None:
    members = guild_of(counter, 10)
    intent, _ = refunded(counter, members, arrived=arrived)
    before = len(counter.writes)
    assert refund(counter, intent).code == 0
    writes = counter.writes[before:]
    assert [kind(write) for kind, write in zip(kinds, writes, strict=True)] == [True] * len(kinds)
    assert left_to(counter, members) == {0}


def test_what_arrives_while_all_are_ended_is_taken_back_after_one_look_at_all(
    counter: Counter,
) -> None:
    members = guild_of(counter, 3)
    intent, name = refunded(counter, members, arrived=False)
    executed: list[str] = []

    def runs_just_before(request: Request) -> bool:
        if is_update(request) and not executed:
            executed.extend(counter.sandboxed.app.engine.run(only=keys(intent, 2)[0]).executed)
        return False

    counter.network.break_(runs_just_before, unavailable())
    before = charges_read(counter)
    assert refund(counter, intent).code == 0
    # Before the endings, after them, and after all.
    assert charges_read(counter) - before == 3
    assert executed == keys(intent, 2)
    back = [row["StratagemId"] for row in counter.rows() if row["ExecutedBy"] in members]
    assert back == [f"cascade_refund_{name}.2"]
    assert left_to(counter, members) == {0}


@pytest.mark.parametrize("applied", [True, False])
@pytest.mark.parametrize("number", range(6))
def test_a_refund_broken_off_at_any_write_takes_each_part_back_once(
    counter: Counter, number: int, applied: bool
) -> None:
    members = guild_of(counter, 11)
    intent, _ = refunded(counter, members)
    writes: list[Request] = []

    def is_the_last(request: Request) -> bool:
        writes.extend([request] * is_write(request))
        return len(writes) > number and is_write(request)

    counter.network.break_(is_the_last, unavailable(), applied=applied)
    # Broken off: nobody sees what became of the write.
    counter.network.break_(
        lambda r: len(writes) > number and "STRATAGEMS" in r.path, unavailable(), times=40
    )
    refund(counter, intent)
    assert len(writes) > number
    counter.network.heal()
    counter.pass_time(seconds=FATE_BOUND.total_seconds() + 1)
    assert refund(counter, intent).code == 0
    assert left_to(counter, members) == {0}
    taken = Tally(r["ExecutedBy"] for r in counter.rows() if r["ExecutedBy"] in members)
    assert taken == dict.fromkeys(members, 1)
    assert {item["kind"] for item in reconciled(counter)["items"]} == {"settled"}


def test_one_whose_ducats_are_spent_owes_them_and_the_others_return_theirs(
    counter: Counter,
) -> None:
    members = guild_of(counter, 3)
    intent, _ = refunded(counter, members)
    tables = counter.sandboxed.app.airtable.tables
    (record,) = tables.select("CITIZENS", "{Username} = 'member_2'")
    tables.update("CITIZENS", record["id"], {"Ducats": 4})
    assert refund(counter, intent).code == 0
    assert left_to(counter, members) == {0}
    assert reconciled(counter)["refund_debts"] == [{"payment": f"{intent}.2", "ducats": "6"}]


def test_more_than_a_hundred_are_settled_in_turns_by_one_replay(counter: Counter) -> None:
    members = guild_of(counter, 101)
    intent, _ = refunded(counter, members)
    (told,) = replay(counter, intent).data["refunds"]
    assert (len(told["deliveries"]), told["needs_person"]) == (101, False)
    assert left_to(counter, members) == {0}
