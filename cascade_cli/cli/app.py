"""The command line: its commands, groups and global options. Each command imports what it needs
only when it runs, so that `cascade --help` starts as quickly as Typer itself."""

from __future__ import annotations

from collections.abc import Callable, Container, Sequence
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Annotated, Any

import typer

from cascade_cli import __version__
from cascade_cli.cli.terminal.session import Session, failure, run_command, unwritable
from cascade_cli.errors import ExitCode, UsageError

COMMANDS = {
    "init": "Set a shop up: ask for its keys, try each right away, and write one profile.",
    "reconcile": "Compare every paid charge with the transfer it should have caused.",
    "credit": "Credit ducats by hand: one citizen, one payment, or a file of many; each exactly "
    "once.",
    "refund": "Take back the ducats of a payment whose money went back: each refund exactly once.",
    "resolve": "Decide one discrepancy: the decision is recorded, carried out once, and shown "
    "everywhere.",
    "review": "Walk through the open cases: decide each with a key, see the plan, confirm once.",
    "explain": "Tell the whole story of one payment, transfer or citizen: timeline, verdict, exact "
    "repair.",
    "status": "Show everything on one screen: processor, payments on their way, discrepancies, "
    "limits, runs.",
    "doctor": "Check keys, rights, schema, processor, engine, webhook and journal before anything "
    "fails.",
    "serve": "Serve the payment API /api/payments/ and the Stripe webhook, until SIGTERM or "
    "Ctrl-C.",
    "checkout": "Create a Stripe page on which ducats for one citizen or many can be paid; print "
    "its link.",
    "pricing": "Show the price list: rate, packages with their bonus, and the bounds of custom "
    "amounts.",
    "help": "Read the manual: list its topics, show one, or write man pages.",
    "completion": "Print what lets Tab complete commands, options, ids and citizens in your shell.",
}
GROUPS = {
    "events": "Stripe's events: list them, replay them.",
    "config": "Settings: their values, where each comes from, and whether they can be used.",
    "profile": "Several shops on this machine: list them, choose the default.",
    "journal": "The audit trail: who did what when, and whether anybody tampered with it.",
    "schedule": "Print a cron line or systemd units for the nightly reconciliation; install "
    "nothing.",
    "citizen": "The payment processor: the citizen who pays the ducats out.",
    "stratagem": "Transfers as Venice sees them.",
    "sandbox": "The embedded stand-in for Stripe, Airtable and Venice.",
}
"""What `cascade --help` lists. Each name is a folder here. Its command.py declares the options, and
is imported only if the command line contains the name."""


def app_for(words: Container[str]) -> typer.Typer:
    """The Typer app, with all options of the commands and groups that `words` names.

    The others need only their name and summary, to be listed. Importing them and declaring all
    their options would take more than a quarter of the time of `cascade --help`.
    """
    app = typer.Typer(
        name="cascade",
        help="Every paid Stripe charge becomes exactly one transfer of ducats in Venice.",
        invoke_without_command=True,
        pretty_exceptions_enable=False,
        add_completion=False,
        context_settings={"help_option_names": ["-h", "--help"]},
    )
    app.callback()(global_options)
    for name, summary in COMMANDS.items():
        if name in words:
            _declare(app, name)
        else:
            app.command(name)(_listed(summary))
    for name, summary in GROUPS.items():
        group = _group(name) if name in words else _listed_group()
        app.add_typer(group, name=name, help=summary)
    return app


def _named_in(words: Container[str]) -> frozenset[str]:
    return frozenset(name for name in (*COMMANDS, *GROUPS) if name in words)


@cache
def _command_line(names: frozenset[str]) -> Callable[..., Any]:
    """Cached, so that a process that runs many command lines declares each set of commands once."""
    return typer.main.get_command(app_for(names))


def declared(name: str) -> Any:
    """The command's function, or the group's Typer, with all its options."""
    return getattr(import_module(f"cascade_cli.cli.{name}.command"), name)


def _declare(app: typer.Typer, name: str) -> None:
    """Add the command with its options, and the texts that `--help` shows above and below them."""
    from cascade_cli.cli.terminal.options import unwrapped

    command = declared(name)
    epilog = import_module(f"cascade_cli.cli.{name}.command").EXAMPLES
    text = unwrapped(command.__doc__)
    app.command(name, cls=_class_of(name), help=text, epilog=epilog)(command)


