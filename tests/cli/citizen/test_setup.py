from __future__ import annotations

import pytest

from cascade_cli.errors import ExitCode
from cascade_cli.sandbox.seed.citizens import PROCESSOR
from cascade_cli.sandbox.wire import json_response
from tests.cli.citizen.treasury import Treasury, is_citizen_write
from tests.harness.faults import throttled, unavailable


def test_the_processor_is_created_as_the_design_has_it(empty: Treasury) -> None:
    assert empty.setup().code == 0
    (row,) = empty.citizens()
    assert (row["CitizenId"], row["SocialClass"]) == (PROCESSOR, "Innovatore")
    assert (row["Ducats"], row["IsAI"]) == (1_000_000, True)


def test_the_processor_is_created_out_of_reach_of_the_city_s_jobs(empty: Treasury) -> None:
    empty.setup()
    assert "InVenice" not in empty.citizens()[0]
    (sent,) = [request for request in empty.writes if is_citizen_write(request)]
    assert b'"InVenice":false' in sent.body.replace(b" ", b"")


@pytest.fixture
def resident(treasury: Treasury) -> Treasury:
    """The processor has 1000 ducats, and InVenice is true."""
    treasury.let_in()
    return treasury


def test_a_dry_run_says_that_it_would_take_the_processor_out(resident: Treasury) -> None:
    answer = resident.setup("--ducats", "1000", "--dry-run")
    assert "keeps its 1,000 ducats; InVenice would be set to false." in answer.out
    assert resident.setup("--ducats", "5000", "--dry-run", "--json").data["leaves_venice"] is True
    assert resident.writes == []


def test_setup_takes_an_existing_processor_out_and_leaves_its_ducats(resident: Treasury) -> None:
    answer = resident.setup("--ducats", "10")
    assert answer.code == 0
    assert "keeps its 1,000 ducats; InVenice was set to false." in answer.out
    assert "InVenice" not in resident.citizens()[0]
    assert resident.ducats == 1000
    assert len(resident.writes) == 1


def test_a_top_up_takes_it_out_in_the_same_write(resident: Treasury) -> None:
    answer = resident.setup("--ducats", "5000")
    assert "raised from 1,000 to 5,000 ducats; InVenice was set to false." in answer.out
    assert ("InVenice" in resident.citizens()[0], resident.ducats) == (False, 5000)
    assert len(resident.writes) == 1


def test_a_second_set_up_has_nothing_to_take_out(resident: Treasury) -> None:
    resident.setup("--ducats", "1000")
    answer = resident.setup("--ducats", "1000", "--json")
    assert (answer.data["change"], answer.data["leaves_venice"]) == ("none", False)
    assert len(resident.writes) == 1


def test_it_is_taken_out_even_while_the_engine_runs(resident: Treasury) -> None:
    answer = resident.setup("--ducats", "10", CASCADE_ENGINE_SCHEDULE="15:58 Europe/Rome")
    assert (answer.code, "InVenice" in resident.citizens()[0]) == (0, False)


def test_a_debit_of_the_engine_meanwhile_survives_it(resident: Treasury) -> None:
    resident.before_write(lambda: resident.fund(900))
    assert resident.setup("--ducats", "10").code == 0
    assert resident.ducats == 900


@pytest.mark.parametrize("is_applied", [True, False])
def test_a_leave_of_unknown_fate_is_finished_by_the_same_command(
    resident: Treasury, is_applied: bool
) -> None:
    resident.network.break_(is_citizen_write, unavailable(), applied=is_applied)
    assert resident.setup("--ducats", "10").code == 5
    assert resident.setup("--ducats", "10").code == 0
    assert "InVenice" not in resident.citizens()[0]


def test_replenishing_leaves_it_where_it_is(resident: Treasury) -> None:
    resident.replenish("--by", "500")
    assert resident.citizens()[0]["InVenice"] is True


def test_class_and_ducats_are_settings(empty: Treasury) -> None:
    empty.setup(CASCADE_PROCESSOR_CLASS="Innovatori", CASCADE_PROCESSOR_DUCATS="250.5")
    (row,) = empty.citizens()
    assert (row["SocialClass"], row["Ducats"]) == ("Innovatori", 250.5)


def test_a_second_run_writes_nothing(empty: Treasury) -> None:
    empty.setup()
    sent = len(empty.writes)
    answer = empty.setup("--json")
    assert (answer.code, answer.data["change"]) == (0, "none")
    assert len(empty.writes) == sent


def test_a_poor_processor_is_topped_up_to_the_amount(treasury: Treasury) -> None:
    assert treasury.setup("--ducats", "5000").code == 0
    assert treasury.ducats == 5000


def test_a_rich_processor_is_left_alone(treasury: Treasury) -> None:
    answer = treasury.setup("--ducats", "10")
    assert answer.code == 0
    assert "has 1,000 ducats: nothing was written" in answer.out
    assert treasury.writes == []


def test_force_lowers_only_with_a_yes(treasury: Treasury) -> None:
    assert treasury.setup("--ducats", "10", "--force").code == 7
    assert treasury.ducats == 1000
    assert treasury.setup("--ducats", "10", "--force", "--yes").code == 0
    assert treasury.ducats == 10


def test_a_dry_run_writes_nothing(empty: Treasury) -> None:
    answer = empty.setup("--dry-run")
    assert "would be created with 1,000,000 ducats" in answer.out
    assert empty.citizens() == []
    assert empty.writes == []


@pytest.mark.parametrize("field", ["CitizenId", "SocialClass", "IsAI", "Description"])
def test_a_field_that_the_base_lacks_is_not_written(empty: Treasury, field: str) -> None:
    empty.tables.drop_field("CITIZENS", field)
    assert empty.setup().code == 0
    (row,) = empty.citizens()
    assert field not in row


