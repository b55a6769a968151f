"""The `cascade sandbox …` commands and their options."""

from __future__ import annotations

from typing import Annotated

import typer

from cascade_cli.cli.terminal import layout
from cascade_cli.cli.terminal.session import conduct

sandbox = typer.Typer(
    help="The embedded stand-in for Stripe, Airtable and Venice.", no_args_is_help=True
)

_Json = Annotated[bool, typer.Option("--json", help="One JSON object on stdout.")]
_EngineNotices = Annotated[
    bool,
    layout.ENGINE(
        "--engine-notices",
        help="NOTIFICATIONS in the layout that the engine writes: its notices arrive.",
    ),
]


@sandbox.command(
    epilog=layout.examples(
        "cascade sandbox serve --engine-every 10m",
        "cascade sandbox serve --airtable-rate 5 --stripe-rate 25",
        "cascade sandbox serve --webhook http://127.0.0.1:8422/api/payments/webhook",
        topic="sandbox",
    )
)
def serve(
    ctx: typer.Context,
    port: Annotated[int, typer.Option(min=0, max=65535, help="0 takes a free one.")] = 8421,
    airtable_rate: Annotated[
        float | None, layout.LIMITS(min=0.1, help="Requests a second before Airtable's lock-out.")
    ] = None,
    stripe_rate: Annotated[
        float | None, layout.LIMITS(min=0.1, help="Requests a second before Stripe's 429.")
    ] = None,
    latency: Annotated[float, layout.LIMITS(min=0, help="Seconds added to every answer.")] = 0.0,
    engine_every: Annotated[
        str | None, layout.ENGINE(metavar="D", help="Run Venice's engine this often: 90s, 10m.")
    ] = None,
    webhook: Annotated[
        list[str] | None,
        layout.WEBHOOKS(metavar="URL", help="Deliver Stripe's events to this URL on this machine."),
    ] = None,
    webhook_twice: Annotated[
        float, layout.WEBHOOKS(metavar="P", min=0, max=1, help="How likely an event comes twice.")
    ] = 0.0,
    webhook_shuffle: Annotated[
        bool, layout.WEBHOOKS("--webhook-shuffle", help="Deliver simultaneous events in any order.")
    ] = False,
    engine_notices: _EngineNotices = False,
    clock_ahead: Annotated[
        str | None,
        layout.CLOCKS(metavar="D", help="The services' clocks are ahead of this machine's: 3h."),
    ] = None,
    clock_behind: Annotated[
        str | None,
        layout.CLOCKS(metavar="D", help="The services' clocks are behind this machine's: 3h."),
    ] = None,
) -> None:
    """Serve the three services on 127.0.0.1 until interrupted."""
    from cascade_cli.cli.sandbox.run import ServeOptions
    from cascade_cli.cli.sandbox.run import serve as work

    options = ServeOptions(
        *(port, airtable_rate, stripe_rate, latency, engine_every),
        webhooks=tuple(webhook or ()),
        webhook_twice=webhook_twice,
        webhook_shuffle=webhook_shuffle,
        engine_notices=engine_notices,
        clock_ahead=clock_ahead,
        clock_behind=clock_behind,
    )
    raise typer.Exit(conduct(ctx.obj, "sandbox serve", lambda session: work(session, options)))


@sandbox.command(
    epilog=layout.examples(
        "cascade sandbox seed",
        "cascade sandbox seed --scenario large --payments 10000",
        topic="sandbox",
    )
)
def seed(
    ctx: typer.Context,
    scenario: Annotated[
        str, typer.Option(metavar="S", help="week, quiet, large, empty or guarded.")
    ] = "week",
    payments: Annotated[int, typer.Option(min=0, help="How many ducat sales.")] = 200,
    days: Annotated[int, typer.Option(min=1, help="Over how many days, ending now.")] = 7,
    seed_: Annotated[int, typer.Option("--seed", help="The same seed, the same week.")] = 7,
    engine_notices: _EngineNotices = False,
    json: _Json = False,
) -> None:
    """Fill an empty sandbox with a believable past."""
    from cascade_cli.cli.sandbox.run import SeedOptions
    from cascade_cli.cli.sandbox.run import seed as work

    options = SeedOptions(scenario, payments, days, seed_, engine_notices)
    code = conduct(ctx.obj, "sandbox seed", lambda session: work(session, options), json=json)
    raise typer.Exit(code)


