"""Privacy as a property: of images stored, searched and fetched nothing stays with us, wherever one looks.

The same search must find the patient in a full capture of the same cable and in a ring that keeps everything:
otherwise finding nothing would prove nothing.
"""

import http.client
import re
import signal
import struct
import sys
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from sentinel.capture.assembler import Step, assemble
from sentinel.capture.kind import Kind
from sentinel.capture.ring import Ring, Room, raw_socket
from sentinel.capture.rings import Rings
from sentinel.capture.surroundings import look_around
from sentinel.model.finding import Code, Grade
from sentinel.wire.requests import Reply, Request, Verb, ask
from tests.lab import images, imaging
from tests.lab.cabinet import Cabinet
from tests.lab.host import end, wait_until
from tests.story.sentinel import CODE, Sentinel

EVERYTHING = assemble([Step("keep", 0xFFFF)])
WINDOW, PACE = 12, 48
"""Bytes of one stretch of P-DATA that is searched for, and from one to the next."""


# Looking


def found_in(data: bytes, secrets: Iterable[bytes]) -> list[bytes]:
    """The secrets that stand in these bytes."""
    return [secret for secret in secrets if secret in data]


def memory_of(process: int) -> Iterator[tuple[str, bytes]]:
    """Every stretch of a process's memory that it may write, by the name of its mapping."""
    with Path(f"/proc/{process}/mem").open("rb", buffering=0) as memory:
        for line in Path(f"/proc/{process}/maps").read_text().splitlines():
            bounds, rights, _, _, _, *name = line.split(maxsplit=5)
            if not rights.startswith("rw"):
                continue
            first, last = (int(bound, 16) for bound in bounds.split("-"))
            memory.seek(first)
            yield "".join(name), memory.read(last - first)


def files_under(*places: Path) -> Iterator[Path]:
    """Every file there."""
    for place in places:
        yield from (each for each in [place, *place.rglob("*")] if each.is_file())


def pages_of(sentinel: Sentinel) -> dict[str, str]:
    """Every page that can be reached by links, for somebody who gave the code."""
    entry = ask(sentinel.places.requests, Request(verb=Verb.LOGIN, code=CODE, client="192.168.77.20"))
    assert entry.reply is Reply.DONE
    cookie = f"sentinel_session={entry.session}"
    seen: dict[str, str] = {}
    waiting = ["/", "/?lang=en", "/healthz", "/connections.csv", "/sentinel", "/incidents", "/outside"]
    while waiting:
        address = waiting.pop()
        if address in seen:
            continue
        status, seen[address], headers = sentinel.page(address, cookie)
        assert status in (200, 303, 503), address
        links = re.findall(r'(?:href|src)="(/[^"#]*)"', seen[address]) if "html" in str(headers) else []
        waiting += [link.replace("&amp;", "&") for link in links if not link.startswith("/static/")]
    return seen


# Two rings on the mirror port, in a process of their own


def ring_out(folder: str, *, everything: bool) -> None:
    """Read the mirror port until SIGTERM; leave every frame handed to Python, and the ring's whole memory."""
    rings = Everything("mirror0") if everything else Rings("mirror0", look_around().networks().own)
    over: list[int] = []
    signal.signal(signal.SIGTERM, lambda *_: over.append(1))
    with Path(folder, "frames").open("wb") as handed:
        Path(folder, "ready").touch()
        quiet = 0
        while quiet < 3:  # what came before the signal is read after it
            frames = list(rings.read(100))
            for frame in frames:
                handed.write(struct.pack("!I", len(frame.kept)) + frame.kept)
            quiet = quiet + 1 if over and not frames else 0
    Path(folder, "memory").write_bytes(rings.memory)
    there, losses = rings.count(), rings.losses.values()
    dropped = sum(loss.dropped for loss in losses)
    Path(folder, "counted").write_text(f"{there} {sum(loss.frames for loss in losses)} {dropped}")
    rings.close()


class Everything(Rings):
    """A tap without any filter: what would be in our memory if the kernel did not keep it out."""

    def __init__(self, interface: str) -> None:
        ring = Ring(Room(1 << 18, 32), raw_socket())
        ring.bind(interface)
        ring.arm(EVERYTHING)
        super()._watch({Kind.ANSWERS: ring})


@dataclass(frozen=True)
class Taken:
    """What one ring held."""

    folder: Path

    @property
    def memory(self) -> bytes:
        """The whole mapping at the end."""
        return (self.folder / "memory").read_bytes()

    @property
    def handed(self) -> bytes:
        """Every frame handed to Python, one after the other."""
        return (self.folder / "frames").read_bytes()

    @property
    def frames(self) -> list[bytes]:
        """The same, apart."""
        rest, apart = self.handed, []
        while rest:
            (size,) = struct.unpack_from("!I", rest)
            apart.append(rest[4 : 4 + size])
            rest = rest[4 + size :]
        return apart


