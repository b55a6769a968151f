"""`cascade credit`: from options to an outcome."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

from cascade_cli.cli.credit.deliveries import deliveries_outcome, plan_outcome, show_plan
from cascade_cli.cli.credit.interrupted import Interruption
from cascade_cli.cli.credit.options import CreditOptions
from cascade_cli.cli.terminal.confirmation import check_answerable, confirm_plan
from cascade_cli.cli.terminal.csv_file import CsvRow, read_rows, refusal
from cascade_cli.cli.terminal.option_values import ducats_option
from cascade_cli.cli.terminal.session import Outcome, Session
from cascade_cli.domain.records.orders import Order, Override
from cascade_cli.domain.shop.keys import PORTION_ID
from cascade_cli.errors import ExitCode, GuardError, UsageError
from cascade_cli.services.delivery.credit_requests import (
    TWIN_WINDOW,
    bought,
    charge_for,
    check_limit,
    check_payment_id,
    check_words,
    manual_order,
)
from cascade_cli.services.delivery.credit_service import CreditPlan
from cascade_cli.settings import Settings
from cascade_cli.wiring.writing import WriteContext, write_context

FORMS = (
    "cascade credit CITIZEN DUCATS --reason TEXT, cascade credit --payment PI --reason TEXT, or "
    "cascade credit --file F.csv"
)
_ALL_WORDS = "a citizen, an amount and a --reason"
COLUMNS = ("citizen", "ducats", "reason", "reference")
"""The columns of a file of credits."""


@dataclass(frozen=True)
class Wanted:
    """What the options or the file ask for: who gets how much, and the orders for it."""

    credits: tuple[tuple[str, Decimal], ...]
    orders: Callable[[WriteContext[Session]], list[Order]]
    made_up_reference: str = ""
    missing: list[str] = field(default_factory=list)
    """One sentence for each citizen of the payment who does not exist. `orders` fills it."""

    def check(self, settings: Settings) -> None:
        """Raises GuardError if a credit is beyond the limit."""
        check_limit(settings.max_per_credit, self.credits)


def credit(session: Session, options: CreditOptions) -> Outcome:
    """Check, show, ask, deliver. Raises UsageError before anything is read."""
    if options.overrides and options.payment is None and options.file is None:
        names = ", ".join(f"--{override}" for override in sorted(options.overrides))
        raise UsageError(f"{names} goes with --payment: it decides about one payment.", FORMS)
    wanted = _from_file(session, options) if options.file is not None else _from_words(options)
    check_answerable(yes=options.yes or options.dry_run)
    interruption = Interruption(session, options.again_as(wanted.made_up_reference))
    lock = not options.dry_run
    with interruption, write_context(session, "credit", lock=lock, check=wanted.check) as context:

        def planned() -> CreditPlan:
            return context.writing.service.plan(wanted.orders(context))

        plan = planned()
        if options.dry_run:
            return plan_outcome(plan)
        if plan.unwritten:
            if not options.yes:
                show_plan(session.console(stderr=True), plan)
            question = f"Credit {plan.description}?"
            plan = confirm_plan(
                context, question, plan, planned, lambda plan: plan.writes, yes=options.yes
            )
        context.begin()
        done = deliveries_outcome(interruption.carry_out(context, plan), wanted.made_up_reference)
        is_all = done.error is not None or not wanted.missing
        return done if is_all else replace(done, exit_code=ExitCode.DISCREPANCIES)


def _from_file(session: Session, options: CreditOptions) -> Wanted:
    words = (options.citizen, options.ducats, options.reason, options.reference, options.payment)
    if any(word is not None for word in words) or options.file is None:
        raise UsageError("--file stands alone: its rows say who gets what, and why.", FORMS)
    rows = read_credit_file(options.file, session.warn)
    return Wanted(
        tuple((row.citizen, row.ducats) for row in rows),
        lambda context: [_order_of_row(context, row, options.overrides) for row in rows],
    )


@dataclass(frozen=True)
class CreditRow:
    """One line of the file."""

    citizen: str
    ducats: Decimal
    reason: str
    reference: str

    @property
    def payment(self) -> str:
        """The payment that the row delivers, if its reference is a payment's id; else empty."""
        return self.reference if PORTION_ID.fullmatch(self.reference) else ""

    def order(self, facts: Mapping[str, Any]) -> Order:
        """The credit by hand that the row asks for."""
        return manual_order(
            self.citizen, self.ducats, reason=self.reason, reference=self.reference, facts=facts
        )


