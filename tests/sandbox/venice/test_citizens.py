"""Citizens come, go, change their names and are paid by other jobs."""

from __future__ import annotations

from datetime import timedelta

import pytest

from cascade_cli.sandbox.venice import Residents
from tests.sandbox.venice.conftest import PAYEE, PAYER, Venice


@pytest.fixture
def residents(venice: Venice) -> Residents:
    return Residents(venice.tables, lambda: venice.now)


def test_a_renamed_citizen_is_the_same_record_and_the_engine_does_not_find_the_old_name(
    venice: Venice, residents: Residents
) -> None:
    row = venice.order()
    before = venice.ducats(PAYEE)
    renamed = residents.rename(PAYEE, "somebody")
    assert (renamed["fields"]["CitizenId"], venice.ducats("somebody")) == ("somebody", before)
    venice.engine.run()
    assert f"[ERROR] Receiver {PAYEE} not found." in venice.row(row)["Notes"]


def test_whoever_is_made_anew_is_another_record_made_later(
    venice: Venice, residents: Residents
) -> None:
    gone = residents.remove(PAYEE)
    with pytest.raises(LookupError):
        venice.ducats(PAYEE)
    venice.now += timedelta(hours=1)
    anew = residents.add(PAYEE, ducats=3)
    assert anew["id"] != gone["id"]
    assert anew["createdTime"] > gone["createdTime"]
    assert (venice.ducats(PAYEE), anew["fields"]["SocialClass"]) == (3, "Popolani")


def test_a_wrong_name_changes_nothing(venice: Venice, residents: Residents) -> None:
    before = venice.tables.select("CITIZENS")
    changes = (
        (residents.remove, ("Nobody",)),
        (residents.rename, ("Nobody", "x")),
        (residents.rename, (PAYEE, PAYER)),
        (residents.add, (PAYER,)),
    )
    for change, names in changes:
        with pytest.raises(ValueError, match="nothing was changed"):
            change(*names)
    assert venice.tables.select("CITIZENS") == before


def test_the_stipend_goes_to_the_innovatori_alone(venice: Venice, residents: Residents) -> None:
    residents.add("elena", ducats=0.5, social_class="Innovatori")
    residents.add("pietro", ducats=1, social_class="Innovatore")
    assert residents.pay_stipends() == ["elena"]
    assert (venice.ducats("elena"), venice.ducats("pietro")) == (3000.5, 1)


def test_a_stipend_between_two_steps_of_the_engine_is_lost(
    venice: Venice, residents: Residents
) -> None:
    residents.add("elena", social_class="Innovatori")
    venice.order(TargetCitizen="elena")
    for step in venice.engine.steps():
        if step.name == "write_payee":
            residents.pay_stipends()
    assert venice.ducats("elena") == 100
