"""A subscription from the command that sells it to its end, over HTTP to the sandbox."""

from __future__ import annotations

import json
import shlex
from collections.abc import Callable
from contextlib import closing
from datetime import datetime
from typing import Any

import pytest

from cascade_cli.sandbox import instance
from cascade_cli.sandbox.app import SandboxApp
from cascade_cli.sandbox.stripe import StripeAccount
from cascade_cli.sandbox.stripe.objects import Query
from tests.harness.counter import Counter
from tests.sandbox.stripe.subscriptions import subscribe

MONTH = {"days": 31}


def subscribed(counter: Counter, *words: str, card: str = "pm_card_visa") -> dict[str, Any]:
    """marco buys 525 ducats a month; the session."""
    sold = words or ("--package", "500")
    made = counter.type("checkout", "marco", *sold, "--monthly", "--json")
    assert made.code == 0, made.err
    account, id_ = counter.sandboxed.app.stripe.account, made.data["checkout_session"]
    return account.complete_checkout(id_, at=counter.now(), payment_method=card)


def step(counter: Counter, name: str, subscription: str, **more: Any) -> dict[str, Any]:
    """What happens to the subscription now, by the name of the account's method."""
    method = getattr(counter.sandboxed.app.stripe.account, name)
    done: dict[str, Any] = method(subscription, at=counter.now(), **more)
    return done


def replayed(counter: Counter, *words: str) -> list[str]:
    ended = counter.type("events", "replay", "--since", "2h", "--yes", "--json", *words)
    return [payment["result"] for payment in ended.data["payments"]]


def reconciled(counter: Counter, *words: str) -> dict[str, Any]:
    return counter.type("reconcile", "--since", "100d", "--all", "--json", *words).data


def delivered(counter: Counter) -> float:
    counter.sandboxed.app.engine.run()
    return counter.ducats_of("marco")


def test_a_subscription_walks_the_whole_way(counter: Counter) -> None:
    counter.fund(100_000)
    session = subscribed(counter)
    subscription = session["subscription"]
    assert replayed(counter) == ["credited"]
    assert delivered(counter) == 525

    # All events again, and invoice.paid alone: nothing more.
    assert replayed(counter) == ["already"]
    assert replayed(counter, "--type", "invoice.paid") == ["already"]

    counter.pass_time(**MONTH)
    renewal = step(counter, "renew", subscription)
    assert replayed(counter, "--type", "invoice.paid") == ["credited"]
    assert replayed(counter) == ["already"]
    assert delivered(counter) == 1050

    counter.pass_time(**MONTH)
    failed = step(counter, "renew", subscription, fails=True)
    assert failed["status"] == "open"
    assert replayed(counter) == []
    found = reconciled(counter)
    assert (found["counts"]["settled"], found["counts"]["missing"]) == (2, 0)

    step(counter, "cancel_subscription", subscription)
    assert replayed(counter) == []
    items = found["items"]
    assert [item["kind"] for item in items] == ["settled", "settled"]
    assert {item["period"]["subscription"] for item in items} == {subscription}
    periods = sorted((item["period"]["since"], item["period"]["until"]) for item in items)
    assert periods[0][1] == periods[1][0]

    for identity in (renewal["id"], subscription):
        told = counter.type("explain", identity, "--json").data
        assert told["payment"]["period"]["invoice"] == renewal["id"]
        assert told["verdict"]["kind"] == "settled"
        assert "invoice for 50.00 USD" in json.dumps(told["timeline"])
    row = counter.row(f"cascade_payment_{told['payment']['payment_intent']}")
    notes = json.loads(row["Notes"].splitlines()[0])
    assert (notes["invoice"], notes["subscription"]) == (renewal["id"], subscription)


def test_whichever_event_comes_first_it_is_one_credit(counter: Counter) -> None:
    subscribed(counter)
    types = ("checkout.session.completed", "invoice.paid", "charge.succeeded")
    results = [replayed(counter, "--type", type_) for type_ in types]
    assert results == [["credited"], ["already"], ["already"]]
    assert len(counter.rows()) == 1


def test_what_the_nightly_run_left_open_is_followed_until_it_is_settled(counter: Counter) -> None:
    counter.type("reconcile", "--since", "7d")
    subscribed(counter)
    counter.pass_time(days=3)
    left = counter.type("reconcile", "--since", "last", "--json").data
    assert left["counts"]["missing"] == 1
    counter.type("events", "replay", "--since", "4d", "--yes")
    assert delivered(counter) == 525
    counter.pass_time(hours=30)
    found = counter.type("reconcile", "--since", "last", "--all", "--json").data
    (item,) = found["items"]
    assert (item["kind"], found["coverage"]["carried"]) == ("settled", 1)
    assert item["period"]["invoice"]


