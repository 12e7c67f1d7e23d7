"""A card as a practice gets it: flashed, put in, switched on. One machine; its first hour, test by test."""

import json
import re
import ssl
import subprocess
import textwrap
import time
import urllib.request
from itertools import pairwise
from pathlib import Path

import pytest
from scapy.utils import RawPcapReader

from tests.image.disk import partition
from tests.image.guest import Guest
from tests.image.heard import until
from tests.image.machine import BEGAN, CODE, INVITATION, NAME, PIN, Machine, told
from tests.story.test_first_hour import Technician

WATCHES_THE_PIN = textwrap.dedent(f"""
    import glob, json, time
    line = open(glob.glob("/sys/devices/platform/gpio-sim.*/gpiochip*/sim_gpio{PIN}/value")[0])
    def now():
        line.seek(0)
        return line.read().strip()
    began, last, edges = time.monotonic(), now(), []
    while time.monotonic() - began < {{seconds}}:
        if (level := now()) != last:
            edges.append([round(time.monotonic() - began, 3), int(level)])
            last = level
        time.sleep(0.01)
    print("EDGES", json.dumps(edges))
""")

STOPS = textwrap.dedent(f"""
    import glob, os, signal, time
    line = open(glob.glob("/sys/devices/platform/gpio-sim.*/gpiochip*/sim_gpio{PIN}/value")[0])
    def lit():
        line.seek(0)
        return line.read().strip() == "1"
    until = time.monotonic() + 20
    while not lit() and time.monotonic() < until:
        pass
    os.kill({{pid}}, signal.SIGSTOP)
    stopped = last = time.monotonic()
    assert lit(), "it was not stopped while lit"
    while time.monotonic() < stopped + 30 and time.monotonic() < last + 2:
        if lit():
            last = time.monotonic()
        time.sleep(0.01)
    print("DARK AFTER", round(last - stopped, 2))
""")
STORE = "file:/var/lib/sentinel/sentinel.db?mode=ro"
INCIDENTS = "select * from incidents"
PASSWORD = "quatre-tilleuls-au-vent"


@pytest.fixture(scope="module")
def guest(machine: Machine) -> Guest:
    """The machine, from power on."""
    return machine.power()


def edges(guest: Guest, seconds: int) -> list[tuple[float, int]]:
    """When the lamp's line changed and to what, read from the other side of the chip."""
    said = guest.python(WATCHES_THE_PIN.replace("{seconds}", str(seconds)), seconds + 60)
    found = re.search(r"EDGES (\[.*\])", said)
    assert found, said
    return [(at, level) for at, level in json.loads(found[1])]


def flashed(guest: Guest, least: int, most: int) -> list[float]:
    """How long each flash of twelve seconds was, once so many were seen; more than three a second there never are.

    Twelve seconds in which the emulated board had to wait for others are looked at again.
    """
    for _ in range(10):
        seen = edges(guest, 12)
        flashes = [off - on for (on, lit), (off, _) in pairwise(seen) if lit]
        assert len(flashes) <= 36, seen
        if least <= len(flashes) <= most:
            return flashes
    raise AssertionError(f"not between {least} and {most} flashes in twelve seconds: {seen}")


def test_every_unit_is_content(guest: Guest) -> None:
    """`running`, not `degraded`: a page that answers is not enough (a root without its overlay answered too)."""
    state = guest.ready()
    print(f"running {guest.age:.0f} s after power on")
    assert state == "running", guest.run(
        "systemctl --failed --no-legend; journalctl -b -p warning --no-pager | tail -60"
    )
    units = guest.run(
        "systemctl is-active sentinel-listen sentinel-watch sentinel-web sentinel-firewall", check=False
    )
    assert units.split() == ["active"] * 4


def test_the_card_is_read_and_never_written_but_for_its_data(guest: Guest) -> None:
    """The root is RAM over a card mounted read-only, so /etc can be written; the data fills the card."""
    assert guest.run("findmnt -no FSTYPE /").strip() == "overlay"
    assert "ro" in guest.run("findmnt -no OPTIONS /boot/firmware").strip().split(",")
    assert "ro" in guest.run("awk '$2 ~ /card$/ {print $4}' /proc/mounts").strip().split(",")
    guest.run("touch /etc/written && rm /etc/written")
    options = guest.run("findmnt -no OPTIONS /data").strip().split(",")
    assert {"rw", "nosuid", "nodev", "noexec"} <= set(options)
    assert int(guest.run("df --output=size -B1M /data | tail -1")) > 4000


def test_a_card_just_flashed_starts_where_its_system_was_made(guest: Guest) -> None:
    """A Pi has no clock with a battery; without the net it is never in 1970, and never calm."""
    made = int(subprocess.run(["git", "log", "-1", "--format=%ct"], capture_output=True, check=True).stdout)
    assert int(guest.run("date +%s")) >= made
    assert guest.run("timedatectl show -P NTPSynchronized").strip() == "no"
    assert told(guest)["level"] != "calm"


def test_the_journal_of_this_start_is_found(guest: Guest) -> None:
    """Though the machine got its lasting id only after the journal had begun."""
    said = guest.run("journalctl --boot --unit=init.scope --output=cat --no-pager")
    assert "Reached target sysinit.target" in said


def test_it_fits_a_board_of_one_gigabyte(guest: Guest) -> None:
    """Its memory is printed; half of 1 GB is left."""
    total, used, *_, available = map(int, guest.run("free -m | sed -n 's/^Mem: *//p'").split())
    print(f"memory of the guest: {used} MB used of {total}, {available} available")
    assert available > total / 2


