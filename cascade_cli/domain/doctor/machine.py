"""Areas `keys` and `clocks`: who can read the keys on this machine; does its clock agree?"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import timedelta

from cascade_cli.domain.doctor.findings import UNCHECKED, Check, amber, green, red
from cascade_cli.domain.records.stripe_events import FURTHEST_AHEAD, OLDEST_SIGNATURE
from cascade_cli.domain.shop.times import CLOCK_TOLERANCE, format_span

_OTHERS_READ, _GROUP_READS = 0o004, 0o040

SAFE = green("keys.safe", "settings file")
WORLD_READABLE = red(
    "keys.world_readable",
    "settings file",
    "Everybody with an account on this machine can read the keys in it.",
    "chmod 600 it. If others have used this machine, replace the keys.",
)
GROUP_READABLE = amber(
    "keys.group_readable",
    "settings file",
    "All members of its group can read the keys in it.",
    "chmod 600 it, unless the group is meant to read it.",
)
TRACKED = red(
    "keys.tracked",
    "settings file",
    "Everybody with a copy of the repository has the keys, and its history keeps them.",
    "git rm --cached it, add it to .gitignore, and replace every key in it.",
)
NOT_IGNORED = amber(
    "keys.not_ignored",
    "settings file",
    "The next `git add .` adds the keys to the repository.",
    "Add its name to .gitignore.",
)
GIT_UNKNOWN = amber(
    "keys.git_unknown",
    "settings file",
    "It is in a git repository, and git did not say whether it tracks the file.",
    "Check it yourself: run git ls-files in the folder of the file.",
)


@dataclass(frozen=True)
class KeyFile:
    """A settings file: the names of the secrets in it, its permission bits, and what git says.

    `is_tracked` and `is_ignored` are None if git gave no answer. They mean nothing outside a
    repository.
    """

    path: str
    secrets: tuple[str, ...]
    mode: int
    in_repository: bool = False
    is_tracked: bool | None = None
    is_ignored: bool | None = None


def judge_file(file: KeyFile | None) -> Iterator[Check]:
    """A file without secrets may be readable by everybody."""
    if file is None:
        yield SAFE.seen("none is read: all settings come from the environment")
    elif not file.secrets:
        yield SAFE.seen(f"{file.path} holds no keys")
    else:
        yield from list(_flaws(file)) or [
            SAFE.seen(f"{file.path}: only its owner may read it, and git does not add it")
        ]


# Docker and Kubernetes put secrets there, readable by everybody in the container.
_MOUNTED = ("/run/secrets/", "/var/run/secrets/")


def judge_secret_file(setting: str, file: KeyFile) -> Iterator[Check]:
    """The file of one secret, named by NAME_FILE."""
    flaws = [] if file.path.startswith(_MOUNTED) else list(_flaws(file))
    good = SAFE.seen(f"{file.path}: only its owner may read it, and git does not add it")
    for check in flaws or [good]:
        yield replace(check, name=f"{setting}_FILE")


def _flaws(file: KeyFile) -> Iterator[Check]:
    held = f"{file.path} (mode {file.mode:04o}) holds {', '.join(file.secrets)}"
    if file.mode & _OTHERS_READ:
        yield WORLD_READABLE.seen(held)
    elif file.mode & _GROUP_READS:
        yield GROUP_READABLE.seen(held)
    if not file.in_repository:
        return
    if file.is_tracked is None:
        yield GIT_UNKNOWN.seen(held)
    elif file.is_tracked:
        yield TRACKED.seen(f"git tracks {file.path}, which holds {', '.join(file.secrets)}")
    elif not file.is_ignored:
        yield NOT_IGNORED.seen(f"{file.path} is in a git repository that does not ignore it")


CLOCK_GOOD = green("clocks.good", "this clock")
CLOCK_OFF = amber(
    "clocks.off",
    "this clock",
    "cascade corrects it by the services' time. If it drifts further, signed events are refused.",
    "Keep the clock right by NTP.",
)
CLOCK_WRONG = red(
    "clocks.wrong",
    "this clock",
    "The webhook refuses every event as too old or from the future.",
    "Set the clock, and keep it right by NTP.",
)


@dataclass(frozen=True)
class Skew:
    """How far this clock is `ahead` of a service's, which tells only whole seconds."""

    service: str
    ahead: timedelta


def judge_clocks(skews: Iterable[Skew]) -> Iterator[Check]:
    """A clock is wrong if the webhook would refuse signatures because of it."""
    listed = list(skews)
    if not listed:
        yield UNCHECKED["clocks"].seen("no service told its time")
    for skew in listed:
        finding = CLOCK_GOOD
        if skew.ahead > OLDEST_SIGNATURE or -skew.ahead > FURTHEST_AHEAD:
            finding = CLOCK_WRONG
        elif abs(skew.ahead) > CLOCK_TOLERANCE:
            finding = CLOCK_OFF
        yield finding.seen(_skew(skew), name=f"against {skew.service}")


def _skew(skew: Skew) -> str:
    if abs(skew.ahead) <= timedelta(seconds=1):
        return "equal to within a second"
    way = "ahead" if skew.ahead > timedelta(0) else "behind"
    return f"{format_span(skew.ahead)} {way}"
