"""What every test shares: a test of the lab, the browser or the image may not be skipped where it is required."""

import os
from collections.abc import Generator

import pytest
from hypothesis import HealthCheck, settings

settings.register_profile("beside", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("beside")  # a machine that is busy with other sections is slow, not wrong

REQUIRED = {
    "SENTINEL_LAB": ("lab", "browser", "zstd"),
    "SENTINEL_IMAGE": ("fresh", "ansible", "image", "zstd"),
}
"""What may not be skipped, by its markers, where `.ci/run` sets the variable to `required`.

Elsewhere such tests run where they can and are skipped, with their reason, where not.
"""


def requiring(item: pytest.Item | None) -> str | None:
    """The variable that forbids to skip this test; of a module, whose markers are not known, any that is set."""
    for variable, markers in REQUIRED.items():
        if os.environ.get(variable) == "required" and (
            item is None or any(item.get_closest_marker(marker) for marker in markers)
        ):
            return variable
    return None


def refuse_skip(report: pytest.TestReport | pytest.CollectReport, variable: str) -> None:
    """Turn a skip into a failure that keeps the reason."""
    reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else report.longrepr
    report.outcome = "failed"
    report.longrepr = f"may not be skipped where {variable}=required: {reason}"
    if hasattr(report, "wasxfail"):  # or pytest would still count an expected failure as none
        del report.wasxfail


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """A skipped test of what is required, an expected failure too, is a failure."""
    report = yield
    if report.skipped and (variable := requiring(item)):
        refuse_skip(report, variable)
    return report


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report() -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
    """A module that skips itself hides its markers, so where anything is required no module may."""
    report = yield
    if report.skipped and (variable := requiring(None)):
        refuse_skip(report, variable)
    return report
