"""What to type next about a discrepancy, and whether a machine may do it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime

from cascade_cli.domain.discrepancies.findings import Discrepancy
from cascade_cli.domain.discrepancies.kinds import Kind
from cascade_cli.domain.discrepancies.refund_plan import obstacle_in
from cascade_cli.domain.matching.matched_charge import MatchedCharge
from cascade_cli.domain.records.orders import (
    Override,
    credit_although,
    enough,
    is_exact,
    refund_although,
)
from cascade_cli.domain.records.stratagems import Failure, State
from cascade_cli.domain.shop.money import format_ducats
from cascade_cli.domain.shop.shell import command


@dataclass(frozen=True)
class Repair:
    """`automatic` is true where `reconcile --repair` does it without a person's judgement; it
    `ends_surplus` where all there is to do is to keep the engine from rows beyond the one due, and
    `leaves_rest` where it does not see to it that this one arrives. `brief` is the same command in
    fewer columns, where there is one."""

    command: str
    automatic: bool = False
    ends_surplus: bool = False
    leaves_rest: bool = False
    # Two ways to write one step are one step.
    brief: str = field(default="", compare=False)


def explain(identity: str) -> Repair:
    """Let a person read the whole story."""
    end_of_options = ("--",) if identity.startswith("-") else ()
    return Repair(command("explain", *end_of_options, identity))


def repair_for(matched: MatchedCharge, found: tuple[Discrepancy, ...]) -> Repair | None:
    """The next step for the gravest of the findings; None where there is nothing to do, or a person
    has to decide what."""
    return _next_step(matched, found) if found and not _is_for_people(matched) else None


def _next_step(matched: MatchedCharge, found: tuple[Discrepancy, ...]) -> Repair | None:
    kind = found[0].kind
    if kind in {Kind.MISSING, Kind.STALLED, Kind.FAILED}:
        return _deliver(matched, found)
    if _is_only_surplus(matched, found):
        return _end_surplus(matched)
    # Of several names that look alike, a person says which one was meant.
    is_one = len(matched.similar_citizens) == 1
    if kind is Kind.UNKNOWN_CITIZEN and is_one and not money_is_open(matched):
        return _credit(matched, matched.similar_citizens[0], automatic=False)
    is_back = kind is Kind.REFUNDED or (kind is Kind.DISPUTED and bool(matched.to_return))
    # What could not be had yesterday is a debt: to ask for it every night closes nothing.
    is_tried = bool(matched.debt) and matched.debt >= matched.to_return
    is_tried &= not matched.can_return(matched.buyer.citizen or "")
    if is_back and not is_tried and not matched.has_vanished and not refund_refuses(matched):
        return Repair(command("refund", matched.charge.payment_id))
    return None


def refund_refuses(matched: MatchedCharge) -> bool:
    """`cascade refund` would move nothing: another may have the citizen's name, or the rows say no.
    What has not arrived it ends all the same."""
    return bool(obstacle_in(matched) or (matched.successor and not matched.by_state[State.LIVE]))


def _is_for_people(matched: MatchedCharge) -> bool:
    """There is something to deliver, and only a person may say whether, or to whom."""
    is_open = bool(matched.outstanding) and not matched.moving
    return is_open and bool(matched.price or matched.successor or matched.unclear)


def decision_about(matched: MatchedCharge) -> str:
    """What a person can do about ducats that no machine may deliver at that price, to that citizen,
    or beside another transfer that may be theirs; empty for all else."""
    if _is_of_another(matched):
        return f"{_ANOTHER} {_what_of_another(matched)}"
    if not _is_for_people(matched) or matched.has_vanished:
        return ""
    if money_is_open(matched) or matched.charge.disputed:
        return _about_the_rest(matched)
    if not (matched.price or matched.unclear):
        return (
            "Find out whether it is the same person. If not, give the money back in Stripe. If so: "
            f"{_although(matched)}"
        )
    if not _whom_to_credit(matched):
        return "Find the buyer by Stripe's receipt. Then " + _TO_SOMEBODY
    look = "Look whether the transfer named above is this payment's. If it is not: "
    paid = f"This gives the {format_ducats(matched.owed)} ducats that were paid for. Or decide"
    decide = "give the money back in Stripe, or deliver all the same: "
    decide = f"{paid if matched.owed else 'Decide'}: {decide}"
    return f"{look if matched.unclear else ''}{decide if matched.price else ''}{_although(matched)}"


def _about_the_rest(matched: MatchedCharge) -> str:
    """Where nothing but the price keeps `cascade refund` from delivering it, a person may."""
    others = matched.unclear or matched.successor or matched.is_unknown or matched.is_young
    is_left = owes_rest(matched) or not (money_is_open(matched) or _is_decided(matched))
    if (
        not (matched.price and matched.charge.citizen and matched.charge.ducats and is_left)
        or others
    ):
        return (
            "Decide whether the ducats are owed: then credit them by hand, with a --reference, and "
            "accept the case."
        )
    rest = refund_although(Override.UNDERPAID, matched.charge.payment_id)
    return f"Decide: give the rest of the money back in Stripe, or deliver what it paid: {rest}"


def _is_of_another(matched: MatchedCharge) -> bool:
    """What is to come back, or be given again, concerns a citizen who may be somebody else now."""
    is_open = bool(matched.to_return or matched.to_give_again) and not matched.has_vanished
    return is_open and refund_refuses(matched) and not obstacle_in(matched)


def _what_of_another(matched: MatchedCharge) -> str:
    if not matched.to_return:
        # A write-off is of what is to come back.
        return "If it is, credit by hand what was taken or kept back, with a --reference."
    write_off = command("refund", matched.charge.payment_id, "--write-off", _SETTLED)
    return f"What you have settled in Venice, or let go, write off: {write_off}"


_ANOTHER = (
    "Find out whether it is the same person, since cascade moves no ducats of a citizen who came "
    "after the delivery."
)
_SETTLED = "the citizen was made anew"
_TO_SOMEBODY = (
    "decide: give the money back in Stripe, or credit the payment to its buyer with "
    "--although-underpaid."
)


def _whom_to_credit(matched: MatchedCharge) -> str:
    """Whom a command may name: a citizen whom Venice does not have would be refused."""
    if not matched.is_unknown:
        return matched.buyer.citizen or ""
    return matched.similar_citizens[0] if len(matched.similar_citizens) == 1 else ""


def _although(matched: MatchedCharge) -> str:
    overrides = {Override.UNDERPAID: matched.price, Override.AMBIGUOUS: matched.unclear}
    reason = "delivered although underpaid" if matched.price else "paid but not delivered"
    return credit_although(
        (override for override, is_needed in overrides.items() if is_needed),
        matched.charge.payment_id,
        _whom_to_credit(matched),
        format_ducats(matched.sold),
        reason,
    )


def _deliver(matched: MatchedCharge, found: tuple[Discrepancy, ...]) -> Repair | None:
    if owes_rest(matched):
        return Repair(command("refund", matched.charge.payment_id))
    if money_is_open(matched) or not matched.buyer.citizen:
        return None
    if matched.executed:
        # Its own transfer is refused beside one that was executed and taken back: a person's
        # correction delivers it.
        return None
    if needs_funds(matched):
        return Repair(
            command("citizen", "replenish", "--by", format_ducats(enough(matched.outstanding)))
        )
    automatic = len(found) == 1 and not _is_decided(matched)
    if matched.charge.disputed:
        return Repair(command("refund", matched.charge.payment_id), automatic)
    return _credit(matched, matched.buyer.citizen, automatic=automatic)


def owes_rest(matched: MatchedCharge) -> bool:
    """Some of the money went back before anything was delivered: `cascade refund` delivers what the
    rest of it bought. A credit by hand beside that would pay it twice."""
    is_certain = not (matched.is_contested or matched.has_vanished or _is_decided(matched))
    return bool(matched.cents_back and matched.buyer.citizen and is_certain)


def money_is_open(matched: MatchedCharge) -> bool:
    """Some of the money went back, or may, or the ducats may have arrived by a row that vanished:
    what is still owed is for a person to say."""
    return bool(matched.cents_back) or matched.is_contested or matched.has_vanished


def _has_rivals(matched: MatchedCharge) -> bool:
    """Which row is whose makes no difference to what is owed, but to which of them is ended."""
    return any(match.rivals for match in matched.matches)


def _is_decided(matched: MatchedCharge) -> bool:
    """cascade cancels nothing: a cancelled row is a person's decision, for a person to undo."""
    return any(stratagem.status == "cancelled" for stratagem in matched.stratagems)


