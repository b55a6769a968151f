"""Stories for people: the verdict and the next command, the checks, then the timeline. A long story
scrolls its beginning away, so the verdict and the command are repeated at the end.

80 columns wide; only ids and commands, which people copy, may be longer.
"""

from __future__ import annotations

from collections.abc import Iterable

from rich.console import Console
from rich.padding import Padding
from rich.text import Text

from cascade_cli.cli.items.kinds import STYLES
from cascade_cli.cli.items.text import show_gift, typed
from cascade_cli.cli.terminal.console import completed
from cascade_cli.cli.terminal.escape import escape
from cascade_cli.domain.discrepancies.kinds import SEVERITY_RANK
from cascade_cli.domain.discrepancies.repair_command import explain
from cascade_cli.domain.explain.story import (
    ChecklistAnswer,
    CitizenStory,
    Happening,
    Story,
    StoryLine,
    Verdict,
)
from cascade_cli.domain.records.citizens import look_alikes_clause
from cascade_cli.domain.shop.money import rounded
from cascade_cli.domain.shop.times import format_moment

_MARKS = {True: ("✓", "green"), False: ("✗", "red"), None: ("?", "yellow")}


def show_story(console: Console, story: Story) -> None:
    """Print one payment's or transfer's story."""
    _show_verdict(console, story.verdict)
    console.print()
    console.print(Text(escape(story.subject), "bold"), soft_wrap=True)
    if story.charge:
        ducats = rounded(story.charge.ducats) if story.charge.ducats else "?"
        console.print(Text(escape(f"{ducats} ducats for {story.charge.citizen_text or '?'}")))
        show_gift(console, story.charge.gift)
        if story.charge.period:
            console.print(Text(escape(f"for {story.charge.period.described}")), soft_wrap=True)
    if story.portions:
        _heading(console, "Citizens")
        _show_lines(console, story.portions)
    if story.checks:
        _heading(console, "Checks")
        _show_checks(console, story.checks)
    if story.happenings:
        _heading(console, "What happened (UTC)")
        _show_timeline(console, story.happenings)
    for gap in story.gaps:
        console.print(Text(escape(completed(console, f"Not read: {gap}")), "yellow"))
    console.print()
    _show_verdict(console, story.verdict)


def show_citizen(console: Console, story: CitizenStory) -> None:
    """Print what a citizen bought and was sent."""
    _show_open(console, story)
    console.print()
    console.print(Text(escape(f"citizen {story.citizen}"), "bold"))
    has = story.balances.citizen
    if has is not None:
        console.print(f"has {rounded(has)} ducats")
    else:
        near = look_alikes_clause(story.citizen, story.similar)
        console.print(Text(escape(f"is not in Venice under exactly this name{near}"), "bold red"))
    _heading(console, f"Since {format_moment(story.window.since)}")
    _show_lines(console, story.lines)
    if not story.lines:
        console.print("No payment names this citizen, and no transfer was made to them.")
    console.print()
    _show_open(console, story)


def _show_open(console: Console, story: CitizenStory) -> None:
    """How many of the citizen's cases are open, and what to do first."""
    found = [line for line in story.lines if line.verdict.is_open]
    if not found:
        console.print(Text("Nothing is open.", "bold green"))
        return
    console.print(Text(f"{len(found):,} of {len(story.lines):,} are open.", "bold red"))
    # Rank 0 is the gravest.
    worst = min(found, key=lambda line: SEVERITY_RANK[line.verdict.severity])
    repair = worst.verdict.repair or explain(worst.identity)
    typed(console, repair.command).put(console)


def _show_lines(console: Console, lines: Iterable[StoryLine]) -> None:
    for line in lines:
        console.print(Text(f"{format_moment(line.at)}  {escape(line.what)}"))
        console.print(Text(f"  {escape(line.identity)}", "dim"), soft_wrap=True)
        console.print(_indented(_sentence(console, line.verdict)))
        _show_repair(console, line.verdict)


def _heading(console: Console, text: str) -> None:
    console.print()
    console.print(Text(text, "bold"))


def _show_verdict(console: Console, verdict: Verdict) -> None:
    console.print(_sentence(console, verdict))
    if verdict.advice:
        _show_advice(console, verdict.advice)
    _show_repair(console, verdict)


def _sentence(console: Console, verdict: Verdict) -> Text:
    text = Text()
    if verdict.kind:
        text.append(f"{verdict.kind.words}: ", STYLES[verdict.severity])
    return text.append(escape(completed(console, verdict.sentence)), "default")


def _show_repair(console: Console, verdict: Verdict) -> None:
    if verdict.repair:
        typed(console, verdict.repair.command).put(console)


def _show_advice(console: Console, advice: str) -> None:
    """A command at the end of the advice gets a line of its own: nobody could copy a folded one."""
    sentence, has_command, arguments = advice.partition(": cascade ")
    end = ":" if has_command else ""
    console.print(Text(completed(console, f"{sentence}{end}")))
    if has_command:
        typed(console, f"cascade {arguments}").put(console)


def _show_checks(console: Console, checks: Iterable[ChecklistAnswer]) -> None:
    for check in checks:
        mark, style = _MARKS[check.passed]
        line = Text(f"{mark} ", style)
        line.append(f"{check.question} ", "default")
        console.print(line.append(escape(completed(console, check.evidence)), "dim"))


def _show_timeline(console: Console, happenings: Iterable[Happening]) -> None:
    for happening in happenings:
        head = f"{happening.at:%Y-%m-%d %H:%M:%S}  {happening.source:<8}"
        console.print(Text(f"{head}{escape(happening.identity)}", "dim"), soft_wrap=True)
        console.print(_indented(Text(escape(completed(console, happening.what)))))


def _indented(text: Text) -> Padding:
    return Padding(text, (0, 0, 0, 2), expand=False)
