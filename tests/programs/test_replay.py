"""`sentinel replay`: what it prints, what it never prints, and whether tshark agrees."""

import io
import json
import random
import socket
import struct
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, suppress
from ipaddress import ip_network
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sentinel.capture.recording import Recording
from sentinel.errors import NotReadable
from sentinel.model.beginnings import BANNERS
from sentinel.model.connection import Connection, Label
from sentinel.model.finding import Code, Finding, Grade, Level, Story, StoryKind
from sentinel.model.moment import Moment
from sentinel.programs.replay import Judge, replay
from sentinel.programs.retelling import LINES
from sentinel.tracking.connections import Tracker
from tests.builders import (
    CT_IMAGE,
    INSIDE,
    PATIENT,
    SPOKEN,
    STRANGER,
    STUDY_FIND,
    WORKSTATION,
    Talk,
    associate_ac,
    associate_rq,
    ethernet,
    p_data,
)
from tests.capture import bpf, cable, files
from tests.capture.test_keep import as_the_kernel_sees
from tests.lab import images
from tests.pcaps import linked, make, witness
from tests.pcaps.story import Cut, Ending, Part
from tests.pcaps.story import Story as Tale
from tests.pcaps.wrapped import V6

PCAPS = Path(make.__file__).parent
GOLDEN = sorted({**make.STORIES, **make.ODD})
TUNNELS = "tunnels.pcap"


def silent(_: Connection) -> list[Finding]:
    """A judge with nothing to say: most claims here are about the connections alone."""
    return []


def run(
    path: Path,
    *,
    as_json: bool = True,
    judge: Judge | None = silent,
    every: bool = True,
    inside=INSIDE,
    filtered: bool = False,
) -> str:
    """All it prints."""
    out = io.StringIO()
    replay(path, inside, out, every=every, as_json=as_json, judge=judge, filtered=filtered)
    return out.getvalue()


def objects(path: Path, **how: Any) -> list[dict[str, Any]]:
    return [json.loads(line) for line in run(path, **how).splitlines()]


