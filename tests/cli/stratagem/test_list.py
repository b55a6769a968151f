from __future__ import annotations

import pytest

from tests.cli.stratagem.rows import failed, make
from tests.harness.counter import Counter


def _ids(counter: Counter, *words: str) -> list[str]:
    answer = counter.type("stratagem", "list", "--json", *words)
    assert answer.code == 0
    return [row["stratagem_id"] for row in answer.data["stratagems"]]


def test_the_newest_comes_first(counter: Counter) -> None:
    for hours_ago in (5, 1, 3):
        make(counter, f"h{hours_ago}", hours_ago=hours_ago)
    assert _ids(counter) == ["h1", "h3", "h5"]


def test_a_week_is_listed_unless_told_otherwise(counter: Counter) -> None:
    make(counter, "young", hours_ago=24 * 6.9)
    make(counter, "old", hours_ago=24 * 7.1)
    assert _ids(counter) == ["young"]
    assert _ids(counter, "--since", "8d") == ["young", "old"]


def test_a_status_is_venice_s_and_a_state_is_what_it_means(counter: Counter) -> None:
    make(counter, "live")
    make(counter, "stalled", hours_left=-1)
    failed(counter, "failed", "Sender X not found.")
    failed(counter, "doubtful", "Processing error: boom")
    assert set(_ids(counter, "--status", "active")) == {"live", "stalled"}
    assert set(_ids(counter, "--status", "failed")) == {"failed", "doubtful"}
    for state in ("live", "stalled", "doubtful"):
        assert _ids(counter, "--status", state) == [state]


def test_an_unknown_status_is_refused_before_any_request(counter: Counter) -> None:
    answer = counter.type("stratagem", "list", "--status", "actve")
    assert answer.code == 2
    assert "planned, active, executed" in answer.err
    assert counter.requests == []


@pytest.mark.parametrize("since", ["yesterday", "-1d", ""])
def test_an_unreadable_time_is_refused_before_any_request(counter: Counter, since: str) -> None:
    assert counter.type("stratagem", "list", "--since", since).code == 2
    assert counter.requests == []


@pytest.mark.parametrize("name", ["D'Alviano", 'q"q', "b\\b", "{x}", "l\nb", "\u202eeno", "é"])
def test_a_citizen_is_meant_to_the_letter(counter: Counter, name: str) -> None:
    make(counter, "theirs", citizen=name)
    make(counter, "other", citizen=name + "x")
    make(counter, "case", citizen=name.swapcase() + "Y")
    assert _ids(counter, "--citizen", name) == ["theirs"]


def test_nobody_s_transfers_are_an_empty_list(counter: Counter) -> None:
    make(counter, "theirs")
    answer = counter.type("stratagem", "list", "--citizen", "Marco")
    assert answer.code == 0
    assert answer.out.startswith("0 transfers since 2026-11-13 15:00 UTC, 0 ducats.")


def test_a_name_that_nobody_has_is_told_with_those_that_look_like_it(counter: Counter) -> None:
    counter.move_in("Zanetta")
    answer = counter.type("stratagem", "list", "--citizen", "zanetta")
    assert answer.code == 0
    assert "no citizen 'zanetta'; there is a 'Zanetta'" in " ".join(answer.err.split())
    assert "no citizen" not in counter.type("stratagem", "list", "--citizen", "Zanetta").err


def test_in_a_pipe_each_id_is_whole_on_a_line_of_its_own(
    counter: Counter, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    name, citizen = "cascade_payment_" + "i" * 100, "c" * 90
    make(counter, name, citizen=citizen)
    _, row, identity, _ = counter.type("stratagem", "list").out.splitlines()
    assert row.endswith(f"  100  {citizen}")
    assert identity == f"  {name}"


def test_more_than_a_page_is_listed_whole(counter: Counter) -> None:
    for number in range(103):
        make(counter, f"n{number}")
    assert len(_ids(counter)) == 103


def test_hostile_text_is_shown_as_text(counter: Counter) -> None:
    make(counter, "[bold]i\x1b[2J", citizen="a\nb\u202e[red]")
    out = counter.type("stratagem", "list").out
    assert "[bold]i\\x1b[2J" in out
    assert "a\\nb\\u202e[red]" in out
    assert "\x1b" not in out


def test_the_sum_is_exact(counter: Counter) -> None:
    for number in range(3):
        make(counter, f"n{number}", Notes='{"amount": 0.1, "reason": "x"}')
    assert (
        "3 transfers since 2026-11-13 15:00 UTC, 0.3 ducats."
        in counter.type("stratagem", "list").out
    )
