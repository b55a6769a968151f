"""From a key to a decision: asks for whatever else it needs, in short lines below the screen."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from typing import TypeVar

from rich.console import Console
from rich.text import Text

from cascade_cli.cli.review.terminal_keys import answer
from cascade_cli.cli.terminal.escape import escape
from cascade_cli.domain.decisions.decision_plan import Subject, Wish
from cascade_cli.domain.decisions.review_draft import hurdles, needs_buyer, needs_ducats
from cascade_cli.domain.discrepancies.evidence import describe
from cascade_cli.domain.matching.settled_by import mentioned_by
from cascade_cli.domain.records.decisions import How
from cascade_cli.domain.shop.money import parse_ducats
from cascade_cli.domain.shop.times import parse_duration
from cascade_cli.errors import UsageError
from cascade_cli.services.decisions.resolve_service import ResolveService, Seen
from cascade_cli.services.delivery.credit_requests import check_words

Said = TypeVar("Said")


class LeftOpenError(Exception):
    """The person gave no answer, so nothing is decided."""


class Interview:
    """Asks one person; remembers the reason, since the next case often has the same."""

    def __init__(self, console: Console, service: ResolveService) -> None:
        self._console, self._service = console, service
        self._reason = ""

    def wish(self, seen: Seen, how: How, *, is_part: bool = False) -> tuple[Seen, Wish]:
        """The decision, and the transfer that it is about. With `is_part`, the person is asked for
        the number of ducats. Raises LeftOpenError, UsageError or GuardError."""
        seen = self._which_doubtful(seen, how)
        wish = _QUESTIONS.get(how, Interview._nothing)(self, seen, Wish(how, ""))
        # If the case does not say how many, the question before has asked already.
        if is_part and wish.ducats is None:
            wish = replace(wish, ducats=self._ducats())
        for hurdle in hurdles(seen.subject, wish):
            self._say(hurdle.why)
            if _required("Do it anyway? y or n", "n").lower() not in {"y", "yes"}:
                raise LeftOpenError
            wish = hurdle.taken_by(wish)
        reason = _required("Why, in a few words, kept for ever", self._default_reason(seen, how))
        check_words(wish.citizen or "citizen", reason)
        self._reason = reason
        return seen, replace(wish, reason=reason)

    def _default_reason(self, seen: Seen, how: How) -> str:
        """The reason to suggest: the decision table's for the choice that it names first, else the
        last one that was typed."""
        rule = seen.subject.rule
        is_first = how is rule.choice[0] or {how, rule.choice[0]} <= {How.MOVED, How.NOT_MOVED}
        return rule.reason if is_first else self._reason

    def _which_doubtful(self, seen: Seen, how: How) -> Seen:
        rows = seen.subject.doubtful if how in {How.MOVED, How.NOT_MOVED} else ()
        if len(rows) < 2:  # noqa: PLR2004 - several
            return seen
        for number, row in enumerate(rows, 1):
            self._say(f"{number}: {describe(row, seen.subject.terms)}")
        said = _required("Which of them, by number")
        if said not in {str(number) for number in range(1, len(rows) + 1)}:
            raise UsageError(f"{said!r} is not one of them.")
        subject: Subject = replace(seen.subject, named=rows[int(said) - 1].record_id)
        return replace(seen, subject=subject)

    def _credit(self, seen: Seen, wish: Wish) -> Wish:
        subject = seen.subject
        if needs_buyer(subject):
            similar = subject.matched.similar_citizens if subject.matched else ()
            only = similar[0] if len(similar) == 1 else ""
            citizen = _required("Who is the buyer, as Venice spells it", only)
            wish = replace(wish, citizen=citizen)
        if needs_ducats(subject):
            wish = replace(wish, ducats=self._ducats())
        return wish

    def _ducats(self) -> Decimal:
        return _read(parse_ducats, _required("How many ducats"))

    def _settled_by(self, seen: Seen, wish: Wish) -> Wish:
        row = mentioned_by(seen.subject.matched) if seen.subject.matched else None
        said = _required("Which transfer, by StratagemId or rec… id", row.record_id if row else "")
        return replace(wish, settles=self._service.settling(said, seen))

    def _snooze(self, seen: Seen, wish: Wish) -> Wish:
        duration = _read(
            parse_duration, _required("For how long: 36h, 14d", f"{seen.subject.rule.days}d")
        )
        return replace(wish, until=seen.subject.terms.now + duration)

    def _nothing(self, _seen: Seen, wish: Wish) -> Wish:
        return wish

    def _say(self, told: str) -> None:
        self._console.print(Text(escape(told), "yellow"))


def _required(question: str, default: str = "") -> str:
    if said := answer(question, default):
        return said
    raise LeftOpenError


def _read(parse: Callable[[str], Said], said: str) -> Said:
    try:
        return parse(said)
    except ValueError as error:
        raise UsageError(f"{str(error).capitalize()}.") from None


_QUESTIONS: dict[How, Callable[[Interview, Seen, Wish], Wish]] = {
    How.CREDIT: Interview._credit,
    How.SETTLED_BY: Interview._settled_by,
    How.SNOOZE: Interview._snooze,
}
