"""Whatever Stripe signs and sends is kept and answered 200: else it would disable the endpoint."""

from __future__ import annotations

from typing import Any

import pytest

from tests.harness.strange_events import body_of, strange_events
from tests.server.conftest import Shop
from tests.server.events import paid, succeeded

STRANGE = dict(strange_events())


def test_every_strange_event_is_recorded_and_the_payments_beside_it_are_credited(
    shop: Shop,
) -> None:
    charge = paid(shop.place.app, "marco")
    bodies = [body_of(number, **wish) for number, wish in enumerate(STRANGE.values())]
    answers = {name: shop.tell(body) for name, body in zip(STRANGE, bodies, strict=True)}
    assert {name: answer.status_code for name, answer in answers.items()} == dict.fromkeys(
        STRANGE, 200
    )
    assert shop.tell(succeeded(charge)).status_code == 200
    assert shop.wait_until_dealt_with() == {"recorded": len(STRANGE), "credited": 1}


def test_a_strange_event_is_known_when_it_comes_again(shop: Shop) -> None:
    body = body_of(1, **STRANGE["balance"])
    assert [shop.tell(body).json()["new"] for _ in range(2)] == [True, False]


@pytest.mark.parametrize("said", [{"livemode": True}, {"object": "charge"}, {"id": "evt 1"}])
def test_what_is_another_s_or_no_event_is_still_refused(shop: Shop, said: dict[str, Any]) -> None:
    assert shop.tell(body_of(1, "charge.updated", said=said)).status_code == 400
    assert shop.counts() == {}
