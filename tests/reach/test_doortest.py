"""The IPv6 door test."""

import socket
import threading

import pytest

from sentinel.reach.doortest import door_test


@pytest.fixture
def port() -> int:
    """A port nobody listens on at this moment."""
    with socket.create_server(("::1", 0), family=socket.AF_INET6) as probe:
        return int(probe.getsockname()[1])


def test_the_door_is_open_only_during_the_check(port: int):
    """Before and after, a stranger is refused; meanwhile he is let in and hung up on, and nothing is read."""
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("::1", port), timeout=1)

    with door_test(port), socket.create_connection(("::1", port), timeout=1) as caller:
        assert caller.recv(1) == b""

    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("::1", port), timeout=1)


def test_it_listens_over_ipv6_only(port: int):
    """Over IPv4 the box's own translation decides; the listener says nothing of it."""
    with door_test(port), pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", port), timeout=1)


def test_it_leaves_no_thread_behind(port: int):
    """A check every hour for years must not add a thread each time."""
    before = threading.active_count()
    with door_test(port):
        pass

    assert threading.active_count() == before


def test_a_taken_port_is_said(port: int):
    """Without our own listener a closed door would prove nothing, so nobody may believe it was open."""
    with door_test(port), pytest.raises(OSError, match="in use"), door_test(port):
        pass