@sandbox.command(
    "run-engine",
    epilog=layout.examples(
        "cascade sandbox run-engine",
        "cascade sandbox run-engine --fail-at write_payee",
        "cascade sandbox run-engine --kill-after balances",
        topic="sandbox",
    ),
)
def run_engine(
    ctx: typer.Context,
    only: Annotated[
        str | None,
        typer.Option(metavar="ID", help="This StratagemId, whatever its status or expiry."),
    ] = None,
    fail_at: Annotated[
        str | None,
        typer.Option(metavar="STEP", help="Break off at this step, to make doubtful rows."),
    ] = None,
    kill_after: Annotated[
        str | None,
        typer.Option(
            metavar="WRITE", help="Kill the run after it wrote payer, balances or status."
        ),
    ] = None,
    json: _Json = False,
) -> None:
    """Let Venice's engine execute what is active, once."""
    from cascade_cli.cli.sandbox.run import run_engine as work

    code = conduct(
        ctx.obj,
        "sandbox run-engine",
        lambda session: work(session, only, fail_at, kill_after),
        json=json,
    )
    raise typer.Exit(code)


@sandbox.command(
    epilog=layout.examples(
        "cascade sandbox citizen add DoraLoredan --ducats 500",
        "cascade sandbox citizen rename DoraLoredan dora_loredan",
        topic="sandbox",
    )
)
def citizen(
    ctx: typer.Context,
    step: Annotated[str, typer.Argument(metavar="STEP", help="add, remove, rename or stipend.")],
    name: Annotated[
        str | None, typer.Argument(metavar="NAME", help="Whom; none for stipend.")
    ] = None,
    new_name: Annotated[
        str | None, typer.Argument(metavar="NEW", help="To rename: the new name.")
    ] = None,
    ducats: Annotated[float, typer.Option(min=0, help="To add: how many ducats they have.")] = 0.0,
    social_class: Annotated[
        str, typer.Option("--class", metavar="C", help="To add: their SocialClass.")
    ] = "Popolani",
    json: _Json = False,
) -> None:
    """Add, remove or rename a citizen of the embedded Venice, or pay the Innovatori's stipend."""
    from cascade_cli.cli.sandbox.citizen import CitizenChange
    from cascade_cli.cli.sandbox.citizen import citizen as work

    change = CitizenChange(step, name, new_name, ducats, social_class)
    code = conduct(ctx.obj, "sandbox citizen", lambda session: work(session, change), json=json)
    raise typer.Exit(code)


@sandbox.command(
    epilog=layout.examples(
        "cascade sandbox pay DoraLoredan --ducats 250",
        "cascade sandbox pay DoraLoredan --ducats 250 --cents 3000 --hold",
        topic="sandbox",
    )
)
def pay(
    ctx: typer.Context,
    name: Annotated[str, typer.Argument(metavar="CITIZEN", help="Who gets the ducats.")],
    ducats: Annotated[float, typer.Option(min=1, help="How many.")] = 100.0,
    cents: Annotated[
        int | None, typer.Option(min=1, help="The price in minor units; 0.10 USD a ducat.")
    ] = None,
    currency: Annotated[str, typer.Option(metavar="C", help="Of the price.")] = "usd",
    hold: Annotated[
        bool, typer.Option("--hold", help="Only authorise it; `sandbox capture` takes it.")
    ] = False,
    json: _Json = False,
) -> None:
    """Let somebody pay for ducats by card at the embedded Stripe."""
    from cascade_cli.cli.sandbox.money import SaleRequest
    from cascade_cli.cli.sandbox.money import pay as work

    sale = SaleRequest(name, ducats, cents, currency, hold)
    code = conduct(ctx.obj, "sandbox pay", lambda session: work(session, sale), json=json)
    raise typer.Exit(code)


