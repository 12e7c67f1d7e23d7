from ipaddress import ip_address, ip_network

import pytest

from sentinel.echo.deny import NEVER, is_denied, unmapped

PUBLIC = ["8.8.8.8", "93.184.216.34", "2a01:e0a::1", "2606:4700::1111", "2400:cb00::1"]
SPECIAL = [
    "0.0.0.0", "255.255.255.255", "::", "::1", "::ffff:10.0.0.1", "::ffff:127.0.0.1", "::10.0.0.1",
    "64:ff9b::a00:1", "64:ff9b::a9fe:a9fe", "64:ff9b:1::1", "2002:a00:1::1", "fec0::1", "192.88.99.1",
    "3fff::1", "5f00::1", "100.64.0.1", "169.254.169.254", "fd00::1", "fe80::1%eth0", "4000::1",
    "224.0.0.1", "ff0e::1", "2001::1", "2001:20::1",
]  # fmt: skip


@pytest.mark.parametrize("network", NEVER, ids=str)
def test_no_address_of_a_listed_network_is_dialled(network):
    """Its first and its last."""
    assert is_denied(network[0])
    assert is_denied(network[-1])


@pytest.mark.parametrize("text", SPECIAL)
def test_no_special_address_is_dialled(text):
    """Whatever this Python thinks of it."""
    assert is_denied(ip_address(text))


@pytest.mark.parametrize("text", PUBLIC)
def test_a_public_address_may_be_dialled(text):
    """That is what an echo is for."""
    assert not is_denied(ip_address(text))
    assert not is_denied(ip_address(f"::ffff:{text}")) if "." in text else True


def test_the_operators_own_networks_are_never_dialled():
    """Not even in the lab."""
    own = [ip_network("93.184.216.0/24")]

    assert is_denied(ip_address("93.184.216.34"), own)
    assert is_denied(ip_address("::ffff:93.184.216.34"), own, lab=True)


def test_in_the_lab_private_addresses_may_be_dialled_but_not_groups():
    """A test has no public address."""
    assert not is_denied(ip_address("127.0.0.1"), lab=True)
    assert not is_denied(ip_address("fd00::1"), lab=True)
    assert is_denied(ip_address("224.0.0.1"), lab=True)
    assert is_denied(ip_address("::"), lab=True)


def test_a_zone_is_dropped():
    """It names an interface, not a place."""
    assert str(unmapped(ip_address("fe80::1%eth0"))) == "fe80::1"
