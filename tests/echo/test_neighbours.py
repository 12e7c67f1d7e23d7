from ipaddress import ip_address

import pytest

from sentinel.echo.neighbours import Neighbours, reaches

HOME = ip_address("192.0.2.7")
DAY = 86_400


@pytest.fixture
def neighbours(tmp_path):
    made = Neighbours(tmp_path / "echo.db", b"secret")
    made.prepare()
    return made


def test_two_keys_from_two_quarters_share_an_address(neighbours):
    """As Free gives one address to four subscribers; each learns where the other is."""
    assert neighbours.note(HOME, "a", 16_384, 0) == frozenset()
    assert neighbours.note(HOME, "b", 50_000, 1) == {1}
    assert neighbours.note(HOME, "a", 32_767, 2) == {3}


def test_one_key_alone_shares_with_nobody(neighbours):
    """Whatever ports it comes from."""
    assert [neighbours.note(HOME, "a", port, 0) for port in (1_000, 20_000, 60_000)] == [frozenset()] * 3


def test_two_keys_in_one_quarter_are_not_neighbours(neighbours):
    """Two sentinels of one subscriber."""
    neighbours.note(HOME, "a", 33_000, 0)

    assert neighbours.note(HOME, "b", 49_151, 1) == frozenset()


def test_ports_that_wander_show_a_plain_translator(neighbours):
    """A replaced sentinel has a new key behind the same box: it must not be blind for a week."""
    neighbours.note(HOME, "old", 33_000, 0)
    neighbours.note(HOME, "old", 60_000, DAY - 10)

    assert neighbours.note(HOME, "new", 33_000, DAY - 1) == frozenset()
    assert neighbours.note(HOME, "new", 33_000, DAY + 1) == {3}  # the first sighting is too old to show anything


def test_a_sighting_is_remembered_for_a_week_and_over_a_restart(neighbours, tmp_path):
    """The first who asks after a start is no less a neighbour."""
    neighbours.note(HOME, "a", 16_384, 0)

    again = Neighbours(tmp_path / "echo.db", b"secret")
    assert again.note(HOME, "b", 50_000, 7 * DAY) == {1}
    assert again.note(HOME, "b", 50_000, 7 * DAY + 1) == frozenset()


def test_addresses_are_apart_and_ipv6_is_nobody_elses(neighbours):
    """Only IPv4 is short."""
    neighbours.note(HOME, "a", 16_384, 0)

    assert neighbours.note(ip_address("192.0.2.8"), "b", 50_000, 0) == frozenset()
    neighbours.note(ip_address("2001:db8::7"), "a", 16_384, 0)
    assert neighbours.note(ip_address("2001:db8::7"), "b", 50_000, 0) == frozenset()


@pytest.mark.parametrize(
    ("low", "high", "there"),
    [
        (0, 65_535, True),
        (0, 16_383, False),
        (16_384, 16_384, True),
        (32_767, 40_000, True),
        (32_768, 49_151, False),
    ],
)
def test_a_share_reaches_into_a_quarter(low, high, there):
    """Even by one port."""
    assert reaches(low, high, frozenset({1})) is there
