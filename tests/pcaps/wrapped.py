"""The oddities around a segment: its tags, headers, pieces, size and sums; each story and what is true of it."""

import struct
from collections.abc import Callable

from tests.builders import IMAGING, IMAGING6, IMAGING_MAC, STRANGER, STRANGER6, Talk, ethernet, ip_frame, mac_bytes
from tests.pcaps.story import Cut, Story, exchange

MORE = 0x2000  # the flag of an IPv4 fragment that others follow: RFC 791 section 3.1
V6 = {"client": STRANGER6, "server": IMAGING6}


# -- tags and headers --------------------------------------------------------------------------------------------


def wrappings() -> Story:
    """The same talk under every tag and header that a mirror shows."""
    story = Story()
    plain: list[dict[str, object]] = [
        {"tags": ((0x8100, 0xE000),)},
        {"tags": ((0x8100, 5), (0x8100, 20))},
        {"tags": ((0x88A8, 5), (0x8100, 20))},
        {"ip_options": b"\x01" * 40},
        {"options": b"\x01" * 40},
    ]
    extended: list[dict[str, object]] = [
        {"tags": ((0x8100, 20),)},
        {"extensions": ((0, bytes(6)), (43, bytes(22)), (60, bytes(14)))},
        {"tags": ((0x88A8, 5), (0x8100, 20)), "extensions": ((60, bytes(6)),)},
    ]
    for shape, ends in [*((shape, {}) for shape in plain), *((shape, V6) for shape in extended)]:
        talk = story.talk(**ends)
        story.tell(talk, [*talk.handshake(), *exchange(talk)], **shape)
        story.ends(talk, "closed", 3, 6)
    return story


# -- pieces ------------------------------------------------------------------------------------------------------


def fragments() -> Story:
    """A stranger hides all he sends in fragments, his very TCP header too: the answers give him away."""
    story = Story()
    talk = story.talk()
    _in_pieces(story, talk, _pieces4)
    talk = story.talk(**V6)
    _in_pieces(story, talk, _pieces6)
    talk = story.talk(**V6)
    _in_pieces(story, talk, _atomic)
    return story


def _in_pieces(story: Story, talk: Talk, cut: Callable[[bytes], list[bytes]]) -> None:
    for word in [*talk.handshake(), talk.asks(b"ask"), talk.answers(b"answer"), talk.ack()]:
        frame = talk.frame(word)
        story.parts += cut(frame) if word.from_client else [frame]
    story.ends(talk, "connected", 3, 6)


def _pieces4(frame: bytes) -> list[bytes]:
    """The first holds the ports and the sequence number alone (RFC 1858 section 3)."""
    return [
        ip_frame(STRANGER, IMAGING, frame[34:42], fragment=MORE),
        ip_frame(STRANGER, IMAGING, frame[42:], fragment=1),
    ]


def _pieces6(frame: bytes) -> list[bytes]:
    """RFC 8200 section 4.5."""
    return [
        ip_frame(STRANGER6, IMAGING6, frame[54:62], extensions=((44, struct.pack("!HI", 1, 7)),)),
        ip_frame(STRANGER6, IMAGING6, frame[62:], extensions=((44, struct.pack("!HI", 8, 7)),)),
    ]


def _atomic(frame: bytes) -> list[bytes]:
    """A fragment that is the whole (RFC 6946)."""
    return [ip_frame(STRANGER6, IMAGING6, frame[54:], extensions=((44, struct.pack("!HI", 0, 9)),))]


# -- sizes and sums ----------------------------------------------------------------------------------------------


def sizes() -> Story:
    """Segments as large as a card hands them over (GRO, TSO), of which a recording keeps 96 bytes."""
    story = Story()
    talk = story.talk()
    words = [*talk.handshake(), talk.asks(bytes(47_116)), talk.answers(bytes(65_495)), talk.ack(), *talk.goodbye()]
    story.parts += [Cut(frame[:96], len(frame)) for frame in map(talk.frame, words)]
    story.ends(talk, "closed", 47_116, 65_495)
    talk = story.talk()
    story.tell(talk, [*talk.handshake(), talk.asks(b"ask")])
    unmeasured = talk.frame(
        talk.answers(bytes(2_000))
    )  # a card asked to cut it itself: RFC 791's length is nought
    story.parts.append(unmeasured[:16] + bytes(2) + unmeasured[18:])
    story.tell(talk, [talk.ack(), *talk.goodbye()])
    story.ends(talk, "closed", 3, 2_000)
    return story


