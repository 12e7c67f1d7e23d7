"""The tables, as a list of steps that only grows.

Times are kept twice: ISO 8601 UTC text for people, and seconds of the boot clock (`…_boot`) for durations,
which compare only between rows of runs with the same `boot`.
"""

import sqlite3
from typing import Any

from sqlite_utils import Database, Migrations

migrations = Migrations("sentinel")


@migrations()
def first_tables(db: Database) -> None:
    """0.1.0."""
    for statement in FIRST.split(";"):
        if statement.strip():
            db.execute(statement)


@migrations()
def incidents_know_their_boot(db: Database) -> None:
    """0.1.0: whose boot clock the `…_boot` columns of an incident follow; empty where nobody knows."""
    db.execute("ALTER TABLE incidents ADD COLUMN boot TEXT NOT NULL DEFAULT ''")


@migrations()
def what_answered(db: Database) -> None:
    """0.1.0: what answered at an open door, as JSON of `model.exposure.Application`; what the box said."""
    for statement in ANSWERS.split(";"):
        if statement.strip():
            db.execute(statement)


@migrations()
def echoes_have_names(db: Database) -> None:
    """0.1.0: the host of the echo that was asked: the page knows no keys."""
    db.execute("ALTER TABLE outcomes ADD COLUMN host TEXT NOT NULL DEFAULT ''")


@migrations()
def what_people_do(db: Database) -> None:
    """0.1.0: ledger and register, acceptances, settings, the password, the audit, notices, papers."""
    for statement in PEOPLE.split(";"):
        if statement.strip():
            db.execute(statement)


@migrations()
def what_machines_tell(db: Database) -> None:
    """0.1.0: who made a machine, what it says it is and offers, and the switch we hang on."""
    for statement in PORTRAITS.split(";"):
        if statement.strip():
            db.execute(statement)


@migrations()
def what_is_spoken(db: Database) -> None:
    """0.1.0: a connection's label, and whether all was seen that its association proposes; NULL: nobody looked."""
    db.execute("ALTER TABLE connections ADD COLUMN label TEXT")
    db.execute("ALTER TABLE connections ADD COLUMN services_whole INTEGER")


PORTRAITS = """
ALTER TABLE machines ADD COLUMN vendor TEXT;
CREATE TABLE traits (
    mac TEXT NOT NULL, trait TEXT NOT NULL, port INTEGER NOT NULL, host TEXT NOT NULL, last TEXT NOT NULL,
    PRIMARY KEY (mac, trait, port)
) STRICT;
CREATE TABLE uplinks (
    said_by TEXT PRIMARY KEY, switch TEXT NOT NULL, port TEXT NOT NULL, vlan INTEGER, vendor TEXT NOT NULL,
    last TEXT NOT NULL
) STRICT
"""
"""`traits`: a word of `model.machine.Kind` with port 0, or of `Service` with its port; `uplinks`: the last word of
each protocol. What a machine says of itself is never evidence, and none of it is told to the journal."""

