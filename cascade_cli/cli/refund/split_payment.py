"""`cascade refund` of a split payment: each citizen's portion is treated like a payment of its
own."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from cascade_cli.cli.credit.deliveries import delivery_document, first_error, show_deliveries
from cascade_cli.cli.refund.options import RefundOptions
from cascade_cli.cli.refund.text import document, plan_lines
from cascade_cli.cli.terminal.confirmation import confirm_plan
from cascade_cli.cli.terminal.escape import escape
from cascade_cli.cli.terminal.session import Outcome, Session
from cascade_cli.domain.delivery.deliveries import Delivery
from cascade_cli.domain.discrepancies.refund_plan import Picture, RefundPlan
from cascade_cli.domain.refunds.refund_shares import Policy
from cascade_cli.errors import CascadeError, ExitCode, GuardError, UsageError
from cascade_cli.services.refunds.refund_service import CarriedOut, RefundService, RefundWish
from cascade_cli.wiring.writing import WriteContext


@dataclass(frozen=True)
class _Plans:
    """One plan for each portion. A guard that refuses one of them does not hold up the others."""

    plans: Sequence[RefundPlan]
    refused: Sequence[GuardError] = ()


def refund_many(
    context: WriteContext[Session], options: RefundOptions, pictures: Sequence[Picture]
) -> Outcome:
    """Plan for all portions, show, ask once, write."""
    if options.ducats is not None:
        raise UsageError(
            f"{options.payment} is for {len(pictures)} citizens: --ducats is for one of them.",
            f"Nothing was written. Name the portion: {pictures[0].matched.charge.payment_id}, …",
        )
    service, policy = context.writing.refunds, context.settings.refund_policy
    wish = RefundWish(policy, context.facts(), overrides=options.overrides)
    is_written_off = options.write_off is not None
    planned = _planned(service, pictures, wish, write_off=is_written_off)
    todo = [plan for plan in planned.plans if plan.is_work]
    if options.write_off is not None:
        todo = [plan for plan in planned.plans if plan.picture.left]
    if options.dry_run or not todo:
        return _outcome(planned, policy, dry_run=options.dry_run)
    if not options.yes:
        _show(context.session, planned.plans, policy, stderr=True)
    what = "Write off" if options.write_off is not None else "Do"
    question = f"{what} this for {len(todo)} of {len(pictures)} citizens of {options.payment}?"
    confirm_plan(
        context,
        question,
        planned,
        lambda: _planned(service, service.look(options.payment), wish, write_off=is_written_off),
        lambda plans: [(plan.writes, plan.picture.parts) for plan in plans.plans],
        yes=options.yes,
    )
    context.begin()
    found: Sequence[CarriedOut] = ()
    if options.write_off is not None:
        service.write_off([plan.picture for plan in todo], options.write_off.strip())
    else:
        found = service.carry_out(todo, wish)
    after = [RefundPlan(picture) for picture in service.look(options.payment)]
    refused = [*planned.refused, *(one.refused for one in found if one.refused)]
    done = [delivery for one in found for delivery in one.deliveries]
    return _outcome(_Plans(after, refused), policy, done)


def _planned(
    service: RefundService, pictures: Sequence[Picture], wish: RefundWish, *, write_off: bool
) -> _Plans:
    plans: list[RefundPlan] = []
    refused: list[GuardError] = []
    # A write-off moves nothing, so nobody has to be looked up in Venice.
    residents = {} if write_off else service.residents(pictures)
    for picture in pictures:
        try:
            plans.append(
                RefundPlan(picture) if write_off else service.plan(picture, wish, residents)
            )
        except GuardError as error:
            plans.append(RefundPlan(picture))
            refused.append(error)
    return _Plans(plans, refused)


def _outcome(
    planned: _Plans, policy: Policy, done: Sequence[Delivery] = (), *, dry_run: bool = False
) -> Outcome:
    delivered = first_error(done)
    error: CascadeError | None = delivered or next(iter(planned.refused), None)
    charge = planned.plans[0].picture.matched.charge
    data: dict[str, Any] = {
        "payment_intent": charge.payment_intent,
        "charge": charge.charge_id,
        "policy": policy.value,
        "portions": [document(plan, policy) for plan in planned.plans],
        "dry_run": dry_run,
        "deliveries": [delivery_document(delivery) for delivery in done],
    }

    def show(session: Session) -> None:
        if done:
            show_deliveries(session.console(), done)
        _show(session, planned.plans, policy)

    return Outcome(data, show, error.exit_code if error else ExitCode.OK, error)


def _show(
    session: Session, plans: Sequence[RefundPlan], policy: Policy, *, stderr: bool = False
) -> None:
    console = session.console(stderr=stderr)
    for plan in plans:
        for line in plan_lines(plan, policy):
            console.print(escape(line), soft_wrap=True)
