from __future__ import annotations

import json
from typing import Any

import pytest
from pyairtable.formulas import EQ, OR, Field

from cascade_cli.sandbox.airtable import BASE_ID, AirtableSandbox, Tables
from cascade_cli.sandbox.wire import Request
from tests.sandbox.airtable.answers import error_type, refused
from tests.sandbox.airtable.conftest import Client, ManualClock


def seed(tables: Tables, count: int) -> list[str]:
    return [tables.create("CITIZENS", {"Username": f"c{n:04d}"})["id"] for n in range(count)]


def test_all_pages_together_hold_every_record_once(client: Client, tables: Tables) -> None:
    made = seed(tables, 250)
    pages = list(client.citizens.iterate())
    assert [len(page) for page in pages] == [100, 100, 50]
    assert sorted(record["id"] for page in pages for record in page) == sorted(made)


def test_the_order_without_sort_is_not_that_of_creation(client: Client, tables: Tables) -> None:
    made = seed(tables, 50)
    listed = [record["id"] for record in client.citizens.all()]
    assert listed != made
    assert listed == [record["id"] for record in client.citizens.all()]


def test_the_grid_view_keeps_the_order_of_creation(client: Client, tables: Tables) -> None:
    made = seed(tables, 50)
    assert [record["id"] for record in client.citizens.all(view="Grid view")] == made


def test_an_unknown_view_is_refused(client: Client) -> None:
    assert error_type(client.citizens.all, view="Nope") == (422, "VIEW_NAME_NOT_FOUND")


def test_only_the_fields_asked_for_come_back(client: Client, tables: Tables) -> None:
    tables.create("CITIZENS", {"Username": "m", "FirstName": "Marco", "Ducats": 3})
    (record,) = client.citizens.all(fields=["Username", "Ducats"])
    assert record["fields"] == {"Username": "m", "Ducats": 3}


def test_a_computed_field_can_be_asked_for(client: Client, tables: Tables) -> None:
    tables.create("STRATAGEMS", {"StratagemId": "s"})
    (record,) = client.stratagems.all(fields=["CreatedAt"])
    assert record["fields"] == {"CreatedAt": "2026-11-20T14:02:03.000Z"}


def test_sort_goes_by_several_fields_and_directions(client: Client, tables: Tables) -> None:
    for name, ducats in [("b", 1), ("a", 1), ("c", 2), ("d", None)]:
        tables.create("CITIZENS", {"Username": name, "Ducats": ducats})
    listed = client.citizens.all(sort=["-Ducats", "Username"])
    assert [record["fields"]["Username"] for record in listed] == ["c", "a", "b", "d"]


def test_a_select_is_sorted_by_the_order_of_its_options(client: Client, tables: Tables) -> None:
    for status in ["executed", "active", "planned"]:
        tables.create("STRATAGEMS", {"Status": status})
    listed = client.stratagems.all(sort=["Status"])
    assert [record["fields"]["Status"] for record in listed] == ["planned", "active", "executed"]


def test_max_records_ends_the_listing(client: Client, tables: Tables) -> None:
    seed(tables, 30)
    pages = list(client.citizens.iterate(page_size=10, max_records=25))
    assert [len(page) for page in pages] == [10, 10, 5]


def test_first_asks_for_one_record(client: Client, tables: Tables) -> None:
    seed(tables, 3)
    found = client.citizens.first(formula=EQ(Field("Username"), "c0001"))
    assert found is not None
    assert found["fields"]["Username"] == "c0001"


def test_a_long_formula_goes_by_post(client: Client, tables: Tables) -> None:
    seed(tables, 200)
    wanted = [f"c{n:04d}" for n in range(0, 200, 2)]
    noise = ["x" * 500 + str(n) for n in range(40)]
    formula = OR(*[EQ(Field("Username"), name) for name in [*wanted, *noise]])
    listed = client.citizens.all(formula=formula, fields=["Username"], sort=["Username"])
    assert [record["fields"]["Username"] for record in listed] == wanted


