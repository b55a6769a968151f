"""`cascade refund`: from options to an outcome."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from cascade_cli.cli.credit.deliveries import delivery_document, first_error, show_deliveries
from cascade_cli.cli.refund.options import RefundOptions
from cascade_cli.cli.refund.split_payment import refund_many
from cascade_cli.cli.refund.text import NOTHING, document, plan_lines
from cascade_cli.cli.terminal.confirmation import check_answerable, confirm_plan
from cascade_cli.cli.terminal.escape import escape
from cascade_cli.cli.terminal.option_values import ducats_option
from cascade_cli.cli.terminal.session import Outcome, Session
from cascade_cli.domain.delivery.deliveries import Delivery
from cascade_cli.domain.discrepancies.refund_plan import RefundPlan
from cascade_cli.domain.refunds.refund_shares import Policy
from cascade_cli.domain.shop.money import format_ducats
from cascade_cli.errors import ExitCode, GuardError, UsageError
from cascade_cli.services.delivery.credit_requests import (
    check_payment_id,
    check_words,
)
from cascade_cli.services.refunds.refund_service import RefundWish, refuse_nothing_back
from cascade_cli.wiring.writing import WriteContext, write_context


def refund(session: Session, options: RefundOptions) -> Outcome:
    """Read, show, ask, write. Raises UsageError before anything is read."""
    check_payment_id(options.payment, "refund")
    ducats = _amount(options)
    check_answerable(yes=options.yes or options.dry_run)
    with write_context(session, "refund", lock=not options.dry_run) as context:
        service = context.writing.refunds
        picture, *others = service.look(options.payment)
        if options.write_off is not None:
            refuse_nothing_back(options.payment, [picture, *others])
        policy = context.settings.refund_policy
        if others:
            return refund_many(context, options, [picture, *others])
        if ducats is not None and policy is Policy.NONE:
            policy = Policy.AVAILABLE
        # A write-off is not planned: it may be about the very ducats that no plan can take back.
        wish = RefundWish(policy, context.facts(), ducats, options.overrides)
        if options.write_off is not None:
            return _write_off(context, options, RefundPlan(picture), options.write_off)
        plan = service.plan(picture, wish)
        if not plan.is_work:
            return _planned(plan, policy, dry_run=options.dry_run, last=NOTHING)
        if options.dry_run:
            return _planned(plan, policy, dry_run=True)
        return _carry_out(context, options, plan, wish)


def _amount(options: RefundOptions) -> Decimal | None:
    if options.write_off is not None:
        if options.ducats is not None:
            raise UsageError("--write-off and --ducats exclude each other.", "Nothing was written.")
        check_words("citizen", options.write_off)
    return None if options.ducats is None else ducats_option("--ducats", options.ducats)


def _carry_out(
    context: WriteContext[Session], options: RefundOptions, plan: RefundPlan, wish: RefundWish
) -> Outcome:
    if not options.yes:
        _show(context.session, plan, wish.policy, stderr=True)
    service, question = context.writing.refunds, f"Do this for {options.payment}?"

    def planned() -> RefundPlan:
        (picture,) = service.look(options.payment)
        return service.plan(picture, wish)

    plan = confirm_plan(context, question, plan, planned, lambda plan: plan.writes, yes=options.yes)
    context.begin()
    (done,) = context.writing.refunds.carry_out([plan], wish)
    (after,) = context.writing.refunds.look(options.payment)
    found = _planned(RefundPlan(after), wish.policy)
    return _done(found, done.deliveries, done.refused)


def _done(found: Outcome, deliveries: Sequence[Delivery], refused: GuardError | None) -> Outcome:
    error = first_error(deliveries) or refused

    def show(session: Session) -> None:
        if deliveries:
            show_deliveries(session.console(), deliveries)
        found.show(session)

    data: Mapping[str, Any] = {
        **(found.data or {}),
        "deliveries": [delivery_document(delivery) for delivery in deliveries],
    }
    return Outcome(data, show, error.exit_code if error else ExitCode.OK, error)


def _write_off(
    context: WriteContext[Session], options: RefundOptions, plan: RefundPlan, reason: str
) -> Outcome:
    policy, picture = context.settings.refund_policy, plan.picture
    if options.dry_run or not picture.left:
        return _planned(plan, policy, dry_run=options.dry_run)
    ducats = format_ducats(picture.left)
    confirm_plan(
        context,
        f"Write off {ducats} ducats of {options.payment}?",
        picture,
        lambda: context.writing.refunds.look(options.payment)[0],
        lambda picture: picture.parts,
        yes=options.yes,
    )
    context.writing.refunds.write_off([picture], reason.strip())
    (after,) = context.writing.refunds.look(options.payment)
    return _planned(RefundPlan(after), policy)


def _planned(plan: RefundPlan, policy: Policy, *, dry_run: bool = False, last: str = "") -> Outcome:
    data = document(plan, policy) | {"dry_run": dry_run, "deliveries": []}
    return Outcome(data, lambda session: _show(session, plan, policy, last))


def _show(
    session: Session, plan: RefundPlan, policy: Policy, last: str = "", *, stderr: bool = False
) -> None:
    console = session.console(stderr=stderr)
    for line in (*plan_lines(plan, policy), *((last,) if last else ())):
        console.print(escape(line), soft_wrap=True)
