"""What contradicts a memory, and what does not."""

from __future__ import annotations

from datetime import timedelta

import pytest

from cascade_cli.domain.history.checkpoint import Checkpoint, WithoutVerdict, checkpoint_of
from cascade_cli.domain.history.verification import Depth, MemoryVerification, Settled
from cascade_cli.domain.records.charges import Charge
from cascade_cli.domain.records.stratagems import Stratagem
from tests.domain.samples import NOW, WEEK, a_charge, a_stratagem, judge, keyed

HOUR = timedelta(hours=1)
SETTLED = a_charge("1")
OPEN = a_charge("2", citizen="polo")
PENDING = a_charge("3", citizen="x")


def memory() -> Checkpoint:
    """One settled, one missing, one that may still be paid, one orphan."""
    result = judge([SETTLED, OPEN], [keyed(SETTLED), a_stratagem("orphan")])
    return checkpoint_of(WEEK, result, WithoutVerdict({"ch_3": PENDING.created_at}))


def contradictions(
    *charges: Charge, rows: tuple[Stratagem, ...] = (), touched: frozenset[str] = frozenset()
) -> list[str]:
    settled = Settled(memory(), touched)
    return list(settled.contradicted_by(judge(charges, rows).items.unsettled))


def test_a_settled_payment_that_is_missing_contradicts() -> None:
    assert contradictions(SETTLED, OPEN) == ["pi_1"]


def test_an_unheard_of_payment_of_the_past_contradicts() -> None:
    assert contradictions(a_charge("9")) == ["pi_9"]


def test_what_was_open_or_might_be_paid_does_not() -> None:
    assert contradictions(OPEN, PENDING, rows=(a_stratagem("orphan"),)) == []


def test_another_orphan_of_the_past_does() -> None:
    assert contradictions(rows=(a_stratagem("other"),)) == ["recother"]


def test_what_stripe_told_of_since_does_not() -> None:
    assert contradictions(SETTLED, touched=frozenset({"ch_1"})) == []


def test_what_has_a_new_transfer_does_not() -> None:
    late = keyed(SETTLED, record_id="recnew", created_at=NOW - HOUR / 2)
    assert contradictions(SETTLED, rows=(keyed(SETTLED), late)) == []


def test_what_is_new_does_not() -> None:
    assert contradictions(a_charge("9", created_at=NOW - HOUR / 2)) == []


@pytest.mark.parametrize(
    ("checked", "wrong", "sentence"),
    [
        (1200, (), "1,200 payments remembered as settled, all confirmed"),
        (50, ("a", "b", "c"), "3 of 50 payments remembered as settled turned out not to be"),
        (0, (), "there was nothing remembered as settled to verify"),
    ],
)
def test_it_is_said_in_plain_words(checked: int, wrong: tuple[str, ...], sentence: str) -> None:
    assert MemoryVerification(Depth.SAMPLE, checked, wrong).sentence == sentence