@contextmanager
def ringing(cabinet: Cabinet, folder: Path, *, everything: bool) -> Iterator[tuple[int, Taken]]:
    """A ring on the mirror port meanwhile; its process, and afterwards what it held."""
    folder.mkdir()
    code = f"from tests.story.test_privacy import ring_out; ring_out({str(folder)!r}, everything={everything})"
    process = cabinet.pi.start([sys.executable, "-c", code], ready=(folder / "ready").exists)
    yield process.pid, Taken(folder)
    process.send_signal(signal.SIGTERM)
    assert process.wait(10) == 0


@contextmanager
def full_capture(cabinet: Cabinet, file: Path) -> Iterator[None]:
    """Another program writes down all that the mirror port carries."""
    log = file.with_suffix(".log")
    argv = ["dumpcap", "-q", "-i", "mirror0", "-w", str(file), "-P"]
    process = cabinet.pi.start(argv, log=log, ready=lambda: file.exists() and file.stat().st_size > 0)
    yield
    assert wait_until(lambda: file.stat().st_size > 0)
    process.send_signal(signal.SIGINT)
    process.wait(10)
    end(process)


# What happens on the cable


@dataclass(frozen=True)
class Busy:
    """A practice at work, and strangers in it: all that was said over the mirrored link."""

    study: list[images.Image]

    @property
    def secrets(self) -> tuple[bytes, ...]:
        """What must stay nowhere: name, number, pixels, and the names of study and images."""
        uids = {image.study_instance_uid for image in self.study} | {i.sop_instance_uid for i in self.study}
        return (*images.secrets(self.study), *(uid.encode() for uid in uids))


def work(cabinet: Cabinet, folder: Path) -> Busy:
    """Store, search and fetch; from the workstation, from a stranger, over IPv6, and by Orthanc's own web page."""
    cabinet.switch.mirror_port_of(cabinet.imaging, True)
    imaging.orthanc(cabinet.imaging)
    imaging.answer_ipv6(cabinet.imaging, 4242)
    cabinet.box.forward(11112, 4242)
    cabinet.box.forward(8042)
    cabinet.box.open_ipv6()
    study = images.study(folder / "images", count=4, side=96)
    near = imaging.call_ipv6(cabinet.stranger, cabinet.imaging.v6, 4242)
    keys = (f"PatientName={images.PATIENT}", f"PatientID={images.PATIENT_ID}", "StudyInstanceUID")
    ways = (
        (cabinet.workstation, cabinet.imaging.v4, 4242),
        (cabinet.stranger, cabinet.box.v4, 11112),
        (cabinet.stranger, near, 4242),
    )
    for number, (host, address, port) in enumerate(ways):
        sent = imaging.storescu(host, address, port, [image.path for image in study])
        asked = imaging.findscu(host, address, port, keys=keys)
        into = folder / f"fetched-{number}"
        fetched = imaging.getscu(host, address, port, study[0].study_instance_uid, into)
        assert (sent.returncode, asked.returncode, fetched.returncode) == (0, 0, 0)
        assert images.PATIENT in asked.stdout + asked.stderr
        assert len(list(into.iterdir())) == len(study)
    assert images.PATIENT in browse(cabinet)
    return Busy(study)


def browse(cabinet: Cabinet) -> str:
    """A stranger asks Orthanc's own page for the patient, in plain HTTP, and is answered."""
    query = f'{{"Level":"Patient","Expand":true,"Query":{{"PatientName":"{images.PATIENT}"}}}}'
    with cabinet.stranger.inside():
        line = http.client.HTTPConnection(str(cabinet.box.v4), 8042, timeout=5)
        line.connect()
    with closing(line):
        line.request("POST", "/tools/find", query)
        return line.getresponse().read().decode()


# What is on the cable, byte by byte


def payload_of(frame: bytes) -> bytes:
    """The TCP payload of a frame, as far as it was kept."""
    if frame[12:14] == b"\x08\x00" and frame[23] == 6:
        ip, size = 14 + (frame[14] & 15) * 4, int.from_bytes(frame[16:18], "big") + 14
    elif frame[12:14] == b"\x86\xdd" and frame[20] == 6:
        ip, size = 54, int.from_bytes(frame[18:20], "big") + 54
    else:
        return b""
    return frame[ip + (frame[ip + 12] >> 4) * 4 : size]


