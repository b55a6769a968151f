"""Kills, outages and orderly ends; the long versions are commands: kill.py and outage.py."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.server.kill import play as kill
from tests.server.outage import play as endure


@pytest.mark.long
def test_what_was_acknowledged_before_a_kill_is_credited_once(tmp_path: Path) -> None:
    kills = kill(tmp_path, rounds=1, events=60, seed=3)
    assert kills.acknowledged > 0
    assert kills.is_whole, kills


def test_payments_during_an_outage_of_airtable_are_all_credited_after_it(tmp_path: Path) -> None:
    seen = endure(tmp_path, payments=40, seconds=4, rate=0)
    assert seen.is_whole, seen
