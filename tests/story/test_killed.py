"""`kill -9` of `watch` at two hundred random instants under traffic: nothing that was promised is lost."""

import json
import os
import random
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from hashlib import sha256
from ipaddress import ip_address
from pathlib import Path

from sentinel.clock import boot_id, now
from sentinel.config import Config, Language
from sentinel.model.connection import ConnectionState
from sentinel.model.finding import Code, Level
from sentinel.model.ledger import FIRST
from sentinel.programs import verify
from sentinel.signals import pulse
from sentinel.store.ledger import entries
from sentinel.store.reading import opened
from sentinel.wire.facts import Outbox, Sender
from sentinel.wire.requests import Reply, Request, Verb, ask
from tests.builders import connection, coverage, dicom
from tests.programs.test_watch import Running
from web.app import create_app

KILLS, LANES = 200, 4
SEED = 20_201_217
"""The day of the two decisions."""
PATIENCE = 60.0
DOORS = 12


class Zygote:
    """Makes `watch` processes."""

    def __init__(self) -> None:
        command = [sys.executable, "-m", "tests.story.zygote"]
        root = Path(__file__).parents[2]
        self._process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, cwd=root
        )
        self._lock = threading.Lock()

    def start(self, running: Running) -> int:
        places = running.places
        words = [str(each) for each in (running.file, places.lasting, places.passing)]
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        with self._lock:
            self._process.stdin.write(json.dumps(words) + "\n")
            self._process.stdin.flush()
            return int(self._process.stdout.readline())

    def close(self) -> None:
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait(10)
        assert self._process.stdout is not None
        self._process.stdout.close()


class Lane:
    """One store, its `listen` that never dies, somebody who presses « J'ai vu », and a `watch` that dies often."""

    def __init__(self, folder: Path, seed: int, zygote: Zygote) -> None:
        folder.mkdir()
        self.running = Running(folder)
        self.running.places.make()
        self.chance = random.Random(seed)
        self.zygote = zygote
        self.sender = Sender(str(self.running.places.facts), Outbox("run-1"))
        self.sent = 0
        self.shown: set[str] = set()
        """Hashes of entries that were the journal's head to a reader."""
        self.stories: dict[int, int] = {}
        """Every incident a reader was shown, and how many lines it had."""
        self.reads: list[int] = []
        """Incidents of which somebody was told that « J'ai vu » is written down."""
        self.struck: Counter[str] = Counter()
        self.red: list[float] = []
        """Seconds from each start to the first verdict."""

    def send(self) -> None:
        """A stranger comes: another door, another address, sometimes again."""
        self.sent += 1
        fact = connection(
            serial=self.sent,
            at=now(),
            source=ip_address(f"203.0.113.{self.chance.randrange(1, 250)}"),
            target_port=11_112 + self.chance.randrange(DOORS),
            state=self.chance.choice([ConnectionState.CLOSED, ConnectionState.REFUSED]),
            bytes_out=self.chance.randrange(3_000),
            dicom=dicom(),
        )
        self.sender.send(fact)
        self.sender.flush()

    def life(self) -> None:
        """From a start to its death."""
        places = self.running.places
        places.pulse.unlink(missing_ok=True)
        begun = time.monotonic()
        pid = self.zygote.start(self.running)
        dies = time.monotonic() + self.chance.uniform(0, 0.25)  # some are struck before they can do anything
        if self.chance.random() < 0.8:
            self.until(lambda: self.heard(begun))
            dies = time.monotonic() + self.chance.uniform(0, 0.4)
        while time.monotonic() < dies:
            self.send()
            self.look()
            time.sleep(self.chance.uniform(0, 0.004))
        self.struck["in traffic" if places.pulse.exists() else "while starting"] += 1
        end(pid)
        self.check()

    def heard(self, begun: float) -> bool:
        """Its first verdict: red from the first moment on, once an alarm was ever acknowledged."""
        self.sender.flush()
        last = pulse.read(self.running.places.pulse)
        if last is None or not pulse.is_alive(last, now(), boot_id()):
            return False
        if self.stories:
            assert last.verdict.level is Level.ALARM, last.verdict
        self.red.append(time.monotonic() - begun)
        return True

    def look(self) -> None:
        """What the page would show now is a promise; so is the answer to a button."""
        if self.chance.random() < 0.05:
            try:
                with opened(self.running.places.store) as reader:
                    for each in reader.incidents(least=Level.ALARM):
                        self.stories[each.number] = len(reader.chapters(each.number))
                    self.shown.add(reader.head())
            except OSError:
                assert not self.stories  # killed before it had ever made its tables
        if self.stories and self.chance.random() < 0.02:
            number = self.chance.choice(list(self.stories))
            answer = ask(self.running.places.requests, Request(verb=Verb.READ, incident=number, who="Léa"))
            if answer.reply is Reply.DONE:
                self.reads.append(number)

    def check(self) -> None:
        """At the very moment after its death, before anybody repairs anything: what was acknowledged is there."""
        acknowledged = next(iter(self.sender.outbox.after(0)), (self.sent + 1, b""))[0] - 1
        if not self.running.places.store.exists():
            assert acknowledged == 0
            return
        with closing(sqlite3.connect(f"file:{self.running.places.store}?mode=ro", uri=True)) as db:
            tables = {name for (name,) in db.execute("SELECT name FROM sqlite_schema")}
            if "connections" not in tables:
                assert acknowledged == 0
                return
            found = db.execute("SELECT count(*) FROM connections WHERE serial <= ?", (acknowledged,)).fetchone()[0]
        assert found == acknowledged

    def until(self, condition: Callable[[], object]) -> None:
        deadline = time.monotonic() + PATIENCE
        while not condition():
            assert time.monotonic() < deadline
            time.sleep(0.005)

    def live_and_die(self, times: int) -> "Lane":
        for _ in range(times):
            self.life()
        return self


