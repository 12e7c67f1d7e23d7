"""The ports of the trade, from `imaging_ports.csv`: their names, how often we ask, what open means."""

import csv
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from pathlib import Path

from sentinel.model.exposure import Application, Kind, Nature, PortList

TABLE = Path(__file__).with_name("imaging_ports.csv")
"""By its path: importlib.resources brings tempfile and two dozen modules more, and `listen` waits for them."""

DOOR_TEST_PORT = 48_104
"""Where the sentinel listens over IPv6 while the echo knocks; in no list, and nobody else's."""


class Alarm(StrEnum):
    """What it means when a stranger finds this port open (column `alarm`)."""

    OPEN = "open"
    """Red when open: imaging, shares, databases, remote desktop."""
    IDENTIFIED = "identified"
    """A web port: red once identified as imaging or storage, else worth attention."""
    ATTENTION = "attention"


PRODUCTS: dict[str, Nature | None] = {
    "orthanc": Nature.IMAGING,
    "dcm4chee": Nature.IMAGING,
    "conquest": Nature.IMAGING,
    "horos": Nature.IMAGING,
    "osirix": Nature.IMAGING,
    "weasis": Nature.IMAGING,
    "ohif": Nature.IMAGING,
    "kheops": Nature.IMAGING,
    "synology": Nature.STORAGE,
    "qnap": Nature.STORAGE,
    "truenas": Nature.STORAGE,
    "openmediavault": Nature.STORAGE,
    "nextcloud": Nature.STORAGE,
    "guacamole": Nature.REMOTE,
    "freebox": None,
    "livebox": None,
    "fritzbox": None,
    "hikvision": None,
    "dahua": None,
    "axis": None,
    "pfsense": None,
    "opnsense": None,
    "fortigate": None,
}
"""Products an echo may name, and what they are; None: known, and neither imaging nor storage nor a screen."""


def nature(app: Application | None) -> Nature | None:
    """What an identified door leads to; None while it is not known, or is none of the three."""
    if app is None:
        return None
    if app.kind is Kind.DICOM:
        return Nature.IMAGING
    if app.kind in (Kind.RDP, Kind.VNC):
        return Nature.REMOTE
    if app.kind is Kind.SMB:
        return Nature.STORAGE
    return PRODUCTS.get(app.product or "")


class Asked(StrEnum):
    """How often the echo is asked about a port (column `check`)."""

    HOURLY = "hourly"
    SIX_HOURLY = "six_hourly"
    PASSIVE = "passive"
    """Named when seen on the wire; never asked about."""
    NONE = "none"
    """UDP: not checked, and the page says so."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """One row of the table."""

    port: int
    name: str
    category: str
    asked: Asked
    alarm: Alarm


@cache
def _tcp_services() -> dict[int, Service]:
    table = TABLE.read_text(encoding="utf-8").splitlines()
    return {
        int(row["port"]): Service(
            port=int(row["port"]),
            name=row["service"],
            category=row["category"],
            asked=Asked(row["check"]),
            alarm=Alarm(row["alarm"]),
        )
        for row in csv.DictReader(table)
        if row["transport"] == "tcp"
    }


def service(port: int) -> Service | None:
    """The table's row for a TCP port, if it has one."""
    return _tcp_services().get(port)


def alarm(port: int) -> Alarm:
    """What an open TCP port means; a port the table does not know is worth attention."""
    known = service(port)
    return known.alarm if known else Alarm.ATTENTION


def is_red(port: int, leads_to: Nature | None = None) -> bool:
    """Whether it is an alarm that strangers can open this inside port: by its number, or by what answers there."""
    return leads_to is not None or alarm(port) is Alarm.OPEN


def known_ports() -> tuple[int, ...]:
    """Every TCP port of the table, ascending."""
    return tuple(sorted(_tcp_services()))


def port_list(name: PortList) -> tuple[int, ...]:
    """The ports a check of this name asks about, ascending: 14 hourly, 48 in full; a re-test has no list."""
    if name is PortList.RETEST:
        return ()
    wanted = {Asked.HOURLY} if name is PortList.HOURLY else {Asked.HOURLY, Asked.SIX_HOURLY}
    return tuple(port for port in known_ports() if _tcp_services()[port].asked in wanted)
