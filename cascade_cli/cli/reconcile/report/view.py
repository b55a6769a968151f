"""What the page says, as values: for a run that judged everything, or one that judged nothing."""

from __future__ import annotations

from collections.abc import Container, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from typing import Any

from cascade_cli.cli.items.kinds import MEANINGS
from cascade_cli.cli.reconcile.json import RunFacts
from cascade_cli.cli.reconcile.report.charts import Days, Segment, beside, days_of, segments, share
from cascade_cli.cli.reconcile.report.stories import URGENCY, ReportStory, clipped, stories
from cascade_cli.cli.reconcile.text import followed_up
from cascade_cli.domain.discrepancies.kinds import Kind
from cascade_cli.domain.history.checkpoint import Changes
from cascade_cli.domain.reconcile.overview import OpenCases, kind_counts, open_cases
from cascade_cli.domain.reconcile.reconciliation import Reconciliation
from cascade_cli.domain.records.journal_entries import Head
from cascade_cli.domain.shop.money import rounded
from cascade_cli.domain.shop.times import Window, format_moment, format_span
from cascade_cli.errors import CascadeError, ExitCode
from cascade_cli.services.reconcile.gather import Run

MOST_STORIES = 100
MOST_SOLVED = 50
MOST_REPAIRS = 100


@dataclass(frozen=True)
class Count:
    """How many charges or transfers are of a kind. If `leads`, it links to the kind's cases on the
    page."""

    kind: str
    severity: str
    number: int
    meaning: str
    ducats: str
    leads: bool

    @property
    def anchor(self) -> str:
        """The name of the kind's first case on the page."""
        return anchor(self.kind)


@dataclass(frozen=True)
class Cases:
    """The stories of one kind."""

    kind: str
    severity: str
    stories: tuple[ReportStory, ...]

    @property
    def anchor(self) -> str:
        """The target of the kind's link."""
        return anchor(self.kind)


@dataclass(frozen=True)
class ReportNews:
    """What changed since the last complete run. `solved` leaves out `solved_hidden` more."""

    since: str
    new: int
    still_open: int
    solved_number: int
    solved: tuple[str, ...]
    solved_hidden: int
    decided: int
    snoozed: int


@dataclass(frozen=True)
class ReportFindings:
    """What a complete run found. `hidden` stories did not fit on the page."""

    tiles: tuple[tuple[str, str], ...]
    sold: str
    residual: str
    segments: tuple[Segment, ...]
    beside: tuple[Segment, ...]
    days: Days
    counts: tuple[Count, ...]
    news: ReportNews | None
    cases: tuple[Cases, ...]
    hidden: int
    coverage: tuple[str, ...]
    urgency: tuple[tuple[str, str], ...] = URGENCY


@dataclass(frozen=True)
class Repairs:
    """What a repair did, or with `planned` would do: citizen, ducats, what, why."""

    planned: bool
    lines: tuple[tuple[str, str, str, str], ...]
    hidden: int


@dataclass(frozen=True)
class ReportPage:
    """Everything, of either kind of run. `tone` is well, open or unknown."""

    tone: str
    headline: str
    summary: str
    window: str
    made_at: str
    trouble: tuple[str, ...]
    findings: ReportFindings | None
    repairs: Repairs | None
    head: str = ""
    """The journal's head, for people to keep: `cascade journal verify --against` takes it."""


def judged_page(
    run: Run,
    reading: RunFacts,
    data: Mapping[str, Any],
    error: CascadeError | None = None,
    head: Head | None = None,
) -> ReportPage:
    """A run that read everything. `data` is the data of --json, `error` what stopped a repair."""
    found = open_cases(run.result)
    return ReportPage(
        tone="open" if found.number else "well",
        headline=found.described,
        summary=_summary(found),
        window=_window(reading.window),
        made_at=format_moment(reading.terms.now),
        trouble=_trouble(error),
        findings=_findings(run, reading),
        repairs=_repairs(data),
        head=str(head) if head else "",
    )


def _summary(found: OpenCases) -> str:
    if not found.number and found.closed:
        return f"Every paid charge is settled, in flight or decided by people. {found.closed}"
    if not found.number:
        return "Every paid charge is settled or in flight. There is nothing to do."
    if found.automatic:
        begin = "Begin with what is safe to repair: cascade reconcile --repair"
    else:
        begin = "Each of them needs a person: begin with the first below."
    return " ".join(filter(None, (found.closed, begin)))


