"""What readers see of the store: the page and the command line, each in its own process, never writing."""

import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from hashlib import sha256
from ipaddress import ip_address
from pathlib import Path

from sentinel.model.box import BoxReading
from sentinel.model.connection import ConnectionState
from sentinel.model.exposure import Outcome, PortList
from sentinel.model.finding import Level
from sentinel.model.incident import Chapter, Incident
from sentinel.model.ledger import Day, Entry
from sentinel.model.notice import Notice
from sentinel.model.standing import Standing
from sentinel.store import acceptances, journal, listed, register, rows, told
from sentinel.store.accounts import Accounts
from sentinel.store.heard import Heard
from sentinel.store.holdings import Holdings
from sentinel.store.listed import Cell, ConnectionRow, LastCheck
from sentinel.store.register import Registered
from sentinel.store.tallies import Tallies
from sentinel.store.vitals import Vitals, vitals

REMEMBERED = timedelta(days=7)
"""An older word on a port is told no more, once there are newer ones."""
LATEST = 5000
"""Attempts among which the last of every echo is looked for: more than a day has of them, re-tests and all."""
ASKED = timedelta(days=1)
"""An echo or a family that was not tried for so long, while others were, is not asked any more."""

COUNTED = 10_000
"""Connections that are counted for a page; beyond, there are more, and the reader narrows the question."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Filter:
    """Which connections a reader wants to see; empty means any."""

    text: str = ""
    """The beginning of an address, or part of an AE title."""
    port: int | None = None
    state: ConnectionState | None = None
    standing: Standing | None = None
    after: datetime | None = None
    """Only what was opened since: a log of half a year is not searched to its end by every page."""


class Reader:
    """Questions to the store; made anew for each page, closed after it.

    Raises:
        OSError: the store cannot be opened or read.
    """

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._db = connection
        self._db.row_factory = sqlite3.Row
        self.accounts = Accounts(connection)
        self.heard = Heard(connection)
        self.tallies = Tallies(connection)

    def incidents(self, *, least: Level = Level.NOTE, most: int = 200) -> list[Incident]:
        """Stories, open ones first, then by their last event, newest first."""
        found = self._db.execute(
            "SELECT * FROM incidents WHERE level >= ? ORDER BY state = 'closed', level DESC, last DESC LIMIT ?",
            (int(least), most),
        )
        return [rows.incident(row) for row in found]

    def incident(self, number: int) -> Incident | None:
        """One story."""
        row = self._db.execute("SELECT * FROM incidents WHERE number = ?", (number,)).fetchone()
        return rows.incident(row) if row else None

    def chapters(self, number: int) -> list[Chapter]:
        """The timeline of one story, oldest first."""
        found = self._db.execute("SELECT * FROM chapters WHERE incident = ? ORDER BY number", (number,))
        return [rows.chapter(row) for row in found]

    def connections(self, wanted: Filter, *, most: int = 100, skip: int = 0) -> list[ConnectionRow]:
        """Connections, newest first."""
        many = not wanted.text or self.count_connections(wanted) > COUNTED
        where, values = _conditions(wanted, by_time=many)
        order = "opened" if many else "+opened"  # few are found by who came, and then put in order
        found = self._db.execute(
            f"SELECT * FROM connections {where} ORDER BY {order} DESC LIMIT ? OFFSET ?",  # noqa: S608 - fixed words only
            (*values, most, skip),
        )
        return [listed.connection(row) for row in found]

    def count_connections(self, wanted: Filter) -> int:
        """How many connections the filter lets through; COUNTED + 1 where there are more."""
        where, values = _conditions(wanted)
        found = self._db.execute(
            f"SELECT count(*) FROM (SELECT 1 FROM connections {where} LIMIT ?)",  # noqa: S608 - fixed words only
            (*values, COUNTED + 1),
        )
        return int(found.fetchone()[0])

    def visits_of(self, incident: Incident, *, most: int = 50) -> list[ConnectionRow]:
        """The strangers' connections to an incident's door, newest first."""
        if incident.machine is None or incident.port is None:
            return []
        found = self._db.execute(
            "SELECT * FROM connections WHERE target = ? AND target_port = ?"
            " AND standing IN ('stranger', 'box') ORDER BY opened DESC LIMIT ?",
            (str(incident.machine), incident.port, most),
        )
        return [listed.connection(row) for row in found]

    def attempts(self) -> tuple[int, int]:
        """Knocks that nothing answered, and knocks that were refused, over the whole log."""
        row = self._db.execute(
            "SELECT coalesce(sum(silent), 0), coalesce(sum(refused), 0) FROM attempts"
        ).fetchone()
        return int(row[0]), int(row[1])

    def cells(self) -> list[Cell]:
        """The last word of each echo on each family's ports, by port; a week back from the newest."""
        newest = self._db.execute("SELECT max(at) FROM exposures").fetchone()[0]
        if newest is None:
            return []
        found = self._db.execute(
            "SELECT *, max(at) FROM exposures WHERE at >= ?"
            " GROUP BY echo, family, port ORDER BY port, family, echo",
            (rows.text(rows.wall(newest) - REMEMBERED),),  # so that a page reads a week and not half a year
        )
        return [listed.cell(row) for row in found]

    def cells_of(self, check: str) -> list[Cell]:
        """Everything one check said, by port."""
        found = self._db.execute('SELECT * FROM exposures WHERE "check" = ? ORDER BY port', (check,))
        return [listed.cell(row) for row in found]

    def macs(self) -> dict[str, str]:
        """Addresses of the LAN, each with the hardware address last seen there."""
        found = self._db.execute("SELECT address, mac FROM machines ORDER BY last")
        return {row["address"]: row["mac"] for row in found}

    def box(self) -> BoxReading | None:
        """The last look at the box from inside; None before the first. Up to an hour old where nothing changes."""
        row = self._db.execute("SELECT reading FROM box").fetchone()
        return rows.box(row) if row else None

    def acceptances(self) -> list[acceptances.Listed]:
        """Every door somebody ever accepted, the newest first: valid, ended or withdrawn."""
        return acceptances.listed(self._db)

    def last_checks(self) -> list[LastCheck]:
        """The last attempt with each echo and family, IPv4 first; what is asked no more leaves after a day."""
        found = self._db.execute(
            "SELECT *, max(number) FROM outcomes WHERE number > (SELECT max(number) FROM outcomes) - ?"
            " GROUP BY echo, family ORDER BY family, echo",
            (LATEST,),
        )
        checks = self._named(found)
        newest = max((check.asked for check in checks), default=None)
        return [check for check in checks if newest and newest - check.asked < ASKED]

    def last_proofs(self) -> dict[tuple[str, int], datetime]:
        """When the last complete check of each echo and family was asked for."""
        found = self._db.execute(
            "SELECT echo, family, max(asked) FROM outcomes WHERE outcome = ? AND ports = ? GROUP BY echo, family",
            (Outcome.CHECKED.value, PortList.FULL.value),
        )
        return {(echo, family): rows.wall(asked) for echo, family, asked in found}

    def checks(self, *, most: int = 20, after: int = 0) -> list[LastCheck]:
        """Attempts to ask the echo, newest first; only those numbered above `after`."""
        found = self._db.execute(
            "SELECT * FROM outcomes WHERE number > ? ORDER BY number DESC LIMIT ?", (after, most)
        )
        return self._named(found)

    def _named(self, found: Iterable[sqlite3.Row]) -> list[LastCheck]:
        """Attempts, each with its echo's name: one that was not made, or an older release's, brings none."""
        checks = [listed.check(row) for row in found]
        if all(check.host for check in checks):
            return checks
        names = dict(self._db.execute("SELECT echo, max(host) FROM outcomes GROUP BY echo").fetchall())
        return [replace(check, host=check.host or names[check.echo]) for check in checks]

    def notices(self, *, most: int = 50) -> list[Notice]:
        """Messages and how their delivery goes, newest first."""
        found = self._db.execute("SELECT * FROM notices ORDER BY number DESC LIMIT ?", (most,))
        return [told.notice(row) for row in found]

    def last_drill(self) -> Incident | None:
        """The last exercise, whoever asked for it."""
        row = self._db.execute(
            "SELECT * FROM incidents WHERE story_kind = 'drill' ORDER BY number DESC LIMIT 1"
        ).fetchone()
        return rows.incident(row) if row else None

    # -- what proves itself --------------------------------------------------------------------------------

    def register(self, since: datetime | None = None) -> list[Registered]:
        """The register of art. 33(5), oldest first; with `since` only what began then or later."""
        return register.registered(self._db, since)

    def head(self) -> str:
        """Hash of the journal's last entry; 64 zeros before the first."""
        return journal.head(self._db)

    def journal(self, incident: int) -> list[Entry]:
        """The journal from an incident's first entry to the head; of other stories only the hashes."""
        return list(journal.excerpt(self._db, incident))

    def days(self, first: date, last: date) -> list[Day]:
        """What was proved on each day from one to another, both included; days nobody told of are missing."""
        return journal.days(self._db, first, last)

    def anchors(self) -> list[str]:
        """Checks whose signed report carries a head of the journal, oldest first: lines of `ancres.jsonl`."""
        return journal.anchors(self._db)

    def reports(self, incident: int) -> dict[str, str]:
        """The signed checks that opened or closed an incident, where they were kept, by the check's name."""
        return journal.reports(self._db, incident)

    def vitals(self) -> Vitals:
        """How the store itself is doing."""
        return vitals(self._db)

    def networks(self) -> list[tuple[str, bool, str, datetime]]:
        """Private networks somebody was asked about: whether they are ours, who said so and when."""
        found = self._db.execute("SELECT network, ours, who, at FROM networks ORDER BY at DESC LIMIT 100")
        return [(row["network"], bool(row["ours"]), row["who"], rows.wall(row["at"])) for row in found]

    def settings(self) -> dict[str, str]:
        """The sections somebody set on the page, each as its JSON."""
        return {row["section"]: row["value"] for row in self._db.execute("SELECT section, value FROM settings")}

    @property
    def holdings(self) -> Holdings:
        """What papers are made from."""
        return Holdings(self._db)

    def has_session(self, token: str, now: datetime) -> bool:
        """Whether a browser's token stands for a login that has not ended."""
        row = self._db.execute(
            "SELECT until FROM sessions WHERE token = ?", (sha256(token.encode()).hexdigest(),)
        ).fetchone()
        return row is not None and rows.wall(row["until"]) > now


