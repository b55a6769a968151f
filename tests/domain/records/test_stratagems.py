from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from cascade_cli.domain.records.stratagems import Failure, State, possible_moves
from tests.domain.samples import NOW, a_stratagem

SECOND = timedelta(seconds=1)


def test_executed_is_executed_even_when_expired() -> None:
    assert a_stratagem(expires_at=NOW - SECOND).state(NOW) is State.EXECUTED


def test_executed_without_a_readable_amount_is_doubtful() -> None:
    assert a_stratagem(ducats=None).state(NOW) is State.DOUBTFUL


def test_active_is_live_until_the_moment_it_expires() -> None:
    stratagem = a_stratagem(status="active", expires_at=NOW)
    assert stratagem.state(NOW - SECOND) is State.LIVE
    assert stratagem.state(NOW) is State.STALLED


def test_active_without_an_expiry_is_live() -> None:
    assert a_stratagem(status="active", expires_at=None).state(NOW) is State.LIVE


def test_active_without_a_readable_amount_will_fail() -> None:
    assert a_stratagem(status="active", ducats=None).state(NOW) is State.FAILED


@pytest.mark.parametrize("status", ["planned", "expired", "cancelled", ""])
def test_what_the_engine_passes_over_is_stalled(status: str) -> None:
    assert a_stratagem(status=status).state(NOW) is State.STALLED


@pytest.mark.parametrize(
    ("failure", "state"),
    [
        (Failure.MALFORMED, State.FAILED),
        (Failure.SENDER_MISSING, State.FAILED),
        (Failure.RECEIVER_MISSING, State.FAILED),
        (Failure.NO_FUNDS, State.FAILED),
        (Failure.UNCERTAIN, State.DOUBTFUL),
        (None, State.DOUBTFUL),
    ],
)
def test_a_failure_is_certain_only_when_its_cause_precedes_the_balances(
    failure: Failure | None, state: State
) -> None:
    assert a_stratagem(status="failed", failure=failure).state(NOW) is state


@pytest.mark.parametrize("status", ["error", "Executed", "EXECUTED", "done", "pending"])
def test_an_unknown_status_is_doubtful(status: str) -> None:
    assert a_stratagem(status=status).state(NOW) is State.DOUBTFUL


@pytest.mark.parametrize("status", ["active", "failed", "planned", "expired", "cancelled", ""])
def test_a_logged_success_under_another_status_is_doubtful(status: str) -> None:
    stratagem = a_stratagem(status=status, success_logged=True, failure=Failure.NO_FUNDS)
    assert stratagem.state(NOW) is State.DOUBTFUL


def test_a_transfer_concerns_who_receives_it_and_one_back_who_gives_it() -> None:
    assert a_stratagem(citizen="marco").concerned == "marco"
    assert a_stratagem(citizen="ConsiglioDeiDieci", payer="marco").concerned == "marco"


@pytest.mark.parametrize(
    ("changed", "doubt"),
    [
        (
            {"status": "failed", "failure": Failure.UNCERTAIN},
            "the engine broke off, and does not say where",
        ),
        (
            {"failure": Failure.UNCERTAIN, "failure_text": "Processing error: timeout"},
            "Processing error: timeout",
        ),
        ({"ducats": None, "notes_flaw": "its Notes are empty"}, "its Notes are empty"),
        (
            {"status": "active", "success_logged": True},
            "its Notes say that the transfer was done, and its Status says otherwise",
        ),
        (
            {"status": "active", "executed_at": NOW},
            "it has an ExecutedAt: it was executed once, whatever its Status says",
        ),
        (
            {"status": "active", "unknown_line": "[2026-11-20 03:00] Hm"},
            "its Notes hold a line that no engine is known to write: [2026-11-20 03:00] Hm",
        ),
        ({"status": "error"}, "its Status is 'error', and nothing says why"),
    ],
)
def test_a_doubtful_row_says_why_nobody_can_tell(changed: dict[str, Any], doubt: str) -> None:
    row = a_stratagem(**changed)
    assert (row.state(NOW), row.doubt) == (State.DOUBTFUL, doubt)


def test_ducats_moved_at_least_once_only_where_every_doubtful_row_shows_it() -> None:
    moved = a_stratagem(status="failed", success_logged=True)
    unknown = a_stratagem(status="error")
    assert possible_moves([moved, moved]) == "moved at least once, and perhaps again"
    assert possible_moves([moved, unknown]) == "may or may not have moved"


def test_the_payment_api_tells_a_state_in_these_words() -> None:
    assert list(State) == ["executed", "live", "stalled", "failed", "doubtful"]


def test_scripts_read_why_the_engine_gave_up_in_these_words() -> None:
    assert list(Failure) == [
        "malformed",
        "sender missing",
        "receiver missing",
        "no funds",
        "uncertain",
    ]


@pytest.mark.parametrize(
    ("names", "portion"),
    [
        ({"stratagem_id": "cascade_payment_pi_1.3"}, 3),
        ({"stripe_ids": ("pi_1", "pi_1.2")}, 2),
        ({"stratagem_id": "cascade_payment_pi_1", "stripe_ids": ("pi_1", "ch_1")}, None),
    ],
)
def test_a_row_of_a_payment_for_many_tells_by_its_ids_which_portion_it_pays(
    names: dict[str, Any], portion: int | None
) -> None:
    assert a_stratagem(**names).portion == portion
