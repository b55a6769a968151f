"""`credit_ducats` and `credit_ducats_sync`, for CASCADE's own backend."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest

from cascade_cli.adapters.http.pacing import Pacer
from cascade_cli.backend import CreditAnswer, credit_ducats, credit_ducats_sync
from cascade_cli.cli.terminal.session import Session
from tests.harness.counter import Counter
from tests.harness.faults import is_create, unavailable

Credit = Callable[..., CreditAnswer]


def session_of(counter: Counter) -> Session:
    """This sandbox's settings."""
    return Session(quiet=True, environ=counter.environment())


@pytest.fixture(params=["awaited", "sync"])
def credit(counter: Counter, request: pytest.FixtureRequest) -> Credit:
    """Either of the two."""

    def awaited(citizen: Any, amount: Any, **named: Any) -> CreditAnswer:
        return asyncio.run(credit_ducats(citizen, amount, session=session_of(counter), **named))

    def sync(citizen: Any, amount: Any, **named: Any) -> CreditAnswer:
        return credit_ducats_sync(citizen, amount, session=session_of(counter), **named)

    return awaited if request.param == "awaited" else sync


def test_a_payment_is_credited_under_its_key(counter: Counter, credit: Credit) -> None:
    intent = counter.paid()
    key = f"cascade_payment_{intent}"
    answer = credit("marco", 100, payment_intent=intent)
    assert type(answer) is dict
    assert answer == {
        "success": True,
        "stratagem_id": key,
        "status": "active",
        "error": None,
        "retry": False,
    }
    assert counter.row(key)["Status"] == "active"


def test_called_twice_it_succeeds_twice_and_pays_once(counter: Counter, credit: Credit) -> None:
    intent = counter.paid()
    answers = [credit("marco", "100", payment_intent=intent) for _ in range(2)]
    assert answers[0] == answers[1]
    assert len(counter.rows()) == 1


def test_once_the_ducats_are_there_the_status_says_so(counter: Counter, credit: Credit) -> None:
    intent = counter.paid()
    assert credit("marco", "100", payment_intent=intent)["status"] == "active"
    counter.sandboxed.app.engine.run()
    assert credit("marco", "100", payment_intent=intent)["status"] == "executed"


def test_the_id_is_the_one_that_the_row_really_has(counter: Counter, credit: Credit) -> None:
    """The legacy connector made it under a name of its own."""
    intent = counter.paid()
    counter.sandboxed.transfer(
        "cascade_payment_marco_1",
        counter.now(),
        Notes='{"source": "cascade_payment_processor", "amount": 100.0}',
    )
    answer = credit("marco", "100", payment_intent=intent)
    assert (answer["success"], answer["stratagem_id"]) == (True, "cascade_payment_marco_1")
    assert len(counter.rows()) == 1


def test_it_and_the_command_share_one_claim(counter: Counter, credit: Credit) -> None:
    intent = counter.paid()
    assert counter.credit("marco", "100", "--payment", intent).code == 0
    assert credit("marco", 100, payment_intent=intent)["success"]
    assert len(counter.rows()) == 1


@pytest.mark.parametrize(
    "amount", ["525", 525, 525.0, Decimal("525.00"), Decimal("5.25E+2"), Decimal("525.000000000")]
)
def test_an_amount_may_be_text_or_any_kind_of_number(
    counter: Counter, credit: Credit, amount: Any
) -> None:
    assert credit("marco", amount, reference="r1")["success"]
    assert '"amount": 525.0' in counter.row("cascade_manual_r1")["Notes"]


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        *(
            pytest.param(("marco", amount), {"reference": "r1"}, id=f"amount {amount!r:.12}")
            for amount in (
                *(0, -5, 0.0, float("nan"), float("inf"), 1e400, True, None, "1,000", 1e22, b"5"),
                *("", "NaN", "5 ", "٥", 2**70, [5], object()),
                *(Decimal("NaN"), Decimal("sNaN"), Decimal("1e999999999"), Decimal("-0")),
            )
        ),
        pytest.param(("marco", 10**5000), {"reference": "r1"}, id="amount of 5001 digits"),
        pytest.param(("marco", 10001), {"reference": "r1"}, id="more than the limit"),
        *(
            pytest.param((citizen, 5), {"reference": "r1"}, id=f"citizen {citizen!r:.12}")
            for citizen in (None, 5, b"marco", "", " ", "nul\0", "half\udc80", "x" * 1001)
        ),
        *(
            pytest.param(("marco", 5), named, id=str(named)[:40])
            for named in (
                {"payment_intent": "pi_1", "reference": "r1"},
                *({"payment_intent": ""}, {"payment_intent": 5}, {"payment_intent": "order 5"}),
                *({"reference": ""}, {"reference": 5}, {"reference": "two words"}),
                *({"reference": "r1", "reason": None}, {"reference": "r1", "reason": " "}),
                {"payment_intent": "pi_1", "reason": ""},
            )
        ),
    ],
)
def test_a_wrong_argument_is_an_answer_and_no_request(
    counter: Counter, credit: Credit, arguments: tuple[Any, Any], named: dict[str, Any]
) -> None:
    answer = credit(*arguments, **named)
    assert (answer["success"], answer["stratagem_id"], answer["retry"]) == (False, None, False)
    assert answer["error"]
    assert counter.requests == []


