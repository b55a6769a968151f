"""What is known of a charge or transfer, in plain sentences with times and ids."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from cascade_cli.domain.matching.matched_charge import MatchedCharge, Terms
from cascade_cli.domain.matching.matching import Match, Rule
from cascade_cli.domain.records.charges import Charge
from cascade_cli.domain.records.gifts import Gift
from cascade_cli.domain.records.stratagems import Ruling, State, Stratagem
from cascade_cli.domain.selling.price_guard import price_objection
from cascade_cli.domain.shop.money import CURRENCY, ZERO, format_ducats, format_money
from cascade_cli.domain.shop.times import format_moment


def evidence_of(matched: MatchedCharge) -> Iterator[str]:
    """The payment, then each stratagem, then what limits the verdict."""
    yield from _sale(matched)
    yield from _transfers(matched)
    for row in matched.returns:
        whom = f"from {row.payer!r}" if row.payer else f"again to {row.citizen!r}"
        ducats = format_ducats(row.ducats or ZERO)
        yield f"{ducats} ducats back {whom}: {describe(row, matched.terms)}"
    yield from _decided_on(matched)
    yield from _limits(matched)


def _decided_on(matched: MatchedCharge) -> Iterator[str]:
    """What people did about it, beside its own transfers."""
    for row in matched.corrections:
        ducats = format_ducats(row.ducats or ZERO)
        yield f"corrected: {ducats} ducats to {row.citizen!r}: {describe(row, matched.terms)}"
    for row in matched.takebacks:
        ducats = format_ducats(row.ducats or ZERO)
        yield f"taken back: {ducats} ducats from {row.payer!r}: {describe(row, matched.terms)}"
    for row in matched.mentioned:
        ducats = format_ducats(row.ducats or ZERO)
        yield (
            f"a credit by hand mentions it, {ducats} ducats to {row.citizen!r}: "
            f"{describe(row, matched.terms)} ({row.reason})"
        )


def _sale(matched: MatchedCharge) -> Iterator[str]:
    yield _payment(matched.charge)
    if matched.charge.gift:
        yield describe_gift(matched.charge.gift)
    if matched.charge.period:
        yield f"a subscription's payment for {matched.charge.period.described}"
    if matched.as_decided.citizen != matched.charge.citizen:
        named = (
            f"{matched.charge.citizen!r}, replaced by a person"
            if matched.charge.citizen
            else "no citizen"
        )
        yield f"the payment names {named}; its stratagem names {matched.as_decided.citizen!r}"


def _transfers(matched: MatchedCharge) -> Iterator[str]:
    """Its own transfers, those that may be its own, and those that have vanished."""
    for match in sorted(
        matched.matches, key=lambda m: (m.stratagem.created_at, m.stratagem.record_id)
    ):
        yield describe(match.stratagem, matched.terms)
        yield from _how_matched(match)
    if not matched.moving:
        for row in matched.late:
            yield (
                f"ambiguous: perhaps its own, made {format_moment(row.created_at)} for the same "
                f"citizen and amount; no payment surely owns it: {describe(row, matched.terms)}"
            )
    if matched.has_vanished:
        yield from matched.past.evidence()
        yield "look for the row in Airtable's trash and history before anybody pays again"


def _limits(matched: MatchedCharge) -> Iterator[str]:
    if row := matched.let_go:
        yield from _let_go(matched, row)
    if matched.written_off:
        written_off = format_ducats(matched.written_off)
        yield f"{written_off} ducats were written off: nobody takes them back"
    if matched.is_void and not matched.has_vanished:
        yield "all money went back before any ducats moved: nothing is owed"
    elif matched.cents_back and not matched.moving:
        back = format_money(
            matched.charge.own_share_of(matched.cents_back), matched.charge.currency
        )
        yield f"{back} went back to the payer: what the rest of it bought is still owed"
    if matched.is_contested and not matched.moving:
        yield "the payer disputes it: deliver only if the dispute is won"
    if matched.charge.currency != CURRENCY:
        yield matched.terms.prices.valuation_rate_of(matched.charge).why


def _let_go(matched: MatchedCharge, row: Stratagem) -> Iterator[str]:
    if short := price_objection(matched.as_decided, matched.terms.prices):
        by = f"by {row.made_by}" if row.made_by else "by a person"
        made = format_moment(row.created_at)
        yield f"released although it was not paid for in full, {by}, {made}: {short.why}"


def _payment(charge: Charge) -> str:
    sold = f"{format_ducats(charge.ducats)} ducats" if charge.ducats else "ducats"
    bought = f"{charge.own_money} for {sold}"
    paid = f"paid {format_moment(charge.created_at)}, {bought} ({charge.payment_id})"
    if (portion := charge.portion) is None:
        return paid
    whole = format_money(charge.captured_cents, charge.currency)
    return f"{paid}: citizen {portion.number} of {portion.of} of a payment of {whole}"


def describe_gift(gift: Gift) -> str:
    """Who the giver is. For the operator, who may know everything."""
    hidden = ", who is not to be named" if gift.anonymous else ""
    return f"a gift from {gift.giver!r}{hidden}"


def _how_matched(match: Match) -> Iterator[str]:
    name = match.stratagem.stratagem_id
    if match.rule is Rule.NEAREST:
        yield f"{name} names no payment: matched by citizen, amount and time"
    if match.rule is Rule.SURPLUS:
        yield f"{name} names no payment and no other payment fits it: a second credit of this one"
    if match.rivals:
        rivals = ", ".join(match.rivals)
        yield f"at the same second {rivals} would fit just as well"


def describe(stratagem: Stratagem, terms: Terms) -> str:
    """One stratagem: its id, Venice's status, and what that means now."""
    head = f"stratagem {stratagem.name}"
    details = [stratagem.status or "without status", *_meaning(stratagem, terms)]
    if stratagem.notes_flaw:
        details.append(stratagem.notes_flaw)
    if stratagem.other_processor:
        does = "receives" if stratagem.payer else "pays"
        details.append(f"{stratagem.other_processor!r} {does} it, not the processor")
    return f"{head} {', '.join(details)}"


def _meaning(stratagem: Stratagem, terms: Terms) -> Iterator[str]:
    if stratagem.executed_at:
        yield f"executed {format_moment(stratagem.executed_at)}"
    if stratagem.ruling:
        yield _RULED[stratagem.ruling]
    if stratagem.state(terms.now) is State.DOUBTFUL:
        yield stratagem.doubt
    elif stratagem.failure_text and stratagem.status != "executed":
        yield stratagem.failure_text
    if stratagem.status == "active":
        yield _expiry(stratagem.expires_at, terms.now)
    if stratagem.state(terms.now) is State.LIVE:
        yield from _prospect(stratagem, terms)


_RULED = {
    Ruling.MOVED: "a person found that it moved its ducats",
    Ruling.NOT_MOVED: "a person found that it moved nothing",
}


def _expiry(expires_at: datetime | None, now: datetime) -> str:
    if expires_at is None:
        return "without an expiry, so that the engine takes it at any run"
    verb = "expires" if expires_at > now else "expired"
    return f"{verb} {format_moment(expires_at)}"


def _prospect(stratagem: Stratagem, terms: Terms) -> Iterator[str]:
    yield f"next engine run {terms.schedule.describe(terms.now)}"
    if stratagem.expires_at and stratagem.expires_at <= terms.schedule.next_run(terms.now):
        yield "which comes too late for it"
    elif terms.now - stratagem.created_at > terms.schedule.longest_wait:
        yield "though the engine should have taken it by now"
