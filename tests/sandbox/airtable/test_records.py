from __future__ import annotations

import re

import pytest

from cascade_cli.sandbox.airtable import Tables
from tests.sandbox.airtable.answers import error_type, refused
from tests.sandbox.airtable.conftest import Client, ManualClock

UNKNOWN = "recZZZZZZZZZZZZZZ"


def test_a_created_record_has_an_id_a_whole_second_and_its_cells(client: Client) -> None:
    record = client.citizens.create({"Username": "marco", "Ducats": 492485.8103135929})
    assert re.fullmatch(r"rec[0-9A-Za-z]{14}", record["id"])
    assert record["createdTime"] == "2026-11-20T14:02:03.000Z"
    assert record["fields"]["Ducats"] == 492485.8103135929


def test_computed_fields_are_filled_in(client: Client) -> None:
    fields = client.stratagems.create({"StratagemId": "s"})["fields"]
    assert fields["CreatedAt"] == fields["UpdatedAt"] == "2026-11-20T14:02:03.000Z"


def test_the_creation_time_of_a_citizen_is_an_ordinary_field(client: Client) -> None:
    record = client.citizens.create({"Username": "m", "CreatedAt": "2025-01-01T00:00:00Z"})
    assert record["fields"]["CreatedAt"] == "2025-01-01T00:00:00.000Z"


def test_an_update_moves_the_modification_time(client: Client, clock: ManualClock) -> None:
    record = client.stratagems.create({"StratagemId": "s"})
    clock.advance(minutes=1)
    fields = client.stratagems.update(record["id"], {"Status": "active"})["fields"]
    assert (fields["CreatedAt"], fields["UpdatedAt"]) == (
        "2026-11-20T14:02:03.000Z",
        "2026-11-20T14:03:03.000Z",
    )


def test_an_update_without_a_change_leaves_the_modification_time(
    client: Client, clock: ManualClock
) -> None:
    record = client.stratagems.create({"StratagemId": "s"})
    clock.advance(minutes=1)
    fields = client.stratagems.update(record["id"], {"StratagemId": "s"})["fields"]
    assert fields["UpdatedAt"] == "2026-11-20T14:02:03.000Z"


@pytest.mark.parametrize("empty", ["", None])
def test_an_empty_cell_is_left_out(client: Client, empty: str | None) -> None:
    assert "FirstName" not in client.citizens.create({"FirstName": empty})["fields"]


def test_an_unchecked_box_is_left_out_and_a_zero_is_not(client: Client) -> None:
    fields = client.citizens.create({"IsAI": False, "InVenice": True, "Ducats": 0})["fields"]
    assert "IsAI" not in fields
    assert (fields["InVenice"], fields["Ducats"]) == (True, 0)


def test_a_moment_is_normalised_to_utc_with_milliseconds(client: Client) -> None:
    record = client.stratagems.create({"ExpiresAt": "2026-11-22T20:00:00.1239+01:00"})
    assert record["fields"]["ExpiresAt"] == "2026-11-22T19:00:00.123Z"


def test_a_moment_without_a_zone_is_utc(client: Client) -> None:
    record = client.stratagems.create({"ExpiresAt": "2026-11-22T20:00:00"})
    assert record["fields"]["ExpiresAt"] == "2026-11-22T20:00:00.000Z"


def test_patch_merges_and_put_replaces(client: Client) -> None:
    record = client.citizens.create({"Username": "m", "FirstName": "Marco"})
    merged = client.citizens.update(record["id"], {"LastName": "Polo"})["fields"]
    assert (merged["FirstName"], merged["LastName"]) == ("Marco", "Polo")
    replaced = client.citizens.update(record["id"], {"Username": "m"}, replace=True)["fields"]
    assert replaced.keys() == {"Username", "UpdatedAt"}


def test_a_table_and_its_fields_are_known_by_their_ids(client: Client, tables: Tables) -> None:
    table = tables.catalogue.table("CITIZENS")
    by_id = client.table(table.id)
    field_id = table.field("Username").id
    record = by_id.create({field_id: "marco"}, use_field_ids=True)
    assert record["fields"][field_id] == "marco"
    assert client.citizens.get(record["id"])["fields"]["Username"] == "marco"
    again = client.citizens.get(record["id"], use_field_ids=True)
    assert again["fields"][field_id] == "marco"


def test_ten_records_are_created_in_one_request(client: Client) -> None:
    made = client.citizens.batch_create([{"Username": f"c{n}"} for n in range(10)])
    assert [record["fields"]["Username"] for record in made] == [f"c{n}" for n in range(10)]


def test_eleven_records_are_too_many(client: Client) -> None:
    records = [{"fields": {"Username": f"c{n}"}} for n in range(11)]
    url = client.citizens.urls.records
    assert error_type(client.api.post, url, json={"records": records}) == (422, "INVALID_RECORDS")
    assert client.citizens.all() == []


def test_a_batch_with_one_bad_record_writes_none(client: Client) -> None:
    bad = [{"Username": "good"}, {"Username": 5}]
    assert error_type(client.citizens.batch_create, bad) == (422, "INVALID_VALUE_FOR_COLUMN")
    assert client.citizens.all() == []


def test_a_batch_of_updates_with_one_missing_record_changes_none(client: Client) -> None:
    record = client.citizens.create({"Username": "m"})
    updates = [
        {"id": record["id"], "fields": {"Username": "changed"}},
        {"id": UNKNOWN, "fields": {"Username": "x"}},
    ]
    status, document = refused(client.citizens.batch_update, updates)
    assert (status, document["error"]["type"]) == (422, "ROW_DOES_NOT_EXIST")
    assert client.citizens.get(record["id"])["fields"]["Username"] == "m"


def test_deleted_records_are_gone(client: Client) -> None:
    made = [client.citizens.create({"Username": f"c{n}"})["id"] for n in range(3)]
    assert client.citizens.delete(made[0]) == {"id": made[0], "deleted": True}
    assert client.citizens.batch_delete(made[1:2]) == [{"id": made[1], "deleted": True}]
    assert [record["id"] for record in client.citizens.all()] == [made[2]]


def test_a_batch_of_deletions_with_one_missing_record_deletes_none(client: Client) -> None:
    record = client.citizens.create({"Username": "m"})
    assert error_type(client.citizens.batch_delete, [record["id"], UNKNOWN])[0] == 404
    assert len(client.citizens.all()) == 1


def test_a_missing_record_is_404_with_an_error_object(client: Client) -> None:
    document = {"error": {"type": "MODEL_ID_NOT_FOUND", "message": "Record not found"}}
    assert refused(client.citizens.get, UNKNOWN) == (404, document)
    assert refused(client.citizens.update, UNKNOWN, {"Username": "x"}) == (404, document)
    assert refused(client.citizens.delete, UNKNOWN) == (404, document)


def test_a_malformed_record_id_is_404_with_a_bare_string(client: Client) -> None:
    assert refused(client.citizens.get, "nonsense") == (404, {"error": "NOT_FOUND"})


def test_a_record_of_another_table_is_not_found(client: Client) -> None:
    record = client.stratagems.create({"StratagemId": "s"})
    assert error_type(client.citizens.get, record["id"]) == (404, "MODEL_ID_NOT_FOUND")
