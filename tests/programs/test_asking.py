"""When the echo is asked: not without one, at once after a doubt, and never twice at the same time."""

from pathlib import Path

import pytest

from sentinel.config import Echo
from sentinel.programs.asking import AGAIN, Asking
from tests.builders import moment


class Told:
    """A clock that stands where it is put."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def __call__(self):
        return moment(self.seconds)


@pytest.fixture
def clock() -> Told:
    return Told()


def asking(folder: Path, clock: Told, **section: object) -> Asking:
    return Asking(Echo(**section), folder, clock, lambda: (4, 6))


def test_without_an_echo_nothing_is_asked_and_nobody_waits(tmp_path, clock):
    """The button says so at once."""
    made = asking(tmp_path, clock)

    assert not made.is_enrolled
    assert made.soon() == 0
    assert list(made.work(lambda fact: None)) == []


def test_an_invitation_that_is_none_is_said_once_a_minute(tmp_path, clock, caplog):
    """Not at every run of the job."""
    made = asking(tmp_path, clock, invitation="no invitation")
    for clock.seconds in range(0, int(AGAIN.total_seconds()), 2):
        assert list(made.work(lambda fact: None)) == []
    assert caplog.text.count("the invitation cannot be read") == 1

    clock.seconds = AGAIN.total_seconds()
    list(made.work(lambda fact: None))

    assert caplog.text.count("the invitation cannot be read") == 2


def test_the_key_is_made_once(tmp_path, clock):
    """A practice keeps its name at the echo, whatever is restarted."""
    asking(tmp_path, clock)
    before = {each.name: each.read_bytes() for each in tmp_path.iterdir() if each.is_file()}
    asking(tmp_path, clock)

    assert before
    assert {each.name: each.read_bytes() for each in tmp_path.iterdir() if each.is_file()} == before
    assert all(each.stat().st_mode & 0o077 == 0 for each in tmp_path.iterdir() if each.is_file())


def test_what_the_box_maps_is_asked_about_as_far_as_the_echo_allows(tmp_path, clock):
    """Sixteen ports beyond its list, one of them the IPv6 door test's: what was configured comes first."""
    made = asking(tmp_path, clock, extra_ports=tuple(range(8001, 8011)), expect_open=(1194,))

    made.set_mapped((40_104, 40_105, 40_106, 40_107, 40_108))

    assert made.mapped == (40_104, 40_105, 40_106, 40_107)
