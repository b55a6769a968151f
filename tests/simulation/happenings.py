"""The events of a plan: who pays, who tells whom, what Venice and its people do meanwhile."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import partial
from typing import Any

from cascade_cli.adapters.stripe.purchase_parser import allocation_metadata
from cascade_cli.domain.selling.allocation import Allocation, Share
from cascade_cli.domain.selling.invoiced_ducats import Good, product_id
from cascade_cli.domain.shop.keys import payment_id_in, whole_id
from cascade_cli.domain.shop.money import CURRENCY
from cascade_cli.sandbox.seed.citizens import PROCESSOR
from tests.sandbox.stripe.subscriptions import monthly, subscribe
from tests.simulation.abroad import price
from tests.simulation.attached import AFTER, HALVES, open_invoice, pay_apart, pay_in_halves
from tests.simulation.bodies import a_tiding, an_event
from tests.simulation.likeness import Alike, Likeness
from tests.simulation.lookalikes import Lookalikes
from tests.simulation.mistakes import Mistakes
from tests.simulation.nights import Nights
from tests.simulation.plan import LATECOMER, ManualCredit, Payment, StrangeEvent
from tests.simulation.shop import Shop
from tests.simulation.short import captured_cents, terms
from tests.simulation.stage import Stage
from tests.simulation.strange import StrangeEvents
from tests.simulation.turning import Turning

ENOUGH_DUCATS = 1_000_000
CROWD = 5
_CENTS_PER_DUCAT = 10
_LEGACY_LIFETIME = timedelta(minutes=5)


class Happenings:
    """Schedules everything that a plan has; `payments` are the ids of the charges made."""

    def __init__(self, stage: Stage) -> None:
        self._stage, self._plan = stage, stage.plan
        self._at = stage.scheduler.at
        self.payments: list[str] = []
        self.refunded: list[str] = []
        """The intents whose money went back, in part or whole, for good or not."""
        self.gifts: dict[str, Payment] = {}
        """By intent."""
        self.tidings: dict[str, list[bytes]] = defaultdict(list)
        """By intent, what Stripe tells of its refunds and disputes."""
        self.run_by_hand: set[str] = set()
        """The StratagemIds that somebody at Venice ran."""
        self.sold: dict[str, tuple[str, Decimal]] = {}
        """By charge, to whom it sold how many ducats."""
        self.short: dict[str, Payment] = {}
        """By charge, those for which too little was paid."""
        self.paid_at: dict[str, datetime] = {}
        """By charge."""
        self.halves: set[str] = set()
        """The charges of which each paid a part of an invoice."""
        self.another_s: set[str] = set()
        """The charges of another shop."""
        self._told: list[str] = []
        """The intents of which people hear."""
        self.strange = StrangeEvents(stage, self._told)
        self.nights = Nights()
        self.lookalikes = Lookalikes(stage, self._told_of)
        self.mistakes = Mistakes(stage)
        self._turning = Turning(stage, self._turned)
        self._courses: dict[str, tuple[Payment, str]] = {}

    def _told_of(self, alike: Alike, charge: dict[str, Any]) -> None:
        """Of what another set-up made, and what is left to people, CASCADE's own webhook hears as
        well: of a citizen made anew only the real one, for `Shop.credit_event` asks nobody since
        when they are there."""
        self.payments.append(charge["id"])
        self.sold[charge["id"]] = alike.citizen, Decimal(alike.ducats)
        is_anew = alike.likeness is Likeness.ANEW and self._plan.has_inbox
        if is_anew or alike.likeness in {Likeness.OTHER, Likeness.VANISHED}:
            self._start(3, "webhook0", self._on_event(str(charge["payment_intent"]), 0))

    def schedule(self) -> None:
        """Everything up to the plan's horizon."""
        self._schedule_stripe()
        self._schedule_cascade()
        self._schedule_venice()
        self.mistakes.schedule()

    def _schedule_stripe(self) -> None:
        for payment in self._plan.payments:
            self._at(payment.after_seconds, partial(self._pay, payment))
        for alike in self._plan.alike:
            self._at(alike.after_seconds, partial(self.lookalikes.happen, alike))
        for strange in self._plan.strange:
            self._at(strange.after_seconds, partial(self._send_strange, strange))

    def _schedule_cascade(self) -> None:
        for credit in self._plan.credits:
            for moment in (0.0, *credit.again):
                self._start(credit.after_seconds + moment, credit.name, by_hand(credit))
        for number, moment in enumerate(self._plan.repairs):
            self._start(moment, f"repair{number}", Shop.repair, retries=1)
        for number, (moment, ahead) in enumerate(self._plan.nights):
            night = partial(self.nights.pass_by, ahead=timedelta(seconds=ahead))
            self._start(moment, f"night{number}", night, retries=0)
        for number, moment in enumerate(self._plan.replays):
            self._start(moment, f"replay{number}", self._replay, retries=1)
        if rows := self._plan.file:
            self._start(rows[0].after_seconds, "file", by_file(rows))
        for moment, ducats in self._plan.replenishments:
            self._start(moment, f"by {ducats}", _replenish(ducats))
        for moment in self._plan.crowds:
            for number in range(CROWD):
                self._start(moment, f"look{number}", _look, retries=0)
        for moment in self._plan.arrival_looks:
            self._start(moment, "arrivals", Shop.tell_arrivals, retries=0)
        if self._plan.quota_gone:
            for moment, gone in zip(self._plan.quota_gone, (True, False), strict=True):
                self._at(moment, partial(self._set_quota, gone=gone))

    def _schedule_venice(self) -> None:
        for run in self._plan.engine_runs:
            begin = partial(
                self._stage.engine.run,
                fail_at=run.fail_at,
                step_seconds=run.step_seconds,
                kill=run.kill,
            )
            self._at(run.after_seconds, begin)
        self._stage.engine.hears = self._tell_again
        for moment in self._plan.hand_runs:
            self._at(moment, self._run_by_hand)
        for moment in self._plan.reruns:
            self._at(moment, self._run_what_broke_off)
        for moment in self._plan.blanks:
            self._at(moment, self._clear_an_expiry)
        for moment in self._plan.copies:
            self._at(moment, self._copy_a_row)
        for moment in self._plan.overruns:
            self._at(moment, self._stage.overrun_the_rate)
        self._at(self._plan.replenished_after, self.grant)
        self._at(self._plan.latecomer_after, lambda: self._stage.city.move_in(LATECOMER, 0))

    def _start(
        self, after_seconds: float, name: str, command: Callable[[Shop], bool], **retries: int
    ) -> None:
        self._at(after_seconds, partial(self._stage.start, name, command, **retries))

    def _set_quota(self, *, gone: bool) -> None:
        self._stage.weather.quota_gone = gone
        self._stage.tell(f"Airtable's monthly quota is {'gone' if gone else 'there again'}")

    def _pay(self, payment: Payment) -> None:
        if payment.monthly:
            self._subscribe(payment)
            return
        charge = self._charge(payment)
        if payment.another_s:
            self._paid_elsewhere(payment, charge)
            return
        if payment.held_seconds:
            self._stage.tell(f"{payment.citizen} holds {charge['amount']} ready: {charge['id']}")
            self._at(payment.held_seconds, partial(self._capture, payment, charge["id"]))
            return
        self._paid(payment, charge)
        if payment.legacy_connector:
            self._at(5, partial(self._credit_as_before, payment))

    def _capture(self, payment: Payment, charge_id: str) -> None:
        """Its price is taken; the rest is released."""
        account, now = self._stage.app.stripe.account, self._stage.scheduler.now()
        with account.writing(now) as writer:
            intent = str(writer.get("charge", charge_id)["payment_intent"])
        account.capture(intent, at=now, amount_to_capture=captured_cents(payment, _cents(payment)))
        with account.writing(now) as writer:
            self._paid(payment, writer.get("charge", charge_id))
        self.paid_at[charge_id] = now

    def _paid(self, payment: Payment, charge: dict[str, Any], invoice: str = "") -> None:
        """People hear of it, by its intent or by its invoice; later it may be undone."""
        self.payments.append(charge["id"])
        self.paid_at[charge["id"]] = datetime.fromtimestamp(charge["created"], UTC)
        self.sold[charge["id"]] = payment.citizen, Decimal(payment.ducats)
        intent = str(charge["payment_intent"])
        if payment.short:
            self._short(payment, charge["id"], intent)
        if payment.giver:
            self.gifts[intent] = payment
        buyer = payment.citizen or f"a guild of {len(payment.members)}"
        self._stage.tell(f"{buyer} pays for {payment.ducats} ducats: {intent}")
        if payment.deliveries:
            self._told.append(intent)
        self._deliver(payment, intent, invoice)
        if payment.undone:
            undo = partial(self._undo, payment, charge["id"], intent)
            self._at(payment.undone_after_seconds, undo)
        if payment.course:
            self._turning.begin(payment.course, charge["id"])
            self._courses[charge["id"]] = payment, intent

    def _deliver(self, payment: Payment, intent: str, invoice: str) -> None:
        """The events of a payment, by its intent or by its invoice."""
        for number, moment in enumerate(payment.deliveries):
            named = invoice if invoice and number % 2 == 0 else intent
            self._start(moment, f"webhook{number}", self._on_event(named, number))

    def _paid_elsewhere(self, payment: Payment, charge: dict[str, Any], invoice: str = "") -> None:
        """Another shop on the account sold it, whatever else it looks like."""
        self.another_s.add(charge["id"])
        intent = str(charge["payment_intent"])
        self._stage.tell(f"{payment.citizen} pays another shop {payment.ducats}: {intent}")
        self._deliver(payment, intent, invoice)

    def _send_strange(self, strange: StrangeEvent) -> None:
        body = self.strange.make(strange)
        for number, moment in enumerate(strange.deliveries if self._plan.has_inbox else ()):
            self._start(moment, f"strange{number}", told_of(body))

    def _short(self, payment: Payment, charge: str, intent: str) -> None:
        self.short[charge] = payment
        self._stage.tell(f"too little is paid for {intent}: {payment.short}")
        if after := payment.overruled_after_seconds:
            self._start(after, "although underpaid", although_underpaid(payment, intent))

    def _subscribe(self, payment: Payment) -> None:
        now, account = self._stage.scheduler.now(), self._stage.app.stripe.account
        item = monthly(product_id(Good(Decimal(payment.ducats))), _cents(payment))
        said = {"citizen_id": payment.citizen, "exchange_rate": "0.1", **_whose(payment)}
        session = subscribe(account, now, item, **said)
        self._invoiced(payment, session["invoice"])
        for moment in payment.renewed_after_seconds:
            self._at(moment, partial(self._renew, payment, session["subscription"]))

    def _renew(self, payment: Payment, subscription: str) -> None:
        account, now = self._stage.app.stripe.account, self._stage.scheduler.now()
        if payment.attached:
            self._attach(payment, subscription)
        else:
            self._invoiced(payment, account.renew(subscription, at=now)["id"])

    def _attach(self, payment: Payment, subscription: str) -> None:
        account, now = self._stage.app.stripe.account, self._stage.scheduler.now()
        in_halves = payment.attached == HALVES
        invoice = open_invoice(account, subscription, now, sent=in_halves)
        if in_halves:
            for half in pay_in_halves(account, invoice, now):
                self._half(payment, half, invoice["id"])
        elif payment.attached == AFTER:
            charge = pay_apart(account, invoice, now)
            attach = partial(self._attach_afterwards, payment, charge, invoice["id"])
            self._at(payment.attached_after_seconds, attach)
        else:
            self._paid(payment, account.attach(invoice["id"], at=now), invoice["id"])

    def _attach_afterwards(self, payment: Payment, charge: dict[str, Any], invoice: str) -> None:
        now = self._stage.scheduler.now()
        self._stage.app.stripe.account.attach_payment(invoice, charge["payment_intent"], at=now)
        self._paid(payment, charge, invoice)
        # Nobody could know earlier what it bought.
        self.paid_at[charge["id"]] = now

    def _half(self, payment: Payment, charge: dict[str, Any], invoice: str) -> None:
        """People hear of it, and nobody is to have it credited."""
        self.payments.append(charge["id"])
        self.halves.add(charge["id"])
        intent = str(charge["payment_intent"])
        self._stage.tell(f"{payment.citizen} pays a half of {invoice}: {intent}")
        self._deliver(payment, intent, invoice)

    def _invoiced(self, payment: Payment, invoice: str) -> None:
        account, now = self._stage.app.stripe.account, self._stage.scheduler.now()
        with account.writing(now) as writer:
            charge = writer.get("charge", account.charge_of(invoice, at=now))
        sold = self._paid_elsewhere if payment.another_s else self._paid
        sold(payment, charge, invoice)

    def _on_event(self, payment_id: str, number: int) -> Callable[[Shop], bool]:
        if not self._plan.has_inbox:
            return lambda shop: shop.credit_event(payment_id, f"evt_{number}")
        # Two and three are the same event, sent twice.
        return told_of(an_event(payment_id, min(number, 1), self._stage.scheduler.now()))

    def _tell_again(self, stratagem_id: str) -> None:
        """Whoever looks now may be shown the row as it was before it was executed."""
        intent = payment_id_in(stratagem_id)
        if intent and self._stage.random.random() < self._plan.told_again:
            after = self._stage.random.uniform(1, 30)
            # Stripe knows nothing of the portions of a payment for many.
            tell = self._on_event(whole_id(intent), 1)
            self._start(after, "webhook9", tell, retries=0)

    def _replay(self, shop: Shop) -> bool:
        return shop.replay(self._stage.random)

    def _charge(self, payment: Payment) -> dict[str, Any]:
        now, told = self._stage.scheduler.now(), dict[str, str]()
        cents, currency = _cents(payment), payment.currency
        if currency != CURRENCY:
            cents, told = price(payment, now)
        if payment.short:
            cents, currency, told = terms(payment, now)
        return self._stage.app.stripe.account.pay(
            amount=cents + cents // 4 if payment.held_seconds else cents,
            currency=currency,
            at=now,
            capture=not payment.held_seconds,
            metadata={
                "exchange_rate": "0.1",
                **told,
                **_for_whom(payment),
                "platform": "cascade",
                "type": "ducat_purchase",
                **_gift(payment),
                **_whose(payment),
            },
        )

    def _credit_as_before(self, payment: Payment) -> None:
        now = self._stage.scheduler.now()
        row = {
            "StratagemId": f"cascade_payment_{payment.citizen}_{int(now.timestamp())}",
            "Type": "transfer_ducats",
            "ExecutedBy": PROCESSOR,
            "TargetCitizen": payment.citizen,
            "Status": "active",
            "ExpiresAt": (now + _LEGACY_LIFETIME).isoformat(),
            "Notes": f'{{"source": "cascade_payment_processor", "amount": {float(payment.ducats)},'
            ' "payment_type": "stripe_purchase", "reason": "Ducat purchase via CASCADE"}',
        }
        self._stage.app.airtable.tables.create("STRATAGEMS", row)
        self._stage.tell(f"the older connector writes its row for {payment.citizen}")

    def _undo(self, payment: Payment, charge: str, intent: str) -> None:
        now, account = self._stage.scheduler.now(), self._stage.app.stripe.account
        self._stage.tell(f"{payment.undone} of {charge}")
        if payment.undone == "dispute":
            account.dispute(charge, at=now)
            if self._plan.disputes_hold:
                self._tell(intent, "charge.dispute.created", 0, 2)
            return
        self.refunded.append(intent)
        if payment.spent:
            self._spend(payment)
        part = 20 if payment.undone in {"part", "parts"} else None
        made = account.refund(charge, at=now, amount=part, pending=payment.undone == "fails")
        if payment.undone == "parts":
            self._at(50, partial(self._refund_again, charge))
        if payment.undone == "fails":
            wait = 2 * payment.refunded[0] + 700
            self._at(wait, partial(self._fail_refund, made["id"]))
        if self._plan.refunds_auto:
            self._tell(intent, "charge.refunded", *payment.refunded)
            return
        for number, moment in enumerate(payment.refunded):
            self._start(moment, f"refund{number}", take_back(intent))

    def _turned(self, charge: str, types: list[str]) -> None:
        """People, or servers, hear of each step of a payment's course."""
        payment, intent = self._courses[charge]
        if intent not in self.refunded:
            self.refunded.append(intent)
            if payment.spent:
                self._spend(payment)
        if self._plan.refunds_auto or self._plan.disputes_hold:
            for type_ in types:
                self._tell(intent, type_, *payment.refunded)
        if not self._plan.refunds_auto:
            for number, moment in enumerate(payment.refunded):
                self._start(moment, f"refund{number}", take_back(intent))

    def _tell(self, intent: str, type_: str, *moments: float) -> None:
        """Stripe tells of it now, and again: it is the same event."""
        known = self.tidings[intent]
        body = a_tiding(intent, type_, len(known), self._stage.scheduler.now())
        known.append(body)
        for number, moment in enumerate(moments):
            self._start(moment, f"tiding{number}", told_of(body))

    def _refund_again(self, charge: str) -> None:
        account, now = self._stage.app.stripe.account, self._stage.scheduler.now()
        with account.writing(now) as writer:
            cents = 20 if writer.get("charge", charge)["currency"] == "kwd" else 15
        made = account.refund(charge, at=now, amount=cents)
        self._stage.tell(f"another refund of {charge}")
        if self._plan.refunds_auto:
            self._tell(str(made["payment_intent"]), "refund.created", 1)

    def _fail_refund(self, refund: str) -> None:
        now = self._stage.scheduler.now()
        made = self._stage.app.stripe.account.settle_refund(refund, at=now, status="failed")
        self._stage.tell(f"{refund} fails")
        if self._plan.refunds_auto:
            self._tell(str(made["payment_intent"]), "refund.failed", 1, 3)

    def _spend(self, payment: Payment) -> None:
        """When the engine is idle: it writes balances without a lock."""
        if self._stage.engine.is_running:
            self._at(30, partial(self._spend, payment))
        elif payment.citizen != LATECOMER:
            self._stage.city.spend(payment.citizen, payment.spent)
            self._stage.tell(f"{payment.citizen} spends {payment.spent:.0%} of their ducats")

    def _copy_a_row(self, patience: int = 10) -> None:
        """Somebody at Venice doubles a row, as a spreadsheet invites to."""
        city, now = self._stage.city, self._stage.scheduler.now()
        if live := city.live(now):
            city.copy(live[0])
            self._stage.tell(f"somebody doubles {live[0]}")
        elif patience:
            wait = self._plan.horizon_seconds / 20
            self._at(wait, partial(self._copy_a_row, patience - 1))

    def _clear_an_expiry(self, patience: int = 10) -> None:
        """Somebody at Venice edits a live row: what never expires is as live as any."""
        city = self._stage.city
        if live := city.live(self._stage.scheduler.now()):
            city.clear_expiry(live[0])
            self._stage.tell(f"somebody clears the expiry of {live[0]}")
        elif patience:
            wait = self._plan.horizon_seconds / 20
            self._at(wait, partial(self._clear_an_expiry, patience - 1))

    def grant(self) -> None:
        """More ducats for the processor, by somebody who waits until the engine is idle."""
        if self._stage.engine.is_running:
            self._at(30, self.grant)
            return
        self._stage.city.grant(ENOUGH_DUCATS)
        self._stage.tell(f"the processor gets {ENOUGH_DUCATS} ducats")

    def _run_by_hand(self, patience: int = 6) -> None:
        """Somebody at Venice runs a row that the engine passes over, by its id; and somebody
        at the shop may repair it in that very minute."""
        if expired := self._stage.city.expired(self._stage.scheduler.now()):
            self._start(0, "repairH", Shop.repair, retries=0)
            self.run_by_hand.add(expired[0])
            run = partial(self._stage.engine.run, only=expired[0])
            self._at(self._stage.random.uniform(0, 5), run)
        elif patience:
            wait = self._plan.horizon_seconds / 10
            self._at(wait, partial(self._run_by_hand, patience - 1))

    def _run_what_broke_off(self, patience: int = 6) -> None:
        """Somebody at Venice sees a failed row and runs it once more: the engine cannot read it
        any more, so that the last thing it says of the row is harmless."""
        if broken := self._stage.city.broken_off():
            self._stage.engine.run(only=broken[0])
        elif patience:
            wait = self._plan.horizon_seconds / 10
            self._at(wait, partial(self._run_what_broke_off, patience - 1))


