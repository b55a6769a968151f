"""`cascade events replay`: from options to an outcome."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from rich.console import Console
from rich.text import Text

from cascade_cli.cli.credit.deliveries import delivery_document, describe_step, first_error
from cascade_cli.cli.events.forward import forward
from cascade_cli.cli.events.options import EventSelection, ReplayOptions
from cascade_cli.cli.events.replayed_refunds import RefundEvents, RefundReplayed, show_refunds
from cascade_cli.cli.events.run import ChosenEvents, choose, read_file
from cascade_cli.cli.items.json import portion_document
from cascade_cli.cli.terminal.confirmation import check_answerable, confirm_plan
from cascade_cli.cli.terminal.console import completed, to_type
from cascade_cli.cli.terminal.escape import escape
from cascade_cli.cli.terminal.session import Outcome, Session
from cascade_cli.domain.delivery.deliveries import Delivery, Result
from cascade_cli.domain.reconcile.event_replay import Obstacle
from cascade_cli.domain.records.stripe_events import Event
from cascade_cli.domain.shop.counts import format_count
from cascade_cli.domain.shop.money import format_ducats, rounded
from cascade_cli.domain.shop.shell import command
from cascade_cli.domain.shop.times import rfc3339
from cascade_cli.errors import CascadeError, ExitCode, GuardError
from cascade_cli.services.events.replay_service import PlannedReplay, ReplayPlan
from cascade_cli.wiring.writing import WriteContext, write_context

LEFT_ALONE = "left_alone"
_GUARDED = frozenset({Obstacle.OVER_LIMIT, Obstacle.BLOCKED})
_STYLES = {Result.CREDITED.value: "green", Result.ALREADY.value: "green", LEFT_ALONE: "dim"}


def replay(session: Session, selection: EventSelection, options: ReplayOptions) -> Outcome:
    """Choose, resolve, show, ask, deliver. Raises UsageError before anything is read."""
    check_answerable(yes=options.yes or options.dry_run)
    saved = read_file(selection, session.now())
    if options.forward_to is not None:
        return forward(
            session,
            lambda reader: choose(reader, selection, saved, session.now()),
            options.forward_to,
            dry_run=options.dry_run,
            yes=options.yes,
        )
    with write_context(session, "events replay", lock=not options.dry_run) as context:
        _check_mode(context, saved or ())
        chosen = choose(context.reading.events, selection, saved, context.reading.clock.now())
        automatic_refunds = context.writing.automatic_refunds(
            context.settings, context.facts(), context.begin
        )
        # What automatic refunds deal with is settled by them; only the rest is credited.
        refund_events = RefundEvents.of(automatic_refunds, chosen.events, context.settings.acted_on)
        rest = [event for event in chosen.events if event not in refund_events.events]

        def planned() -> ReplayPlan:
            return context.writing.replayer.plan(rest, context.facts())

        plan = planned()
        if options.dry_run:
            return _outcome(ReplayReport(chosen, plan, None, refund_events.plan()))
        if not options.yes:
            refunds = refund_events.plan()
            writing = [refund for refund in refunds if refund.would]
            if not (plan.orders or writing):
                return _outcome(ReplayReport(chosen, plan, [], refunds))
            _show_plan(session.console(stderr=True), plan)
            show_refunds(session.console(stderr=True), writing)
            question = _question(plan, len(writing))
            plan = confirm_plan(
                context, question, plan, planned, lambda plan: plan.writes, yes=False
            )
        return _outcome(_carry_out(context, chosen, plan, refund_events))


def _check_mode(context: WriteContext[Session], events: Sequence[Event]) -> None:
    for event in events:
        if foreign := event.in_other_mode(livemode=context.settings.livemode):
            raise GuardError(
                f"{event.id} is {foreign}.",
                "Nothing was written. Use the key of the mode in which the events were made.",
            )


def _carry_out(
    context: WriteContext[Session],
    chosen: ChosenEvents,
    plan: ReplayPlan,
    refund_events: RefundEvents,
) -> ReplayReport:
    """Credits first: a refund can end a transfer that is under way, but not one that nobody has
    begun."""
    deliveries: Sequence[Delivery] = []
    if plan.orders:
        context.begin()
        deliveries = context.writing.replayer.carry_out(plan)
    return ReplayReport(chosen, plan, deliveries, refund_events.settle())


def _question(plan: ReplayPlan, refunds: int) -> str:
    total = rounded(plan.total_ducats)
    credit = f"Credit {format_count(len(plan.orders), 'payment')}, {total} ducats"
    settle = f"settle the refunds of {format_count(refunds, 'payment')}"
    if not plan.orders:
        return f"{settle.capitalize()}?"
    return f"{credit}, and {settle}?" if refunds else f"{credit}?"


@dataclass(frozen=True)
class ReplayReport:
    """What was chosen, planned and done; `deliveries` is None for a dry run."""

    chosen: ChosenEvents
    plan: ReplayPlan
    deliveries: Sequence[Delivery] | None
    refunds: Sequence[RefundReplayed] = ()

    def delivery_of(self, planned: PlannedReplay) -> Delivery | None:
        """What became of the payment's order; None if it had none."""
        by_key = {delivery.order.key: delivery for delivery in self.deliveries or ()}
        return by_key.get(planned.order.key) if planned.order else None

    def result_of(self, planned: PlannedReplay) -> tuple[str, str]:
        """The result in one word, and the reason in a sentence."""
        delivery = self.delivery_of(planned)
        if delivery:
            return delivery.result.value, delivery.why
        if planned.objection:
            return planned.objection.obstacle.value, planned.objection.why
        if planned.already:
            return Result.ALREADY.value, f"{planned.already.stratagem_id} {planned.already.status}"
        if planned.step:
            return "due", f"would {describe_step(planned.step)}"
        return LEFT_ALONE, "no paid purchase of ducats"


