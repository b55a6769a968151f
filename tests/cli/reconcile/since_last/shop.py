"""A shop with a past, reconciled night after night."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from cascade_cli.domain.shop.keys import LEGACY_SOURCE, PAYMENT_PREFIX
from tests.harness.commands import Answer
from tests.harness.shop_day import ShopDay

Charge = dict[str, Any]
SINCE_LAST = ("reconcile", "--since", "last", "--json")


@dataclass(frozen=True)
class Night:
    """One run: what it told, and how many requests it sent to Stripe and to Airtable."""

    code: int
    data: dict[str, Any]
    warnings: list[str]
    requests: tuple[int, int]

    @property
    def kinds(self) -> dict[str, str]:
        """The kind of each discrepancy, by its payment or else by its first StratagemId."""
        items = self.data["items"]
        return {i["payment_intent"] or i["stratagem_ids"][0]: i["kind"] for i in items}

    @property
    def hours(self) -> float:
        """How long the window is that was read whole."""
        since, until = (datetime.fromisoformat(self.data["window"][k]) for k in ("since", "until"))
        return (until - since) / timedelta(hours=1)

    @property
    def beyond(self) -> tuple[int, int, int]:
        """How many were judged outside it: carried, changed, named."""
        coverage = self.data["coverage"]
        return coverage["carried"], coverage["changed"], coverage["named"]


class NightShop:
    """What happens by day, at the clock's time unless told otherwise, and the nightly run."""

    def __init__(self, day: ShopDay) -> None:
        self.day, self.sandboxed = day, day.sandboxed

    def sell(self, at: datetime | None = None) -> Charge:
        """A payment that is settled: its transfer was executed."""
        charge = self.sandboxed.pay(at or self.day.clock())
        self.credit(charge, at)
        return charge

    def history(self, number: int, days: float, until: float = 1) -> None:
        """So many settled payments, evenly over the days before the last `until` days."""
        begin, step = self.day.ago(days=days), timedelta(days=days - until) / number
        with self.sandboxed.app.store.write():
            for place in range(number):
                self.sell(begin + place * step)

    def credit(self, charge: Charge, at: datetime | None = None, **fields: Any) -> str:
        """A transfer under the payment's key, executed unless told otherwise; its record."""
        key = fields.pop("StratagemId", PAYMENT_PREFIX + charge["payment_intent"])
        row = self.sandboxed.transfer(key, at or self.day.clock(), **fields)
        return str(row["id"])

    def older(self, at: datetime | None = None, citizen: str = "marco", **fields: Any) -> str:
        """A transfer as the older connector writes it; its record."""
        at = at or self.day.clock()
        key = f"{PAYMENT_PREFIX}{citizen}_{int(at.timestamp())}"
        notes = {"source": LEGACY_SOURCE, "payment_type": "stripe_purchase", "amount": 100.0}
        written = {"Notes": json.dumps(notes), **fields}
        return str(self.sandboxed.transfer(key, at, citizen, **written)["id"])

    def change(self, record: str, **fields: Any) -> None:
        """Somebody, or the engine, changes a transfer."""
        self.sandboxed.app.airtable.tables.update("STRATAGEMS", record, fields, at=self.day.clock())

    def night(self, *words: str, after_hours: float = 24, **settings: str) -> Night:
        """Let a day pass, and run."""
        self.day.clock.advance(hours=after_hours)
        before = self._sent()
        ended = self.run(*words, **settings)
        stripe, airtable = self._sent()
        document = json.loads(ended.out)
        requests = stripe - before[0], airtable - before[1]
        return Night(ended.code, document["data"], document["warnings"], requests)

    def run(self, *words: str, **settings: str) -> Answer:
        """`reconcile --since last`, now."""
        return self.day.cascade(*SINCE_LAST, *words, **settings)

    def begin(self, since: str = "60d") -> Answer:
        """The first run, which reads the past whole."""
        return self.day.cascade("reconcile", "--since", since, "--json")

    def _sent(self) -> tuple[int, int]:
        recorder = self.sandboxed.recorder
        return len(recorder.to("stripe")), len(recorder.to("airtable"))
