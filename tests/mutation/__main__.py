"""Changes the modules that decide, one small change at a time, and sees whether a test fails.

Everything happens in copies of the project under the system's temporary folder: the project's own
files stay as they are, however a run ends.
"""

from __future__ import annotations

import argparse
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from queue import SimpleQueue
from tempfile import TemporaryDirectory

from tests.mutation.mutants import Mutant, sample

PROJECT = Path(__file__).parents[2]
PACKAGE = "cascade_cli"
# A mutant may run round in circles: then its tests take longer than this.
LEAST_SECONDS, TIMES_AS_LONG = 60, 5

_JUDGING = (
    "domain/test_findings domain/test_repair domain/test_orphans domain/test_kinds"
    " domain/test_vanished"
)
_AMBIGUITY = "domain/test_other_processor domain/test_late_rows credit/test_ambiguous"
_CREDITING = "credit/test_payments credit/test_names credit/test_credit_command"
_GUARDED = "credit/test_price_guard credit/test_recipients"
_MONEY_BACK = (
    "domain/test_refund_plan domain/test_refunds domain/test_money_back domain/test_money_stays"
    " domain/test_money_sequences domain/test_refund_obstacles"
)
_VIEWS = "agreement/test_agreement"
# The tests that speak for each module: those that fail soonest come first.
TESTS = {
    "adapters/http/service_clock": "adapters/test_service_clock since_last/test_clocks",
    "adapters/venice/notes_codec": "adapters/test_notes domain/test_transfer_states"
    " adapters/test_transfers credit/test_rewriting credit/test_doubt",
    "domain/discrepancies/advice": "domain/test_advice domain/test_by_hand"
    f" cli_explain/test_verdicts {_VIEWS}",
    "domain/selling/allocation": "domain/test_allocation organisations/test_file",
    "domain/delivery/arrival_notices": "arrivals/test_decision adapters_journal/test_arrivals"
    " arrivals/test_repair",
    "domain/matching/matched_charge": f"{_JUDGING} domain/test_unattributable domain/test_late_rows"
    " domain/test_other_processor domain/test_residents domain/test_reconcile_properties"
    " credit/test_ambiguous credit/test_recipients",
    "domain/records/charges": "domain/test_money_back domain/test_money_stays"
    " domain/test_money_sequences"
    " domain/test_refunds domain/test_findings domain/test_subscriptions domain/test_gifts"
    " domain/test_allocation domain/test_residents adapters/test_money_moved"
    " adapters/test_captures adapters/test_purchases",
    "domain/delivery/delivery_steps": "credit/test_next_step credit/test_ending"
    " credit/test_next_step_properties"
    f" domain/test_matching domain/test_matching_properties {_AMBIGUITY} credit/test_doubt"
    " credit/test_refused credit/test_rewriting",
    "domain/shop/exchange": "pricing/test_exchange domain/test_pricing pricing/test_rates",
    "domain/discrepancies/findings": f"{_JUDGING} domain/test_money_back_told domain/test_refunds"
    " domain/test_unattributable"
    " domain/test_late_rows domain/test_residents domain/test_transfer_states"
    f" domain/test_price_guard credit/test_price_guard",
    "domain/matching/matching": "domain/test_matching domain/test_matching_properties"
    " domain/test_orphans"
    " domain/test_late_rows domain/test_other_processor",
    "domain/refunds/money_back": "domain/test_money_back domain/test_money_stays"
    " domain/test_money_sequences",
    "domain/shop/citizen_names": "domain/test_names credit/test_lookalikes",
    "domain/records/orders": "domain/test_keys credit/test_next_step domain/test_gifts"
    " domain/test_other_processor"
    f" domain/test_allocation refunds/test_states {_CREDITING} {_GUARDED}"
    " domain/test_price_guard credit/test_ambiguous",
    "domain/matching/ownership": "domain/test_late_rows domain/test_other_processor"
    " domain/test_matching"
    " domain/test_matching_properties domain/test_reconcile_properties credit/test_ambiguous"
    " credit/test_next_step credit/test_next_step_properties",
    "domain/records/past_delivery": "domain/test_vanished since_last/test_vanished"
    " credit/test_doubt",
    "domain/matching/fast_path": "domain/test_plain domain/test_core_costs",
    "domain/selling/price_guard": "domain/test_price_guard domain/test_subscriptions"
    " credit/test_price_guard",
    "domain/selling/pricing": "domain/test_pricing domain/test_price_guard"
    " domain/test_subscriptions"
    " pricing/test_price_list"
    " pricing/test_price_file pricing/test_exchange pricing/test_currencies",
    "domain/reconcile/reconciliation": f"domain/test_reconciliation {_JUDGING} domain/test_by_hand"
    " domain/test_advice domain/test_money_back_told"
    " domain/test_plain domain/test_refunds domain/test_late_rows domain/test_other_processor"
    " domain/test_reconcile_properties",
    "domain/reconcile/orphans": "domain/test_orphans domain/test_unattributable"
    " domain/test_late_rows domain/test_other_processor domain/test_by_hand domain/test_findings"
    " domain/test_reconciliation domain/test_reconcile_properties",
    "domain/discrepancies/refund_plan": f"{_MONEY_BACK} domain/test_residents refunds/test_states"
    " refunds/test_refund",
    "domain/refunds/refund_shares": f"{_MONEY_BACK} domain/test_findings domain/test_residents"
    " refunds/test_states",
    "domain/discrepancies/repair_command": "domain/test_repair domain/test_vanished"
    " domain/test_orphans"
    " domain/test_unattributable domain/test_by_hand domain/test_late_rows"
    " domain/test_other_processor domain/test_residents domain/test_price_guard"
    f" domain/test_advice credit/test_repair credit/test_ambiguous {_GUARDED}",
    "domain/reconcile/repair_plan": "domain/test_repair_plan credit/test_repair credit/test_limits",
    "domain/reconcile/event_replay": "cli_events/test_obstacles domain/test_price_guard"
    f" cli_events/test_replay domain/test_subscriptions {_GUARDED}",
    "domain/records/citizens": "domain/test_residents credit/test_recipients",
    "domain/history/checkpoint": "domain/test_run_memory domain/test_verification"
    " since_last/test_memory"
    " since_last/test_clocks",
    "domain/delivery/transfer_status": "domain/test_transfer_states refunds/test_states"
    " domain/test_refunds"
    " cli_explain/test_verdicts",
    "domain/records/stratagems": "domain/test_stratagems domain/test_transfer_states"
    " credit/test_next_step"
    " domain/test_findings adapters/test_notes adapters/test_transfers credit/test_doubt",
    "services/delivery/tell_arrivals": "arrivals/test_repair arrivals/test_watch"
    " arrivals/test_gifts",
    "services/delivery/credit_service": f"credit/test_credit_desk {_CREDITING} {_GUARDED}"
    " credit/test_limits"
    " credit/test_file credit/test_repetition credit/test_row_names credit/test_ambiguous"
    " credit/test_refused organisations/test_by_people since_last/test_vanished",
    "services/delivery/credit_guards": "credit/test_price_guard credit/test_recipients"
    " credit/test_file",
    "services/delivery/credit_requests": "credit/test_credit_desk credit/test_limits"
    " credit/test_names",
    "services/delivery/deliver": "credit/test_deliverer credit/test_sighting credit/test_throttling"
    " credit/test_notifications credit/test_requests credit/test_schema credit/test_amendment"
    " credit/test_journal_failures credit/test_ambiguous credit/test_refused gifts/test_gifts",
    "services/events/intake": f"services/test_intake {_GUARDED} organisations/test_event"
    " organisations/test_server",
    "services/delivery/order_in_progress": "credit/test_deliverer credit/test_sighting"
    " credit/test_repetition"
    " credit/test_requests credit/test_notifications credit/test_limits credit/test_ending"
    " credit/test_row_names",
    "services/refunds/automatic_refunds": "services/test_refund_clerk organisations/test_clerk"
    " refunds/test_auto",
    "services/events/replay_service": "cli_events/test_replay cli_events/test_obstacles"
    " cli_events/test_selection"
    f" {_GUARDED} organisations/test_server",
}


