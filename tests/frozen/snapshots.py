"""The kept answers of every command: `python -m tests.frozen.snapshots` writes them anew."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Iterator
from pathlib import Path

from tests.docs.command_line import commands, groups, options
from tests.frozen.cases import CASES
from tests.frozen.shop import Week, seeded
from tests.screens.snapshots import SCREENS

FOLDER = Path(__file__).parent / "kept"
COMMANDS = dict(commands())
_TREE = {*COMMANDS, *groups()}
_HELP = {f"help {name}": f"{name} --help" for name in sorted(_TREE)}
_SCREENS_ELSEWHERE = {" ".join(("cascade --sandbox", *words)) for words in SCREENS.values()}


def lines(case: str) -> list[str]:
    """Its command lines."""
    typed = (line.strip() for line in (CASES | _HELP)[case].splitlines())
    return [line for line in typed if line]


def command_of(line: str) -> str:
    """The full name of the command that a line calls: `cascade journal list`."""
    found = "cascade"
    for word in shlex.split(line, comments=True):
        if f"{found} {word}" in _TREE:
            found = f"{found} {word}"
    return found


def knows_json(line: str) -> bool:
    """Whether --json may be added to the line."""
    if line.startswith("#") or line.endswith("| cat"):
        return False
    known = options(COMMANDS.get(command_of(line)) or COMMANDS["cascade"])
    return "--json" in known and not {"--json", "--csv", "--help"} & set(shlex.split(line))


def forms(case: str) -> Iterator[bool]:
    """False for people, unless tests/screens keeps it; True for --json."""
    if not _SCREENS_ELSEWHERE.issuperset(lines(case)):
        yield False
    if any(map(knows_json, lines(case))):
        yield True


def all_of_them() -> list[tuple[str, bool]]:
    """Each case in each form."""
    return [(case, json) for case in CASES | _HELP for json in forms(case)]


def fresh(week: Week, case: str, *, json: bool) -> str:
    """What the commands answer today."""
    with week.copied() as shop:
        told = [shop.answer(line, json=json and knows_json(line)) for line in lines(case)]
        return "\n".join([*told, *(() if json else shop.files())])


def kept(case: str, *, json: bool) -> Path:
    """Its file."""
    return FOLDER / f"{case.replace(' ', '_')}{'.json' if json else ''}.txt"


def main() -> None:
    """Write all, or those that are named."""
    FOLDER.mkdir(exist_ok=True)
    named = sys.argv[1:]
    with seeded() as week:
        for case, json in all_of_them():
            if not named or case in named:
                kept(case, json=json).write_text(fresh(week, case, json=json), encoding="utf-8")


if __name__ == "__main__":
    main()
