"""`cascade review` as a person at a terminal has it."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.cli.refund.test_refund import give_money_back
from tests.cli.resolve.cases import (
    doubtful,
    give,
    run_engine,
    too_few,
    transferred,
    twice,
    wrong_citizen,
)
from tests.cli.review.terminal import Terminal
from tests.harness.commands import in_a_process
from tests.harness.counter import Counter
from tests.harness.faults import is_create

Opening = Callable[..., Terminal]
LAST_KEYS = "q stop and keep"
PLAN = "q not now: all is kept"


def test_a_case_is_decided_by_a_key_and_the_plan_is_carried_out_after_one_yes(
    shop: Counter, at_terminal: Opening
) -> None:
    payment = wrong_citizen(shop)
    terminal = at_terminal()
    screen = terminal.until(LAST_KEYS)
    assert "1 of 1 · wrong citizen · critical · 200 ducats at risk" in screen
    assert "c give 'marco' 100 ducats (safest)" in screen
    terminal.press("c", then="kept for ever")
    terminal.press("lucia has them\r", then=PLAN)
    assert "In all, 100 ducats go out." in terminal.text
    assert shop.writes == []
    terminal.press("y", then="1 open: ")
    # lucia still has hers: the next decision.
    assert terminal.ended() == 3
    run_engine(shop)
    assert shop.ducats_of("marco") == 100
    row = shop.row(f"cascade_correction_{payment}")
    assert "lucia has them" in row["Notes"]


def test_the_worst_case_comes_first_and_each_key_decides_its_own(
    shop: Counter, at_terminal: Opening
) -> None:
    wrong_citizen(shop)
    twice(shop)
    doubtful(shop)
    terminal = at_terminal()
    assert "1 of 3 · wrong citizen" in terminal.until(LAST_KEYS)
    terminal.press(" ", then="2 of 3 · duplicate")
    terminal.press("t", then="kept for ever")
    terminal.press("paid once\r", then="3 of 3 · 1 decided · doubtful")
    # The table's reason is offered.
    terminal.press("n", then="[the balances show it]")
    terminal.press("\r", then=PLAN)
    assert "--not-moved: the balances show it" in terminal.text
    assert "In all, 100 ducats go out, 100 come back." in terminal.text
    before = shop.ducats_of("marco")
    terminal.press("y", then="open")
    assert terminal.ended() == 3
    run_engine(shop)
    assert shop.ducats_of("marco") == before


def test_a_number_of_one_s_own_is_given_by_the_capital_key(
    shop: Counter, at_terminal: Opening
) -> None:
    payment = wrong_citizen(shop)
    terminal = at_terminal()
    assert "c give 'marco' 100 ducats (safest) C another number" in terminal.until(LAST_KEYS)
    terminal.press("C", then="How many ducats")
    terminal.press("40\r", then="kept for ever")
    terminal.press("the rest later\r", then=PLAN)
    assert "In all, 40 ducats go out." in terminal.text
    terminal.press("y", then="1 open: ")
    assert terminal.ended() == 3
    assert '"amount": 40' in shop.row(f"cascade_correction_{payment}")["Notes"]


def test_a_refund_is_carried_out_by_its_key(shop: Counter, at_terminal: Opening) -> None:
    payment = shop.paid()
    transferred(shop, payment)
    name = give_money_back(shop, payment, 500)
    terminal = at_terminal()
    assert "f refund: take 50 ducats back from 'marco' (safest)" in terminal.until(LAST_KEYS)
    terminal.press("f", then=PLAN)
    assert "In all, 0 ducats go out, 50 come back." in terminal.text
    assert shop.writes == []
    terminal.press("y", then="Nothing is open")
    assert terminal.ended() == 0
    assert shop.row(f"cascade_refund_{name}")["ExecutedBy"] == "marco"


def test_what_does_not_fit_decides_nothing(shop: Counter, at_terminal: Opening) -> None:
    wrong_citizen(shop)
    terminal = at_terminal()
    terminal.until(LAST_KEYS)
    terminal.press("m", then="--moved does not fit this case.")
    terminal.press("x", then="The key 'x' does nothing here.")
    terminal.press("c", then="kept for ever")
    # Ctrl-D, or an empty answer, decides nothing.
    terminal.press("\x04", then="Nothing is decided.")
    terminal.press("q", then="Nothing was decided.")
    assert terminal.ended() == 3


def test_a_decision_is_undone_and_forgotten(shop: Counter, at_terminal: Opening) -> None:
    wrong_citizen(shop)
    terminal = at_terminal()
    terminal.until(LAST_KEYS)
    terminal.press("a", then="kept for ever")
    terminal.press("a gift\r", then=PLAN)
    terminal.press("b", then="Chosen: --accept: a gift")
    terminal.press("u", then="Undone.")
    terminal.press("g", then="Nothing is decided yet.")
    terminal.press("q", then="Nothing was decided.")
    assert "1 of 1 · wrong citizen" in at_terminal().until(LAST_KEYS)


def _one_decided(shop: Counter, at_terminal: Opening) -> Terminal:
    wrong_citizen(shop)
    too_few(shop)
    terminal = at_terminal()
    terminal.until("1 of 2 · wrong citizen")
    terminal.until(LAST_KEYS)
    terminal.press("c", then="kept for ever")
    terminal.press("she agrees\r", then="2 of 2 · 1 decided")
    return terminal


def _goes_on(at_terminal: Opening) -> None:
    terminal = at_terminal()
    terminal.until("2 of 2 · 1 decided · amount mismatch")
    terminal.until("1 kept from before.")
    terminal.press("g", then="she agrees")
    terminal.press("y", then="open")
    assert terminal.ended() == 3


def _once(shop: Counter) -> None:
    run_engine(shop)
    # 90 from the one payment, 100 from the other.
    assert shop.ducats_of("marco") == 190


def test_ctrl_c_keeps_what_was_decided(shop: Counter, at_terminal: Opening) -> None:
    terminal = _one_decided(shop, at_terminal)
    terminal.press("\x03", then="what you decided is kept")
    assert terminal.ended() == 130
    assert shop.writes == []
    _goes_on(at_terminal)
    _once(shop)


def test_ctrl_c_at_a_question_ends_it_as_everywhere(shop: Counter, at_terminal: Opening) -> None:
    terminal = _one_decided(shop, at_terminal)
    terminal.press("c", then="kept for ever")
    terminal.press("\x03", then="what you decided is kept")
    assert terminal.ended() == 130


def test_kill_keeps_what_was_decided(shop: Counter, at_terminal: Opening) -> None:
    _one_decided(shop, at_terminal).kill()
    assert shop.writes == []
    _goes_on(at_terminal)
    _once(shop)


def test_killed_while_it_writes_the_next_review_finishes_and_nobody_is_paid_twice(
    shop: Counter, at_terminal: Opening
) -> None:
    terminal = _one_decided(shop, at_terminal)
    terminal.press("s", then="For how long")
    terminal.press("2d\r", then="kept for ever")
    terminal.press("ask her\r", then=PLAN)
    held = shop.network.hold(is_create)
    terminal.press("y", then="")
    assert held.reached.wait(30)
    terminal.kill()
    held.let_go.set()
    # Its lock and its claims end with the process.
    again = at_terminal()
    again.until("The plan: 2 decisions")
    again.press("y", then="1 open: ")
    assert again.ended() == 3
    _once(shop)
    assert len([row for row in shop.rows() if "correction" in row["StratagemId"]]) == 1
    # lucia's ducats are the one thing that is left to decide; the other case waits.
    at_terminal().until("1 of 1 · wrong citizen")
    decided = shop.type("reconcile", "--json").data["decided"]
    assert decided["snooze"] == 1


def test_what_has_changed_since_is_not_kept(shop: Counter, at_terminal: Opening) -> None:
    _one_decided(shop, at_terminal).kill()
    (payment,) = [c["payment_intent"] for c in _items(shop) if c["kind"] == "wrong_citizen"]
    shop.type("resolve", payment, "--credit", "--reason", "by hand", "--yes")
    run_engine(shop)
    terminal = at_terminal()
    assert "decided · wrong citizen" not in terminal.until(LAST_KEYS)
    terminal.until("1 of 2 · ")


def _items(shop: Counter) -> list[dict[str, str]]:
    return list(shop.type("reconcile", "--json").data["items"])


def test_a_window_that_changes_its_size_is_drawn_anew(shop: Counter, at_terminal: Opening) -> None:
    doubtful(shop)
    for number in range(9):
        give(shop, "marco", number)
    terminal = at_terminal()
    terminal.until(LAST_KEYS)
    for rows, columns in ((24, 60), (40, 140), (16, 60), (24, 80)):
        terminal.resize(rows, columns)
        terminal.until(LAST_KEYS)
        assert terminal.lines[0].startswith("1 of 1 · doubtful"), terminal.lines
        # One line is left for a question.
        assert terminal.lines[-1] == ""


@pytest.mark.parametrize("settings", [{"NO_COLOR": "1"}, {"TERM": "dumb"}])
def test_without_colour_the_words_say_it_all(
    shop: Counter, at_terminal: Opening, settings: dict[str, str]
) -> None:
    wrong_citizen(shop)
    terminal = at_terminal(**settings)
    assert "(safest)" in terminal.until(LAST_KEYS)
    assert not re.search(rb"\x1b\[[0-9;]*[34][0-7]m", terminal.raw)
    terminal.press("q", then="Nothing was decided.")


def test_the_repairs_of_a_machine_go_into_the_plan_if_wished(
    shop: Counter, at_terminal: Opening
) -> None:
    payment = shop.paid()
    terminal = at_terminal()
    terminal.until("Not included: 1 case that can be repaired automatically, 100 ducats.")
    terminal.press("r", then="In all, 100 ducats go out.")
    assert shop.writes == []
    terminal.press("y", then="Nothing is open: 1 is in flight.")
    assert terminal.ended() == 0
    assert shop.row(f"cascade_payment_{payment}")["Status"] == "active"


def test_the_whole_story_is_a_key_away(shop: Counter, at_terminal: Opening) -> None:
    wrong_citizen(shop)
    terminal = at_terminal()
    terminal.until(LAST_KEYS)
    terminal.press("e", then="Press any key to go back.")
    # It may have scrolled past: the story ends with the verdict and the next command.
    assert b"What happened" in terminal.raw
    terminal.press(" ", then="1 of 1 · wrong citizen")


def test_without_a_terminal_it_prints_what_it_would_ask(shop: Counter, no_settings: Path) -> None:
    wrong_citizen(shop)
    too_few(shop)
    done = in_a_process(no_settings, "review", **shop.environment())
    assert done.code == 2
    assert "1 of 2 · wrong citizen" in done.out
    assert "c  give 'marco' 100 ducats  (safest)" in done.out
    assert "c  give 'marco' 10 ducats  (safest)" in done.out
    assert "there is no terminal" in done.err
    assert shop.writes == []


def test_only_the_cases_that_are_meant_are_walked(shop: Counter, no_settings: Path) -> None:
    wrong_citizen(shop)
    too_few(shop)
    for words in (("--kind", "amount_mismatch"), ("--limit", "1"), ("--citizen", "lucia")):
        done = in_a_process(no_settings, "review", *words, **shop.environment())
        assert "1 of 1 · " in done.out
        assert ("mismatch" in done.out) is (words[0] == "--kind")
    refused = in_a_process(no_settings, "review", "--kind", "settled", **shop.environment())
    assert refused.code == 2
    assert "is not a kind of open case" in refused.err


def test_where_nothing_is_open_there_is_nothing_to_ask(shop: Counter, no_settings: Path) -> None:
    done = in_a_process(no_settings, "review", **shop.environment())
    assert (done.code, done.out) == (0, "Nothing is open.\n")


def test_what_is_pasted_decides_nothing(shop: Counter, at_terminal: Opening) -> None:
    wrong_citizen(shop)
    terminal = at_terminal()
    terminal.until(LAST_KEYS)
    terminal.press("accept it all\ry", then="That key, or pasted text,")
    assert "decided" not in terminal.text
    terminal.press("q", then="Nothing was decided.")
