"""An HTTP client that costs next to nothing, so that it measures the server and not itself."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from tests.server.events import signature

PATH = "/api/payments/webhook"
MOST_CONNECTIONS = 256


@dataclass
class Answers:
    """How each body was answered: its status (0: not at all) and seconds since it was due."""

    statuses: list[int] = field(default_factory=list)
    seconds: list[float] = field(default_factory=list)
    acknowledged: set[int] = field(default_factory=set)

    def quantile(self, share: float) -> float:
        """The time within which that share was answered."""
        ranked = sorted(self.seconds)
        return ranked[min(int(len(ranked) * share), len(ranked) - 1)]


class Poster:
    """Posts bodies to the webhook at `url`, each when it is due, whatever became of the others."""

    def __init__(self, url: str) -> None:
        address = urlsplit(url)
        self._host, self._port = str(address.hostname), int(address.port or 80)
        self._idle: list[tuple[asyncio.StreamReader, asyncio.StreamWriter]] = []
        self._slots = asyncio.Semaphore(MOST_CONNECTIONS)
        self.answers = Answers()

    async def post_all(
        self, bodies: Iterable[bytes], rate: float, until: Callable[[], bool] = lambda: False
    ) -> Answers:
        """Send them at `rate` a second; stop beginning new ones once `until` holds."""
        begin, tasks = time.perf_counter(), []
        for number, body in enumerate(bodies):
            due = begin + number / rate
            if (wait := due - time.perf_counter()) > 0:
                await asyncio.sleep(wait)
            if until():
                break
            tasks.append(asyncio.create_task(self._post(number, body, due)))
        await asyncio.gather(*tasks)
        for _, writer in self._idle:
            await _closed(writer)
        return self.answers

    async def _post(self, number: int, body: bytes, due: float) -> None:
        async with self._slots:
            try:
                status = await self._exchange(body)
            except (OSError, asyncio.IncompleteReadError, ValueError):
                status = 0
        self.answers.statuses.append(status)
        self.answers.seconds.append(time.perf_counter() - due)
        if status == 200:
            self.answers.acknowledged.add(number)

    async def _exchange(self, body: bytes) -> int:
        reader, writer = self._idle.pop() if self._idle else await self._connect()
        head = (
            f"POST {PATH} HTTP/1.1\r\nHost: {self._host}\r\nContent-Type: application/json\r\n"
            f"Stripe-Signature: {signature(body)}\r\nContent-Length: {len(body)}\r\n\r\n"
        )
        try:
            return await self._ask(reader, writer, head.encode() + body)
        except BaseException:
            await _closed(writer)
            raise

    async def _ask(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, request: bytes
    ) -> int:
        writer.write(request)
        answer = await reader.readuntil(b"\r\n\r\n")
        lines = answer.decode().lower().split("\r\n")
        length = next(int(x.split(":")[1]) for x in lines if x.startswith("content-length"))
        await reader.readexactly(length)
        if "connection: close" in lines:
            await _closed(writer)
        else:
            self._idle.append((reader, writer))
        return int(lines[0].split()[1])

    async def _connect(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        return await asyncio.open_connection(self._host, self._port)


async def _closed(writer: asyncio.StreamWriter) -> None:
    writer.close()
    with suppress(OSError):
        await writer.wait_closed()
