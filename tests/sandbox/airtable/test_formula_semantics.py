from __future__ import annotations

import pytest

from tests.sandbox.airtable.formula_world import matches


@pytest.mark.parametrize(
    "formula",
    [
        "1 + 2 * 3 = 7",
        "(1 + 2) * 3 = 9",
        "10 - 2 - 3 = 5",
        "8 / 4 / 2 = 1",
        "-2 + 5 = 3",
        "2 - -2 = 4",
        "0.1 + 0.2 != 0.3",
        "1 & 2 = '12'",
        "'a' & 1 + 1 = 'a2'",
        "2.50 & '' = '2.5'",
        "1 < 2",
        "2 <= 2",
        "3 > 2",
        "2 >= 2",
        "1 != 2",
        "MOD(7, 3) = 1",
        "MOD(-1, 3) = 2",
        "VALUE('$1,000.50') = 1000.5",
        "VALUE(7) = 7",
    ],
)
def test_arithmetic(formula: str) -> None:
    assert matches(formula)


@pytest.mark.parametrize(
    "formula",
    [
        "AND(1, 'x', TRUE())",
        "NOT(AND(1, 0))",
        "OR(0, '', 1)",
        "NOT(OR(0, '', FALSE(), BLANK()))",
        "IF(1, 'yes', '')",
        "IF(0, '', 'no')",
        "NOT(IF(0, 'yes'))",
        "TRUE() = 1",
        "FALSE() = 0",
        "if(true(), and(1), or(0))",
    ],
)
def test_logic(formula: str) -> None:
    assert matches(formula)


@pytest.mark.parametrize("formula", ["0", "''", "BLANK()", "FALSE()", "1 = 2"])
def test_a_false_result_matches_nothing(formula: str) -> None:
    assert not matches(formula)


@pytest.mark.parametrize(
    "formula",
    [
        "FIND('b', 'abcb') = 2",
        "FIND('b', 'abcb', 3) = 4",
        "FIND('x', 'abc') = 0",
        "FIND('B', 'abc') = 0",
        "SEARCH('b', 'abc') = 2",
        "SEARCH('x', 'abc') & '' = ''",
        "LOWER('ÀB') = 'àb'",
        "UPPER('àb') = 'ÀB'",
        "LEN('abc') = 3",
        "LEN(BLANK()) = 0",
        "LEN(12.5) = 4",
        "TRIM('  a b ') = 'a b'",
        "SUBSTITUTE('a-b-a', 'a', '') = '-b-'",
        "SUBSTITUTE('aaa', 'a', 'b', 2) = 'aba'",
        "SUBSTITUTE('aaa', 'a', 'b', 4) = 'aaa'",
        "SUBSTITUTE('Aa', 'a', '') = 'A'",
        "SUBSTITUTE('a', '', 'b') = 'a'",
        "SUBSTITUTE(BLANK(), 'a', 'b') = ''",
    ],
)
def test_texts(formula: str) -> None:
    assert matches(formula)


def test_equality_of_texts_is_case_sensitive() -> None:
    assert matches("{Name} = 'Marco'", Name="Marco")
    assert not matches("{Name} = 'marco'", Name="Marco")


def test_a_number_and_a_text_are_never_equal() -> None:
    assert not matches("{Ducats} = '5'", Ducats=5)
    assert not matches("{Name} = 5", Name="5")


@pytest.mark.parametrize(
    "formula",
    ["{Name} = BLANK()", "{Name} = ''", "NOT({Name})", "{Ducats} = BLANK()", "{Ducats} = 0",
     "{Ducats} < 1", "{Paid} = FALSE()", "{Due} = BLANK()", "BLANK() = 0", "BLANK() = ''"],
)  # fmt: skip
def test_an_empty_cell_equals_blank(formula: str) -> None:
    assert matches(formula)


