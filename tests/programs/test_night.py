"""An update by night: when it comes, when the night waits, and which version is left alone."""

import os
from dataclasses import replace
from datetime import time, timedelta
from pathlib import Path

import pytest

from sentinel import codec
from sentinel.card.slots import Slot, Trial
from sentinel.clock import now
from sentinel.config import Practice
from sentinel.errors import MissingDevice, NotReadable
from sentinel.model.acting import Setting
from sentinel.model.moment import Moment
from sentinel.model.renewal import Came, Lack
from sentinel.programs import renewing
from sentinel.programs.update import is_within
from sentinel.store.archive import Archive
from tests.builders import moment
from tests.card.updates import Making, contents
from tests.programs.benches import Bench, at_night, beat, configured, red
from tests.programs.shelves import carried

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="a card's systems are root's")


@pytest.mark.parametrize(
    ("local", "opens", "closes", "inside"),
    [
        (time(2), time(2), time(5), True),
        (time(4, 59), time(2), time(5), True),
        (time(5), time(2), time(5), False),
        (time(1, 59), time(2), time(5), False),
        (time(23), time(22), time(4), True),
        (time(3), time(22), time(4), True),
        (time(4), time(22), time(4), False),
        (time(12), time(22), time(4), False),
    ],
)
def test_a_night_may_go_past_midnight(local, opens, closes, inside):
    """It ends before its last minute has come."""
    assert is_within(local, opens, closes) is inside


def test_by_night_the_newest_version_comes_by_itself(night):
    """Announced, streamed, written."""
    bench, shelf = night

    assert bench.updating.by_night()

    assert bench.card.trial() == Trial(slot=Slot.B, left=3)
    assert shelf.asked == ["/releases/latest.json", "/releases/sentinel-0.2.0.update"]


def test_by_night_it_comes_by_the_hands_of_who_may_do_nothing_else(night, tmp_path):
    """Root has no network then; what it is handed is worth what its signature is worth."""
    bench, shelf = night

    with carried(shelf, tmp_path, 2) as source:
        bench.updating = replace(bench.updating, source=lambda _: source)
        assert bench.updating.by_night()

    assert bench.card.trial() == Trial(slot=Slot.B, left=3)
    assert bench.word().came is Came.WRITTEN


UNSUITABLE = {
    "not ticked": (lambda bench: configured(bench, automatic=False), ""),
    "no source": (lambda bench: configured(bench, source=""), ""),
    "another hour": (lambda bench: configured(bench, opens=time(5), closes=time(6)), ""),
    "not watching": (lambda bench: bench.updating.places.pulse.unlink(), "nothing is being watched"),
    "an old pulse": (
        lambda bench: beat(bench.updating.places, at=replace(now(), boot=now().boot - timedelta(seconds=60))),
        "nothing is being watched",
    ),
    "a demonstration": (lambda bench: beat(bench.updating.places, demo=True), "nothing is being watched"),
    "an alarm": (lambda bench: beat(bench.updating.places, red()), "there is an alarm that nobody has read"),
    "a doubtful clock": (lambda bench: beat(bench.updating.places, fresh={"clock": False}), "clock is not well"),
    "no capture": (lambda bench: beat(bench.updating.places, fresh={"capture": False}), "capture is not well"),
    "no store": (lambda bench: beat(bench.updating.places, fresh={"store": False}), "store is not well"),
}


@pytest.mark.parametrize(("change", "words"), UNSUITABLE.values(), ids=UNSUITABLE.keys())
def test_the_night_waits(night, change, words):
    """And asks nobody meanwhile; that it is not the hour is not worth a word every hour."""
    bench, shelf = night
    change(bench)

    assert not bench.updating.by_night()

    assert [each.removeprefix("no update tonight: ") for each in bench.told] == [words] * bool(words)
    assert (shelf.asked, bench.is_untouched()) == ([], True)


def test_the_window_is_of_the_practices_own_zone(night):
    """Four in Paris is seven in Réunion, where a practice opens."""
    bench, _ = night
    config = replace(bench.updating.config, practice=Practice(time_zone="Indian/Reunion"))
    bench.updating = replace(bench.updating, config=config)

    assert not bench.updating.by_night()
    configured(bench, opens=time(7), closes=time(8))
    assert bench.updating.by_night()


def test_what_was_ticked_on_the_page_counts(night):
    """Over what the file says."""
    bench, _ = night
    configured(bench, automatic=False)
    archive = Archive(bench.updating.places.store, "boot")
    value = codec.encode({"automatic": True, "opens": "03:30:00", "closes": "04:30:00"}).decode()
    archive.setting(Setting(section="update", value=value, who="Sophie", at=moment()))
    archive.commit()
    archive.close()

    assert bench.updating.by_night()


def meanwhile(bench: Bench, change) -> None:
    """This happens while the update is being read back."""
    told = bench.updating.tell

    def tell(words: str) -> None:
        told(words)
        if words.startswith("reading it back"):
            change(bench)

    bench.updating = replace(bench.updating, tell=tell)


LATER = {
    "an alarm": (lambda bench: beat(bench.updating.places, red()), "there is an alarm that nobody has read"),
    "nobody watches": (lambda bench: bench.updating.places.pulse.unlink(), "nothing is being watched"),
    "the practice opens": (lambda bench: bench.hours.append(5), "the night is over"),
}