def finals(told: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """The last object of each connection, in the order of their beginning."""
    found = {each["serial"]: each for each in told if each["kind"] == "connection"}
    return [found[serial] for serial in sorted(found)]


# -- what it prints ----------------------------------------------------------------------------------------------


def test_one_object_a_line_and_the_summary_last():
    """Each connection as it changes; its last object is its final state."""
    told = objects(PCAPS / "stranger.pcap", every=False)

    assert [each["kind"] for each in told] == ["connection"] * 4 + ["summary"]
    assert [each["state"] for each in told[:-1]] == ["answered", "connected", "connected", "closed"]
    assert told[3] == {
        "kind": "connection",
        "serial": 1,
        "source": "203.0.113.7",
        "source_port": 40_000,
        "target": "192.168.1.66",
        "target_port": 4242,
        "opened": "2026-03-02T09:00:00.000000Z",
        "changed": "2026-03-02T09:00:00.160000Z",
        "state": "closed",
        "bytes_in": 280,
        "bytes_out": 4_997,
        "dicom": {
            "called": "ORTHANC",
            "calling": "ZZSTRANGER",
            "result": "accepted",
            "services": ["find", "store"],
            "services_whole": True,
            "rejection": None,
        },
        "label": None,
        "direction": "inbound",
        "vlan": None,
    }
    assert told[-1] == {
        "kind": "summary",
        "frames": 18,
        "decoded": 18,
        "undecodable": 0,
        "fragments": 0,
        "sightings": 1,
        "connections": 1,
        "by_state": {"closed": 1},
        "findings": 0,
        "forgotten": 0,
        "left_out": {},
        "first": "2026-03-02T09:00:00.000000Z",
        "last": "2026-03-02T09:00:00.170000Z",
        "cut": False,
    }


@pytest.mark.parametrize("name", GOLDEN)
@pytest.mark.parametrize("as_json", [True, False], ids=["tool", "person"])
def test_the_same_file_always_gives_the_same_bytes(name, as_json):
    """Time is the file's own."""
    assert run(PCAPS / name, as_json=as_json) == run(PCAPS / name, as_json=as_json)


def test_the_golden_files_are_what_their_script_writes(tmp_path):
    """Byte for byte, small, and each with its story."""
    make.main(tmp_path)

    for name in GOLDEN:
        assert (tmp_path / name).read_bytes() == (PCAPS / name).read_bytes()
        assert (PCAPS / name).stat().st_size < 50_000
        assert f"`{name}`" in (PCAPS / "README.md").read_text()


def test_a_rejection_is_told_with_its_three_numbers():
    """Result, source, reason (PS3.8 table 9-21)."""
    (final,) = finals(objects(PCAPS / "refused-title.pcapng"))

    assert (final["dicom"]["result"], final["dicom"]["rejection"]) == ("rejected", [1, 1, 7])


def test_every_shape_of_frame_tells_the_same_association():
    """And what cannot be followed is counted."""
    told = objects(PCAPS / "shapes.pcap")

    assert [(each["bytes_in"], each["bytes_out"], each["vlan"]) for each in finals(told)] == [
        (280, 4_997, None),
        (280, 4_997, 20),
        (280, 4_997, 5),
        (280, 4_997, None),
    ]
    assert (told[-1]["fragments"], told[-1]["undecodable"]) == (2, 1)


@pytest.mark.parametrize("name", sorted(set(make.ODD) - {TUNNELS}))
def test_the_oddities_of_real_lines_are_told_as_they_are(name):
    """How each connection ended and what its ends sent, to the byte: the story says it, and tshark below."""
    told = [
        (each["source_port"], each["state"], each["bytes_in"], each["bytes_out"])
        for each in finals(objects(PCAPS / name))
    ]

    assert told == [(each.port, each.state, each.bytes_in, each.bytes_out) for each in make.ODD[name]().endings]


def test_every_fragment_is_counted():
    """Nobody puts them together again: the answers to what was in them are whole. An atomic one is read."""
    summary = objects(PCAPS / "fragments.pcap")[-1]

    assert (summary["frames"], summary["fragments"], summary["decoded"]) == (26, 16, 10)


def test_of_a_file_with_several_links_the_unreadable_one_is_counted_and_named():
    """Fifteen links side by side, each stamped by its own clock; the sixteenth is Wi-Fi."""
    told = objects(PCAPS / "links.pcapng")

    assert (told[-1]["frames"], told[-1]["decoded"]) == (120, 120)
    assert told[-1]["left_out"] == {"link type 105 (Wi-Fi)": 8}
    assert "left out: 8 frames recorded on link type 105 (Wi-Fi), which is not read" in run(
        PCAPS / "links.pcapng", as_json=False
    )
    assert [each["opened"] for each in finals(told)] == [
        f"2026-03-02T09:00:00.{linked.microseconds(number):06}Z" for number in range(len(linked.LINKS))
    ]
    assert len({linked.microseconds(number) for number in range(len(linked.LINKS))}) > 10  # clocks as fine as that


def test_a_connection_through_a_tunnel_is_not_seen():
    """PPPoE, IP in IP, GRE, ERSPAN and a third tag: what the filter leaves in the kernel a replay leaves too."""
    told = objects(PCAPS / TUNNELS)

    assert [each["kind"] for each in told] == ["summary"]
    assert (told[0]["frames"], told[0]["decoded"]) == (48, 0)


def test_without_all_only_strangers_and_associations_are_told():
    """What the staff does is not there to be read."""
    told = finals(objects(PCAPS / "practice.pcap", every=False))

    assert [(each["direction"], each["target_port"]) for each in told] == [("internal", 4242)]
    assert len(finals(objects(PCAPS / "practice.pcap"))) == 3


@pytest.mark.parametrize("every", [True, False])
def test_with_all_a_visit_outside_is_told_though_its_beginning_is_missing(tmp_path, every):
    """Also where the same two have just been talking, so that without it the second would be let pass."""
    ends = {"client": WORKSTATION, "server": STRANGER, "server_port": 443}
    whole, late = (Talk(client_port=port, **ends) for port in (40_000, 40_001))  # type: ignore[arg-type]
    words = [(whole, word) for word in [*whole.handshake(), whole.asks(bytes(20))]]
    late.handshake()
    words += [(late, word) for word in [late.asks(bytes(30)), *late.goodbye()]]
    frames = [talk.frame(word, from_box=not word.from_client) for talk, word in words]

    told = finals(objects(write(tmp_path / "late.pcap", frames), every=every))

    assert [(each["source_port"], each["bytes_in"]) for each in told] == [(40_000, 20), (40_001, 30)] * every


def test_what_is_inside_decides_the_direction():
    """A private target is always ours; whose the source is, --inside says."""
    ours_too = finals(objects(PCAPS / "stranger.pcap", inside=[*INSIDE, ip_network("203.0.113.0/24")]))
    elsewhere = finals(objects(PCAPS / "practice.pcap", inside=[ip_network("10.0.0.0/8")]))

    assert [each["direction"] for each in ours_too] == ["internal"]
    assert [each["direction"] for each in elsewhere] == ["foreign", "inbound", "inbound"]


def finding(connection: Connection, number: int) -> Finding:
    return Finding(
        code=Code.STRANGER_CONNECTED,
        story=Story(kind=StoryKind.DOOR, about=str(connection.target), port=connection.target_port),
        level=Level.ALARM,
        grade=Grade.CONNECTED,
        at=connection.changed,
        source=connection.source,
        machine=connection.target,
        port=connection.target_port,
        connection=number,
    )


def test_findings_follow_the_connection_that_caused_them():
    """Judgement is handed in, and asked once for each connection told."""
    asked: list[Connection] = []

    def judge(connection: Connection) -> list[Finding]:
        asked.append(connection)
        return [finding(connection, len(asked))] * (connection.state.value == "connected")

    told = objects(PCAPS / "stranger.pcap", judge=judge)

    assert [each["kind"] for each in told] == [
        "connection",
        *("connection", "finding") * 2,
        "connection",
        "summary",
    ]
    assert len(asked) == 4
    assert told[2] == {
        "kind": "finding",
        "code": "stranger_connected",
        "level": "alarm",
        "grade": "connected",
        "story": ["door", "192.168.1.66", 4242],
        "at": "2026-03-02T09:00:00.030000Z",
        "source": "203.0.113.7",
        "machine": "192.168.1.66",
        "mac": None,
        "port": 4242,
        "calling": None,
        "count": 1,
        "bytes_out": 0,
        "connection": 2,
    }
    assert told[-1]["findings"] == 2


def test_a_person_gets_a_table_with_one_line_a_connection():
    """Aligned, as they ended, behind the findings."""
    lines = run(
        PCAPS / "shapes.pcap", as_json=False, judge=lambda each: [finding(each, 1)] * (each.state == "connected")
    ).splitlines()

    head = next(number for number, line in enumerate(lines) if line.startswith("OPENED"))
    assert all("alarm: stranger_connected" in line for line in lines[:head])
    table = lines[head : head + 5]
    assert len({line.index("closed") for line in table[1:]} | {table[0].index("STATE")}) == 1
    assert "[2001:db8:bad::7]:40000" in table[1]
    assert table[1].endswith("ZZSTRANGER -> ORTHANC accepted find,store")
    assert lines[head + 5 :] == [
        "connections: 4 (4 closed)",
        "frames: 77 (72 decoded, 1 undecodable, 2 fragments)",
        "from 2026-03-02T09:00:00.000000Z to 2026-03-02T09:00:00.760000Z",
    ]


def test_attempts_are_told_when_the_recorded_time_has_passed(tmp_path):
    """Not when our own clock has: twenty recorded seconds of something else lie between."""
    first, second = Talk(), Talk(client_port=40_001)
    frames = [first.frame(first.syn()), *[ethernet(0x88CC, bytes(46))] * 2_100, second.frame(second.syn())]
    frames += [second.frame(second.syn_ack())]

    told = objects(write(tmp_path / "slow.pcap", frames))

    assert [(each["serial"], each["state"]) for each in told[:-2]] == [(1, "attempted"), (2, "answered")]


def test_judgement_speaks_without_any_configuration():
    """A stranger's accepted association is found to be one, with no file beside the recording."""
    told = objects(PCAPS / "stranger.pcap", judge=None)

    codes = [each["code"] for each in told if each["kind"] == "finding"]
    assert "stranger_queried" in codes or "stranger_associated" in codes
    assert told[-1]["findings"] == len(codes)


# -- what it never prints ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", GOLDEN)
@pytest.mark.parametrize("as_json", [True, False], ids=["tool", "person"])
def test_no_payload_reaches_the_output(name, as_json):
    """The files are full of the patient's name."""
    text = run(PCAPS / name, as_json=as_json)

    assert not [word for word in ("ZZTEST", "UNMISTAKABLE", "NEVERSTORE", "1.2.840") if word in text]


def write(path: Path, frames: list[bytes]) -> Path:
    make.write(path, frames)
    return path


def test_neither_a_password_nor_what_is_pipelined_behind_a_request_reaches_the_output(tmp_path):
    """User identity, and P-DATA in the very segment of the association."""
    talk = Talk()
    words = [*talk.handshake(), talk.asks(associate_rq(secret=b"NEVERSTORE-PASSWORD") + p_data())]
    words += [talk.answers(associate_ac() + p_data(PATIENT))]

    text = run(write(tmp_path / "x.pcap", make.frames(talk, words)))

    assert '"result": "accepted"' in text
    assert "NEVERSTORE" not in text


def test_a_title_that_would_speak_to_a_terminal_is_not_printed(tmp_path):
    """Escape sequences in an AE title: the connection is told without it."""
    talk = Talk()
    words = [*talk.handshake(), talk.asks(associate_rq(calling=b"\x1b[2JOWNED"))]

    for as_json in (True, False):
        text = run(write(tmp_path / "x.pcap", make.frames(talk, words)), as_json=as_json)
        assert "OWNED" not in text
        assert "\x1b" not in text


# -- broken files ------------------------------------------------------------------------------------------------


def test_a_cut_file_is_told_as_far_as_it_goes_and_said_to_be_cut(tmp_path):
    """In the summary, for tools and for people."""
    path = tmp_path / "cut.pcap"
    path.write_bytes((PCAPS / "stranger.pcap").read_bytes()[:-30])

    assert objects(path)[-1]["cut"] is True
    assert "the file is cut or damaged" in run(path, as_json=False)


@pytest.mark.parametrize("content", [b"", b"\x00" * 999, b"Dear colleague"], ids=["empty", "noughts", "text"])
def test_what_is_no_capture_prints_nothing(tmp_path, content):
    """The sentence is the caller's to print."""
    path = tmp_path / "none.pcap"
    path.write_bytes(content)
    out = io.StringIO()

    with pytest.raises(NotReadable):
        replay(path, INSIDE, out, as_json=True)
    assert out.getvalue() == ""


def test_a_capture_of_nothing_has_an_empty_summary(tmp_path):
    """For both readers."""
    path = write(tmp_path / "nothing.pcap", [])

    assert objects(path)[-1]["first"] is None
    assert run(path, as_json=False) == "connections: 0\nframes: 0 (0 decoded, 0 undecodable, 0 fragments)\n"


def test_a_person_is_not_given_more_lines_than_anybody_reads(tmp_path):
    """The rest is counted, and a tool gets it all."""
    talks = [Talk(client_port=1_024 + number) for number in range(LINES + 30)]
    path = write(tmp_path / "many.pcap", [talk.frame(talk.syn()) for talk in talks])

    text = run(path, as_json=False)

    assert text.count(" attempted ") == LINES
    assert "... and 30 more: --json tells them all" in text
    assert len(finals(objects(path))) == LINES + 30


def test_connections_that_stand_open_do_not_make_each_later_frame_dear(tmp_path, monkeypatch):
    """They are not all looked through each second of a file that has four frames a second."""
    looked, give_up = [0], Tracker.give_up

    def counted(tracker: Tracker, now: Moment) -> Iterator[Connection]:
        looked[0] += len(tracker)
        return give_up(tracker, now)

    monkeypatch.setattr(Tracker, "give_up", counted)
    talks = [Talk(client_port=port) for port in range(2_000, 2_500)]
    standing = [talk.frame(word) for talk in talks for word in talk.handshake()[:2]]
    path = tmp_path / "slow.pcap"
    path.write_bytes(files.pcap(standing + [bytes(60)] * 4_000))

    objects(path)

    assert 500 < looked[0] <= 17 * 5_000


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(st.one_of(st.sampled_from(make.shapes() + make.scans()), st.binary(max_size=120)), max_size=40),
    st.lists(st.tuples(st.integers(0, 39), st.integers(0, 100), st.integers(0, 255)), max_size=10),
)
def test_no_ten_thousand_random_frames_raise(tmp_path, frames, changes):
    """Real ones in any order, changed, and noise: some three hundred files of forty frames."""
    changed = [bytearray(frame) for frame in frames]
    for number, at, value in changes:
        if number < len(changed) and changed[number]:
            changed[number][at % len(changed[number])] = value

    told = objects(write(tmp_path / "x.pcap", [bytes(frame) for frame in changed]))

    assert told[-1]["frames"] == len(frames)
    assert told[-1]["connections"] == len(finals(told)) <= len(frames)


