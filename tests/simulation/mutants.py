"""The safeguards, each broken once: a simulation that lets one of these live proves nothing.

Each is a context within which histories are played, and gives what alters the parts of a run.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any
from unittest.mock import patch

import requests

from cascade_cli.adapters.http.pace import Pace
from cascade_cli.adapters.http.service_clock import ServiceClock
from cascade_cli.adapters.http.transport import Transport, permitted
from cascade_cli.adapters.journal import attempts
from cascade_cli.adapters.journal.locks import HolderLiveness
from cascade_cli.adapters.stripe import (
    events,
    invoice_metadata,
    money_moved,
    purchase_parser,
    purchases,
    signature,
)
from cascade_cli.adapters.stripe.events import to_event
from cascade_cli.adapters.stripe.invoice_metadata import InvoicedSale, hints_at_invoice
from cascade_cli.adapters.stripe.purchases import StripeReader
from cascade_cli.adapters.venice import transfers as venice_transfers
from cascade_cli.adapters.venice.stratagem_rows import Notes
from cascade_cli.adapters.venice.transfer_formulas import of_balance
from cascade_cli.adapters.venice.writer import write_errors
from cascade_cli.domain.decisions import credit_decision, decision_plan
from cascade_cli.domain.delivery import delivery_steps
from cascade_cli.domain.delivery.delivery_steps import Action, Step, Write, next_step
from cascade_cli.domain.discrepancies import item_decisions, refund_plan
from cascade_cli.domain.matching import matched_charge, matching
from cascade_cli.domain.matching.matched_charge import MatchedCharge
from cascade_cli.domain.reconcile import event_replay, reconciliation, repair_plan
from cascade_cli.domain.records.charges import Charge, Dispute, Refund
from cascade_cli.domain.records.decisions import Decision, Facts
from cascade_cli.domain.records.gifts import Gift
from cascade_cli.domain.records.journal_entries import Attempt, Claim, ClaimState, Holder
from cascade_cli.domain.records.orders import Order
from cascade_cli.domain.records.past_delivery import PastDelivery
from cascade_cli.domain.records.stratagems import Failure, Stratagem
from cascade_cli.domain.records.stripe_events import Event
from cascade_cli.domain.refunds.refund_shares import RefundShare
from cascade_cli.domain.selling import price_guard, pricing
from cascade_cli.domain.shop.exchange import Rates, ValuationRate
from cascade_cli.domain.shop.keys import correction_key, stratagem_id_for, whole_id
from cascade_cli.domain.shop.money import ZERO
from cascade_cli.services.delivery import credit_guards, credit_service, deliver, order_in_progress
from cascade_cli.services.events import replay_service
from cascade_cli.services.events.intake import Intake
from cascade_cli.services.ports import TransfersPort
from cascade_cli.services.processor import balance
from cascade_cli.services.refunds import refund_service
from cascade_cli.services.refunds.automatic_refunds import AutomaticRefunds, RefundResult
from tests.simulation import rated, shop
from tests.simulation.shop import Alter, Parts, as_it_is

_FORCELIST = frozenset({429, 500, 502, 503, 504})
_TRIES = 5
_PLANNERS = (order_in_progress, replay_service, credit_service)


@contextmanager
def writes_sent_again() -> Iterator[Alter]:
    """The transport repeats a write after any error, as pyairtable does by itself."""
    once = Transport._send_write

    def again(self: Transport, request: requests.PreparedRequest, *args: Any, **kw: Any) -> Any:
        for number in range(_TRIES):
            is_last = number == _TRIES - 1
            try:
                response = once(self, request, *args, **kw)
                if is_last or response.status_code not in _FORCELIST:
                    return response
            except requests.RequestException:
                if is_last:
                    raise
            self._sleep(0.1 * 2**number)
        return None

    with patch.object(Transport, "_send_write", again):
        yield as_it_is


@contextmanager
def only_the_last_error_counts() -> Iterator[Alter]:
    """What the engine noted before its last error is forgotten."""

    def last(notes: Notes) -> tuple[Failure | None, str]:
        failed = [(line.failure, line.text) for line in notes.lines if line.failure]
        return failed[-1] if failed else (None, "")

    with patch.object(Notes, "_gravest", property(last)):
        yield as_it_is


@contextmanager
def no_lookup() -> Iterator[Alter]:
    """Nothing is looked up before a create."""

    def unseeing(parts: Parts) -> Parts:
        return replace(parts, transfers=_Replaced(parts.transfers, transfers_for=lambda _: []))

    yield unseeing


@contextmanager
def one_step_write() -> Iterator[Alter]:
    """A row is active from the first."""

    def created_active(parts: Parts) -> Parts:
        writer: Any = parts.writer

        def create(orders: Sequence[Order], expires_at: datetime) -> list[Stratagem]:
            fields = [writer._fields(order, expires_at) for order in orders]
            with write_errors():
                written: list[Stratagem] = writer._stratagems(
                    writer._table.batch_create([f | {"Status": "active"} for f in fields])
                )
            return written

        return replace(parts, writer=_Replaced(writer, create_planned=create))

    yield created_active


@contextmanager
def no_claim() -> Iterator[Alter]:
    """Whoever wants a key has it."""

    def always_held(parts: Parts) -> Parts:
        journal = parts.journal

        def claim(*args: Any, **kwargs: Any) -> dict[str, Claim]:
            claims = journal.claim(*args, **kwargs)
            return {
                key: replace(claim, state=ClaimState.HELD)
                if claim.state is ClaimState.BUSY
                else claim
                for key, claim in claims.items()
            }

        return replace(parts, journal=_Replaced(journal, claim=claim))

    with patch.object(attempts, "_require_hold", lambda *_: None):
        yield always_held


@contextmanager
def expired_rows_rewritten() -> Iterator[Alter]:
    """An active row whose expiry has passed is set to active again, with all its cells."""

    def rewriting(*args: Any, **kwargs: Any) -> Step:
        step = next_step(*args, **kwargs)
        if isinstance(step, Write) and step.action is Action.EXTEND and step.row:
            # As if it were not active: the writer leaves an active row's Status alone.
            return Write(Action.REWRITE, replace(step.row, status="expired"))
        return step

    with patch.object(deliver, "next_step", rewriting):
        yield as_it_is


@contextmanager
def dead_rows_replaced() -> Iterator[Alter]:
    """A dead row gets a successor instead of being revived."""

    def replacing(
        order: Order,
        rows: Sequence[Stratagem],
        now: datetime,
        last: Attempt | None = None,
        **options: Any,
    ) -> Step:
        step = next_step(order, rows, now, last, **options)
        if not isinstance(step, Write) or step.action not in {Action.EXTEND, Action.REWRITE}:
            return step
        planned = [row for row in rows if row.status == "planned"]
        return Write(Action.ACTIVATE, planned[0]) if planned else Write(Action.CREATE)

    with patch.object(deliver, "next_step", replacing):
        yield as_it_is


@contextmanager
def spare_rows_activated() -> Iterator[Alter]:
    """Of two rows made by accident the spare one is activated, when the other is dead."""

    def activating(
        order: Order,
        rows: Sequence[Stratagem],
        now: datetime,
        last: Attempt | None = None,
        **options: Any,
    ) -> Step:
        step = next_step(order, rows, now, last, **options)
        planned = [row for row in rows if row.status == "planned"]
        return Write(Action.ACTIVATE, planned[0]) if isinstance(step, Write) and planned else step

    with patch.object(deliver, "next_step", activating):
        yield as_it_is


@contextmanager
def no_bound() -> Iterator[Alter]:
    """A write of unknown fate is taken for lost at once."""
    with patch.object(delivery_steps, "FATE_BOUND", timedelta(0)):
        yield as_it_is


@contextmanager
def no_fresh_read() -> Iterator[Alter]:
    """What a run has read once it does not read again."""
    yield lambda parts: replace(parts, transfers=_read_once(parts.transfers))


@contextmanager
def late_writes_sent() -> Iterator[Alter]:
    """A write leaves however long ago the journal announced it."""
    with patch.object(shop, "permitted", lambda _: permitted(datetime.max.replace(tzinfo=UTC))):
        yield as_it_is


@contextmanager
def surplus_left_alone() -> Iterator[Alter]:
    """Of two live rows of one payment none is ended."""
    with patch.object(delivery_steps, "_surplus", lambda *_: ()):
        yield as_it_is


@contextmanager
def living_taken_for_dead() -> Iterator[Alter]:
    """The run lock and the claims of whoever lives are taken over."""
    with patch.object(HolderLiveness, "is_dead", lambda *_: True):
        yield as_it_is


@contextmanager
def dead_keep_what_they_held() -> Iterator[Alter]:
    """Neither a lock nor a claim is ever taken over."""
    with (
        patch.object(HolderLiveness, "is_dead", lambda *_: False),
        patch.object(Holder, "has_lease", lambda holder, _moment: bool(holder.run)),
    ):
        yield as_it_is


@contextmanager
def balance_of_unknown_fate_forgotten() -> Iterator[Alter]:
    """A balance is written again without a look at what became of the last one."""
    with patch.object(balance, "sent_of", lambda _body: None):
        yield as_it_is


@contextmanager
def events_credited_once_each() -> Iterator[Alter]:
    """Every event is a credit of its own."""
    once: Any = vars(replay_service)["credit_order"]

    def by_event(charge: Charge, facts: Any, *rest: Any) -> Any:
        order: Any = once(charge, facts, *rest)
        return replace(order, key=f"{order.key}_{facts['event']}", charge=None)

    with patch.object(replay_service, "credit_order", by_event):
        yield as_it_is


@contextmanager
def taken_forgotten() -> Iterator[Alter]:
    """What came back for a refund already is not counted."""

    def left(part: RefundShare) -> Decimal:
        return max(ZERO, part.due - part.withheld - part.under_way)

    with patch.object(RefundShare, "left", property(left)):
        yield as_it_is


@contextmanager
def withheld_taken() -> Iterator[Alter]:
    """What never arrived is taken back all the same."""

    def left(part: RefundShare) -> Decimal:
        return max(ZERO, part.due - part.taken + part.given - part.under_way)

    with patch.object(RefundShare, "left", property(left)):
        yield as_it_is


@contextmanager
def failed_refunds_hold() -> Iterator[Alter]:
    """A refund that failed keeps its ducats."""
    with patch.object(RefundShare, "surplus", property(lambda _part: ZERO)):
        yield as_it_is


@contextmanager
def one_key_for_all_portions() -> Iterator[Alter]:
    """All citizens of a payment for many have the payment's own key."""

    def shared(charge: Charge) -> str:
        return stratagem_id_for(whole_id(charge.payment_id))

    with patch.object(Charge, "stratagem_id", property(shared)):
        yield as_it_is


