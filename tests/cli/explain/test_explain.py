from __future__ import annotations

import json

import pytest

from cascade_cli.sandbox.server import SandboxServer
from cascade_cli.sandbox.wire import Request, Response, json_response
from tests.harness.commands import Answer
from tests.harness.shop_day import ShopDay


def explained(day: ShopDay, identity: str, *options: str) -> Answer:
    return day.cascade("explain", identity, "--json", *options)


def test_every_id_of_a_payment_tells_the_same_story(day: ShopDay) -> None:
    day.open("marco")
    account = day.sandboxed.app.stripe.account
    charge = day.sandboxed.pay(day.ago(hours=5))
    refund = account.refund(charge["id"], at=day.ago(hours=3), amount=200)
    dispute = account.dispute(charge["id"], at=day.ago(hours=2))
    key = f"cascade_payment_{charge['payment_intent']}"
    row = day.sandboxed.transfer(key, day.ago(hours=4))
    event = day.events("charge.refunded")[0].id
    names = [charge["payment_intent"], charge["id"], refund["id"], dispute["id"], event]
    stories = []
    for name in [*names, key, row["id"]]:
        ended = explained(day, name)
        assert ended.code == 0, name
        assert ended.data.pop("id") == name
        stories.append({k: v for k, v in ended.data.items() if k not in {"id", "subject"}})
    assert all(story == stories[0] for story in stories)
    told = {entry["id"] for entry in stories[0]["timeline"]}
    assert {*names, key} <= told


def test_a_checkout_session_leads_to_its_payment(day: ShopDay) -> None:
    day.open("marco")
    metadata = {"citizen_id": "marco", "ducat_amount": "100", "type": "ducat_purchase"}
    price = {"currency": "usd", "unit_amount": 1000, "product_data": {"name": "Ducats"}}
    account = day.sandboxed.app.stripe.account
    made = {
        "mode": "payment",
        "success_url": "https://shop.example/thanks",
        "line_items": [{"price_data": price, "quantity": 1}],
        "payment_intent_data": {"metadata": metadata},
    }
    paid = account.create_checkout_session(at=day.ago(hours=2), **made)
    intent = account.complete_checkout(paid["id"], at=day.ago(hours=1))["payment_intent"]
    data = explained(day, paid["id"]).data
    assert (data["payment"]["payment_intent"], data["verdict"]["kind"]) == (intent, "missing")
    assert paid["id"] in {entry["id"] for entry in data["timeline"]}
    unpaid = account.create_checkout_session(at=day.ago(hours=2), **made)
    data = explained(day, unpaid["id"]).data
    assert (data["payment"], data["verdict"]["kind"]) == (None, None)


def test_the_timeline_runs_from_payment_through_journal_to_engine_and_notice(
    day: ShopDay,
) -> None:
    day.open("marco")
    charge = day.sandboxed.pay(day.ago(hours=5))
    assert day.cascade("events", "replay", "--since", "1d", "--yes").code == 0
    day.clock.advance(hours=4)
    day.sandboxed.app.engine.run()
    assert day.cascade("reconcile", "--since", "1d", "--repair", "--yes").code == 0
    data = explained(day, charge["payment_intent"]).data
    assert data["verdict"]["kind"] == "settled"
    told = [(entry["source"], entry["what"]) for entry in data["timeline"]]
    wanted = [
        ("stripe", "charge of 10.00 USD paid"),
        ("stripe", "event charge.succeeded"),
        ("journal", "promised 100 ducats to 'marco'"),
        ("journal", "about to create"),
        ("journal", "create: done"),
        ("journal", "about to activate"),
        ("venice", "stratagem made: 100 ducats to 'marco', now executed"),
        ("venice", "'marco' was told: 100 ducats are on their way"),
        ("venice", "the engine executed it"),
        ("journal", "tell the citizen of the arrival: done"),
        ("venice", "'marco' was told: 100 ducats have arrived"),
    ]
    for source, what in wanted:
        assert any(s == source and w.startswith(what) for s, w in told), what
    assert (data["balances"]["citizen"], data["balances"]["processor"]) != (None, None)


def test_an_unpaid_payment_owes_nothing_and_shows_why(day: ShopDay) -> None:
    day.open("marco")
    charge = day.sandboxed.app.stripe.account.pay(
        amount=1000,
        currency="usd",
        metadata={"citizen_id": "marco", "ducat_amount": "100", "type": "ducat_purchase"},
        at=day.ago(hours=2),
        payment_method="pm_card_chargeDeclined",
    )
    data = explained(day, charge["payment_intent"]).data
    assert data["verdict"]["kind"] is None
    assert "nothing is owed" in data["verdict"]["sentence"]
    assert any("declined" in entry["what"] for entry in data["timeline"])
    (citizen,) = [check for check in data["checks"] if check["question"] == "citizen there?"]
    assert (citizen["passed"], citizen["evidence"]) == (None, "nothing was paid for anybody")