def test_a_base_without_ducats_is_refused_before_any_write(empty: Treasury) -> None:
    empty.tables.drop_field("CITIZENS", "Ducats")
    answer = empty.setup()
    assert answer.code == 4
    assert "CITIZENS has no field Ducats" in answer.err
    assert empty.writes == []


def test_a_class_that_is_no_option_is_named_before_any_write(empty: Treasury) -> None:
    empty.tables.set_select_options("CITIZENS", "SocialClass", ["Nobili", "Innovatori"])
    answer = empty.setup("--dry-run")
    assert answer.code == 4
    assert "no option 'Innovatore'. It has 'Nobili', 'Innovatori'." in answer.err
    assert empty.writes == []


def test_a_class_that_is_an_option_is_written(empty: Treasury) -> None:
    empty.tables.set_select_options("CITIZENS", "SocialClass", ["Nobili", "Innovatore"])
    assert empty.setup().code == 0
    assert empty.citizens()[0]["SocialClass"] == "Innovatore"


def test_a_base_that_hides_its_schema_gets_the_same_words(empty: Treasury) -> None:
    empty.tables.set_select_options("CITIZENS", "SocialClass", ["Nobili"])
    forbidden = json_response(403, {"error": {"type": "INVALID_PERMISSIONS_OR_MODEL_NOT_FOUND"}})
    empty.network.break_(lambda r: "/meta/" in r.path, forbidden)
    answer = empty.setup()
    assert answer.code == 4
    assert "no option 'Innovatore'" in answer.err
    assert empty.citizens() == []


@pytest.mark.parametrize("is_applied", [True, False])
def test_a_creation_of_unknown_fate_ends_as_one_citizen(empty: Treasury, is_applied: bool) -> None:
    empty.network.break_(is_citizen_write, unavailable("1"), applied=is_applied)
    lost = empty.setup()
    assert lost.code == 5
    assert "Run the same command again after 2026-11-20T15:02:0" in lost.err
    empty.counter.pass_time(seconds=125)
    assert empty.setup().code == 0
    assert [row["Ducats"] for row in empty.citizens()] == [1_000_000]


def test_a_creation_that_may_still_arrive_is_not_sent_again(empty: Treasury) -> None:
    empty.network.break_(is_citizen_write, unavailable())
    empty.setup()
    sent = len(empty.writes)
    empty.counter.pass_time(seconds=100)
    assert empty.setup().code == 5
    assert len(empty.writes) == sent


def test_a_refused_creation_may_be_tried_again_at_once(empty: Treasury) -> None:
    empty.network.break_(is_citizen_write, throttled())
    assert empty.setup().code == 5
    assert empty.setup().code == 0
    assert len(empty.citizens()) == 1


def test_who_was_deleted_is_created_again(empty: Treasury) -> None:
    empty.setup()
    empty.remove()
    empty.counter.pass_time(minutes=3)
    assert empty.setup().code == 0
    assert len(empty.citizens()) == 1


def test_who_was_deleted_is_not_created_with_another_amount_under_the_same_key(
    empty: Treasury,
) -> None:
    empty.setup()
    empty.remove()
    empty.counter.pass_time(minutes=3)
    answer = empty.setup("--ducats", "77")
    assert answer.code == 7
    assert "1000000 ducats" in answer.err


def test_another_base_is_set_up_for_itself(empty: Treasury) -> None:
    """The journal is shared, and the key of a citizen names the base."""
    empty.setup("--json")
    out = empty.counter.type("journal", "list", "--json").out
    base = empty.counter.environment()["AIRTABLE_BASE_ID"]
    assert f"cascade_citizen_{base}_{PROCESSOR}" in out


def test_somebody_who_creates_the_same_citizen_at_the_same_time_is_reported(
    empty: Treasury,
) -> None:
    empty.before_write(lambda: empty.counter.move_in(PROCESSOR))
    answer = empty.setup()
    assert answer.code == 3
    assert "There are 2 citizens of that name now" in answer.err


def test_of_two_namesakes_none_is_written(treasury: Treasury) -> None:
    treasury.counter.move_in(PROCESSOR)
    answer = treasury.setup("--ducats", "5000")
    assert answer.code == 7
    assert "Venice has 2 citizens called 'CASCADE_PAYMENT_PROCESSOR'" in answer.err
    assert treasury.writes == []


def test_setting_up_takes_nothing_of_the_day_s_limit(empty: Treasury) -> None:
    empty.setup()
    credit = empty.counter.credit("marco", "90", CASCADE_MAX_DUCATS_PER_DAY="90")
    assert credit.code == 0


def test_topping_up_takes_nothing_of_the_day_s_limit(treasury: Treasury) -> None:
    treasury.replenish("--by", "500")
    credit = treasury.counter.credit("marco", "90", CASCADE_MAX_DUCATS_PER_DAY="90")
    assert credit.code == 0


def test_an_answer_that_is_no_list_does_not_pass_for_a_base_without_the_processor(
    treasury: Treasury,
) -> None:
    treasury.network.break_(
        lambda request: request.path.endswith("/CITIZENS") and request.method == "GET",
        json_response(200, {"status": "ok"}),
        times=9,
    )
    for answer in (treasury.setup(), treasury.setup("--dry-run"), treasury.show()):
        assert answer.code == ExitCode.INCOMPLETE, answer
        assert "Airtable" in answer.err
    assert treasury.writes == []
    treasury.network.heal()
    assert len(treasury.citizens()) == 1
