"""An update is chosen when all of it lies on the card, and what is refused is never chosen."""

import os
import tracemalloc
from contextlib import nullcontext
from pathlib import Path

import pytest

from sentinel.card.bundle import BOOT, MANIFEST, ROOT, SIGNED, Bundle
from sentinel.card.installing import install, refuse_unless_idle
from sentinel.card.pen import Pen
from sentinel.card.slots import Slot
from sentinel.errors import MissingDevice, NotReadable
from tests.card.updates import (
    BOOT as BOOT_FILES,
)
from tests.card.updates import (
    KEYS,
    MIB,
    STRANGER,
    SWITCHED,
    Making,
    contents,
    make_card,
    put,
    signed,
    start,
    started,
    tar,
)

pytestmark = pytest.mark.zstd


def test_an_update_lies_whole_in_the_other_system_and_is_tried(tmp_path):
    """The running one is as it was; the kernel's words name the new root."""
    card, making = make_card(tmp_path), Making(tmp_path / "new", root=os.urandom(3 * MIB + 77))
    before = started(*contents(card))

    told = put(making.update(), card)

    now = started(*contents(card))
    assert (now.slot, now.left, now.files) == (Slot.B, 2, SWITCHED)
    assert card.roots[Slot.B].read_bytes()[: len(making.root)] == making.root
    assert contents(card)[1][Slot.A] == make_card(tmp_path / "fresh").roots[Slot.A].read_bytes()
    assert before.slot is Slot.A
    assert told[0] == "writing version 0.2.0 into system b"
    assert told[-1] == "version 0.2.0 is tried at the next start"
    assert "100 %" in told


def test_from_b_it_goes_to_a(tmp_path):
    """And back."""
    card = make_card(tmp_path)
    put(Making(tmp_path / "new").update(), card)
    card.end_trial()
    start(card, Slot.B)

    put(Making(tmp_path / "newer", version="0.3.0").update(), card)

    now = started(*contents(card))
    assert (now.slot, now.left) == (Slot.A, 2)
    assert now.files["cmdline.txt"] == BOOT_FILES["cmdline.txt"]


# -- hostile, broken, too large ----------------------------------------------------------------------------------


def repacked(making: Making, **parts: bytes) -> bytes:
    """The good update with other parts, packed well."""
    good, other = making.members(), Making(making.folder / "other", **parts).members()  # type: ignore[arg-type]
    return tar({**other, MANIFEST: good[MANIFEST], SIGNED: good[SIGNED]})


def boot_with(making: Making, boot: dict[str, bytes] | bytes) -> bytes:
    making.boot = boot
    return making.update().read_bytes()


WORDS = BOOT_FILES["cmdline.txt"]
REFUSED = {
    "cut in its root": (lambda it: it.update().read_bytes()[:-200_000], "ends too early|damaged"),
    "cut before its end": (lambda it: it.update().read_bytes()[:-10_240], "ends too early"),
    "the wrong signer": (
        lambda it: tar({**it.members(), **signed(it.members()[MANIFEST], STRANGER)}),
        "not signed",
    ),
    "another root": (lambda it: repacked(it, root=os.urandom(len(it.root))), "does not hold what was signed"),
    "another boot": (
        lambda it: repacked(it, boot={**BOOT_FILES, "vmlinuz": b"Kernel 0.2.0 " * 999}),
        "does not hold what was signed",
    ),
    "one file more": (lambda it: tar({**it.members(), "more": b"x"}), "belongs in none"),
    "the parts exchanged": (
        lambda it: tar({name: it.members()[name] for name in (MANIFEST, SIGNED, ROOT, BOOT)}),
        "where boot.tar.zst belongs",
    ),
    "no kernel": (lambda it: boot_with(it, {k: v for k, v in BOOT_FILES.items() if k != "vmlinuz"}), "no vmlinuz"),
    "no tree of this board": (
        lambda it: boot_with(
            it, {k: v for k, v in BOOT_FILES.items() if not k.endswith(".dtb")} | {"pi5.dtb": b"x"}
        ),
        r"boot\.tar holds no bcm2711-rpi-4-b\.dtb",
    ),
    "a file that starts nothing": (
        lambda it: boot_with(it, {**BOOT_FILES, "config.txt": b""}),
        "config.txt, which",
    ),
    "a way up": (lambda it: boot_with(it, {**BOOT_FILES, "../config.txt": b"x"}), "as no file of an update"),
    "boot files that are no tar": (lambda it: boot_with(it, b"x" * 9000), "boot.tar is no tar archive"),
    "a file twice": (
        lambda it: boot_with(it, tar({"vmlinuz": bytes(512)})[:1024] + tar(BOOT_FILES)),
        "vmlinuz, which starts nothing",
    ),
    "two roots in the words": (
        lambda it: boot_with(it, {**BOOT_FILES, "cmdline.txt": WORDS.strip() + b" root=/dev/sda\n"}),
        "does not name one root",
    ),
    "no system in the words": (
        lambda it: boot_with(it, {**BOOT_FILES, "cmdline.txt": b"root=/dev/sda ro\n"}),
        "does not name one root",
    ),
    "two lines of words": (
        lambda it: boot_with(it, {**BOOT_FILES, "cmdline.txt": b"init=/bin/sh\n" + WORDS}),
        "does not name one root",
    ),
    "long words": (
        lambda it: boot_with(it, {**BOOT_FILES, "cmdline.txt": WORDS * 200}),
        "where 4096 are the most",
    ),
}


