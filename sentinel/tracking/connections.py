"""Segments to connections: the handshake, the association, the end, and the bytes each way.

A connection is told when its state or its association changes, never for its data. Outbound connections of the
practice are not followed at all, and internal ones are told only once DICOM was recognised on them: the
sentinel is not there to watch the staff.
"""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

from sentinel.model.connection import Association, Connection, ConnectionState, Dicom, Direction
from sentinel.model.moment import Address, Moment
from sentinel.model.networks import Networks, Place
from sentinel.model.packet import AssociationHead, Flags, Segment
from sentinel.services import service
from sentinel.tracking.flow import Flow, Side
from sentinel.tracking.hairpin import Hairpins

Key = tuple[Address, int, Address, int]

UNANSWERED = timedelta(seconds=20)
"""After this an attempt is told as one; a client's own retries have mostly ended."""
LINGER = timedelta(seconds=30)
"""A finished connection is remembered this long, so that a late copy does not look like a new one."""
IDLE = timedelta(days=7)
"""A silent association may last for days; after this it is given up."""
MOST = 65_536
EPHEMERAL = 32_768
"""The lowest port that clients pick on the systems of a practice."""
WINDOW = 1 << 16
"""A SYN-ACK may acknowledge this much beyond the SYN itself: what the SYN carried (RFC 7413)."""


class Tracker:
    """Every connection being followed.

    Args:
        networks: what is ours.
        every: follow outbound, internal and foreign connections too; only for recorded files.
        most: connections remembered at once; beyond it the oldest is forgotten and counted.
    """

    def __init__(self, networks: Networks, *, every: bool = False, most: int = MOST) -> None:
        self.networks = networks
        self.forgotten = 0
        self._every = every
        self._most = most
        self._flows: dict[Key, Flow] = {}
        self._serial = 0
        self._hairpins = Hairpins()

    def feed(self, segment: Segment) -> Iterator[Connection]:
        """The connections this segment changed: none or one, two where a 4-tuple is used again."""
        flow = self._find(segment)
        if flow is not None and _begins_anew(flow, segment):
            yield from self._end(flow, segment.at)
            flow = None
        if flow is None:
            flow = self._begin(segment)
            if flow is None:
                return
        flow.seen = segment.at
        before = (flow.state, flow.dicom)
        self._follow(flow, segment)
        if (flow.state, flow.dicom) != before or _has_grown(flow):
            flow.changed = segment.at
            yield from self._tell(flow)

    def expire(self, now: Moment) -> Iterator[Connection]:
        """Give up what has waited too long; attempts that nothing answered are told here."""
        for key, flow in list(self._flows.items()):
            if flow.over and now.since(flow.seen) >= LINGER:
                del self._flows[key]
                yield from self._correct(flow)
            elif not flow.over and _has_waited(flow, now):
                del self._flows[key]
                if flow.state is not ConnectionState.ATTEMPTED:
                    flow.changed = now
                yield from self._give_up(flow)

    def flush(self) -> Iterator[Connection]:
        """The end of a recorded file: everything still open is told once more, as it stands."""
        for flow in self._flows.values():
            yield from self._correct(flow) if flow.over else self._tell(flow)
        self._flows.clear()

    def __len__(self) -> int:
        return len(self._flows)

    def _find(self, segment: Segment) -> Flow | None:
        there = (segment.source, segment.source_port, segment.target, segment.target_port)
        back = (segment.target, segment.target_port, segment.source, segment.source_port)
        return self._flows.get(there) or self._flows.get(back)

    def _begin(self, segment: Segment) -> Flow | None:
        """A new connection, if it is one we follow."""
        opening = segment.flags & (Flags.SYN | Flags.ACK) == Flags.SYN
        if not opening and not _says_something(segment):
            return None
        swapped = not opening and _came_from_server(segment)
        client, server = (_target(segment), _source(segment)) if swapped else (_source(segment), _target(segment))
        direction = self.networks.direction(client[0], server[0])
        if opening and direction is Direction.OUTBOUND:
            self._hairpins.leaves(segment)
        if not self._every and direction not in (Direction.INBOUND, Direction.INTERNAL):
            return None
        halfway = not segment.flags & Flags.SYN
        if not self._every and halfway and server[1] >= EPHEMERAL and service(server[1]) is None:
            return None  # from the middle, and no door we know: an answer to somebody of the practice
        self._serial += 1
        flow = Flow(
            serial=self._serial,
            source=client[0],
            source_port=client[1],
            target=server[0],
            target_port=server[1],
            source_mac=client[2],
            target_mac=server[2],
            vlan=segment.vlan,
            direction=direction,
            opened=segment.at,
            changed=segment.at,
            seen=segment.at,
            hairpin=self._turned_back(segment) if opening else None,
            client=Side(),
            server=Side(),
        )
        self._remember(flow)
        return flow

    def _turned_back(self, syn: Segment) -> Address | None:
        return self._hairpins.returns(syn) if self.networks.place(syn.source) is Place.BOX else None

    def _remember(self, flow: Flow) -> None:
        if len(self._flows) >= self._most:
            del self._flows[next(iter(self._flows))]
            self.forgotten += 1
        self._flows[(flow.source, flow.source_port, flow.target, flow.target_port)] = flow

    def _follow(self, flow: Flow, segment: Segment) -> None:
        from_client = flow.is_from_client(segment)
        own, peer = (flow.client, flow.server) if from_client else (flow.server, flow.client)
        if segment.flags & Flags.SYN:
            _shake_hands(flow, segment, from_client)
            return
        if segment.flags & Flags.RST:
            _reset(flow, segment, from_client)
            return
        if segment.length or segment.flags & Flags.FIN:
            _speak(flow, segment, from_client)  # first: what it acknowledges must not prove itself
        flow.count(segment, own, peer)
        if segment.association:
            _associate(flow, segment.association, from_client)
        if flow.client.finished and flow.server.finished:
            _close(flow)

    def _tell(self, flow: Flow) -> Iterator[Connection]:
        flow.told = flow.client.sent + flow.server.sent
        if self._every or flow.direction is Direction.INBOUND or flow.dicom is not None:
            yield flow.fact()

    def _end(self, flow: Flow, at: Moment) -> Iterator[Connection]:
        """Its 4-tuple was taken by a new connection."""
        del self._flows[(flow.source, flow.source_port, flow.target, flow.target_port)]
        if flow.over:
            yield from self._correct(flow)
        else:
            flow.changed = at
            yield from self._give_up(flow)

    def _correct(self, flow: Flow) -> Iterator[Connection]:
        """It was over when last told, but more of it was on its way."""
        if flow.client.sent + flow.server.sent != flow.told:
            yield from self._tell(flow)

    def _give_up(self, flow: Flow) -> Iterator[Connection]:
        if flow.state is ConnectionState.CONNECTED:
            flow.state = ConnectionState.CLOSED
        yield from self._tell(flow)


