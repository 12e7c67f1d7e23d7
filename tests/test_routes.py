"""The kernel's routes from its tables, held against what iproute2 says of the same kernel."""

import json
import sys
from ipaddress import ip_address, ip_network

import pytest

from sentinel.routes import Route, lines, routes
from tests.capture import cable

READS = """
import json
from sentinel.routes import routes
print(json.dumps([[str(word) for word in each] for each in routes()]))
"""


def test_a_line_is_its_words_and_a_table_that_is_not_there_has_none(tmp_path):
    """A machine without IPv6 has no such file; bytes that are no text do not matter."""
    (tmp_path / "route").write_bytes(b"Iface Destination\neth0\t00000000 \xff\n")
    assert lines(tmp_path / "route") == [
        ["Iface", "Destination"],
        ["eth0", "00000000", "\N{REPLACEMENT CHARACTER}"],
    ]
    assert lines(tmp_path / "ipv6_route") == []
    assert lines(tmp_path) == []


def test_ipv6_is_told_behind_ipv4(tmp_path):
    """A default route by a router's link-local address, and a network on the link; the first names the card."""
    noughts = "0" * 32
    (tmp_path / "route").write_text(
        "Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT\n"
        "wlan0\t00000000\t00000000\t0001\t0\t0\t600\t00000000\t0\t0\t0\n"
    )
    (tmp_path / "ipv6_route").write_text(
        f"{noughts} 00 {noughts} 00 fe800000000000000000000000000001 00000400 00000003 00000000 00000003 eth0\n"
        f"20010db8000100000000000000000000 40 {noughts} 00 {noughts} 00000100 00000001 00000000 00000001 eth0\n"
    )
    assert routes(tmp_path) == [
        Route("wlan0", ip_network("0.0.0.0/0"), None),
        Route("eth0", ip_network("::/0"), ip_address("fe80::1")),
        Route("eth0", ip_network("2001:db8:1::/64"), None),
    ]


@pytest.mark.lab
def test_the_tables_say_what_iproute2_says():
    """Of both families: on the link, behind a hop, to one address alone; a refused one is not there."""
    cable.need()
    with cable.cable(quiet=False) as laid:
        for words in (
            ("add", "default", "via", "10.77.0.2"),
            ("add", "10.99.0.0/16", "via", "10.77.0.2"),
            ("add", "10.98.7.6/32", "dev", cable.CARD),
            ("add", "blackhole", "10.97.0.0/16"),
        ):
            assert laid.run("left", "ip", "route", *words).returncode == 0
        for words in (
            ("add", "default", "via", "fd77::2"),
            ("add", "2001:db8:77::/64", "dev", cable.CARD),
            ("add", "unreachable", "2001:db8:78::/64"),
        ):
            assert laid.run("left", "ip", "-6", "route", *words).returncode == 0
        told = [
            [each["dev"], _network(each["dst"], family), each.get("gateway", "None")]
            for family in (4, 6)
            for each in json.loads(laid.run("left", "ip", "-j", f"-{family}", "route").stdout)
            if each.get("type", "unicast") == "unicast"
        ]
        read = json.loads(laid.run("left", sys.executable, "-c", READS).stdout)

    assert sorted(each for each in read if not each[1].startswith("ff00:")) == sorted(told)
    assert len(told) == 8


def _network(words: str, family: int) -> str:
    """As `ipaddress` writes it."""
    return str(ip_network({4: "0.0.0.0/0", 6: "::/0"}[family] if words == "default" else words))
