"""`cascade sandbox advance`: time passes, and what falls due happens in its order."""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from cascade_cli.sandbox import instance
from cascade_cli.sandbox.advance import Advance
from cascade_cli.sandbox.app import SandboxApp
from tests.cli.terminal.conftest import Cascade
from tests.harness.commands import Answer
from tests.sandbox.test_wrong_clock import _reconciled
from tests.sandbox.webhooks.test_serving import cascade_serving

NOW = "now = 2026-11-10T12:00:00Z\n"
Told = Callable[[str], Answer]

STORY = (
    NOW
    + """
[[citizen]]
name = "elena"
class = "Innovatori"

[[payment]]
at = "6d20h"
citizen = "elena"
ducats = 10
state = "held"

[[payment]]
at = "8d"
citizen = "elena"
ducats = 50
[[payment.stratagem]]
[[payment.dispute]]
at = "8d"

[[payment]]
at = "1h"
citizen = "elena"
ducats = 70
[[payment.stratagem]]
status = "active"

[[subscription]]
at = "30d"
citizen = "elena"
ducats = 100
[[subscription.stratagem]]

[[subscription]]
at = "29d"
citizen = "elena"
ducats = 100
[[subscription.step]]
at = "1d"
do = "cancel"
"""
)


@pytest.fixture
def seeded(cascade: Cascade, tmp_path: Path) -> Told:
    def tell(story: str) -> Answer:
        file = tmp_path / "story.toml"
        file.write_text(story, encoding="utf-8")
        ended = cascade("sandbox", "seed", "--from", str(file))
        assert ended.code == 0, ended.err
        return ended

    return tell


def advanced(cascade: Cascade, *words: str) -> list[dict[str, Any]]:
    ended = cascade("sandbox", "advance", *words, "--json")
    assert ended.code == 0, ended.err
    happened: list[dict[str, Any]] = ended.document["data"]["happened"]
    return happened


def kinds(cascade: Cascade) -> dict[str, int]:
    ended = cascade("--sandbox", "reconcile", "--since", "40d", "--all", "--json")
    assert ended.document["warnings"] == []
    counts: dict[str, int] = ended.document["data"]["counts"]
    return {kind: count for kind, count in counts.items() if count}


def test_what_is_due_happens_at_its_moment_and_in_its_order(cascade: Cascade, seeded: Told) -> None:
    seeded(STORY)
    happened = advanced(cascade, "3d")
    assert all(one["at"] <= later["at"] for one, later in pairwise(happened))
    told = [(one["at"], one["what"]) for one in happened if one["what"] != "engine"]
    assert told == [
        ("2026-11-10T16:00:00Z", "hold_expired"),
        ("2026-11-11T07:00:00Z", "morning"),
        ("2026-11-11T12:00:00Z", "subscription_renewed"),
        ("2026-11-11T23:59:59Z", "dispute_closed"),
        ("2026-11-12T07:00:00Z", "morning"),
        ("2026-11-13T07:00:00Z", "morning"),
    ]
    runs = [one for one in happened if one["what"] == "engine"]
    assert [one["at"][5:13] for one in runs] == [f"11-{day}T{hour:02}" for day, hour in RUNS]
    assert len(runs[0]["executed"]) == 1
    assert kinds(cascade) == {"settled": 2, "disputed": 1, "missing": 2}


RUNS = [(10, 18), *((day, hour) for day in (11, 12) for hour in (2, 10, 18)), (13, 2), (13, 10)]


def test_without_the_engine_a_stratagem_expires(cascade: Cascade, seeded: Told) -> None:
    seeded(STORY)
    happened = advanced(cascade, "4d", "--no-engine")
    assert "engine" not in {one["what"] for one in happened}
    assert kinds(cascade)["stalled"] == 1


def test_the_end_is_told_and_the_next_advance_goes_on_from_there(
    cascade: Cascade, seeded: Told
) -> None:
    seeded(NOW)
    cascade("sandbox", "advance", "1d")
    ended = cascade("sandbox", "advance", "30m")
    assert "It is 2026-11-11 12:30 UTC in the sandbox: its clock is" in ended.out
    assert cascade("sandbox", "reset").code == 0
    moved = cascade("sandbox", "advance", "90s", "--json").document["data"]
    assert moved["ahead_seconds"] == 90


