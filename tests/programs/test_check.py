"""`sentinel check`: each thing is really tried, and nothing is left behind."""

import os
import sys
from dataclasses import replace
from datetime import timedelta
from ipaddress import ip_address
from pathlib import Path

import pytest

from sentinel.clock import now
from sentinel.config import Capture, Config, Echo, Lamp, LampKind, Language, Notices, Page
from sentinel.model.coverage import Losses, Shows, Wrapping
from sentinel.model.declared import View
from sentinel.model.finding import Code, Level
from sentinel.model.verdict import Reason
from sentinel.places import Places
from sentinel.programs.check import check
from sentinel.signals import pulse
from sentinel.text import say
from tests.builders import coverage
from tests.programs.test_status import beat


@pytest.fixture
def places(tmp_path: Path) -> Places:
    return Places(lasting=tmp_path / "var", passing=tmp_path / "var" / "run")


def told(config: Config, places: Places) -> dict[str, tuple[bool, str]]:
    """For each thing: whether it is well, and the sentence."""
    lines: list[str] = []
    everything = check(config, places, lines.append, lasts=timedelta())
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


# -- what the watched port shows ---------------------------------------------------------------------------------


def at_the_switch(
    places: Places, *, language: Language = Language.EN, declared: View = View.MIRROR, **seen: object
) -> tuple[bool, str]:
    """What is said to whoever stands at the switch while a sentinel runs whose port shows this."""
    places.make()
    beat(places, Level.CALM, coverage=coverage(now(), **{"apart": False, **seen}))
    return told(Config(page=Page(language=language), capture=Capture(view=declared)), places)["view"]


def seen(*ways: str, **more: object) -> dict[str, object]:
    """These ways were seen just now."""
    return {**dict.fromkeys(ways, now()), **more}


@pytest.mark.parametrize("language", Language)
@pytest.mark.parametrize(
    ("ways", "more", "value"),
    [
        (("inward", "outward"), {}, "mirrored"),
        (("inward",), {}, "only_inward"),
        (("outward",), {}, "only_outward"),
        (("passed",), {"foreign": 5}, "elsewhere"),
        (("passed",), {"foreign": 5, "apart": True}, "unmet"),
        ((), {"foreign": 0}, "broadcast"),
        ((), {}, "nothing"),
        (("passed",), {"foreign": 5, "wrapped": (Wrapping.PPPOE,)}, "pppoe"),
        (("passed",), {"foreign": 5, "wrapped": (Wrapping.COPY,)}, "copy"),
        (("inward", "outward"), {"carrier": False}, "no_carrier"),
    ],
)
def test_each_thing_a_port_may_show_has_its_own_sentence_with_the_cable_or_setting_to_change(
    places, language, ways, more, value
):
    """And only what goes out and what comes in, both, is what was asked for."""
    well, sentence = at_the_switch(places, language=language, **seen(*ways, **more))

    assert well is (value == "mirrored")
    assert say(language, f"first.view.{value}") in sentence
    assert say(language, f"first.view.{value}.gesture") in sentence


def test_no_two_cases_are_told_in_the_same_words():
    """Whoever reads one knows which it is; both halves want the same setting."""
    for language in Language:
        words = [say(language, f"first.view.{each}") for each in Shows]
        gestures = {each: say(language, f"first.view.{each}.gesture") for each in Shows}

        assert len(set(words)) == len(Shows)
        assert gestures.pop(Shows.ONLY_INWARD) == gestures[Shows.ONLY_OUTWARD]
        assert len(set(gestures.values())) == len(gestures)


def test_a_quiet_night_is_told_and_is_no_fault(places):
    """The mirror was proved, and the street says that its proof still holds."""
    places.make()
    beat(places, Level.CALM, coverage=coverage(now(), foreign=5))
    as_it_stands = pulse.read(places.pulse)
    assert as_it_stands is not None
    proved = replace(as_it_stands.verdict, fresh={"view": True})
    beat(places, Level.CALM, coverage=as_it_stands.coverage, verdict=proved)

    well, sentence = told(Config(page=Page(language=Language.EN)), places)["view"]

    assert well
    assert say("en", "first.view.broadcast") in sentence


def test_a_view_that_was_declared_limited_is_as_declared(places):
    """Whatever it shows; but a cable must be in."""
    assert at_the_switch(places, declared=View.LIMITED, foreign=0)[0]
    assert not at_the_switch(places, declared=View.LIMITED, carrier=False)[0]


