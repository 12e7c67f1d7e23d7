"""What the build keeps, for how long, and what it refuses before its slow stage; Debian is a stand-in."""

import os
import re
import shutil
import signal
import subprocess
import time
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent.parent
TOOLS = ("mmdebstrap", "genimage", "mcopy", "mkfs.vfat", "mke2fs", "sfdisk", "cpio", "zstd", "openssl")
DAY = 86_400
BASE = """#!/bin/sh
{slow}mkdir -p "$0.made/etc" && date +%s%N >"$0.made/etc/made" && tar -C "$0.made" -cf "$1" .
"""


class Yard:
    """A tree with the build's own scripts, but for the stage that asks Debian's archive; its cache beside it."""

    def __init__(self, folder: Path) -> None:
        self.cache, self.var, self.scripts = folder / "cache", folder / "var", folder / "image-build"
        self.programs = folder / "programs"
        for each in (self.cache, self.var, self.scripts, self.scripts / "initramfs", self.programs):
            each.mkdir()
        for name in ("build.sh", "raspios.sh", "packages.txt", "initramfs/drivers"):
            shutil.copy(ROOT / "image-build" / name, self.scripts / name)
        self.archive()
        for name in TOOLS:
            self.program(name, "exit 1")  # they are looked for, and the slow stage alone needs none
        self.program("id", "echo 0")

    def archive(self, slow: str = "") -> None:
        """Stands for base.sh, which takes 6 minutes."""
        (self.scripts / "base.sh").write_text(BASE.format(slow=slow))
        (self.scripts / "base.sh").chmod(0o755)

    def program(self, name: str, body: str) -> None:
        """One that is found first."""
        path = self.programs / name
        path.write_text(f"#!/bin/sh\n{body}\n")
        path.chmod(0o755)

    def start(self, *words: str, **environment: str) -> "subprocess.Popen[str]":
        """`build.sh WORDS`, in a process group of its own."""
        given = {
            "PATH": f"{self.programs}:{os.environ['PATH']}",
            "SENTINEL_CACHE": str(self.cache),
            "SOURCE_DATE_EPOCH": "1790000000",
            "SENTINEL_RELEASE": "",
        }
        return subprocess.Popen(
            # As in the foreground: a shell that was started with SIGINT ignored cannot trap it.
            ["env", "--default-signal=INT", self.scripts / "build.sh", *words],
            env=os.environ | given | environment,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )

    def base(self, **environment: str) -> str:
        """What it says of its base."""
        process = self.start("base", **environment)
        _, said = process.communicate(timeout=60)
        return said

    @property
    def kept(self) -> Path:
        """The one base of the present scripts."""
        [path] = self.cache.glob("base-????????????????.tar")
        return path

    def other(self, name: str, unused: int) -> Path:
        """Something else in the cache that nobody has used for so many days; made long before."""
        path = self.cache / name
        path.touch()
        os.utime(path, (time.time() - unused * DAY - 60, time.time() - 400 * DAY))
        return path


@pytest.fixture
def yard(tmp_path: Path) -> Yard:
    return Yard(tmp_path)


def aged(path: Path, days: int) -> float:
    """As if it had been made, and used, so many days ago."""
    when = time.time() - days * DAY - 60
    os.utime(path, (when, when))
    return path.stat().st_mtime


def test_a_base_is_made_once_and_each_use_is_marked(yard):
    """By its time of access; the other one says of which day its Debian is."""
    assert "making one, about 6 minutes" in yard.base()
    made = aged(yard.kept, 5)

    assert "making" not in yard.base()
    assert yard.kept.stat().st_mtime == made
    assert time.time() - yard.kept.stat().st_atime < DAY


def test_what_nobody_used_for_three_weeks_goes_and_only_that(yard):
    """Each is half a gigabyte, and other branches have theirs. Other kinds are not this stage's to judge."""
    gone = [yard.other("base-0000000000000000.tar", 21), yard.other("base-1111111111111111.tar.new", 40)]
    stays = [
        yard.other("base-2222222222222222.tar", 20),
        yard.other("wheels-0000000000000000.tar", 90),
        yard.other("debian-0000000000000000.tar", 90),
    ]
    yard.base()

    assert [each.name for each in gone if each.exists()] == []
    assert [each.name for each in stays if not each.exists()] == []


@pytest.mark.parametrize(("days", "told"), [(30, False), (31, True)])
def test_a_base_that_is_a_month_old_is_told_with_its_day(yard, days, told):
    """Its Debian lacks the security updates since; who tries something still has it at once."""
    yard.base()
    made = aged(yard.kept, days)
    said = yard.base()

    assert ("OLD" in said and time.strftime("%Y-%m-%d", time.gmtime(made)) in said) == told
    assert yard.kept.stat().st_mtime == made


def test_a_release_takes_debian_as_it_is_today(yard):
    """Whatever is kept; one that was made within the day is today's."""
    yard.base()
    made = aged(yard.kept, 1)
    said = yard.base(SENTINEL_RELEASE="1")

    assert "not of today: making one" in said
    assert yard.kept.stat().st_mtime > made
    made = aged(yard.kept, 0)
    assert "making" not in yard.base(SENTINEL_RELEASE="1")
    assert yard.kept.stat().st_mtime == made


