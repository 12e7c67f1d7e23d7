"""The one writer: rows in batches, incidents at once, and what could not be written is kept until it can.

Incidents are committed with `synchronous=FULL` the moment they change; routine rows wait for the next batch.
A locked or full store never stops the street: rows wait in memory, bounded and counted, and the finding says so.
Where memory runs out routine rows go first, incidents never; a row that can never be written holds up no other.
"""

import sqlite3
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from datetime import timedelta
from pathlib import Path

from sentinel.model.acting import Acceptance, Paper, Setting, Withdrawal
from sentinel.model.box import BoxReading
from sentinel.model.connection import Attempts, Connection
from sentinel.model.exposure import Exposure, ReachOutcome
from sentinel.model.incident import Chapter, Incident
from sentinel.model.ledger import FIRST, EntryKind
from sentinel.model.machine import HostSighting, Portrait, SeenBy, Uplink
from sentinel.model.moment import Address, Moment
from sentinel.model.notice import Notice
from sentinel.model.passing import NetworkAnswer
from sentinel.model.standing import Standing
from sentinel.store import acceptances, decisions, heard, portraits, recall, register, retention, rows, told
from sentinel.store.at_once import AtOnce
from sentinel.store.days import Diary
from sentinel.store.ledger import Ledger, Stories
from sentinel.store.proofs import Proofs
from sentinel.store.recollection import Recollection
from sentinel.store.writing import Write, open_store, put, statement

SIGHTED_AGAIN = timedelta(hours=1)
MOST = 50_000
"""Rows that may wait in memory."""


class Archive(AtOnce, Recollection):
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
        self._sighted: dict[tuple[str, str, bool], Moment] = {}
        self._read: BoxReading | None = None
        self._changed: set[int] = set()
        """Incidents that the register may have to be told of."""
        self.forgotten = 0
        try:
            self._db = open_store(path)
            self.ledger = Ledger(self._db)
        except sqlite3.Error as error:
            raise OSError(f"{path}: {error}") from error
        self._stories = Stories(self._db, self.ledger)
        self.diary = Diary(self._db)
        self.proofs = Proofs(self._db, lambda row: self._insert("anchors", row, "INSERT", self._dear))

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
        """A machine was alive, or its traffic passed us; each written once an hour, to spare the card."""
        crossed = sighting.seen_by is SeenBy.PASSING
        seen = (sighting.mac, str(sighting.address), crossed)
        last = self._sighted.get(seen)
        if last is not None and sighting.at.since(last) < SIGHTED_AGAIN:
            return
        if len(self._sighted) > MOST:
            self._sighted.clear()
        self._sighted[seen] = sighting.at
        self._later(self._waiting, heard.write(sighting))

    def portrait(self, portrait: Portrait) -> None:
        """What a machine told of itself; `listen` tells it once an hour."""
        for write in portraits.portrait(portrait):
            self._later(self._waiting, write)

    def uplink(self, uplink: Uplink) -> None:
        """Where we hang, over the last word of the same protocol."""
        self._later(self._waiting, portraits.uplink(uplink))

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

    def acceptance(self, acceptance: Acceptance) -> None:
        """A door somebody accepts."""
        row = acceptances.row(acceptance)
        self.tell(EntryKind.ACCEPTED, acceptance.at, **{name: row[name] for name in row if name != "at"})
        self._insert("acceptances", row, "INSERT OR REPLACE", self._dear)

    def withdrawal(self, withdrawal: Withdrawal) -> None:
        """An acceptance that holds no more."""
        self.tell(EntryKind.WITHDRAWN, withdrawal.at, number=withdrawal.number, who=withdrawal.who)
        self._later(self._dear, acceptances.withdrawn(withdrawal))

    def setting(self, setting: Setting) -> None:
        """One section of the settings, over the one before; the journal knows its name and no value."""
        self.tell(EntryKind.SETTING, setting.at, section=setting.section, who=setting.who)
        self._insert("settings", rows.setting_row(setting), "INSERT OR REPLACE", self._dear)

    def notice(self, notice: Notice) -> None:
        """One message to one recipient, as its delivery now stands."""
        self._insert("notices", told.notice_row(notice), "INSERT OR REPLACE", self._dear)

    def paper(self, paper: Paper) -> None:
        """A document that was made, and its hash in the journal."""
        told = {"name": paper.name, "sha256": paper.sha256, "incident": paper.incident, "who": paper.who}
        self.tell(EntryKind.PAPER, paper.at, paper=paper.kind.value, **told)
        row = {**told, "kind": paper.kind.value, "at": rows.text(paper.at.wall)}
        self._insert("papers", row, "INSERT", self._dear)

    def box(self, reading: BoxReading) -> None:
        """The last look at the box, over the one before; written when it says something new, or is an hour old."""
        last = self._read
        if last and rows.is_same_box(last, reading) and reading.at.since(last.at) < SIGHTED_AGAIN:
            return
        self._read = reading
        self._insert("box", rows.box_row(reading), "INSERT OR REPLACE")

    def _insert(self, table: str, row: rows.Row, verb: str, pile: deque[Write] | None = None) -> None:
        self._later(self._waiting if pile is None else pile, statement(table, row, verb))

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
                unwritable = sum(not put(self._db, write) for write in self._all())
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
            yield statement("incidents", row, "INSERT OR REPLACE")
        yield from self._dear
        yield from self._waiting

    @property
    def is_behind(self) -> bool:
        """Numbers were walked whose place in their run is not on disk yet."""
        return bool(self._reached)

    def __len__(self) -> int:
        """Rows that wait."""
        return len(self._incidents) + len(self._dear) + len(self._waiting) + len(self.ledger)

    # -- after a restart -----------------------------------------------------------------------------------

    def incidents(self, now: Moment) -> list[Incident]:
        """Every story not closed, and those closed lately enough to be reopened, oldest first.

        Raises:
            OSError: what people decided was edited meanwhile, and cannot be put back: nobody may obey it.
        """
        self._put_back(now)
        found = recall.incidents(self._db, self._boot, now)
        self._changed.update(self._stories.take_over(now.wall))
        self._changed.update(self._stories.recall(found, now.wall))
        return found

    def _put_back(self, now: Moment) -> None:
        """Before anybody reads them: accepted doors and answered networks are what the journal told."""
        if self.ledger.head == FIRST:
            return  # a release that kept no journal: the first that is told of them comes now
        for altered, writes in list(decisions.edited(self._db)):
            self._dear.extend(writes)
            self.tell(EntryKind.ALTERED, now, **altered)
        if self._dear:
            self.commit()

    # -- what has had its time -----------------------------------------------------------------------------

    def purge(self, now: Moment, keep: timedelta) -> Iterator[None]:
        """Take away what is older, one small step each time it is asked to go on.

        Raises:
            OSError: from a step; a new purge does the rest.
        """
        try:
            yield from retention.purge(
                self._db,
                now.wall,
                keep,
                lambda words, values: self._later(self._dear, (words, values)),
                lambda kind, told: self.tell(kind, now, **told),
            )
        except sqlite3.Error as error:
            raise OSError(str(error)) from error

    def close(self) -> None:
        """Leave one file: the -wal is folded in, and a reader needs no right to write."""
        self._db.close()
