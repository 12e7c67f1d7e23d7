"""What an echo must not forget of a door it has asked."""

from ipaddress import ip_address

import pytest

from sentinel.echo.book import Book
from sentinel.echo.memory import Memory

HOME, MOVED = ip_address("192.0.2.7"), ip_address("192.0.2.99")
DAY = 86_400
DOORS = (104, 8443)


class Time:
    """Seconds since 1970, as the test says."""

    def __init__(self) -> None:
        self.now = 1_000_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def time() -> Time:
    return Time()


@pytest.fixture
def book(tmp_path):
    made = Book(tmp_path / "echo.db", b"secret")
    made.prepare()
    return made


def test_a_door_is_asked_once_a_day_unless_somebody_presses_a_button(book, time):
    """And the day is counted from the question."""
    memory = Memory(book, "k", HOME, time)
    assert memory.spared(DOORS, "new") == set()
    assert memory.will_ask(104)

    time.now += DAY
    assert memory.spared(DOORS, "new_no_tls") == memory.spared(DOORS, "new") == {104}
    assert memory.spared(DOORS, "all") == set()
    time.now += 1
    assert memory.spared(DOORS, "new") == set()


def test_another_practice_and_another_address_are_other_doors(book, time):
    """Behind a new address may stand another box."""
    Memory(book, "k", HOME, time).will_ask(104)

    assert Memory(book, "l", HOME, time).spared(DOORS, "new") == set()
    assert Memory(book, "k", MOVED, time).spared(DOORS, "new") == set()


def test_a_service_that_stopped_is_left_alone_for_90_days_whatever_is_pressed(book, time):
    """Wherever the practice's address has gone meanwhile: it is the same service."""
    Memory(book, "k", HOME, time).is_gone(8443)
    memory = Memory(book, "k", MOVED, time)

    for days in (0, 1, 89):
        time.now = 1_000_000.0 + days * DAY
        assert memory.spared(DOORS, "all") == {8443}
    time.now = 1_000_001.0 + 90 * DAY
    assert memory.spared(DOORS, "all") == set()
    assert Memory(book, "l", HOME, time).spared(DOORS, "all") == set()


def test_what_cannot_be_written_down_must_not_be_asked(book, time, tmp_path):
    """The file is gone: harm could be repeated."""
    (tmp_path / "echo.db").unlink()
    memory = Memory(book, "k", HOME, time)

    assert not memory.will_ask(104)
    memory.is_gone(104)  # logged, and nothing more can be done