def test_the_page_answers_on_both_doors(guest: Guest) -> None:
    """HTTP to anybody of the LAN; HTTPS with the device's own certificate."""
    assert told(guest)["level"] in ("unsure", "dark")
    with urllib.request.urlopen(f"http://127.0.0.1:{guest.http}/", timeout=60) as answer:
        assert "Cabinet" in answer.read().decode()
    ours = ssl._create_unverified_context()
    with urllib.request.urlopen(f"https://127.0.0.1:{guest.https}/", timeout=60, context=ours) as answer:
        assert answer.status == 200
    certificate = ssl.get_server_certificate(("127.0.0.1", guest.https))
    assert certificate.strip() == guest.run("cat /var/lib/sentinel/page.crt").strip()


def test_what_the_flasher_wrote_is_in_force(guest: Guest, machine: Machine) -> None:
    """Name, key and invitation; nothing of it was a mistake."""
    assert guest.run("hostname").strip() == NAME
    assert guest.ssh(machine.key, "hostname").stdout.strip() == NAME
    assert INVITATION in guest.run("cat /etc/sentinel/sentinel.toml")
    assert CODE in guest.run("cat /boot/firmware/CODE-SENTINELLE.txt")
    assert "ERREUR" not in guest.run("ls /boot/firmware")


def test_another_key_opens_nothing(guest: Guest, tmp_path: Path) -> None:
    """Nor does a password: there is none."""
    stranger = tmp_path / "stranger"
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", stranger], check=True)
    assert guest.ssh(stranger, "true").returncode == 255
    assert not re.search(r"^[^:]+:\$", guest.run("cat /etc/shadow"), re.MULTILINE)


def test_the_lamp_says_that_it_does_not_know(guest: Guest) -> None:
    """No echo has answered: two short winks every two seconds, as a person would see them on the LED."""
    assert told(guest)["level"] == "unsure"
    winks = flashed(guest, 10, 13)
    assert max(winks) < 0.5, winks


def test_an_association_with_a_stranger_becomes_an_alarm(guest: Guest) -> None:
    """Frames on the mirror port, as the switch would copy them: an incident in the store, page and lamp red."""
    with RawPcapReader(str(Path("tests/pcaps/stranger.pcap"))) as recorded:
        guest.hears(frame for frame, _ in recorded)
    until(lambda: told(guest)["level"] == "alarm", within=60)
    incidents = guest.python(
        f"import sqlite3; print(sqlite3.connect({STORE!r}, uri=True).execute({INCIDENTS!r}).fetchall())"
    )
    assert "192.168.1.66" in incidents
    assert "4242" in incidents
    flashed(guest, 20, 25)


def test_the_lamp_is_dark_ten_seconds_after_watch_has_stopped_moving(guest: Guest) -> None:
    """Stopped at a moment when the lamp is lit, which is how it would stay."""
    pid = guest.run("systemctl show -P MainPID sentinel-watch").strip()
    said = guest.python(STOPS.replace("{pid}", pid), 90)
    print(said)
    after = re.search(r"DARK AFTER ([\d.]+)", said)
    assert after
    assert float(after[1]) <= 10, said


def test_the_sentinel_comes_back_by_itself(guest: Guest) -> None:
    """And shows the incident it had."""
    until(lambda: guest.run("systemctl is-active sentinel-watch", check=False).strip() == "active", within=120)
    until(lambda: told(guest)["level"] == "alarm", within=120)


def test_once_claimed_the_card_holds_no_secret(guest: Guest, machine: Machine, tmp_path: Path) -> None:
    """A password is set: code, invitation and note leave the FAT to its last sector, and it is shut."""
    unverified = urllib.request.HTTPSHandler(context=ssl._create_unverified_context())
    technician = Technician(f"https://127.0.0.1:{guest.https}", unverified)
    assert "choisissez un mot de passe" in technician.send("/code", "/code", code=CODE)
    assert "Mot de passe enregistré" in technician.send("/password", "/password", new=PASSWORD, again=PASSWORD)
    until(lambda: "CODE-SENTINELLE.txt" not in guest.run("ls /boot/firmware"), within=120)
    until(lambda: guest.run("systemctl is-active sentinel-claimed", check=False).strip() == "inactive", within=60)
    held = partition(machine.card, 1, tmp_path).read_bytes()
    assert b"Cabinet des Tilleuls" in held
    assert not [secret for secret in (CODE, "abcdefgh234567ab") if secret.encode() in held]
    assert "ro" in guest.run("findmnt -no OPTIONS /boot/firmware").strip().split(",")
    assert INVITATION in guest.run("cat /etc/sentinel/sentinel.toml")
    print(f"the image: built, booted and looked at in {time.monotonic() - BEGAN:.0f} s")


@pytest.mark.release
@pytest.mark.parametrize("what", ["lamps", "button"])
def test_every_lamp_and_the_button_work_on_real_lines(what: str, guest: Guest, machine: Machine) -> None:
    """One LED, three, a traffic light, presses of every length: driven through the kernel, read behind it."""
    driver = Path(__file__).with_name("lamp_in_guest.py").read_bytes()
    sent = guest.ssh_command(machine.key, "cat >/tmp/lamp_in_guest.py")
    subprocess.run(sent, input=driver, check=True, timeout=90)
    python = "cd /tmp && /opt/sentinel/venv/bin/python lamp_in_guest.py"
    guest.run(f"{python} make", 120)
    print(guest.run(f"{python} {what}", 900))
