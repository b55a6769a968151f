"""A little of the proofs that `python -m tests.processes` carries out in full."""

from __future__ import annotations

import pytest

from tests.harness.postgresql import PostgresqlServer
from tests.processes.killing import credit_file_round, repair_round
from tests.processes.racing import race_round
from tests.processes.restoring import restore_round

pytestmark = pytest.mark.long


def test_a_killed_credit_of_a_file_pays_every_row_once() -> None:
    tally = credit_file_round(3, rows=60, most_kills=2)
    assert tally.kills
    assert tally.flaws == []


def test_a_killed_repair_pays_every_payment_once() -> None:
    tally = repair_round(3, rows=60, most_kills=2)
    assert tally.kills
    assert tally.flaws == []


def test_four_processes_crediting_one_by_one_pay_once_on_sqlite() -> None:
    assert race_round(1, payments=6, alone=True) == []


def test_four_processes_crediting_some_at_a_time_pay_once_on_postgresql(
    postgresql: PostgresqlServer,
) -> None:
    assert race_round(1, journal_url=postgresql.new_url(), payments=24) == []


def test_a_shop_that_died_goes_on_elsewhere_from_a_backup_and_pays_once() -> None:
    came_to = restore_round(2, rows=30)
    assert came_to.backups
    assert came_to.flaws == []
