"""`cascade resolve`: its argument and options."""

from __future__ import annotations

from typing import Annotated

import typer

from cascade_cli.cli.terminal import layout
from cascade_cli.cli.terminal.session import conduct

EXAMPLES = layout.examples(
    'cascade resolve pi_3jnMhaDZb2Cm --credit -r "lucia got what marco bought"',
    'cascade resolve recDmA1gkpL08NqsW --moved -r "the balances show it"',
    'cascade resolve pi_3jnMhaDZb2Cm --snooze 14d -r "the bank decides first"',
    topic="decisions",
)


def resolve(
    ctx: typer.Context,
    matched: Annotated[
        str,
        typer.Argument(
            metavar="ID", show_default=False, help="A payment, a portion, or a transfer."
        ),
    ],
    credit: Annotated[
        str | None,
        typer.Option(
            metavar="[N]",
            help="Give the right citizen what he lacks, or N of it.",
            rich_help_panel=layout.DECISION,
        ),
    ] = None,
    take_back: Annotated[
        str | None,
        typer.Option(
            metavar="[N]",
            help="Take back what went to somebody else, or is too much.",
            rich_help_panel=layout.DECISION,
        ),
    ] = None,
    settled_by: Annotated[
        str | None,
        typer.Option(
            metavar="STRATAGEM",
            help="This transfer, made by a person, settles it.",
            rich_help_panel=layout.DECISION,
        ),
    ] = None,
    moved: Annotated[
        bool,
        typer.Option(
            "--moved",
            help="A doubtful transfer has moved its ducats.",
            rich_help_panel=layout.DECISION,
        ),
    ] = False,
    not_moved: Annotated[
        bool,
        typer.Option(
            "--not-moved",
            help="It has moved nothing, and may be tried again.",
            rich_help_panel=layout.DECISION,
        ),
    ] = False,
    accept: Annotated[
        bool,
        typer.Option("--accept", help="Nothing will be done.", rich_help_panel=layout.DECISION),
    ] = False,
    snooze: Annotated[
        str | None,
        typer.Option(
            metavar="D",
            help="Nothing will be done before: 36h, 14d.",
            rich_help_panel=layout.DECISION,
        ),
    ] = None,
    reopen: Annotated[
        bool,
        typer.Option(
            "--reopen", help="What was decided counts no more.", rich_help_panel=layout.DECISION
        ),
    ] = False,
    reason: Annotated[
        str | None,
        typer.Option(
            "--reason",
            "-r",
            metavar="TEXT",
            help="Why; needed, and kept for ever.",
            rich_help_panel=layout.DECISION,
        ),
    ] = None,
    citizen: Annotated[
        str | None,
        typer.Option(
            metavar="C",
            help="With --credit: the buyer, if the payment names nobody.",
            rich_help_panel=layout.DECISION,
        ),
    ] = None,
    although_underpaid: Annotated[
        bool,
        typer.Option(
            "--although-underpaid",
            help="With --credit: give also what was not paid for.",
            rich_help_panel=layout.OVERRIDE,
        ),
    ] = False,
    although_ambiguous: Annotated[
        bool,
        typer.Option(
            "--although-ambiguous",
            help="With --credit: another transfer may be its own.",
            rich_help_panel=layout.OVERRIDE,
        ),
    ] = False,
    again: Annotated[
        bool,
        typer.Option(
            "--again",
            help="With --credit: although a credit by hand speaks of it.",
            rich_help_panel=layout.OVERRIDE,
        ),
    ] = False,
    dry_run: Annotated[
        bool,
        typer.Option(
            "--dry-run", help="Show every write and make none.", rich_help_panel=layout.WRITING
        ),
    ] = False,
    yes: Annotated[
        bool, typer.Option("--yes", "-y", help="Do not ask.", rich_help_panel=layout.WRITING)
    ] = False,
    json: Annotated[
        bool,
        typer.Option("--json", help="One JSON object on stdout.", rich_help_panel=layout.OUTPUT),
    ] = False,
) -> None:
    """Decide what becomes of one discrepancy: recorded, carried out once, and shown everywhere.

    When the facts that a decision rests on change, the case is open again. Exit code 5: run the
    same command again; 7: it does not fit, was decided before, or is refused by a guard.
    """
    from cascade_cli.cli.resolve.run import ResolveOptions
    from cascade_cli.cli.resolve.run import resolve as work
    from cascade_cli.domain.records.orders import Override

    said = {Override.UNDERPAID: although_underpaid, Override.AMBIGUOUS: although_ambiguous}
    options = ResolveOptions(
        matched,
        credit,
        take_back,
        settled_by,
        snooze,
        frozenset(
            name
            for name, is_said in {
                "moved": moved,
                "not_moved": not_moved,
                "accept": accept,
                "reopen": reopen,
            }.items()
            if is_said
        ),
        reason,
        citizen,
        frozenset(decision for decision, is_said in said.items() if is_said),
        again=again,
        dry_run=dry_run,
        yes=yes,
    )
    raise typer.Exit(conduct(ctx.obj, "resolve", lambda s: work(s, options), json=json))
