"""`watch` as a process: alone with its store, alive by its pulse, and gone without a trace of light."""

import json
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import timedelta
from ipaddress import ip_address
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from sentinel.accepting import end_of
from sentinel.clock import boot_id, now
from sentinel.config import FRIDAY, Capture, Config, Echo
from sentinel.model.connection import ConnectionState
from sentinel.model.finding import Code, Level
from sentinel.model.moment import Moment
from sentinel.places import Places
from sentinel.programs.declared import declared
from sentinel.signals import pulse
from sentinel.signals.driven import noted
from sentinel.store.reading import Filter, opened
from sentinel.wire.facts import Outbox, Sender
from sentinel.wire.requests import Reply, Request, Verb, ask
from tests.builders import connection, coverage, dicom
from tests.signals.receivers import http

SETTINGS = """
[capture]
prefixes = ["192.168.1.0/24"]
box = ["127.0.0.253"]
[page]
code = "TEST-CODE"
[store]
batch_seconds = 0.2
"""


class Running:
    """One `watch` in a folder of its own."""

    def __init__(self, folder: Path) -> None:
        self.places = Places(lasting=folder, passing=folder / "run")
        self.file = folder / "sentinel.toml"
        self.file.write_text(SETTINGS)
        self.process: subprocess.Popen[str] | None = None

    def command(self, *words: str) -> list[str]:
        base = [sys.executable, "-m", "sentinel", "--config", str(self.file), "--dir", str(self.places.lasting)]
        return [*base, *words]

    def start(self) -> None:
        self.process = subprocess.Popen(self.command("watch"), stderr=subprocess.PIPE, text=True)
        self.until(lambda: self.beat is not None)

    def stop(self, number: int = signal.SIGTERM) -> str:
        """What it had said."""
        assert self.process is not None
        self.process.send_signal(number)
        _, said = self.process.communicate(timeout=5)
        self.process = None
        return said

    @property
    def beat(self) -> pulse.Pulse | None:
        last = pulse.read(self.places.pulse)
        return last if pulse.is_alive(last, now(), boot_id()) else None

    def codes(self) -> set[Code]:
        return {reason.code for reason in self.beat.verdict.reasons} if self.beat else set()

    def until(self, condition: Callable[[], object], patience: float = 15) -> None:
        deadline = time.monotonic() + patience
        while not condition():
            assert time.monotonic() < deadline, self.beat
            time.sleep(0.02)


@pytest.fixture
def running(tmp_path: Path) -> Iterator[Running]:
    made = Running(tmp_path)
    yield made
    if made.process is not None:
        made.process.kill()
        made.process.communicate()


def visit(serial: int, at: Moment, **about: object):
    return connection(serial=serial, at=at, **about)


def test_a_stranger_on_the_wire_is_a_row_an_incident_and_a_red_pulse(running):
    """Facts in at one socket, acknowledged; requests answered at the other."""
    running.start()
    sender = Sender(str(running.places.facts), Outbox("run-1"))
    sender.send(coverage(now(), proof=now()))
    sender.send(visit(1, now(), dicom=dicom(), state=ConnectionState.CLOSED))
    running.until(lambda: (sender.flush(), running.beat and running.beat.verdict.level is Level.ALARM)[1])
    running.until(lambda: (sender.flush(), len(sender.outbox) == 0)[1])

    assert Code.STRANGER_ASSOCIATED in running.codes()
    with opened(running.places.store) as reader:
        assert [row.calling for row in reader.connections(Filter())] == ["ZZSTRANGER"]
    assert ask(running.places.requests, Request(verb=Verb.CHECK)).reply is Reply.NO_ECHO
    answer = ask(running.places.requests, Request(verb=Verb.LOGIN, code="test code", client="192.168.1.20"))
    assert answer.reply is Reply.DONE
    sender.close()
    running.stop()


