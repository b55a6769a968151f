"""Files as spreadsheets write them: read to the letter and the ducat, or refused in words."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.harness.commands import Answer
from tests.harness.counter import Counter

COLUMNS = ("citizen", "ducats", "reason", "reference")
ROWS = [("Zoë", "12.5", "prize; first, of two", "r1"), ("marco", "525", 'the "Duke"', "r2")]
Credit = Callable[[bytes], Answer]


@pytest.fixture
def credit(counter: Counter, tmp_path: Path) -> Credit:
    """`cascade credit --file` with these bytes in it; Zoë lives in Venice."""
    counter.move_in("Zoë")

    def credit(data: bytes) -> Answer:
        file = tmp_path / "credits.csv"
        file.write_bytes(data)
        return counter.type("credit", "--file", str(file), "--yes", "--json")

    return credit


def credited(counter: Counter) -> dict[str, tuple[str, str]]:
    """By reference whom, and the start of the row's Notes."""
    return {
        row["StratagemId"].removeprefix("cascade_manual_"): (row["TargetCitizen"], row["Notes"])
        for row in counter.rows()
    }


def sheet(delimiter: str, *rows: tuple[str, ...], end: str = "\r\n") -> str:
    """Every cell in quotes."""
    lines = (
        delimiter.join('"' + cell.replace('"', '""') + '"' for cell in row)
        for row in (COLUMNS, *rows)
    )
    return end.join([*lines, ""])


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
@pytest.mark.parametrize(
    "encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "cp1252"]
)
@pytest.mark.parametrize("names_separator", [False, True])
def test_a_file_is_the_same_in_whichever_way_a_spreadsheet_saves_it(
    counter: Counter, credit: Credit, delimiter: str, encoding: str, names_separator: bool
) -> None:
    text = (f"sep={delimiter}\r\n" if names_separator else "") + sheet(delimiter, *ROWS)
    answer = credit(text.encode(encoding))
    assert answer.code == 0, answer
    found = credited(counter)
    assert {reference: whom for reference, (whom, _) in found.items()} == {
        "r1": "Zoë",
        "r2": "marco",
    }
    assert '"amount": 12.5' in found["r1"][1]
    assert '"reason": "prize; first, of two"' in found["r1"][1]


@pytest.mark.parametrize("order", ["le", "be"])
def test_utf_16_of_either_byte_order_is_read_by_its_mark(
    counter: Counter, credit: Credit, order: str
) -> None:
    assert credit(("\ufeff" + sheet("\t", *ROWS)).encode(f"utf-16-{order}")).code == 0
    assert credited(counter)["r1"][0] == "Zoë"


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_every_kind_of_line_end_is_read(counter: Counter, credit: Credit, end: str) -> None:
    assert credit(sheet(";", *ROWS, end=end).encode()).code == 0
    assert len(counter.rows()) == 2


def test_empty_rows_and_columns_as_a_spreadsheet_leaves_them_are_skipped(
    counter: Counter, credit: Credit
) -> None:
    text = "citizen;ducats;reason;reference;;\r\nmarco;5;gift;a;;\r\n"
    text += ";;;;;\r\n\r\nmarco;6;gift;b\r\n;;;\r\n"
    assert credit(text.encode()).code == 0
    assert sorted(credited(counter)) == ["a", "b"]


def test_a_cell_beyond_the_columns_is_no_empty_one(counter: Counter, credit: Credit) -> None:
    answer = credit(b"citizen;ducats;reason;reference;\nmarco;5;gift;a;note\n")
    assert (answer.code, counter.requests) == (2, [])
    assert "line 2: it has too many or too few cells" in answer.document["error"]["message"]


def test_the_number_of_a_line_is_that_of_the_file(counter: Counter, credit: Credit) -> None:
    text = 'sep=;\ncitizen;ducats;reason;reference\n\n\nmarco;5;"two\nlines";a\nmarco;none;gift;b\n'
    answer = credit(text.encode())
    assert (answer.code, counter.requests) == (2, [])
    assert "line 7: 'none' is not" in answer.document["error"]["message"]


@pytest.mark.parametrize(
    ("delimiter", "written", "ducats"),
    [
        (";", "12,5", "12.5"),
        (";", "12,50", "12.5"),
        (";", "1234,5", "1234.5"),
        (";", "0,125", "0.125"),
        (";", "1234", "1234.0"),
        (";", "12.5", "12.5"),
        (";", "1,2340", "1.234"),
        ("\t", "12,5", "12.5"),
        (",", "1.234", "1.234"),
        (",", "12.5", "12.5"),
    ],
)
def test_an_amount_that_can_mean_one_number_is_read(
    counter: Counter, credit: Credit, delimiter: str, written: str, ducats: str
) -> None:
    assert credit(sheet(delimiter, ("marco", written, "gift", "r1")).encode()).code == 0
    assert f'"amount": {ducats},' in credited(counter)["r1"][1]


