"""The right recipient: never the processor itself, and nobody who took over a name."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest

from cascade_cli.backend import credit_ducats_sync
from cascade_cli.cli.terminal.session import Session
from cascade_cli.sandbox.seed.citizens import PROCESSOR
from tests.harness.counter import Counter, write_credits

MINTS = "engine would mint"


def test_the_processor_is_not_credited_by_hand(counter: Counter) -> None:
    answer = counter.credit(PROCESSOR, "5", "--reference", "r1")
    assert (answer.code, counter.rows()) == (7, [])
    assert MINTS in " ".join(answer.err.split())


def test_nor_by_a_file(counter: Counter) -> None:
    path = counter.state.parent / "credits.csv"
    write_credits(path, [("marco", "5", "gift", "r1"), (PROCESSOR, "5", "gift", "r2")])
    assert counter.type("credit", "--file", str(path), "--yes").code == 7
    assert counter.rows() == []


def test_nor_by_the_backend(counter: Counter) -> None:
    session = Session(quiet=True, environ=counter.environment())
    for named in ({"reference": "r1"}, {"payment_intent": counter.paid(citizen=PROCESSOR)}):
        answer = credit_ducats_sync(PROCESSOR, "100", session=session, **named)
        assert (answer["success"], answer["retry"]) == (False, False)
        assert MINTS in (answer["error"] or "")
    assert counter.rows() == []


def test_nor_is_a_link_made_for_it(counter: Counter) -> None:
    answer = counter.type("checkout", PROCESSOR, "--ducats", "100")
    assert answer.code == 7
    assert MINTS in " ".join(answer.err.split())
    assert not [request for request in counter.requests if request.method == "POST"]


def test_a_payment_that_names_it_is_for_people_on_every_path(counter: Counter) -> None:
    intent = counter.paid(citizen=PROCESSOR)
    assert counter.type("reconcile", "--repair", "--yes").code == 3
    assert counter.type("events", "replay", "--since", "1d", "--yes").code != 0
    answers = [
        counter.type("credit", "--payment", intent, "--reason", "late", "--yes"),
        counter.credit(PROCESSOR, "100", "--payment", intent),
    ]
    assert [answer.code for answer in answers] == [7, 7]
    assert counter.rows() == []
    (item,) = counter.type("reconcile", "--json").data["items"]
    assert item["kind"] == "unattributable"
    assert any(MINTS in line for line in item["evidence"])


def test_a_person_names_another_citizen_for_such_a_payment(counter: Counter) -> None:
    intent = counter.paid(citizen=PROCESSOR)
    assert counter.credit("marco", "100", "--payment", intent).code == 0
    assert counter.row(f"cascade_payment_{intent}")["TargetCitizen"] == "marco"


def test_what_minted_ducats_is_not_settled(counter: Counter) -> None:
    intent = counter.paid(citizen=PROCESSOR)
    at = counter.now() - timedelta(hours=4)
    counter.sandboxed.transfer(f"cascade_payment_{intent}", at, PROCESSOR)
    (item,) = counter.type("reconcile", "--json").data["items"]
    assert item["kind"] == "unattributable"


def made_anew(counter: Counter) -> str:
    """A payment whose row was active when its citizen left, and another came by that name."""
    intent = counter.paid()
    assert counter.credit("marco", "100", "--payment", intent).code == 0
    counter.remove("marco")
    counter.sandboxed.app.engine.run()
    counter.pass_time(days=4)
    counter.move_in("marco", days_ago=0)
    return intent


def test_no_machine_gives_to_somebody_who_took_over_the_name(counter: Counter) -> None:
    intent = made_anew(counter)
    counter.type("reconcile", "--repair", "--since", "7d", "--yes")
    counter.type("events", "replay", "--since", "7d", "--yes")
    session = Session(quiet=True, environ=counter.environment())
    answer = credit_ducats_sync("marco", "100", payment_intent=intent, session=session)
    assert (answer["success"], answer["retry"]) == (False, False)
    assert "another person" in (answer["error"] or "")
    counter.sandboxed.app.engine.run()
    assert counter.ducats_of("marco") == 0


def test_nor_does_the_backend_go_on_with_a_credit_by_hand_for_them(counter: Counter) -> None:
    session = Session(quiet=True, environ=counter.environment())
    assert credit_ducats_sync("marco", "100", reference="prize", session=session)["success"]
    counter.remove("marco")
    counter.sandboxed.app.engine.run()
    counter.pass_time(days=4)
    counter.move_in("marco", days_ago=0)
    session = Session(quiet=True, environ=counter.environment())
    answer = credit_ducats_sync("marco", "100", reference="prize", session=session)
    assert (answer["success"], answer["retry"]) == (False, False)
    assert "another person" in (answer["error"] or "")
    counter.sandboxed.app.engine.run()
    assert counter.ducats_of("marco") == 0
    words = ("credit", "marco", "100", "--reference", "prize", "--reason", "gift", "--dry-run")
    assert "another person" in " ".join(counter.type(*words).out.split())


def test_a_person_may_and_is_told(counter: Counter) -> None:
    intent = made_anew(counter)
    words = ("credit", "marco", "100", "--payment", intent, "--reason", "gift")
    assert "another person" in " ".join(counter.type(*words, "--dry-run").out.split())
    assert counter.type(*words, "--yes").code == 0
    counter.sandboxed.app.engine.run()
    assert counter.ducats_of("marco") == 100


@pytest.fixture
def delivered(counter: Counter) -> str:
    """A payment that was delivered and refunded, and whose citizen has been replaced since."""
    charge = counter.sandboxed.pay(counter.now() - timedelta(hours=5))
    intent = str(charge["payment_intent"])
    assert counter.credit("marco", "100", "--payment", intent).code == 0
    counter.sandboxed.app.engine.run()
    assert counter.ducats_of("marco") == 100
    counter.remove("marco")
    counter.pass_time(hours=1)
    counter.move_in("marco", days_ago=0)
    tables = counter.sandboxed.app.airtable.tables
    (record,) = tables.select("CITIZENS", "{Username} = 'marco'")
    tables.update("CITIZENS", record["id"], {"Ducats": 500})
    counter.sandboxed.app.stripe.account.refund(charge["id"], at=counter.now())
    return intent


def test_nothing_is_taken_from_somebody_who_took_over_the_name(
    counter: Counter, delivered: str
) -> None:
    before = len(counter.rows())
    answer = counter.type("refund", delivered, "--yes")
    assert (answer.code, len(counter.rows())) == (7, before)
    assert "another person" in " ".join(answer.err.split())
    document = counter.type("refund", delivered, "--dry-run", "--json").document
    assert json.dumps(document).count("another person") == 1
