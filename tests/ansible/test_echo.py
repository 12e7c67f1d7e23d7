"""An echo installed by its playbook on a rented machine, until it is gone again."""

import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.ansible.looking import comes_back, door, exposure, settled, tables, traces
from tests.ansible.machine import HOME, HOME6, Machine, machine

SETTINGS = {"echo_contact": "abuse@example.org", "echo_options": ["--lab"], "echo_backups": 2}
UNIT = "sentinel-echo.service"
ECHO = "/opt/sentinel-echo/bin/sentinel echo"
FOLDER = "--dir /var/lib/sentinel-echo"
CALL = """
import socket, ssl, sys
context = ssl._create_unverified_context()
with socket.create_connection((sys.argv[1], 443), 5) as plain, context.wrap_socket(plain) as line:
    print(line.version(), len(line.getpeercert(True)) > 100)
"""
VISIT = "import sys, urllib.request; print(urllib.request.urlopen(sys.argv[1], timeout=5).read().decode())"


@pytest.fixture(scope="module")
def installed(possible: None, wheels: dict[str, str]) -> Iterator[Machine]:
    """A Debian with an echo on it."""
    with machine() as made:
        given = {f"echo_{name}": value for name, value in wheels.items()}
        made.variables = {**SETTINGS, **given, "echo_backup_folder": str(made.folder / "home")}
        made.before = traces(made)
        made.play("echo.yml")
        yield made


def test_the_machine_runs_and_nothing_has_failed(installed: Machine):
    """systemd's own word, once what was started is there."""
    assert settled(installed) == "running\n"
    assert installed.is_active(UNIT)
    assert installed.is_active("sentinel-echo-backup.timer")


def test_a_second_run_changes_nothing(installed: Machine):
    """What stands is what the playbook says."""
    again = installed.play("echo.yml")

    assert again.changed == 0, again.words


def test_the_echo_answers_on_every_address(installed: Machine):
    """Callers by TLS, visitors by the page; nothing else of this machine but ssh."""
    for address, url in ((HOME, HOME), (HOME6, f"[{HOME6}]")):
        assert installed.lan.python(CALL, address).strip() == "TLSv1.3 True"
        assert "abuse@example.org" in installed.lan.python(VISIT, f"http://{url}/")
        assert door(installed, 22, address) == "open"
        assert door(installed, 8080, address) == "timed out"


def test_its_own_check_of_itself_passes_behind_its_firewall(installed: Machine):
    """It knocks at itself when it starts: what it must see closed it sees closed."""
    words = installed.run(f"journalctl -u {UNIT} -o cat")

    assert "answers as ed25519:" in words
    assert "failed" not in words, words


def test_the_range_it_knocks_from_is_its_own_and_not_tracked(installed: Machine):
    """The kernel hands none of these ports out, and keeps no entry for a door that never answers."""
    assert installed.run("sysctl -n net.ipv4.ip_local_port_range").split() == ["32768", "60999"]
    table = installed.run("nft list table inet echo")
    assert re.findall(r"tcp (\w+) 20000-29999 notrack", table) == ["sport", "dport"]


def test_a_practice_can_be_invited(installed: Machine):
    """By the operator at the console, as the document says."""
    told = installed.run(f"{ECHO} invite {FOLDER} --alias 'Dr. A' --expires 7d")

    assert told.startswith("sentinel-echo://")
    assert installed.run("find /var/lib/sentinel-echo ! -user sentinel-echo") == ""


@pytest.mark.parametrize("unit", ["sentinel-echo", "sentinel-echo-firewall", "sentinel-echo-backup"])
def test_a_unit_gives_away_little(installed: Machine, unit: str):
    """A hole in it opens hardly more than its own work."""
    assert exposure(installed, unit) <= 2.5


def test_its_keys_are_copied_for_root_alone_and_brought_home(installed: Machine):
    """Every practice trusts them: a lost machine would mean a new invitation for each."""
    folder = "/var/backups/sentinel-echo"
    kept = installed.run(f"stat -c '%a %U %n' {folder} {folder}/*").splitlines()
    [copy] = (installed.folder / "home/echo.example.org").iterdir()
    listed = subprocess.run(["tar", "-tzf", copy], capture_output=True, text=True, check=True).stdout.split()
    names = {Path(name).name for name in listed}

    assert [line.rpartition("/")[0] for line in kept] == ["700 root /var/backups", f"600 root {folder}"]
    assert copy.parent.stat().st_mode & 0o77 == 0
    assert names >= {"echo.key", "echo-next.key", "book.key", "tls.crt", "tls.key", "echo.db"}
    assert not [name for name in names if name.endswith(("-wal", "-shm"))]


def test_of_many_copies_the_newest_are_kept(installed: Machine):
    """As many as were asked for."""
    folder = "/var/backups/sentinel-echo"
    installed.run(f"cd {folder} && for day in 01 02 03; do touch echo-2020-01-${{day}}T000000Z.tgz; done")
    installed.run("systemctl start sentinel-echo-backup.service")

    left = installed.run(f"ls {folder}").split()
    assert len(left) == 2
    assert not [name for name in left if name.startswith("echo-2020")]


def test_an_echo_that_is_killed_comes_back(installed: Machine):
    """Whatever ended it."""
    comes_back(installed, UNIT, "KILL")

    installed.until(lambda: "TLSv1.3" in installed.lan.python(CALL, HOME), 20)


def test_gone_it_leaves_nothing(installed: Machine):
    """Neither keys nor table nor user. Must be the last."""
    installed.play("echo.yml", echo_state="absent")

    assert traces(installed) == installed.before
    assert tables(installed) == []
    assert installed.run("ps -eo args | grep -c '[s]entinel' || true").strip() == "0"
    assert "refused" in door(installed, 443)
