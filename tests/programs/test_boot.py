"""A card's start: what its flasher asked for is laid anew each time, and nothing that fails stops it."""

import os
import shutil
import socket
import stat
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.serialization import load_ssh_private_key

from sentinel import toml
from sentinel.config import LampKind
from sentinel.programs.boot import Boot
from tests.card.cards import KEY, PRESEED, SETTINGS, card, own_group, places

ROOT = Path(__file__).parents[2]


@pytest.fixture
def start(tmp_path):
    made, own, names = card(tmp_path), places(tmp_path), []
    made.config.write_text("os_prefix=a/\n")

    def run() -> Boot:
        one = Boot(
            card=made,
            places=own,
            file=tmp_path / "root/etc/sentinel/sentinel.toml",
            group=own_group(),
            rename=names.append,
        )
        one.run()
        return one

    run.card, run.places, run.names = made, own, names
    return run


def lay(start, preseed=None, settings=None):
    for name, words in (("rpi-preseed.toml", preseed), ("sentinel.toml", settings)):
        if words is not None:
            (start.card.fat / name).write_bytes(words if isinstance(words, bytes) else words.encode())


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_a_card_nobody_prepared_starts_with_its_own_settings(start):
    """A name, a host key, a code on the card, no ssh, no Wi-Fi, no mistake."""
    one = start()

    config = toml.load(one.file)
    assert one.refused == []
    assert start.names == ["sentinel"]
    assert (config.page.host, config.page.port, config.page.https_port) == ("::", 80, 443)
    assert (config.page.user, config.capture.user) == ("sentinel-web", "sentinel-listen")
    assert config.lamp.kind is LampKind.BOARD
    assert config.store.batch_seconds == 180
    assert not (start.card.data / "ssh/authorized_keys").exists()
    assert not (start.card.root / "etc/wpa_supplicant/wpa_supplicant-wlan0.conf").exists()
    assert not start.card.mistakes.exists()
    code = start.places.code.read_text().strip()
    assert code in start.card.code.read_text("utf-8-sig")


def test_what_imager_wrote_is_laid(start):
    """Name, key, Wi-Fi and time zone; the account's password is used for nothing."""
    lay(start, preseed=PRESEED)

    one = start()

    etc = start.card.root / "etc"
    assert one.refused == []
    assert start.names == ["cabinet-martin"]
    assert (etc / "hostname").read_text() == "cabinet-martin\n"
    assert "127.0.1.1 cabinet-martin\n" in (etc / "hosts").read_text()
    assert (start.card.data / "ssh/authorized_keys").read_text() == f"{KEY}\n"
    assert mode(start.card.data / "ssh/authorized_keys") == 0o600
    wifi = etc / "wpa_supplicant/wpa_supplicant-wlan0.conf"
    assert "country=FR\n" in wifi.read_text()
    assert mode(wifi) == 0o600
    assert "Name=wlan0" in (etc / "systemd/network/30-wifi.network").read_text()
    assert str((etc / "localtime").readlink()) == "/usr/share/zoneinfo/Indian/Reunion"
    assert toml.load(one.file).practice.time_zone == "Indian/Reunion"
    laid = [each for each in start.card.root.rglob("*") if each.is_file() and not each.is_symlink()]
    assert [each for each in laid if b"$y$j9T$" in each.read_bytes()] == []


def test_the_technicians_file_goes_over_the_cards_own(start):
    """His practice and his invitation; 0640 for the programs, a copy that is root's alone."""
    lay(start, settings=SETTINGS)

    one = start()

    config = toml.load(one.file)
    assert config.practice.contact == "Sophie Martin"
    assert config.echo.invitation.startswith("sentinel-echo://")
    assert config.page.port == 80
    assert mode(one.file) == 0o640
    assert mode(start.card.data / "sentinel.toml") == 0o600
    assert "3141-5926" in start.card.code.read_text("utf-8-sig")
    assert not start.places.code.exists()


