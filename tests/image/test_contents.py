"""What lies on the card before anybody has switched it on."""

import re
import stat
import subprocess
import tarfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.image.boards import BOARDS, DRIVERS
from tests.image.card import BUILT, ROOT
from tests.image.disk import get
from tests.image.firmware import settings, start

SHARED = ROOT / "ansible/roles/sentinel/files/rootfs"
OWN = ROOT / "image-build/rootfs"
STARTED = {
    "sysinit.target": ("sentinel-boot.service", "sentinel-dark.service", "sentinel-trial.service"),
    "data.mount": ("sentinel-grow.service",),
    "multi-user.target": ("sentinel.target", "sentinel-claimed.path"),
    "sentinel.target": ("sentinel-trial-keep.service", "sentinel-trial-settle.service"),
    "sockets.target": ("sentinel-fetch.socket",),
    "timers.target": ("sentinel-update.timer",),
}
"""Our units that are enabled, by who wants them."""
PULLED = {
    "sentinel-listen.service",
    "sentinel-watch.service",
    "sentinel-web.service",
    "sentinel-firewall.service",
    "sentinel-firewall.timer",
}
"""What sentinel.target starts by its own words."""
ARCHIVE = BUILT / "boot/a/initrd.img"
BETWEEN = ("sdhci-iproc", "sdhci-brcmstb", "bcm2835", "rp1_pci", "usb-storage", "uas", "sd_mod", "overlay", "vfat")
"""Drivers between a board and what it starts from, and of the file systems there."""
SITE = "opt/sentinel/venv/lib/python3.13/site-packages"


@pytest.fixture(scope="module")
def root(image: Path) -> Iterator[dict[str, tarfile.TarInfo]]:
    """The root file system, by path."""
    with tarfile.open(BUILT / "root.tar") as tar:
        yield {member.name.removeprefix("./"): member for member in tar}


@pytest.fixture(scope="module")
def read(image: Path, root: dict[str, tarfile.TarInfo]) -> Iterator[object]:
    """What a file of it holds."""
    with tarfile.open(BUILT / "root.tar") as tar:
        yield lambda name: tar.extractfile(root[name]).read()


def laid(tree: Path) -> dict[str, Path]:
    """The files and links of a tree, by their path on the card."""
    return {
        str(path.relative_to(tree)): path
        for path in sorted(tree.rglob("*"))
        if path.is_symlink() or path.is_file()
    }


@pytest.mark.parametrize("tree", [SHARED, OWN], ids=["as ansible lays it", "the card's own"])
def test_the_card_holds_both_trees_to_the_byte(tree, root, read):
    """A machine installed by hand and a card are the same machine: same files, same modes, root's."""
    differs = []
    for name, path in laid(tree).items():
        there = root.get(name)
        if there is None:
            differs.append(f"{name} is missing")
        elif path.is_symlink():
            differs += [name] if there.linkname != str(path.readlink()) else []
        elif read(name) != path.read_bytes() or (there.uid, there.gid) != (0, 0):
            differs.append(name)
        elif bool(there.mode & stat.S_IXUSR) != bool(path.stat().st_mode & stat.S_IXUSR) or there.mode & 0o022:
            differs.append(f"{name} has mode {there.mode:o}")
    assert not differs


def test_the_card_changes_nothing_that_ansible_lays():
    """What a card has beyond it are files of other names."""
    assert not laid(SHARED).keys() & laid(OWN).keys()


def test_what_is_to_start_starts(root):
    """The preset is in force before the card's first start: ours are wanted, each by its target, and no other."""
    wants = re.compile(r"etc/systemd/system/([^/]+)\.wants/(sentinel[^/]*)")
    found = [match.groups() for name in root if (match := wants.fullmatch(name))]

    assert sorted(found) == sorted((target, unit) for target, units in STARTED.items() for unit in units)


def test_every_unit_that_is_to_start_says_so():
    """One that lost its [Install], or its line in sentinel.target, would lie on the card and never run."""
    said: dict[str, set[str]] = {}
    for tree in (SHARED, OWN):
        for unit in (tree / "usr/lib/systemd/system").glob("sentinel*.*"):
            if unit.is_file():
                for target in re.findall(r"^WantedBy=(.*)$", unit.read_text(), re.MULTILINE):
                    said.setdefault(target, set()).add(unit.name)
    pulled = re.findall(
        r"^Wants=(.*)$", (SHARED / "usr/lib/systemd/system/sentinel.target").read_text(), re.MULTILINE
    )

    assert said == {target: set(units) for target, units in STARTED.items()}
    assert set(" ".join(pulled).split()) == PULLED


