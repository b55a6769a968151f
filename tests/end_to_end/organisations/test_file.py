"""`checkout --file`: all rows are checked before a page is made."""

from __future__ import annotations

import json

import pytest

from tests.end_to_end.organisations.guild import offered, stripe_of
from tests.harness.counter import Counter


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("citizen,ducats\n", "it names nobody"),
        ("citizen,amount\nmarco,10\n", "does not begin with the columns citizen, ducats"),
        ("citizen,ducats\nmarco,ten\nlucia,-1\n", "line 2: 'ten' is not"),
        ("citizen,ducats\nmarco,10,x\n", "line 2: it has too many or too few cells"),
        ("citizen,ducats\nmarco,10\nmarco,20\n", "'marco' stands in 2 rows"),
        ("citizen,ducats\n,10\n", "'' is not a citizen's name"),
    ],
)
def test_a_file_with_one_bad_row_sells_nothing_and_names_the_row(
    counter: Counter, text: str, why: str
) -> None:
    file = counter.state.parent / "members.csv"
    file.write_text(text)
    answer = counter.type("checkout", "--file", str(file))
    assert (answer.code, why in answer.err) == (2, True), answer
    assert counter.requests == []


def test_all_citizens_must_exist_to_the_letter(counter: Counter) -> None:
    answer = offered(counter, members={"marco": "10", "Lucia": "10"})
    assert (answer.code, answer.document["error"]["message"]) == (
        7,
        "Venice has no citizen 'Lucia'. Did you mean 'lucia', which differs in upper and "
        "lower case?",
    )
    assert stripe_of(counter).v1.checkout.sessions.list().data == []


@pytest.mark.parametrize(
    ("setting", "limit", "code"),
    [
        ("CASCADE_MAX_DUCATS_PER_CREDIT", "99", 7),
        ("CASCADE_MAX_DUCATS_PER_DAY", "150", 7),
        ("CASCADE_MAX_DUCATS_PER_DAY", "151", 0),
    ],
)
def test_the_limit_of_a_credit_is_each_citizen_s_and_that_of_the_day_is_all_s(
    counter: Counter, setting: str, limit: str, code: int
) -> None:
    file = counter.state.parent / "members.csv"
    file.write_text("citizen,ducats\nmarco,100\nlucia,51\n")
    answer = counter.type("checkout", "--file", str(file), **{setting: limit})
    assert answer.code == code, answer


def test_the_journal_keeps_who_gets_how_much_before_anything_is_sold(counter: Counter) -> None:
    digest = offered(counter, members={"marco": "10", "lucia": "20.5"}).data["allocation"]["digest"]
    told = " ".join(counter.type("journal", "list").out.split())
    assert f"recorded who gets how much of 30.5 ducats for 2 citizens ({digest})" in told
    # The same list again is the same allocation.
    offered(counter, members={"marco": "10", "lucia": "20.5"})
    assert len(counter.type("journal", "list", "--json").data["entries"]) == 1
    exported = counter.type("journal", "export").out.splitlines()
    assert json.loads(exported[0])["body"]["allocation"]["text"] == "10=marco;20.5=lucia"


def test_people_see_for_how_many_it_is(counter: Counter) -> None:
    file = counter.state.parent / "members.csv"
    file.write_text("citizen,ducats\nmarco,100\nlucia,50\n")
    lines = counter.type("checkout", "--file", str(file)).out.splitlines()
    assert lines[0] == "150 ducats for 2 citizens: 15.00 USD"
    assert (counter.type("checkout", "marco", "--file", str(file)).code) == 2
