"""The seeded rows look as their writers would have left them."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from random import Random
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from cascade_cli.sandbox import airtable
from cascade_cli.sandbox.airtable import Tables
from cascade_cli.sandbox.seed.citizens import PROCESSOR, processor_fields
from cascade_cli.sandbox.seed.transfers import Transfers
from cascade_cli.sandbox.store import Store
from cascade_cli.sandbox.venice import Engine
from tests.sandbox.seed.conftest import UNTIL, Seeded

ROME = ZoneInfo("Europe/Rome")
LEGACY = re.compile(r"cascade_payment_(?!pi_).+_\d{10}")


def sales(week: Seeded) -> list[dict[str, Any]]:
    """Paid charges for ducats."""
    return [
        charge
        for charge in week.charges()
        if charge["metadata"].get("type") == "ducat_purchase"
        and charge["status"] == "succeeded"
        and charge["captured"]
    ]


def executed(week: Seeded) -> list[dict[str, Any]]:
    return [row for row in week.transfers() if row["Status"] == "executed"]


def notes(row: dict[str, Any]) -> dict[str, Any]:
    document, _ = json.JSONDecoder().raw_decode(row["Notes"])
    assert isinstance(document, dict)
    return document


@pytest.mark.parametrize("engine_notices", [False, True])
def test_an_executed_row_is_what_the_engine_makes_of_an_active_one(engine_notices: bool) -> None:
    at = UNTIL - timedelta(days=1)
    sides = [Tables(Store(":memory:", airtable.SCHEMA), lambda: at, Random(1)) for _ in "ab"]  # noqa: S311
    for tables in sides if engine_notices else ():
        tables.use_legacy_notifications()
    payee = {"CitizenId": "NLR", "Username": "NLR", "Ducats": 100.7}
    for tables in sides:
        transfers = Transfers(tables, Random(1), UNTIL)  # noqa: S311
        transfers.open_account(processor_fields(at), at)
        transfers.open_account(payee, at)
        row = transfers.legacy("NLR", 525.0, at)
        if tables is sides[0]:
            transfers.execute(row, at=at)
            transfers.write_balances()
    Engine(sides[1], lambda: at).run()
    for table in ("STRATAGEMS", "CITIZENS", "NOTIFICATIONS", "TRANSACTIONS"):
        assert fields(sides[0], table) == fields(sides[1], table)


def fields(tables: Tables, table: str) -> list[str]:
    return sorted(json.dumps(record["fields"], sort_keys=True) for record in tables.select(table))


def test_the_engine_ran_at_three_eleven_and_nineteen_in_rome(week: Seeded) -> None:
    times = [datetime.fromisoformat(row["ExecutedAt"]).astimezone(ROME) for row in executed(week)]
    by_hand = [time for time in times if (time.hour, time.minute) not in RUNS]
    assert len(by_hand) == 2
    assert len(times) > 100
    assert {time.hour for time in times} >= {3, 11, 19}


RUNS = {(3, 0), (3, 1), (11, 0), (11, 1), (19, 0), (19, 1)}


def test_nobody_was_told_by_the_engine_whose_notices_the_base_refuses(week: Seeded) -> None:
    assert all("Details" in record["fields"] for record in week.records("NOTIFICATIONS"))
    kinds = {record["fields"]["Type"] for record in week.records("NOTIFICATIONS")}
    assert kinds == {"payment_received"}
    assert len(week.records("NOTIFICATIONS")) < len(executed(week)) / 5


@pytest.fixture
def told(seeded: Callable[..., Seeded]) -> Seeded:
    """The same week in a base that takes the engine's notices."""
    return seeded(engine_notices=True)


def test_in_the_engines_layout_every_executed_row_has_its_two_notices(told: Seeded) -> None:
    kinds = Counter(
        (record["fields"].get("RelatedEntity"), record["fields"]["Type"])
        for record in told.records("NOTIFICATIONS")
    )
    for row in executed(told):
        assert kinds[row["StratagemId"], "stratagem_complete"]
        assert kinds[row["StratagemId"], "payment_received"]


def test_either_layout_has_the_same_payments_and_transfers(week: Seeded, told: Seeded) -> None:
    assert told.charges() == week.charges()
    assert told.transfers() == week.transfers()


def test_no_notice_is_older_than_fourteen_days(told: Seeded) -> None:
    oldest = min(record["createdTime"] for record in told.records("NOTIFICATIONS"))
    assert datetime.fromisoformat(oldest) > UNTIL - timedelta(days=14)


def test_transactions_are_absent(week: Seeded) -> None:
    assert week.records("TRANSACTIONS") == []


def test_the_processor_can_pay_for_all_that_is_in_flight(week: Seeded) -> None:
    (processor,) = [
        record["fields"]
        for record in week.records("CITIZENS")
        if record["fields"]["Username"] == PROCESSOR
    ]
    waiting = [row for row in week.transfers() if row["Status"] == "active"]
    assert processor["SocialClass"] == "Innovatore"
    assert processor["Ducats"] > sum(notes(row)["amount"] for row in waiting)