@pytest.mark.parametrize(
    "formula",
    ["{Name} != BLANK()", "{Name}", "{Ducats}", "{Ducats} > 0", "{Paid}", "{Paid} = TRUE()",
     "{Paid} = 1", "{Due}", "{Due} != BLANK()"],
)  # fmt: skip
def test_a_filled_cell_does_not(formula: str) -> None:
    assert matches(formula, Name="x", Ducats=0.5, Paid=True, Due="2026-11-20T15:00:00Z")
    assert not matches(formula)


def test_zero_cannot_be_told_from_blank_but_its_text_can() -> None:
    assert matches("{Ducats} = BLANK()", Ducats=0)
    assert matches("{Ducats} & '' = '0'", Ducats=0)
    assert not matches("{Ducats} & '' = '0'")


@pytest.mark.parametrize(
    "formula",
    [
        "IS_AFTER({Due}, NOW())",
        "IS_BEFORE(NOW(), {Due})",
        "{Due} > NOW()",
        "{Due} = '2026-11-20T16:00:00+01:00'",
        "{Due} > '2026-11-20'",
        "{Due} = DATETIME_PARSE('2026-11-20T15:00:00.000Z')",
        "{Due} = DATETIME_PARSE('20/11/2026 15:00', 'DD/MM/YYYY HH:mm')",
        "IS_SAME({Due}, '2026-11-20', 'day')",
        "IS_SAME({Due}, '2026-11-16', 'week')",
        "NOT(IS_SAME({Due}, '2026-11-22', 'week'))",
        "NOT(IS_SAME({Due}, '2026-11-20'))",
        "IS_SAME({Due}, '2026-10-01', 'quarter')",
        "DATEADD({Due}, -1, 'hours') = NOW()",
        "DATEADD('2026-01-31', 1, 'month') = '2026-02-28'",
        "DATEADD('2026-11-20', -11, 'months') = '2025-12-20'",
        "DATEADD({Due}, 1.5, 'days') = '2026-11-22T03:00:00Z'",
        "{Due} & '' = '2026-11-20T15:00:00.000Z'",
        "NOW() = '2026-11-20T14:00:00Z'",
        "CREATED_TIME() = '2026-11-20T10:00:00Z'",
        "{Made} = CREATED_TIME()",
        "LAST_MODIFIED_TIME() = '2026-11-20T11:00:00Z'",
        "{Changed} > {Made}",
    ],
)
def test_moments(formula: str) -> None:
    assert matches(formula, Due="2026-11-20T15:00:00Z")


@pytest.mark.parametrize(
    "formula",
    [
        "DATETIME_DIFF({Due}, NOW()) = 3600",
        "DATETIME_DIFF(NOW(), {Due}) = -3600",
        "DATETIME_DIFF({Due}, NOW(), 'ms') = 3600000",
        "DATETIME_DIFF({Due}, NOW(), 'milliseconds') = 3600000",
        "DATETIME_DIFF({Due}, NOW(), 'm') = 60",
        "DATETIME_DIFF({Due}, NOW(), 'hour') = 1",
        "DATETIME_DIFF('2026-01-31', '2026-01-01', 'weeks') = 4",
        "DATETIME_DIFF('2026-03-31', '2026-02-28', 'M') = 1",
        "DATETIME_DIFF('2026-03-27', '2026-02-28', 'months') = 0",
        "DATETIME_DIFF('2026-02-28', '2026-01-31', 'months') = 1",
        "DATETIME_DIFF('2026-01-01', '2026-12-31', 'Q') = -3",
        "DATETIME_DIFF('2026-11-20', '2024-11-21', 'years') = 1",
    ],
)
def test_a_difference_counts_whole_units_from_the_second_moment_to_the_first(formula: str) -> None:
    assert matches(formula, Due="2026-11-20T15:00:00Z")


def test_a_difference_is_cut_towards_zero() -> None:
    assert matches("DATETIME_DIFF('2026-11-20T23:59:00Z', '2026-11-19', 'days') = 1")
    assert matches("DATETIME_DIFF('2026-11-19', '2026-11-20T23:59:00Z', 'days') = -1")


def test_a_difference_to_an_empty_date_matches_nothing() -> None:
    assert not matches("DATETIME_DIFF({Due}, NOW()) = 0")
    assert not matches("DATETIME_DIFF({Due}, NOW()) != 0")


