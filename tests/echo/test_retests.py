"""Doors found open may be asked about again, soon and often; nothing else may."""

import sqlite3
from ipaddress import ip_address

import pytest

from sentinel.echo.book import Entry
from sentinel.echo.books import open_books
from sentinel.echo.refused import Refused
from sentinel.model.exposure import PortList
from tests.echo.running import Caller, free_port, listener

HOME = ip_address("192.0.2.7")
HOUR = 3_600
RETEST = PortList.RETEST.value


@pytest.fixture
def retests(tmp_path):
    return open_books(tmp_path, b"secret").retests


def entry(target=HOME, key="k"):
    return Entry(check="c", key=key, target=target, asked=3, extra=frozenset({1}))


def wait(retests, now, **words):
    """Seconds to wait, or 0 once the entry is in."""
    try:
        retests.enter(entry(**words), now)
    except Refused as refused:
        return refused.wait if refused.word == "quota" else refused.word
    return 0


def test_a_retest_every_thirty_seconds(retests):
    """The countdown is told; the two families and other keys are apart."""
    assert [wait(retests, now) for now in (0, 10, 30, 59)] == [0, 20, 0, 1]
    assert wait(retests, 31, target=ip_address("2001:db8::7")) == 0
    assert wait(retests, 31, key="l") == 0


def test_thirty_retests_an_hour(retests):
    """However well they are spaced."""
    assert [wait(retests, 40 * number) for number in range(30)] == [0] * 30
    assert wait(retests, 1200) == HOUR - 1200


def test_sixty_retests_of_an_address_an_hour_whoever_asks(retests):
    """Its own count, beside the ordinary twelve."""
    for number in range(60):
        assert wait(retests, number, key=str(number)) == 0

    assert retests.target_wait(HOME, 60) == HOUR - 60
    assert retests.target_wait(ip_address("192.0.2.8"), 60) == 0


def ask(running, key, **words):
    with Caller(running, key) as caller:
        return caller.word(**words)


@pytest.fixture
def found(running, key):
    """A door that a report has said to be open."""
    with listener() as door:
        port = door.getsockname()[1]
        with Caller(running, key) as caller:
            report = caller.report(caller.plan(extra_ports=[port]).check)
        assert {cell.port: cell.state for cell in report.cells}[port] == "open"
        yield door


def test_a_closed_door_is_proved_closed_though_the_ordinary_budget_is_used_up(running, key, found):
    """Ten minutes of waiting would teach nobody anything."""
    port = found.getsockname()[1]
    for _ in range(2):
        assert ask(running, key) == "ok"
    assert ask(running, key) == "quota"
    found.close()
    with Caller(running, key) as caller:
        plan = caller.plan(ports=RETEST, extra_ports=[port])
        report = caller.report(plan.check)

    assert [(cell.port, cell.state) for cell in report.cells] == [(port, "closed")]
    assert len(plan.probes) == 3
    assert ask(running, key, ports=RETEST, extra_ports=[port]) == "quota"  # one in thirty seconds


def test_a_retest_passes_the_twelve_an_hour_of_its_address(running, key, found):
    """They are counted apart; a check at a time stays."""
    target, now = ip_address("127.0.0.1"), running.echo.wall()
    for number in range(12):
        wait_for = Entry(check=str(number), key=str(number), target=target, asked=1, extra=frozenset())
        if running.echo.book.target_wait(target, now) == 0:
            running.echo.book.enter(wait_for, now)
    assert ask(running, key) == "quota"

    with Caller(running, key) as caller, Caller(running, key) as other:
        assert caller.word(ports=RETEST, extra_ports=[found.getsockname()[1]]) == "ok"
        assert other.word(ports=RETEST, extra_ports=[found.getsockname()[1]]) == "target_busy"


def test_a_door_that_was_never_reported_open_is_not_asked_about_again(running, key, found):
    """A budget for proofs is no budget for scans: neither as an extra port nor as a control."""
    port, other = found.getsockname()[1], free_port()

    assert ask(running, key, ports=RETEST, extra_ports=[port, other]) == "target_refused"
    assert ask(running, key, ports=RETEST, extra_ports=[port], expect_open=[other]) == "target_refused"
    assert ask(running, key, ports=RETEST) == "bad_request"


def test_what_was_reported_to_another_is_not_known_to_be_open(running, key, found):
    """By key, by address, and for seven days."""
    port, name = found.getsockname()[1], running.echo.book.everybody()[0].id
    book, now = running.echo.book, running.echo.wall()

    assert book.marked_among("open", name, ip_address("127.0.0.1"), [port], now - 60)
    assert not book.marked_among("open", "other", ip_address("127.0.0.1"), [port], 0)
    with sqlite3.connect(running.settings.folder / "echo.db") as db:
        db.execute("UPDATE marks SET at = at - 7 * 86400")
    db.close()
    assert ask(running, key, ports=RETEST, extra_ports=[port]) == "target_refused"
