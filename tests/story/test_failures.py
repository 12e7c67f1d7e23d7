"""Failures of ourselves: the sentinel says within ten seconds that it does not know, recovers, and loses nothing.

Each failure is met twice: by a sentinel that was calm, and by one whose lamp was red; the alarm outlives it.
"""

import json
import os
import shutil
import signal
import sqlite3
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from ipaddress import IPv4Address
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from sentinel.clock import boot_id, now
from sentinel.config import Config
from sentinel.config import Lamp as LampSection
from sentinel.judgement.casebook import Casebook
from sentinel.judgement.judge import Judge, Terms
from sentinel.judgement.verdict import Outlook
from sentinel.model.connection import Connection, ConnectionState
from sentinel.model.exposure import Outcome, PortList, ReachOutcome
from sentinel.model.finding import Code, Level
from sentinel.model.machine import Coverage
from sentinel.model.moment import Moment
from sentinel.model.passing import Beat
from sentinel.model.verdict import Reason, Verdict, View
from sentinel.pipeline import Street
from sentinel.places import Places
from sentinel.signals import pulse
from sentinel.signals.lamp import Lamp, Simulation
from sentinel.store.archive import Archive
from sentinel.store.reading import Filter, opened
from sentinel.text import say, times
from sentinel.text.points import Audience, Point, sentence
from sentinel.wire.facts import Parcel
from tests.builders import connection, networks
from tests.lab.cabinet import Cabinet
from tests.lab.doors import Answer, connected, door, knock
from tests.lab.host import wait_until
from tests.story.sentinel import EchoHost, Sentinel
from web.app import create_app

PARIS = ZoneInfo("Europe/Paris")
LIMIT = 10.0
"""Seconds within which a failure must be told."""
FAKETIME = "/usr/lib/x86_64-linux-gnu/faketime/libfaketimeMT.so.1"

Tell = Callable[[str, float], None]


@pytest.fixture
def tell(capsys: pytest.CaptureFixture[str], request: pytest.FixtureRequest) -> Tell:
    """Prints one measured time."""

    def told(what: str, seconds: float) -> None:
        with capsys.disabled():
            print(f"\n  {what}: {seconds:.1f} s", end="")

    return told


