"""`sentinel update`: what a person hands in, when it is not taken, and what who asks is told."""

import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from sentinel.card.slots import Slot, Trial
from sentinel.errors import MissingDevice, MissingRight, NotReadable
from sentinel.model.renewal import Came, Renewal
from sentinel.programs.update import NO_CARD
from tests.builders import moment
from tests.card.updates import CURRENT, NEXT, STRANGER, Making, start
from tests.programs.benches import configured

pytestmark = [pytest.mark.zstd, pytest.mark.skipif(os.geteuid() != 0, reason="a card's systems are root's")]


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


def test_a_firmware_partition_that_is_not_there_is_said(bench):
    """It could not be mounted at this start."""
    bench.card.firmware.rename(bench.folder / "elsewhere")

    with pytest.raises(MissingDevice, match="firmware partition cannot be read"):
        bench.updating.from_file(Making(bench.folder / "new").update())


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
