"""The sentinel's own ports are asked about at each check, ahead of whatever is configured."""

import pytest

from sentinel.config import Config, Echo, Page
from sentinel.errors import ConfigurationError
from sentinel.ownports import EXTRA_PORTS, asked_about
from sentinel.toml import parse


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


def test_what_is_configured_is_asked_about_as_well_and_nothing_twice():
    """A declared door stays a declared door."""
    config = Config(
        page=Page(host="192.168.1.5", port=8080), echo=Echo(extra_ports=(9000, 80), expect_open=(443,))
    )

    assert asked_about(config).extra_ports == (8080, 22, 9000, 80)


OWN = (8080, 80, 443, 22)
"""Of the page below."""


def file(ports: list[int], declared: list[int], host: str = "192.168.1.5") -> str:
    return f'[page]\nhost = "{host}"\nport = 8080\n[echo]\nextra_ports = {ports}\nexpect_open = {declared}\n'


def test_our_own_are_asked_about_however_many_are_configured():
    """As many as fit beside them, and an echo is never asked for more than it takes."""
    many = [*range(9000, 9000 + EXTRA_PORTS - len(OWN) - 1)]
    section = asked_about(parse(file(many, [1194])))

    assert set(OWN) < set(section.extra_ports)
    assert len({*section.extra_ports, *section.expect_open}) == EXTRA_PORTS


def test_what_leaves_our_own_no_room_is_a_mistake_of_the_configuration():
    """Said when it is read: else they would silently not be asked about."""
    many = [*range(9000, 9000 + EXTRA_PORTS - len(OWN))]
    with pytest.raises(ConfigurationError) as caught:
        parse(file(many, [1194]))

    assert caught.value.mistakes == [
        "echo.extra_ports and expect_open: 12 ports, 11 at most together, beside our own (22, 80, 443, 8080)"
    ]
    assert asked_about(parse(file([*many[:-2], 443, 8080], [1194]))).extra_ports[:2] == (80, 22)  # ours count once


def test_a_page_on_loopback_leaves_them_all():
    """It has no port that could be reached."""
    many = [*range(9000, 9000 + EXTRA_PORTS)]

    assert asked_about(parse(file(many, [], "127.0.0.1"))).extra_ports == tuple(many)
    with pytest.raises(ConfigurationError, match="16 ports, 15 at most together"):
        parse(file([*many, 8999], [], "127.0.0.1"))


def test_a_host_that_is_no_address_is_one_mistake():
    """Of the page, and of nothing else."""
    with pytest.raises(ConfigurationError) as caught:
        parse(file([9000], [], "sentinel.local"))

    assert caught.value.mistakes == ["page.host = 'sentinel.local': expected an IP address"]
