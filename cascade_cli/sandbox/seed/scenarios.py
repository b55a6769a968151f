"""Which stories make up a scenario, and how often each occurs."""

from __future__ import annotations

from cascade_cli.sandbox.seed.stories import Story, healthy, mistaken, undelivered, unpaid
from cascade_cli.sandbox.seed.stories import disputable as money

Plan = list[tuple[Story, int]]

SCENARIOS = ("week", "quiet", "empty", "large", "guarded")
USUAL_PAYMENTS = 200

_PAID_AND_WELL: Plan = [
    (healthy.replayed, 4),
    (healthy.lucky_legacy_row, 4),
    (healthy.legacy_row_run_by_hand, 2),
    (healthy.just_paid, 3),
    (healthy.awaiting_the_next_run, 4),
]
_PAID_WITH_TROUBLE: Plan = [
    (undelivered.swallowed_by_the_webhook, 5),
    (undelivered.expired_unseen, 3),
    (undelivered.expired_unseen_but_announced, 2),
    (undelivered.never_activated, 1),
    (undelivered.set_to_expired, 1),
    (undelivered.cancelled, 1),
    (undelivered.written_as_python, 1),
    (undelivered.amount_under_another_name, 1),
    (undelivered.processor_missing, 1),
    (undelivered.processor_empty, 2),
    (undelivered.paid_before_arriving, 1),
    (undelivered.misspelt_citizen, 2),
    (undelivered.misspelt_citizen_credited, 2),
    (mistaken.lost_before_any_balance, 1),
    (mistaken.lost_between_balances, 1),
    (mistaken.lost_after_both_balances, 1),
    (mistaken.ended_in_error, 1),
    (mistaken.failed_without_a_reason, 1),
    (mistaken.bonus_forgotten, 2),
    (mistaken.bonus_about_to_be_forgotten, 1),
    (mistaken.slipped_digit, 1),
    (mistaken.another_citizen, 3),
    (mistaken.webhook_delivered_twice, 2),
    (mistaken.credited_by_old_and_new, 1),
    (mistaken.two_writers_at_once, 1),
    (money.paid_too_little, 3),
    (money.without_citizen, 1),
    (money.without_ducats, 1),
    (money.not_a_number, 1),
    (money.not_numeric, 1),
    (money.refunded_in_part, 2),
    (money.refunded_whole, 2),
    (money.contested, 3),
]
_GUARDED: Plan = [
    (money.half_a_dollar, 3),
    (money.at_a_rate_of_its_own, 2),
    (money.in_dongs, 1),
    (money.for_the_processor, 2),
    (undelivered.paid_before_arriving, 2),
]
_UNPAID_TROUBLE: Plan = [
    (unpaid.transfer_nobody_paid_for, 2),
    (unpaid.payment_of_another_account, 2),
]
_NOISE: Plan = [
    (unpaid.manual_credit, 3),
    (unpaid.settled_across_the_beginning, 1),
    (unpaid.another_product, 12),
    (unpaid.declined, 6),
    (unpaid.only_authorised, 2),
    (unpaid.refunded_before_delivery, 2),
    (unpaid.another_stratagem, 8),
    (unpaid.between_citizens, 8),
]


def plan(scenario: str, payments: int) -> Plan:
    """The stories of a scenario with their counts.

    Ordinary payments come last: the other stories need pairs of citizen and amount that no
    ordinary payment has used. Raises ValueError for an unknown scenario, or if `payments` is too
    small for it.
    """
    if scenario not in SCENARIOS:
        raise ValueError(f"no scenario {scenario!r}; there are: {', '.join(SCENARIOS)}")
    if scenario == "empty":
        return []
    if scenario == "quiet":
        return _filled(scenario, payments, paid=_PAID_AND_WELL, besides=_NOISE)
    if scenario == "guarded":
        return _filled(scenario, payments, paid=_GUARDED, besides=[])
    share = max(1.0, payments / USUAL_PAYMENTS) if scenario == "large" else 1.0
    return _filled(
        scenario,
        payments,
        paid=_scaled(_PAID_WITH_TROUBLE + _PAID_AND_WELL, share),
        besides=_scaled(_UNPAID_TROUBLE + _NOISE, share),
    )


def _scaled(stories: Plan, share: float) -> Plan:
    return [(story, round(count * share)) for story, count in stories]


def _filled(scenario: str, payments: int, *, paid: Plan, besides: Plan) -> Plan:
    needed = sum(count for _, count in paid)
    if payments < needed:
        raise ValueError(
            f"scenario {scenario!r} needs at least {needed} payments to show all it has to show, "
            f"not {payments}"
        )
    return [*paid, *besides, (healthy.ordinary, payments - needed)]
