import sqlite3
from ipaddress import ip_address

import pytest

from sentinel.echo import optouts as module
from sentinel.echo.optouts import OptOuts
from sentinel.echo.refused import Refused

HOME = ip_address("192.0.2.7")


@pytest.fixture
def optouts(tmp_path):
    made = OptOuts(tmp_path / "echo.db", b"secret")
    made.prepare()
    return made


def test_an_address_is_opted_out_and_in_again(optouts):
    """At once, also where the list was just read."""
    assert not optouts.covers(HOME)
    optouts.add(HOME, "page", 5)
    assert optouts.covers(HOME)
    assert not optouts.covers(ip_address("192.0.2.8"))
    assert optouts.remove(HOME)
    assert not optouts.covers(HOME)
    assert not optouts.remove(HOME)


def test_over_ipv6_the_whole_line_is_opted_out(optouts):
    """The browser of today and the sentinel beside it have different addresses."""
    optouts.add(ip_address("2001:db8:1:2:aaaa::1"), "page", 5)

    assert optouts.covers(ip_address("2001:db8:1:2::7"))
    assert not optouts.covers(ip_address("2001:db8:1:3::7"))


def test_an_address_written_as_ipv6_is_itself(optouts):
    """::ffff:192.0.2.7 is 192.0.2.7."""
    optouts.add(ip_address("::ffff:192.0.2.7"), "page", 5)

    assert optouts.covers(HOME)


def test_the_operator_sees_where_and_when_and_no_address(optouts, tmp_path):
    """The file holds it blinded."""
    optouts.add(HOME, "page", 5)
    optouts.add(HOME, "operator", 6)

    assert [(each.network, each.at, each.by) for each in optouts.everybody()] == [("192.0.2.0/24", 5, "page")]
    written = b"".join(path.read_bytes() for path in tmp_path.iterdir())
    assert b"192.0.2.7" not in written
    assert HOME.packed not in written


def test_another_process_is_heard_within_two_seconds(optouts, tmp_path, monkeypatch):
    """The operator's command is not the echo."""
    assert not optouts.covers(HOME)
    OptOuts(tmp_path / "echo.db", b"secret").add(HOME, "operator", 5)
    monkeypatch.setattr(module, "KNOWN_FOR_S", 0)

    assert optouts.covers(HOME)


def test_a_list_that_cannot_be_read_lets_nobody_be_dialled(optouts, tmp_path):
    """Not knowing is not consent."""
    for path in tmp_path.iterdir():
        path.unlink()

    with pytest.raises(sqlite3.Error):
        optouts.covers(HOME)


def test_the_list_is_bounded(optouts, monkeypatch):
    """Whoever commands many addresses cannot fill the disk."""
    monkeypatch.setattr(module, "MOST", 1)
    optouts.add(HOME, "page", 5)

    with pytest.raises(Refused, match="busy"):
        optouts.add(ip_address("192.0.2.8"), "page", 5)
