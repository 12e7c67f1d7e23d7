"""How much of a frame each socket of the capture keeps: the programs that keep payload out of our memory.

    SYN, FIN, RST ──────────────────────▶ headers, up to the payload's first byte
    A-ASSOCIATE-RQ, -AC ────────────────▶ headers and that PDU, not a byte further
    A-ASSOCIATE-RJ, A-ABORT, alone ─────▶ headers and its 10 bytes
    pushed data from outside to a door ─▶ headers: the client is real
    pushed data from a door to outside ─▶ headers: its server believes that client
     └ if it begins as one of a table ──▶ less than the headers, by so much as tells which: its label
    the first segment of a longer one ──▶ the same, by its first bytes alone; else it is any other data
    any other data, 1 in 256 ───────────▶ headers: it is still alive
    piece of TCP, a fragment ───────────▶ the IP header: it is counted
     └ or IPv6 headers without an end ──▶ those that are walked, and 8 bytes: the same
    ARP, neighbour discovery ───────────▶ its addresses

The outermost VLAN tag was taken off by the kernel before a program runs; a second one (QinQ) moves every offset
by four, so that half of each program stands twice. P-DATA is never kept: association PDUs are told from image data
by ninety fixed bits and more (PS3.8 section 9.3.2: type, reserved bytes, version, and the application context item
that must come first), a rejection or an abort by being ten bytes alone.

A program sees one frame and remembers nothing. So it knows a request by what stands at the beginning of a segment
of 78 bytes or more, which is how every client sends it. What it cannot know: a request behind other bytes of its
segment, which would have to be searched for; one whose first segment ends before byte 78, for what is left could
stand in the pixels of an image; the rest of one that is longer than a segment. Whoever hides a request so is known
by the answer, which the server sends in one piece (`tracking/following.py`), and by every connection's end.

Nor can it tell a stranger whom the box lets in under its own address from one of us: he is known to be real by an
association, by his end, or by the dice.
"""

from collections.abc import Iterable

from sentinel.capture.assembler import RANDOM, Line, Step, assemble
from sentinel.capture.doors import door, pushed, to_outside
from sentinel.capture.kind import Kind
from sentinel.capture.labels import labelled, may_begin
from sentinel.capture.walk import IP_HEADER, ip4, ip6, protocols
from sentinel.model.beginnings import BANNERS, BEGUN, FULL, LONG, PUSHED
from sentinel.model.connection import Label

ETHERNET, TAGGED = 14, 18  # where the IP header begins, in a frame
PAYLOAD = 0  # scratch memory: offset of the payload
SAMPLE = 256


def keep(kind: Kind) -> bytes:
    """What the socket of this kind keeps of the frames that are routed to it.

    Returns:
        `struct sock_filter[]`, for SO_ATTACH_FILTER.
    """
    return assemble(
        [
            Step("ld_half", 12),
            *protocols(ETHERNET),
            "tag",
            Step("jump", "second tag"),
            *_ip(ETHERNET, kind),
            "second tag",
            Step("ld_half", 16),
            *protocols(TAGGED),
            "tag",
            "drop",
            Step("keep", 0),
            *_ip(TAGGED, kind),
        ]
    )


def _ip(start: int, kind: Kind) -> list[Line]:
    from_inside = kind is Kind.ANSWERS
    clients = pushed(start, 0, to_outside(start)) if from_inside else pushed(start, 2, [])
    label = _label(start, BANNERS if from_inside else Label)
    begun = [] if from_inside else _begun(start)
    return [*ip4(start), *ip6(start), *_tcp(start), *_data(begun), *clients, *label, *_ends()]


def _tcp(start: int) -> list[Line]:
    """RFC 9293 section 3.1. X holds the length of the IP header(s) on entry."""
    return [
        "tcp",
        Step("store_x", IP_HEADER),
        Step("ld_byte_x", start + 12),  # data offset, in the upper four bits
        Step("shift_right", 2),
        Step("and", 0x3C),
        Step("add_x"),
        Step("add", start),
        Step("store", PAYLOAD),
        Step("ld_byte_x", start + 13),
        Step("if_any_bit", 0x07, "headers", None),  # FIN, SYN, RST
        Step("ld_memory", PAYLOAD),
        Step("a_to_x"),
        Step("ld_byte_x", 0),  # a bare ACK has none: the load fails and the program keeps nothing
        Step("ld_length"),
        Step("sub_x"),
        Step("if_equal", 10, "short", None),
        Step("if_at_least", FULL, "long", "data"),  # up to the application context item
        "headers",
        Step("ld_memory", PAYLOAD),
        Step("keep_a"),
    ]


def _data(begun: list[Line]) -> list[Line]:
    """X stands at the payload.

    Args:
        begun: how the first segment of a longer request is looked for, if it is.
    """
    return [
        "long",
        Step("ld_half_x", 0),
        *([Step("if_any_bit", 0xFCFF, "begun", None)] if begun else []),  # bits that neither PDU has
        Step("if_equal", 0x0100, "associate", None),
        Step("if_equal", 0x0200, None, "data"),
        *_associate(),
        *_short(),
        *begun,
        "data",
        Step("ld_word", RANDOM),
        Step("if_any_bit", SAMPLE - 1, "pushed", "label"),
    ]


def _associate() -> list[Line]:
    """A request or an acceptance, up to its end: PS3.8 sections 9.3.2 and 9.3.3."""
    return [
        "associate",
        Step("ld_half_x", 6),
        Step("if_equal", 1, None, "data"),  # protocol version
        Step("ld_half_x", 8),
        Step("if_equal", 0, None, "data"),
        Step("ld_word_x", 74),
        Step("if_equal", 0x10000015, None, "data"),  # application context item, 21 bytes long
        Step("ld_length"),
        Step("sub_x"),
        Step("if_at_least", 82, None, "whole enough"),
        Step("ld_word_x", 78),
        Step("if_equal", 0x312E322E, None, "data"),  # "1.2."
        "whole enough",
        Step("ld_word_x", 2),
        Step("if_at_least", 68, None, "data"),
        Step("if_above", 0x20000, "data", None),
        Step("add", 6),
        Step("add_x"),
        Step("keep_a"),  # up to the end of this PDU: what is pipelined after it stays behind
    ]


def _short() -> list[Line]:
    """A rejection or an abort, which is ten bytes: PS3.8 sections 9.3.4 and 9.3.8."""
    return [
        "short",
        Step("ld_word_x", 0),
        Step("and", 0xFBFFFFFF),  # 03000000 or 07000000
        Step("if_equal", 0x03000000, None, "data"),
        Step("ld_half_x", 4),
        Step("if_equal", 4, None, "data"),
        Step("ld_length"),
        Step("keep_a"),
    ]


def _begun(start: int) -> list[Line]:
    """The first segment of a request to a door that is longer than one: kept for its label and nothing else."""
    return [
        "begun",
        *may_begin("data"),
        Step("ldx_memory", IP_HEADER),
        *door(start, 2, "a request", "data"),
        "a request",
        *labelled(start, PAYLOAD, IP_HEADER, LONG, "data", BEGUN),
    ]


def _label(start: int, labels: Iterable[Label]) -> list[Line]:
    """What is kept anyway may say what it begins like, by being kept shorter."""
    return ["label", *labelled(start, PAYLOAD, IP_HEADER, labels, "headers", PUSHED)]


def _ends() -> list[Line]:
    return ["headers", Step("ld_memory", PAYLOAD), Step("keep_a"), "drop", Step("keep", 0)]
