"""Where people look at the same in a browser: Stripe's dashboard and Airtable's grid."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from cascade_cli.domain.shop.keys import whole_id


@dataclass(frozen=True)
class DashboardLinks:
    """Where the pages begin; empty where there are none, as for a stand-in of either."""

    payments: str = ""
    records: str = ""

    def of(self, payment: str, records: tuple[str, ...]) -> Iterator[str]:
        """The page of a payment, a charge or a portion, if any, and those of the records."""
        if payment and self.payments:
            yield self.payments + whole_id(payment)
        for record in records if self.records else ():
            yield self.records + record


def links(
    *, is_stripe: bool, livemode: bool, is_airtable: bool, base_id: str, table_id: str
) -> DashboardLinks:
    """For the accounts in use. The table's id is in the schema; without it Airtable's pages of a
    record have no address."""
    mode = "" if livemode else "test/"
    return DashboardLinks(
        f"https://dashboard.stripe.com/{mode}payments/" if is_stripe else "",
        f"https://airtable.com/{base_id}/{table_id}/" if is_airtable and table_id else "",
    )
