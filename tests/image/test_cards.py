"""What a release waits for: a large card, and a board that stands still."""

from pathlib import Path

import pytest

from tests.image.card import flashed
from tests.image.guest import Guest
from tests.image.machine import Machine

pytestmark = pytest.mark.release


def test_a_large_card_is_filled(image: Path, tmp_path: Path) -> None:
    """128 GB, within the time a first start may take."""
    with Guest(flashed(tmp_path, {}, image, "128G"), tmp_path / "start") as guest:
        assert guest.ready() == "running"
        print(f"128 GB: running {guest.age:.0f} s after power on")
        assert int(guest.run("df --output=size -B1G /data | tail -1")) > 110


def test_a_kernel_that_stands_still_is_restarted_by_its_board(machine: Machine) -> None:
    """It panics and, for once, does not restart by itself: the board's watchdog does it, which systemd feeds."""
    guest = machine.power(parts="-device i6300esb")
    assert guest.ready() == "running"
    guest.run("sysctl -q kernel.panic=0; (sleep 1; echo c >/proc/sysrq-trigger) &")
    guest.ended(within=180)
    machine.off()
