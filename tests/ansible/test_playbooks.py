"""What can be said of the playbooks and of an installed machine's files without installing anything."""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from sentinel.config import SECTIONS, Config
from sentinel.services import DOOR_TEST_PORT

ROOT = Path(__file__).resolve().parents[2]
PLAYBOOKS = ROOT / "ansible"
FILES = PLAYBOOKS / "roles/sentinel/files/rootfs"
ECHO_FILES = PLAYBOOKS / "roles/echo/files/rootfs"
BIN = Path(sys.executable).parent


def test_the_playbooks_are_as_ansible_wants_them():
    """By its own linter, in the profile for production; it asks nobody on the internet."""
    done = subprocess.run(
        [BIN / "ansible-lint", "--offline", "--profile", "production", "--nocolor", "."],
        cwd=PLAYBOOKS,
        env=os.environ | {"PATH": f"{BIN}:{os.environ['PATH']}"},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )

    assert done.returncode == 0, done.stdout + done.stderr
    assert "0 failure(s), 0 warning(s)" in done.stderr


def test_the_example_names_what_the_roles_know():
    """A misspelt variable would be passed over in silence."""
    listed = subprocess.run(
        [BIN / "ansible-inventory", "-i", "hosts.example.yml", "--list"],
        cwd=PLAYBOOKS,
        capture_output=True,
        text=True,
        check=True,
    )
    inventory = json.loads(listed.stdout)
    known = "".join((PLAYBOOKS / f"roles/{role}/defaults/main.yml").read_text() for role in ("sentinel", "echo"))

    assert {"sentinels", "echoes"} <= inventory.keys()
    for host in inventory["_meta"]["hostvars"].values():
        ours = [name for name in host if not name.startswith("ansible_")]
        assert [name for name in ours if not re.search(rf"^{name}:", known, re.MULTILINE)] == []
        Config(**{name: SECTIONS[name](**keys) for name, keys in host.get("sentinel_settings", {}).items()})


@pytest.mark.parametrize(("role", "folder"), [("sentinel", FILES), ("echo", ECHO_FILES)], ids=["sentinel", "echo"])
def test_only_what_is_called_may_be_executed(role: str, folder: Path):
    """On a card, as git keeps the modes; by a playbook, as the role says them, whatever the umask of a clone."""
    files = [path for path in folder.rglob("*") if path.is_file()]
    called = [path for path in files if path.read_bytes().startswith(b"#!/bin/")]
    said = re.search(rf"^{role}_called: \[(.*)\]$", (folder / "../../vars/main.yml").read_text(), re.MULTILINE)

    assert {path for path in files if path.stat().st_mode & 0o111} == set(called)
    assert said
    assert said[1].split(", ") == [f"/{path.relative_to(folder)}" for path in called]
    assert not [each for each in (PLAYBOOKS / "roles").rglob("*.yml") if "mode: preserve" in each.read_text()]


def test_the_table_is_one_the_kernel_takes():
    """And names the port of the IPv6 door test as the program does."""
    nft = shutil.which("nft")
    if not nft or os.geteuid() != 0:
        pytest.skip("nft asks the kernel, which answers root alone")
    table = FILES / "usr/lib/sentinel/firewall.nft"

    subprocess.run(["unshare", "--net", nft, "-c", "-f", table], check=True, capture_output=True)
    assert re.findall(r"nfproto ipv6 tcp dport (\d+)", table.read_text()) == [str(DOOR_TEST_PORT)]
    assert "flush ruleset" not in table.read_text()
