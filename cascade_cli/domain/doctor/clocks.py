"""This machine's clock against the clocks of those it works with."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import timedelta

from cascade_cli.domain.doctor.areas import UNCHECKED
from cascade_cli.domain.doctor.findings import Check, amber, green, red
from cascade_cli.domain.times import CLOCK_TOLERANCE, format_span

GOOD = green("clocks.good", "this clock")
OFF = amber(
    "clocks.off",
    "this clock",
    "cascade corrects it by the services' time; a little more, and signed events are refused.",
    "Let the machine set its clock by NTP.",
)
WRONG = red(
    "clocks.wrong",
    "this clock",
    "The webhook refuses every event as too old or from the future.",
    "Set the clock, and let the machine keep it by NTP.",
)
FINDINGS = (GOOD, OFF, WRONG)


@dataclass(frozen=True)
class Skew:
    """How far this clock is `ahead` of a service's, which tells whole seconds only."""

    service: str
    ahead: timedelta


def judge_clocks(
    skews: Iterable[Skew], *, furthest_ahead: timedelta, furthest_behind: timedelta
) -> Iterator[Check]:
    """The bounds are the webhook's: signatures from outside them are refused."""
    listed = list(skews)
    if not listed:
        yield UNCHECKED["clocks"].seen("no service has told its time")
    for skew in listed:
        finding = GOOD
        if skew.ahead > furthest_ahead or -skew.ahead > furthest_behind:
            finding = WRONG
        elif abs(skew.ahead) > CLOCK_TOLERANCE:
            finding = OFF
        yield finding.seen(_told(skew), name=f"against {skew.service}")


def _told(skew: Skew) -> str:
    if abs(skew.ahead) <= timedelta(seconds=1):
        return "the same to a second"
    way = "ahead" if skew.ahead > timedelta(0) else "behind"
    return f"{format_span(skew.ahead)} {way}"
