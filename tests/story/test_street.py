"""The street in this process, for what no signal can do to a program: a step that hangs, days without an echo."""

import json
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from sentinel.clock import boot_id, now
from sentinel.config import Config
from sentinel.config import Lamp as LampSection
from sentinel.judgement.casebook import Casebook
from sentinel.judgement.judge import Judge, Terms
from sentinel.judgement.verdict import Outlook
from sentinel.model.connection import Connection, ConnectionState
from sentinel.model.coverage import Coverage
from sentinel.model.declared import View
from sentinel.model.exposure import Outcome, PortList, ReachOutcome
from sentinel.model.finding import Code, Level
from sentinel.model.moment import Moment
from sentinel.model.passing import Beat
from sentinel.model.verdict import Verdict
from sentinel.pipeline import Street
from sentinel.places import Places
from sentinel.signals import pulse
from sentinel.signals.lamp import Lamp, Simulation
from sentinel.store.archive import Archive
from sentinel.store.reading import Filter, opened
from sentinel.text import say
from sentinel.wire.facts import Parcel
from tests.builders import connection, networks
from tests.lab.host import wait_until
from tests.story.trouble import LIMIT, Tell
from web.app import create_app


class Stage:
    """The street on a real store, with a real lamp and a real pulse; its steps can be made to hang."""

    def __init__(self, folder: Path) -> None:
        self.places = Places(lasting=folder / "var", passing=folder / "run")
        self.places.make()
        self.started = now()
        self.asked: list[Moment] = []
        """When the street asked for a check before its time."""
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
            ask_soon=lambda: self.asked.append(now()),
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

    def parcel(self, fact: Connection, run: str = "run") -> None:
        """It arrives from `listen`."""
        self.street.walk(fact, Parcel(run, fact.serial, fact))

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


def test_every_jump_of_the_clock_asks_the_echo(stage: Stage):
    """Only its signed time can settle which clock was right, also once ours has been put right again."""
    at = now()
    for number, days in enumerate((0, -2, -2, 0, 0)):
        wall = at.wall + timedelta(days=days, seconds=number)
        stage.street.walk(Beat(at=Moment(wall=wall, boot=at.boot + timedelta(seconds=number))))

    assert len(stage.asked) == 2
    assert Code.CLOCK_WRONG in {each.code for each in stage.street.verdict(at).reasons}


def test_a_listen_that_had_to_begin_anew_has_not_seen_everything(stage: Stage):
    """Back within a second it was never silent for long, and yet somebody may have passed meanwhile."""
    stage.parcel(stage.visit(40_001))
    assert Code.CAPTURE_INCOMPLETE not in {each.code for each in stage.street.verdict(now()).reasons}

    stage.parcel(stage.visit(40_002), run="another run")

    assert Code.CAPTURE_INCOMPLETE in {each.code for each in stage.street.verdict(now()).reasons}


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
