"""Airtable's limits: requests per second, and calls per month."""

from __future__ import annotations

import threading
from collections import deque
from datetime import datetime, timedelta

from cascade_cli.sandbox.airtable.refusal import Refusal

LOCK_OUT_SECONDS = 30
_WINDOW = timedelta(seconds=1)


class Limits:
    """Counts requests to the base and refuses those over a limit; None means no limit."""

    def __init__(self, rate_per_second: float | None, monthly_quota: int | None) -> None:
        self._rate = rate_per_second
        self._quota = monthly_quota
        self._recent: deque[datetime] = deque()
        self._locked_until: datetime | None = None
        self._calls = 0
        self._lock = threading.Lock()

    def count(self, now: datetime, records: bool) -> None:
        """Let one request pass or raise Refusal (429); only requests for `records` use the quota.

        A request over the rate locks every client out for the next LOCK_OUT_SECONDS.
        """
        with self._lock:
            self._check_rate(now)
            if records:
                self._check_quota()

    def _check_rate(self, now: datetime) -> None:
        if self._rate is None:
            return
        if self._locked_until is not None and now < self._locked_until:
            raise _rate_limited()
        while self._recent and self._recent[0] <= now - _WINDOW:
            self._recent.popleft()
        if len(self._recent) + 1 > self._rate:
            self._locked_until = now + timedelta(seconds=LOCK_OUT_SECONDS)
            raise _rate_limited()
        self._recent.append(now)

    def _check_quota(self) -> None:
        self._calls += 1
        if self._quota is not None and self._calls > self._quota:
            raise Refusal(
                429,
                "PUBLIC_API_BILLING_LIMIT_EXCEEDED",
                "API billing plan limit exceeded. You've reached the maximum number of requests "
                "allowed for this month.",
            )


def _rate_limited() -> Refusal:
    return Refusal(429, "RATE_LIMIT_REACHED", "Rate limit exceeded. Please try again later")