# -- tshark as witness -------------------------------------------------------------------------------------------


def ours(path: Path) -> list[witness.Stream]:
    return [
        witness.Stream(
            (each["source"], each["source_port"]),
            (each["target"], each["target_port"]),
            each["bytes_in"],
            each["bytes_out"],
            each["state"],
        )
        for each in finals(objects(path))
    ]


@pytest.mark.lab
@pytest.mark.parametrize("name", sorted(set(GOLDEN) - {TUNNELS}))
def test_tshark_sees_the_same_connections_in_the_golden_files(name):
    """Ends, who called, bytes each way, how it ended."""
    cable.need("tshark")

    assert ours(PCAPS / name) == witness.streams(PCAPS / name)


@pytest.mark.lab
def test_tshark_looks_into_the_tunnels_that_we_do_not():
    """So that it is known what is not seen, and that the file holds it."""
    cable.need("tshark")
    seen = [
        (each.client[1], each.state, each.bytes_in, each.bytes_out) for each in witness.streams(PCAPS / TUNNELS)
    ]

    assert seen == [(each.port, each.state, each.bytes_in, each.bytes_out) for each in make.ODD[TUNNELS]().endings]


@pytest.mark.lab
@pytest.mark.parametrize("name", linked.LINKS)
def test_tshark_sees_the_same_on_every_link(tmp_path, name):
    """In a classic file of that link alone."""
    cable.need("tshark")
    link, record = linked.LINKS[name]
    path = tmp_path / "link.pcap"
    talk = Talk(**(V6 if "IPv6" in name else {}))
    path.write_bytes(files.pcap([record(frame) for frame in make.association(talk)], link=link))

    assert ours(path) == witness.streams(path)
    assert [each["dicom"]["result"] for each in finals(objects(path))] == ["accepted"]


