"""Whose a frame is: five sockets, so that no flood of one kind takes the room of another.

    frame ── from inside ────────────────────────────▶ answers        SYN-ACK, FIN, what accepts or rejects
          │   └─ SYN, refusal ────────────────────┐
          ── from outside ── SYN, fragment* ──────┴──▶ attempts       what strangers send, or provoke, at will
          │   └─ anything else of TCP ───────────────▶ clients        FIN, RST, requests: who goes on, and how far
          ── ARP, ICMPv6 ────────────────────────────▶ announcements  who is there
          ── anything else ──────────────────────────▶ rare           what machines tell of themselves

The sockets are a fanout group (PACKET_FANOUT_CBPF, packet(7)): one tap for all five, and its price once for each
frame on the wire. The program of this module tells the kernel which of them gets a frame; what that one keeps of
it is said by `keep`. A connection is known by what comes from inside alone: an answer carries both addresses, both
ports, and the client's first sequence number.

* Or a header between IPv6 and TCP, which is not walked here: of a client who puts one before all he says a flood
may leave only what answers him. Then he is told as answered, and his association by its acceptance.

Inside is where the source address says so: every private network, and the practice's own as of the start. Whoever
gets a forged inside address past the box shares the room of the answers, and so do SYN-ACKs that are provoked at
an open door: there each is told in a row or a sum, or counted as lost.
"""

from ipaddress import IPv4Network, IPv6Network, collapse_addresses
from itertools import islice

from sentinel.capture.assembler import DIRECTION, PROTOCOL, Line, Step, assemble
from sentinel.capture.kind import Kind
from sentinel.model.networks import ALWAYS_INSIDE, Network

BARE, BEHIND_TAG = 0, 4  # where the IP header begins: the Ethernet header is put back only later
OWN = 14  # the same in a frame that this machine sends: it has that header still
OUTGOING = 4  # PACKET_OUTGOING, linux/if_packet.h
MOST = 100
"""Prefixes of each family."""


def route(own: tuple[Network, ...]) -> bytes:
    """Whose a frame is, by who sent it and what a stranger could have provoked.

    It runs before the Ethernet header of a frame that arrives is put back, so offsets count from the IP header; a
    frame this machine sends itself still has that header.

    Args:
        own: the practice's networks, as `inside` gives them.

    Returns:
        `struct sock_filter[]`, for PACKET_FANOUT_DATA; its verdict is a `Kind`.
    """
    return assemble(
        [
            *_protocols(),
            *_own(),
            *_routed(BARE, own),
            *_behind_tag(),
            *_to(Kind.ANNOUNCEMENTS, Kind.RARE),
            *_routed(BEHIND_TAG, own),
        ]
    )


def inside(own: tuple[Network, ...]) -> tuple[Network, ...]:
    """What is told apart from strangers: the practice's networks and all that are private, as few as may be.

    A device that announces three hundred prefixes would make the program longer than the kernel takes
    (BPF_MAXINSNS); those beyond a hundred share the strangers' room.
    """
    known = (*ALWAYS_INSIDE, *own)
    fours = collapse_addresses(each for each in known if isinstance(each, IPv4Network))
    sixes = collapse_addresses(each for each in known if isinstance(each, IPv6Network))
    return (*islice(fours, MOST), *islice(sixes, MOST))


def _protocols() -> list[Line]:
    """Whether this machine sends it itself, and what a frame carries: IEEE 802.3 section 3.2.6, 802.1Q."""
    return [
        Step("ld_word", DIRECTION),
        Step("if_equal", OUTGOING, "own", None),
        Step("ld_word", PROTOCOL),
        Step("if_equal", 0x0800, "ip4", None),
        Step("if_equal", 0x86DD, "ip6", None),
        Step("if_equal", 0x0806, "announcements", None),
        Step("if_equal", 0x8100, "tag", None),
        Step("if_equal", 0x88A8, "tag", "rare"),
        *_on_to_ip(),
        "tag",
        Step("jump", "second tag"),
    ]


def _own() -> list[Line]:
    """Of this machine, which comes from inside whatever its address: only what strangers provoke is set apart."""
    return [
        "own",
        Step("ld_word", PROTOCOL),
        Step("if_equal", 0x0800, "own IPv4", None),
        Step("if_equal", 0x86DD, None, "answers"),
        Step("ldx_value", 40),
        Step("ld_byte", OWN + 6),
        Step("if_equal", 6, "flags", "answers"),
        "own IPv4",
        Step("ldx_ip_header", OWN),
        Step("ld_byte", OWN + 9),
        Step("if_equal", 6, "flags", "answers"),
        *_provoked(OWN),
    ]


def _behind_tag() -> list[Line]:
    """The same behind the inner tag of two: the kernel has taken the outer one off."""
    return [
        "second tag",
        Step("ld_half", 2),
        Step("if_equal", 0x0800, "ip4", None),
        Step("if_equal", 0x0806, "announcements", None),
        Step("if_equal", 0x86DD, "ip6", "rare"),
        *_on_to_ip(),
    ]


