"""Rare frames as real machines send them, built by scapy; each holds a name that must not get through."""

from collections.abc import Sequence

from scapy.contrib.cdp import (
    CDPMsgCapabilities,
    CDPMsgDeviceID,
    CDPMsgNativeVLAN,
    CDPMsgPlatform,
    CDPMsgPortID,
    CDPMsgSoftwareVersion,
    CDPv2_HDR,
)
from scapy.contrib.lldp import (
    LLDPDUChassisID,
    LLDPDUEndOfLLDPDU,
    LLDPDUGenericOrganisationSpecific,
    LLDPDUPortDescription,
    LLDPDUPortID,
    LLDPDUSystemCapabilities,
    LLDPDUSystemDescription,
    LLDPDUSystemName,
    LLDPDUTimeToLive,
)
from scapy.layers.dhcp import BOOTP, DHCP
from scapy.layers.dns import DNS, DNSQR, DNSRR, DNSRRSRV
from scapy.layers.inet import IP, UDP
from scapy.layers.inet6 import ICMPv6ND_RA, ICMPv6NDOptPrefixInfo, ICMPv6NDOptSrcLLAddr, IPv6
from scapy.layers.l2 import ARP, LLC, SNAP, Dot3, Ether
from scapy.packet import Packet

from tests.builders import PATIENT

NAME = PATIENT.decode()
SERVER_MAC, SWITCH_MAC, PHONE_MAC = "b8:27:eb:00:00:42", "00:1b:54:aa:bb:cc", "da:a1:19:00:11:22"
"""Of a Raspberry Pi, a Cisco switch, and of nobody."""
SERVER, SERVER6 = "192.168.1.66", "fe80::66"
EVERYBODY, LLDP_GROUP, CISCO_GROUP = "ff:ff:ff:ff:ff:ff", "01:80:c2:00:00:0e", "01:00:0c:cc:cc:cc"
BRIDGE, STATION = 1, 0


def arp(mac: str = SERVER_MAC) -> bytes:
    """Who has the box?"""
    return bytes(Ether(src=mac, dst=EVERYBODY) / ARP(hwsrc=mac, psrc=SERVER, pdst="192.168.1.1"))


def lldp(
    port: bytes | str = b"gi1/0/3", subtype: int = 5, *, bridge: int = BRIDGE, vlan: int | None = 20, **ether: str
) -> bytes:
    """A switch, full of names but for its port's."""
    told = [
        LLDPDUChassisID(subtype=4, id=SWITCH_MAC),
        LLDPDUPortID(subtype=subtype, id=port),
        LLDPDUTimeToLive(ttl=120),
        LLDPDUPortDescription(description=NAME),
        LLDPDUSystemName(system_name=NAME),
        LLDPDUSystemCapabilities(
            mac_bridge_available=1, mac_bridge_enabled=bridge, station_only_enabled=1 - bridge
        ),
    ]
    if vlan is not None:
        told.append(LLDPDUGenericOrganisationSpecific(org_code=0x0080C2, subtype=1, data=vlan.to_bytes(2, "big")))
    return _build(
        Ether(**{"src": SWITCH_MAC, "dst": LLDP_GROUP, **ether}),
        *told,
        LLDPDUSystemDescription(description=NAME),
        LLDPDUEndOfLLDPDU(),
    )


def cdp(port: bytes = b"GigabitEthernet0/3", *, capabilities: int = 0x28, vlan: int = 20) -> bytes:
    """A switch of Cisco's."""
    said = [
        CDPMsgDeviceID(val=PATIENT),
        CDPMsgPortID(iface=port),
        CDPMsgCapabilities(cap=capabilities),
        CDPMsgSoftwareVersion(val=PATIENT),
        CDPMsgPlatform(val=PATIENT),
        CDPMsgNativeVLAN(vlan=vlan),
    ]
    return _build(Dot3(src=SWITCH_MAC, dst=CISCO_GROUP), LLC(), SNAP(OUI=0xC, code=0x2000), CDPv2_HDR(msg=said))


def dhcp(vendor: bytes = b"MSFT 5.0", mac: str = SERVER_MAC) -> bytes:
    """A machine asks for an address and says its name, and its whole one."""
    return _build(
        Ether(src=mac, dst=EVERYBODY),
        IP(src="0.0.0.0", dst="255.255.255.255"),
        UDP(sport=68, dport=67),
        BOOTP(op=1, chaddr=bytes.fromhex(mac.replace(":", "")), sname=PATIENT, file=PATIENT),
        DHCP(
            options=[
                ("message-type", "request"),
                ("hostname", PATIENT),
                ("client_FQDN", b"\0\0\0" + PATIENT),
                ("vendor_class_id", vendor),
                "end",
            ]
        ),
    )


