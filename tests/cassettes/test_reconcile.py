"""Which requests each command sends, pinned by cassettes (see their README)."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

from cascade_cli.sandbox.airtable import BASE_ID
from tests.cassettes.conftest import NOW, Exchanged
from tests.cassettes.tape import FOLDER
from tests.harness.sandboxed import Sandboxed

WEEK = ("reconcile", "--json", "--since", "2026-11-13", "--until", "2026-11-20T15:00:00Z")
STRATAGEMS = f"GET /airtable/v0/{BASE_ID}/STRATAGEMS"
CITIZENS = f"GET /airtable/v0/{BASE_ID}/CITIZENS"
CHARGES, DISPUTES = "GET /stripe/v1/charges", "GET /stripe/v1/disputes"
HOUR, SINCE = timedelta(hours=1), datetime(2026, 11, 13, tzinfo=UTC)


def test_reconcile_with_nothing_sold(exchanged: Exchanged) -> None:
    code, asked = exchanged("reconcile_nothing_sold", *WEEK)
    assert (code, asked) == (0, {CHARGES: 1, STRATAGEMS: 1})


def test_reconcile_with_everything_settled(exchanged: Exchanged, sandboxed: Sandboxed) -> None:
    for hours in (30, 40):
        paid = sandboxed.pay(NOW - hours * HOUR)
        key = f"cascade_payment_{paid['payment_intent']}"
        sandboxed.transfer(key, NOW - hours * HOUR)
    code, asked = exchanged("reconcile_settled", *WEEK)
    assert (code, asked) == (0, {CHARGES: 1, STRATAGEMS: 1})


def test_reconcile_with_all_that_has_to_be_asked_besides(
    exchanged: Exchanged, sandboxed: Sandboxed
) -> None:
    # Missing: its key and its citizen. Disputed: its disputes. A row of the older connector near
    # the beginning: the three days before. One that names a payment: that payment.
    sandboxed.move_in("marco", SINCE - 300 * HOUR)
    sandboxed.pay(NOW - 30 * HOUR, "it's {Status}")
    contested = sandboxed.pay(NOW - 40 * HOUR)
    sandboxed.transfer(f"cascade_payment_{contested['payment_intent']}", NOW - 40 * HOUR)
    sandboxed.app.stripe.account.dispute(contested["id"], at=NOW)
    sandboxed.pay(SINCE - HOUR)
    sandboxed.transfer("cascade_payment_marco_1794531600", SINCE + HOUR)
    sandboxed.transfer("cascade_payment_pi_3unknown", NOW - 50 * HOUR)
    code, asked = exchanged("reconcile_discrepancies", *WEEK)
    assert code == 3
    assert asked == {CHARGES: 3, STRATAGEMS: 3, CITIZENS: 1, DISPUTES: 1}


def test_reconcile_of_a_window_that_is_over(exchanged: Exchanged, sandboxed: Sandboxed) -> None:
    # A row of the older connector after the window: the payments until then are read as well.
    sandboxed.move_in("marco", SINCE - 300 * HOUR)
    sandboxed.pay(NOW - 60 * HOUR)
    sandboxed.transfer("cascade_payment_marco_1795100000", NOW - 20 * HOUR)
    words = (*WEEK[:4], "--until", "2026-11-19T00:00:00Z")
    _, asked = exchanged("reconcile_past_window", *words)
    assert asked == {CHARGES: 2, STRATAGEMS: 1}


def test_no_cassette_holds_a_key() -> None:
    secret = re.compile(
        r"(?:sk|rk)_(?:test|live)_\w|whsec_\w|pat[A-Za-z0-9]+\.|bearer|authorization:|cookie:"
        r"|idempotency-key:|x-stripe-client|_secret_(?!scrubbed)",
        re.IGNORECASE,
    )
    found = {file.name: secret.findall(file.read_text()) for file in FOLDER.glob("*.yaml")}
    assert len(found) == 22
    assert not any(found.values()), found
