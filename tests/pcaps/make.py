"""Writes the recorded files of this folder, by scapy: `python -m tests.pcaps.make`. The same every time."""

import gzip
import random
from collections.abc import Callable, Iterable, Iterator
from decimal import Decimal
from ipaddress import ip_address
from pathlib import Path

from scapy.utils import RawPcapNgWriter, RawPcapWriter

from sentinel.model.packet import Flags
from tests.builders import (
    CT_IMAGE,
    IMAGING,
    IMAGING6,
    PATIENT,
    START,
    STRANGER,
    STRANGER6,
    STUDY_FIND,
    WORKSTATION,
    Talk,
    Word,
    associate_ac,
    associate_rj,
    associate_rq,
    ip_frame,
    p_data,
    tcp_frame,
)
from tests.pcaps import linked, mirrored, odd, wrapped
from tests.pcaps.story import Cut, Part, Story

FOLDER = Path(__file__).parent
FIRST_FRAGMENT = (44, b"\x00\x01" + bytes(4))  # of IPv6: more will follow


def frames(talk: Talk, words: Iterable[Word], **shape: object) -> list[bytes]:
    """The words of one talk on the wire."""
    return [talk.frame(word, **shape) for word in words]


def association(talk: Talk, answer: bytes = associate_ac(), **shape: object) -> list[bytes]:
    """A handshake, a request, its answer and, if accepted, a question for a patient and images back."""
    words = [*talk.handshake(), talk.asks(associate_rq(syntaxes=(CT_IMAGE, STUDY_FIND))), talk.answers(answer)]
    if answer == associate_ac():
        words += [talk.asks(p_data()), talk.ack(False)]
        words += [word for _ in range(4) for word in (talk.answers(p_data(PATIENT * 40)), talk.ack())]
    return frames(talk, [*words, *talk.goodbye()], **shape)


def stranger() -> list[bytes]:
    return association(Talk())


def refused_title() -> list[bytes]:
    return association(Talk(), associate_rj(1, 1, 7))


def scans() -> list[bytes]:
    found: list[bytes] = []
    for port in (21, 22, 23, 80, 104, 443, 445, 3389, 4242, 8042, 11112):
        talk = Talk(client_port=50_000 + port % 1_000, server_port=port)
        syn = talk.syn()
        if port in (104, 4242):
            found += frames(talk, [syn, talk.syn_ack(), talk.rst(True, ack=False)])
        elif port in (80, 8042):
            found += frames(talk, [syn, talk.syn_ack(), talk.ack(), talk.rst(True)])
        elif port == 445:
            found += frames(talk, [syn, syn])
        else:
            found += frames(talk, [syn, talk.rst()])
    talk = Talk(client_port=60_000)
    fin = talk.say(True, Flags.FIN | Flags.PSH)
    return [*found, *frames(talk, [fin, fin])]


def disorder() -> list[bytes]:
    talk, again = Talk(), Talk(client_isn=9_000_000)
    opening, first, second = talk.handshake(), talk.asks(bytes(300)), talk.asks(bytes(500))
    answers = [talk.answers(bytes(1_000)) for _ in range(4)]
    a, b, c, d = answers
    words = [*opening, opening[0], first, second, first, b, a, d, c, a, d, *talk.goodbye()]
    once = frames(talk, [*words, words[-2]])
    twice = frames(again, [*again.handshake(), again.asks(b"again"), *again.goodbye()])
    return [*once, *(frame for frame in twice for _ in range(2))]


def shapes() -> list[bytes]:
    six = Talk(client=STRANGER6, server=IMAGING6)
    tagged = Talk(client_port=40_001)
    doubled = Talk(client_port=40_002)
    extended = Talk(client=STRANGER6, server=IMAGING6, client_port=40_003)
    return [
        *association(six),
        *association(tagged, tags=((0x8100, 20),)),
        *association(doubled, tags=((0x88A8, 5), (0x8100, 20))),
        *association(extended, extensions=((0, bytes(6)), (60, bytes(14)))),
        tcp_frame(STRANGER, 40_004, IMAGING, 104, Flags.SYN, fragment=0x2000),
        tcp_frame(STRANGER6, 40_004, IMAGING6, 104, Flags.SYN, extensions=(FIRST_FRAGMENT,)),
        ip_frame(STRANGER, IMAGING, PATIENT, protocol=17),
        tcp_frame(STRANGER, 40_005, IMAGING, 104, Flags.SYN)[:40],
        random.Random(5).randbytes(80),
    ]


