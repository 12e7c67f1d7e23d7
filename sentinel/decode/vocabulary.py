"""The words into which machines and switches are put: what is in no table here was never read.

Strangers choose the bytes these tables are asked with. Only the right side of a table goes on, and of a port's
name only what consists of words switches use and numbers: so no name of a person, a patient's least of all, can.
"""

import re

from sentinel.model.machine import Kind, Service

SERVICES = {
    b"_dicom._tcp": Service.DICOM,  # PS3.15 annex F.1.1.4; Horos and OsiriX announce it by default
    b"_dicom-tls._tcp": Service.DICOM,
    b"_acr-nema._tcp": Service.DICOM,
    b"_smb._tcp": Service.SMB,
    b"_afpovertcp._tcp": Service.AFP,
    b"_http._tcp": Service.HTTP,
}
"""DNS-SD types (RFC 6763 section 7) of what holds images or their files; no other is looked at."""

VENDOR_CLASSES = (
    (b"MSFT ", Kind.WINDOWS),
    (b"android-dhcp", Kind.ANDROID),
    (b"dhcpcd", Kind.LINUX),
    (b"udhcp", Kind.LINUX),
    (b"AAPLBSDPC", Kind.APPLE),
    (b"Hewlett-Packard JetDirect", Kind.PRINTER),
    (b"Hewlett-Packard OfficeJet", Kind.PRINTER),
    (b"Hewlett-Packard LaserJet", Kind.PRINTER),
    (b"AXIS,Network Camera", Kind.CAMERA),
    (b"Cisco Systems, Inc. IP Phone", Kind.TELEPHONE),
    (b"yealink", Kind.TELEPHONE),
    (b"snom", Kind.TELEPHONE),
)
"""Beginnings of a DHCP vendor class (RFC 2132 section 9.13)."""

UPNP_TYPES = {
    b"InternetGatewayDevice": Kind.ROUTER,
    b"WANDevice": Kind.ROUTER,
    b"WANConnectionDevice": Kind.ROUTER,
    b"MediaServer": Kind.MEDIA,
    b"MediaRenderer": Kind.MEDIA,
    b"Printer": Kind.PRINTER,
    b"PrinterBasic": Kind.PRINTER,
    b"PrinterEnhanced": Kind.PRINTER,
    b"DigitalSecurityCamera": Kind.CAMERA,
}
"""Device types of the UPnP Forum: `urn:schemas-upnp-org:device:TYPE:version`."""

SERVERS = (
    (b"Synology", Kind.STORAGE),
    (b"QNAP", Kind.STORAGE),
    (b"ReadyNAS", Kind.STORAGE),
    (b"Microsoft-Windows", Kind.WINDOWS),
    (b"Darwin/", Kind.APPLE),
    (b"Linux/", Kind.LINUX),
)
"""Words of an SSDP `SERVER` header (operating system, UPnP, product)."""

_PORT = re.compile(
    r"""
      ( e | et | eth | ether | ethernet | fa | fe | fast-?ethernet | gi | g | ge | gig | giga-?(bit)?-?ethernet
      | te | ten-?gigabit-?ethernet | tw | two-?gigabit-?ethernet | xe | xgigabit-?ethernet | if | ifindex | int
      | interface | lan | p | port | sfp | slot | swp | unit
      )? [ ]?                                       # what switches call their ports, before the number
      ( [0-9]{1,5} | [0-9]{1,3} ([/.:][0-9]{1,3}){1,3} )
    """,
    re.VERBOSE | re.IGNORECASE | re.ASCII,
)
_LABEL = re.compile(rb"[A-Za-z0-9-]{1,63}")  # RFC 1035 section 2.3.1


def port_name(said: bytes) -> str:
    """A switch's name of a port as far as it is words of switches and numbers; empty where it is anything else."""
    text = said.decode("ascii", "replace").strip("\0 ")
    return text if _PORT.fullmatch(text) else ""


def host_label(name: bytes) -> str:
    """The machine's own label of a name in `.local` (RFC 6762 section 3); empty where there is none, or more."""
    label, _, rest = name.partition(b".")
    return label.decode("ascii") if rest.lower() in (b"local.", b"local") and _LABEL.fullmatch(label) else ""


def kind_of_class(said: bytes) -> Kind | None:
    """What a DHCP vendor class stands for."""
    return next((kind for begins, kind in VENDOR_CLASSES if said.startswith(begins)), None)


def kinds_of_server(said: bytes) -> set[Kind]:
    """What the words of a `SERVER` header stand for; a product says more than the system below it."""
    found = [kind for word, kind in SERVERS if word in said]
    return set(found[:1])


def kind_of_type(said: bytes) -> Kind | None:
    """What an `NT` or `ST` header stands for."""
    begins, _, rest = said.partition(b":device:")
    return UPNP_TYPES.get(rest.partition(b":")[0]) if begins == b"urn:schemas-upnp-org" else None


def service_of(name: bytes) -> Service | None:
    """Of which listed service `Instance._service._proto.local.` is an instance; its instance's name is dropped."""
    labels = name.lower().removesuffix(b".").split(b".")
    return SERVICES.get(b".".join(labels[-3:-1])) if len(labels) > 3 and labels[-1] == b"local" else None
