"""The firewall, by the kernel's own nftables and by real connections to the very table of the installation."""

import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack
from ipaddress import ip_address, ip_network
from pathlib import Path

import pytest

from sentinel.programs.firewall import sets
from sentinel.readership import Readers
from tests.capture.cable import CARD, Cable, cable, need

pytestmark = pytest.mark.lab

TABLE = Path(__file__).parents[2] / "ansible/roles/sentinel/files/rootfs/usr/lib/sentinel/firewall.nft"
HOME = {4: "10.77.0.1", 6: "fd77::1"}
CLIENT = {4: "10.77.0.2", 6: "fd77::2"}
BOX = {4: "10.77.0.254", 6: "fd77::fe"}
STRANGER = {4: "203.0.113.9", 6: "2001:db8:9::9"}
SECOND = {4: "10.78.0.9", 6: "fd78::9"}
FAMILY = {4: socket.AF_INET, 6: socket.AF_INET6}
PORTS = (22, 80, 443, 8080)
PAUSE = 0.4
"""Seconds within which an open port has answered; what is dropped never does."""


def ip(laid: Cable, end: str, *words: str) -> None:
    subprocess.run(["ip", "-n", laid.names[end], *words], check=True, capture_output=True)


@pytest.fixture(scope="module")
def lan() -> Iterator[Cable]:
    """The sentinel on the left; on the right a client, the box, a stranger beyond it, a second network."""
    need("nft", "setpriv")
    with cable(quiet=False) as laid, ExitStack() as stack:
        for version in (4, 6):
            for other in (BOX, STRANGER, SECOND):
                length = 32 if version == 4 else 128
                nodad = ["nodad"] if version == 6 else []
                ip(laid, "right", "addr", "add", f"{other[version]}/{length}", "dev", CARD, *nodad)
            ip(laid, "left", f"-{version}", "route", "add", "default", "via", BOX[version])
        laid.run("left", "nft", "add table inet somebody { chain in { type filter hook input priority 5; }; }")
        for port in PORTS:
            for version in (4, 6):
                with laid.at("left"):
                    family = FAMILY[version]
                    server = socket.create_server((HOME[version], port), family=family, backlog=64)
                stack.enter_context(server)
        yield laid


@pytest.fixture
def house(lan: Cable, tmp_path: Path) -> Iterator["House"]:
    """With the table as its unit loads it: everything closed."""
    made = House(lan, tmp_path)
    assert lan.run("left", "nft", "-f", str(TABLE)).stderr == ""
    yield made
    lan.run("left", "nft", "delete", "table", "inet", "sentinel")


class House:
    """The sentinel's end, and who reaches it."""

    def __init__(self, laid: Cable, folder: Path) -> None:
        self._laid = laid
        self.folder = folder
        self.file = folder / "sentinel.toml"

    def fill(self, *words: str) -> "subprocess.CompletedProcess[str]":
        """The program itself."""
        base = [sys.executable, "-m", "sentinel", "--config", str(self.file), "--dir", str(self.folder)]
        return self._laid.run("left", *base, "firewall", *words)

    def nft(self, *words: str) -> str:
        return self._laid.run("left", "nft", *words).stdout

    def open_to(self, who: dict[int, str], version: int) -> set[int]:
        """The ports of the sentinel that this address reaches; all are tried at once."""
        with ExitStack() as stack:
            lines = {port: stack.enter_context(self._call(who[version], version, port)) for port in PORTS}
            time.sleep(PAUSE)
            return {port for port, line in lines.items() if _is_connected(line)}

    def _call(self, source: str, version: int, port: int) -> socket.socket:
        with self._laid.at("right"):
            line = socket.socket(FAMILY[version], socket.SOCK_STREAM)
        line.setblocking(False)
        line.bind((source, 0))
        line.connect_ex((HOME[version], port))
        return line


def _is_connected(line: socket.socket) -> bool:
    try:
        line.getpeername()
    except OSError:
        return False
    return True


@pytest.mark.parametrize("version", [4, 6])
def test_the_lan_reads_the_page_the_box_and_strangers_read_nothing(house, version):
    """Before the sets are filled nobody does; ssh is closed to everybody, for no key was given."""
    assert house.open_to(CLIENT, version) == set()

    assert house.fill().returncode == 0

    assert house.open_to(CLIENT, version) == {80, 443}
    assert house.open_to(BOX, version) == set()
    assert house.open_to(STRANGER, version) == set()
    assert house.open_to(SECOND, version) == set()


