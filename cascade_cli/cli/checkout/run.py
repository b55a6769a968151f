"""`cascade checkout`: from options, or a CSV of citizens, to a link."""

from __future__ import annotations

import uuid
import webbrowser
from collections.abc import Callable
from pathlib import Path
from typing import Any

from rich.text import Text

from cascade_cli.cli.checkout.options import CheckoutOptions
from cascade_cli.cli.items.json import gift_document
from cascade_cli.cli.items.text import show_gift
from cascade_cli.cli.terminal.csv_file import CsvRow, read_rows, refusal
from cascade_cli.cli.terminal.escape import escape
from cascade_cli.cli.terminal.option_values import ducats_option
from cascade_cli.cli.terminal.session import Outcome, Session
from cascade_cli.domain.records.gifts import Gift, wished_gift
from cascade_cli.domain.selling.allocation import Allocation, Share, fits, flaws
from cascade_cli.domain.selling.sales import PayPage, Sale
from cascade_cli.domain.shop.exchange import Exchange
from cascade_cli.domain.shop.money import (
    for_sale,
    format_ducats,
    format_money,
    parse_sale,
    read_currency,
)
from cascade_cli.domain.shop.times import format_moment, rfc3339
from cascade_cli.errors import UsageError
from cascade_cli.wiring.connection import connected


def checkout(session: Session, options: CheckoutOptions) -> Outcome:
    """Check the options, then create the page. Raises UsageError before any service is asked."""
    ducats = None
    if options.ducats is not None:
        ducats = ducats_option("--ducats", options.ducats, "Nothing was sold.", parse_sale)
    allocation = read_allocation_file(options.file, session.warn) if options.file else None
    currency = currency_option(options.currency)
    gift = _gift(options)
    # One idempotency key for all tries of this invocation, so that Stripe creates one page only.
    key = f"cascade-checkout-{uuid.uuid4()}"
    with connected(session) as wiring:
        settings = wiring.settings
        quote = (
            wiring.checkout.quote_many(allocation, currency)
            if allocation
            else wiring.checkout.quote(ducats, options.package, currency)
        )
        sale = Sale(
            options.citizen or "",
            quote,
            settings.success_url,
            settings.cancel_url,
            allocation,
            gift,
            monthly_from=wiring.checkout.day() if options.monthly else None,
        )
        page = wiring.checkout.open(sale, key)
        if session.sandbox:
            _warn_if_not_served(session)
    if allocation and not fits(allocation):
        session.warn(
            "Stripe's metadata has no room for so many citizens: only a cascade that uses this "
            "journal can credit them"
        )
    if options.open and not webbrowser.open(page.url):
        session.warn("no browser could be opened: follow the link yourself")
    return Outcome(_document(sale, page), lambda session: _show(session, sale, page))


def _gift(options: CheckoutOptions) -> Gift | None:
    if options.giver is None:
        return None
    words = options.giver, options.citizen, options.message
    try:
        return wished_gift(*words, anonymous=options.anonymous)
    except ValueError as error:
        raise UsageError(f"Not a gift: {error}.", "Nothing was sold.") from None


def currency_option(text: str) -> str:
    """`--currency` as Stripe writes it. Raises UsageError."""
    try:
        return read_currency(text)
    except ValueError as error:
        raise UsageError(f"--currency: {error}.", "Nothing was done.") from None


def _warn_if_not_served(session: Session) -> None:
    """A sandbox that runs inside this command ends with it, and so do its pages."""
    from cascade_cli.sandbox.instance import find_running  # noqa: PLC0415 - only for the sandbox

    if find_running(session.folder) is None:
        session.warn(
            "the link leads nowhere, because no sandbox is running: start `cascade sandbox serve` "
            "in another terminal, then run this again"
        )


def _document(sale: Sale, page: PayPage) -> dict[str, Any]:
    quote = sale.quote
    return {
        "checkout_session": page.id,
        "url": page.url,
        "expires_at": rfc3339(page.expires_at),
        "livemode": page.livemode,
        "citizen": sale.citizen or None,
        "allocation": _allocation(sale.allocation) if sale.allocation else None,
        "gift": gift_document(sale.gift),
        "ducats": format_ducats(quote.ducats),
        "ducats_paid": format_ducats(quote.ducats_paid),
        "bonus": format_ducats(quote.bonus),
        "package": quote.package,
        "exchange_rate": str(quote.rate),
        **exchange_document(quote.exchange),
        "amount_cents": quote.amount_cents,
        "currency": quote.currency,
        "monthly": sale.monthly_from is not None,
    }


def _allocation(allocation: Allocation) -> dict[str, Any]:
    return {
        "citizens": len(allocation.shares),
        "digest": allocation.digest,
        "in_metadata": fits(allocation),
    }


def exchange_document(exchange: Exchange | None) -> dict[str, str | None]:
    """The rate that a price was converted by, and its date; both null for US dollars."""
    return {
        "currency_rate": exchange.number if exchange else None,
        "currency_rate_date": exchange.day.isoformat() if exchange else None,
    }


def _show(session: Session, sale: Sale, page: PayPage) -> None:
    console, quote = session.console(), sale.quote
    price = format_money(quote.amount_cents, quote.currency)
    ducats = format_ducats(quote.ducats, grouped=True)
    often = " a month" if sale.monthly_from else ""
    head = f"{ducats} ducats{often} for {escape(sale.whom)}: {price}{often}"
    console.print(Text(head, "bold"))
    show_gift(console, sale.gift)
    console.print(Text(quote.description))
    console.print(Text(escape(page.url)), soft_wrap=True)
    mode = "real money" if page.livemode else "test mode: no money moves"
    console.print(Text(f"open until {format_moment(page.expires_at)}; {mode}", "dim"))


COLUMNS = ("citizen", "ducats")


def read_allocation_file(path: Path, warn: Callable[[str], None]) -> Allocation:
    """All rows, in file order. `warn` is told what had to be guessed. Raises UsageError, which
    lists the bad lines, if there is any."""
    shares, problems = read_rows(path, COLUMNS, _share, "Nothing was sold.", warn)
    problems += () if problems and not shares else flaws(shares)
    if problems:
        hint = f"Columns: {', '.join(COLUMNS)}; one row for each citizen."
        raise refusal(path, "sold", problems, hint)
    return Allocation(tuple(shares))


def _share(line: CsvRow) -> Share:
    return Share(line["citizen"], for_sale(line.ducats("ducats")))
