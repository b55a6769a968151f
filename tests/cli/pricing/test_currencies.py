"""`--currency`: what is sold in other currencies, what is refused, and how it is judged."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from cascade_cli.cli.app import run
from tests.adapters.bank import RATES, open_shop, today, write
from tests.cli.pricing.conftest import Shop
from tests.cli.pricing.test_checkout import intents, local_pages, pay


@pytest.fixture
def abroad(shop: Shop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Shop:
    """The shop sells in euros, yen, dinars and krónur, by rates of today."""
    for name, value in open_shop(tmp_path).items():
        monkeypatch.setenv(name, value)
    local_pages(shop, monkeypatch)
    return shop


def test_the_list_is_shown_in_a_currency_with_the_rate_and_its_date(abroad: Shop) -> None:
    answer = abroad.run("pricing", "--currency", "jpy")
    assert answer.code == 0
    assert "500        500     25     525   8,000 JPY" in answer.out
    assert f"at 160 JPY for 1 USD, the rate of {today()}" in answer.out
    data = abroad.ask("pricing", "--currency", "KWD")["data"]
    assert (data["currency_rate"], data["currency_rate_date"]) == ("0.3067", f"{today()}")
    assert [package["amount_cents"] for package in data["packages"]][:2] == [3_070, 15_340]
    assert data["currencies"] == ["usd", "eur", "jpy", "kwd", "isk", "omr"]


def test_us_dollars_have_no_exchange_rate(abroad: Shop) -> None:
    data = abroad.ask("pricing")["data"]
    assert (data["currency_rate"], data["currency_rate_date"]) == (None, None)


@pytest.mark.parametrize(
    ("currency", "amount", "rate"),
    [
        ("EUR", 4_000, "0.8"),
        ("JPY", 8_000, "160"),
        ("KWD", 15_340, "0.3067"),
        ("ISK", 560_000, "112"),
        ("OMR", 19_200, "0.384"),
    ],
)
def test_a_payment_carries_its_rate_and_the_date(
    abroad: Shop, currency: str, amount: int, rate: str
) -> None:
    data = abroad.ask("checkout", "NLR", "--package", "500", "--currency", currency)["data"]
    assert (data["amount_cents"], data["currency"]) == (amount, currency.lower())
    assert (data["currency_rate"], data["currency_rate_date"]) == (rate, f"{today()}")
    pay(data["url"])
    (intent,) = intents(abroad)
    assert (intent["status"], intent["amount"], intent["currency"]) == (
        "succeeded",
        amount,
        currency.lower(),
    )
    assert intent["metadata"] == {
        "citizen_id": "NLR",
        "ducat_amount": "525",
        "exchange_rate": "0.10",
        "package": "500",
        "currency_rate": rate,
        "currency_rate_date": f"{today()}",
        "platform": "cascade",
        "type": "ducat_purchase",
    }
    report = abroad.ask("reconcile", "--since", "1h", "--all")["data"]
    (item,) = report["items"]
    assert (item["kind"], item["amount_cents"], item["currency"]) == (
        "in_flight",
        amount,
        currency.lower(),
    )
    assert f"sold at {rate} {currency} for 1 USD, the rate of {today()}" in item["evidence"]


@pytest.mark.parametrize(
    ("words", "code", "why"),
    [
        (["--currency", "GBP"], 2, "offers USD, EUR, JPY, KWD, ISK, OMR"),
        (["--currency", "yen!"], 2, "--currency: 'yen!' is not a currency's three letters"),
    ],
)
def test_what_is_not_offered_is_refused_before_any_request(
    abroad: Shop, words: list[str], code: int, why: str
) -> None:
    for command in (["checkout", "NLR", "--package", "500"], ["pricing"]):
        answer = abroad.run(*command, *words)
        assert (answer.code, answer.out, why in answer.err) == (code, "", True), answer.err
    assert abroad.place.recorder.requests == []


def aged(folder: Path, monkeypatch: pytest.MonkeyPatch, days: int) -> None:
    for name, value in open_shop(folder, today() - timedelta(days=days)).items():
        monkeypatch.setenv(name, value)


@pytest.mark.parametrize("currency", ["OMR", "KWD"])
def test_a_rate_of_seven_days_is_sold_by_and_an_older_one_is_not_unless_allowed(
    shop: Shop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, currency: str
) -> None:
    words = ("checkout", "NLR", "--package", "500", "--currency", currency)
    aged(tmp_path, monkeypatch, 7)
    assert shop.run(*words).code == 0
    aged(tmp_path, monkeypatch, 8)
    asked = len(shop.place.recorder.requests)
    answer = shop.run(*words)
    assert (answer.code, answer.out) == (7, "")
    assert "8 days ago; nothing is sold by one older than 7d" in answer.err
    assert "CASCADE_RATES_FILE" in answer.err
    assert len(shop.place.recorder.requests) == asked
    monkeypatch.setenv("CASCADE_RATES_MAX_AGE", "8d")
    assert shop.run(*words).code == 0


def test_a_currency_that_nobody_has_a_rate_for_is_refused(
    shop: Shop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "p.toml").write_text('currencies = ["BHD"]')
    monkeypatch.setenv("CASCADE_PRICES", str(tmp_path / "p.toml"))
    answer = shop.run("pricing", "--currency", "BHD")
    assert (answer.code, "No exchange rate is known for BHD" in answer.err) == (7, True)


def test_a_broken_file_of_rates_stops_what_needs_it_and_nothing_else(
    abroad: Shop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "broken.csv").write_text("nothing")
    monkeypatch.setenv("CASCADE_RATES_FILE", str(tmp_path / "broken.csv"))
    assert abroad.run("pricing", "--currency", "EUR").code == 4
    assert abroad.run("pricing").code == 0
    assert abroad.run("reconcile", "--since", "1h").code == 0


def sold(shop: Shop, amount: int, **metadata: str) -> dict[str, Any]:
    """A payment of 100 ducats in yen whose metadata somebody wrote."""
    given = {
        "citizen_id": "NLR",
        "ducat_amount": "100",
        "exchange_rate": "0.10",
        "platform": "cascade",
        "type": "ducat_purchase",
    }
    return shop.place.app.stripe.account.pay(
        amount=amount, currency="jpy", metadata=given | metadata, at=shop.place.app.now()
    )


def judged(shop: Shop) -> tuple[str, str]:
    """The kind of the only payment, an hour later, and all its evidence."""
    data = shop.ask("reconcile", "--since", "1h", "--grace", "0s", "--all")["data"]
    (item,) = data["items"]
    return item["kind"], "\n".join(item["evidence"])


def test_a_rate_that_a_buyer_made_up_is_underpaid_and_no_machine_credits_it(abroad: Shop) -> None:
    charge = sold(abroad, 50, currency_rate="5", currency_rate_date=f"{today()}")
    kind, evidence = judged(abroad)
    assert "paid 50 JPY where 1,584 JPY were due at 0.10 USD per ducat and 158.4 JPY" in evidence
    assert kind in {"missing", "underpaid"}
    assert "which is too low: the rate of" in evidence
    assert " was 160, and " in evidence
    answer = abroad.run("events", "replay", "--since", "1h", "--yes")
    assert "less than its ducats cost" in answer.out
    assert answer.code != 0
    story = abroad.ask("explain", charge["payment_intent"])["data"]
    assert any("1,584 JPY were due" in line for line in story["verdict"]["evidence"])


def test_the_rate_of_the_sale_and_not_that_of_today_decides(abroad: Shop, tmp_path: Path) -> None:
    before = today() - timedelta(days=3)
    write(tmp_path / "eurofxref-hist.zip", (before, "1.25,150,50,140,0.48"), (today(), RATES))
    sold(abroad, 1_200, currency_rate="120", currency_rate_date=f"{before}")
    kind, evidence = judged(abroad)
    assert (kind, "were due" in evidence) == ("missing", False)
    assert f"sold at 120 JPY for 1 USD, the rate of {before}" in evidence


def test_a_payment_in_another_currency_without_a_rate_is_judged_by_that_of_its_day(
    abroad: Shop,
) -> None:
    sold(abroad, 1_000)
    assert "1,440 JPY were due" in judged(abroad)[1]


def test_a_list_that_offers_nothing_else_sells_in_us_dollars_only(
    no_settings: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["pricing", "--currency", "EUR", "--json"]) == 2
    error = json.loads(capsys.readouterr().out)["error"]
    assert "offers USD." in error["message"]
    assert list(no_settings.iterdir()) == []


# Prices that change by the day ------------------------------------------------------------------

DEARER = """
packages.500 = {{ducats = 500, bonus = 25}}
[from.{day}]
rate = 0.20
lowest_rate = 0.20
packages.500 = {{ducats = 500, bonus = 100}}
"""


def dearer_from(folder: Path, monkeypatch: pytest.MonkeyPatch, day: date) -> None:
    (folder / "prices.toml").write_text(DEARER.format(day=day))
    monkeypatch.setenv("CASCADE_PRICES", str(folder / "prices.toml"))


def test_a_price_changes_on_its_day(
    shop: Shop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tomorrow = today() + timedelta(days=1)
    dearer_from(tmp_path, monkeypatch, tomorrow)
    data = shop.ask("pricing")["data"]
    assert (data["rate"], data["changes"]) == ("0.10", [{"from": f"{tomorrow}", "rate": "0.20"}])
    dearer_from(tmp_path, monkeypatch, today())
    data = shop.ask("checkout", "NLR", "--package", "500")["data"]
    assert (data["amount_cents"], data["ducats"], data["exchange_rate"]) == (10_000, "600", "0.20")


@pytest.mark.parametrize("ducats", ["100", "525"])
def test_every_command_judges_a_payment_by_the_price_of_its_own_day(
    shop: Shop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, ducats: str
) -> None:
    cents = {"100": 1_000, "525": 5_000}[ducats]
    now = shop.place.app.now()
    old = shop.place.pay(now - timedelta(days=3), "NLR", ducats, cents)
    new = shop.place.pay(now - timedelta(minutes=1), "NLR", ducats, cents)
    # The page of the old price may have been open for a day: dearer since the day before.
    dearer_from(tmp_path, monkeypatch, today() - timedelta(days=1))
    items = shop.ask("reconcile", "--since", "7d", "--grace", "0s", "--all")["data"]["items"]
    due = {i["payment_intent"]: any("were due" in e for e in i["evidence"]) for i in items}
    assert due == {old["payment_intent"]: False, new["payment_intent"]: True}
    for charge, underpaid in ((old, False), (new, True)):
        verdict = shop.ask("explain", charge["payment_intent"])["data"]["verdict"]
        assert any("were due" in line for line in verdict["evidence"]) == underpaid
    replayed = shop.ask("events", "replay", "--since", "7d", "--yes")["data"]
    assert "less than its ducats cost" in json.dumps(replayed)
    rows = [row["fields"] for row in shop.place.app.airtable.tables.select("STRATAGEMS")]
    assert [row["StratagemId"] for row in rows] == [f"cascade_payment_{old['payment_intent']}"]


def test_repair_credits_yesterday_s_payment_at_yesterday_s_price(
    shop: Shop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop.place.pay(shop.place.app.now() - timedelta(days=3), "NLR", "525", 5_000)
    dearer_from(tmp_path, monkeypatch, today() - timedelta(days=1))
    data = shop.ask("reconcile", "--since", "7d", "--repair", "--yes")["data"]
    assert data["counts"].get("in_flight") == 1, data["counts"]


def test_a_page_that_was_opened_before_the_change_may_be_paid_after_it(
    shop: Shop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop.place.pay(shop.place.app.now(), "NLR", "525", 5_000)
    dearer_from(tmp_path, monkeypatch, datetime.now(UTC).date())
    assert "were due" not in judged(shop)[1]
