"""Imaging that crosses the practice's boundary in clear: whoever stands on its way reads names and pictures.

An association we could read is one that anybody on the way could. That holds for doors somebody accepted too,
which make no other finding. A stranger's association is red already and is not told twice. Through a private
network it is noted only, once somebody has recognised it: it comes through a tunnel, whose encryption is none of
what passes here. One that nobody knows is asked about, and that is its story.

Outbound connections to the internet are not followed (the sentinel is not there to watch the staff), so what a
machine of the practice itself sends there is not seen. What it sends to another private network is.
"""

from dataclasses import dataclass
from ipaddress import ip_network

from sentinel.model.connection import Association, Connection, Direction
from sentinel.model.finding import Code, Finding, Level, Story, StoryKind
from sentinel.model.moment import Address
from sentinel.model.networks import Networks, Place
from sentinel.model.standing import Standing

INTERNET = "internet"
"""In place of a network: one story a machine, however many peers somebody accepted for it."""
TOLD_ALREADY = (Standing.STRANGER, Standing.BOX, Standing.PRIVATE, Standing.OWN_CHECK)


@dataclass(frozen=True, slots=True, kw_only=True)
class Ends:
    """A connection's two ends as the boundary divides them."""

    machine: Address
    mac: str | None
    port: int | None
    """Inside port; None where the machine called out."""
    peer: Address


def ends(connection: Connection, networks: Networks) -> Ends | None:
    """Who of us talked to whom beyond; None where nothing crossed."""
    if connection.direction is Direction.INBOUND and connection.hairpin is None:
        return Ends(
            machine=connection.target,
            mac=connection.target_mac,
            port=connection.target_port,
            peer=connection.source,
        )
    if connection.direction is Direction.INTERNAL and networks.place(connection.target) is Place.PRIVATE:
        return Ends(machine=connection.source, mac=connection.source_mac, port=None, peer=connection.target)
    return None


def in_clear(connection: Connection, standing: Standing, networks: Networks) -> Finding | None:
    """The weak point an association is; None where it is none, or is told otherwise."""
    dicom = connection.dicom
    if dicom is None or dicom.result is not Association.ACCEPTED or standing in TOLD_ALREADY:
        return None
    found = ends(connection, networks)
    if found is None:
        return None
    network = _network(found.peer) if networks.place(found.peer) is Place.PRIVATE else INTERNET
    return Finding(
        code=Code.DICOM_IN_CLEAR,
        story=Story(
            kind=StoryKind.WEAK_POINT, about=f"{found.mac or found.machine} {Code.DICOM_IN_CLEAR.value} {network}"
        ),
        level=Level.ATTENTION if network == INTERNET else Level.NOTE,
        at=connection.changed,
        source=found.peer,
        machine=found.machine,
        mac=found.mac,
        port=found.port,
        calling=dicom.calling,
        connection=connection.serial,
    )


def _network(peer: Address) -> str:
    return str(ip_network(f"{peer}/{24 if peer.version == 4 else 64}", strict=False))
