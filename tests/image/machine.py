"""One practice's machine: a card that was flashed for it, and the board it is in, on or off."""

import json
import subprocess
import time
import urllib.request
from copy import copy
from pathlib import Path
from typing import Self

from tests.image.card import flashed
from tests.image.disk import get, partition
from tests.image.guest import Guest

BEGAN = time.monotonic()
"""When this section did."""
CHIP = "sentinel-sim"
PIN = 17
GPIO_SIM = f"""\
[Unit]
DefaultDependencies=no
RequiresMountsFor=/sys/kernel/config
Before=sentinel-dark.service sentinel-watch.service
[Service]
Type=oneshot
RemainAfterExit=yes
ExecStart=/bin/sh -ec 'modprobe gpio-sim;cd /sys/kernel/config/gpio-sim;mkdir -p s/b;cd s;echo 54 >b/num_lines;\\
echo {CHIP} >b/label;echo 1 >live'
"""
"""A chip whose lines can be read from the other side: Documentation/admin-guide/gpio/gpio-sim.rst."""
CODE = "tilleuls-2026"
INVITATION = "sentinel-echo://192.0.2.1/?k=ed25519:kzdvvj2umnduyauf&c=abcdefgh234567ab"
SETTINGS = f"""\
[practice]
name = "Cabinet des Tilleuls"
[page]
code = "{CODE}"
[echo]
invitation = "{INVITATION}"
[capture]
interface = "eth1"
prefixes = ["192.168.1.0/24"]
box = ["192.168.1.254"]
[lamp]
kind = "pins"
pins = [{PIN}]
chip = "{CHIP}"
"""
NAME = "sentinel-tilleuls"
PRESEED = f"""\
config_version = "1.0"
[system]
hostname = "{NAME}"
[ssh]
enabled = true
authorized_keys = ["{{key}}"]
"""


class Machine:
    """Switched on by `power`; its first hour and its cuts are told one after the other."""

    def __init__(self, image: Path, room: Path) -> None:
        self.room = room
        self.key = room / "id_ed25519"
        """The technician's."""
        make = ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "sophie@atelier", "-f", str(self.key)]
        subprocess.run(make, check=True)
        preseed = PRESEED.format(key=self.key.with_suffix(".pub").read_text().strip())
        files = {"sentinel.toml": SETTINGS.encode(), "rpi-preseed.toml": preseed.encode()}
        self.card = flashed(room, files, image)
        self._starts = 0
        self.on: Guest | None = None

    def power(self, instant: str = "", parts: str = "") -> Guest:
        """A start, after a cut where it was on; `instant` names a snapshot to go on from."""
        self.off()
        self._starts += 1
        room, units = self.room / f"start{self._starts}", {"test-gpio.service": GPIO_SIM}
        self.on = Guest(self.card, room, units=units, parts=parts, instant=instant)
        return self.on

    def off(self) -> None:
        """The plug is pulled."""
        if self.on:
            self.on.close()
            self.on = None

    def twin(self, room: Path) -> Self:
        """Another that is off, with its card as it lies; this one is off, too."""
        self.off()
        twin = copy(self)
        twin.room, twin.card = room, room / self.card.name
        subprocess.run(["cp", "--sparse=always", "--reflink=auto", str(self.card), str(twin.card)], check=True)
        return twin


def chosen(machine: Machine, room: Path) -> tuple[str, bytes]:
    """What the firmware would start from the card as it lies, and the trial's three bytes."""
    fat = partition(machine.card, 1, room)
    return get(fat, "config.txt", 0).decode()[10], get(fat, "trial.txt", 0)


def told(guest: Guest) -> dict[str, str]:
    """What /api/v1/status says to anybody of the LAN."""
    with urllib.request.urlopen(f"http://127.0.0.1:{guest.http}/api/v1/status", timeout=60) as answer:
        return json.load(answer)
