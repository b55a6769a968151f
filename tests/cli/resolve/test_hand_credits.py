"""A credit by hand that mentions a payment is shown with it, and is not made twice."""

from __future__ import annotations

from datetime import timedelta

from tests.cli.resolve.cases import (
    doubtful,
    edit,
    reconciled,
    resolve,
    run_engine,
    the_item,
    too_few,
    wrong_citizen,
)
from tests.harness.counter import Counter


def credited(counter: Counter, payment: str, reference: str = "one") -> int:
    words = ("marco", "100", "--reference", reference, "--reason", f"makes good {payment}")
    return counter.type("credit", *words, "--yes", "--json").code


def test_it_stands_in_the_payment_s_evidence_and_story(counter: Counter) -> None:
    payment = wrong_citizen(counter)
    assert credited(counter, payment) == 0
    evidence = " ".join(the_item(counter)["evidence"])
    assert "a credit by hand mentions it, 100 ducats to 'marco'" in evidence
    told = counter.type("explain", payment, "--json").data["timeline"]
    assert any(entry["id"] == "cascade_manual_one" for entry in told)


def test_a_second_one_for_the_same_payment_is_refused(counter: Counter) -> None:
    payment = wrong_citizen(counter)
    assert credited(counter, payment) == 0
    assert credited(counter, payment, "two") == 7
    assert credited(counter, payment) == 0
    run_engine(counter)
    assert credited(counter, payment, "three") == 7
    assert counter.ducats_of("marco") == 100
    words = ("marco", "100", "--reference", "four", "--reason", f"and a gift for {payment}")
    assert counter.type("credit", *words, "--again", "--yes").code == 0


def test_a_correction_beside_it_is_refused_until_somebody_says_what_it_was(
    counter: Counter,
) -> None:
    payment = wrong_citizen(counter)
    assert credited(counter, payment) == 0
    run_engine(counter)
    answer = resolve(counter, payment, "--credit")
    assert answer.code == 7
    assert "--settled-by cascade_manual_one" in answer.document["error"]["hint"]
    assert resolve(counter, payment, "--settled-by", "cascade_manual_one").code == 0
    assert reconciled(counter)["ducats"]["settled"] == "100"
    assert resolve(counter, payment, "--credit").code == 7


def test_one_that_was_something_else_does_not_stand_in_the_way(counter: Counter) -> None:
    payment = too_few(counter)
    words = ("marco", "5", "--reference", "sorry", "--reason", f"our apologies for {payment}")
    assert counter.type("credit", *words, "--yes").code == 0
    assert resolve(counter, payment, "--credit").code == 7
    assert resolve(counter, payment, "--credit", "--again").code == 0
    run_engine(counter)
    assert counter.ducats_of("marco") == 105


def test_after_a_correction_nobody_credits_the_same_by_hand(counter: Counter) -> None:
    payment = wrong_citizen(counter)
    assert resolve(counter, payment, "--credit").code == 0
    assert credited(counter, payment) == 7


def test_no_machine_delivers_a_payment_beside_it(counter: Counter) -> None:
    payment = counter.paid()
    assert credited(counter, payment) == 0
    run_engine(counter)
    assert counter.type("reconcile", "--since", "7d", "--repair", "--yes").code == 3
    assert counter.credit("marco", "100", "--payment", payment).code == 7
    run_engine(counter)
    assert counter.ducats_of("marco") == 100
    assert resolve(counter, payment, "--settled-by", "cascade_manual_one").code == 0
    assert reconciled(counter)["items"] == []


def test_what_was_settled_so_stays_settled_when_the_window_leaves_the_transfer_out(
    counter: Counter,
) -> None:
    assert counter.credit("marco", "100", "--reference", "early").code == 0
    run_engine(counter)
    counter.pass_time(hours=30)
    payment = counter.paid(hours_ago=3)
    assert resolve(counter, payment, "--settled-by", "cascade_manual_early").code == 0
    data = counter.type("reconcile", "--since", "6h", "--json").data
    assert (data["items"], data["ducats"]["residual"]) == ([], "0")
    assert counter.type("explain", payment, "--json").data["verdict"]["kind"] == "settled"


