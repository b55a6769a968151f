"""`--metrics-file` is what Prometheus' own parser reads, whole at any moment."""

from __future__ import annotations

import os
import stat
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families

from cascade_cli.adapters.metrics_file import Gauge, write
from cascade_cli.domain.discrepancies.kinds import Kind
from cascade_cli.sandbox.wire import Response
from tests.cli.terminal.conftest import Cascade
from tests.harness.sandboxed import Sandboxed

BROKEN = Response(400, b'{"error": {"message": "no"}}')
PREFIX = "cascade_reconcile_"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "cascade.prom"


def _read(file: Path) -> dict[str, float]:
    """Each sample by its name without the prefix, and its label's value."""
    return {
        " ".join([sample.name.removeprefix(PREFIX), *sample.labels.values()]): sample.value
        for family in text_string_to_metric_families(file.read_text())
        for sample in family.samples
    }


def test_it_tells_what_the_run_came_to(
    cascade: Cascade, sandboxed: Sandboxed, recently: datetime, file: Path
) -> None:
    sandboxed.move_in("marco", recently)
    paid = [sandboxed.pay(recently), sandboxed.pay(recently, ducats="50", cents=500)]
    sandboxed.transfer(f"cascade_payment_{paid[0]['payment_intent']}", recently)
    assert cascade("reconcile", "--metrics-file", str(file)).code == 3
    told = _read(file)
    assert (told["success"], told["exit_code"], told["discrepancies"]) == (1, 3, 1)
    assert (told["items settled"], told["items missing"], told["items doubtful"]) == (1, 1, 0)
    assert (told["sold_ducats"], told["ducats settled"], told["ducats undelivered"]) == (
        150,
        100,
        50,
    )
    assert told["residual_ducats"] == 0
    assert told["requests stripe"] == len(sandboxed.recorder.to("stripe"))
    assert told["requests airtable"] == len(sandboxed.recorder.to("airtable"))
    assert 0 < told["duration_seconds"] < 60
    assert abs(told["last_run_timestamp_seconds"] - datetime.now(UTC).timestamp()) < 60
    assert told["last_success_timestamp_seconds"] == told["last_run_timestamp_seconds"]
    assert {name for name in told if name.startswith("items ")} == {f"items {k}" for k in Kind}


def test_the_parts_add_up_to_what_was_sold(
    cascade: Cascade, sandboxed: Sandboxed, recently: datetime, file: Path
) -> None:
    for citizen in ("marco", "nobody at all"):
        sandboxed.pay(recently, citizen=citizen)
    cascade("reconcile", "--metrics-file", str(file))
    told = _read(file)
    parts = [value for name, value in told.items() if name.startswith("ducats ")]
    assert sum(parts) == told["sold_ducats"] == 200


def test_a_failed_run_leaves_what_the_last_one_judged(
    cascade: Cascade, sandboxed: Sandboxed, recently: datetime, file: Path
) -> None:
    sandboxed.pay(recently)
    cascade("reconcile", "--metrics-file", str(file))
    before = _read(file)
    sandboxed.recorder.break_from("stripe", 1, BROKEN)
    for _ in range(2):
        assert cascade("reconcile", "--metrics-file", str(file)).code == 5
    after = _read(file)
    assert (after["success"], after["exit_code"]) == (0, 5)
    assert after["last_run_timestamp_seconds"] > before["last_run_timestamp_seconds"]
    of_the_run = {"success", "exit_code", "duration_seconds", "last_run_timestamp_seconds"}
    kept = {n: v for n, v in before.items() if n not in of_the_run and "requests" not in n}
    assert {n: v for n, v in after.items() if n in kept} == kept
    assert kept["discrepancies"] == 1


def test_a_first_run_that_fails_claims_no_success(cascade: Cascade, file: Path) -> None:
    assert cascade("reconcile", "--metrics-file", str(file), AIRTABLE_BASE_ID=None).code == 4
    assert "last_success_timestamp_seconds" not in _read(file)
    assert _read(file)["success"] == 0


def test_others_may_read_it_and_nothing_else_is_left(cascade: Cascade, file: Path) -> None:
    old = os.umask(0o022)
    try:
        cascade("reconcile", "--metrics-file", str(file))
    finally:
        os.umask(old)
    assert stat.S_IMODE(file.stat().st_mode) == 0o644
    assert [p.name for p in file.parent.iterdir() if p.is_file()] == [file.name]


def test_a_reader_keeps_the_whole_old_file(file: Path) -> None:
    write(file, [Gauge("a", "One.", {"": 1})])
    with file.open() as reader:
        write(file, [Gauge("a", "One.", {"": 2})])
        assert reader.read().endswith("a 1\n")
    assert file.read_text().endswith("a 2\n")


@pytest.mark.parametrize("text", ['say "no"', "back\\slash", "two\nlines", "è", "\\n"])
def test_labels_and_meanings_come_out_as_they_went_in(file: Path, text: str) -> None:
    write(file, [Gauge("ducats", text, {text: Decimal("1075.50")}, "part")])
    (family,) = text_string_to_metric_families(file.read_text())
    assert (family.documentation, family.type) == (text, "gauge")
    assert family.samples[0].labels == {"part": text}
    assert family.samples[0].value == 1075.5


@pytest.mark.parametrize("name", ["cascade.txt", "cascade", "no/such/folder/cascade.prom"])
def test_a_file_that_nobody_would_read_ends_the_run_before_anything_is_read(
    cascade: Cascade, sandboxed: Sandboxed, tmp_path: Path, name: str
) -> None:
    assert cascade("reconcile", "--metrics-file", str(tmp_path / name)).code == 2
    assert sandboxed.recorder.requests == []


def test_a_file_that_cannot_be_written_after_all_is_a_warning(
    cascade: Cascade, sandboxed: Sandboxed, file: Path
) -> None:
    sandboxed.recorder.before(1, file.mkdir)
    done = cascade("reconcile", "--json", "--metrics-file", str(file))
    assert done.code == 0
    assert done.document["warnings"] == ["the metrics file: Is a directory"]
    assert [p.name for p in file.parent.iterdir() if p.is_file()] == []


def test_a_folder_in_the_place_of_the_file_is_found_out_before_anything_is_read(
    cascade: Cascade, sandboxed: Sandboxed, file: Path
) -> None:
    file.mkdir()
    answer = cascade("reconcile", "--metrics-file", str(file))
    assert (answer.code, sandboxed.recorder.requests) == (2, [])
    assert "--metrics-file: " in answer.err
