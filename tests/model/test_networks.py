"""Inside, outside, private, hidden: where a source stands, and what is ours as a target."""

from ipaddress import ip_address, ip_network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sentinel.model.connection import Direction
from sentinel.model.networks import Networks, Place, is_narrow, is_part

HOME = Networks(
    own=(ip_network("192.168.1.0/24"), ip_network("2001:db8:1::/64"), ip_network("198.51.100.64/27")),
    box=(ip_address("192.168.1.1"), ip_address("fe80::1")),
)


@pytest.mark.parametrize(
    ("address", "place"),
    [
        ("192.168.1.66", Place.INSIDE),
        ("2001:db8:1::66", Place.INSIDE),
        ("198.51.100.70", Place.INSIDE),
        ("192.168.1.1", Place.BOX),
        ("fe80::1", Place.BOX),
        ("192.168.2.66", Place.PRIVATE),
        ("10.0.0.1", Place.PRIVATE),
        ("172.31.255.255", Place.PRIVATE),
        ("169.254.1.1", Place.PRIVATE),
        ("100.64.0.1", Place.PRIVATE),
        ("fd00::1", Place.PRIVATE),
        ("fe80::2", Place.PRIVATE),
        ("172.32.0.1", Place.OUTSIDE),
        ("100.128.0.1", Place.OUTSIDE),
        ("8.8.8.8", Place.OUTSIDE),
        ("2001:db8:2::1", Place.OUTSIDE),
        ("198.51.100.1", Place.OUTSIDE),
    ],
)
def test_every_source_stands_somewhere(address, place):
    """The box is told apart from the network it stands in."""
    assert HOME.place(ip_address(address)) is place
    assert HOME.place(ip_address(address)) is place  # remembered


@pytest.mark.parametrize(
    ("address", "ours"),
    [("192.168.9.9", True), ("fd00::9", True), ("198.51.100.70", True), ("100.64.0.1", False), ("8.8.8.8", False)],
)
def test_a_private_target_is_always_ours(address, ours):
    """The mirror shows nobody else's private network; a shared address is the provider's."""
    assert HOME.is_target(ip_address(address)) is ours


@pytest.mark.parametrize(
    ("source", "target", "direction"),
    [
        ("8.8.8.8", "192.168.1.66", Direction.INBOUND),
        ("10.8.0.9", "192.168.1.66", Direction.INBOUND),
        ("192.168.1.1", "192.168.1.66", Direction.INBOUND),
        ("192.168.1.67", "192.168.1.66", Direction.INTERNAL),
        ("192.168.1.67", "10.8.0.9", Direction.INTERNAL),
        ("192.168.1.67", "8.8.8.8", Direction.OUTBOUND),
        ("8.8.8.8", "9.9.9.9", Direction.FOREIGN),
    ],
)
def test_a_connection_crosses_the_boundary_or_does_not(source, target, direction):
    """Whatever comes from outside, a tunnel or the box itself is inbound."""
    assert HOME.direction(ip_address(source), ip_address(target)) is direction


@given(
    st.lists(
        st.ip_addresses(network="0.0.0.0/0").map(lambda each: ip_network((each, 7), strict=False)), max_size=3
    ),
    st.lists(st.ip_addresses(), max_size=3),
    st.lists(st.ip_addresses(), max_size=30),
)
def test_a_stranger_is_known_by_his_first_byte_only_where_nobody_else_has_it(own, boxes, addresses):
    """The short way says what the long one says, whatever is ours."""
    networks = Networks(own=(*own, *HOME.own), box=(*boxes, *HOME.box))
    ends = (end for each in (*own, *HOME.own) for end in (each.network_address, each.broadcast_address))

    for each in (*addresses, *boxes, *HOME.box, *ends):
        assert networks.end(each.packed) == networks._find(each.packed)


@given(st.lists(st.ip_addresses(), max_size=30))
def test_what_is_remembered_is_what_would_be_found(addresses):
    """The cache never changes an answer."""
    fresh = [Networks(own=HOME.own, box=HOME.box).place(address) for address in addresses]

    assert [HOME.place(address) for address in addresses] == fresh


def test_a_flood_of_forged_sources_does_not_grow_the_memory():
    """Four thousand answers are remembered, and no more."""
    home = Networks(own=HOME.own, box=HOME.box)
    for number in range(20_000):
        home.place(ip_address(0x08000000 + number))

    assert len(home._ends) <= 4_097


@pytest.mark.parametrize(
    ("one", "other", "part"),
    [
        ("10.8.0.0/24", "10.0.0.0/8", True),
        ("10.0.0.0/8", "10.0.0.0/8", True),
        ("10.0.0.0/7", "10.0.0.0/8", False),
        ("0.0.0.0/0", "10.0.0.0/8", False),
        ("fd00::/64", "fc00::/7", True),
        ("10.0.0.0/24", "fc00::/7", False),
    ],
)
def test_a_network_is_part_of_another_only_as_a_whole(one, other, part):
    """And never of one of the other family."""
    assert is_part(ip_network(one), ip_network(other)) is part


@pytest.mark.parametrize(
    ("source", "narrow"),
    [
        (None, True),
        ("10.0.0.0/8", True),
        ("fd00::/8", True),
        ("198.51.100.7/32", True),
        ("198.51.0.0/16", True),
        ("198.50.0.0/15", False),
        ("0.0.0.0/0", False),
        ("2001:db8::/32", True),
        ("2001:db8::/31", False),
        ("::/0", False),
    ],
)
def test_half_the_internet_is_nobody(source, narrow):
    """Whoever accepts anybody says so."""
    assert is_narrow(ip_network(source) if source else None) is narrow
