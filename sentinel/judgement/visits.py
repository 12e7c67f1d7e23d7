"""One connection, or a sum of them, to what it means: who came, how far, and how grave that is."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from ipaddress import ip_network

from sentinel.model.connection import (
    Association,
    Attempts,
    Connection,
    ConnectionState,
    Dicom,
    DicomService,
    Direction,
)
from sentinel.model.exposure import Nature
from sentinel.model.finding import Code, Finding, Grade, Level, Story, StoryKind
from sentinel.model.moment import Address
from sentinel.model.networks import Networks, Place
from sentinel.model.passing import NetworkAnswer
from sentinel.model.standing import Standing
from sentinel.services import Alarm, alarm

RELEASE = 10
"""Bytes of an A-RELEASE-RQ: a client that sent no more than its request and this gave no command."""
QUERIES = {DicomService.FIND, DicomService.GET, DicomService.MOVE}

CODES = {
    Grade.SCANNED: Code.SCANNED,
    Grade.REFUSED: Code.REFUSED,
    Grade.ANSWERED: Code.DOOR_ANSWERED,
    Grade.CONNECTED: Code.STRANGER_CONNECTED,
    Grade.ASSOCIATED: Code.STRANGER_ASSOCIATED,
    Grade.QUERIED: Code.STRANGER_QUERIED,
    Grade.IMAGES_LEFT: Code.IMAGES_LEFT,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Thresholds:
    """Where judgement draws its lines."""

    images_left: int = 1_000_000
    """Bytes towards an outsider after an association."""


def grade(connection: Connection, thresholds: Thresholds) -> Grade:
    """How far a visitor came, by states, proposed services and byte counts alone.

    A query is what was asked where a query was proposed, or may have been: `_may_query`.
    """
    if connection.state is ConnectionState.ATTEMPTED:
        return Grade.SCANNED
    if connection.state is ConnectionState.REFUSED:
        return Grade.REFUSED
    if connection.state is ConnectionState.ANSWERED:
        return Grade.ANSWERED
    dicom = connection.dicom
    if dicom is None or dicom.result is not Association.ACCEPTED:
        return Grade.CONNECTED
    if connection.bytes_out > thresholds.images_left:
        return Grade.IMAGES_LEFT
    gave = connection.bytes_in - dicom.request_size - RELEASE
    return Grade.QUERIED if gave > 0 and _may_query(dicom, gave, connection.bytes_out) else Grade.ASSOCIATED


def _may_query(dicom: Dicom, gave: int, got: int) -> bool:
    """Whether a client asked something, after its request: by what that proposed, where it was seen.

    Of a request that was not seen nothing is known, not even its length: it counts as if it had held a query, so
    that nobody gains by hiding it. Of one that was longer than its first segment the rest is not known. A machine
    that only sends often proposes a hundred kinds of images: it gives more than it gets, the acceptance included,
    and whoever asks gets more than he gives. So who would hide a question behind a long list has to send more than
    he takes out, or to claim it within the last 64 KiB, and is `associated` all the same.
    """
    if QUERIES & set(dicom.services):
        return True
    if dicom.services_whole:
        return False
    return not dicom.request_size or got >= gave


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """What of a visit had not been told before."""

    new: bool
    """The visit itself."""
    grown: int
    """Bytes towards the visitor."""


def stranger_at_a_door(
    connection: Connection, reached: Grade, seen: Seen, nature: Nature | None = None
) -> Finding:
    """A visit by somebody from outside: red only on a red door, and only for a client that really connected.

    A door that was recognised (`nature`) is red whatever its number.
    """
    in_vain = reached in (Grade.SCANNED, Grade.REFUSED)
    kind = StoryKind.VISITS if in_vain else StoryKind.DOOR
    return Finding(
        code=CODES[reached],
        story=Story(
            kind=kind,
            about=connection.target_mac or str(connection.target),
            port=0 if in_vain else connection.target_port,
            family=0 if in_vain else connection.target.version,
        ),
        level=level(reached, connection.target_port, dicom=connection.dicom is not None or nature is not None),
        grade=reached,
        nature=Nature.IMAGING if connection.dicom is not None else nature,
        at=connection.changed,
        source=connection.source,
        machine=connection.target,
        mac=connection.target_mac,
        port=None if in_vain else connection.target_port,
        calling=connection.dicom.calling if connection.dicom else None,
        count=int(seen.new),
        bytes_out=seen.grown,
        connection=connection.serial,
    )


def level(reached: Grade, port: int, *, dicom: bool) -> Level:
    """Knocks are noted, an answer deserves attention, a client on a red door is an alarm."""
    if reached <= Grade.REFUSED:
        return Level.NOTE
    if reached is Grade.ANSWERED:
        return Level.ATTENTION
    return Level.ALARM if dicom or alarm(port) is Alarm.OPEN else Level.ATTENTION


def private_network(connection: Connection, network: str, seen: Seen) -> Finding:
    """Somebody from a private network that nobody has recognised yet: asked once, never red by itself."""
    return Finding(
        code=Code.PRIVATE_NETWORK,
        story=Story(kind=StoryKind.NETWORK, about=network),
        level=Level.ATTENTION,
        at=connection.changed,
        source=connection.source,
        machine=connection.target,
        mac=connection.target_mac,
        port=connection.target_port,
        calling=connection.dicom.calling if connection.dicom else None,
        count=int(seen.new),
        bytes_out=seen.grown,
        connection=connection.serial,
    )


def answered_network(answer: NetworkAnswer) -> Finding:
    """Ours: the question is settled. Not ours: somebody is inside who should not be."""
    return Finding(
        code=Code.PRIVATE_NETWORK,
        story=Story(kind=StoryKind.NETWORK, about=answer.network),
        level=Level.ATTENTION if answer.ours else Level.ALARM,
        ends=answer.ours,
        at=answer.at,
        count=0,
    )


def summed(more: Attempts, before: Attempts | None) -> Iterator[Finding]:
    """Visits that were counted rather than kept: what is new since the sum was last told.

    A visit that had been told as answered and has connected since is a visit no second time.
    """
    silent, refused, answered, connected, grown = (
        now - then for now, then in zip(_sums(more), _sums(before) if before else (0,) * 5, strict=True)
    )
    for reached, more_of_it, visits in (
        (Grade.SCANNED, silent, silent),
        (Grade.REFUSED, refused, refused),
        (Grade.ANSWERED, answered - connected, answered - connected),
        (Grade.CONNECTED, connected, min(connected, answered)),
    ):
        took = grown if reached is Grade.CONNECTED else 0
        if more_of_it > 0 or took > 0:
            yield _summed(more, reached, max(0, visits), max(0, took))


def come_from(more: Attempts) -> Address | None:
    """Whose network a sum is of, by its first address; None where it is of everywhere.

    Among the networks that were too many to be told apart private ones may be, and strangers: a sum of all of
    them is judged as strangers', since nobody can say that they are not, and names none.
    """
    network = ip_network(more.source_network)
    return network.network_address if network.prefixlen else None


def _sums(of: Attempts) -> tuple[int, ...]:
    return (of.silent, of.refused, of.answered, of.connected, of.bytes_out)


def summed_network(more: Attempts, before: Attempts | None) -> Iterator[Finding]:
    """The same from a private network that nobody has recognised yet: only what was answered asks anything."""
    count = more.answered - (before.answered if before else 0)
    if count > 0:
        yield Finding(
            code=Code.PRIVATE_NETWORK,
            story=Story(kind=StoryKind.NETWORK, about=more.source_network),
            level=Level.ATTENTION,
            at=more.last,
            source=come_from(more),
            machine=more.target,
            mac=more.target_mac,
            port=more.target_port,
            count=count,
            bytes_out=max(0, more.bytes_out - (before.bytes_out if before else 0)),
        )


def _summed(more: Attempts, reached: Grade, count: int, grown: int) -> Finding:
    in_vain = reached <= Grade.REFUSED
    return Finding(
        code=CODES[reached],
        story=Story(
            kind=StoryKind.VISITS if in_vain else StoryKind.DOOR,
            about=more.target_mac or str(more.target),
            port=0 if in_vain else more.target_port,
            family=0 if in_vain else more.target.version,
        ),
        level=level(reached, more.target_port, dicom=False),
        grade=reached,
        at=more.last,
        source=come_from(more),
        machine=more.target,
        mac=more.target_mac,
        port=None if in_vain else more.target_port,
        count=count,
        bytes_out=grown,
    )


def whose(source: Address, networks: Networks, hiding: Collection[Address]) -> Standing:
    """Who a source is, by its address alone."""
    if source in hiding:
        return Standing.BOX
    return {
        Place.INSIDE: Standing.INSIDE,
        Place.BOX: Standing.BOX,
        Place.PRIVATE: Standing.PRIVATE,
        Place.OUTSIDE: Standing.STRANGER,
    }[networks.place(source)]


def is_inbound(connection: Connection) -> bool:
    """Only what crosses the boundary from outside is judged."""
    return connection.direction is Direction.INBOUND
