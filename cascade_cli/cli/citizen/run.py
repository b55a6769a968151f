"""`cascade citizen …`: from options to an outcome."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

from cascade_cli.adapters.venice.transfers import TransferReader
from cascade_cli.cli.citizen.options import WriteOptions
from cascade_cli.cli.citizen.text import finances_outcome, plan_outcome, report_outcome
from cascade_cli.cli.terminal.confirmation import check_answerable, confirm
from cascade_cli.cli.terminal.option_values import ducats_option
from cascade_cli.cli.terminal.session import Outcome, Session
from cascade_cli.domain.delivery.processor import BalanceChange, BalanceWish
from cascade_cli.domain.shop.money import rounded
from cascade_cli.errors import UsageError
from cascade_cli.services.processor.balance import BalancePlan, BalanceService, ProcessorAccount
from cascade_cli.services.processor.processor_account import ProcessorService
from cascade_cli.settings import Settings
from cascade_cli.wiring.connection import connected
from cascade_cli.wiring.reading import Wiring
from cascade_cli.wiring.writing import WriteContext, write_context

FORMS = "cascade citizen replenish --to N, or cascade citizen replenish --by N"


def setup(session: Session, ducats: str | None, options: WriteOptions) -> Outcome:
    """Create the processor or top it up. Raises UsageError before anything is read."""
    to = _ducats("--ducats", ducats)

    def wish(settings: Settings) -> BalanceWish:
        return BalanceWish(to or settings.processor_ducats, is_setup=True, force=options.force)

    return _change(session, "citizen setup", wish, options)


def replenish(session: Session, to: str | None, by: str | None, options: WriteOptions) -> Outcome:
    """Change the processor's balance. Raises UsageError before anything is read."""
    if (to is None) == (by is None):
        raise UsageError("Give either --to or --by, with a number of ducats.", FORMS)
    wish = BalanceWish(_ducats("--to", to), _ducats("--by", by), force=options.force)
    return _change(session, "citizen replenish", lambda _settings: wish, options)


def show(session: Session) -> Outcome:
    """What the processor has and owes; nothing is written."""
    with connected(session) as wiring:
        settings = wiring.settings
        service = ProcessorService(
            wiring.citizens.rows_named_like,
            _transfers(wiring),
            settings.processor,
            wiring.clock.now,
        )
        processor, finances = service.look()
        return finances_outcome(processor, finances, settings.engine, wiring.clock.now())


def _change(
    session: Session,
    command: str,
    wish_of: Callable[[Settings], BalanceWish],
    options: WriteOptions,
) -> Outcome:
    with write_context(session, command, lock=not options.dry_run) as context:
        # The wish may need a setting, and the settings are read with the connection.
        wish, service = wish_of(context.settings), _service(context)
        plan = service.plan(wish)
        if options.dry_run:
            return plan_outcome(plan, context.settings.processor)
        if plan.step.writes:
            _prepare(context, plan, yes=options.yes)
        return report_outcome(session, service.carry_out(wish, plan), context.settings.processor)


def _prepare(context: WriteContext[Session], plan: BalancePlan, *, yes: bool) -> None:
    """What comes before a write: the warning, the question, and the check that the base belongs to
    the key's mode."""
    before, lowers = plan.step.before, plan.step.change is BalanceChange.LOWER
    if lowers:
        check_answerable(yes=yes)
    if before is not None and plan.step.change is not BalanceChange.NONE:
        next_run = context.settings.engine.describe(context.reading.clock.now())
        context.session.warn(
            "Venice's engine reads and writes this balance too, without a lock; its next run: "
            f"{next_run}."
        )
    if before is not None and lowers:
        after = rounded(plan.step.after)
        confirm(
            context.session, f"Lower the balance from {rounded(before)} to {after} ducats?", yes=yes
        )
    context.begin()


def _service(context: WriteContext[Session]) -> BalanceService:
    wiring, settings = context.reading, context.settings
    base = settings.airtable_base
    return BalanceService(
        rows_named_like=wiring.citizens.rows_named_like,
        writer=context.writing.writer,
        transfers=_transfers(wiring),
        journal=context.journal,
        account=ProcessorAccount(
            base, settings.processor, settings.processor_class, settings.engine
        ),
        around=context.writing.around,
        run=context.worker.run,
    )


def _transfers(wiring: Wiring) -> TransferReader:
    settings = wiring.settings
    return TransferReader(wiring.api, settings.airtable_base, settings.processor)


def _ducats(option: str, text: str | None) -> Decimal | None:
    return None if text is None else ducats_option(option, text)
