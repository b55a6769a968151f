"""The peer: what people write who have both SDKs' documentation at hand and an hour.

Nothing is left out that these pages show, and nothing is made slow: charges come page by page of
100 (Stripe's "Auto-pagination"), a stratagem is asked for by its id (pyairtable's "first" and
"match"), and what is missing is created and told, a record each (pyairtable's "create"). Stripe's
and pyairtable's own clients retry and reuse connections as they do by default.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import islice
from statistics import mean

import stripe
from pyairtable import Api
from pyairtable.formulas import match


@dataclass
class Progress:
    """The seconds that a page of charges and the lookup of one take, and what had no stratagem."""

    page_seconds: float = 0.0
    lookup_seconds: list[float] = field(default_factory=list)
    missing: list[stripe.Charge] = field(default_factory=list)

    def projected_seconds(self, charges: int) -> float:
        """What so many charges would have taken."""
        return charges / 100 * self.page_seconds + charges * mean(self.lookup_seconds)


class Script:
    """It reads the environment as both SDKs' examples do."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        stripe.enable_telemetry = False
        self.client = stripe.StripeClient(
            environ["STRIPE_SECRET_KEY"], base_addresses={"api": environ["STRIPE_API_BASE"]}
        )
        api = Api(environ["AIRTABLE_API_KEY"], endpoint_url=environ["AIRTABLE_ENDPOINT_URL"])
        base = environ["AIRTABLE_BASE_ID"]
        self.stratagems = api.table(base, "STRATAGEMS")
        self.notifications = api.table(base, "NOTIFICATIONS")

    def warm_up(self) -> None:
        """One request to each service."""
        self.client.v1.charges.list({"limit": 1})
        self.stratagems.first()

    def reconcile(self, since: datetime, most: int) -> Progress:
        """Look `most` charges up, the newest first."""
        progress = Progress()
        first = int(since.timestamp())
        began = time.perf_counter()
        charges = self.client.v1.charges.list({"created": {"gte": first}, "limit": 100})
        progress.page_seconds = time.perf_counter() - began
        for charge in islice(charges.auto_paging_iter(), most):
            began = time.perf_counter()
            name = f"cascade_payment_{charge.payment_intent}"
            if self.stratagems.first(formula=match({"StratagemId": name})) is None:
                progress.missing.append(charge)
            progress.lookup_seconds.append(time.perf_counter() - began)
        return progress

    def repair(self, charges: Sequence[stripe.Charge]) -> int:
        """Credit each; how many requests that took."""
        for charge in charges:
            citizen, ducats = charge.metadata["citizen_id"], charge.metadata["ducat_amount"]
            now = datetime.now(UTC)
            self.stratagems.create(
                {
                    "StratagemId": f"cascade_payment_{charge.payment_intent}",
                    "Type": "transfer_ducats",
                    "Variant": "instant",
                    "Category": "economic",
                    "ExecutedBy": "CASCADE_PAYMENT_PROCESSOR",
                    "TargetCitizen": citizen,
                    "Status": "active",
                    "ExpiresAt": (now + timedelta(days=3)).isoformat(),
                    "Notes": f'{{"amount": {ducats}, "reason": "ducat purchase"}}',
                }
            )
            self.notifications.create(
                {
                    "Citizen": citizen,
                    "Type": "payment",
                    "Content": f"{ducats} ducats are on their way to you.",
                    "CreatedAt": now.isoformat(),
                }
            )
        return 2 * len(charges)
