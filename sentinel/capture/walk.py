"""The part of the kernel's filter that goes from a frame to the TCP header in it, and counts where it cannot.

What is no TCP ends here: addresses of ARP and neighbour discovery are kept, fragments as far as they are known by,
everything else is dropped.
"""

from sentinel.capture.assembler import Line, Step

IP_HEADER = 1
"""Scratch memory: the length of the IP header(s)."""
WALKED = 5
"""Extension headers of IPv6."""
PIECE = 0xFFF9
"""Of a fragment header: its offset, and whether more follow, beside two reserved bits."""


def protocols(start: int) -> list[Line]:
    """What a frame carries, whose number is in A: IEEE 802.3 section 3.2.6, and 802.1Q.

    Of ARP (RFC 826), which begins at `start`, the addresses are kept. Behind them so short a frame is padded, and
    some cards leave there what they have sent before.
    """
    return [
        Step("if_equal", 0x0800, "ip4", None),
        Step("if_equal", 0x86DD, "ip6", None),
        Step("if_equal", 0x0806, "arp", None),
        Step("if_equal", 0x8100, "tag", None),
        Step("if_equal", 0x88A8, "tag", "drop"),
        "arp",
        Step("keep", start + 28),
        "drop",
        Step("keep", 0),
        "ip4",
        Step("jump", "an IPv4 header"),
        "ip6",
        Step("jump", "an IPv6 header"),
    ]


def ip4(start: int) -> list[Line]:
    """RFC 791 section 3.1; goes on at « tcp » with the length of the header in X. `start` is where it begins."""
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


def ip6(start: int) -> list[Line]:
    """RFC 8200 sections 3 and 4. As many extension headers are walked as may come before TCP (section 4.1).

    As `ip4`: « tcp » is reached with the length of all of them in X.
    """
    lines: list[Line] = ["an IPv6 header", Step("ldx_value", 40), Step("ld_byte", start + 6)]
    lines += [Step("if_equal", 58, "icmp6", None)]
    for hop in range(WALKED):
        lines += [*_next(f"walk {hop}", f"fragment {hop}"), *_walk(start, hop)]
    return [*lines, *_next("unwalked", "unwalked"), *_unwalked(start), *_neighbours(start)]


def _next(extension: str, fragment: str) -> list[Line]:
    """Where to go on with the header whose number is in A: TCP, an extension, what nobody walks through."""
    return [
        Step("if_equal", 6, "tcp", None),
        *(Step("if_equal", number, extension, None) for number in (0, 43, 60)),
        Step("if_equal", 44, fragment, None),
        Step("if_equal", 51, "unwalked", "drop"),
    ]


def _walk(start: int, hop: int) -> list[Line]:
    """Past one extension header: X goes behind it, A is the number of what stands there.

    A fragment that is the whole packet (RFC 6946) has a header of 8 bytes; where others say how long they are
    it has a byte that whoever receives it ignores (RFC 8200 section 4.5). Some machines answer in such (RFC 8021).
    """
    return [
        f"fragment {hop}",
        Step("ld_half_x", start + 2),
        Step("if_any_bit", PIECE, "unwalked", None),
        Step("ld_byte_x", start),  # its next header
        Step("store", IP_HEADER),
        Step("and", 0),
        Step("jump", f"length {hop}"),
        f"walk {hop}",
        Step("ld_byte_x", start),
        Step("store", IP_HEADER),
        Step("ld_byte_x", start + 1),  # its length, in 8 bytes beyond the first 8
        f"length {hop}",
        Step("add", 1),
        Step("shift_left", 3),
        Step("add_x"),
        Step("a_to_x"),
        Step("ld_memory", IP_HEADER),
    ]


def _unwalked(start: int) -> list[Line]:
    """A piece of a packet (RFC 8200 section 4.5), what is authenticated (RFC 4302 section 2.1), or one too many.

    What follows them is said by the first byte of each, and where is not known: so they are counted, and not read.
    Those of our own machines are a loss besides (`model.coverage`): what they answered was in them. Over IPv4
    no stranger comes authenticated: a box that translates addresses breaks it (RFC 3715 section 2.1).
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
