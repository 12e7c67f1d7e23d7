"""A release is signed by the key its cards trust, or it is not made at all."""

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.commands import ROOT

BLOCK = 4096
BEGIN, SIZE = 1 << 20, 48 << 20
DATA = BEGIN + SIZE
"""Of a small card, in bytes: where its FAT begins, how long that is, and where `data` begins."""
FAT32 = ((14, 16), (16, 17), (36, 40))
"""In its first sector: sectors before the FATs, how many FATs, sectors of each."""
CARD = """image sentinel.img {
  hdimage { align = 1M }
  partition firmware { partition-type = 0xC image = "firmware.vfat" }
  partition data { partition-type = 0x83 image = "data.ext4" }
}
"""


class Yard:
    """A tree in which a release would be made: two pairs of keys, and an image built with the first."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.keys, self.image = folder, folder / "var/update-keys", folder / "var/image"
        root = folder / "root/usr/lib/sentinel"
        for each in (folder / "image-build", self.keys, self.image, root / "update-keys"):
            each.mkdir(parents=True)
        shutil.copy(ROOT / "image-build/release.sh", folder / "image-build")
        for name in ("current", "next"):
            key = self.keys / f"{name}.key"
            for order in (
                f"genpkey -algorithm ed25519 -out {key}",
                f"pkey -in {key} -pubout -out {key.with_suffix('.pem')}",
            ):
                subprocess.run(["openssl", *order.split()], check=True, capture_output=True)
        shutil.copy(self.keys / "current.pem", root / "update-keys/current.pub")
        (root / "version").write_text("0.2.0\n")
        (self.image / "version").write_text("0.2.0\n")
        order = f"mke2fs -q -t ext4 -d {folder / 'root'} {self.image / 'root.ext4'} 4M"
        subprocess.run(order.split(), check=True, capture_output=True)
        (folder / ".gitignore").write_text("dist/\nroot/\nvar/\n")
        self.git("init", "-q")
        self.git("add", ".")
        self.git("-c", "user.name=x", "-c", "user.email=x@example.org", "commit", "-q", "-m", "all")
        (folder / "dist").mkdir()
        (folder / "dist/before").touch()

    def git(self, *words: str) -> None:
        subprocess.run(["git", *words], cwd=self.folder, check=True, capture_output=True)

    def release(self, *words: str, keys: str = "", key: str = "", **more: str) -> subprocess.CompletedProcess[str]:
        given = {"SENTINEL_UPDATE_KEYS": keys, "SENTINEL_UPDATE_KEY": key, "SENTINEL_DEVELOPMENT": "", **more}
        order = [str(self.folder / "image-build/release.sh"), *words]
        return subprocess.run(
            order, env=os.environ | given, capture_output=True, text=True, timeout=60, check=False
        )


def small_card(folder: Path) -> list[tuple[int, int]]:
    """`sentinel.img` by the programs that make a card's; where its FATs are and its journal, in bytes."""
    fat, data, room = folder / "firmware.vfat", folder / "data.ext4", folder / "room"
    room.mkdir()
    (folder / "card.cfg").write_text(CARD)
    for order in (
        f"truncate -s {SIZE} {fat}",
        f"mkfs.vfat -F 32 --invariant {fat}",
        f"mke2fs -q -t ext4 -b {BLOCK} -E nodiscard {data} 32M",
        f"genimage --loglevel 0 --config {folder / 'card.cfg'} --inputpath {folder} --outputpath {folder} "
        f"--tmppath {folder / 'tmp'} --rootpath {room}",
    ):
        subprocess.run(order.split(), check=True, capture_output=True)
    reserved, fats, sectors = (int.from_bytes(fat.read_bytes()[a:b], "little") for a, b in FAT32)
    said = subprocess.run(["debugfs", "-R", "stat <8>", data], check=True, capture_output=True, text=True).stdout
    found = re.findall(r"\(\d+(?:-\d+)?\):(\d+)(?:-(\d+))?", said)
    assert found
    journal = [(DATA + int(first) * BLOCK, DATA + (int(last or first) + 1) * BLOCK) for first, last in found]
    return [(BEGIN + reserved * 512, BEGIN + (reserved + fats * sectors) * 512), *journal]


