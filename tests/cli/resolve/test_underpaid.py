"""What was not paid for in full: given as far as it was paid for, or let go by a person."""

from __future__ import annotations

import pytest

from tests.cli.resolve.cases import reconciled, resolve, run_engine, the_item, transferred
from tests.harness.counter import Counter

ALTHOUGH = "--although-underpaid"


def cheap(counter: Counter) -> str:
    """100 ducats for half a dollar, which buys 5."""
    return counter.paid(cents=50)


def test_exactly_what_was_paid_for_goes_out_by_the_payment_s_own_key(counter: Counter) -> None:
    payment = cheap(counter)
    command = f"cascade resolve {payment} --credit --reason 'only this was paid for'"
    assert the_item(counter)["repair"]["command"] == command
    assert resolve(counter, payment, "--credit").code == 0
    assert the_item(counter)["repair"]["command"].split()[3:5] == ["--snooze", "1d"]
    assert resolve(counter, payment, "--credit").code == 7
    run_engine(counter)
    assert counter.ducats_of("marco") == 5
    assert counter.row(f"cascade_payment_{payment}")["Status"] == "executed"
    assert resolve(counter, payment, "--credit").code == 7
    item = the_item(counter)
    assert item["kind"] == "underpaid"
    assert item["repair"]["command"].split()[3] == "--accept"
    assert resolve(counter, payment, "--accept").code == 0
    assert reconciled(counter)["items"] == []
    assert len(counter.rows()) == 1


def test_no_machine_gives_the_rest(counter: Counter) -> None:
    payment = cheap(counter)
    assert resolve(counter, payment, "--credit").code == 0
    run_engine(counter)
    rows = counter.rows()
    counter.type("events", "replay", "--since", "7d", "--yes")
    counter.type("reconcile", "--since", "7d", "--repair", "--yes")
    counter.credit("marco", "100", "--payment", payment)
    counter.credit("marco", "100", "--payment", payment, ALTHOUGH)
    run_engine(counter)
    assert counter.rows() == rows
    assert counter.ducats_of("marco") == 5


def test_the_rest_goes_out_where_a_person_says_so(counter: Counter) -> None:
    payment = cheap(counter)
    assert resolve(counter, payment, "--credit").code == 0
    run_engine(counter)
    assert resolve(counter, payment, "--credit", ALTHOUGH).code == 0
    run_engine(counter)
    assert counter.ducats_of("marco") == 100
    assert reconciled(counter)["items"] == []


def test_after_a_refund_in_part_the_rest_of_what_was_paid_for_goes_out(counter: Counter) -> None:
    payment, account = cheap(counter), counter.sandboxed.app.stripe.account
    account.refund(account.charge_of(payment, at=counter.now()), at=counter.now(), amount=10)
    assert resolve(counter, payment, "--credit").code == 0
    run_engine(counter)
    assert counter.ducats_of("marco") == 4
    assert counter.type("refund", payment, "--yes").code in {0, 7}
    run_engine(counter)
    assert counter.ducats_of("marco") == 4
    assert the_item(counter)["repair"]["command"].split()[3] == "--accept"


def test_what_was_not_paid_for_can_be_taken_back(counter: Counter) -> None:
    payment = cheap(counter)
    transferred(counter, payment)
    assert the_item(counter)["repair"]["command"].split()[3] == "--accept"
    assert resolve(counter, payment, "--take-back").code == 0
    run_engine(counter)
    assert counter.ducats_of("marco") == 5
    assert resolve(counter, payment, "--take-back").code == 7
    assert resolve(counter, payment, "--accept").code == 0
    assert reconciled(counter)["items"] == []


@pytest.mark.parametrize("journal", ["the same", "another"])
def test_what_a_person_has_let_go_is_decided(
    counter: Counter, journal: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    payment = cheap(counter)
    assert counter.credit("marco", "100", "--payment", payment, ALTHOUGH).code == 0
    settings = {}
    if journal == "another":
        settings = {"CASCADE_STATE_DIR": str(tmp_path_factory.mktemp("there"))}
    assert the_item(counter, "--all", **settings)["kind"] == "in_flight"
    run_engine(counter)
    assert reconciled(counter, **settings)["items"] == []
    item = the_item(counter, "--all", **settings)
    assert item["kind"] == "settled"
    (told,) = [said for said in item["evidence"] if said.startswith("released although")]
    assert "paid 0.50 USD where 10.00 USD were due" in told
    assert ", by " in told


def test_what_was_let_go_is_open_again_when_its_money_goes_back(counter: Counter) -> None:
    payment, account = cheap(counter), counter.sandboxed.app.stripe.account
    assert counter.credit("marco", "100", "--payment", payment, ALTHOUGH).code == 0
    run_engine(counter)
    account.refund(account.charge_of(payment, at=counter.now()), at=counter.now())
    assert the_item(counter)["kind"] == "refunded"