def is_association(payload: bytes) -> bool:
    """Nothing but (the beginning of) one A-ASSOCIATE, or a whole A-ASSOCIATE-RJ, A-RELEASE or A-ABORT."""
    if payload[:2] in (b"\x01\x00", b"\x02\x00"):
        return payload[74:82] == b"\x10\x00\x00\x151.2." and len(payload) <= 6 + int.from_bytes(
            payload[2:6], "big"
        )
    return len(payload) == 10 and payload[:6] in (b"\x03\x00\x00\x00\x00\x04", b"\x07\x00\x00\x00\x00\x04")


def stretches(frames: Iterable[bytes]) -> set[bytes]:
    """Stretches of everything said on the cable that is no association, none of them part of one."""
    said = [payload for frame in frames if (payload := payload_of(frame))]
    associations = b"|".join(payload for payload in said if is_association(payload))
    found = {
        payload[at : at + WINDOW]
        for payload in said
        if not is_association(payload)
        for at in range(0, len(payload) - WINDOW, PACE)
    }
    return {each for each in found if each not in associations and len(set(each)) > 4}


def squeezed(memory: bytes) -> bytes:
    """The same without its long empty stretches: most of a ring is never written."""
    return re.sub(rb"\0{64,}", b"\0" * 64, memory)


# The property


def test_nothing_of_a_patient_stays_anywhere_in_the_sentinel(
    cabinet: Cabinet, sentinel: Sentinel, tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    """Neither name, number nor pixel, nor a byte of P-DATA: in ring, memory, files, output or pages."""
    pcap = tmp_path / "full.pcap"
    with (
        ringing(cabinet, tmp_path / "kept", everything=False) as (_, kept),
        ringing(cabinet, tmp_path / "all", everything=True) as (control, all_of_it),
        full_capture(cabinet, pcap),
    ):
        busy = work(cabinet, tmp_path)
        sentinel.wait(lambda: Code.STRANGER_QUERIED in sentinel.codes(), "the stranger's query")
        sentinel.wait(lambda: len(sentinel.connections()) >= 10, "all rows")
        pages = pages_of(sentinel)
        programs = {name: sentinel.process(name) for name in ("run", "watch", "listen", "web")}
        heaps = {name: list(memory_of(number)) for name, number in programs.items()}
        control_heap = list(memory_of(control))
    log = sentinel.log.read_bytes()
    sentinel.stop()
    secrets = busy.secrets

    # The search finds what is there: otherwise the rest proves nothing.
    assert set(found_in(pcap.read_bytes(), secrets)) == set(secrets)
    assert set(found_in(all_of_it.handed, secrets)) == set(secrets)
    assert set(found_in(all_of_it.memory, secrets)) == set(secrets)
    assert set(found_in(b"".join(part for _, part in control_heap), secrets)) == set(secrets)
    said = stretches(all_of_it.frames)
    assert len(said) > 1000
    assert set(found_in(squeezed(all_of_it.memory), said)) == said

    # The ring, and what it hands over.
    assert not found_in(kept.memory, secrets)
    assert not found_in(kept.handed, secrets)
    assert not found_in(squeezed(kept.memory), said)
    spoken = [payload for frame in kept.frames if (payload := payload_of(frame))]
    assert spoken
    assert all(is_association(payload) for payload in spoken)

    # The programs: heap, stack and the mapped ring of each.
    for name, parts in heaps.items():
        assert not [(where, found) for where, part in parts if (found := found_in(part, secrets))], name
    rings = [part for where, part in heaps["listen"] if "socket:" in where]
    assert any(b"WORKSTATION" in part for part in rings)  # its ring was read too

    # What they wrote and showed.
    for file in [*files_under(sentinel.places.lasting), sentinel.log]:
        assert not found_in(file.read_bytes(), secrets), file
    assert not found_in(log, secrets)
    for address, page in pages.items():
        assert not found_in(page.encode(), secrets), address

    # And yet the sentinel knows what happened.
    assert {row.calling for row in sentinel.connections()} >= {"WORKSTATION", imaging.CALLER}
    assert max(each.grade or 0 for each in sentinel.incidents()) >= Grade.QUERIED
    memory = {name: sum(len(part) for _, part in parts) >> 20 for name, parts in heaps.items()}
    with capsys.disabled():
        print(
            f"\n  {len(secrets)} secrets and {len(said)} stretches of P-DATA in {pcap.stat().st_size} bytes;"
            f"\n  handed to Python: {len(kept.handed)} bytes in {len(kept.frames)} frames; {len(pages)} pages;"
            f"\n  megabytes of memory searched: {memory}",
            end="",
        )
