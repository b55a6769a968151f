"""Refunds and disputes that `events replay` and the webhook's worker settle by themselves."""

from __future__ import annotations

from contextlib import closing
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from cascade_cli.adapters.http.transport import utc_now
from cascade_cli.adapters.journal import Database, Journal
from cascade_cli.domain.delivery.delivery_steps import FATE_BOUND
from cascade_cli.domain.records.journal_entries import Worker
from cascade_cli.domain.records.stripe_events import EventState
from cascade_cli.domain.shop.times import Window
from cascade_cli.sandbox.airtable import BASE_ID
from cascade_cli.sandbox.wire import Request, Response
from cascade_cli.services.refunds.automatic_refunds import AFTER_THE_RUN
from cascade_cli.wiring.writing import run_lock
from tests.cli.refund.test_refund import bought, charge_of, give_money_back, reconciled
from tests.cli.refund.test_states import becomes, pending
from tests.harness.commands import Answer
from tests.harness.counter import Counter
from tests.harness.faults import is_update, is_write
from tests.server.conftest import Shop, eventually, shop_in
from tests.server.events import paid, succeeded

AUTO = {"CASCADE_REFUNDS": "auto"}
HOLD = {"CASCADE_DISPUTES": "hold"}


def replayed(counter: Counter, *words: str, **settings: str) -> Answer:
    return counter.type(
        "events", "replay", "--since", "1h", "--json", *(words or ["--yes"]), **settings
    )


def disputed(counter: Counter, intent: str) -> str:
    account = counter.sandboxed.app.stripe.account
    return str(account.dispute(charge_of(counter, intent), at=counter.now())["id"])


def close(counter: Counter, dispute: str, *, won: bool) -> None:
    counter.sandboxed.app.stripe.account.close_dispute(dispute, at=counter.now(), won=won)


def test_replay_leaves_refunds_to_a_person_unless_the_setting_says_otherwise(
    counter: Counter,
) -> None:
    intent = bought(counter)
    name = give_money_back(counter, intent)
    answer = replayed(counter)
    assert (answer.code, answer.data["refunds"]) == (0, [])
    assert answer.data["other_events"]["charge.refunded"] == 1
    told = replayed(counter, "--dry-run", **AUTO).data
    assert "charge.refunded" not in told["other_events"]
    (refund,) = told["refunds"]
    assert refund["would"] == [f"move 100 ducats from 'marco', key cascade_refund_{name}"]
    assert len(counter.rows()) == 1


def test_replayed_refunds_are_settled_once_however_often(counter: Counter) -> None:
    intent = bought(counter)
    name = give_money_back(counter, intent)
    for _ in range(2):
        answer = replayed(counter, **AUTO)
        assert answer.code == 0
        assert len(answer.data["refunds"]) == 1
    assert counter.row(f"cascade_refund_{name}")["ExecutedBy"] == "marco"
    counter.sandboxed.app.engine.run()
    replayed(counter, **AUTO)
    assert (counter.ducats_of("marco"), len(counter.rows())) == (0, 2)
    assert reconciled(counter)["items"] == []


@pytest.mark.parametrize("status", ["failed", "canceled"])
def test_a_replayed_refund_that_ended_without_money_gives_the_ducats_back(
    counter: Counter, status: str
) -> None:
    intent = bought(counter)
    name = pending(counter, intent)
    assert replayed(counter, **AUTO).code == 0
    counter.sandboxed.app.engine.run()
    assert counter.ducats_of("marco") == 0
    becomes(counter, name, status)
    for _ in range(2):
        assert replayed(counter, **AUTO).code == 0
        counter.sandboxed.app.engine.run()
    assert counter.ducats_of("marco") == 100
    assert reconciled(counter)["items"] == []


