"""`credit_ducats`, for CASCADE's own backend."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest

from cascade_cli.backend import CreditAnswer, credit_ducats
from cascade_cli.cli.session import Session
from tests.credit.counter import Counter
from tests.credit.faults import is_create, unavailable

Credit = Callable[..., CreditAnswer]


@pytest.fixture
def credit(counter: Counter) -> Credit:
    """credit_ducats with this sandbox's settings."""

    def credit(citizen: str, amount: Any, **named: Any) -> CreditAnswer:
        session = Session(quiet=True, environ=counter.environment())
        return credit_ducats(citizen, amount, session=session, **named)

    return credit


def test_a_payment_is_credited_under_its_key(counter: Counter, credit: Credit) -> None:
    intent = counter.paid()
    answer = credit("marco", 100, payment_intent=intent)
    assert answer == CreditAnswer(success=True, stratagem_id=f"cascade_payment_{intent}")
    assert counter.row(f"cascade_payment_{intent}")["Status"] == "active"


def test_called_twice_it_succeeds_twice_and_pays_once(counter: Counter, credit: Credit) -> None:
    intent = counter.paid()
    answers = [credit("marco", "100", payment_intent=intent) for _ in range(2)]
    assert answers[0] == answers[1]
    assert len(counter.rows()) == 1


def test_it_and_the_command_share_one_claim(counter: Counter, credit: Credit) -> None:
    intent = counter.paid()
    assert counter.credit("marco", "100", "--payment", intent).code == 0
    assert credit("marco", "100", payment_intent=intent).success
    assert len(counter.rows()) == 1


@pytest.mark.parametrize("amount", ["525", 525, 525.0, Decimal("525.00")])
def test_an_amount_may_be_text_or_any_kind_of_number(
    counter: Counter, credit: Credit, amount: Any
) -> None:
    assert credit("marco", amount, reference="r1").success
    assert '"amount": 525.0' in counter.row("cascade_manual_r1")["Notes"]


@pytest.mark.parametrize(
    "amount", [0, -5, float("nan"), float("inf"), 1e400, True, None, "1,000", 1e22, 10001, b"5"]
)
def test_no_amount_is_refused_without_a_request(
    counter: Counter, credit: Credit, amount: Any
) -> None:
    answer = credit("marco", amount, reference="r1")
    assert (answer.success, answer.retry) == (False, False)
    assert answer.error
    assert counter.requests == []


@pytest.mark.parametrize(
    "named", [{"payment_intent": "pi_nobody"}, {"payment_intent": ""}, {"reference": ""}]
)
def test_a_key_that_is_none_is_refused(
    counter: Counter, credit: Credit, named: dict[str, str]
) -> None:
    answer = credit("marco", "100", **named)
    assert (answer.success, answer.retry) == (False, False)
    assert counter.writes == []


def test_without_a_key_the_same_credit_is_refused_within_a_day(
    counter: Counter, credit: Credit
) -> None:
    assert credit("marco", "5").success
    again = credit("marco", "5")
    assert (again.success, again.retry) == (False, False)
    assert len(counter.rows()) == 1


def test_an_unknown_citizen_is_no_success_and_no_exception(credit: Credit) -> None:
    answer = credit("nobody", "5", reference="r1")
    assert (answer.success, answer.retry) == (False, False)
    assert "no citizen" in (answer.error or "")


def test_what_may_succeed_later_says_so_and_then_pays_once(
    counter: Counter, credit: Credit
) -> None:
    counter.network.break_(is_create, unavailable(), times=9)
    answer = credit("marco", "5", reference="r1")
    assert (answer.success, answer.retry) == (False, True)
    counter.network.heal()
    counter.pass_time(minutes=2)
    assert credit("marco", "5", reference="r1").success
    assert len(counter.rows()) == 1


def test_nothing_reaches_the_terminal(
    counter: Counter, credit: Credit, capsys: pytest.CaptureFixture[str]
) -> None:
    credit("marco", "5", reference="r1")
    credit("nobody", "5", reference="r2")
    assert capsys.readouterr() == ("", "")
    assert counter.rows()
