"""The plug is pulled while the sentinel writes: what the guest had confirmed is there, and the card is whole.

Again and again from one instant, which `savevm` kept: strangers come, the guest confirms incidents,
QEMU is killed in the middle, and the card is looked at as it lies. Every tenth time an update is being written as
well, and the card is started: from what it started before.
What QEMU cannot show: a card that lies about what it has written.
"""

import os
import random
import shutil
import sqlite3
import subprocess
from collections.abc import Iterator
from contextlib import closing, contextmanager, nullcontext
from itertools import count
from pathlib import Path

import pytest

from tests.image.disk import names, partition
from tests.image.heard import until
from tests.image.incidents import ASKS, confirmed, enters, stranger
from tests.image.machine import Machine, chosen

CUTS = int(os.environ.get("SENTINEL_CUTS") or (200 if os.environ.get("SENTINEL_RELEASE") else 20))
RESTARTED = 10
"""Every so many cuts the card is started again."""
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


@contextmanager
def being_written(update: Path, machine: Machine) -> Iterator[None]:
    """By `sentinel update` over ssh, as docs/update.md says: its boot files are, and its root is about to be."""
    assert machine.on
    command = machine.on.ssh_command(machine.key, "sentinel update -")
    with update.open("rb") as file, subprocess.Popen(command, stdin=file, stdout=subprocess.PIPE) as way:
        assert way.stdout
        assert any(b"10 %" in line for line in way.stdout), "it was not written"
        try:
            yield
        finally:
            way.kill()


@pytest.mark.usefixtures("trial")  # it takes two minutes, in which all this may go on
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
        restarts = cut % RESTARTED == 0
        with being_written(newer, machine) if restarts else nullcontext():
            for _ in range(chance.randint(0, 20)):  # it is writing when the plug is pulled
                guest.hears(stranger(next(numbers)))
            later = int(guest.run(LATER))
            said = int(guest.run(ASKS))
            machine.off()
        there = survived(machine.card, tmp_path)
        print(f"cut {cut}: {said} confirmed, {there} there{', in the middle of an update' if restarts else ''}")
        assert there >= said
        if restarts:
            assert chosen(machine, tmp_path) == ("a", b"-0\n")
            assert "vmlinuz" in names(partition(machine.card, 1, tmp_path), "b", 0), "it was not being written"
            guest = machine.power()
            assert guest.started.slot == "a"
            assert guest.ready() == "running", guest.run("systemctl --failed --no-legend")
            assert confirmed(guest) >= there
            assert int(guest.run("date +%s")) >= later