@contextmanager
def refunds_looked_at_once() -> Iterator[Alter]:
    """What an event tells of a refund is done with, whatever is under way in that moment."""
    after: Any = Intake._after

    def at_once(self: Intake, accepted: Any, dealt: RefundResult) -> Any:
        return after(self, accepted, replace(dealt, again_at=None))

    with patch.object(Intake, "_after", at_once):
        yield as_it_is


@contextmanager
def only_the_first_citizens_settled() -> Iterator[Alter]:
    """Of a payment for many, whoever is next for a refund never has a turn."""
    once: Any = AutomaticRefunds._next_settled

    def first(self: AutomaticRefunds, *asked: Any) -> RefundResult:
        dealt: RefundResult = once(self, *asked)
        self._begun.clear()
        return RefundResult(dealt.note) if dealt.goes_on else dealt

    with patch.object(AutomaticRefunds, "_next_settled", first):
        yield as_it_is


@contextmanager
def anonymous_givers_named() -> Iterator[Alter]:
    """Whoever gave is told to everybody."""
    with patch.object(Gift, "named_giver", property(lambda gift: gift.giver)):
        yield as_it_is


@contextmanager
def invoices_have_keys_of_their_own() -> Iterator[Alter]:
    """Whoever hears of an invoice credits it under its own name, not under its payment's."""
    once = StripeReader.portions

    def portions(self: StripeReader, payment_id: str) -> tuple[Charge, ...]:
        charges = once(self, payment_id)
        if not payment_id.startswith("in_"):
            return charges
        own = f"pi_of{payment_id.replace('_', '')}"
        return tuple(replace(charge, payment_intent=own) for charge in charges)

    with patch.object(StripeReader, "portions", portions):
        yield as_it_is


