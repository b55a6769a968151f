from __future__ import annotations

from pyairtable.models.schema import BaseSchema, SingleSelectFieldSchema

from cascade_cli.sandbox.airtable import BASE_ID, Tables
from tests.sandbox.airtable.answers import error_type
from tests.sandbox.airtable.conftest import Client


def schema(client: Client) -> BaseSchema:
    return client.api.base(BASE_ID).schema(force=True)


def names(client: Client, table: str) -> list[str]:
    return [field.name for field in schema(client).table(table).fields]


def test_the_base_is_listed(client: Client) -> None:
    assert [base.id for base in client.api.bases()] == [BASE_ID]


def test_the_schema_names_the_four_tables(client: Client) -> None:
    tables = [table.name for table in schema(client).tables]
    assert tables == ["STRATAGEMS", "CITIZENS", "NOTIFICATIONS", "TRANSACTIONS"]


def test_the_schema_tells_types_and_options(client: Client) -> None:
    table = schema(client).table("STRATAGEMS")
    assert table.field("CreatedAt").type == "createdTime"
    assert table.field("UpdatedAt").type == "lastModifiedTime"
    status = table.field("Status")
    assert isinstance(status, SingleSelectFieldSchema)
    assert [choice.name for choice in status.options.choices] == [
        "planned", "active", "executed", "failed", "expired", "cancelled", "error",
    ]  # fmt: skip


def test_the_fields_of_an_older_set_up_script_are_in_no_table(client: Client) -> None:
    older = {"ConsciousnessVerified", "Occupation", "Location", "PartnerRole", "PresentInVenice"}
    assert not (older | {"Notes"}) & set(names(client, "CITIZENS"))
    assert len(names(client, "CITIZENS")) >= 40


def test_ids_are_unique_and_of_airtables_form(client: Client) -> None:
    tables = schema(client).tables
    ids = [field.id for table in tables for field in table.fields]
    assert len(set(ids)) == len(ids)
    assert all(len(id) == 17 and id.startswith("fld") for id in ids)
    assert all(table.primary_field_id == table.fields[0].id for table in tables)


def test_a_dropped_field_is_gone_with_its_cells(client: Client, tables: Tables) -> None:
    record = tables.create("CITIZENS", {"Username": "m", "Influence": 3})
    tables.drop_field("CITIZENS", "Influence")
    assert "Influence" not in names(client, "CITIZENS")
    assert error_type(client.citizens.create, {"Influence": 1}) == (422, "UNKNOWN_FIELD_NAME")
    tables.add_field("CITIZENS", {"name": "Influence", "type": "number"})
    assert "Influence" not in client.citizens.get(record["id"])["fields"]


def test_an_added_field_can_be_written_and_sought(client: Client, tables: Tables) -> None:
    tables.add_field("STRATAGEMS", {"name": "Nature", "type": "singleLineText"})
    client.stratagems.create({"Nature": "benevolent"})
    assert len(client.stratagems.all(formula="{Nature} = 'benevolent'")) == 1


def test_a_dropped_table_looks_like_a_missing_right(client: Client, tables: Tables) -> None:
    tables.drop_table("TRANSACTIONS")
    assert error_type(client.table("TRANSACTIONS").all)[0] == 403
    assert "TRANSACTIONS" not in [table.name for table in schema(client).tables]


def test_the_older_layout_of_notifications_replaces_the_newer(
    client: Client, tables: Tables
) -> None:
    tables.create("NOTIFICATIONS", {"Citizen": "m", "Type": "x"})
    tables.use_legacy_notifications()
    shared = {"CitizenUsername", "Type", "Title", "Message", "Timestamp", "Read"}
    older = shared | {"Metadata", "RelatedEntity"}
    assert set(names(client, "NOTIFICATIONS")) == older
    notifications = client.table("NOTIFICATIONS")
    assert error_type(notifications.create, {"Citizen": "m"}) == (422, "UNKNOWN_FIELD_NAME")
    (kept,) = notifications.all()
    assert kept["fields"] == {"Type": "x"}
