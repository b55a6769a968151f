"""The full proofs, which take their time.

python -m tests.processes kill --rounds 50
python -m tests.processes race --rounds 20 --journal postgresql
python -m tests.processes restore --rounds 20 --journal postgresql
"""

from __future__ import annotations

import argparse
import sys
from contextlib import ExitStack

from tests.harness.postgresql import running_postgresql
from tests.processes.killing import Tally, credit_file_round, repair_round
from tests.processes.racing import race_round
from tests.processes.restoring import Restores, restore_round

_ROUNDS = {"credit": credit_file_round, "repair": repair_round}


def main() -> int:
    """Exit 0 if every payment of every round was paid exactly once."""
    parser = argparse.ArgumentParser(prog="python -m tests.processes")
    commands = parser.add_subparsers(dest="proof", required=True)
    kill = commands.add_parser("kill", help="kill -9 at random moments, run again until done")
    kill.add_argument("--rounds", type=int, default=50)
    kill.add_argument("--command", choices=[*_ROUNDS], action="append")
    kill.add_argument("--real-clock", action="store_true", help="wait the bound out, every time")
    kill.add_argument("--first", type=int, default=1, metavar="SEED")
    race = commands.add_parser("race", help="four processes, the same 100 payments")
    race.add_argument("--rounds", type=int, default=20)
    race.add_argument("--journal", choices=["sqlite", "postgresql"], default="sqlite")
    race.add_argument("--alone", action="store_true", help="one by one, by credit_ducats_sync")
    restore = commands.add_parser("restore", help="back up under load, die, restore elsewhere")
    restore.add_argument("--rounds", type=int, default=20)
    restore.add_argument("--journal", choices=["sqlite", "postgresql"], default="sqlite")
    restore.add_argument("--first", type=int, default=1, metavar="SEED")
    chosen = parser.parse_args()
    return {"kill": _kill, "race": _race, "restore": _restore}[chosen.proof](chosen)


def _kill(chosen: argparse.Namespace) -> int:
    flawed = False
    for name in chosen.command or [*_ROUNDS]:
        total = Tally()
        for seed in range(chosen.first, chosen.first + chosen.rounds):
            tally = _ROUNDS[name](seed, real_clock=chosen.real_clock)
            total.add(tally)
            _say(f"{name}, seed {seed}: {tally}", *tally.flaws)
        _say(f"{name}: {total}")
        flawed = flawed or bool(total.flaws)
    return int(flawed)


def _race(chosen: argparse.Namespace) -> int:
    flaws = []
    with ExitStack() as stack:
        server = None
        if chosen.journal == "postgresql":
            server = stack.enter_context(running_postgresql())
        for seed in range(1, chosen.rounds + 1):
            url = server.new_url() if server else ""
            found = race_round(seed, journal_url=url, alone=chosen.alone)
            flaws += found
            _say(f"{chosen.journal}, seed {seed}: {len(found)} flaws", *found)
    _say(f"{chosen.journal}: {chosen.rounds} rounds, {len(flaws)} flaws")
    return int(bool(flaws))


def _restore(chosen: argparse.Namespace) -> int:
    total = Restores()
    with ExitStack() as stack:
        server = None
        if chosen.journal == "postgresql":
            server = stack.enter_context(running_postgresql())
        for seed in range(chosen.first, chosen.first + chosen.rounds):
            journals = (server.new_url(), server.new_url()) if server else None
            # With a server, a repair of 100 rows ends before three backups are made.
            came_to = restore_round(seed, rows=300 if server else 100, journals=journals)
            total.add(came_to)
            _say(f"restore, seed {seed}: {came_to}", *came_to.flaws)
    _say(f"restore: {total}")
    return int(bool(total.flaws))


def _say(*lines: str) -> None:
    sys.stdout.write("\n".join(lines) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
