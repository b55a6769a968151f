"""Clocks for the sandbox."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta


class ManualClock:
    """Stands still until told to advance: 20 November 2026, four in the afternoon in Rome."""

    def __init__(self) -> None:
        self.moment = datetime(2026, 11, 20, 15, 0, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.moment

    def advance(self, **duration: float) -> None:
        self.moment += timedelta(**duration)


class RunningClock(ManualClock):
    """The real time, and what a test lets it advance by: for commands that ask the real clock."""

    def __init__(self) -> None:
        self.ahead = timedelta(0)

    def __call__(self) -> datetime:
        return datetime.now(UTC) + self.ahead

    def advance(self, **duration: float) -> None:
        self.ahead += timedelta(**duration)
