"""The mirror card's network: what it overhears draws nothing to it, and no name writes a line of its own."""

from configparser import ConfigParser

import pytest

from sentinel.card.mirror import network


def test_every_route_of_the_mirror_card_comes_last():
    """DHCP's and those of router advertisements; the cable's own have 1024, the Wi-Fi's 600."""
    told = ConfigParser()
    told.optionxform = str
    told.read_string(network("eth1"))

    assert told["Match"]["Name"] == "eth1"
    assert told["Network"]["DHCP"] == "yes"
    assert int(told["DHCPv4"]["RouteMetric"]) == int(told["IPv6AcceptRA"]["RouteMetric"]) > 1024


def test_a_card_named_by_its_address_is_matched_by_it():
    """Whatever the kernel calls it at this start, and though it may not be there yet."""
    told = ConfigParser()
    told.optionxform = str
    told.read_string(network("B8:27:eb:12:34:56"))

    assert dict(told["Match"]) == {"MACAddress": "b8:27:eb:12:34:56"}
    assert network("eth1").partition("\n[Network]")[2] == network("b8:27:eb:12:34:56").partition("\n[Network]")[2]


@pytest.mark.parametrize(
    "name",
    [
        "",
        "b8:27:eb:12:34",
        "b8:27:eb:12:34:56 ff:ff:ff:ff:ff:ff",
        "eth*",
        "eth0 eth1",
        "eth0\n[Network]",
        "!lo",
        "../eth0",
        "x" * 16,
        "ét0",
    ],
)
def test_what_is_no_interface_says_nothing(name):
    """The flasher's file is not the network's configuration."""
    assert network(name) == ""