def sums() -> Story:
    """The same talk with true checksums, with what a card finds to complete, and with wrong ones."""
    story = Story()
    for add in (_true, _to_complete, _wrong):
        talk = story.talk()
        story.parts += [add(talk.frame(word)) for word in [*talk.handshake(), *exchange(talk)]]
        story.ends(talk, "closed", 3, 6)
    return story


def _sum(data: bytes) -> int:
    """RFC 1071 section 1, not yet complemented."""
    data += bytes(len(data) % 2)
    total = sum(struct.unpack(f"!{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return total


def _summed(frame: bytes, ip: int, tcp: int) -> bytes:
    return frame[:24] + struct.pack("!H", ip) + frame[26:50] + struct.pack("!H", tcp) + frame[52:]


def _pseudo(frame: bytes) -> bytes:
    return frame[26:34] + struct.pack("!HH", 6, len(frame) - 34)


def _true(frame: bytes) -> bytes:
    return _summed(frame, 0xFFFF ^ _sum(frame[14:34]), 0xFFFF ^ _sum(_pseudo(frame) + frame[34:]))


def _to_complete(frame: bytes) -> bytes:
    """CHECKSUM_PARTIAL: the sum of the addresses alone."""
    return _summed(frame, 0xFFFF ^ _sum(frame[14:34]), _sum(_pseudo(frame)))


def _wrong(frame: bytes) -> bytes:
    return _summed(frame, 0xDEAD, 0xBEEF)


# -- what is not looked into -------------------------------------------------------------------------------------


def tunnels() -> Story:
    """What we do not see: connections inside PPPoE, IP in IP, IPv6 in IP, GRE, ERSPAN, and under three tags."""
    story = Story()
    for wrap in (pppoe, ip_in_ip, six_in_four, gre, erspan, three_tags):
        talk = story.talk(**(V6 if wrap is six_in_four else {}))
        story.parts += [wrap(talk.frame(word)) for word in [*talk.handshake(), *exchange(talk)]]
        story.ends(talk, "closed", 3, 6)
    return story


def pppoe(frame: bytes) -> bytes:
    """RFC 2516 section 4, with RFC 1661's protocol number of IP."""
    return ethernet(0x8864, struct.pack("!BBHHH", 0x11, 0, 1, len(frame) - 12, 0x0021) + frame[14:])


def _between_routers(frame: bytes, protocol: int, content: bytes) -> bytes:
    """Tunnelled along the way of the talk."""
    ends = (STRANGER, IMAGING) if frame[:6] == mac_bytes(IMAGING_MAC) else (IMAGING, STRANGER)
    return ip_frame(*ends, content, protocol=protocol)


def ip_in_ip(frame: bytes) -> bytes:
    """RFC 2003."""
    return _between_routers(frame, 4, frame[14:])


def six_in_four(frame: bytes) -> bytes:
    """RFC 4213."""
    return _between_routers(frame, 41, frame[14:])


def gre(frame: bytes) -> bytes:
    """RFC 2784."""
    return _between_routers(frame, 47, struct.pack("!HH", 0, 0x0800) + frame[14:])


def erspan(frame: bytes) -> bytes:
    """ERSPAN type II (draft-foschiano-erspan): a mirror sent over IP."""
    return _between_routers(frame, 47, struct.pack("!HHIII", 0x1000, 0x88BE, 1, 0x10000000 | 5 << 16, 0) + frame)


def three_tags(frame: bytes) -> bytes:
    return ethernet(0x88A8, struct.pack("!HHHHHH", 5, 0x8100, 20, 0x8100, 30, 0x0800) + frame[14:])
