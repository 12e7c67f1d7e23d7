"""Labels in the kernel's filter: the same as the decoder's, at no cost to the frames there are most of."""

import random
import socket
import ssl
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from sentinel import certificate
from sentinel.capture.kind import Kind
from sentinel.capture.labels import EACH_HAS, NONE_HAS
from sentinel.decode.frame import read_frame
from sentinel.model.beginnings import BANNERS, BEGINNINGS, FULL, KEPT, LONG
from sentinel.model.connection import ConnectionState, Label
from sentinel.model.packet import Flags, Segment
from tests.builders import (
    IMAGING,
    PATIENT,
    SPOKEN,
    START,
    STRANGER,
    WORKSTATION,
    associate_rq,
    moment,
    tcp_frame,
)
from tests.capture import cable
from tests.capture.bpf import cost, routed
from tests.capture.listening import listening
from tests.capture.test_keep import DATA, PROGRAMS, ROUTE, from_door, kept, to_door
from tests.capture.truth import finals


def labels(frame: bytes, dice: int = 1) -> tuple[Label | None, Label | None]:
    """By the filter's verdict, and by the bytes."""
    cut, whole = read_frame(frame[: kept(frame, dice)], moment(), filtered=True), read_frame(frame, moment())
    assert isinstance(whole, Segment)
    assert not isinstance(cut, Segment) or cut._replace(label=None) == whole._replace(label=None)
    return cut.label if isinstance(cut, Segment) else None, whole.label


def test_the_filter_and_the_decoder_tell_the_same_of_every_request():
    """Whatever is changed in its first bytes, and wherever it is cut; and it is kept all the same."""
    dice = random.Random(21)
    for _ in range(20_000):
        payload = bytearray(dice.choice(list(SPOKEN.values())))
        for _ in range(dice.choice((0, 0, 1, 2))):
            payload[dice.randrange(11)] = dice.choice((0, 1, 3, 0x0B, 0x16, 0xE0, 0xFF, 0x53, dice.randrange(256)))
        frame = to_door(bytes(payload[: dice.choice((4, 8, 10, 11, 12, len(payload)))]))
        live, recorded = labels(frame)
        assert kept(frame) == 54 or live
        assert live is recorded


def test_they_tell_the_same_of_the_first_segment_of_a_longer_request():
    """Not pushed, and so kept for its label alone; of an image that begins so by chance the place in its
    connection tells that it is none (`tracking/following.py`)."""
    dice = random.Random(23)
    found = set()
    for _ in range(20_000):
        payload = bytearray(dice.choice(list(SPOKEN.values())) + bytes(1_448))
        for _ in range(dice.choice((0, 0, 1, 2))):
            payload[dice.randrange(11)] = dice.choice((0, 1, 3, 0x0B, 0x16, 0x47, 0x53, dice.randrange(256)))
        frame = to_door(bytes(payload[: dice.choice((40, FULL - 1, FULL, 100, 1_448))]), Flags.ACK)
        live, recorded = labels(frame)
        assert live is recorded
        assert kept(frame) == (34 + KEPT[live] if live else 0)
        found.add(live)

    assert found == {None, *LONG}


def test_two_bytes_leave_aside_what_cannot_begin_a_request_and_nothing_that_can():
    """By the table itself: a request that is added to it must be looked at."""
    starts = [int.from_bytes(value[:2], "big") for each in LONG for value in BEGINNINGS[each][0].values]

    assert not any(start & NONE_HAS for start in starts)
    assert all(start & EACH_HAS and (start == 0x1603 or start & 0x40) for start in starts)


def test_of_what_comes_from_inside_the_banners_are_told_and_nothing_else():
    """Alone or with more behind them; a sampled frame is told the same way."""
    dice = random.Random(22)
    for _ in range(10_000):
        payload = bytearray(dice.choice(list(SPOKEN.values())) + bytes(dice.choice((0, 0, 200))))
        if dice.randrange(2):
            payload[dice.randrange(11)] = dice.choice((0, 0x52, 0x53, dice.randrange(256)))
        live, recorded = labels(from_door(bytes(payload)), dice.choice((1, 256)))
        assert live is (recorded if recorded in BANNERS else None)


@pytest.mark.parametrize("label", Label)
@pytest.mark.parametrize("port", [4242, 33389, 50_000])
def test_a_frame_that_is_sampled_loses_no_label(label, port):
    """One in 256 is kept for another reason; of one to a client's port that is the only one."""
    frame = to_door(SPOKEN[label], port=port)

    assert labels(frame, 256) == (label, label)
    assert labels(frame) == (None if port == 50_000 else label, label)


@pytest.mark.parametrize("size", range(20))
@pytest.mark.parametrize("padding", [b"", bytes(6)])
def test_a_client_is_known_however_little_it_sends(size, padding):
    """A load beyond the frame's end would end the program with nothing: lengths are looked at first."""
    for payload in (*SPOKEN.values(), associate_rq(), PATIENT):
        frame = to_door(payload[: size + 1]) + padding
        assert kept(frame) == 54 or labels(frame)[0]


