"""What each view of the shop says, beside what `reconcile --json` says of the same items.

Each function yields a sentence for everything that is not the same.
"""

from __future__ import annotations

import csv
import io
from collections import Counter as Counted
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any

from rich.cells import cell_len

from cascade_cli.domain.discrepancies.kinds import Kind
from tests.cli.reconcile.report.reading import page
from tests.end_to_end.agreement.lines import on_lines, printed
from tests.harness.commands import Answer
from tests.harness.counter import Counter

Item = dict[str, Any]
SINCE = ("--since", "10d")


def command_of(item: Item) -> str:
    """What reconcile tells to type next; empty where there is nothing to do."""
    return str(item["repair"]["command"]) if item["repair"] else ""


def is_automatic(item: Item) -> bool:
    """Reconcile says that a machine may do it."""
    return bool(item["repair"] and item["repair"]["automatic"])


def is_open(item: Item) -> bool:
    """It needs somebody."""
    return Kind(item["kind"]).is_discrepancy


def name_of(item: Item, part: str = "payment_intent") -> str:
    """The payment, or its charge, with the portion's number; of a transfer without a payment, the
    StratagemId."""
    if not item[part]:
        return str(item["stratagem_ids"][0])
    portion = item["portion"]
    return f"{item[part]}.{portion['number']}" if portion else str(item[part])


@dataclass
class Shop:
    """A state, what reconcile says of it, and every command that was printed so far."""

    counter: Counter
    identity: str
    items: Sequence[Item] = ()
    lines: set[str] = field(default_factory=set)
    _read: dict[tuple[str, ...], Answer] = field(default_factory=dict)

    def look(self) -> None:
        """Ask reconcile."""
        self.items = self.type("reconcile", *SINCE, "--all", "--json").data["items"]

    def type(self, *words: str, **settings: str) -> Answer:
        """A command, whose own printed commands are remembered."""
        answer = self.counter.type(*words, COLUMNS="80", **settings)
        self.lines |= printed(answer)
        return answer

    def read(self, *words: str) -> Answer:
        """A command that writes nothing: while nothing else does, it need not be typed twice."""
        if words not in self._read:
            self._read[words] = self.type(*words)
        return self._read[words]

    @property
    def open(self) -> list[Item]:
        """The discrepancies."""
        return [item for item in self.items if is_open(item)]

    def transfers(self, item: Item) -> list[str]:
        """Its StratagemIds, but for those that another item has as well."""
        rest = (other for other in self.items if other is not item)
        others = [id_ for other in rest for id_ in other["stratagem_ids"]]
        return [id_ for id_ in dict.fromkeys(item["stratagem_ids"]) if id_ not in others]

    def returns(self) -> list[str]:
        """StratagemIds of what goes back, or comes again."""
        ids = (str(row["StratagemId"]) for row in self.counter.rows())
        return [id_ for id_ in ids if id_.startswith(("cascade_refund_", "cascade_giveback_"))]


def in_csv(shop: Shop) -> Iterator[str]:
    """`reconcile --csv`."""
    answer = shop.type("reconcile", *SINCE, "--all", "--csv")
    rows = list(csv.DictReader(io.StringIO(answer.out)))
    for item, row in zip(shop.items, rows, strict=True):
        told = [row[name] for name in ("kind", "ducats", "repair_command", "repair_automatic")]
        repair = str(is_automatic(item)).lower() if item["repair"] else ""
        if told != [item["kind"], item["ducats"] or "", command_of(item), repair]:
            yield f"csv {told}"
        if row["amount_cents"] != (
            "" if item["amount_cents"] is None else str(item["amount_cents"])
        ):
            yield f"csv {row['amount_cents']} cents"


def in_text_and_on_the_page(shop: Shop, path: Path) -> Iterator[str]:
    """`reconcile --report`: for people, in 80 columns and in a browser."""
    out = shop.type("reconcile", *SINCE, "--report", str(path)).out
    commands = [command_of(item) for item in shop.open]
    if on_lines(out) != [line for line in commands if line]:
        yield f"text tells to type {on_lines(out)}, not {commands}"
    # A command is never broken.
    commanding = ("  $ ", "Next: cascade ")
    wide = [x for x in out.splitlines() if cell_len(x) > 80 and not x.startswith(commanding)]
    if wide:
        yield f"text is wider than 80 columns: {wide}"
    for item in shop.open:
        if item["kind"].replace("_", " ") not in out:
            yield f"text lacks {item['kind']}"
    yield from _on_the_page(shop, page(path).text)


