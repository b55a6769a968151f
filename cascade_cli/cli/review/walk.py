"""The walk itself: a case, a key, the next case; at the end the plan and the one question."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum

from rich.console import Console
from rich.text import Text

from cascade_cli.adapters.dashboard_links import DashboardLinks
from cascade_cli.cli.resolve.text import describe_write
from cascade_cli.cli.review.asking import Interview, LeftOpenError
from cascade_cli.cli.review.screen import KEYS, PARTS, REFUND, CaseScreen, page_lines, wrapped
from cascade_cli.cli.review.terminal_keys import BACK, END, NEXT, RESIZED, Keyboard
from cascade_cli.cli.terminal.console import completed, settings_note
from cascade_cli.cli.terminal.escape import escape
from cascade_cli.domain.decisions.review_draft import refund_offered
from cascade_cli.domain.discrepancies.refund_plan import RefundPlan
from cascade_cli.domain.reconcile.repair_plan import RepairPlan
from cascade_cli.domain.records.decisions import How
from cascade_cli.domain.records.orders import Order
from cascade_cli.domain.shop.counts import format_count
from cascade_cli.domain.shop.money import ZERO, rounded
from cascade_cli.domain.shop.times import format_moment
from cascade_cli.errors import CascadeError
from cascade_cli.services.decisions.resolve_service import Evidence, Seen
from cascade_cli.services.decisions.review_service import ChosenDraft, ReviewService, View

_NO_EVIDENCE = Evidence((), {}, ())


class WalkEnd(StrEnum):
    """How a walk ends."""

    CARRY_OUT = "carry out"
    STOP = "stop"


@dataclass
class Walk:
    """Where a person is among the cases, and what they chose so far, by case. `repairs` can be made
    automatically, and are if `with_repairs`. `whole_story` shows everything about a case."""

    console: Console
    keyboard: Keyboard
    service: ReviewService
    cases: Sequence[Seen]
    chosen: dict[str, ChosenDraft]
    repairs: RepairPlan
    whole_story: Callable[[str], None]
    links: DashboardLinks = field(default_factory=DashboardLinks)
    limits: Mapping[str, str] = field(default_factory=dict)
    with_repairs: bool = False
    note: str = ""

    def __post_init__(self) -> None:
        self._interview = Interview(self.console, self.service.service)
        self._views: dict[str, View] = {}
        names = [seen.subject.name for seen in self.cases]
        self._at = next((i for i, name in enumerate(names) if name not in self.chosen), len(names))

    def run(self) -> WalkEnd:
        """Walk until the plan is agreed to, or the person stops."""
        while True:
            end = self._at_case() if self._at < len(self.cases) else self._at_plan()
            if end:
                return end

    def _at_case(self) -> WalkEnd | None:
        """Show a case, and act on one key. All keys but those for decisions say where to go."""
        seen = self.cases[self._at]
        page = self.page(seen)
        self.note = ""
        key = self.keyboard.key(lambda: self._draw(page))
        if key in KEYS or key in PARTS:
            self._decide(seen, key)
        elif key == REFUND:
            self._choose_refund(seen)
        elif key == "u":
            self._undo(seen)
        elif key == "e":
            self._show_whole_story(page)
        elif key == NEXT:
            self._at += 1
        elif key in {BACK, "b"}:
            self._at = max(0, self._at - 1)
        elif key == "g":
            self._at = len(self.cases)
        elif key in {"q", END}:
            return WalkEnd.STOP
        elif key != RESIZED:
            what = f"The key {key!r} does" if key else "That key, or pasted text, does"
            self.note = f"{what} nothing here."
        return None

    def page(self, seen: Seen) -> CaseScreen:
        """The case as its screen shows it."""
        name = seen.subject.name
        chosen = self.chosen.get(name)
        return CaseScreen(
            self._view(seen),
            self.cases.index(seen) + 1,
            len(self.cases),
            len(self.chosen),
            chosen.draft if chosen else None,
            self.links,
            self.limits.get(seen.subject.item.name, ""),
            self.note,
        )

    def _view(self, seen: Seen) -> View:
        """The case with its evidence, read once; without what cannot be read."""
        name = seen.subject.name
        if name not in self._views:
            try:
                self._views[name] = self.service.view(seen)
            except CascadeError as error:
                self.note = error.message
                return View(seen, {}, _NO_EVIDENCE)
        return self._views[name]

    def _draw(self, page: CaseScreen) -> None:
        self.console.clear()
        # The bottom line is left for questions.
        lines = page_lines(self.console, page, self.console.height - 1)
        self.console.print(Text("\n").join(lines))

    def _decide(self, seen: Seen, key: str) -> None:
        how = KEYS[key.lower()]
        if how not in seen.subject.choice:
            self.note = f"{how.option} does not fit this case."
            return
        try:
            named, wish = self._interview.wish(seen, how, is_part=key in PARTS)
            self.chosen[seen.subject.name] = self.service.choose(named, wish)
            self._at += 1
        except LeftOpenError:
            self.note = "Nothing is decided."
        except CascadeError as error:
            self.note = completed(self.console, f"{error.message} {error.hint}")

    def _choose_refund(self, seen: Seen) -> None:
        if not refund_offered(seen.subject):
            self.note = "There is no refund to carry out here."
            return
        try:
            self.chosen[seen.subject.name] = self.service.choose_refund(seen)
            self._at += 1
        except CascadeError as error:
            self.note = completed(self.console, f"{error.message} {error.hint}")

    def _undo(self, seen: Seen) -> None:
        if chosen := self.chosen.pop(seen.subject.name, None):
            self.service.drop(chosen.draft)
            self.note = "Undone."

    def _show_whole_story(self, page: CaseScreen) -> None:
        self.console.clear()
        for line in page_lines(self.console, page, None):
            self.console.print(line)
        try:
            self.whole_story(page.subject.named or page.subject.name)
        except CascadeError as error:
            self.note = error.message
        self.keyboard.key(lambda: self.console.print(Text("Press any key to go back.", "dim")))

    def _at_plan(self) -> WalkEnd | None:
        """Ask the one question. Only a plan that does something can be agreed to."""
        is_work = bool(self.chosen) or self.with_repairs
        key = self.keyboard.key(self._draw_plan)
        if key == "y" and is_work:
            return WalkEnd.CARRY_OUT
        if key == "r" and self.repairs.repairs:
            self.with_repairs = not self.with_repairs
        elif key in {BACK, "b"} and self.cases:
            self._at = len(self.cases) - 1
        elif key in {"q", "n", END}:
            return WalkEnd.STOP
        return None

    def _draw_plan(self) -> None:
        self.console.clear()
        lines = plan_lines(
            self.console, list(self.chosen.values()), self.repairs, with_repairs=self.with_repairs
        )
        if self.note:
            lines = [Text(self.note, "bold yellow"), *lines]
        for line in lines:
            self.console.print(line)


def plan_lines(
    console: Console, chosen: Sequence[ChosenDraft], repairs: RepairPlan, *, with_repairs: bool
) -> list[Text]:
    """Everything that would be done, then the sums, then the keys."""
    lines = [
        *_decisions(chosen),
        Text(),
        *_sums(chosen, repairs, with_repairs),
        _keys(chosen, repairs, with_repairs, settings_note(console)),
    ]
    return [part for line in lines for part in wrapped(console, line, indent=6)]


def _decisions(chosen: Sequence[ChosenDraft]) -> Iterator[Text]:
    yield Text(f"The plan: {format_count(len(chosen), 'decision')}", "bold")
    for number, one in enumerate(chosen, 1):
        until = one.draft.wish.until
        waits = f" (until {format_moment(until)})" if until else ""
        yield Text(escape(f"{number:>3} {one.draft.case} {one.draft.described}{waits}"))
        for line in _writes(one):
            yield Text(f"      {escape(line)}", "dim")


def _writes(one: ChosenDraft) -> Iterator[str]:
    yield from map(describe_write, one.orders)
    if isinstance(one.planned, RefundPlan):
        yield from _refund(one.planned)
        return
    resolution = one.planned.resolution
    credit = one.planned.credit
    for found in credit.overruled.values() if credit else ():
        yield from (f"although {objection.why}" for objection in found)
    if resolution.writes_off:
        yield "writes off what was to come back"
    if debt := resolution.decision.debt:
        yield f"{debt} ducats stay a debt of {resolution.decision.citizen!r}"
    if resolution.decision.how not in {How.SNOOZE, How.ACCEPT}:
        yield f"afterwards: {resolution.afterwards}"


def _refund(plan: RefundPlan) -> Iterator[str]:
    """What else `cascade refund` would say: what waits, who is unknown, and debts."""
    yield from (told for told in (plan.waits, plan.unknown_citizen) if told)
    debts = map(plan.debt, range(len(plan.picture.parts) if plan.taking else 0))
    if debt := sum(debts, ZERO):
        yield f"{rounded(debt)} ducats stay a debt"


def _sums(chosen: Sequence[ChosenDraft], repairs: RepairPlan, with_repairs: bool) -> Iterator[Text]:
    orders = [order for one in chosen for order in one.orders if not order.ends]
    out, back = _sum(orders, is_back=False), _sum(orders, is_back=True)
    if number := len(repairs.repairs):
        total = f"{rounded(repairs.total_ducats)} ducats"
        what = f"{format_count(number, 'case')} that can be repaired automatically, {total}"
        yield Text(f"Including {what}." if with_repairs else f"Not included: {what}.")
        out += repairs.total_ducats if with_repairs else ZERO
    sums = [f"{rounded(out)} ducats go out"]
    sums += [f"{rounded(back)} come back"] if back else []
    yield Text(f"In all, {', '.join(sums)}.", "bold")


def _sum(orders: Sequence[Order], *, is_back: bool) -> Decimal:
    return sum((order.ducats for order in orders if bool(order.payer) is is_back), ZERO)


def _keys(
    chosen: Sequence[ChosenDraft], repairs: RepairPlan, with_repairs: bool, settings: Text
) -> Text:
    moves = ["y yes"] if chosen or with_repairs else []
    if repairs.repairs:
        moves.append("r without the repairs" if with_repairs else "r with the repairs")
    moves += ["b back to the cases", "q not now: all is kept"]
    question = "Carry it out?" if chosen or with_repairs else "Nothing is decided yet."
    return Text.assemble((question, "bold"), settings, (f"  {' · '.join(moves)}", "bold"))
