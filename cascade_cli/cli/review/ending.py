"""How a review ends: what was done, what was not, and what is open now."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from cascade_cli.cli.credit.deliveries import first_error, show_deliveries
from cascade_cli.cli.reconcile.run import JudgedOutcome
from cascade_cli.cli.terminal.console import to_type
from cascade_cli.cli.terminal.escape import escape
from cascade_cli.cli.terminal.session import Outcome, Session
from cascade_cli.domain.delivery.deliveries import Delivery
from cascade_cli.domain.reconcile.overview import open_cases
from cascade_cli.domain.shop.counts import format_count
from cascade_cli.domain.shop.shell import command
from cascade_cli.errors import CascadeError
from cascade_cli.services.decisions.review_service import ChosenDraft


@dataclass(frozen=True)
class Carried:
    """A decision, and what became of it."""

    chosen: ChosenDraft
    deliveries: Sequence[Delivery]
    error: CascadeError | None = None

    @property
    def described(self) -> str:
        """In one line."""
        draft = self.chosen.draft
        how = "refund" if draft.is_refund else draft.wish.how.option
        error = self.error or first_error(self.deliveries)
        told = f"not done, and kept: {error.message}" if error else "done"
        return f"{draft.case} {how}: {told}"


def nothing_open(found: JudgedOutcome) -> Outcome:
    """There is no case to walk through."""
    return Outcome(None, lambda s: _show_open(s, found), found.exit_code)


def stopped(found: JudgedOutcome, kept: int) -> Outcome:
    """The person stopped before the end."""

    def show(session: Session) -> None:
        told = f"{format_count(kept, 'decision')} kept." if kept else "Nothing was decided."
        session.console().print(f"Nothing was carried out. {told}")
        _show_open(session, found)

    return Outcome(None, show, found.exit_code)


def ended(after: Outcome, carried: Sequence[Carried], repaired: Sequence[Delivery]) -> Outcome:
    """The state after the review. For the exit code, a decision that was not carried out outweighs
    the cases that remain."""
    deliveries = [*(d for one in carried for d in one.deliveries), *repaired]
    refused = next((one.error for one in carried if one.error), None)
    # A failed last look comes first, because then nobody knows what is open.
    error = after.error or first_error(deliveries) or refused

    def show(session: Session) -> None:
        console = session.console()
        for one in carried:
            console.print(escape(session.completed(one.described)), soft_wrap=True)
        if deliveries:
            show_deliveries(console, deliveries)
        _show_open(session, after)

    return Outcome(None, show, error.exit_code if error else after.exit_code, error)


def _show_open(session: Session, outcome: Outcome) -> None:
    if not isinstance(outcome, JudgedOutcome):
        return
    console, found = session.console(), open_cases(outcome.run.result)
    console.print(f"{found.described}.")
    if found.closed:
        console.print(found.closed)
    if found.for_people:
        console.print(to_type(console, command("review")), soft_wrap=True)
