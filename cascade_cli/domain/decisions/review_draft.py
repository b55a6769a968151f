"""What a review offers for a case, and what a person has chosen there but not carried out yet.

A draft is not a decision: nobody else sees it, and it moves nothing. Like a decision, it rests on
facts.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from typing import Any

from cascade_cli.domain.decisions.credit_decision import (
    due_to_buyer,
    is_delivered_by_own_key,
    own_ducats,
)
from cascade_cli.domain.decisions.decision_plan import Subject, Wish, transfer_sentence
from cascade_cli.domain.decisions.take_back_decision import still_to_take, surpluses
from cascade_cli.domain.discrepancies.evidence import describe
from cascade_cli.domain.discrepancies.item_decisions import first_decision
from cascade_cli.domain.matching.settled_by import mentioned_by
from cascade_cli.domain.records.decisions import Facts, How, what_changed
from cascade_cli.domain.records.orders import Override
from cascade_cli.domain.records.stratagems import State
from cascade_cli.domain.selling.price_guard import paid_for, price_objection
from cascade_cli.domain.shop.money import ZERO, format_optional, rounded
from cascade_cli.domain.shop.times import rfc3339


@dataclass(frozen=True)
class Offer:
    """One decision that fits a case, as a sentence.

    `condition` is what has to be found out before the safest decision is safe.
    """

    how: How
    what: str
    is_safest: bool
    condition: str = ""


def offers_for(subject: Subject) -> tuple[Offer, ...]:
    """The decisions that fit, in the table's order."""
    best = safest(subject)
    return tuple(
        Offer(how, _sentence(subject, how), how is best, _condition(subject, how, best))
        for how in subject.choice
    )


def safest(subject: Subject) -> How | None:
    """The decision that is printed beside the case, so that print and review give the same advice.

    None if a refund is to be carried out, which is not a decision.
    """
    if not subject.choice or refund_offered(subject):
        return None
    return first_decision(subject.item, subject.matched, subject.terms.now)[0]


def refund_offered(subject: Subject) -> str:
    """What `cascade refund` does, if that is printed beside the case; empty if it is not."""
    matched, repair = subject.matched, subject.item.repair
    if matched is None or repair is None or not repair.command.startswith("cascade refund "):
        return ""
    if matched.to_return:
        ducats = rounded(matched.to_return)
        return f"refund: take {ducats} ducats back from {matched.as_decided.citizen!r}"
    if matched.to_give_again:
        ducats = rounded(matched.to_give_again)
        return f"refund: give {matched.as_decided.citizen!r} {ducats} ducats again"
    return f"refund: give {matched.as_decided.citizen!r} what the rest of the money bought"


def _condition(subject: Subject, how: How, best: How | None) -> str:
    """What a person has to know before taking the offered decision; usually nothing."""
    if how is not best:
        return ""
    if how in {How.MOVED, How.NOT_MOVED}:
        return "once the balances show it"
    if how is How.TAKE_BACK and subject.matched is None:
        return "if nobody can say who made it"
    if how is How.CREDIT and (needs_buyer(subject) or needs_ducats(subject)):
        return "once you know who gets how many"
    if how is How.CREDIT and any(hurdles(subject, Wish(How.CREDIT, ""))):
        return "once you know that it is owed"
    return ""


def _sentence(subject: Subject, how: How) -> str:
    if how is How.CREDIT:
        return _credit(subject)
    if how is How.TAKE_BACK:
        return _take_back(subject)
    if how is How.ACCEPT and subject.matched and subject.matched.to_return:
        ducats = rounded(subject.matched.to_return)
        return f"accept: {ducats} ducats are written off"
    return _SENTENCES[how]


_SENTENCES = {
    How.SETTLED_BY: "settled by a transfer that a person made: you say which",
    How.MOVED: "its ducats have moved: nothing more goes out",
    How.NOT_MOVED: "its ducats have not moved: it may be tried again",
    How.ACCEPT: "accept: nothing will be done",
    How.SNOOZE: "put it off: you say for how long",
}


def _credit(subject: Subject) -> str:
    matched = subject.matched
    if matched is None or needs_buyer(subject):
        return "give the buyer the ducats: you say who it is"
    is_own = is_delivered_by_own_key(matched)
    wish = Wish(How.CREDIT, "")
    ducats = own_ducats(matched, wish) if is_own else due_to_buyer(matched, wish)
    if is_own and not ducats:
        return f"give {matched.as_decided.citizen!r} the ducats: you say how many"
    amount = f"{rounded(ducats)} ducats" if ducats else "what is missing"
    return f"give {matched.as_decided.citizen!r} {amount}"


def _take_back(subject: Subject) -> str:
    found = list(surpluses(subject))
    live = [one for one in found if one.row.state(subject.terms.now) is State.LIVE]
    ducats = sum((still_to_take(one, subject) for one in live or found), ZERO)
    whose = " and ".join(dict.fromkeys(repr(one.row.citizen) for one in live or found))
    amount = f"{rounded(ducats)} ducats"
    if live:
        return f"stop {amount} for {whose} before the engine's next run"
    return f"take {amount} back from {whose}"