@contextmanager
def attached_payments_overlooked() -> Iterator[Alter]:
    """Only what hints at an invoice is taken to have paid one."""

    def hints(intent: Any, _metadata: Any) -> bool:
        return isinstance(intent, dict) and hints_at_invoice(intent)

    with patch.object(purchases, "may_be_invoiced", hints):
        yield as_it_is


@contextmanager
def halves_credited_whole() -> Iterator[Alter]:
    """Each payment of an invoice is taken to have paid all of it."""
    with patch.object(InvoicedSale, "_brought_by", lambda sale, _charge: sale.due_cents):
        yield as_it_is


@contextmanager
def judged_by_another_day_s_rate() -> Iterator[Alter]:
    """Whether enough was paid is judged by the rate of the day of payment, not by the page's."""

    def of_the_day(currency: str, _stored: Any, paid_on: date, rates: Rates) -> ValuationRate:
        known = rates.on(currency, paid_on)
        return ValuationRate(known.per_usd if known else None, "")

    with patch.object(pricing, "valuation_rate_of", of_the_day):
        yield as_it_is


@contextmanager
def price_guard_off() -> Iterator[Alter]:
    """Whatever was paid is enough."""
    with (
        patch.object(price_guard, "_short", lambda *_: None),
        patch.object(price_guard, "_unknown_rate", lambda *_: None),
    ):
        yield as_it_is


