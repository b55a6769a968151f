"""The `cascade sandbox …` commands and their options."""

from __future__ import annotations

from typing import Annotated

import typer

from cascade_cli.cli.sandbox.options import (
    BillingStep,
    CitizenChange,
    DisputeRequest,
    EventRequest,
    RefundRequest,
    SaleRequest,
    SeedOptions,
    ServeOptions,
)
from cascade_cli.cli.terminal.options import ENGINE, PlainJson, examples, options_as_parameters
from cascade_cli.cli.terminal.session import run_command

sandbox = typer.Typer(no_args_is_help=True)


@sandbox.command(
    epilog=examples(
        "cascade sandbox serve --engine-every 10m",
        "cascade sandbox serve --airtable-rate 5 --stripe-rate 25",
        "cascade sandbox serve --webhook http://127.0.0.1:8422/api/payments/webhook",
        topic="sandbox",
    )
)
@options_as_parameters
def serve(ctx: typer.Context, *, options: ServeOptions) -> int:
    """Serve the three services on 127.0.0.1 until interrupted."""
    from cascade_cli.cli.sandbox.run import serve as work

    return run_command(ctx.obj, "sandbox serve", lambda session: work(session, options))


@sandbox.command(
    epilog=examples(
        "cascade sandbox seed",
        "cascade sandbox seed --scenario large --payments 10000",
        "cascade sandbox seed --from story.toml",
        topic="story",
    )
)
@options_as_parameters
def seed(ctx: typer.Context, *, options: SeedOptions, json: PlainJson = False) -> int:
    """Fill an empty sandbox with a believable past."""
    from cascade_cli.cli.sandbox.run import seed as from_scenario
    from cascade_cli.cli.sandbox.story import seed_from

    work = seed_from if options.story else from_scenario
    return run_command(ctx.obj, "sandbox seed", lambda session: work(session, options), json=json)


@sandbox.command(
    "run-engine",
    epilog=examples(
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
        typer.Option(metavar="ID", help="Only this StratagemId, whatever its status or expiry."),
    ] = None,
    fail_at: Annotated[
        str | None,
        typer.Option(metavar="STEP", help="Stop at this step, to make doubtful rows."),
    ] = None,
    kill_after: Annotated[
        str | None,
        typer.Option(
            metavar="WRITE", help="Kill the run after it wrote payer, balances or status."
        ),
    ] = None,
    json: PlainJson = False,
) -> int:
    """Let Venice's engine execute what is active, once."""
    from cascade_cli.cli.sandbox.run import run_engine as work

    return run_command(
        ctx.obj,
        "sandbox run-engine",
        lambda session: work(session, only, fail_at, kill_after),
        json=json,
    )


@sandbox.command(
    epilog=examples(
        "cascade sandbox advance 3d",
        "cascade sandbox advance 72h --no-engine",
        topic="sandbox",
    )
)
def advance(
    ctx: typer.Context,
    span: Annotated[str, typer.Argument(metavar="D", help="How far: 90s, 15m, 48h, 3d or 2w.")],
    no_engine: Annotated[
        bool,
        ENGINE("--no-engine", help="Do not run Venice's engine; stratagems expire."),
    ] = False,
    json: PlainJson = False,
) -> int:
    """Put the sandbox's clock forward: engine runs, expiries, renewals and deadlines follow."""
    from cascade_cli.cli.sandbox.run import advance as work

    return run_command(
        ctx.obj,
        "sandbox advance",
        lambda session: work(session, span, engine=not no_engine),
        json=json,
    )


@sandbox.command(
    epilog=examples(
        "cascade sandbox citizen add DoraLoredan --ducats 500",
        "cascade sandbox citizen rename DoraLoredan dora_loredan",
        topic="sandbox",
    )
)
@options_as_parameters
def citizen(ctx: typer.Context, *, change: CitizenChange, json: PlainJson = False) -> int:
    """Add, remove or rename a citizen of the embedded Venice, or pay the Innovatori's stipend."""
    from cascade_cli.cli.sandbox.run import citizen as work

    return run_command(ctx.obj, "sandbox citizen", lambda session: work(session, change), json=json)


