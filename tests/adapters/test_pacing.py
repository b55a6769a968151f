from __future__ import annotations

import threading

from cascade_cli.adapters.pacing import Pacer
from tests.adapters.fake_time import FakeTime


def a_pacer(rate: float) -> tuple[Pacer, FakeTime]:
    time = FakeTime()
    return Pacer(rate, clock=time.now, sleep=time.sleep), time


def test_requests_of_many_threads_are_spaced_evenly() -> None:
    pacer, time = a_pacer(5)

    def work() -> None:
        pacer.wait()
        time.wake()

    threads = [threading.Thread(target=work) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    gaps = [b - a for a, b in zip(sorted(time.woken), sorted(time.woken)[1:], strict=False)]
    assert min(time.woken) == 0
    assert all(abs(gap - 0.2) < 1e-9 for gap in gaps)


def test_the_first_request_does_not_wait() -> None:
    pacer, time = a_pacer(1)
    pacer.wait()
    assert time.now() == 0


def test_a_pause_is_not_made_up_for_by_a_burst() -> None:
    pacer, time = a_pacer(2)
    pacer.wait()
    time.sleep(60)
    for _ in range(3):
        pacer.wait()
        time.wake()
    assert time.woken == [60, 60.5, 61]


def test_without_a_rate_nobody_waits() -> None:
    pacer, time = a_pacer(0)
    for _ in range(100):
        pacer.wait()
    assert time.now() == 0


def test_after_a_hold_nobody_passes_until_it_is_over() -> None:
    pacer, time = a_pacer(10)
    pacer.hold(31)
    pacer.wait()
    assert time.now() == 31


def test_a_shorter_hold_does_not_shorten_a_longer_one() -> None:
    pacer, time = a_pacer(10)
    pacer.hold(31)
    pacer.hold(1)
    pacer.wait()
    assert time.now() == 31


def test_a_wait_ends_also_by_a_clock_that_ticks_in_microseconds() -> None:
    ticks, naps = [0], list[float]()

    def sleep(seconds: float) -> None:
        naps.append(seconds)
        assert len(naps) < 1000, "it never ends"
        ticks[0] += round(seconds * 1_000_000)

    pacer = Pacer(4.75, clock=lambda: ticks[0] / 1_000_000, sleep=sleep)
    for _ in range(20):
        pacer.wait()
    assert ticks[0] >= 3_900_000