def test_a_lamp_that_is_not_there_stops_no_watch_and_is_told(running):
    """Blue for that reason, with what was looked for; a stranger is seen as ever, and the console is told once."""
    running.file.write_text(f'{SETTINGS}[lamp]\nkind = "pins"\npins = [17]\nbutton = 23\nchip = "no-such-chip"\n')
    running.start()
    running.until(lambda: Code.LAMP_FAILING in running.codes())
    assert "no-such-chip" in running.beat.parts["lamp"]
    assert (
        noted(running.places.driven).chip == "no-such-chip"
    )  # for whoever puts it out, whatever the file says then
    assert running.places.driven.stat().st_mode & 0o777 == 0o644

    sender = Sender(str(running.places.facts), Outbox("run-1"))
    sender.send(coverage(now(), proof=now()))
    sender.send(visit(1, now(), dicom=dicom(), state=ConnectionState.CLOSED))
    running.until(lambda: (sender.flush(), running.beat and running.beat.verdict.level is Level.ALARM)[1])
    sender.close()
    said = running.stop()

    assert said.count("lamp fails: ") == 1
    assert said.count("the button on pin 23 cannot be had") == 1


def test_a_stranger_on_the_wire_rings_a_telephone_and_a_test_goes_the_same_way(running):
    """A real process, a real child, a real receiver; the address stands in no log, no row and no pulse."""
    bodies: list[dict[str, str]] = []
    with http(bodies) as port:
        address = f"json://durand:hunter2secret@127.0.0.1:{port}/"
        running.file.write_text(f'{SETTINGS}[notices]\npractice = ["{address}"]\n')
        running.start()
        assert ask(running.places.requests, Request(verb=Verb.TEST_NOTICE)).reply is Reply.DONE
        sender = Sender(str(running.places.facts), Outbox("run-1"))
        sender.send(coverage(now(), proof=now()))
        sender.send(visit(1, now(), dicom=dicom(), state=ConnectionState.CLOSED))
        running.until(lambda: (sender.flush(), len(bodies) == 2)[1], patience=60)
        running.until(lambda: arrived(running) == [True, True])
        said = running.stop()
        sender.close()

    assert [each["title"][:6] for each in bodies] == ["Messag", "ALERTE"]
    kept = b"".join(
        each.read_bytes() for each in running.places.lasting.rglob("*") if each.suffix in (".db", ".json")
    )
    assert "hunter2secret" not in said
    assert b"hunter2secret" not in kept


def arrived(running: Running) -> list[bool]:
    with opened(running.places.store) as reader:
        return [each.arrived is not None for each in reader.notices()]


def test_two_writers_never_share_a_store(running):
    """The second says so in one sentence; the first goes on."""
    running.start()

    second = subprocess.run(running.command("watch"), capture_output=True, text=True, check=False, timeout=10)

    assert second.returncode == 69
    assert "another sentinel is running" in second.stderr
    assert "Traceback" not in second.stderr
    assert running.beat is not None


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_clean_stop_leaves_one_store_a_dark_lamp_and_no_pulse(running, number):
    """Within two seconds, and without a word of error."""
    running.start()
    begun = time.monotonic()
    said = running.stop(number)

    assert time.monotonic() - begun < 2
    assert "ERROR" not in said
    assert "Traceback" not in said
    assert not running.places.pulse.exists()
    assert json.loads(running.places.lamp.read_bytes())["lit"] is False
    assert not running.places.store.with_name("sentinel.db-wal").exists()


def test_a_killed_watch_is_dead_by_its_pulse_and_starts_again(running):
    """What was committed is there, and the next one takes the same folder."""
    running.start()
    sender = Sender(str(running.places.facts), Outbox("run-1"))
    sender.send(visit(1, now()))
    running.until(lambda: (sender.flush(), len(sender.outbox) == 0)[1])
    assert running.process is not None
    running.process.kill()
    running.process.communicate()
    sender.send(visit(2, now(), source=ip_address("203.0.113.8")))
    for _ in range(3):
        sender.flush()

    running.start()
    running.until(lambda: (sender.flush(), len(sender.outbox) == 0)[1])

    with opened(running.places.store) as reader:
        assert reader.count_connections(Filter()) == 2
        (told,) = [each for each in reader.incidents() if each.grade]
        assert told.count == 2
    sender.close()
    running.stop()


