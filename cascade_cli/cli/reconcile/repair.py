"""`cascade reconcile --repair`: find, show, ask, write, and read again; and tell citizens of
arrivals where Venice's engine cannot."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

from rich.console import Console
from rich.text import Text

from cascade_cli.cli.credit.deliveries import delivery_document, first_error, show_deliveries
from cascade_cli.cli.reconcile.checkpoint import remember
from cascade_cli.cli.reconcile.options import ReconcileOptions
from cascade_cli.cli.reconcile.run import attempt_first_run, attempt_run, check_options
from cascade_cli.cli.terminal.confirmation import check_answerable, confirm, confirm_plan
from cascade_cli.cli.terminal.console import completed
from cascade_cli.cli.terminal.escape import escape
from cascade_cli.cli.terminal.session import Outcome, Session
from cascade_cli.domain.delivery.arrival_notices import NEWS, Arrival
from cascade_cli.domain.delivery.deliveries import Delivery
from cascade_cli.domain.reconcile.repair_plan import PlannedRepair, RepairPlan, plan_repairs
from cascade_cli.domain.records.journal_entries import Fate
from cascade_cli.domain.shop.counts import format_count
from cascade_cli.domain.shop.money import format_ducats, rounded
from cascade_cli.errors import CascadeError, ExitCode, GuardError, JournalError, ServiceError
from cascade_cli.services.delivery.credit_service import PATIENCE
from cascade_cli.services.reconcile.gather import Run
from cascade_cli.wiring.writing import WriteContext, write_context


def repair(session: Session, options: ReconcileOptions) -> Outcome:
    """Repair what is safe to repair, then read again and report what is left."""
    check_options(session, options)
    check_answerable(yes=options.yes or options.dry_run)
    with write_context(session, "reconcile --repair", lock=not options.dry_run) as context:
        look = partial(attempt_first_run, session, context.reading, options)
        before, window, memory = context.reading.clock.with_corrected_time(look)
        if before.run is None:
            return before.outcome
        plan = repairs_of(context, before.run)
        arrived = unannounced_arrivals(context, before.run)
        if options.dry_run:
            return _planned(before.outcome, plan, arrived)

        def look_again() -> RepairPlan:
            now = attempt_run(session, context.reading, window, options, memory)
            if now.run is None:
                raise now.outcome.error or GuardError(
                    "Not all could be read again.",
                    "Nothing was written. Type the same command again.",
                )
            return repairs_of(context, now.run)

        try:
            deliveries, told = _carry_out(context, plan, arrived, look_again, yes=options.yes)
        except CascadeError as error:
            return _stopped(before.outcome, error)
        if not plan.repairs:
            _remember(context, options, before.run)
            return _nothing_to_repair(before.outcome, plan, told)
        after = attempt_run(session, context.reading, window, options, memory)
        if after.run is not None:
            _remember(context, options, after.run)
        return _repaired(after.outcome, deliveries, told)


def _remember(context: WriteContext[Session], options: ReconcileOptions, run: Run) -> None:
    if options.until is None:
        remember(context.session, context.reading, run)


def repairs_of(context: WriteContext[Session], run: Run) -> RepairPlan:
    """The repairs that are safe to make automatically."""
    return plan_repairs(
        run.snapshot,
        run.result,
        per_credit_ducats=context.settings.max_per_credit,
        facts=context.facts(),
    )


def _carry_out(
    context: WriteContext[Session],
    plan: RepairPlan,
    arrived: Sequence[Arrival],
    look_again: Callable[[], RepairPlan],
    *,
    yes: bool,
) -> tuple[list[Delivery], int]:
    """The deliveries, and how many notices of arrival were written."""
    if not plan.repairs and not arrived:
        return [], 0
    if plan.repairs and not yes:
        show_plan(context.session.console(stderr=True), plan)
    question = _question(plan, arrived)
    if plan.repairs:
        plan = confirm_plan(context, question, plan, look_again, lambda plan: plan.writes, yes=yes)
    elif not _agrees_to_notices(context.session, question, yes=yes):
        context.session.warn("nobody was told of arrivals: you said no")
        return [], 0
    context.begin()
    try:
        return deliver_repairs(context, plan), tell_of_arrivals(context, arrived)
    except GuardError:
        # A refused repair is no reason not to tell citizens of ducats that have arrived.
        tell_of_arrivals(context, arrived)
        raise


def _agrees_to_notices(session: Session, question: str, *, yes: bool) -> bool:
    """False after a no. If there are only notices to write, a no does not end the command: the
    report is still to be shown."""
    try:
        confirm(session, question, yes=yes)
    except GuardError:
        return False
    return True


def _question(plan: RepairPlan, arrived: Sequence[Arrival]) -> str:
    if not plan.repairs:
        return f"Tell {citizens(arrived)} that their ducats have arrived?"
    total = rounded(plan.total_ducats)
    also = f", and tell {citizens(arrived)} that their ducats have arrived" if arrived else ""
    return f"Carry out {format_count(len(plan.repairs), 'repair')}, {total} ducats in all{also}?"


def deliver_repairs(context: WriteContext[Session], plan: RepairPlan) -> list[Delivery]:
    """Carry out the plan. Raises GuardError if the processor cannot pay it."""
    if not plan.repairs:
        return []
    # A repair that only ends a transfer is not counted: its key may have a second row, whose ducats
    # do go out.
    counted = {repair.order.key for repair in plan.repairs if repair.outgoing_ducats}
    context.writing.available_balance.check(plan.total_ducats, counted)
    return context.writing.deliverer.deliver(
        [repair.order for repair in plan.repairs], patience=PATIENCE
    )


def _stopped(found: Outcome, error: CascadeError) -> Outcome:
    """What was found is kept for the alert, the metrics and the page, but is not printed as the
    result."""
    return replace(
        found, data=None, show=lambda _session: None, exit_code=error.exit_code, error=error
    )


def _planned(found: Outcome, plan: RepairPlan, arrived: Sequence[Arrival]) -> Outcome:
    more = {
        "repair_plan": [_document(r) for r in plan.repairs],
        "arrivals_to_tell": len(arrived),
    }
    said = f"Would tell {citizens(arrived)} that their ducats have arrived." if arrived else ""
    return _with_plan(found, plan, more, said)


def _nothing_to_repair(found: Outcome, plan: RepairPlan, told: int) -> Outcome:
    """Nothing was found, or all of it is left to people."""
    return _with_plan(found, plan, {"repairs": [], "arrivals_told": told}, _notices_text(told))


def _with_plan(found: Outcome, plan: RepairPlan, more: dict[str, Any], said: str) -> Outcome:
    def show(session: Session) -> None:
        found.show(session)
        show_plan(session.console(), plan)
        if said:
            session.console().print(said)

    return replace(found, data={**(found.data or {}), **more}, show=show)


def _notices_text(told: int) -> str:
    notices = "1 notice" if told == 1 else f"{told} notices"
    return f"{notices} of arrival written." if told else ""


def _repaired(after: Outcome, deliveries: Sequence[Delivery], told: int) -> Outcome:
    """The state after the repairs. For the exit code, an unfinished or refused repair outweighs the
    discrepancies that remain."""
    error: CascadeError | None = after.error or first_error(deliveries)

    def show(session: Session) -> None:
        console = session.console()
        console.print(Text("Repairs", "bold"))
        show_deliveries(console, deliveries)
        if told:
            console.print(_notices_text(told))
        console.print()
        after.show(session)

    repairs = [delivery_document(d) for d in deliveries]
    data = {**(after.data or {}), "repairs": repairs, "arrivals_told": told}
    exit_code: ExitCode = error.exit_code if error else after.exit_code
    return replace(after, data=data, show=show, exit_code=exit_code, error=error)


def show_plan(console: Console, plan: RepairPlan) -> None:
    """What would be done, why, and what is left to people."""
    for planned in plan.repairs:
        item, order = planned.item, planned.order
        what = "end the surplus stratagem for" if order.retire_surplus else "deliver"
        console.print(Text(escape(f"{item.kind}: {what} {order.summary}"), "bold"))
        console.print(Text(f"  {escape(completed(console, item.verdict))}", "dim"))
    limited = [(item, why) for item, why in plan.for_people if why]
    for item, why in limited:
        told = completed(console, f"{item.kind} of {item.citizen!r} is left to you: {why}")
        console.print(Text(escape(told)))
    total = rounded(plan.total_ducats)
    repairs = format_count(len(plan.repairs), "repair")
    left = format_count(len(plan.for_people), "needs", "need")
    console.print(f"{repairs}, {total} ducats in all; {left} a person.")


def _document(planned: PlannedRepair) -> dict[str, Any]:
    return {
        "kind": planned.item.kind.value,
        "stratagem_id": planned.stratagem_id,
        "citizen": planned.order.citizen,
        "ducats": format_ducats(planned.outgoing_ducats),
        "why": planned.item.verdict,
    }


def unannounced_arrivals(context: WriteContext[Session], run: Run) -> tuple[Arrival, ...]:
    """Transfers that arrived without anybody being told: of those that the run read, and those for
    which the journal still waits."""
    service = context.writing.arrivals
    since = context.session.now() - NEWS - context.settings.lifetime
    keys = list(service.unannounced_transfers(since))
    try:
        return service.arrived(keys, run.snapshot.stratagems)
    except JournalError:
        raise
    except ServiceError as error:
        context.session.warn(f"nobody is told of arrivals: {error.message}")
        return ()


def tell_of_arrivals(context: WriteContext[Session], arrived: Sequence[Arrival]) -> int:
    """Write the notices and return how many were written. A failure is a warning."""
    try:
        return context.writing.arrivals.tell(arrived).by_fate[Fate.APPLIED]
    except JournalError:
        raise
    except CascadeError as error:
        context.session.warn(f"not all were told of arrivals: {error.message}")
        return 0


def citizens(arrived: Sequence[Arrival]) -> str:
    """`1 citizen`, `3 citizens`: how many there are to tell."""
    return format_count(len(arrived), "citizen")
