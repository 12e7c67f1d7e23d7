"""Our place in the network, as the kernel tells it."""

import sys
from dataclasses import replace
from ipaddress import ip_address, ip_network

import pytest

from sentinel import codec
from sentinel.capture.surroundings import Surroundings, ask
from tests.builders import BOX_MAC, moment
from tests.capture import cable

HOME = Surroundings(
    interface="eth0", prefixes=("192.168.1.0/24", "fe80::/64"), gateways=("192.168.1.1",), families=(4,)
)


def test_what_is_ours_is_what_the_kernel_knows_and_what_was_declared():
    """The box is the default route's next hop."""
    networks = HOME.networks(("10.8.0.0/24",))

    assert set(networks.own) == {ip_network(text) for text in ("192.168.1.0/24", "fe80::/64", "10.8.0.0/24")}
    assert networks.box == (ip_address("192.168.1.1"),)


def test_a_declared_box_replaces_the_one_that_was_found():
    """A firewall may stand between."""
    assert HOME.networks(box=("192.168.1.254",)).box == (ip_address("192.168.1.254"),)


def test_the_same_surroundings_give_the_same_networks():
    """In whatever order the kernel lists them."""
    turned = Surroundings(
        interface="eth0", prefixes=HOME.prefixes[::-1], gateways=HOME.gateways, families=HOME.families
    )

    assert turned.networks() == HOME.networks()


def test_a_child_is_asked_and_answers():
    """Whatever this machine's network is."""
    around = ask()

    assert isinstance(around, Surroundings)
    assert all(ip_network(prefix) for prefix in around.prefixes)


def look(laid: cable.Cable) -> Surroundings:
    """From the left end."""
    done = laid.run("left", sys.executable, "-m", "sentinel.capture.surroundings")
    assert done.returncode == 0, done.stderr
    return codec.decode(done.stdout.encode(), Surroundings)


@pytest.mark.lab
def test_connected_prefixes_and_the_default_route_are_found():
    """And an on-link prefix, as a router announces it, without an address of ours in it."""
    cable.need()
    with cable.cable(quiet=False) as laid:
        laid.run("left", "ip", "route", "add", "default", "via", "10.77.0.2")
        laid.run("left", "ip", "-6", "route", "add", "2001:db8:77::/64", "dev", cable.CARD)
        around = look(laid)

    assert around.interface == cable.CARD
    assert {"10.77.0.0/24", "fd77::/64", "2001:db8:77::/64"} <= set(around.prefixes)
    assert not {"127.0.0.0/8", "::1/128", "ff00::/8"} & set(around.prefixes)
    assert around.gateways == ("10.77.0.2",)
    assert around.families == (4,)


@pytest.mark.lab
def test_a_family_counts_with_a_default_route_and_a_routable_address():
    """A unique local address alone reaches nobody."""
    cable.need()
    with cable.cable(quiet=False) as laid:
        laid.run("left", "ip", "-6", "route", "add", "default", "via", "fd77::2")
        local = look(laid)
        laid.run("left", "ip", "addr", "add", "2001:db8:77::1/64", "dev", cable.CARD, "nodad")
        routable = look(laid)

    assert local.families == ()
    assert routable.families == (6,)


@pytest.mark.lab
def test_without_any_network_the_answers_are_empty():
    """A machine whose cable is out has no surroundings, and no error."""
    cable.need()
    with cable.cable() as laid:
        laid.set_link("left", "down")
        around = look(laid)

    assert replace(around, macs=()) == Surroundings(interface=None, prefixes=(), gateways=(), families=())
    assert len(around.macs) == 1  # the card is there all the same


def test_our_own_addresses_come_with_the_rest():
    """Whoever reaches one of them from outside reaches the sentinel."""
    around = Surroundings(
        interface="eth0",
        prefixes=HOME.prefixes,
        gateways=HOME.gateways,
        families=(4,),
        box_mac=BOX_MAC,
        addresses=("192.168.1.5", "fe80::5"),
        macs=("dc:a6:32:00:00:05",),
    )
    home = around.home(around.networks(), moment())

    assert home.addresses == (ip_address("192.168.1.5"), ip_address("fe80::5"))
    assert (home.macs, home.box_mac, home.families) == (("dc:a6:32:00:00:05",), BOX_MAC, (4,))
    assert home.networks == around.networks()


def test_the_kernel_tells_no_loopback_address_as_ours():
    """Everybody has that one."""
    around = ask()

    assert not any(ip_address(each).is_loopback for each in around.addresses)
    assert "00:00:00:00:00:00" not in around.macs
