"""Which requests the commands around transfers send, pinned to the letter by cassettes.

How to record them anew stands in tests/cassettes/README.md.
"""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from cascade_cli.sandbox.airtable import BASE_ID
from cascade_cli.sandbox.app import SandboxApp
from tests.cassettes.conftest import NOW, Exchanged
from tests.harness.sandboxed import Sandboxed

BASE = f"/airtable/v0/{BASE_ID}"
SCHEMA = f"GET /airtable/v0/meta/bases/{BASE_ID}/tables"
TRANSFER_WRITTEN = {
    f"POST {BASE}/STRATAGEMS": 1,
    f"PATCH {BASE}/STRATAGEMS": 1,
    f"POST {BASE}/NOTIFICATIONS": 1,
}


@pytest.fixture(autouse=True)
def inhabited(sandbox_app: SandboxApp, sandboxed: Sandboxed) -> None:
    """The processor and marco live in Venice."""
    assert sandbox_app is sandboxed.app
    for name in ("CASCADE_PAYMENT_PROCESSOR", "marco"):
        sandboxed.move_in(name, NOW - timedelta(days=9))


def test_a_first_credit_by_hand(exchanged: Exchanged) -> None:
    words = ("marco", "10.50", "--reason", 'it\'s {a} "gift"', "--reference", "r1", "--yes")
    code, asked = exchanged("credit_by_hand", "credit", *words)
    reads = {SCHEMA: 1, f"GET {BASE}/CITIZENS": 1, f"GET {BASE}/STRATAGEMS": 2}
    assert (code, asked) == (0, {**reads, **TRANSFER_WRITTEN})


def test_a_credit_for_a_payment(exchanged: Exchanged, sandboxed: Sandboxed) -> None:
    intent = sandboxed.pay(NOW - timedelta(hours=30))["payment_intent"]
    words = ("marco", "100", "--reason", "lost", "--payment", intent, "--yes")
    code, asked = exchanged("credit_payment", "credit", *words)
    reads = {
        SCHEMA: 1,
        "GET /stripe/v1/charges": 1,
        f"GET {BASE}/CITIZENS": 1,
        f"GET {BASE}/STRATAGEMS": 2,
    }
    assert (code, asked) == (0, {**reads, **TRANSFER_WRITTEN})


def test_a_repair_of_a_missing_and_of_an_expired_transfer(
    exchanged: Exchanged, sandboxed: Sandboxed
) -> None:
    sandboxed.pay(NOW - timedelta(hours=30))
    late = sandboxed.pay(NOW - timedelta(hours=40))["payment_intent"]
    made = NOW - timedelta(hours=39)
    sandboxed.transfer(f"cascade_payment_{late}", made, Status="active")
    code, asked = exchanged("repair", "reconcile", "--repair", "--yes", "--since", "2026-11-13")
    assert code == 0
    writes = {name: n for name, n in asked.items() if not name.startswith("GET")}
    assert writes == {**TRANSFER_WRITTEN, f"PATCH {BASE}/STRATAGEMS": 2}
    assert asked.total() == 15


def test_a_file_of_credits(exchanged: Exchanged, tmp_path: Path) -> None:
    file = tmp_path / "credits.csv"
    file.write_text("citizen,ducats,reason,reference\nmarco,5,gift,r1\nmarco,6.5,gift,r2\n")
    code, asked = exchanged("credit_file", "credit", "--file", str(file), "--yes")
    reads = {SCHEMA: 1, f"GET {BASE}/CITIZENS": 1, f"GET {BASE}/STRATAGEMS": 2}
    assert (code, asked) == (0, {**reads, **TRANSFER_WRITTEN})


def test_the_processor_is_set_up(exchanged: Exchanged) -> None:
    words = ("citizen", "setup", "--ducats", "2000000")
    code, asked = exchanged("citizen_setup", *words)
    assert code == 0
    assert {name.split()[0]: n for name, n in asked.items() if "GET" not in name} == {"PATCH": 1}


def test_the_processor_is_replenished(exchanged: Exchanged) -> None:
    code, asked = exchanged("citizen_replenish", "citizen", "replenish", "--by", "500.5")
    assert code == 0
    assert {name.split()[0]: n for name, n in asked.items() if "GET" not in name} == {"PATCH": 1}


def test_a_refund_taken_back(exchanged: Exchanged, sandboxed: Sandboxed) -> None:
    paid = sandboxed.pay(NOW - timedelta(hours=30))
    sandboxed.transfer(f"cascade_payment_{paid['payment_intent']}", NOW - timedelta(hours=29))
    sandboxed.app.stripe.account.refund(paid["id"], at=NOW - timedelta(hours=2), amount=400)
    code, asked = exchanged("refund", "refund", paid["payment_intent"], "--yes")
    writes = {name: n for name, n in asked.items() if not name.startswith("GET")}
    assert (code, writes) == (0, TRANSFER_WRITTEN)


def test_a_checkout(exchanged: Exchanged) -> None:
    code, asked = exchanged("checkout", "checkout", "marco", "--package", "500")
    sessions = {"POST /stripe/v1/checkout/sessions": 1}
    assert (code, asked) == (0, {f"GET {BASE}/CITIZENS": 1, **sessions})


READING = {
    "status": ("status",),
    "doctor": ("doctor",),
    "citizen_show": ("citizen", "show"),
    "stratagem_status": ("stratagem", "status", "cascade_payment_pi_1"),
    "stratagem_list": ("stratagem", "list", "--citizen", "marco", "--since", "2026-11-13"),
    "stratagem_watch": ("stratagem", "watch", "cascade_payment_pi_1"),
    "events_list": ("events", "list", "--since", "2026-11-13"),
    "explain_citizen": ("explain", "marco"),
}


@pytest.mark.parametrize(("name", "words"), READING.items(), ids=list(READING))
def test_who_only_looks_writes_nothing(
    exchanged: Exchanged, sandboxed: Sandboxed, name: str, words: tuple[str, ...]
) -> None:
    sandboxed.pay(NOW - timedelta(hours=30))
    sandboxed.transfer("cascade_payment_pi_1", NOW - timedelta(hours=29))
    _, asked = exchanged(name, *words)
    assert asked
    assert not [request for request in asked if not request.startswith("GET ")]


def test_an_event_replayed(exchanged: Exchanged, sandboxed: Sandboxed) -> None:
    sandboxed.pay(NOW - timedelta(hours=30))
    code, asked = exchanged("events_replay", "events", "replay", "--since", "2026-11-13", "--yes")
    assert code == 0
    assert {name: n for name, n in asked.items() if not name.startswith("GET")} == TRANSFER_WRITTEN


def test_a_payment_explained(exchanged: Exchanged, sandboxed: Sandboxed) -> None:
    intent = sandboxed.pay(NOW - timedelta(hours=30))["payment_intent"]
    code, asked = exchanged("explain_payment", "explain", intent)
    assert code == 0
    assert not [request for request in asked if not request.startswith("GET ")]
