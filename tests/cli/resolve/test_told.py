"""Whoever looks is told what is open, what is decided, and what is put off."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.cli.reconcile.run_end.conftest import _apprise_has_loaded, listener
from tests.cli.reconcile.run_end.listener import Listener
from tests.cli.resolve.cases import resolve, run_engine, too_many, twice, wrong_citizen
from tests.harness.counter import Counter

__all__ = ["_apprise_has_loaded", "listener"]


def test_the_story_tells_who_decided_what_and_what_came_of_it(counter: Counter) -> None:
    payment = wrong_citizen(counter)
    assert resolve(counter, payment, "--credit", "--reason", "lucia was not meant").code == 0
    run_engine(counter)
    assert resolve(counter, payment, "--take-back").code == 0
    run_engine(counter)
    data = counter.type("explain", payment, "--json").data
    told = [entry["what"] for entry in data["timeline"]]
    assert any("decided: a credit was decided (100 ducats)" in what for what in told)
    assert any("lucia was not meant" in what for what in told)
    assert any("decided: taking back was decided (100 ducats)" in what for what in told)
    ids = {entry["id"] for entry in data["timeline"]}
    assert f"cascade_correction_{payment}" in ids
    assert any(name.startswith("cascade_takeback_rec") for name in ids)
    assert data["verdict"]["kind"] == "settled"
    assert data["verdict"]["decision"]["how"] == "take_back"


def test_open_decided_and_snoozed_are_told_apart(counter: Counter, tmp_path: Path) -> None:
    first, second, third = twice(counter), too_many(counter), wrong_citizen(counter)
    assert resolve(counter, first, "--accept").code == 0
    assert resolve(counter, second, "--snooze", "3d").code == 0
    metrics, page = tmp_path / "cascade.prom", tmp_path / "night.html"
    files = ("--metrics-file", str(metrics), "--report", str(page))
    answer = counter.type("reconcile", "--since", "7d", "--json", *files)
    assert [item["payment_intent"] for item in answer.data["items"]] == [third]
    assert answer.data["decided"] == {"accept": 1, "snooze": 1}
    counts = answer.data["counts"]
    assert (counts["duplicate"], counts["amount_mismatch"], counts["wrong_citizen"]) == (0, 0, 1)
    lines = metrics.read_text().splitlines()
    assert 'cascade_reconcile_decided{how="accept"} 1' in lines
    assert 'cascade_reconcile_decided{how="snooze"} 1' in lines
    assert "cascade_reconcile_discrepancies 1" in lines
    assert "Decided by people: 1 accepted, 1 snoozed." in page.read_text()
    text = counter.type("reconcile", "--since", "7d").out
    assert "Decided by people: 1 accepted, 1 snoozed." in text
    status = counter.type("status", "--since", "7d", "--json").data["discrepancies"]
    assert (status["total"], status["decided"]) == (1, {"accept": 1, "snooze": 1})
    assert "Decided by people: 1 accepted, 1 snoozed." in counter.type("status").out
    shown = counter.type("reconcile", "--since", "7d", "--all").out
    assert "decided: accepted as it is, by" in shown


def test_since_the_last_run_decided_and_snoozed_are_not_called_solved(
    counter: Counter, tmp_path: Path
) -> None:
    first, second, third = twice(counter), too_many(counter), wrong_citizen(counter)
    counter.type("reconcile", "--since", "7d")
    assert resolve(counter, first, "--accept").code == 0
    assert resolve(counter, second, "--snooze", "3d").code == 0
    told = "0 new, 0 solved, 1 decided, 1 snoozed"
    assert f"{told} since the last run." in " ".join(counter.type("status").out.split())
    page = tmp_path / "night.html"
    answer = counter.type("reconcile", "--since", "last", "--json", "--report", str(page))
    changed = answer.data["since_last"]
    assert (changed["decided"], changed["snoozed"]) == ([first], [second])
    assert changed["still_open"] == [third]
    tiles = re.findall(r"<b>(\d+)</b> <span>(decided|snoozed|solved)</span>", page.read_text())
    assert tiles == [("0", "solved"), ("1", "decided"), ("1", "snoozed")]


@pytest.mark.usefixtures("_apprise_has_loaded")
def test_an_alert_tells_decided_and_snoozed_from_solved(
    counter: Counter, listener: Listener
) -> None:
    first, second = twice(counter), too_many(counter)
    words = ("reconcile", "--since", "7d", "--alert")
    assert counter.type(*words, CASCADE_ALERT_URLS=listener.address).code == 3
    assert resolve(counter, first, "--accept").code == 0
    assert resolve(counter, second, "--snooze", "3d").code == 0
    assert counter.type(*words, CASCADE_ALERT_URLS=listener.address).code == 0
    *_, alert = listener.alerts()
    assert alert["title"] == "cascade: 0 new, 0 solved, 1 decided, 1 snoozed, 0 still open"
    lines = alert["message"].splitlines()
    assert {f"DECIDED duplicate {first}", f"SNOOZED amount_mismatch {second}"} <= set(lines)
    assert "Nothing is open. Decided by people: 1 accepted, 1 snoozed." in lines


def test_a_night_without_anything_open_ends_at_zero(counter: Counter) -> None:
    payment = twice(counter)
    assert counter.type("reconcile", "--since", "last").code == 3
    assert resolve(counter, payment, "--accept").code == 0
    answer = counter.type("reconcile", "--since", "last")
    assert answer.code == 0
    assert "settled, in flight or decided" in answer.out


def test_a_machine_leaves_a_decided_case_alone(counter: Counter) -> None:
    payment = counter.paid()
    assert resolve(counter, payment, "--accept", "--reason", "the buyer wants no ducats").code == 0
    answer = counter.type("reconcile", "--since", "7d", "--repair", "--yes", "--json")
    assert (answer.code, answer.data["repairs"]) == (0, [])
