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
    "domain/discrepancies/test_findings domain/discrepancies/test_repair_command"
    " domain/discrepancies/test_orphans domain/discrepancies/test_kinds"
    " domain/discrepancies/test_vanished"
)
_AMBIGUITY = (
    "domain/matching/test_other_processor domain/matching/test_late_rows cli/credit/test_ambiguous"
)
_CREDITING = "cli/credit/test_payments cli/credit/test_names cli/credit/test_credit_command"
_GUARDED = "cli/credit/test_price_guard cli/credit/test_recipients"
_MONEY_BACK = (
    "domain/refunds/test_refund_plan domain/refunds/test_refunds domain/refunds/test_money_back"
    " domain/refunds/test_money_stays domain/refunds/test_money_sequences"
    " domain/refunds/test_refund_obstacles"
)
_VIEWS = "end_to_end/agreement/test_agreement"
# The tests that speak for each module: those that fail soonest come first.
TESTS = {
    "adapters/http/service_clock": "adapters/http/test_service_clock"
    " cli/reconcile/since_last/test_clocks",
    "adapters/venice/stratagem_rows": "adapters/venice/test_stratagem_rows"
    " domain/records/test_transfer_states adapters/venice/test_transfers"
    " cli/credit/test_rewriting cli/credit/test_doubt",
    "domain/discrepancies/advice": "domain/discrepancies/test_advice"
    f" domain/discrepancies/test_by_hand cli/explain/test_verdicts {_VIEWS}",
    "domain/selling/allocation": "domain/selling/test_allocation"
    " end_to_end/organisations/test_file",
    "domain/delivery/arrival_notices": "domain/delivery/test_arrival_notices"
    " adapters/journal/test_arrivals end_to_end/arrivals/test_repair",
    "domain/matching/matched_charge": f"{_JUDGING} domain/discrepancies/test_unattributable"
    " domain/matching/test_late_rows domain/matching/test_other_processor"
    " domain/discrepancies/test_residents domain/reconcile/test_reconcile_properties"
    " cli/credit/test_ambiguous cli/credit/test_recipients",
    "domain/records/charges": "domain/refunds/test_money_back domain/refunds/test_money_stays"
    " domain/refunds/test_money_sequences domain/refunds/test_refunds"
    " domain/discrepancies/test_findings domain/selling/test_subscriptions"
    " domain/records/test_gifts domain/selling/test_allocation"
    " domain/discrepancies/test_residents adapters/stripe/test_money_moved"
    " adapters/stripe/test_captures adapters/stripe/test_purchases",
    "domain/delivery/delivery_steps": "domain/delivery/test_delivery_steps"
    " domain/delivery/test_ending domain/delivery/test_delivery_steps_properties"
    f" domain/matching/test_matching domain/matching/test_matching_properties {_AMBIGUITY}"
    " cli/credit/test_doubt cli/credit/test_refused cli/credit/test_rewriting",
    "domain/shop/exchange": "domain/shop/test_exchange domain/selling/test_pricing"
    " adapters/test_rates",
    "domain/discrepancies/findings": f"{_JUDGING} domain/discrepancies/test_money_back_told"
    " domain/refunds/test_refunds domain/discrepancies/test_unattributable"
    " domain/matching/test_late_rows domain/discrepancies/test_residents"
    " domain/records/test_transfer_states domain/selling/test_price_guard"
    " cli/credit/test_price_guard",
    "domain/matching/matching": "domain/matching/test_matching"
    " domain/matching/test_matching_properties domain/discrepancies/test_orphans"
    " domain/matching/test_late_rows domain/matching/test_other_processor",
    "domain/refunds/money_back": "domain/refunds/test_money_back domain/refunds/test_money_stays"
    " domain/refunds/test_money_sequences",
    "domain/records/orders": "domain/shop/test_keys domain/delivery/test_delivery_steps"
    " domain/records/test_gifts domain/matching/test_other_processor"
    f" domain/selling/test_allocation cli/refund/test_states {_CREDITING} {_GUARDED}"
    " domain/selling/test_price_guard cli/credit/test_ambiguous",
    "domain/shop/money": "domain/shop/test_money cli/credit/test_old_amounts"
    " cli/credit/test_credit_command domain/selling/test_pricing",
    "domain/matching/ownership": "domain/matching/test_late_rows"
    " domain/matching/test_other_processor domain/matching/test_matching"
    " domain/matching/test_matching_properties domain/reconcile/test_reconcile_properties"
    " cli/credit/test_ambiguous",
    "domain/records/past_delivery": "domain/discrepancies/test_vanished"
    " cli/reconcile/since_last/test_vanished cli/credit/test_doubt",
    "domain/matching/fast_path": "domain/matching/test_fast_path domain/reconcile/test_core_costs",
    "domain/selling/price_guard": "domain/selling/test_price_guard"
    " domain/selling/test_subscriptions cli/credit/test_price_guard",
    "domain/selling/pricing": "domain/selling/test_pricing domain/selling/test_price_guard"
    " domain/selling/test_subscriptions domain/selling/test_price_list adapters/test_price_file"
    " domain/shop/test_exchange cli/pricing/test_currencies",
    "domain/reconcile/reconciliation": f"domain/reconcile/test_reconciliation {_JUDGING}"
    " domain/discrepancies/test_by_hand domain/discrepancies/test_advice"
    " domain/discrepancies/test_money_back_told domain/matching/test_fast_path"
    " domain/refunds/test_refunds domain/matching/test_late_rows"
    " domain/matching/test_other_processor domain/reconcile/test_reconcile_properties",
    "domain/discrepancies/refund_plan": f"{_MONEY_BACK} domain/discrepancies/test_residents"
    " cli/refund/test_states cli/refund/test_refund",
    "domain/refunds/refund_shares": f"{_MONEY_BACK} domain/discrepancies/test_findings"
    " domain/discrepancies/test_residents cli/refund/test_states",
    "domain/discrepancies/repair_command": "domain/discrepancies/test_repair_command"
    " domain/discrepancies/test_vanished domain/discrepancies/test_orphans"
    " domain/discrepancies/test_unattributable domain/discrepancies/test_by_hand"
    " domain/matching/test_late_rows domain/matching/test_other_processor"
    " domain/discrepancies/test_residents domain/selling/test_price_guard"
    " domain/discrepancies/test_advice cli/reconcile/test_repair cli/credit/test_ambiguous"
    f" {_GUARDED}",
    "domain/reconcile/repair_plan": "domain/reconcile/test_repair_plan cli/reconcile/test_repair"
    " cli/credit/test_limits",
    "domain/reconcile/event_replay": "cli/events/test_obstacles domain/selling/test_price_guard"
    f" cli/events/test_replay domain/selling/test_subscriptions {_GUARDED}",
    "domain/records/citizens": "domain/records/test_citizen_names cli/credit/test_lookalikes"
    " domain/discrepancies/test_residents cli/credit/test_recipients",
    "domain/history/checkpoint": "domain/history/test_checkpoint domain/history/test_verification"
    " cli/reconcile/since_last/test_memory cli/reconcile/since_last/test_clocks",
    "domain/delivery/transfer_status": "cli/stratagem/test_status"
    " domain/records/test_transfer_states cli/stratagem/test_watch cli/refund/test_states"
    " domain/refunds/test_refunds cli/explain/test_verdicts",
    "domain/records/stratagems": "domain/records/test_stratagems"
    " domain/records/test_transfer_states domain/delivery/test_delivery_steps"
    " domain/discrepancies/test_findings adapters/venice/test_stratagem_rows"
    " adapters/venice/test_transfers cli/credit/test_doubt",
    "services/delivery/tell_arrivals": "end_to_end/arrivals/test_repair"
    " end_to_end/arrivals/test_watch end_to_end/arrivals/test_gifts",
    "services/delivery/credit_service": f"services/delivery/test_credit_service {_CREDITING}"
    f" {_GUARDED} cli/credit/test_limits cli/credit/test_file cli/credit/test_repetition"
    " cli/credit/test_row_names cli/credit/test_ambiguous cli/credit/test_refused"
    " end_to_end/organisations/test_by_people cli/reconcile/since_last/test_vanished",
    "services/delivery/credit_guards": "cli/credit/test_price_guard cli/credit/test_recipients"
    " cli/credit/test_file",
    "services/delivery/credit_requests": "services/delivery/test_credit_service"
    " cli/credit/test_limits cli/credit/test_names",
    "services/delivery/deliver": "services/delivery/test_deliver services/delivery/test_sighting"
    " services/delivery/test_throttling cli/credit/test_notifications cli/credit/test_requests"
    " cli/credit/test_schema cli/credit/test_amendment cli/credit/test_journal_failures"
    " cli/credit/test_ambiguous cli/credit/test_refused end_to_end/gifts/test_gifts",
    "services/events/intake": f"services/events/test_intake {_GUARDED}"
    " end_to_end/organisations/test_event end_to_end/organisations/test_server",
    "services/delivery/order_in_progress": "services/delivery/test_deliver"
    " services/delivery/test_sighting cli/credit/test_repetition cli/credit/test_requests"
    " cli/credit/test_notifications cli/credit/test_limits domain/delivery/test_ending"
    " cli/credit/test_row_names cli/credit/test_refused end_to_end/arrivals/test_gifts",
    "services/refunds/automatic_refunds": "services/refunds/test_automatic_refunds"
    " end_to_end/organisations/test_automatic_refunds cli/refund/test_auto",
    "services/events/replay_service": "cli/events/test_replay cli/events/test_obstacles"
    f" cli/events/test_selection {_GUARDED} end_to_end/organisations/test_server",
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
