"""A newer system on a card: streamed, tried, kept; refused or broken, the old one goes on with its data.

One that is cut off while it is written is told with the other cuts, in `test_power_cuts`.
"""

from pathlib import Path

import pytest

from tests.image.guest import Guest
from tests.image.incidents import confirmed
from tests.image.machine import Machine, chosen, told
from tests.image.updates import BREAKS, NEWER, Broken, sent, signed, stranger_key

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


def started(machine: Machine, until_slot: str) -> Guest:
    """Power, and again after each start that ended by itself, until the firmware starts this slot."""
    for _ in range(STARTS):
        guest = machine.power()
        print(f"started {guest.started.slot}")
        if guest.started.slot == until_slot:
            return guest
        guest.ended(within=LASTS)
    raise AssertionError(f"{until_slot} was never started again")


@pytest.mark.usefixtures("kept")
def test_an_update_that_others_signed_is_refused(machine: Machine, tmp_path: Path) -> None:
    """Before one byte of it is written."""
    guest = machine.power("ready")
    root, update = tmp_path / "root", tmp_path / "strangers.update"
    root.write_bytes(b"whatever they like" * 1000)
    signed(update, root, "9.0.0", stranger_key(tmp_path))
    before = guest.run(OTHER)
    done = sent(machine, update)
    assert done.returncode != 0
    assert b"sign" in done.stderr + done.stdout, done
    assert guest.run("head -c 12 /boot/firmware/config.txt; cat /boot/firmware/trial.txt") == "os_prefix=a/-0\n"
    assert guest.run(OTHER) == before
    machine.off()


@pytest.fixture(scope="module")
def proved(trial: Machine) -> str:
    """What its gate said, when the trial was over."""
    assert trial.on
    return trial.on.run(TRIED, within=LASTS)


def test_a_healthy_update_is_tried_and_stays(trial: Machine, proved: str, kept: int) -> None:
    """Written beside the old one, started, found well for two minutes, it is kept; the data is what it was."""
    print(proved)
    assert proved.endswith("\n-0\n"), proved
    guest = trial.on
    assert guest
    assert guest.started.slot == "b"
    assert guest.ready() == "running"
    assert guest.run("cat /usr/lib/sentinel/version").strip() == NEWER
    assert guest.run("findmnt -no SOURCE /run/root/card").strip().endswith("3")
    assert confirmed(guest) >= kept


@pytest.mark.usefixtures("proved")
@pytest.mark.parametrize(
    "broken", ["no init", *(pytest.param(each, marks=pytest.mark.release) for each in list(BREAKS)[1:])]
)
def test_a_broken_update_is_taken_back(broken: str, breaking: Broken, trial: Machine, tmp_path: Path) -> None:
    """Without anybody: three starts, or ten minutes without health, and the old system is back with its data."""
    guest = trial.on or trial.power()
    guest.ready()
    good, before = guest.started.slot, confirmed(guest)
    bad = "a" if good == "b" else "b"
    done = sent(trial, breaking(broken).result(), "--reboot")
    assert done.returncode in (0, 255), done
    guest.ended(within=300)
    assert chosen(trial, tmp_path) == (bad, f"{bad}3\n".encode())
    back = started(trial, good)
    assert back.ready() == "running"
    assert confirmed(back) >= before
    assert told(back)["level"] == "alarm"
