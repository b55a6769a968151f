"""From the buyer's wish to the ducats over real HTTP, `serve` being a process of its own."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
import requests
import stripe

from cascade_cli.sandbox.app import SandboxApp
from cascade_cli.sandbox.instance import WEBHOOK_SECRET, Connection, serving, state_path
from cascade_cli.sandbox.seed import seed
from tests.adapters.bank import open_shop
from tests.harness.commands import in_this_process
from tests.server.conftest import TOKEN, WEBHOOK, eventually
from tests.server.processes import Process, process


class Town:
    """A sandbox that delivers its webhooks to a `serve` of its own."""

    def __init__(
        self,
        app: SandboxApp,
        settings: dict[str, str],
        server: Process,
    ) -> None:
        self.app, self.settings, self.server = app, settings, server

    def ask(self, path: str) -> Any:
        """GET from the server."""
        return requests.get(self.server.url + path, timeout=10).json()

    def cascade(self, *arguments: str) -> Any:
        """A command's --json."""
        return in_this_process([*arguments, "--json"], self.settings).document

    def ducats(self, citizen: str) -> float:
        rows = [row["fields"] for row in self.app.airtable.tables.select("CITIZENS")]
        return float(next(row["Ducats"] for row in rows if row["Username"] == citizen))

    def notices(self, citizen: str) -> list[str]:
        rows = [row["fields"] for row in self.app.airtable.tables.select("NOTIFICATIONS")]
        return sorted(row["Type"] for row in rows if row["Citizen"] == citizen)


@pytest.fixture
def town(no_settings: Path) -> Iterator[Town]:
    with closing(SandboxApp(state_path(no_settings))) as app:
        seed(app, scenario="empty", until=app.now())
        fields = {"CitizenId": "marco", "Username": "marco", "Ducats": 5}
        app.airtable.tables.create("CITIZENS", fields)
        with serving(app, no_settings) as url:
            settings = {
                **Connection(url).settings(),
                "CASCADE_AIRTABLE_RATE": "0",
                "CASCADE_STATE_DIR": str(no_settings),
                "CASCADE_API_TOKEN": TOKEN,
                "CASCADE_ENGINE_SCHEDULE": "every 1s",
                **open_shop(no_settings),
            }
            with process("serve", "--port", "0", settings=settings) as server:
                at = f"{server.url}{WEBHOOK}"
                app.stripe.account.register_webhook(at, at=app.now(), secret=WEBHOOK_SECRET)
                yield Town(app, settings, server)
                assert server.stop() == 0, server.said()
        assert not app.crashes, app.crashes


def test_a_payment_intent_of_the_api_becomes_ducats(town: Town) -> None:
    made = requests.post(
        f"{town.server.url}/api/payments/create-payment-intent",
        json={"citizen_id": "marco", "package": "500", "amount_cents": 5000},
        headers={"Authorization": f"Bearer {TOKEN}"},
        timeout=10,
    ).json()
    intent = made["payment_intent_id"]
    assert town.ask(f"/api/payments/payment-intent/{intent}")["transfer"]["state"] == "none"
    confirm(town, intent)
    arrives_once(town, intent, 525)


def test_a_checkout_becomes_ducats(town: Town) -> None:
    page = town.cascade("checkout", "marco", "--package", "500")["data"]["url"]
    paying = requests.post(
        page, data={"payment_method": "pm_card_visa"}, timeout=10, allow_redirects=False
    )
    assert paying.status_code == 303, paying.text
    (intent,) = town.cascade("events", "list", "--type", "payment_intent.succeeded")["data"][
        "events"
    ]
    arrives_once(town, intent["payment"], 525)


@pytest.mark.parametrize(
    ("currency", "amount", "rate"),
    [("JPY", 8_000, "160"), ("EUR", 4_000, "0.8"), ("KWD", 15_340, "0.3067")],
)
def test_a_checkout_in_another_currency_becomes_ducats(
    town: Town, currency: str, amount: int, rate: str
) -> None:
    made = town.cascade("checkout", "marco", "--package", "500", "--currency", currency)["data"]
    assert (made["amount_cents"], made["currency_rate"]) == (amount, rate)
    paying = requests.post(
        made["url"], data={"payment_method": "pm_card_visa"}, timeout=10, allow_redirects=False
    )
    assert paying.status_code == 303, paying.text
    (event,) = town.cascade("events", "list", "--type", "payment_intent.succeeded")["data"][
        "events"
    ]
    data, story = arrives_once(town, event["payment"], 525)
    assert (data["ducats"]["residual"], data["ducats"]["settled"]) == ("0", "525")
    (item,) = data["items"]
    assert (item["kind"], item["amount_cents"], item["currency"]) == (
        "settled",
        amount,
        currency.lower(),
    )
    assert any(f"sold at {rate} {currency} for 1 USD" in line for line in item["evidence"])
    charge = story["payment"]
    assert (charge["amount_cents"], charge["currency_rate"]) == (amount, rate)


def confirm(town: Town, intent: str) -> None:
    """As the buyer's browser does it."""
    client = stripe.StripeClient(
        town.settings["STRIPE_SECRET_KEY"],
        base_addresses={"api": town.settings["STRIPE_API_BASE"]},
    )
    params: Any = {"payment_method": "pm_card_visa", "return_url": "https://shop.example/"}
    assert client.v1.payment_intents.confirm(intent, params).status == "succeeded"


def arrives_once(town: Town, intent: str, ducats: int) -> tuple[Any, Any]:
    """Returns what `reconcile` and `explain` say of it."""
    state = f"/api/payments/payment-intent/{intent}"
    eventually(lambda: town.ask(state)["transfer"]["state"] == "live")
    assert town.app.engine.run().executed == [f"cascade_payment_{intent}"]
    eventually(lambda: town.ask(state)["transfer"]["state"] == "executed")
    assert town.ducats("marco") == 5 + ducats
    told = ["cascade_transfer_arrived", "cascade_transfer_on_its_way"]
    eventually(lambda: town.notices("marco") == told)
    report = town.cascade("reconcile", "--since", "1h", "--all")
    assert (report["exit_code"], report["data"]["counts"]["settled"]) == (0, 1)
    story = town.cascade("explain", intent)
    assert (story["exit_code"], story["data"]["verdict"]["kind"]) == (0, "settled")
    eventually(lambda: town.ask("/readyz")["events"]["counts"]["waiting"] == 0)
    counts = town.ask("/readyz")["events"]["counts"]
    assert (counts["attention"], counts["credited"] >= 2) == (0, True)
    return report["data"], story["data"]
