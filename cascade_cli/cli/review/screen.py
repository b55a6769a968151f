"""One case on one screen: what is known about it, and the keys that decide it.

The keys always fit. In a low window the facts are cut; the key for the whole story shows them all.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from rich.console import Console
from rich.text import Text

from cascade_cli.adapters.dashboard_links import DashboardLinks
from cascade_cli.cli.items.kinds import SENTENCES, STYLES
from cascade_cli.cli.resolve.text import neighbour
from cascade_cli.cli.terminal.console import PipeConsole, completed
from cascade_cli.cli.terminal.escape import escape
from cascade_cli.cli.terminal.rounding import readable
from cascade_cli.domain.decisions.decision_plan import Subject
from cascade_cli.domain.decisions.review_draft import Draft, Offer, offers_for, refund_offered
from cascade_cli.domain.discrepancies.evidence import describe
from cascade_cli.domain.discrepancies.items import Item
from cascade_cli.domain.matching.matched_charge import Terms
from cascade_cli.domain.records.charges import Charge
from cascade_cli.domain.records.decisions import How
from cascade_cli.domain.records.stratagems import State, Stratagem
from cascade_cli.domain.shop.money import ZERO, rounded
from cascade_cli.domain.shop.times import format_moment
from cascade_cli.services.decisions.review_service import View

KEYS = {
    "c": How.CREDIT,
    "t": How.TAKE_BACK,
    "l": How.SETTLED_BY,
    "m": How.MOVED,
    "n": How.NOT_MOVED,
    "a": How.ACCEPT,
    "s": How.SNOOZE,
}
# The same decisions, for a number of ducats that the person types.
PARTS = {"C": How.CREDIT, "T": How.TAKE_BACK}
REFUND = "f"
_PART_OF = {how: key for key, how in PARTS.items()}
_KEY_OF = {how: key for key, how in KEYS.items()}
_LABEL_WIDTH = 10
_DONE_BY_KEYS = ("cascade resolve ", "cascade refund ", "cascade credit ", "cascade explain ")
_MORE = "… e shows the rest"
_KEPT = frozenset({"reopened", "buyer", "paid", "balances"})
_Block = tuple[str, list[Text]]


@dataclass(frozen=True)
class CaseScreen:
    """What a screen shows: the case, number so many `of` so many; the decision on it so far; how
    many are `decided` in all; and a `note` about the last key."""

    view: View
    number: int
    of: int
    decided: int = 0
    draft: Draft | None = None
    links: DashboardLinks = field(default_factory=DashboardLinks)
    why_not: str = ""
    """The limit that keeps the case from being repaired automatically, if one does."""
    note: str = ""

    @property
    def subject(self) -> Subject:
        """What the decision is about."""
        return self.view.seen.subject


def page_lines(console: Console, page: CaseScreen, height: int | None) -> list[Text]:
    """The screen in lines that fit the console's width. Without a height, nothing is cut."""
    head = [*_head(console, page), Text()]
    foot = [Text(), *_foot(console, page)]
    facts = _facts(page, is_whole=height is None)
    blocks = [(label, _block(console, label, texts)) for label, texts in facts if texts]
    if height is not None:
        blocks = _fitted(blocks, height - len(head) - len(foot))
    return [*head, *(line for _, lines in blocks for line in lines), *foot]


def _head(console: Console, page: CaseScreen) -> Iterator[Text]:
    item = page.subject.item
    decided = f" · {page.decided} decided" if page.decided else ""
    text = Text(f"{page.number} of {page.of}{decided} · ", "bold")
    text.append(item.kind.words, STYLES[item.severity])
    at_risk = rounded(item.at_risk)
    text.append(f" · {item.severity.value} · {at_risk} ducats at risk", "bold")
    yield from wrapped(console, text)
    yield from wrapped(console, Text(SENTENCES[item.kind]))


def _facts(page: CaseScreen, *, is_whole: bool) -> Iterator[tuple[str, list[str]]]:
    """What is known, under labels; the most important first."""
    subject, item = page.subject, page.subject.item
    terms, charge = subject.terms, item.charge
    yield "reopened", [_reopened(item)] if item.reopened else []
    yield "buyer", [_buyer(charge, item)] if charge else ["nobody paid for it"]
    if charge:
        paid = f"{charge.own_money}, {format_moment(charge.created_at)}"
        yield "paid", [f"{paid}, {charge.payment_id}"]
    for row in item.rows:
        yield "in Venice", [f"{_amount(row)}, {_state(row, terms)}", row.name]
    if not item.rows:
        yield "in Venice", ["no transfer"]
    yield "balances", [" · ".join(_balances(page.view))]
    yield "engine", [line for row in item.rows for line in row.engine_log.splitlines() if line]
    known = {describe(row, terms) for row in item.rows}
    yield "known", [told for told in dict.fromkeys(item.evidence[1:]) if told not in known]
    yield (
        "nearby",
        [_beside(row, terms, is_whole=is_whole) for row in page.view.evidence.neighbours],
    )
    yield "limit", [page.why_not] if page.why_not else []
    yield "to do", _to_do(subject)
    payment = charge.payment_id if charge else ""
    yield "links", list(page.links.of(payment, tuple(row.record_id for row in item.rows)))


def _reopened(item: Item) -> str:
    decided = item.decision.described if item.decision else ""
    return f"{item.reopened}; before: {decided}"