def _on_the_page(shop: Shop, text: str) -> Iterator[str]:
    for item in shop.open:
        wanted = item["kind"].replace("_", " "), " ".join(command_of(item).split())
        if wanted[0] not in text.lower() or wanted[1] not in text:
            yield f"the page lacks {wanted}"
    if not shop.open and "cascade credit" in text:
        yield "the page tells to credit what is no discrepancy"


def in_status(shop: Shop) -> Iterator[str]:
    """`status`, for the same time, and since the last run."""
    counts = Counted(item["kind"] for item in shop.open)
    at_risk: dict[str, Decimal] = {}
    for item in shop.open:
        at_risk[item["kind"]] = at_risk.get(item["kind"], Decimal(0)) + Decimal(
            item["ducats_at_risk"]
        )
    automatic = sum(map(is_automatic, shop.open))
    # The runs before it have left their marks.
    for since in (SINCE, ()):
        found = shop.type("status", *since, "--json").data["discrepancies"]
        told = {kind: number for kind, number in found["counts"].items() if number}
        if (told, found["automatic"]) != (counts, automatic):
            yield f"status {since} counts {told}, {found['automatic']} of them automatic"
        risks = {each["kind"]: Decimal(each["ducats_at_risk"]) for each in found["by_kind"]}
        if risks != at_risk:
            yield f"status {since} has {risks} at risk"


def in_stories(shop: Shop) -> Iterator[str]:
    """`explain` of the payment, its charge, and each of its transfers."""
    for item in shop.items:
        names = {name_of(item), *shop.transfers(item)}
        if not item["stratagem_ids"] or item["portion"]:
            names.add(name_of(item, "charge"))
        for name in sorted(names):
            told = shop.read("explain", "--json", "--", name).data
            yield from _contradictions(f"explain {name}", told["verdict"], item)
            if told["payment"] and told["payment"]["ducats"] != item["ducats"]:
                charge = told["payment"]["ducats"]
                if charge is not None:
                    yield f"explain {name} has {charge} ducats"
        yield from _in_words(shop, item)


def _contradictions(where: str, verdict: dict[str, Any], item: Item) -> Iterator[str]:
    command = command_of(item)
    # Whoever reads the story is not told to read it.
    expected = None if command.startswith("cascade explain ") else item["repair"]
    told = verdict["kind"], verdict["evidence"], verdict["repair"]
    for name, said, wanted in zip(
        ("kind", "evidence", "repair"),
        told,
        (item["kind"], item["evidence"], expected),
        strict=True,
    ):
        if said != wanted:
            yield f"{where}: {name} {said}, not {wanted}"


def _in_words(shop: Shop, item: Item) -> Iterator[str]:
    name = name_of(item)
    out = shop.read("explain", *(["--"] if name.startswith("-") else []), name).out
    command = command_of(item)
    expected = [] if command.startswith("cascade explain ") else [command]
    # What else a person may decide stands on a line of its own.
    told = list(dict.fromkeys(on_lines(out)))
    if told != expected:
        advice = shop.read("explain", "--json", "--", name_of(item)).data["verdict"]["advice"]
        told = [line for line in told if line in expected or line not in advice]
    if told != [line for line in expected if line]:
        yield f"the story in words tells to type {told}, not {expected}"
    if f"{item['kind'].replace('_', ' ')}: " not in out:
        yield "the story in words lacks the kind"


def in_the_whole_story(shop: Shop) -> Iterator[str]:
    """`explain` of a payment for many citizens, which has all its items."""
    whole = [item for item in shop.items if item["portion"]]
    if not whole:
        return
    told = shop.read("explain", "--json", "--", shop.identity).data["portions"]
    by_name = {line["id"]: line["verdict"] for line in told}
    for item in whole:
        yield from _contradictions(f"portions {name_of(item)}", by_name[name_of(item)], item)


def in_the_citizens_story(shop: Shop) -> Iterator[str]:
    """`explain` of a citizen, which has all payments in their name."""
    for citizen in {item["citizen"] for item in shop.items if item["citizen"]}:
        answer = shop.type("explain", *SINCE, "--json", "--", citizen)
        if answer.code:
            continue
        told = {line["id"]: line["verdict"] for line in answer.data.get("items", ())}
        for item in shop.items:
            if item["citizen"] == citizen and name_of(item) in told:
                yield from _contradictions(f"explain {citizen}", told[name_of(item)], item)


def in_stories_of_returns(shop: Shop) -> Iterator[str]:
    """`explain` of what took ducats back."""
    for name in shop.returns():
        told = shop.read("explain", "--json", "--", name).data["verdict"]
        (item,) = shop.items
        yield from _contradictions(f"explain {name}", told, item)