def _on_to_ip() -> list[Line]:
    return ["ip4", Step("jump", "an IPv4 header"), "ip6", Step("jump", "an IPv6 header")]


def _to(*kinds: Kind) -> list[Line]:
    return [line for kind in kinds for line in (kind.name.lower(), Step("keep", kind))]


def _routed(start: int, own: tuple[Network, ...]) -> list[Line]:
    """Where the source address is one of ours, on at « inside »; else what of it strangers can send at will."""
    fours = [network for network in own if isinstance(network, IPv4Network)]
    sixes = [network for network in own if isinstance(network, IPv6Network)]
    return [*_ip4(start, fours), *_ip6(start, sixes), *_whole(start), *_from_inside(start)]


def _ip4(start: int, own: list[IPv4Network]) -> list[Line]:
    """RFC 791 section 3.1."""
    return [
        "an IPv4 header",
        Step("ld_byte", start + 9),
        Step("if_equal", 6, "TCP over it", "rare"),
        *_to(Kind.RARE),
        "TCP over it",
        Step("ldx_ip_header", start),
        *(line for network in own for line in _leave(network, start + 12)),
        Step("ld_half", start + 6),
        Step("if_any_bit", 0x3FFF, "attempts", "unbroken"),
        *_to(Kind.ATTEMPTS),
        "unbroken",
        Step("jump", "whole"),  # far: networks of IPv6 stand between
    ]


def _ip6(start: int, own: list[IPv6Network]) -> list[Line]:
    """RFC 8200 section 3."""
    return [
        "an IPv6 header",
        Step("ldx_value", 40),
        *(line for network in own for line in _leave(network, start + 8)),
        Step("ld_byte", start + 6),
        Step("if_equal", 6, "whole", None),
        *_chained("attempts"),
        Step("if_equal", 58, "icmp6", "rare"),
        *_icmp6(start),
    ]


def _chained(kind: str) -> list[Line]:
    """Extension headers, fragments (RFC 8200 section 4), and what is authenticated (RFC 4302): not walked here."""
    return [Step("if_equal", number, kind, None) for number in (0, 43, 44, 51, 60)]


def _whole(start: int) -> list[Line]:
    """A segment from outside, in one piece: RFC 9293 section 3.1."""
    return [
        "whole",
        Step("ld_byte_x", start + 13),
        Step("if_any_bit", 0x02, "attempts", "clients"),  # SYN
        *_to(Kind.ATTEMPTS, Kind.CLIENTS, Kind.ANNOUNCEMENTS, Kind.RARE),
    ]


def _from_inside(start: int) -> list[Line]:
    """What strangers provoke is looked for behind a plain header alone."""
    return [
        "inside",
        Step("ld_byte", start),
        Step("and", 0xF0),
        Step("if_equal", 0x60, None, "flags"),
        Step("ld_byte", start + 6),
        Step("if_equal", 6, "flags", None),
        *_chained("answers"),
        Step("if_equal", 58, "icmp6", "rare"),
        *_icmp6(start),
        *_provoked(start),
    ]


def _provoked(start: int) -> list[Line]:
    """Of resets only those within a connection are answers, and of SYNs only those that answer one.

    A closed port numbers its refusal 0 (RFC 9293 section 3.10.7.1), or sends it without ACK and under whatever
    number the stranger acknowledged: whoever scans provokes one for each knock. A SYN from inside says nothing of
    who comes, and strangers whom the box hides have its inside address.
    """
    return [
        "flags",
        Step("ld_byte_x", start + 13),
        Step("if_any_bit", 0x04, "reset", None),
        Step("and", 0x12),  # SYN and ACK
        Step("if_equal", 0x02, "attempts", "answers"),
        "reset",
        Step("if_any_bit", 0x10, None, "attempts"),
        Step("ld_word_x", start + 4),
        Step("if_equal", 0, "attempts", "answers"),
        *_to(Kind.ANSWERS, Kind.ATTEMPTS, Kind.ANNOUNCEMENTS, Kind.RARE),
    ]


def _icmp6(start: int) -> list[Line]:
    """Routers tell of themselves (134), neighbours answer one another: RFC 4861 section 4."""
    return ["icmp6", Step("ld_byte_x", start), Step("if_equal", 134, "rare", "announcements")]


def _leave(network: Network, at: int) -> list[Line]:
    """Go on at « inside » when the address at this offset belongs to the network."""
    miss = f"not {network} at {at}"
    lines: list[Line] = []
    words = 1 if isinstance(network, IPv4Network) else 4
    for word in range(words):
        shift = 32 * (words - 1 - word)
        mask = (int(network.netmask) >> shift) & 0xFFFFFFFF
        if mask:
            wanted = (int(network.network_address) >> shift) & mask
            lines += [Step("ld_word", at + 4 * word), Step("and", mask), Step("if_equal", wanted, None, miss)]
    return [*lines, Step("jump", "inside"), miss]
