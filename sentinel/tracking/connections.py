"""Segments to connections: the handshake, the association, the end, and the bytes each way.

A connection is told when its state or its association changes, never for its data. Outbound connections of the
practice are not followed at all, and internal ones are told only once DICOM was recognised on them: the
sentinel is not there to watch the staff.

A SYN makes an attempt (`openings`), which anybody may send as many of as he likes; its answer makes a connection,
for that carries both ends and the client's first sequence number. So a connection is the same with and without its
SYN, and also where the SYN is read after what answers it: they come through different rings.
"""

from collections import OrderedDict
from collections.abc import Iterator
from datetime import timedelta

from sentinel.model.connection import Association, Connection, ConnectionState, Direction
from sentinel.model.moment import Moment
from sentinel.model.networks import Networks, crossing
from sentinel.model.packet import Segment, shared, source_of, target_of, turned
from sentinel.services import service
from sentinel.tracking import following, halfopen, table
from sentinel.tracking.flow import Flow, Side
from sentinel.tracking.following import ACK, FIN, RST, SYN, begins_anew, follow, knocks_again
from sentinel.tracking.halfopen import UNANSWERED, Half
from sentinel.tracking.openings import Openings
from sentinel.tracking.table import Table

LINGER = timedelta(seconds=30)
"""A finished connection is remembered this long, so that a late copy does not look like a new one."""
IDLE = timedelta(days=7)
"""A silent association may last for days; after this it is given up, also where it goes on to probe by bare ACKs,
for those stay in the kernel. When it speaks again it is told as another."""
PARTED = timedelta(minutes=10)
"""So long after its server's goodbye a silent one is told as closed: its client may have said so in a way that
is not believed, or not at all."""
DOUBTED = timedelta(hours=1)
"""So long it is remembered then, and where a client reset it: its server may not have believed that, and go on."""
LATE = timedelta(seconds=2)
"""A SYN may be read after what answers it, but not so long after."""
MISSED = timedelta(minutes=2)
"""After attempts were lost, a server may still answer one of them: it tries again for so long."""
DOORS = 2_048
"""Doors of ours that have answered, remembered by address and port. Those that make room are counted nowhere: a
door is asked for only where a beginning was missed, and what missed it was counted, or came before us."""
EPHEMERAL = 32_768
"""The lowest port that clients pick on the systems of a practice."""
PICKED = EPHEMERAL.to_bytes(2, "big")
"""The same as on the wire."""


