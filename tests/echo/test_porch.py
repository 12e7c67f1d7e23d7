"""A bounded crowd before the echo, and a way through it for whoever has a plan."""

import socket
from contextlib import closing
from ipaddress import ip_address

import pytest

from sentinel.echo.porch import Porch
from sentinel.echo.quota import Turnstile

HERE = ip_address("127.0.0.1")


@pytest.fixture
def arrive():
    """Makes one more caller stand before a porch: what he holds, and what the porch has of him."""
    opened = []

    def arrived(porch, network):
        caller, served = socket.socketpair()
        opened.append(caller)
        visitor = porch.let_in(served, ip_address(f"192.0.{network}.7"), 0.0)
        opened.append(visitor or served)
        return caller, visitor

    yield arrived
    for each in opened:
        each.close()


def is_hung_up_on(caller):
    """Whether his line was ended."""
    caller.setblocking(False)
    try:
        return caller.recv(1) == b""
    except BlockingIOError:
        return False


def test_the_place_of_the_longest_idle_goes_to_the_newcomer(arrive):
    """Nobody can fill the porch by standing there."""
    porch = Porch(Turnstile(), most=3)
    callers = [arrive(porch, number)[0] for number in range(5)]

    assert [is_hung_up_on(caller) for caller in callers] == [True, True, False, False, False]
    assert len(porch) == 3


def test_whoever_holds_a_plan_stays(arrive):
    """A practice is not pushed out in the middle of its check."""
    porch = Porch(Turnstile(), most=3)
    practice, visitor = arrive(porch, 0)
    porch.hold(visitor.fileno())
    callers = [arrive(porch, number)[0] for number in range(1, 9)]

    assert not is_hung_up_on(practice)
    assert [is_hung_up_on(caller) for caller in callers] == [True] * 6 + [False] * 2


def test_one_network_has_its_share_of_the_porch(arrive):
    """And gets it back when it hangs up."""
    porch = Porch(Turnstile(), each=2)
    standing = [arrive(porch, 1)[1] for _ in range(3)]

    assert [visitor is not None for visitor in standing] == [True, True, False]
    assert arrive(porch, 2)[1] is not None
    standing[0].close()
    standing[0].close()
    assert arrive(porch, 1)[1] is not None
    assert arrive(porch, 1)[1] is None


def test_a_network_that_comes_too_often_is_reset(arrive):
    """It stands nowhere."""
    porch = Porch(Turnstile(per_minute=1))

    assert arrive(porch, 1)[1] is not None
    assert arrive(porch, 1)[1] is None
    assert len(porch) == 1


def test_an_empty_porch_remembers_nobody(arrive):
    """However many came."""
    porch = Porch(Turnstile())
    for number in range(100):
        with closing(arrive(porch, number)[1]) as visitor:
            porch.hold(visitor.fileno())

    assert len(porch) == 0
    assert not porch._of_network
