"""What explain says of a payment is what reconcile says of it."""

from __future__ import annotations

import random
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta

import pytest
import time_machine

from cascade_cli.domain.discrepancies.items import Item
from cascade_cli.domain.explain.story import Happening, Reporter, Story, in_order
from cascade_cli.domain.matching.matched_charge import Terms
from cascade_cli.domain.shop.times import Window
from cascade_cli.sandbox.app import SandboxApp
from cascade_cli.sandbox.seed import seed
from cascade_cli.services.explain.explain_service import ExplainSettings, explain
from tests.harness.clocks import ManualClock
from tests.harness.sandboxed import served


@pytest.fixture(scope="module")
def told() -> Iterator[list[tuple[Item, Story]]]:
    """Every item of a seeded week with the story of its id, by any of its ids in turns."""
    clock = ManualClock()
    app = SandboxApp(":memory:", now=clock, random=random.Random(5))  # noqa: S311
    with closing(app), served(app) as sandboxed, sandboxed.wired() as wiring:
        seed(app, payments=80, until=clock())
        settings = wiring.settings
        window = Window(clock.moment.replace(day=13), clock())
        terms = Terms(clock(), settings.grace, settings.engine, wiring.prices)
        setting = ExplainSettings(terms, window, lambda _key: ())
        run = wiring.reconciler.run(window, terms)
        stories = []
        with time_machine.travel(clock()):
            for number, item in enumerate(run.result.items):
                story = explain(wiring.sources, _identity(item, number), setting)
                assert isinstance(story, Story)
                stories.append((item, story))
        yield stories


def _identity(item: Item, number: int) -> str:
    """By payment, charge and stratagem in turns, as far as the item has them."""
    names = [row.stratagem_id for row in item.stratagems[:1]]
    if item.charge is not None:
        names += [item.charge.payment_id, item.charge.id]
    return names[number % len(names)]


def test_explain_and_reconcile_give_the_same_kind_for_every_item(
    told: list[tuple[Item, Story]],
) -> None:
    differing = [
        (item.charge, item.kind, story.verdict.kind)
        for item, story in told
        if story.verdict.kind is not item.kind
    ]
    assert differing == []
    assert len({item.kind for item, _ in told}) == 15


def test_the_evidence_and_the_repair_are_the_same_too(told: list[tuple[Item, Story]]) -> None:
    for item, story in told:
        assert story.verdict.evidence == item.evidence
        if item.repair and not item.repair.command.startswith("cascade explain"):
            assert story.verdict.repair == item.repair


def test_every_discrepancy_has_advice(told: list[tuple[Item, Story]]) -> None:
    for item, story in told:
        assert bool(story.verdict.advice) or not item.kind.is_discrepancy


def test_every_story_is_in_order_of_time(told: list[tuple[Item, Story]]) -> None:
    for _, story in told:
        times = [happening.at.replace(microsecond=0) for happening in story.happenings]
        assert times == sorted(times)


def test_within_a_second_the_journal_comes_before_what_venice_shows_of_it() -> None:
    """Stripe and Venice tell whole seconds, the journal its fractions."""
    second = datetime(2026, 11, 20, 15, tzinfo=UTC)
    paid = Happening(second, Reporter.STRIPE, "paid")
    promised = Happening(second + timedelta(milliseconds=300), Reporter.JOURNAL, "promised")
    sent = Happening(second + timedelta(milliseconds=700), Reporter.JOURNAL, "sent")
    made = Happening(second, Reporter.VENICE, "made")
    assert in_order([made, sent, paid, promised]) == (paid, promised, sent, made)


def test_every_stratagem_of_a_story_is_in_its_timeline(told: list[tuple[Item, Story]]) -> None:
    for item, story in told:
        named = {happening.identity for happening in story.happenings}
        assert {row.stratagem_id for row in item.stratagems} <= named


@pytest.mark.parametrize(
    ("kind", "question", "passed"),
    [
        ("settled", "status?", True),
        ("missing", "stratagem made?", False),
        ("unknown_citizen", "citizen there?", False),
        ("stalled", "status?", False),
        ("failed", "status?", False),
        ("doubtful", "status?", None),
        ("in_flight", "paid?", True),
        ("orphan", "paid?", False),
    ],
)
def test_the_checks_point_at_the_cause(
    told: list[tuple[Item, Story]], kind: str, question: str, passed: bool | None
) -> None:
    answers = [
        check.passed
        for item, story in told
        if item.kind == kind
        for check in story.checks
        if check.question == question
    ]
    assert set(answers) == {passed}
