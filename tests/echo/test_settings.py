from ipaddress import ip_address

import pytest

from sentinel.echo.settings import Settings, local_ports, read_listen, read_network, read_source


def test_where_to_listen():
    """As an operator types it."""
    assert read_listen("192.0.2.7:443") == (ip_address("192.0.2.7"), 443)
    assert read_listen("[2001:db8::7]:8443") == (ip_address("2001:db8::7"), 8443)


@pytest.mark.parametrize(
    "text", ["", "443", "192.0.2.7", "192.0.2.7:", "192.0.2.7:x", "192.0.2.7:70000", "host:443"]
)
def test_what_is_no_place_to_listen(text):
    """Said before anything starts."""
    with pytest.raises(ValueError, match=r"."):
        read_listen(text)


def test_from_where_to_knock():
    """An address, or two where the hoster translates."""
    assert read_source("192.0.2.7").seen_as == ip_address("192.0.2.7")
    assert read_source("10.0.0.5=198.51.100.20").seen_as == ip_address("198.51.100.20")
    assert read_source("10.0.0.5=198.51.100.20").local == ip_address("10.0.0.5")


def test_by_default_it_knocks_from_where_the_caller_arrived(tmp_path):
    """A server with one address needs no second."""
    arrived, other = ip_address("192.0.2.7"), ip_address("2001:db8::7")
    settings = Settings(folder=tmp_path, name="e", listen=(), sources=(read_source("10.0.0.5=198.51.100.20"),))

    assert settings.source(arrived).local == ip_address("10.0.0.5")
    assert settings.source(other).local == other


def test_an_echo_knows_its_own_addresses(tmp_path):
    """Where it listens, and from where it knocks, on both sides of a translation."""
    listening = ((ip_address("192.0.2.7"), 443),)
    settings = Settings(
        folder=tmp_path, name="e", listen=listening, sources=(read_source("10.0.0.5=198.51.100.20"),)
    )
    own = [
        text
        for text in ("192.0.2.7", "10.0.0.5", "198.51.100.20", "192.0.2.8")
        if settings.is_ours(ip_address(text))
    ]

    assert own == ["192.0.2.7", "10.0.0.5", "198.51.100.20"]


def test_networks_and_local_ports():
    """A single address is a network too."""
    assert str(read_network("192.0.2.7")) == "192.0.2.7/32"
    assert 32768 in local_ports()
