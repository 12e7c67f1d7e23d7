"""`sentinel update`: what a person hands in, what the night brings, and when neither is taken."""

import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import time, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from sentinel import codec
from sentinel.card.slots import Slot, Trial
from sentinel.clock import boot_id, now
from sentinel.config import Config, Practice, Update
from sentinel.errors import MissingDevice, MissingRight, NotReadable
from sentinel.model.acting import Setting
from sentinel.model.finding import Code, Level
from sentinel.model.moment import Moment
from sentinel.model.renewal import Came, Lack, Renewal
from sentinel.model.verdict import Assurance, Reason, Verdict, View
from sentinel.places import Places
from sentinel.programs import renewing
from sentinel.programs.update import NO_CARD, Updating, is_within
from sentinel.signals import pulse
from sentinel.store.archive import Archive
from tests.builders import IMAGING, coverage, moment
from tests.card.updates import CURRENT, NEXT, STRANGER, Making, contents, lay_keys, make_card, start
from tests.programs.shelves import Shelf, carried, serving

pytestmark = [pytest.mark.zstd, pytest.mark.skipif(os.geteuid() != 0, reason="a card's systems are root's")]

NIGHT = moment(-6 * 3600)
"""Three o'clock UTC, four in Paris."""


@dataclass
class Bench:
    """A card with 0.1.0 on it, and updates to be had."""

    folder: Path
    updating: Updating
    told: list[str]
    hours: list[int] = field(default_factory=list)
    """That have gone by."""

    @property
    def card(self):
        return self.updating.card

    def word(self) -> Renewal | None:
        return renewing.read(self.updating.places)

    def is_untouched(self) -> bool:
        return self.card.chosen() is Slot.A and self.card.is_settled()


@pytest.fixture
def bench(tmp_path) -> Bench:
    told: list[str] = []
    places = Places(lasting=tmp_path / "lasting", passing=tmp_path / "passing")
    places.make()
    (tmp_path / "version").write_text("0.1.0\n")
    updating = Updating(
        config=Config(),
        places=places,
        tell=told.append,
        card=make_card(tmp_path),
        keys=lay_keys(tmp_path / "keys"),
        running=tmp_path / "version",
        clock=moment,
    )
    return Bench(tmp_path, updating, told)


# -- from a file -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("key", [CURRENT, NEXT], ids=["current", "next"])
def test_a_file_signed_by_either_key_is_tried_at_the_next_start(bench, key):
    """And word is left of it."""
    bench.updating.from_file(Making(bench.folder / "new", key=key).update())

    assert (bench.card.chosen(), bench.card.trial()) == (Slot.B, Trial(slot=Slot.B, left=3))
    assert bench.word() == Renewal(version="0.2.0", before="0.1.0", came=Came.WRITTEN, at=moment().wall)
    assert bench.told[-1] == "version 0.2.0 is tried at the next start"


def test_a_pipe_is_as_good_as_a_file(bench):
    """Nothing is read twice, so `curl … | ssh … sentinel update -` works."""
    update = Making(bench.folder / "new", root=os.urandom(3_000_000)).update()
    script = (
        "import sys; from pathlib import Path\n"
        "from tests.card.updates import *; from sentinel.programs.update import *\n"
        "folder = Path(sys.argv[1])\n"
        "card = Card(firmware=folder / 'firmware', cmdline=folder / 'cmdline',"
        " roots={slot: folder / f'root-{slot}' for slot in Slot})\n"
        "places = Places(lasting=folder / 'lasting', passing=folder / 'passing')\n"
        "Updating(config=Config(), places=places, tell=print, card=card, keys=folder / 'keys',"
        " running=folder / 'version').from_file(None)\n"
    )
    with update.open("rb") as file:
        sender = subprocess.Popen(["cat"], stdin=file, stdout=subprocess.PIPE)
        done = subprocess.run(
            [sys.executable, "-c", script, str(bench.folder)], stdin=sender.stdout, check=True, timeout=60
        )
        assert sender.stdout is not None
        sender.stdout.close()
        sender.wait(10)

    assert done.returncode == 0
    assert bench.card.chosen() is Slot.B


REFUSED = [
    (lambda making: replace(making, key=STRANGER), "not signed by a key this sentinel trusts", ""),
    (lambda making: replace(making, version="0.1.0"), "version 0.1.0, and 0.1.0 is running", "0.1.0"),
    (lambda making: replace(making, version="0.0.9"), "version 0.0.9, and 0.1.0 is running", "0.0.9"),
    (lambda making: replace(making, root=bytes(5 << 20)), "there is room for", "0.2.0"),
    (lambda making: replace(making, boot={"vmlinuz": b"x"}), "holds no initrd.img", "0.2.0"),
]


@pytest.mark.parametrize(("change", "words", "version"), REFUSED)
def test_what_is_refused_leaves_word_and_changes_nothing(bench, change, words, version):
    """One plain sentence, on the console and on the page."""
    making = change(Making(bench.folder / "new"))
    (bench.folder / "new").mkdir()

    with pytest.raises(NotReadable, match=words):
        bench.updating.from_file(making.update())
    word = bench.word()
    assert (word.came, word.version) == (Came.REFUSED, version)
    assert words in word.why
    assert bench.is_untouched()