def middle() -> list[bytes]:
    """Recording began late, and ended early."""
    old, fresh = Talk(), Talk(client_port=40_001)
    old.handshake()
    return [
        *frames(old, [old.asks(b"x" * 50), old.answers(b"y" * 70), *old.goodbye()]),
        *frames(fresh, [*fresh.handshake(), fresh.asks(b"z" * 90)]),
    ]


def practice() -> list[bytes]:
    """What the staff does: only an association inside is ever told."""
    out = Talk(client=WORKSTATION, server=ip_address("198.51.100.80"), server_port=443)
    local = Talk(client=WORKSTATION, server=IMAGING, client_port=40_001)
    share = Talk(client=WORKSTATION, server=IMAGING, client_port=40_002, server_port=445)
    return [
        *frames(out, [*out.handshake(), out.asks(b"GET /" + PATIENT), out.answers(bytes(900)), *out.goodbye()]),
        *association(local),
        *frames(share, [*share.handshake(), share.asks(PATIENT), share.answers(PATIENT), *share.goodbye()]),
    ]


STORIES = {
    "stranger.pcap": stranger,
    "refused-title.pcapng": refused_title,
    "scans.pcap": scans,
    "disorder.pcapng": disorder,
    "shapes.pcap": shapes,
    "middle.pcap.gz": middle,
    "practice.pcap": practice,
}
ODD: dict[str, Callable[[], Story]] = {
    "openings.pcap": odd.openings,
    "endings.pcap": odd.endings,
    "patience.pcap": odd.patience,
    "wraps.pcap": odd.wraps,
    "mirrors.pcap": mirrored.mirrors,
    "wrappings.pcap": wrapped.wrappings,
    "fragments.pcap": wrapped.fragments,
    "sizes.pcap": wrapped.sizes,
    "sums.pcap": wrapped.sums,
    "tunnels.pcap": wrapped.tunnels,
    "links.pcapng": linked.story,
}
"""The stories that say themselves what is true of them."""


def write(path: Path, content: Iterable[Part]) -> None:
    """Ten milliseconds apart, and the pauses they name, from nine o'clock."""
    plain = path.with_suffix("") if path.suffix == ".gz" else path
    with (
        RawPcapNgWriter(str(plain)) if plain.suffix == ".pcapng" else RawPcapWriter(str(plain), linktype=1)
    ) as file:
        file.linktype = 1
        file.write_header(None)
        for hundredths, frame in stamped(content):
            seconds, part = divmod(hundredths, 100)
            stamp = Decimal(hundredths) / 100 if plain.suffix == ".pcapng" else seconds
            file.write_packet(frame.kept, sec=stamp, usec=part * 10_000, wirelen=frame.length)
    if path != plain:
        path.write_bytes(gzip.compress(plain.read_bytes(), mtime=0))
        plain.unlink()


def stamped(content: Iterable[Part]) -> Iterator[tuple[int, Cut]]:
    """Each frame with its hundredths of a second since 1970."""
    at = int(START.timestamp()) * 100
    for part in content:
        if isinstance(part, float):
            at += round(part * 100)
        else:
            yield at, part if isinstance(part, Cut) else Cut(part, len(part))
            at += 1


def main(folder: Path = FOLDER) -> None:
    """All of them."""
    for name, story in STORIES.items():
        write(folder / name, story())
    for name, odd_story in ODD.items():
        write(folder / name, odd_story().parts)
    (folder / "links.pcapng").write_bytes(linked.file())


if __name__ == "__main__":
    main()
