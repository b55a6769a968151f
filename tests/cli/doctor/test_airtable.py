from __future__ import annotations

import json

import pytest

from tests.cli.doctor.patient import Examination, Patient, closed_port, provokes

_AREAS = ("schema", "processor", "engine", "older")


@provokes("airtable.token_refused", "airtable.unchecked")
def test_a_token_that_airtable_does_not_know_is_red(patient: Patient) -> Examination:
    missing = patient.examined(AIRTABLE_API_KEY=None)
    found = patient.examined(AIRTABLE_API_KEY="patUnknown.x")
    found.checks.extend(missing.of("airtable.unchecked"))
    return found


@provokes(*(f"{area}.unchecked" for area in _AREAS))
def test_what_needs_a_refused_token_is_not_checked(patient: Patient) -> Examination:
    return patient.examined(AIRTABLE_API_KEY="patUnknown.x")


@provokes("airtable.unreachable")
def test_an_airtable_that_cannot_be_reached_is_red(patient: Patient) -> Examination:
    return patient.examined(AIRTABLE_ENDPOINT_URL=f"http://127.0.0.1:{closed_port()}")


@provokes("airtable.quota")
def test_a_used_up_allowance_is_red(patient: Patient) -> Examination:
    kind = "PUBLIC_API_BILLING_LIMIT_EXCEEDED"
    body = {"errors": [{"error": kind, "message": "The month's calls are used up"}]}
    patient.network.answer("^/airtable/v0/app", 429, json.dumps(body).encode())
    return patient.examined()


@provokes("airtable.failing")
def test_an_airtable_that_fails_is_red(patient: Patient) -> Examination:
    patient.network.answer("^/airtable/", 500)
    return patient.examined()


@provokes("airtable.unreadable", "schema.unchecked")
def test_a_base_that_the_token_may_not_read_is_red(patient: Patient) -> Examination:
    return patient.examined(AIRTABLE_BASE_ID="appSomeOtherBase01")


def test_what_airtable_refuses_is_not_held_against_the_journal(patient: Patient) -> None:
    patient.journal_file.unlink()
    found = patient.examined(AIRTABLE_BASE_ID="appSomeOtherBase01")
    assert found.of("airtable.unreadable")
    assert found.of("journal.new")


@provokes("airtable.read_only")
def test_a_token_that_may_only_read_is_amber(patient: Patient) -> Examination:
    found = patient.examined(AIRTABLE_API_KEY="patSandboxReadOnly.x")
    assert found.code == 0
    return found


@provokes("schema.unknown")
def test_a_token_that_may_not_read_the_schema_is_amber(patient: Patient) -> Examination:
    found = patient.examined(AIRTABLE_API_KEY="patSandboxNoSchema.x")
    assert found.ill == {"schema.unknown"}
    return found


@provokes("schema.no_table")
def test_a_missing_table_that_ducats_depend_on_is_red(patient: Patient) -> Examination:
    patient.tables.drop_table("CITIZENS")
    return patient.examined()


@provokes("schema.no_table_minor")
def test_a_missing_table_of_notifications_is_amber(patient: Patient) -> Examination:
    patient.tables.drop_table("NOTIFICATIONS")
    return patient.examined()


@provokes("schema.no_field")
def test_a_missing_field_that_the_engine_writes_is_red(patient: Patient) -> Examination:
    patient.tables.drop_field("STRATAGEMS", "ExecutedAt")
    found = patient.examined()
    (check,) = found.of("schema.no_field")
    assert check["found"] == "STRATAGEMS has no field ExecutedAt"
    assert "cannot mark the transfer" in check["why"]
    return found


@provokes("schema.no_field")
@pytest.mark.parametrize(
    ("table", "field"),
    [
        ("STRATAGEMS", "StratagemId"),
        ("STRATAGEMS", "Type"),
        ("STRATAGEMS", "ExecutedBy"),
        ("STRATAGEMS", "TargetCitizen"),
        ("STRATAGEMS", "Status"),
        ("STRATAGEMS", "ExpiresAt"),
        ("STRATAGEMS", "Notes"),
        ("CITIZENS", "Username"),
        ("CITIZENS", "Ducats"),
    ],
)
def test_every_field_that_ducats_depend_on_is_missed(
    patient: Patient, table: str, field: str
) -> Examination:
    patient.tables.drop_field(table, field)
    found = patient.examined()
    assert [check["name"] for check in found.of("schema.no_field")] == [f"{table}.{field}"]
    return found


@provokes("schema.no_field_minor")
@pytest.mark.parametrize(
    ("table", "field"),
    [("STRATAGEMS", "Category"), ("CITIZENS", "IsAI"), ("NOTIFICATIONS", "Content")],
)
def test_a_missing_field_that_no_ducats_depend_on_is_amber(
    patient: Patient, table: str, field: str
) -> Examination:
    patient.tables.drop_field(table, field)
    found = patient.examined()
    assert (found.ill, found.code) == ({"schema.no_field_minor"}, 0)
    return found


@provokes("schema.computed")
def test_a_field_that_airtable_computes_now_is_red(patient: Patient) -> Examination:
    patient.tables.drop_field("STRATAGEMS", "ExecutedAt")
    patient.tables.add_field("STRATAGEMS", {"name": "ExecutedAt", "type": "lastModifiedTime"})
    return patient.examined()


@provokes("schema.computed_minor")
def test_a_computed_field_of_notifications_is_amber(patient: Patient) -> Examination:
    patient.tables.drop_field("NOTIFICATIONS", "CreatedAt")
    patient.tables.add_field("NOTIFICATIONS", {"name": "CreatedAt", "type": "createdTime"})
    return patient.examined()


@provokes("schema.type")
@pytest.mark.parametrize(
    ("table", "field", "type_"),
    [
        ("STRATAGEMS", "ExpiresAt", "checkbox"),
        ("STRATAGEMS", "Notes", "singleLineText"),
        ("CITIZENS", "Ducats", "singleLineText"),
    ],
)
def test_a_field_of_another_type_is_red(
    patient: Patient, table: str, field: str, type_: str
) -> Examination:
    patient.retype(table, field, type_)
    found = patient.examined()
    assert type_ in found.of("schema.type")[0]["found"]
    return found


@provokes("schema.type_minor")
def test_a_field_of_another_type_in_notifications_is_amber(patient: Patient) -> Examination:
    patient.retype("NOTIFICATIONS", "Asset", "number")
    return patient.examined()


@provokes("schema.option")
@pytest.mark.parametrize("status", ["planned", "active", "executed", "failed"])
def test_a_status_that_cannot_be_chosen_any_more_is_red(
    patient: Patient, status: str
) -> Examination:
    others = {"planned", "active", "executed", "failed", "expired"} - {status}
    patient.tables.set_select_options("STRATAGEMS", "Status", sorted(others))
    found = patient.examined()
    assert repr(status) in found.of("schema.option")[0]["found"]
    return found


@provokes("schema.option_minor")
def test_a_social_class_that_cannot_be_chosen_is_amber(patient: Patient) -> Examination:
    patient.tables.set_select_options("CITIZENS", "SocialClass", ["Innovatori", "Nobili"])
    found = patient.examined()
    assert "Innovatori" in found.of("schema.option_minor")[0]["found"]
    return found


def test_the_older_layout_of_notifications_is_green(patient: Patient) -> None:
    patient.tables.use_legacy_notifications()
    assert patient.examined().ill == set()


@provokes("schema.unread")
def test_a_schema_that_cannot_be_read_is_red(patient: Patient) -> Examination:
    patient.network.answer("^/airtable/v0/meta/bases/[^/]+/tables", 422)
    return patient.examined()
