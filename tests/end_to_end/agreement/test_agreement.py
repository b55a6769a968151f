"""Every view of the shop says the same of one payment, in every state that it can be in."""

from __future__ import annotations

from pathlib import Path

import pytest

from cascade_cli.domain.discrepancies.kinds import Kind
from tests.end_to_end.agreement import api, paths, rows, views
from tests.end_to_end.agreement.lines import safe
from tests.end_to_end.agreement.states import STATES
from tests.end_to_end.agreement.states.making import enrich
from tests.end_to_end.agreement.views import Shop
from tests.harness.counter import Counter


@pytest.fixture(params=STATES, ids=lambda name: name.replace(" ", "_"))
def shop(request: pytest.FixtureRequest, counter: Counter) -> Shop:
    """The state, looked at by `reconcile`, which finds the kinds that are right."""
    kinds, make = STATES[request.param]
    enrich(counter)
    shop = Shop(counter, make(counter))
    shop.look()
    found = sorted(item["kind"] for item in shop.items)
    assert found == sorted(kinds.split()), [item["evidence"] for item in shop.items]
    return shop


def test_every_view_agrees_on_kind_amounts_and_next_command(shop: Shop, tmp_path: Path) -> None:
    contradictions = [
        *views.in_csv(shop),
        *views.in_text_and_on_the_page(shop, tmp_path / "night.html"),
        *views.in_status(shop),
        *views.in_stories(shop),
        *views.in_the_whole_story(shop),
        *views.in_the_citizens_story(shop),
        *views.in_stories_of_returns(shop),
        *rows.fit_the_kind(shop),
        *api.told(shop, tmp_path),
        *paths.replay(shop),
        *paths.refund(shop),
        *paths.credit(shop),
    ]
    # A form is filled in before it is typed.
    for line in sorted(line for line in shop.lines if not line.endswith("--to N")):
        answer = shop.read(*safe(line))
        if answer.code in {1, 2} or (line.startswith("cascade credit ") and answer.code):
            contradictions.append(f"{line} ends with {answer.code}: {answer.err}")
    contradictions += paths.machines(shop)
    assert contradictions == [], [
        (item["kind"], item["repair"], item["evidence"]) for item in shop.items
    ]


def test_every_kind_is_among_the_states() -> None:
    assert {kind for kinds, _ in STATES.values() for kind in kinds.split()} == set(Kind)
