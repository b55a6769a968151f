"""What to type next about a discrepancy, and whether a machine may do it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime

from cascade_cli.domain.discrepancies.findings import Finding
from cascade_cli.domain.discrepancies.kinds import Kind
from cascade_cli.domain.discrepancies.refund_plan import obstacle_in
from cascade_cli.domain.matching.matched_charge import Case
from cascade_cli.domain.records.orders import enough, is_exact
from cascade_cli.domain.records.overrides import Override, credit_although, refund_although
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


def repair_for(case: Case, found: tuple[Finding, ...]) -> Repair | None:
    """The next step for the gravest of the findings; None where there is nothing to do, or a person
    has to decide what."""
    return _next_step(case, found) if found and not _is_for_people(case) else None


def _next_step(case: Case, found: tuple[Finding, ...]) -> Repair | None:
    kind = found[0].kind
    if kind in {Kind.MISSING, Kind.STALLED, Kind.FAILED}:
        return _deliver(case, found)
    if _is_only_surplus(case, found):
        return _end_surplus(case)
    # Of several names that look alike, a person says which one was meant.
    is_one = len(case.similar_citizens) == 1
    if kind is Kind.UNKNOWN_CITIZEN and is_one and not money_is_open(case):
        return _credit(case, case.similar_citizens[0], automatic=False)
    is_back = kind is Kind.REFUNDED or (kind is Kind.DISPUTED and bool(case.to_return))
    # What could not be had yesterday is a debt: to ask for it every night closes nothing.
    is_tried = bool(case.debt) and case.debt >= case.to_return
    is_tried &= not case.can_return(case.buyer.citizen or "")
    if is_back and not is_tried and not case.has_vanished and not refund_refuses(case):
        return Repair(command("refund", case.charge.payment_id))
    return None


def refund_refuses(case: Case) -> bool:
    """`cascade refund` would move nothing: another may have the citizen's name, or the rows say no.
    What has not arrived it ends all the same."""
    return bool(obstacle_in(case) or (case.successor and not case.by_state[State.LIVE]))


def _is_for_people(case: Case) -> bool:
    """There is something to deliver, and only a person may say whether, or to whom."""
    is_open = bool(case.outstanding) and not case.moving
    return is_open and bool(case.price or case.successor or case.unclear)


def decision_about(case: Case) -> str:
    """What a person can do about ducats that no machine may deliver at that price, to that citizen,
    or beside another transfer that may be theirs; empty for all else."""
    if _is_of_another(case):
        return f"{_ANOTHER} {_what_of_another(case)}"
    if not _is_for_people(case) or case.has_vanished:
        return ""
    if money_is_open(case) or case.charge.disputed:
        return _about_the_rest(case)
    if not (case.price or case.unclear):
        return (
            "Find out whether it is the same person. If not, give the money back in Stripe. If so: "
            f"{_although(case)}"
        )
    if not _whom_to_credit(case):
        return "Find the buyer by Stripe's receipt. Then " + _TO_SOMEBODY
    look = "Look whether the transfer named above is this payment's. If it is not: "
    paid = f"This gives the {format_ducats(case.owed)} ducats that were paid for. Or decide"
    decide = "give the money back in Stripe, or deliver all the same: "
    decide = f"{paid if case.owed else 'Decide'}: {decide}"
    return f"{look if case.unclear else ''}{decide if case.price else ''}{_although(case)}"


def _about_the_rest(case: Case) -> str:
    """Where nothing but the price keeps `cascade refund` from delivering it, a person may."""
    others = case.unclear or case.successor or case.is_unknown or case.is_young
    is_left = owes_rest(case) or not (money_is_open(case) or _is_decided(case))
    if not (case.price and case.charge.citizen and case.charge.ducats and is_left) or others:
        return (
            "Decide whether the ducats are owed: then credit them by hand, with a --reference, and "
            "accept the case."
        )
    rest = refund_although(Override.UNDERPAID, case.charge.payment_id)
    return f"Decide: give the rest of the money back in Stripe, or deliver what it paid: {rest}"


def _is_of_another(case: Case) -> bool:
    """What is to come back, or be given again, concerns a citizen who may be somebody else now."""
    is_open = bool(case.to_return or case.to_give_again) and not case.has_vanished
    return is_open and refund_refuses(case) and not obstacle_in(case)


def _what_of_another(case: Case) -> str:
    if not case.to_return:
        # A write-off is of what is to come back.
        return "If it is, credit by hand what was taken or kept back, with a --reference."
    write_off = command("refund", case.charge.payment_id, "--write-off", _SETTLED)
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


def _whom_to_credit(case: Case) -> str:
    """Whom a command may name: a citizen whom Venice does not have would be refused."""
    if not case.is_unknown:
        return case.buyer.citizen or ""
    return case.similar_citizens[0] if len(case.similar_citizens) == 1 else ""


def _although(case: Case) -> str:
    overrides = {Override.UNDERPAID: case.price, Override.AMBIGUOUS: case.unclear}
    reason = "delivered although underpaid" if case.price else "paid but not delivered"
    return credit_although(
        (override for override, is_needed in overrides.items() if is_needed),
        case.charge.payment_id,
        _whom_to_credit(case),
        format_ducats(case.sold),
        reason,
    )


def _deliver(case: Case, found: tuple[Finding, ...]) -> Repair | None:
    if owes_rest(case):
        return Repair(command("refund", case.charge.payment_id))
    if money_is_open(case) or not case.buyer.citizen:
        return None
    if case.executed:
        # Its own transfer is refused beside one that was executed and taken back: a person's
        # correction delivers it.
        return None
    if needs_funds(case):
        return Repair(
            command("citizen", "replenish", "--by", format_ducats(enough(case.outstanding)))
        )
    automatic = len(found) == 1 and not _is_decided(case)
    if case.charge.disputed:
        return Repair(command("refund", case.charge.payment_id), automatic)
    return _credit(case, case.buyer.citizen, automatic=automatic)


def owes_rest(case: Case) -> bool:
    """Some of the money went back before anything was delivered: `cascade refund` delivers what the
    rest of it bought. A credit by hand beside that would pay it twice."""
    is_certain = not (case.is_contested or case.has_vanished or _is_decided(case))
    return bool(case.cents_back and case.buyer.citizen and is_certain)


def money_is_open(case: Case) -> bool:
    """Some of the money went back, or may, or the ducats may have arrived by a row that vanished:
    what is still owed is for a person to say."""
    return bool(case.cents_back) or case.is_contested or case.has_vanished


def _has_rivals(case: Case) -> bool:
    """Which row is whose makes no difference to what is owed, but to which of them is ended."""
    return any(match.rivals for match in case.matches)


def _is_decided(case: Case) -> bool:
    """cascade cancels nothing: a cancelled row is a person's decision, for a person to undo."""
    return any(stratagem.status == "cancelled" for stratagem in case.stratagems)


