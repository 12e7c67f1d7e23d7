"""Each program as a user of its own: everything works, and nobody can do what is another's."""

import os
import re
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from sentinel.clock import now
from sentinel.store.reading import Filter, opened
from sentinel.wire.facts import Outbox
from tests import rarities
from tests.builders import connection
from tests.capture.cable import wait_until
from tests.installed import CODE, FIREWALL, LAID, LISTEN, WATCH, WEB, Machine, Reader, machine

pytestmark = pytest.mark.lab

TRY_TO_READ = """
import sys
for path in sys.argv[1:]:
    try:
        open(path, "rb").read(1)
        print(path)
    except PermissionError:
        pass
"""
TRY_TO_WRITE = """
import errno, os, sys
for path in sys.argv[1:]:
    try:
        os.close(os.open(path, os.O_WRONLY | (os.O_TMPFILE if os.path.isdir(path) else os.O_CREAT)))
        print(path)
    except OSError as error:
        if error.errno not in (errno.EACCES, errno.EROFS):
            raise
"""
BRING = """
import socket, sys
line = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
line.settimeout(5)
try:
    line.connect(sys.argv[1])
    line.sendall(bytes.fromhex(sys.argv[2]))
    print(len(line.recv(100)))
except (PermissionError, ConnectionError) as error:
    print(type(error).__name__)
"""
GIVE = """
import sys
from pathlib import Path
from sentinel.errors import MissingRight
from sentinel.programs.postbox import Postbox
try:
    Postbox(Path(sys.argv[1]), print, sys.argv[2])
except MissingRight as error:
    print(error)
"""
LOOK = """
import sys
from pathlib import Path
from sentinel.places import Places
from sentinel.programs.installation import installation
from sentinel.toml import load
file, lasting, passing = map(Path, sys.argv[1:])
for well, sentence in installation(load(file), Places(lasting=lasting, passing=passing), file):
    print(well, sentence)
"""
ASK = """
import sys
from pathlib import Path
from sentinel.wire.requests import Request, Verb, ask
print(ask(Path(sys.argv[1]), Request(verb=Verb.CHECK)).reply.value)
"""


@pytest.fixture(scope="module")
def installed() -> Iterator[Machine]:
    """One machine for the whole story, all three programs running."""
    with machine() as made:
        made.start_all()
        yield made


@pytest.fixture(scope="module")
def reader(installed: Machine) -> Reader:
    """Logged in by TLS, as the page's user lets its readers in."""
    somebody = Reader(installed)
    wait_until(lambda: somebody.take("/code"), 30)
    somebody.send("/code", "/code", code=CODE)
    return somebody


def rights(process: int) -> tuple[str, set[int]]:
    """Real user, and every capability it has or could have again."""
    lines = Path(f"/proc/{process}/status").read_text().splitlines()
    said = {words[0]: words[1:] for line in lines if (words := line.split())}
    return said["Uid:"][0], {int(said[f"Cap{each}:"][0], 16) for each in ("Eff", "Prm", "Inh", "Amb")}


def test_every_program_is_another_user_without_any_right(installed):
    """Also `listen`, which had one until its ring was open."""
    found = {user: rights(installed.process(user)) for user in (LISTEN, WATCH, WEB)}

    assert found == {LISTEN: ("961", {0}), WATCH: ("962", {0}), WEB: ("963", {0})}


def test_the_listener_hears_and_has_its_child_read_without_any_right(installed):
    """It opened its rings, their group and its counters with the one right it had; what a switch says now goes
    through all of them, through its child, to the store."""

    def is_told() -> bool:
        installed.laid.inject([rarities.lldp()], "right")
        with opened(installed.places.store) as store:
            hung = store.heard.hung()
        return hung is not None and hung.port == "gi1/0/3"

    wait_until(is_told, 30)
    listener = installed.process(LISTEN)
    [child] = Path(f"/proc/{listener}/task/{listener}/children").read_text().split()

    assert b"sentinel.programs.dissect" in Path(f"/proc/{child}/cmdline").read_bytes()
    assert [rights(listener), rights(int(child))] == [("961", {0})] * 2


def test_this_house_and_its_python_are_not_in_the_folder_of_the_test(installed):
    """They are mounted for each program alone, and read-only: a folder that is swept away takes nothing along."""
    assert [*installed.base.glob("opt/venv/*"), *installed.base.glob("opt/python/*")] == []
    write = installed.python(
        "root", TRY_TO_WRITE, f"{installed.base}/opt/python/new", f"{installed.base}/opt/venv"
    )

    assert write == ""