def test_a_session_and_an_event_of_an_invoice_lead_to_its_payment(counter: Counter) -> None:
    session = subscribed(counter)
    listed = counter.type("events", "list", "--type", "invoice.paid", "--since", "1h", "--json")
    (event,) = listed.data["events"]
    for identity in (session["id"], event["id"], session["invoice"]):
        told = counter.type("explain", identity, "--json").data
        assert told["payment"]["period"]["invoice"] == session["invoice"]
        assert "event invoice.paid" in json.dumps(told["timeline"])


def test_a_renewal_that_is_paid_after_all_is_credited_then(counter: Counter) -> None:
    subscription = subscribed(counter)["subscription"]
    replayed(counter)
    assert delivered(counter) == 525
    step(counter, "renew", subscription, fails=True)
    assert replayed(counter) == ["already"]
    counter.pass_time(days=5)
    step(counter, "pay_invoice", subscription)
    assert replayed(counter) == ["credited"]
    assert delivered(counter) == 1050


def test_a_larger_plan_in_the_middle_of_a_month_gives_the_difference(counter: Counter) -> None:
    subscription = subscribed(counter)["subscription"]
    replayed(counter)
    assert delivered(counter) == 525
    counter.pass_time(days=15)
    invoice = step(
        counter, "change_plan", subscription, product="cascade_ducats_1000_75", unit_amount=10_000
    )
    back, more = (line["amount"] for line in invoice["lines"]["data"])
    assert reconciled(counter)["counts"]["underpaid"] == 0
    counter.pass_time(hours=1)
    assert counter.type("reconcile", "--since", "7d", "--repair", "--yes").code == 0
    counter.sandboxed.app.engine.run()
    wanted = 525 + 525 * back / 5000 + 1075 * more / 10_000
    assert counter.ducats_of("marco") == pytest.approx(wanted, abs=0.00001)


def test_what_a_smaller_plan_leaves_over_buys_no_ducats_twice(counter: Counter) -> None:
    """The citizen had the whole month's ducats: its unused money pays of the next invoices."""
    subscription = subscribed(counter, "--ducats", "500")["subscription"]
    replayed(counter)
    counter.pass_time(hours=1)
    step(counter, "change_plan", subscription, product="cascade_ducats_150", unit_amount=1500)
    for _ in range(3):
        invoice = step(counter, "renew", subscription)
    assert 0 < invoice["amount_paid"] < 1500
    assert sorted({*replayed(counter)}) == ["already", "left_alone", "underpaid"]
    assert delivered(counter) == 500


def test_nothing_is_owed_while_a_subscription_is_paused(counter: Counter) -> None:
    subscription = subscribed(counter)["subscription"]
    replayed(counter)
    step(counter, "update_subscription", subscription, pause_collection={"behavior": "void"})
    step(counter, "renew", subscription)
    assert replayed(counter) == ["already"]
    delivered(counter)
    assert reconciled(counter)["counts"] | {"settled": 0} == dict.fromkeys(
        reconciled(counter)["counts"], 0
    )


@pytest.mark.parametrize("citizen", ["marco", "--yes"])
def test_an_invoice_that_was_paid_in_cash_is_left_to_people(counter: Counter, citizen: str) -> None:
    counter.move_in("--yes")
    subscription = subscribed(counter)["subscription"]
    replayed(counter)
    step(counter, "update_subscription", subscription, metadata={"citizen_id": citizen})
    step(counter, "renew", subscription, fails=True)
    step(counter, "pay_invoice", subscription, elsewhere=True)
    ended = counter.type("events", "replay", "--since", "1h", "--yes", "--json")
    told = {p["payment"]: p for p in ended.data["payments"]}
    (cash,) = (p for name, p in told.items() if name.startswith("in_"))
    assert cash["result"] == "paid_elsewhere"
    assert len(counter.rows()) == 1
    said = counter.type("events", "replay", "--since", "1h", "--dry-run").out
    (line,) = (line for line in said.splitlines() if "cascade credit" in line)
    command, *words = shlex.split(line)[2:]
    for _ in range(2):
        assert counter.type(command, "--yes", *words).code == 0
    delivered(counter)
    assert sorted(row["TargetCitizen"] for row in counter.rows()) == sorted(["marco", citizen])


