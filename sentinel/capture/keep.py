"""How much of a frame each socket of the capture keeps: the programs that keep payload out of our memory.

    SYN, FIN, RST ──────────────────────▶ headers, up to the payload's first byte
    A-ASSOCIATE-RQ, -AC ────────────────▶ headers and that PDU, not a byte further
    A-ASSOCIATE-RJ, A-ABORT, alone ─────▶ headers and its 10 bytes
    pushed data from outside to a door ─▶ headers: the client is real
    pushed data from a door to outside ─▶ headers: its server believes that client
     └ if it begins as one of a table ──▶ less than the headers, by so much as tells which: its label
    the first segment of a longer one ──▶ the same, by its first bytes alone; else it is any other data
    any other data, 1 in 256 ───────────▶ headers: it is still alive
    fragment of TCP ────────────────────▶ the IP header: it is counted
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
"""

from collections.abc import Iterable

from sentinel.capture.assembler import RANDOM, Line, Step, assemble
from sentinel.capture.labels import labelled, may_begin
from sentinel.capture.route import Kind
from sentinel.model.beginnings import BANNERS, BEGUN, FULL, LONG, PUSHED
from sentinel.model.connection import Label

ETHERNET, TAGGED = 14, 18  # where the IP header begins, in a frame
PAYLOAD, IP_HEADER = 0, 1  # scratch memory: offset of the payload; length of the IP header(s)
SAMPLE = 256
WALKED = 4
EPHEMERAL = 32768  # the lowest port that clients pick on the systems of a practice
HIGH_DOORS = (33389, 34567, 37777)  # doors of imaging_ports.csv above it


def keep(kind: Kind) -> bytes:
    """What the socket of this kind keeps of the frames that are routed to it.

    Returns:
        `struct sock_filter[]`, for SO_ATTACH_FILTER.
    """
    return assemble(
        [
            Step("ld_half", 12),
            *_protocols(),
            "tag",
            Step("jump", "second tag"),
            *_ip(ETHERNET, kind),
            "second tag",
            Step("ld_half", 16),
            *_protocols(),
            "tag",
            "drop",
            Step("keep", 0),
            *_ip(TAGGED, kind),
        ]
    )


NOTHING = assemble([Step("keep", 0)])
"""Until every socket stands."""


def _protocols() -> list[Line]:
    """IEEE 802.3 section 3.2.6, and 802.1Q; ARP is RFC 826."""
    return [
        Step("if_equal", 0x0800, "ip4", None),
        Step("if_equal", 0x86DD, "ip6", None),
        Step("if_equal", 0x0806, "arp", None),
        Step("if_equal", 0x8100, "tag", None),
        Step("if_equal", 0x88A8, "tag", "drop"),
        "arp",
        Step("keep", 60),
        "drop",
        Step("keep", 0),
        "ip4",
        Step("jump", "an IPv4 header"),
        "ip6",
        Step("jump", "an IPv6 header"),
    ]


def _ip(start: int, kind: Kind) -> list[Line]:
    from_inside = kind is Kind.ANSWERS
    pushed = _pushed(start, 0, _to_outside(start)) if from_inside else _pushed(start, 2, [])
    label = _label(start, BANNERS if from_inside else Label)
    begun = [] if from_inside else _begun(start)
    return [*_ip4(start), *_ip6(start), *_tcp(start), *_data(begun), *pushed, *label, *_ends()]


def _ip4(start: int) -> list[Line]:
    """RFC 791 section 3.1."""
    return [
        "an IPv4 header",
        Step("ld_byte", start + 9),
        Step("if_equal", 6, None, "drop"),
        Step("ld_half", start + 6),
        Step("if_any_bit", 0x3FFF, "fragment", None),  # more fragments, or not the first
        Step("ldx_ip_header", start),
        Step("jump", "tcp"),
        "fragment",
        Step("keep", start + 20),
        "drop",
        Step("keep", 0),
    ]


def _ip6(start: int) -> list[Line]:
    """RFC 8200 sections 3 and 4. As many extension headers are walked as may come before TCP (section 4.1)."""
    lines: list[Line] = ["an IPv6 header", Step("ldx_value", 40), Step("ld_byte", start + 6)]
    lines += [Step("if_equal", 58, "icmp6", None)]
    for hop in range(WALKED):
        lines += [*_next(f"walk {hop}"), f"walk {hop}", *_walk(start)]
    return [*lines, *_next("unwalked"), *_unwalked(start), *_neighbours(start)]


def _next(extension: str) -> list[Line]:
    """Where to go on with the header whose number is in A: TCP, what nobody walks through, an extension."""
    return [
        Step("if_equal", 6, "tcp", None),
        *(Step("if_equal", number, "unwalked", None) for number in (44, 51)),
        *(Step("if_equal", number, extension, None) for number in (0, 43)),
        Step("if_equal", 60, extension, "drop"),
    ]


