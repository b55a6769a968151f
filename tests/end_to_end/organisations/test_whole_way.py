"""One payment for a guild's members, from the CSV to the ducats; and what may go wrong."""

from __future__ import annotations

from pathlib import Path

from cascade_cli.sandbox.seed.citizens import PROCESSOR
from tests.end_to_end.organisations.guild import (
    bought,
    keys,
    metadata_of,
    offered,
    reconciled,
    replayed,
    sold_by,
    stripe_of,
)
from tests.harness.counter import Counter


def test_one_payment_becomes_one_transfer_for_each_citizen(counter: Counter) -> None:
    counter.move_in("zuan")
    intent = bought(counter)
    metadata = metadata_of(counter, intent)
    assert metadata.keys() == {
        *("allocation", "allocation_1", "exchange_rate", "platform", "type"),
    }
    assert metadata["allocation_1"] == "100=marco;50.5=lucia;20=zuan"
    for _ in range(2):
        assert replayed(counter).code == 0
    assert sorted(row["StratagemId"] for row in counter.rows()) == keys(intent, 1, 2, 3)
    data = reconciled(counter)
    assert [i["kind"] for i in data["items"]] == ["in_flight"] * 3
    counter.sandboxed.app.engine.run()
    assert [counter.ducats_of(name) for name in ("marco", "lucia", "zuan")] == [100, 50.5, 20]
    data = reconciled(counter)
    assert data["coverage"]["charges"] == 1
    assert (data["ducats"]["settled"], data["ducats"]["residual"]) == ("170.5", "0")
    items = sorted(data["items"], key=lambda item: item["portion"]["number"])
    assert [(i["kind"], i["citizen"], i["amount_cents"]) for i in items] == [
        *(("settled", "marco", 1000), ("settled", "lucia", 505), ("settled", "zuan", 200)),
    ]
    assert {(i["payment_intent"], i["portion"]["of"]) for i in items} == {(intent, 3)}
    assert len({i["charge"] for i in items}) == 1
    story = counter.type("explain", intent, "--json").data
    assert [line["id"] for line in story["portions"]] == [f"{intent}.{n}" for n in (1, 2, 3)]
    assert story["verdict"]["sentence"].startswith("3 settled")
    assert story["payment"]["amount_cents"] == 1705
    charge = data["items"][0]["charge"]
    assert counter.type("explain", charge, "--json").data["portions"] == story["portions"]
    transfers = counter.type("stratagem", "status", intent, "--json")
    assert (transfers.code, len(transfers.data["stratagems"])) == (0, 3)
    (third,) = counter.type("stratagem", "status", f"{intent}.3", "--json").data["stratagems"]
    assert third["citizen"] == "zuan"
    one = counter.type("explain", keys(intent, 2)[0], "--json").data
    assert (one["payment"]["citizen"], one["payment"]["portion"]) == (
        "lucia",
        {"number": 2, "of": 3},
    )


def test_a_citizen_who_vanished_is_one_discrepancy_and_holds_up_nobody(counter: Counter) -> None:
    counter.move_in("zuan")
    intent = bought(counter)
    tables = counter.sandboxed.app.airtable.tables
    (gone,) = tables.select("CITIZENS", "{Username} = 'lucia'")
    tables.delete("CITIZENS", gone["id"])
    answer = replayed(counter)
    assert answer.code == 3
    assert {p["citizen"]: p["result"] for p in answer.data["payments"]} == {
        "marco": "credited",
        "lucia": "unknown_citizen",
        "zuan": "credited",
    }
    counter.sandboxed.app.engine.run()
    data = reconciled(counter)
    assert (data["counts"]["settled"], data["counts"]["unknown_citizen"]) == (2, 1)
    assert data["ducats"]["undelivered"] == "50.5"
    # The citizen comes back: a command for the whole payment finishes what is left.
    counter.move_in("lucia")
    again = counter.type("credit", "--payment", intent, "--reason", "late", "--yes", "--json")
    assert [d["result"] for d in again.data["deliveries"]] == ["already", "credited", "already"]
    counter.sandboxed.app.engine.run()
    assert reconciled(counter)["counts"]["settled"] == 3


def test_another_machine_credits_from_the_metadata_alone(counter: Counter, tmp_path: Path) -> None:
    counter.move_in("zuan")
    intent = bought(counter)
    elsewhere = str(tmp_path / "another machine")
    counter.pass_time(hours=1)
    answer = counter.type(
        *("reconcile", "--since", "7d", "--repair", "--yes", "--json"), CASCADE_STATE_DIR=elsewhere
    )
    assert [r["stratagem_id"] for r in answer.data["repairs"]] == keys(intent, 1, 2, 3), answer
    # Both machines agree on the keys: the first finds all of them done.
    assert {p["result"] for p in replayed(counter).data["payments"]} == {"already"}


