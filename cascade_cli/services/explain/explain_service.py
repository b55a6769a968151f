"""The whole story of the thing that an id names. Reads only."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from cascade_cli.domain.discrepancies.evidence import describe
from cascade_cli.domain.discrepancies.kinds import Kind
from cascade_cli.domain.explain.checklist import ChecklistFacts, checklist
from cascade_cli.domain.explain.entry_sentences import journaled, past_of, payment_of, received
from cascade_cli.domain.explain.split_payment import SplitPayment
from cascade_cli.domain.explain.story import (
    CitizenBalances,
    CitizenStory,
    Happening,
    History,
    SessionSale,
    Story,
    StripeObject,
    Verdict,
    in_order,
    unsold,
    verdict_of,
    with_sale,
)
from cascade_cli.domain.matching.matched_charge import Terms
from cascade_cli.domain.matching.matching import named_payments
from cascade_cli.domain.reconcile.reconciliation import reconcile
from cascade_cli.domain.records.charges import Charge
from cascade_cli.domain.records.journal_entries import Entry
from cascade_cli.domain.records.stratagems import Stratagem
from cascade_cli.domain.records.stripe_events import Kept
from cascade_cli.domain.shop.keys import (
    FORMS,
    IdKind,
    decision_key,
    is_cut_off,
    is_own_key,
    kind_of_id,
    payment_id_in,
    refund_key,
    whole_id,
)
from cascade_cli.domain.shop.times import Window
from cascade_cli.errors import NotFoundError, RightsError, SchemaError, UsageError
from cascade_cli.services.explain.citizen_story import CitizenStories
from cascade_cli.services.ports import CitizensPort, PaymentsPort, TransfersPort
from cascade_cli.services.reconcile.gather import Reconciler
from cascade_cli.services.reconcile.snapshots import (
    NeighbouringCharges,
    TransferSnapshots,
)
from cascade_cli.services.reconcile.unknown_ids import similar_line


@dataclass(frozen=True)
class ExplainSettings:
    """The settings of one explanation: terms, how far back a citizen's story goes, the journal.

    `entries` returns the journal's entries for a key, `received` the webhook's events for their own
    ids or their payments' ids.
    """

    terms: Terms
    window: Window
    entries: Callable[[str], Iterable[Entry]]
    received: Callable[[Iterable[str]], Sequence[Kept]] = lambda _ids: ()


@dataclass(frozen=True)
class ExplainSources:
    """Where everything is read; `processor` is the citizen who pays ducats out.

    `object_of` reads an object of Stripe's, `history_of` what happened to a payment there, and
    `notices` what citizens were told about stratagems. `answering` looks up what a verdict needs.
    """

    payments: PaymentsPort
    object_of: Callable[[IdKind, str], StripeObject]
    history_of: Callable[[str], History]
    transfers: TransfersPort
    citizens: CitizensPort
    notices: Callable[[Sequence[str]], list[Happening]]
    answering: Reconciler
    processor: str


def explain(
    sources: ExplainSources, identity: str, setting: ExplainSettings
) -> Story | CitizenStory:
    """The story of the payment, transfer or citizen that an id names.

    Raises UsageError if the text is not an id of any kind, NotFoundError if neither side knows it,
    and what a read raises.
    """
    try:
        kind = kind_of_id(identity)
    except ValueError as error:
        raise UsageError(f"{str(error).capitalize()}.", f"Accepted: {FORMS}.") from None
    teller = _Teller(sources, identity, setting)
    if kind is IdKind.NAME:
        return teller.named()
    return teller.of_payment(identity) if kind is IdKind.PAYMENT else teller.of_object(kind)


_GONE = (
    "the journal shows what was sent for it. If its row was made, the row has vanished, and may "
    "have been executed before: look in Airtable's trash and history before anybody pays again"
)


@dataclass(frozen=True)
class _Teller:
    """One explanation under way."""

    sources: ExplainSources
    identity: str
    setting: ExplainSettings

    def of_object(self, kind: IdKind) -> Story | CitizenStory:
        """An event, refund, session or dispute: the story of its payment."""
        subject = self.sources.object_of(kind, self.identity)
        # Stripe forgets events after a month; the journal does not.
        events = self.setting.received([self.identity])
        said = f"; {subject.sale.described}" if subject.sale else ""
        if payment_id := subject.payment or payment_of(events):
            try:
                return self.of_payment(payment_id, subject.sale)
            except NotFoundError:
                if not subject.is_known:
                    raise
            said = f"; it names {payment_id}, which this Stripe key does not know"
        if not subject.is_known:
            return self.named()
        verdict = Verdict(f"Stripe knows this {kind}, and no payment belongs to it{said}")
        happenings = in_order(list(received(events)))
        return Story(self.identity, f"{kind} {self.identity}", verdict, happenings)

    def of_payment(self, payment_id: str, sale: SessionSale | None = None) -> Story | CitizenStory:
        """A payment, paid or not, known to Stripe or only to Venice; `sale` is from its session."""
        past = self.sources.history_of(payment_id)
        past.sale = past.sale or sale
        charges = self.sources.payments.portions(payment_id) if past.is_known else ()
        if charges:
            return self._paid(charges[0], past) if len(charges) == 1 else self._many(charges, past)
        if rows := self.sources.transfers.identified(payment_id):
            return self._transfer(rows, past)
        if not past.is_known:
            return self.named()
        verdict = Verdict("no paid purchase of ducats: nothing is owed for it")
        if past.is_paid and past.sale:
            verdict = unsold(past.sale)
        return self._story(f"payment {payment_id}", verdict, past, named=[payment_id])

    def named(self) -> Story | CitizenStory:
        """A transfer by its id, else a citizen, else what only the journal knows."""
        rows = self.sources.transfers.identified(self.identity)
        if rows:
            owner = self._neighbours.owner_of(rows[0])
            if owner is None:
                return self._transfer(rows, History())
            return self._paid(owner, self.sources.history_of(owner.payment_id))
        found = self._citizen()
        if found:
            return found
        is_key = is_own_key(self.identity)
        if is_key and (entries := list(self.setting.entries(self.identity))):
            return Story(
                self.identity,
                f"transfer {self.identity}",
                Verdict(f"Venice's base shows no such transfer; {_GONE}"),
                in_order(list(journaled(entries))),
            )
        events = self.setting.received([self.identity])
        if not events:
            raise self._unknown()
        verdict = Verdict(
            "the webhook received events about it; this Stripe key and Venice know nothing of it"
        )
        payment_id = payment_of(events) or self.identity
        return self._story(f"event of {payment_id}", verdict, History(), named=[payment_id])

    def _citizen(self) -> CitizenStory | None:
        read = self.sources
        stories = CitizenStories(
            read.payments, read.transfers, read.citizens, read.answering, read.processor
        )
        return stories.tell(self.identity, self.setting.window, self.setting.terms)

    @property
    def _neighbours(self) -> NeighbouringCharges:
        return NeighbouringCharges(self.sources.payments, self.sources.transfers)

    def _unknown(self) -> UsageError | NotFoundError:
        if is_cut_off(self.identity):
            what = f"{self.identity[:80]!r} begins like a Stripe id, but is not one."
            return UsageError(what, f"Accepted: {FORMS}.")
        near = similar_line(
            self.sources.transfers,
            self.identity,
            "explain",
            usernames=self.sources.citizens.usernames,
        )
        return NotFoundError(
            f"Neither Stripe nor Venice knows {self.identity[:80]!r}.",
            near or f"Accepted: {FORMS}. Stripe keeps events for 30 days, test and live apart.",
        )

    def _paid(self, charge: Charge, past: History) -> Story:
        snapshot, terms = self._neighbours.snapshot_of([charge]), self.setting.terms
        snapshot = replace(snapshot, lookups=self.sources.answering.lookups(snapshot, terms))
        items = reconcile(snapshot, terms).items
        item = next(item for item in items if item.charge and item.charge.id == charge.id)
        verdict, rows = verdict_of(item), item.stratagems
        if item.kind is Kind.UNATTRIBUTABLE and past.sale:
            verdict = with_sale(verdict, past.sale, charge)
        subject = f"payment {charge.payment_id}"
        beside = (*item.returns, *item.corrections, *item.mentioned)
        return self._story(subject, verdict, past, rows, charge, returns=beside)

    def _many(self, charges: Sequence[Charge], past: History) -> Story:
        """A payment for many citizens, with the verdict on each."""
        snapshot, terms = self._neighbours.snapshot_of(charges), self.setting.terms
        snapshot = replace(snapshot, lookups=self.sources.answering.lookups(snapshot, terms))
        named = {charge.id for charge in charges}
        found = [i for i in reconcile(snapshot, terms).items if i.charge and i.charge.id in named]
        payment = SplitPayment(charges, tuple(found))
        return self._story(
            f"payment {payment.whole.payment_id}",
            payment.verdict,
            past,
            payment.rows,
            payment.whole,
            named=[charge.stratagem_id for charge in charges],
            returns=payment.returns,
            many=payment,
        )

    def _transfer(self, rows: Sequence[Stratagem], past: History) -> Story:
        """A transfer that no payment accounts for: by hand, or an orphan."""
        row, terms = rows[0], self.setting.terms
        snapshot = TransferSnapshots(self.sources.payments, self.sources.transfers).snapshot_of(
            rows
        )
        snapshot = replace(snapshot, lookups=self.sources.answering.lookups(snapshot, terms))
        found = (item for item in reconcile(snapshot, terms).items if row in item.stratagems)
        item = next(found, None)
        verdict = Verdict(f"credited by hand: {row.reason}", evidence=(describe(row, terms),))
        name = f"transfer {row.name}"
        taking = item.corrections if item else ()
        return self._story(name, verdict_of(item) if item else verdict, past, rows, returns=taking)

    def _story(
        self,
        subject: str,
        verdict: Verdict,
        past: History,
        rows: Sequence[Stratagem] = (),
        charge: Charge | None = None,
        *,
        named: Iterable[str] = (),
        returns: Sequence[Stratagem] = (),
        many: SplitPayment | None = None,
    ) -> Story:
        terms = self.setting.terms
        forbidden = list(past.forbidden)
        happenings = [*past.happenings, *self._notices((*rows, *returns), forbidden)]
        named = set(named)
        happenings += self._received({*named, *_payments(charge, rows)})
        for row in (*rows, *returns):
            happenings += past_of(row, terms)
        keys = {r.stratagem_id for r in (*rows, *returns)}
        keys |= {charge.stratagem_id} if charge else set()
        keys |= {name for name in named if payment_id_in(name)}
        keys |= set(_decision_keys(charge, rows, many))
        suffixes = many.suffixes if many else [charge.suffix if charge else ""]
        for key in sorted(keys | _refund_keys(past.happenings, suffixes)):
            happenings += journaled(self.setting.entries(key))
        balances = self._balances(charge, () if many else rows)
        found = ChecklistFacts(charge, rows, balances, self.sources.processor, forbidden, many)
        return Story(
            self.identity,
            subject,
            verdict,
            in_order(happenings),
            tuple(checklist(found, terms)),
            charge,
            tuple(rows),
            balances,
            (*past.gaps, *forbidden),
            many.lines if many else (),
        )

    def _received(self, payments: Iterable[str]) -> Iterable[Happening]:
        return received(self.setting.received([self.identity, *payments]))

    def _notices(self, rows: Sequence[Stratagem], forbidden: list[str]) -> list[Happening]:
        ids = [row.stratagem_id for row in rows if row.stratagem_id]
        try:
            return self.sources.notices(ids) if ids else []
        except (RightsError, SchemaError) as error:
            forbidden.append(f"notifications: {error.message}")
            return []

    def _balances(self, charge: Charge | None, rows: Sequence[Stratagem]) -> CitizenBalances:
        named = [charge.citizen if charge else None, *(row.citizen for row in rows)]
        citizen = next((name for name in named if name), None)
        processor = self.sources.processor
        found = self.sources.citizens.balances([processor, *([citizen] if citizen else [])])
        return CitizenBalances(found.get(processor), found.get(citizen) if citizen else None)


def _refund_keys(happenings: Iterable[Happening], suffixes: Iterable[str]) -> set[str]:
    """The keys under which the journal keeps decisions about the payment's refunds."""
    kinds = {IdKind.REFUND, IdKind.DISPUTE}
    refunds = {h.identity for h in happenings if h.identity and kind_of_id(h.identity) in kinds}
    return {refund_key(refund + suffix) for suffix in suffixes for refund in refunds}


def _decision_keys(
    charge: Charge | None, rows: Iterable[Stratagem], many: SplitPayment | None
) -> Iterator[str]:
    """The keys under which the journal keeps people's decisions about the payment or transfer."""
    if many:
        yield from (decision_key(one.payment_id) for one in many.charges)
    elif charge:
        yield decision_key(charge.payment_id)
    else:
        yield from (decision_key(row.record_id) for row in rows)


def _payments(charge: Charge | None, rows: Sequence[Stratagem]) -> Iterator[str]:
    """The ids by which an event may name the story's payment."""
    if charge:
        yield from charge.names
        if charge.period:
            yield charge.period.invoice
    for row in rows:
        yield from map(whole_id, named_payments(row))
