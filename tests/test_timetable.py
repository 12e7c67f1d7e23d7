"""The jobs run at once, at their pace, one at a time, whatever one of them does."""

import queue
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from datetime import timedelta

from sentinel.model.fact import Fact
from sentinel.model.passing import Beat
from sentinel.timetable import Job, Timetable
from tests.builders import moment


@contextmanager
def running(work: Callable[[], Iterable[Fact]], every: float) -> Iterator["queue.Queue[Fact]"]:
    """One job, and the facts it posts."""
    facts: queue.Queue[Fact] = queue.Queue()
    timetable = Timetable([Job(name="job", every=timedelta(seconds=every), work=work)], facts.put)
    try:
        yield facts
    finally:
        timetable.stop()


def test_a_job_runs_at_once_and_then_at_its_pace():
    with running(lambda: [Beat(at=moment())], every=0.1) as facts:
        begun = time.monotonic()
        facts.get(timeout=1)
        assert time.monotonic() - begun < 0.08
        for _ in range(5):
            facts.get(timeout=1)
        assert 0.45 < time.monotonic() - begun < 0.8


def test_a_job_that_fails_runs_again(caplog):
    times: list[int] = []

    def work() -> list[Fact]:
        times.append(1)
        if len(times) == 1:
            raise OSError("not now")
        return [Beat(at=moment())]

    with running(work, every=0.05) as facts:
        facts.get(timeout=1)
    assert "the job job failed" in caplog.text


def test_a_job_that_is_late_is_run_once_and_never_beside_itself():
    inside, most, runs = 0, 0, 0
    lock = threading.Lock()

    def work() -> list[Fact]:
        nonlocal inside, most, runs
        with lock:
            inside, runs = inside + 1, runs + 1
            most = max(most, inside)
        time.sleep(0.5 if runs == 1 else 0.0)
        with lock:
            inside -= 1
        return []

    with running(work, every=0.1):
        time.sleep(0.75)
    assert most == 1
    assert 3 <= runs <= 5  # 0, 0.5, 0.6, 0.7


def test_nothing_begins_after_the_end():
    with running(lambda: [Beat(at=moment())], every=0.05) as facts:
        facts.get(timeout=1)
    time.sleep(0.1)
    kept = facts.qsize()
    time.sleep(0.2)
    assert facts.qsize() == kept