def test_a_payment_that_nobody_knows_is_refused(counter: Counter, credit: Credit) -> None:
    answer = credit("marco", "100", payment_intent="pi_nobody")
    assert (answer["success"], answer["retry"]) == (False, False)
    assert counter.writes == []


def test_without_a_key_the_same_credit_is_refused_within_a_day(
    counter: Counter, credit: Credit
) -> None:
    assert credit("marco", "5")["success"]
    again = credit("marco", "5")
    assert (again["success"], again["retry"]) == (False, False)
    assert len(counter.rows()) == 1


def test_an_unknown_citizen_is_no_success_and_no_exception(credit: Credit) -> None:
    answer = credit("Marco", "5", reference="r1")
    assert (answer["success"], answer["retry"]) == (False, False)
    assert "Did you mean 'marco', which differs in upper and lower case" in (answer["error"] or "")


def test_what_may_succeed_later_says_so_and_then_pays_once(
    counter: Counter, credit: Credit
) -> None:
    counter.network.break_(is_create, unavailable(), times=9)
    answer = credit("marco", "5", reference="r1")
    assert (answer["success"], answer["retry"]) == (False, True)
    counter.network.heal()
    counter.pass_time(minutes=2)
    assert credit("marco", "5", reference="r1")["success"]
    assert len(counter.rows()) == 1


def test_a_missing_setting_is_an_answer_that_a_person_has_to_mend() -> None:
    session = Session(quiet=True, environ={"CASCADE_STATE_DIR": "/nowhere"})
    answer = credit_ducats_sync("marco", "5", reference="r1", session=session)
    assert (answer["success"], answer["retry"]) == (False, False)
    assert "STRIPE_SECRET_KEY" in (answer["error"] or "")


def test_what_nobody_foresaw_is_an_answer_too() -> None:
    broken = Session(quiet=True, environ=None)  # type: ignore[arg-type]
    answer = credit_ducats_sync("marco", "5", reference="r2", session=broken)
    assert (answer["success"], answer["retry"]) == (False, False)
    assert "was not foreseen" in (answer["error"] or "")


def test_nothing_reaches_the_terminal(
    counter: Counter, credit: Credit, capsys: pytest.CaptureFixture[str]
) -> None:
    credit("marco", "5", reference="r1")
    credit("nobody", "5", reference="r2")
    assert capsys.readouterr() == ("", "")
    assert counter.rows()


def test_the_event_loop_goes_on_while_a_credit_waits_for_venice(counter: Counter) -> None:
    held = counter.network.hold(is_create)

    async def scene() -> CreditAnswer:
        session = session_of(counter)
        credit = asyncio.create_task(credit_ducats("marco", "5", reference="r1", session=session))
        while not held.reached.is_set():
            await asyncio.sleep(0)
        # The credit is in the midst of its write, and this still runs.
        assert not credit.done()
        held.let_go.set()
        return await credit

    assert asyncio.run(scene())["success"]


def test_a_credit_whose_await_is_cancelled_goes_on_to_its_end(counter: Counter) -> None:
    held = counter.network.hold(is_create)

    async def scene() -> None:
        session = session_of(counter)
        credit = asyncio.create_task(credit_ducats("marco", "5", reference="r1", session=session))
        while not held.reached.is_set():
            await asyncio.sleep(0)
        credit.cancel()
        with pytest.raises(asyncio.CancelledError):
            await credit
        held.let_go.set()
        while not counter.rows() or counter.rows()[0]["Status"] != "active":
            await asyncio.sleep(0.01)
        # The key makes it safe to ask what became of it.
        again = await credit_ducats("marco", "5", reference="r1", session=session)
        while not again["success"] and again["retry"]:
            again = await credit_ducats("marco", "5", reference="r1", session=session)
        assert again["success"]

    asyncio.run(scene())
    assert len(counter.rows()) == 1


def test_all_credits_of_a_process_share_the_pace_that_the_base_allows(counter: Counter) -> None:
    sessions = [session_of(counter) for _ in range(2)]
    for number, session in enumerate(sessions):
        credit_ducats_sync("marco", "5", reference=f"r{number}", session=session)
    first, second = (session.pacers for session in sessions)
    assert first is second
    assert first is not None
    pacers = [first.of(base, 5.0, lambda: Pacer(5)) for base in ("one", "one", "another")]
    assert pacers[0] is pacers[1]
    assert pacers[0] is not pacers[2]


def test_many_at_once_are_each_credited_once_and_one_key_once(counter: Counter) -> None:
    async def scene() -> list[CreditAnswer]:
        references = [f"r{number % 10}" for number in range(20)]
        session = session_of(counter)
        return list(
            await asyncio.gather(
                *(credit_ducats("marco", "5", reference=r, session=session) for r in references)
            )
        )

    answers = asyncio.run(scene())
    # Who came second while the first was at it may ask again.
    assert all(answer["success"] or answer["retry"] for answer in answers)
    assert sum(answer["success"] for answer in answers) >= 10
    names = sorted(row["StratagemId"] for row in counter.rows())
    assert names == [f"cascade_manual_r{number}" for number in range(10)]
