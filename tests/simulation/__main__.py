"""Plays histories, and prints the trace of the first that goes wrong, or goes on to the last."""

from __future__ import annotations

import argparse
import sys
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context

from tests.simulation.mutants import MUTANTS
from tests.simulation.play import Report, play, play_batch, stay_on_one_core
from tests.simulation.shared_parts import shared_parts

_BATCH = 20


def main(arguments: Sequence[str] | None = None) -> int:
    """0 if all histories are as they should be, else 1."""
    options = _parser().parse_args(arguments)
    if options.trace is not None:
        return _trace(options.trace)
    seeds = range(options.first, options.first + options.seeds)
    if options.mutants:
        return _find_mutants(seeds)
    return _play_all(seeds, options.jobs, goes_on=options.keep_going)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tests.simulation", description=__doc__)
    parser.add_argument("--seeds", type=int, default=200, help="how many histories")
    parser.add_argument("--first", type=int, default=1, help="the first seed")
    parser.add_argument("--jobs", type=int, default=2, help="how many processes")
    parser.add_argument(
        "--keep-going", action="store_true", help="play all, and name those that go wrong"
    )
    parser.add_argument("--trace", type=int, metavar="SEED", help="print one history and its flaws")
    parser.add_argument(
        "--mutants", action="store_true", help="break each safeguard, and find what catches it"
    )
    return parser


def _play_all(seeds: range, jobs: int, *, goes_on: bool) -> int:
    began = time.perf_counter()
    total, failing = Counter[str](), 0
    for report in _reports(seeds, jobs):
        if report.flaws and not goes_on:
            _say(report.chronicle.text())
        if report.flaws:
            _print_flaws(report)
            failing += 1
        if failing and not goes_on:
            return 1
        total.update(histories=1, **report.chronicle.counts())
    counts = ", ".join(f"{count} {name}" for name, count in total.items())
    flaws = f"{failing} with flaws" if failing else "no flaw"
    _say(f"{counts}: {flaws} ({time.perf_counter() - began:.0f} s)")
    return 1 if failing else 0


def _trace(seed: int) -> int:
    with shared_parts() as shared:
        report = play(seed, shared)
    _say(report.chronicle.text())
    if report.flaws:
        _print_flaws(report)
    return 1 if report.flaws else 0


def _find_mutants(seeds: range) -> int:
    """The first seed that catches each; 1 if one lives."""
    survivors = 0
    with shared_parts() as shared:
        for mutant in MUTANTS:
            with mutant() as alter:
                reports = (play(seed, shared, alter) for seed in seeds)
                caught = next((report for report in reports if report.flaws), None)
            survivors += caught is None
            _say(f"{mutant.__name__:<24} {_catch(caught)}")
    return 1 if survivors else 0


def _reports(seeds: range, jobs: int) -> Iterator[Report]:
    batches = [seeds[i : i + _BATCH] for i in range(0, len(seeds), _BATCH)]
    if jobs == 1:
        for batch in batches:
            yield from play_batch(batch)
        return
    context = get_context("spawn")
    pool = ProcessPoolExecutor(
        jobs, mp_context=context, initializer=stay_on_one_core, initargs=(context.Value("i", 0),)
    )
    try:
        for reports in pool.map(play_batch, batches):
            yield from reports
    finally:
        pool.shutdown(cancel_futures=True)


def _print_flaws(report: Report) -> None:
    _say(f"\nseed {report.seed} fails:")
    for flaw in report.flaws:
        _say(f"  {flaw}")


def _catch(caught: Report | None) -> str:
    return f"{caught.seed}: {caught.flaws[0]}" if caught else "LIVES"


def _say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
