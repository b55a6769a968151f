"""Of a gift that has arrived both citizens are told, each by a notice of their own."""

from __future__ import annotations

import pytest

from tests.end_to_end.arrivals.told import airtable_reads, arrived, is_arrival, night, texts
from tests.end_to_end.gifts.test_gifts import WORDS, bought, replayed
from tests.harness.counter import Counter
from tests.harness.faults import unavailable


def given(counter: Counter, *words: str) -> str:
    """100 ducats for lucia from marco, which the engine has executed; the key."""
    intent = bought(counter, "--message", WORDS, *words)
    assert replayed(counter).code == 0
    counter.sandboxed.app.engine.run()
    return f"cascade_payment_{intent}"


def test_recipient_and_giver_are_told_and_the_message_is_not_repeated(counter: Counter) -> None:
    key = given(counter)
    assert night(counter, "--json").data["arrivals_told"] == 2
    (to_lucia,), (to_marco,) = texts(counter, "lucia"), texts(counter, "marco")
    assert to_lucia.startswith("100 ducats have arrived, a gift from marco (")
    assert to_lucia.endswith(f"Reference: {key}.")
    assert to_marco.startswith("Your gift of 100 ducats to lucia has arrived (")
    assert WORDS not in to_lucia + to_marco
    assert "tell the giver of the arrival: done" in counter.type("journal", "list").out
    assert night(counter, "--json").data["arrivals_told"] == 0


def test_an_anonymous_giver_is_not_named_to_the_recipient(counter: Counter) -> None:
    given(counter, "--anonymous")
    night(counter)
    (to_lucia,), (to_marco,) = texts(counter, "lucia"), texts(counter, "marco")
    assert "a gift from somebody who does not want to be named" in to_lucia
    assert "marco" not in to_lucia
    assert "The recipient is not told your name." in to_marco


def test_a_gift_taken_back_is_told_to_both_when_it_has_gone(counter: Counter) -> None:
    key = given(counter)
    intent = key.removeprefix("cascade_payment_")
    account = counter.sandboxed.app.stripe.account
    with account.writing(counter.now()) as writer:
        charge = writer.get("payment_intent", intent)["latest_charge"]
    account.refund(charge, at=counter.now(), amount=None)
    assert counter.type("refund", intent, "--yes").code == 0
    counter.sandboxed.app.engine.run()
    night(counter)
    (back,) = [text for text in texts(counter, "lucia") if "gone back" in text]
    assert back.startswith("100 ducats have gone back from you, a gift from marco (")
    (given_back,) = [text for text in texts(counter, "marco") if "gone back" in text]
    assert given_back.startswith("Your gift of 100 ducats to lucia has gone back (")


def test_a_giver_who_is_not_told_does_not_keep_the_recipient_from_it(counter: Counter) -> None:
    given(counter)
    counter.network.break_(is_arrival, unavailable())
    said = night(counter)
    assert "1 giver may or may not have been told" in said.err
    night(counter)
    assert [row["Citizen"] for row in arrived(counter)] == ["lucia"]


@pytest.mark.parametrize("nights", [1, 2])
def test_a_night_without_anybody_to_tell_looks_nothing_up(counter: Counter, nights: int) -> None:
    given(counter)
    night(counter)
    reads = len(airtable_reads(counter))
    for _ in range(nights):
        night(counter)
    assert len(airtable_reads(counter)) - reads == nights