def needs_funds(case: Case) -> bool:
    """The engine refused for want of ducats, and the processor is not known to have them now."""
    refused = any(s.failure is Failure.NO_FUNDS for s in case.by_state[State.FAILED])
    return refused and (case.processor_ducats is None or case.processor_ducats < case.outstanding)


def _credit(case: Case, citizen: str, *, automatic: bool) -> Repair | None:
    if "\0" in citizen or not is_exact(case.sold):
        # No shell can pass on such a name, and no transfer carries such an amount.
        return None
    ducats = format_ducats(case.sold)
    options = ("--payment", case.charge.payment_id, "--reason", "paid but not delivered")
    if citizen.startswith("-"):
        return Repair(command("credit", *options, "--", citizen, ducats), automatic)
    return Repair(command("credit", citizen, ducats, *options), automatic)


def _is_only_surplus(case: Case, found: tuple[Finding, ...]) -> bool:
    """Whatever becomes of an open dispute, or of a price that was too low, nobody wants the ducats
    to arrive twice."""
    kinds = {finding.kind for finding in found}
    if Kind.DISPUTED in kinds and case.to_return:
        return False
    return Kind.DUPLICATE in kinds and kinds <= {Kind.DUPLICATE, Kind.DISPUTED, Kind.UNDERPAID}


def _end_surplus(case: Case) -> Repair | None:
    """What is surely not executed yet can be ended; ducats that moved are for people."""
    if _has_rivals(case) or not may_end_surplus(s.state(case.terms.now) for s in case.moving):
        return None
    is_in_question = case.charge.disputed or case.price is not None
    return replace(reconcile_since(case.charge.created_at), leaves_rest=is_in_question)


def may_end_surplus(states: Iterable[State]) -> bool:
    """Whether a machine may end transfers beyond the one that is due, in these states."""
    counts = Counter(states)
    return counts[State.EXECUTED] <= 1 and not counts[State.DOUBTFUL]


def reconcile_since(moment: datetime) -> Repair:
    """Let `reconcile --repair` end what is beyond the one transfer that is due."""
    again = command("reconcile", "--repair", "--since", f"{moment:%Y-%m-%d}")
    return Repair(again, automatic=True, ends_surplus=True)
