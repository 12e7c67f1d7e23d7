"""Every periodic job, on one page. A job returns facts and touches nothing else."""

import logging
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from apscheduler.events import EVENT_JOB_ERROR, JobExecutionEvent
from apscheduler.executors.pool import ThreadPoolExecutor
from apscheduler.schedulers.background import BackgroundScheduler

from sentinel.pipeline import Fact

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
        except Exception:
            log.exception("the job %s failed", self.name)


def start(jobs: Iterable[Job], post: Post) -> BackgroundScheduler:
    """Start every job at once, each then at its own pace; the caller shuts the timetable down."""
    logging.getLogger("apscheduler").setLevel(logging.ERROR)  # a check under way is no news every two seconds
    scheduler = BackgroundScheduler(timezone=UTC, executors={"default": ThreadPoolExecutor(4)})
    scheduler.add_listener(_complain, EVENT_JOB_ERROR)
    for job in jobs:
        scheduler.add_job(
            job.deliver,
            "interval",
            args=[post],
            id=job.name,
            seconds=job.every.total_seconds(),
            next_run_time=datetime.now(UTC),
            coalesce=True,  # after a sleep or a clock jump, run once, not forty times
            max_instances=1,  # a slow check is never joined by a second one
            misfire_grace_time=None,  # the default of 1 s silently drops late runs
        )
    scheduler.start()
    return scheduler


def _complain(event: JobExecutionEvent) -> None:
    log.error("the timetable lost a run of %s: %s", event.job_id, event.exception)
