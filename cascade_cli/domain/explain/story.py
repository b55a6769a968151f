"""The story of a payment, a transfer or a citizen: what happened when, and the verdict."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from decimal import Decimal
from enum import StrEnum

from cascade_cli.domain.discrepancies.items import Item
from cascade_cli.domain.discrepancies.kinds import Kind, Severity
from cascade_cli.domain.discrepancies.repair_command import Repair
from cascade_cli.domain.records.charges import Charge
from cascade_cli.domain.records.decisions import Decision
from cascade_cli.domain.records.stratagems import Stratagem
from cascade_cli.domain.shop.money import format_ducats, read_ducats
from cascade_cli.domain.shop.shell import command
from cascade_cli.domain.shop.times import Window


class Reporter(StrEnum):
    """Who reports a happening."""

    STRIPE = "stripe"
    JOURNAL = "journal"
    VENICE = "venice"


_ORDER = {source: rank for rank, source in enumerate(Reporter)}


@dataclass(frozen=True)
class Happening:
    """One thing that happened; `identity` is the id of what it happened to."""

    at: datetime
    source: Reporter
    what: str
    identity: str = ""


@dataclass(frozen=True)
class ChecklistAnswer:
    """One question of the troubleshooting checklist; `passed` is None if nobody can tell."""

    question: str
    passed: bool | None
    evidence: str


@dataclass(frozen=True)
class Verdict:
    """The verdict of a story. `kind` is reconciliation's, None if there is nothing to reconcile."""

    sentence: str
    kind: Kind | None = None
    severity: Severity = Severity.NONE
    evidence: tuple[str, ...] = ()
    advice: str = ""
    repair: Repair | None = None
    decision: Decision | None = None
    reopened: str = ""

    @property
    def is_open(self) -> bool:
        """A person or a machine must act on it."""
        is_left = self.decision and self.decision.how.closes and not self.reopened
        return bool(self.kind and self.kind.is_discrepancy and not is_left)


@dataclass(frozen=True)
class SessionSale:
    """What a Checkout Session's own metadata sells, as text. Stripe does not copy it to the
    payment."""

    session: str
    citizen: str
    ducats: str

    @property
    def described(self) -> str:
        """What the metadata says, as the end of a sentence."""
        whom = f" for {self.citizen[:80]!r}" if self.citizen else ""
        ducats = f"{self.ducats[:40]!r} ducats" if self.ducats else "ducats"
        return f"checkout session {self.session} names {ducats}{whom} in metadata of its own"


@dataclass(frozen=True)
class StripeObject:
    """What Stripe says about an object: its payment, if it has one; for a session also its sale."""

    is_known: bool
    payment: str | None = None
    sale: SessionSale | None = None


@dataclass
class History:
    """One payment's past.

    `ids` are all its objects. `forbidden` is what the key may not read, `gaps` what Stripe itself
    no longer has, `sale` what its Checkout Session's metadata sells.
    """

    is_known: bool = False
    is_paid: bool = False
    sale: SessionSale | None = None
    happenings: list[Happening] = field(default_factory=list)
    ids: set[str] = field(default_factory=set)
    gaps: list[str] = field(default_factory=list)
    forbidden: list[str] = field(default_factory=list)

    def add(self, at: int | datetime, what: str, identity: str) -> None:
        """Record that something happened, at Stripe's time."""
        moment = at if isinstance(at, datetime) else datetime.fromtimestamp(at, UTC)
        self.happenings.append(Happening(moment, Reporter.STRIPE, what, identity))
        self.ids.add(identity)


@dataclass(frozen=True)
class CitizenBalances:
    """Ducats now; None if the citizen does not exist or was not asked for."""

    processor: Decimal | None = None
    citizen: Decimal | None = None


@dataclass(frozen=True)
class Story:
    """One payment or transfer.

    `gaps` says what could not be read, and why. `portions` says how each citizen of a payment for
    many stands.
    """

    identity: str
    subject: str
    verdict: Verdict
    happenings: tuple[Happening, ...]
    checks: tuple[ChecklistAnswer, ...] = ()
    charge: Charge | None = None
    stratagems: tuple[Stratagem, ...] = ()
    balances: CitizenBalances = field(default_factory=CitizenBalances)
    gaps: tuple[str, ...] = ()
    portions: tuple[StoryLine, ...] = ()


@dataclass(frozen=True)
class StoryLine:
    """One payment or transfer of a citizen; `at` is when it was paid or made."""

    at: datetime
    identity: str
    what: str
    verdict: Verdict


@dataclass(frozen=True)
class CitizenStory:
    """What a citizen bought and was sent in the window, oldest first."""

    citizen: str
    exists: bool
    similar: tuple[str, ...]
    window: Window
    lines: tuple[StoryLine, ...]
    balances: CitizenBalances


def in_order(happenings: list[Happening]) -> tuple[Happening, ...]:
    """In order of time.

    Stripe and Venice give times only to the second. Within one second, a payment comes before what
    was done about it, and that before what Venice shows of it.
    """
    return tuple(
        sorted(happenings, key=lambda h: (h.at.replace(microsecond=0), _ORDER[h.source], h.at))
    )


def verdict_of(item: Item) -> Verdict:
    """Reconciliation's verdict. A repair that would only be to read this story is left out."""
    repair = item.repair
    if repair and repair.command.startswith("cascade explain "):
        repair = None
    return Verdict(
        sentence=item.verdict or item.conclusion,
        kind=item.kind,
        severity=item.severity,
        evidence=item.evidence,
        advice=item.advice,
        repair=repair,
        decision=item.decision,
        reopened=item.reopened,
    )


def unsold(sale: SessionSale) -> Verdict:
    """The verdict for a payment that was paid, but carries nothing of what its session sold."""
    return Verdict(f"the payment names no ducats: {sale.described}{_NOT_COPIED}", advice=_COPY)


def with_sale(verdict: Verdict, sale: SessionSale, charge: Charge) -> Verdict:
    """The verdict for a payment that names no usable citizen or amount, although its session
    does."""
    sentence = f"{verdict.sentence}; {sale.described}{_NOT_COPIED}"
    return replace(verdict, sentence=sentence, advice=_COPY, repair=_credit(sale, charge))


def _credit(sale: SessionSale, charge: Charge) -> Repair | None:
    citizen, ducats = charge.citizen or sale.citizen, charge.ducats or read_ducats(sale.ducats)
    if not (citizen.strip() and ducats) or charge.refunded_cents or charge.disputed:
        return None
    options = ("--payment", charge.payment_id, "--reason", "paid but not delivered")
    return Repair(command("credit", *options, "--", citizen, format_ducats(ducats)))


_NOT_COPIED = ", which Stripe does not copy to the payment"
_COPY = (
    "Put citizen_id and ducat_amount into the payment's metadata at Stripe: then every command "
    "sees them. In the shop's code that makes sessions, set payment_intent_data.metadata."
)
