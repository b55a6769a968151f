"""Somebody takes his time to answer a question, or the process stands still: what Stripe said then
may not be true any more."""

from __future__ import annotations

import sys
from collections.abc import Callable

import pytest

from cascade_cli.errors import ExitCode
from cascade_cli.sandbox.wire import Request, Response
from tests.cli.refund.test_refund import bought, give_money_back
from tests.cli.refund.test_states import becomes, pending
from tests.harness.commands import Answer, Stream
from tests.harness.counter import Counter
from tests.harness.faults import is_create

COMMANDS: dict[str, tuple[str, ...]] = {
    "credit": ("credit", "--payment", "{}", "--reason", "late"),
    "resolve": ("resolve", "{}", "--credit", "--reason", "late"),
    "repair": ("reconcile", "--since", "7d", "--repair"),
    "replay": ("events", "replay", "--since", "24h"),
}


class SlowPerson:
    """Says yes at a terminal, after `meanwhile` has happened."""

    def __init__(self, meanwhile: Callable[[], object]) -> None:
        self._meanwhile = meanwhile

    def isatty(self) -> bool:
        return True

    def readline(self) -> str:
        self._meanwhile()
        return "y\n"


def asked(counter: Counter, meanwhile: Callable[[], object], *words: str) -> Answer:
    """The command at a terminal, and its answer."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "stdin", SlowPerson(meanwhile))
        patch.setattr(Stream, "isatty", lambda stream: stream is sys.stderr)
        return counter.type(*words)


def passes(counter: Counter, **duration: float) -> Callable[[], object]:
    return lambda: counter.pass_time(**duration)


@pytest.mark.parametrize("name", COMMANDS)
@pytest.mark.parametrize("minutes", [0, 18])
def test_nothing_is_delivered_whose_money_went_back_while_the_question_stood(
    counter: Counter, name: str, minutes: int
) -> None:
    """Answered at once, the same money goes back unseen: by then the ducats are under way."""
    intent = counter.paid()
    counter.pass_time(minutes=6)

    def meanwhile() -> None:
        counter.pass_time(minutes=minutes)
        if minutes:
            give_money_back(counter, intent)

    answer = asked(counter, meanwhile, *(word.format(intent) for word in COMMANDS[name]))
    if minutes:
        assert answer.code == ExitCode.REFUSED, answer
        assert "Nothing was written" in answer.err
    assert len(counter.rows()) == (0 if minutes else 1), answer


@pytest.mark.parametrize("name", COMMANDS)
def test_what_is_still_the_same_is_done_after_a_slow_answer(counter: Counter, name: str) -> None:
    intent = counter.paid()
    counter.pass_time(minutes=6)
    words = [word.format(intent) for word in COMMANDS[name]]
    assert asked(counter, passes(counter, minutes=18), *words).code in {0, 3}
    assert len(counter.rows()) == 1


def test_a_refund_takes_no_more_than_was_shown(counter: Counter) -> None:
    intent = bought(counter)
    name = pending(counter, intent, cents=250)

    def meanwhile() -> None:
        counter.pass_time(minutes=18)
        becomes(counter, name, "succeeded")
        give_money_back(counter, intent, 500)

    answer = asked(counter, meanwhile, "refund", intent)
    assert answer.code == ExitCode.REFUSED, answer
    assert "changed since it was shown" in answer.err
    assert len(counter.rows()) == 1


def test_whoever_lost_the_run_lock_writes_nothing_more(counter: Counter) -> None:
    """A process that stood still for so long that another run took its place."""
    intent = counter.paid()
    counter.pass_time(minutes=6)
    taken = list[Request]()

    def another_run(request: Request) -> bool:
        """Before the first write: the rows of the order are read again under its claim."""
        if "/STRATAGEMS" in request.path and not is_create(request) and not taken:
            taken.append(request)
            counter.pass_time(minutes=18)
            counter.type("credit", "lucia", "5", "--reason", "gift", "--reference", "r", "--yes")
        return False

    counter.network.break_(another_run, Response(500))
    answer = counter.type("credit", "--payment", intent, "--reason", "late", "--yes")
    assert taken
    assert answer.code == ExitCode.LOCKED, answer
    assert "was lost to another run" in answer.err
    assert f"cascade_payment_{intent}" not in {row["StratagemId"] for row in counter.rows()}
