"""The README's table of decisions is the domain's."""

from __future__ import annotations

from cascade_cli.domain.discrepancies.decision_table import table
from tests.docs.readme import rows, sections


def test_the_table_of_decisions_is_the_one_that_is_followed() -> None:
    written = [
        [kinds, known, f"`{choice[0].option}`", ", ".join(f"`{how.option}`" for how in choice[1:])]
        for kinds, known, choice in table()
    ]
    assert rows(sections()["Decisions"], "kind") == written