@dataclass
class Story:
    """A sentinel with a past, and whether its lamp was red before."""

    cabinet: Cabinet
    sentinel: Sentinel
    alarmed: bool
    tell: Tell
    rows: set[tuple[Any, ...]] = field(default_factory=set)
    incidents: set[int] = field(default_factory=set)

    def live(self) -> "Story":
        """Give it a past: somebody refused, and where the lamp shall be red, somebody let in."""
        self.cabinet.box.forward(11112, 4242)
        assert self.refused() is Answer.REFUSED
        if self.alarmed:
            self.come_in()
            self.sentinel.wait(lambda: self.sentinel.level() is Level.ALARM, "the alarm before")
        self.sentinel.wait(lambda: len(self.kept()) == 1 + self.alarmed, "the rows before")
        self.rows = self.kept()
        self.incidents = {each.number for each in self.sentinel.incidents()}
        assert self.incidents
        return self

    def refused(self) -> Answer:
        """A stranger knocks at a forwarded port behind which nobody listens."""
        return knock(self.cabinet.stranger, self.cabinet.box.v4, 11112)

    def come_in(self, source: IPv4Address | None = None) -> int:
        """A stranger comes in by that door, speaks and leaves; returns the port he came from."""
        with (
            door(self.cabinet.imaging, 4242),
            connected(self.cabinet.stranger, self.cabinet.box.v4, 11112, source=source) as line,
        ):
            line.sendall(b"hello")
            return int(line.getsockname()[1])

    def kept(self) -> set[tuple[Any, ...]]:
        """The rows of strangers, by what never changes of them."""
        return set(
            self.sentinel.sql(
                "SELECT run, serial, source, source_port, target_port FROM connections WHERE standing = 'stranger'"
            )
        )

    def has_row_from(self, port: int) -> bool:
        """Whether a stranger's connection from that port is on disk."""
        return any(row[3] == port for row in self.kept())

    def reason(self, code: Code) -> Reason | None:
        """Why, if that is among the reasons now."""
        verdict = self.sentinel.verdict()
        return next((each for each in verdict.reasons if each.code is code), None) if verdict else None

    def goes_blind(self, code: Code, what: str, begun: float) -> None:
        """The sentinel says by itself that it does not know, which part, and since when; red stays red."""
        self.sentinel.wait(lambda: self.reason(code), f"{code} after {what}", LIMIT)
        took = time.monotonic() - begun
        assert took <= LIMIT
        self.tell(f"{what}, until « {say('fr', f'finding.{code}.title')} » is shown", took)
        assert self.sentinel.level() is (Level.ALARM if self.alarmed else Level.UNSURE)
        assert f"lamp-{self.level.word}" in self.page()
        reason = self.reason(code)
        assert reason is not None
        assert timedelta(0) <= now().since(reason.since) < timedelta(seconds=LIMIT + 1)
        verdict = self.sentinel.verdict()
        assert verdict is not None
        assert _said(code, reason, verdict.at.wall) in self.page()

    def goes_dark(self, what: str, begun: float) -> None:
        """The page and the terminal say that nothing is being watched, and since when."""
        last = pulse.read(self.sentinel.places.pulse)
        self.sentinel.wait(lambda: self.sentinel.pulse() is None, f"darkness after {what}", LIMIT + 1)
        took = time.monotonic() - begun
        assert took <= LIMIT
        self.tell(f"{what}, until dark", took)
        page = self.page()
        assert "lamp-dark" in page
        assert last is not None
        since = times.since("fr", last.at.wall, now().wall, PARIS)
        assert say("fr", "verdict.off.since.sentence", since=since) in page

    @property
    def level(self) -> Level:
        """What is shown while a part is blind."""
        return Level.ALARM if self.alarmed else Level.UNSURE

    def page(self) -> str:
        """The first page, as anybody on the LAN sees it."""
        return self.sentinel.page()[1]

    def recovers(self, what: str, begun: float, *codes: Code, patience: float = 15) -> None:
        """By itself; everything of before is there, and a lamp that was red is red again."""
        well = self.sentinel.wait(lambda: self._is_well(codes), f"recovery after {what}", patience)
        self.tell(f"{what} over, until well again", max(well, time.monotonic() - begun))
        assert self.rows <= self.kept()
        assert self.incidents <= {each.number for each in self.sentinel.incidents()}
        assert self.sentinel.page()[0] == 200
        assert "Traceback" not in self.sentinel.tail()
        if self.alarmed:
            assert self.sentinel.level() is Level.ALARM
            self.sentinel.wait(lambda: self.sentinel.lamp()["colour"] == "red", "a red lamp", 2)

    def _is_well(self, codes: tuple[Code, ...]) -> bool:
        verdict = self.sentinel.verdict()
        return verdict is not None and not {each.code for each in verdict.reasons} & set(codes)


def _said(code: Code, reason: Reason, at: datetime) -> str:
    """The sentence that names the part and since when, as of that moment by the sentinel's own clock."""
    audience = Audience(language="fr", named=False, now=at, zone=PARIS)
    return sentence(Point(code=code, at=reason.since.wall), audience).text("fr")


def _calm(sentinel: Sentinel) -> None:
    sentinel.wait(lambda: sentinel.level() is Level.CALM, "calm", 20)


@pytest.fixture(params=[False, True], ids=["calm", "red"])
def story(
    request: pytest.FixtureRequest,
    cabinet: Cabinet,
    tell: Tell,
) -> Story:
    """A sentinel that is calm (it has an echo, and was checked), or one whose lamp is red."""
    alarmed = bool(request.param)
    made: Sentinel = request.getfixturevalue("sentinel" if alarmed else "with_echo")
    if not alarmed:
        _calm(made)
    return Story(cabinet, made, alarmed, tell).live()


# The capture


def test_a_mirror_cable_pulled_out_is_a_lost_view(story: Story):
    """Which part, since when; back in, it is proved again by the first traffic that passes."""
    begun = time.monotonic()
    story.cabinet.switch.carrier(False)
    story.goes_blind(Code.VIEW_LOST, "mirror cable out", begun)

    begun = time.monotonic()
    story.cabinet.switch.carrier(True)
    story.refused()
    story.recovers("mirror cable out", begun, Code.VIEW_LOST, Code.CAPTURE_LOST)