def _outcome(report: ReplayReport) -> Outcome:
    error = _error(report)
    return Outcome(
        _document(report),
        lambda session: _show(session.console(), report),
        error.exit_code if error else _remaining(report),
        error,
    )


def _remaining(report: ReplayReport) -> ExitCode:
    objected = any(planned.objection for planned in report.plan.payments)
    objected |= any(refund.needs_person for refund in report.refunds)
    return ExitCode.DISCREPANCIES if objected else ExitCode.OK


def _error(report: ReplayReport) -> CascadeError | None:
    """Incomplete work comes first, because it has to be run again. Then come refusals by a
    guard."""
    returned = [delivery for refund in report.refunds for delivery in refund.deliveries]
    delivered = first_error([*(report.deliveries or ()), *returned])
    if delivered and delivered.exit_code == ExitCode.INCOMPLETE:
        return delivered
    return report.chosen.error or delivered or _guard(report.plan)


def _guard(plan: ReplayPlan) -> CascadeError | None:
    for planned in plan.payments:
        if planned.objection and planned.objection.obstacle in _GUARDED:
            return GuardError(
                f"{planned.payment_id} was not credited: {planned.objection.why}.",
                f"See: {command('explain', planned.payment_id)}",
            )
    return None


def _document(report: ReplayReport) -> dict[str, Any]:
    plan, chosen = report.plan, report.chosen
    return {
        "dry_run": report.deliveries is None,
        "complete": chosen.error is None,
        "events": len(chosen.events),
        "left": len(chosen.left),
        "unknown_events": list(chosen.unknown),
        "other_events": dict(sorted(plan.other_types.items())),
        "payments": [_payment(report, planned) for planned in plan.payments],
        "refunds": [refund.document() for refund in report.refunds],
        "total_ducats": format_ducats(plan.total_ducats),
    }


def _payment(report: ReplayReport, planned: PlannedReplay) -> dict[str, Any]:
    result, why = report.result_of(planned)
    charge, delivery = planned.charge, report.delivery_of(planned)
    return {
        "payment": planned.payment_id,
        "result": result,
        "why": why,
        "events": [event.id for event in planned.events],
        "charge": charge.charge_id if charge else None,
        "portion": charge and portion_document(charge.portion),
        "citizen": charge.citizen if charge else None,
        "ducats": format_ducats(charge.ducats) if charge and charge.ducats else None,
        "paid_at": rfc3339(charge.created_at) if charge else None,
        "delivery": delivery_document(delivery) if delivery else None,
    }


def _show(console: Console, report: ReplayReport) -> None:
    plan, chosen = report.plan, report.chosen
    for planned in plan.payments:
        result, why = report.result_of(planned)
        console.print(_headline(planned, result), soft_wrap=True)
        console.print(Text(f"  {escape(completed(console, why))}", "dim"))
        if planned.objection:
            line = planned.objection.command or command("explain", planned.payment_id)
            console.print(to_type(console, line), soft_wrap=True)
    show_refunds(console, report.refunds)
    counts: dict[str, int] = {}
    for planned in plan.payments:
        result, _ = report.result_of(planned)
        counts[result] = counts.get(result, 0) + 1
    tell = ", ".join(f"{number} {result.replace('_', ' ')}" for result, number in counts.items())
    events = format_count(len(chosen.events), "event")
    payments = format_count(len(plan.payments), "payment")
    console.print(Text(f"{events}, {payments}: {tell or 'none'}."))
    if others := sum(plan.other_types.values()):
        console.print(f"Left alone: {format_count(others, 'event')} of other types.")
    if chosen.left:
        console.print(left_sentence(chosen), soft_wrap=True)


def _headline(planned: PlannedReplay, result: str) -> Text:
    charge = planned.charge
    text = Text(result.replace("_", " ").ljust(16), _STYLES.get(result, "yellow"))
    text.append(planned.payment_id, "default")
    if charge:
        ducats = rounded(charge.ducats) if charge.ducats else "?"
        text.append(f"  {ducats} to {escape(charge.citizen or '?')}", "default")
    return text


def _show_plan(console: Console, plan: ReplayPlan) -> None:
    for planned in plan.payments:
        if planned.order and planned.step:
            console.print(Text(escape(planned.order.summary), "bold"))
            console.print(Text(f"  {planned.payment_id}: would {describe_step(planned.step)}"))


def left_sentence(chosen: ChosenEvents) -> str:
    """What --limit left out, and how to go on."""
    first = rfc3339(chosen.left[0].created_at)
    left = format_count(len(chosen.left), "event")
    return f"--limit left out {left}; the next is of {first}: continue with --since."
