"""One glance at the routes, held against what pyroute2 says of the same kernel."""

import sys

import pytest

from sentinel import codec
from sentinel.capture.glance import glance
from sentinel.capture.surroundings import Surroundings
from tests.capture import cable

ROUTE = """\
Iface	Destination	Gateway 	Flags	RefCnt	Use	Metric	Mask		MTU	Window	IRTT
eth0	00000000	0101A8C0	0003	0	0	100	00000000	0	0	0
wlan0	00000000	0102A8C0	0003	0	0	600	00000000	0	0	0
eth0	0001A8C0	00000000	0001	0	0	100	00FFFFFF	0	0	0
wg0	00000000	00000000	0001	0	0	0	00000080	0	0	0
wg0	00000080	00000000	0001	0	0	0	00000080	0	0	0
eth0	0000080A	0501A8C0	0003	0	0	0	0000FFFF	0	0	0
*	0000FE0A	00000000	0201	0	0	0	0000FFFF	0	0	0
*	0000610A	00000000	0001	0	0	0	0000FFFF	0	0	0
eth0	0501A8C0	00000000	0005	0	0	0	FFFFFFFF	0	0	0
"""
ROUTE6 = """\
20010db8000100000000000000000000 40 {0} 00 {0} 00000100 00000001 00000000 00000001     eth0
{0} 00 {0} 00 fe800000000000000000000000000001 00000400 00000003 00000000 00000003     eth0
20010db8000100000000000000000005 80 {0} 00 {0} 00000000 00000004 00000000 80200001     eth0
ff000000000000000000000000000000 08 {0} 00 {0} 00000100 00000005 00000000 00000001     eth0
{0} 00 {0} 00 {0} ffffffff 00000001 00000000 00200200       lo
""".format("0" * 32)
REFUSED = (("1", "blackhole"), ("2", "unreachable"), ("3", "prohibit"))


@pytest.mark.skipif(sys.byteorder != "little", reason="the table was written on such a processor")
def test_the_tables_are_read_as_the_kernel_writes_them(tmp_path):
    """The first default route names the card; what is behind a hop, refused, or one machine alone, is not ours."""
    (tmp_path / "route").write_text(ROUTE)
    (tmp_path / "ipv6_route").write_text(ROUTE6)

    around = glance(tmp_path)

    assert around.interface == "eth0"
    assert around.prefixes == ("192.168.1.0/24", "2001:db8:1::/64")
    assert around.gateways == ("192.168.1.1", "192.168.2.1", "fe80::1")


def test_a_machine_without_a_family_or_a_network_gives_empty_answers(tmp_path):
    """No error."""
    assert glance(tmp_path) == Surroundings(interface=None, prefixes=(), gateways=(), families=())


@pytest.mark.lab
def test_a_glance_finds_what_the_kernel_tells_pyroute2():
    """Both families, a default route, a prefix as a router announces it, networks behind a hop or refused."""
    cable.need()
    one = "import sys; from sentinel import codec; from sentinel.capture.{0} import {1}; "
    both = [one.format(*each) for each in (("glance", "glance"), ("surroundings", "look_around"))]
    said = "sys.stdout.buffer.write(codec.encode({0}()))"
    with cable.cable(quiet=False) as laid:
        for words in (
            ("ip", "route", "add", "default", "via", "10.77.0.2"),
            ("ip", "route", "add", "10.99.0.0/16", "via", "10.77.0.2"),
            ("ip", "-6", "route", "add", "default", "via", "fd77::2"),
            ("ip", "-6", "route", "add", "2001:db8:77::/64", "dev", cable.CARD),
            *(("ip", "route", "add", kind, "10.97.0.0/16", "metric", metric) for metric, kind in REFUSED),
            *(
                ("ip", "-6", "route", "add", kind, "2001:db8:78::/64", "metric", metric)
                for metric, kind in REFUSED
            ),
        ):
            assert laid.run("left", *words).returncode == 0
        seen, known = (
            codec.decode(
                laid.run("left", sys.executable, "-c", code + said.format(name)).stdout.encode(), Surroundings
            )
            for code, name in zip(both, ("glance", "look_around"), strict=True)
        )

    assert seen.interface == known.interface == cable.CARD
    assert seen.prefixes == known.prefixes == ("10.77.0.0/24", "2001:db8:77::/64", "fd77::/64", "fe80::/64")
    assert seen.gateways == known.gateways == ("10.77.0.2", "fd77::2")