def test_the_page_reads_logs_in_asks_and_hands_out_a_paper(installed, reader):
    """Reading the living store, the certificate's key and a paper; asking through the socket."""
    reader.send("/papers", "/papers", kind="closing", month="")
    name = reader.wait("/papers", r'href="/papers/(cloture-[^"]+\.pdf)"')

    assert reader.take(f"/papers/{name}").startswith(b"%PDF")
    assert "SQLite" in reader.take("/sentinel").decode()


def test_facts_are_taken_from_the_listener_and_from_nobody_else(installed):
    """The page may not connect; another user with the listener's group is hung up on."""
    message = Outbox("run-of-a-liar").put(connection()).hex()
    box = installed.places.facts

    assert installed.python(WEB, BRING, box, message) == "PermissionError"
    assert installed.python(FIREWALL, BRING, box, message) == "PermissionError"
    installed.stop(LISTEN)
    stranger = installed.run(
        "root", "setpriv", "--reuid", "12345", "--regid", LISTEN, "--clear-groups",
        installed.interpreter, "-c", BRING, str(box), message,
    )  # fmt: skip
    assert stranger.stdout.strip() in ("0", "ConnectionResetError", "BrokenPipeError"), stranger
    stopped = now()
    installed.start(LISTEN)
    wait_until(
        lambda: installed.beat and installed.beat.coverage and installed.beat.coverage.at.boot > stopped.boot, 30
    )
    with opened(installed.places.store) as store:
        assert store.connections(Filter()) == []


def test_a_watch_that_may_not_give_its_socket_away_says_which_right_is_missing(installed):
    """One sentence: it must be a member of the listener's group."""
    folder = installed.base / "of-the-page"
    folder.mkdir()
    os.chown(folder, 963, 963)

    assert f"in the group of {LISTEN}" in installed.python(WEB, GIVE, folder / "facts.sock", LISTEN)


def test_the_listener_reads_neither_store_nor_configuration_nor_any_key(installed, reader):
    """It reads what strangers send: whoever takes it over finds nothing, and may ask for nothing."""
    places = installed.places
    files = [path for path in places.lasting.rglob("*") if path.is_file()]
    assert {"sentinel.db", "page.key", "watch.lock"} <= {path.name for path in files}

    read = installed.python(LISTEN, TRY_TO_READ, installed.file, places.pulse, *files)
    write = installed.python(LISTEN, TRY_TO_WRITE, places.lasting, places.passing, *files, places.passing / "new")

    assert (read, write) == ("", "")
    assert installed.python(LISTEN, ASK, places.requests) == "not_running"
    assert "secret-of-the-notices" not in installed.section.read_text()


def test_the_page_writes_nothing_and_reads_no_secret_but_its_own(installed, reader):
    """Store, papers, certificate and its key; not the keys the echo knows us by, nor the claim code."""
    lasting = installed.places.lasting
    (lasting / "CODE-SENTINELLE.txt").touch(0o600)
    os.chown(lasting / "CODE-SENTINELLE.txt", 962, 960)
    files = [path for path in lasting.rglob("*") if path.is_file()]
    read = installed.python(WEB, TRY_TO_READ, installed.file, *files).split()
    write = installed.python(WEB, TRY_TO_WRITE, *files, lasting, installed.places.passing, lasting / "papers")

    assert {str(lasting / name) for name in ("sentinel.db", "sentinel.db-wal", "sentinel.db-shm", "page.key")} <= {
        *read
    }
    assert not [path for path in read if re.search(r"sentinel\.key|echoes\.json|CODE-", path)]
    assert write == ""


def test_the_firewall_lets_in_whom_the_page_names(installed, reader):
    """Set on the page by a person, read from the store by a user who may fill the table and nothing else."""
    reader.send("/settings", "/settings/reading", language="fr", months="6", page_from="10.99.0.0/24")
    assert installed.run("root", "nft", "-f", str(LAID / "usr/lib/sentinel/firewall.nft")).stderr == ""

    done = installed.run(FIREWALL, *installed.sentinel("firewall"), right="net_admin")

    assert done.stderr == ""
    assert "10.99.0.0/24" in done.stdout
    installed.run("root", "nft", "delete", "table", "inet", "sentinel")