@contextmanager
def opened(path: Path) -> Iterator[Reader]:
    """The store for the length of one page.

    `mode=ro` follows a living writer through its -wal file. After a clean stop there is none, and a reader
    without the right to make one opens the file as unchanging.

    Raises:
        OSError: there is no store, or it cannot be read.
    """
    way = "mode=ro" if path.with_name(path.name + "-wal").exists() else "mode=ro&immutable=1"
    try:
        connection = sqlite3.connect(f"{path.absolute().as_uri()}?{way}", uri=True, timeout=0.5)
        try:
            yield Reader(connection)
        finally:
            connection.close()
    except sqlite3.Error as error:
        raise OSError(f"the store cannot be read: {error}") from error


def _conditions(wanted: Filter, *, by_time: bool = False) -> tuple[str, list[object]]:
    """`by_time`: no index but that of time is to be used; SQLite takes a column after a plus as it comes."""
    words: list[str] = []
    values: list[object] = []
    if wanted.text:
        condition, more = _searched(wanted.text, "+" if by_time else "")
        words.append(condition)
        values += more
    if wanted.after is not None:
        words.append("opened >= ?")
        values.append(rows.text(wanted.after))
    if wanted.port is not None:
        words.append("target_port = ?")
        values.append(wanted.port)
    for column, value in (("state", wanted.state), ("standing", wanted.standing)):
        if value is not None:
            words.append(f"{column} = ?")
            values.append(value.value)
    return ("WHERE " + " AND ".join(words)) if words else "", values


def _searched(text: str, plus: str) -> tuple[str, list[object]]:
    """By the indices: a page must not read half a year of rows to find what is, or begins, like this."""
    try:
        address = str(ip_address(text))
    except ValueError:
        begins = [text, text[:-1] + chr(min(ord(text[-1]) + 1, 0x10FFFF))]
        return (
            f"(({plus}source >= ? AND {plus}source < ?) OR ({plus}target >= ? AND {plus}target < ?)"
            f" OR ({plus}calling IS NOT NULL AND instr(calling, ?)))",
            [*begins, *begins, text],
        )
    return f"({plus}source = ? OR {plus}target = ?)", [address] * 2
