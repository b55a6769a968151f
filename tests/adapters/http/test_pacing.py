from __future__ import annotations

import threading

import pytest

from cascade_cli.adapters.http.pace import Departure, Pace, Turn
from cascade_cli.adapters.http.pacing import Pacer
from tests.adapters.http.fake_time import FakeTime


def a_pacer(rate: float) -> tuple[Pacer, FakeTime]:
    time = FakeTime()
    return Pacer(rate, clock=time.now, sleep=time.sleep), time


# Enough answers to tell how long one takes that nothing holds up.
QUICK = (0.1,) * 40


def test_requests_of_many_threads_are_spaced_evenly() -> None:
    pacer, left_at = Pacer(50), list[float]()

    def work() -> None:
        left_at.append(pacer.wait().at)

    threads = [threading.Thread(target=work) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert 19 / 50 - 0.02 <= max(left_at) - min(left_at) < 8 * 19 / 50


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
    pacer.pause(31)
    pacer.wait()
    assert time.now() == 31


def test_a_shorter_hold_does_not_shorten_a_longer_one() -> None:
    pacer, time = a_pacer(10)
    pacer.pause(31)
    pacer.pause(1)
    pacer.wait()
    assert time.now() == 31


def test_after_a_hold_those_who_waited_go_in_turn_and_slower() -> None:
    pacer, time = a_pacer(5)
    for _ in range(3):
        pacer.wait()
    pacer.pause(31)
    for _ in range(4):
        pacer.wait()
        time.wake()
    assert time.woken == pytest.approx([31.4, 31.65, 31.9, 32.15])


def test_several_answers_that_ask_for_the_same_quiet_slow_down_once() -> None:
    pacer, time = a_pacer(5)
    for _ in range(3):
        pacer.pause(31)
    for _ in range(2):
        pacer.wait()
        time.wake()
    assert time.woken == pytest.approx([31, 31.25])


def test_after_enough_quiet_requests_the_rate_is_back() -> None:
    pacer, time = a_pacer(5)
    pacer.pause(31)
    for _ in range(60):
        pacer.wait()
        time.wake()
    assert time.woken[-1] - time.woken[-2] == pytest.approx(0.2)


def test_after_one_that_left_late_no_six_leave_within_a_second() -> None:
    time = FakeTime()
    overslept = iter([0.0, 0.0, 0.15, 0.0, 0.19] * 20)
    pacer = Pacer(5, clock=time.now, sleep=lambda s: time.sleep(s + next(overslept)))
    for _ in range(40):
        pacer.wait()
        time.wake()
    gaps = [later - first for first, later in zip(time.woken, time.woken[5:], strict=False)]
    assert min(gaps) >= 1 - 1e-9
    assert max(gaps) < 1.4


def test_a_request_that_may_have_arrived_late_keeps_its_place_for_longer() -> None:
    """The service counts arrivals: what left at 0 and was answered late may have come at 0.4."""
    pacer, time = a_pacer(5)
    for seconds in (*QUICK, 0.5):
        departure = pacer.wait(is_watched=True)
        time.wake()
        time.sleep(seconds)
        pacer.answered(departure)
    for _ in range(5):
        pacer.wait()
        time.wake()
    assert time.woken[-1] - time.woken[-6] == pytest.approx(1.4)


def test_of_half_as_many_answers_as_are_compared_half_of_the_quickest_is_believed() -> None:
    pacer, time = a_pacer(5)
    for seconds in (*QUICK[:19], 0.5):
        departure = pacer.wait(is_watched=True)
        time.wake()
        time.sleep(seconds)
        pacer.answered(departure)
    for _ in range(5):
        pacer.wait()
        time.wake()
    assert time.woken[-1] - time.woken[-6] == pytest.approx(1.45)


def test_while_few_answers_tell_all_of_an_answer_s_time_may_be_delay() -> None:
    pacer, time = a_pacer(5)
    for seconds in (0.5, 0.4):
        departure = pacer.wait(is_watched=True)
        time.wake()
        time.sleep(seconds)
        pacer.answered(departure)
    for _ in range(4):
        pacer.wait()
        time.wake()
    assert time.woken[-1] - time.woken[0] == pytest.approx(1.5)


def test_the_reserve_below_the_allowance_stays_after_a_late_one() -> None:
    time = FakeTime()
    pacer = Pacer(4.9, clock=time.now, sleep=time.sleep)
    first = pacer.wait(is_watched=True)
    second = pacer.wait(is_watched=True)
    time.sleep(0.1)
    pacer.answered(second)
    time.sleep(0.4)
    pacer.answered(first)
    late = time.now() - first.at - 0.1
    for _ in range(4):
        pacer.wait()
    assert time.now() - first.at >= 5 / 4.9 + late - 1e-9


def test_a_write_counts_from_when_it_leaves_and_not_from_its_turn() -> None:
    """It is journaled in between, and the service counts arrivals."""
    pacer, time = a_pacer(5)
    held = pacer.wait(is_watched=True, is_held=True)
    for _ in range(4):
        pacer.wait()
    pacer.mark_sent(held)
    left_at = time.now()
    for _ in range(2):
        pacer.wait()
        time.wake()
    assert left_at == pytest.approx(0.8)
    assert time.woken[0] >= left_at + 1 - 1e-9


def test_a_write_that_may_have_arrived_late_keeps_its_place_for_longer() -> None:
    pacer, time = a_pacer(5)
    for seconds in (*QUICK, 0.5):
        held = pacer.wait(is_watched=True, is_held=True)
        time.sleep(0.3)
        pacer.mark_sent(held)
        time.wake()
        time.sleep(seconds)
        pacer.answered(held)
    for _ in range(5):
        pacer.wait()
        time.wake()
    assert time.woken[-1] - time.woken[-6] == pytest.approx(1.4)


def test_a_turn_that_is_given_up_is_not_waited_for() -> None:
    pacer, time = a_pacer(5)
    pacer.mark_dropped(pacer.wait(is_watched=True, is_held=True))
    for _ in range(5):
        pacer.wait()
    assert time.now() == pytest.approx(1)


def test_a_turn_that_is_never_used_does_not_stop_the_others() -> None:
    pacer, time = a_pacer(5)
    pacer.wait(is_watched=True, is_held=True)
    for _ in range(30):
        pacer.wait()
    assert time.now() < 10


def test_a_wait_ends_also_by_a_clock_that_ticks_in_microseconds() -> None:
    ticks, naps = [0], list[float]()

    def sleep(seconds: float) -> None:
        naps.append(seconds)
        assert len(naps) < 1000, "it never ends"
        ticks[0] += round(seconds * 1_000_000)

    pacer = Pacer(4.9, clock=lambda: ticks[0] / 1_000_000, sleep=sleep)
    for _ in range(20):
        pacer.wait()
    assert ticks[0] >= 3_870_000


def test_one_with_much_to_do_leaves_every_other_turn_to_one_with_little() -> None:
    pace, long, short = Pace(), Turn("long", 5), Turn("short", 5)
    for number in range(10):
        pace.ask(f"long {number}", long, 0.0)
    waits = [pace.ask(f"short {number}", short, 0.01) for number in range(4)]
    assert waits == pytest.approx([0.39, 0.79, 1.19, 1.59])


def test_whoever_is_in_a_hurry_has_the_next_turn() -> None:
    pace, patient = Pace(), Turn("patient", 5)
    for number in range(10):
        pace.ask(f"patient {number}", patient, 0.0)
    assert pace.ask("hurried", Turn("hurried", 5, in_hurry=True), 0.05) == pytest.approx(0.15)
    # Those before whom it goes wait a turn longer.
    assert pace.ask("patient 1", patient, 0.06) == pytest.approx(0.34)


def test_nobody_is_overtaken_for_ever() -> None:
    pace = Pace()
    pace.ask("first", Turn("first", 5), 0.0)
    waits = [pace.ask("patient", Turn("patient", 5), 0.0)]
    now, hurried = 0.0, 0
    while isinstance(waits[-1], float):
        now += 0.2
        hurried += isinstance(pace.ask(f"h {now}", Turn("h", 5, in_hurry=True), now), Departure)
        waits.append(pace.ask("patient", Turn("patient", 5), now))
        assert now < 10
    assert hurried > 10
