"""`cascade resolve`: from options to an outcome."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from cascade_cli.cli.credit.deliveries import first_error
from cascade_cli.cli.resolve.options import EVERYTHING, ResolveOptions
from cascade_cli.cli.resolve.text import document, show
from cascade_cli.cli.terminal.confirmation import check_answerable, confirm_plan
from cascade_cli.cli.terminal.option_values import ducats_option, duration_option
from cascade_cli.cli.terminal.session import Outcome, Session
from cascade_cli.domain.decisions.decision_plan import Wish
from cascade_cli.domain.delivery.deliveries import Delivery
from cascade_cli.domain.matching.matched_charge import Terms
from cascade_cli.domain.records.decisions import How
from cascade_cli.errors import ExitCode, UsageError
from cascade_cli.services.decisions.resolve_service import (
    Evidence,
    PlannedDecision,
    ResolveService,
    Seen,
)
from cascade_cli.services.delivery.credit_requests import check_words
from cascade_cli.wiring.journal_memory import RulingsKnown, decided
from cascade_cli.wiring.writing import WriteContext, write_context


def resolve(session: Session, options: ResolveOptions) -> Outcome:
    """Read, show, ask, record, write. Raises UsageError before anything is read."""
    wish = _wish(options)
    check_answerable(yes=options.yes or options.dry_run)
    with write_context(session, "resolve", lock=not options.dry_run) as context:
        service = resolve_service(context)
        if snooze := duration_option("--snooze", options.snooze):
            wish = replace(wish, until=context.writing.now() + snooze)
        planned = _planned(context, service, wish, options)
        evidence = _evidence(service, planned.seen, wish)
        if options.dry_run:
            return _outcome(planned, evidence, dry_run=True)
        if not options.yes:
            show(session.console(stderr=True), planned, evidence, ())
        planned = confirm_plan(
            context,
            f"Decide this for {planned.seen.subject.name}?",
            planned,
            lambda: _planned(context, service, wish, options),
            lambda plan: (plan.writes, plan.seen.subject.facts),
            yes=options.yes,
        )
        # Only transfers are written to the base; a mere decision goes into the journal.
        if planned.orders:
            context.begin()
        done = service.carry_out(planned)
        return _outcome(planned, evidence, done)


def _planned(
    context: WriteContext[Session], service: ResolveService, wish: Wish, options: ResolveOptions
) -> PlannedDecision:
    """The plan for the case as it is now."""
    seen = service.look(options.case)
    if options.settled_by is not None:
        wish = replace(wish, settles=service.settling(options.settled_by, seen))
    return service.plan(seen, wish, context.facts(), context.settings.refund_policy, context.worker)


def _evidence(service: ResolveService, seen: Seen, wish: Wish) -> Evidence:
    if wish.how in {How.MOVED, How.NOT_MOVED}:
        return service.evidence(seen)
    return Evidence((), {}, ())


def _outcome(
    planned: PlannedDecision,
    evidence: Evidence,
    done: Sequence[Delivery] = (),
    *,
    dry_run: bool = False,
) -> Outcome:
    error = first_error(done)
    return Outcome(
        document(planned, evidence, done, dry_run=dry_run),
        lambda session: show(session.console(), planned, evidence, done, dry_run=dry_run),
        error.exit_code if error else ExitCode.OK,
        error,
    )


def _wish(options: ResolveOptions) -> Wish:
    how = options.how
    if options.reason is None or not options.reason.strip():
        raise UsageError("A decision needs a --reason.", "Nothing was written.")
    check_words(options.citizen or "citizen", options.reason)
    others = options.citizen, options.overrides, options.again
    if how is not How.CREDIT and any(others):
        raise UsageError(
            "--citizen, --although-underpaid, --although-ambiguous and --again go with --credit.",
            "Nothing was written.",
        )
    if how is How.SNOOZE:
        duration_option("--snooze", options.snooze)
    option = "--credit" if how is How.CREDIT else "--take-back"
    amount = options.credit if how is How.CREDIT else options.take_back
    return Wish(
        how,
        options.reason.strip(),
        ducats=None if amount in {None, EVERYTHING} else ducats_option(option, amount),
        citizen=options.citizen,
        overrides=options.overrides,
        again=options.again,
    )


def resolve_service(context: WriteContext[Session]) -> ResolveService:
    """The service that decides, with all that it reads and writes."""
    reading, writing = context.reading, context.writing

    def terms() -> Terms:
        known = decided(context.session, reading)
        return reading.terms(writing.now(), known)

    def forget() -> None:
        if isinstance(reading.rulings, RulingsKnown):
            reading.rulings.forget()

    return ResolveService(
        payments=reading.payments,
        transfers=reading.sources.transfers,
        answering=reading.reconciler,
        citizens=reading.citizens,
        service=writing.service,
        refunds=writing.refunds,
        deliverer=writing.deliverer,
        decisions=context.journal,
        limits=reading.limits,
        terms=terms,
        forget=forget,
    )
