"""The manual's tables of decisions are the domain's."""

from __future__ import annotations

from itertools import groupby

from cascade_cli.domain.discrepancies.decision_table import table
from tests.docs.documents import TOPICS, rows, sections

SECTIONS = sections(TOPICS["decisions"])


def test_the_tables_of_decisions_are_the_ones_that_are_followed() -> None:
    for kinds, lines in groupby(table(), key=lambda line: line[0]):
        assert rows(SECTIONS[kinds.replace("`", "")], "what is known") == [
            [known, f"`{choice[0].option}`", ", ".join(f"`{how.option}`" for how in choice[1:])]
            for _kinds, known, choice in lines
        ]


def test_no_decision_is_told_that_is_not_in_the_domain_s_table() -> None:
    told = [heading for heading, text in SECTIONS.items() if "| printed first |" in text]
    assert told == [kinds.replace("`", "") for kinds, _ in groupby(t[0] for t in table())]
