"""Two shops, each with its own Stripe and its own base, over one journal."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace

import pytest

from cascade_cli.sandbox.airtable import BASE_ID
from cascade_cli.sandbox.app import SandboxApp
from tests.harness.commands import Answer
from tests.harness.other_shop import OTHER_BASE, move
from tests.harness.sandboxed import served
from tests.harness.shop_day import ShopDay

pytestmark = pytest.mark.usefixtures("shared")


@pytest.fixture
def other(day: ShopDay) -> Iterator[ShopDay]:
    """The other shop: even the ids of its payments are those of the first."""
    chance = random.Random(1)  # noqa: S311
    with (
        closing(SandboxApp(":memory:", now=day.clock, random=chance)) as app,
        served(app) as sandboxed,
    ):
        move(sandboxed, app)
        settings = {**day.settings, "AIRTABLE_BASE_ID": OTHER_BASE}
        other = replace(day, sandboxed=sandboxed, settings=settings)
        for shop in (day, other):
            shop.open("marco", "lucia")
        yield other
        assert not app.crashes, app.crashes


def _credit(shop: ShopDay, ducats: str, reference: str, **settings: str) -> Answer:
    return shop.cascade(
        *(
            "credit",
            "marco",
            ducats,
            "--reference",
            reference,
            "--reason",
            "a tip",
            "--yes",
            "--json",
        ),
        **settings,
    )


def test_one_reference_credits_in_both_and_is_a_repetition_in_each(
    day: ShopDay, other: ShopDay
) -> None:
    for shop, ducats in ((day, "5"), (other, "7")):
        assert _credit(shop, ducats, "tip").code == 0
        assert shop.active() == {"cascade_manual_tip": "marco"}
    for shop, ducats, wrong in ((day, "5", "7"), (other, "7", "5")):
        assert _credit(shop, ducats, "tip").code == 0
        refused = _credit(shop, wrong, "tip")
        assert refused.code != 0
        assert f"{ducats} ducats" in refused.err
        assert len(shop.active()) == 1


def test_no_shop_uses_up_the_day_of_the_other(day: ShopDay, other: ShopDay) -> None:
    limit = {"CASCADE_MAX_DUCATS_PER_DAY": "100"}
    assert _credit(day, "90", "one", **limit).code == 0
    assert other.cascade("status", "--json").data["today"]["promised_ducats"] == "0"
    assert _credit(other, "80", "two", **limit).code == 0
    assert _credit(other, "30", "three", **limit).code == 7
    assert _credit(day, "30", "four", **limit).code == 7
    promised = [
        s.cascade("status", "--json").data["today"]["promised_ducats"] for s in (day, other)
    ]
    assert promised == ["90", "80"]


def test_payments_of_one_id_are_paid_in_both(day: ShopDay, other: ShopDay) -> None:
    charges = [shop.sandboxed.pay(shop.ago(hours=5)) for shop in (day, other)]
    assert charges[0]["payment_intent"] == charges[1]["payment_intent"]
    key = f"cascade_payment_{charges[0]['payment_intent']}"
    for shop in (day, other):
        assert shop.cascade("events", "replay", "--since", "1d", "--yes").code == 0
        assert shop.active() == {key: "marco"}
    for shop in (day, other):
        shop.cascade("events", "replay", "--since", "1d", "--yes")
        assert len(shop.stratagems()) == 1


def test_what_one_has_written_has_not_vanished_from_the_other(day: ShopDay, other: ShopDay) -> None:
    for shop in (day, other):
        shop.sandboxed.pay(shop.ago(hours=20))
    assert day.cascade("events", "replay", "--since", "1d", "--yes").code == 0
    (item,) = other.cascade("reconcile", "--json").data["items"]
    assert (item["kind"], item["repair"]["automatic"]) == ("missing", True)


def test_an_explanation_tells_what_the_own_shop_did(day: ShopDay, other: ShopDay) -> None:
    _credit(day, "5", "tip")
    told = other.cascade("explain", "cascade_manual_tip", "--json")
    assert "promised 5 ducats" not in told.out + told.err
    assert "promised 5 ducats" in day.cascade("explain", "cascade_manual_tip", "--json").out


def test_each_goes_on_from_its_own_last_run(day: ShopDay, other: ShopDay) -> None:
    assert day.cascade("reconcile", "--since", "60d", "--json").code == 0
    runs = [shop.cascade("status", "--json").data["runs"] for shop in (day, other)]
    assert [run["last_complete"] is not None for run in runs] == [True, False]


def test_the_journal_is_listed_exported_and_verified_as_one(day: ShopDay, other: ShopDay) -> None:
    _credit(day, "5", "tip")
    assert BASE_ID not in _head_lines(day)
    _credit(other, "7", "tip")
    shown = _head_lines(day)
    assert f"cascade_manual_tip  in {BASE_ID}  by " in shown
    assert f"cascade_manual_tip  in {OTHER_BASE}  by " in shown
    listed = other.cascade("journal", "list", "--json").data["entries"]
    assert {entry["base"] for entry in listed} == {BASE_ID, OTHER_BASE}
    exported = day.cascade("journal", "export").out.splitlines()
    assert [json.loads(line) for line in exported] == listed
    verified = other.cascade("journal", "verify", "--json").data
    assert (verified["intact"], verified["entries"]) == (True, len(listed))


def _head_lines(shop: ShopDay) -> str:
    """Without what the entries say: a run's names its base."""
    lines = shop.cascade("journal", "list", COLUMNS="200").out.splitlines()
    return "\n".join(line for line in lines if line.startswith("  "))
