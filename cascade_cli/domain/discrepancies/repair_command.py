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
from cascade_cli.domain.records.orders import Override, credit_although, refund_although
from cascade_cli.domain.records.stratagems import Failure, State
from cascade_cli.domain.shop.money import enough, format_ducats, is_exact
from cascade_cli.domain.shop.shell import command


@dataclass(frozen=True)
class Repair:
    """What to type next.

    `automatic` is true if `reconcile --repair` does it without a person's judgement. `ends_surplus`
    means that it only keeps the engine from rows beyond the one that is due, `lets_lapse` that it
    does not make sure that the remaining one arrives. `brief` is a shorter form of the command, if
    there is one.
    """

    command: str
    automatic: bool = False
    ends_surplus: bool = False
    lets_lapse: bool = False
    # Repairs that differ only in how they are written are equal.
    brief: str = field(default="", compare=False)


def explain(identity: str) -> Repair:
    """The command with which a person reads the whole story."""
    end_of_options = ("--",) if identity.startswith("-") else ()
    return Repair(command("explain", *end_of_options, identity))


def repair_for(matched: MatchedCharge, found: tuple[Discrepancy, ...]) -> Repair | None:
    """The next step for the gravest finding. None if there is nothing to do, or a person has to
    decide what."""
    return _next_step(matched, found) if found and not _is_for_people(matched) else None


def _next_step(matched: MatchedCharge, found: tuple[Discrepancy, ...]) -> Repair | None:
    kind = found[0].kind
    if kind in {Kind.MISSING, Kind.STALLED, Kind.FAILED}:
        return _deliver(matched, found)
    if _is_only_surplus(matched, found):
        return _end_surplus(matched)
    # If several names look alike, a person has to say which one was meant.
    is_one = len(matched.similar_citizens) == 1
    if kind is Kind.UNKNOWN_CITIZEN and is_one and not money_is_open(matched):
        return _credit(matched, matched.similar_citizens[0], automatic=False)
    is_back = kind is Kind.REFUNDED or (kind is Kind.DISPUTED and bool(matched.to_return))
    # What could not be taken yesterday is a debt; asking for it every night changes nothing.
    is_tried = bool(matched.debt) and matched.debt >= matched.to_return
    is_tried &= not matched.can_return(matched.as_decided.citizen or "")
    if is_back and not is_tried and not matched.has_vanished and not refund_refuses(matched):
        return Repair(command("refund", matched.charge.payment_id))
    return None


def refund_refuses(matched: MatchedCharge) -> bool:
    """`cascade refund` would move no ducats: another person may have the citizen's name, or the
    rows forbid it. It still ends what has not arrived."""
    return bool(
        obstacle_in(matched) or (matched.identity_doubt and not matched.by_state[State.LIVE])
    )


def _is_for_people(matched: MatchedCharge) -> bool:
    """Something is to be delivered, but only a person may decide whether, or to whom."""
    is_open = bool(matched.outstanding) and not matched.moving
    return is_open and bool(matched.price_objection or matched.identity_doubt or matched.unclear)


def decision_about(matched: MatchedCharge) -> str:
    """What a person can do about ducats that no machine may deliver: at that price, to that
    citizen, or beside another transfer that may be theirs. Empty in all other cases."""
    if _may_be_another_citizen(matched):
        return f"{_ANOTHER} {_if_the_same_citizen(matched)}"
    if not _is_for_people(matched) or matched.has_vanished:
        return ""
    if money_is_open(matched) or matched.charge.disputed:
        return _about_the_rest(matched)
    if not (matched.price_objection or matched.unclear):
        return (
            "Find out whether it is the same person. If not, give the money back in Stripe. If so: "
            f"{_although(matched)}"
        )
    if not _whom_to_credit(matched):
        return "Find the buyer by Stripe's receipt. Then " + _TO_SOMEBODY
    look = (
        "Check whether the transfer named above is this payment's. If it is not: "
        if matched.unclear
        else ""
    )
    paid = f"This gives the {format_ducats(matched.owed)} ducats that were paid for. Or decide"
    decide = "give the money back in Stripe, or deliver all the same: "
    decide = f"{paid if matched.owed else 'Decide'}: {decide}" if matched.price_objection else ""
    return f"{look}{decide}{_although(matched)}"


def _about_the_rest(matched: MatchedCharge) -> str:
    """The advice if money went back in part: if only the price keeps `cascade refund` from
    delivering, a person may overrule it."""
    others = matched.unclear or matched.identity_doubt or matched.is_unknown or matched.is_young
    is_left = owes_rest(matched) or not (money_is_open(matched) or _is_decided(matched))
    is_sale = matched.charge.citizen and matched.charge.ducats
    if others or not (matched.price_objection and is_sale and is_left):
        return (
            "Decide whether the ducats are owed: then credit them by hand, with a --reference, and "
            "accept the case."
        )
    rest = refund_although(Override.UNDERPAID, matched.charge.payment_id)
    return f"Decide: give the rest of the money back in Stripe, or deliver its ducats: {rest}"


