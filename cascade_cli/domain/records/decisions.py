"""What a person decided about one case, and the facts on which the decision rests.

A decision counts as long as its facts stay the same. When they change, the case opens again, and
says what was decided, by whom, and what has changed since.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Any

from cascade_cli.domain.shop.times import format_moment, rfc3339


class How(StrEnum):
    """What can be decided."""

    CREDIT = "credit"
    """The right citizen gets the ducats that are lacking."""
    TAKE_BACK = "take_back"
    """Ducats come back from whoever has too many."""
    SETTLED_BY = "settled_by"
    """A transfer that a person made settles this case."""
    MOVED = "moved"
    """A doubtful row has moved its ducats."""
    NOT_MOVED = "not_moved"
    """A doubtful row has moved nothing, and may be tried again."""
    ACCEPT = "accept"
    """Nothing will be done."""
    SNOOZE = "snooze"
    """Nothing will be done before a given moment."""
    REOPEN = "reopen"
    """What was decided no longer counts."""

    @property
    def option(self) -> str:
        """As it is typed."""
        return f"--{self.value.replace('_', '-')}"

    @property
    def closes(self) -> bool:
        """The case is left as it is and is no longer a discrepancy. All other decisions change the
        case itself."""
        return self in {How.ACCEPT, How.SNOOZE}


@dataclass(frozen=True, slots=True)
class RowFact:
    """One transfer of the case, but not one that the decision itself made."""

    record: str
    state: str
    citizen: str
    ducats: str

    @property
    def described(self) -> str:
        """For people."""
        return f"{self.record}, {self.ducats} ducats for {self.citizen!r}"


@dataclass(frozen=True, slots=True)
class Facts:
    """The facts of a case on which a decision rests.

    `cents_back` is the money that went back, `dispute` says how disputes stand. `lacking` and
    `surplus` are in ducats, and include what people have corrected since.
    """

    kind: str
    rows: tuple[RowFact, ...]
    cents_back: int = 0
    dispute: str = ""
    lacking: str = "0"
    surplus: str = "0"

    def document(self) -> dict[str, Any]:
        """As the journal keeps it."""
        rows = [[row.record, row.state, row.citizen, row.ducats] for row in self.rows]
        names = ("kind", "cents_back", "dispute", "lacking", "surplus")
        return {"rows": rows, **{name: getattr(self, name) for name in names}}

    @classmethod
    def of(cls, document: Mapping[str, Any]) -> Facts:
        """From what the journal kept."""
        rows = tuple(RowFact(*row) for row in document["rows"])
        return cls(**{**document, "rows": rows})


def what_changed(then: Facts, now: Facts, *, beyond_rows: bool = True) -> str:
    """What has changed, in words; empty if nothing has.

    Without `beyond_rows`, only changes that others made count: for decisions that change the case
    themselves.
    """
    return "; ".join(_changes(then, now, beyond_rows=beyond_rows))


def _changes(then: Facts, now: Facts, *, beyond_rows: bool) -> Iterator[str]:
    if beyond_rows and then.kind != now.kind:
        yield f"it was {_words(then.kind)} and is {_words(now.kind)}"
    before = {row.record: row for row in then.rows}
    after = {row.record: row for row in now.rows}
    for record, row in after.items():
        if record not in before:
            yield f"a transfer is new: {row.described}"
        elif row != (old := before[record]):
            yield _row_change(old, row)
    for record in before.keys() - after.keys():
        yield f"a transfer is gone: {before[record].described}"
    if then.cents_back != now.cents_back:
        yield f"{now.cents_back} cents of its money went back, not {then.cents_back}"
    if then.dispute != now.dispute:
        yield f"the dispute is {now.dispute or 'gone'}, and was {then.dispute or 'not there'}"
    if beyond_rows and then.lacking != now.lacking:
        yield f"{now.lacking} ducats are lacking, not {then.lacking}"
    if beyond_rows and then.surplus != now.surplus:
        yield f"{now.surplus} ducats are too many, not {then.surplus}"


def _row_change(old: RowFact, row: RowFact) -> str:
    if old.state != row.state and (old.citizen, old.ducats) == (row.citizen, row.ducats):
        return f"{row.record} was {old.state} and is {row.state}"
    return f"{row.record} was {old.ducats} ducats for {old.citizen!r}, {old.state}: {row.described}"


def _words(kind: str) -> str:
    return kind.replace("_", " ")


@dataclass(frozen=True, slots=True)
class Decision:
    """What one person decided, when, from where and why.

    `ducats` are those that the decision moves or accepts, `stratagem_id` the transfer that it makes
    or is about, `debt` what could not be taken back.
    """

    how: How
    by: str
    host: str
    at: datetime
    reason: str
    facts: Facts
    ducats: str | None = None
    stratagem_id: str | None = None
    until: datetime | None = None
    citizen: str | None = None
    debt: str | None = None

    def document(self) -> dict[str, Any]:
        """As the journal keeps it."""
        return {
            "how": self.how.value,
            "by": self.by,
            "host": self.host,
            "at": rfc3339(self.at),
            "reason": self.reason,
            "facts": self.facts.document(),
            "ducats": self.ducats,
            "stratagem_id": self.stratagem_id,
            "until": rfc3339(self.until) if self.until else None,
            "citizen": self.citizen,
            "debt": self.debt,
        }

    @classmethod
    def of(cls, document: Mapping[str, Any]) -> Decision:
        """From what the journal kept."""
        known = {name: document.get(name) for name in cls.__dataclass_fields__}
        until = known["until"]
        return cls(
            **{
                **known,
                "how": How(str(known["how"])),
                "at": datetime.fromisoformat(str(known["at"])),
                "facts": Facts.of(document["facts"]),
                "until": datetime.fromisoformat(until) if until else None,
            }  # type: ignore[arg-type]
        )

    @property
    def is_same_as(self) -> tuple[object, ...]:
        """If two decisions agree in this, they are the same one typed twice."""
        until = self.until.isoformat() if self.until else None
        return self.how, self.ducats, self.citizen, self.stratagem_id, until

    @property
    def described(self) -> str:
        """Who decided what, when and why."""
        what = _WORDS[self.how]
        if self.ducats and self.how in {How.CREDIT, How.TAKE_BACK}:
            what += f" ({self.ducats} ducats)"
        if self.until:
            what += f" until {format_moment(self.until)}"
        debt = f"; a debt of {self.debt} ducats is left" if self.debt else ""
        return f"{what}, by {self.by} on {self.host}, {format_moment(self.at)}: {self.reason}{debt}"

    def change(self, now: Facts) -> str:
        """What has changed since in the facts on which the decision rests; empty if nothing has."""
        return what_changed(self.facts, now, beyond_rows=self.how.closes)

    def is_over(self, now: datetime) -> bool:
        """Whether it was for a limited time, and that time is over."""
        return self.until is not None and self.until <= now

    def dated(self, by: str, host: str, at: datetime) -> Decision:
        """The decision, with who made it, from where and when."""
        return replace(self, by=by, host=host, at=at)


def counted(decided: Mapping[How, int]) -> str:
    """How many of each, for people: `2 accepted, 1 snoozed`; empty if there are none."""
    return ", ".join(f"{decided[how]:,} {_COUNTED[how]}" for how in How if decided.get(how))


_COUNTED = {
    How.CREDIT: "credited",
    How.TAKE_BACK: "taken back",
    How.SETTLED_BY: "settled by another transfer",
    How.MOVED: "found to have moved",
    How.NOT_MOVED: "found to have moved nothing",
    How.ACCEPT: "accepted",
    How.SNOOZE: "snoozed",
    How.REOPEN: "opened again",
}
_WORDS = {
    How.CREDIT: "a credit was decided",
    How.TAKE_BACK: "taking back was decided",
    How.SETTLED_BY: "settled by another transfer",
    How.MOVED: "found to have moved its ducats",
    How.NOT_MOVED: "found to have moved nothing",
    How.ACCEPT: "accepted as it is",
    How.SNOOZE: "put off",
    How.REOPEN: "opened again",
}
