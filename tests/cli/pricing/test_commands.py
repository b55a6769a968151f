"""`cascade pricing` and the list that reconcile judges by."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from cascade_cli.cli.app import run
from tests.cli.pricing.conftest import Shop


def test_the_list_is_shown_without_any_key(
    no_settings: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["pricing"]) == 0
    out = capsys.readouterr().out
    assert "5000     5,000    750   5,750  500.00 USD" in out
    assert "any amount from 10 to 10,000 ducats at 0.10 USD each" in out
    assert list(no_settings.iterdir()) == []


def test_json_has_the_price_of_each_package_in_cents(
    no_settings: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (no_settings / "p.toml").write_text("rate = 0.111\npackages.odd = {ducats = 10.5, bonus = 1}")
    monkeypatch.setenv("CASCADE_PRICES", "p.toml")
    assert run(["pricing", "--json"]) == 0
    data = json.loads(capsys.readouterr().out)["data"]
    assert (data["source"], data["rate"], data["currency"]) == ("p.toml", "0.111", "usd")
    assert data["packages"] == [
        {
            "name": "odd",
            "ducats_paid": "10.5",
            "bonus": "1",
            "ducats": "11.5",
            "amount_cents": 117,
        }
    ]


@pytest.mark.parametrize(
    "command", [["pricing"], ["reconcile"], ["checkout", "NLR", "--package", "100"]]
)
def test_a_wrong_file_is_exit_4_before_any_request(
    shop: Shop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, command: list[str]
) -> None:
    (tmp_path / "p.toml").write_text("rat = 0.1")
    monkeypatch.setenv("CASCADE_PRICES", str(tmp_path / "p.toml"))
    answer = shop.run(*command)
    assert (answer.code, answer.out) == (4, "")
    assert "rat is unknown; known are rate" in answer.err
    assert shop.place.recorder.requests == []


def test_reconcile_judges_underpayment_by_the_configured_list(
    shop: Shop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = shop.place.app
    shop.place.pay(app.now(), citizen="NLR", ducats="560", cents=5_000)
    assert "underpaid" in shop.ask("reconcile", "--since", "1h")["data"]["counts"]
    (tmp_path / "p.toml").write_text("packages.500 = {ducats = 500, bonus = 60}")
    monkeypatch.setenv("CASCADE_PRICES", str(tmp_path / "p.toml"))
    assert shop.ask("reconcile", "--since", "1h")["data"]["counts"].get("underpaid", 0) == 0