def needs_buyer(subject: Subject) -> bool:
    """To credit it, a person has to name the buyer: the payment names nobody, the citizen does not
    exist, or the name may belong to another person by now."""
    matched = subject.matched
    if matched is None or not is_delivered_by_own_key(matched):
        return False
    return not matched.as_decided.citizen or matched.is_unknown or bool(matched.identity_doubt)


def needs_ducats(subject: Subject) -> bool:
    """To credit it, a person has to say how many ducats."""
    matched = subject.matched
    return bool(matched and is_delivered_by_own_key(matched) and not matched.as_decided.ducats)


@dataclass(frozen=True)
class Hurdle:
    """A reason against a credit, which a person has to overrule."""

    why: str
    override: Override | None = None
    """None if a credit by hand may already have been this credit."""

    def taken_by(self, wish: Wish) -> Wish:
        """The wish of a person who has overruled this."""
        if self.override is None:
            return replace(wish, again=True)
        return replace(wish, overrides=wish.overrides | {self.override})


def hurdles(subject: Subject, wish: Wish) -> Iterator[Hurdle]:
    """What to ask a person before the credit."""
    matched = subject.matched
    if matched is None or wish.how is not How.CREDIT:
        return
    if row := mentioned_by(matched):
        yield Hurdle(f"A credit by hand mentions it: {transfer_sentence(row)}")
    if not is_delivered_by_own_key(matched):
        if matched.price_objection and not due_to_buyer(matched, wish):
            yield Hurdle(matched.price_objection.why, Override.UNDERPAID)
        return
    ducats = own_ducats(matched, wish)
    sold = replace(matched.charge, ducats=matched.charge.ducats or ducats)
    price = price_objection(sold, matched.terms.prices)
    if price and ducats and ducats > paid_for(sold, matched.terms.prices):
        yield Hurdle(price.why, Override.UNDERPAID)
    # One override is for all such rows, so one question is enough.
    for row in matched.unclear:
        if row not in matched.mentioned:
            yield Hurdle(f"May be its transfer: {describe(row, matched.terms)}", Override.AMBIGUOUS)
            return


@dataclass(frozen=True)
class Draft:
    """What was chosen.

    `named` is the record that it is about, if a single transfer is meant; `settles` is the record
    of the transfer that settles the case. With `is_refund` it is not a decision: the refund is to
    be carried out as `cascade refund` does it.
    """

    case: str
    wish: Wish
    facts: Facts
    named: str = ""
    settles: str = ""
    is_refund: bool = False

    @property
    def described(self) -> str:
        """A few words for people."""
        return "refund" if self.is_refund else f"{self.wish.how.option}: {self.wish.reason}"

    @property
    def identity(self) -> str:
        """The id by which the case is found again."""
        return self.named or self.case

    def change(self, now: Facts) -> str:
        """What has changed since in the facts on which the draft rests; empty if nothing has."""
        return what_changed(self.facts, now, beyond_rows=self.wish.how.closes)

    def document(self) -> dict[str, Any]:
        """The draft as the journal keeps it."""
        wish = self.wish
        return {
            "case": self.case,
            "named": self.named,
            "settles": self.settles,
            "facts": self.facts.document(),
            "how": wish.how.value,
            "reason": wish.reason,
            "ducats": format_optional(wish.ducats),
            "citizen": wish.citizen,
            "until": rfc3339(wish.until) if wish.until else None,
            "overrides": sorted(wish.overrides),
            "again": wish.again,
            "is_refund": self.is_refund,
        }

    @classmethod
    def of(cls, document: Mapping[str, Any]) -> Draft:
        """From what the journal kept."""
        ducats, until = document["ducats"], document["until"]
        wish = Wish(
            How(document["how"]),
            document["reason"],
            ducats=Decimal(ducats) if ducats else None,
            citizen=document["citizen"],
            until=datetime.fromisoformat(until) if until else None,
            overrides=frozenset(map(Override, document["overrides"])),
            again=document["again"],
        )
        facts = Facts.of(document["facts"])
        named, settles = document["named"], document["settles"]
        is_refund = document.get("is_refund", False)
        return cls(document["case"], wish, facts, named, settles, is_refund)


def draft_of(subject: Subject, wish: Wish) -> Draft:
    """What a person has chosen about the case as it is now."""
    settles = wish.settles.record_id if wish.settles else ""
    return Draft(subject.name, wish, subject.facts, subject.named, settles)


def refund_draft(subject: Subject) -> Draft:
    """The refund of the case as it is now."""
    wish = Wish(How.TAKE_BACK, "money went back")
    return Draft(subject.name, wish, subject.facts, is_refund=True)
