from __future__ import annotations

import pytest

from cascade_cli.sandbox.airtable import Refusal
from cascade_cli.sandbox.airtable.formula.syntax import MAX_DEPTH
from tests.sandbox.airtable.answers import refused
from tests.sandbox.airtable.conftest import Client
from tests.sandbox.airtable.formula_world import matches

INVALID = "Invalid formula. Please check your formula text."


def detail(formula: str) -> str:
    with pytest.raises(Refusal) as caught:
        matches(formula)
    assert (caught.value.status, caught.value.type) == (422, "INVALID_FILTER_BY_FORMULA")
    return caught.value.message.removeprefix("The formula for filtering records is invalid: ")


@pytest.mark.parametrize(
    "formula",
    [
        "{Name} =",
        "= 1",
        "1 +",
        "(1",
        "1)",
        "'unterminated",
        "\"mixed'",
        "{Name",
        "{Name} IS NULL",
        "{Name} == 'x'",
        "{Name} <> 'x'",
        "1 AND 2",
        "AND(1,)",
        "AND(,1)",
        "1e5",
        "5%",
        "“smart”",
        "{Name}; 1",
        "[1]",
        "+1",
        "   ",
        "//",
        "1" * 400,
    ],
)
def test_bad_syntax_is_refused(formula: str) -> None:
    assert detail(formula) == INVALID


@pytest.mark.parametrize(
    "formula",
    [
        "AND()", "OR()", "NOT()", "NOT(1, 2)", "IF(1)", "IF(1, 2, 3, 4)", "BLANK(1)", "TRUE(1)",
        "FALSE(1)", "RECORD_ID(1)", "CREATED_TIME(1)", "NOW(1)", "LAST_MODIFIED_TIME({Name})",
        "IS_BEFORE(NOW())", "IS_AFTER(NOW(), NOW(), 'day')", "IS_SAME(NOW())",
        "DATETIME_PARSE()", "DATEADD(NOW(), 1)", "TODAY(1)", "DATETIME_DIFF(NOW())",
        "FIND('a')", "SEARCH('a')", "LOWER()",
        "UPPER('a', 'b')", "LEN()", "TRIM()", "VALUE()", "MOD(1)",
    ],
)  # fmt: skip
def test_a_wrong_number_of_arguments_is_refused(formula: str) -> None:
    assert detail(formula) == INVALID


@pytest.mark.parametrize(
    "formula",
    [
        "DATEADD(NOW(), 1, 'moons')",
        "IS_SAME(NOW(), NOW(), 'x')",
        "DATETIME_DIFF(NOW(), NOW(), 'moons')",
    ],
)
def test_an_unknown_unit_is_refused(formula: str) -> None:
    assert detail(formula) == INVALID


def test_an_unknown_date_format_is_refused() -> None:
    assert detail("DATETIME_PARSE('x', 'dddd')") == INVALID


def test_unknown_fields_are_all_named_in_lower_case() -> None:
    assert detail("AND({Zip}, {Nope}, Name)") == "Unknown field names: zip, nope"


def test_a_field_is_unknown_in_another_case_or_by_its_id() -> None:
    assert detail("{name} = 1") == "Unknown field names: name"
    assert detail("{fld00000000000001} = 1").startswith("Unknown field names")


@pytest.mark.parametrize("name", ["XOR", "SWITCH", "WORKDAY", "NO_SUCH"])
def test_an_unknown_function_is_refused(name: str) -> None:
    assert detail(f"{name}(1)") == f"Unknown function names: {name}"


@pytest.mark.parametrize("name", ["REGEX_MATCH", "REGEX_EXTRACT", "REGEX_REPLACE"])
def test_a_regular_expression_is_refused_over_http(client: Client, name: str) -> None:
    status, document = refused(client.stratagems.all, formula=f"{name}({{Notes}}, 'a')")
    assert status == 422
    assert document["error"]["message"].endswith(f"Unknown function names: {name}")


def test_a_refused_branch_is_refused_though_never_reached() -> None:
    assert detail("IF(1, 1, NO_SUCH(1))") == "Unknown function names: NO_SUCH"


@pytest.mark.parametrize("formula", ["NOT(" * 500 + "1" + ")" * 500, "1" + "+1" * 20_000])
def test_deep_nesting_is_refused(formula: str) -> None:
    assert detail(formula) == INVALID


def test_parentheses_alone_nest_as_deep_as_they_like() -> None:
    assert matches("(" * 5_000 + "1" + ")" * 5_000)


def test_nesting_up_to_the_bound_is_evaluated() -> None:
    assert matches("NOT(" * (MAX_DEPTH - 2) + "{Ducats}" + ")" * (MAX_DEPTH - 2), Ducats=1)
    assert matches("{Ducats}" + "+1" * (MAX_DEPTH - 2), Ducats=1)


def test_over_http_it_is_a_422_with_airtables_words(client: Client) -> None:
    status, document = refused(client.stratagems.all, formula="{Status} IS NULL")
    assert status == 422
    assert document == {
        "error": {
            "type": "INVALID_FILTER_BY_FORMULA",
            "message": f"The formula for filtering records is invalid: {INVALID}",
        }
    }


def test_an_invalid_formula_is_refused_on_an_empty_table_too(client: Client) -> None:
    assert client.stratagems.all() == []
    formula = "DATETIME_DIFF({ExpiresAt}, NOW(), 'moons')"
    assert refused(client.stratagems.all, formula=formula)[0] == 422