def random_talk(
    dice: random.Random, number: int, doors: tuple[int, ...] = (104, 443, 4242, 60_000)
) -> list[bytes]:
    """One connection with all the disorder of a real line; nothing of it is lost."""
    talk = Talk(
        client=STRANGER + dice.randrange(3),
        client_port=dice.choice((1_023, 40_000, 40_001, 50_000 + number)),
        server_port=dice.choice(doors),
        client_isn=dice.randrange(1 << 32),
        server_isn=dice.choice((dice.randrange(1 << 32), (1 << 32) - 50)),
    )
    ending = dice.choice(("refused", "silent", "half", "reset", "open", "closed", "closed", "closed"))
    syn = talk.syn()
    if ending in ("refused", "silent"):
        return make.frames(talk, [syn, syn] + ([talk.rst()] if ending == "refused" else []))
    words = [syn, talk.syn_ack()]
    if ending == "half":
        return make.frames(talk, [*words, talk.rst(True, ack=False)])
    words.append(talk.ack())
    banner = dice.choice((b"", b"", *(SPOKEN[label] for label in BANNERS)))
    words += [talk.answers(banner)] if banner else []
    words += [talk.asks(dice.choice((b"first", *SPOKEN.values())))]
    data = [
        talk.say(dice.random() < 0.5, make.Flags.ACK, dice.randbytes(dice.randrange(1, 1_400))) for _ in range(12)
    ]
    data += dice.choices(data, k=3)
    for place in range(len(data) - 1):
        if dice.random() < 0.2:
            data[place : place + 2] = data[place + 1], data[place]
    words += data
    if ending == "reset":
        words.append(talk.rst(dice.random() < 0.5))
    if ending == "closed":
        words += talk.goodbye()
        words.append(dice.choice(words[-3:]))
    return make.frames(talk, words)