@pytest.mark.parametrize("version", [4, 6])
def test_ssh_is_open_to_readers_while_a_key_is_there(house, version, tmp_path):
    """An empty file is no key; a key taken away closes the port again."""
    key = tmp_path / "authorized_keys"
    for content, opened in (("", {80, 443}), ("ssh-ed25519 AAAA", {22, 80, 443}), (None, {80, 443})):
        key.unlink() if content is None else key.write_text(content)
        assert house.fill("--ssh-if", str(key)).stderr == ""
        assert house.open_to(CLIENT, version) == opened
        assert house.open_to(BOX, version) == set()


@pytest.mark.parametrize("version", [4, 6])
@pytest.mark.parametrize("key", ["[capture]\nprefixes", "[page]\npage_from"])
def test_a_declared_network_reads_and_another_box_does_not(house, version, key):
    """A second network of the practice or the technician's; the client is named as a box here."""
    networks = '["10.78.0.0/24", "fd78::/64"]'
    boxes = f'["{CLIENT[4]}", "{CLIENT[6]}"]'
    capture = f"{key} = {networks}\nbox = {boxes}\n"
    house.file.write_text(capture if "capture" in key else f"{key} = {networks}\n[capture]\nbox = {boxes}\n")
    assert house.fill().stderr == ""

    assert house.open_to(SECOND, version) == {80, 443}
    assert house.open_to(CLIENT, version) == set()
    assert house.open_to(STRANGER, version) == set()


def test_a_second_run_changes_nothing_and_says_nothing(house):
    """Also where nft has joined networks that touch, as it then lists them."""
    house.file.write_text(
        '[capture]\nprefixes = ["10.80.0.0/24", "10.80.1.0/24", "10.80.2.0/25", "fd80::5/128"]\n'
    )
    first = house.fill()
    listed = house.nft("list", "table", "inet", "sentinel")
    second = house.fill()

    assert "readers4: 10.77.0.0/24, 10.80.0.0/24" in first.stdout
    assert (second.stdout, second.stderr, second.returncode) == ("", "", 0)
    assert house.nft("list", "table", "inet", "sentinel") == listed
    assert "10.80.0.0-10.80.2.127" in listed


def test_what_somebody_put_into_our_sets_goes(house):
    """They are the sentinel's: with a comment or not, it is not the rule of the page."""
    house.fill()
    house.nft("add", "element", "inet", "sentinel", "readers4", '{ 10.78.0.0/24 comment "mine" }')
    assert "mine" in house.nft("list", "table", "inet", "sentinel")

    assert house.fill().stdout == "readers4: 10.77.0.0/24\n"
    assert "mine" not in house.nft("list", "table", "inet", "sentinel")


def test_a_network_that_is_gone_reads_no_more(house):
    """In one step, and nothing of it is left in the sets."""
    house.file.write_text('[capture]\nprefixes = ["10.78.0.0/24"]\n')
    house.fill()
    house.file.write_text("")
    said = house.fill().stdout

    assert said.startswith("readers4: 10.77.0.0/24")
    assert house.open_to(SECOND, 4) == set()


def test_somebody_elses_table_is_not_touched(house):
    """Ours alone is."""
    before = house.nft("list", "table", "inet", "somebody")
    house.fill()

    assert "chain in" in before
    assert house.nft("list", "table", "inet", "somebody") == before


def test_without_its_table_it_is_one_sentence(lan, tmp_path):
    """And nothing is made: a table without its rules would protect nobody."""
    house = House(lan, tmp_path)
    done = house.fill()

    assert (done.returncode, done.stdout) == (69, "")
    assert "the table inet sentinel cannot be used" in done.stderr
    assert "inet sentinel" not in house.nft("list", "tables")


def test_without_the_right_it_is_one_sentence(house, lan):
    """Which right, and how to have it."""
    base = [sys.executable, "-m", "sentinel", "--config", str(house.file), "--dir", str(house.folder)]
    done = lan.run("left", "setpriv", "--bounding-set", "-all", "--inh-caps", "-all", *base, "firewall")

    assert done.returncode == 77
    assert "CAP_NET_ADMIN" in done.stderr


def test_the_sets_are_by_family_and_empty_where_nobody_is():
    """What the table's rules look into."""
    allowed = Readers(networks=(ip_network("10.0.0.0/8"), ip_network("fd00::/8")), box=(ip_address("fe80::1"),))

    assert sets(allowed, ssh=True) == {
        "readers4": ("10.0.0.0/8",),
        "gateways4": (),
        "readers6": ("fd00::/8",),
        "gateways6": ("fe80::1",),
        "ssh": ("22",),
    }