def test_a_file_that_is_not_there_is_named(bench):
    """And is no update that failed."""
    with pytest.raises(NotReadable, match=r"there is no file nowhere\.update"):
        bench.updating.from_file(Path("nowhere.update"))
    assert bench.word() is None


def test_a_machine_that_is_no_card_is_told_how_it_is_updated(bench):
    """Not this way."""
    bench.card.cmdline.write_text("root=/dev/sda1\n")

    for act in (lambda: bench.updating.from_file(None), bench.updating.by_night):
        with pytest.raises(MissingDevice, match="ansible playbook"):
            act()
    (bench.folder / "version").unlink()
    with pytest.raises(MissingDevice, match="ansible playbook"):
        bench.updating.check()
    assert "ansible" in NO_CARD


def test_somebody_else_than_root_is_told_so(bench):
    """Before anything is looked at."""
    with TemporaryDirectory() as folder:  # pytest's own is closed to others
        Path(folder).chmod(0o755)
        words = Path(folder) / "cmdline"
        words.write_text(bench.card.cmdline.read_text())
        updating = replace(bench.updating, card=replace(bench.card, cmdline=words))
        os.seteuid(12345)
        try:
            with pytest.raises(MissingRight, match="sudo"):
                updating.from_file(None)
        finally:
            os.seteuid(0)


def test_none_is_taken_while_another_is_tried(bench):
    """Neither before its restart nor during its trial; the word of the first one stands."""
    bench.updating.from_file(Making(bench.folder / "new").update())
    newer = Making(bench.folder / "newer", version="0.3.0").update()

    for slot in Slot:
        start(bench.card, slot)
        with pytest.raises(NotReadable, match="is being tried already"):
            bench.updating.from_file(newer)
    assert (bench.word().version, bench.word().came) == ("0.2.0", Came.WRITTEN)


def test_two_at_once_do_not_write_into_the_same_half(bench):
    """The second is told so."""
    with bench.updating._alone(), pytest.raises(MissingDevice, match="another update is being written"):
        bench.updating.from_file(Making(bench.folder / "new").update())


# -- by night ----------------------------------------------------------------------------------------------------


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


def at_night(shift: timedelta = timedelta(0)) -> Moment:
    """Four in Paris on the wall, this very moment on the boot clock."""
    return Moment(wall=NIGHT.wall + shift, boot=now().boot)


def beat(places: Places, *reasons: Reason, fresh: dict[str, bool] | None = None, **more: object) -> None:
    verdict = Verdict(
        level=max((each.level for each in reasons), default=Level.CALM),
        reasons=reasons,
        at=moment(),
        view=View.MIRROR,
        assurance=Assurance.B,
        checked=moment(),
        fresh={"capture": True, "store": True, "clock": True, **(fresh or {})},
    )
    last = pulse.Pulse(at=now(), boot=boot_id(), started=moment(), verdict=verdict, coverage=coverage(now()))
    pulse.write(replace(last, **more), places.pulse)


@pytest.fixture
def shelf(tmp_path) -> Iterator[Shelf]:
    with serving(tmp_path) as shelf:
        yield shelf


@pytest.fixture
def night(bench, shelf) -> tuple[Bench, Shelf]:
    """Ticked, at four in the morning, all quiet, and a newer version on the shelf."""
    update = Making(bench.folder / "new").update()
    shelf.files = {path.name: path.read_bytes() for path in (update, update.with_name("latest.json"))}
    config = Config(update=Update(automatic=True, source=shelf.address))
    bench.updating = replace(bench.updating, config=config, clock=at_night, source=lambda _: shelf.source())
    beat(bench.updating.places)
    return bench, shelf


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


def red() -> Reason:
    return Reason(code=Code.IMAGES_LEFT, level=Level.ALARM, since=moment(), incident=1, machine=IMAGING, port=4242)


def configured(bench: Bench, **more: object) -> None:
    config = bench.updating.config
    bench.updating = replace(bench.updating, config=replace(config, update=replace(config.update, **more)))


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


# -- asked -------------------------------------------------------------------------------------------------------


def test_whoever_asks_hears_whether_there_is_a_newer_version(night):
    """At any hour, ticked or not; nothing is written."""
    bench, _ = night
    configured(bench, automatic=False)

    assert bench.updating.check() == 1
    (bench.folder / "version").write_text("0.2.0\n")
    assert bench.updating.check() == 0

    assert bench.told == [
        "version 0.2.0 is there; 0.1.0 is running",
        "version 0.2.0 is running, and none is newer",
    ]
    assert bench.is_untouched()


def test_not_knowing_is_not_called_the_newest(night):
    """No place, no line, no signature: each its own sentence, and none says that all is well."""
    bench, shelf = night
    shelf.files["latest.json"] = shelf.files["latest.json"].replace(b'"signature": "', b'"signature": "!')
    with pytest.raises(NotReadable, match="not a latest"):
        bench.updating.check()

    shelf.files.clear()
    with pytest.raises(MissingDevice, match="answers 404"):
        bench.updating.check()

    configured(bench, source="")
    with pytest.raises(NotReadable, match="names no place"):
        bench.updating.check()


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