@pytest.mark.lab
@pytest.mark.parametrize("seed", range(3))
def test_tshark_sees_the_same_connections_in_a_disorderly_crowd(tmp_path, seed):
    """Two hundred talks: retransmissions, reordering, wraps, and ports used again."""
    cable.need("tshark")
    dice = random.Random(seed)
    frames = [frame for number in range(200) for frame in random_talk(dice, number)]
    path = write(tmp_path / "crowd.pcapng", frames)

    found = ours(path)

    assert len(found) > 150
    assert found == witness.streams(path)


def recorded(laid: cable.Cable, path: Path, traffic: Callable[[], None], *options: str) -> None:
    """What dumpcap records at the right end while something happens."""
    process = laid.start("right", "dumpcap", "-q", "-i", cable.CARD, "-w", str(path), *options)
    cable.wait_until(path.exists)
    time.sleep(0.5)  # dumpcap opens its file a moment before it listens
    traffic()
    time.sleep(0.3)
    cable.stop(process)


def call(laid: cable.Cable, port: int, payload: bytes, *, reset: bool = False) -> None:
    """A client from the left end: it says something, reads the answer, and hangs up."""
    with laid.at("left"):
        line = socket.socket()
    with closing(line):
        line.settimeout(5)
        with suppress(ConnectionRefusedError):
            line.connect(("10.77.0.2", port))
            line.sendall(payload)
            while line.recv(65_536):
                pass
        if reset:
            line.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