@sandbox.command(
    epilog=examples(
        "cascade sandbox pay DoraLoredan --ducats 250",
        "cascade sandbox pay DoraLoredan --ducats 250 --cents 3000 --hold",
        topic="sandbox",
    )
)
@options_as_parameters
def pay(ctx: typer.Context, *, sale: SaleRequest, json: PlainJson = False) -> int:
    """Let somebody pay for ducats by card at the embedded Stripe."""
    from cascade_cli.cli.sandbox.money import pay as work

    return run_command(ctx.obj, "sandbox pay", lambda session: work(session, sale), json=json)


@sandbox.command(
    epilog=examples(
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
        int | None, typer.Option(min=1, help="How much to take; the rest is released.")
    ] = None,
    json: PlainJson = False,
) -> int:
    """Take a payment that the embedded Stripe has only authorised, or part of it."""
    from cascade_cli.cli.sandbox.money import capture as work

    return run_command(
        ctx.obj, "sandbox capture", lambda session: work(session, identity, cents), json=json
    )


@sandbox.command(
    epilog=examples(
        "cascade sandbox refund pi_3jnMhaDZb2Cm --cents 500",
        "cascade sandbox refund pi_3jnMhaDZb2Cm --status requires_action",
        topic="sandbox",
    )
)
@options_as_parameters
def refund(ctx: typer.Context, *, wanted: RefundRequest, json: PlainJson = False) -> int:
    """Refund a payment at the embedded Stripe, or change the status of a refund."""
    from cascade_cli.cli.sandbox.money import refund as work

    return run_command(ctx.obj, "sandbox refund", lambda session: work(session, wanted), json=json)


@sandbox.command(
    epilog=examples(
        "cascade sandbox dispute pi_3jnMhaDZb2Cm --cents 1000",
        "cascade sandbox dispute du_1PgafTB7WZ01 --status won",
        topic="sandbox",
    )
)
@options_as_parameters
def dispute(ctx: typer.Context, *, wanted: DisputeRequest, json: PlainJson = False) -> int:
    """Open a dispute of a payment at the embedded Stripe, or move it to its next status."""
    from cascade_cli.cli.sandbox.money import dispute as work

    return run_command(ctx.obj, "sandbox dispute", lambda session: work(session, wanted), json=json)


@sandbox.command(
    epilog=examples(
        "cascade sandbox product cascade_ducats_500_25 --inactive",
        "cascade sandbox product cascade_ducats_500_25",
        topic="sandbox",
    )
)
def product(
    ctx: typer.Context,
    identity: Annotated[str, typer.Argument(metavar="ID", help="The product.")],
    inactive: Annotated[
        bool, typer.Option("--inactive", help="Deactivate it: it can no longer be sold.")
    ] = False,
    json: PlainJson = False,
) -> int:
    """Activate a product of the embedded Stripe, or deactivate it."""
    from cascade_cli.cli.sandbox.money import product as work

    return run_command(
        ctx.obj,
        "sandbox product",
        lambda session: work(session, identity, active=not inactive),
        json=json,
    )


@sandbox.command(
    epilog=examples(
        "cascade sandbox subscription sub_1PgafTB7WZ01 renew",
        "cascade sandbox subscription sub_1PgafTB7WZ01 send",
        topic="subscriptions",
    )
)
@options_as_parameters
def subscription(ctx: typer.Context, *, change: BillingStep, json: PlainJson = False) -> int:
    """Renew a subscription at the embedded Stripe, change its plan, or end it."""
    from cascade_cli.cli.sandbox.billing import subscription as work

    return run_command(
        ctx.obj, "sandbox subscription", lambda session: work(session, change), json=json
    )


@sandbox.command(
    epilog=examples(
        "cascade sandbox event balance.available",
        "cascade sandbox event charge.succeeded --without id",
        topic="sandbox",
    )
)
@options_as_parameters
def event(ctx: typer.Context, *, wish: EventRequest, json: PlainJson = False) -> int:
    """Let the embedded Stripe send an event of any type, with fields left out if you like."""
    from cascade_cli.cli.sandbox.run import event as work

    return run_command(ctx.obj, "sandbox event", lambda session: work(session, wish), json=json)


@sandbox.command(
    epilog=examples("cascade sandbox reset", "cascade sandbox reset --json", topic="sandbox")
)
def reset(ctx: typer.Context, json: PlainJson = False) -> int:
    """Forget everything in the sandbox; live services are never touched."""
    from cascade_cli.cli.sandbox.run import reset as work

    return run_command(ctx.obj, "sandbox reset", work, json=json)
