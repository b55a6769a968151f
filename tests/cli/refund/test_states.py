"""Refunds that change their minds, and disputes that go on."""

from __future__ import annotations

import pytest

from cascade_cli.sandbox.stripe import StripeError
from cascade_cli.sandbox.wire import Request, Response
from tests.cli.refund.test_refund import bought, charge_of, give_money_back, reconciled, refund
from tests.end_to_end.agreement.states.making import anew
from tests.harness.counter import Counter


def pending(counter: Counter, intent: str, cents: int | None = None) -> str:
    account = counter.sandboxed.app.stripe.account
    charge = charge_of(counter, intent)
    made = account.refund(charge, at=counter.now(), amount=cents, pending=True)
    return str(made["id"])


def becomes(counter: Counter, name: str, status: str) -> None:
    account = counter.sandboxed.app.stripe.account
    account.settle_refund(name, at=counter.now(), status=status)


def types(counter: Counter) -> list[str]:
    found = counter.type("events", "list", "--since", "1h", "--json").data["events"]
    return [event["type"] for event in found]


@pytest.mark.parametrize("status", ["failed", "canceled"])
def test_a_refund_that_ends_without_money_gives_the_ducats_again_once(
    counter: Counter, status: str
) -> None:
    intent = bought(counter)
    name = pending(counter, intent)
    assert refund(counter, intent).code == 0
    counter.sandboxed.app.engine.run()
    assert counter.ducats_of("marco") == 0
    becomes(counter, name, status)
    item = reconciled(counter)["items"][0]
    assert (item["kind"], item["repair"]["command"]) == ("refunded", f"cascade refund {intent}")
    for _ in range(2):
        assert refund(counter, intent).code == 0
        counter.sandboxed.app.engine.run()
    assert counter.ducats_of("marco") == 100
    assert reconciled(counter)["items"] == []
    assert reconciled(counter)["ducats"]["returned"] == "0"


def test_who_waits_for_the_engine_is_told_which_way_the_ducats_go(counter: Counter) -> None:
    intent = bought(counter)
    name = pending(counter, intent)
    refund(counter, intent)
    assert "ducats are on their way back" in counter.type("explain", intent).out
    counter.sandboxed.app.engine.run()
    becomes(counter, name, "failed")
    refund(counter, intent)
    story = counter.type("explain", intent).out
    assert "ducats are on their way to the citizen again" in story
    assert "nothing is to be written now" in counter.type("refund", intent, "--dry-run").out


def test_ducats_on_their_way_back_for_money_that_came_again_are_told_of_before_they_are_taken(
    counter: Counter,
) -> None:
    intent = bought(counter)
    name = pending(counter, intent)
    refund(counter, intent)
    assert reconciled(counter)["items"] == []
    becomes(counter, name, "failed")
    item = reconciled(counter)["items"][0]
    assert (item["kind"], item["repair"]["command"]) == ("refunded", f"cascade refund {intent}")
    assert "100 ducats are on their way back for money that did not go back" in item["evidence"][-1]


def test_a_dry_run_says_that_a_taking_back_which_was_executed_is_given_again(
    counter: Counter,
) -> None:
    intent = bought(counter)
    name = pending(counter, intent)
    refund(counter, intent)
    becomes(counter, name, "failed")
    said = counter.type("refund", intent, "--dry-run").out
    assert f"would end cascade_refund_{name} by setting its expiry to now; if it was" in said


def test_of_a_citizen_made_anew_no_write_off_is_printed_where_ducats_are_to_be_given_again(
    counter: Counter,
) -> None:
    intent = bought(counter)
    name = pending(counter, intent)
    refund(counter, intent)
    counter.sandboxed.app.engine.run()
    anew(counter)
    becomes(counter, name, "failed")
    said = counter.type("explain", intent).out
    assert "credit by hand what was taken or kept back, with a --reference" in " ".join(
        said.split()
    )
    assert "--write-off" not in said


def test_of_a_citizen_made_anew_only_a_command_stands_where_something_is_to_be_typed(
    counter: Counter,
) -> None:
    intent = bought(counter)
    give_money_back(counter, intent)
    anew(counter)
    typed = [x for x in counter.type("explain", intent).out.splitlines() if "$ cascade" in x]
    assert f"  $ cascade refund {intent} --write-off 'the citizen was made anew'" in typed
    assert not any("moves no ducats" in line for line in typed)


def test_what_was_not_taken_yet_is_ended_instead_of_given_again(counter: Counter) -> None:
    intent = bought(counter)
    name = pending(counter, intent)
    refund(counter, intent)
    becomes(counter, name, "failed")
    assert refund(counter, intent).code == 0
    assert counter.sandboxed.app.engine.run().executed == []
    assert counter.ducats_of("marco") == 100
    assert reconciled(counter)["items"] == []


def test_a_failed_refund_that_was_withheld_lets_the_ducats_arrive_after_all(
    counter: Counter,
) -> None:
    intent = bought(counter, delivered=False)
    name = pending(counter, intent)
    refund(counter, intent)
    becomes(counter, name, "failed")
    assert counter.type("reconcile", "--repair", "--since", "7d", "--yes").code == 0
    counter.sandboxed.app.engine.run()
    assert counter.ducats_of("marco") == 100


