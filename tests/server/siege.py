"""What strangers can do to `serve`, and what everybody else notices of it meanwhile.

    python -m tests.server.siege

Server, sandbox and strangers are processes of their own. While each crowd is at work, `/healthz`,
`/readyz` and the signed webhook are asked over fresh connections; all have to answer 200 within a
second, and the server's memory may not grow by more than 150 MB. Exit code 1 if it is otherwise.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from urllib.parse import urlsplit

import requests

from cascade_cli.sandbox.instance import Connection
from tests.server import strangers
from tests.server.events import event_body, signature
from tests.server.load import prepare
from tests.server.posting import PATH
from tests.server.processes import Process, process
from tests.server.strangers import Crowd

PROMISED_SECONDS, PROMISED_MEGABYTES = 1.0, 150.0
TIMEOUT_SECONDS = 10.0
PATHS = ("/healthz", "/readyz", PATH)
_numbers = count()


def crowds(connections: int, megabytes: int) -> tuple[Crowd, ...]:
    """All that is tried; with nobody, to know what the machine does by itself."""
    return (
        Crowd("nobody", strangers.idle, 1),
        Crowd(f"{connections} idle connections", strangers.idle, connections),
        Crowd(f"{connections} heads, a byte a second", strangers.slow_head, connections),
        Crowd(f"{connections} bodies, a kB a second", strangers.slow_body, connections),
        Crowd("200 clients who read no answer", strangers.deaf, 200),
        Crowd(f"{megabytes} MB of headers", strangers.headers, 8, megabytes),
        Crowd(f"{megabytes} MB of one header line", strangers.endless, 8, megabytes),
        Crowd(f"{megabytes} MB of trailers", strangers.trailers, 8, megabytes),
        Crowd("100 clients, unknown payments", strangers.unknown, 100),
    )


@dataclass(frozen=True)
class Seen:
    """One crowd: the worst answer times by path (inf: none, or no 200), how often each was asked,
    the server's greatest memory and how much of it is new, and whom it cut off or told 429."""

    what: str
    worst_seconds: dict[str, float]
    asked: int
    megabytes: float
    grown_megabytes: float
    cut_off: int
    put_off: int

    @property
    def is_kept(self) -> bool:
        """Whether the promise was."""
        quick = max(self.worst_seconds.values()) <= PROMISED_SECONDS
        return quick and self.grown_megabytes <= PROMISED_MEGABYTES

    def __str__(self) -> str:
        times = "".join(f"{self.worst_seconds[path]:>10.3f}" for path in PATHS)
        sizes = f"{self.megabytes:>10.0f}{self.cut_off:>9,}{self.put_off:>8,}"
        return f"{self.what:<38}{times}{sizes}{'' if self.is_kept else '  MISSED'}"


HEADING = (
    f"{'':<38}{'healthz s':>10}{'readyz s':>10}{'webhook s':>10}{'most MB':>10}{'cut off':>9}"
    f"{'429':>8}"
)


def besiege(
    folder: Path, crowds: Sequence[Crowd], *, seconds: float, files: int = 1024
) -> Iterator[Seen]:
    """One crowd after the other, each for so long or for as much as it wants to send."""
    prepare(folder, 0)
    state = {"CASCADE_STATE_DIR": str(folder)}
    with process("sandbox", "serve", "--port", "0", settings=state) as sandbox:
        settings = {**state, **Connection(sandbox.url).settings()}
        with process("serve", "--port", "0", settings=settings, files=files) as server:
            _look(server.url)  # what is loaded at the first question belongs to no crowd
            for crowd in crowds:
                yield _under(server, crowd, seconds)


def _under(server: Process, crowd: Crowd, seconds: float) -> Seen:
    before, (cut, put) = server.megabytes(), _counted(server.url)
    server.forget_memory_peak()
    with crowd.start(int(urlsplit(server.url).port or 0), seconds) as attack:
        asked = _watch(server.url, lambda: attack.poll() is None)
    most, (cut_then, put_then) = server.megabytes(), _counted(server.url)
    worst = {path: max(times) for path, times in asked.items()}
    fewest = min(len(times) for times in asked.values())
    return Seen(crowd.what, worst, fewest, most, most - before, cut_then - cut, put_then - put)


def _watch(url: str, lasts: Callable[[], bool]) -> dict[str, list[float]]:
    """Ask each path over and over, side by side, while it lasts."""
    asked: dict[str, list[float]] = {path: [] for path in PATHS}

    def ask(path: str) -> None:
        while lasts() or not asked[path]:
            asked[path].append(_seconds(url, path))
            time.sleep(0.02)

    threads = [threading.Thread(target=ask, args=(path,)) for path in PATHS]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return asked


def _look(url: str) -> None:
    for path in PATHS:
        assert _seconds(url, path) < TIMEOUT_SECONDS, path


def _seconds(url: str, path: str) -> float:
    """How long an answer took, over a connection of its own; inf if it is not 200."""
    begun = time.perf_counter()
    try:
        answer = _post(url) if path == PATH else requests.get(url + path, timeout=TIMEOUT_SECONDS)
    except requests.RequestException:
        return float("inf")
    return time.perf_counter() - begun if answer.status_code == 200 else float("inf")


def _post(url: str) -> requests.Response:
    body = event_body(f"evt_siege{next(_numbers)}", "charge.refunded")
    signed = {"Stripe-Signature": signature(body)}
    return requests.post(url + PATH, data=body, headers=signed, timeout=TIMEOUT_SECONDS)


def _counted(url: str) -> tuple[int, int]:
    """How many connections were cut off and how many requests answered 429, so far."""
    lines = requests.get(f"{url}/metrics", timeout=TIMEOUT_SECONDS).text.splitlines()
    values = [line.rpartition(" ") for line in lines if not line.startswith("#")]
    cut = sum(float(v) for n, _, v in values if n.startswith("cascade_connections_closed_total"))
    requests_told = "cascade_http_request_seconds_count"
    put = sum(float(v) for n, _, v in values if n.startswith(requests_told) and '"429"' in n)
    return int(cut), int(put)


def main() -> int:
    """Play all and print it; exit code 1 if a promise is broken."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--connections", type=int, default=1004)
    parser.add_argument("--files", type=int, default=1024, help="that the server may open")
    parser.add_argument("--megabytes", type=int, default=250)
    parser.add_argument("--seconds", type=float, default=30.0, help="for each crowd, at most")
    parser.add_argument("--only", default="", help="crowds whose name holds this")
    options = parser.parse_args()
    tried = [c for c in crowds(options.connections, options.megabytes) if options.only in c.what]
    kept = True
    sys.stdout.write(f"{HEADING}\n")
    with tempfile.TemporaryDirectory() as folder:
        for seen in besiege(Path(folder), tried, seconds=options.seconds, files=options.files):
            sys.stdout.write(f"{seen}\n")
            sys.stdout.flush()
            kept = kept and seen.is_kept
    return 0 if kept else 1


if __name__ == "__main__":
    sys.exit(main())