def _group(name: str) -> typer.Typer:
    """The group, with a help text for each of its commands. Their examples are in their
    decorators."""
    from cascade_cli.cli.terminal.options import unwrapped

    group: typer.Typer = declared(name)
    for command in group.registered_commands:
        command.help = unwrapped(command.callback.__doc__)
    return group


def _class_of(name: str) -> Any:
    """The class that parses the command's arguments, if it is not Typer's own."""
    if name == "resolve":
        return import_module("cascade_cli.cli.resolve.options").OptionalAmounts
    return None


def _listed(summary: str | None) -> Callable[[], None]:
    def listed() -> None:
        raise AssertionError("a command that is only listed was called")

    listed.__doc__ = summary
    return listed


def _listed_group() -> typer.Typer:
    """Typer treats an app as a group only if it has commands: this one gets two that nobody
    sees."""
    listed = typer.Typer()
    for name in ("one", "other"):
        listed.command(name)(_listed(None))
    return listed


def run(arguments: Sequence[str]) -> int:
    """Run one command line and return its exit code."""
    try:
        command_line = _command_line(_named_in(arguments))
        code = command_line(list(arguments), prog_name="cascade", standalone_mode=False)
    except typer.TyperException as error:
        # Typer raises this for a command line that it cannot read.
        context = getattr(error, "ctx", None)
        path = context.command_path if context else "cascade"
        if not error.format_message():
            # No command at all: Typer has shown the help already.
            return ExitCode.USAGE
        message = error.format_message().rstrip(".") + "."
        usage = failure(
            _lost("command_line").corrected(arguments) or UsageError(message, f"See {path} --help.")
        )
        command = path.removeprefix("cascade").strip()
        return run_command(
            Session(names_shop=False), command, lambda _session: usage, json="--json" in arguments
        )
    except OSError as error:
        # Typer could not print its own help. Errors within a command are reported by run_command().
        full = failure(unwritable(error))
        return run_command(Session(names_shop=False), "", lambda _session: full)
    except SystemExit:
        # The reader of Typer's help closed the pipe early, and Rich exits the process for that.
        code = ExitCode.OK
    except (KeyboardInterrupt, typer.Abort):
        code = ExitCode.INTERRUPTED
    return int(code or 0)


def _lost(part: str) -> Any:
    """A module of `lost`. It lists the commands, so like them it is imported by name."""
    return import_module(f"cascade_cli.cli.lost.{part}")


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"cascade {__version__}")
        raise typer.Exit


def global_options(
    ctx: typer.Context,
    sandbox: Annotated[
        bool, typer.Option("--sandbox", help="Use the embedded Stripe, Airtable and Venice.")
    ] = False,
    env_file: Annotated[
        Path | None, typer.Option("--env-file", help="Read settings from this file, not .env.")
    ] = None,
    profile: Annotated[
        str | None, typer.Option("--profile", help="Use this shop's profile (CASCADE_PROFILE).")
    ] = None,
    quiet: Annotated[
        bool, typer.Option("--quiet", "-q", help="No progress and no warnings on stderr.")
    ] = False,
    verbose: Annotated[
        bool,
        typer.Option(
            "--verbose",
            "-v",
            help="Also say what caused an error, and what is fine.",
        ),
    ] = False,
    no_color: Annotated[
        bool, typer.Option("--no-color", help="No colours (NO_COLOR does the same).")
    ] = False,
    no_pager: Annotated[
        bool, typer.Option("--no-pager", help="Print long lists as they are, without a pager.")
    ] = False,
    version: Annotated[  # noqa: ARG001 - its callback has done the work
        bool,
        typer.Option("--version", callback=_version, is_eager=True, help="Print the version."),
    ] = False,
) -> int:
    """Options that are given before the command."""
    ctx.obj = Session(
        # So `cascade sandbox …` uses the same folder as `cascade --sandbox …`.
        sandbox=sandbox or ctx.invoked_subcommand == "sandbox",
        env_file=env_file,
        profile=profile,
        quiet=quiet,
        verbose=verbose,
        no_color=no_color,
        pages=not no_pager,
    )
    if ctx.invoked_subcommand is not None:
        return 0
    return run_command(ctx.obj, "", _lost("alone").alone)