def _may_be_another_citizen(matched: MatchedCharge) -> bool:
    """Ducats are to come back or be given again, but the citizen may be another person by now."""
    is_open = bool(matched.to_return or matched.to_give_again) and not matched.has_vanished
    return is_open and refund_refuses(matched) and not obstacle_in(matched)


def _if_the_same_citizen(matched: MatchedCharge) -> str:
    if not matched.to_return:
        # Only what is to come back can be written off.
        return "If it is, credit by hand what was taken or kept back, with a --reference."
    write_off = command("refund", matched.charge.payment_id, "--write-off", _SETTLED)
    return f"Write off what you have settled in Venice, or given up: {write_off}"


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
    """The citizen whom a command may name. A citizen whom Venice does not have would be refused."""
    if not matched.is_unknown:
        return matched.as_decided.citizen or ""
    return matched.similar_citizens[0] if len(matched.similar_citizens) == 1 else ""


def _although(matched: MatchedCharge) -> str:
    overrides = {Override.UNDERPAID: matched.price_objection, Override.AMBIGUOUS: matched.unclear}
    reason = "delivered although underpaid" if matched.price_objection else "paid but not delivered"
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
    if money_is_open(matched) or not matched.as_decided.citizen:
        return None
    if matched.executed:
        # Its own transfer would be refused, because another one was executed and taken back. A
        # person's correction delivers it.
        return None
    if needs_funds(matched):
        return Repair(
            command("citizen", "replenish", "--by", format_ducats(enough(matched.outstanding)))
        )
    automatic = len(found) == 1 and not _is_decided(matched)
    if matched.charge.disputed:
        return Repair(command("refund", matched.charge.payment_id), automatic)
    return _credit(matched, matched.as_decided.citizen, automatic=automatic)


def owes_rest(matched: MatchedCharge) -> bool:
    """Some of the money went back before anything was delivered.

    `cascade refund` delivers what the rest of the money bought. A credit by hand as well would
    deliver that twice.
    """
    is_certain = not (matched.is_contested or matched.has_vanished or _is_decided(matched))
    return bool(matched.cents_back and matched.as_decided.citizen and is_certain)


def money_is_open(matched: MatchedCharge) -> bool:
    """Some of the money went back, or may; or a row vanished that may have delivered the ducats. So
    a person has to say what is still owed."""
    return bool(matched.cents_back) or matched.is_contested or matched.has_vanished


def _has_rivals(matched: MatchedCharge) -> bool:
    """It is not known which row belongs to which payment. What is owed is the same either way, but
    a repair might end the wrong row."""
    return any(match.rivals for match in matched.matches)


def _is_decided(matched: MatchedCharge) -> bool:
    """cascade never cancels anything: a person cancelled the row, and a person has to undo it."""
    return any(stratagem.status == "cancelled" for stratagem in matched.stratagems)


def needs_funds(matched: MatchedCharge) -> bool:
    """The engine refused because the processor lacked ducats, and as far as we know it still
    does."""
    refused = any(s.failure is Failure.NO_FUNDS for s in matched.by_state[State.FAILED])
    return refused and (
        matched.processor_ducats is None or matched.processor_ducats < matched.outstanding
    )


def _credit(matched: MatchedCharge, citizen: str, *, automatic: bool) -> Repair | None:
    if "\0" in citizen or not is_exact(matched.sold):
        # No shell can pass on such a name, or no transfer can carry such an amount.
        return None
    ducats = format_ducats(matched.sold)
    options = ("--payment", matched.charge.payment_id, "--reason", "paid but not delivered")
    if citizen.startswith("-"):
        return Repair(command("credit", *options, "--", citizen, ducats), automatic)
    return Repair(command("credit", citizen, ducats, *options), automatic)


def _is_only_surplus(matched: MatchedCharge, found: tuple[Discrepancy, ...]) -> bool:
    """Whatever becomes of an open dispute or a price that was too low, nobody wants the ducats to
    arrive twice."""
    kinds = {finding.kind for finding in found}
    if Kind.DISPUTED in kinds and matched.to_return:
        return False
    return Kind.DUPLICATE in kinds and kinds <= {Kind.DUPLICATE, Kind.DISPUTED, Kind.UNDERPAID}


def _end_surplus(matched: MatchedCharge) -> Repair | None:
    """What surely is not executed yet can be ended. If ducats moved, a person decides."""
    now = matched.terms.now
    states = [row.state(now) for row in matched.moving]
    can_end = len(states) > 1 or any(r.state(now) is State.LIVE for r in matched.correcting)
    if not can_end or _has_rivals(matched) or not may_end_surplus(states):
        return None
    is_in_question = matched.charge.disputed or matched.price_objection is not None
    return replace(reconcile_since(matched.charge.created_at), lets_lapse=is_in_question)


def may_end_surplus(states: Iterable[State]) -> bool:
    """Whether a machine may end transfers beyond the one that is due, given the states of all of
    them."""
    counts = Counter(states)
    return counts[State.EXECUTED] <= 1 and not counts[State.DOUBTFUL]


def reconcile_since(moment: datetime) -> Repair:
    """The `reconcile --repair` that ends what is beyond the one transfer due."""
    again = command("reconcile", "--repair", "--since", f"{moment:%Y-%m-%d}")
    return Repair(again, automatic=True, ends_surplus=True)
