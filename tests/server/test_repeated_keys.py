"""An Idempotency-Key that comes again: for the same sale, at another price, for another."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import pytest

from cascade_cli.sandbox.app import SandboxApp
from cascade_cli.sandbox.seed import seed
from cascade_cli.sandbox.wire import json_response
from tests.adapters.bank import RATES, open_shop, today, write
from tests.harness.sandboxed import Sandboxed, served
from tests.server.conftest import Shop, shop_at, shop_in
from tests.server.test_payments import kind

PACKAGE: dict[str, Any] = {"citizen_id": "marco", "package": "500"}
AMOUNT: dict[str, Any] = {"citizen_id": "marco", "ducat_amount": 100}


@pytest.fixture
def place() -> Iterator[Sandboxed]:
    with closing(SandboxApp(":memory:")) as app, served(app) as place:
        seed(app, scenario="empty", until=app.now())
        for name in ("marco", "lucia"):
            place.move_in(name, app.now())
        yield place


@contextmanager
def selling(place: Sandboxed, folder: Path, prices: str) -> Iterator[Shop]:
    """The shop, started with this price list."""
    file = folder / "prices.toml"
    file.write_text(prices)
    with shop_at(place, folder, CASCADE_PRICES=str(file)) as shop:
        yield shop


def said(answer: Any) -> str:
    return str(answer.json()["error"]["message"])


@pytest.mark.parametrize(
    ("wanted", "change", "told"),
    [
        (AMOUNT, "rate = 0.12", "10.00 USD for 100 ducats then, 12.00 USD for 100 ducats now"),
        (PACKAGE, "rate = 0.12", "50.00 USD for 525 ducats then, 60.00 USD for 525 ducats now"),
        (
            PACKAGE,
            "[packages.500]\nducats = 500\nbonus = 50",
            "50.00 USD for 525 ducats then, 50.00 USD for 550 ducats now",
        ),
        (
            {
                "allocation": [
                    {"citizen_id": name, "ducat_amount": 60} for name in ("marco", "lucia")
                ]
            },
            "rate = 0.12",
            "12.00 USD then, 14.40 USD now",
        ),
    ],
)
def test_a_price_that_has_changed_since_is_told_with_both_prices(
    place: Sandboxed, tmp_path: Path, wanted: dict[str, Any], change: str, told: str
) -> None:
    with selling(place, tmp_path, "") as shop:
        made = shop.create(key="k1", **wanted).json()
    with selling(place, tmp_path, change) as shop:
        again = shop.create(key="k1", **wanted)
        assert kind(again) == (409, "idempotency_key_reused")
        assert "The price has changed since" in said(again)
        assert told in said(again)
        hint = again.json()["error"]["hint"]
        assert (
            f"{made['payment_intent_id']}, made then, has the status requires_payment_method"
            in hint
        )
        assert shop.create(key="k2", **wanted).status_code == 200


def test_an_exchange_rate_that_has_changed_without_the_price_is_told(tmp_path: Path) -> None:
    with shop_in(tmp_path, **open_shop(tmp_path)) as shop:
        wanted = {**PACKAGE, "currency": "EUR"}
        assert shop.create(key="k1", **wanted).status_code == 200
        write(tmp_path / "eurofxref-hist.zip", (today(), RATES.replace("1.25", "1.250001")))
        again = shop.create(key="k1", **wanted)
    assert (again.status_code, "its exchange rate has changed" in said(again)) == (409, True)


@pytest.mark.parametrize(
    "other", [{**AMOUNT, "citizen_id": "lucia"}, {**AMOUNT, "ducat_amount": 200}, PACKAGE]
)
def test_another_purchase_at_another_price_is_another_purchase(
    place: Sandboxed, tmp_path: Path, other: dict[str, Any]
) -> None:
    with selling(place, tmp_path, "") as shop:
        shop.create(key="k1", **AMOUNT)
    with selling(place, tmp_path, "rate = 0.12") as shop:
        assert "another purchase" in said(shop.create(key="k1", **other))


def test_without_the_right_to_read_events_both_possibilities_are_told(
    place: Sandboxed, tmp_path: Path
) -> None:
    with selling(place, tmp_path, "") as shop:
        shop.create(key="k1", **AMOUNT)
    with selling(place, tmp_path, "rate = 0.12") as shop:
        seen = len(place.recorder.to("stripe"))
        forbidden = {"error": {"type": "invalid_request_error", "message": "not permitted"}}
        place.recorder.break_from("stripe", seen + 2, json_response(403, forbidden))
        answer = shop.create(key="k1", **AMOUNT)
    assert kind(answer) == (409, "idempotency_key_reused")
    assert "another purchase, or for this one at another price" in said(answer)


def test_a_subscription_s_key_tells_both_possibilities(place: Sandboxed, tmp_path: Path) -> None:
    with selling(place, tmp_path, "") as shop:
        shop.create("subscription", key="k1", **PACKAGE)
    with selling(place, tmp_path, "rate = 0.12") as shop:
        assert "at another price" in said(shop.create("subscription", key="k1", **PACKAGE))
