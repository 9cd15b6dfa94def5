"""A call that hangs is ended, and nothing else that a run has to do with signals and threads is changed."""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Iterator

import pytest

from pytest_failure_review.time_box import attempt_within

ENDED = (None, "TimeIsUp")


@pytest.fixture(autouse=True)
def as_before() -> Iterator[None]:
    before = signal.getsignal(signal.SIGVTALRM)
    yield
    signal.signal(signal.SIGVTALRM, before)


def test_a_call_that_hangs_is_ended_even_if_it_holds_on() -> None:
    def hang() -> None:
        while True:
            try:
                time.sleep(60)
            except Exception:  # noqa: BLE001  (that is what is tried)
                continue

    started = time.monotonic()
    assert attempt_within(0.1, hang) == ENDED
    assert time.monotonic() - started < 5


def test_a_call_that_only_computes_is_ended_too() -> None:
    def compute() -> None:
        while True:
            pass

    assert attempt_within(0.1, compute) == ENDED


def test_an_answer_in_time_is_given_and_so_is_what_was_raised() -> None:
    assert attempt_within(5, divmod, 7, 2) == ((3, 1), "")
    assert attempt_within(5, divmod, 7, 0)[1].startswith("ZeroDivisionError: ")


def test_ctrl_c_passes() -> None:
    def stop() -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        attempt_within(5, stop)
    assert attempt_within(0.05, time.sleep, 60) == ENDED


def test_neither_thread_nor_handler_stays() -> None:
    before = threading.active_count(), signal.SIG_DFL
    for seconds, call in ((0.05, 60), (5, 0)):
        attempt_within(seconds, time.sleep, call)
        assert (threading.active_count(), signal.getsignal(signal.SIGVTALRM)) == before


def test_a_signal_that_comes_just_as_the_call_ends_does_nothing() -> None:
    for _ in range(50):
        assert attempt_within(0.002, time.sleep, 0.002) in (ENDED, (None, ""))


def test_a_call_out_of_a_finalizer_is_ended_as_any_other() -> None:
    told: list[object] = []

    class Asking:
        def __del__(self) -> None:
            told.append(attempt_within(0.05, time.sleep, 1))

    Asking()
    assert told == [ENDED]


def test_a_call_that_hangs_behind_a_finalizer_is_ended_too() -> None:
    class Slow:
        def __del__(self) -> None:
            time.sleep(0.3)

    def hang() -> None:
        Slow()
        time.sleep(60)

    started = time.monotonic()
    assert attempt_within(0.2, hang) == ENDED
    assert time.monotonic() - started < 5


def test_a_signal_that_somebody_uses_is_left_to_them() -> None:
    rung: list[int] = []
    signal.signal(signal.SIGVTALRM, lambda number, frame: rung.append(number))
    mine = signal.getsignal(signal.SIGVTALRM)
    assert attempt_within(0.05, lambda: time.sleep(0.2)) == (None, "")
    assert (signal.getsignal(signal.SIGVTALRM), rung) == (mine, [])


def test_the_timer_of_pytest_timeout_goes_on() -> None:
    rung: list[int] = []
    before = signal.signal(signal.SIGALRM, lambda number, frame: rung.append(number))
    try:
        signal.setitimer(signal.ITIMER_REAL, 0.05)
        assert attempt_within(0.3, time.sleep, 60) == ENDED
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
    assert rung == [signal.SIGALRM]


def test_another_thread_takes_as_long_as_it_takes() -> None:
    told: list[object] = []
    thread = threading.Thread(target=lambda: told.append(attempt_within(0.05, lambda: time.sleep(0.2))))
    thread.start()
    thread.join()
    assert told == [(None, "")]


def test_a_call_within_a_call_is_ended_with_it() -> None:
    started = time.monotonic()
    attempt_within(0.1, lambda: attempt_within(60, time.sleep, 60))
    assert time.monotonic() - started < 5
