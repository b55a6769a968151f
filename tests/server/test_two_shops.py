"""Two servers over one journal, each of a shop of its own."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from cascade_cli.sandbox.app import SandboxApp
from cascade_cli.sandbox.seed import seed
from tests.harness.other_shop import OTHER_BASE, move
from tests.harness.sandboxed import served
from tests.server.conftest import Shop, shop_at, shop_in
from tests.server.events import event_body


@contextmanager
def other_shop(folder: Path) -> Iterator[Shop]:
    with closing(SandboxApp(":memory:")) as app, served(app) as place:
        seed(app, scenario="empty", until=app.now())
        move(place, app)
        with shop_at(place, folder, AIRTABLE_BASE_ID=OTHER_BASE) as shop:
            yield shop


def test_neither_works_or_counts_the_events_of_the_other(tmp_path: Path) -> None:
    with shop_in(tmp_path) as shop, other_shop(tmp_path) as other:
        charge = shop.place.pay(shop.place.app.now())
        payment = charge["payment_intent"]
        body = event_body("evt_1", subject={"id": payment, "object": "payment_intent"})
        shop.tell(body)
        assert shop.wait_until_dealt_with() == {"credited": 1}
        assert [row["StratagemId"] for row in shop.stratagems()] == [f"cascade_payment_{payment}"]
        assert (other.counts(), other.stratagems()) == ({}, [])
        # There it is another event, of a payment that its Stripe does not know.
        other.tell(body)
        assert (shop.counts(), other.counts()) == ({"credited": 1}, {"waiting": 1})
        lines = other.client.get("/metrics").text.splitlines()
        assert 'cascade_inbox_events{state="credited"} 0.0' in lines
