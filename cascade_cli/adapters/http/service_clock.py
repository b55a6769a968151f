"""The current time: this machine's clock, corrected by the clocks of Stripe and Airtable.

Stripe dates charges, Airtable dates rows, and both say in each answer what time it is there. A run
that compared their dates with a wrong clock of its own would leave out payments for good, or take
old ones for new. So windows, grace, expiries and the journal use the services' time.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import TypeVar

from cascade_cli.domain.shop.times import CLOCK_TOLERANCE, format_span

T = TypeVar("T")

# A Date header has whole seconds: on average the true time is half a second later.
_HALF_A_SECOND = timedelta(milliseconds=500)
_EXACT = timedelta(0)
# Each of the two services may correct the time once.
_CORRECTIONS = 2


def measured_ahead(date: str, sent_at: datetime, answered_at: datetime) -> timedelta | None:
    """How far our clock is ahead of a service's, by the Date header of its answer.

    None if the header is unreadable, or the answer took too long for a measurement.
    """
    with suppress(ValueError):
        told = parsedate_to_datetime(date)
        took = answered_at - sent_at
        if told.tzinfo and _EXACT <= took <= CLOCK_TOLERANCE:
            return sent_at + took / 2 - (told + _HALF_A_SECOND)
    return None


class TimeCorrectedError(Exception):
    """The services' first answers show that a reading began with a wrong time."""


class ServiceClock:
    """The time at the services; until one has answered, the time by our `own` clock.

    `tell` is called as soon as a wrong clock is noticed.
    """

    def __init__(
        self,
        own: Callable[[], datetime],
        tell: Callable[[str], None] = lambda _message: None,
    ) -> None:
        self.own, self.tell = own, tell
        self._measuring = threading.Lock()
        self._ahead: dict[str, timedelta] = {}
        self.ahead = _EXACT
        """How far this machine's clock is ahead of the services'; zero within the tolerance.

        If the services differ, the earlier time counts, which is safe: a later run reads what this
        one leaves out, and nothing is paid that looks too new.
        """

    def now(self) -> datetime:
        """The current time by the services' clocks."""
        return self.own() - self.ahead

    @property
    def is_known(self) -> bool:
        """Whether a service has told its time."""
        return bool(self._ahead)

    @property
    def remark(self) -> str:
        """What people should know about the clocks; empty if all agree."""
        named: dict[str, list[str]] = {}
        for name, ahead in sorted(self._ahead.items()):
            if _beyond_tolerance(ahead):
                named.setdefault(_difference_text(ahead), []).append(f"{name}'s")
        if not named:
            return ""
        told = " and ".join(f"{how} {' and '.join(whose)}" for how, whose in named.items())
        spread = max(self._ahead.values()) - min(self._ahead.values())
        if spread > CLOCK_TOLERANCE:
            how = f"They differ by {format_span(spread)}, so the earlier time counts"
        else:
            how = "The services' time counts"
        return f"this machine's clock is {told}. {how}. Let NTP set this clock."

    def heard(self, service: str, date: str, sent_at: datetime) -> None:
        """Learn from an answer's Date header. `sent_at` is our own clock's time of the request."""
        ahead = measured_ahead(date, sent_at, self.own())
        if ahead is None:
            return
        with self._measuring:
            known = self._ahead.get(service)
            # Keep the first measurement, so that time does not jump by the measuring error.
            if known is not None and abs(ahead - known) <= CLOCK_TOLERANCE:
                return
            before, self._ahead[service] = self.remark, ahead
            self.ahead = max(map(_beyond_tolerance, self._ahead.values()))
            remark = self.remark
        if remark and remark != before:
            self.tell(remark)

    def with_corrected_time(
        self, look: Callable[[datetime, Callable[[], None]], T], at: datetime | None = None
    ) -> T:
        """The result of `look`, called with the services' time, now or when our clock showed `at`.

        If the services' first answers show that this time was wrong, `look` is called again. That
        is checked when `look` ends and when it calls its second argument, which then raises
        TimeCorrectedError.
        """
        for _ in range(_CORRECTIONS):
            began_ahead = self.ahead

            def check(began_ahead: timedelta = began_ahead) -> None:
                if abs(self.ahead - began_ahead) > CLOCK_TOLERANCE:
                    raise TimeCorrectedError

            with suppress(TimeCorrectedError):
                found = look((at or self.own()) - began_ahead, check)
                check()
                return found
        return look((at or self.own()) - self.ahead, lambda: None)


def _beyond_tolerance(ahead: timedelta) -> timedelta:
    return ahead if abs(ahead) > CLOCK_TOLERANCE else _EXACT


def _difference_text(ahead: timedelta) -> str:
    way = "ahead of" if ahead > _EXACT else "behind"
    unit = timedelta(minutes=1) if abs(ahead) > timedelta(minutes=10) else timedelta(seconds=1)
    return f"{format_span(round(ahead / unit) * unit)} {way}"
