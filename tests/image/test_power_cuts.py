"""The plug is pulled while the sentinel writes: what the guest had confirmed is there, and the card is whole.

Again and again from one instant, which `savevm` kept: strangers come, the guest confirms incidents, QEMU is
killed in the middle, and the card is looked at as it lies. Every tenth time the card is started as well, from what
it started before; every twentieth an update was being written.
What QEMU cannot show: a card that lies about what it has written.
"""

import os
import random
import shutil
import sqlite3
import subprocess
from contextlib import closing, nullcontext
from itertools import count
from pathlib import Path

import pytest

from tests.image.disk import names, partition
from tests.image.heard import until
from tests.image.incidents import ASKS, confirmed, enters, stranger
from tests.image.machine import Machine, chosen
from tests.image.updates import being_written

CUTS = int(os.environ.get("SENTINEL_CUTS") or (200 if os.environ.get("SENTINEL_RELEASE") else 20))
RESTARTED, UPDATED = 10, 20
"""Every so many cuts the card is started again, and cut in the middle of an update."""
LATER = "cd /var/lib/systemd/timesync && touch -d '+1 hour' clock && sync . && stat -c %Y clock"
"""As if the time had been asked for in the net, an hour from now: no later start may be before it."""


def survived(card: Path, room: Path) -> int:
    """Incidents in the store of a card that is off. Its file system and its database are whole, or this fails.

    The journal is replayed first, as the next start would.
    """
    data = partition(card, 4, room)
    replayed = subprocess.run(["e2fsck", "-p", "-E", "journal_only", str(data)], capture_output=True, check=False)
    assert replayed.returncode in (0, 1), replayed
    subprocess.run(["e2fsck", "-f", "-n", str(data)], capture_output=True, check=True)
    out = room / "data"
    shutil.rmtree(out, ignore_errors=True)
    out.mkdir()
    subprocess.run(["debugfs", "-R", f"rdump /sentinel {out}", str(data)], capture_output=True, check=True)
    with closing(sqlite3.connect(out / "sentinel/sentinel.db")) as store:
        assert store.execute("pragma integrity_check").fetchone() == ("ok",)
        return store.execute("select count(*) from incidents").fetchone()[0]


@pytest.mark.usefixtures("trial")  # a gate's two minutes, in which all this may go on
def test_no_incident_that_was_confirmed_is_ever_lost(
    machine: Machine, kept: int, newer: Path, tmp_path: Path
) -> None:
    """Cut at any moment, the store holds at least what it had said it holds."""
    chance = random.Random(os.environ.get("SENTINEL_SEED", "5e471ae1"))
    for cut in range(1, CUTS + 1):
        guest = machine.power("ready")
        numbers, least = count(), kept + chance.randint(1, 4)
        try:
            until(lambda guest=guest, n=numbers, least=least: enters(guest, next(n)) >= least, within=300)
        except TimeoutError:
            pytest.fail(guest.run("journalctl -b --no-pager -u 'sentinel-*' | tail -60; ip -s link show eth1"))
        restarts, updates = cut % RESTARTED == 0, cut % UPDATED == 0
        with being_written(newer, machine) if updates else nullcontext():
            for _ in range(chance.randint(0, 20)):  # it is writing when the plug is pulled
                guest.hears(stranger(next(numbers)))
            later = int(guest.run(LATER))
            said = int(guest.run(ASKS))
            machine.off()
        there = survived(machine.card, tmp_path)
        print(f"cut {cut}: {said} confirmed, {there} there{', in the middle of an update' if updates else ''}")
        assert there >= said
        assert ("vmlinuz" in names(partition(machine.card, 1, tmp_path), "b", 0)) is updates
        if restarts:
            assert chosen(machine, tmp_path) == ("a", b"-0\n")
            guest = machine.power()
            assert guest.started.slot == "a"
            assert guest.ready() == "running", guest.run("systemctl --failed --no-legend")
            assert confirmed(guest) >= there
            assert int(guest.run("date +%s")) >= later
    machine.off()