def test_a_refunded_month_takes_its_ducats_back(counter: Counter) -> None:
    session = subscribed(counter)
    replayed(counter)
    assert delivered(counter) == 525
    told = counter.type("explain", session["invoice"], "--json").data
    intent, at = told["payment"]["payment_intent"], counter.now()
    account = counter.sandboxed.app.stripe.account
    account.refund(account.charge_of(intent, at=at), at=at)
    assert counter.type("refund", intent, "--yes", "--json").code == 0
    assert delivered(counter) == 0
    assert reconciled(counter)["counts"]["settled"] == 1


def test_a_refused_card_sells_nothing(counter: Counter) -> None:
    subscribed(counter, card="pm_card_chargeDeclined")
    assert replayed(counter) == []
    assert reconciled(counter)["items"] == []


def test_commands_of_the_sandbox_let_months_pass(counter: Counter) -> None:
    counter.state.mkdir(exist_ok=True)
    with closing(SandboxApp(instance.state_path(counter.state))) as app:
        session = subscribe(app.stripe.account, app.now())["id"]
    change = "--product", "cascade_ducats_1000_75", "--cents", "10000"
    steps: dict[tuple[str, ...], str] = {
        ("renew",): "paid",
        ("fail",): "open",
        ("pay",): "paid",
        ("change", *change): "paid",
        ("pause",): "active",
        ("resume",): "active",
        ("cancel",): "canceled",
    }
    for words, status in steps.items():
        done = counter.type("sandbox", "subscription", session, *words, "--json")
        assert (done.code, done.data["status"]) == (0, status)


def at_the_counter(counter: Counter) -> Callable[..., dict[str, Any]]:
    """`cascade sandbox subscription` for a subscription that was just sold for 525 ducats."""
    counter.state.mkdir(exist_ok=True)
    with closing(SandboxApp(instance.state_path(counter.state))) as app:
        session = subscribe(app.stripe.account, app.now())["id"]

    def step(*words: str) -> dict[str, Any]:
        done = counter.type("sandbox", "subscription", session, *words, "--json")
        assert done.code == 0, done.err
        return done.data

    return step


def test_commands_of_the_sandbox_pay_an_invoice_in_halves(counter: Counter) -> None:
    step = at_the_counter(counter)
    assert (step("send")["status"], step("attach", "--cents", "2000")["amount"]) == ("open", 2000)
    assert step("attach")["amount"] == 3000


def test_commands_of_the_sandbox_attach_a_payment_that_there_is(counter: Counter) -> None:
    step = at_the_counter(counter)
    step("fail")
    with closing(SandboxApp(instance.state_path(counter.state))) as app:
        account, at = app.stripe.account, app.now()
        (id_,) = subscriptions(account, at)
        customer = account.subscription(id_, at=at)["customer"]
        terms: Any = {"amount": 5000, "currency": "usd", "metadata": {}, "customer": customer}
        intent = str(account.pay(**terms, at=at)["payment_intent"])
    assert step("attach", "--payment", intent)["status"] == "paid"


def test_commands_of_the_sandbox_give_credit_and_vouchers_on_a_mixed_invoice(
    counter: Counter,
) -> None:
    step = at_the_counter(counter)
    step("add", "--product", "newsletter", "--cents", "900")
    step("credit", "--cents", "1000")
    assert step("renew")["amount_due"] == 4900
    step("discount", "--product", "cascade_ducats_500_25", "--cents", "5000")
    assert step("renew")["amount_due"] == 900


def test_commands_of_the_sandbox_sell_by_a_price_in_another_currency(counter: Counter) -> None:
    step = at_the_counter(counter)
    words = "--product", "cascade_ducats_1000_75", "--cents", "10000", "--listed-cents", "9200"
    done = step("change", *words)
    assert (done["currency"], done["status"]) == ("usd", "paid")
    assert step("renew")["amount_due"] == 10_000
    with closing(SandboxApp(instance.state_path(counter.state))) as app:
        (id_,) = subscriptions(app.stripe.account, app.now())
        (item,) = app.stripe.account.subscription(id_, at=app.now())["items"]["data"]
        assert (item["price"]["currency"], item["price"]["unit_amount"]) == ("eur", 9200)


def subscriptions(account: StripeAccount, at: datetime) -> list[str]:
    with account.writing(at) as writer:
        return [json.loads(text)["id"] for text in writer.flush().all(Query("subscription"))]


@pytest.mark.parametrize(
    "words",
    [
        ("sub_none", "renew"),
        ("sub_none", "odd"),
        ("sub_none", "change"),
        ("cs_no", "pay"),
        ("sub_none", "credit"),
        ("sub_none", "attach"),
    ],
)
def test_a_step_that_is_not_possible_is_refused(counter: Counter, words: tuple[str, str]) -> None:
    assert counter.type("sandbox", "subscription", *words, "--json").code == 2