def test_what_passes_wrapped_is_named_beside_what_is_read(places):
    """It is not read, and that is said."""
    well, sentence = at_the_switch(places, **seen("inward", "outward", wrapped=tuple(Wrapping)))

    assert well
    assert [say("en", f"wrapped.{kind}") in sentence for kind in Wrapping] == [True, True, True]


@pytest.mark.parametrize(
    ("lost", "words"),
    [
        ({"losses": Losses(missed=1, fifo=1, over=1, refused=1)}, say("en", "check.lost.card", count=4)),
        ({"losses": Losses(damaged=3)}, say("en", "check.lost.cable", count=3)),
        ({"losses": Losses(refused=1, backlog=1), "dropped": 2}, say("en", "check.lost.machine", count=3)),
        ({"losses": Losses(backlog=5)}, ""),  # of another card
        ({"opened": 90, "unopened": 10}, say("en", "check.lost.mirror", count=10, of=100)),
        ({"fragments": 9, "pieces": 2}, say("en", "check.lost.pieces", count=2)),
        ({"fragments": 9}, ""),  # of strangers: whoever answers them is read
        ({"unseen": 7}, say("en", "check.lost.visits", count=7)),
        ({"forgotten": 2}, say("en", "check.lost.forgotten", count=2)),
        ({"unsent": 1}, say("en", "check.lost.unsent", count=1)),
        ({"losses": Losses(squeezed=9)}, ""),
    ],
)
def test_each_place_where_frames_are_lost_is_named_with_what_to_change(places, lost, words):
    """A slow card, a busy machine, a mirror that may be saturated; and since when it was counted."""
    _, whole = at_the_switch(places, **seen("inward", "outward"))
    _, sentence = at_the_switch(places, **seen("inward", "outward"), **lost)

    assert sentence.removeprefix(whole).strip() == f"{say('en', 'check.lost')} {words}" * bool(words)


def test_machines_that_are_not_watched_are_named(places):
    """By their address; what else applies now is said elsewhere."""
    places.make()
    elsewhere = [
        Reason(code=code, level=Level.ATTENTION, since=now(), machine=ip_address(address))
        for code, address in (
            (Code.NOT_WATCHED, "192.168.1.30"),
            (Code.DOOR_ANSWERED, "192.168.1.31"),
            (Code.NOT_WATCHED, "192.168.1.32"),
        )
    ]
    beat(places, Level.ATTENTION, *elsewhere, coverage=coverage(now()))
    sentence = told(Config(page=Page(language=Language.EN)), places)["view"][1]

    assert sentence.endswith(say("en", "check.unwatched", count=2, machines="192.168.1.30, 192.168.1.32"))


def test_a_sentinel_that_has_not_listened_yet_says_so(places):
    """It runs, and nothing is known of the port: that is missing."""
    places.make()
    beat(places, Level.UNSURE)
    well, sentence = told(Config(page=Page(language=Language.EN)), places)["view"]

    assert not well
    assert say("en", "first.view.untold") in sentence


@pytest.mark.parametrize("card", ["nowhere0", "02:00:00:00:00:99"])
def test_while_no_sentinel_runs_it_is_said_where_nobody_could_look(places, card):
    """A card that is not there; or a right that is not there, for whoever runs this without it."""
    well, sentence = told(Config(capture=Capture(interface=card)), places)["view"]

    assert not well
    assert "view: nobody could look: no sentinel runs here, and " in sentence
    assert repr(card) in sentence or "CAP_NET_RAW" in sentence


@pytest.mark.skipif(os.geteuid() != 0, reason="this needs root: it opens a raw socket")
@pytest.mark.parametrize("language", Language)
def test_while_no_sentinel_runs_the_port_is_looked_at(places, language):
    """For some seconds; here for none, and at the loopback, on which nothing is anybody else's."""
    config = Config(capture=Capture(interface="lo"), page=Page(language=language))
    well, sentence = told(config, places)["view"]

    assert not well
    assert say(language, "check.view.glimpse") in sentence
    assert say(language, "first.view.broadcast.gesture") in sentence


def test_a_view_that_was_declared_limited_needs_no_look(places):
    """Also while no sentinel runs: nothing is to be proved."""
    assert told(Config(capture=Capture(interface="nowhere0", view=View.LIMITED)), places)["view"][0]