PEOPLE = """
ALTER TABLE incidents ADD COLUMN shown TEXT;
ALTER TABLE incidents ADD COLUMN shown_boot REAL;
ALTER TABLE incidents ADD COLUMN installation INTEGER NOT NULL DEFAULT 0;
ALTER TABLE incidents ADD COLUMN measured TEXT;
ALTER TABLE incidents ADD COLUMN measured_boot REAL;
ALTER TABLE incidents ADD COLUMN measure_told TEXT;
ALTER TABLE incidents ADD COLUMN measure_told_boot REAL;
ALTER TABLE incidents ADD COLUMN measure TEXT;
ALTER TABLE incidents ADD COLUMN measured_by TEXT;
ALTER TABLE incidents ADD COLUMN false_alarm TEXT;
ALTER TABLE incidents ADD COLUMN false_alarm_boot REAL;
ALTER TABLE incidents ADD COLUMN proved_open TEXT;
ALTER TABLE incidents ADD COLUMN proved_open_boot REAL;
ALTER TABLE incidents ADD COLUMN other_sources INTEGER NOT NULL DEFAULT 0;
ALTER TABLE incidents ADD COLUMN asks_nobody INTEGER NOT NULL DEFAULT 0;
ALTER TABLE incidents ADD COLUMN robots TEXT NOT NULL DEFAULT '[]';
ALTER TABLE chapters ADD COLUMN said TEXT NOT NULL DEFAULT '';
ALTER TABLE machines ADD COLUMN crossed TEXT;
ALTER TABLE chapters ADD COLUMN done TEXT;
CREATE TABLE ledger (
    number INTEGER PRIMARY KEY, at TEXT NOT NULL, kind TEXT NOT NULL, body TEXT NOT NULL,
    before TEXT NOT NULL, hash TEXT NOT NULL
) STRICT;
CREATE INDEX ledger_kind ON ledger (kind, at);
CREATE TABLE anchors (
    number INTEGER PRIMARY KEY, head TEXT NOT NULL, echo TEXT NOT NULL, "check" TEXT NOT NULL, at TEXT NOT NULL,
    incidents TEXT NOT NULL, report TEXT NOT NULL
) STRICT;
CREATE TABLE register (
    incident INTEGER PRIMARY KEY, first TEXT NOT NULL, shown TEXT, read TEXT, read_by TEXT, closed TEXT,
    record TEXT NOT NULL
) STRICT;
CREATE TABLE acceptances (
    number INTEGER PRIMARY KEY, machine TEXT NOT NULL, port INTEGER NOT NULL, source TEXT, until TEXT NOT NULL,
    window INTEGER NOT NULL, who TEXT NOT NULL, why TEXT NOT NULL, at TEXT NOT NULL,
    from_file INTEGER NOT NULL, withdrawn TEXT, withdrawn_by TEXT
) STRICT;
CREATE TABLE settings (
    section TEXT PRIMARY KEY, value TEXT NOT NULL, who TEXT NOT NULL, at TEXT NOT NULL
) STRICT;
ALTER TABLE sessions ADD COLUMN client TEXT NOT NULL DEFAULT '';
CREATE TABLE password (one INTEGER PRIMARY KEY CHECK (one = 1), hash TEXT NOT NULL, at TEXT NOT NULL) STRICT;
CREATE TABLE audit (
    number INTEGER PRIMARY KEY, at TEXT NOT NULL, client TEXT NOT NULL, verb TEXT NOT NULL, who TEXT NOT NULL,
    detail TEXT NOT NULL, reply TEXT NOT NULL
) STRICT;
CREATE TABLE notices (
    number INTEGER PRIMARY KEY, kind TEXT NOT NULL, recipient TEXT NOT NULL, told TEXT NOT NULL, due TEXT NOT NULL,
    tries INTEGER NOT NULL, tried TEXT, arrived TEXT, over INTEGER NOT NULL, detail TEXT NOT NULL
) STRICT;
CREATE TABLE papers (
    number INTEGER PRIMARY KEY, kind TEXT NOT NULL, name TEXT NOT NULL UNIQUE, sha256 TEXT NOT NULL,
    incident INTEGER NOT NULL, who TEXT NOT NULL, at TEXT NOT NULL
) STRICT;
DROP INDEX connections_opened;
CREATE INDEX connections_listed ON connections (opened, standing, state, target_port);
CREATE INDEX connections_target ON connections (target, target_port, opened, standing);
CREATE INDEX connections_source ON connections (source, opened);
CREATE INDEX connections_calling ON connections (calling) WHERE calling IS NOT NULL
"""
"""`ledger`: each entry's hash covers the one before. `anchors`: signed checks that were kept, as lines of
`reach.record`; `head` is empty where the echo signed none, `incidents` lists those it opened or closed. `register`
holds whole incidents as JSON, for the practice's own file (GDPR art. 33(5)): the purge of the network log never
touches it. No password of a notice's address is in `notices`: a recipient is `practice` or `technician`; `told` is
JSON of `model.notice.Told`. The indices of `connections` are what the page asks by among a million rows: its list
and its picture by time, an incident's visits by door, somebody's visits by source or AE title."""

ANSWERS = """
ALTER TABLE exposures ADD COLUMN family INTEGER NOT NULL DEFAULT 4;
UPDATE exposures SET family = 6 WHERE instr(address, ':');
ALTER TABLE exposures ADD COLUMN app TEXT;
ALTER TABLE incidents ADD COLUMN nature TEXT;
CREATE TABLE box (
    one INTEGER PRIMARY KEY CHECK (one = 1), at TEXT NOT NULL, reading TEXT NOT NULL
) STRICT
"""
"""Table `box` holds the last look only, as JSON of `model.box.BoxReading`: what changed is told by incidents."""

