"""How quickly the webhook answers while Airtable is slow, and whether anything gets lost.

    python -m tests.server.load --events 1000 --rate 100 --latency 0.6
    python -m tests.server.load --events 1000 --rate 1000 --beside-reconcile

Sandbox, server and load are three processes; the events are about payments that exist, and all of
them have to be credited once in the end.
"""

from __future__ import annotations

import argparse
import asyncio
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from pathlib import Path

from cascade_cli.domain.records.stripe_events import EventState
from cascade_cli.sandbox.app import SandboxApp
from cascade_cli.sandbox.instance import Connection, state_path
from cascade_cli.sandbox.seed import seed
from tests.server.events import paid, succeeded
from tests.server.posting import Answers, Poster
from tests.server.processes import clean_environment, process, wait_until_dealt_with

CITIZENS = 40
PROMISED_SECONDS, PROMISED_RATE = 0.1, 100.0
_HEAD_START_SECONDS = 1.0


def main() -> int:
    """Run it and print what was measured; exit code 1 if a promise is broken."""
    options = _options()
    with tempfile.TemporaryDirectory() as folder:
        state = {"CASCADE_STATE_DIR": folder, "CASCADE_MAX_DUCATS_PER_DAY": "100000000"}
        bodies = prepare(Path(folder), options.events)
        latency = ("--latency", str(options.latency))
        with process("sandbox", "serve", "--port", "0", *latency, settings=state) as sandbox:
            journal = f"sqlite:///{folder}/journal.sqlite3"
            live = {
                **Connection(sandbox.url).settings(),
                "CASCADE_AIRTABLE_RATE": str(options.airtable_rate),
                "CASCADE_JOURNAL_URL": journal,
            }
            settings = {**state, **live}
            with process("serve", "--port", "0", settings=settings) as server:
                with reconciling(settings, wanted=options.beside_reconcile) as ended:
                    answers = asyncio.run(Poster(server.url).post_all(bodies, options.rate))
                begun = time.monotonic()
                counts = wait_until_dealt_with(journal, options.patience)
                seconds = time.monotonic() - begun
                code = server.stop()
        credited = stratagems(Path(folder))
    if options.beside_reconcile:
        sys.stdout.write(f"beside it: cascade reconcile, exit codes {dict(Counter(ended))}\n")
    return _report(options, answers, counts, credited, seconds=seconds, code=code)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--events", type=int, default=1000)
    parser.add_argument("--rate", type=float, default=100.0, help="events a second")
    parser.add_argument("--latency", type=float, default=0.6, help="of each sandbox answer, s")
    parser.add_argument("--airtable-rate", type=float, default=5.0, help="requests a second")
    parser.add_argument(
        "--beside-reconcile", action="store_true", help="the nightly run on the same machine"
    )
    parser.add_argument("--patience", type=float, default=600.0, help="for the credits, s")
    return parser.parse_args()


@contextmanager
def reconciling(settings: Mapping[str, str], *, wanted: bool) -> Iterator[list[int]]:
    """The nightly run, again and again until the block ends, if that is `wanted`; exit codes."""
    command = [sys.executable, "-m", "cascade_cli", "--quiet", "reconcile", "--since", "last"]
    codes, is_over = list[int](), threading.Event()

    def work() -> None:
        while not is_over.is_set():
            environment = clean_environment(**settings)
            done = subprocess.run(command, env=environment, capture_output=True, check=False)
            codes.append(done.returncode)

    if not wanted:
        yield codes
        return
    thread = threading.Thread(target=work)
    thread.start()
    # By then it has begun to read.
    time.sleep(_HEAD_START_SECONDS)
    try:
        yield codes
    finally:
        is_over.set()
        thread.join()


def prepare(folder: Path, events: int) -> list[bytes]:
    """A sandbox with so many paid purchases; the events that tell of them."""
    with closing(SandboxApp(state_path(folder))) as app:
        seed(app, scenario="empty", until=app.now())
        names = [f"citizen{number}" for number in range(CITIZENS)]
        for name in names:
            fields = {"CitizenId": name, "Username": name, "Ducats": 0}
            app.airtable.tables.create("CITIZENS", fields, at=app.now())
        processor = app.airtable.tables.select("CITIZENS")[0]["id"]
        app.airtable.tables.update("CITIZENS", processor, {"Ducats": 1e9})
        return [succeeded(paid(app, names[n % CITIZENS])) for n in range(events)]


def stratagems(folder: Path) -> Counter[str]:
    """How many stratagems have each StratagemId."""
    with closing(SandboxApp(state_path(folder))) as app:
        rows = app.airtable.tables.select("STRATAGEMS")
        return Counter(row["fields"]["StratagemId"] for row in rows)


def _report(
    options: argparse.Namespace,
    answers: Answers,
    counts: dict[EventState, int],
    credited: Counter[str],
    *,
    seconds: float,
    code: int,
) -> int:
    milliseconds = [answers.quantile(share) * 1000 for share in (0.5, 0.9, 0.99, 1)]
    twice = sum(1 for number in credited.values() if number > 1)
    lines = (
        f"{options.events} events at {options.rate:g}/s, Airtable at {options.latency:g} s",
        f"answers: {dict(Counter(answers.statuses))}",
        "p50 {:.1f} ms, p90 {:.1f} ms, p99 {:.1f} ms, max {:.1f} ms".format(*milliseconds),
        f"after {seconds:.0f} s more: { {state.value: n for state, n in counts.items()} }",
        f"{len(credited)} payments have a stratagem, {twice} more than one; exit code {code}",
    )
    sys.stdout.write("\n".join(lines) + "\n")
    # Without patience, what is left waiting is credited after the next start.
    whole = not twice and set(answers.statuses) == {200} and sum(counts.values()) == options.events
    whole = whole and (not options.patience or len(credited) == options.events)
    quick = answers.quantile(0.99) <= PROMISED_SECONDS or options.rate > PROMISED_RATE
    return 0 if whole and quick and code == 0 else 1


if __name__ == "__main__":
    sys.exit(main())
