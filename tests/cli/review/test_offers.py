"""What a review offers about a case, which of it is marked, and what it has to ask first."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest

from cascade_cli.cli.review.screen import KEYS
from cascade_cli.domain.decisions.decision_plan import Subject, Wish
from cascade_cli.domain.decisions.review_draft import (
    Draft,
    draft_of,
    hurdles,
    needs_buyer,
    needs_ducats,
    offers_for,
    safest,
)
from cascade_cli.domain.discrepancies.kinds import Kind
from cascade_cli.domain.reconcile.reconciliation import Selection
from cascade_cli.domain.records.decisions import How
from cascade_cli.domain.records.orders import Override
from cascade_cli.domain.shop.keys import Origin
from tests.cli.review.subjects import of_charge, of_transfer
from tests.domain.samples import NOW, a_charge, a_stratagem, keyed

CREDIT = Wish(How.CREDIT, "looked into")


def _wrong() -> Subject:
    charge = a_charge()
    return of_charge(charge, keyed(charge, citizen="lucia"))


def _offered(subject: Subject) -> dict[How, str]:
    return {offer.how: offer.what for offer in offers_for(subject)}


def test_an_offer_says_who_gets_or_gives_how_much() -> None:
    assert _offered(_wrong())[How.CREDIT] == "give 'marco' 100 ducats"
    assert _offered(_wrong())[How.TAKE_BACK] == "take 100 ducats back from 'lucia'"


def test_of_too_few_only_the_rest_is_offered() -> None:
    charge = a_charge()
    subject = of_charge(charge, keyed(charge, ducats=Decimal("90.5")))
    assert _offered(subject)[How.CREDIT] == "give 'marco' 9.5 ducats"


def test_what_the_engine_has_not_taken_yet_is_kept_from_it() -> None:
    charge = a_charge()
    live = {"status": "active", "expires_at": NOW + timedelta(hours=9)}
    subject = of_charge(charge, keyed(charge, citizen="lucia", **live))
    assert (
        _offered(subject)[How.TAKE_BACK]
        == "stop 100 ducats for 'lucia' before the engine's next run"
    )


def test_accepting_a_refund_says_what_is_given_up() -> None:
    charge = a_charge(refunded_cents=500)
    subject = of_charge(charge, keyed(charge))
    assert _offered(subject)[How.ACCEPT] == "accept: 50 ducats are written off"


@pytest.mark.parametrize(
    ("subject", "marked", "condition"),
    [
        (_wrong(), How.CREDIT, ""),
        (
            of_charge(a_charge(), keyed(a_charge(), status="error")),
            How.MOVED,
            "once the balances show it",
        ),
        (of_transfer(a_stratagem()), How.TAKE_BACK, "if nobody can say who made it"),
        (
            of_charge(a_charge(citizen=None, citizen_text="")),
            How.CREDIT,
            "once you know who gets how many",
        ),
        (of_charge(a_charge(captured_cents=10)), How.CREDIT, ""),
        (of_charge(a_charge()), How.CREDIT, ""),
        (of_transfer(a_stratagem(status="cancelled")), How.ACCEPT, ""),
    ],
    ids=["wrong citizen", "doubtful", "orphan", "unattributable", "underpaid", "missing", "dead"],
)
def test_what_is_printed_is_marked_and_says_what_has_to_be_found_out_first(
    subject: Subject, marked: How, condition: str
) -> None:
    assert safest(subject) is marked
    offers = [offer for offer in offers_for(subject) if offer.is_safest]
    assert [(offer.how, offer.condition) for offer in offers] == [(marked, condition)]
    repair = subject.item.repair
    if repair and repair.command.startswith("cascade resolve"):
        assert f" {marked.option} " in repair.command


def test_every_decision_but_opening_again_has_a_key_of_its_own() -> None:
    assert set(KEYS.values()) == set(How) - {How.REOPEN}


def test_the_buyer_is_asked_for_where_the_payment_names_nobody() -> None:
    nameless = of_charge(a_charge(citizen=None, citizen_text="", ducats=None))
    assert (needs_buyer(nameless), needs_ducats(nameless)) == (True, True)
    assert (needs_buyer(_wrong()), needs_ducats(_wrong())) == (False, False)


def test_a_price_that_is_too_low_has_to_be_overruled_in_so_many_words() -> None:
    subject = of_charge(a_charge(captured_cents=10))
    assert list(hurdles(subject, CREDIT)) == [], "what was paid for is given as it is"
    (hurdle,) = hurdles(subject, replace(CREDIT, ducats=Decimal(100)))
    assert hurdle.override is Override.UNDERPAID
    said = hurdle.taken_by(CREDIT)
    assert said.overrides == {Override.UNDERPAID}
    assert list(hurdles(of_charge(a_charge()), CREDIT)) == []


def test_so_has_one_that_only_the_person_s_number_makes_too_low() -> None:
    subject = of_charge(a_charge(ducats=None, rate=None))
    assert list(hurdles(subject, replace(CREDIT, ducats=Decimal(100)))) == []
    (hurdle,) = hurdles(subject, replace(CREDIT, ducats=Decimal(5000)))
    assert hurdle.override is Override.UNDERPAID


def test_a_credit_by_hand_that_speaks_of_it_is_put_before_whoever_credits_it_again() -> None:
    charge = a_charge()
    by_hand = a_stratagem(
        "9", stratagem_id="cascade_manual_x", origin=Origin.MANUAL, mentions=("pi_1",)
    )
    hurdle, *_ = hurdles(of_charge(charge, by_hand), CREDIT)
    assert "mentions it: cascade_manual_x" in hurdle.why
    assert hurdle.taken_by(CREDIT).again


def test_a_draft_is_read_as_it_was_kept() -> None:
    wish = Wish(
        How.CREDIT,
        "lucia said so",
        ducats=Decimal("10.25"),
        citizen="marco",
        until=NOW,
        settles=a_stratagem("7"),
        overrides=frozenset({Override.UNDERPAID}),
        again=True,
    )
    draft = draft_of(_wrong(), wish)
    read = Draft.of(draft.document())
    # The transfer itself is looked up again.
    assert read == replace(draft, wish=replace(wish, settles=None))
    assert read.settles == "rec7"


def test_a_draft_notices_what_has_changed_since() -> None:
    draft = draft_of(_wrong(), Wish(How.ACCEPT, "a gift"))
    assert draft.change(_wrong().facts) == ""
    charge = a_charge(refunded_cents=500)
    now = of_charge(charge, keyed(charge, citizen="lucia")).facts
    assert "500 cents of its money went back" in draft.change(now)


def test_a_selection_keeps_the_order_and_goes_by_kind_citizen_and_number() -> None:
    wrong, orphan = _wrong().item, of_transfer(a_stratagem("5", citizen="elena")).item
    items = (wrong, orphan)
    assert Selection().of(items) == items
    assert Selection(limit=1).of(items) == (wrong,)
    assert Selection(kinds=frozenset({Kind.ORPHAN})).of(items) == (orphan,)
    # Who bought it, and whom a transfer went to.
    assert Selection(citizen="marco").of(items) == (wrong,)
    assert Selection(citizen="lucia").of(items) == (wrong,)
    assert Selection(citizen="Marco").of(items) == ()