def test_a_processor_that_sells_much_is_replenished() -> None:
    tables = Tables(Store(":memory:", airtable.SCHEMA), lambda: UNTIL, Random(1))  # noqa: S311
    transfers = Transfers(tables, Random(1), UNTIL)  # noqa: S311
    transfers.open_account(processor_fields(UNTIL), UNTIL)
    transfers.debit(PROCESSOR, 2_900_000.5, UNTIL)
    transfers.write_balances()
    (processor,) = tables.select("CITIZENS")
    assert processor["fields"]["Ducats"] == 1_099_999.5


def test_balances_have_fractions_and_names_have_apostrophes_and_accents(week: Seeded) -> None:
    citizens = [record["fields"] for record in week.records("CITIZENS")]
    assert sum(citizen["Ducats"] % 1 != 0 for citizen in citizens) > 30
    names = "".join(citizen["Username"] for citizen in citizens)
    assert "'" in names
    assert not names.isascii()


def test_metadata_is_what_the_older_api_writes(week: Seeded) -> None:
    usual = [sale["metadata"] for sale in sales(week) if len(sale["metadata"]) == 5]
    assert len(usual) > 190
    for metadata in usual:
        assert set(metadata) == {"citizen_id", "ducat_amount", "exchange_rate", "platform", "type"}
        assert (metadata["exchange_rate"], metadata["platform"]) == ("0.1", "cascade")
    assert any(metadata["ducat_amount"] == "100.0" for metadata in usual)


def test_some_prices_lost_a_cent_to_truncation(week: Seeded) -> None:
    short = [sale for sale in sales(week) if _price(sale) - sale["amount"] == 1]
    assert len(short) >= 3


def _price(sale: dict[str, Any]) -> Decimal:
    ducats = Decimal(sale["metadata"].get("ducat_amount", "0").replace("abc", "0"))
    return ducats * 10


def test_there_is_business_at_every_time_of_day(week: Seeded) -> None:
    hours = {datetime.fromtimestamp(sale["created"], UTC).hour // 6 for sale in sales(week)}
    assert hours == {0, 1, 2, 3}


def test_rows_of_the_older_connector_name_no_payment_and_live_five_minutes(week: Seeded) -> None:
    rows = [row for row in week.transfers() if LEGACY.fullmatch(row["StratagemId"])]
    assert len(rows) > 10
    for row in rows:
        assert "pi_" not in row["Notes"]
        assert notes(row)["source"] == "cascade_payment_processor"
        life = datetime.fromisoformat(row["ExpiresAt"]) - datetime.fromisoformat(row["CreatedAt"])
        assert life == timedelta(minutes=5)


def test_a_row_without_a_payments_name_fits_one_sale_at_most(week: Seeded) -> None:
    sold = Counter(
        (sale["metadata"].get("citizen_id"), sale["metadata"].get("ducat_amount"))
        for sale in sales(week)
    )
    fits = [
        sold[row["TargetCitizen"], str(notes(row)["amount"])]
        for row in week.transfers()
        if LEGACY.fullmatch(row["StratagemId"])
    ]
    assert set(fits) == {0, 1}
    assert fits.count(0) == 2


def test_expired_rows_exist_with_and_without_an_early_notice(week: Seeded) -> None:
    announced = {
        json.loads(record["fields"]["Details"]).get("stratagem_id")
        for record in week.records("NOTIFICATIONS")
    }
    expired = {
        row["StratagemId"] in announced
        for row in week.transfers()
        if LEGACY.fullmatch(row["StratagemId"]) and row["Status"] == "active"
    }
    assert expired == {True, False}


def test_every_safe_failure_occurs_and_the_doubtful_ones(week: Seeded) -> None:
    tails = " ".join(row["Notes"] for row in week.transfers() if row["Status"] == "failed")
    for text in (
        "[ERROR] Failed to parse transfer details: ",
        "[ERROR] Missing required fields or invalid amount.",
        "[ERROR] Sender CASCADE_PAYMENT_PROCESSOR not found.",
        "[ERROR] Receiver ",
        "[ERROR] Insufficient funds: ",
        "[ERROR] Processing error: ",
        "Processor logic returned failure or an exception occurred.",
    ):
        assert text in tails
    assert any(row["Status"] == "error" for row in week.transfers())


def test_there_is_noise_that_is_nobodys_discrepancy(week: Seeded) -> None:
    charges = week.charges()
    assert any(charge["metadata"].get("type") is None for charge in charges)
    assert any(charge["status"] == "failed" for charge in charges)
    assert any(charge["status"] == "succeeded" and not charge["captured"] for charge in charges)
    others = [record["fields"] for record in week.records("STRATAGEMS")]
    assert any(
        row["ExecutedBy"] != PROCESSOR and row["Type"] == "transfer_ducats" for row in others
    )
    assert any(row["Type"] != "transfer_ducats" for row in others)


def test_manual_credits_carry_a_reason_and_an_operator(week: Seeded) -> None:
    rows = [row for row in week.transfers() if row["StratagemId"].startswith("cascade_manual_")]
    assert len(rows) == 3
    assert all(notes(row)["reason"] and notes(row)["operator"] for row in rows)
