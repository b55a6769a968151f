"""The manual's table of benchmarks has the form and the rows of what prints it."""

from __future__ import annotations

from tests.benchmarks.rows import all_rows
from tests.benchmarks.table import head
from tests.docs.documents import TOPICS, code, rows

SECTION = TOPICS["speed"]
MEASURED = rows(SECTION, "row")


def test_the_table_has_the_head_that_is_printed() -> None:
    assert "\n".join(head()) in SECTION


def test_every_row_was_measured_and_there_is_no_other() -> None:
    assert {row[0] for row in MEASURED} == set(all_rows())


def test_every_target_that_is_missed_is_explained() -> None:
    missed = {row[0] for row in MEASURED if row[-1] == "**no**"}
    _, _, after = SECTION.partition("Medians of ")
    assert missed <= set(code(after))