@pytest.mark.lab
def test_tshark_sees_the_same_connections_in_real_imaging_traffic(tmp_path):
    """DCMTK sends images and echoes, is refused a title's association, finds a closed door: on a real cable."""
    cable.need("tshark", "dumpcap", "storescp", "storescu", "echoscu", "ss")
    shots = images.study(tmp_path / "study", count=3, side=300)
    (tmp_path / "in").mkdir()
    path = tmp_path / "real.pcapng"

    with cable.cable(quiet=False) as laid:
        laid.start("right", "storescp", "-od", str(tmp_path / "in"), "11112")
        laid.start("right", "storescp", "--refuse", "-od", str(tmp_path / "in"), "11113")
        laid.start("right", sys.executable, "-m", "http.server", "-d", str(tmp_path / "study"), "8042")
        cable.wait_until(
            lambda: all(f":{port}" in laid.run("right", "ss", "-ltn").stdout for port in (11112, 11113, 8042))
        )

        def traffic() -> None:
            for _ in range(3):
                laid.run("left", "storescu", "-R", "10.77.0.2", "11112", *(str(shot.path) for shot in shots))
                laid.run("left", "echoscu", "-aet", "ZZSTRANGER", "-aec", "ANYBODY", "10.77.0.2", "11112")
            laid.run("left", "echoscu", "10.77.0.2", "11113")
            laid.run("left", "echoscu", "10.77.0.2", "104")
            for shot in shots:
                call(laid, 8042, f"GET /{shot.path.name} HTTP/1.0\r\n\r\n".encode(), reset=shot is shots[0])

        recorded(laid, path, traffic)

    found = ours(path)
    assert found == witness.streams(path)
    assert len(found) == 11
    results = [each["dicom"]["result"] for each in finals(objects(path)) if each["dicom"]]
    assert results == ["accepted"] * 6 + ["rejected"]
    text = run(path).encode() + run(path, as_json=False).encode()
    assert [secret for secret in images.secrets(shots) if secret in text] == []
    assert any(secret in path.read_bytes() for secret in images.secrets(shots))  # they were there to be found


