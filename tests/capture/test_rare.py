"""Which rare frames the kernel hands over: shown by an interpreter, and by the kernel itself.

The claims are stated once, in `CLAIMS`. As root the same frames go over a real cable into a real ring.
"""

import struct
import time
from dataclasses import dataclass

import pytest
from scapy.layers.dhcp6 import DHCP6_Solicit
from scapy.layers.inet import IP, UDP, IPOption_NOP
from scapy.layers.inet6 import IPv6
from scapy.layers.l2 import Ether

from sentinel.capture.kind import Kind
from sentinel.capture.rare import ADVERTISED, KEPT, rare_program
from sentinel.capture.rings import Rare, Rings
from sentinel.capture.route import inside, route
from sentinel.model.packet import Flags
from tests import rarities
from tests.builders import IMAGING, PATIENT, STRANGER, tcp_frame
from tests.capture import cable
from tests.capture.bpf import routed, run
from tests.rarities import PHONE_MAC, SERVER_MAC

PROGRAM = rare_program()
NOTHING = 0
STRANGERS = "203.0.113.7"


@dataclass(frozen=True)
class Claim:
    """So many bytes are kept of one frame; at most all of it."""

    says: str
    frame: bytes
    kept: int = KEPT


def changed(frame: bytes, at: int, *new: int) -> bytes:
    """The same frame with other bytes somewhere."""
    return frame[:at] + bytes(new) + frame[at + len(new) :]


def to(mac: str, frame: bytes) -> bytes:
    """The same frame, sent to another hardware address."""
    return bytes.fromhex(mac.replace(":", "")) + frame[6:]


def datagram(source: str, target: str, sport: int, dport: int, text: bytes, mac: str = SERVER_MAC) -> bytes:
    """One of IPv4."""
    return bytes(Ether(src=PHONE_MAC, dst=mac) / IP(src=source, dst=target) / UDP(sport=sport, dport=dport) / text)


def optioned(frame: bytes) -> bytes:
    """The same datagram behind an IP header with options."""
    packet = Ether(frame)
    packet[IP].options = [IPOption_NOP()] * 8
    del packet[IP].ihl, packet[IP].len, packet[IP].chksum
    return bytes(packet)


SOLICIT = bytes(
    Ether(src=PHONE_MAC, dst="33:33:00:01:00:02")
    / IPv6(src="fe80::1", dst="ff02::1:2")
    / UDP(sport=546, dport=547)
    / DHCP6_Solicit()
)
MDNS, SSDP, LONG = rarities.mdns(), rarities.ssdp(), rarities.mdns(*[("_smb._tcp", n) for n in (445, 139, 1)])
LLDP, CDP, ROUTER, DHCP = rarities.lldp(), rarities.cdp(), rarities.router(), rarities.dhcp()

