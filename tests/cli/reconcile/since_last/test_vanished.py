"""An executed row that was archived or deleted has vanished: nobody says that it was never made."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest

from tests.cli.reconcile.since_last.shop import Charge, NightShop
from tests.harness.commands import Answer

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


def _item(ended: Answer) -> dict[str, Any]:
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
    assert " --snooze 7d " in item["repair"]["command"]


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


def _replayed(ended: Answer) -> dict[str, Any]:
    (payment,) = ended.data["payments"]
    assert isinstance(payment, dict)
    return payment


def test_a_dry_replay_says_of_what_has_vanished_what_the_real_one_says(
    shop: NightShop, credited: Charge
) -> None:
    _delete_all(shop)
    words = ("events", "replay", "--since", "2d", "--json")
    dry, real = (shop.day.cascade(*words, how) for how in ("--dry-run", "--yes"))
    assert (dry.code, _replayed(dry)["result"]) == (7, "blocked"), credited
    assert (real.code, _replayed(real)["why"]) == (7, _replayed(dry)["why"])
    assert "the base no longer shows it" in _replayed(dry)["why"]


def test_a_dry_replay_just_after_a_write_waits_as_the_real_one_does(shop: NightShop) -> None:
    shop.sandboxed.pay(shop.day.ago(hours=10))
    shop.day.cascade("reconcile", "--repair", "--yes")
    _delete_all(shop)
    ended = shop.day.cascade("events", "replay", "--since", "2d", "--json", "--dry-run")
    assert "would wait until" in _replayed(ended)["why"]


@pytest.fixture
def settled_by_a_legacy_row(shop: NightShop) -> Charge:
    """Only a run remembers that the payment was settled: its legacy row was deleted since."""
    charge = shop.sandboxed.pay(shop.day.ago(days=2))
    shop.older(shop.day.ago(days=2, minutes=-1))
    shop.begin()
    _delete_all(shop)
    shop.day.clock.advance(hours=24)
    return charge


PAYING_AGAIN = [
    ("events", "replay", "--since", "5d"),
    ("credit", "marco", "100", "--payment", "{}", "--reason", "again"),
    ("credit", "--payment", "{}", "--reason", "again"),
]


@pytest.mark.parametrize("words", PAYING_AGAIN, ids=" ".join)
@pytest.mark.parametrize("how", ["--yes", "--dry-run"])
def test_nothing_pays_again_what_only_a_run_remembers(
    shop: NightShop, settled_by_a_legacy_row: Charge, words: tuple[str, ...], how: str
) -> None:
    intent = settled_by_a_legacy_row["payment_intent"]
    ended = shop.day.cascade(*(word.format(intent) for word in words), how)
    assert ended.code == (0 if how == "--dry-run" and words[0] == "credit" else 7)
    told = " ".join(f"{ended.out} {ended.err}".split())
    assert "left nothing open about it" in told
    assert "Restore the row in Airtable; or, if the citizen's balance shows" in told
    assert shop.day.stratagems() == []


def test_no_override_pays_again_what_only_a_run_remembers(
    shop: NightShop, settled_by_a_legacy_row: Charge
) -> None:
    words = ("marco", "100", "--payment", settled_by_a_legacy_row["payment_intent"])
    overrides = ("--although-ambiguous", "--although-underpaid")
    ended = shop.day.cascade("credit", *words, "--reason", "x", "--yes", *overrides)
    assert (ended.code, shop.day.stratagems()) == (7, [])


def test_a_person_may_credit_by_hand_what_only_a_run_remembers(
    shop: NightShop, settled_by_a_legacy_row: Charge
) -> None:
    reference = f"for-{settled_by_a_legacy_row['id']}"
    words = ("marco", "100", "--reason", "never came", "--reference", reference, "--yes")
    assert shop.day.cascade("credit", *words).code == 0
    assert len(shop.day.active()) == 1


def test_to_ask_what_runs_remember_costs_no_request(
    shop: NightShop, settled_by_a_legacy_row: Charge
) -> None:
    asked = shop.sandboxed.recorder.requests
    intent = settled_by_a_legacy_row["payment_intent"]
    words = ("credit", "marco", "100", "--payment", intent, "--reason", "x", "--dry-run")
    before = len(asked)
    shop.day.cascade(*words)
    knowing, before = len(asked) - before, len(asked)
    shop.day.cascade(*words, CASCADE_STATE_DIR=str(shop.day.folder / "another"))
    assert knowing == len(asked) - before


def test_what_was_sold_since_the_run_is_credited_as_ever(shop: NightShop) -> None:
    shop.begin()
    shop.day.clock.advance(hours=24)
    shop.sandboxed.pay(shop.day.ago(hours=2))
    ended = shop.day.cascade("events", "replay", "--since", "5d", "--yes", "--json")
    assert _replayed(ended)["result"] == "credited"


def test_what_a_run_left_open_is_credited_as_ever(shop: NightShop) -> None:
    shop.sandboxed.pay(shop.day.ago(days=2))
    shop.begin()
    shop.day.clock.advance(hours=24)
    ended = shop.day.cascade("events", "replay", "--since", "5d", "--yes", "--json")
    assert _replayed(ended)["result"] == "credited"


def test_a_refund_in_part_delivers_no_rest_of_it(shop: NightShop) -> None:
    charge = shop.sandboxed.pay(shop.day.ago(days=2))
    shop.older(shop.day.ago(days=2, minutes=-1))
    shop.begin()
    _delete_all(shop)
    shop.day.clock.advance(hours=24)
    shop.sandboxed.app.stripe.account.refund(charge["id"], amount=100, at=shop.day.clock())
    shop.day.cascade("refund", charge["payment_intent"], "--yes")
    assert shop.day.stratagems() == []


def test_of_a_refunded_payment_too_it_is_said_that_the_row_vanished(
    shop: NightShop, credited: Charge
) -> None:
    shop.sandboxed.app.stripe.account.refund(credited["id"], at=shop.day.clock())
    _delete_all(shop)
    item = _item(shop.day.cascade("reconcile", "--json"))
    assert item["kind"] == "refunded"
    assert any(VANISHED in line for line in item["evidence"])
    assert "nothing is owed" not in json.dumps(item)
    assert " --snooze 7d " in item["repair"]["command"]


def test_what_was_refunded_before_anything_was_made_is_settled(shop: NightShop) -> None:
    charge = shop.sandboxed.pay(shop.day.ago(days=2))
    shop.sandboxed.app.stripe.account.refund(charge["id"], at=shop.day.clock())
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


@pytest.mark.parametrize("name", ["{}", "cascade_payment_{}"])
def test_stratagem_status_says_that_the_row_has_vanished(
    shop: NightShop, credited: Charge, name: str
) -> None:
    _delete_all(shop)
    ended = shop.day.cascade("stratagem", "status", name.format(credited["payment_intent"]))
    told = " ".join(ended.err.split())
    assert (ended.code, "has vanished" in told, "the journal: " in told) == (3, True, True)


def test_stratagem_status_says_it_of_what_only_a_run_remembers(
    shop: NightShop, settled_by_a_legacy_row: Charge
) -> None:
    intent = settled_by_a_legacy_row["payment_intent"]
    ended = shop.day.cascade("stratagem", "status", intent)
    assert "has vanished from Venice's base: the run until" in " ".join(ended.err.split())


def _double(shop: NightShop) -> Charge:
    """Of two rows of one payment one was executed; the other is ended as a surplus."""
    charge = shop.sandboxed.pay(shop.day.ago(hours=10))
    shop.credit(charge, shop.day.ago(hours=9))
    soon = (shop.day.clock() + timedelta(hours=9)).isoformat()
    shop.credit(charge, shop.day.ago(hours=9), Status="active", ExpiresAt=soon)
    ended = shop.day.cascade("reconcile", "--since", "2d", "--repair", "--yes", "--json")
    assert [repair["result"] for repair in ended.data["repairs"]] == ["retired"]
    return charge


@PAYING
def test_a_surplus_that_was_ended_is_not_paid_where_the_executed_row_was_archived(
    shop: NightShop, words: tuple[str, ...]
) -> None:
    charge = _double(shop)
    tables = shop.sandboxed.app.airtable.tables
    (executed,) = tables.select("STRATAGEMS", "{Status} = 'executed'")
    tables.delete("STRATAGEMS", str(executed["id"]))
    shop.day.clock.advance(minutes=5)
    before = len(shop.day.writes())
    shop.day.cascade(*(word.format(charge["payment_intent"]) for word in words))
    assert len(shop.day.writes()) == before
    item = _item(shop.day.cascade("reconcile", "--since", "2d", "--json"))
    assert (item["kind"], item["repair"]["automatic"]) == ("stalled", False)
    assert any(VANISHED in line for line in item["evidence"])


def test_a_surplus_that_was_ended_does_not_keep_its_dead_sister_from_being_revived(
    shop: NightShop,
) -> None:
    charge = shop.sandboxed.pay(shop.day.ago(hours=10))
    for hours in (9, 10):
        soon = (shop.day.clock() + timedelta(hours=hours)).isoformat()
        shop.credit(charge, shop.day.ago(hours=9), Status="active", ExpiresAt=soon)
    shop.day.cascade("reconcile", "--since", "2d", "--repair", "--yes", "--json")
    shop.day.clock.advance(hours=80)
    item = _item(shop.day.cascade("reconcile", "--since", "7d", "--json"))
    assert (item["kind"], item["repair"]["automatic"]) == ("stalled", True)


def test_a_payment_whose_refund_failed_after_a_run_was_never_delivered(shop: NightShop) -> None:
    charge = shop.sandboxed.pay(shop.day.ago(days=2))
    account = shop.sandboxed.app.stripe.account
    refund = account.refund(charge["id"], at=shop.day.ago(days=2), pending=True)
    shop.begin()
    assert shop.night().kinds == {}
    account.settle_refund(refund["id"], at=shop.day.clock(), status="failed")
    night = shop.night()
    assert night.kinds == {charge["payment_intent"]: "missing"}
    (item,) = night.data["items"]
    assert item["repair"]["automatic"]
    assert not any(VANISHED in line for line in item["evidence"])


def test_a_row_that_was_set_back_to_planned_by_hand_is_told(
    shop: NightShop, credited: Charge
) -> None:
    (row,) = shop.sandboxed.app.airtable.tables.select("STRATAGEMS")
    notes = row["fields"]["Notes"].split("\n")[0]
    shop.change(str(row["id"]), Status="planned", ExecutedAt=None, Notes=notes)
    item = _item(shop.day.cascade("reconcile", "--json"))
    assert any("set it back by hand" in line for line in item["evidence"]), credited
    assert item["repair"]["automatic"] is False
