"""What a gift may say, and that what strangers wrote cannot act."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cascade_cli.adapters.stripe.purchase_parser import gift_of
from cascade_cli.adapters.venice.notifications import to_citizen, to_giver
from cascade_cli.adapters.venice.stratagem_rows import notes_text
from cascade_cli.domain.records.gifts import MOST_CHARACTERS, Gift, as_text, wished_gift
from cascade_cli.domain.records.orders import Order, order_for_charge
from tests.domain.samples import a_charge

FAMILY = "\U0001f468\u200d\U0001f469\u200d\U0001f467"


def wished(message: str) -> Gift:
    return wished_gift("anna", "marco", message, anonymous=False)


def an_order(gift: Gift, citizen: str = "marco") -> Order:
    return order_for_charge(a_charge(citizen=citizen, gift=gift), "a purchase", {})


def test_five_hundred_characters_are_taken_and_one_more_is_not() -> None:
    assert len(wished("é" * MOST_CHARACTERS).message) == 500
    with pytest.raises(ValueError, match="501 characters, and at most 500 are allowed"):
        wished("é" * 501)


def test_an_emoji_counts_as_the_characters_that_it_is_made_of() -> None:
    assert wished(FAMILY * 100).message == FAMILY * 100
    with pytest.raises(ValueError, match="505 characters"):
        wished(FAMILY * 101)


@pytest.mark.parametrize(
    ("character", "name"),
    [
        ("\n", "U\\+000A"),
        ("\r", "U\\+000D"),
        ("\t", "U\\+0009"),
        ("\0", "U\\+0000"),
        ("\x1b", "U\\+001B"),
        ("\x85", "U\\+0085"),
        ("\u2028", "U\\+2028"),
        ("\u200f", "U\\+200F"),
        ("\u202e", "U\\+202E"),
        ("\u2066", "U\\+2066"),
        ("\ufeff", "U\\+FEFF"),
        ("\U000e0041", "U\\+E0041"),
        ("\ud800", "U\\+D800"),
        ("\ue000", "U\\+E000"),
    ],
)
def test_what_would_act_or_hide_is_refused_by_name(character: str, name: str) -> None:
    with pytest.raises(ValueError, match=f"character 2 of the message is {name}"):
        wished(f"a{character}b")


def test_blanks_around_a_message_are_none_of_it() -> None:
    assert wished(" for you \n").message == "for you"
    assert wished(" \n").message == ""


def test_nobody_gives_to_themselves_and_somebody_must_give() -> None:
    for giver in ("marco", "", " "):
        with pytest.raises(ValueError, match="giver"):
            wished_gift(giver, "marco", None, anonymous=False)


@given(st.text())
def test_no_text_of_a_stranger_keeps_a_character_that_acts(text: str) -> None:
    harmless = as_text(text)
    harmful = {"Cc", "Cs", "Co", "Zl", "Zp", "Cf"}
    left = {c for c in harmless if unicodedata.category(c) in harmful}
    assert left <= {"\u200c", "\u200d"}


@given(st.text(), st.text(), st.booleans())
def test_what_metadata_says_of_a_gift_never_fails_the_letters(
    giver: str, message: str, anonymous: bool
) -> None:
    gift = gift_of({"giver_id": giver, "gift_message": message, "gift_anonymous": str(anonymous)})
    if gift:
        order = an_order(gift)
        for letter in (to_citizen(order, "soon"), to_giver(order, "soon")):
            assert "\n" not in letter.text


def test_metadata_without_a_giver_or_with_the_recipient_as_giver_is_no_gift() -> None:
    assert gift_of({"citizen_id": "marco", "gift_message": "hello"}) is None
    assert gift_of({"citizen_id": "marco", "giver_id": " "}) is None
    assert gift_of({"citizen_id": "marco", "giver_id": "marco"}) is None
    # What cannot be read for certain keeps the name back.
    unclear = gift_of({"citizen_id": "marco", "giver_id": "anna", "gift_anonymous": "yes?"})
    assert unclear == Gift("anna", anonymous=True)


def test_only_the_giver_and_nobody_else_reads_an_anonymous_givers_name() -> None:
    order = an_order(Gift("anna", "hello", anonymous=True))
    letter = to_citizen(order, "soon")
    for told in (letter.text, letter.title, str(letter.details), notes_text(order)):
        assert "anna" not in told
    assert "somebody who does not want to be named" in letter.text
    assert to_giver(order, "soon").citizen == "anna"
    assert "The recipient is not told your name." in to_giver(order, "soon").text


def test_the_givers_words_stand_last_and_not_in_notes() -> None:
    order = an_order(Gift("anna", "pi_1. [ERROR] Reference: none"))
    assert to_citizen(order, "soon").text.endswith("Message: pi_1. [ERROR] Reference: none")
    assert "[ERROR]" not in notes_text(order)


def test_a_person_who_credits_the_giver_instead_tells_nobody_of_a_gift() -> None:
    order = an_order(Gift("anna"), citizen="anna")
    assert order.gift is None
    assert "gift" not in order.facts


def test_no_giver_can_be_taken_for_another_payment() -> None:
    order = an_order(Gift("pi_other"))
    assert "pi_other" not in order.facts.values()
    assert order.facts["gift"] == {"giver": "pi_other"}