CLAIMS = (
    Claim("LLDP of a switch", LLDP),
    Claim("LLDP to the second group", to("01:80:c2:00:00:03", LLDP)),
    Claim("LLDP to the third group", to("01:80:c2:00:00:00", LLDP)),
    Claim("LLDP sent to one machine", to(SERVER_MAC, LLDP), NOTHING),
    Claim("LLDP sent to another group", to("01:80:c2:00:00:21", LLDP), NOTHING),
    Claim("CDP of a switch", CDP),
    Claim("CDP sent to one machine", to(SERVER_MAC, CDP), NOTHING),
    Claim("another protocol of Cisco's", changed(CDP, 20, 0x01, 0x11), NOTHING),
    Claim("a spanning tree", changed(to("01:80:c2:00:00:00", CDP), 14, 0x42, 0x42), NOTHING),
    Claim("DHCP, asking", DHCP),
    Claim("DHCP, answering", rarities.dhcp_offer()),
    Claim("DHCP behind IP options", optioned(DHCP)),
    Claim("DHCP sent to one machine", to(SERVER_MAC, DHCP), NOTHING),
    Claim("DHCP, its ports astray", changed(DHCP, 36, 0, 68), NOTHING),
    Claim("DHCP through a relay", datagram(STRANGERS, "192.168.1.1", 67, 67, bytes(300)), NOTHING),
    Claim("the second fragment of something like DHCP", changed(DHCP, 20, 0, 1), NOTHING),
    Claim("the first fragment of something like DHCP", changed(DHCP, 20, 0x20, 0), NOTHING),
    Claim("mDNS, answering", MDNS),
    Claim("mDNS, long", LONG),
    Claim("mDNS behind IP options", optioned(MDNS)),
    Claim("mDNS, asking", rarities.mdns(answer=0), NOTHING),
    Claim("mDNS, answering one machine", to(SERVER_MAC, MDNS), NOTHING),
    Claim("mDNS, answering a stranger's address", changed(MDNS, 30, 203, 0, 113, 7), NOTHING),
    Claim("mDNS from another port", changed(MDNS, 34, 0x13, 0x88), NOTHING),
    Claim("mDNS of IPv6", rarities.mdns(family=6)),
    Claim("mDNS of IPv6, asking", rarities.mdns(family=6, answer=0), NOTHING),
    Claim("mDNS of IPv6, to all sites", changed(rarities.mdns(family=6), 39, 0x05), NOTHING),
    Claim("SSDP, announcing", SSDP),
    Claim("SSDP of IPv6, announcing", rarities.ssdp(family=6)),
    Claim("SSDP, searching", rarities.ssdp(start=b"M-SEARCH * HTTP/1.1\r\n"), NOTHING),
    Claim("SSDP, announcing to one machine", to(SERVER_MAC, SSDP), NOTHING),
    Claim("SSDP, answering", rarities.ssdp_answer()),
    Claim("SSDP, answering, 10/8", rarities.ssdp_answer("10.0.0.9", "172.31.0.1")),
    Claim("SSDP, answering, 169.254/16", rarities.ssdp_answer("169.254.1.1", "172.16.0.1")),
    Claim("SSDP, a stranger answers", rarities.ssdp_answer(STRANGERS), NOTHING),
    Claim("SSDP, a stranger is answered", rarities.ssdp_answer(target=STRANGERS), NOTHING),
    Claim("SSDP, next to 172.16/12", rarities.ssdp_answer("172.32.0.1"), NOTHING),
    Claim("no SSDP from its port", datagram("192.168.1.66", "192.168.1.67", 1900, 9, PATIENT), NOTHING),
    Claim("an IPv6 router", ROUTER, ADVERTISED),
    Claim("an IPv6 router from elsewhere", rarities.router(hlim=254), NOTHING),
    Claim("an IPv6 router without a local address", rarities.router(src="2001:db8::1"), NOTHING),
    Claim("an IPv6 router to one machine", to(SERVER_MAC, ROUTER), NOTHING),
    Claim("another word of ICMPv6", changed(ROUTER, 54, 136), NOTHING),
    Claim("DHCPv6", SOLICIT, NOTHING),
    Claim("ARP, which is kept elsewhere", rarities.arp(), NOTHING),
    Claim("a connection", tcp_frame(STRANGER, 40_000, IMAGING, 4242, Flags.SYN), NOTHING),
    Claim(
        "a connection from mDNS's port to mDNS's port",
        tcp_frame(STRANGER, 5353, IMAGING, 5353, Flags.SYN),
        NOTHING,
    ),
    Claim("a name looked up", datagram("192.168.1.66", "192.168.1.1", 50_000, 53, PATIENT), NOTHING),
)


@pytest.mark.parametrize("claim", CLAIMS, ids=lambda claim: claim.says)
def test_what_is_kept_of_a_frame(claim):
    """The whole of a short one."""
    assert run(PROGRAM, claim.frame) == min(claim.kept, len(claim.frame))


@pytest.mark.parametrize("claim", [each for each in CLAIMS if each.kept], ids=lambda claim: claim.says)
def test_a_frame_that_was_cut_short_is_never_read_beyond_its_end(claim):
    """Whatever is missing; the kernel ends such a program with nothing."""
    for size in range(1, len(claim.frame)):
        assert run(PROGRAM, claim.frame[:size]) in (0, min(size, claim.kept))


def test_no_frame_is_kept_twice():
    """What is rare comes to this ring alone, or a flood here would be one elsewhere."""
    for claim in CLAIMS:
        assert not claim.kept or Kind(routed(route(inside(())), claim.frame)) is Kind.RARE, claim.says


def test_the_program_is_small_enough_for_the_kernel():
    """BPF_MAXINSNS is 4096; and every frame of the mirror walks it."""
    steps = list(struct.iter_unpack("=HBBI", PROGRAM))

    assert len(steps) < 160
    assert max(value for code, _, _, value in steps if code == 0x06) == KEPT


@pytest.mark.lab
def test_the_kernel_keeps_just_that():
    """The same frames over a real cable, into a ring behind the same program."""
    cable.need()
    wanted = [claim.frame[: claim.kept] for claim in CLAIMS if claim.kept]
    with cable.cable() as laid:
        with laid.at("right"):
            rings = Rings(cable.CARD)
        laid.inject([claim.frame for claim in CLAIMS])
        got: list[bytes] = []
        end = time.monotonic() + 5
        while len(got) < len(wanted) and time.monotonic() < end:
            got += [frame.kept for frame in rings.read(100) if isinstance(frame, Rare)]
        got += [frame.kept for frame in rings.read(200) if isinstance(frame, Rare)]
        assert rings.count()
        rings.close()

    assert got == wanted
    assert rings.losses[Kind.RARE] == (len(wanted), 0)
