"""A name counts only when it leads back; whatever a resolver says is a stranger's text."""

import socket
import threading
from datetime import timedelta
from ipaddress import ip_address

import pytest

from sentinel.reach.names import Resolver, organisation

VISITOR, VISITOR6 = ip_address("203.0.113.7"), ip_address("2001:db8:bad::7")


def resolver(names, addresses):
    """A name service that knows these: address to names, name to addresses."""

    def back(address):
        if address not in names:
            raise socket.herror(1, "Unknown host")
        return names[address][0], names[address][1:], [address]

    def forth(name, port, family, kind):
        found = [each for each in addresses.get(name, []) if (":" in each) is (family == socket.AF_INET6)]
        if not found:
            raise socket.gaierror(-2, "Name or service not known")
        return [(family, kind, 6, "", (each, 0)) for each in found]

    return {"back": back, "forth": forth}


@pytest.mark.parametrize("visitor", [VISITOR, VISITOR6])
def test_a_name_that_leads_back_to_the_address_names_its_organisation(visitor):
    """Both ways, in the address's own family."""
    name = "census9.shodan.io"

    assert organisation(visitor, **resolver({str(visitor): [name]}, {name: [str(visitor)]})) == "Shodan"


def test_a_name_that_leads_elsewhere_is_forged():
    """Whoever has an address may give it any name."""
    name = "census9.shodan.io"

    assert organisation(VISITOR, **resolver({str(VISITOR): [name]}, {name: ["203.0.113.8"]})) == ""
    assert organisation(VISITOR, **resolver({str(VISITOR): [name]}, {})) == ""


def test_a_second_name_counts_and_the_hundredth_does_not():
    """One address may have several names; it may not have us ask for ever."""
    name = "probe.leakix.net"
    told = resolver({str(VISITOR): ["host.example", name]}, {name: [str(VISITOR)]})
    many = resolver({str(VISITOR): [*["host.example"] * 99, name]}, {name: [str(VISITOR)]})

    assert organisation(VISITOR, **told) == "LeakIX"
    assert organisation(VISITOR, **many) == ""


def test_no_name_is_an_answer_and_no_resolver_is_none():
    """The first is not asked again today."""

    def away(_):
        raise socket.herror(2, "Host name lookup failure")

    assert organisation(VISITOR, **resolver({}, {})) == ""
    assert organisation(VISITOR, back=away) is None


def test_a_name_that_is_no_name_is_nobodys():
    """A label of 64 letters, which the codec of host names refuses."""
    name = "é" * 64 + ".shodan.io"

    def forth(*_):
        raise UnicodeError("label too long")

    assert organisation(VISITOR, back=lambda _: (name, [], []), forth=forth) == ""


def test_a_resolver_that_hangs_is_waited_for_no_longer_than_said_and_not_asked_twice():
    """Its thread stays behind until it answers; there is never a second one."""
    hang, asked = threading.Event(), []

    def ask(address):
        asked.append(address)
        hang.wait(30)
        return "Shodan"

    within = Resolver(ask, timedelta(milliseconds=50))

    assert within(VISITOR) is None
    assert within(VISITOR6) is None
    hang.set()
    assert asked == [VISITOR]


def test_an_answer_in_time_is_handed_on():
    """And the next may be asked."""
    within = Resolver(lambda address: "Shodan" if address == VISITOR else "", timedelta(seconds=20))

    assert [within(VISITOR), within(VISITOR6)] == ["Shodan", ""]