def test_a_store_that_is_none_is_one_sentence(running):
    """And is left as it is."""
    running.places.make()
    running.places.store.write_bytes(b"garbage" * 1_000)

    done = subprocess.run(running.command("watch"), capture_output=True, text=True, check=False, timeout=10)

    assert (done.returncode, "Traceback" in done.stderr) == (69, False)
    assert "the store cannot be opened" in done.stderr
    assert running.places.store.read_bytes() == b"garbage" * 1_000


def test_a_folder_too_long_for_a_socket_is_one_sentence(tmp_path):
    """A unix socket's path holds about a hundred letters."""
    folder = tmp_path / ("x" * 100)
    folder.mkdir()
    made = Running(folder)

    done = subprocess.run(made.command("watch"), capture_output=True, text=True, check=False, timeout=10)

    assert (done.returncode, "Traceback" in done.stderr) == (69, False), done.stderr
    assert "AF_UNIX" in done.stderr


def test_a_locked_store_does_not_stop_a_beating_street(running):
    """Blue within a second of the first row, and everything on disk once it opens."""
    running.start()
    sender = Sender(str(running.places.facts), Outbox("run-1"))
    running.until(lambda: (sender.flush(), running.beat)[1])
    with closing(sqlite3.connect(running.places.store, isolation_level=None, timeout=5)) as other:
        other.execute("BEGIN EXCLUSIVE")
        sender.send(visit(1, now(), state=ConnectionState.REFUSED))
        running.until(lambda: (sender.flush(), Code.STORE_FAILING in running.codes())[1], 5)
        other.execute("ROLLBACK")
    running.until(lambda: Code.STORE_FAILING not in running.codes(), 5)
    running.until(lambda: (sender.flush(), len(sender.outbox) == 0)[1], 5)
    with opened(running.places.store) as reader:
        assert reader.count_connections(Filter()) == 1
    sender.close()
    running.stop()


def test_what_was_accepted_on_the_page_and_in_the_file_survives_a_restart(running):
    """Through the socket and a clean stop; the file's entry is no second one, and the page's holds again."""
    zone, day = ZoneInfo("Europe/Paris"), now().wall.date() + timedelta(days=8)
    while day.isoweekday() >= FRIDAY:
        day += timedelta(days=1)
    entry = f'port = 443\nuntil = {day}\nwho = "Dupont"\nwhy = "VPN"\nsource = "10.8.0.0/24"'
    running.file.write_text(f'{SETTINGS}[[expected]]\nmachine = "02:00:00:00:00:42"\n{entry}\n')
    running.start()
    asked = {"machine": "02:00:00:00:00:42", "port": 4242, "when": str(day), "who": "Anne", "why": "PACS"}
    assert ask(running.places.requests, Request(verb=Verb.ACCEPT, **asked)).reply is Reply.DONE
    running.stop()
    running.start()
    running.until(lambda: Code.EXPECTED_BROAD in running.codes())

    assert ask(running.places.requests, Request(verb=Verb.WITHDRAW, number=2, who="Anne")).reply is Reply.DONE
    running.until(lambda: Code.EXPECTED_BROAD not in running.codes())
    with opened(running.places.store) as reader:
        found = [(each.acceptance.who, each.acceptance.until, each.withdrawn_by) for each in reader.acceptances()]
    assert found == [("Anne", end_of(day, zone), "Anne"), ("Dupont", end_of(day, zone), None)]
    running.stop()


# -- what was declared -------------------------------------------------------------------------------------------


def test_what_is_declared_reaches_judgement_in_its_own_words():
    """Ports as a set, megabytes as bytes, the firewall's MAC in lower case."""
    terms = declared(Config(echo=Echo(expect_open=(1194,)), capture=Capture(firewall="AA:BB:CC:DD:EE:FF")))

    assert (terms.expect_open, terms.thresholds.images_left) == (frozenset({1194}), 1_000_000)
    assert terms.firewall == "aa:bb:cc:dd:ee:ff"
    assert timedelta(0) < pulse.LIVES
