"""The sentinel's own ports are asked about at each check, as far as an echo takes them."""

import pytest

from sentinel.config import Config, Echo, Page
from sentinel.mistakes import EXTRA_PORTS
from sentinel.ownports import asked_about


@pytest.mark.parametrize(
    ("page", "asked"),
    [
        (Page(), ()),  # on loopback, as on a laptop
        (Page(host="::1"), ()),
        (Page(host="0.0.0.0", port=80, https_port=443), (443, 80, 22)),  # as a card is set, and by ansible
        (Page(host="::", port=80, https_port=443), (443, 80, 22)),
        (Page(host="192.168.1.5", port=8123), (8123, 80, 443, 22)),
        (Page(host="192.168.1.5", port=8123, https_port=8124), (8124, 8123, 80, 443, 22)),
    ],
)
def test_what_this_machine_listens_on_is_asked_about(page, asked):
    """And the ports of any page, and of ssh, which a box likes to forward."""
    assert asked_about(Config(page=page)).extra_ports == asked


def test_what_was_configured_comes_first_and_nothing_twice():
    """A declared door stays a declared door."""
    config = Config(
        page=Page(host="192.168.1.5", port=8080), echo=Echo(extra_ports=(9000, 80), expect_open=(443,))
    )

    assert asked_about(config).extra_ports == (9000, 80, 8080, 22)


def test_an_echo_is_never_asked_for_more_than_it_takes():
    """Or it would refuse the whole question."""
    many = tuple(range(9000, 9000 + EXTRA_PORTS - 1))
    config = Config(page=Page(host="192.168.1.5"), echo=Echo(extra_ports=many))

    assert asked_about(config).extra_ports == (*many, 8080)