def test_a_replayed_lost_dispute_takes_back_and_a_won_one_does_not(counter: Counter) -> None:
    intents = [bought(counter), counter.paid()]
    disputes = [disputed(counter, intent) for intent in intents]
    close(counter, disputes[0], won=False)
    close(counter, disputes[1], won=True)
    assert replayed(counter, **AUTO).code == 0
    assert counter.row(f"cascade_refund_{disputes[0]}")["Status"] == "active"
    # It was never delivered, because it was disputed: now it is.
    assert counter.row(f"cascade_payment_{intents[1]}")["Status"] == "active"
    counter.sandboxed.app.engine.run()
    assert counter.ducats_of("marco") == 100
    assert reconciled(counter)["items"] == []


def test_a_debt_is_recorded_by_a_replay_as_by_a_person(counter: Counter) -> None:
    intent = bought(counter, spent=70)
    give_money_back(counter, intent)
    assert replayed(counter, **AUTO).code == 0
    counter.sandboxed.app.engine.run()
    assert reconciled(counter)["refund_debts"] == [{"payment": intent, "ducats": "70"}]


def test_what_is_doubtful_is_left_to_a_person(counter: Counter) -> None:
    intent = bought(counter, delivered=False)
    counter.sandboxed.app.engine.run(fail_at="write_payee")
    give_money_back(counter, intent)
    answer = replayed(counter, **AUTO)
    assert (answer.code, answer.data["refunds"][0]["needs_person"]) == (3, True)


def test_a_live_transfer_of_a_disputed_payment_is_withheld_and_given_after_a_win(
    counter: Counter,
) -> None:
    intent = bought(counter, delivered=False)
    dispute = disputed(counter, intent)
    assert replayed(counter).data["refunds"] == []
    assert replayed(counter, **HOLD).code == 0
    assert counter.sandboxed.app.engine.run().executed == []
    item = reconciled(counter)["items"][0]
    assert (item["kind"], item["repair"]["automatic"]) == ("stalled", False)
    assert counter.type("reconcile", "--repair", "--since", "7d", "--yes").code == 3
    close(counter, dispute, won=True)
    assert replayed(counter, **HOLD, **AUTO).code == 0
    assert counter.sandboxed.app.engine.run().executed == [f"cascade_payment_{intent}"]
    assert counter.ducats_of("marco") == 100
    assert reconciled(counter)["items"] == []


def test_what_can_not_arrive_any_more_is_not_ended_again(counter: Counter) -> None:
    intent = bought(counter, delivered=False)
    give_money_back(counter, intent)
    assert replayed(counter, **AUTO).code == 0
    ending = [f"end cascade_payment_{intent}"]
    would = replayed(counter, "--dry-run", **AUTO).data["refunds"][0]["would"]
    assert would == ending
    counter.pass_time(seconds=FATE_BOUND.total_seconds() + 1)
    (refund,) = replayed(counter, "--dry-run", **AUTO).data["refunds"]
    assert (refund["would"], "100 withheld" in refund["why"]) == ([], True)


def test_a_withheld_transfer_of_a_lost_dispute_never_arrives(counter: Counter) -> None:
    intent = bought(counter, delivered=False)
    dispute = disputed(counter, intent)
    assert replayed(counter, **HOLD).code == 0
    close(counter, dispute, won=False)
    assert replayed(counter, **HOLD, **AUTO).code == 0
    assert counter.sandboxed.app.engine.run().executed == []
    assert (counter.ducats_of("marco"), len(counter.rows())) == (0, 1)
    assert reconciled(counter)["items"] == []


def test_delivered_ducats_of_an_open_dispute_stay_where_they_are(counter: Counter) -> None:
    intent = bought(counter)
    disputed(counter, intent)
    assert replayed(counter, **HOLD, **AUTO).code == 0
    assert len(counter.rows()) == 1
    assert reconciled(counter)["counts"]["disputed"] == 1


def test_a_won_payment_that_never_arrived_is_repaired_by_a_machine(counter: Counter) -> None:
    intent = counter.paid()
    close(counter, disputed(counter, intent), won=True)
    item = reconciled(counter)["items"][0]
    assert item["repair"] == {"command": f"cascade refund {intent}", "automatic": True}
    assert counter.type("reconcile", "--repair", "--since", "7d", "--yes").code == 0
    counter.sandboxed.app.engine.run()
    assert counter.ducats_of("marco") == 100