@dataclass
class Copies:
    """Copies of the project; in each, one mutant at a time meets its tests."""

    root: Path
    free: SimpleQueue[Path] = field(default_factory=SimpleQueue)
    running: set[subprocess.Popen[bytes]] = field(default_factory=set)
    late: int = 0

    def make(self, name: str, project: Path) -> None:
        for folder in (PACKAGE, "tests"):
            shutil.copytree(project / folder, self.root / name / folder)
        shutil.copy2(project / "pyproject.toml", self.root / name)
        self.free.put(self.root / name)

    def text(self, path: Path) -> str:
        """A module as it is, and stays while somebody works on the project."""
        return (self.root / "0" / path).read_text(encoding="utf-8")

    def survives(self, path: Path, text: str, tests: Sequence[str], seconds: float | None) -> bool:
        """Whether all tests pass with this text in the module's place."""
        root = self.free.get()
        original = (root / path).read_text(encoding="utf-8")
        try:
            _write(root / path, text)
            return self._passes(root, tests, seconds)
        finally:
            _write(root / path, original)
            self.free.put(root)

    def _passes(self, root: Path, tests: Sequence[str], seconds: float | None) -> bool:
        quiet = ["-x", "-n", "0", "-p", "no:cacheprovider", "-p", "no:schemathesis"]
        command = [sys.executable, "-m", "pytest", *quiet, "--hypothesis-profile=mutation", *tests]
        process = subprocess.Popen(
            command,
            cwd=root,
            env={**os.environ, "PYTHONPATH": str(root)},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        self.running.add(process)
        try:
            process.wait(seconds)
        except subprocess.TimeoutExpired:
            self.late += 1
        passed = process.poll() == 0
        _kill(process)
        self.running.discard(process)
        return passed

    def stop(self) -> None:
        """End what is still running: a run that is broken off leaves nothing behind."""
        for process in list(self.running):
            _kill(process)


def _kill(process: subprocess.Popen[bytes]) -> None:
    """The tests, and the processes that they started."""
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def _write(file: Path, text: str) -> None:
    # Python takes a compiled file for current by the source's size and whole second.
    later = file.stat().st_mtime + 1
    file.write_text(text, encoding="utf-8")
    os.utime(file, (later, later))


@contextmanager
def copies(number: int, project: Path = PROJECT) -> Iterator[Copies]:
    """So many copies of a project, gone at the end."""
    with TemporaryDirectory(prefix="cascade-mutation-") as folder:
        made = Copies(Path(folder))
        try:
            for name in range(number):
                made.make(str(name), project)
            yield made
        finally:
            made.stop()


@dataclass(frozen=True)
class Outcome:
    """What became of one module's mutants; `late` are those killed because time ran out."""

    module: str
    made: int
    tried: int
    survivors: Sequence[Mutant]
    late: int
    seconds_each: float

    def __str__(self) -> str:
        killed = self.tried - len(self.survivors)
        percent = 100 * killed / max(self.tried, 1)
        return (
            f"{self.module:<24} {self.made:>4} mutants, {self.tried:>3} tried, {killed:>3} killed "
            f"({self.late} by time), {len(self.survivors):>2} survived: {percent:3.0f} %, "
            f"{self.seconds_each:.1f} s each"
        )


def try_module(
    module: str, tests: Sequence[str], seed: int, size: int | None, at: Copies
) -> Outcome:
    """Try a sample of one module's mutants. Raises RuntimeError if its tests fail without one."""
    path = Path(PACKAGE, f"{module}.py")
    text = at.text(path)
    began = time.perf_counter()
    if not at.survives(path, text, tests, None):
        raise RuntimeError(f"the tests of {module} fail as it is: {' '.join(tests)}")
    limit = max(LEAST_SECONDS, TIMES_AS_LONG * (time.perf_counter() - began))
    made, mutants = sample(text, f"{seed}:{module}", size)
    began, late = time.perf_counter(), at.late
    pool = ThreadPoolExecutor(at.free.qsize())
    try:
        survived = list(pool.map(lambda m: at.survives(path, m.text, tests, limit), mutants))
    finally:
        pool.shutdown(wait=False, cancel_futures=True)
        at.stop()
        pool.shutdown()
    survivors = [m for m, alive in zip(mutants, survived, strict=True) if alive]
    each = (time.perf_counter() - began) / max(len(mutants), 1)
    return Outcome(module, made, len(mutants), survivors, at.late - late, each)


def main(arguments: Sequence[str] | None = None) -> int:
    """0 if every module could be tried, whatever survived."""
    parser = _parser()
    options = parser.parse_args(arguments)
    if unknown := set(options.modules) - set(TESTS):
        parser.error(f"no such module: {', '.join(sorted(unknown))}")
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    with copies(options.jobs) as at:
        for module in options.modules or TESTS:
            tests = [f"tests/{name}.py" for name in TESTS[module].split()]
            outcome = try_module(module, tests, options.seed, options.sample, at)
            _say(str(outcome))
            for mutant in outcome.survivors if options.list_survivors else ():
                _say(f"  {PACKAGE}/{module}.py:{mutant.line}\n{mutant.diff}\n")
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tests.mutation", description=__doc__)
    names = ", ".join(TESTS)
    parser.add_argument("modules", nargs="*", metavar="MODULE", help=f"of {names}; all if none")
    parser.add_argument("--seed", type=int, default=1, help="chooses the sample")
    parser.add_argument("--sample", type=int, metavar="N", help="so many of each module; else all")
    parser.add_argument("--jobs", type=int, default=2, help="how many at a time")
    parser.add_argument("--list-survivors", action="store_true", help="show each that lives")
    return parser


def _say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
