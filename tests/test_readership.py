"""Who may read the page: connected and declared networks, and never the box."""

from ipaddress import ip_address, ip_network

import pytest

from sentinel.config import Capture, Config, Page
from sentinel.lan import Lan
from sentinel.readership import readers

HERE = Lan(networks=(ip_network("192.168.1.0/24"),), gateways=(ip_address("192.168.1.1"),))


@pytest.mark.parametrize(
    ("address", "reads"),
    [
        ("192.168.1.31", True),
        ("10.20.0.9", True),  # a second network of the practice
        ("10.99.0.7", True),  # the technician's VPN
        ("192.168.1.1", False),  # the box
        ("10.20.0.1", False),  # a box that was named
        ("203.0.113.9", False),
        ("2001:db8::1", False),
    ],
)
def test_a_reader_is_connected_or_declared_and_not_the_box(address, reads):
    """One rule for the page and for the firewall."""
    config = Config(
        capture=Capture(prefixes=("10.20.0.0/24",), box=("10.20.0.1",)), page=Page(page_from=("10.99.0.0/24",))
    )

    assert (ip_address(address) in readers(config, HERE)) is reads


def test_where_nothing_is_known_nobody_reads():
    """The kernel's tables could not be read, and nothing was declared."""
    assert ip_address("192.168.1.31") not in readers(Config(), Lan())
