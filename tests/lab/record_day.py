"""Rebuilds the recorded day: a short day in a cabinet, what `listen` sees of it, and the echo's signed reports.

    python -m tests.lab.record_day sentinel/recorded        (root)

Nothing but what the kernel filter keeps is written, so no payload can be in the recording. The player knows that
each frame ends where the filter cut it, which tells what was spoken (`model.beginnings`); to other readers of the
file a header may come short. Rare frames, by which machines tell of themselves, have a file of their own, as they
have a ring: they are read in the child that is alone with scapy. Those of the day are invented (`introductions`).
"""

import gzip
import shutil
import signal
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path

from scapy.utils import RawPcapWriter

from sentinel.capture.ring import Frame
from sentinel.capture.rings import Rare, Rings
from sentinel.clock import now
from sentinel.model.exposure import Outcome, PortList
from sentinel.programs.play import DAY, RARE
from sentinel.reach import enrol, keys
from sentinel.reach.asking import Check, ask
from sentinel.reach.record import write_record
from tests.lab import imaging, plan
from tests.lab.cabinet import Cabinet
from tests.lab.doors import Answer, connected, door, knock
from tests.lab.host import end
from tests.lab.introductions import STORAGE_MAC, asks_for_the_box, offers, send, switch
from tests.story.sentinel import EchoHost

PAUSE = 9.0
"""Seconds between two acts: more than the player shows of any silence."""


def live(folder: Path) -> None:
    """The day, act by act."""
    with Cabinet() as cabinet, tempfile.TemporaryDirectory() as scratch:
        imaging.orthanc(cabinet.imaging)
        echo = EchoHost(cabinet.echo1, Path(scratch) / "echo").start()
        cabinet.pi.python("-m", "tests.lab.record_day", "enrol", scratch, echo.invite())
        tape = cabinet.pi.start(
            [sys.executable, "-m", "tests.lab.record_day", "tape", scratch, "mirror0"],
            ready=lambda: Path(scratch, RARE).exists(),
        )
        _act_the_morning(cabinet)
        _act_introductions(cabinet)
        _check(cabinet, scratch)
        _act_a_robot(cabinet)
        cabinet.box.forward(11112, 4242, cabinet.imaging)
        _wake(cabinet)
        _check(cabinet, scratch)
        time.sleep(PAUSE)
        _act_a_curious_robot(cabinet)
        imaging.echoscu(cabinet.stranger, cabinet.box.v4, 11112, called="ORTHANC", calling="ANY-SCU")
        imaging.findscu(cabinet.stranger, cabinet.box.v4, 11112, called="ORTHANC", calling="ANY-SCU")
        time.sleep(PAUSE)
        cabinet.box.unforward(11112)
        _wake(cabinet)
        _check(cabinet, scratch)
        time.sleep(2)
        tape.send_signal(signal.SIGTERM)
        tape.wait(5)
        end(tape)
        echo.stop()
        for name in (DAY, RARE, "day.jsonl"):
            shutil.copy(f"{scratch}/{name}", folder / name)


def _act_the_morning(cabinet: Cabinet) -> None:
    """The workstation reaches a site outside, the imaging machine asks for the time: the mirror is proved."""
    with door(cabinet.echo2, 443):
        for machine in (cabinet.workstation, cabinet.imaging):
            with connected(machine, cabinet.echo2.v4, 443):
                time.sleep(0.2)
    time.sleep(1)


def _act_introductions(cabinet: Cabinet) -> None:
    """The switch, the imaging machine and a network storage tell of themselves, as such machines often do."""
    storage, box = (str(plan.LAN4[each]) for each in (66, 1))
    send(cabinet.switch, cabinet.switch.mirror_port, switch())
    send(
        cabinet.workstation,
        cabinet.workstation.nic.name,
        asks_for_the_box(STORAGE_MAC, storage, box),
        offers(STORAGE_MAC, storage, "_smb._tcp", 445, "stockage"),
    )
    imaging_machine = cabinet.imaging
    send(
        imaging_machine,
        imaging_machine.nic.name,
        offers(imaging_machine.mac, str(imaging_machine.v4), "_dicom._tcp", 4242, "radio-pc"),
    )
    time.sleep(1)


