"""`--metrics-file`: the result of a run, in numbers."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

from cascade_cli.adapters.metrics_file import Gauge, Value, lines_of, write
from cascade_cli.cli.reconcile.run import JudgedOutcome
from cascade_cli.cli.terminal.session import Outcome
from cascade_cli.domain.discrepancies.kinds import Kind
from cascade_cli.domain.reconcile.overview import open_cases
from cascade_cli.domain.records.decisions import How
from cascade_cli.domain.records.journal_entries import Head
from cascade_cli.services.reconcile.gather import Run

_PREFIX = "cascade_reconcile_"
_LAST_SUCCESS = f"{_PREFIX}last_success_timestamp_seconds"
# What was judged. A run that could not judge keeps the old values, so that an alarm about
# discrepancies does not end because nothing could be read.
_JUDGED = {
    _PREFIX + name
    for name in (
        *("items", "discrepancies", "open", "decided", "ducats", "sold_ducats"),
        *("over_delivered_ducats", "orphaned_ducats", "residual_ducats"),
        "processor_balance_ducats",
    )
}
_PARTS = ("settled", "in_flight", "undelivered", "doubtful", "unattributable")


def write_metrics(
    path: Path,
    outcome: Outcome,
    *,
    failed: bool,
    at: datetime,
    seconds: float,
    head: Head | None = None,
) -> None:
    """Replace the file, but keep the lines that a failed run knows nothing about. Raises
    OSError."""
    gauges = [*_of_this_run(outcome, failed, at, seconds)]
    if head:
        gauges.append(_of_journal(head))
    kept = {_LAST_SUCCESS} if failed else set()
    if isinstance(outcome, JudgedOutcome):
        gauges += _of_what_was_judged(outcome.run)
    else:
        kept |= _JUDGED
    write(path, gauges, lines_of(path, kept))


def _of_this_run(outcome: Outcome, failed: bool, at: datetime, seconds: float) -> Iterator[Gauge]:
    yield _one("last_run_timestamp_seconds", "When the last run ended.", at.timestamp())
    if not failed:
        yield Gauge(_LAST_SUCCESS, "When a run last did all of its work.", {"": at.timestamp()})
    yield _one("success", "1 if the last run did all of its work.", int(not failed))
    yield _one("exit_code", "Exit code of the last run.", int(outcome.exit_code))
    yield _one("duration_seconds", "How long the last run took.", round(seconds, 3))
    coverage = (outcome.data or {}).get("coverage", {})
    sent = {name: coverage.get(f"{name}_requests", 0) for name in ("stripe", "airtable")}
    yield Gauge(_PREFIX + "requests", "Requests that the last run sent.", sent, "service")


def _of_journal(head: Head) -> Gauge:
    meaning = "Entries of the journal, and the hash of the newest: its head."
    return Gauge(_PREFIX + "journal_entries", meaning, {head.hash: head.entries or 0}, "head")


def _of_what_was_judged(run: Run) -> Iterator[Gauge]:
    equation, counts = run.result.equation, run.result.counts
    items = {kind.value: counts.get(kind, 0) for kind in Kind}
    yield Gauge(_PREFIX + "items", "Charges and transfers of its window.", items, "kind")
    found = open_cases(run.result)
    yield _one("discrepancies", "Open discrepancies.", found.number)
    by_whom = {"machine": found.automatic, "person": found.for_people}
    yield Gauge(_PREFIX + "open", "Open discrepancies, by who may settle them.", by_whom, "by")
    decided = {how.value: run.result.decided.get(how, 0) for how in How}
    yield Gauge(_PREFIX + "decided", "Closed by people's decisions.", decided, "how")
    parts = {part: getattr(equation, part) for part in _PARTS}
    yield _one("sold_ducats", "Ducats sold in its window.", equation.sold)
    yield Gauge(_PREFIX + "ducats", "Where the ducats sold are; adds up to them.", parts, "part")
    yield _one("over_delivered_ducats", "Ducats beyond what was sold.", equation.over_delivered)
    yield _one("orphaned_ducats", "Ducats that went out for no payment.", equation.orphaned)
    yield _one("residual_ducats", "Ducats not accounted for: 0.", equation.residual)
    balance = run.snapshot.lookups.processor_ducats
    if balance is not None:
        yield _one(
            "processor_balance_ducats",
            "Ducats that the processor had when the last run read it.",
            balance,
        )


def _one(name: str, meaning: str, value: Value) -> Gauge:
    return Gauge(_PREFIX + name, meaning, {"": value})
