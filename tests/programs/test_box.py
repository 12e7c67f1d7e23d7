"""`sentinel box`: what the box says, in words, beside what was seen from outside; and what that does not prove."""

from contextlib import closing
from pathlib import Path

import pytest

from sentinel import codec
from sentinel.config import Capture, Config, Language, Page
from sentinel.model.box import BoxReading, Reading
from sentinel.places import Places
from sentinel.programs.box import READ, UNKNOWN, box
from sentinel.store.archive import Archive
from sentinel.text import say
from tests.builders import IMAGING_MAC, outcome, sighting
from tests.reach.fakebox import ADDRESS, FakeBox, entry

ENGLISH = Config(
    page=Page(language=Language.EN), labels={IMAGING_MAC: "RADIO-PC"}, capture=Capture(box=(str(ADDRESS),))
)


@pytest.fixture
def places(tmp_path: Path) -> Places:
    made = Places(lasting=tmp_path, passing=tmp_path / "run")
    made.make()
    with closing(Archive(made.store, "boot-1")) as archive:
        archive.sighting(sighting())
        archive.outcome(outcome())
        archive.commit()
    return made


def told(places: Places, config: Config = ENGLISH) -> tuple[int, str]:
    lines: list[str] = []
    code = box(config, places, lines.append)
    return code, "\n".join(lines)


def test_every_mapping_is_shown_with_its_machine_and_who_asked_for_it(places):
    honest = FakeBox().is_honest(
        entry(lease=3600, text="Synology EZ-Internet"),
        entry(51_413, 51_413, transport="UDP", machine="192.168.1.67", text="", enabled=0, remote="25.1.0.9"),
        wan="25.0.0.2",
    )
    with honest.up():
        code, said = told(places)

    assert code == READ
    assert f"Box {ADDRESS}" in said
    assert "11112/tcp  → RADIO-PC, 192.168.1.66:4242, asked for by “Synology EZ-Internet”, 60 min left" in said
    assert "51413/udp  → 192.168.1.67:51413, no name given, for 25.1.0.9 only, suspended" in said
    assert "25.0.0.2 says the box, 25.0.0.2 was seen from outside" in said
    assert say("en", "box.whose.ours") in said
    assert say("en", "box.proves") in said


def test_a_box_behind_shared_addresses_is_told_as_such(places):
    with FakeBox().is_honest(wan="100.64.0.2").up():
        assert say("en", "box.whose.shared") in told(places)[1]
    with FakeBox().is_honest(wan="192.168.0.10").up():
        assert say("en", "box.whose.behind_router") in told(places)[1]
    with FakeBox().is_honest(wan="").up():
        assert say("en", "box.whose.behind_router") in told(places)[1]


def test_an_empty_list_is_said_to_prove_nothing(places):
    with FakeBox().is_honest(wan="25.9.9.9", version=2, firewall=0).up():
        code, said = told(places)

    assert code == READ
    assert say("en", "box.no_mapping") in said
    assert say("en", "box.proves") in said
    assert say("en", "box.ipv6.open") in said
    assert say("en", "box.whose.different") in said


def test_what_could_not_be_read_is_an_exit_code(places):
    nonsense = FakeBox()
    nonsense.paths["/desc.xml"] = b"<html/>"
    with nonsense.up():
        code, said = told(places)

    assert code == UNKNOWN
    assert "could not be read" in said


def test_without_a_store_nothing_is_compared(tmp_path):
    with FakeBox().is_honest(entry()).up():
        code, said = told(Places(lasting=tmp_path / "none", passing=tmp_path / "run"))

    assert code == READ
    assert say("en", "box.whose.untold") in said


def test_the_hidden_form_is_the_reading_itself(places):
    lines: list[str] = []
    with FakeBox().is_honest(entry()).up():
        box(ENGLISH, places, lines.append, as_json=True)

    [line] = lines
    reading = codec.decode(line.encode(), BoxReading)
    assert (reading.reading, reading.gateway) == (Reading.READ, ADDRESS)