def _source(segment: Segment) -> tuple[Address, int, str | None]:
    return segment.source, segment.source_port, segment.source_mac


def _target(segment: Segment) -> tuple[Address, int, str | None]:
    return segment.target, segment.target_port, segment.target_mac


def _has_grown(flow: Flow) -> bool:
    """An association that has carried twice what was last told, and a megabyte at least."""
    carried = flow.client.sent + flow.server.sent
    return flow.is_associated and carried >= max(2 * flow.told, 1 << 20)


def _has_waited(flow: Flow, now: Moment) -> bool:
    if flow.state is ConnectionState.ATTEMPTED:
        return now.since(flow.opened) >= UNANSWERED
    return now.since(flow.seen) >= IDLE


def _begins_anew(flow: Flow, segment: Segment) -> bool:
    """A SYN with another initial sequence number on a known 4-tuple (RFC 9293 section 3.10.7.4), or its answer."""
    if segment.flags & (Flags.SYN | Flags.ACK) == Flags.SYN | Flags.ACK:
        return not flow.is_from_client(segment) and _answers_another(flow, segment)
    if segment.flags & (Flags.SYN | Flags.ACK) != Flags.SYN:
        return False
    if not flow.is_from_client(segment):
        return flow.over or not (flow.is_shaken or flow.is_opened)
    return flow.client.first != (segment.seq + 1) % (1 << 32)


def _answers_another(flow: Flow, answer: Segment) -> bool:
    """A SYN-ACK to another SYN than the one this connection began with: that one was lost on its way to us."""
    if not flow.is_shaken or flow.client.first is None or (answer.seq + 1) % (1 << 32) == flow.server.first:
        return False
    return (answer.ack - flow.client.first) % (1 << 32) >= WINDOW