class Tracker:
    """Every connection being followed, and every attempt that waits.

    Args:
        networks: what is ours.
        every: follow outbound, internal and foreign connections too; only for recorded files.
        most: connections remembered at once; beyond it the least is forgotten and counted.
        waiting: attempts remembered at once; beyond it the oldest is told early.
    """

    def __init__(
        self, networks: Networks, *, every: bool = False, most: int = table.MOST, waiting: int = halfopen.MOST
    ) -> None:
        self.unseen = 0
        """Visits that were answered though their SYN was not seen: it was lost on its way to us."""
        self._doubt: Moment | None = None
        self._every = every
        self._table = Table(most)
        self._find = self._table.find
        self._doors: OrderedDict[bytes, None] = OrderedDict()
        self._networks = networks
        self.openings = Openings(networks, self._table, every=every, most=waiting)

    @property
    def networks(self) -> Networks:
        """What is ours, now."""
        return self._networks

    @networks.setter
    def networks(self, networks: Networks) -> None:
        self._networks = networks
        self.openings.adopt(networks)

    @property
    def forgotten(self) -> int:
        """Connections that had to make room."""
        return self._table.forgotten

    def feed(self, segment: Segment) -> list[Connection]:
        """The connections this segment changed: none or one, two where a 4-tuple is used again."""
        flow = self._find(segment.way)
        if flow is None:
            return self._new(segment)
        if begins_anew(flow, segment):
            return [*self._end(flow, segment.at), *self._new(segment)]
        if knocks_again(flow, segment):
            return list(self.openings.feed(segment))
        if segment.flags & RST and segment.way == flow.back and self.openings.fits(segment):
            return [*self._end(flow, segment.at), *self.openings.refuse(segment)]  # it knows of neither
        return self._known(flow, segment)

    def lets_pass(self, segment: Segment, *, outward: bool) -> bool:
        """Whether it is of a visit of ours outside and of nothing followed, as `feed` would find in more steps.

        All that `feed` would have done with it is done then: a call is noted, for the box may turn it back.

        Args:
            segment: between one of ours and a stranger.
            outward: whose it is.
        """
        way, flags = segment.way, segment.flags
        if self._every:
            return False
        if outward:
            own, other, comes = way[-4:-2], way[-2:], SYN | ACK
            door = source_of(way) + own
        else:
            own, other, comes = way[-2:], way[-4:-2], SYN
            door = target_of(way) + own
        if not own >= PICKED > other or flags & (SYN | ACK) == comes or door in self._doors:
            return False  # somebody visits us, or is answered
        if segment.association or self._find(way):
            return False
        waiting = self.openings.ways
        if waiting and (turned(way) if outward else way) in waiting:
            return False
        if outward and flags & SYN:
            self.openings.leaves(segment)
        return True

    def _known(self, flow: Flow, segment: Segment) -> list[Connection]:
        """What a segment of a connection we follow changes."""
        flow.seen = segment.at
        before, label = (flow.state, flow.dicom), flow.label
        follow(flow, segment)
        self._table.keep(flow)
        is_labelled = flow.label is not label and flow.state not in following.UNANSWERED
        if (flow.state, flow.dicom) == before and not is_labelled and not _has_grown(flow):
            return []
        flow.changed = segment.at
        return list(self._tell(flow))

    def _new(self, segment: Segment) -> list[Connection]:
        """Of nothing we follow: an attempt, an answer to one, or the middle of something."""
        kind = segment.flags & (SYN | ACK)
        if kind == SYN:
            return list(self.openings.feed(segment))
        if segment.flags & RST:
            return self.openings.refuse(segment)
        if not kind & SYN and not segment.length and not segment.flags & FIN:
            return []  # a bare ACK tells of nothing
        flow = self._begin(segment, is_answer=bool(kind & SYN))
        return self._known(flow, segment) if flow else []

    def expire(self, now: Moment) -> Iterator[Connection]:
        """Give up what has waited too long; attempts that nothing answered are told here."""
        yield from (self.openings.tell(*each) for each in self.openings.overdue(now))
        yield from self.give_up(now)

    def give_up(self, now: Moment) -> Iterator[Connection]:
        """Connections that are over, or of which nothing was heard for a week."""
        for flow in self._table:
            self._weigh(flow, now)
            if flow.over and now.since(flow.seen) >= LINGER:
                yield from self._correct(flow)
                if not flow.is_doubted or now.since(flow.seen) >= DOUBTED:
                    self._table.drop(flow)
            elif _has_parted(flow, now):
                flow.over, flow.is_doubted, flow.changed = True, True, now
                yield from self._close(flow)
                self._table.keep(flow)
            elif not flow.over and _has_waited(flow, now):
                self._table.drop(flow)
                if flow.state is not ConnectionState.ATTEMPTED:
                    flow.changed = now
                yield from self._close(flow)

    def _weigh(self, flow: Flow, now: Moment) -> None:
        """Once, when its SYN would have been read if it had passed."""
        if flow.is_weighed or now.since(flow.opened) < LATE:
            return
        flow.is_weighed = True
        is_doubtful = self._doubt is not None and flow.opened.since(self._doubt) < MISSED
        is_missing = flow.is_shaken and not flow.is_opened and flow.direction is Direction.INBOUND
        self.unseen += is_missing and not is_doubtful

    def doubt(self, at: Moment) -> None:
        """Attempts were dropped in their ring, or had to make room: theirs may be the missing SYNs."""
        self._doubt = at

    def flush(self) -> Iterator[Connection]:
        """The end of a recorded file: everything still open is told once more, as it stands."""
        yield from self.openings.flush()
        for flow in self._table:
            self._table.drop(flow)
            yield from self._correct(flow) if flow.over else self._tell(flow)

    def __len__(self) -> int:
        return len(self._table) + len(self.openings)

    def _begin(self, segment: Segment, *, is_answer: bool) -> Flow | None:
        """A connection by its answer, or from its middle, if it is one we follow."""
        ways = self._who_is_whom(segment, is_answer=is_answer)
        if ways is None:
            return None
        way, back = ways
        is_opened = self.openings.find(way) is not None  # though it was another SYN: somebody did knock
        half = self.openings.take(way, segment if is_answer else None)
        if is_answer:
            self._remember(_door(way))
        elif half is None and not self._is_ours(way, segment):
            return None
        direction = crossing(self._networks.end(source_of(way)), self._networks.end(target_of(way)))
        flow = _flow(self.openings.number(half), way, back, segment, direction, half)
        flow.is_opened, flow.is_numbered = is_opened, half is not None and half.first is not None
        return flow

    def _who_is_whom(self, segment: Segment, *, is_answer: bool) -> tuple[bytes, bytes] | None:
        """The client's way and the server's; None for somebody of the practice outside: most of what passes."""
        way, back = segment.way, turned(segment.way)
        if self._is_from_server(segment, back, is_answer=is_answer):
            way, back = back, way
        if self._every or self._networks.end(target_of(way)).is_ours:
            return way, back
        return (back, way) if _door(back) in self._doors else None  # a door of ours, whatever the ports say

    def _is_ours(self, way: bytes, segment: Segment) -> bool:
        """Of one met in its middle: it leads to a door we know, and is no answer to somebody of the practice."""
        if self._every or (segment.association and segment.association.names_its_door):
            return True
        port = way[-2] << 8 | way[-1]
        return port < EPHEMERAL or service(port) is not None or _door(way) in self._doors

    def _remember(self, door: bytes) -> None:
        """It has answered: whoever is met there in the middle of a connection is its client."""
        self._doors[door] = None
        self._doors.move_to_end(door)
        if len(self._doors) > DOORS:
            self._doors.popitem(last=False)

    def _is_from_server(self, segment: Segment, back: bytes, *, is_answer: bool) -> bool:
        """Whoever was called; where nobody was seen calling, whoever answers, else whoever has the lower port."""
        if self.openings.find(segment.way) is not None:
            return False
        return is_answer or self.openings.find(back) is not None or _came_from_server(segment)

    def _tell(self, flow: Flow) -> Iterator[Connection]:
        flow.told = flow.client.sent + flow.server.sent
        if self._every or flow.direction is Direction.INBOUND or flow.dicom is not None:
            yield flow.fact()

    def _end(self, flow: Flow, at: Moment) -> Iterator[Connection]:
        """Its 4-tuple was taken by a new connection."""
        self._table.drop(flow)
        if flow.over:
            yield from self._correct(flow)
        else:
            flow.changed = at
            yield from self._close(flow)

    def _correct(self, flow: Flow) -> Iterator[Connection]:
        """It was over when last told, but more of it was on its way."""
        if flow.state is not ConnectionState.REFUSED and flow.client.sent + flow.server.sent != flow.told:
            yield from self._tell(flow)

    def _close(self, flow: Flow) -> Iterator[Connection]:
        if flow.state is ConnectionState.CONNECTED:
            flow.state = ConnectionState.CLOSED
        yield from self._tell(flow)