def _buyer(charge: Charge, item: Item) -> str:
    ducats = f"{rounded(charge.ducats)} ducats" if charge.ducats else "ducats"
    whom = repr(item.citizen or charge.citizen_text) if item.citizen or charge.citizen_text else ""
    return f"{whom or 'not named'}, who bought {ducats}"


def _amount(row: Stratagem) -> str:
    ducats = "?" if row.ducats is None else rounded(row.ducats)
    return f"{ducats} ducats {row.whom}"


def _state(row: Stratagem, terms: Terms) -> str:
    """The usual description, without the id, which has a line of its own, and without the engine's
    words."""
    told = describe(row, terms).removeprefix(f"stratagem {row.name} ")
    told = told.replace("executed, executed", "executed", 1)
    said = row.doubt if row.state(terms.now) is State.DOUBTFUL else row.failure_text
    return told.replace(f", {said}", "") if said and said in row.engine_log else told


def _balances(view: View) -> Iterator[str]:
    """Each balance, and for a doubtful transfer what its citizen would have without it."""
    without = {
        row.concerned: (row.ducats or ZERO) * (-1 if row.payer else 1) for row in view.evidence.rows
    }
    for name, has in view.balances.items():
        told = f"{name} {rounded(has)}"
        if name in without:
            told += f" (without it {rounded(has - without[name])})"
        yield told


def _beside(row: Stratagem, terms: Terms, *, is_whole: bool) -> str:
    if is_whole:
        return neighbour(row, terms)
    return f"{format_moment(row.created_at)}, {_amount(row)}, {row.status}"


def _to_do(subject: Subject) -> list[str]:
    """The advice, if the only decisions that fit are waiting and accepting: then the work is done
    elsewhere."""
    item = subject.item
    if not item.advice or not set(subject.choice) <= {How.SNOOZE, How.ACCEPT}:
        return []
    return [item.advice]


def _foot(console: Console, page: CaseScreen) -> Iterator[Text]:
    if page.draft:
        chosen = f"Chosen: {page.draft.described} (u undoes it)"
        yield from wrapped(console, Text(escape(chosen), "bold green"))
    if refund := refund_offered(page.subject):
        yield from _key(console, REFUND, refund, "safest")
    for offer in offers_for(page.subject):
        yield from _offer(console, offer)
    repair = page.subject.item.repair
    if repair and not repair.command.startswith(_DONE_BY_KEYS):
        line = Text().append("    first type: ", "dim").append(completed(console, repair.command))
        yield from wrapped(console, line, indent=4)
    moves = "space next · b back · e whole story · g to the plan · q stop and keep"
    yield from wrapped(console, Text(moves, "dim"))
    if page.note:
        yield from wrapped(console, Text(escape(page.note), "bold yellow"))


def _offer(console: Console, offer: Offer) -> Iterator[Text]:
    mark = ", ".join(filter(None, ("safest", offer.condition))) if offer.is_safest else ""
    part = f"{_PART_OF[offer.how]} another number" if offer.how in _PART_OF else ""
    return _key(console, _KEY_OF[offer.how], offer.what, mark, part)


def _key(console: Console, key: str, what: str, mark: str = "", part: str = "") -> Iterator[Text]:
    """A key and what it does. `mark` says that it is the safest, perhaps on a condition: then it is
    not green yet."""
    text = Text(f" {key}  ", "bold")
    style = "bold yellow" if "," in mark else "bold green"
    text.append(readable(escape(what)), style if mark else "not bold")
    if mark:
        text.append(f"  ({mark})", style)
    if part:
        text.append(f"  {part}", "dim not bold")
    return wrapped(console, text, indent=4)


def _block(console: Console, label: str, texts: Sequence[str]) -> list[Text]:
    """A label with its texts beside it, each on a new line."""
    if label == "links":
        has_links = not isinstance(console, PipeConsole) or console.shows_links
        pages = (Text(text, f"dim link {text}" if has_links else "dim") for text in texts)
        return [line for page in pages for line in _folded(console, page, console.width)]
    found: list[Text] = []
    for text in texts:
        for line in _folded(console, Text(readable(escape(text))), console.width - _LABEL_WIDTH):
            head = label if not found else ""
            found.append(Text().append(f"{head:<{_LABEL_WIDTH}}", "dim").append_text(line))
    return found


def wrapped(console: Console, text: Text, indent: int = 0) -> Iterator[Text]:
    """The text in lines; all but the first are indented."""
    for number, line in enumerate(_folded(console, text, console.width - indent)):
        yield Text(" " * indent).append_text(line) if number else line


def _folded(console: Console, text: Text, width: int) -> Iterable[Text]:
    return text.wrap(console, max(width, 10), overflow="fold")


def _fitted(blocks: Sequence[_Block], room: int) -> list[_Block]:
    """Shorten the longest block (of equals, the last one), again and again, until all fit. Blocks
    that a decision rests on are cut only if nothing else is left."""
    left = [(label, list(lines)) for label, lines in blocks]
    is_cut = False
    while left and sum(len(lines) for _, lines in left) + is_cut > max(room, 1):
        others = [block for block in left if block[0] not in _KEPT] or left
        max(reversed(others), key=lambda block: len(block[1]))[1].pop()
        left = [block for block in left if block[1]]
        is_cut = True
    return [*left, ("", [Text(_MORE, "dim")])] if is_cut else left