def _says_something(segment: Segment) -> bool:
    """Seen from the middle: data or an end tell of a connection, a bare ACK or RST does not."""
    return bool(segment.length or segment.flags & (Flags.SYN | Flags.FIN))


def _came_from_server(segment: Segment) -> bool:
    """Who is the server of a connection whose SYN was not seen: whoever answers, else the lower port."""
    if segment.flags & Flags.SYN:
        return True
    if segment.association and segment.association.kind is not Association.ABORTED:
        return segment.association.kind is not Association.PROPOSED
    return segment.source_port < segment.target_port


def _shake_hands(flow: Flow, segment: Segment, from_client: bool) -> None:
    """RFC 9293 section 3.5. A refused client that tries again may be answered after all."""
    after = (segment.seq + 1) % (1 << 32)
    if not segment.flags & Flags.ACK:
        if from_client:
            flow.is_opened = True
            flow.client.first = after if flow.client.first is None else flow.client.first
        return
    if from_client or flow.state in (ConnectionState.CONNECTED, ConnectionState.CLOSED):
        return
    if flow.client.first is None:  # the SYN was lost on the way to us; its answer names it
        flow.client.first = segment.ack
    known = flow.server.first if flow.is_shaken else None
    if after != known and (segment.ack - flow.client.first) % (1 << 32) < WINDOW:  # a SYN may carry data
        flow.server.begins(after)
        flow.is_shaken, flow.over = True, False
        flow.state = ConnectionState.ANSWERED
        _connect(flow)


def _reset(flow: Flow, segment: Segment, from_client: bool) -> None:
    """A refusal, the end of a scan, or the end of a connection (RFC 9293 section 3.10.7)."""
    if flow.over:
        return
    if flow.state is ConnectionState.ATTEMPTED:
        if from_client:
            return
        flow.state = ConnectionState.REFUSED
    elif segment.flags & Flags.ACK:
        _hear(flow, segment, from_client)
        _connect(flow)
    if segment.flags & Flags.ACK and flow.state is ConnectionState.CONNECTED:
        own, peer = (flow.client, flow.server) if from_client else (flow.server, flow.client)
        flow.count(segment._replace(length=0), own, peer)
    _close(flow)


def _speak(flow: Flow, segment: Segment, from_client: bool) -> None:
    """Data or FIN. A server that speaks has answered; both ends must have been heard before a client is real."""
    _hear(flow, segment, from_client)
    if not from_client and flow.state in (ConnectionState.ATTEMPTED, ConnectionState.REFUSED):
        flow.state = ConnectionState.ANSWERED
    _connect(flow)


def _hear(flow: Flow, segment: Segment, from_client: bool) -> None:
    if from_client:
        flow.heard = segment.ack
    elif segment.flags & Flags.ACK:
        flow.note_belief(segment.ack)


def _connect(flow: Flow) -> None:
    """Whatever came before, also a reset that the other end did not believe."""
    if flow.state is ConnectionState.ANSWERED and flow.is_real:
        flow.state = ConnectionState.CONNECTED
        flow.over = False


def _associate(flow: Flow, head: AssociationHead, from_client: bool) -> None:
    """PS3.8 section 9.2: the client asks, the server accepts or rejects, either may abort."""
    if head.kind is Association.PROPOSED:
        if from_client and flow.dicom is None:
            flow.dicom = Dicom(
                called=head.called,
                calling=head.calling,
                result=head.kind,
                services=head.services,
                request_size=head.size,
            )
            if flow.answer:
                _answer(flow, flow.answer)
    elif not from_client or head.kind is Association.ABORTED:
        _answer(flow, head)


def _answer(flow: Flow, head: AssociationHead) -> None:
    """The first answer counts: an abort that follows it is only an end."""
    if flow.dicom is None:
        flow.answer = flow.answer or head
    elif flow.dicom.result is Association.PROPOSED:
        flow.dicom = replace(flow.dicom, result=head.kind, rejection=head.rejection)


def _close(flow: Flow) -> None:
    """An answered connection whose client never spoke stays `answered`: that is what it was."""
    flow.over = True
    if flow.state is ConnectionState.CONNECTED:
        flow.state = ConnectionState.CLOSED
