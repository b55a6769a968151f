"""A transfer that the engine refused is told as that, and not as a write of unknown fate."""

from __future__ import annotations

import json
from decimal import Decimal

import pytest

from cascade_cli.domain.delivery.delivery_steps import Action, Wait, next_step
from cascade_cli.domain.records.journal_entries import Fate
from tests.domain.delivery.orders import a_row, an_order, attempted
from tests.domain.samples import NOW
from tests.harness.counter import Counter


def _refused(counter: Counter) -> None:
    """A credit that the engine refused half a minute after it was let go."""
    assert counter.credit("marco", "5", "--reference", "r1").code == 0
    counter.fund(1)
    counter.sandboxed.app.engine.run()
    counter.fund(100)
    counter.pass_time(seconds=30)
    assert counter.row("cascade_manual_r1")["Status"] == "failed"


def test_a_credit_that_the_engine_has_refused_says_so_and_why(counter: Counter) -> None:
    _refused(counter)
    before = counter.now()
    answer = counter.credit("marco", "5", "--reference", "r1")
    assert answer.code == 3
    assert "cascade_manual_r1: the engine refused it: Insufficient funds" in answer.err
    assert "may or may not" not in answer.err
    assert "cascade explain cascade_manual_r1" in answer.err
    assert (counter.now() - before).total_seconds() < 60


def test_a_script_hears_it_as_failed_with_the_engines_words(counter: Counter) -> None:
    _refused(counter)
    document = counter.credit("marco", "5", "--reference", "r1", "--json").document
    (delivery,) = document["data"]["deliveries"]
    assert document["error"]["kind"] == "engine_refused"
    assert (delivery["result"], delivery["stratagem_status"]) == ("failed", "failed")
    assert delivery["why"].startswith("the engine refused it: Insufficient funds")
    assert delivery["finish_at"] is None


def test_nothing_is_written_while_an_earlier_write_may_still_be_applied(counter: Counter) -> None:
    _refused(counter)
    before = len(counter.writes)
    counter.credit("marco", "5", "--reference", "r1")
    assert len(counter.writes) == before


def test_the_same_command_revives_it_when_the_time_has_come(counter: Counter) -> None:
    _refused(counter)
    counter.pass_time(minutes=3)
    assert counter.credit("marco", "5", "--reference", "r1").code == 0
    counter.sandboxed.app.engine.run()
    assert counter.ducats_of("marco") == 5


@pytest.mark.parametrize(
    ("action", "fate"),
    [
        (Action.ACTIVATE, Fate.APPLIED),
        (Action.ACTIVATE, Fate.UNKNOWN),
        (Action.EXTEND, Fate.UNKNOWN),
        (Action.REWRITE, Fate.APPLIED),
        (Action.NOTIFY, Fate.UNKNOWN),
    ],
)
def test_a_refusal_shows_that_the_write_before_it_was_applied(action: Action, fate: Fate) -> None:
    row = a_row("no funds", failure_text="Insufficient funds: 1 < 5")
    step = next_step(an_order(), [row], NOW, attempted(action, fate))
    assert isinstance(step, Wait)
    assert step.refused == row


def test_a_refused_row_that_is_to_ask_for_less_waits_to_be_rewritten() -> None:
    row = a_row("no funds", failure_text="Insufficient funds: 1 < 200", ducats=Decimal(200))
    step = next_step(an_order(), [row], NOW, attempted(Action.ACTIVATE, Fate.APPLIED))
    assert isinstance(step, Wait)
    assert step.refused is None


def test_a_lost_rewrite_of_a_refused_row_stays_of_unknown_fate() -> None:
    row = a_row("no funds", failure_text="Insufficient funds: 1 < 5")
    step = next_step(an_order(), [row], NOW, attempted(Action.REWRITE, Fate.UNKNOWN))
    assert isinstance(step, Wait)
    assert step.refused is None


def test_a_planned_row_after_a_lost_activation_stays_of_unknown_fate() -> None:
    step = next_step(an_order(), [a_row("planned")], NOW, attempted(Action.ACTIVATE, Fate.UNKNOWN))
    assert isinstance(step, Wait)
    assert step.refused is None


def test_a_repair_tells_it_too(counter: Counter) -> None:
    intent = counter.paid()
    counter.type("reconcile", "--repair", "--yes")
    counter.fund(1)
    counter.sandboxed.app.engine.run()
    counter.fund(1000)
    answer = counter.type("reconcile", "--repair", "--yes", "--json")
    (repair,) = answer.data["repairs"]
    assert answer.code == 3
    assert repair["why"].startswith("the engine refused it: Insufficient funds")
    assert json.dumps(intent) in answer.out
