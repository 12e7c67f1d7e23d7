"""`sentinel check`: each thing is really tried, and nothing is left behind."""

import sys
from pathlib import Path

import pytest

from sentinel.config import Capture, Config, Echo, Lamp, LampKind, Notices, Page
from sentinel.model.finding import Level
from sentinel.places import Places
from sentinel.programs.check import check
from tests.programs.test_status import beat


@pytest.fixture
def places(tmp_path: Path) -> Places:
    return Places(lasting=tmp_path / "var", passing=tmp_path / "var" / "run")


def told(config: Config, places: Places) -> dict[str, tuple[bool, str]]:
    """For each thing: whether it is well, and the sentence."""
    lines: list[str] = []
    everything = check(config, places, lines.append)
    found = {line.split()[1].rstrip(":"): (line.startswith("ok"), line) for line in lines[1:]}
    assert everything == all(well for well, _ in found.values())
    return found


def test_the_store_is_tried_by_writing_to_it(places):
    """And the trial is taken away again."""
    assert told(Config(), places)["store"][0]
    assert not [each for each in places.lasting.iterdir() if each.name.startswith("check")]


def test_a_folder_that_cannot_be_made_is_missing(tmp_path):
    """A file stands in its place."""
    (tmp_path / "var").write_text("")

    well, sentence = told(Config(), Places(lasting=tmp_path / "var", passing=tmp_path / "var" / "run"))["store"]

    assert not well
    assert "cannot be" in sentence


def test_the_loopback_is_a_card_with_a_carrier(places):
    """Named, and told whether it is apart."""
    well, sentence = told(Config(capture=Capture(interface="lo")), places)["interface"]

    assert (well, "lo" in sentence) == (True, True)


def test_a_card_may_be_named_by_its_address(places):
    """And is told by its name."""
    well, sentence = told(Config(capture=Capture(interface="00:00:00:00:00:00")), places)["interface"]

    assert (well, "interface: lo, " in sentence) == (True, True)


@pytest.mark.parametrize("card", ["nowhere0", "02:00:00:00:00:99"])
def test_a_card_that_is_not_there_is_missing(places, card):
    """By its name, or by its address."""
    well, sentence = told(Config(capture=Capture(interface=card)), places)["interface"]

    assert (well, repr(card) in sentence) == (False, True)


def test_pins_that_this_board_has_not_are_missing(places):
    """One sentence, no traceback."""
    well, sentence = told(Config(lamp=Lamp(kind=LampKind.PINS, pins=(17, 27, 22))), places)["lamp"]

    assert not well
    assert "cannot be driven" in sentence


def test_a_button_that_cannot_be_had_is_missing_by_its_own_name(places):
    """The lamp beside it works."""
    well, sentence = told(Config(lamp=Lamp(button=23, chip="no-such-chip")), places)["lamp"]

    assert not well
    assert "button" in sentence
    assert "no-such-chip" in sentence


@pytest.mark.parametrize(("ill", "well"), [({}, True), ({"lamp": "no such device"}, False)])
def test_the_lamp_of_a_running_sentinel_is_asked_of_its_pulse(places, ill, well):
    """It holds the pins: whoever tried them now would find them busy."""
    config = Config(lamp=Lamp(kind=LampKind.PINS, pins=(17,)))
    places.make()
    beat(places, Level.CALM, parts=ill)

    told_well, sentence = told(config, places)["lamp"]

    assert (told_well, "held by the sentinel that runs here" in sentence) == (well, True)
    assert ("no such device" in sentence) is not well


def test_an_invitation_is_as_good_as_an_echo(places):
    """It is used at the first start."""
    assert told(Config(echo=Echo(invitation="sentinel-echo://x")), places)["echo"][0]
    assert not told(Config(), places)["echo"][0]


def test_an_address_without_the_package_that_sends_is_missing(places, monkeypatch):
    """It says what to install, and no address."""
    config = Config(notices=Notices(practice=("mailtos://durand:hunter2@example.org",)))
    assert told(config, places)["notices"] == (
        True,
        "ok       notices: 1 for the practice, 0 for the technician; send a test from the page",
    )

    monkeypatch.setitem(sys.modules, "apprise", None)
    well, sentence = told(config, places)["notices"]

    assert not well
    assert "pip install 'cabinet-sentinel[notify]'" in sentence
    assert "hunter2" not in sentence


def test_that_nobody_is_told_is_a_choice_and_is_said(places):
    """The lamp and the page are there all the same."""
    well, sentence = told(Config(), places)["notices"]

    assert well
    assert "nobody is told" in sentence


@pytest.mark.parametrize(
    ("page", "well", "words"),
    [
        (Page(), True, "this machine alone"),
        (Page(host="::1"), True, "this machine alone"),
        (Page(host="0.0.0.0", port=80, https_port=443), True, "by TLS, port 443"),
        (Page(host="192.168.77.5"), False, "could be read on its way"),
        (Page(host="0.0.0.0"), False, "could be read on its way"),
    ],
)
def test_a_page_of_the_lan_needs_a_certificate(places, page, well, words):
    """Else the password goes over the network in clear; a laptop's own page needs none."""
    told_well, sentence = told(Config(page=page), places)["page"]

    assert told_well is well
    assert words in sentence
