"""The one writer: rows in batches, incidents at once, and what could not be written is kept until it can.

Incidents are committed with `synchronous=FULL` the moment they change; routine rows wait for the next batch.
A locked or full store never stops the street: rows wait in memory, bounded and counted, and the finding says so.
Where memory runs out routine rows go first, incidents never; a row that can never be written holds up no other.
"""

import logging
import sqlite3
from collections import deque
from collections.abc import Callable, Iterable
from datetime import timedelta
from pathlib import Path

from sqlite_utils import Database

from sentinel.model.acting import Setting
from sentinel.model.box import BoxReading
from sentinel.model.connection import Attempts, Connection
from sentinel.model.exposure import Exposure, Kind, ReachOutcome
from sentinel.model.incident import Chapter, Incident
from sentinel.model.ledger import EntryKind
from sentinel.model.machine import HostSighting
from sentinel.model.moment import Address, Moment
from sentinel.model.networks import Network
from sentinel.model.passing import NetworkAnswer
from sentinel.model.standing import Standing
from sentinel.store import answers, migrations, recall, register, rows
from sentinel.store.ledger import Ledger, Stories

BUSY_MS = 100
"""How long a locked store is waited for: the lamp must not hang on a reader's mistake."""
SIGHTED_AGAIN = timedelta(hours=1)
MOST = 50_000
"""Rows that may wait in memory."""
UNWRITABLE = (sqlite3.IntegrityError, sqlite3.DataError, OverflowError, UnicodeEncodeError)
"""What is wrong with the row and not with the store."""

log = logging.getLogger(__name__)

Write = tuple[str, tuple[object, ...]]
"""A statement and its values."""


