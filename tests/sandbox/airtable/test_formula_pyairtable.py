from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from hypothesis import assume, example, given, settings
from hypothesis import strategies as st
from pyairtable.formulas import (
    AND,
    BLANK,
    CREATED_TIME,
    EQ,
    GT,
    GTE,
    IS_AFTER,
    IS_BEFORE,
    LOWER,
    LT,
    LTE,
    NOT,
    NOW,
    OR,
    Field,
    Formula,
    match,
)

from cascade_cli.sandbox.airtable import SCHEMA, Tables
from cascade_cli.sandbox.airtable.schema import Table
from cascade_cli.sandbox.store import Store
from tests.sandbox.airtable.conftest import Client, ManualClock, new_sandbox
from tests.sandbox.airtable.formula_world import matches

# Lone surrogates cannot travel in UTF-8, and so never reach a cell.
TEXTS = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=40)
NASTY = st.text(alphabet="'\"\\{}()n,= \n\r\t\u202e\u200f\N{GRINNING FACE}é", min_size=1)


@contextmanager
def fresh_tables() -> Iterator[Tables]:
    store = Store(":memory:", SCHEMA)
    yield new_sandbox(store, ManualClock()).tables
    store.close()


def found(tables: Tables, formula: Formula) -> list[str]:
    records = tables.select("STRATAGEMS", str(formula))
    return [record["fields"]["StratagemId"] for record in records]


@given(texts=st.lists(TEXTS | NASTY, min_size=2, max_size=6, unique=True))
@example(texts=["\\", "\\\\", "'", "\\'", "'\\''", "\\n", "\n"])
def test_any_text_is_found_by_itself_and_by_nothing_else(texts: list[str]) -> None:
    with fresh_tables() as tables:
        for text in texts:
            tables.create("STRATAGEMS", {"StratagemId": text})
        for text in texts:
            assert found(tables, EQ(Field("StratagemId"), text)) == [text]
        every = OR(*[EQ(Field("StratagemId"), text) for text in texts])
        assert sorted(found(tables, every)) == sorted(texts)
        assert found(tables, NOT(every)) == []


@given(text=TEXTS | NASTY)
@settings(max_examples=40)
def test_the_lookup_of_many_agrees_with_one_by_one(text: str) -> None:
    name = Field("Name")
    one = EQ(name, text)
    assert matches(str(one), Name=text)
    assert matches(str(OR(EQ(name, "another"), one)), Name=text)
    assert matches(str(OR(EQ(LOWER(name), text.lower()), one)), Name=text)


@given(name=TEXTS | NASTY)
def test_any_field_name_is_referred_to(name: str) -> None:
    # pyairtable leaves backslashes alone, and Airtable knows no way to write "\}" as a name.
    assume("\\" not in name)
    field = {"name": name, "type": "singleLineText"}
    table = Table.build("T", [field])
    from_pyairtable = str(EQ(Field(name), "x"))
    with fresh_tables() as tables:
        assert table.by_name[name]
        assume(name not in tables.catalogue.table("CITIZENS").by_name)
        tables.add_field("CITIZENS", field)
        tables.create("CITIZENS", {name: "x"})
        tables.create("CITIZENS", {name: "y"})
        assert len(tables.select("CITIZENS", from_pyairtable)) == 1


@given(
    left=st.integers(-(10**9), 10**9) | st.decimals(-1000, 1000, places=4),
    right=st.integers(-(10**9), 10**9) | st.decimals(-1000, 1000, places=4),
)
def test_numbers_compare_as_numbers(left: int | Decimal, right: int | Decimal) -> None:
    ducats = Field("Ducats")
    cell = float(left)

    def holds(formula: Formula) -> bool:
        return matches(str(formula), Ducats=cell)

    assert holds(EQ(ducats, left))
    assert holds(GT(ducats, right)) is (float(left) > float(right))
    assert holds(LTE(ducats, right)) is (float(left) <= float(right))


@given(offset=st.integers(-100_000, 100_000))
def test_moments_compare_as_moments(offset: int) -> None:
    made = datetime(2026, 11, 20, 10, tzinfo=UTC)
    other = made + timedelta(seconds=offset)
    assert matches(str(GTE(CREATED_TIME(), other))) is (made >= other)
    assert matches(str(IS_AFTER(CREATED_TIME(), other))) is (made > other)
    assert matches(str(IS_BEFORE(CREATED_TIME(), other))) is (made < other)
    window = AND(GTE(CREATED_TIME(), other), LT(CREATED_TIME(), made))
    assert matches(str(window)) is False


def test_the_formulas_of_a_reconciliation_find_their_rows(client: Client) -> None:
    soon, past = "2026-11-20T15:00:00Z", "2026-11-20T13:00:00Z"
    rows: list[dict[str, Any]] = [
        {"StratagemId": "live", "Status": "active", "ExpiresAt": soon},
        {"StratagemId": "stalled", "Status": "active", "ExpiresAt": past},
        {"StratagemId": "done", "Status": "executed", "ExpiresAt": past},
        {"StratagemId": "undated", "Status": "active"},
    ]
    client.stratagems.batch_create(rows)
    active = EQ(Field("Status"), "active")

    def ids(formula: Formula) -> set[str]:
        listed = client.stratagems.all(formula=formula, fields=["StratagemId"])
        return {record["fields"]["StratagemId"] for record in listed}

    assert ids(AND(active, IS_AFTER(Field("ExpiresAt"), NOW()))) == {"live"}
    assert ids(AND(active, IS_BEFORE(Field("ExpiresAt"), NOW()))) == {"stalled"}
    assert ids(EQ(Field("ExpiresAt"), BLANK())) == {"undated"}
    assert ids(match({"Status": "active", "StratagemId": "live"})) == {"live"}
    assert ids(~active) == {"done"}
