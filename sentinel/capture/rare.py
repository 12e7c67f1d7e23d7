"""Which rare frames the kernel hands to `dissect`: those by which machines and switches tell of themselves.

    frame ── LLDP, CDP, to the group addresses of switches ──▶ up to 400 bytes: which switch, which port of it
          ── DHCP, to everybody ─────────────────────────────▶ up to 400 bytes: what kind of machine asks
          ── mDNS answer, to its group ──────────────────────▶ up to 400 bytes: which services are offered
          ── SSDP NOTIFY, to its group; its answers ─────────▶ up to 400 bytes: what kind of machine it is
          ── IPv6 router advertisement of this very link ────▶ 70 bytes: who is a router
          ── the rest ───────────────────────────────────────▶ nothing

A program of its own, for a socket and a ring of its own: whatever comes here takes no room from a connection. ARP
and neighbour discovery stay with `keep`, which needs them.

Strangers cannot fill it. No router passes on what is sent to a group of the local link, to everybody, or with hop
limit 255 intact; of the one thing sent to a single machine, the answer to an SSDP search, both ends must have
addresses no router of the internet carries. Questions are not kept, for they tell nothing of who asks. Nor is
DHCPv6: nothing in it that may be kept is not said elsewhere. The kernel has taken the outermost VLAN tag off.
"""

from sentinel.capture.assembler import Line, Step, assemble

KEPT = 400
"""Bytes of a frame, at most."""
ADVERTISED = 14 + 40 + 16  # RFC 4861 section 4.2: the router's lifetime is in the fixed part

EVERYBODY = "ff:ff:ff:ff:ff:ff"
BRIDGES = ("01:80:c2:00:00:0e", "01:80:c2:00:00:03", "01:80:c2:00:00:00")  # IEEE 802.1AB section 7.1
CISCO = "01:00:0c:cc:cc:cc"
MDNS4, MDNS6 = (
    "01:00:5e:00:00:fb",
    "33:33:00:00:00:fb",
)  # RFC 6762 section 3; RFC 1112 section 6.4, RFC 2464 section 7
SSDP4, SSDP6 = "01:00:5e:7f:ff:fa", "33:33:00:00:00:0c"  # UPnP Device Architecture 2.0 sections 1.2, A.3
ALL_NODES6 = "33:33:00:00:00:01"

UDP_AT = 14
"""Where UDP begins, beyond the IP header whose length X holds."""


def rare_program() -> bytes:
    """The filter, the same for every practice.

    Returns:
        `struct sock_filter[]`, for SO_ATTACH_FILTER.
    """
    return assemble(
        [
            Step("ld_half", 12),
            Step("if_equal", 0x88CC, "lldp", None),
            Step("if_equal", 0x0800, "ip4", None),
            Step("if_equal", 0x86DD, "ip6", None),
            Step("if_above", 1500, "drop", "llc"),  # up to there it is a length (IEEE 802.3 section 3.2.6)
            *_lldp(),
            *_cdp(),
            *_ip4(),
            *_ip6(),
            "whole",
            Step("keep", KEPT),
            "drop",
            Step("keep", 0),
        ]
    )


def _lldp() -> list[Line]:
    """IEEE 802.1AB section 7.1: three group addresses, alike but for their end; no bridge passes them on."""
    return [
        "lldp",
        Step("ld_word", 0),
        Step("if_equal", _word(BRIDGES[0]), None, "drop"),
        Step("ld_half", 4),
        *(Step("if_equal", _half(each), "whole", None) for each in BRIDGES),
        Step("jump", "drop"),
    ]


def _cdp() -> list[Line]:
    """LLC with a SNAP header (IEEE 802 section 9.4), of Cisco (00000c), protocol 2000."""
    return [
        "llc",
        *_sent_to(CISCO),
        Step("ld_word", 14),
        Step("if_equal", 0xAAAA0300, None, "drop"),
        Step("ld_word", 18),
        Step("if_equal", 0x000C2000, "whole", "drop"),
    ]


def _ip4() -> list[Line]:
    """RFC 791 section 3.1: whole datagrams of UDP."""
    return [
        "ip4",
        Step("ld_byte", 23),
        Step("if_equal", 17, None, "drop"),
        Step("ld_half", 20),
        Step("if_any_bit", 0x3FFF, "drop", None),
        Step("ldx_ip_header", 14),
        Step("ld_word_x", UDP_AT),
        Step("if_equal", 68 << 16 | 67, "dhcp", None),
        Step("if_equal", 67 << 16 | 68, "dhcp", None),
        Step("if_equal", 5353 << 16 | 5353, "mdns", None),
        Step("ld_half_x", UDP_AT + 2),
        Step("if_equal", 1900, "notify", None),
        Step("ld_half_x", UDP_AT),
        Step("if_equal", 1900, "found", "drop"),
        *_dhcp(),
        *_mdns(MDNS4, [(30, 0xE00000FB)]),
        *_notify(SSDP4, [(30, 0xEFFFFFFA)]),
        *_found(),
    ]


