"""The engine's own requests are counted by its base, and refused like anybody's."""

from __future__ import annotations

from contextlib import closing
from itertools import count

import pytest

from cascade_cli.sandbox.airtable.refusal import Refusal
from cascade_cli.sandbox.app import SandboxApp
from cascade_cli.sandbox.wire import Request
from tests.sandbox.venice.conftest import START, Venice

KEY = {"authorization": "Bearer patSandbox"}
LISTED_AND_DEBITED = 4
RATE = 50


def test_a_lock_out_between_the_balances_leaves_the_payer_debited_and_the_row_active(
    venice: Venice,
) -> None:
    row, asked = venice.order(), count()

    def ask() -> None:
        if next(asked) >= LISTED_AND_DEBITED:
            raise Refusal(429, "RATE_LIMIT_REACHED", "Rate limit exceeded.")

    with pytest.raises(Refusal):
        venice.engine.run(ask=ask)
    assert (venice.row(row)["Status"], venice.balances) == ("active", (900.25, 492485.8103135929))


def test_each_record_that_it_reads_or_writes_is_a_request(venice: Venice) -> None:
    venice.order()
    asked = list[None]()
    venice.engine.run(ask=lambda: asked.append(None))
    # The listing; two citizens, read and written; two transactions; the row; two notices; the row.
    assert len(asked) == 1 + 4 + 2 + 1 + 2 + 1


def test_a_base_whose_rate_is_used_up_refuses_the_engine_too_and_counts_it() -> None:
    with closing(SandboxApp(":memory:", now=lambda: START, airtable_rate=RATE)) as app:
        assert _statuses(app, RATE) == [200] * RATE
        ran = app.run_engine()
        assert "Rate limit exceeded" in ran.warnings[0]
        assert app.identity()["engine"] == {"requests": 1, "refused": 1}


def test_its_requests_use_up_the_rate_for_others() -> None:
    with closing(SandboxApp(":memory:", now=lambda: START, airtable_rate=RATE)) as app:
        app.run_engine()
        assert _statuses(app, RATE) == [*[200] * (RATE - 1), 429]


def _statuses(app: SandboxApp, requests: int) -> list[int]:
    asked = Request("GET", "/airtable/v0/meta/whoami", "", KEY)
    return [app.handle(asked).status for _ in range(requests)]