def test_a_card_that_was_named_to_listen_is_the_last_to_talk_through(start):
    """Until it is named no more."""
    laid = start.card.root / "etc/systemd/network/15-mirror.network"
    lay(start, settings='[capture]\ninterface = "eth1"\n')

    assert start().refused == []
    assert "Name=eth1\n" in laid.read_text()
    assert mode(laid) == 0o644

    lay(start, settings="[practice]\n")
    start()
    assert not laid.exists()


def test_a_second_start_changes_nothing(start):
    """Neither on the card's partitions nor in the root: it may run as often as it likes."""
    lay(start, PRESEED, SETTINGS)
    start()
    kept = [start.card.fat, start.card.data]
    before = {each: (each.stat().st_mtime_ns, each.read_bytes()) for at in kept for each in files(at)}
    root = {each: each.read_bytes() for each in files(start.card.root)}

    start()

    assert {each: (each.stat().st_mtime_ns, each.read_bytes()) for at in kept for each in files(at)} == before
    assert {each: each.read_bytes() for each in files(start.card.root)} == root


def files(folder: Path) -> list[Path]:
    return [each for each in folder.rglob("*") if each.is_file() and not each.is_symlink()]


def test_the_host_key_is_made_once_and_ssh_can_read_it(start):
    """For the life of the card; the image has none."""
    start()
    path = start.card.data / "ssh/ssh_host_ed25519_key"
    first = path.read_bytes()

    start()

    load_ssh_private_key(first, None)
    assert path.read_bytes() == first
    assert mode(path) == 0o600


def test_the_machine_keeps_its_first_id_and_its_journal_is_found(start):
    """Each boot of a root in RAM is given another one."""
    start()
    first = (start.card.data / "machine-id").read_text()
    other = "f" * 32
    (start.card.root / "etc/machine-id").write_text(f"{other}\n")
    (start.card.root / "run/log/journal" / other).mkdir()

    start()

    assert (start.card.root / "etc/machine-id").read_text() == first
    assert (start.card.root / "run/log/journal" / first.strip()).resolve().name == other


def test_a_mistake_leaves_the_last_good_settings(start):
    """And is told on the card, in both languages, and to the page; until it is put right."""
    lay(start, settings=SETTINGS)
    start()
    lay(start, settings=SETTINGS.replace("[page]", "[page]\nprot = 80"))

    one = start()

    note = start.card.mistakes.read_text("utf-8-sig")
    assert toml.load(one.file).practice.contact == "Sophie Martin"
    assert note.count("page.prot: no such key; did you mean page.port?") == 2
    assert "Corrigez" in note
    assert "page.prot" in start.places.mistakes.read_text()
    assert "secret-word" not in note

    lay(start, settings=SETTINGS)
    start()
    assert not start.card.mistakes.exists()


def test_a_first_file_with_a_mistake_leaves_the_cards_own_settings(start):
    """Never a dead sentinel."""
    lay(start, settings=b"[practice\nname = 'x'")

    one = start()

    assert toml.load(one.file).page.port == 80
    assert "1:10" in start.card.mistakes.read_text("utf-8-sig")


def test_a_refused_file_of_a_claimed_card_is_told_and_kept_until_a_good_one_comes(start):
    """Start after start, though nothing of it is on the card any more."""
    bad = b"[page]\ncode = '3141-5926'\n[practise\n"
    start.places.claimed.write_bytes(b"")
    lay(start, settings=bad)
    kept = start.card.data / "sentinel.toml.refused"
    for _ in range(3):
        start()
        assert kept.read_bytes() == bad
        assert str(kept) in start.card.mistakes.read_text("utf-8-sig")
        assert b"3141" not in start.card.settings.file.read_bytes()

    lay(start, settings=SETTINGS)
    start()

    assert not kept.exists()
    assert not start.card.mistakes.exists()