def needs_funds(matched: MatchedCharge) -> bool:
    """The engine refused for want of ducats, and the processor is not known to have them now."""
    refused = any(s.failure is Failure.NO_FUNDS for s in matched.by_state[State.FAILED])
    return refused and (
        matched.processor_ducats is None or matched.processor_ducats < matched.outstanding
    )


def _credit(matched: MatchedCharge, citizen: str, *, automatic: bool) -> Repair | None:
    if "\0" in citizen or not is_exact(matched.sold):
        # No shell can pass on such a name, and no transfer carries such an amount.
        return None
    ducats = format_ducats(matched.sold)
    options = ("--payment", matched.charge.payment_id, "--reason", "paid but not delivered")
    if citizen.startswith("-"):
        return Repair(command("credit", *options, "--", citizen, ducats), automatic)
    return Repair(command("credit", citizen, ducats, *options), automatic)


def _is_only_surplus(matched: MatchedCharge, found: tuple[Discrepancy, ...]) -> bool:
    """Whatever becomes of an open dispute, or of a price that was too low, nobody wants the ducats
    to arrive twice."""
    kinds = {finding.kind for finding in found}
    if Kind.DISPUTED in kinds and matched.to_return:
        return False
    return Kind.DUPLICATE in kinds and kinds <= {Kind.DUPLICATE, Kind.DISPUTED, Kind.UNDERPAID}


def _end_surplus(matched: MatchedCharge) -> Repair | None:
    """What is surely not executed yet can be ended; ducats that moved are for people."""
    now = matched.terms.now
    states = [row.state(now) for row in matched.moving]
    can_end = len(states) > 1 or any(r.state(now) is State.LIVE for r in matched.correcting)
    if not can_end or _has_rivals(matched) or not may_end_surplus(states):
        return None
    is_in_question = matched.charge.disputed or matched.price is not None
    return replace(reconcile_since(matched.charge.created_at), leaves_rest=is_in_question)


def may_end_surplus(states: Iterable[State]) -> bool:
    """Whether a machine may end transfers beyond the one that is due, in these states."""
    counts = Counter(states)
    return counts[State.EXECUTED] <= 1 and not counts[State.DOUBTFUL]


def reconcile_since(moment: datetime) -> Repair:
    """Let `reconcile --repair` end what is beyond the one transfer that is due."""
    again = command("reconcile", "--repair", "--since", f"{moment:%Y-%m-%d}")
    return Repair(again, automatic=True, ends_surplus=True)