@pytest.mark.parametrize(("change", "words"), LATER.values(), ids=LATER.keys())
def test_what_was_quiet_before_the_download_is_asked_again_after_it(night, change, words):
    """It is written, and nothing restarts; a later hour that is quiet restarts, and fetches nothing."""
    bench, shelf = night

    def clock() -> Moment:
        gone = timedelta(hours=sum(bench.hours))
        return replace(at_night(gone), boot=now().boot + gone)

    bench.updating = replace(bench.updating, clock=clock)
    meanwhile(bench, change)

    assert not bench.updating.by_night()
    assert bench.told[-1] == f"no restart now: {words}"
    assert bench.card.trial() == Trial(slot=Slot.B, left=3)
    asked = list(shelf.asked)
    assert not bench.updating.by_night()

    bench.hours.append(24 - sum(bench.hours))
    beat(bench.updating.places, at=clock())
    assert bench.updating.by_night()
    assert bench.told[-1] == "an update was written before, and is tried now"
    assert shelf.asked == asked


def test_a_start_that_did_not_take_an_update_is_not_made_again_every_hour(night):
    """The firmware would not read it: the letter says b, and a runs."""
    bench, _ = night
    assert bench.updating.by_night()
    ago(bench, now().boot.total_seconds() / 86_400 + 1, Came.WRITTEN)  # before this boot

    assert not bench.updating.by_night()
    assert bench.told[-1] == "another system is chosen already"


def ago(bench: Bench, days: float, came: Came, lack: Lack | None = None) -> None:
    at = at_night(-timedelta(days=days))
    renewing.Word(bench.updating.places, lambda: at, "0.2.0", "0.1.0").leave(came, lack=lack)


def test_a_version_that_was_refused_is_left_alone_for_a_week(night):
    """Every hour of every night it would be fetched whole."""
    bench, shelf = night
    ago(bench, 6.9, Came.REFUSED)

    assert not bench.updating.by_night()
    assert "was refused here" in bench.told[-1]
    assert shelf.asked == ["/releases/latest.json"]

    ago(bench, 7, Came.REFUSED)
    assert bench.updating.by_night()


@pytest.mark.parametrize(
    ("lack", "days", "again"),
    [
        (Lack.START, 6.9, False),
        (Lack.START, 7, True),
        (Lack.CAPTURE, 7, True),
        (Lack.PAGE, 700, False),
        (Lack.STORE, 700, False),
    ],
)
def test_a_version_that_came_back_for_a_reason_that_may_pass_is_tried_after_a_week(night, lack, days, again):
    """A cable was out, or the power went three times."""
    bench, _ = night
    ago(bench, days, Came.RETURNED, lack)

    assert bench.updating.by_night() is again


def test_a_version_that_came_back_is_not_tried_every_night(night):
    """A newer one is."""
    bench, shelf = night
    renewing.Word(bench.updating.places, moment, "0.2.0", "0.1.0").leave(Came.RETURNED)

    assert not bench.updating.by_night()
    assert "did not prove itself here" in bench.told[-1]

    update = Making(bench.folder / "newer", version="0.2.1").update()
    shelf.files = {path.name: path.read_bytes() for path in (update, update.with_name("latest.json"))}
    assert bench.updating.by_night()


def test_the_newest_version_is_left_alone(night):
    """Every night but one."""
    bench, shelf = night
    (bench.folder / "version").write_text("0.2.0\n")

    assert not bench.updating.by_night()
    assert bench.told == ["version 0.2.0 is running, and none is newer"]
    assert shelf.asked == ["/releases/latest.json"]


def test_an_update_that_is_not_the_announced_one_is_refused(night):
    """The same version signed a second time, with other content."""
    bench, shelf = night
    other = Making(bench.folder / "other", root=b"another root " * 999).update()
    shelf.files[other.name] = other.read_bytes()

    with pytest.raises(NotReadable, match="not the one that was announced"):
        bench.updating.by_night()
    assert bench.is_untouched()


def test_a_line_that_breaks_leaves_the_running_system(night):
    """Word is left; the next hour begins anew."""
    bench, shelf = night
    update = Making(bench.folder / "long", root=os.urandom(1 << 20)).update()
    shelf.files = {path.name: path.read_bytes() for path in (update, update.with_name("latest.json"))}
    shelf.cut = 1 << 19

    with pytest.raises(MissingDevice, match="stopped coming"):
        bench.updating.by_night()
    assert (bench.word().came, bench.is_untouched()) == (Came.INTERRUPTED, True)
    assert "stopped coming" in bench.word().why

    shelf.cut = None
    assert bench.updating.by_night()


def test_the_running_system_is_never_written(night):
    """Whatever comes by night."""
    bench, _ = night
    before = contents(bench.card)[1][Slot.A]
    bench.updating.by_night()

    assert contents(bench.card)[1][Slot.A] == before


UNIT = Path(__file__).parents[2] / "image-build/rootfs/usr/lib/systemd/system/sentinel-update.service"


def test_the_nights_unit_restarts_only_what_was_written_and_lets_watching_go_first():
    """Hours are the command's business, chance the timer's."""
    text = UNIT.read_text()
    timer = UNIT.with_suffix(".timer").read_text()

    assert "ExecStart=/usr/bin/sentinel update --night --reboot\n" in text
    assert {"Nice=19", "IOSchedulingClass=idle"} <= set(text.splitlines())
    assert {"OnCalendar=hourly", "RandomizedDelaySec=50min"} <= set(timer.splitlines())