def _walk(start: int) -> list[Line]:
    """Past one extension header: X goes behind it, A is the number of what stands there."""
    return [
        Step("ld_byte_x", start),  # its next header
        Step("store", IP_HEADER),
        Step("ld_byte_x", start + 1),  # its length, in 8 bytes beyond the first 8
        Step("add", 1),
        Step("shift_left", 3),
        Step("add_x"),
        Step("a_to_x"),
        Step("ld_memory", IP_HEADER),
    ]


def _unwalked(start: int) -> list[Line]:
    """A fragment (RFC 8200 section 4.5), what is authenticated (RFC 4302 section 2.1), or one header too many.

    What follows them is said by the first byte of each, and where is not known: so they are counted, and not read.
    Over IPv4 nobody comes authenticated: the box, which puts another address there, breaks it (RFC 3715 section 2.1).
    """
    return [
        "unwalked",
        Step("ld_byte_x", start),  # followed by TCP, or by a header that TCP may follow
        *(Step("if_equal", number, "of tcp", None) for number in (6, 0, 43, 44, 51)),
        Step("if_equal", 60, "of tcp", "drop"),
        "of tcp",
        Step("store_x", IP_HEADER),
        Step("ld_memory", IP_HEADER),
        Step("add", start + 8),
        Step("keep_a"),
    ]


def _neighbours(start: int) -> list[Line]:
    """Neighbour discovery: RFC 4861 sections 4.3 and 4.4."""
    return [
        "icmp6",
        Step("ld_byte_x", start),
        Step("if_equal", 135, "neighbour", None),
        Step("if_equal", 136, "neighbour", "drop"),
        "neighbour",
        Step("ld_byte", start + 7),
        Step("if_equal", 255, None, "drop"),  # no router has passed it on: RFC 4861 section 7.1
        Step("keep", start + 40 + 24 + 8),
        "drop",
        Step("keep", 0),
    ]


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
        begun: what is looked for at the beginning of a segment that is not pushed, if anything is; no request of
            DICOM has a bit there that it asks for.
    """
    return [
        "long",
        Step("ld_half_x", 0),
        *([Step("if_any_bit", 0xFCFF, "begun", None)] if begun else []),
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
        *_door(start, 2, "a request", "data"),
        "a request",
        *labelled(start, PAYLOAD, IP_HEADER, LONG, "data", BEGUN),
    ]


def _pushed(start: int, port: int, only: list[Line]) -> list[Line]:
    """A client that pushes its first request to a door must be known at once, not when it leaves.

    Args:
        start: of the IP header.
        port: of the door, by its offset in the TCP header: the source's or the target's.
        only: further conditions, which leave for « drop » where they are not met.
    """
    return [
        "pushed",
        Step("ldx_memory", IP_HEADER),
        Step("ld_byte_x", start + 13),
        Step("if_any_bit", 0x08, None, "drop"),
        *_door(start, port, "door", "drop"),
        "door",
        *only,
    ]


def _door(start: int, port: int, yes: str, no: str) -> list[Line]:
    """Whether that port is one that strangers may be served at. X holds the length of the IP header(s)."""
    return [
        Step("ld_half_x", start + port),
        Step("if_at_least", EPHEMERAL, None, yes),
        *(Step("if_equal", number, yes, None) for number in HIGH_DOORS),
        Step("jump", no),
    ]


def _label(start: int, labels: Iterable[Label]) -> list[Line]:
    """What is kept anyway may say what it begins like, by being kept shorter."""
    return ["label", *labelled(start, PAYLOAD, IP_HEADER, labels, "headers", PUSHED)]


def _to_outside(start: int) -> list[Line]:
    """Not to a private address (RFC 1918, 3927, 4193, 4291), nor within one /64: file shares push all day."""
    return [
        Step("ld_byte", start),
        Step("and", 0xF0),
        Step("if_equal", 0x40, "to IPv4", "to IPv6"),
        "to IPv4",
        Step("ld_half", start + 16),
        Step("if_equal", 0xC0A8, "drop", None),
        Step("if_equal", 0xA9FE, "drop", None),
        Step("and", 0xFFF0),
        Step("if_equal", 0xAC10, "drop", None),
        Step("and", 0xFF00),
        Step("if_equal", 0x0A00, "drop", "outside"),
        "to IPv6",
        Step("ld_half", start + 24),
        Step("and", 0xFFC0),
        Step("if_equal", 0xFE80, "drop", None),
        Step("and", 0xFE00),
        Step("if_equal", 0xFC00, "drop", None),
        Step("ld_word", start + 8),
        Step("a_to_x"),
        Step("ld_word", start + 24),
        Step("if_equal_x", 0, None, "outside"),
        Step("ld_word", start + 12),
        Step("a_to_x"),
        Step("ld_word", start + 28),
        Step("if_equal_x", 0, "drop", "outside"),
        "drop",
        Step("keep", 0),
        "outside",
    ]


def _ends() -> list[Line]:
    return ["headers", Step("ld_memory", PAYLOAD), Step("keep_a"), "drop", Step("keep", 0)]