def _act_a_curious_robot(cabinet: Cabinet) -> None:
    """It asks the open door for a web page, and is shown out."""
    with connected(cabinet.stranger, cabinet.box.v4, 11112) as line, suppress(OSError):
        line.sendall(b"GET / HTTP/1.0\r\nHost: cabinet\r\n\r\n")
        line.recv(1)
    time.sleep(1)


def _act_a_robot(cabinet: Cabinet) -> None:
    """A robot of the internet tries a few doors; the box refuses."""
    for port in (22, 23, 104, 445, 3389, 11112):
        assert knock(cabinet.stranger, cabinet.box.v4, port) is Answer.REFUSED
    time.sleep(PAUSE)


def _wake(cabinet: Cabinet) -> None:
    """The imaging machine shows that it is alive."""
    knock(cabinet.imaging, cabinet.echo2.v4, 443)
    time.sleep(PAUSE)


def _check(cabinet: Cabinet, scratch: str) -> None:
    cabinet.pi.python("-m", "tests.lab.record_day", "ask", scratch, timeout=60)
    time.sleep(PAUSE)


def take_invitation(scratch: Path, invitation: str) -> None:
    """On the Pi: enrol."""
    answer = enrol.enrol(enrol.read_invitation(invitation), keys.own_key(scratch))
    assert not isinstance(answer, Outcome), answer
    keys.keep(scratch, answer)


def ask_once(scratch: Path) -> None:
    """On the Pi: one full check over IPv4, its record added to the day."""
    with (scratch / "day.jsonl").open("ab") as file:
        outcome = ask(
            Check(echo=keys.echoes(scratch)[0], family=4, ports=PortList.FULL),
            key=keys.own_key(scratch),
            post=lambda _: None,
            clock=now,
            record=lambda record: file.write(write_record(record) + b"\n"),
        )
    assert outcome.outcome is Outcome.CHECKED, outcome


def tape(folder: Path, card: str) -> None:
    """On the Pi: what the kernel filters keep of the mirror port, as two capture files, until SIGTERM."""
    running = [True]
    signal.signal(signal.SIGTERM, lambda *_: running.clear())
    with (
        closing(Rings(card, (plan.LAN4,))) as rings,
        _writer(folder / DAY) as day,
        _writer(folder / RARE) as rare,
    ):
        while running:
            for passed in rings.read(100):
                if isinstance(passed, Rare):
                    _write(rare, passed.nanoseconds, passed.kept, len(passed.kept))
                else:
                    assert isinstance(passed, Frame), "nobody floods that day"
                    _write(day, passed.nanoseconds, passed.kept, passed.length)


@contextmanager
def _writer(path: Path) -> Iterator[RawPcapWriter]:
    """A capture of Ethernet, to the nanosecond."""
    with gzip.open(path, "wb") as file:
        writer = RawPcapWriter(file, linktype=1, nano=True, sync=False)
        writer.write_header(None)
        yield writer
        writer.flush()


def _write(writer: RawPcapWriter, nanoseconds: int, kept: bytes, length: int) -> None:
    sec, nsec = divmod(nanoseconds, 1_000_000_000)
    writer.write_packet(kept, sec=sec, usec=nsec, wirelen=length)


if __name__ == "__main__":
    match sys.argv[1:]:
        case ["enrol", scratch, invitation]:
            take_invitation(Path(scratch), invitation)
        case ["ask", scratch]:
            ask_once(Path(scratch))
        case ["tape", scratch, card]:
            tape(Path(scratch), card)
        case [folder]:
            live(Path(folder))