@pytest.mark.lab
@pytest.mark.parametrize(
    ("gro", "frames", "longest"), [("off", range(1_370, 9_999), 1_514), ("on", range(1_000), 65_549)]
)
def test_a_card_that_puts_segments_together_changes_no_byte(tmp_path, gro, frames, longest):
    """Two megabytes over a real cable: with GRO fewer and longer frames, the same connection; tshark agrees."""
    cable.need("tshark", "dumpcap", "ethtool")
    path = tmp_path / "gro.pcapng"
    with cable.cable(quiet=False) as laid:
        for end in ("left", "right"):
            laid.run(end, "ethtool", "-K", cable.CARD, "tso", "off", "gso", "off", "gro", gro)
        with laid.at("right"):
            door = socket.create_server(("10.77.0.2", 11112))
        with door:
            recorded(laid, path, lambda: send(laid, door, bytes(2_000_000)), "-s", "128", "-B", "32")

    with Recording(path) as recording:
        lengths = [frame.length for frame in recording]
    assert len(lengths) in frames
    assert 1_514 <= max(lengths) <= longest
    assert (max(lengths) > 1_514) is (gro == "on")
    assert [(each.bytes_in, each.bytes_out, each.state) for each in ours(path)] == [(2_000_000, 0, "closed")]
    assert ours(path) == witness.streams(path)


def send(laid: cable.Cable, door: socket.socket, payload: bytes) -> None:
    """From the left end to a door at the right, read to its end."""
    with laid.at("left"):
        line = socket.socket()
    with line, ThreadPoolExecutor(1) as other:
        reading = other.submit(read_all, door)
        line.connect(door.getsockname())
        line.sendall(payload)
        line.shutdown(socket.SHUT_WR)
        assert reading.result(30) == len(payload)


def read_all(door: socket.socket) -> int:
    """How much the first caller says before it hangs up."""
    line, _ = door.accept()
    with line:
        return sum(map(len, iter(lambda: line.recv(65_536), b"")))


def cut_request(number: int, size: int) -> list[bytes]:
    """A request for forty services in segments of that size, its answer, and a command."""
    talk = Talk(client_port=30_000 + number)
    request = associate_rq(syntaxes=(CT_IMAGE,) * 39 + (STUDY_FIND,))
    words = [*talk.handshake(), *(talk.asks(request[at : at + size]) for at in range(0, len(request), size))]
    words += [talk.answers(associate_ac()), talk.asks(p_data()), talk.ack(False), *talk.goodbye()]
    return make.frames(talk, words)


SIZES = (9, 50, 77, 78, 79, 81, 82, 200, 1_460, 9_000)