def test_what_killed_builds_have_left_goes_the_next_day(yard):
    """One of today may be running."""
    for name, days in (("image-build.killed", 2), ("image-build.runs", 0), ("image", 9)):
        (yard.var / name / "root").mkdir(parents=True)
        aged(yard.var / name, days)
    yard.base()

    assert sorted(each.name for each in yard.var.iterdir()) == ["image", "image-build.runs"]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_build_that_is_stopped_leaves_nothing(yard, tmp_path, number):
    """dash does not run what it shall do at its end when a signal ends it; base.sh has no trap of its own."""
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    slow = """work=$(mktemp -d); trap 'rm -rf "$work"' EXIT; touch "$1" "$1.new" "$0.began"; sleep 60\n"""
    yard.archive(slow=slow)
    process = yard.start("base", TMPDIR=str(temporary))
    end = time.monotonic() + 30
    while not (yard.scripts / "base.sh.began").exists():
        assert time.monotonic() < end
        time.sleep(0.05)
    os.killpg(process.pid, number)
    process.communicate(timeout=30)

    assert process.returncode == 130
    assert [each for folder in (yard.var, yard.cache, temporary) for each in folder.iterdir()] == []


def test_two_builds_at_once_do_not_write_the_same_file(yard):
    """They share the cache, and the slow stage takes long."""
    yard.archive(slow='echo "$1" >>"$0.told"; sleep 1\n')
    for process in [yard.start("base") for _ in range(2)]:
        process.communicate(timeout=60)
        assert process.returncode == 0
    told = (yard.scripts / "base.sh.told").read_text().split()

    assert len(set(told)) == 2
    assert list(yard.cache.iterdir()) == [yard.kept]


@pytest.mark.parametrize("known", [False, True], ids=["git does not answer", "a file of the commit is gone"])
def test_a_card_is_not_made_without_a_file_that_git_knows(yard, known):
    """Of a pipe the shell believes the last program alone."""
    for path in (yard.scripts / "rootfs/etc/lost", yard.scripts / "rootfs/etc/there"):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    reached = yard.scripts / "wheels.sh.reached"
    (yard.scripts / "wheels.sh").write_text(f"#!/bin/sh\ntouch {reached}\nexit 1\n")
    (yard.scripts / "wheels.sh").chmod(0o755)
    if known:
        for order in ("init -q", "add image-build/rootfs"):
            subprocess.run(["git", *order.split()], cwd=yard.scripts.parent, check=True)
        (yard.scripts / "rootfs/etc/lost").unlink()
    process = yard.start()
    process.communicate(timeout=60)

    assert process.returncode != 0
    assert not reached.exists()


@pytest.mark.parametrize("moves", range(4))
def test_of_an_image_that_is_delivered_the_version_is_last(tmp_path, moves):
    """A release takes none without: a delivery cut short leaves the kernel of one build, the root of another."""
    [deliver] = re.findall(r"^deliver\(\) \{.*?^\}$", (ROOT / "image-build/build.sh").read_text(), re.M | re.S)
    for name in ("made/boot", "made/out", "made/root/usr/lib/sentinel", "out/boot"):
        (tmp_path / name).mkdir(parents=True)
    for name in ("root.ext4", "root.tar", "out/sentinel.img", "root/usr/lib/sentinel/version"):
        (tmp_path / "made" / name).touch()
    (tmp_path / "out/version").touch()
    cut = f"""set -eu; out=out work=made boot=made/boot root=made/root moves={moves}; say() {{ :; }}
        mv() {{ moves=$((moves - 1)); [ $moves -ge 0 ] && command mv "$@"; }}
        {deliver}
        deliver"""
    done = subprocess.run(["sh", "-c", cut], cwd=tmp_path, check=False)

    assert (done.returncode == 0) == (tmp_path / "out/version").exists() == (moves == 3)


def test_a_flavour_is_refused_before_the_slow_stage_where_it_lacks_something(yard, tmp_path):
    """Its archive and the keys of it are named by whoever builds: this tree names no host."""
    keys = tmp_path / "keys.pgp"
    keys.touch()

    assert "not ubuntu" in yard.base(SENTINEL_FLAVOUR="ubuntu")
    lost = {"SENTINEL_RASPIOS_URL": "copy:/x", "SENTINEL_RASPIOS_KEYRING": str(tmp_path / "no folder/keys.pgp")}
    for given in ({}, {"SENTINEL_RASPIOS_URL": "copy:/x"}, {"SENTINEL_RASPIOS_KEYRING": str(keys)}, lost):
        assert "say where that archive and its keys are" in yard.base(SENTINEL_FLAVOUR="raspios", **given)
    assert list(yard.cache.iterdir()) == []


def test_the_flavour_of_raspberry_pi_os_takes_its_kernel_in_debians_place(yard, tmp_path):
    """Debian's base is kept for both; apt is shown that archive, its keys and this root, and nothing else."""
    keys = tmp_path / "keys.pgp"
    keys.touch()
    yard.program(
        "apt-get",
        f"""exec >>{tmp_path}/said; echo "$*"
        for word; do case $word in Dir::Etc::SourceList=*) cat "${{word#*=}}" ;; esac; done""",
    )
    yard.program("chroot", f'shift; echo "$*" >>{tmp_path}/said; [ "$1" != dpkg-query ] || echo linux-image-arm64')
    for name in ("mount", "umount"):
        yard.program(name, ":")
    yard.base()
    made = yard.kept.stat().st_mtime
    yard.base(SENTINEL_FLAVOUR="raspios", SENTINEL_RASPIOS_URL="copy:/x", SENTINEL_RASPIOS_KEYRING=str(keys))
    said = (tmp_path / "said").read_text()

    assert f"URIs: copy:/x\nSuites: trixie\nComponents: main\nSigned-By: {keys}\n" in said
    assert "dpkg --purge linux-image-arm64\n" in said
    assert said.index("--purge") < said.index("install -y linux-image-rpi-v8 raspi-firmware")
    assert (len(list(yard.cache.iterdir())), yard.kept.stat().st_mtime) == (1, made)
