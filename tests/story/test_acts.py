"""What people do about a door that is really open: accept it, think better of it, pull the cable."""

import time
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from sentinel.config import FRIDAY
from sentinel.model.finding import Code, Level, StoryKind
from sentinel.model.incident import Incident, IncidentState
from sentinel.store.reading import opened
from sentinel.wire.requests import Reply, Request, Verb, ask
from tests.lab import imaging
from tests.lab.cabinet import Cabinet
from tests.story.sentinel import Sentinel

PARIS = ZoneInfo("Europe/Paris")
AT_ONCE = 60.0
"""Seconds within which an end is looked at, whoever brought it about."""


def door(sentinel: Sentinel) -> Incident:
    (found,) = [each for each in sentinel.incidents() if each.story.kind is StoryKind.DOOR]
    return found


def staffed_day() -> str:
    """The next Monday to Thursday but tomorrow."""
    day = datetime.now(PARIS).date() + timedelta(days=2)
    while day.isoweekday() >= FRIDAY:
        day += timedelta(days=1)
    return str(day)


def act(sentinel: Sentinel, verb: Verb, **more: object) -> None:
    facts: dict[str, object] = {"who": "Anne", "why": "PACS en panne", **more}
    assert ask(sentinel.places.requests, Request(verb=verb, **facts)).reply is Reply.DONE  # type: ignore[arg-type]


def chapters(sentinel: Sentinel) -> list[Code]:
    with opened(sentinel.places.store) as reader:
        return [each.code for each in reader.chapters(door(sentinel).number)]


def test_an_accepted_door_is_red_again_within_a_minute_of_its_end(cabinet: Cabinet, with_echo: Sentinel, capsys):
    """No hourly list is waited for: the end asks the echo, and what it finds is an alarm under the old number."""
    imaging.orthanc(cabinet.imaging)
    cabinet.box.forward(11112, 4242, cabinet.imaging)
    with_echo.command("knock")
    with_echo.wait(lambda: Code.DOOR_REACHABLE in with_echo.codes(), "the alarm")
    number = door(with_echo).number

    act(with_echo, Verb.ACCEPT, incident=number, when=staffed_day())
    with_echo.wait(lambda: Code.DOOR_REACHABLE not in with_echo.codes(), "the accepted door", AT_ONCE)
    assert Code.EXPECTED_BROAD in with_echo.codes()

    act(with_echo, Verb.WITHDRAW, number=1)
    begun = time.monotonic()
    with_echo.wait(lambda: with_echo.codes() & {Code.ACCEPTANCE_OVER, Code.DOOR_REACHABLE}, "the end", 2)
    with_echo.wait(lambda: Code.DOOR_REACHABLE in with_echo.codes(), "the door as it is", AT_ONCE)
    with capsys.disabled():
        print(f"\n  from the end of an acceptance to red: {time.monotonic() - begun:.1f} s")

    assert door(with_echo).number == number
    assert chapters(with_echo)[-2:] == [Code.ACCEPTANCE_OVER, Code.DOOR_REACHABLE]
    assert Code.DOOR_ACCEPTED in chapters(with_echo)


def test_a_pulled_cable_is_blue_and_no_check_makes_it_green(cabinet: Cabinet, with_echo: Sentinel):
    """The measure asks the echo at once; nothing answers behind the cable, and that closes no door."""
    imaging.orthanc(cabinet.imaging)
    cabinet.box.forward(11112, 4242, cabinet.imaging)
    with_echo.command("knock")
    with_echo.wait(lambda: with_echo.level() is Level.ALARM, "the alarm")

    cabinet.switch.switch_off(cabinet.imaging)
    act(with_echo, Verb.MEASURE, incident=door(with_echo).number, kind="machine_unplugged")
    with_echo.wait(lambda: Code.UNPLUGGED in with_echo.codes(), "the pulled cable")
    assert with_echo.level() is Level.UNSURE
    assert "débranché" in with_echo.page()[1]
    with_echo.wait(lambda: door(with_echo).state is IncidentState.DORMANT, "nobody who answers", AT_ONCE)
    assert with_echo.level() is Level.UNSURE

    told = door(with_echo)
    assert (told.measured_by, told.read_by) == ("Anne", "Anne")
    assert told.shown is not None
    assert told.read is not None
    assert told.first.boot <= told.shown.boot <= told.read.boot
