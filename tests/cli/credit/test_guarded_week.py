"""The sandbox's week of payments that no machine may deliver."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from cascade_cli.sandbox.app import SandboxApp
from cascade_cli.sandbox.seed import seed
from tests.cli.pricing.conftest import Shop
from tests.harness.sandboxed import served


def test_no_repair_delivers_anything_and_no_printed_command_would(
    no_settings: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with closing(SandboxApp(":memory:")) as app:
        seed(app, scenario="guarded", payments=20, until=app.now())
        with served(app) as place:
            for name, value in place.environment().items():
                monkeypatch.setenv(name, value)
            monkeypatch.setenv("CASCADE_STATE_DIR", str(no_settings / "state"))
            shop = Shop(place)
            before = rows(app)
            data = shop.ask("reconcile", "--since", "8d", "--repair", "--yes")["data"]
            assert rows(app) == before
    assert (data["counts"]["underpaid"], data["counts"]["unattributable"]) == (6, 2)
    commands = [item["repair"]["command"] for item in data["items"]]
    assert len(commands) == 10
    # Where the payment names nobody, or somebody who may be another now, a person names the buyer.
    assert sum(" --citizen CITIZEN " in command for command in commands) == 4
    waiting = [command for command in commands if " --citizen CITIZEN " not in command]
    assert {command.split()[3] for command in waiting} == {"--snooze", "--credit"}, waiting


def rows(app: SandboxApp) -> list[dict[str, Any]]:
    return sorted(app.airtable.tables.select("STRATAGEMS"), key=lambda row: str(row["id"]))