def _for_whom(payment: Payment) -> dict[str, str]:
    if not payment.members:
        return {
            "citizen_id": payment.citizen,
            "ducat_amount": str(float(payment.ducats)),
        }
    shares = (Share(citizen, Decimal(ducats)) for citizen, ducats in payment.members)
    return allocation_metadata(Allocation(tuple(shares)))


def _whose(payment: Payment) -> dict[str, str]:
    return {payment.another_s: "regatta"} if payment.another_s else {}


def _cents(payment: Payment) -> int:
    return max(50, int(float(payment.ducats) * _CENTS_PER_DUCAT))


def by_hand(credit: ManualCredit) -> Callable[[Shop], bool]:
    """The command that an operator types, and types again in the same words."""
    return by_file((credit,))


def by_file(rows: Sequence[ManualCredit]) -> Callable[[Shop], bool]:
    """The same for several at once."""
    return lambda shop: shop.credit_by_hand(rows)


def although_underpaid(payment: Payment, intent: str) -> Callable[[Shop], bool]:
    """What an operator types who has decided to deliver it."""
    return lambda shop: shop.credit_payment(intent, payment.citizen, Decimal(payment.ducats))


def take_back(intent: str) -> Callable[[Shop], bool]:
    """What an operator types about a refund."""
    return lambda shop: shop.refund(intent)


def told_of(body: bytes) -> Callable[[Shop], bool]:
    """What `cascade serve` hears."""
    return lambda shop: shop.receive(body)


def _gift(payment: Payment) -> dict[str, str]:
    if not payment.giver:
        return {}
    return {
        "giver_id": payment.giver,
        "gift_message": "for you",
        "gift_anonymous": str(payment.anonymous).lower(),
    }


def _look(shop: Shop) -> bool:
    """What anybody types who wants to know; it needs no run lock."""
    shop.reconcile()
    return True


def _replenish(ducats: str) -> Callable[[Shop], bool]:
    return lambda shop: shop.replenish(Decimal(ducats))
