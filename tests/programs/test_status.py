"""`sentinel status`: the pulse in words, and an exit code that a script can trust."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from sentinel.clock import boot_id, now
from sentinel.config import Config, Language, Page
from sentinel.model.acting import Setting
from sentinel.model.declared import View
from sentinel.model.finding import Code, Level
from sentinel.model.verdict import Assurance, Reason, Verdict
from sentinel.places import Places
from sentinel.programs.status import status
from sentinel.signals import pulse
from sentinel.store.archive import Archive
from sentinel.text import say
from tests.builders import IMAGING, IMAGING_MAC, moment

ENGLISH = Config(page=Page(language=Language.EN))


@pytest.fixture
def places(tmp_path: Path) -> Places:
    made = Places(lasting=tmp_path, passing=tmp_path / "run")
    made.make()
    return made


def beat(places: Places, level: Level, *reasons: Reason, **about: object) -> None:
    """A street that has just beaten."""
    verdict = Verdict(
        level=level, reasons=reasons, at=now(), view=View.MIRROR, assurance=Assurance.B, checked=now(), doors=48
    )
    made = pulse.Pulse(at=now(), boot=boot_id(), started=now(), verdict=verdict)
    pulse.write(replace(made, **about), places.pulse)


def told(places: Places, *, as_json: bool = False) -> tuple[int, list[str]]:
    lines: list[str] = []
    return status(ENGLISH, places, lines.append, as_json=as_json), lines


@pytest.mark.parametrize(
    ("level", "code"), [(Level.CALM, 0), (Level.ATTENTION, 1), (Level.ALARM, 2), (Level.UNSURE, 3)]
)
def test_only_calm_is_a_success(places, level, code):
    """Each verdict has its own exit code, in words and in JSON."""
    beat(places, level)

    assert told(places) == (code, [say("en", f"lamp.{level.word}.word")])
    as_json = told(places, as_json=True)
    assert as_json[0] == code
    assert json.loads(as_json[1][0])["verdict"]["level"] == level


def test_every_reason_is_told_with_its_machine(places):
    """Gravest first, as the verdict has them."""
    reason = Reason(code=Code.IMAGES_LEFT, level=Level.ALARM, since=moment(), machine=IMAGING, port=4242)
    beat(places, Level.ALARM, reason, Reason(code=Code.VIEW_LOST, level=Level.UNSURE, since=moment()))

    _, lines = told(places)

    assert lines[1:] == [
        f"  {say('en', 'finding.images_left.title')}  192.168.1.66:4242",
        f"  {say('en', 'finding.view_lost.title')}",
    ]


def test_what_was_set_on_the_page_holds_here_too(places):
    """A machine by its name, in the language of the practice."""
    archive = Archive(places.store, boot_id())
    labels = Setting(section="labels", value=f'{{"{IMAGING_MAC}": "IRM"}}', who="Anne", at=moment())
    archive.setting(labels)
    archive.setting(replace(labels, section="reading", value='{"language": "fr"}'))
    archive.commit()
    archive.close()
    reason = Reason(
        code=Code.IMAGES_LEFT, level=Level.ALARM, since=moment(), machine=IMAGING, mac=IMAGING_MAC, port=4242
    )
    beat(places, Level.ALARM, reason)

    assert told(places)[1] == [
        say("fr", "lamp.alarm.word"),
        f"  {say('fr', 'finding.images_left.title')}  192.168.1.66:4242  IRM",
    ]


@pytest.mark.parametrize("dead", ["no file", "half a file", "old", "another boot"])
def test_a_dead_street_is_not_running_whatever_it_said_last(places, dead):
    """Four, and never the colour of yesterday."""
    beat(places, Level.CALM)
    if dead == "no file":
        places.pulse.unlink()
    elif dead == "half a file":
        places.pulse.write_bytes(places.pulse.read_bytes()[:-40])
    elif dead == "old":
        beat(places, Level.CALM, at=replace(now(), boot=now().boot - 2 * pulse.LIVES))
    else:
        beat(places, Level.CALM, boot="another")

    assert told(places)[0] == 4
    assert json.loads(told(places, as_json=True)[1][0]) == {"alive": False}