@sandbox.command(
    epilog=layout.examples(
        "cascade sandbox capture pi_3jnMhaDZb2Cm",
        "cascade sandbox capture pi_3jnMhaDZb2Cm --cents 2500",
        topic="sandbox",
    )
)
def capture(
    ctx: typer.Context,
    identity: Annotated[
        str, typer.Argument(metavar="PAYMENT", help="A payment that is only authorised (pi_…).")
    ],
    cents: Annotated[
        int | None, typer.Option(min=1, help="How much; the rest is released.")
    ] = None,
    json: _Json = False,
) -> None:
    """Take a payment that the embedded Stripe has only authorised, or part of it."""
    from cascade_cli.cli.sandbox.money import capture as work

    code = conduct(
        ctx.obj, "sandbox capture", lambda session: work(session, identity, cents), json=json
    )
    raise typer.Exit(code)


@sandbox.command(
    epilog=layout.examples(
        "cascade sandbox refund pi_3jnMhaDZb2Cm --cents 500",
        "cascade sandbox refund pi_3jnMhaDZb2Cm --status requires_action",
        topic="sandbox",
    )
)
def refund(
    ctx: typer.Context,
    identity: Annotated[
        str, typer.Argument(metavar="ID", help="A payment (pi_…, ch_…), or a refund (re_…).")
    ],
    cents: Annotated[
        int | None, typer.Option(min=1, help="How much of the payment; all that is left.")
    ] = None,
    status: Annotated[
        str,
        typer.Option(metavar="S", help="requires_action, pending, succeeded, failed or canceled."),
    ] = "succeeded",
    unfunded: Annotated[
        bool,
        typer.Option("--unfunded", help="Pending since the balance cannot pay it: nothing moved."),
    ] = False,
    json: _Json = False,
) -> None:
    """Refund a payment at the embedded Stripe, or let a refund end otherwise."""
    from cascade_cli.cli.sandbox.money import RefundRequest
    from cascade_cli.cli.sandbox.money import refund as work

    wanted = RefundRequest(identity, cents, status, unfunded)
    code = conduct(ctx.obj, "sandbox refund", lambda session: work(session, wanted), json=json)
    raise typer.Exit(code)


@sandbox.command(
    epilog=layout.examples(
        "cascade sandbox dispute pi_3jnMhaDZb2Cm --cents 1000",
        "cascade sandbox dispute du_1PgafTB7WZ01 --status won",
        topic="sandbox",
    )
)
def dispute(
    ctx: typer.Context,
    identity: Annotated[
        str, typer.Argument(metavar="ID", help="A payment (pi_…, ch_…), or a dispute (du_…).")
    ],
    status: Annotated[
        str,
        typer.Option(
            metavar="S",
            help="Of a payment needs_response, warning_needs_response or prevented; "
            "of a dispute what it becomes: won, lost, appeal_needs_response and so on.",
        ),
    ] = "needs_response",
    prevented_by: Annotated[
        str | None,
        typer.Option(
            metavar="HOW", help="Prevented by a block (money stays) or a resolution (it went)."
        ),
    ] = None,
    cents: Annotated[
        int | None, typer.Option(min=1, help="How much is claimed; all that is left.")
    ] = None,
    currency: Annotated[
        str | None, typer.Option(metavar="C", help="Of the claim, if not the payment's.")
    ] = None,
    withdrawn: Annotated[
        int | None,
        typer.Option(min=1, help="What leaves the balance for it, in the payment's currency."),
    ] = None,
    json: _Json = False,
) -> None:
    """Let the payer dispute a payment at the embedded Stripe, or the dispute go on."""
    from cascade_cli.cli.sandbox.money import DisputeRequest
    from cascade_cli.cli.sandbox.money import dispute as work

    wanted = DisputeRequest(identity, status, prevented_by, cents, currency, withdrawn)
    code = conduct(ctx.obj, "sandbox dispute", lambda session: work(session, wanted), json=json)
    raise typer.Exit(code)