def test_a_transfer_for_a_payment_of_another_account_is_an_orphan(day: ShopDay) -> None:
    day.open("marco")
    day.sandboxed.transfer("cascade_payment_pi_3Theirs", day.ago(hours=5))
    for name in ("pi_3Theirs", "cascade_payment_pi_3Theirs"):
        data = explained(day, name).data
        assert data["verdict"]["kind"] == "orphan"
        assert data["stratagems"][0]["stratagem_id"] == "cascade_payment_pi_3Theirs"


def test_a_credit_by_hand_tells_its_reason(day: ShopDay) -> None:
    day.open("marco")
    notes = json.dumps({"amount": 100.0, "reason": "Lottery prize", "source": "cascade"})
    day.sandboxed.transfer("cascade_manual_7", day.ago(hours=5), Notes=notes)
    data = explained(day, "cascade_manual_7").data
    assert (data["verdict"]["kind"], data["verdict"]["sentence"]) == (
        None,
        "credited by hand: Lottery prize",
    )


def test_a_citizen_s_payments_and_transfers_each_have_a_verdict(day: ShopDay) -> None:
    day.open("marco", "lucia")
    settled, missing = day.sandboxed.pay(day.ago(days=3)), day.sandboxed.pay(day.ago(days=2))
    day.sandboxed.pay(day.ago(days=1), citizen="lucia")
    key = f"cascade_payment_{settled['payment_intent']}"
    day.sandboxed.transfer(key, day.ago(days=3))
    notes = json.dumps({"amount": 100.0, "reason": "Lottery prize", "source": "cascade"})
    day.sandboxed.transfer("cascade_manual_7", day.ago(hours=5), Notes=notes)
    day.sandboxed.transfer("cascade_payment_pi_3Theirs", day.ago(hours=4))
    data = explained(day, "marco").data
    assert [(item["id"], item["verdict"]["kind"]) for item in data["items"]] == [
        (settled["payment_intent"], "settled"),
        (missing["payment_intent"], "missing"),
        ("cascade_manual_7", None),
        ("cascade_payment_pi_3Theirs", "orphan"),
    ]
    recent = explained(day, "marco", "--since", "1d").data
    assert len(recent["items"]) == 2


def test_a_misspelt_citizen_is_told_the_right_spelling(day: ShopDay) -> None:
    day.open("Marco")
    day.sandboxed.pay(day.ago(days=2), citizen="marco")
    data = explained(day, "marco").data
    assert (data["exists"], data["similar"]) == (False, "Marco")
    assert data["items"][0]["verdict"]["kind"] == "unknown_citizen"


@pytest.mark.parametrize("name", ["pi_3Nobody", "evt_3Nobody", "re_3Nobody", "nobody", "rec1"])
def test_what_neither_side_knows_ends_with_3_and_the_accepted_forms(
    day: ShopDay, name: str
) -> None:
    day.open("marco")
    ended = day.cascade("explain", name)
    assert (ended.code, ended.out) == (3, "")
    assert "evt_…" in ended.err


@pytest.mark.parametrize("name", ["", "  ", "pi_", "evt_!", "x" * 256, "pi_3 ab"])
def test_what_is_no_id_at_all_ends_with_2(day: ShopDay, name: str) -> None:
    day.open("marco")
    assert day.cascade("explain", "--", name).code == 2


def test_a_citizen_may_have_a_name_that_begins_like_an_id(day: ShopDay) -> None:
    day.open("pi_casso", "re-nato", "pi_'tro")
    for name in ("pi_casso", "re-nato", "pi_'tro"):
        assert explained(day, name).data["exists"] is True


def test_explain_writes_nothing_and_makes_no_journal(day: ShopDay) -> None:
    day.open("marco")
    charge = day.sandboxed.pay(day.ago(hours=5))
    for name in (charge["payment_intent"], "marco"):
        assert explained(day, name).code == 0
    assert (day.writes(), day.journal.exists()) == ([], False)


def test_a_damaged_journal_is_a_warning_and_not_the_end(day: ShopDay) -> None:
    day.open("marco")
    charge = day.sandboxed.pay(day.ago(hours=5))
    day.journal.parent.mkdir()
    day.journal.write_bytes(b"no journal" * 1000)
    ended = explained(day, charge["payment_intent"])
    assert (ended.code, ended.data["verdict"]["kind"]) == (0, "missing")
    assert "without the journal" in ended.err