def checked(installed: Machine) -> dict[str, tuple[str, str]]:
    """What `sudo sentinel check` says, by its first word."""
    said = installed.run("root", *installed.sentinel("check")).stdout.splitlines()[1:]
    return {line.split()[1].rstrip(":"): (line.split()[0], line) for line in said}


def test_check_finds_every_right_in_order(installed):
    """With the table that its unit loads; a running lamp is not touched but told of."""
    assert checked(installed)["firewall"][0] == "MISSING"
    installed.run("root", "nft", "-f", str(LAID / "usr/lib/sentinel/firewall.nft"))
    assert "0 networks" in checked(installed)["firewall"][1]
    installed.run(FIREWALL, *installed.sentinel("firewall"), right="net_admin")
    said = checked(installed)
    installed.run("root", "nft", "delete", "table", "inet", "sentinel")

    assert [said[name][0] for name in ("users", "folders", "firewall", "lamp", "store", "rights")] == ["ok"] * 6
    assert "ssh is closed" in said["firewall"][1]
    assert "held by the sentinel that runs here" in said["lamp"][1]


@pytest.mark.parametrize(
    ("command", "name", "told"),
    [
        ("chmod 2755 {passing}", "folders", "too much is open"),
        ("chmod g-s {lasting}", "folders", "of its group"),
        ("chmod 0644 {file}", "folders", "too much is open"),
        ("chgrp 961 {file}", "users", "must not read store or passwords"),
        ("sed -i s/sentinel-firewall,// {base}/etc/group", "users", ""),
        ("sed -i /^sentinel-listen:/s/sentinel-watch// {base}/etc/group", "users", "or no fact arrives"),
        ("sed -i /^sentinel:/s/,sentinel-web// {base}/etc/group", "users", "the page reads nothing"),
    ],
)
def test_check_says_which_right_is_wrong(installed, command, name, told):
    """Too much for one, too little for another: each has its sentence, and what is right none."""
    places = installed.places
    kept = {path: path.stat() for path in (places.lasting, places.passing, installed.file)}
    groups = (installed.base / "etc/group").read_text()
    words = command.format(
        base=installed.base, passing=places.passing, lasting=places.lasting, file=installed.file
    )
    subprocess.run(words.split(), check=True)
    said = installed.python("root", LOOK, installed.file, places.lasting, places.passing).splitlines()
    for path, was in kept.items():
        os.chown(path, was.st_uid, was.st_gid)
        path.chmod(was.st_mode & 0o7777)
    (installed.base / "etc/group").write_text(groups)

    [line] = [line for line in said if f"{name}: " in line]
    assert line.startswith("False" if told else "True")
    assert told in line


def test_the_firewall_reads_the_store_and_asks_nothing(installed):
    """It is in the group of the store, and no way to `watch` is open to it."""
    read = installed.python(FIREWALL, TRY_TO_READ, installed.places.store, installed.file).split()

    assert read == [str(installed.places.store), str(installed.file)]
    assert installed.python(FIREWALL, ASK, installed.places.requests) == "not_running"


def test_what_root_does_at_the_console_leaves_nothing_that_watch_could_not_read(installed, reader):
    """Whatever makes a file there, with `watch` running or not: each stays the sentinel's."""
    for words in (("paper", "closing"), ("check",), ("status",), ("backup", str(installed.base / "copy"))):
        done = installed.run("root", *installed.sentinel(*words))
        assert done.stderr == "", words

    places = installed.places
    found = [path for folder in (places.lasting, places.passing) for path in folder.rglob("*")]
    assert {path.lstat().st_uid for path in found} == {962}
    assert {path.name: path.lstat().st_gid for path in found if path.lstat().st_gid != 960} == {"facts.sock": 961}


def test_the_page_tells_what_it_knows_after_a_crash_and_after_a_clean_stop(installed, reader):
    """A store that a dead writer left with its -wal file, and one that nobody may change: both are read."""
    os.kill(installed.process(WATCH), signal.SIGKILL)
    wait_until(lambda: installed.beat is None, 20)
    assert (installed.places.lasting / "sentinel.db-wal").exists()
    assert "cloture-" in reader.take("/papers").decode()
    assert installed.status("/healthz") == 503

    installed.stop(WATCH)
    installed.start(WATCH)
    wait_until(lambda: installed.beat is not None, 30)
    installed.stop(WATCH)
    assert not (installed.places.lasting / "sentinel.db-wal").exists()
    assert "cloture-" in reader.take("/papers").decode()
