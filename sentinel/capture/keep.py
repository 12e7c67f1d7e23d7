"""Which frames the kernel hands to us, and how much of each: the program that keeps payload out of our memory.

    frame ── ARP ───────────────────────────────────────▶ its 60 bytes
          ── IPv6 neighbour discovery ──────────────────▶ its header and options
          ── fragment of TCP ───────────────────────────▶ the IP header: it is counted
          ── TCP ── SYN, FIN, RST ──────────────────────▶ headers, up to the payload's first byte
                 ── A-ASSOCIATE-RQ, -AC ────────────────▶ headers and that PDU, not a byte further
                 ── A-ASSOCIATE-RJ, A-ABORT, alone ─────▶ headers and its 10 bytes
                 ── pushed data from outside to a door ─▶ headers: the client is real
                 ── any other data, 1 in 256 ───────────▶ headers: it is still alive
                 ── the rest ───────────────────────────▶ nothing

The outermost VLAN tag was taken off by the kernel before the filter runs; a second one (QinQ) moves every
offset by four, so that half of the program stands twice. P-DATA is never kept: association PDUs are told from
image data by more than a hundred fixed bits (PS3.8 section 9.3.2: type, reserved bytes, version, and the
application context item that must come first), a rejection or an abort by being ten bytes alone.
"""

from ipaddress import IPv4Network

from sentinel.capture.assembler import RANDOM, Line, Step, assemble
from sentinel.model.networks import Network

ETHERNET, TAGGED = 14, 18  # where the IP header begins
PAYLOAD, IP_HEADER = 0, 1  # scratch memory: offset of the payload; length of the IP header(s)
SAMPLE = 256
EPHEMERAL = 32768  # the lowest port that clients pick on the systems of a practice
HIGH_DOORS = (33389, 34567, 37777)  # doors of imaging_ports.csv above it


def keep_program(own: tuple[Network, ...] = ()) -> bytes:
    """The filter for one cabinet.

    Args:
        own: the practice's networks; pushed data coming from them is not looked at.

    Returns:
        `struct sock_filter[]`, for SO_ATTACH_FILTER.
    """
    return assemble(
        [
            Step("ld_half", 12),
            Step("if_equal", 0x0800, "ip4", None),
            Step("if_equal", 0x86DD, "ip6", None),
            Step("if_equal", 0x0806, "arp", None),
            Step("if_equal", 0x8100, "tag", None),
            Step("if_equal", 0x88A8, "tag", "drop"),
            "arp",
            Step("keep", 60),
            "drop",
            Step("keep", 0),
            "tag",
            Step("jump", "second tag"),
            "ip4",
            Step("jump", f"ip4 at {ETHERNET}"),
            "ip6",
            Step("jump", f"ip6 at {ETHERNET}"),
            *_ip(ETHERNET, own),
            "second tag",
            Step("ld_half", 16),
            Step("if_equal", 0x0800, "ip4", None),
            Step("if_equal", 0x86DD, "ip6", "drop"),
            "drop",
            Step("keep", 0),
            "ip4",
            Step("jump", f"ip4 at {TAGGED}"),
            "ip6",
            Step("jump", f"ip6 at {TAGGED}"),
            *_ip(TAGGED, own),
        ]
    )


def _ip(start: int, own: tuple[Network, ...]) -> list[Line]:
    return [*_ip4(start), *_ip6(start), *_tcp(start), *_data(), *_from_outside(start, own), *_ends()]


