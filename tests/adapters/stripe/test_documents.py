"""Whatever JSON stands in for Stripe's, nobody concludes from it that there is nothing."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
import stripe

from cascade_cli.adapters.http.pacing import Pacer
from cascade_cli.adapters.http.transport import Transport
from cascade_cli.adapters.stripe.client import stripe_client
from cascade_cli.adapters.stripe.events import EventReader
from cascade_cli.adapters.stripe.payment_history import HistoryReader
from cascade_cli.adapters.stripe.payment_intents import PaymentIntents
from cascade_cli.adapters.stripe.probes import AccountProbe
from cascade_cli.adapters.stripe.purchases import StripeReader
from cascade_cli.domain.shop.keys import IdKind
from cascade_cli.domain.shop.times import Window
from cascade_cli.errors import AnswerError
from tests.adapters.scripted_server import ScriptedServer, answer

AT = datetime(2026, 11, 20, 12, tzinfo=UTC)
HOUR = Window(AT, AT + timedelta(hours=1))

Read = Callable[[stripe.StripeClient], object]


def history(client: stripe.StripeClient) -> HistoryReader:
    return HistoryReader(client, EventReader(client), lambda: AT)


OBJECTS: dict[str, Read] = {
    "a charge": lambda client: StripeReader(client).payment("ch_1"),
    "an intent": lambda client: PaymentIntents(client).get("pi_1"),
    "an event": lambda client: EventReader(client).event("evt_1"),
    "whether it is known": lambda client: EventReader(client).knows("pi_1"),
    "a history": lambda client: history(client).read("ch_1"),
    "a refund": lambda client: history(client).payment_of(IdKind.REFUND, "re_1"),
    "a subscription": lambda client: history(client).payment_of(IdKind.SUBSCRIPTION, "sub_1"),
    "the account": lambda client: AccountProbe(client).account(),
}
LISTS: dict[str, Read] = {
    "charges": lambda client: StripeReader(client).purchases(HOUR),
    "the latest charges": lambda client: StripeReader(client).latest(HOUR, 5),
    "an intent's charge": lambda client: StripeReader(client).payment("pi_1"),
    "disputes": lambda client: StripeReader(client).disputes("ch_1"),
    "events": lambda client: EventReader(client).events(HOUR),
    "endpoints": lambda client: AccountProbe(client).endpoints(),
    "the latest events": lambda client: AccountProbe(client).latest_payments(),
    "a right": lambda client: list(AccountProbe(client).rights()),
}
FOREIGN = ("null", "{}", "[]", '"text"', "7", '{"data": {}, "has_more": false}')
NO_LIST = (
    '{"data": null, "has_more": false}',
    '{"data": "", "has_more": false}',
    '{"data": [null], "has_more": false}',
    '{"data": ["x"], "has_more": false}',
    '{"data": [{}], "has_more": false}',
    '{"data": []}',
)


def refused(read: Read, body: str) -> bool:
    same = answer(200, body, Content_Type="application/json")
    with ScriptedServer(*[same] * 9) as server:
        transport = Transport(Pacer(0), lockout_seconds=0, attempts=1)
        client = stripe_client("sk_test_1", server.url, transport)
        with pytest.raises(AnswerError, match="makes no sense"):
            read(client)
    return len(server.requests) == 1


@pytest.mark.parametrize("what", OBJECTS)
@pytest.mark.parametrize("body", [*FOREIGN, '{"data": [], "has_more": false}', '{"id": null}'])
def test_no_foreign_json_passes_for_an_object_or_for_none(what: str, body: str) -> None:
    assert refused(OBJECTS[what], body)


@pytest.mark.parametrize("what", LISTS)
@pytest.mark.parametrize("body", [*FOREIGN, *NO_LIST, '{"id": "ch_1"}'])
def test_no_foreign_json_passes_for_an_empty_list(what: str, body: str) -> None:
    assert refused(LISTS[what], body)
