"""Whoever asks for a transfer hears the id that its row really has: of a legacy row, its own."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

from cascade_cli.backend import credit_ducats_sync
from cascade_cli.cli.terminal.session import Session
from tests.harness.counter import Counter


def _legacy(counter: Counter, **fields: Any) -> tuple[str, str]:
    """A payment of ten hours ago and its legacy row: their ids."""
    intent, at = counter.paid(hours_ago=10), counter.now() - timedelta(hours=9)
    notes = {"source": "cascade_payment_processor", "amount": 100.0, "reason": "purchase"}
    key = f"cascade_payment_marco_{int(at.timestamp())}"
    counter.sandboxed.transfer(key, at, **{"Notes": json.dumps(notes), **fields})
    return intent, key


def test_a_credit_that_a_legacy_row_has_paid_names_that_row(counter: Counter) -> None:
    intent, key = _legacy(counter)
    (told,) = counter.credit("marco", "100", "--payment", intent, "--json").data["deliveries"]
    assert (told["result"], told["stratagem_id"]) == ("already", key)
    said = counter.credit("marco", "100", "--payment", intent).out
    assert key in said
    assert f"cascade_payment_{intent}" not in said


def test_so_does_the_answer_to_the_backend(counter: Counter) -> None:
    intent, key = _legacy(counter)
    session = Session(quiet=True, environ=counter.environment())
    answer = credit_ducats_sync("marco", 100, payment_intent=intent, session=session)
    assert (answer["success"], answer["stratagem_id"]) == (True, key)


def test_a_dry_run_names_the_row_that_it_would_revive(counter: Counter) -> None:
    intent, key = _legacy(counter, Status="active")
    words = ("marco", "100", "--payment", intent, "--dry-run")
    (order,) = counter.credit(*words, "--json").data["orders"]
    assert order["stratagem_id"] == key
    assert f"key {key}" in counter.credit(*words).out


def test_a_repair_names_the_row_that_it_revives_before_and_after(counter: Counter) -> None:
    _intent, key = _legacy(counter, Status="active")
    (planned,) = counter.type("reconcile", "--repair", "--dry-run", "--json").data["repair_plan"]
    (done,) = counter.type("reconcile", "--repair", "--yes", "--json").data["repairs"]
    assert (planned["stratagem_id"], done["stratagem_id"]) == (key, key)


def test_the_citizen_hears_of_the_row_that_carries_the_ducats(counter: Counter) -> None:
    intent, key = _legacy(counter, Status="active")
    counter.credit("marco", "100", "--payment", intent)
    (notice,) = counter.rows("NOTIFICATIONS")
    assert key in json.dumps(notice)
    assert f"cascade_payment_{intent}" not in json.dumps(notice)


def test_a_refusal_names_a_row_that_can_be_looked_up(counter: Counter) -> None:
    notes = {"source": "cascade_payment_processor", "amount": 100.0}
    broken = f"{json.dumps(notes)}\n[ERROR] Processing error: boom"
    intent, key = _legacy(counter, Status="failed", Notes=broken)
    refused = counter.credit("marco", "100", "--payment", intent)
    assert refused.code == 7
    assert f"See: cascade explain {key}" in refused.err
    assert counter.type("explain", key).code == 0


def test_a_refund_names_the_legacy_row_that_it_would_end(counter: Counter) -> None:
    expiry = (counter.now() + timedelta(hours=20)).isoformat()
    intent, key = _legacy(counter, Status="active", ExpiresAt=expiry)
    account = counter.sandboxed.app.stripe.account
    account.refund(account.charge_of(intent, at=counter.now()), at=counter.now())
    (order,) = counter.type("refund", intent, "--dry-run", "--json").data["would"]
    assert (order["ends"], order["stratagem_id"]) == (True, key)
    (done,) = counter.type("refund", intent, "--yes", "--json").data["deliveries"]
    assert done["stratagem_id"] == key
