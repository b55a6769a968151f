"""Strangers who open connections and do not ask: the server goes on, and keeps nothing for them."""

from __future__ import annotations

import resource
import socket
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing, suppress
from urllib.parse import urlsplit

import pytest

from cascade_cli.server.http import protocol
from cascade_cli.server.http.limits import SMALL_BYTES, LargeBodies
from cascade_cli.server.http.protocol import ConnectionRegister, most_connections
from tests.server.conftest import Shop, eventually
from tests.server.events import event_body, signature

ASK = b"GET /healthz HTTP/1.1\r\nHost: shop\r\n"


class Caller:
    """A client who says what he likes, byte for byte."""

    def __init__(self, url: str) -> None:
        address = urlsplit(url)
        self._socket = socket.create_connection((address.hostname, address.port or 80), timeout=10)

    def say(self, words: bytes) -> None:
        self._socket.sendall(words)

    def hear(self) -> bytes:
        """The next piece of an answer; nothing if the server hung up."""
        with suppress(ConnectionError):
            return self._socket.recv(65536)
        return b""

    def flood(self, piece: bytes, most: int) -> int:
        """Say it again and again until the server hangs up: how much went out."""
        sent = 0
        with suppress(OSError):
            while sent < most:
                self._socket.sendall(piece)
                sent += len(piece)
        return sent

    def close(self) -> None:
        self._socket.close()


@pytest.fixture
def caller(shop: Shop) -> Iterator[Caller]:
    with closing(Caller(shop.client.url)) as caller:
        yield caller


def closed_because(shop: Shop, why: str) -> bool:
    page = shop.client.get("/metrics").text
    return f'cascade_connections_closed_total{{why="{why}"}}' in page


@pytest.mark.parametrize("piece", [b"X-Long: " + b"v" * 900 + b"\r\n", b"v" * 900])
def test_a_head_without_end_is_refused(shop: Shop, caller: Caller, piece: bytes) -> None:
    caller.say(ASK + b"X-Line: ")
    caller.flood(piece, protocol.HEAD_BYTES * 100)
    assert closed_because(shop, "head_too_large")


def test_a_head_that_is_too_long_is_told_so(caller: Caller) -> None:
    caller.say(ASK + b"X-Long: " + b"v" * protocol.HEAD_BYTES + b"\r\n\r\n")
    answer = caller.hear()
    assert answer.startswith(b"HTTP/1.1 431 ")
    assert b'"kind":"head_too_large"' in answer


def test_a_head_of_nearly_the_greatest_length_is_served(caller: Caller) -> None:
    caller.say(ASK + b"X-Long: " + b"v" * (protocol.HEAD_BYTES - 200) + b"\r\n\r\n")
    assert caller.hear().startswith(b"HTTP/1.1 200 ")


def test_blank_lines_before_a_request_are_counted(shop: Shop, caller: Caller) -> None:
    caller.flood(b"\r\n" * 512, protocol.HEAD_BYTES * 100)
    assert closed_because(shop, "head_too_large")


def test_trailers_behind_a_body_are_counted(shop: Shop, caller: Caller) -> None:
    head = (
        b"POST /api/payments/webhook HTTP/1.1\r\nHost: shop\r\nTransfer-Encoding: chunked\r\n\r\n"
    )
    caller.say(head + b"1\r\nx\r\n0\r\n")
    caller.flood(b"X-Long: " + b"v" * 900 + b"\r\n", protocol.HEAD_BYTES * 100)
    assert closed_because(shop, "head_too_large")


def test_a_body_in_the_smallest_chunks_is_taken(caller: Caller) -> None:
    body = event_body("evt_chunked", "charge.refunded") + b" " * 40_000
    head = (
        "POST /api/payments/webhook HTTP/1.1\r\nHost: shop\r\nTransfer-Encoding: chunked\r\n"
        f"Stripe-Signature: {signature(body)}\r\n\r\n"
    )
    chunks = b"".join(b"1\r\n%c\r\n" % byte for byte in body)
    caller.say(head.encode() + chunks + b"0\r\n\r\n")
    assert caller.hear().startswith(b"HTTP/1.1 200 ")


