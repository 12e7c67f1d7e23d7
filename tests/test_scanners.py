"""The table of research scanners: dated, sourced, and as strict with names as with networks."""

from importlib.resources import files
from ipaddress import ip_address

import pytest

from sentinel.scanners import by_name, by_network, organisations


@pytest.mark.parametrize(
    ("address", "organisation"),
    [
        ("162.142.125.7", "Censys"),
        ("199.45.155.255", "Censys"),  # the last of a /23
        ("199.45.156.0", ""),
        ("2620:96:e000::1", "Censys"),
        ("64.62.195.159", "Shadowserver"),  # the last of a /29
        ("64.62.195.160", ""),
        ("195.184.76.200", "ONYPHE"),
        ("203.0.113.7", ""),
        ("2001:db8::1", ""),
    ],
)
def test_an_address_in_a_published_network_is_its_organisations(address, organisation):
    """And its neighbour is not."""
    assert by_network(ip_address(address)) == organisation


@pytest.mark.parametrize(
    ("name", "organisation"),
    [
        ("scan-36a.shadowserver.org", "Shadowserver"),
        ("CENSUS1.shodan.io.", "Shodan"),  # any case, with or without the root's dot
        ("shodan.io", "Shodan"),
        ("evilshodan.io", ""),
        ("shodan.io.evil.example", ""),
        ("onyphe.net", ""),  # theirs is probe.onyphe.net
        ("a.probe.onyphe.net", "ONYPHE"),
        ("", ""),
        ("." * 300, ""),
    ],
)
def test_a_name_belongs_to_whom_its_last_labels_name(name, organisation):
    """Whole labels, from the right: anybody may have a name that contains another."""
    assert by_name(name) == organisation


def test_the_table_says_of_when_and_from_where_it_is():
    """A list of networks without a date is a rumour."""
    text = files("sentinel").joinpath("scanners.csv").read_text(encoding="utf-8")
    head = [line for line in text.splitlines() if line.startswith("#")]

    assert any("State of" in line for line in head)
    assert any("Sources" in line for line in head)
    assert {"Censys", "Shodan", "Shadowserver", "ONYPHE", "BinaryEdge"} <= organisations()
