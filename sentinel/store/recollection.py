"""What the writer is asked about rows that are on disk: after a restart, and by whoever decides something."""

import sqlite3
from datetime import datetime, timedelta

from sentinel.model.exposure import Kind
from sentinel.model.finding import Code
from sentinel.model.moment import Moment
from sentinel.model.networks import Network
from sentinel.model.notice import Notice
from sentinel.store import acceptances, answers, recall, rows, told


class Recollection:
    """Part of `archive.Archive`: the questions it answers and keeps nothing for."""

    _db: sqlite3.Connection

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

    def acceptances(self, now: Moment) -> list[acceptances.Listed]:
        """Doors somebody accepted, in moments of this boot; see `acceptances.recalled`."""
        return acceptances.recalled(self._db, now)

    def next_acceptance(self) -> int:
        """The number of the next accepted door."""
        return acceptances.next_number(self._db)

    def checked_families(self) -> frozenset[int]:
        """Families of which a complete check is on record."""
        return recall.checked_families(self._db)

    def refused_doors(self) -> frozenset[tuple[int, int]]:
        """Families and public ports that a check on record found refused."""
        return recall.refused(self._db)

    def born(self, now: Moment) -> Moment:
        """When this store first knew of anything, in moments of this boot; now where it is new."""
        return recall.born(self._db, now)

    def known_networks(self) -> list[Network]:
        """Private networks somebody said are ours."""
        return recall.known_networks(self._db)

    def notices(self, now: Moment) -> list[Notice]:
        """What was told within a month, oldest first; in moments of this boot."""
        return told.lately(self._db, now)

    def ended_by(self, incident: int) -> Code | None:
        """How a story ended; None where that cannot be read."""
        return told.ended_by(self._db, incident)

    def next_notice(self) -> int:
        """The number of the next message."""
        return int(self._db.execute("SELECT coalesce(max(number), 0) + 1 FROM notices").fetchone()[0])

    def last_drill(self) -> datetime | None:
        """When the last exercise began."""
        found = self._db.execute("SELECT max(first) FROM incidents WHERE story_kind = 'drill'").fetchone()[0]
        return rows.wall(found) if found else None

    def settings(self) -> dict[str, str]:
        """The sections somebody set, each as its JSON."""
        return {str(name): str(value) for name, value in self._db.execute("SELECT section, value FROM settings")}
