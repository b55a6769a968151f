"""Bodies that Stripe never sent: forged, mangled, recorded or too large. None may act.

    python -m tests.server.forge --bodies 100000

All of them go through the whole ASGI application, a connection and the network excepted.
"""

from __future__ import annotations

import argparse
import asyncio
import random
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from starlette.types import ASGIApp, Message

from cascade_cli.sandbox.instance import WEBHOOK_SECRET
from tests.server.conftest import WEBHOOK, shop_in
from tests.server.events import paid, signature, succeeded

LIMIT = 1024 * 1024
CHUNK = 64 * 1024
REFUSED = frozenset({400, 413})


@dataclass(frozen=True)
class Forgery:
    """A body with the header that came with it."""

    kind: str
    body: bytes
    header: bytes


Forger = Callable[[bytes, random.Random], Forgery]


def forged(genuine: bytes, *, seed: int, number: int) -> Iterator[Forgery]:
    """So many forgeries of an event that would have been paid out."""
    chance = random.Random(seed)  # noqa: S311
    for _ in range(number):
        yield chance.choice(_FORGERS)(genuine, chance)


def _unsigned(body: bytes, chance: random.Random) -> Forgery:
    headers = [
        b"",
        b"t=",
        b"v1=",
        b"t=1,v1=",
        b",,,",
        b"\xff\xfe",
        chance.randbytes(40).hex().encode(),
    ]
    return Forgery("unsigned", body, chance.choice(headers))


def _foreign_secret(body: bytes, chance: random.Random) -> Forgery:
    secrets = ["", "whsec_", "whsec_other", WEBHOOK_SECRET.upper(), f"{WEBHOOK_SECRET} "]
    return Forgery("foreign secret", body, signature(body, secret=chance.choice(secrets)).encode())


def _changed_body(body: bytes, chance: random.Random) -> Forgery:
    changed = bytearray(body)
    for _ in range(chance.randint(1, 8)):
        changed[chance.randrange(len(changed))] ^= chance.randint(1, 255)
    changed += b" " * (bytes(changed) == body)
    return Forgery("changed body", bytes(changed), signature(body).encode())


def _cut_body(body: bytes, chance: random.Random) -> Forgery:
    return Forgery("cut body", body[: chance.randrange(len(body))], signature(body).encode())


def _longer_body(body: bytes, chance: random.Random) -> Forgery:
    more = body + chance.randbytes(chance.randint(1, 200))
    return Forgery("longer body", more, signature(body).encode())


def _changed_header(body: bytes, chance: random.Random) -> Forgery:
    header = bytearray(signature(body).encode())
    place = chance.randrange(header.index(b"v1=") + 3, len(header))
    header[place] = (header[place] - 33 + chance.randint(1, 93)) % 94 + 33
    return Forgery("changed header", body, bytes(header))


def _moved_time(body: bytes, chance: random.Random) -> Forgery:
    moment, code = signature(body).split(",", 1)
    later = int(moment[2:]) + chance.choice([-1, 1, 60, -600])
    return Forgery("moved time", body, f"t={later},{code}".encode())


def _recording(body: bytes, chance: random.Random) -> Forgery:
    old = time.time() - chance.randint(305, 10**8)
    return Forgery("recording", body, signature(body, at=old).encode())


def _from_the_future(body: bytes, chance: random.Random) -> Forgery:
    ahead = time.time() + chance.randint(120, 10**8)
    return Forgery("from the future", body, signature(body, at=ahead).encode())


def _other_mode(body: bytes, _chance: random.Random) -> Forgery:
    live = body.replace(b'"livemode": false', b'"livemode": true')
    return Forgery("other mode", live, signature(live).encode())


def _no_event(body: bytes, chance: random.Random) -> Forgery:
    bodies = [
        b"",
        b"null",
        b"[]",
        b'"evt_1"',
        b"[" * 5000,
        b'{"a":' * 5000,
        body.replace(b'"event"', b'"charge"', 1),
        body.replace(b'"evt_', b'"evt_\\u0000', 1),
        b"\xff" + body,
        body[:-1],
        chance.randbytes(300),
    ]
    chosen = chance.choice(bodies)
    return Forgery("signed, but no event", chosen, signature(chosen).encode())


def _too_large(body: bytes, chance: random.Random) -> Forgery:
    large = body + b" " * (LIMIT + chance.randint(1, CHUNK) - len(body))
    return Forgery("too large", large, signature(large).encode())


_FORGERS: tuple[Forger, ...] = (
    *(_unsigned, _foreign_secret, _changed_body, _cut_body, _longer_body, _changed_header),
    *(_moved_time, _recording, _from_the_future, _other_mode, _no_event, _too_large),
)


async def post(asgi: ASGIApp, forgery: Forgery, *, announced: bool) -> int:
    """Hand it to the application as a server would, in chunks; its status."""
    chunks = [forgery.body[i : i + CHUNK] for i in range(0, len(forgery.body), CHUNK)] or [b""]
    headers = [(b"stripe-signature", forgery.header), (b"content-type", b"application/json")]
    if announced:
        headers.append((b"content-length", str(len(forgery.body)).encode()))
    scope = {
        "type": "http",
        "method": "POST",
        "path": WEBHOOK,
        "raw_path": WEBHOOK.encode(),
        "query_string": b"",
        "headers": headers,
        "http_version": "1.1",
        "scheme": "http",
        "server": ("127.0.0.1", 80),
    }
    statuses = []

    async def receive() -> Message:
        chunk = chunks.pop(0)
        return {"type": "http.request", "body": chunk, "more_body": bool(chunks)}

    async def send(message: Message) -> None:
        if message["type"] == "http.response.start":
            statuses.append(int(message["status"]))

    await asgi(scope, receive, send)
    return statuses[0]


async def answered(asgi: ASGIApp, forgeries: Iterable[Forgery]) -> Counter[tuple[str, int]]:
    """How often each kind got each status."""
    found: Counter[tuple[str, int]] = Counter()
    for number, forgery in enumerate(forgeries):
        status = await post(asgi, forgery, announced=bool(number % 2))
        found[forgery.kind, status] += 1
    return found


def attack(folder: Path, *, bodies: int, seed: int) -> Counter[tuple[str, int]]:
    """Attack a shop of its own; raises AssertionError if anything acted or crashed."""
    with shop_in(folder) as shop:
        genuine = succeeded(paid(shop.place.app, "marco"))
        forgeries = forged(genuine, seed=seed, number=bodies)
        found = asyncio.run(answered(shop.asgi, forgeries))
        assert {status for _, status in found} <= REFUSED, found
        assert shop.counts() == {}, shop.counts()
        assert not shop.stratagems()
        # The very body that they were made from is taken.
        assert shop.tell(genuine).status_code == 200
        assert shop.wait_until_dealt_with() == {"credited": 1}
    return found


def main() -> int:
    """Attack, and say what was answered."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--bodies", type=int, default=100_000)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    begun = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        found = attack(Path(folder), bodies=options.bodies, seed=options.seed)
    for (kind, status), number in sorted(found.items()):
        sys.stdout.write(f"{kind:22} {status} {number:7}\n")
    seconds = time.monotonic() - begun
    sys.stdout.write(f"{found.total()} bodies in {seconds:.0f} s: none acted, none crashed\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