@contextmanager
def late_rows_ignored() -> Iterator[Alter]:
    """A legacy row beyond the reach is nobody's business."""
    nothing = {module: patch.object(module, "unclear_rows", lambda *_: ()) for module in _PLANNERS}
    with ExitStack() as stack:
        for patched in nothing.values():
            stack.enter_context(patched)
        stack.enter_context(patch.object(matching, "_late_rows", lambda *_: {}))
        yield as_it_is


@contextmanager
def other_payers_unseen() -> Iterator[Alter]:
    """Only what the processor pays, or receives, is looked for."""
    with patch.object(venice_transfers, "any_transfer", of_balance):
        yield as_it_is


@contextmanager
def newcomers_taken_for_the_same() -> Iterator[Alter]:
    """Whoever has the name now is the one whom the row was made for."""
    with ExitStack() as stack:
        for module in (matched_charge, event_replay, credit_guards, refund_service):
            stack.enter_context(patch.object(module, "identity_doubt", lambda *_: ""))
        yield as_it_is


@contextmanager
def vanished_behind_the_dead() -> Iterator[Alter]:
    """A row is only missed where there is no other."""
    once = PastDelivery.is_missed_by

    def alone(self: PastDelivery, rows: Iterable[Stratagem]) -> bool:
        there = tuple(rows)
        return not there and once(self, there)

    with patch.object(PastDelivery, "is_missed_by", alone):
        yield as_it_is


@contextmanager
def refunded_twins_first_served() -> Iterator[Alter]:
    """A legacy row goes to the nearest payment, whether or not its money went back."""
    with patch.object(matching, "_claim_of", lambda *_: matching._Claim.OWED):
        yield as_it_is


@contextmanager
def marks_by_our_clock() -> Iterator[Alter]:
    """What time it is at the services is not heard."""
    with patch.object(ServiceClock, "heard", lambda *_: None):
        yield as_it_is


@contextmanager
def arrivals_told_without_a_mark() -> Iterator[Alter]:
    """Whoever tells of an arrival leaves nothing in the journal."""

    def forgetful(parts: Parts) -> Parts:
        journal: Any = parts.journal

        def attempt_once(keys: Any, *_: Any) -> tuple[datetime, list[str]]:
            return journal._process.host.scheduler.now(), list(keys)

        return replace(parts, journal=_Replaced(journal, attempt_once=attempt_once))

    yield forgetful


