"""Which system runs, which is chosen, and that one byte in place changes the choice."""

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from sentinel.card.pen import Pen
from sentinel.card.slots import Card, Slot, Trial
from sentinel.errors import MissingDevice, NotReadable
from tests.card.updates import CONFIG, make_card, start

ROOT = Path(__file__).parents[2]


def test_the_kernels_words_say_which_system_runs(tmp_path):
    """And config.txt which one is started next."""
    card = make_card(tmp_path)
    assert (card.running(), card.chosen(), card.trial()) == (Slot.A, Slot.A, None)

    start(card, Slot.B)
    assert (card.running(), card.chosen()) == (Slot.B, Slot.A)


@pytest.mark.parametrize(
    "words",
    ["", "root=/dev/sda1 ro", "sentinel.slot=c", "sentinel.slot=a sentinel.slot=b", "xsentinel.slot=a"],
)
def test_a_machine_without_our_words_is_no_card(tmp_path, words):
    """It is not written over."""
    card = make_card(tmp_path)
    card.cmdline.write_text(words)

    with pytest.raises(MissingDevice, match="does not run from a sentinel's memory card"):
        card.running()


@pytest.mark.parametrize(
    "config",
    [None, "", "os_prefix=c/\n", "os_prefix=a", "#os_prefix=a/\n", "\nos_prefix=a/\n", "os_prefix=a/\r\n"],
)
def test_a_config_that_does_not_begin_with_the_choice_is_not_written(tmp_path, config):
    """The initramfs would not find the letter, and no system that fails would ever be left."""
    card = make_card(tmp_path)
    card.config.unlink() if config is None else card.config.write_bytes(config.encode())

    for act in (card.chosen, lambda: card.begin_trial(Slot.B)):
        with pytest.raises(NotReadable, match=r"config\.txt") as refused:
            act()
        if config is not None:
            assert "os_prefix=a/ or os_prefix=b/" in str(refused.value)
            assert str(refused.value).endswith(ascii(config.partition("\n")[0] + "\n" * ("\n" in config)))
    assert card.tries.read_text() == "-0\n"


def test_a_person_puts_the_other_letter_back_as_the_document_says(tmp_path):
    """One byte in place: an editor might end the line in another way."""
    card = make_card(tmp_path)
    [order] = re.findall(r"`(printf a \|[^`]+)`", (ROOT / "docs/update.md").read_text(encoding="utf-8"))

    order = order.replace("printf a", "printf b")
    subprocess.run(order, shell=True, cwd=card.firmware, check=True, capture_output=True)

    assert card.chosen() is Slot.B
    assert card.config.read_text() == CONFIG.replace("os_prefix=a", "os_prefix=b")


@pytest.mark.parametrize("content", [None, b"", b"-0\n", b"b3", b"b3\n\n", b"c3\n", b"bx\n", b"\xff\xfe\n"])
def test_what_is_no_trial_is_none(tmp_path, content):
    """A file nobody wrote counts for nothing, in the initramfs too."""
    card = make_card(tmp_path)
    card.tries.unlink() if content is None else card.tries.write_bytes(content)

    assert card.trial() is None


def test_a_trial_is_begun_ended_and_given_up_by_bytes_in_place(tmp_path):
    """The same files, of the same length, at the same place on the card."""
    card = make_card(tmp_path)
    before = [(path.stat().st_ino, path.stat().st_size) for path in (card.config, card.tries)]

    card.begin_trial(Slot.B)
    assert card.config.read_text() == CONFIG.replace("os_prefix=a/", "os_prefix=b/")
    assert card.trial() == Trial(slot=Slot.B, left=3)
    card.give_up(Slot.B)
    assert card.trial() == Trial(slot=Slot.B, left=0)
    card.end_trial()
    assert (card.trial(), card.tries.read_text()) == (None, "-0\n")

    assert [(path.stat().st_ino, path.stat().st_size) for path in (card.config, card.tries)] == before


def test_the_choice_is_one_byte(tmp_path):
    """Nothing else of config.txt is written: half a write is the old letter or the new one."""
    written: list[tuple[str, bytes, int]] = []

    class Noting(Pen):
        def put(self, path: Path, piece: bytes, place: int) -> None:
            written.append((path.name, piece, place))
            super().put(path, piece, place)

    noting = make_card(tmp_path / "other", pen=Noting())
    noting.begin_trial(Slot.B)

    assert written == [("trial.txt", b"b3\n", 0), ("config.txt", b"b", CONFIG.index("a/"))]


def test_each_slot_has_its_own_partition():
    """Of the disk number that the image is made with."""
    assert [slot.partuuid for slot in Slot] == ["5e471ae1-02", "5e471ae1-03"]
    assert (Slot.A.other, Slot.B.other) == (Slot.B, Slot.A)
    assert os.fspath(make_card.__globals__["Card"]().roots[Slot.B]) == "/dev/disk/by-partuuid/5e471ae1-03"


