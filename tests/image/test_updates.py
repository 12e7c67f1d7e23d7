"""A newer system on a card: streamed, tried, kept; refused or broken, the old one goes on with its data.

One that is cut off while it is written is told with the other cuts, in `test_power_cuts`.
"""

import subprocess
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from functools import cache
from pathlib import Path

import pytest

from tests.image.guest import Guest
from tests.image.heard import until
from tests.image.machine import Machine, chosen, told
from tests.image.test_power_cuts import confirmed, stranger
from tests.image.updates import BREAKS, NEWER, made, signed, stranger_key

LASTS = 1_200
"""Seconds until a system on trial has restarted by itself: its gate's ten minutes behind a guest's slow start."""
STARTS = 6
"""Three of a broken system, the one that takes the old one back, and the old one's own, with one to spare."""

OTHER = "head -c 1M /dev/disk/by-partuuid/5e471ae1-03 | sha256sum; ls -l --full-time /boot/firmware/b"
"""What lies in the other half of the card."""
TRIED = """
while systemctl -q is-active sentinel-trial; do sleep 2; done
journalctl -u sentinel-trial -o short-monotonic --no-pager
cat /boot/firmware/trial.txt
"""
"""What the gate said of it, when it has decided, and the trial's three bytes."""


@pytest.fixture(scope="module")
def guest(machine: Machine) -> Guest:
    """On, with an incident that must outlive what follows."""
    on = machine.on or machine.power()
    on.ready()
    if told(on)["level"] != "alarm":
        on.hears(stranger(0))
        until(lambda: told(on)["level"] == "alarm", within=120)
    return on


Broken = Callable[[str], "Future[Path]"]
"""The update that is broken in this way, made aside; each is made once."""


@pytest.fixture(scope="module")
def breaking(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Broken]:
    """By one hand, while the tests go on."""
    room = tmp_path_factory.mktemp("broken")
    with ThreadPoolExecutor(1) as hand:
        yield cache(lambda how: hand.submit(made, room, f"9.1.{list(BREAKS).index(how)}", without=BREAKS[how]))


def sent(
    machine: Machine, update: Path, options: str = "", within: float = 1800
) -> subprocess.CompletedProcess[bytes]:
    """`sentinel update -` over ssh, as docs/update.md says."""
    assert machine.on
    with update.open("rb") as file:
        command = machine.on.ssh_command(machine.key, f"sentinel update - {options}")
        return subprocess.run(command, stdin=file, capture_output=True, timeout=within, check=False)


def started(machine: Machine, until_slot: str) -> Guest:
    """Power, and again after each start that ended by itself, until the firmware starts this slot."""
    for _ in range(STARTS):
        guest = machine.power()
        print(f"started {guest.started.slot}")
        if guest.started.slot == until_slot:
            return guest
        guest.ended(within=LASTS)
    raise AssertionError(f"{until_slot} was never started again")


def test_an_update_that_others_signed_is_refused(guest: Guest, machine: Machine, tmp_path: Path) -> None:
    """Before one byte of it is written."""
    root, update = tmp_path / "root", tmp_path / "strangers.update"
    root.write_bytes(b"whatever they like" * 1000)
    signed(update, root, "9.0.0", stranger_key(tmp_path))
    before = guest.run(OTHER)
    done = sent(machine, update)
    assert done.returncode != 0
    assert b"sign" in done.stderr + done.stdout, done
    assert guest.run("head -c 12 /boot/firmware/config.txt; cat /boot/firmware/trial.txt") == "os_prefix=a/-0\n"
    assert guest.run(OTHER) == before


def test_a_healthy_update_is_tried_and_stays(
    newer: Path, breaking: Broken, machine: Machine, tmp_path: Path
) -> None:
    """It is written beside the old one, started, found well for two minutes, and kept; the data is what it was."""
    assert machine.on
    before = confirmed(machine.on)
    done = sent(machine, newer, "--reboot")
    assert done.returncode in (0, 255), done  # 255: the line went with the machine
    machine.on.ended(within=300)
    assert chosen(machine, tmp_path) == ("b", b"b3\n")
    guest = machine.power()
    assert guest.started.slot == "b"
    assert guest.ready() == "running"
    assert guest.run("cat /usr/lib/sentinel/version").strip() == NEWER
    assert guest.run("findmnt -no SOURCE /run/root/card").strip().endswith("3")
    breaking(next(iter(BREAKS)))  # the next test's, while this one waits
    said = guest.run(TRIED, within=LASTS)
    print(said)
    assert said.endswith("\n-0\n"), said
    assert confirmed(guest) >= before


@pytest.mark.parametrize(
    "broken", ["no init", *(pytest.param(each, marks=pytest.mark.release) for each in list(BREAKS)[1:])]
)
def test_a_broken_update_is_taken_back(broken: str, breaking: Broken, machine: Machine, tmp_path: Path) -> None:
    """Without anybody: three starts, or ten minutes without health, and the old system is back with its data."""
    guest = machine.on or machine.power()
    guest.ready()
    good, before = guest.started.slot, confirmed(guest)
    bad = "a" if good == "b" else "b"
    done = sent(machine, breaking(broken).result(), "--reboot")
    assert done.returncode in (0, 255), done
    guest.ended(within=300)
    assert chosen(machine, tmp_path) == (bad, f"{bad}3\n".encode())
    back = started(machine, good)
    assert back.ready() == "running"
    assert confirmed(back) >= before
    assert told(back)["level"] == "alarm"
