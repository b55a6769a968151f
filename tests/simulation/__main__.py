"""Plays histories, and prints the trace of the first that goes wrong."""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import ExitStack

from tests.simulation.play import Report, play, workshop

_BATCH = 20


def main() -> int:
    """0 if all histories are as they should be, else 1."""
    options = _options()
    seeds = range(options.first, options.first + options.seeds)
    began = time.perf_counter()
    histories = operations = faults = crashes = 0
    for report in _reports(seeds, options.jobs):
        if report.flaws:
            _print_failure(report)
            return 1
        histories += 1
        operations += report.chronicle.operations
        faults += report.chronicle.faults
        crashes += report.chronicle.crashes
    seconds = time.perf_counter() - began
    print(
        f"{histories} histories, {operations} operations, {faults} faults, {crashes} crashes: "
        f"no flaw ({seconds:.0f} s)"
    )
    return 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.simulation", description=__doc__)
    parser.add_argument("--seeds", type=int, required=True, help="how many histories")
    parser.add_argument("--first", type=int, default=1, help="the first seed")
    parser.add_argument("--jobs", type=int, default=2, help="how many processes")
    return parser.parse_args()


def _reports(seeds: range, jobs: int) -> Iterator[Report]:
    batches = [seeds[i : i + _BATCH] for i in range(0, len(seeds), _BATCH)]
    if jobs == 1:
        for batch in batches:
            yield from _play_batch(batch)
        return
    with ProcessPoolExecutor(jobs) as pool:
        for reports in pool.map(_play_batch, batches):
            yield from reports


def _play_batch(seeds: range) -> list[Report]:
    with ExitStack() as stack:
        shared = stack.enter_context(workshop())
        return [play(seed, shared) for seed in seeds]


def _print_failure(report: Report) -> None:
    print(report.chronicle.text())
    print(f"\nseed {report.seed} fails:")
    for flaw in report.flaws:
        print(f"  {flaw}")


if __name__ == "__main__":
    sys.exit(main())