FIRST = """
CREATE TABLE runs (
    run TEXT PRIMARY KEY, boot TEXT NOT NULL, started TEXT NOT NULL, committed INTEGER NOT NULL
) STRICT;
CREATE TABLE connections (
    run TEXT NOT NULL, serial INTEGER NOT NULL, standing TEXT NOT NULL,
    source TEXT NOT NULL, source_port INTEGER NOT NULL, target TEXT NOT NULL, target_port INTEGER NOT NULL,
    source_mac TEXT, target_mac TEXT, vlan INTEGER, direction TEXT NOT NULL, state TEXT NOT NULL,
    opened TEXT NOT NULL, opened_boot REAL NOT NULL, changed TEXT NOT NULL, changed_boot REAL NOT NULL,
    clock_trusted INTEGER NOT NULL, bytes_in INTEGER NOT NULL, bytes_out INTEGER NOT NULL,
    called TEXT, calling TEXT, association TEXT, services TEXT, rejection TEXT,
    PRIMARY KEY (run, serial)
) STRICT;
CREATE INDEX connections_opened ON connections (opened);
CREATE TABLE attempts (
    run TEXT NOT NULL, source_network TEXT NOT NULL, target TEXT NOT NULL, target_port INTEGER NOT NULL,
    target_mac TEXT, hour TEXT NOT NULL, silent INTEGER NOT NULL, refused INTEGER NOT NULL,
    answered INTEGER NOT NULL, connected INTEGER NOT NULL, bytes_in INTEGER NOT NULL, bytes_out INTEGER NOT NULL,
    first TEXT NOT NULL, last TEXT NOT NULL,
    PRIMARY KEY (run, source_network, target, target_port, hour)
) STRICT;
CREATE TABLE machines (
    mac TEXT NOT NULL, address TEXT NOT NULL, seen_by TEXT NOT NULL, first TEXT NOT NULL, last TEXT NOT NULL,
    PRIMARY KEY (mac, address)
) STRICT;
CREATE TABLE exposures (
    "check" TEXT NOT NULL, echo TEXT NOT NULL, address TEXT NOT NULL, port INTEGER NOT NULL,
    reach TEXT NOT NULL, why TEXT NOT NULL, took_ms REAL NOT NULL, at TEXT NOT NULL,
    verdict TEXT NOT NULL, machine TEXT, mac TEXT, inside_port INTEGER,
    PRIMARY KEY ("check", address, port)
) STRICT;
CREATE INDEX exposures_at ON exposures (at);
CREATE TABLE outcomes (
    number INTEGER PRIMARY KEY, echo TEXT NOT NULL, family INTEGER NOT NULL, ports TEXT NOT NULL,
    outcome TEXT NOT NULL, "check" TEXT, address TEXT, tested INTEGER NOT NULL, decoys_open INTEGER NOT NULL,
    asked TEXT NOT NULL, at TEXT NOT NULL
) STRICT;
CREATE TABLE incidents (
    number INTEGER PRIMARY KEY, story_kind TEXT NOT NULL, story_about TEXT NOT NULL, story_port INTEGER NOT NULL,
    story_family INTEGER NOT NULL,
    code TEXT NOT NULL, level INTEGER NOT NULL, grade INTEGER, state TEXT NOT NULL,
    first TEXT NOT NULL, first_boot REAL NOT NULL, last TEXT NOT NULL, last_boot REAL NOT NULL,
    last_visit TEXT, last_visit_boot REAL, closed TEXT, closed_boot REAL,
    machine TEXT, mac TEXT, port INTEGER, outside_port INTEGER,
    count INTEGER NOT NULL, sources TEXT NOT NULL, calling TEXT, bytes_out INTEGER NOT NULL,
    read TEXT, read_boot REAL, read_by TEXT
) STRICT;
CREATE INDEX incidents_state ON incidents (state, last);
CREATE TABLE chapters (
    number INTEGER PRIMARY KEY, incident INTEGER NOT NULL REFERENCES incidents (number),
    code TEXT NOT NULL, grade INTEGER, level INTEGER NOT NULL, at TEXT NOT NULL, at_boot REAL NOT NULL,
    source TEXT, outside_port INTEGER, calling TEXT, who TEXT
) STRICT;
CREATE INDEX chapters_incident ON chapters (incident);
CREATE TABLE networks (
    network TEXT PRIMARY KEY, ours INTEGER NOT NULL, who TEXT NOT NULL, at TEXT NOT NULL
) STRICT;
CREATE TABLE sessions (token TEXT PRIMARY KEY, made TEXT NOT NULL, until TEXT NOT NULL) STRICT;
CREATE TABLE wrong_codes (client TEXT NOT NULL, at TEXT NOT NULL) STRICT;
"""


def apply(db: Any) -> None:
    """Bring a store of any earlier release to the present one.

    Raises:
        FromLater: a later release has changed it; nothing was written.
    """
    if later := unknown(db.conn):
        raise FromLater(f"a later release has changed this store ({', '.join(later)}): this one cannot read it")
    migrations.apply(db)


class FromLater(sqlite3.DatabaseError):
    """Steps are in the store that this release does not know: to guess at its tables would spoil it."""


def unknown(db: sqlite3.Connection) -> tuple[str, ...]:
    """The steps a later release has taken with this store, in their order; none in one of ours.

    Raises:
        sqlite3.Error: it cannot be read.
    """
    known = {each.name for each in migrations._migrations}
    if not db.execute("SELECT 1 FROM sqlite_master WHERE name = '_sqlite_migrations'").fetchone():
        return ()
    taken = db.execute("SELECT name FROM _sqlite_migrations WHERE migration_set = 'sentinel' ORDER BY rowid")
    return tuple(str(name) for (name,) in taken if name not in known)
