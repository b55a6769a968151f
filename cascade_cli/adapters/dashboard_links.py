"""Links to payments in Stripe's dashboard and to records in Airtable's grid."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from cascade_cli.domain.shop.keys import whole_id


@dataclass(frozen=True)
class DashboardLinks:
    """The beginnings of the pages' addresses.

    Empty if there are no such pages, as with a stand-in for Stripe or Airtable.
    """

    payments: str = ""
    records: str = ""

    def of(self, payment: str, records: tuple[str, ...]) -> Iterator[str]:
        """Yield the page of the payment, charge or portion, if there is one, and of each record."""
        if payment and self.payments:
            yield self.payments + whole_id(payment)
        for record in records if self.records else ():
            yield self.records + record


def links(
    *, is_stripe: bool, livemode: bool, is_airtable: bool, base_id: str, table_id: str
) -> DashboardLinks:
    """The links for the accounts in use. `table_id` comes from the base's schema; without it there
    are no links to records."""
    mode = "" if livemode else "test/"
    return DashboardLinks(
        f"https://dashboard.stripe.com/{mode}payments/" if is_stripe else "",
        f"https://airtable.com/{base_id}/{table_id}/" if is_airtable and table_id else "",
    )
