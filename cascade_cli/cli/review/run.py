"""`cascade review`: from options to an outcome."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial

from cascade_cli.adapters.dashboard_links import DashboardLinks, links
from cascade_cli.adapters.venice.table_fields import table_id
from cascade_cli.adapters.venice.transfers import STRATAGEMS
from cascade_cli.cli.explain.run import explain
from cascade_cli.cli.reconcile.options import ReconcileOptions
from cascade_cli.cli.reconcile.repair import deliver_repairs, repairs_of
from cascade_cli.cli.reconcile.run import JudgedOutcome, attempt_first_run, check_options
from cascade_cli.cli.resolve.run import resolve_service
from cascade_cli.cli.review.ending import Carried, ended, nothing_open, stopped
from cascade_cli.cli.review.screen import CaseScreen, page_lines
from cascade_cli.cli.review.terminal_keys import keyboard
from cascade_cli.cli.review.walk import Walk, WalkEnd
from cascade_cli.cli.terminal.session import Outcome, Session
from cascade_cli.domain.delivery.deliveries import Delivery
from cascade_cli.domain.discrepancies.kinds import Kind
from cascade_cli.domain.reconcile.reconciliation import Selection
from cascade_cli.domain.reconcile.repair_plan import RepairPlan
from cascade_cli.domain.shop.shell import command
from cascade_cli.errors import CascadeError, GuardError, JournalError, ServiceError, UsageError
from cascade_cli.services.decisions.resolve_service import Seen
from cascade_cli.services.decisions.review_service import ChosenDraft, ReviewService
from cascade_cli.settings import AIRTABLE_URL, STRIPE_URL
from cascade_cli.wiring.writing import WriteContext, write_context


@dataclass(frozen=True)
class Agreed:
    """What a person said yes to."""

    chosen: tuple[ChosenDraft, ...]
    repairs: RepairPlan


def review(session: Session, since: str, selection: Selection) -> Outcome:
    """Read, walk, ask once, carry out, read again. Raises UsageError before anything is read."""
    reading = ReconcileOptions(since)
    _check(session, reading, selection)
    # No lock while a person thinks: others must be able to go on crediting.
    with write_context(session, "review", lock=False) as context:
        found = _read(context, reading)
        if not isinstance(found, JudgedOutcome):
            return found
        walked = _walked(context, found, selection)
    return _carried_out(session, reading, walked) if isinstance(walked, Agreed) else walked


def _check(session: Session, reading: ReconcileOptions, selection: Selection) -> None:
    """Raises UsageError for an invalid window, and for a kind that no open case has."""
    check_options(session, reading)
    for kind in selection.kinds:
        if not kind.is_discrepancy:
            known = ", ".join(kind.value for kind in Kind if kind.is_discrepancy)
            raise UsageError(f"{kind.value!r} is not a kind of open case.", f"Kinds: {known}.")


def _read(context: WriteContext[Session], reading: ReconcileOptions) -> Outcome:
    look = partial(attempt_first_run, context.session, context.reading, reading)
    attempt, _, _ = context.reading.clock.with_corrected_time(look)
    return attempt.outcome


def _walked(
    context: WriteContext[Session], found: JudgedOutcome, selection: Selection
) -> Agreed | Outcome:
    """What the person agreed to, or the outcome if they did not."""
    session, run = context.session, found.run
    plan = repairs_of(context, found.run)
    service = _service(context)
    everything = service.cases(run.snapshot, run.result.discrepancies, found.reading.terms)
    by_people = {item.name: why for item, why in plan.for_people}
    meant = selection.of([s.subject.item for s in everything if s.subject.item.name in by_people])
    cases = [seen for seen in everything if seen.subject.item in meant]
    repairs = replace(plan, repairs=tuple(one for one in plan.repairs if selection.has(one.item)))
    chosen, notes = _kept_decisions(service, everything)
    if unknown := selection.nothing_about_citizen(run.result):
        session.warn(unknown)
    if not (cases or chosen or repairs.repairs):
        return nothing_open(found)
    if not (sys.stdin.isatty() and sys.stderr.isatty()):
        return _without_terminal(session, service, cases)
    kept = f"{len(chosen)} kept from before. " if chosen else ""
    is_kept = "Nothing was carried out; what you decided is kept"
    pages = _links(context)
    with keyboard() as keys, _tell_if_interrupted(session, is_kept):
        walk = Walk(
            session.console(stderr=True),
            keys,
            service,
            cases,
            chosen,
            repairs,
            partial(_tell, session),
            pages,
            by_people,
            note=kept + " ".join(notes),
        )
        end = walk.run()
    if end is WalkEnd.STOP:
        return stopped(found, len(chosen))
    wished = repairs if walk.with_repairs else replace(repairs, repairs=())
    return Agreed(tuple(chosen.values()), wished)


def _kept_decisions(
    service: ReviewService, open_cases: Sequence[Seen]
) -> tuple[dict[str, ChosenDraft], list[str]]:
    """The decisions kept from an earlier review, and a note for each one that no longer holds."""
    by_name = {seen.subject.name: seen for seen in open_cases}
    chosen, notes = {}, []
    for draft in service.kept():
        try:
            _, chosen[draft.case] = service.taken_up(draft, by_name.get(draft.case))
        except CascadeError as error:
            if isinstance(error, ServiceError | JournalError):
                raise
            notes.append(f"Not kept: {error.message}")
    return chosen, notes


@contextmanager
def _tell_if_interrupted(session: Session, told: str) -> Iterator[None]:
    """Tells a person who presses Ctrl-C that nothing is lost."""
    try:
        yield
    except KeyboardInterrupt:
        session.complain(f"\n{told}. To continue: {command('review')}")
        raise


def _service(context: WriteContext[Session]) -> ReviewService:
    settings = context.settings
    return ReviewService(
        resolve_service(context),
        context.journal,
        settings.airtable_base,
        context.worker,
        settings.refund_policy,
        context.facts(),
    )


def _links(context: WriteContext[Session]) -> DashboardLinks:
    """Links to the pages of both services. From here on, ids of rows also lead to their rows, by
    the table's id."""
    settings = context.settings
    is_airtable = settings.airtable_url == AIRTABLE_URL.default
    base = settings.airtable_base
    table = table_id(context.reading.api, base, STRATAGEMS) if is_airtable else ""
    if table and context.session.links:
        context.session.links = replace(context.session.links, table=table)
    return links(
        is_stripe=settings.stripe_url == STRIPE_URL.default,
        livemode=settings.livemode,
        is_airtable=is_airtable,
        base_id=base,
        table_id=table,
    )


