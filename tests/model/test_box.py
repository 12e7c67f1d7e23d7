"""Whose the address is that strangers meet: what the box says beside what the echo saw."""

from ipaddress import ip_address

import pytest

from sentinel.model.box import BoxReading, Reading, WanAddress, wan_address
from tests.builders import moment

OBSERVED = "25.0.0.7"


@pytest.mark.parametrize(
    ("wan", "observed", "whose"),
    [
        (OBSERVED, OBSERVED, WanAddress.OURS),
        ("10.0.0.7", "10.0.0.7", WanAddress.OURS),  # the echo stands in the same private network and said so
        ("100.64.0.2", OBSERVED, WanAddress.SHARED),
        ("100.127.255.254", None, WanAddress.SHARED),
        ("192.0.0.2", OBSERVED, WanAddress.SHARED),
        ("192.168.0.10", OBSERVED, WanAddress.BEHIND_ROUTER),
        ("10.0.0.7", None, WanAddress.BEHIND_ROUTER),
        ("25.0.0.8", OBSERVED, WanAddress.DIFFERENT),
        ("100.128.0.1", OBSERVED, WanAddress.DIFFERENT),
        (OBSERVED, None, WanAddress.UNTOLD),
        (OBSERVED, "2001:db8::1", WanAddress.UNTOLD),  # of the other family: nothing to compare
        (None, OBSERVED, WanAddress.UNTOLD),
        ("0.0.0.0", OBSERVED, WanAddress.UNTOLD),  # what a box says while its line is down
        ("127.0.0.1", OBSERVED, WanAddress.UNTOLD),
        ("2001:db8::1", "2001:db8::1", WanAddress.UNTOLD),  # over IPv6 no address is shared
    ],
)
def test_the_boxs_own_address_tells_whose_door_the_echo_knocks_at(wan, observed, whose):
    """Only an equal address is ours; a shared, private or missing one never is."""
    reading = BoxReading(reading=Reading.READ, at=moment(), wan=ip_address(wan) if wan else None)

    assert wan_address(reading, ip_address(observed) if observed else None) is whose


@pytest.mark.parametrize("observed", [OBSERVED, None])
def test_a_box_that_has_no_address_of_its_own_stands_behind_something(observed):
    """Shared or a second router: it does not tell which, so nothing is taken for ours."""
    reading = BoxReading(reading=Reading.READ, at=moment(), addressless=True)

    assert wan_address(reading, ip_address(observed) if observed else None) is WanAddress.BEHIND_ROUTER
