"""A citizen's misspelt name is answered with the right one, wherever one is typed."""

from __future__ import annotations

import shlex

import pytest

from cascade_cli.backend import credit_ducats_sync
from cascade_cli.cli.completion.table import table
from cascade_cli.cli.terminal.session import Session
from tests.harness.counter import Counter
from tests.server.conftest import Shop, shop
from tests.server.test_payments import kind

__all__ = ["shop"]

LINES = {
    "reconcile|--citizen": "reconcile --since 2d --citizen lucja",
    "status|--citizen": "status --since 2d --citizen lucja",
    "review|--citizen": "review --since 2d --citizen lucja",
    "credit|0": "credit lucja 5 --reason x --yes",
    "resolve|--citizen": "resolve {stranger} --credit 100 --citizen lucja --reason x --yes",
    "explain|0": "explain lucja",
    "checkout|0": "checkout lucja --ducats 100",
    "checkout|--from": "checkout marco --ducats 100 --from lucja",
    "stratagem list|--citizen": "stratagem list --citizen lucja",
}
"""By what takes the name, as completion has it."""
FILES = {
    "credit --file names.csv --yes": "citizen,ducats,reason,reference\nlucja,5,x,r1\n",
    "checkout --file names.csv": "citizen,ducats\nlucja,100\nmarco,100\n",
}


def test_every_place_that_takes_a_citizen_has_a_line() -> None:
    places = {name for name, row in table()["rows"].items() if "citizens" in row.get("value", "")}
    # The sandbox lets anybody move in, and pay for nobody.
    assert {place for place in places if not place.startswith("sandbox ")} == {*LINES}


@pytest.mark.parametrize("line", [*LINES.values(), *FILES])
def test_the_right_name_is_told_and_nothing_is_written(counter: Counter, line: str) -> None:
    counter.paid(citizen="lucia")
    stranger = counter.paid(citizen="a stranger")
    if line in FILES:
        (counter.state.parent / "names.csv").write_text(FILES[line])
    answer = counter.type(*shlex.split(line.format(stranger=stranger)))
    said = f"{answer.out}{answer.err}"
    assert "'lucja'" in said
    assert "Did you mean 'lucia'?" in said or "cascade explain lucia" in said
    assert counter.writes == []
    assert not [r for r in counter.sandboxed.recorder.to("stripe") if r.method == "POST"]


def test_python_is_told_as_well(counter: Counter) -> None:
    session = Session(quiet=True, environ=counter.environment())
    answer = credit_ducats_sync("lucja", "5", reference="r1", session=session)
    assert (answer["success"], answer["retry"]) == (False, False)
    assert "Did you mean 'lucia'?" in (answer["error"] or "")


@pytest.mark.parametrize("what", ["payment-intent", "subscription"])
def test_a_client_of_the_server_is_told_as_well(shop: Shop, what: str) -> None:
    asked = len(shop.place.recorder.to("airtable"))
    for name in ("marko", "marco1"):
        answer = shop.create(what, citizen_id=name, package="100")
        assert kind(answer) == (400, "unknown_citizen")
        told = answer.json()["error"]["message"]
        assert told == f"Venice has no citizen {name!r}. Did you mean 'marco'?"
    gift = shop.create(citizen_id="marco", giver_id="marko", package="100")
    assert "Did you mean 'marco'?" in gift.json()["error"]["message"]
    shares = [{"citizen_id": name, "ducat_amount": "100"} for name in ("marko", "nobodyatall")]
    many = shop.create(allocation=shares).json()["error"]["message"]
    assert many == (
        "Venice has no citizen 'marko'. Did you mean 'marco'? Venice has no citizen 'nobodyatall'."
    )
    assert not shop.place.recorder.to("stripe")
    # All names were read once.
    assert len(shop.place.recorder.to("airtable")) - asked <= 7
