"""The reconciliation alone, on values in memory, against joins that do a part of it."""

from __future__ import annotations

import gc
import tracemalloc
from collections.abc import Iterator
from importlib.util import find_spec

from cascade_cli.domain.matching.snapshot import Snapshot
from cascade_cli.domain.reconcile.reconciliation import Reconciliation, reconcile
from cascade_cli.domain.shop.keys import PAYMENT_PREFIX
from tests.benchmarks.big_shop import TERMS, big_shop
from tests.benchmarks.contest import Contest, in_words
from tests.benchmarks.rows import Line, NotInstalledError

_MILLION = 1_000_000
_SMALL, _WEIGHED = 10_000, 100_000
_MOST_JOINS, _MOST_TABLE_JOINS, _MOST_BYTES = 3.0, 2.0, 1024
_FLAT = 1.3


def core(runs: int) -> Iterator[Line]:
    """A million charges against a dict join, then flatness and memory."""
    snapshot = big_shop(_MILLION)
    contestants = {"reconcile": lambda: judge(snapshot), "join": lambda: dict_join(snapshot)}
    # The join makes a million tuples, which wake the collector: without it, it is the faster.
    gc.disable()
    try:
        hard = Contest(contestants, runs)
    finally:
        gc.enable()
    yield _against(snapshot, hard, "dict join, no gc", _MOST_JOINS)
    yield _against(snapshot, Contest(contestants, runs), "dict join, gc on", _MOST_JOINS)
    yield from _flat(snapshot, hard, runs)
    yield from _memory()


def _against(snapshot: Snapshot, contest: Contest, name: str, most: float) -> Line:
    ratio, join = contest.ratio("reconcile", "join"), contest.seconds("join")
    return Line(
        f"{len(snapshot.charges):,} charges, {len(snapshot.stratagems):,} stratagems",
        f"{in_words(contest.seconds('reconcile'))} ({name}: {in_words(join)})",
        f"{ratio:.2f} × {name}",
        f"≤ {most:g} ×",
        ratio <= most,
    )


def _flat(snapshot: Snapshot, big: Contest, runs: int) -> Iterator[Line]:
    few = big_shop(_SMALL)
    small = Contest({"reconcile": lambda: judge(few), "join": lambda: dict_join(few)}, runs)
    per_row = {
        name: (small.seconds(name) / _rows(few), big.seconds(name) / _rows(snapshot))
        for name in ("reconcile", "join")
    }
    for name, target in (("reconcile", _FLAT), ("join", None)):
        of_few, of_many = per_row[name]
        ratio = of_many / of_few
        yield Line(
            f"{name}: time a row, of {_SMALL:,} and of {_MILLION:,} charges",
            f"{in_words(of_few)} and {in_words(of_many)}",
            f"{ratio:.2f}",
            f"≤ {target}" if target else "",
            ratio <= target if target else None,
        )


def _memory() -> Iterator[Line]:
    tracemalloc.start()
    try:
        snapshot = big_shop(_WEIGHED)
        kept, _ = tracemalloc.get_traced_memory()
        tracemalloc.reset_peak()
        judge(snapshot)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    most = peak / _rows(snapshot)
    yield Line(
        f"memory a row at its peak, {_WEIGHED:,} charges",
        f"{most:.0f} bytes (the rows themselves: {kept / _rows(snapshot):.0f})",
        "",
        f"≤ {_MOST_BYTES} bytes",
        most <= _MOST_BYTES,
    )


def core_tables(runs: int) -> Iterator[Line]:
    """A million charges against pandas and DuckDB, which join the exact keys alone.

    Both begin with the same Python values as cascade, so that putting these into columns counts.
    """
    missing = [name for name in ("pandas", "duckdb") if find_spec(name) is None]
    if missing:
        raise NotInstalledError(f"needs {' and '.join(missing)}: pip install '.[bench]'")
    snapshot = big_shop(_MILLION)
    contest = Contest(
        {
            "reconcile": lambda: judge(snapshot),
            "pandas merge": lambda: pandas_merge(snapshot),
            "DuckDB join": lambda: duckdb_join(snapshot),
        },
        runs,
    )
    peers = {name: contest.ratio("reconcile", name) for name in ("pandas merge", "DuckDB join")}
    fastest = max(peers, key=peers.__getitem__)
    for name, ratio in peers.items():
        yield Line(
            f"{len(snapshot.charges):,} charges, {len(snapshot.stratagems):,} stratagems",
            f"{in_words(contest.seconds('reconcile'))} ({name}: {in_words(contest.seconds(name))})",
            f"{ratio:.2f} × {name}",
            f"≤ {_MOST_TABLE_JOINS:g} × the faster" if name == fastest else "",
            ratio <= _MOST_TABLE_JOINS if name == fastest else None,
        )


def judge(snapshot: Snapshot) -> Reconciliation:
    """All of it: matching, verdicts, evidence of what is not settled, counts and the equation."""
    return reconcile(snapshot, TERMS)


def dict_join(snapshot: Snapshot) -> object:
    """Each charge beside the stratagem under its key, and nothing else."""
    by_key = {stratagem.stratagem_id: stratagem for stratagem in snapshot.stratagems}
    return [(c, by_key.get(f"{PAYMENT_PREFIX}{c.payment_intent}")) for c in snapshot.charges]


def pandas_merge(snapshot: Snapshot) -> object:
    """The keys of both sides with the place of each row, merged."""
    import pandas as pd  # noqa: PLC0415 - not needed for the other rows

    keys = [f"{PAYMENT_PREFIX}{charge.payment_intent}" for charge in snapshot.charges]
    charges = pd.DataFrame({"key": keys, "charge": range(len(keys))})
    names = [stratagem.stratagem_id for stratagem in snapshot.stratagems]
    stratagems = pd.DataFrame({"key": names, "stratagem": range(len(names))})
    return charges.merge(stratagems, on="key", how="left")


def duckdb_join(snapshot: Snapshot) -> object:
    """Likewise; DuckDB takes Python's values by way of pandas."""
    import duckdb  # noqa: PLC0415 - as above
    import pandas as pd  # noqa: PLC0415

    keys = [f"{PAYMENT_PREFIX}{charge.payment_intent}" for charge in snapshot.charges]
    names = [stratagem.stratagem_id for stratagem in snapshot.stratagems]
    with duckdb.connect() as base:
        base.register("charges", pd.DataFrame({"key": keys, "charge": range(len(keys))}))
        base.register("stratagems", pd.DataFrame({"key": names, "stratagem": range(len(names))}))
        query = "SELECT charge, stratagem FROM charges LEFT JOIN stratagems USING (key)"
        return base.execute(query).fetchnumpy()


def _rows(snapshot: Snapshot) -> int:
    return len(snapshot.charges) + len(snapshot.stratagems)


ROWS = {"core": core, "core-tables": core_tables}