def dhcp_offer(kind: str = "offer") -> bytes:
    """A server gives one."""
    return _build(
        Ether(src=SERVER_MAC, dst=EVERYBODY),
        IP(src="192.168.1.1", dst="255.255.255.255"),
        UDP(sport=67, dport=68),
        BOOTP(op=2, yiaddr=SERVER),
        DHCP(options=[("message-type", kind), ("server_id", "192.168.1.1"), ("domain", PATIENT), "end"]),
    )


def router(**changed: object) -> bytes:
    """The box announces itself to IPv6."""
    shape = {"hlim": 255, "src": "fe80::1", "routerlifetime": 1800, **changed}
    return _build(
        Ether(src=SERVER_MAC, dst="33:33:00:00:00:01"),
        IPv6(src=shape["src"], dst="ff02::1", hlim=shape["hlim"]),
        ICMPv6ND_RA(routerlifetime=shape["routerlifetime"]),
        ICMPv6NDOptPrefixInfo(prefix="2001:db8:1::", prefixlen=64),
        ICMPv6NDOptSrcLLAddr(lladdr=SERVER_MAC),
    )


def mdns(
    *services: tuple[str, int],
    host: str = "radio-pc.local.",
    mac: str = SERVER_MAC,
    addresses: Sequence[str] = (SERVER,),
    family: int = 4,
    ttl: int = 120,
    answer: int = 1,
) -> bytes:
    """A machine announces services under a patient's name."""
    records = []
    for service, port in services or (("_dicom._tcp", 11112),):
        instance = f"{NAME}.{service}.local."
        records += [
            DNSRR(rrname=f"{service}.local.", type="PTR", ttl=ttl, rdata=instance),
            DNSRRSRV(rrname=instance, ttl=ttl, port=port, target=host),
            DNSRR(rrname=instance, type="TXT", ttl=ttl, rdata=[b"patient=" + PATIENT]),
        ]
    for each in addresses:
        records.append(DNSRR(rrname=host, type="AAAA" if ":" in each else "A", ttl=ttl, rdata=each))
    message = DNS(qr=answer, aa=1, qd=[] if answer else [DNSQR(qname=f"{NAME}.local.")], an=records)
    head = (
        (Ether(src=mac, dst="01:00:5e:00:00:fb"), IP(src=SERVER, dst="224.0.0.251", ttl=255))
        if family == 4
        else (Ether(src=mac, dst="33:33:00:00:00:fb"), IPv6(src=SERVER6, dst="ff02::fb", hlim=255))
    )
    return _build(*head, UDP(sport=5353, dport=5353), message)


SSDP = (
    b"HOST: 239.255.255.250:1900\r\nCACHE-CONTROL: max-age=1800\r\nLOCATION: http://192.168.1.66/" + PATIENT +
    b".xml\r\nUSN: uuid:" + PATIENT + b"::upnp:rootdevice\r\nX-USER: " + PATIENT + b"\r\n"
)  # fmt: skip


def ssdp(
    kind: bytes = b"urn:schemas-upnp-org:device:MediaServer:1",
    server: bytes = b"Linux/5.10, UPnP/1.0, Synology " + PATIENT,
    *,
    start: bytes = b"NOTIFY * HTTP/1.1\r\n",
    family: int = 4,
) -> bytes:
    """A machine announces what it is, with names in every header."""
    text = start + b"NT: " + kind + b"\r\nSERVER: " + server + b"\r\n" + SSDP + b"\r\n"
    head = (
        (Ether(src=SERVER_MAC, dst="01:00:5e:7f:ff:fa"), IP(src=SERVER, dst="239.255.255.250", ttl=4))
        if family == 4
        else (Ether(src=SERVER_MAC, dst="33:33:00:00:00:0c"), IPv6(src=SERVER6, dst="ff02::c", hlim=4))
    )
    return _build(*head, UDP(sport=50_000, dport=1900), text)


def ssdp_answer(source: str = SERVER, target: str = "192.168.1.67") -> bytes:
    """The same, to whoever searched."""
    text = b"HTTP/1.1 200 OK\r\nST: urn:schemas-upnp-org:device:InternetGatewayDevice:1\r\n" + SSDP + b"\r\n"
    head = Ether(src=SERVER_MAC, dst="02:00:00:00:00:43"), IP(src=source, dst=target, ttl=4)
    return _build(*head, UDP(sport=1900, dport=50_000), text)


def _build(*layers: Packet | bytes) -> bytes:
    whole = layers[0]
    for each in layers[1:]:
        whole = whole / each
    return bytes(whole)
