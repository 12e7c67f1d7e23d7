"""A release is signed by the key its cards trust, or it is not made at all."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.commands import ROOT


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
        (folder / "dist").mkdir()
        (folder / "dist/before").touch()

    def release(self, *words: str, keys: str = "", key: str = "", **more: str) -> subprocess.CompletedProcess[str]:
        given = {"SENTINEL_UPDATE_KEYS": keys, "SENTINEL_UPDATE_KEY": key, "SENTINEL_DEVELOPMENT": "", **more}
        order = [str(self.folder / "image-build/release.sh"), *words]
        return subprocess.run(
            order, env=os.environ | given, capture_output=True, text=True, timeout=60, check=False
        )


@pytest.fixture
def yard(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", f"{os.environ['PATH']}:/usr/sbin:/sbin")
    if missing := [name for name in ("openssl", "mke2fs", "debugfs") if not shutil.which(name)]:
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
