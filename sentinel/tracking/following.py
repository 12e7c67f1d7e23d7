"""What one segment does to a connection: its state, its association, its bytes."""

from dataclasses import replace
from datetime import timedelta
from typing import Final

from sentinel.model.beginnings import BANNERS
from sentinel.model.connection import Association, ConnectionState, Dicom, Label
from sentinel.model.packet import AssociationHead, Flags, Segment
from sentinel.tracking.flow import MODULUS, Flow

FIN, SYN, RST, ACK = (int(flag) for flag in (Flags.FIN, Flags.SYN, Flags.RST, Flags.ACK))
UNANSWERED: Final = (ConnectionState.ATTEMPTED, ConnectionState.REFUSED)
STANDING: Final = (ConnectionState.CONNECTED, ConnectionState.CLOSED)
WINDOW: Final = 1 << 16
"""A SYN-ACK may acknowledge this much beyond the SYN itself: what the SYN carried (RFC 7413)."""
PATIENCE: Final = timedelta(seconds=130)
"""So long a server that keeps nothing of a handshake may answer a SYN that is tried again by another number: Linux
tries for 63 seconds, and waits for the last answer as long."""


def begins_anew(flow: Flow, segment: Segment) -> bool:
    """The answer to another SYN; or such a SYN, where nothing of ours has spoken yet.

    On a connection that stands a SYN changes nothing: its server challenges it and goes on (RFC 9293 section
    3.10.7.4, RFC 5961 section 4). Only what it answers tells that there is another.
    """
    kind = segment.flags & (SYN | ACK)
    if kind == SYN | ACK:
        return segment.way == flow.back and _answers_another(flow, segment)
    if kind != SYN:
        return False
    if segment.way != flow.way:
        return flow.over or not (flow.is_shaken or flow.is_opened)
    return flow.state in UNANSWERED and not _is_its_own(flow, segment)


def knocks_again(flow: Flow, segment: Segment) -> bool:
    """Another SYN on the ports of a connection: an attempt, until something answers it."""
    is_syn = segment.flags & (SYN | ACK) == SYN and segment.way == flow.way
    return is_syn and not _is_its_own(flow, segment)


def _is_its_own(flow: Flow, syn: Segment) -> bool:
    """The SYN it began with, or a copy; what that carried may have been acknowledged with it."""
    return flow.client.first is None or (flow.client.first - syn.seq - 1) % MODULUS < WINDOW


def _answers_another(flow: Flow, answer: Segment) -> bool:
    """A SYN-ACK to another number than this connection's client began with, or another one after its end.

    A server's words come in their order: one that spoke before it answered had spoken on another connection, maybe
    said its goodbye again to a client that never heard it.
    """
    if not flow.is_shaken and flow.state not in UNANSWERED:
        return True
    first = answer.ack if flow.client.first is None else flow.client.first
    ahead = (answer.ack - first) % MODULUS
    if ahead < WINDOW:
        is_copy = not flow.is_shaken or (answer.seq + 1) % MODULUS == flow.server.first
        return not is_copy and (flow.state in STANDING or answer.at.since(flow.changed) > PATIENCE)
    # Seen from its middle, its client's first number was guessed from data that overtook this answer.
    return flow.is_shaken or flow.state is ConnectionState.CLOSED or ahead < MODULUS - WINDOW


def follow(flow: Flow, segment: Segment) -> None:
    """Move a connection on by one segment of its own."""
    from_client = segment.way == flow.way
    own, peer = (flow.client, flow.server) if from_client else (flow.server, flow.client)
    if segment.flags & SYN:
        _shake_hands(flow, segment, from_client)
        return
    if not from_client and segment.flags & ACK and segment.flags & (FIN | RST):
        flow.client.settle(segment.ack)
    if segment.flags & RST:
        _reset(flow, segment, from_client)
        return
    if segment.length or segment.flags & FIN:
        _speak(flow, segment, from_client)  # first: what it acknowledges must not prove itself
    is_first = segment.seq == own.first and (
        flow.is_numbered or flow.is_shaken
    )  # not guessed, and not by this one
    if segment.label and is_first and flow.label is None:
        _label(flow, segment.label, from_client)
    flow.count(segment, own, peer)
    if segment.association:
        _associate(flow, segment.association, from_client, is_first)
    if flow.client.finished and flow.server.finished:
        _finish(flow)


def _shake_hands(flow: Flow, segment: Segment, from_client: bool) -> None:
    """RFC 9293 section 3.5. A refused client that tries again may be answered after all."""
    after = (segment.seq + 1) % MODULUS
    if not segment.flags & ACK:
        if from_client and _is_its_own(flow, segment):
            _open(flow, segment)
        return
    if from_client or flow.state in STANDING:
        return
    if flow.client.first is None:  # the SYN was lost on the way to us; its answer names it
        flow.client.first = segment.ack
    elif not flow.is_shaken and not (flow.is_numbered and _fits(flow, segment)):  # guessed from what came before
        flow.client.begins(segment.ack)
    known = flow.server.first if flow.is_shaken else None
    if after != known and _fits(flow, segment):
        flow.server.begins(after)
        flow.is_shaken, flow.over, flow.is_doubted = True, False, False
        flow.state = ConnectionState.ANSWERED
        _connect(flow)