@pytest.mark.parametrize(("spoil", "words"), REFUSED.values(), ids=REFUSED.keys())
def test_what_is_refused_is_never_chosen(tmp_path, spoil, words):
    """Whatever of it was written by then: the card starts as before, and the running system was not touched."""
    card, making = make_card(tmp_path), Making(tmp_path / "new", root=os.urandom(MIB))
    before = started(*contents(card))

    with pytest.raises(NotReadable, match=words) as refused:
        put(spoil(making), card)

    assert "\n" not in str(refused.value)
    assert started(*contents(card)) == before
    assert card.tries.read_text() == "-0\n"


def test_what_does_not_fit_is_refused_before_anything_is_written(tmp_path):
    """By what was signed of its size, against the partition's."""
    card, making = make_card(tmp_path, room=MIB), Making(tmp_path / "new", root=bytes(MIB + 1))
    before = contents(card)

    with pytest.raises(NotReadable, match="1048577 bytes, and there is room for 1048576"):
        put(making.update(), card)
    assert contents(card) == before


def test_boot_files_that_do_not_fit_are_refused_before_anything_is_written(tmp_path):
    """However large the disk of whoever tests this."""
    card = make_card(tmp_path)
    told = {
        "format": 1,
        "version": "0.2.0",
        "made": "2026-11-26T04:00:00Z",
        "boot": {"size": 1 << 60, "sha256": "00" * 32},
        "root": {"size": 5, "sha256": "00" * 32},
    }
    before = contents(card)

    with pytest.raises(NotReadable, match="boot files have 1152921504606846976 bytes"):
        put(tar({**signed(told), BOOT: b"", ROOT: b""}), card)
    assert contents(card) == before


def test_a_machine_that_is_no_card_takes_none(tmp_path):
    """Whatever lies in its folders."""
    card = make_card(tmp_path)
    card.cmdline.write_text("root=/dev/sda1\n")

    with pytest.raises(MissingDevice, match="memory card"):
        put(Making(tmp_path / "new").update(), card)


def test_a_card_whose_other_system_is_gone_takes_none(tmp_path):
    """In one sentence."""
    card = make_card(tmp_path)
    card.roots[Slot.B].unlink()

    with pytest.raises(MissingDevice, match="other system cannot be reached"):
        put(Making(tmp_path / "new").update(), card)


@pytest.mark.parametrize(("disk", "is_taken"), [("mmc/mmcblk0/mmcblk0p3", True), ("usb1/sda/sda3", False)])
def test_a_second_card_in_the_same_machine_is_never_written(tmp_path, disk, is_taken):
    """It has the same numbers, and may be found by them. For its root stands a device that is everywhere."""
    card = make_card(tmp_path, devices=tmp_path / "sys/dev/block")
    there, elsewhere = card.firmware.stat().st_dev, Path("/dev/null")
    card.roots[Slot.B].unlink()
    card.roots[Slot.B].symlink_to(elsewhere)  # as udev's own link
    for number, place in ((there, "mmc/mmcblk0/mmcblk0p1"), (elsewhere.stat().st_rdev, disk)):
        (tmp_path / "sys/devices" / place).mkdir(parents=True)
        card.devices.mkdir(parents=True, exist_ok=True)
        (card.devices / f"{os.major(number)}:{os.minor(number)}").symlink_to(tmp_path / "sys/devices" / place)

    with nullcontext() if is_taken else pytest.raises(NotReadable, match="second card of ours"):
        assert refuse_unless_idle(card) is Slot.B


@pytest.mark.parametrize("when", ["chosen", "on trial"])
def test_none_is_taken_while_another_is_tried(tmp_path, when):
    """The old system is all there is to return to."""
    card, update = make_card(tmp_path), Making(tmp_path / "new").update()
    put(update, card)
    if when == "on trial":
        start(card, Slot.B)
    before = contents(card)

    with pytest.raises(NotReadable, match="is being tried already"):
        put(update, card)
    assert contents(card) == before


class Forgetful(Pen):
    """A worn card: of one file, a bit does not stay."""

    def __init__(self, name: str) -> None:
        super().__init__()
        self.name = name

    def settle(self, path: Path) -> None:
        super().settle(path)
        if path.name == self.name:
            with path.open("r+b") as file:
                file.seek(100)
                file.write(b"\xff")


@pytest.mark.parametrize("name", ["root-b", "initrd.img"])
def test_a_card_that_does_not_keep_what_is_written_is_never_chosen(tmp_path, name):
    """What was hashed on its way in says nothing of what lies there."""
    card = make_card(tmp_path, pen=Forgetful(name))

    with pytest.raises(NotReadable, match=f"does not keep what is written on it .{name}.: replace it"):
        put(Making(tmp_path / "new").update(), card)
    assert started(*contents(card)).slot is Slot.A


def test_memory_does_not_grow_with_the_update(tmp_path):
    """A board with 512 MB goes on watching meanwhile."""
    card, update = make_card(tmp_path, room=48 * MIB), Making(tmp_path / "new", root=os.urandom(48 * MIB)).update()
    with update.open("rb") as file:
        tracemalloc.start()
        try:
            install(Bundle(file.read, KEYS), card, lambda _: None)
            _, most = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()

    assert most < 6 * MIB
