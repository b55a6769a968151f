"""A key as a value that cannot be shown by accident."""

from __future__ import annotations


class Secret:
    """A key that no print, log, repr or traceback can show."""

    def __init__(self, value: str) -> None:
        self._value = value

    def reveal(self) -> str:
        """The key itself, for the one place that sends it."""
        return self._value

    def __repr__(self) -> str:
        return "Secret(…)"