def test_nothing_secret_and_nothing_of_the_builder_is_in_it(root, read):
    """No host key, no identity, no password; no place packages come from."""
    assert not [name for name in root if name.startswith("etc/ssh/ssh_host_")]
    assert not [name for name in root if name.startswith(("etc/apt/sources.list.d/", "var/lib/apt/lists/"))]
    assert "etc/apt/sources.list" not in root
    assert read("etc/machine-id") == b""
    assert all(line.split(b":")[1] in (b"*", b"!", b"!*") for line in read("etc/shadow").splitlines())
    assert [name for name in root if name.startswith("usr/lib/sentinel/update-keys/") and root[name].isfile()]
    keys = [name for name, member in root.items() if member.isfile() and name.endswith((".pem", ".key", ".pub"))]
    assert not [name for name in keys if b"PRIVATE KEY" in read(name)]


def test_the_users_have_the_numbers_that_the_data_partition_knows(root, read):
    """The data partition outlives the root: an owner is a number there."""
    users = dict(line.split(":")[0:3:2] for line in read("etc/passwd").decode().splitlines())
    wanted = {"sentinel-listen": "961", "sentinel-watch": "962", "sentinel-web": "963", "sentinel-firewall": "964"}
    assert wanted.items() <= users.items()


def test_the_packages_are_those_that_were_pinned(root):
    """gpiod's own wheel for this Python; lgpio, whose newest wheel for it is an empty one, under no name."""
    names = {name.removeprefix(SITE).split("/")[1].lower() for name in root if name.startswith(f"{SITE}/")}
    pins = (ROOT / "requirements/run.txt").read_text().splitlines()
    wanted = {
        line.split("==")[0].replace("-", "_").lower()
        for line in pins
        if "==" in line and "win32" not in line and "python_full_version" not in line
    }
    there = {name.split("-")[0].replace(".", "_") for name in names if name.endswith(".dist-info")}
    assert wanted <= there
    assert not [name for name in names if "lgpio" in name]
    assert [name for name in root if name.startswith(f"{SITE}/gpiod/_ext.cpython-313-aarch64")]
    assert [name for name in root if name.startswith(f"{SITE}/sentinel/__pycache__/pipeline.cpython-313")]


def test_nothing_of_a_package_depends_on_the_python_of_the_builder(root, read):
    """What a package would install as commands begins with its path, and is left out with its hash."""
    records = [name for name in root if name.startswith(f"{SITE}/") and name.endswith(".dist-info/RECORD")]
    assert len(records) > 20
    assert not [name for name in records if b"../bin/" in read(name)]


def test_its_kernel_drives_every_board_from_3_to_5(root, read):
    """Debian 13's own kernel has neither the Pi 5's RP1 (Ethernet, USB, pins) nor gpio-sim."""
    modules = next(name for name in root if name.endswith("modules.dep"))
    drivers = (read(modules) + read(modules.replace("modules.dep", "modules.builtin"))).decode()
    for driver in DRIVERS:
        assert f"/{driver}.ko" in drivers, driver


def test_the_initramfs_finds_the_card_and_little_else(image):
    """Its hook was run, and the settings that were there before their package stayed: drivers of cards alone.

    All drivers are in the first archive, which is not packed.
    """
    with ARCHIVE.open("rb") as archive:
        held = subprocess.run(
            ["cpio", "-t", "--quiet"], stdin=archive, capture_output=True, check=True
        ).stdout.decode()
    for driver in BETWEEN:
        assert f"/{driver}.ko" in held, driver
    assert "/kernel/drivers/net/ethernet/" not in held
    assert ARCHIVE.stat().st_size < 24 << 20


def test_the_firmware_finds_kernel_tree_and_words_of_every_board(image, tmp_path):
    """os_prefix leads to a bare Image, its initramfs, and a device tree that is no stub of an older kernel."""
    for name in (tree for trees in BOARDS.values() for tree in trees):
        tree = start(image, tmp_path, f"{name}.dtb").tree
        assert tree is not None
        assert tree.stat().st_size > 15_000, name
    started = start(image, tmp_path)
    assert started.slot == "a"
    assert "sentinel.slot=a" in started.cmdline.split()
    assert "root=PARTUUID=5e471ae1-02" in started.cmdline.split()


def test_one_byte_of_the_card_chooses_its_root(image):
    """It is in the first line, where the initramfs puts it back, and nobody is on trial."""
    assert get(image, "config.txt").startswith(b"os_prefix=a/\n")
    assert get(image, "trial.txt") == b"-0\n"
    assert settings(get(image, "config.txt").decode())["arm_64bit"] == "1"
