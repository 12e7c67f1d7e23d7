"""`play`: the recorded day in place of `listen`, through the same decode, tracking and wire.

The echo's signed plans and reports of that day are verified again as they are played. Silences are shortened, so
that a day's story takes under two minutes; nothing else is changed. Rare frames are read in a child, as live ones.
"""

import logging
import signal
import time
import uuid
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from importlib.resources import as_file, files
from ipaddress import ip_address, ip_network
from pathlib import Path

from sentinel.capture.recording import Recording
from sentinel.clock import Clock, now
from sentinel.config import Config
from sentinel.decode.frame import read_frame
from sentinel.errors import NotReadable
from sentinel.model.coverage import Coverage
from sentinel.model.exposure import Knock, Outcome, ReachOutcome
from sentinel.model.machine import HostSighting
from sentinel.model.moment import Moment
from sentinel.model.networks import Networks
from sentinel.places import Places
from sentinel.programs.dissecting import Dissecting
from sentinel.programs.listen import Ear
from sentinel.reach.record import Record, read_records
from sentinel.reach.report import Announced, Proof
from sentinel.wire.facts import Outbox, Sender, Sent

log = logging.getLogger(__name__)

DAY, RARE = "day.pcap.gz", "rare.pcap.gz"
"""What `listen`'s filters kept: of connections, and of machines that tell of themselves."""
SILENCE = timedelta(seconds=8)
"""No longer pause is played."""
TICK = 0.1


@dataclass(frozen=True, slots=True)
class Scene:
    """Something of the recorded day, at its recorded time."""

    at: datetime
    frame: bytes = b""
    rare: bytes = b""
    """By which a machine or a switch tells of itself."""
    asked: Record | None = None
    """A check begins: its knocks are announced."""
    answered: Record | None = None
    """A check has ended: its report is read."""


class Player:
    """Plays scenes at today's time."""

    def __init__(self, config: Config, places: Places, clock: Clock = now) -> None:
        self._clock = clock
        own = tuple(ip_network(text) for text in config.capture.prefixes)
        box = tuple(ip_address(text) for text in config.capture.box)
        self._ear = Ear(Networks(own=own, box=box), own_mac="")
        self._dissecting = Dissecting()
        self._sender = Sender(str(places.facts), Outbox(uuid.uuid4().hex))
        self._asked: dict[str, Moment] = {}
        self._frames = 0
        self._stopping = False
        self._ticked: Moment | None = None

    def stop(self, *_: object) -> None:
        """Leave at once."""
        self._stopping = True

    def play(self, scenes: list[Scene]) -> None:
        """The whole day, then its evening until stopped."""
        for scene in self._in_time(scenes):
            for fact in self._facts(scene):
                self._sender.send(fact)
        if not self._stopping:
            log.info("the recorded day is over; its evening goes on until Ctrl-C")
        while not self._stopping:
            self._wait(TICK)
        self._dissecting.close()
        self._sender.close()

    def _in_time(self, scenes: list[Scene]) -> Iterator[Scene]:
        """Each scene when its turn has come, stamped with today's time."""
        due = self._clock().boot + timedelta(seconds=2)
        last = scenes[0].at
        for scene in scenes:
            due += min(scene.at - last, SILENCE)
            last = scene.at
            while not self._stopping and self._clock().boot < due:
                self._wait(min(TICK, max(0.0, (due - self._clock().boot).total_seconds())))
            if self._stopping:
                return
            yield scene

    def _wait(self, seconds: float) -> None:
        time.sleep(seconds)
        at = self._clock()
        if self._ticked is None or at.since(self._ticked) >= timedelta(seconds=1):
            self._ticked = at
            self._dissecting.tick(at)
            for fact in (*self._ear.tick(at), self._coverage(at)):
                self._sender.send(fact)
        for portrait in self._dissecting.told(at):
            self._sender.send(portrait)
        self._sender.flush()

    def _facts(self, scene: Scene) -> Iterator[Sent]:
        at = self._clock()
        if scene.frame:
            yield from self._hear(scene.frame, at)
        if scene.rare:
            self._dissecting.read(scene.rare, at, at)
        if scene.asked is not None:
            yield from self._announce(scene.asked, at)
        if scene.answered is not None:
            yield from self._report(scene.answered, at)

    def _hear(self, frame: bytes, at: Moment) -> Iterator[Sent]:
        self._frames += 1
        for fact in self._ear.feed(read_frame(frame, at, filtered=True), at):
            yield fact
            if isinstance(fact, HostSighting):
                self._dissecting.meet(fact, frame, at)

    def _announce(self, record: Record, at: Moment) -> Iterator[Knock]:
        announced, _ = _verified(record)
        self._asked[announced.check] = at
        lasts = announced.window + SILENCE
        yield Knock(
            check=announced.check,
            echo=record.question.echo,
            probes=announced.probes,
            opens=at,
            lasts=lasts,
            asks=announced.asks,
            mark=announced.mark,
            decoys=announced.decoys,
        )

    def _report(self, record: Record, at: Moment) -> Iterator[Sent]:
        announced, proof = _verified(record)
        yield from proof.exposures(record.question, at)
        yield ReachOutcome(
            echo=record.question.echo,
            family=record.question.address.version,
            ports=record.question.ports,
            outcome=proof.outcome,
            asked=self._asked.get(announced.check, at),
            at=at,
            check=announced.check,
            address=record.question.address,
            tested=proof.tested,
            decoys_open=proof.decoys_open,
        )

    def _coverage(self, at: Moment) -> Coverage:
        return Coverage(
            interface="recorded",
            carrier=True,
            apart=False,
            inward=self._ear.view.inward,
            outward=self._ear.view.outward,
            heard=self._ear.heard,
            frames=self._frames,
            dropped=0,
            undecodable=self._ear.undecodable,
            fragments=self._ear.fragments,
            forgotten=self._ear.forgotten,
            unsent=self._sender.outbox.unsent,
            unread=self._dissecting.unread,
            at=at,
        )


def _verified(record: Record) -> tuple[Announced, Proof]:
    read = record.verify()
    if isinstance(read, Outcome):
        raise NotReadable(f"the recorded report does not verify: {read.value}")
    return read


def scenes(folder: Path) -> list[Scene]:
    """The day in the order in which it happened.

    Raises:
        NotReadable: the recording is damaged, or a report in it does not verify.
    """
    told = [Scene(at=at, frame=kept) for at, kept in _kept(folder / DAY)]
    told += [Scene(at=at, rare=kept) for at, kept in _kept(folder / RARE)]
    for record in read_records(iter((folder / "day.jsonl").read_bytes().splitlines())):
        _, proof = _verified(record)
        told += [
            Scene(at=record.asked_at, asked=record),
            Scene(at=(proof.ended or record.asked_at) + timedelta(seconds=1), answered=record),
        ]
    return sorted(told, key=lambda scene: scene.at)


def _kept(path: Path) -> Iterator[tuple[datetime, bytes]]:
    with Recording(path) as recording:
        for frame in recording:
            yield datetime.fromtimestamp(frame.nanoseconds / 1e9, UTC), frame.kept


def play(config: Config, places: Places) -> None:
    """Play the bundled day until SIGTERM or SIGINT.

    Raises:
        NotReadable: the recording is damaged.
    """
    with ExitStack() as stack:
        folder = stack.enter_context(as_file(files("sentinel.recorded")))
        day = scenes(folder)
    player = Player(config, places)
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, player.stop)
    player.play(day)