@contextmanager
def arrivals_told_by_all_who_found_them() -> Iterator[Alter]:
    """Whoever finds an arrival tells of it, although another has set out to meanwhile."""
    once = attempts.attempt_once

    def always(transaction: Any, keys: Any, action: str, detail: Any) -> list[str]:
        once(transaction, keys, action, detail)
        return list(keys)

    with patch.object(attempts, "attempt_once", always):
        yield as_it_is


@contextmanager
def releases_taken_for_refunds() -> Iterator[Alter]:
    """What was authorised and not captured is money that went back."""
    with (
        patch.object(money_moved, "release_among", lambda *_: None),
        patch.object(
            purchase_parser, "stated_refunded_cents", lambda charge: charge["amount_refunded"]
        ),
    ):
        yield as_it_is


@contextmanager
def waiting_refunds_taken_for_gone() -> Iterator[Alter]:
    """A refund counts from its first day, whether or not its money has left."""
    once = money_moved.to_refund

    def gone(refund_service: Any) -> Refund:
        made = once(refund_service)
        return replace(made, has_left=made.status not in {"failed", "canceled"})

    with patch.object(money_moved, "to_refund", gone):
        yield as_it_is


@contextmanager
def rests_promised_for_ever() -> Iterator[Alter]:
    """What was promised while money was gone stays promised when it came again."""
    once: Any = vars(refund_plan)["_rest"]

    def while_money_is_gone(matched: Any, terms: Any) -> Any:
        is_gone = matched.charge.refunded_cents or matched.charge.disputed
        return once(matched, terms) if is_gone else []

    with (
        patch.object(repair_plan, "_after_a_rest", lambda order, _rows: order),
        patch.object(refund_plan, "_rest", while_money_is_gone),
    ):
        yield as_it_is


@contextmanager
def disputed_money_never_comes_back() -> Iterator[Alter]:
    """What a dispute took counts, and what it returned does not."""
    net: Any = vars(money_moved._DisputedMoney)["taken_cents"]

    def withdrawn(money: Any) -> Any:
        moved = money._moved
        money._moved = [one for one in moved if one["amount"] < 0] if moved else moved
        return net.fget(money)

    with patch.object(money_moved._DisputedMoney, "taken_cents", property(withdrawn)):
        yield as_it_is


@contextmanager
def only_lost_disputes_cost() -> Iterator[Alter]:
    """The word decides, not the money."""

    def by_word(dispute: Dispute) -> int:
        return dispute.amount_cents if dispute.status == "lost" else 0

    with patch.object(Dispute, "cents_gone", property(by_word)):
        yield as_it_is


@contextmanager
def decisions_without_facts() -> Iterator[Alter]:
    """What a decision rests on is not remembered."""
    nothing = Facts("", ())
    with (
        patch.object(decision_plan, "facts_of", lambda *_: nothing),
        patch.object(item_decisions, "facts_of", lambda *_: nothing),
        patch.object(reconciliation, "facts_of", lambda *_: nothing),
    ):
        yield as_it_is


@contextmanager
def decisions_hold_for_ever() -> Iterator[Alter]:
    """Whatever changes, a decided case is not opened again."""
    with patch.object(Decision, "change", lambda *_: ""):
        yield as_it_is


@contextmanager
def corrections_without_a_key() -> Iterator[Alter]:
    """Every correction has another StratagemId."""

    def another(matched_charge: MatchedCharge) -> str:
        number = 2 + int(matched_charge.terms.now.timestamp()) % 1_000_000
        return correction_key(matched_charge.charge.payment_id, number)

    with patch.object(credit_decision, "_next_correction", another):
        yield as_it_is


@contextmanager
def hand_credits_unseen() -> Iterator[Alter]:
    """Nobody looks whether a payment was made good by hand."""
    with (
        patch.object(credit_decision, "refuse_mentioned", lambda *_: None),
        patch.object(credit_service, "refuse_credited", lambda *_: None),
    ):
        yield as_it_is


