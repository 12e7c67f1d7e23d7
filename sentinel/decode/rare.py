"""Rare rich frames to what machines tell of themselves, by scapy; for `dissect` alone.

What leaves this module, and what does not. Machines fill these frames with names that people gave them, and a
telephone in the waiting room is as talkative as the imaging server. So, of each protocol:

- ARP, neighbour discovery, anything else: the hardware address, and its maker by scapy's table (`conf.manufdb`).
  A made-up address has none. IPv6 router advertisements: that the sender is a router.
- DHCP: the vendor class, as a word of a table; that a server gives addresses. **Never the host name** (option 12,
  nor 81): domain rules let a name out only where it is announced for imaging, and « iPhone de … » is sent by every
  patient's telephone that asks for an address.
- mDNS: of the services in `vocabulary.SERVICES` the port and the label of the host; no instance name, no TXT, no
  other service. No label of a machine whose address is made up: that is a telephone or a private laptop. Nothing
  at all where an address record says that the sender speaks for another (a sleep proxy, a reflector).
- SSDP: device type and server, as words of a table.
- LLDP and CDP: the switch's hardware address, the port where its name is of switches' words and numbers, the VLAN;
  no system name, no description, no platform, and nothing of a telephone or computer that speaks them: only of
  who says that it is a bridge.

A frame that cannot be read is no exception: it tells nothing, and is counted by who asked.
"""

from collections.abc import Iterable, Iterator
from ipaddress import ip_address
from typing import Any

from scapy.config import conf
from scapy.layers.dhcp import BOOTP, DHCP
from scapy.layers.dns import DNS, DNSRR, DNSRRSRV
from scapy.layers.inet import IP, UDP
from scapy.layers.inet6 import ICMPv6ND_RA, IPv6
from scapy.layers.l2 import Ether
from scapy.packet import Packet

from sentinel.decode import vocabulary
from sentinel.decode.makers import Makers
from sentinel.decode.switch import Port, port_of
from sentinel.model.machine import KINDS, OFFERS, VENDOR, Kind, Offer, Portrait, SaidBy, Uplink, is_made_up
from sentinel.model.moment import Address, Moment

Told = Portrait | Uplink
RICH = (b"\x08\x00", b"\x86\xdd", b"\x88\xcc")
"""Ethertypes that are dissected; smaller numbers are lengths (CDP). Of the rest the sender's address is enough."""
HEADER = 14
MAKERS = Makers(conf.manufdb.d)
GIVING = (2, 5, 6)  # offer, acknowledgement, refusal: RFC 2132 section 9.6


class Unread(Exception):
    """The frame does not hold together; its text says nothing of what is in it."""


def read_rare(frame: bytes, at: Moment) -> tuple[Told, ...]:
    """What one frame tells.

    Args:
        frame: from the Ethernet header on, perhaps cut; the header alone names the maker.
        at: when it passed.

    Raises:
        Unread: it does not hold together.
    """
    try:
        return tuple(_read(frame, at))
    except Exception as error:  # scapy raises what it likes, and strangers choose these bytes
        raise Unread(type(error).__name__) from None


def _read(frame: bytes, at: Moment) -> Iterator[Told]:
    if len(frame) < HEADER:
        raise Unread
    mac = frame[6:12].hex(":")
    if frame[6] & 1:  # IEEE 802 section 8.2: a group sends nothing
        raise Unread
    packet = Ether(frame if _is_rich(frame) else frame[:HEADER])
    port = port_of(packet)
    if port is not None:
        yield _uplink(port, mac, at)
    kinds, offers = tuple(sorted(_kinds(packet))), tuple(_offers(packet, mac))
    if kinds or offers or vendor(mac):
        yield Portrait(mac=mac, vendor=vendor(mac), kinds=kinds[:KINDS], offers=offers[:OFFERS], at=at)


def _is_rich(frame: bytes) -> bool:
    return frame[12:14] in RICH or frame[12:14] <= b"\x05\xdc"  # a length: IEEE 802.3 section 3.2.6


def vendor(mac: str) -> str:
    """Who made the card; empty where nobody did, or nobody knows."""
    return "" if is_made_up(mac) else MAKERS[mac][:VENDOR]