def unjudged_page(
    error: CascadeError, data: Mapping[str, Any], now: datetime, head: Head | None = None
) -> ReportPage:
    """A run that failed. What could not be read in full is not judged at all."""
    window = data.get("window") or {}
    return ReportPage(
        tone="unknown",
        headline="Nothing was judged",
        summary=f"{_why_not(error)} This page says nothing about any payment.",
        window=f"{window['since']} – {window['until']}" if window else "",
        made_at=format_moment(now),
        trouble=_trouble(error),
        findings=None,
        repairs=_repairs(data),
        head=str(head) if head else "",
    )


def _why_not(error: CascadeError) -> str:
    if error.exit_code == ExitCode.INCOMPLETE:
        return "Not everything could be read, and what was not read would look missing."
    return "The run ended before it came to a judgement."


def _trouble(error: CascadeError | None) -> tuple[str, ...]:
    return tuple(clipped(text) for text in (error.message, error.hint) if text) if error else ()


def _window(window: Window) -> str:
    span = format_span(window.until - window.since)
    return f"{format_moment(window.since)} – {format_moment(window.until)} ({span})"


def _findings(run: Run, reading: RunFacts) -> ReportFindings:
    result = run.result
    told = tuple(stories(islice(result.discrepancies, MOST_STORIES), reading))
    return ReportFindings(
        tiles=_tiles(run),
        sold=rounded(result.equation.sold),
        residual=rounded(result.equation.residual),
        segments=segments(result.equation),
        beside=beside(result.equation),
        days=days_of(reading.window, result.items),
        counts=tuple(_counts(result, {story.kind for story in told})),
        news=_news(reading.since_last) if reading.since_last else None,
        cases=tuple(_cases(told)),
        hidden=len(result.discrepancies) - len(told),
        coverage=_coverage(run, reading),
    )


def _tiles(run: Run) -> tuple[tuple[str, str], ...]:
    equation = run.result.equation
    return (
        ("paid charges", f"{run.coverage.charges:,}"),
        ("ducats sold", rounded(equation.sold)),
        ("of these delivered", share(equation.settled, equation.sold)),
        ("paid, not delivered", rounded(equation.undelivered)),
    )


def _counts(result: Reconciliation, told: Container[str]) -> Iterator[Count]:
    at_risk = {kind_count.kind: rounded(kind_count.at_risk) for kind_count in kind_counts(result)}
    for kind in Kind:
        if number := result.counts.get(kind, 0):
            name = kind.words
            ducats = at_risk.get(kind, "")
            yield Count(name, kind.severity.value, number, MEANINGS[kind], ducats, name in told)


def _cases(told: Sequence[ReportStory]) -> Iterator[Cases]:
    """By kind, the one with the worst case first; within a kind worst first."""
    by_kind: dict[str, list[ReportStory]] = {}
    for story in told:
        by_kind.setdefault(story.kind, []).append(story)
    for kind, listed in by_kind.items():
        yield Cases(kind, listed[0].severity, tuple(listed))


def anchor(kind: str) -> str:
    """A name within the page."""
    return f"kind-{kind.replace(' ', '-')}"


def _coverage(run: Run, reading: RunFacts) -> tuple[str, ...]:
    coverage, result = run.coverage, run.result
    lines = (
        f"Read in full: {coverage.charges:,} paid charges and {coverage.stratagems:,} stratagems, "
        f"with {reading.stripe_requests:,} requests to Stripe and "
        f"{reading.airtable_requests:,} to Airtable.",
        f"Left alone: {coverage.other_products:,} charges for other products, "
        f"{coverage.unpaid:,} not paid; {result.manual:,} credits by hand with a recorded reason, "
        f"{result.elsewhere:,} transfers for payments outside the window.",
        open_cases(result).closed,
        followed_up(coverage),
        f"Verified: {run.verification.sentence}." if run.verification else "",
    )
    return tuple(line for line in lines if line)


def _news(changes: Changes) -> ReportNews:
    solved = changes.gone[:MOST_SOLVED]
    return ReportNews(
        since=format_moment(changes.since),
        new=len(changes.new),
        still_open=len(changes.still_open),
        solved_number=len(changes.gone),
        solved=solved,
        solved_hidden=len(changes.gone) - len(solved),
        decided=len(changes.decided),
        snoozed=len(changes.snoozed),
    )


def _repairs(data: Mapping[str, Any]) -> Repairs | None:
    """The repairs, done or planned, from the data of --json; None if none were asked for."""
    planned = "repair_plan" in data
    rows: Sequence[Mapping[str, Any]] | None = data.get("repair_plan" if planned else "repairs")
    if rows is None:
        return None
    lines = tuple(
        (
            clipped(row["citizen"]),
            row["ducats"],
            row["kind" if planned else "result"].replace("_", " "),
            clipped(f"{row['stratagem_id']}: {row['why']}"),
        )
        for row in rows[:MOST_REPAIRS]
    )
    return Repairs(planned, lines, len(rows) - len(lines))