def test_a_refund_of_which_nothing_went_back_is_not_written_off(counter: Counter) -> None:
    payment = wrong_citizen(counter)
    answer = counter.type("refund", payment, "--write-off", "a gift", "--yes", "--json")
    assert answer.code == 7
    assert "--accept" in answer.document["error"]["hint"]


def _not_shown_yet(counter: Counter, stratagem_id: str) -> None:
    """A reading may be older than the row."""
    tables = counter.sandboxed.app.airtable.tables
    (row,) = tables.select("STRATAGEMS", f"{{StratagemId}} = '{stratagem_id}'")
    tables.delete("STRATAGEMS", row["id"])


def test_one_of_this_very_moment_stands_in_the_way_although_the_base_does_not_show_it(
    counter: Counter,
) -> None:
    payment = wrong_citizen(counter)
    assert credited(counter, payment) == 0
    _not_shown_yet(counter, "cascade_manual_one")
    answer = resolve(counter, payment, "--credit")
    assert answer.code == 7
    assert "cascade_manual_one" in answer.document["error"]["message"]
    assert credited(counter, payment, "two") == 7
    counter.pass_time(minutes=2)
    assert resolve(counter, payment, "--credit").code == 0


def test_a_correction_of_this_very_moment_stands_in_the_way_of_a_credit_by_hand(
    counter: Counter,
) -> None:
    payment = wrong_citizen(counter)
    assert resolve(counter, payment, "--credit").code == 0
    _not_shown_yet(counter, f"cascade_correction_{payment}")
    assert credited(counter, payment) == 7
    assert counter.credit("marco", "100", "--reference", "a-gift").code == 0


def test_one_that_has_expired_stands_in_the_way_too_for_it_can_be_run_by_its_id(
    counter: Counter,
) -> None:
    payment = wrong_citizen(counter)
    assert credited(counter, payment) == 0
    tables = counter.sandboxed.app.airtable.tables
    (record,) = tables.select("STRATAGEMS", "{StratagemId} = 'cascade_manual_one'")
    edit(counter, record["id"], ExpiresAt=(counter.now() - timedelta(hours=1)).isoformat())
    answer = resolve(counter, payment, "--credit")
    assert answer.code == 7
    assert "stratagem status cascade_manual_one" in answer.document["error"]["hint"]
    counter.sandboxed.app.engine.run(only="cascade_manual_one")
    assert resolve(counter, payment, "--settled-by", "cascade_manual_one").code == 0
    assert resolve(counter, payment, "--credit").code == 7
    assert counter.ducats_of("marco") == 100


def test_one_that_was_ended_with_its_payment_is_not_given_again(counter: Counter) -> None:
    payment = doubtful(counter, moved=True)
    assert credited(counter, payment) == 0
    assert resolve(counter, payment, "--settled-by", "cascade_manual_one").code == 0
    assert resolve(counter, payment, "--moved").code == 0
    assert counter.type("reconcile", "--repair", "--yes").code == 0
    counter.pass_time(minutes=5)
    assert credited(counter, payment) == 7
    run_engine(counter)
    assert counter.ducats_of("marco") == 100


def test_one_that_arrived_beside_a_row_that_moved_after_all_is_taken_back_by_a_person(
    counter: Counter,
) -> None:
    """No machine repairs it night after night, since there is nothing left to keep back."""
    payment = doubtful(counter, moved=True)
    assert credited(counter, payment) == 0
    assert resolve(counter, payment, "--settled-by", "cascade_manual_one").code == 0
    run_engine(counter)
    assert resolve(counter, payment, "--moved").code == 0
    item = the_item(counter)
    assert item["kind"] == "duplicate"
    repaired = counter.type("reconcile", "--since", "7d", "--repair", "--yes", "--json")
    assert (repaired.code, repaired.data["repairs"]) == (3, []), item
    assert resolve(counter, payment, "--take-back").code == 0
    run_engine(counter)
    assert counter.ducats_of("marco") == 100
    assert reconciled(counter)["items"] == []
