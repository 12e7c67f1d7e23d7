"""Every periodic job, on one page. A job returns facts and touches nothing else.

Each has a thread of its own, paced by the monotonic clock. APScheduler, which did this before, reckons by the wall
clock: when that was set back two days no job ran for two days, and the lamp went dark.
"""

import logging
import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import timedelta

from sentinel.model.fact import Fact

log = logging.getLogger(__name__)

Post = Callable[[Fact], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """One thing done by the clock."""

    name: str
    every: timedelta
    work: Callable[[], Iterable[Fact]]

    def deliver(self, post: Post) -> None:
        """Do it once and post what came of it; a failure is logged and the next run comes all the same."""
        try:
            for fact in self.work():
                post(fact)
        except Exception:  # of any job: the other jobs come all the same
            log.exception("the job %s failed", self.name)


class Timetable:
    """Jobs that run at once and then each at its own pace, until `stop`.

    A job never overlaps itself, and what is late is run once, not as often as it was missed.
    """

    def __init__(self, jobs: Iterable[Job], post: Post) -> None:
        self._post = post
        self._over = threading.Event()
        for job in jobs:
            threading.Thread(target=self._repeat, args=(job,), name=job.name, daemon=True).start()

    def _repeat(self, job: Job) -> None:
        due = time.monotonic()
        while not self._over.wait(max(0.0, due - time.monotonic())):
            job.deliver(self._post)
            due = max(due + job.every.total_seconds(), time.monotonic())

    def stop(self) -> None:
        """Begin nothing more; a job under way is not waited for."""
        self._over.set()