@pytest.mark.parametrize("seed", range(3))
def test_what_the_kernel_keeps_is_enough_to_tell_the_same(tmp_path, seed):
    """A crowd through the live filter, whose data stays behind: who, how far, asked what and how, exact bytes.

    Only where no FIN was seen may bytes be missing: nothing that was kept speaks of them. Doors above 32767 are
    left out: data pushed there stays in the kernel, so that a client may be known as one only when it leaves.
    """
    dice = random.Random(seed)
    frames = [frame for number in range(100) for frame in random_talk(dice, number, (104, 443, 4242))]
    frames += [frame for story in (make.stranger, make.refused_title, make.scans) for frame in story()]
    frames += [frame for number, size in enumerate(SIZES) for frame in cut_request(number, size)]
    kept = [frame[:length] for frame in frames if (length := bpf.kept(frame, INSIDE))]

    whole = finals(objects(write(tmp_path / "whole.pcap", frames), every=False))
    live = finals(objects(write(tmp_path / "live.pcap", kept), every=False, filtered=True))

    assert len(kept) < len(frames) // 2
    assert [gist(each) for each in live] == [gist(each) for each in whole]
    assert {each["label"] for each in whole} == {None, *Label}
    cut = [each["dicom"] for each in live if each["source_port"] in range(30_000, 30_100)]
    assert [each["result"] for each in cut] == ["accepted"] * len(SIZES)
    assert [each["services_whole"] for each in cut] == [size == 9_000 for size in SIZES]
    for ours_, true in zip(live, whole, strict=True):
        assert ours_["bytes_in"] <= true["bytes_in"]
        assert ours_["bytes_out"] <= true["bytes_out"]
    exact = [each for each, true in zip(live, whole, strict=True) if bytes_of(each) == bytes_of(true)]
    assert len(exact) > len(whole) // 2


def through_the_filter(parts: Iterable[Part]) -> Iterator[Part]:
    """What the kernel would hand over of a story; its silences stay."""
    for part in parts:
        if isinstance(part, float):
            yield part
            continue
        frame, length = part if isinstance(part, Cut) else Cut(part, len(part))
        seen, _ = as_the_kernel_sees(frame)
        kept = bpf.kept(seen, INSIDE)
        yield Cut(seen[:kept], length) if kept else 0.01


def live(path: Path, parts: Iterable[Part]) -> list[Ending]:
    """How each of a story's connections ended, as the capture tells it."""
    make.write(path, through_the_filter(parts))
    told = finals(objects(path, every=False, filtered=True))
    return [Ending(each["source_port"], each["state"], each["bytes_in"], each["bytes_out"]) for each in told]


UNSEEN = {TUNNELS: "what is wrapped is named, and nothing of it read"}


@pytest.mark.parametrize("name", sorted(make.ODD))
def test_the_capture_tells_the_oddities_as_a_replay_does(tmp_path, name):
    """Through the live filter, which keeps no data and no bare ACK: how they ended, and each byte."""
    story = make.ODD[name]()

    assert live(tmp_path / "live.pcap", story.parts) == ([] if name in UNSEEN else story.endings)


@pytest.mark.parametrize(("days", "told"), [(6, 1), (8, 2)])
def test_an_association_that_only_probes_is_given_up_after_a_week(tmp_path, days, told):
    """Its probes are bare ACKs, which stay in the kernel: told as closed, and as another when it goes on."""
    talk, story = Talk(), Tale()
    opening = [*talk.handshake(), talk.asks(associate_rq()), talk.answers(associate_ac()), talk.ack()]
    probe, reply = talk.say(True, make.Flags.ACK, seq=talk.client_isn + len(associate_rq())), talk.ack(False)
    story.tell(talk, [*opening, *[part for _ in range(12 * days) for part in (7_200.0, probe, reply)]])
    story.tell(talk, [talk.asks(b"ask"), talk.answers(b"answer"), *talk.goodbye()])

    ends = live(tmp_path / "live.pcap", story.parts)

    assert [each.state for each in ends] == ["closed"] * told
    assert sum(each.bytes_in for each in ends) == len(associate_rq()) + 3
    assert sum(each.bytes_out for each in ends) == len(associate_ac()) + 6


def gist(told: dict[str, Any]) -> list[Any]:
    ends = ("source", "source_port", "target", "target_port", "direction")
    return [told[key] for key in (*ends, "state", "dicom", "label")]


def bytes_of(told: dict[str, Any]) -> tuple[int, int]:
    return told["bytes_in"], told["bytes_out"]
