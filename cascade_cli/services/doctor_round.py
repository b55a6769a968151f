"""From area to area: what is closed is passed by, and no failure stops the rest."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from cascade_cli.domain.doctor.areas import BUG, TITLES, UNCHECKED, UNREAD
from cascade_cli.domain.doctor.findings import Check
from cascade_cli.errors import CascadeError, RightsError


class Round:
    """One round of visits; `on_bug` hears of exceptions that nobody foresaw."""

    def __init__(self, on_bug: Callable[[Exception], None]) -> None:
        self._on_bug = on_bug
        self._closed: dict[str, str] = {}

    def note(self, checks: Iterable[Check]) -> None:
        """Remember which areas these close, and why."""
        for check in checks:
            for area in check.closes:
                self._closed.setdefault(area, f"because of {TITLES[check.area]}: {check.name}")

    def is_open(self, area: str) -> bool:
        """Whether it can be looked at."""
        return area not in self._closed

    def visit(self, area: str, look: Callable[[], Iterable[Check]]) -> list[Check]:
        """What is found there, whatever happens."""
        if not self.is_open(area):
            return [UNCHECKED[area].seen(self._closed[area])]
        found: list[Check] = []
        try:
            # One by one: what was seen before a failure stays seen.
            for check in look():
                found.append(check)
        except RightsError as error:
            found.append(UNCHECKED[area].seen(error.message))
        except CascadeError as error:
            found.append(UNREAD[area].seen(error.message, advice=error.hint))
        except Exception as error:  # noqa: BLE001 - one broken area must not hide the others
            self._on_bug(error)
            found.append(BUG.seen(f"{type(error).__name__} was not foreseen", name=TITLES[area]))
        self.note(found)
        return found
