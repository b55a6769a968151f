"""A name that only looks like a citizen's: never matched, and every hint says how it differs."""

from __future__ import annotations

from pathlib import Path
from unicodedata import normalize

import pytest

from tests.harness.counter import Counter, write_credits
from tests.harness.pasted import pasted

# As Venice has the name, as somebody else has it, and how Venice's is told from that.
LOOKALIKES = [
    pytest.param("Zanetta", "zanetta", "differs in upper and lower case", id="case"),
    pytest.param("zanetta ", "zanetta", "has a space at its end", id="trailing space in Venice"),
    pytest.param("zanetta", "zanetta ", "lacks the space at its end", id="trailing space"),
    pytest.param(" zanetta", "zanetta", "has a space at its beginning", id="leading space"),
    pytest.param("zan\u00a0etta", "zanetta", "has a no-break space", id="no-break space in Venice"),
    pytest.param("zanetta", "zanetta\u00a0", "lacks the no-break space", id="no-break space"),
    pytest.param("zanetta\u200b", "zanetta", "has a zero-width space", id="zero-width in Venice"),
    pytest.param("zanetta", "\ufeffzanetta", "lacks the byte order mark", id="byte order mark"),
    pytest.param("Zoë", normalize("NFD", "Zoë"), "is written without combining accents", id="NFD"),
    pytest.param(
        normalize("NFD", "Zoë"), "Zoë", "is written with combining accents", id="NFD in Venice"
    ),
]  # fmt: skip
lookalikes = pytest.mark.parametrize(("venice", "wanted", "how"), LOOKALIKES)


@lookalikes
def test_a_credit_is_refused_and_told_who_was_meant(
    counter: Counter, venice: str, wanted: str, how: str
) -> None:
    counter.move_in(venice)
    answer = counter.credit(wanted, "5")
    assert (answer.code, counter.writes) == (7, [])
    assert f"Did you mean {venice!r}, which {how}" in answer.err


@lookalikes
def test_a_file_of_credits_is_refused_and_told_who_was_meant(
    counter: Counter, tmp_path: Path, venice: str, wanted: str, how: str
) -> None:
    counter.move_in(venice)
    rows = [("marco", "5", "gift", "r0"), (wanted, "5", "gift", "r1")]
    file = write_credits(tmp_path / "credits.csv", rows)
    answer = counter.type("credit", "--file", str(file), "--yes")
    assert (answer.code, counter.writes) == (7, [])
    assert f"Did you mean {venice!r}, which {how}" in answer.err


@lookalikes
def test_a_sale_is_refused_and_told_who_was_meant(
    counter: Counter, venice: str, wanted: str, how: str
) -> None:
    counter.move_in(venice)
    answer = counter.type("checkout", "--package", "100", "--", wanted)
    assert answer.code == 7
    assert f"Did you mean {venice!r}, which {how}" in answer.err
    assert not counter.sandboxed.recorder.to("stripe")


@lookalikes
def test_reconcile_names_who_was_meant_and_prints_a_command_that_credits_them(
    counter: Counter, venice: str, wanted: str, how: str
) -> None:
    counter.move_in(venice)
    intent = counter.paid(citizen=wanted)
    found = counter.type("reconcile", "--since", "1d", "--repair", "--yes", "--json")
    (item,) = found.data["items"]
    assert (item["kind"], item["repair"]["automatic"]) == ("unknown_citizen", False)
    assert counter.writes == []
    verdict = counter.type("explain", intent, "--json").data["verdict"]["sentence"]
    told = f"Venice has no citizen {wanted!r}; there is a {venice!r}, which {how}"
    assert verdict.startswith(told)
    assert counter.type("credit", "--yes", *pasted(item["repair"]["command"])[2:]).code == 0
    assert counter.row(f"cascade_payment_{intent}")["TargetCitizen"] == venice


@lookalikes
def test_a_replayed_event_credits_nobody_and_tells_who_was_meant(
    counter: Counter, venice: str, wanted: str, how: str
) -> None:
    counter.move_in(venice)
    counter.paid(citizen=wanted)
    answer = counter.type("events", "replay", "--since", "1d", "--yes", "--json")
    (payment,) = answer.data["payments"]
    assert f"there is a {venice!r}, which {how}" in payment["why"]
    assert counter.writes == []


@lookalikes
def test_explain_of_such_a_name_tells_who_was_meant(
    counter: Counter, venice: str, wanted: str, how: str
) -> None:
    counter.move_in(venice)
    data = counter.type("explain", "--json", "--", wanted).data
    assert (data["exists"], data["similar"]) == (False, venice)
    shown = counter.type("explain", "--", wanted).out
    assert f"which {how}" in " ".join(shown.split())


def test_where_two_names_look_alike_no_command_chooses_one(counter: Counter) -> None:
    counter.move_in("Zanetta", "ZANETTA")
    intent = counter.paid(citizen="zanetta")
    data = counter.type("reconcile", "--since", "1d", "--json").data
    (item,) = data["items"]
    chosen = f"cascade resolve {intent} --credit --citizen CITIZEN "
    assert item["repair"]["command"].startswith(chosen)
    verdict = counter.type("explain", intent, "--json").data["verdict"]["sentence"]
    assert "'Zanetta'" in verdict
    assert "'ZANETTA'" in verdict


def test_a_payment_for_another_who_looks_alike_says_how_the_names_differ(counter: Counter) -> None:
    counter.move_in("Zoë", normalize("NFD", "Zoë"))
    intent = counter.paid(citizen="Zoë")
    answer = counter.credit(normalize("NFD", "Zoë"), "100", "--payment", intent)
    assert answer.code == 7
    assert "is for 'Zoë', which is written without combining accents" in answer.err


def test_ducats_on_their_way_to_a_look_alike_are_told_apart_in_words(counter: Counter) -> None:
    counter.move_in("marco\u00a0")
    intent = counter.paid()
    key = f"cascade_payment_{intent}"
    counter.sandboxed.transfer(key, counter.now(), citizen="marco\u00a0")
    data = counter.type("explain", intent, "--json").data
    assert data["verdict"]["kind"] == "wrong_citizen"
    assert "has a no-break space at its end" in data["verdict"]["sentence"]


def test_a_refund_of_a_renamed_citizen_says_who_there_is(counter: Counter) -> None:
    intent = counter.paid()
    assert counter.credit("marco", "100", "--payment", intent).code == 0
    counter.sandboxed.app.engine.run()
    tables, account = counter.sandboxed.app.airtable.tables, counter.sandboxed.app.stripe.account
    (record,) = tables.select("CITIZENS", "{Username} = 'marco'")
    tables.update("CITIZENS", record["id"], {"Username": "Marco"})
    with account.writing(counter.now()) as writer:
        charge = writer.get("payment_intent", intent)["latest_charge"]
    account.refund(charge, at=counter.now())
    answer = counter.type("refund", intent, "--dry-run", "--json")
    told = (
        "Venice has no citizen 'marco'; there is a 'Marco', which differs in upper and lower case"
    )
    assert answer.data["unknown_citizen"] == told
    assert told in counter.type("refund", intent, "--dry-run").out
