"""What a switch says of the port we hang on: LLDP and CDP, by scapy; what is told of it is decided in `rare`."""

from typing import NamedTuple

from scapy.config import conf
from scapy.contrib.cdp import CDPMsgCapabilities, CDPMsgNativeVLAN, CDPMsgPortID, CDPv2_HDR
from scapy.contrib.lldp import (
    LLDPDUChassisID,
    LLDPDUGenericOrganisationSpecific,
    LLDPDUPortID,
    LLDPDUSystemCapabilities,
)
from scapy.packet import Packet

from sentinel.decode.vocabulary import port_name

conf.contribs["LLDP"].strict_mode_disable()  # a frame cut off behind what we read is read all the same

MAC_ADDRESS = 4  # of a chassis: IEEE 802.1AB table 8-2
PORT_MAC = 3  # of a port: table 8-3
IEEE_8021, PORT_VLAN = 0x0080C2, 1  # IEEE 802.1Q annex D.2.1
CDP_BRIDGE = 0x02 | 0x08  # transparent bridge, switch


class Port(NamedTuple):
    """One port, as its switch tells it."""

    said_by: str
    switch: str
    """Hardware address; empty where only the frame's sender is known."""
    name: str
    vlan: int | None


def port_of(packet: Packet) -> Port | None:
    """The port, if it is a bridge that speaks: telephones and computers have ports too, and none we hang on."""
    if LLDPDUPortID in packet:
        return _lldp(packet)
    return _cdp(packet) if CDPv2_HDR in packet else None


def _lldp(packet: Packet) -> Port | None:
    """IEEE 802.1AB sections 8.5.2, 8.5.3, 8.5.8."""
    capabilities = packet.getlayer(LLDPDUSystemCapabilities)
    if capabilities is None or not capabilities.mac_bridge_enabled:
        return None
    chassis, port = packet.getlayer(LLDPDUChassisID), packet[LLDPDUPortID]
    switch = str(chassis.id) if chassis is not None and chassis.subtype == MAC_ADDRESS else ""
    name = str(port.id) if port.subtype == PORT_MAC else port_name(_bytes(port.id))
    return Port("lldp", switch, name, _vlan(_lldp_vlan(packet)))


def _lldp_vlan(packet: Packet) -> int | None:
    number = 1
    while (told := packet.getlayer(LLDPDUGenericOrganisationSpecific, number)) is not None:
        if told.org_code == IEEE_8021 and told.subtype == PORT_VLAN:
            return int.from_bytes(_bytes(told.data)[:2], "big")
        number += 1
    return None


def _cdp(packet: Packet) -> Port | None:
    told = {type(each): each for each in packet[CDPv2_HDR].msg}
    capabilities, port = told.get(CDPMsgCapabilities), told.get(CDPMsgPortID)
    if port is None or capabilities is None or not int(capabilities.cap) & CDP_BRIDGE:
        return None
    vlan = told.get(CDPMsgNativeVLAN)
    return Port("cdp", "", port_name(_bytes(port.iface)), _vlan(vlan.vlan if vlan is not None else None))


def _vlan(number: int | None) -> int | None:
    """IEEE 802.1Q table 9-2: 0 and 4095 are no network."""
    return number if number is not None and 0 < number < 4095 else None


def _bytes(value: object) -> bytes:
    return value if isinstance(value, bytes) else str(value).encode()
