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
        layout.DECISION(metavar="[N]", help="Give the right citizen what he lacks, or N of it."),
    ] = None,
    take_back: Annotated[
        str | None,
        layout.DECISION(
            metavar="[N]", help="Take back what went to somebody else, or is too much."
        ),
    ] = None,
    settled_by: Annotated[
        str | None,
        layout.DECISION(metavar="STRATAGEM", help="This transfer, made by a person, settles it."),
    ] = None,
    moved: Annotated[
        bool, layout.DECISION("--moved", help="A doubtful transfer has moved its ducats.")
    ] = False,
    not_moved: Annotated[
        bool, layout.DECISION("--not-moved", help="It has moved nothing, and may be tried again.")
    ] = False,
    accept: Annotated[bool, layout.DECISION("--accept", help="Nothing will be done.")] = False,
    snooze: Annotated[
        str | None, layout.DECISION(metavar="D", help="Nothing will be done before: 36h, 14d.")
    ] = None,
    reopen: Annotated[
        bool, layout.DECISION("--reopen", help="What was decided counts no more.")
    ] = False,
    reason: Annotated[
        str | None,
        layout.DECISION("--reason", "-r", metavar="TEXT", help="Why; needed, and kept for ever."),
    ] = None,
    citizen: Annotated[
        str | None,
        layout.DECISION(metavar="C", help="With --credit: the buyer, if the payment names nobody."),
    ] = None,
    although_underpaid: Annotated[
        bool,
        layout.OVERRIDE(
            "--although-underpaid", help="With --credit: give also what was not paid for."
        ),
    ] = False,
    although_ambiguous: Annotated[
        bool,
        layout.OVERRIDE(
            "--although-ambiguous", help="With --credit: another transfer may be its own."
        ),
    ] = False,
    again: Annotated[
        bool,
        layout.OVERRIDE("--again", help="With --credit: although a credit by hand speaks of it."),
    ] = False,
    dry_run: Annotated[
        bool, layout.WRITING("--dry-run", help="Show every write and make none.")
    ] = False,
    yes: Annotated[bool, layout.WRITING("--yes", "-y", help="Do not ask.")] = False,
    json: Annotated[bool, layout.OUTPUT("--json", help="One JSON object on stdout.")] = False,
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
