from __future__ import annotations

from typing import Any

import pytest

from tests.sandbox.airtable.answers import error_type, refused
from tests.sandbox.airtable.conftest import Client


def upsert(client: Client, *records: dict[str, Any], on: list[str] | None = None) -> Any:
    return client.stratagems.batch_upsert(
        [{"fields": record} for record in records], on or ["StratagemId"]
    )


def test_no_match_creates_and_one_updates(client: Client) -> None:
    known = client.stratagems.create({"StratagemId": "known", "Status": "executed"})
    result = upsert(
        client,
        {"StratagemId": "known", "Status": "active"},
        {"StratagemId": "new", "Status": "active"},
    )
    assert result["updatedRecords"] == [known["id"]]
    assert result["createdRecords"] == [result["records"][1]["id"]]
    assert client.stratagems.get(known["id"])["fields"]["Status"] == "active"


def test_several_matches_fail_the_whole_request(client: Client) -> None:
    client.stratagems.batch_create([{"StratagemId": "twin"}, {"StratagemId": "twin"}])
    records = [{"StratagemId": "new"}, {"StratagemId": "twin", "Status": "active"}]
    status, document = refused(upsert, client, *records)
    assert (status, document["error"]["type"]) == (422, "INVALID_RECORDS")
    assert len(client.stratagems.all()) == 2


def test_matching_goes_by_all_the_fields_named(client: Client) -> None:
    client.stratagems.create({"Type": "transfer_ducats", "TargetCitizen": "a"})
    result = upsert(
        client,
        {"Type": "transfer_ducats", "TargetCitizen": "b"},
        on=["Type", "TargetCitizen"],
    )
    assert len(result["createdRecords"]) == 1


def test_matching_is_case_sensitive(client: Client) -> None:
    client.stratagems.create({"StratagemId": "Key"})
    assert upsert(client, {"StratagemId": "key"})["updatedRecords"] == []


def test_a_record_with_an_id_is_simply_updated(client: Client) -> None:
    known = client.stratagems.create({"StratagemId": "s"})
    records = [{"id": known["id"], "fields": {"Status": "active"}}]
    result = client.stratagems.batch_upsert(records, ["StratagemId"])
    assert result["updatedRecords"] == [known["id"]]


@pytest.mark.parametrize(
    ("merge_on", "type"),
    [
        ([], "INVALID_REQUEST_UNKNOWN"),
        (["StratagemId", "Type", "Variant", "Name"], "INVALID_REQUEST_UNKNOWN"),
        (["CreatedAt"], "INVALID_REQUEST_UNKNOWN"),
        (["Nature"], "UNKNOWN_FIELD_NAME"),
        (["Variant"], "INVALID_RECORDS"),
    ],
)
def test_the_fields_to_merge_on_are_checked(client: Client, merge_on: list[str], type: str) -> None:
    body = {
        "performUpsert": {"fieldsToMergeOn": merge_on},
        "records": [{"fields": {"StratagemId": "s"}}],
    }
    url = client.stratagems.urls.records
    assert error_type(client.api.patch, url, json=body) == (422, type)