def test_a_long_url_is_refused(client: Client) -> None:
    url = client.citizens.urls.records
    assert error_type(client.api.get, url, params={"filterByFormula": "1" * 16_000})[0] == 414


def test_pages_show_what_the_first_request_found(client: Client, tables: Tables) -> None:
    made = seed(tables, 20)
    pages = client.citizens.iterate(page_size=10, formula="{Ducats} = BLANK()")
    first = next(pages)
    left = next(id for id in made if id not in {record["id"] for record in first})
    tables.update("CITIZENS", left, {"Ducats": 5})
    tables.create("CITIZENS", {"Username": "later"})
    assert {record["id"] for page in [first, *pages] for record in page} == set(made)


def test_a_deleted_record_is_left_out_of_its_page(client: Client, tables: Tables) -> None:
    made = seed(tables, 20)
    pages = client.citizens.iterate(page_size=10)
    first = {record["id"] for record in next(pages)}
    gone = next(id for id in made if id not in first)
    tables.delete("CITIZENS", gone)
    assert len(next(pages)) == 9


def test_an_iterator_expires(client: Client, tables: Tables, clock: ManualClock) -> None:
    seed(tables, 20)
    pages = client.citizens.iterate(page_size=10)
    next(pages)
    clock.advance(minutes=6)
    document = {"error": {"type": "LIST_RECORDS_ITERATOR_NOT_AVAILABLE"}}
    assert refused(next, pages) == (422, document)


def test_an_iterator_lives_as_long_as_it_is_asked(
    client: Client, tables: Tables, clock: ManualClock
) -> None:
    seed(tables, 50)
    count = 0
    for _ in client.citizens.iterate(page_size=10):
        clock.advance(minutes=4)
        count += 1
    assert count == 5


def test_an_offset_may_be_asked_for_twice(sandbox: AirtableSandbox, tables: Tables) -> None:
    seed(tables, 30)
    first = listed(sandbox, "pageSize=10")
    again = [listed(sandbox, f"pageSize=10&offset={first['offset']}") for _ in range(2)]
    assert again[0] == again[1]


@pytest.mark.parametrize("offset", ["nonsense", "10", "itr00000000000000/short"])
def test_a_malformed_offset_is_refused(client: Client, offset: str) -> None:
    call = client.citizens.all
    assert error_type(call, offset=offset) == (422, "INVALID_OFFSET_VALUE")


@pytest.mark.parametrize(
    "query",
    [
        "pageSize=0",
        "pageSize=101",
        "pageSize=ten",
        "pageSize=" + "9" * 5_000,
        "maxRecords=0",
        "sort[0][field]=Username&sort[0][direction]=up",
        "sort[0][direction]=asc",
        "returnFieldsByFieldId=perhaps",
        "cellFormat=string",
        "recordMetadata[]=likes",
        "colour=red",
    ],
)
def test_a_parameter_out_of_bounds_is_refused(sandbox: AirtableSandbox, query: str) -> None:
    assert listed(sandbox, query)["error"]["type"] == "INVALID_REQUEST_UNKNOWN"


def test_a_list_of_records_by_post_is_as_strict(client: Client) -> None:
    url = client.citizens.urls.records_post
    assert error_type(client.api.post, url, json={"pageSize": "10"})[0] == 422
    assert error_type(client.api.post, url, json={"colour": "red"})[0] == 422


@pytest.mark.parametrize("options", [{"fields": ["Nope"]}, {"sort": ["Nope"]}])
def test_an_unknown_field_is_refused(client: Client, options: dict[str, Any]) -> None:
    assert error_type(client.citizens.all, **options) == (422, "UNKNOWN_FIELD_NAME")


def listed(sandbox: AirtableSandbox, query: str) -> Any:
    headers = {"authorization": "Bearer patSandboxTests"}
    request = Request("GET", f"/v0/{BASE_ID}/CITIZENS", query, headers)
    return json.loads(sandbox.handle(request).body)
