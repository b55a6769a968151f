"""What scripts rely on: names and types, frozen. Change none without a new envelope version."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from cascade_cli.domain.discrepancies.kinds import Kind
from cascade_cli.sandbox.wire import Response
from tests.cli.terminal.conftest import Cascade
from tests.harness.sandboxed import Sandboxed

ENVELOPE = ["command", "version", "ok", "exit_code", "data", "warnings", "error"]
WINDOW = {"since": "str", "until": "str", "grace_seconds": "int"}
COVERAGE = {
    "complete": "bool",
    "reasons": "list",
    "charges": "int",
    "stratagems": "int",
    "stripe_requests": "int",
    "airtable_requests": "int",
}
DUCATS = [
    *("sold", "settled", "in_flight", "undelivered", "doubtful", "unattributable", "residual"),
    *("over_delivered", "returned"),
]
ITEM = {
    "kind": "str",
    "severity": "str",
    "payment_intent": "str",
    "charge": "str",
    "citizen": "str",
    "ducats": "str",
    "amount_cents": "int",
    "currency": "str",
    "paid_at": "str",
    "stratagem_ids": "list",
    "stratagem_status": "str",
    "matched_by": "str",
    "evidence": "list",
    "repair": "dict",
}


def types(document: dict[str, Any], names: dict[str, str]) -> dict[str, str]:
    """The types of the promised names; others may stand beside them."""
    return {name: type(document[name]).__name__ for name in names}


@pytest.fixture
def stalled(sandboxed: Sandboxed, recently: datetime) -> dict[str, Any]:
    paid = sandboxed.pay(recently)
    key = f"cascade_payment_{paid['payment_intent']}"
    sandboxed.transfer(key, recently, Status="planned")
    sandboxed.move_in("marco", recently)
    return paid


@pytest.mark.usefixtures("stalled")
def test_the_envelope_of_a_finished_command(cascade: Cascade) -> None:
    document = cascade("reconcile", "--json").document
    assert list(document) == ENVELOPE
    assert (document["command"], document["version"]) == ("reconcile", 1)
    assert (document["ok"], document["exit_code"]) == (False, 3)
    assert (document["warnings"], document["error"]) == ([], None)


def test_ok_is_true_with_exit_code_0_only(cascade: Cascade) -> None:
    document = cascade("reconcile", "--json").document
    assert (document["ok"], document["exit_code"]) == (True, 0)


@pytest.mark.usefixtures("stalled")
def test_the_data_of_a_reconciliation(cascade: Cascade) -> None:
    data = cascade("reconcile", "--json").document["data"]
    assert types(data["window"], WINDOW) == WINDOW
    assert types(data["coverage"], COVERAGE) == COVERAGE
    assert data["counts"] == {kind.value: int(kind is Kind.STALLED) for kind in Kind}
    assert {name: type(data["ducats"][name]) for name in DUCATS} == dict.fromkeys(DUCATS, str)


def test_an_item_of_a_charge(cascade: Cascade, stalled: dict[str, Any]) -> None:
    (item,) = cascade("reconcile", "--json").document["data"]["items"]
    assert types(item, ITEM) == ITEM
    assert (item["charge"], item["payment_intent"]) == (stalled["id"], stalled["payment_intent"])
    assert (item["ducats"], item["amount_cents"], item["currency"]) == ("100", 1000, "usd")
    assert (item["matched_by"], item["stratagem_status"]) == ("stratagem_id", "planned")
    assert types(item["repair"], {"command": "", "automatic": ""}) == {
        "command": "str",
        "automatic": "bool",
    }


def test_an_item_without_a_charge(
    cascade: Cascade, sandboxed: Sandboxed, recently: datetime
) -> None:
    sandboxed.transfer("nobody's", recently)
    (item,) = cascade("reconcile", "--json").document["data"]["items"]
    absent = ("payment_intent", "charge", "amount_cents", "currency", "paid_at", "matched_by")
    assert {item[name] for name in absent} == {None}
    assert (item["kind"], item["stratagem_ids"]) == ("orphan", ["nobody's"])


@pytest.mark.usefixtures("stalled")
def test_the_ducats_add_up_as_decimal_strings(cascade: Cascade) -> None:
    ducats = cascade("reconcile", "--json").document["data"]["ducats"]
    parts = ("settled", "in_flight", "undelivered", "doubtful", "unattributable")
    assert Decimal(ducats["sold"]) == sum(Decimal(ducats[part]) for part in parts)
    assert ducats["residual"] == "0"


@pytest.mark.usefixtures("stalled")
def test_times_are_rfc_3339_in_utc(cascade: Cascade, recently: datetime) -> None:
    data = cascade("reconcile", "--json").document["data"]
    assert data["items"][0]["paid_at"] == f"{recently:%Y-%m-%dT%H:%M:%SZ}"
    assert datetime.fromisoformat(data["window"]["since"]).utcoffset() == timedelta(0)


def test_all_lists_the_settled_as_well(
    cascade: Cascade, sandboxed: Sandboxed, recently: datetime
) -> None:
    paid = sandboxed.pay(recently)
    sandboxed.transfer(f"cascade_payment_{paid['payment_intent']}", recently)
    assert cascade("reconcile", "--json").document["data"]["items"] == []
    (item,) = cascade("reconcile", "--json", "--all").document["data"]["items"]
    assert (item["kind"], item["repair"]) == ("settled", None)


@pytest.mark.parametrize(
    ("arguments", "settings", "kind", "code"),
    [
        (("--since", "yesterday"), {}, "usage", 2),
        (("--no-such-option",), {}, "usage", 2),
        (("--csv",), {}, "usage", 2),
        ((), {"STRIPE_SECRET_KEY": ""}, "settings", 4),
        ((), {"AIRTABLE_API_KEY": "patWrong"}, "credentials", 4),
        ((), {"STRIPE_SECRET_KEY": "rk_test_none"}, "rights", 4),
    ],
)
def test_the_envelope_of_a_command_that_did_not_begin(
    cascade: Cascade,
    arguments: tuple[str, ...],
    settings: dict[str, str],
    kind: str,
    code: int,
) -> None:
    finished = cascade("reconcile", *arguments, "--json", **settings)
    document = finished.document
    assert list(document) == ENVELOPE
    assert (document["command"], document["ok"], document["data"]) == ("reconcile", False, None)
    assert document["exit_code"] == finished.code == code
    assert list(document["error"]) == ["kind", "message", "hint"]
    assert document["error"]["kind"] == kind


def test_the_envelope_of_an_incomplete_reading(cascade: Cascade, sandboxed: Sandboxed) -> None:
    sandboxed.recorder.break_from("stripe", 1, Response(400, b"{}"))
    document = cascade("reconcile", "--json").document
    assert list(document) == ENVELOPE
    assert list(document["data"]) == ["window", "coverage", "counts", "decided", "ducats", "items"]
    assert document["data"]["coverage"]["charges"] is None
    assert isinstance(document["data"]["coverage"]["reasons"][0], str)


@pytest.mark.parametrize("arguments", [("sandbox", "reset"), ("sandbox", "run-engine")])
def test_every_command_has_the_same_envelope(cascade: Cascade, arguments: tuple[str, ...]) -> None:
    document = cascade(*arguments, "--json").document
    assert list(document) == ENVELOPE
    assert document["command"] == " ".join(arguments)