@pytest.mark.parametrize("span", ["3", "-3d", "0s", "367d", "tomorrow"])
def test_an_invalid_span_does_not_move_the_clock(
    cascade: Cascade, no_settings: Path, span: str
) -> None:
    ended = cascade("sandbox", "advance", "--", span)
    assert (ended.code, ended.out) == (2, "")
    assert not instance.clock_of(no_settings / "state").shift


def test_after_an_interruption_nothing_is_dated_in_the_future(
    seeded: Told, no_settings: Path
) -> None:
    seeded(STORY)
    folder = no_settings / "state"
    clock = instance.clock_of(folder)
    with closing(SandboxApp(instance.state_path(folder), now=clock)) as app:
        steps = Advance(app, clock).by(timedelta(days=3))
        first, second = next(steps), next(steps)
        steps.close()
        with app.store.read() as connection:
            (newest,) = connection.execute("SELECT max(created) FROM stripe_objects").fetchone()
    assert first.at <= second.at <= clock() < second.at + timedelta(minutes=1)
    assert newest <= clock().timestamp()


def test_an_inquiry_a_page_a_pause_and_an_ending_subscription_follow_too(
    seeded: Told, no_settings: Path
) -> None:
    seeded(
        NOW + '[[citizen]]\nname = "elena"\n'
        '[[payment]]\nat = "120d"\ncitizen = "elena"\nducats = 10\n'
        '[[payment.dispute]]\nat = "119d6h"\nstatus = "warning_needs_response"\n'
        '[[subscription]]\nat = "29d"\ncitizen = "elena"\nducats = 100\n'
        '[[subscription]]\nat = "28d"\ncitizen = "elena"\nducats = 200\n'
    )
    folder = no_settings / "state"
    clock = instance.clock_of(folder)
    with closing(SandboxApp(instance.state_path(folder), now=clock)) as app:
        account, at = app.stripe.account, clock()
        price = {"currency": "usd", "unit_amount": 500, "product_data": {"name": "a mask"}}
        item = {"price_data": price, "quantity": 1}
        account.create_checkout_session(at=at, success_url="https://a.example", line_items=[item])
        with app.store.read() as connection:
            bodies = connection.execute(
                "SELECT body FROM stripe_objects WHERE object = 'subscription' ORDER BY created"
            ).fetchall()
        older, newer = (json.loads(body)["id"] for (body,) in bodies)
        account.update_subscription(older, at=at, cancel_at_period_end=True)
        resumes = int((at + timedelta(hours=1)).timestamp())
        pause = {"behavior": "void", "resumes_at": resumes}
        account.update_subscription(newer, at=at, pause_collection=pause)
        happened = list(Advance(app, clock, engine=False).by(timedelta(days=4)))
    told = [one for one in happened if one.what != "morning"]
    assert [one.what for one in told] == [
        *("subscription_resumed", "dispute_closed", "page_expired"),
        *("subscription_ended", "subscription_renewed"),
    ]
    assert [told[n].id for n in (0, 3, 4)] == [newer, older, newer]


def test_a_served_sandbox_and_cascade_follow_the_clock(cascade: Cascade, no_settings: Path) -> None:
    folder = no_settings / "state"
    assert cascade("sandbox", "seed", "--scenario", "quiet", "--payments", "40").code == 0
    with cascade_serving(folder):
        executed = [one["executed"] for one in advanced(cascade, "3d")]
        document = _reconciled(folder)
    assert executed[0]
    assert document["warnings"] == []
    until = datetime.fromisoformat(document["data"]["window"]["until"])
    assert abs(until - datetime.now(UTC) - timedelta(days=3)) < timedelta(minutes=5)
    assert document["data"]["counts"]["in_flight"] == 0


@pytest.mark.parametrize(
    "content", ["", "{}", '{"ahead_seconds": "soon"}', '{"ahead_seconds": 1e99}']
)
def test_a_damaged_clock_is_an_error_and_not_a_bug(
    cascade: Cascade, no_settings: Path, content: str
) -> None:
    file = no_settings / "state" / "sandbox-clock.json"
    cascade("sandbox", "seed", "--scenario", "quiet")
    file.write_text(content)
    answer = cascade("--sandbox", "pricing")
    assert answer.code == 4
    assert "does not say what time it is" in answer.err