@pytest.mark.parametrize(
    ("delimiter", "written", "told"),
    [
        (";", "1.234", "'1.234' may mean 1234 or 1.234: write 1234 or 1.2340"),
        (";", "1,234", "'1,234' may mean 1234 or 1.234: write 1234 or 1,2340"),
        ("\t", "12,500", "'12,500' may mean 12500 or 12.500: write 12500 or 12,5000"),
        (";", "1.234,50", "write it without separators"),
        (";", "1,234.50", "write it without separators"),
        (";", "1 234", "write it without separators"),
        (";", "1'234", "write it without separators"),
        (";", "1\u00a0234", "write it without separators"),
        (",", "1,234", "write it without separators"),
        (",", "12,5", "'12,5' is not a positive number"),
        (";", "12,,5", "is not a positive number"),
        (";", ",5", "is not a positive number"),
        (";", "-12,5", "is not a positive number"),
        (";", "12,5 ", "is not a positive number"),
    ],
)
def test_an_amount_that_can_mean_two_numbers_or_none_is_refused(
    counter: Counter, credit: Credit, delimiter: str, written: str, told: str
) -> None:
    answer = credit(sheet(delimiter, ("marco", written, "gift", "r1")).encode())
    assert (answer.code, counter.requests) == (2, [])
    assert told in answer.document["error"]["message"]


def test_a_windows_file_is_read_with_a_warning_that_shows_what_was_read(
    counter: Counter, credit: Credit
) -> None:
    answer = credit(sheet(";", *ROWS).encode("cp1252"))
    (warning,) = [w for w in answer.document["warnings"] if "Windows-1252" in w]
    assert "Zoë" in warning
    assert credited(counter)["r1"][0] == "Zoë"


def test_a_name_of_another_windows_encoding_is_nobody_s_and_is_refused(
    counter: Counter, credit: Credit
) -> None:
    counter.move_in("Jiří")
    answer = credit(sheet(";", ("Jiří", "5", "gift", "r1")).encode("cp1250"))
    assert (answer.code, counter.writes) == (7, [])
    assert "Venice has no citizen 'Jiøí'" in answer.document["error"]["message"]


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(sheet(",", *ROWS).encode("mac-roman"), id="Macintosh"),
        pytest.param(sheet(",", *ROWS).encode("cp437"), id="DOS"),
        pytest.param(sheet(",", ("marco", "5", "3 × 2", "a")).encode("cp1252"), id="no letter"),
        pytest.param(sheet(",", ("marco", "5", "€", "a")).encode("cp1252"), id="Euro sign"),
        pytest.param(sheet(",", ("marco", "5", "дар", "a")).encode("cp1251"), id="Russian"),
        pytest.param(b"\xef\xbb\xbf" + sheet(",", *ROWS).encode("cp1252"), id="false mark"),
        pytest.param("\ufeffcitizen".encode("utf-16-le")[:-1], id="cut off"),
        pytest.param(b"PK\x03\x04\x14\0\x06\0\x08\0", id="Excel workbook"),
    ],
)
def test_a_file_of_uncertain_letters_is_refused_with_what_to_choose_in_excel(
    counter: Counter, credit: Credit, data: bytes
) -> None:
    answer = credit(data)
    assert (answer.code, counter.requests) == (2, [])
    error = answer.document["error"]
    assert "cannot be read" in error["message"]
    assert "Nothing was written. In Excel: File, Save As" in error["hint"]


@pytest.mark.parametrize(
    "text", ["sep=|\ncitizen|ducats|reason|reference\n", "sep=,\n" + sheet(";")]
)
def test_another_separator_than_the_file_names_is_refused(
    counter: Counter, credit: Credit, text: str
) -> None:
    answer = credit(text.encode())
    assert (answer.code, counter.requests) == (2, [])


@pytest.mark.parametrize("encoding", ["utf-16", "cp1252"])
def test_a_list_of_citizens_for_one_payment_is_read_in_the_same_way(
    counter: Counter, tmp_path: Path, encoding: str
) -> None:
    counter.move_in("Zoë")
    file = tmp_path / "members.csv"
    file.write_bytes("sep=;\r\ncitizen;ducats\r\nZoë;12,5\r\nmarco;20\r\n;\r\n".encode(encoding))
    answer = counter.type("checkout", "--file", str(file), "--json")
    assert (answer.code, answer.data["ducats"]) == (0, "32.5")
    file.write_bytes("citizen;ducats\r\nZoë;1.250\r\n".encode(encoding))
    assert "may mean 1250 or 1.250" in counter.type("checkout", "--file", str(file)).err
