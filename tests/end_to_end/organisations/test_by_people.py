"""What people do about single citizens of a payment for many, and what later runs make of it."""

from __future__ import annotations

from tests.end_to_end.organisations.guild import bought, keys, reconciled, replayed, stripe_of
from tests.harness.counter import Counter


def gone(counter: Counter, name: str) -> None:
    """A citizen leaves Venice."""
    tables = counter.sandboxed.app.airtable.tables
    (record,) = tables.select("CITIZENS", f"{{Username}} = '{name}'")
    tables.delete("CITIZENS", record["id"])


def test_with_the_payment_s_id_the_citizen_tells_which_portion_is_meant(counter: Counter) -> None:
    intent = bought(counter, {"marco": "20", "lucia": "10.5"})
    assert counter.credit("lucia", "10.5", "--payment", intent).code == 0
    assert [row["StratagemId"] for row in counter.rows()] == keys(intent, 2)
    stranger = counter.credit("zuan", "10.5", "--payment", intent)
    assert (stranger.code, "'zuan' is none of them" in stranger.err) == (7, True)
    much = counter.credit("marco", "30.5", "--payment", intent)
    assert (much.code, "bought 20 ducats" in much.err) == (7, True)


def test_another_is_credited_in_the_place_of_one_who_vanished(counter: Counter) -> None:
    intent = bought(counter, {"marco": "20", "lucia": "10.5"})
    gone(counter, "lucia")
    counter.move_in("zuan")
    replayed(counter)
    # The payment's own id says nothing of whom zuan stands for; the portion's does.
    assert counter.credit("zuan", "10.5", "--payment", f"{intent}.2").code == 0
    counter.sandboxed.app.engine.run()
    data = reconciled(counter)
    assert (data["counts"]["settled"], data["ducats"]["settled"]) == (2, "30.5")
    assert counter.ducats_of("zuan") == 10.5


def test_a_change_of_the_whole_is_followed_where_one_portion_alone_was_open(
    counter: Counter,
) -> None:
    intent = bought(counter, {"marco": "20", "lucia": "10.5"})
    gone(counter, "lucia")
    replayed(counter)
    counter.sandboxed.app.engine.run()
    counter.pass_time(hours=60)
    first = counter.type("reconcile", "--since", "last", "--json").data
    assert (first["counts"]["settled"], first["counts"]["unknown_citizen"]) == (1, 1)
    stripe_of(counter).v1.refunds.create({"payment_intent": intent})
    counter.pass_time(hours=60)
    # Nothing was delivered to lucia, so that nothing is owed to her any more; marco has to return.
    later = counter.type("reconcile", "--since", "last", "--all", "--json").data
    assert {i["citizen"]: i["kind"] for i in later["items"]} == {
        "marco": "refunded",
        "lucia": "settled",
    }
    assert later["ducats"]["refund_exposure"] == "20"
    assert counter.type("refund", intent, "--write-off", "their fair", "--yes").code == 0
    last = counter.type("reconcile", "--since", "7d", "--json").data
    assert (last["items"], last["ducats"]["refund_exposure"]) == ([], "0")


def test_taking_so_many_back_needs_to_be_told_from_whom(counter: Counter) -> None:
    intent = bought(counter, {"marco": "20", "lucia": "10.5"})
    replayed(counter)
    counter.sandboxed.app.engine.run()
    stripe_of(counter).v1.refunds.create({"payment_intent": intent})
    answer = counter.type("refund", intent, "--ducats", "5", "--yes")
    assert (answer.code, "Name the portion" in answer.err) == (2, True)
    assert counter.type("refund", f"{intent}.1", "--ducats", "5", "--yes").code == 0
    counter.sandboxed.app.engine.run()
    assert counter.ducats_of("marco") == 15
    assert counter.ducats_of("lucia") == 10.5


def test_one_whose_transfer_is_in_doubt_holds_up_no_other_s_refund(counter: Counter) -> None:
    intent = bought(counter, {"marco": "20", "lucia": "10.5"})
    replayed(counter)
    counter.sandboxed.app.engine.run(only=keys(intent, 1)[0], fail_at="write_payee")
    counter.sandboxed.app.engine.run()
    refund = stripe_of(counter).v1.refunds.create({"payment_intent": intent}).id
    answer = counter.type("refund", intent, "--yes", "--json")
    assert (answer.code, f"{keys(intent, 1)[0]} may or may not" in answer.err) == (7, True), answer
    taken = [d["stratagem_id"] for d in answer.data["deliveries"]]
    assert taken == [f"cascade_refund_{refund}.2"]


def test_one_citizen_without_a_transfer_is_told_of_and_waited_for(counter: Counter) -> None:
    intent = bought(counter, {"marco": "20", "lucia": "10.5"})
    gone(counter, "lucia")
    replayed(counter)
    status = counter.type("stratagem", "status", intent, "--json")
    lucia = {"id": f"{intent}.2", "citizen": "lucia", "ducats": "10.5"}
    assert (status.code, status.data["missing"]) == (3, [lucia])
    assert "no transfer for 1 of 2 citizens" in status.err
    assert counter.type("stratagem", "status", f"{intent}.1").code == 0
    counter.sandboxed.app.engine.run()
    watched = counter.type("stratagem", "watch", intent, "--timeout", "90s")
    assert (watched.code, "1 of 2 citizens" in watched.err) == (5, True), watched
    notes = counter.row(keys(intent, 1)[0])["Notes"].replace(f"{intent}.1", f"{intent}.2")
    made = keys(intent, 2)[0], counter.now(), "lucia"

    def arrive() -> None:
        counter.sandboxed.transfer(*made, Notes=notes)

    counter.sandboxed.recorder.before(len(counter.requests) + 4, arrive)
    later = counter.type("stratagem", "watch", intent, "--json")
    assert (later.code, later.data["missing"]) == (0, []), later