def test_a_listen_killed_for_good_is_a_lost_capture(story: Story):
    """As long as nobody starts it again the sentinel says that it does not listen; then it listens again."""
    with story.sentinel.frozen("run"):
        begun = time.monotonic()
        story.sentinel.signal("listen", signal.SIGKILL)
        story.goes_blind(Code.CAPTURE_LOST, "listen killed", begun)
    begun = time.monotonic()
    story.recovers("listen killed", begun, Code.CAPTURE_LOST)

    port = story.come_in()
    story.sentinel.wait(lambda: story.has_row_from(port), "the row of the next visitor", 3)


def test_a_listen_that_stands_still_is_a_lost_capture_and_what_passed_meanwhile_is_not_lost(story: Story):
    """The ring keeps what the filter lets through; whoever came meanwhile is told as soon as it moves again."""
    with story.sentinel.frozen("listen"):
        begun = time.monotonic()
        port = story.come_in()
        story.goes_blind(Code.CAPTURE_LOST, "listen standing still", begun)
        assert not story.has_row_from(port)
    begun = time.monotonic()
    story.recovers("listen standing still", begun, Code.CAPTURE_LOST)
    story.sentinel.wait(lambda: story.has_row_from(port), "the row of who came meanwhile", 3)


# The street


def test_a_watch_killed_for_good_is_dark_and_what_passed_meanwhile_is_not_lost(story: Story):
    """`listen` keeps its facts until somebody takes them; the next `watch` goes on where the last one was."""
    with story.sentinel.frozen("run"):
        begun = time.monotonic()
        story.sentinel.signal("watch", signal.SIGKILL)
        port = story.come_in()
        story.goes_dark("watch killed", begun)
    begun = time.monotonic()
    story.recovers("watch killed", begun, Code.CAPTURE_LOST)
    story.sentinel.wait(lambda: story.has_row_from(port), "the row of who came meanwhile", 5)
    story.sentinel.wait(lambda: story.sentinel.level() is Level.ALARM, "his alarm", 5)


def test_a_watch_killed_once_is_back_before_anybody_looks(story: Story):
    """`run` starts it again at once; from kill to the first beat of the next."""
    begun = time.monotonic()
    first = story.sentinel.process("watch")
    os.kill(first, signal.SIGKILL)
    started = story.sentinel.pulse()
    assert started is not None

    def beats_again() -> bool:
        last = story.sentinel.pulse()
        return last is not None and last.started.since(started.started) > timedelta(0)

    story.sentinel.wait(beats_again, "the next watch", LIMIT)
    story.recovers("watch killed once", begun)


def test_a_watch_that_stands_still_is_dark_on_the_page_and_in_the_terminal(story: Story):
    """It is alive to the kernel and to nobody else; when it moves again it goes on with the same stories."""
    with story.sentinel.frozen("watch"):
        begun = time.monotonic()
        port = story.come_in()
        story.goes_dark("watch standing still", begun)
        word = say("fr", "lamp.dark.word")
        story.sentinel.wait(lambda: word in story.sentinel.tail().splitlines(), "the terminal's word", 1)
    begun = time.monotonic()
    story.recovers("watch standing still", begun, Code.CAPTURE_LOST)
    story.sentinel.wait(lambda: story.has_row_from(port), "the row of who came meanwhile", 3)


# The store


def test_a_locked_store_is_told_and_what_came_meanwhile_is_written_afterwards(story: Story):
    """Somebody else holds the store for fifteen seconds: the lamp does not wait for it, the rows do."""
    lock = sqlite3.connect(story.sentinel.places.store, isolation_level=None)
    with closing(lock):
        lock.execute("BEGIN EXCLUSIVE")
        begun = time.monotonic()
        assert story.refused() is Answer.REFUSED
        story.goes_blind(Code.STORE_FAILING, "store locked", begun)
        came = time.monotonic()
        port = story.come_in()
        story.sentinel.wait(lambda: story.sentinel.lamp()["colour"] == "red", "a red lamp", 2)
        story.tell("with the store locked, from a visitor to the red lamp", time.monotonic() - came)
        time.sleep(max(0.0, 15 - (time.monotonic() - begun)))
        assert not story.has_row_from(port)
        lock.execute("ROLLBACK")
    begun = time.monotonic()
    story.recovers("store locked", begun, Code.STORE_FAILING)
    story.sentinel.wait(lambda: story.has_row_from(port), "the row of who came meanwhile", 3)
    story.sentinel.wait(lambda: any(each.port == 4242 for each in story.sentinel.incidents()), "his incident", 3)
    assert len(story.kept()) == len(story.rows) + 2