def test_a_card_that_keeps_no_count_is_not_tried(tmp_path):
    """It would be started with nobody to take it back."""

    class Forgetting(Pen):
        def put(self, path: Path, piece: bytes, place: int) -> None:
            if path.name != "trial.txt":
                super().put(path, piece, place)

    card = make_card(tmp_path, pen=Forgetting())

    with pytest.raises(NotReadable, match="replace it"):
        card.begin_trial(Slot.B)
    assert (card.chosen(), card.trial()) == (Slot.A, None)


# -- the initramfs, which counts ---------------------------------------------------------------------------------

SCRIPT = Path(__file__).parents[2] / "image-build/initramfs/trial"


def boot(card: Card, folder: Path, *, slot: Slot | None = None, writes: bool = True) -> bool:
    """Run the initramfs's own script on this card, started as config.txt says; whether it restarts the machine.

    What it mounted, and how, stands in `done` afterwards. A card that only says that it writes: `writes=False`.
    """
    start(card, slot or card.chosen())
    tools = folder / "tools"
    shutil.rmtree(tools, ignore_errors=True)
    tools.mkdir()
    for name in ("mount", "umount", "modprobe", "blkid", *(() if writes else ("dd",))):
        (tools / name).write_text(f'#!/bin/sh\necho {name} "$@" >>"{folder}/done"\n')
    (tools / "reboot").write_text(f'#!/bin/sh\necho reboot >>"{folder}/done"\nkill $PPID\n')  # nothing comes after
    for tool in tools.iterdir():
        tool.chmod(0o755)
    (folder / "done").write_text("")
    (folder / "mark").unlink(missing_ok=True)
    told = (
        SCRIPT.read_text()
        .replace("/run/firmware", str(card.firmware))
        .replace("/run/sentinel-trial", str(folder / "mark"))
        .replace("/proc/cmdline", str(card.cmdline))
    )
    subprocess.run(
        ["sh", "-c", told],
        env={"PATH": f"{tools}:{os.environ['PATH']}"},
        check=False,
        timeout=20,
        capture_output=True,
    )
    return "reboot" in (folder / "done").read_text().split()


def mounts(folder: Path) -> list[str]:
    """How the card was mounted, one after the other."""
    return re.findall(r"^mount .* -o (\w+)", (folder / "done").read_text(), re.MULTILINE)


@pytest.mark.parametrize("chosen", Slot)
@pytest.mark.parametrize("trial", ["-0\n", "a0\n", "a1\n", "a3\n", "b0\n", "b1\n", "b3\n", "\n", "??\n", "b\n"])
def test_the_initramfs_reads_the_three_bytes_as_the_programs_do(tmp_path, chosen, trial):
    """It takes one start from the slot that runs, or gives it up, and touches nothing else."""
    card = make_card(tmp_path)
    card.config.write_text("os_prefix=a/\n# more\n".replace("a/", f"{chosen}/"))
    card.tries.write_text(trial)
    on_trial = card.trial()

    restarts = boot(card, tmp_path)

    if on_trial is None or on_trial.slot is not chosen:
        assert (restarts, card.chosen(), card.tries.read_text()) == (False, chosen, trial)
        assert mounts(tmp_path) == ["ro"]
    elif on_trial.left:
        assert (restarts, card.chosen()) == (False, chosen)
        assert card.trial() == Trial(slot=chosen, left=on_trial.left - 1)
    else:
        assert (restarts, card.chosen(), card.tries.read_text()) == (True, chosen.other, trial)
    assert len(card.config.read_text()) == len("os_prefix=a/\n# more\n")
    assert (tmp_path / "mark").exists() is (on_trial is not None and on_trial.slot is chosen)


def test_a_system_that_never_ends_its_trial_is_left_after_three_starts(tmp_path):
    """By the script of the card, from the bytes the program wrote."""
    card = make_card(tmp_path)
    card.config.write_text("os_prefix=a/\n")
    card.begin_trial(Slot.B)

    assert [(boot(card, tmp_path), card.chosen()) for _ in range(4)] == [(False, Slot.B)] * 3 + [(True, Slot.A)]
    assert not boot(card, tmp_path)
    assert card.running() is Slot.A


def test_a_card_that_takes_no_letter_any_more_is_not_restarted_for_ever(tmp_path):
    """An old card may only say that it was written. Ill is better than never started."""
    card = make_card(tmp_path)
    card.config.write_text("os_prefix=b/\n")
    card.tries.write_text("b0\n")

    assert not boot(card, tmp_path, writes=False)
    assert mounts(tmp_path) == ["ro", "rw", "ro"]
    assert (tmp_path / "mark").exists()
    assert card.running() is Slot.B
    assert boot(card, tmp_path)


def test_a_first_line_that_somebody_edited_is_not_restarted_for_ever(tmp_path):
    """There is no letter to put back: an editor of Windows ends its lines otherwise."""
    card = make_card(tmp_path)
    card.config.write_text("os_prefix=b/\n")
    card.tries.write_text("b0\n")
    card.config.write_bytes(b"os_prefix=b/\r\n")

    assert not boot(card, tmp_path, slot=Slot.B)
    assert mounts(tmp_path) == ["ro"]
    assert card.config.read_bytes() == b"os_prefix=b/\r\n"