@pytest.fixture
def yard(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", f"{os.environ['PATH']}:/usr/sbin:/sbin")
    if missing := [name for name in ("openssl", "mke2fs", "debugfs", "git") if not shutil.which(name)]:
        pytest.skip(f"no {missing[0]} here, and no image can be built without it")
    return Yard(tmp_path)


def test_a_release_is_not_signed_by_the_development_pair_unasked(yard):
    """The cards of a practice would take whatever anybody who built one signs."""
    keys, own = str(yard.keys), str(yard.keys / "current.key")
    for given in ({}, {"keys": keys}, {"key": own}):
        done = yard.release(**given)
        assert (done.returncode, (yard.folder / "dist/before").exists()) == (69, True)
        assert "SENTINEL_DEVELOPMENT=1" in done.stderr

    assert yard.release("--check", keys=keys, key=own).returncode == 0
    assert yard.release("--check", SENTINEL_DEVELOPMENT="1").returncode == 0


def test_a_release_is_signed_by_the_key_its_cards_trust(yard):
    """Else no card in the field would ever take it."""
    keys = str(yard.keys)
    done = yard.release(keys=keys, key=str(yard.keys / "next.key"))
    assert (done.returncode, "is not the private half of" in done.stderr) == (69, True)

    for end in (".key", ".pem"):  # a pair of its own, and not the image's
        (yard.keys / f"next{end}").replace(yard.keys / f"current{end}")
    done = yard.release(keys=keys, key=str(yard.keys / "current.key"))
    assert (done.returncode, "was built with other keys" in done.stderr) == (69, True)
    assert (yard.folder / "dist/before").exists()


def test_a_release_is_made_of_what_is_committed(yard):
    """Its papers and its update name a commit; what is tried for nobody's practice need not be one."""
    own = {"keys": str(yard.keys), "key": str(yard.keys / "current.key")}
    assert yard.release("--check", **own).returncode == 0

    with (yard.folder / "image-build/release.sh").open("a") as script:
        script.write("# changed\n")
    done = yard.release("--check", **own)
    assert (done.returncode, "`git status` names more" in done.stderr) == (69, True)
    assert yard.release("--check", SENTINEL_DEVELOPMENT="1").returncode == 0

    shutil.rmtree(yard.folder / ".git")
    assert yard.release("--check", **own).returncode != 0


def test_no_release_is_made_of_half_an_image(yard):
    """The build writes the version when all else is in its place."""
    (yard.image / "version").unlink()

    done = yard.release(SENTINEL_DEVELOPMENT="1")

    assert (done.returncode, "is not whole" in done.stderr) == (69, True)
    assert (yard.folder / "dist/before").exists()


def test_a_card_that_was_used_before_gets_every_zero_of_fat_and_journal(yard):
    """What a bmap does not name stays on a card: old entries would be files, an old journal be replayed."""
    if missing := [name for name in ("bmaptool", "genimage", "mkfs.vfat", "xz") if not shutil.which(name)]:
        pytest.skip(f"no {missing[0]} here, and no release can be made without it")
    zeroed = small_card(yard.image)

    yard.release(SENTINEL_DEVELOPMENT="1", SOURCE_DATE_EPOCH="1790000000")  # as far as the bmap; there is no .venv
    [bmap] = (yard.folder / "dist").glob("*.bmap")
    whole = (yard.image / "sentinel.img").read_bytes()
    used = bytearray(b"\xff" * len(whole))
    for first, last in re.findall(r"> (\d+)(?:-(\d+))? </Range>", bmap.read_text()):
        place = slice(int(first) * BLOCK, (int(last or first) + 1) * BLOCK)
        used[place] = whole[place]

    for start, end in zeroed:
        assert used[start:end] == whole[start:end]


def test_a_release_says_the_version_its_root_says(yard):
    """A card compares the next update with what its root says, not with what it was told."""
    (yard.image / "version").write_text("0.3.0\n")

    done = yard.release(SENTINEL_DEVELOPMENT="1")

    assert (done.returncode, "the root is version 0.2.0, and its update would say 0.3.0" in done.stderr) == (
        69,
        True,
    )
    assert (yard.folder / "dist/before").exists()

    (yard.image / "version").write_text("0.2.0\n")
    done = yard.release(SENTINEL_DEVELOPMENT="1", SOURCE_DATE_EPOCH="1790000000")
    assert "sentinel.img" in done.stderr  # all is well so far, and the next thing is not in this yard
    assert not (yard.folder / "dist/before").exists()
