"""Refunds of a payment for many that `events replay` settles by itself."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from cascade_cli.services.refunds.automatic_refunds import RefundResult, one_result
from tests.end_to_end.organisations.guild import bought, replayed, stripe_of
from tests.harness.counter import Counter

AUTO = {"CASCADE_REFUNDS": "auto"}
NOW = datetime(2026, 11, 20, 15, 0, tzinfo=UTC)


def asked(counter: Counter, what: str) -> int:
    return sum(what in request.path for request in counter.requests)


def test_all_portions_are_looked_at_and_their_citizens_asked_for_at_once(counter: Counter) -> None:
    counter.move_in("zuan")
    intent = bought(counter)
    replayed(counter)
    counter.sandboxed.app.engine.run()
    stripe_of(counter).v1.refunds.create({"payment_intent": intent, "amount": 341})
    before = asked(counter, "CITIZENS")
    assert len(replayed(counter, "--dry-run", **AUTO).data["refunds"][0]["would"]) == 3
    # Once for what was paid, once for what is taken back.
    assert asked(counter, "CITIZENS") - before == 2
    before = asked(counter, "/refunds")
    assert replayed(counter, **AUTO).code == 0
    # The refunds come with the charge.
    assert asked(counter, "/refunds") == before
    counter.sandboxed.app.engine.run()
    assert [counter.ducats_of(name) for name in ("marco", "lucia", "zuan")] == [80, 40.4, 16]


def test_the_notes_of_a_few_portions_are_told_those_for_a_person_first() -> None:
    waiting = [RefundResult(f"waits {n}", again_at=NOW + timedelta(minutes=n)) for n in range(1, 5)]
    assert (
        one_result([RefundResult("done"), *waiting]).note
        == "waits 1; waits 2; waits 3 (and 2 more)"
    )
    many = [
        *(RefundResult(f"done {n}") for n in range(999)),
        RefundResult("in doubt", needs_person=True),
    ]
    assert one_result(many).note == "in doubt; done 0; done 1 (and 997 more)"