def _uplink(port: Port, mac: str, at: Moment) -> Uplink:
    switch = port.switch or mac
    return Uplink(
        switch=switch, port=port.name, vlan=port.vlan, vendor=vendor(switch), said_by=SaidBy(port.said_by), at=at
    )


# -- what it is -----------------------------------------------------------------------------------------------


def _kinds(packet: Packet) -> set[Kind]:
    if ICMPv6ND_RA in packet:
        return _router(packet)
    if DHCP in packet:
        return set(_dhcp(packet))
    if UDP in packet and 1900 in (packet[UDP].sport, packet[UDP].dport):
        return set(_ssdp(bytes(packet[UDP].payload)))
    return set()


def _router(packet: Packet) -> set[Kind]:
    """RFC 4861 sections 4.2 and 6.1.2: of this link, and for as long as it says."""
    is_near = packet[IPv6].hlim == 255 and ip_address(packet[IPv6].src).is_link_local
    return {Kind.ROUTER} if is_near and packet[ICMPv6ND_RA].routerlifetime else set()


def _dhcp(packet: Packet) -> Iterator[Kind]:
    """RFC 2132: options 53 and 60, and no other."""
    told = (each for each in packet[DHCP].options if isinstance(each, tuple) and len(each) > 1)
    said: dict[str, Any] = {each[0]: each[1] for each in told}
    if packet[BOOTP].op == 2 and said.get("message-type", 0) in GIVING:
        yield Kind.GIVES_ADDRESSES
    elif packet[BOOTP].op == 1 and (kind := vocabulary.kind_of_class(bytes(said.get("vendor_class_id", b"")))):
        yield kind


def _ssdp(text: bytes) -> Iterator[Kind]:
    """UPnP Device Architecture 2.0 sections 1.2.2 and 1.3.3: header lines, of which three are looked at."""
    for line in text.split(b"\r\n")[1:]:
        name, _, value = line.partition(b":")
        if name.strip().upper() in (b"NT", b"ST") and (kind := vocabulary.kind_of_type(value.strip())):
            yield kind
        elif name.strip().upper() == b"SERVER":
            yield from vocabulary.kinds_of_server(value)


# -- what it offers -------------------------------------------------------------------------------------------


def _offers(packet: Packet, mac: str) -> list[Offer]:
    """RFC 6763 section 5: each service's port and host stand in its SRV record."""
    if UDP not in packet or packet[UDP].sport != 5353 or DNS not in packet or not packet[DNS].qr:
        return []
    records = list(_records(packet[DNS]))
    hosts = [each for each in records if isinstance(each, DNSRRSRV) and each.ttl]
    own = _addresses(records)
    source = ip_address(packet[IP].src if IP in packet else packet[IPv6].src)
    found = {
        (service, each.port): _label(each, mac)
        for each in hosts
        if (service := vocabulary.service_of(bytes(each.rrname))) and each.port and _is_own(each, own, source)
    }
    return [Offer(service=service, port=port, host=host) for (service, port), host in sorted(found.items())]


def _records(answer: DNS) -> Iterator[Packet]:
    """Of every section; what was cut off is missing."""
    for section in (answer.an, answer.ns, answer.ar):
        yield from (each for each in section or () if isinstance(each, DNSRR | DNSRRSRV))


def _addresses(records: Iterable[Packet]) -> dict[bytes, set[Address]]:
    """Of each host the frame gives an address of."""
    found: dict[bytes, set[Address]] = {}
    for each in records:
        if isinstance(each, DNSRR) and each.type in (1, 28):
            found.setdefault(bytes(each.rrname).lower(), set()).add(ip_address(each.rdata))
    return found


def _is_own(record: Packet, own: dict[bytes, set[Address]], source: Address) -> bool:
    """Of the sender's family and scope the host has the sender's address, as far as the frame says."""
    known = own.get(bytes(record.target).lower(), set())
    like = {each for each in known if (each.version, each.is_link_local) == (source.version, source.is_link_local)}
    return not like or source in like


def _label(record: Packet, mac: str) -> str:
    return "" if is_made_up(mac) else vocabulary.host_label(bytes(record.target))