def _tell(session: Session, identity: str) -> None:
    explain(session, identity, "7d").show(session)


def _without_terminal(session: Session, service: ReviewService, cases: Sequence[Seen]) -> Outcome:
    """Print what would be asked, then raise UsageError."""
    console = session.console()
    for number, seen in enumerate(cases, 1):
        page = CaseScreen(service.view(seen), number, len(cases))
        for line in page_lines(console, page, None):
            console.print(line)
        console.print()
    raise UsageError(
        "A review needs a keyboard, and there is no terminal.",
        f"Nothing was written. Decide one case: {command('resolve')} ID, with a decision.",
    )


def _carried_out(session: Session, reading: ReconcileOptions, agreed: Agreed) -> Outcome:
    """Carry out everything as it was shown, under the base's lock, then read again."""
    with write_context(session, "review") as context:
        context.begin()
        service = _service(context)
        with _tell_if_interrupted(session, "What was not carried out is kept"):
            carried = [_carry(session, service, chosen) for chosen in agreed.chosen]
        repaired = _repaired(context, reading, agreed.repairs)
        return ended(_read(context, reading), carried, repaired)


def _carry(session: Session, service: ReviewService, chosen: ChosenDraft) -> Carried:
    """A refused decision does not hold up the others. A service or journal that fails does."""
    try:
        carried = Carried(chosen, service.carry_out(chosen))
    except (ServiceError, JournalError):
        raise
    except CascadeError as error:
        carried = Carried(chosen, (), error)
    session.say(carried.described)
    return carried


def _repaired(
    context: WriteContext[Session], reading: ReconcileOptions, shown: RepairPlan
) -> list[Delivery]:
    """Make those of the repairs shown that are still needed, and still the same."""
    if not shown.repairs:
        return []
    found = _read(context, reading)
    if not isinstance(found, JudgedOutcome):
        raise found.error or GuardError("Nothing was repaired: not all could be read.")
    agreed = {(one.order.key, one.order.ducats, one.order.retire_surplus) for one in shown.repairs}
    still = tuple(
        one
        for one in repairs_of(context, found.run).repairs
        if (one.order.key, one.order.ducats, one.order.retire_surplus) in agreed
    )
    return deliver_repairs(context, replace(shown, repairs=still))
