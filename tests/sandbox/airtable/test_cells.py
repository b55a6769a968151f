from __future__ import annotations

from typing import Any

import pytest

from cascade_cli.sandbox.airtable import Refusal, Tables
from tests.sandbox.airtable.answers import refused
from tests.sandbox.airtable.conftest import Client


def test_an_unknown_field_refuses_the_whole_write(client: Client) -> None:
    status, document = refused(client.stratagems.create, {"StratagemId": "s", "Nature": "x"})
    assert (status, document) == (
        422,
        {"error": {"type": "UNKNOWN_FIELD_NAME", "message": 'Unknown field name: "Nature"'}},
    )
    assert client.stratagems.all() == []


def test_field_names_are_case_sensitive(tables: Tables) -> None:
    with pytest.raises(Refusal, match='Unknown field name: "username"'):
        tables.create("CITIZENS", {"username": "m"})


@pytest.mark.parametrize(
    ("table", "field"),
    [("STRATAGEMS", "CreatedAt"), ("STRATAGEMS", "UpdatedAt"), ("CITIZENS", "UpdatedAt")],
)
def test_a_computed_field_refuses_a_value(tables: Tables, table: str, field: str) -> None:
    with pytest.raises(Refusal, match="the field is computed") as caught:
        tables.create(table, {field: "2026-01-01T00:00:00Z"})
    assert (caught.value.status, caught.value.type) == (422, "INVALID_VALUE_FOR_COLUMN")


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("Username", 5),
        ("Username", ["m"]),
        ("Username", "x" * 100_001),
        ("Ducats", "100"),
        ("Ducats", True),
        ("IsAI", "true"),
        ("IsAI", 1),
        ("CreatedAt", "yesterday"),
        ("CreatedAt", 1_700_000_000),
        ("CreatedAt", "0001-01-01T00:00:00+14:00"),
    ],
)
def test_a_value_of_the_wrong_type_is_refused(tables: Tables, field: str, value: Any) -> None:
    with pytest.raises(Refusal, match=f'Field "{field}" cannot accept the provided value'):
        tables.create("CITIZENS", {field: value})


def test_a_text_of_100_000_characters_fits(tables: Tables) -> None:
    record = tables.create("CITIZENS", {"Description": "x" * 100_000})
    assert len(record["fields"]["Description"]) == 100_000


def test_an_unknown_select_option_is_refused(client: Client) -> None:
    status, document = refused(client.stratagems.create, {"Status": "done"})
    assert (status, document["error"]["type"]) == (422, "INVALID_MULTIPLE_CHOICE_OPTIONS")
    assert document["error"]["message"].endswith('option ""done""')


def test_typecast_creates_the_option(client: Client) -> None:
    assert client.stratagems.create({"Status": "done"}, typecast=True)["fields"]["Status"] == "done"
    assert client.stratagems.create({"Status": "done"})["fields"]["Status"] == "done"


def test_an_option_from_a_refused_request_does_not_stay(client: Client) -> None:
    refused(client.stratagems.create, {"Status": "done", "CreatedAt": "x"}, typecast=True)
    refused(client.stratagems.create, {"Status": "done"})


def test_typecast_turns_texts_into_numbers_and_numbers_into_texts(tables: Tables) -> None:
    fields = tables.create("CITIZENS", {"Ducats": "1,000.5", "Username": 7}, typecast=True)[
        "fields"
    ]
    assert (fields["Ducats"], fields["Username"]) == (1000.5, "7")


def test_a_whole_number_is_written_without_a_fraction(client: Client) -> None:
    record = client.citizens.create({"Ducats": 100.0})
    assert repr(record["fields"]["Ducats"]) == "100"


def test_not_a_number_is_not_json(client: Client) -> None:
    url = client.citizens.urls.records
    data = b'{"fields": {"Ducats": NaN}}'
    response = client.api.session.post(url, data=data, timeout=5)
    assert response.json()["error"]["type"] == "INVALID_REQUEST_BODY"


def test_half_a_surrogate_pair_comes_back_as_a_replacement(client: Client) -> None:
    url = client.citizens.urls.records
    data = b'{"fields": {"Username": "\\ud83d\\ude00 \\ud83d"}}'
    response = client.api.session.post(url, data=data, timeout=5)
    assert response.json()["fields"]["Username"] == "\N{GRINNING FACE} \N{REPLACEMENT CHARACTER}"


def test_the_class_of_a_citizen_takes_either_spelling_unless_it_is_a_select(tables: Tables) -> None:
    tables.create("CITIZENS", {"SocialClass": "Innovatore"})
    tables.set_select_options("CITIZENS", "SocialClass", ["Innovatori", "Nobili"])
    tables.create("CITIZENS", {"SocialClass": "Innovatori"})
    with pytest.raises(Refusal, match="Innovatore"):
        tables.create("CITIZENS", {"SocialClass": "Innovatore"})