@contextmanager
def strange_events_refused() -> Iterator[Alter]:
    """What cannot be read whole is no event for the endpoint."""
    with patch.object(signature, "to_event", _only_whole_ones):
        yield as_it_is


@contextmanager
def strange_events_spoil_the_list() -> Iterator[Alter]:
    """One event that cannot be read whole, and none of the list is."""
    with patch.object(events, "to_event", _only_whole_ones):
        yield as_it_is


def _only_whole_ones(document: Any, raw: bytes) -> Event:
    decision_plan = (document.get("data") or {}).get("object") or ()
    if not isinstance(document.get("created"), int) or "id" not in decision_plan:
        raise ValueError("it is not a Stripe event")
    return to_event(document, raw)


@contextmanager
def other_shops_sales_taken() -> Iterator[Alter]:
    """Whoever says that it is theirs is not heard where the product is ours."""
    with (
        patch.object(invoice_metadata, "is_not_ours", lambda _: False),
        patch.object(purchase_parser, "is_not_ours", lambda _: False),
    ):
        yield as_it_is


@contextmanager
def authorised_money_counts() -> Iterator[Alter]:
    """What was only authorised is taken for paid."""

    once = purchase_parser.to_charge

    def authorised(charge: Any, metadata: Any) -> Charge:
        return replace(once(charge, metadata), captured_cents=charge["amount"])

    with patch.object(purchase_parser, "to_charge", authorised):
        yield as_it_is


@contextmanager
def each_paces_itself() -> Iterator[Alter]:
    """No process knows how often the others ask."""
    with patch.object(rated, "PaceOf", lambda *_: None):
        yield as_it_is


@contextmanager
def lock_outs_kept_to_oneself() -> Iterator[Alter]:
    """Whoever is locked out waits, and tells nobody."""
    with patch.object(Pace, "pause", lambda *_: None):
        yield as_it_is


def _read_once(transfers: TransfersPort) -> TransfersPort:
    seen: dict[str, list[Stratagem]] = {}

    def transfers_for(orders: Sequence[Order]) -> list[Stratagem]:
        keys = " ".join(order.key for order in orders)
        if keys not in seen:
            seen[keys] = transfers.transfers_for(orders)
        return seen[keys]

    return _Replaced(transfers, transfers_for=transfers_for)


class _Replaced:
    """A part with some of its methods replaced."""

    def __init__(self, part: Any, **methods: Callable[..., Any]) -> None:
        self._part = part
        vars(self).update(methods)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._part, name)


MUTANTS: tuple[Callable[[], AbstractContextManager[Alter]], ...] = (
    writes_sent_again,
    only_the_last_error_counts,
    no_lookup,
    one_step_write,
    no_claim,
    expired_rows_rewritten,
    dead_rows_replaced,
    spare_rows_activated,
    no_bound,
    no_fresh_read,
    late_writes_sent,
    surplus_left_alone,
    living_taken_for_dead,
    dead_keep_what_they_held,
    balance_of_unknown_fate_forgotten,
    events_credited_once_each,
    taken_forgotten,
    withheld_taken,
    failed_refunds_hold,
    one_key_for_all_portions,
    refunds_looked_at_once,
    only_the_first_citizens_settled,
    anonymous_givers_named,
    invoices_have_keys_of_their_own,
    attached_payments_overlooked,
    halves_credited_whole,
    judged_by_another_day_s_rate,
    price_guard_off,
    late_rows_ignored,
    other_payers_unseen,
    refunded_twins_first_served,
    newcomers_taken_for_the_same,
    vanished_behind_the_dead,
    marks_by_our_clock,
    arrivals_told_without_a_mark,
    arrivals_told_by_all_who_found_them,
    releases_taken_for_refunds,
    waiting_refunds_taken_for_gone,
    rests_promised_for_ever,
    disputed_money_never_comes_back,
    only_lost_disputes_cost,
    decisions_without_facts,
    decisions_hold_for_ever,
    corrections_without_a_key,
    hand_credits_unseen,
    strange_events_refused,
    strange_events_spoil_the_list,
    other_shops_sales_taken,
    authorised_money_counts,
    each_paces_itself,
    lock_outs_kept_to_oneself,
)