@pytest.mark.parametrize(
    "formula",
    [
        "TODAY() = '2026-11-20T00:00:00Z'",
        "IS_SAME(TODAY(), NOW(), 'day')",
        "DATETIME_DIFF(NOW(), TODAY(), 'h') = 14",
        "{Due} > TODAY()",
    ],
)
def test_today_began_at_midnight_utc(formula: str) -> None:
    assert matches(formula, Due="2026-11-20T15:00:00Z")


def test_is_after_misses_the_same_second() -> None:
    assert not matches("IS_AFTER(CREATED_TIME(), '2026-11-20T10:00:00Z')")
    assert matches("CREATED_TIME() >= '2026-11-20T10:00:00Z'")


def test_an_empty_date_sorts_before_every_date() -> None:
    assert matches("{Due} < NOW()")


@pytest.mark.parametrize(
    "failing",
    [
        "VALUE('x')",
        "1 / 0",
        "MOD(1, 0)",
        "'a' * 2",
        "NOW() + 1",
        "IS_BEFORE({Due}, NOW())",
        "IS_AFTER('not a date', NOW())",
        "DATETIME_PARSE('tomorrow')",
        "DATETIME_PARSE('2026', 'MM/YYYY')",
        "DATEADD('9999-12-31', 1, 'year')",
        "'a' < 1",
    ],
)
def test_a_row_that_a_formula_errors_on_never_matches(failing: str) -> None:
    assert not matches(f"OR(TRUE(), {failing})")
    assert not matches(f"NOT({failing})")
    assert not matches(f"IF({failing}, TRUE(), TRUE())")


def test_if_leaves_the_other_branch_unevaluated() -> None:
    assert matches("IF({Due}, IS_BEFORE({Due}, NOW()), 'no date')")


@pytest.mark.parametrize(
    ("reference", "field"),
    [("Name", "Name"), ("{Name}", "Name"), (r"{odd {name\}}", "odd {name}"), ("Città", "Città")],
)
def test_a_field_is_referred_to_bare_or_in_braces(reference: str, field: str) -> None:
    assert matches(f"{reference} = 'x'", **{field: "x"})


@pytest.mark.parametrize(
    ("literal", "text"),
    [
        (r"'it\'s'", "it's"),
        (r'"say \"x\""', 'say "x"'),
        ('"it\'s"', "it's"),
        (r"'a\\b'", r"a\b"),
        (r"'a\nb'", "a\nb"),
        ("'a\nb'", "a\nb"),
        (r"'tab\tbed'", "tab\tbed"),
        (r"'\d'", r"\d"),
        ("'}{)('", "}{)("),
    ],
)
def test_texts_are_quoted_and_escaped(literal: str, text: str) -> None:
    assert matches(f"{{Name}} = {literal}", Name=text)


def test_record_id_is_the_records_own() -> None:
    assert matches("RECORD_ID() = 'rec00000000000001'")
    assert not matches("RECORD_ID() = 'rec00000000000002'")


@pytest.mark.parametrize(
    ("formula", "name", "expected"),
    [
        ("OR({Name} = 'a', {Name} = 'b')", "b", True),
        ("OR({Name} = 'a', {Name} = 'b')", "B", False),
        ("OR({Name} = 'a', {Name} = '')", None, True),
        ("OR({Name} = 'a', {Name} = 'b')", None, False),
        ("OR(LOWER({Name}) = 'a', LOWER({Name}) = 'b')", "B", True),
        ("OR(LOWER({Name}) = 'A')", "a", False),
        ("OR(RECORD_ID() = 'rec00000000000001', RECORD_ID() = 'x')", None, True),
        ("OR({Name} = 'a', {Notes} = 'b')", "b", False),
        ("OR({Name} != 'a', {Name} != 'a')", "a", False),
    ],
)
def test_alternatives_of_one_field_are_looked_up(
    formula: str, name: str | None, expected: bool
) -> None:
    assert matches(formula, Name=name) is expected