def test_what_a_card_fixes_is_not_the_flashers_to_choose(start):
    """A laptop's file, copied as it is, would leave a page nobody can reach; it is told, and the rest is used."""
    lay(start, settings='[page]\nhost = "127.0.0.1"\nport = 8080\n[practice]\nname = "Cabinet"\n')

    one = start()

    config = toml.load(one.file)
    assert (config.page.host, config.page.port, config.practice.name) == ("::", 80, "Cabinet")
    assert [each.detail for each in one.refused] == ["page.host", "page.port"]


def test_everywhere_may_be_said_in_ipv4(start):
    """It is what the card does, and more."""
    lay(start, settings='[page]\nhost = "0.0.0.0"\n')

    assert start().refused == []


@pytest.mark.parametrize("step", ["keep_machine_id", "read_preseed", "make_host_key", "join"])
def test_a_step_that_fails_is_told_and_the_others_go_on(tmp_path, step):
    """A broken part of the card is not the whole."""

    class Broken(Boot):
        pass

    def fail(_):
        raise OSError("broken")

    setattr(Broken, step, fail)
    made, names = card(tmp_path), []
    made.config.write_text("os_prefix=a/\n")
    one = Broken(
        card=made,
        places=places(tmp_path),
        file=tmp_path / "root/etc/sentinel/sentinel.toml",
        group=own_group(),
        rename=names.append,
    )

    one.run()

    assert names == ["sentinel"]
    assert tomllib.loads(one.file.read_text())["page"]["port"] == 80
    assert [each.why for each in one.refused] == ["step"]
    assert made.mistakes.exists()
    assert made.code.exists()


@pytest.mark.parametrize("missing", ["fat", "data"])
def test_a_partition_that_is_not_there_does_not_stop_the_start(start, missing):
    """A card may lose one to wear: then the page still comes up."""
    shutil.rmtree(getattr(start.card, missing))

    one = start()

    assert start.names == ["sentinel"]
    assert toml.load(one.file).page.port == 80
    assert one.refused


@pytest.mark.skipif(
    os.geteuid() != 0 or not shutil.which("unshare"), reason="mounting and a host name need root and unshare"
)
def test_the_real_commands_on_a_root_that_ram_covers(tmp_path):
    """Kernel's host name, mounts and owners: only the card itself is missing."""
    script, here = ROOT / "tests/card/start.sh", socket.gethostname()

    done = subprocess.run(
        ["unshare", "--mount", "--uts", "sh", script, sys.executable, ROOT, tmp_path],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )

    assert done.returncode == 0, done.stderr
    assert done.stdout.split() == [
        "sentinel-tilleuls",
        *("640", "960"),
        *("CODE-SENTINELLE.txt", "config.txt", "rpi-preseed.toml", "sentinel.toml"),
        *("config.txt", "rpi-preseed.toml", "sentinel.toml"),
        *("boot/firmware/rpi-preseed.toml:0", "data/rpi-preseed.toml:1"),
    ]
    assert socket.gethostname() == here


def test_a_firmware_partition_that_could_not_be_mounted_is_said_and_stops_nothing(start):
    """What an earlier start kept of the flasher's files is in force."""
    lay(start, preseed=PRESEED)
    start()
    shutil.rmtree(start.card.fat)
    start.card.fat.mkdir()

    one = start()

    assert [(each.file, each.detail) for each in one.refused] == [("boot", "boot/firmware")]
    assert "boot/firmware" in start.places.mistakes.read_text()
    assert start.names[-1] == "cabinet-martin"


def test_the_start_waits_for_the_firmware_partition_and_not_only_for_those_that_must_be():
    """`nofail` takes it out of local-fs.target, and so out of what that target waits for."""
    table = (ROOT / "image-build/rootfs/etc/fstab").read_text()
    unit = (ROOT / "image-build/rootfs/usr/lib/systemd/system/sentinel-boot.service").read_text()
    firmware = next(line.split() for line in table.splitlines() if " /boot/firmware " in line)

    assert {"ro", "nofail"} <= set(firmware[3].split(","))
    assert "\nAfter=boot-firmware.mount\n" in unit
