"""Rebuilds the recorded day: a short day in a cabinet, what `listen` sees of it, and the echo's signed reports.

    python -m tests.lab.record_day sentinel/recorded        (root)

Nothing but what the kernel filter keeps is written, so no payload can be in the recording. The player knows that
each frame ends where the filter cut it, which tells what was spoken (`model.beginnings`); to other readers of the
file a header may come short.
"""

import gzip
import shutil
import signal
import sys
import tempfile
import time
from contextlib import closing
from ipaddress import ip_network
from pathlib import Path

from sentinel.capture.ring import Frame
from sentinel.capture.rings import Rings
from sentinel.clock import now
from sentinel.model.exposure import Outcome, PortList
from sentinel.reach import enrol, keys
from sentinel.reach.asking import ask
from sentinel.reach.record import write_record
from tests.lab import imaging
from tests.lab.cabinet import Cabinet
from tests.lab.doors import Answer, connected, door, knock
from tests.lab.host import end
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
            [sys.executable, "-m", "tests.lab.record_day", "tape", f"{scratch}/day.pcap.gz"],
            ready=lambda: Path(f"{scratch}/day.pcap.gz").exists(),
        )
        _act_the_morning(cabinet)
        _check(cabinet, scratch)
        _act_a_robot(cabinet)
        cabinet.box.forward(11112, 4242, cabinet.imaging)
        _wake(cabinet)
        _check(cabinet, scratch)
        time.sleep(PAUSE)
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
        for name in ("day.pcap.gz", "day.jsonl"):
            shutil.copy(f"{scratch}/{name}", folder / name)


def _act_the_morning(cabinet: Cabinet) -> None:
    """The workstation reaches a site outside, the imaging machine asks for the time: the mirror is proved."""
    with door(cabinet.echo2, 443):
        for machine in (cabinet.workstation, cabinet.imaging):
            with connected(machine, cabinet.echo2.v4, 443):
                time.sleep(0.2)
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
            keys.echoes(scratch)[0],
            4,
            PortList.FULL,
            key=keys.own_key(scratch),
            post=lambda _: None,
            clock=now,
            record=lambda record: file.write(write_record(record) + b"\n"),
        )
    assert outcome.outcome is Outcome.CHECKED, outcome


def tape(path: Path) -> None:
    """On the Pi: what the kernel filter keeps of the mirror port, as a capture file, until SIGTERM."""
    from scapy.utils import RawPcapWriter

    running = [True]
    signal.signal(signal.SIGTERM, lambda *_: running.clear())
    own = (ip_network("192.168.77.0/24"),)
    with closing(Rings("mirror0", own)) as rings, gzip.open(path, "wb") as file:
        writer = RawPcapWriter(file, linktype=1, nano=True, sync=False)
        writer.write_header(None)
        while running:
            for frame in rings.read(100):
                assert isinstance(frame, Frame), "nobody floods that day"
                sec, nsec = divmod(frame.nanoseconds, 1_000_000_000)
                writer.write_packet(frame.kept, sec=sec, usec=nsec, wirelen=frame.length)
        writer.flush()


if __name__ == "__main__":
    match sys.argv[1:]:
        case ["enrol", scratch, invitation]:
            take_invitation(Path(scratch), invitation)
        case ["ask", scratch]:
            ask_once(Path(scratch))
        case ["tape", path]:
            tape(Path(path))
        case [folder]:
            live(Path(folder))
