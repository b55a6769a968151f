"""Payment status without a token; lookups of unknown payments are limited.

A buyer may ask about a payment with nothing to show but its id. Each lookup costs a request to
Stripe, and crediting shares the same rate limit. So unknown ids are looked up a few at once and a
few a second, and ids that were not found are remembered.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable

from cascade_cli.errors import CascadeError, NotFoundError
from cascade_cli.server.thread_pool import ThreadPool
from cascade_cli.services.selling.payment_status import PaymentStatus, Remembered

UNKNOWN_AT_ONCE = 2
UNKNOWN_A_SECOND = 2.0
UNKNOWN_IN_A_ROW = 20.0
UNFOUND_SECONDS = 10.0
KNOWN_SECONDS = 24 * 3600.0


class TooManyLookupsError(CascadeError):
    """Callers without a token ask for more unknown payments than are looked up."""

    kind = "too_many_questions"


class Allowance:
    """Allows a burst of UNKNOWN_IN_A_ROW lookups, then UNKNOWN_A_SECOND a second."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock, self._left, self._at = clock, UNKNOWN_IN_A_ROW, clock()

    def take(self) -> bool:
        """Use one lookup. Returns whether one was left."""
        now = self._clock()
        self.give((now - self._at) * UNKNOWN_A_SECOND)
        self._at = now
        if self._left < 1:
            return False
        self._left -= 1
        return True

    def give(self, number: float) -> None:
        """Give this many lookups back."""
        self._left = min(self._left + number, UNKNOWN_IN_A_ROW)


class PublicStatus:
    """Looks payments up for anybody. Callers who ask for one payment meanwhile share the answer."""

    def __init__(
        self,
        status_of: Callable[[str], PaymentStatus],
        thread_pool: ThreadPool,
        deadline_seconds: float,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._status_of = status_of
        self._thread_pool, self._seconds = thread_pool, deadline_seconds
        self._allowance, self._unknown_in_hand = Allowance(clock), 0
        self._under_way = dict[str, asyncio.Future[PaymentStatus]]()
        self._known = Remembered[bool](KNOWN_SECONDS, clock)
        self._unfound = Remembered[str](UNFOUND_SECONDS, clock)

    def know(self, intent_id: str) -> None:
        """Remember that the payment exists."""
        self._known.put(intent_id, True)  # noqa: FBT003 - the thing that is remembered

    async def ask(self, intent_id: str) -> PaymentStatus:
        """The payment's status. Raises TooManyLookupsError, and what the lookup raises."""
        if message := self._unfound.get(intent_id):
            raise NotFoundError(message)
        if intent_id not in self._under_way:
            self._begin(intent_id)
        # A caller who hangs up must not end the lookup for those who share it.
        return await asyncio.shield(self._under_way[intent_id])

    def _begin(self, intent_id: str) -> None:
        is_known = bool(self._known.get(intent_id))
        if not is_known:
            self._spend()
        task = asyncio.ensure_future(self._find(intent_id, is_known=is_known))
        self._under_way[intent_id] = task
        task.add_done_callback(lambda _: self._under_way.pop(intent_id))

    def _spend(self) -> None:
        if self._unknown_in_hand >= UNKNOWN_AT_ONCE or not self._allowance.take():
            raise TooManyLookupsError(
                "Too many requests about payments that this server does not know yet.",
                "Try again in a few seconds; the shop's backend may show the API token.",
            )
        self._unknown_in_hand += 1

    async def _find(self, intent_id: str, *, is_known: bool) -> PaymentStatus:
        try:
            status = await self._thread_pool.run(lambda: self._status_of(intent_id), self._seconds)
        except NotFoundError as error:
            self._unfound.put(intent_id, error.message)
            raise
        finally:
            self._unknown_in_hand -= not is_known
        if not is_known:
            self._allowance.give(1)
            self.know(intent_id)
        return status
