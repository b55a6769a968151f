"""An executed row that was archived or deleted has vanished: nobody says that it was never made."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest

from tests.shop_day import Ended
from tests.since_last.shop import Charge, NightShop

VANISHED = "has vanished"


@pytest.fixture
def credited(shop: NightShop) -> Charge:
    """A payment that cascade credited and the engine executed."""
    charge = shop.sandboxed.pay(shop.day.ago(hours=10))
    assert shop.day.cascade("reconcile", "--repair", "--yes", "--json").code == 0
    shop.sandboxed.app.engine.run()
    shop.day.clock.advance(hours=1)
    return charge


def _delete_all(shop: NightShop) -> None:
    tables = shop.sandboxed.app.airtable.tables
    for row in tables.select("STRATAGEMS"):
        tables.delete("STRATAGEMS", str(row["id"]))


def _item(ended: Ended) -> dict[str, Any]:
    (item,) = ended.data["items"]
    assert isinstance(item, dict)
    return item


def test_what_the_journal_wrote_and_the_base_no_longer_shows_is_said_to_have_vanished(
    shop: NightShop, credited: Charge
) -> None:
    _delete_all(shop)
    item = _item(shop.day.cascade("reconcile", "--json"))
    assert (item["kind"], item["payment_intent"]) == ("missing", credited["payment_intent"])
    assert "ever made" not in json.dumps(item)
    assert any(VANISHED in line for line in item["evidence"])
    assert any(line.startswith("the journal: ") for line in item["evidence"])
    assert item["repair"]["automatic"] is False
    assert "explain" in item["repair"]["command"]


PAYING = pytest.mark.parametrize(
    "words",
    [
        ("reconcile", "--repair", "--yes"),
        ("events", "replay", "--since", "7d", "--yes"),
        ("credit", "marco", "100", "--payment", "{}", "--reason", "again", "--yes"),
    ],
    ids=lambda words: words[0],
)


@PAYING
def test_nothing_pays_again_what_has_vanished(
    shop: NightShop, credited: Charge, words: tuple[str, ...]
) -> None:
    _delete_all(shop)
    before = len(shop.day.writes())
    shop.day.cascade(*(word.format(credited["payment_intent"]) for word in words))
    assert len(shop.day.writes()) == before
    assert shop.day.stratagems() == []


def _leave_behind(shop: NightShop, charge: Charge, what: str) -> None:
    """Only a row that was never executed stays: a spare one, or one of the legacy connector."""
    _delete_all(shop)
    if what == "spare":
        shop.credit(charge, Status="planned")
    else:
        at = shop.day.ago(hours=10)
        expiry = (at + timedelta(minutes=5)).isoformat()
        shop.older(at, Status="active", ExpiresAt=expiry)


@PAYING
@pytest.mark.parametrize("left", ["spare", "legacy"])
def test_nor_does_a_dead_row_beside_it_make_it_payable(
    shop: NightShop, credited: Charge, words: tuple[str, ...], left: str
) -> None:
    _leave_behind(shop, credited, left)
    before = len(shop.day.writes())
    shop.day.cascade(*(word.format(credited["payment_intent"]) for word in words))
    assert len(shop.day.writes()) == before
    item = _item(shop.day.cascade("reconcile", "--json"))
    assert (item["kind"], item["repair"]["automatic"]) == ("stalled", False)
    assert any(VANISHED in line for line in item["evidence"])


def test_a_credit_of_what_has_vanished_says_what_to_do(shop: NightShop, credited: Charge) -> None:
    _delete_all(shop)
    intent = credited["payment_intent"]
    ended = shop.day.cascade(
        "credit", "marco", "100", "--payment", intent, "--reason", "x", "--yes"
    )
    assert ended.code == 7
    assert "Restore the row in Airtable" in " ".join(ended.err.split() + ended.out.split())


def test_a_dry_run_says_it_too(shop: NightShop, credited: Charge) -> None:
    _delete_all(shop)
    intent = credited["payment_intent"]
    words = ("credit", "marco", "100", "--payment", intent, "--reason", "x", "--dry-run")
    assert "write nothing: a stratagem was written at" in shop.day.cascade(*words).out


def test_explain_tells_that_it_vanished_and_what_the_journal_wrote(
    shop: NightShop, credited: Charge
) -> None:
    _delete_all(shop)
    ended = shop.day.cascade("explain", credited["payment_intent"])
    assert VANISHED in " ".join(ended.out.split())
    assert "about to create" in ended.out


def test_status_leaves_it_to_people(shop: NightShop, credited: Charge) -> None:
    _delete_all(shop)
    found = shop.day.cascade("status", "--json").data["discrepancies"]
    assert (found["counts"]["missing"], found["automatic"]) == (1, 0), credited


def test_a_legacy_row_that_a_run_remembers_as_settled_has_vanished_too(shop: NightShop) -> None:
    charge = shop.sandboxed.pay(shop.day.ago(days=2))
    shop.older(shop.day.ago(days=2, minutes=-1))
    shop.begin()
    _delete_all(shop)
    shop.day.clock.advance(hours=24)
    item = _item(shop.day.cascade("reconcile", "--repair", "--yes", "--json"))
    assert item["payment_intent"] == charge["payment_intent"]
    assert any(VANISHED in line for line in item["evidence"])
    assert item["repair"]["automatic"] is False
    assert shop.day.stratagems() == []


@PAYING
def test_no_command_pays_such_a_legacy_payment_again(
    shop: NightShop, words: tuple[str, ...]
) -> None:
    charge = shop.sandboxed.pay(shop.day.ago(days=2))
    shop.older(shop.day.ago(days=2, minutes=-1))
    shop.begin()
    _delete_all(shop)
    shop.day.clock.advance(hours=24)
    shop.day.cascade(*(word.format(charge["payment_intent"]) for word in words))
    assert shop.day.stratagems() == []


def test_a_refund_in_part_delivers_no_rest_of_it(shop: NightShop) -> None:
    charge = shop.sandboxed.pay(shop.day.ago(days=2))
    shop.older(shop.day.ago(days=2, minutes=-1))
    shop.begin()
    _delete_all(shop)
    shop.day.clock.advance(hours=24)
    shop.sandboxed.app.stripe.books.refund(charge["id"], amount=100, at=shop.day.clock())
    shop.day.cascade("refund", charge["payment_intent"], "--yes")
    assert shop.day.stratagems() == []


def test_of_a_refunded_payment_too_it_is_said_that_the_row_vanished(
    shop: NightShop, credited: Charge
) -> None:
    shop.sandboxed.app.stripe.books.refund(credited["id"], at=shop.day.clock())
    _delete_all(shop)
    item = _item(shop.day.cascade("reconcile", "--json"))
    assert item["kind"] == "refunded"
    assert any(VANISHED in line for line in item["evidence"])
    assert "nothing is owed" not in json.dumps(item)
    assert "explain" in item["repair"]["command"]


def test_what_was_refunded_before_anything_was_made_is_settled(shop: NightShop) -> None:
    charge = shop.sandboxed.pay(shop.day.ago(days=2))
    shop.sandboxed.app.stripe.books.refund(charge["id"], at=shop.day.clock())
    shop.begin()
    shop.day.clock.advance(hours=24)
    assert shop.day.cascade("reconcile", "--since", "5d", "--json").code == 0


def test_what_was_never_made_is_still_said_never_to_have_been_made(shop: NightShop) -> None:
    shop.sandboxed.pay(shop.day.ago(days=2))
    shop.begin()
    shop.day.clock.advance(hours=24)
    item = _item(shop.day.cascade("reconcile", "--json"))
    assert "no stratagem was ever made for it" in item["evidence"]
    assert item["repair"]["automatic"] is True