def read_credit_file(path: Path, warn: Callable[[str], None]) -> tuple[CreditRow, ...]:
    """All rows. `warn` is told what had to be guessed.

    Raises UsageError, which lists the bad lines, if any row cannot be credited.
    """
    rows, problems = read_rows(path, COLUMNS, _row_of, "Nothing was written.", warn)
    problems += _repeated(rows)
    if problems or not rows:
        hint = f"Columns: {', '.join(COLUMNS)}; every row needs a reference of its own."
        raise refusal(path, "credited", problems or ["it has no rows"], hint)
    return tuple(rows)


def _row_of(line: CsvRow) -> CreditRow:
    row = CreditRow(line["citizen"], line.ducats("ducats"), line["reason"], line["reference"])
    row.order({})
    return row


def _repeated(rows: Sequence[CreditRow]) -> Iterator[str]:
    for reference, number in Counter(row.reference for row in rows).items():
        if number > 1:
            yield f"the reference {reference!r} stands in {number} rows"


def _order_of_row(
    context: WriteContext[Session], row: CreditRow, overrides: frozenset[Override]
) -> Order:
    """A credit by hand; or the delivery of a payment, with its guards, if the reference is a
    payment's id."""
    service, payment = context.writing.service, row.payment
    if not payment or service.is_promised_by_hand(payment):
        return row.order(context.facts())
    charge = charge_for(context.reading.payments, payment, row.citizen)
    return service.order_for_payment(
        charge,
        row.citizen,
        row.ducats,
        reason=row.reason,
        facts=context.facts(),
        overrides=overrides,
    )


def _from_words(options: CreditOptions) -> Wanted:
    citizen, ducats, reason = options.citizen, options.ducats, options.reason
    if citizen is None and options.payment is not None and reason is not None:
        return _for_everybody(options.payment, reason, options.overrides)
    if citizen is None or ducats is None or reason is None:
        needed = "a --reason" if citizen is ducats is None and options.payment else _ALL_WORDS
        raise UsageError(f"A credit needs {needed}.", FORMS)
    amount = ducats_option("DUCATS", ducats)
    if options.payment is None:
        return _by_hand(options, citizen, amount, reason)
    if options.reference is not None:
        raise UsageError("--payment and --reference exclude each other.", "The payment is the key.")
    return _for_payment(options.payment, citizen, amount, reason, options.overrides)


def _by_hand(options: CreditOptions, citizen: str, ducats: Decimal, reason: str) -> Wanted:
    now = datetime.now(UTC)
    made_up = f"{now:%Y%m%dT%H%M%S.%f}" if options.reference is None else ""
    reference = made_up if options.reference is None else options.reference
    is_guarded = options.reference is None and not options.again
    # Validates the options before any request. The facts are known once the services are connected.
    manual_order(citizen, ducats, reason=reason, reference=reference, facts={})

    def orders(context: WriteContext[Session]) -> list[Order]:
        order = manual_order(
            citizen, ducats, reason=reason, reference=reference, facts=context.facts()
        )
        twins_since = context.reading.clock.now() - TWIN_WINDOW if is_guarded else None
        return [replace(order, refuse_twin_since=twins_since, again=options.again)]

    return Wanted(((citizen, ducats),), orders, made_up)


def _for_payment(
    payment: str, citizen: str, ducats: Decimal, reason: str, overrides: frozenset[Override]
) -> Wanted:
    check_payment_id(payment, "credit", "--payment")
    check_words(citizen, reason)

    def orders(context: WriteContext[Session]) -> list[Order]:
        charge = charge_for(context.reading.payments, payment, citizen)
        service, facts = context.writing.service, context.facts()
        order = service.order_for_payment(
            charge, citizen, ducats, reason=reason, facts=facts, overrides=overrides
        )
        return [order]

    return Wanted(((citizen, ducats),), orders)


def _for_everybody(payment: str, reason: str, overrides: frozenset[Override]) -> Wanted:
    """Deliver a payment to everybody whom it names: one citizen, or many."""
    check_payment_id(payment, "credit", "--payment")
    check_words("citizen", reason)
    missing: list[str] = []

    def orders(context: WriteContext[Session]) -> list[Order]:
        service, charges = context.writing.service, bought(context.reading.payments, payment)
        found, missing[:] = service.orders_for_payment(
            charges, reason=reason, facts=context.facts(), overrides=overrides
        )
        if not found:
            raise GuardError(f"{'. '.join(missing)}.", "Nothing was written.")
        for sentence in missing:
            context.session.warn(f"{sentence}: nothing is credited to that name")
        return found

    return Wanted((), orders, missing=missing)
