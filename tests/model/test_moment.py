"""Moments: durations by the boot clock, reading by the wall clock, never without a zone."""

from datetime import UTC, datetime, timedelta

import pytest

from sentinel.model.moment import Moment


def test_a_duration_is_the_boot_clocks():
    """Whatever the wall clock did in between."""
    before = Moment(wall=datetime(2026, 1, 3, tzinfo=UTC), boot=timedelta(seconds=10))
    after = Moment(wall=datetime(2026, 1, 1, tzinfo=UTC), boot=timedelta(seconds=12))

    assert (after.since(before), before.since(after)) == (timedelta(seconds=2), timedelta(seconds=-2))


def test_a_time_without_a_zone_is_none():
    """It could mean anything."""
    with pytest.raises(ValueError, match="time zone"):
        Moment(wall=datetime(2026, 1, 1), boot=timedelta(0))  # noqa: DTZ001 - what is refused
