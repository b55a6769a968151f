"""Ctrl-C in the middle of a credit: what was written, what is under way, and what to type."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from enum import StrEnum
from types import TracebackType

from cascade_cli.cli.terminal.escape import escape
from cascade_cli.cli.terminal.session import Session
from cascade_cli.domain.delivery.deliveries import Delivery
from cascade_cli.domain.delivery.delivery_steps import FATE_BOUND, Action
from cascade_cli.domain.records.journal_entries import Attempt, Fate
from cascade_cli.domain.records.orders import Order
from cascade_cli.domain.shop.counts import format_count
from cascade_cli.domain.shop.times import format_span
from cascade_cli.errors import JournalError
from cascade_cli.services.delivery.credit_service import CreditPlan
from cascade_cli.wiring.writing import WriteContext

MOST_NAMED = 5


class OrderProgress(StrEnum):
    """How far an order has come, according to the journal."""

    UNDER_WAY = "on the way to Venice's engine"
    BEGUN = "written as planned, but not active yet: no ducats move"
    UNKNOWN = "perhaps written: nobody can tell yet"
    UNTOUCHED = "not begun"


class Interruption:
    """Wraps a credit, and tells the operator what Ctrl-C left behind. `again` is the command line
    that continues it."""

    def __init__(self, session: Session, again: str) -> None:
        self._session, self._again, self._is_told = session, again, False

    def __enter__(self) -> Interruption:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        _error: BaseException | None,
        _: TracebackType | None,
    ) -> None:
        if kind is KeyboardInterrupt and not self._is_told:
            self._session.complain("\nInterrupted: nothing was written.")

    def carry_out(self, context: WriteContext[Session], plan: CreditPlan) -> list[Delivery]:
        """Carry out the plan. Raises what `CreditService.carry_out` raises."""
        try:
            return context.writing.service.carry_out(plan)
        except KeyboardInterrupt:
            self._is_told = True
            self._session.complain("\n" + "\n".join(self._lines(context, plan.unwritten)))
            raise

    def _lines(self, context: WriteContext[Session], orders: Sequence[Order]) -> Iterable[str]:
        try:
            last = context.journal.attempts([order.key for order in orders])
        except JournalError as error:
            yield f"Interrupted. What was written is not known: {error.message}"
        else:
            yield f"Interrupted. Of {format_count(len(orders), 'credit')}:"
            for state in OrderProgress:
                of_state = [order for order in orders if _state(last.get(order.key)) is state]
                if of_state:
                    yield f"  {len(of_state)} {state}{_named(state, of_state)}"
        yield (
            "To continue, type this. It checks first and repeats nothing (writes of unknown fate "
            f"can be finished after {format_span(FATE_BOUND)}):"
        )
        yield f"  {self._again}"


def _state(last: Attempt | None) -> OrderProgress:
    # A create that Airtable refused has left no row.
    if last is None or (last.action == Action.CREATE and last.fate is Fate.REFUSED):
        return OrderProgress.UNTOUCHED
    # A citizen is told only of an active transfer, so it is under way even if the message failed.
    if last.action == Action.NOTIFY:
        return OrderProgress.UNDER_WAY
    if last.fate is Fate.UNKNOWN:
        return OrderProgress.UNKNOWN
    is_active = last.fate is Fate.APPLIED and last.action != Action.CREATE
    return OrderProgress.UNDER_WAY if is_active else OrderProgress.BEGUN


def _named(state: OrderProgress, orders: Sequence[Order]) -> str:
    if state is OrderProgress.UNTOUCHED and len(orders) > 1:
        return ""
    names = [escape(order.summary) for order in orders[:MOST_NAMED]]
    more = f", and {len(orders) - MOST_NAMED} more" if len(orders) > MOST_NAMED else ""
    return f": {', '.join(names)}{more}"