def _fits(flow: Flow, answer: Segment) -> bool:
    """It acknowledges the SYN, and what that carried."""
    return flow.client.first is not None and (answer.ack - flow.client.first) % MODULUS < WINDOW


def _open(flow: Flow, syn: Segment) -> None:
    """Its SYN, perhaps read after what answered it; it names the number that was guessed from what came before."""
    if not (flow.is_numbered or flow.is_shaken):
        flow.client.begins((syn.seq + 1) % MODULUS)
    flow.is_opened = flow.is_numbered = True
    if syn.at.since(flow.opened) < timedelta(0):
        flow.opened = syn.at


def _reset(flow: Flow, segment: Segment, from_client: bool) -> None:
    """A refusal, the end of a scan, or the end of a connection (RFC 9293 section 3.10.7)."""
    if flow.over:
        return
    if flow.state is ConnectionState.ATTEMPTED:
        if from_client:
            return
        flow.state = ConnectionState.REFUSED
    elif segment.flags & ACK:
        _hear(flow, segment, from_client)
        _connect(flow)
    if segment.flags & ACK and flow.state is ConnectionState.CONNECTED:
        own, peer = (flow.client, flow.server) if from_client else (flow.server, flow.client)
        if not from_client or 0 <= own.offset(segment.seq) - own.sent < WINDOW:  # else its server did not obey it
            flow.count(segment._replace(length=0), own, peer)
    flow.is_doubted = from_client
    _finish(flow)


def _speak(flow: Flow, segment: Segment, from_client: bool) -> None:
    """Data or FIN. A server that speaks has answered; both ends must have been heard before a client is real."""
    _hear(flow, segment, from_client)
    if not from_client and flow.state in UNANSWERED:
        flow.state = ConnectionState.ANSWERED
    _connect(flow)


def _hear(flow: Flow, segment: Segment, from_client: bool) -> None:
    if from_client:
        flow.heard = segment.ack
    elif segment.flags & ACK:
        flow.note_belief(segment.ack)


def _connect(flow: Flow) -> None:
    """Whatever came before, also a reset that the other end did not believe."""
    if flow.state is ConnectionState.ANSWERED and flow.is_real:
        flow.state = ConnectionState.CONNECTED
        flow.over = False


def _label(flow: Flow, label: Label, from_client: bool) -> None:
    """By the first words of either side; a server's tell only where servers speak first."""
    if from_client or label in BANNERS:
        flow.label = label


def _associate(flow: Flow, head: AssociationHead, from_client: bool, is_first: bool) -> None:
    """PS3.8 section 9.2: the client asks, the server accepts or rejects, either may abort."""
    if head.kind is Association.PROPOSED:
        if from_client:
            _propose(flow, head, is_first)
    elif not from_client or head.kind is Association.ABORTED:
        _answer(flow, head)


def _propose(flow: Flow, head: AssociationHead, is_first: bool) -> None:
    """A request; the answer may have been seen before it.

    Only what a client says first is the request its server answers: one that comes later may have been sent to
    hide another that we did not see, so that neither its list of services nor its length can be relied upon.
    """
    known = flow.dicom
    if known is not None and known.request_size and not set(head.services) <= set(known.services):
        both = tuple(sorted({*known.services, *head.services}))  # which of the two its server had, nobody saw
        flow.dicom = replace(known, services=both, services_whole=False)
    if known is not None and (known.request_size or not is_first):
        return
    flow.dicom = Dicom(
        called=head.called,
        calling=head.calling,
        result=known.result if known else head.kind,
        services=head.services,
        services_whole=head.whole and is_first,
        rejection=known.rejection if known else None,
        request_size=head.size if is_first else 0,
    )
    if flow.answer:
        _answer(flow, flow.answer)


def _answer(flow: Flow, head: AssociationHead) -> None:
    """The server's first word counts: an abort that follows it is only an end, and a client's own may be ignored.

    What accepts or rejects proves that an association was asked for, though nobody saw it: the request was lost,
    came before us, or was sent in pieces too small to be known by.
    """
    if flow.dicom is not None:
        undecided = flow.dicom.result in (Association.PROPOSED, Association.ABORTED)
        if undecided and flow.dicom.result is not head.kind:
            flow.dicom = replace(flow.dicom, result=head.kind, rejection=head.rejection)
    elif _is_proof(head):
        flow.dicom = Dicom(called=head.called, calling=head.calling, result=head.kind, rejection=head.rejection)
        flow.is_believed = True  # nobody is answered so who did not finish the handshake and ask
        _connect(flow)
    else:
        flow.answer = flow.answer or head


def _is_proof(head: AssociationHead) -> bool:
    """An acceptance, or a rejection by one of the three who may reject (PS3.8 table 9-21); an abort is none."""
    if head.rejection is None:
        return head.kind is Association.ACCEPTED
    result, source, reason = head.rejection
    return result in (1, 2) and source in (1, 2, 3) and 0 < reason < 16


def _finish(flow: Flow) -> None:
    """An answered connection whose client never spoke stays `answered`: that is what it was."""
    flow.over = True
    if flow.state is ConnectionState.CONNECTED:
        flow.state = ConnectionState.CLOSED