@pytest.mark.parametrize("applied", [True, False])
def test_a_refund_that_crosses_with_a_lost_activation_keeps_the_ducats_from_arriving(
    counter: Counter, applied: bool
) -> None:
    intent = counter.paid()
    lost = Response(503, b"{}")
    counter.network.break_(
        lambda r: is_write(r) and r.method == "PATCH", lost, applied=applied, times=1
    )
    # Broken off: nobody waits to see what became of the write.
    counter.network.break_(lambda r: "STRATAGEMS" in r.path, lost, times=40)
    counter.credit("marco", "100", "--payment", intent)
    counter.network.heal()
    give_money_back(counter, intent)
    assert replayed(counter, **AUTO).code == 0
    assert counter.sandboxed.app.engine.run().executed == []
    assert counter.ducats_of("marco") == 0
    assert reconciled(counter)["items"] == []


def test_what_was_just_sent_is_looked_at_again_though_the_reading_after_it_shows_nothing(
    counter: Counter,
) -> None:
    """Airtable promises no reading that is as new as the last write."""
    give_money_back(counter, bought(counter))
    show_old_readings_after_a_change(counter)
    (refund,) = replayed(counter, **AUTO).data["refunds"]
    assert refund["why"].endswith("replay it again after 2026-11-20 18:05 UTC")


def show_old_readings_after_a_change(counter: Counter) -> None:
    """What was read once before a row was changed is shown as it was, whoever reads it again."""
    handler = counter.network._handler
    readings: dict[tuple[str, str, bytes], Response] = {}
    changed: list[bool] = []

    def handle(request: Request) -> Response:
        if is_write(request) or "/STRATAGEMS" not in request.path:
            changed.extend([True] * is_update(request))
            return handler(request)
        asked = (request.path, request.query, request.body)
        old = readings.get(asked) if changed else None
        return old or readings.setdefault(asked, handler(request))

    counter.network._handler = handle


@pytest.mark.parametrize(
    ("setting", "word"), [("CASCADE_REFUNDS", "always"), ("CASCADE_DISPUTES", "keep")]
)
def test_another_word_is_refused_before_anything_is_read(
    counter: Counter, setting: str, word: str
) -> None:
    answer = counter.type("status", **{setting: word})
    assert answer.code == 4
    assert setting in answer.err
    assert counter.requests == []


def told(shop: Shop, *types: str) -> None:
    """Send the webhook all events of these types that Stripe has, as Stripe would."""
    now = utc_now()
    with shop.place.wired() as wiring:
        window = Window(now - timedelta(hours=1), now + timedelta(seconds=2))
        events = [e for e in wiring.events.events(window) if e.type in types]
    for event in events:
        assert shop.tell(event.raw).status_code == 200


def ducats(shop: Shop) -> float:
    rows = shop.place.app.airtable.tables.select("CITIZENS", "{Username} = 'marco'")
    return float(rows[0]["fields"]["Ducats"])


REFUNDS = ("charge.refunded", "refund.created", "refund.updated", "refund.failed")


def test_serve_takes_back_for_a_refund_gives_back_when_it_fails_and_takes_for_a_lost_dispute(
    tmp_path: Path,
) -> None:
    with shop_in(tmp_path, **AUTO, **HOLD) as shop:
        app = shop.place.app
        account, before = app.stripe.account, ducats(shop)
        charge = paid(app, "marco")
        assert shop.tell(succeeded(charge)).status_code == 200
        assert shop.wait_until_dealt_with() == {"credited": 1}
        app.engine.run()
        assert ducats(shop) == before + 100

        refund = account.refund(charge["id"], at=app.now(), amount=None)
        told(shop, *REFUNDS)
        runs_once_under_way(shop, f"cascade_refund_{refund['id']}")
        assert ducats(shop) == before

        account.settle_refund(refund["id"], at=app.now(), status="failed")
        told(shop, *REFUNDS)
        runs_once_under_way(shop, f"cascade_giveback_{refund['id']}")
        assert ducats(shop) == before + 100

        dispute = account.dispute(charge["id"], at=app.now())
        told(shop, "charge.dispute.created")
        wait_for_note(shop, charge["payment_intent"], f"{dispute['id']} needs response")
        assert app.engine.run().executed == []
        account.close_dispute(dispute["id"], at=app.now(), won=False)
        told(shop, "charge.dispute.closed")
        runs_once_under_way(shop, f"cascade_refund_{dispute['id']}")
        assert ducats(shop) == before
        # What waits for the engine's run makes nobody think that payments are late.
        assert shop.inbox.counts()[EventState.WAITING]
        eventually(lambda: shop.inbox.oldest_waiting() is None)
        keys = sorted(row["StratagemId"] for row in shop.stratagems())
        assert keys == sorted(
            [
                f"cascade_payment_{charge['payment_intent']}",
                f"cascade_refund_{refund['id']}",
                f"cascade_giveback_{refund['id']}",
                f"cascade_refund_{dispute['id']}",
            ]
        )