def _ip4(start: int) -> list[Line]:
    """RFC 791 section 3.1."""
    return [
        f"ip4 at {start}",
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
    """RFC 8200 sections 3 and 4: up to three extension headers are walked."""
    lines: list[Line] = [f"ip6 at {start}", Step("ldx_value", 40), Step("ld_byte", start + 6)]
    lines += [Step("if_equal", 58, "icmp6", None)]
    for hop in range(3):
        lines += [
            Step("if_equal", 6, "tcp", None),
            Step("if_equal", 44, "fragment6", None),
            Step("if_equal", 0, f"walk {hop}", None),
            Step("if_equal", 43, f"walk {hop}", None),
            Step("if_equal", 60, f"walk {hop}", "drop"),
            f"walk {hop}",
            Step("ld_byte_x", start),  # its next header
            Step("store", IP_HEADER),
            Step("ld_byte_x", start + 1),  # its length, in 8 bytes beyond the first 8
            Step("add", 1),
            Step("shift_left", 3),
            Step("add_x"),
            Step("a_to_x"),
            Step("ld_memory", IP_HEADER),
        ]
    return [
        *lines,
        Step("if_equal", 6, "tcp", "drop"),
        "fragment6",
        Step("ld_byte_x", start),  # of what: TCP, or a header that TCP may follow
        *(Step("if_equal", number, "of tcp", None) for number in (6, 0, 43)),
        Step("if_equal", 60, "of tcp", "drop"),
        "of tcp",
        Step("store_x", IP_HEADER),
        Step("ld_memory", IP_HEADER),
        Step("add", start + 8),
        Step("keep_a"),
        "icmp6",
        Step("ld_byte_x", start),
        Step("if_equal", 135, "neighbour", None),  # RFC 4861 sections 4.3, 4.4
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
        Step("if_at_least", 82, "long", "data"),  # up to the application context's name
        "headers",
        Step("ld_memory", PAYLOAD),
        Step("keep_a"),
    ]


def _data() -> list[Line]:
    """PS3.8 sections 9.3.2 to 9.3.8. X stands at the payload."""
    return [
        "long",
        Step("ld_half_x", 0),
        Step("if_equal", 0x0100, "associate", None),
        Step("if_equal", 0x0200, None, "data"),
        "associate",
        Step("ld_half_x", 6),
        Step("if_equal", 1, None, "data"),  # protocol version
        Step("ld_half_x", 8),
        Step("if_equal", 0, None, "data"),
        Step("ld_word_x", 74),
        Step("if_equal", 0x10000015, None, "data"),  # application context item, 21 bytes long
        Step("ld_word_x", 78),
        Step("if_equal", 0x312E322E, None, "data"),  # "1.2."
        Step("ld_word_x", 2),
        Step("if_at_least", 68, None, "data"),
        Step("if_above", 0x20000, "data", None),
        Step("add", 6),
        Step("add_x"),
        Step("keep_a"),  # up to the end of this PDU: what is pipelined after it stays behind
        "short",
        Step("ld_word_x", 0),
        Step("and", 0xFBFFFFFF),  # 03000000 or 07000000
        Step("if_equal", 0x03000000, None, "data"),
        Step("ld_half_x", 4),
        Step("if_equal", 4, None, "data"),
        Step("ld_length"),
        Step("keep_a"),
        "data",
        Step("ld_word", RANDOM),
        Step("and", SAMPLE - 1),
        Step("if_equal", 0, None, "not sampled"),
        Step("jump", "headers"),  # a long jump, as below: many networks may stand between
        "not sampled",
    ]


def _from_outside(start: int, own: tuple[Network, ...]) -> list[Line]:
    """A client that pushes its first request to a door must be known at once, not when it leaves."""
    return [
        Step("ldx_memory", IP_HEADER),
        Step("ld_byte_x", start + 13),
        Step("if_any_bit", 0x08, "pushed", None),
        Step("jump", "drop"),
        "pushed",
        Step("ld_half_x", start + 2),
        Step("if_at_least", EPHEMERAL, None, "low"),
        *(Step("if_equal", port, "low", None) for port in HIGH_DOORS),
        Step("jump", "drop"),
        "low",
        Step("ld_byte", start),
        Step("and", 0xF0),
        Step("if_equal", 0x40, "source4", None),
        Step("jump", "source6"),
        "source4",
        *(line for network in own if network.version == 4 for line in _is_in(network, start + 12)),
        Step("jump", "headers"),
        "source6",
        *(line for network in own if network.version == 6 for line in _is_in(network, start + 8)),
    ]


def _is_in(network: Network, at: int) -> list[Line]:
    """Leave for « drop » when the address at this offset belongs to the network."""
    miss = f"not {network} at {at}"
    lines: list[Line] = []
    words = 1 if isinstance(network, IPv4Network) else 4
    for word in range(words):
        shift = 32 * (words - 1 - word)
        mask = (int(network.netmask) >> shift) & 0xFFFFFFFF
        if mask:
            wanted = (int(network.network_address) >> shift) & mask
            lines += [Step("ld_word", at + 4 * word), Step("and", mask), Step("if_equal", wanted, None, miss)]
    return [*lines, Step("jump", "drop"), miss]


def _ends() -> list[Line]:
    return ["headers", Step("ld_memory", PAYLOAD), Step("keep_a"), "drop", Step("keep", 0)]