@pytest.mark.parametrize(
    ("status", "told"),
    [
        ("succeeded", ["refund.updated"]),
        ("failed", ["refund.failed", "refund.updated"]),
        ("canceled", ["refund.updated"]),
    ],
)
def test_each_end_of_a_refund_is_told_by_its_events(
    counter: Counter, status: str, told: list[str]
) -> None:
    intent = counter.paid(hours_ago=0)
    name = pending(counter, intent)
    before = types(counter)
    becomes(counter, name, status)
    new = types(counter)
    for type_ in before:
        new.remove(type_)
    assert sorted(t for t in new if t.startswith("refund.")) == told
    with pytest.raises(StripeError):
        becomes(counter, name, "canceled")


@pytest.mark.parametrize(
    ("inquiry", "stages"),
    [
        (False, ["needs_response", "under_review", "won"]),
        (True, ["warning_needs_response", "warning_under_review", "warning_closed"]),
    ],
)
def test_a_dispute_goes_through_its_stages(
    counter: Counter, inquiry: bool, stages: list[str]
) -> None:
    account, at = counter.sandboxed.app.stripe.account, counter.now()
    charge = charge_of(counter, counter.paid())
    opened = account.dispute(charge, at=at, inquiry=inquiry)
    answered = account.respond_to_dispute(opened["id"], at=at)["status"]
    closed = account.close_dispute(opened["id"], at=at, won=True)["status"]
    assert [stages[0], answered, closed] == stages


def test_the_sandbox_refuses_to_refund_what_it_does_not_have(counter: Counter) -> None:
    assert counter.type("sandbox", "refund", "pi_none", "--json").code == 2
    assert counter.type("sandbox", "refund", "re_none", "--status", "odd").code == 2
    assert counter.type("sandbox", "dispute", "du_none", "--status", "needs_response").code == 2


def rest_promised(counter: Counter) -> tuple[str, str]:
    """A quarter of the money went back before the delivery; the rest is under way."""
    intent = counter.paid()
    name = pending(counter, intent, cents=250)
    assert refund(counter, intent).code == 0
    assert counter.row(f"cascade_payment_{intent}")["Status"] == "active"
    return intent, name


def rest_refused(counter: Counter) -> str:
    """The engine has refused such a rest, for want of funds; then the money came again."""
    counter.fund(0)
    intent, name = rest_promised(counter)
    counter.sandboxed.app.engine.run()
    counter.fund(1000)
    counter.pass_time(minutes=5)
    becomes(counter, name, "failed")
    return intent


def repaired(counter: Counter) -> None:
    repair = counter.type("reconcile", "--since", "7d", "--repair", "--yes")
    assert "credited  marco" in repair.out, repair.out + repair.err
    counter.sandboxed.app.engine.run()


def test_a_rest_that_ran_out_is_delivered_as_promised_and_made_up_for_when_its_money_came_again(
    counter: Counter,
) -> None:
    intent, name = rest_promised(counter)
    counter.pass_time(hours=73)
    becomes(counter, name, "failed")
    repaired(counter)
    assert counter.ducats_of("marco") == 75
    assert refund(counter, intent).code == 0
    counter.sandboxed.app.engine.run()
    assert counter.ducats_of("marco") == 100
    assert reconciled(counter)["items"] == []


def test_refunds_alone_deliver_a_rest_that_ran_out_and_what_it_lacks(counter: Counter) -> None:
    """Automatic refunds do the same: no person has to come back to it after a repair."""
    intent, name = rest_promised(counter)
    counter.pass_time(hours=73)
    becomes(counter, name, "failed")
    for ducats in (75, 100, 100):
        assert refund(counter, intent).code == 0
        counter.sandboxed.app.engine.run()
        assert counter.ducats_of("marco") == ducats
    assert reconciled(counter)["items"] == []


def test_a_rest_that_the_engine_refused_is_delivered_whole_once_its_money_came_again(
    counter: Counter,
) -> None:
    rest_refused(counter)
    repaired(counter)
    assert counter.ducats_of("marco") == 100
    assert reconciled(counter)["items"] == []


def test_a_replay_of_what_was_promised_as_a_rest_names_no_way_to_pay_it_beside(
    counter: Counter,
) -> None:
    intent = rest_refused(counter)
    said = sold_again(counter)
    assert "its key already stands for another" in said, said
    assert "reference" not in said
    assert f"cascade explain {intent}" in said


def test_a_rest_that_was_made_up_for_is_no_obstacle_to_a_replay(counter: Counter) -> None:
    intent, name = rest_promised(counter)
    becomes(counter, name, "failed")
    assert "1 already" in sold_again(counter)
    counter.sandboxed.app.engine.run()
    assert refund(counter, intent).code == 0
    counter.sandboxed.app.engine.run()
    assert reconciled(counter)["items"] == []
    assert "1 already" in sold_again(counter)
    assert counter.ducats_of("marco") == 100


def sold_again(counter: Counter) -> str:
    """What a replay of the sale's event says."""
    only = ("--since", "24h", "--type", "payment_intent.succeeded")
    replayed = counter.type("events", "replay", *only, "--yes")
    return " ".join((replayed.out + replayed.err).split())


def test_a_refund_that_fails_while_the_command_stands_still_takes_nothing_back(
    counter: Counter,
) -> None:
    intent = bought(counter)
    name = give_money_back(counter, intent)
    stood = list[Request]()

    def stands_still(request: Request) -> bool:
        """The payment has been read at Stripe by now, and its citizen has not."""
        if "/CITIZENS" in request.path and not stood:
            stood.append(request)
            counter.pass_time(minutes=18)
            becomes(counter, name, "failed")
        return False

    counter.network.break_(stands_still, Response(500))
    answer = refund(counter, intent)
    assert stood
    assert answer.code == 0
    assert len(counter.rows()) == 1