class Archive:
    """The store, open for writing.

    Raises:
        OSError: the file cannot be opened or brought to the present schema.
    """

    def __init__(self, path: Path, boot: str, clock_trusted: Callable[[], bool] = lambda: True) -> None:
        self._boot = boot
        self.clock_trusted = clock_trusted
        self._incidents: dict[int, Incident] = {}
        self._dear: deque[Write] = deque()
        """What may not be lost: the lines of incidents, checks, answers, runs."""
        self._waiting: deque[Write] = deque()
        self._committed: dict[str, int] = {}
        self._reached: dict[str, int] = {}
        self._sighted: dict[tuple[str, str], Moment] = {}
        self._read: BoxReading | None = None
        self._changed: set[int] = set()
        """Incidents that the register may have to be told of."""
        self.forgotten = 0
        try:
            self._db = _open(path)
            self.ledger = Ledger(self._db)
        except sqlite3.Error as error:
            raise OSError(f"{path}: {error}") from error
        self._stories = Stories(self.ledger)

    # -- what is kept --------------------------------------------------------------------------------------

    def begin_run(self, run: str, at: Moment) -> None:
        """A run of `listen` that has not been met before."""
        row = {"run": run, "boot": self._boot, "started": rows.text(at.wall), "committed": 0}
        self._insert("runs", row, "INSERT OR IGNORE", self._dear)

    def committed(self, run: str) -> int:
        """The last number of a run that is on disk."""
        if run not in self._committed:
            found = self._db.execute("SELECT committed FROM runs WHERE run = ?", (run,)).fetchone()
            self._committed[run] = int(found[0]) if found else 0
        return self._committed[run]

    def walked(self, run: str) -> int:
        """The last number of a run that is on disk or waits for it."""
        return max(self.committed(run), self._reached.get(run, 0))

    def reach(self, run: str, number: int) -> None:
        """Everything of this run up to `number` is in the rows that wait."""
        self._reached[run] = number

    def connection(self, run: str, connection: Connection, standing: Standing) -> None:
        """One connection, as it now stands."""
        row = rows.connection_row(run, connection, standing.value, self.clock_trusted())
        self._insert("connections", row, "INSERT OR REPLACE")

    def attempts(self, run: str, more: Attempts) -> None:
        """One sum, as it now stands."""
        self._insert("attempts", rows.attempts_row(run, more), "INSERT OR REPLACE")

    def sighting(self, sighting: HostSighting) -> None:
        """A machine was alive; written once an hour, to spare the card."""
        last = self._sighted.get((sighting.mac, str(sighting.address)))
        if last is not None and sighting.at.since(last) < SIGHTED_AGAIN:
            return
        if len(self._sighted) > MOST:
            self._sighted.clear()
        self._sighted[(sighting.mac, str(sighting.address))] = sighting.at
        at = rows.text(sighting.at.wall)
        values = (sighting.mac, str(sighting.address), sighting.seen_by.value, at, at)
        statement = (
            "INSERT INTO machines (mac, address, seen_by, first, last) VALUES (?, ?, ?, ?, ?)"
            " ON CONFLICT (mac, address) DO UPDATE SET last = excluded.last, seen_by = excluded.seen_by"
        )
        self._later(self._waiting, (statement, values))

    def exposure(self, exposure: Exposure, verdict: str, machine: tuple[Address, str | None, int] | None) -> None:
        """One cell, what judgement made of it, and the machine that answered if it was named."""
        self._insert("exposures", rows.exposure_row(exposure, verdict, machine), "INSERT OR REPLACE")

    def outcome(self, outcome: ReachOutcome) -> None:
        """One attempt to ask the echo."""
        self._insert("outcomes", rows.outcome_row(outcome), "INSERT", self._dear)

    def incident(self, incident: Incident, chapter: Chapter | None) -> None:
        """One story, as it now stands, and its new line; what is news of it goes into the journal as well."""
        self._incidents[incident.number] = incident
        if self._stories.take(incident, chapter):
            self._changed.add(incident.number)
        if chapter is not None:
            self._insert("chapters", rows.chapter_row(chapter), "INSERT", self._dear)

    def tell(self, kind: EntryKind, at: Moment, **told: object) -> None:
        """Something for the journal only, or beside a row that was put just now: both are committed together.

        The values are what JSON holds: no secret, and nothing that a server or a visitor wrote.
        """
        self.ledger.tell(kind, at.wall, told)

    def tell_moved(self, at: Moment) -> None:
        """What strangers moved since it was last told: at the end of the day, and before a clean stop."""
        self._changed.update(self._stories.tell_moved(at.wall))

    def network(self, answer: NetworkAnswer) -> None:
        """Whose a private network is."""
        self.tell(EntryKind.NETWORK, answer.at, network=answer.network, ours=answer.ours, who=answer.who)
        row = {
            "network": answer.network,
            "ours": int(answer.ours),
            "who": answer.who,
            "at": rows.text(answer.at.wall),
        }
        self._insert("networks", row, "INSERT OR REPLACE", self._dear)

    def setting(self, setting: Setting) -> None:
        """One section of the settings, over the one before."""
        row = {
            "section": setting.section,
            "value": setting.value,
            "who": setting.who,
            "at": rows.text(setting.at.wall),
        }
        self._insert("settings", row, "INSERT OR REPLACE", self._dear)

    def box(self, reading: BoxReading) -> None:
        """The last look at the box, over the one before; written when it says something new, or is an hour old."""
        last = self._read
        if last and rows.is_same_box(last, reading) and reading.at.since(last.at) < SIGHTED_AGAIN:
            return
        self._read = reading
        self._insert("box", rows.box_row(reading), "INSERT OR REPLACE")

    def _insert(self, table: str, row: rows.Row, verb: str, pile: deque[Write] | None = None) -> None:
        self._later(self._waiting if pile is None else pile, _statement(table, row, verb))

    def _later(self, pile: deque[Write], write: Write) -> None:
        if len(pile) >= MOST:
            pile.popleft()
            self.forgotten += 1
        pile.append(write)

    # -- writing -------------------------------------------------------------------------------------------

    def commit(self) -> dict[str, int]:
        """Put everything that waits on disk, in one transaction.

        Returns:
            For each run the last number now on disk, to be acknowledged.

        Raises:
            OSError: it could not be written; nothing is lost, everything waits for the next try.
        """
        try:
            with self._db:
                unwritable = sum(not self._put(write) for write in self._all())
                for run, number in self._reached.items():
                    self._db.execute("UPDATE runs SET committed = max(committed, ?) WHERE run = ?", (number, run))
                register.write(self._db, self._changed)
                self.ledger.write()
        except sqlite3.Error as error:
            raise OSError(str(error)) from error
        self.forgotten += unwritable + self.ledger.forgotten
        self.ledger.forgotten = 0
        self.ledger.settle()
        self._changed.clear()
        self._incidents.clear()
        self._dear.clear()
        self._waiting.clear()
        self._committed.update(self._reached)
        done, self._reached = self._reached, {}
        return done

    def _all(self) -> Iterable[Write]:
        """Everything that waits; an incident before its lines."""
        for incident in self._incidents.values():
            row = {**rows.incident_row(incident), "boot": self._boot}
            yield _statement("incidents", row, "INSERT OR REPLACE")
        yield from self._dear
        yield from self._waiting

    def _put(self, write: Write) -> bool:
        try:
            self._db.execute(*write)
        except UNWRITABLE as error:
            log.error("a row can never be written: %s", error)
            return False
        return True

    @property
    def is_behind(self) -> bool:
        """Numbers were walked whose place in their run is not on disk yet."""
        return bool(self._reached)

    def __len__(self) -> int:
        """Rows that wait."""
        return len(self._incidents) + len(self._dear) + len(self._waiting) + len(self.ledger)

    # -- after a restart -----------------------------------------------------------------------------------

    def incidents(self, now: Moment) -> list[Incident]:
        """Every story not closed, and those closed lately enough to be reopened, oldest first."""
        found = recall.incidents(self._db, self._boot, now)
        self._stories.recall(found)
        return found

    def kinds(self, now: Moment) -> dict[answers.Place, tuple[Kind, Moment]]:
        """What last answered within a day at each family and public port that was not found shut since."""
        return answers.kinds(self._db, now)

    def fragile(self, now: Moment) -> set[answers.Place]:
        """Family and public port of services that stopped after a question of ours, within 90 days."""
        return answers.fragile(self._db, now)

    def openings(self, now: Moment, within: timedelta) -> list[tuple[str, int, int, Moment]]:
        """Each echo (key id), family and public port it last called open, and when; none older than `within`."""
        return recall.openings(self._db, now, within)

    def next_incident(self) -> int:
        """The number of the next new story."""
        return recall.next_incident(self._db)

    def known_networks(self) -> list[Network]:
        """Private networks somebody said are ours."""
        return recall.known_networks(self._db)

    def settings(self) -> dict[str, str]:
        """The sections somebody set, each as its JSON."""
        return {str(name): str(value) for name, value in self._db.execute("SELECT section, value FROM settings")}

    # -- sessions ------------------------------------------------------------------------------------------

    def at_once(self, statement: str, values: Iterable[object]) -> list[tuple[object, ...]]:
        """One statement of the session desk, committed before it returns.

        Raises:
            OSError: the store could not be written.
        """
        try:
            with self._db:
                return self._db.execute(statement, tuple(values)).fetchall()
        except sqlite3.Error as error:
            raise OSError(str(error)) from error

    def close(self) -> None:
        """Leave one file: the -wal is folded in, and a reader needs no right to write."""
        self._db.close()


def _statement(table: str, row: rows.Row, verb: str) -> Write:
    names = ", ".join(f'"{name}"' for name in row)
    blanks = ", ".join("?" * len(row))
    return f"{verb} INTO {table} ({names}) VALUES ({blanks})", tuple(row.values())


def _open(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(path, timeout=BUSY_MS / 1000)
    try:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = FULL")  # an incident on disk is on disk
        connection.execute("PRAGMA foreign_keys = ON")
        migrations.apply(Database(connection))
        connection.commit()
    except sqlite3.Error:
        connection.close()
        raise
    path.chmod(0o640)
    return connection