def _flow(serial: int, way: bytes, back: bytes, segment: Segment, direction: Direction, half: Half | None) -> Flow:
    """A connection as it begins to be followed, by a segment of it and the attempt it was."""
    macs = segment.macs if way is segment.way else segment.macs[6:] + segment.macs[:6]
    is_refused = half is not None and half.is_refused
    return Flow(
        serial=serial,
        way=way,
        back=back,
        macs=half.macs if half else shared(macs),
        vlan=segment.vlan,
        direction=direction,
        opened=half.at if half else segment.at,
        changed=segment.at,
        seen=segment.at,
        hairpin=half.hairpin if half else None,
        state=ConnectionState.REFUSED if is_refused else ConnectionState.ATTEMPTED,
        over=is_refused,
        client=Side(first=half.first if half else None),
        server=Side(is_trusted=True),
    )


def _door(way: bytes) -> bytes:
    """Address and port of whom it leads to."""
    return target_of(way) + way[-2:]


def _has_grown(flow: Flow) -> bool:
    """Twice what was last told, 1 MB at least: an association, or what goes on though it was told as closed."""
    carried = flow.client.sent + flow.server.sent
    goes_on = flow.is_associated or flow.state is ConnectionState.CLOSED
    return goes_on and carried >= max(2 * flow.told, 1 << 20)


def _has_waited(flow: Flow, now: Moment) -> bool:
    if flow.state is ConnectionState.ATTEMPTED:
        return now.since(flow.opened) >= UNANSWERED
    return now.since(flow.seen) >= IDLE


def _has_parted(flow: Flow, now: Moment) -> bool:
    is_half = flow.state is ConnectionState.CONNECTED and flow.server.finished and not flow.over
    return is_half and now.since(flow.seen) >= PARTED


def _came_from_server(segment: Segment) -> bool:
    """Seen from the middle: the server is whoever answers an association, else whoever has the lower port."""
    if segment.association and segment.association.kind is not Association.ABORTED:
        return segment.association.kind is not Association.PROPOSED
    return segment.way[-4:-2] < segment.way[-2:]
