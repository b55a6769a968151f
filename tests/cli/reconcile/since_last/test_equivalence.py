"""Night after night, a run since the last one finds what a reading of everything finds."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from random import Random

import pytest

from cascade_cli.domain.discrepancies.kinds import Kind
from tests.cli.reconcile.since_last.shop import Charge, Night, NightShop

NIGHTS, HAPPENINGS = 6, 9


class RandomShop:
    """A shop where everything happens that can, to payments old and new."""

    def __init__(self, shop: NightShop, seed: int) -> None:
        self._shop, self._chance = shop, Random(seed)  # noqa: S311
        self._account = shop.sandboxed.app.stripe.account
        self._charges: list[Charge] = []
        self._authorised: list[Charge] = []
        self._disputes: list[str] = []
        self._dead: list[str] = []

    def happen(self) -> None:
        """One of all that may happen, now."""
        deeds: tuple[Callable[[], object], ...] = (
            *(self._sell, self._sell, self._sell_by_legacy, self._sell_by_legacy),
            *(self._pay, self._authorise, self._capture, self._refund, self._dispute),
            *(self._close_dispute, self._credit, self._credit_by_legacy, self._wake),
            *(self._orphan, self._credit_by_hand),
        )
        self._chance.choice(deeds)()

    def _pay(self) -> Charge:
        citizen = self._chance.choice(["marco", "polo"])
        charge = self._shop.sandboxed.pay(self._shop.day.clock(), citizen)
        self._charges.append(charge)
        return charge

    def _status(self) -> dict[str, str]:
        status = self._chance.choice(["executed", "executed", "active", "failed", "error"])
        until = self._shop.day.clock() + timedelta(hours=self._chance.choice([0, 40]))
        return {"Status": status, "ExpiresAt": until.isoformat()}

    def _sell(self) -> None:
        self._deliver(self._pay())

    def _deliver(self, charge: Charge) -> None:
        fields = {"citizen": charge["metadata"]["citizen_id"], **self._status()}
        self._note(self._shop.credit(charge, **fields), fields)

    def _note(self, record: str, fields: dict[str, str]) -> None:
        if fields["Status"] != "executed":
            self._dead.append(record)

    def _sell_by_legacy(self) -> None:
        charge = self._pay()
        fields = self._status()
        self._note(self._shop.older(None, charge["metadata"]["citizen_id"], **fields), fields)

    def _credit_by_legacy(self) -> None:
        self._shop.older(None, self._chance.choice(["marco", "polo"]))

    def _authorise(self) -> None:
        metadata = self._pay()["metadata"]
        now = self._shop.day.clock()
        self._authorised.append(
            self._account.pay(amount=1000, currency="usd", metadata=metadata, at=now, capture=False)
        )

    def _capture(self) -> None:
        if self._authorised:
            charge = self._authorised.pop(0)
            self._account.capture(charge["payment_intent"], at=self._shop.day.clock())
            self._charges.append(charge)

    def _refund(self) -> None:
        if self._charges:
            charge = self._charges.pop(self._chance.randrange(len(self._charges)))
            amount = self._chance.choice([300, None])
            self._account.refund(charge["id"], at=self._shop.day.clock(), amount=amount)

    def _dispute(self) -> None:
        if self._charges:
            charge = self._charges.pop(self._chance.randrange(len(self._charges)))
            found = self._account.dispute(charge["id"], at=self._shop.day.clock())
            self._disputes.append(found["id"])

    def _close_dispute(self) -> None:
        if self._disputes:
            won = self._chance.random() < 0.5
            self._account.close_dispute(self._disputes.pop(0), at=self._shop.day.clock(), won=won)

    def _credit(self) -> None:
        if self._charges:
            self._deliver(self._chance.choice(self._charges))

    def _wake(self) -> None:
        if self._dead:
            record = self._dead.pop(self._chance.randrange(len(self._dead)))
            now = self._shop.day.clock().isoformat()
            self._shop.change(record, Status="executed", ExecutedAt=now)

    def _orphan(self) -> None:
        self._shop.sandboxed.transfer("cascade_payment_pi_Unknown", self._shop.day.clock())

    def _credit_by_hand(self) -> None:
        notes = '{"amount": 100.0, "reason": "prize"}'
        key = f"cascade_manual_{self._chance.randrange(10**6)}"
        fields = {"Notes": notes, **self._status()}
        row = self._shop.sandboxed.transfer(key, self._shop.day.clock(), **fields)
        self._note(str(row["id"]), fields)


@pytest.mark.parametrize("seed", range(8))
def test_the_discrepancies_are_those_of_a_reading_of_everything(shop: NightShop, seed: int) -> None:
    shop.sandboxed.move_in("polo", shop.day.ago(days=90))
    random_shop = RandomShop(shop, seed)
    shop.begin()
    for _ in range(NIGHTS):
        for _ in range(HAPPENINGS):
            random_shop.happen()
            shop.day.clock.advance(hours=24 / HAPPENINGS)
        night = shop.night(after_hours=0)
        # A run with --until is not remembered.
        whole = shop.day.cascade("reconcile", "--since", "60d", "--until", "0s", "--json").data
        assert _open(night.data["items"]) == _open(whole["items"])
        assert night.data["ducats"]["residual"] == "0"
    _assert_nothing_contradicts(shop.night("--verify", "full"))


def _open(items: list[dict[str, object]]) -> list[tuple[object, ...]]:
    told = (
        (item["kind"], item["charge"], sorted(map(str, _list(item["stratagem_ids"]))))
        for item in items
        if Kind(str(item["kind"])).is_discrepancy
    )
    return sorted(((kind, charge, tuple(ids)) for kind, charge, ids in told), key=str)


def _list(value: object) -> list[object]:
    assert isinstance(value, list)
    return value


def _assert_nothing_contradicts(night: Night) -> None:
    assert night.data["verified"]["wrong"] == []
