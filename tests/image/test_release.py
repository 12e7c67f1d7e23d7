"""The papers of dist/; and what only a release waits for: the same bytes from nothing, and a board with pins."""

import hashlib
import json
import os
import subprocess
import sys
import tarfile
import urllib.request
from pathlib import Path

import pytest

from tests.image.card import BUILT, ROOT, flashed
from tests.image.guest import Pi3
from tests.image.heard import until
from tests.image.machine import NAME, PRESEED

OF_A_SYSTEM = {
    "name": str,
    "description": str,
    "icon": str,
    "url": str,
    "extract_size": int,
    "extract_sha256": str,
    "image_download_size": int,
    "release_date": str,
    "devices": list,
}
"""What Imager asks of each system: its doc/json-schema/os-list-schema.json, of 2026-08-17."""
MORE = {"image_download_sha256": str, "init_format": str, "architecture": str, "bmap_url": str}
"""What it may be told, by the same schema and by its source."""


def sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


@pytest.mark.release
def test_two_builds_of_one_commit_are_the_same_bytes(image: Path, tmp_path: Path) -> None:
    """The second from nothing: base and wheels are made anew."""
    out, keys = tmp_path / "out", os.environ.get("SENTINEL_UPDATE_KEYS", str(ROOT / "var/update-keys"))
    again = {"SENTINEL_CACHE": str(tmp_path / "cache"), "SENTINEL_OUT": str(out), "SENTINEL_UPDATE_KEYS": keys}
    subprocess.run([ROOT / "image-build/build.sh"], check=True, env=os.environ | again)
    assert sha256(out / "sentinel.img") == sha256(image)


@pytest.mark.release
def test_it_boots_on_an_emulated_pi_3(image: Path, tmp_path: Path) -> None:
    """Its own device tree, SD card and USB network; the page answers under the name it was given."""
    card = flashed(tmp_path, {"rpi-preseed.toml": PRESEED.format(key="").encode()}, image)
    with Pi3(card, tmp_path / "run") as board:
        board.console.wait(r"Raspberry Pi 3 Model B", 300)
        board.console.wait(rf"{NAME} login:", 1200)

        def answers() -> bool:
            with urllib.request.urlopen(f"http://127.0.0.1:{board.http}/", timeout=60) as page:
                return page.status == 200

        until(answers, within=900)
        print(f"the page answers {board.age:.0f} s after power on")


def test_the_papers_name_everything_on_the_card(image: Path, tmp_path: Path) -> None:
    """SBOM of both kinds of package, every licence text, and a list that Raspberry Pi Imager 2 takes."""
    name = "sentinel-0.0.0"
    (tmp_path / f"{name}.img").symlink_to(image)
    (tmp_path / f"{name}.img.xz").write_bytes(b"packed")
    papers = [
        sys.executable,
        str(ROOT / "image-build/papers.py"),
        str(tmp_path),
        "0.0.0",
        "https://example.org/x/",
    ]
    subprocess.run(papers, check=True, env=os.environ | {"SOURCE_DATE_EPOCH": "1790000000"})

    bill = json.loads((tmp_path / f"{name}.cdx.json").read_text())
    there = {component["purl"].partition("@")[0] for component in bill["components"]}
    assert {
        "pkg:deb/debian/linux-image-arm64",
        "pkg:deb/debian/python3",
        "pkg:pypi/gpiod",
        "pkg:pypi/flask",
    } <= there
    with tarfile.open(tmp_path / f"{name}-licences.tar.gz") as licences:
        assert any("/raspi-firmware/copyright" in each for each in licences.getnames())
    whole = json.loads((tmp_path / "os_list.json").read_text())
    (listed,) = whole["os_list"]
    assert set(whole) == {"os_list"}
    assert {name: type(value) for name, value in listed.items()} == OF_A_SYSTEM | MORE
    assert (tmp_path / listed["icon"].removeprefix("https://example.org/x/")).read_bytes().startswith(b"<svg")
    assert listed["extract_size"] == image.stat().st_size
    assert listed["extract_sha256"] == sha256(image)
    assert listed["init_format"] == "rpi-preseed"
    assert listed["url"] == f"https://example.org/x/{name}.img.xz"
    assert (BUILT / "version").exists()