BEFORE = {
    "a bare acknowledgement": (b"", {}, 21),
    "a padded one": (bytes(6), {}, 32),
    "one with a stamp": (b"", {"options": bytes(12)}, 21),
    "one over IPv6": (b"", {"family": 6}, 20),
    "image data": (b"\x04\x00" + bytes(1_400), {}, 35),
    "dark pixels": (bytes(1_400), {}, 35),
    "bright pixels": (b"\xff" * 1_400, {}, 35),
    "bright pixels over IPv6": (b"\xff" * 1_400, {"family": 6}, 34),
}
"""Steps that were executed before there were labels, from outside as from inside."""


@pytest.mark.parametrize("name", BEFORE)
@pytest.mark.parametrize("build", [to_door, from_door])
def test_what_passes_most_costs_the_kernel_no_step_more(name, build):
    """Acknowledgements and bulk, either way."""
    payload, shape, before = BEFORE[name]

    assert steps(build(payload, Flags.ACK, **shape)) <= before


@pytest.mark.parametrize("start", [b"\x47", b"\x16\x03", b"GET ", b"\x0bMSH", b"\x16\x03\x01\x05\x00\x01"])
def test_a_shade_that_looks_like_the_beginning_of_a_request_costs_some_steps_more(start):
    """Of a few hundred shades of 65,536; and of what is not pushed nothing is kept but a label."""
    frame = to_door((start * 1_400)[:1_400], Flags.ACK)

    assert steps(frame) <= 35 + 33
    assert kept(frame) in (0, 34 + KEPT[Label.HTTP], 34 + KEPT[Label.MLLP], 34 + KEPT[Label.TLS])


def test_what_is_pushed_and_not_kept_costs_no_step_more_either():
    """What the practice fetches, what it sends away, and its file shares."""
    bulk = bytes(1_400)

    assert steps(to_door(bulk, port=50_000)) <= 41
    assert steps(tcp_frame(IMAGING, 445, WORKSTATION, 40_000, DATA, bulk)) <= 42
    assert steps(tcp_frame(IMAGING, 40_000, STRANGER, 443, DATA, bulk)) <= 41


@pytest.mark.parametrize("bulk", [bytes(1_400), b"\xff" * 1_400, b"\x04\x00" + bytes(1_400)])
def test_what_is_kept_anyway_pays_for_the_looks(bulk):
    """Pushed to a door or from it, and for our ring, where a frame costs far more: 35 steps at most, 12 back."""
    assert steps(to_door(bulk)) <= 39 + 35
    assert steps(from_door(bulk)) <= 49 + 12


def steps(frame: bytes) -> int:
    """In the program that its socket has."""
    return cost(PROGRAMS[Kind(routed(ROUTE, frame))], frame)


# -- a real client, on a cable -----------------------------------------------------------------------------------


def meet(laid: cable.Cable, key: Path, names: list[str], mss: int) -> None:
    """A stranger opens TLS to a door, says one line, and leaves when it is answered."""
    client = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    client.check_hostname, client.verify_mode = False, ssl.CERT_NONE
    client.set_alpn_protocols(names)
    with laid.at("right"):
        door = socket.create_server((str(IMAGING), 443))
    with laid.at("left"):
        line = socket.socket()
    line.setsockopt(socket.IPPROTO_TCP, socket.TCP_MAXSEG, mss)
    line.settimeout(20)
    with door, line, ThreadPoolExecutor(1) as other:
        serving = other.submit(serve, door, key)
        line.connect(door.getsockname())
        with client.wrap_socket(line) as told:
            told.sendall(PATIENT)
            assert told.recv(100) == PATIENT
        serving.result(20)


def serve(door: socket.socket, key: Path) -> None:
    """One caller, whose words are given back."""
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(key)
    line, _ = door.accept()
    with server.wrap_socket(line, server_side=True) as told:
        told.sendall(told.recv(100))
        told.recv(1)


def said_by_client(frames: list[bytes]) -> list[Segment]:
    """What the stranger said, segment by segment."""
    read = [read_frame(frame, moment()) for frame in frames]
    return [each for each in read if isinstance(each, Segment) and each.source == STRANGER and each.length]


@pytest.mark.lab
@pytest.mark.parametrize(
    ("names", "mss", "first"),
    [
        (["h2", "http/1.1"], 1_460, DATA),
        (["n" * 200] * 8, 1_460, Flags.ACK),  # as long as a hello with a hybrid key of ML-KEM and X25519
        (["h2", "http/1.1"], 250, Flags.ACK),
    ],
)
def test_a_real_client_of_tls_is_known_also_where_its_hello_is_longer_than_a_segment(tmp_path, names, mss, first):
    """OpenSSL on the kernel's own TCP, which pushes only the last segment of what it is given at once."""
    cable.need("ethtool")
    key = tmp_path / "page.pem"
    made, secret = certificate.make(["door"], [IMAGING], START)
    key.write_bytes(made + secret)
    with cable.cable() as laid:
        laid.populate()
        with listening(laid, tmp_path / "listen") as found, laid.tapped() as frames:
            meet(laid, key, names, mss)
            cable.wait_until(lambda: found.connections and found.connections[-1].state is ConnectionState.CLOSED)

    said = said_by_client(frames)
    assert (said[0].flags, said[0].length <= mss) == (first, True)
    assert [each.label for each in said] == [Label.TLS] + [None] * (len(said) - 1)
    [told] = finals(found.connections).values()
    assert (told.label, told.bytes_in) == (Label.TLS, sum(each.length for each in said))