@contextmanager
def _small_disk(folder: Path, megabytes: int) -> Iterator[None]:
    folder.mkdir()
    size = ["-o", f"size={megabytes}m"]
    subprocess.run(["mount", "-t", "tmpfs", *size, "tmpfs", str(folder)], check=True)
    try:
        yield
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)


def _fill(folder: Path, *, leave: int) -> Path:
    file = folder / f"fill-{leave}"
    with file.open("wb") as much:
        os.posix_fallocate(much.fileno(), 0, shutil.disk_usage(folder).free - leave)
    return file


@pytest.fixture(params=[False, True], ids=["calm", "red"])
def on_a_small_disk(
    request: pytest.FixtureRequest,
    cabinet: Cabinet,
    make_sentinel: Callable[[str], Sentinel],
    tmp_path: Path,
    tell: Tell,
) -> Iterator[Story]:
    """A sentinel whose folder is a disk of its own, 64 MB large."""
    alarmed = bool(request.param)
    with _small_disk(tmp_path / "var", 64):
        if alarmed:
            made = make_sentinel("")
        else:
            echo: EchoHost = request.getfixturevalue("echo")
            made = make_sentinel(f'[echo]\ninvitation = "{echo.invite()}"\n')
            _calm(made)
        yield Story(cabinet, made, alarmed, tell).live()
        made.stop()


def test_a_full_disk_is_told_and_what_came_meanwhile_is_written_afterwards(on_a_small_disk: Story):
    """Told before it is full; then there is no room even for the pulse, and it is dark until there is some."""
    story = on_a_small_disk
    begun = time.monotonic()
    nearly = _fill(story.sentinel.places.lasting, leave=30 << 20)
    story.goes_blind(Code.DISK_FULL, "disk nearly full", begun)

    full = _fill(story.sentinel.places.lasting, leave=0)
    port = story.come_in()
    time.sleep(12)  # long enough for whatever gives up, and for the pulse to grow old
    assert story.sentinel.verdict() is None or story.reason(Code.STORE_FAILING)
    story.goes_dark("disk full, and no room for the pulse", time.monotonic())

    begun = time.monotonic()
    full.unlink()
    nearly.unlink()
    story.recovers("disk full", begun, Code.DISK_FULL, Code.STORE_FAILING)
    story.sentinel.wait(lambda: story.has_row_from(port), "the row of who came meanwhile", 3)
    story.sentinel.wait(lambda: story.sentinel.level() is Level.ALARM, "his alarm", 3)
    story.sentinel.wait(lambda: story.sentinel.lamp()["colour"] == "red", "a red lamp", 3)


# The clock

SLEEP_AGAIN = """
# The preloaded library knows no sleep by the monotonic clock (it ends in EINVAL); `select` is such a sleep.
import select, time
time.sleep = lambda seconds: select.select([], [], [], seconds)
"""


@dataclass
class FalseClock:
    """A wall clock of its own for one program; the clocks that count from boot stay true, as on a real machine."""

    folder: Path

    def environment(self) -> dict[str, str]:
        """For the program that shall believe it."""
        self.set("+0")
        (self.folder / "sitecustomize.py").write_text(SLEEP_AGAIN)
        return {
            "LD_PRELOAD": FAKETIME,
            "FAKETIME_TIMESTAMP_FILE": str(self.folder / "clock"),
            "FAKETIME_NO_CACHE": "1",
            "FAKETIME_DONT_FAKE_MONOTONIC": "1",
            "PYTHONPATH": str(self.folder),
        }

    def set(self, offset: str) -> None:
        """Jump, as `-2d` or back to `+0`."""
        fresh = self.folder / "clock.new"
        fresh.write_text(offset)
        fresh.replace(self.folder / "clock")


