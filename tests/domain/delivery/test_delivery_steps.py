"""What is to be written next, for every state of a row and every last attempt."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from cascade_cli.domain.delivery.delivery_steps import (
    FATE_BOUND,
    SEND_WITHIN,
    Action,
    End,
    OrderVerdict,
    Wait,
    Write,
    next_step,
)
from cascade_cli.domain.matching.matching import LEGACY_REACH
from cascade_cli.domain.matching.ownership import rows_of, unclear_rows
from cascade_cli.domain.records.charges import Charge, Refund
from cascade_cli.domain.records.journal_entries import Attempt, Fate
from cascade_cli.domain.records.stratagems import Stratagem
from cascade_cli.domain.refunds.refund_shares import REASON_REST
from cascade_cli.domain.shop.keys import Origin
from tests.domain.delivery.orders import (
    ALIVE,
    DEAD,
    DOUBTFUL,
    KEY,
    a_row,
    an_order,
    attempted,
)
from tests.domain.samples import NOW, a_charge, keyed, older

BOUND_SECONDS = FATE_BOUND.total_seconds()
# Beside a surplus that was ended there is another row.
NEITHER_NOTICE_NOR_CREATE = [
    a for a in Action if a not in {Action.NOTIFY, Action.CREATE, Action.RETIRE}
]


def test_a_write_is_sent_within_ten_seconds_and_told_of_after_two_minutes() -> None:
    assert SEND_WITHIN.total_seconds() == 10
    assert FATE_BOUND.total_seconds() == 120


def test_without_a_row_and_an_attempt_one_is_created() -> None:
    assert next_step(an_order(), [], NOW) == Write(Action.CREATE)


def test_a_refused_create_is_sent_again_at_once() -> None:
    last = attempted(Action.CREATE, Fate.REFUSED)
    assert next_step(an_order(), [], NOW, last) == Write(Action.CREATE)


@pytest.mark.parametrize("action", list(Action))
def test_after_an_unknown_fate_nothing_is_created_before_the_bound(action: Action) -> None:
    last = attempted(action, Fate.UNKNOWN, BOUND_SECONDS - 0.001)
    assert next_step(an_order(), [], NOW, last) == Wait(last.at + FATE_BOUND)


def test_a_create_that_never_came_is_sent_again_after_the_bound() -> None:
    last = attempted(Action.CREATE, Fate.UNKNOWN, BOUND_SECONDS)
    assert next_step(an_order(), [], NOW, last) == Write(Action.CREATE)


def test_a_row_that_the_journal_knows_of_is_waited_for_then_left_to_people() -> None:
    lately = attempted(Action.CREATE, Fate.APPLIED, BOUND_SECONDS - 1)
    assert next_step(an_order(), [], NOW, lately) == Wait(lately.at + FATE_BOUND)
    long_ago = attempted(Action.CREATE, Fate.APPLIED, BOUND_SECONDS)
    end = next_step(an_order(), [], NOW, long_ago)
    assert isinstance(end, End)
    assert end.verdict is OrderVerdict.BLOCKED
    assert "the base no longer shows it" in end.why


@pytest.mark.parametrize("fate", list(Fate))
@pytest.mark.parametrize("action", NEITHER_NOTICE_NOR_CREATE)
def test_a_changed_row_that_is_gone_is_never_made_anew(action: Action, fate: Fate) -> None:
    end = next_step(an_order(), [], NOW, attempted(action, fate, 10**6))
    assert isinstance(end, End)
    assert end.verdict is OrderVerdict.BLOCKED


@pytest.mark.parametrize(
    ("state", "verdict"),
    [
        ("executed", OrderVerdict.EXECUTED),
        ("active", OrderVerdict.UNDER_WAY),
        *((state, OrderVerdict.BLOCKED) for state in DOUBTFUL),
    ],
)
def test_a_row_that_moved_or_may_move_ducats_ends_the_matter(
    state: str, verdict: OrderVerdict
) -> None:
    row = a_row(state)
    end = next_step(an_order(), [row], NOW)
    assert isinstance(end, End)
    assert (end.verdict, end.row) == (verdict, row)


@pytest.mark.parametrize("changed", [{"citizen": "lucia"}, {"ducats": Decimal(99)}])
@pytest.mark.parametrize("state", ["executed", "active"])
def test_a_transfer_of_something_else_under_the_key_is_for_people(
    state: str, changed: dict[str, Any]
) -> None:
    end = next_step(an_order(), [a_row(state, **changed)], NOW)
    assert isinstance(end, End)
    assert end.verdict is OrderVerdict.BLOCKED
    assert "not 100 ducats to 'marco'" in end.why


@pytest.mark.parametrize(
    ("state", "action"),
    [
        ("planned", Action.ACTIVATE),
        ("active, ran out", Action.EXTEND),
        ("active, ran out this second", Action.EXTEND),
        *((s, Action.REWRITE) for s in DEAD if s != "planned" and "ran out" not in s),
    ],
)
def test_a_dead_row_is_revived_in_place(state: str, action: Action) -> None:
    row = a_row(state)
    assert next_step(an_order(), [row], NOW) == Write(action, row)


@pytest.mark.parametrize("state", [s for s in DEAD if "unreadable" not in s])
def test_a_dead_row_for_another_amount_is_rewritten_whole(state: str) -> None:
    row = a_row(state, ducats=Decimal(7))
    assert next_step(an_order(), [row], NOW) == Write(Action.REWRITE, row)


@pytest.mark.parametrize("action", NEITHER_NOTICE_NOR_CREATE)
@pytest.mark.parametrize("state", list(DEAD))
def test_a_dead_row_waits_while_a_change_of_unknown_fate_may_come(
    state: str, action: Action
) -> None:
    last = attempted(action, Fate.UNKNOWN, BOUND_SECONDS - 0.001)
    assert next_step(an_order(), [a_row(state)], NOW, last) == Wait(last.at + FATE_BOUND)
    past = attempted(action, Fate.UNKNOWN, BOUND_SECONDS)
    assert isinstance(next_step(an_order(), [a_row(state)], NOW, past), Write)


def test_a_create_whose_row_is_there_has_been_applied() -> None:
    row, last = a_row("planned"), attempted(Action.CREATE, Fate.UNKNOWN)
    assert next_step(an_order(), [row], NOW, last) == Write(Action.ACTIVATE, row)


def test_a_create_of_unknown_fate_holds_back_the_revival_of_another_row() -> None:
    charge = a_charge()
    stale = older(status="active", expires_at=NOW - timedelta(hours=20))
    last = attempted(Action.CREATE, Fate.UNKNOWN)
    order = an_order(key=charge.stratagem_id, charge=charge)
    assert next_step(order, [stale], NOW, last) == Wait(last.at + FATE_BOUND)


@pytest.mark.parametrize(
    ("action", "fate"),
    [
        *((action, Fate.APPLIED) for action in NEITHER_NOTICE_NOR_CREATE),
        *((Action.NOTIFY, fate) for fate in Fate),
    ],
)
@pytest.mark.parametrize("state", [s for s in DEAD if s != "planned" and "ran out" not in s])
def test_a_row_shown_as_it_was_before_the_last_write_is_not_let_go_again(
    state: str, action: Action, fate: Fate
) -> None:
    last = attempted(action, fate, BOUND_SECONDS - 0.001)
    assert next_step(an_order(), [a_row(state)], NOW, last) == Wait(last.at + FATE_BOUND)
    past = attempted(action, fate, BOUND_SECONDS)
    assert isinstance(next_step(an_order(), [a_row(state)], NOW, past), Write)


LETTING_GO = [
    *((action, Fate.APPLIED) for action in (Action.ACTIVATE, Action.EXTEND, Action.REWRITE)),
    *((Action.NOTIFY, fate) for fate in Fate),
]


@pytest.mark.parametrize(("action", "fate"), LETTING_GO)
def test_a_spare_row_is_not_let_go_where_the_one_that_was_has_vanished(
    action: Action, fate: Fate
) -> None:
    last = attempted(action, fate, BOUND_SECONDS)
    end = next_step(an_order(), [a_row("planned")], NOW, last)
    assert isinstance(end, End)
    assert (end.verdict, "vanished" in end.why) == (OrderVerdict.BLOCKED, True)


@pytest.mark.parametrize(("action", "fate"), LETTING_GO)
def test_nor_is_a_legacy_row_that_no_write_has_touched(action: Action, fate: Fate) -> None:
    charge = a_charge()
    stale = older(status="active", expires_at=NOW - timedelta(hours=20))
    order = an_order(key=charge.stratagem_id, charge=charge)
    end = next_step(order, [stale], NOW, attempted(action, fate, 3600))
    assert isinstance(end, End)
    assert end.verdict is OrderVerdict.BLOCKED


def test_a_legacy_row_that_was_given_a_later_expiry_and_ran_out_is_given_another() -> None:
    charge = a_charge()
    row = older(status="active", expires_at=NOW - timedelta(hours=1))
    order = an_order(key=charge.stratagem_id, charge=charge)
    last = attempted(Action.NOTIFY, Fate.APPLIED, 2 * 3600)
    assert next_step(order, [row], NOW, last) == Write(Action.EXTEND, row)


def test_a_spare_row_is_let_go_where_the_activation_of_the_other_was_lost() -> None:
    row, last = a_row("planned"), attempted(Action.ACTIVATE, Fate.UNKNOWN, BOUND_SECONDS)
    assert next_step(an_order(), [row], NOW, last) == Write(Action.ACTIVATE, row)


@pytest.mark.parametrize("rows", [[], ["planned"]])
def test_what_a_run_saw_settled_and_is_not_there_is_not_made_again(rows: list[str]) -> None:
    order = an_order(charge=a_charge(), settled_until=NOW - timedelta(hours=8))
    end = next_step(order, [a_row(state) for state in rows], NOW)
    assert isinstance(end, End)
    assert (end.verdict, "left nothing open" in end.why) == (OrderVerdict.BLOCKED, True)


def test_a_lost_notification_holds_no_later_expiry_back() -> None:
    row, last = a_row("active, ran out"), attempted(Action.NOTIFY, Fate.UNKNOWN)
    assert next_step(an_order(), [row], NOW, last) == Write(Action.EXTEND, row)


@pytest.mark.parametrize("state", list(ALIVE))
def test_a_surplus_is_ended_only_when_told_to(state: str) -> None:
    done, surplus = a_row("executed", "1"), a_row(state, "2")
    assert isinstance(next_step(an_order(), [done, surplus], NOW), End)
    retiring = an_order(retire_surplus=True)
    assert next_step(retiring, [done, surplus], NOW) == Write(Action.RETIRE, surplus)


def test_of_two_live_rows_the_older_stays() -> None:
    rows = [a_row("active", "1"), a_row("active", "2")]
    assert next_step(an_order(retire_surplus=True), rows, NOW) == Write(Action.RETIRE, rows[1])


@pytest.mark.parametrize("rows", [[], [a_row(state) for state in DEAD]])
def test_who_only_ends_a_surplus_delivers_nothing(rows: list[Stratagem]) -> None:
    end = next_step(an_order(retire_surplus=True), rows, NOW)
    assert isinstance(end, End)
    assert end.verdict is OrderVerdict.BLOCKED
    assert isinstance(next_step(an_order(), rows, NOW), Write)


@pytest.mark.parametrize("state", list(DOUBTFUL))
def test_where_one_row_is_doubtful_no_surplus_is_ended(state: str) -> None:
    rows = [a_row("active", "1"), a_row("active", "2"), a_row(state, "3")]
    end = next_step(an_order(retire_surplus=True), rows, NOW)
    assert isinstance(end, End)
    assert end.verdict is OrderVerdict.BLOCKED


@pytest.mark.parametrize("changed", [{"citizen": "lucia"}, {"ducats": Decimal(99)}])
def test_a_surplus_for_somebody_else_is_left_to_people(changed: dict[str, Any]) -> None:
    rows = [a_row("executed", "1"), a_row("active", "2", **changed)]
    assert isinstance(next_step(an_order(retire_surplus=True), rows, NOW), End)


def test_an_expiry_of_unknown_fate_is_waited_for() -> None:
    rows = [a_row("executed", "1"), a_row("active", "2")]
    last = attempted(Action.RETIRE, Fate.UNKNOWN)
    step = next_step(an_order(retire_surplus=True), rows, NOW, last)
    assert step == Wait(last.at + FATE_BOUND)


def test_the_row_that_fits_is_revived_before_an_older_one_that_does_not() -> None:
    other, fitting = a_row("expired", "1", ducats=Decimal(7)), a_row("active, ran out", "2")
    assert next_step(an_order(), [other, fitting], NOW) == Write(Action.EXTEND, fitting)


@pytest.mark.parametrize("state", [s for s in DEAD if s != "planned" and "unreadable" not in s])
def test_while_one_row_has_left_planned_no_other_leaves_it(state: str) -> None:
    spare, begun = a_row("planned", "1"), a_row(state, "2", ducats=Decimal(7))
    assert next_step(an_order(), [spare, begun], NOW) == Write(Action.REWRITE, begun)


def test_rows_of_an_order_are_the_oldest_first_however_they_were_read() -> None:
    rows = [a_row("planned", name, created_at=NOW) for name in "321"]
    assert [row.record_id for row in rows_of(an_order(), rows)] == ["rec1", "rec2", "rec3"]


def test_rows_of_a_payment_are_its_own_and_the_older_connectors_for_it() -> None:
    charge, other = a_charge("1"), a_charge("2")
    order = an_order(key=charge.stratagem_id, charge=charge)
    own, made_before = keyed(charge), older("9")
    assert rows_of(order, [own, keyed(other)]) == (own,)
    assert rows_of(order, [made_before]) == (made_before,)


def test_a_row_known_to_belong_to_another_payment_is_left_alone() -> None:
    charge, taken = a_charge(), older("9")
    order = an_order(
        key=charge.stratagem_id, charge=charge, foreign_records=frozenset({taken.record_id})
    )
    assert rows_of(order, [taken]) == ()


def test_a_credit_by_hand_has_only_what_stands_under_its_key() -> None:
    rows = [a_row("planned"), a_row("planned", "2", stratagem_id=KEY.upper()), older("9")]
    assert rows_of(an_order(), rows) == (rows[0],)


LATE = NOW - timedelta(minutes=1)
SOLD = a_charge(created_at=NOW - timedelta(days=9))
DELIVERY = an_order(key=SOLD.stratagem_id, charge=SOLD)


def test_late_rows_of_its_citizen_and_amount_may_be_a_payments_own_oldest_first() -> None:
    legacy_one, newer = older("1", created_at=LATE), older("2", created_at=NOW)
    assert unclear_rows(DELIVERY, [newer, legacy_one]) == (legacy_one, newer)
    assert unclear_rows(DELIVERY, [older(created_at=SOLD.created_at + LEGACY_REACH)]) == ()


@pytest.mark.parametrize(
    "changed",
    [
        {"citizen": "polo"},
        {"ducats": Decimal(99)},
        {"created_at": SOLD.created_at - timedelta(seconds=1)},
        {"origin": Origin.OTHER},
    ],
)
def test_no_other_row_may_be_a_payments_own(changed: dict[str, Any]) -> None:
    assert unclear_rows(DELIVERY, [older(**{"created_at": LATE, **changed})]) == ()


def test_a_row_that_another_payment_has_surely_is_not_unclear() -> None:
    row = older(created_at=LATE)
    taken = replace(DELIVERY, foreign_records=frozenset({row.record_id}))
    assert unclear_rows(taken, [row]) == ()
    perhaps = replace(taken, unclear_records=frozenset({row.record_id}))
    assert unclear_rows(perhaps, [row]) == (row,)


def test_a_credit_by_hand_has_no_unclear_rows() -> None:
    assert unclear_rows(an_order(), [older(created_at=LATE)]) == ()


def test_its_own_dead_legacy_row_is_revived_and_doubted_by_nobody() -> None:
    charge = a_charge()
    order = an_order(key=charge.stratagem_id, charge=charge)
    own = older(status="active", expires_at=NOW - timedelta(hours=1))
    rows, unclear = rows_of(order, [own]), unclear_rows(order, [own])
    assert next_step(order, rows, NOW, unclear=unclear) == Write(Action.EXTEND, own)


def test_beside_an_unclear_row_the_way_to_look_and_the_way_to_deliver_are_told() -> None:
    row = older(created_at=LATE)
    end = next_step(DELIVERY, [], NOW, unclear=[row])
    assert isinstance(end, End)
    assert (end.verdict, end.row) == (OrderVerdict.BLOCKED, row)
    assert f"{row.stratagem_id} (executed) may already be the transfer for" in end.why
    assert "cascade explain pi_1" in end.hint
    assert "cascade credit marco 100 --payment pi_1" in end.hint
    assert "--although-ambiguous" in end.hint


def test_a_moment_before_the_bound_still_waits_and_the_bound_itself_does_not() -> None:
    at = NOW - FATE_BOUND
    applied = Attempt(Action.ACTIVATE, at, Fate.UNKNOWN)
    row = a_row("planned")
    moment = timedelta(microseconds=1)
    assert isinstance(next_step(an_order(), [row], NOW - moment, applied), Wait)
    assert isinstance(next_step(an_order(), [row], NOW, applied), Write)


def _lapsing(**changes: Any) -> Stratagem:
    return a_row("active", expires_at=NOW + timedelta(hours=1), **changes)


def test_a_live_row_that_runs_out_before_the_engines_next_run_lives_on() -> None:
    row, due = _lapsing(), NOW + timedelta(hours=1)
    assert next_step(an_order(), [row], NOW, due=due) == Write(Action.EXTEND, row)


def test_a_live_row_of_a_payment_in_question_is_not_kept_alive_by_who_ends_a_surplus() -> None:
    order, due = an_order(charge=a_charge(disputed=True)), NOW + timedelta(hours=1)
    repair = replace(order, retire_surplus=True, lets_lapse=True)
    assert isinstance(next_step(repair, [_lapsing()], NOW, due=due), End)
    # A person who credits it wants it to arrive.
    assert next_step(order, [_lapsing()], NOW, due=due) == Write(Action.EXTEND, _lapsing())


@pytest.mark.parametrize("due", [None, NOW + timedelta(minutes=59)])
def test_a_live_row_that_the_engine_takes_in_time_is_left_alone(due: datetime | None) -> None:
    assert isinstance(next_step(an_order(), [_lapsing()], NOW, due=due), End)


@pytest.mark.parametrize("other", ["error", "executed", "active"])
def test_of_several_rows_that_moved_or_may_move_none_lives_on(other: str) -> None:
    rows = [_lapsing(), a_row(other, record_id="other")]
    assert isinstance(next_step(an_order(), rows, NOW, due=NOW + timedelta(days=1)), End)


def test_a_live_row_of_something_else_is_not_let_live_on() -> None:
    rows = [_lapsing(citizen="lucia")]
    step = next_step(an_order(), rows, NOW, due=NOW + timedelta(days=1))
    assert isinstance(step, End)
    assert step.verdict is OrderVerdict.BLOCKED


def test_a_live_row_waits_for_its_later_expiry_while_another_write_may_come() -> None:
    last = attempted(Action.EXTEND, Fate.UNKNOWN, 1)
    step = next_step(an_order(), [_lapsing()], NOW, last, due=NOW + timedelta(days=1))
    assert isinstance(step, Wait)


def test_the_journal_keeps_what_was_written_in_these_words() -> None:
    assert list(Action) == ["create", "activate", "extend", "rewrite", "expire", "retire", "notify"]


@pytest.mark.parametrize("fate", [Fate.APPLIED, Fate.UNKNOWN])
def test_a_surplus_that_was_ended_says_that_another_row_was_there(fate: Fate) -> None:
    last = attempted(Action.RETIRE, fate, BOUND_SECONDS)
    ended = a_row("expired", expires_at=last.at)
    found = next_step(an_order(), [ended], NOW, last)
    assert isinstance(found, End)
    assert found.verdict is OrderVerdict.BLOCKED
    outlived = a_row("expired", expires_at=last.at + timedelta(minutes=1))
    assert next_step(an_order(), [ended, outlived], NOW, last) == Write(Action.REWRITE, ended)


def test_beside_a_dead_row_of_another_processor_no_credit_by_hand_is_made() -> None:
    row = a_row("expired", other_processor="OLD_PROCESSOR")
    why = f"{KEY} (expired) may already be the transfer for {KEY}: another processor pays it"
    hint = "Find out who made it first."
    assert next_step(an_order(), [row], NOW) == End(OrderVerdict.BLOCKED, row, why, hint)


REST: dict[str, Any] = {"ducats": Decimal(75), "reason": REASON_REST}
WENT = Refund("re_1", "failed", 250, NOW)


@pytest.mark.parametrize("charge", [a_charge(refunds=(WENT,)), a_charge(disputed=True)])
@pytest.mark.parametrize(
    ("row", "verdict"),
    [
        (a_row("executed", **REST), OrderVerdict.EXECUTED),
        (a_row("active", **REST), OrderVerdict.UNDER_WAY),
        (a_row("executed", **REST, citizen="lucia"), OrderVerdict.BLOCKED),
        (a_row("executed", **{**REST, "reason": "gift"}), OrderVerdict.BLOCKED),
        (a_row("executed", **{**REST, "ducats": Decimal(101)}), OrderVerdict.BLOCKED),
    ],
)
def test_the_rest_of_a_payment_is_its_transfer_whose_money_came_again(
    charge: Charge, row: Stratagem, verdict: OrderVerdict
) -> None:
    step = next_step(an_order(charge=charge), [row], NOW)
    assert isinstance(step, End)
    assert step.verdict is verdict


def test_a_rest_of_a_payment_whose_money_never_went_is_another_transfer() -> None:
    step = next_step(an_order(charge=a_charge()), [a_row("executed", **REST)], NOW)
    assert isinstance(step, End)
    assert step.verdict is OrderVerdict.BLOCKED