def test_serve_ends_a_live_transfer_of_a_refunded_payment_and_waits_for_one_refunded_in_part(
    tmp_path: Path,
) -> None:
    with shop_in(tmp_path, **AUTO) as shop:
        app = shop.place.app
        before = ducats(shop)
        whole, part = paid(app, "marco"), paid(app, "marco", 200)
        for charge in (whole, part):
            shop.tell(succeeded(charge))
        shop.wait_until_dealt_with()
        app.stripe.account.refund(whole["id"], at=app.now(), amount=None)
        app.stripe.account.refund(part["id"], at=app.now(), amount=500)
        told(shop, "charge.refunded")
        note = wait_for_note(shop, whole["payment_intent"], "100 withheld")
        # Once more: the engine may have had it in its hands.
        assert app.now() < note["next_at"] < app.now() + AFTER_THE_RUN
        waits = "the part comes back once it has arrived"
        notes = wait_for_note(shop, part["payment_intent"], waits)
        assert notes["state"] == "waiting"
        assert app.engine.run().executed == [f"cascade_payment_{part['payment_intent']}"]
        assert ducats(shop) == before + 200
        assert notes["next_at"] > app.now() + AFTER_THE_RUN


def runs_once_under_way(shop: Shop, key: str) -> None:
    """Let the engine run when there is an active row of that key."""

    def active() -> bool:
        return any(
            (row["StratagemId"], row["Status"]) == (key, "active") for row in shop.stratagems()
        )

    eventually(active)
    assert shop.place.app.engine.run().executed == [key]


def wait_for_note(shop: Shop, payment: str, words: str) -> dict[str, Any]:
    """The event of that payment whose note has these words, once there is one."""

    def found() -> list[dict[str, Any]]:
        kept = shop.inbox.of_payment(payment)
        return [{"state": k.state.value, "next_at": k.next_at} for k in kept if words in k.note]

    eventually(lambda: bool(found()))
    return found()[0]


def test_without_the_setting_serve_records_refunds_for_a_person(tmp_path: Path) -> None:
    with shop_in(tmp_path) as shop:
        charge = paid(shop.place.app, "marco")
        shop.place.app.stripe.account.refund(charge["id"], at=shop.place.app.now(), amount=None)
        told(shop, *REFUNDS)
        assert set(shop.counts()) == {"recorded"}


def test_serve_settles_no_refund_beside_another_run(tmp_path: Path) -> None:
    with shop_in(tmp_path, **AUTO) as shop:
        app = shop.place.app
        charge = paid(app, "marco")
        shop.tell(succeeded(charge))
        shop.wait_until_dealt_with()
        app.engine.run()
        other = Worker("run-other", "till", 1, "anna", "refund")
        with (
            closing(Database(f"sqlite:///{tmp_path}/journal.sqlite3")) as database,
            run_lock(Journal(database, other, now=utc_now), BASE_ID),
        ):
            refund = app.stripe.account.refund(charge["id"], at=app.now(), amount=None)
            told(shop, "charge.refunded")
            wait_for_note(shop, charge["payment_intent"], "Another run holds the lock")
            assert len(shop.stratagems()) == 1
        runs_once_under_way(shop, f"cascade_refund_{refund['id']}")
