"""Whoever types what is printed closes the case, in every state that it can be in."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from tests.end_to_end.agreement.lines import words_of
from tests.end_to_end.agreement.states import STATES
from tests.end_to_end.agreement.states.making import enrich
from tests.harness.counter import Counter

SINCE = ("--since", "10d")
MOST_ROUNDS = 3
# What only a person knows. Where marco is another by now, or gone, the buyer goes by lucia's name.
FILLED_IN = {"CITIZEN": "lucia", "DUCATS": "50"}


def typed(line: str, found_out: str) -> list[str]:
    """The words with what only a person knows; `found_out` is what the balances showed."""
    words = [FILLED_IN.get(word, word) for word in words_of(line)]
    if "--moved" in words:
        words[words.index("--moved")] = found_out
    place = 2 if words[0] == "citizen" else 1
    return [*words[:place], "--yes", *words[place:]]


def surely_moved(item: Mapping[str, Any]) -> bool:
    """There is nothing to find out."""
    surely = "moved at least once", "went to somebody other than the processor"
    return any(words in said for said in item["evidence"] for words in surely)


def followed(counter: Counter, found_out: str) -> Iterator[str]:
    """A sentence for each line that is no way on; the rows change as the lines are typed."""
    before: dict[str, list[dict[str, Any]]] = {}
    for _ in range(MOST_ROUNDS):
        answer = counter.type("reconcile", *SINCE, "--json")
        if answer.code == 0:
            return
        items = [item for item in answer.data["items"] if item["repair"]]
        lines = {item["repair"]["command"]: item for item in items}
        rows = counter.rows()
        for line, item in lines.items():
            if before.get(line) == rows or line.startswith("cascade explain"):
                yield f"a circle: {line}"
            before[line] = rows
            said = "--moved" if surely_moved(item) else found_out
            done = counter.type(*typed(line, said))
            if done.code and (done.code, line.startswith("cascade reconcile")) != (3, True):
                yield f"{line} is refused: {done.err}"
        counter.sandboxed.app.engine.run()
        counter.pass_time(minutes=20)
    answer = counter.type("reconcile", *SINCE, "--json")
    if answer.code:
        yield f"open still: {[(item['repair'], item['evidence']) for item in answer.data['items']]}"


@pytest.mark.parametrize("name", STATES, ids=lambda name: name.replace(" ", "_"))
def test_every_printed_line_is_taken_and_closes_the_case(name: str, counter: Counter) -> None:
    enrich(counter)
    STATES[name][1](counter)
    assert list(followed(counter, "--moved")) == []


@pytest.mark.parametrize("name", [name for name, (kinds, _) in STATES.items() if "doubt" in kinds])
def test_so_is_it_where_nothing_has_moved(name: str, counter: Counter) -> None:
    enrich(counter)
    STATES[name][1](counter)
    assert list(followed(counter, "--not-moved")) == []
