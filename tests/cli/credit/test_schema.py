"""The base's fields drift: what is missing is left out, what is needed is asked for."""

from __future__ import annotations

import json

import pytest

from tests.harness.counter import Counter

OPTIONAL = ["Variant", "Category", "Name", "Description"]
REQUIRED = ["StratagemId", "Type", "ExecutedBy", "TargetCitizen", "ExpiresAt", "Notes"]


def drop(counter: Counter, field: str, table: str = "STRATAGEMS") -> None:
    counter.sandboxed.app.airtable.tables.drop_field(table, field)


@pytest.mark.parametrize("field", OPTIONAL)
def test_a_field_that_the_base_lacks_is_left_out(counter: Counter, field: str) -> None:
    drop(counter, field)
    assert counter.credit("marco", "5").code == 0
    counter.sandboxed.app.engine.run()
    assert counter.ducats_of("marco") == 5


@pytest.mark.parametrize("field", REQUIRED)
def test_without_a_field_that_a_transfer_needs_nothing_is_written(
    counter: Counter, field: str
) -> None:
    drop(counter, field)
    answer = counter.credit("marco", "5")
    assert answer.code == 4
    assert field in answer.err or "a field that it filters by" in answer.err.lower()
    assert counter.writes == []


def test_a_token_that_may_not_read_the_schema_only_brings_a_warning(counter: Counter) -> None:
    answer = counter.credit("marco", "5", AIRTABLE_API_KEY="patSandboxNoSchema.x")
    assert answer.code == 0
    assert "schema.bases:read" in answer.err
    assert len(counter.rows()) == len(counter.rows("NOTIFICATIONS")) == 1


def test_without_the_schema_a_field_too_many_is_refused_by_the_base_and_nothing_stands(
    counter: Counter,
) -> None:
    drop(counter, "Variant")
    answer = counter.credit("marco", "5", AIRTABLE_API_KEY="patSandboxNoSchema.x")
    assert answer.code == 4
    assert "UNKNOWN_FIELD_NAME" in answer.err
    assert counter.rows() == []


@pytest.mark.parametrize(
    ("token", "code"),
    [("patSandboxReadOnly.x", 4), ("patSandboxNothing.x", 4), ("patNobody.x", 4)],
)
def test_a_token_without_the_rights_writes_nothing(counter: Counter, token: str, code: int) -> None:
    answer = counter.credit("marco", "5", AIRTABLE_API_KEY=token)
    assert answer.code == code
    assert counter.rows() == []


def notification(counter: Counter) -> dict[str, object]:
    (row,) = counter.rows("NOTIFICATIONS")
    return row


def test_the_citizen_is_told_that_ducats_are_on_their_way_not_that_they_arrived(
    counter: Counter,
) -> None:
    counter.credit("marco", "10.50", "--reference", "r1")
    row = notification(counter)
    assert row["Citizen"] == "marco"
    assert row["Asset"] == "cascade_manual_r1"
    text = str(row["Content"])
    assert "10.5 ducats are on their way to you (gift)" in text
    assert "19:00 Europe/Rome" in text
    assert json.loads(str(row["Details"]))["stratagem_id"] == "cascade_manual_r1"


def test_the_older_layout_is_served_where_the_base_has_it(counter: Counter) -> None:
    counter.sandboxed.app.airtable.tables.catalogue.use_legacy_notifications()
    assert counter.credit("marco", "5", "--reference", "r1").code == 0
    row = notification(counter)
    assert row["CitizenUsername"] == "marco"
    assert "on their way" in str(row["Message"])
    assert json.loads(str(row["Metadata"]))["stratagem_id"] == "cascade_manual_r1"


@pytest.mark.parametrize("field", ["Content", "Details", "Asset", "AssetType", "Status"])
def test_a_notification_goes_without_the_field_that_the_base_lacks(
    counter: Counter, field: str
) -> None:
    drop(counter, field, "NOTIFICATIONS")
    assert counter.credit("marco", "5").code == 0
    assert notification(counter)["Citizen"] == "marco"


def test_a_base_without_notifications_gets_its_transfer_all_the_same(counter: Counter) -> None:
    counter.sandboxed.app.airtable.tables.drop_table("NOTIFICATIONS")
    answer = counter.credit("marco", "5")
    assert answer.code == 0
    assert "1 citizen could not be told" in answer.err
    (row,) = counter.rows()
    assert row["Status"] == "active"
