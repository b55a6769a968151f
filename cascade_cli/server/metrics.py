"""What the server notes about itself: figures for Prometheus, and for `doctor --bundle` what went
wrong.

Labels come from short fixed lists; none holds an id, a name or a key.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime

from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from cascade_cli.adapters.journal.inbox import Inbox
from cascade_cli.domain.records.stripe_events import Settlement
from cascade_cli.errors import JournalError

_SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)
# The same failure repeats during an outage, and strangers can cause some.
_SAME_SECONDS, _ANY_SECONDS = 60.0, 1.0


class Metrics:
    """The counters of one server, in a registry of its own."""

    def __init__(self, inbox: Inbox, is_paused: Callable[[], bool], now: Callable[[], datetime]):
        self.registry = CollectorRegistry()
        self.registry.register(_InboxCollector(inbox, is_paused, now))
        self.requests = Histogram(
            "cascade_http_request_seconds",
            "Time to answer, by route and status.",
            ("route", "status"),
            buckets=_SECONDS,
            registry=self.registry,
        )
        self.accepted = self._counter(
            "cascade_webhook_accepted", "Events kept; `new` is no for a redelivery.", "new"
        )
        self.refused = self._counter("cascade_webhook_refused", "Webhook requests refused.", "why")
        self.commits = self._counter("cascade_webhook_commits", "Transactions that kept events.")
        self.settled = self._counter("cascade_events_settled", "What became of events.", "state")
        self.failures = self._counter("cascade_worker_failures", "Pauses of crediting.", "kind")
        self.closed = self._counter("cascade_connections_closed", "Connections cut off.", "why")

    def _counter(self, name: str, meaning: str, *labels: str) -> Counter:
        return Counter(name, meaning, labels, registry=self.registry)

    def kept(self, events: int, new: int) -> None:
        """One commit."""
        self.commits.inc()
        self.accepted.labels("yes").inc(new)
        self.accepted.labels("no").inc(events - new)

    def settle(self, settlements: Sequence[Settlement]) -> None:
        """One batch of the worker."""
        for settlement in settlements:
            self.settled.labels(settlement.state.value).inc()

    def page(self) -> bytes:
        """The text that Prometheus asks for."""
        return generate_latest(self.registry)


class _InboxCollector(Collector):
    """Reads the journal when asked, so that a restart forgets nothing."""

    def __init__(
        self, inbox: Inbox, is_paused: Callable[[], bool], now: Callable[[], datetime]
    ) -> None:
        self._inbox, self._is_paused, self._now = inbox, is_paused, now

    def describe(self) -> Iterator[Metric]:
        """Nothing. Without this, the registry would read the journal just to learn the names."""
        return iter(())

    def collect(self) -> Iterator[Metric]:
        # This needs no journal, so it is reported even while the journal cannot be read.
        paused = GaugeMetricFamily("cascade_worker_paused", "1 while nothing can be credited.")
        paused.add_metric([], float(self._is_paused()))
        yield paused
        readable = GaugeMetricFamily("cascade_journal_up", "1 while the journal can be read.")
        try:
            counts, oldest = self._inbox.counts(), self._inbox.oldest_waiting()
        except JournalError:
            readable.add_metric([], 0.0)
            yield readable
            return
        readable.add_metric([], 1.0)
        yield readable
        events = GaugeMetricFamily("cascade_inbox_events", "Kept events.", labels=["state"])
        for state, number in counts.items():
            events.add_metric([state.value], number)
        yield events
        age = GaugeMetricFamily(
            "cascade_inbox_oldest_waiting_seconds",
            "How long the oldest event has waited; 0 if none waits.",
        )
        age.add_metric([], (self._now() - oldest).total_seconds() if oldest else 0.0)
        yield age


class LastFailure:
    """What went wrong while the server runs, kept like a command's error. `keep` writes it down, in
    a thread of its own: no request waits for the disk."""

    def __init__(
        self, keep: Callable[[Exception], None], clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._keep, self._clock, self._lock = keep, clock, threading.Lock()
        self._told: tuple[type[Exception], str] | None = None
        self._at = 0.0

    def hear(self, error: Exception) -> None:
        """Keep this one, unless the same was kept within the last minute."""
        if self._is_news((type(error), str(error))):
            threading.Thread(target=self._keep, args=[error], name="last failure").start()

    def _is_news(self, told: tuple[type[Exception], str]) -> bool:
        with self._lock:
            now = self._clock()
            quiet_seconds = _SAME_SECONDS if told == self._told else _ANY_SECONDS
            if self._told and now - self._at < quiet_seconds:
                return False
            self._told, self._at = told, now
            return True