def end(pid: int) -> None:
    """Without a word, and wait until the kernel has taken everything back."""
    os.kill(pid, signal.SIGKILL)
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            return
        time.sleep(0.001)
    raise AssertionError(f"{pid} does not die")


def settle(lane: Lane) -> None:
    """One more start, by the command; everything that still waited is taken, and a clean stop."""
    running = lane.running
    running.start()
    assert running.beat is not None
    assert running.beat.verdict.level is Level.ALARM
    running.until(lambda: (lane.sender.flush(), len(lane.sender.outbox) == 0)[1], PATIENCE)
    running.stop()
    lane.sender.close()


def account(lane: Lane) -> None:
    """Everything that anybody was ever told is there."""
    places = lane.running.places
    with closing(sqlite3.connect(f"file:{places.store}?mode=ro", uri=True)) as db:
        assert db.execute("PRAGMA integrity_check").fetchone()[0] == "ok"
        chain = {FIRST, *(each.hash for each in entries(db))}
        rows = db.execute("SELECT count(*), count(DISTINCT serial) FROM connections").fetchone()
    assert rows == (lane.sent, lane.sent)
    assert lane.shown <= chain
    with opened(places.store) as reader:
        told = {each.number: reader.chapters(each.number) for each in reader.incidents(most=1000)}
        registered = {each.incident.number for each in reader.register()}
    assert [number for number, lines in lane.stories.items() if len(told[number]) < lines] == []
    assert lane.stories.keys() <= registered
    pressed = Counter(lane.reads)
    written = {number: sum(line.code is Code.ALARM_READ for line in told[number]) for number in pressed}
    assert all(written[number] >= times for number, times in pressed.items())
    said: list[str] = []
    assert verify.store(places, Language.EN, said.append) == verify.NOT_ANCHORED, said


def test_nothing_that_was_promised_is_lost_when_watch_is_killed(tmp_path, capsys):
    """Two hundred times, at random instants: rows, stories, « J'ai vu », journal; sound, and red at once."""
    zygote = Zygote()
    try:
        lanes = [Lane(tmp_path / str(number), SEED + number, zygote) for number in range(LANES)]
        with ThreadPoolExecutor(LANES) as pool:
            list(pool.map(lambda lane: lane.live_and_die(KILLS // LANES), lanes))
    finally:
        zygote.close()
    for lane in lanes:
        settle(lane)
        account(lane)

    struck = sum((lane.struck for lane in lanes), Counter())
    assert sum(struck.values()) == KILLS
    assert struck["in traffic"] > KILLS // 2
    told = {
        "facts": sum(lane.sent for lane in lanes),
        "stories": sum(len(lane.stories) for lane in lanes),
        "heads seen": sum(len(lane.shown) for lane in lanes),
        "« J'ai vu »": sum(len(lane.reads) for lane in lanes),
    }
    first = sorted(each for lane in lanes for each in lane.red)
    with capsys.disabled():
        print(f"\n  {KILLS} kills: {dict(struck)}; {told}; first verdict {first[len(first) // 2]:.2f} s", end="")


def test_after_a_clean_stop_the_past_is_there_and_nothing_claims_to_run(tmp_path):
    """One file, readable without the right to write; no pulse; the journal ends with it; the page says so."""
    running = Running(tmp_path)
    running.start()
    sender = Sender(str(running.places.facts), Outbox("run-1"))
    sender.send(coverage(now(), proof=now()))
    sender.send(connection(at=now(), dicom=dicom()))
    running.until(lambda: (sender.flush(), len(sender.outbox) == 0)[1])
    sender.close()
    running.stop()

    assert not running.places.pulse.exists()
    assert not running.places.store.with_name("sentinel.db-wal").exists()
    with opened(running.places.store) as reader:
        assert [each.incident.level for each in reader.register()] == [Level.ALARM]
    with closing(sqlite3.connect(f"file:{running.places.store}?mode=ro&immutable=1", uri=True)) as db:
        kinds = [each.kind for each in entries(db)]
    assert (kinds[0], kinds[-1]) == ("started", "stopped")
    with closing(sqlite3.connect(running.places.store)) as db:  # somebody had logged in before
        row = {"token": sha256(b"t").hexdigest(), "made": "2026-01-01T00:00:00.000000Z"}
        db.execute(
            "INSERT INTO sessions (token, made, until) VALUES (:token, :made, '2099-01-01T00:00:00.000000Z')", row
        )
        db.commit()
    browser = create_app(Config(), running.places, now).test_client()
    browser.environ_base.update({"HTTP_HOST": "sentinel.local", "HTTP_ACCEPT_LANGUAGE": "fr"})
    browser.set_cookie("sentinel_session", "t")
    assert "La sentinelle ne fonctionne pas" in browser.get("/").text
    past = browser.get("/incidents")
    assert past.status_code == 200
    assert "192.168.1.66" in past.text
