"""How the machines of the recorded day introduce themselves: invented frames without anybody's name, by scapy."""

import socket

from scapy.contrib.lldp import (
    LLDPDUChassisID,
    LLDPDUEndOfLLDPDU,
    LLDPDUPortID,
    LLDPDUSystemCapabilities,
    LLDPDUTimeToLive,
)
from scapy.layers.dns import DNS, DNSRR, DNSRRSRV
from scapy.layers.inet import IP, UDP
from scapy.layers.l2 import ARP, Ether

from tests.lab.host import Host

SWITCH_MAC, STORAGE_MAC = "00:1b:54:00:00:03", "00:11:32:00:00:66"
"""Of a maker of switches, and of one of network storage."""
EVERYBODY, LLDP_GROUP, MDNS_GROUP = "ff:ff:ff:ff:ff:ff", "01:80:c2:00:00:0e", "01:00:5e:00:00:fb"


def switch() -> bytes:
    """The switch says to which of its ports we are plugged (IEEE 802.1AB)."""
    told = (
        LLDPDUChassisID(subtype=4, id=SWITCH_MAC)
        / LLDPDUPortID(subtype=5, id=b"gi1/0/2")
        / LLDPDUTimeToLive(ttl=120)
        / LLDPDUSystemCapabilities(mac_bridge_available=1, mac_bridge_enabled=1)
        / LLDPDUEndOfLLDPDU()
    )
    return bytes(Ether(src=SWITCH_MAC, dst=LLDP_GROUP) / told)


def asks_for_the_box(mac: str, address: str, box: str) -> bytes:
    """By its hardware address its maker is known (RFC 826)."""
    return bytes(Ether(src=mac, dst=EVERYBODY) / ARP(hwsrc=mac, psrc=address, pdst=box))


def offers(mac: str, address: str, service: str, port: int, host: str) -> bytes:
    """A machine announces what it serves (RFC 6762, RFC 6763)."""
    instance = f"{host}.{service}.local."
    records = [
        DNSRR(rrname=f"{service}.local.", type="PTR", ttl=120, rdata=instance),
        DNSRRSRV(rrname=instance, ttl=120, port=port, target=f"{host}.local."),
        DNSRR(rrname=f"{host}.local.", type="A", ttl=120, rdata=address),
    ]
    return bytes(
        Ether(src=mac, dst=MDNS_GROUP)
        / IP(src=address, dst="224.0.0.251", ttl=255)
        / UDP(sport=5353, dport=5353)
        / DNS(qr=1, aa=1, qd=[], an=records)
    )


def send(host: Host, card: str, *frames: bytes) -> None:
    """Put frames on the cable of that card, as they are."""
    with host.inside():
        line = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0)
    with line:
        line.bind((card, 0))
        for frame in frames:
            line.send(frame)