def _ip6() -> list[Line]:
    """RFC 8200 section 3, without extension headers: none of these has any."""
    return [
        "ip6",
        Step("ldx_value", 40),
        Step("ld_byte", 20),
        Step("if_equal", 58, "icmp6", None),
        Step("if_equal", 17, None, "drop"),
        Step("ld_word_x", UDP_AT),
        Step("if_equal", 5353 << 16 | 5353, "mdns", None),
        Step("ld_half_x", UDP_AT + 2),
        Step("if_equal", 1900, "notify", "drop"),
        *_mdns(MDNS6, [(38, 0xFF020000), (42, 0), (46, 0), (50, 0xFB)]),
        *_notify(SSDP6, [(38, 0xFF020000), (42, 0), (46, 0), (50, 0x0C)]),
        *_router(),
    ]


def _dhcp() -> list[Line]:
    """RFC 2131 section 4.1: from or to who has no address yet, by broadcast on this link alone."""
    return ["dhcp", *_sent_to(EVERYBODY), Step("ld_word", 30), Step("if_equal", 0xFFFFFFFF, "whole", "drop")]


def _mdns(group: str, address: list[tuple[int, int]]) -> list[Line]:
    """RFC 6762 sections 6 and 18.2: from port to port 5353, an answer (QR is set)."""
    return [
        "mdns",
        *_sent_to(group),
        *_addressed(address),
        Step("ld_half_x", UDP_AT + 8 + 2),
        Step("if_any_bit", 0x8000, "whole", "drop"),
    ]


def _notify(group: str, address: list[tuple[int, int]]) -> list[Line]:
    """UPnP Device Architecture 2.0 section 1.2: `NOTIFY * HTTP/1.1`."""
    return [
        "notify",
        *_sent_to(group),
        *_addressed(address),
        Step("ld_word_x", UDP_AT + 8),
        Step("if_equal", int.from_bytes(b"NOTI", "big"), "whole", "drop"),
    ]


def _found() -> list[Line]:
    """UPnP Device Architecture 2.0 section 1.3.3: `HTTP/1.1 200 OK`, to whoever searched."""
    return [
        "found",
        *_private(26, "source"),
        *_private(30, "target"),
        Step("ld_word_x", UDP_AT + 8),
        Step("if_equal", int.from_bytes(b"HTTP", "big"), "whole", "drop"),
    ]


def _private(at: int, name: str) -> list[Line]:
    """RFC 1918 section 3 and RFC 3927: an address that no router of the internet carries."""
    inside = f"private {name}"
    return [
        Step("ld_word", at),
        Step("and", 0xFF000000),
        Step("if_equal", 0x0A000000, inside, None),
        Step("ld_word", at),
        Step("and", 0xFFF00000),
        Step("if_equal", 0xAC100000, inside, None),
        Step("ld_half", at),
        Step("if_equal", 0xC0A8, inside, None),
        Step("if_equal", 0xA9FE, inside, "drop"),
        inside,
    ]


def _router() -> list[Line]:
    """RFC 4861 section 6.1.2: of this link (hop limit 255, a link-local source), to all its nodes."""
    return [
        "icmp6",
        *_sent_to(ALL_NODES6),
        Step("ld_byte", 54),
        Step("if_equal", 134, None, "drop"),
        Step("ld_byte", 21),
        Step("if_equal", 255, None, "drop"),
        Step("ld_half", 22),
        Step("and", 0xFFC0),
        Step("if_equal", 0xFE80, None, "drop"),
        Step("keep", ADVERTISED),
    ]


def _sent_to(group: str) -> list[Line]:
    """Leave for « drop » unless the frame goes to this hardware address."""
    return [
        Step("ld_word", 0),
        Step("if_equal", _word(group), None, "drop"),
        Step("ld_half", 4),
        Step("if_equal", _half(group), None, "drop"),
    ]


def _addressed(words: list[tuple[int, int]]) -> list[Line]:
    """Leave for « drop » unless the IP destination, word by word, is this one."""
    return [line for at, word in words for line in (Step("ld_word", at), Step("if_equal", word, None, "drop"))]


def _word(mac: str) -> int:
    return int.from_bytes(bytes.fromhex(mac.replace(":", ""))[:4], "big")


def _half(mac: str) -> int:
    return int.from_bytes(bytes.fromhex(mac.replace(":", ""))[4:], "big")