def test_a_head_that_does_not_come_is_not_waited_for(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(protocol, "HEAD_SECONDS", 0.2)
    with closing(Caller(shop.client.url)) as silent, closing(Caller(shop.client.url)) as slow:
        slow.say(ASK)
        assert (silent.hear(), slow.hear()) == (b"", b"")
    assert closed_because(shop, "slow_head")


def test_a_second_head_that_does_not_come_is_not_waited_for_either(
    caller: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(protocol, "HEAD_SECONDS", 0.2)
    caller.say(ASK + b"\r\n")
    assert caller.hear().startswith(b"HTTP/1.1 200 ")
    caller.say(b"GET /")
    assert caller.hear() == b""


def test_a_client_may_pause_longer_than_a_head_may_take(
    caller: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(protocol, "HEAD_SECONDS", 0.2)
    for _ in range(2):
        caller.say(ASK + b"\r\n")
        assert caller.hear().startswith(b"HTTP/1.1 200 ")
        time.sleep(0.5)


def test_requests_sent_far_ahead_are_not_kept(shop: Shop, caller: Caller) -> None:
    caller.say((ASK + b"\r\n") * (protocol.MOST_PIPELINED + 20))
    while caller.hear():
        pass
    assert closed_because(shop, "bad_request")


def test_who_reads_no_answers_is_not_waited_for(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(protocol, "DEAF_SECONDS", 0.2)
    monkeypatch.setattr(protocol, "MOST_PIPELINED", 10_000)
    with closing(Caller(shop.client.url)) as deaf:
        deaf.say(b"GET /openapi.json HTTP/1.1\r\nHost: shop\r\n\r\n" * 400)
        eventually(lambda: closed_because(shop, "deaf"))


def test_what_is_no_request_is_told_so_in_the_shape_of_every_problem(caller: Caller) -> None:
    caller.say(b"HELLO\r\n\r\n")
    answer = caller.hear()
    assert answer.startswith(b"HTTP/1.1 400 ")
    assert b'"kind":"bad_request"' in answer


class Reader:
    """Reads a body until it is stopped."""

    def __init__(self) -> None:
        self.stopped = False

    def cancel(self) -> bool:
        self.stopped = True
        return True


def test_the_large_body_that_has_arrived_longest_makes_room() -> None:
    bodies, (first, second, third) = LargeBodies(most=100), (Reader(), Reader(), Reader())
    bodies.take(first.cancel, SMALL_BYTES + 60)
    bodies.take(second.cancel, SMALL_BYTES + 10)
    bodies.take(first.cancel, SMALL_BYTES + 90)
    assert not first.stopped
    bodies.take(third.cancel, SMALL_BYTES + 90)
    assert (first.stopped, second.stopped, third.stopped) == (True, False, False)


def test_small_bodies_and_those_that_are_read_need_no_room() -> None:
    bodies, (first, second, third) = LargeBodies(most=100), (Reader(), Reader(), Reader())
    bodies.take(first.cancel, SMALL_BYTES + 90)
    bodies.take(second.cancel, SMALL_BYTES)
    bodies.done(first.cancel)
    bodies.take(third.cancel, SMALL_BYTES + 100)
    assert not any(reader.stopped for reader in (first, second, third))


def test_a_large_body_that_made_room_is_told_so(shop: Shop) -> None:
    head = b"POST /api/payments/webhook HTTP/1.1\r\nHost: shop\r\nContent-Length: 1000000\r\n\r\n"
    with ExitStack() as stack:
        callers = [stack.enter_context(closing(Caller(shop.client.url))) for _ in range(40)]
        for caller in callers:
            caller.say(head + b"x")
        answer = callers[0].hear()
    assert answer.startswith(b"HTTP/1.1 503 ")
    assert b'"kind":"overloaded"' in answer


class Line:
    """A connection that only notes that it was dropped."""

    def __init__(self) -> None:
        self.dropped = False

    def drop(self) -> None:
        self.dropped = True


class Hall:
    """Connections, with a clock that goes on by one at each look."""

    def __init__(self, most: int) -> None:
        self.reasons = list[str]()
        ticks = iter(range(1000))
        self.connections = ConnectionRegister(most, self.reasons.append, lambda: float(next(ticks)))

    def lines(self, number: int) -> list[Line]:
        made = [Line() for _ in range(number)]
        for line in made:
            self.connections.arrive(line, line.drop)
        return made


def test_the_oldest_who_never_asked_makes_room_for_another() -> None:
    hall = Hall(8)  # of which six are for such
    lines = hall.lines(7)
    assert [line.dropped for line in lines] == [True] + [False] * 6
    assert hall.reasons == ["half_open"]


def test_who_has_waited_longest_makes_room_when_all_places_are_taken() -> None:
    hall = Hall(4)
    asked = hall.lines(1) + hall.lines(1)
    for line in asked:
        hall.connections.work(line)
        hall.connections.wait(line)
    hall.connections.wait(asked[0])
    hall.lines(3)
    assert [line.dropped for line in asked] == [False, True]
    assert hall.reasons == ["crowded"]


def test_a_request_in_hand_is_left_alone_and_the_newcomer_turned_away() -> None:
    hall, busy = Hall(2), list[Line]()
    for _ in range(2):
        busy += hall.lines(1)
        hall.connections.work(busy[-1])
    (late,) = hall.lines(1)
    assert [line.dropped for line in (*busy, late)] == [False, False, True]
    assert len(hall.connections) == 2


@pytest.mark.parametrize(("files", "most"), [(1024, 896), (100, 50), (100_000, 1000)])
def test_files_are_kept_back_for_the_journal(
    monkeypatch: pytest.MonkeyPatch, files: int, most: int
) -> None:
    monkeypatch.setattr(resource, "getrlimit", lambda _kind: (files, files))
    assert most_connections() == most