def test_a_key_that_may_not_read_events_leaves_a_gap_that_is_named(day: ShopDay) -> None:
    day.open("marco")
    charge = day.sandboxed.pay(day.ago(hours=5))
    refusal = json_response(403, {"error": {"type": "invalid_request_error", "message": "no"}})
    handle = day.sandboxed.app.handle

    def restricted(request: Request) -> Response:
        is_forbidden = request.path.startswith("/stripe/v1/events")
        return refusal if is_forbidden else handle(request)

    with SandboxServer(restricted) as server:
        base = f"{server.url}/stripe"
        told = ("explain", charge["id"], "--json")
        ended = day.cascade(*told, STRIPE_API_BASE=base)
    assert (ended.code, ended.data["verdict"]["kind"]) == (0, "missing")
    assert any(gap.startswith("events: Stripe forbids") for gap in ended.data["gaps"])
    (rights,) = [c for c in ended.data["checks"] if c["question"] == "network and rights?"]
    assert rights["passed"] is False


def test_events_older_than_thirty_days_are_said_to_be_gone(day: ShopDay) -> None:
    day.open("marco")
    charge = day.sandboxed.pay(day.ago(days=60))
    data = explained(day, charge["payment_intent"]).data
    assert data["verdict"]["kind"] == "missing"
    assert any("30 days" in gap for gap in data["gaps"])


def test_the_older_layout_of_notifications_is_read_too(day: ShopDay) -> None:
    day.sandboxed.app.airtable.tables.catalogue.use_legacy_notifications()
    day.open("marco")
    charge = day.sandboxed.pay(day.ago(hours=5))
    day.cascade("events", "replay", "--since", "1d", "--yes")
    data = explained(day, charge["payment_intent"]).data
    assert any("'marco' was told" in entry["what"] for entry in data["timeline"])
    assert data["gaps"] == []


def test_the_engines_own_notice_is_read_where_the_base_takes_it(day: ShopDay) -> None:
    day.sandboxed.app.airtable.tables.catalogue.use_legacy_notifications()
    day.open("marco")
    charge = day.sandboxed.pay(day.ago(hours=5))
    day.cascade("events", "replay", "--since", "1d", "--yes")
    day.sandboxed.app.engine.run()
    data = explained(day, charge["payment_intent"]).data
    told = [entry["what"] for entry in data["timeline"]]
    assert "'marco' was told: Payment Received" in told
    assert data["gaps"] == []


def test_a_base_without_the_engines_field_is_read_all_the_same(day: ShopDay) -> None:
    tables = day.sandboxed.app.airtable.tables
    tables.use_legacy_notifications()
    tables.drop_field("NOTIFICATIONS", "RelatedEntity")
    day.open("marco")
    charge = day.sandboxed.pay(day.ago(hours=5))
    day.cascade("events", "replay", "--since", "1d", "--yes")
    data = explained(day, charge["payment_intent"]).data
    assert any("'marco' was told" in entry["what"] for entry in data["timeline"])
    assert data["gaps"] == []


HOSTILE = "mar\x1b[2Jco\n[bold]\u202egnp"


def test_hostile_text_is_shown_as_text_within_80_columns(day: ShopDay) -> None:
    day.open(HOSTILE)
    charge = day.sandboxed.pay(day.ago(hours=5), citizen=HOSTILE)
    notes = f'{{"amount": 100.0, "reason": "x"}}\n[ERROR] Receiver {HOSTILE} not found.'
    key = f"cascade_payment_{charge['payment_intent']}"
    fields = {"Status": "failed", "Notes": notes}
    day.sandboxed.transfer(key, day.ago(hours=4), HOSTILE, **fields)
    for name in (charge["payment_intent"], HOSTILE):
        ended = day.cascade("explain", name)
        assert ended.code == 0
        assert not {"\x1b", "\u202e"} & set(ended.out)
        assert "[bold]" in ended.out
        prose = [line for line in ended.out.splitlines() if not line.startswith("  $ ")]
        assert max(map(len, prose)) <= 80


def test_the_repair_can_be_copied_whole(day: ShopDay) -> None:
    day.open("marco")
    charge = day.sandboxed.pay(day.ago(hours=5))
    ended = day.cascade("explain", charge["id"])
    line = f"cascade credit marco 100 --payment {charge['payment_intent']} --reason "
    assert f"  $ {line}'paid but not delivered'\n" in ended.out
    assert "missing" in ended.out
