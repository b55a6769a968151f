"""Discrepancies with their stories: what happened when, what it means, what to type."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime

from cascade_cli.cli.reconcile.json import RunFacts
from cascade_cli.domain.discrepancies.items import Item
from cascade_cli.domain.discrepancies.kinds import Severity
from cascade_cli.domain.explain.story import verdict_of
from cascade_cli.domain.records.stratagems import Stratagem
from cascade_cli.domain.shop.money import rounded
from cascade_cli.domain.shop.times import format_moment, format_span

# A stranger's name or an engine's error may be as long as a novel.
LONGEST_TEXT = 500

URGENCY = (
    (Severity.CRITICAL.value, "ducats left, or may leave, that nobody paid for"),
    (Severity.HIGH.value, "somebody paid and is waiting"),
    (Severity.MEDIUM.value, "the shop's money is at risk"),
)


@dataclass(frozen=True)
class ReportStory:
    """One discrepancy. `news` is empty unless the run compares itself with an earlier one."""

    name: str
    kind: str
    severity: str
    news: str
    citizen: str
    ducats: str
    money: str
    age: str
    verdict: str
    timeline: tuple[tuple[str, str], ...]
    evidence: tuple[str, ...]
    advice: str
    command: str
    automatic: bool


def stories(items: Iterable[Item], reading: RunFacts) -> Iterator[ReportStory]:
    """The items as the page tells them."""
    new = frozenset(reading.since_last.new) if reading.since_last else None
    return (_story(item, reading.terms.now, new) for item in items)


def _story(item: Item, now: datetime, new: frozenset[str] | None) -> ReportStory:
    verdict, charge, name = verdict_of(item), item.charge, item.identity
    return ReportStory(
        name=clipped(name),
        kind=item.kind.words,
        severity=item.severity.value,
        news=_news(item, name, new),
        citizen=clipped(item.citizen or ""),
        ducats=rounded(item.ducats) if item.ducats is not None else "",
        money=charge.own_money if charge else "",
        age=format_span(now - item.occurred_at),
        verdict=clipped(verdict.sentence),
        timeline=tuple((format_moment(at), clipped(what)) for at, what in sorted(_past(item, now))),
        evidence=tuple(clipped(e) for e in verdict.evidence if e != verdict.sentence),
        advice=verdict.advice,
        # Never shortened: that would make it another command.
        command=item.repair_or_story.command,
        automatic=bool(item.repair and item.repair.automatic),
    )


def _news(item: Item, name: str, new: frozenset[str] | None) -> str:
    if item.reopened:
        return "reopened"
    return "" if new is None else "new" if name in new else "still open"


def _past(item: Item, now: datetime) -> Iterator[tuple[datetime, str]]:
    if charge := item.charge:
        yield charge.created_at, f"paid {charge.own_money}"
    several = len(item.stratagems) > 1
    for number, stratagem in enumerate(item.stratagems, 1):
        yield from _life(stratagem, f"stratagem {number}" if several else "stratagem", now)


def _life(stratagem: Stratagem, name: str, now: datetime) -> Iterator[tuple[datetime, str]]:
    yield stratagem.created_at, f"{name} made for {stratagem.citizen or 'nobody'}"
    if stratagem.executed_at:
        yield stratagem.executed_at, f"{name} executed"
    elif stratagem.expires_at and stratagem.status == "active":
        over = stratagem.expires_at <= now
        yield stratagem.expires_at, f"{name} {'expired unexecuted' if over else 'will expire'}"


def clipped(text: str) -> str:
    """Short enough for a page; says how long it was."""
    if len(text) <= LONGEST_TEXT:
        return text
    return f"{text[:LONGEST_TEXT]}… ({len(text):,} characters)"
