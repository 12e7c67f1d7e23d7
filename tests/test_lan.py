"""Our own networks, read from the kernel's tables: what is a LAN, what is a gateway, and what is neither."""

from ipaddress import ip_address, ip_network
from pathlib import Path

import pytest

from sentinel.lan import Lan, host, look

ROUTES = """\
Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT
lan0\t00000000\t014DA8C0\t0003\t0\t0\t100\t00000000\t0\t0\t0
lan0\t004DA8C0\t00000000\t0001\t0\t0\t100\t00FFFFFF\t0\t0\t0
lan0\t0000080A\t054DA8C0\t0003\t0\t0\t0\t0000FFFF\t0\t0\t0
lan0\t004EA8C0\t00000000\t0001\t0\t0\t100\t00FFFFFF\t0\t0\t0
wg0\t00000000\t00000000\t0001\t0\t0\t0\t00000080\t0\t0\t0
ppp0\t01020304\t00000000\t0005\t0\t0\t0\tFFFFFFFF\t0\t0\t0
lo\t0000007F\t00000000\t0001\t0\t0\t0\t000000FF\t0\t0\t0
*\t0000FEA9\t00000000\t0201\t0\t0\t0\t0000FFFF\t0\t0\t0
"""
ADDRESSES = """\
Main:
  +-- 0.0.0.0/0 3 0 5
     +-- 192.168.77.0/24 2 0 2
           |-- 192.168.77.0
              /24 link UNICAST
           |-- 192.168.77.5
              /32 host LOCAL
        |-- 192.168.77.255
           /32 link BROADCAST
           |-- 10.9.0.2
              /32 host LOCAL
           |-- 127.0.0.1
              /32 host LOCAL
"""
NONE, ZERO = "0" * 32, "00"
ROUTES6 = "\n".join(
    f"{start} {length} {NONE} 00 {hop} 00000100 00000001 00000000 {flags} {card}"
    for start, length, hop, flags, card in [
        ("2a002500000000000000000000000000", "40", NONE, "00000001", "lan0"),
        ("fd770000000000000000000000000000", "40", NONE, "00450001", "lan0"),
        ("fe800000000000000000000000000000", "40", NONE, "00000001", "lan0"),
        (NONE, "00", "fe80000000000000000000000000aaaa", "00450003", "lan0"),
        ("2a002500000000000000000000000005", "80", NONE, "80200001", "lan0"),
        ("ff000000000000000000000000000000", "08", NONE, "00000001", "lan0"),
        ("20000000000000000000000000000000", "03", NONE, "00000001", "wg0"),
        (NONE, "00", NONE, "00200200", "lo"),
    ]
)
ADDRESSES6 = """\
2a002500000000000000000000000005 02 40 00 80     lan0
fe800000000000000000000000000005 02 40 20 80     lan0
00000000000000000000000000000001 01 80 10 80       lo
"""


@pytest.fixture
def tables(tmp_path: Path) -> Path:
    names = {"route": ROUTES, "fib_trie": ADDRESSES, "ipv6_route": ROUTES6, "if_inet6": ADDRESSES6}
    for name, content in names.items():
        (tmp_path / name).write_text(content)
    return tmp_path


def test_what_is_connected_is_ours_and_what_is_routed_is_not(tables):
    """Nor half the internet in a tunnel, one address, a network beyond a router, or one that has none of ours."""
    here = look(tables)

    assert set(here.networks) == {
        ip_network(each) for each in ("192.168.77.0/24", "2a00:2500::/64", "fd77::/64", "fe80::/64")
    }
    assert set(here.gateways) == {ip_address("192.168.77.1"), ip_address("fe80::aaaa")}
    assert set(here.addresses) == {ip_address(each) for each in ("192.168.77.5", "10.9.0.2", "2a00:2500::5")}


def test_where_nothing_can_be_read_nothing_is_known(tmp_path):
    """And so nobody is let in."""
    assert look(tmp_path) == Lan()


def test_this_machine_agrees_with_pyroute2():
    """The real tables of the real kernel, asked both ways."""
    from sentinel.capture.surroundings import look_around

    around = look_around()
    here = look()

    assert {str(each) for each in here.gateways} == set(around.gateways)
    assert {str(each) for each in here.networks} <= set(around.prefixes)
    assert host() == host().lower()
    assert "." not in host()
