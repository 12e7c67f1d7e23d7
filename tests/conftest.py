"""What every test shares: where the lab is required, a test of the lab or the browser may not be skipped."""

import os
from collections.abc import Generator

import pytest

REQUIRED = os.environ.get("SENTINEL_LAB") == "required"
"""Set by `.ci/run`. Elsewhere such tests run where they can and are skipped, with their reason, where not."""


def refuse_skip(report: pytest.TestReport | pytest.CollectReport) -> None:
    """Turn a skip into a failure that keeps the reason."""
    reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else report.longrepr
    report.outcome = "failed"
    report.longrepr = f"may not be skipped where SENTINEL_LAB=required: {reason}"
    if hasattr(report, "wasxfail"):  # or pytest would still count an expected failure as none
        del report.wasxfail


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """A skipped test of the lab or the browser, an expected failure too, is a failure."""
    report = yield
    marked = item.get_closest_marker("lab") or item.get_closest_marker("browser")
    if REQUIRED and marked and report.skipped:
        refuse_skip(report)
    return report


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report() -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
    """A module that skips itself hides its markers, so where the lab is required no module may."""
    report = yield
    if REQUIRED and report.skipped:
        refuse_skip(report)
    return report