@pytest.mark.parametrize("alarmed", [False, True], ids=["calm", "red"])
def test_a_clock_that_jumps_two_days_back_is_told_and_stops_nothing(
    cabinet: Cabinet, echo: EchoHost, tmp_path: Path, tell: Tell, alarmed: bool
):
    """The jobs go on by the boot clock, the lamp is re-armed, who comes is seen; the echo's time settles it."""
    if not Path(FAKETIME).exists():
        pytest.skip("needs Debian's faketime")
    clock = FalseClock(tmp_path)
    settings = "" if alarmed else f'[echo]\ninvitation = "{echo.invite()}"\n'
    sentinel = Sentinel(cabinet, tmp_path, settings).start_apart(watch=clock.environment())
    try:
        if not alarmed:
            _calm(sentinel)
        story = Story(cabinet, sentinel, alarmed, tell).live()
        begun = time.monotonic()
        clock.set("-2d")
        story.goes_blind(Code.CLOCK_WRONG, "clock two days back", begun)
        beat = sentinel.pulse()
        assert beat is not None
        assert timedelta(days=1.9) < now().wall - beat.at.wall < timedelta(days=2.1)

        time.sleep(12)  # longer than any order of the lamp lives
        assert sentinel.level() is story.level
        port = story.come_in()
        sentinel.wait(lambda: story.has_row_from(port), "the row of who came under the wrong clock", 3)
        sentinel.wait(lambda: sentinel.lamp()["colour"] == "red", "a red lamp", 2)

        begun = time.monotonic()
        clock.set("+0")
        time.sleep(3)
        assert sentinel.pulse() is not None
        if not alarmed:
            story.recovers("clock two days back", begun, Code.CLOCK_WRONG, patience=30)
    finally:
        sentinel.stop()


# A street in this process, for what no signal to a program can show


class Stage:
    """The street on a real store, with a real lamp and a real pulse; its steps can be made to hang."""

    def __init__(self, folder: Path) -> None:
        self.places = Places(lasting=folder / "var", passing=folder / "run")
        self.places.make()
        self.started = now()
        self.go = threading.Event()
        self.go.set()
        self.archive = Archive(self.places.store, boot_id())
        self.lamp = Lamp(LampSection(), now, Simulation(self.places.lamp))
        self.street = Street(
            judge=Judge(networks(), Terms(), self.started),
            casebook=Casebook(),
            archive=self.archive,
            outlook=Outlook(started=self.started, view=View.MIRROR, echo=True),
            signal=self._signal,
            acknowledge=self._acknowledge,
            ask_soon=lambda: None,
            batch=timedelta(0),
        )

    def _signal(self, verdict: Verdict, coverage: Coverage | None) -> None:
        self.lamp.show(verdict.level, verdict.at)
        beat = pulse.Pulse(at=verdict.at, boot=boot_id(), started=self.started, verdict=verdict, coverage=coverage)
        pulse.write(beat, self.places.pulse)

    def _acknowledge(self, run: str, number: int) -> None:
        """The last step of a fact: it hangs as long as `go` is not set."""
        self.go.wait()

    def beat(self) -> None:
        """One second has passed."""
        self.street.walk(Beat(at=now()))

    def visit(self, port: int, at: Moment | None = None) -> Connection:
        """A stranger has come in at the imaging door, at that moment or now."""
        at = at or now()
        come = connection(source_port=port, target_port=4242, state=ConnectionState.CONNECTED, bytes_in=9)
        return replace(come, serial=port, opened=at, changed=at)

    def parcel(self, fact: Connection) -> None:
        """It arrives from `listen`."""
        self.street.walk(fact, Parcel("run", fact.serial, fact))

    def is_alive(self) -> bool:
        """Whether the page would say that something is being watched."""
        return pulse.is_alive(pulse.read(self.places.pulse), now(), boot_id())

    def colour(self) -> str:
        """What the lamp shows."""
        return str(json.loads(self.places.lamp.read_bytes())["colour"])

    def page(self) -> str:
        """The first page."""
        return create_app(Config(), self.places, now).test_client().get("/").get_data(as_text=True)

    def close(self) -> None:
        self.go.set()
        self.lamp.close()
        self.archive.close()


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[Stage]:
    """A street that walks."""
    made = Stage(tmp_path)
    yield made
    made.close()


def test_a_street_that_hangs_is_dark_within_ten_seconds_and_goes_on_where_it_stood(stage: Stage, tell: Tell):
    """One step never returns: lamp and page are dark, though every thread is alive; then it returns."""
    stage.parcel(stage.visit(40_001))
    assert wait_until(lambda: stage.colour() == "red", timedelta(seconds=1))
    stage.go.clear()
    begun = time.monotonic()
    hung = threading.Thread(target=stage.parcel, args=(stage.visit(40_002),))
    hung.start()

    assert wait_until(lambda: stage.colour() == "dark", timedelta(seconds=LIMIT + 0.5))
    tell("street hung, until the lamp is dark", time.monotonic() - begun)
    assert wait_until(lambda: not stage.is_alive(), timedelta(seconds=1))
    tell("street hung, until the page is dark", time.monotonic() - begun)
    page = stage.page()
    assert "lamp-dark" in page
    assert say("fr", "verdict.off.since.sentence", since="|").split("|")[0] in page

    stage.go.set()
    hung.join(2)
    stage.beat()
    assert stage.is_alive()
    assert wait_until(lambda: stage.colour() == "red", timedelta(seconds=1))
    with opened(stage.places.store) as reader:
        assert len(reader.connections(Filter())) == 2
        assert [each.count for each in reader.incidents() if each.port == 4242] == [2]