def test_what_does_not_fit_the_metadata_is_credited_by_the_journal_alone(
    counter: Counter, tmp_path: Path
) -> None:
    members = {f"{'member_of_the_guild_of_glassblowers_' * 4}{n:03}": "10" for n in range(150)}
    counter.move_in(*members)
    answer = offered(counter, members=members)
    assert answer.data["allocation"]["in_metadata"] is False
    assert any(
        "only a cascade that uses this journal" in line for line in answer.document["warnings"]
    )
    digest = answer.data["allocation"]["digest"]
    intent = bought(counter, members=members)
    assert "allocation_1" not in metadata_of(counter, intent)
    elsewhere = {"CASCADE_STATE_DIR": str(tmp_path / "another machine")}
    blind = reconciled(counter, **elsewhere)
    (item,) = blind["items"]
    assert (item["kind"], item["ducats"]) == ("unattributable", "1500")
    assert (
        f"kept in the journal of the machine that sold it (allocation {digest})"
        in (item["evidence"][-1])
    )
    refused = counter.type(
        *("credit", "--payment", intent, "--reason", "paid", "--yes"), **elsewhere
    )
    assert (refused.code, counter.rows()) == (7, [])
    assert replayed(counter).code == 0
    counter.sandboxed.app.engine.run()
    assert reconciled(counter)["counts"]["settled"] == 150
    # The other machine takes their transfers for somebody's, and still cannot say whose.
    blind = reconciled(counter, **elsewhere)
    assert (blind["counts"]["unattributable"], blind["counts"]["orphan"]) == (1, 0)
    assert (blind["ducats"]["residual"], blind["ducats"]["elsewhere"]) == ("0", "1500")


def test_an_allocation_that_was_edited_is_noticed_and_nobody_is_credited(
    counter: Counter, tmp_path: Path
) -> None:
    counter.move_in("zuan")
    metadata = metadata_of(counter, bought(counter))
    metadata["allocation_1"] = metadata["allocation_1"].replace("20=zuan", "9000=zuan")
    forged = sold_by(counter, metadata, 1705)
    elsewhere = {"CASCADE_STATE_DIR": str(tmp_path / "another machine")}
    (item,) = [
        i for i in reconciled(counter, **elsewhere)["items"] if i["payment_intent"] == forged
    ]
    assert item["kind"] == "unattributable"
    assert any("was changed or is incomplete" in line for line in item["evidence"])
    # The journal has what was sold under that digest.
    sold = [i for i in reconciled(counter)["items"] if i["payment_intent"] == forged]
    assert {i["citizen"]: i["ducats"] for i in sold}["zuan"] == "20"


def test_a_refund_takes_its_share_back_from_each_citizen_under_keys_of_their_own(
    counter: Counter,
) -> None:
    counter.move_in("zuan")
    intent = bought(counter)
    assert replayed(counter).code == 0
    counter.sandboxed.app.engine.run()
    refund = stripe_of(counter).v1.refunds.create({"payment_intent": intent, "amount": 341}).id
    assert reconciled(counter)["counts"]["refunded"] == 3
    for _ in range(2):
        assert counter.type("refund", intent, "--yes", "--json").code == 0
    taken = {row["StratagemId"]: row for row in counter.rows() if row["TargetCitizen"] == PROCESSOR}
    assert sorted(taken) == [f"cascade_refund_{refund}.{n}" for n in (1, 2, 3)]
    counter.sandboxed.app.engine.run()
    assert [counter.ducats_of(name) for name in ("marco", "lucia", "zuan")] == [80, 40.4, 16]
    data = reconciled(counter)
    assert data["counts"]["settled"] == 3
    assert (data["ducats"]["returned"], data["ducats"]["refund_exposure"]) == ("34.1", "0")
    # The money beside one citizen is that citizen's part.
    lucia = counter.type("explain", f"{intent}.2", "--json").data["payment"]
    assert (lucia["amount_cents"], lucia["refunded_cents"]) == (505, 101)


def test_the_next_run_remembers_each_portion_that_was_open(counter: Counter) -> None:
    counter.move_in("zuan")
    intent = bought(counter)
    assert replayed(counter).code == 0
    first = counter.type("reconcile", "--since", "last", "--json").data
    assert first["counts"]["in_flight"] == 3
    counter.sandboxed.app.engine.run()
    counter.pass_time(hours=60)
    later = counter.type("reconcile", "--since", "last", "--all", "--json", "--verify", "full").data
    assert later["counts"]["settled"] == 3
    # Stripe tells of the whole, and each portion is judged anew.
    stripe_of(counter).v1.refunds.create({"payment_intent": intent})
    counter.pass_time(hours=3)
    last = counter.type("reconcile", "--since", "last", "--json").data
    assert (last["counts"]["refunded"], last["coverage"]["changed"]) == (3, 3)