@sandbox.command(
    epilog=layout.examples(
        "cascade sandbox product cascade_ducats_500_25 --inactive",
        "cascade sandbox product cascade_ducats_500_25",
        topic="sandbox",
    )
)
def product(
    ctx: typer.Context,
    identity: Annotated[str, typer.Argument(metavar="ID", help="The product.")],
    inactive: Annotated[
        bool, typer.Option("--inactive", help="Off the shelves: nothing new is sold of it.")
    ] = False,
    json: _Json = False,
) -> None:
    """Put a product of the embedded Stripe back on the shelves, or take it off."""
    from cascade_cli.cli.sandbox.money import product as work

    code = conduct(
        ctx.obj,
        "sandbox product",
        lambda session: work(session, identity, active=not inactive),
        json=json,
    )
    raise typer.Exit(code)


@sandbox.command(
    epilog=layout.examples(
        "cascade sandbox subscription sub_1PgafTB7WZ01 renew",
        "cascade sandbox subscription sub_1PgafTB7WZ01 send",
        topic="subscriptions",
    )
)
def subscription(
    ctx: typer.Context,
    identity: Annotated[
        str, typer.Argument(metavar="ID", help="A subscription (sub_…), or its session (cs_…).")
    ],
    step: Annotated[
        str,
        typer.Argument(
            metavar="STEP",
            help="renew, fail, send, pay, pay-elsewhere, attach, credit, discount, add, change, "
            "pause, resume or cancel.",
        ),
    ],
    product: Annotated[
        str | None,
        typer.Option(
            metavar="ID", help="To change or add: what is sold; to discount: for this alone."
        ),
    ] = None,
    cents: Annotated[
        int | None,
        typer.Option(
            min=1,
            help="To change or add: its price a month; to attach, credit or discount: how much.",
        ),
    ] = None,
    quantity: Annotated[int, typer.Option(min=1, help="To change or add: how many of it.")] = 1,
    listed_cents: Annotated[
        int | None,
        typer.Option(
            min=1, help="To change: its price in another currency, which has --cents as an option."
        ),
    ] = None,
    payment: Annotated[
        str | None,
        typer.Option(metavar="PI", help="To attach: a payment that there is; else a new one."),
    ] = None,
    json: _Json = False,
) -> None:
    """Let a subscription at the embedded Stripe go on: the next month, another plan, its end."""
    from cascade_cli.cli.sandbox.billing import BillingStep
    from cascade_cli.cli.sandbox.billing import subscription as work

    change = BillingStep(product, cents, quantity, listed_cents, payment)
    code = conduct(
        ctx.obj,
        "sandbox subscription",
        lambda session: work(session, identity, step, change),
        json=json,
    )
    raise typer.Exit(code)


@sandbox.command(
    epilog=layout.examples(
        "cascade sandbox event balance.available",
        "cascade sandbox event charge.succeeded --without id",
        topic="sandbox",
    )
)
def event(
    ctx: typer.Context,
    type_: Annotated[
        str,
        typer.Argument(metavar="TYPE", help="Any, such as balance.available.", show_default=False),
    ],
    subject: Annotated[
        str | None,
        typer.Option("--object", metavar="JSON", help="What it is about; the balance, or nothing."),
    ] = None,
    said: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="F=JSON", help="Another value of a field; repeatable."),
    ] = None,
    lacking: Annotated[
        list[str] | None,
        typer.Option("--without", metavar="F", help="A field that it lacks; repeatable."),
    ] = None,
    json: _Json = False,
) -> None:
    """Let the embedded Stripe send an event: without an id in its object, or of any other kind."""
    from cascade_cli.cli.sandbox.event import EventRequest
    from cascade_cli.cli.sandbox.event import event as work

    wish = EventRequest(type_, subject, tuple(said or ()), tuple(lacking or ()))
    code = conduct(ctx.obj, "sandbox event", lambda session: work(session, wish), json=json)
    raise typer.Exit(code)


@sandbox.command(
    epilog=layout.examples("cascade sandbox reset", "cascade sandbox reset --json", topic="sandbox")
)
def reset(ctx: typer.Context, json: _Json = False) -> None:
    """Forget everything in the sandbox; live services are never touched."""
    from cascade_cli.cli.sandbox.run import reset as work

    raise typer.Exit(conduct(ctx.obj, "sandbox reset", work, json=json))