def test_facts_that_had_to_wait_do_not_make_the_lamp_dark(stage: Stage):
    """Somebody came a minute ago and is told only now: what is shown is shown as of now."""
    stage.beat()

    stage.parcel(stage.visit(40_001, at=minutes_ago(1)))

    assert stage.is_alive()
    assert wait_until(lambda: stage.colour() == "red", timedelta(seconds=1))


# The echo


def checked(family: int, ports: PortList, at: Moment) -> ReachOutcome:
    """A complete check in which nothing was open."""
    return ReachOutcome(
        echo="echo", family=family, ports=ports, outcome=Outcome.CHECKED, asked=at, at=at, tested=48
    )


@pytest.mark.parametrize("alarmed", [False, True], ids=["calm", "red"])
def test_an_echo_that_cannot_be_reached_makes_green_grow_old(stage: Stage, alarmed: bool):
    """Calm three hours, attention until twelve, unsure after: by age alone, however often it is asked in vain."""
    start = stage.started
    stage.street.walk(checked(4, PortList.FULL, start))
    if alarmed:
        stage.parcel(stage.visit(40_001))
    shown = {}
    for hours in (1, 2.9, 3.1, 11.9, 12.1, 48):
        at = Moment(wall=start.wall + timedelta(hours=hours), boot=start.boot + timedelta(hours=hours))
        stage.street.walk(seen(at))
        stage.street.walk(
            replace(checked(4, PortList.HOURLY, at), outcome=Outcome.UNREACHABLE, asked=at, tested=0)
        )
        verdict = stage.street.verdict(at)
        shown[hours] = verdict.level, {each.code for each in verdict.reasons if each.level < Level.ALARM}

    quiet = {1: Level.CALM, 2.9: Level.CALM, 3.1: Level.ATTENTION, 11.9: Level.ATTENTION}
    for hours, (level, codes) in shown.items():
        assert level is (Level.ALARM if alarmed else quiet.get(hours, Level.UNSURE)), hours
        assert (Code.CHECK_AGEING in codes) == (hours in (3.1, 11.9))
        assert (Code.NOT_CHECKED in codes) == (hours > 12)
    with opened(stage.places.store) as reader:
        assert [each.outcome for each in reader.checks()] == ["unreachable"] * 6 + ["checked"]


def seen(at: Moment) -> Coverage:
    """The mirror works at that moment."""
    return Coverage(
        interface="mirror0",
        carrier=True,
        apart=True,
        inward=at,
        outward=at,
        heard=at,
        frames=1,
        dropped=0,
        undecodable=0,
        forgotten=0,
        unsent=0,
        at=at,
    )


def minutes_ago(minutes: float) -> Moment:
    """On both clocks."""
    at, before = now(), timedelta(minutes=minutes)
    return Moment(wall=at.wall - before, boot=at.boot - before)


def test_an_echo_that_goes_away_is_asked_in_vain_and_found_again(
    cabinet: Cabinet, with_echo: Sentinel, echo: EchoHost, tell: Tell
):
    """The last proof stays a proof while it is fresh; each attempt is kept with its reason; nothing restarts."""
    _calm(with_echo)
    watch = with_echo.process("watch")
    echo.stop()
    begun = time.monotonic()
    code, table = with_echo.command("knock")
    tell("echo gone, until the attempt is told to have failed", time.monotonic() - begun)
    assert code == 2, table
    assert with_echo.level() is Level.CALM
    assert "unreachable" in {outcome for (outcome,) in with_echo.sql("SELECT outcome FROM outcomes")}

    echo.start()
    begun = time.monotonic()
    code, table = with_echo.command("knock")
    tell("echo back, until checked", time.monotonic() - begun)
    assert code == 0, table
    assert with_echo.process("watch") == watch
