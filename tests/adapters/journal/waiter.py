"""A process that takes turns from a shared pace, and prints when: `waiter.py PLACE RATE TURNS`.

PLACE is a file, or the address of a PostgreSQL database. With a fourth word it is in a hurry.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path

from cascade_cli.adapters.http.pacing import ChangePace, PaceFile, Pacer
from cascade_cli.adapters.journal.pace_row import PaceRow


def main(place: str, rate: str, turns: str, *hurry: str) -> None:
    """Take the turns."""
    is_row = place.startswith("postgresql")
    kept: ChangePace = PaceRow(place, "airtable").change if is_row else PaceFile(Path(place)).change
    pacer = Pacer(float(rate), kept=kept, in_hurry=bool(hurry), tell=print)
    print("ready", flush=True)  # noqa: T201
    sys.stdin.readline()
    for _ in range(int(turns)):
        departure = pacer.wait(is_watched=True)
        print(time.monotonic(), flush=True)  # noqa: T201
        pacer.answered(departure)


if __name__ == "__main__":
    main(*sys.argv[1:])
