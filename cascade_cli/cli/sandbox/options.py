"""The options of `cascade sandbox …`."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Annotated

import typer

from cascade_cli.cli.terminal.options import CLOCKS, ENGINE, LIMITS, WEBHOOKS
from cascade_cli.domain.shop.keys import DISPUTE_PREFIXES

FURTHEST = timedelta(days=3650)

_EngineNotices = Annotated[
    bool,
    ENGINE(
        "--engine-notices",
        help="Give NOTIFICATIONS the columns that the engine writes: its notices arrive.",
    ),
]


@dataclass(frozen=True)
class ServeOptions:
    """Rates are requests per second; `latency` is in seconds."""

    port: Annotated[int, typer.Option(min=0, max=65535, help="0: any free port.")] = 8421
    airtable_rate: Annotated[
        float | None, LIMITS(min=0.1, help="Requests a second before Airtable's lock-out.")
    ] = None
    stripe_rate: Annotated[
        float | None, LIMITS(min=0.1, help="Requests a second before Stripe's 429.")
    ] = None
    latency: Annotated[float, LIMITS(min=0, help="Seconds added to every answer.")] = 0.0
    engine_every: Annotated[
        str | None, ENGINE(metavar="D", help="Run Venice's engine this often: 90s, 10m.")
    ] = None
    webhooks: Annotated[
        list[str] | None,
        WEBHOOKS(
            "--webhook", metavar="URL", help="Deliver Stripe's events to this URL on this machine."
        ),
    ] = None
    webhook_twice: Annotated[
        float,
        WEBHOOKS(metavar="P", min=0, max=1, help="How likely an event is to be delivered twice."),
    ] = 0.0
    webhook_shuffle: Annotated[
        bool, WEBHOOKS("--webhook-shuffle", help="Deliver simultaneous events in any order.")
    ] = False
    engine_notices: _EngineNotices = False
    clock_ahead: Annotated[
        str | None,
        CLOCKS(metavar="D", help="The services' clocks are ahead of this machine's: 3h."),
    ] = None
    clock_behind: Annotated[
        str | None,
        CLOCKS(metavar="D", help="The services' clocks are behind this machine's: 3h."),
    ] = None

    @property
    def ahead(self) -> timedelta:
        """How far the services' clocks are ahead of this machine's. Raises UsageError."""
        from cascade_cli.errors import UsageError

        if self.clock_ahead and self.clock_behind:
            raise UsageError("--clock-ahead and --clock-behind exclude each other.")
        ahead = _duration("--clock-ahead", self.clock_ahead) or timedelta(0)
        ahead -= _duration("--clock-behind", self.clock_behind) or timedelta(0)
        if abs(ahead) > FURTHEST:
            raise UsageError("The clock of a sandbox may be wrong by ten years at most.")
        return ahead

    @property
    def engine_seconds(self) -> float | None:
        """How often the engine runs. Raises UsageError."""
        every = _duration("--engine-every", self.engine_every)
        return every.total_seconds() if every else None


def _duration(option: str, text: str | None) -> timedelta | None:
    from cascade_cli.domain.shop.times import parse_duration
    from cascade_cli.errors import UsageError

    try:
        return None if text is None else parse_duration(text)
    except ValueError as error:
        raise UsageError(f"{option}: {error}.") from None


@dataclass(frozen=True)
class SeedOptions:
    """What `cascade sandbox seed` writes."""

    scenario: Annotated[
        str, typer.Option(metavar="S", help="week, quiet, large, empty or guarded.")
    ] = "week"
    payments: Annotated[int, typer.Option(min=0, help="How many ducat sales.")] = 200
    days: Annotated[int, typer.Option(min=1, help="Over how many days, ending now.")] = 7
    seed: Annotated[int, typer.Option(help="The same seed gives the same week.")] = 7
    engine_notices: _EngineNotices = False
    story: Annotated[
        Path | None,
        typer.Option("--from", metavar="F.toml", help="Seed the story in this file instead."),
    ] = None


@dataclass(frozen=True)
class CitizenChange:
    """What happens to a citizen."""

    step: Annotated[str, typer.Argument(metavar="STEP", help="add, remove, rename or stipend.")]
    name: Annotated[
        str | None, typer.Argument(metavar="NAME", help="The citizen; none for stipend.")
    ] = None
    new_name: Annotated[
        str | None, typer.Argument(metavar="NEW", help="To rename: the new name.")
    ] = None
    ducats: Annotated[float, typer.Option(min=0, help="To add: how many ducats they have.")] = 0.0
    social_class: Annotated[
        str, typer.Option("--class", metavar="C", help="To add: their SocialClass.")
    ] = "Popolani"


@dataclass(frozen=True)
class SaleRequest:
    """Ducats for a citizen at `cents` of a currency. If `held`, the payment is only authorised."""

    citizen: Annotated[str, typer.Argument(metavar="CITIZEN", help="Who gets the ducats.")]
    ducats: Annotated[float, typer.Option(min=1, help="How many.")] = 100.0
    cents: Annotated[
        int | None, typer.Option(min=1, help="The price in minor units; default 0.10 a ducat.")
    ] = None
    currency: Annotated[str, typer.Option(metavar="C", help="The price's currency.")] = "usd"
    held: Annotated[
        bool, typer.Option("--hold", help="Only authorise it; `sandbox capture` takes it.")
    ] = False


@dataclass(frozen=True)
class RefundRequest:
    """Money back from a payment, or another status of a refund."""

    identity: Annotated[
        str, typer.Argument(metavar="ID", help="A payment (pi_…, ch_…), or a refund (re_…).")
    ]
    cents: Annotated[
        int | None, typer.Option(min=1, help="How much of the payment; default all that is left.")
    ] = None
    status: Annotated[
        str,
        typer.Option(metavar="S", help="requires_action, pending, succeeded, failed or canceled."),
    ] = "succeeded"
    unfunded: Annotated[
        bool,
        typer.Option(
            "--unfunded", help="Pending because the balance cannot pay it: nothing moved."
        ),
    ] = False


@dataclass(frozen=True)
class DisputeRequest:
    """A claim on a payment, or the next stage of a dispute."""

    identity: Annotated[
        str, typer.Argument(metavar="ID", help="A payment (pi_…, ch_…), or a dispute (du_…).")
    ]
    status: Annotated[
        str,
        typer.Option(
            metavar="S",
            help="For a payment: needs_response, warning_needs_response or prevented. "
            "For a dispute, what it becomes: won, lost, appeal_needs_response and so on.",
        ),
    ] = "needs_response"
    prevented_by: Annotated[
        str | None,
        typer.Option(
            metavar="HOW",
            help="By a block (the shop keeps the money) or by a resolution (the payer got it).",
        ),
    ] = None
    cents: Annotated[
        int | None, typer.Option(min=1, help="How much is claimed; default all that is left.")
    ] = None
    currency: Annotated[
        str | None, typer.Option(metavar="C", help="The claim's currency, if not the payment's.")
    ] = None
    withdrawn: Annotated[
        int | None,
        typer.Option(min=1, help="How much it takes from the balance, in the payment's currency."),
    ] = None

    @property
    def is_new(self) -> bool:
        """Whether `identity` is a payment, and not a dispute."""
        return not self.identity.startswith(DISPUTE_PREFIXES)

    @property
    def is_claim(self) -> bool:
        """Whether an option says what is contested, and how."""
        details = (self.prevented_by, self.cents, self.currency, self.withdrawn)
        return any(detail is not None for detail in details)


@dataclass(frozen=True)
class BillingStep:
    """A step in a subscription's life, and what it is about: a product, money, or a payment.

    `listed_cents` is the product's price where that is in another currency.
    """

    identity: Annotated[
        str, typer.Argument(metavar="ID", help="A subscription (sub_…), or its session (cs_…).")
    ]
    step: Annotated[
        str,
        typer.Argument(
            metavar="STEP",
            help="renew, fail, send, pay, pay-elsewhere, attach, credit, discount, add, change, "
            "pause, resume or cancel.",
        ),
    ]
    product: Annotated[
        str | None,
        typer.Option(
            metavar="ID",
            help="To change or add: what is sold; to discount: for this product alone.",
        ),
    ] = None
    cents: Annotated[
        int | None,
        typer.Option(
            min=1,
            help="To change or add: its price a month; to attach, credit or discount: how much.",
        ),
    ] = None
    quantity: Annotated[int, typer.Option(min=1, help="To change or add: how many of it.")] = 1
    listed_cents: Annotated[
        int | None,
        typer.Option(
            min=1,
            help="To change: list it at this price in another currency, with --cents as an option.",
        ),
    ] = None
    payment: Annotated[
        str | None,
        typer.Option(metavar="PI", help="To attach: an existing payment; default a new one."),
    ] = None


@dataclass(frozen=True)
class EventRequest:
    """An event of any type: `said` are of the form FIELD=JSON."""

    type: Annotated[
        str,
        typer.Argument(metavar="TYPE", help="Any, such as balance.available.", show_default=False),
    ]
    subject: Annotated[
        str | None,
        typer.Option(
            "--object", metavar="JSON", help="What it is about; default the balance, or nothing."
        ),
    ] = None
    said: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="F=JSON", help="Set a field to another value; repeatable."),
    ] = None
    lacking: Annotated[
        list[str] | None,
        typer.Option("--without", metavar="F", help="Leave this field out; repeatable."),
    ] = None
