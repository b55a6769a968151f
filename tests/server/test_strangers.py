"""What is told of payments without a token, and what that may cost."""

from __future__ import annotations

import asyncio
import threading

import pytest

from cascade_cli.errors import NotFoundError
from cascade_cli.server.api import public_status
from cascade_cli.server.api.public_status import PublicStatus, TooManyLookupsError
from cascade_cli.server.thread_pool import ThreadPool
from cascade_cli.services.selling.payment_status import PaymentStatus
from tests.server.conftest import TOKEN, Shop
from tests.server.events import paid

PATH = "/api/payments/payment-intent/"


@pytest.fixture
def spent(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> Shop:
    """A shop that was asked for more unknown payments than it looks up."""
    monkeypatch.setattr(public_status, "UNKNOWN_A_SECOND", 0.0)
    for number in range(int(public_status.UNKNOWN_IN_A_ROW) + 5):
        last = shop.client.get(f"{PATH}pi_nobody{number}")
    assert (last.status_code, last.json()["error"]["kind"]) == (429, "too_many_questions")
    assert last.headers["Retry-After"] == "5"
    return shop


def test_unknown_payments_cost_few_requests(spent: Shop) -> None:
    assert len(spent.place.recorder.to("stripe")) == public_status.UNKNOWN_IN_A_ROW


def test_what_was_not_found_a_moment_ago_is_not_looked_up_again(shop: Shop) -> None:
    answers = [shop.client.get(f"{PATH}pi_nobody") for _ in range(3)]
    assert [answer.status_code for answer in answers] == [404] * 3
    assert answers[0].json() == answers[2].json()
    assert len(shop.place.recorder.to("stripe")) == 1


def test_a_payment_that_was_created_here_is_told_all_the_same(spent: Shop) -> None:
    made = spent.create(citizen_id="marco", package="500").json()["payment_intent_id"]
    assert spent.client.get(PATH + made).status_code == 200


def test_who_shows_the_token_is_told_all_the_same(spent: Shop) -> None:
    path = PATH + paid(spent.place.app, "marco")["payment_intent"]
    assert spent.client.get(path).status_code == 429
    assert spent.client.get(path, Authorization=f"Bearer {TOKEN}").status_code == 200
    assert spent.client.get(path, Authorization="Bearer other").status_code == 429


def test_what_exists_costs_strangers_nothing(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(public_status, "UNKNOWN_A_SECOND", 0.0)
    for _ in range(int(public_status.UNKNOWN_IN_A_ROW) + 5):
        path = PATH + paid(shop.place.app, "marco")["payment_intent"]
        assert shop.client.get(path).status_code == 200


class SilentStatuses:
    """Answers nobody until told to: then that there is no such payment."""

    def __init__(self) -> None:
        self.asked, self.open, self.seconds = list[str](), threading.Event(), 0.0

    def status_of(self, intent_id: str) -> PaymentStatus:
        self.asked.append(intent_id)
        self.open.wait(10)
        raise NotFoundError(f"no {intent_id}")

    def clock(self) -> float:
        return self.seconds


async def _asked(who: PublicStatus, *intent_ids: str) -> list[type[BaseException]]:
    found = await asyncio.gather(*(who.ask(i) for i in intent_ids), return_exceptions=True)
    return [type(one) for one in found if isinstance(one, BaseException)]


def test_few_unknown_payments_are_looked_up_at_once_and_each_once() -> None:
    service = SilentStatuses()

    async def play(thread_pool: ThreadPool) -> list[type[BaseException]]:
        who = PublicStatus(service.status_of, thread_pool, 10, service.clock)
        asyncio.get_running_loop().call_later(0.1, service.open.set)
        return await _asked(who, "pi_1", "pi_1", "pi_2", "pi_3")

    with ThreadPool() as thread_pool:
        found = asyncio.run(play(thread_pool))
    assert found == [*[NotFoundError] * 3, TooManyLookupsError]
    assert sorted(service.asked) == ["pi_1", "pi_2"]


def test_more_are_looked_up_as_time_goes_by_and_what_was_not_found_is_forgotten() -> None:
    service = SilentStatuses()
    service.open.set()
    many = int(public_status.UNKNOWN_IN_A_ROW)

    async def play(thread_pool: ThreadPool) -> list[type[BaseException]]:
        who, found = (
            PublicStatus(service.status_of, thread_pool, 10, service.clock),
            list[type[BaseException]](),
        )
        for number in range(many + 1):
            found += await _asked(who, f"pi_{number}")
        service.seconds = public_status.UNFOUND_SECONDS
        return found + await _asked(who, "pi_0")

    with ThreadPool() as thread_pool:
        found = asyncio.run(play(thread_pool))
    assert found == [*[NotFoundError] * many, TooManyLookupsError, NotFoundError]
    assert service.asked.count("pi_0") == 2
