"""Which signed checks are kept: those that opened or closed an alarm, and one a day of each echo; the rest go."""

import json
import sqlite3
from collections.abc import Callable, Iterable

from sentinel.model.ledger import Signed
from sentinel.store import rows

AT_ONCE = 16
"""More than can be under way at once: three echoes, two families and their re-tests."""


class Proofs:
    """Holds a signed check until its outcome has been judged.

    Args:
        db: where the last day of each echo is found.
        keep: takes a row of table `anchors`.
    """

    def __init__(self, db: sqlite3.Connection, keep: Callable[[rows.Row], None]) -> None:
        self._keep = keep
        self._days: dict[str, str] = {
            echo: at[:10] for echo, at in db.execute("SELECT echo, max(at) FROM anchors GROUP BY echo")
        }
        """The day of each echo's last one."""
        self._held: dict[str, Signed] = {}
        self._proved: dict[str, set[int]] = {}
        """Alarms that each check under way opened or closed."""

    def note(self, check: str, incidents: Iterable[int]) -> None:
        """One of a check's cells, or its outcome, opened or closed these alarms."""
        self._proved.setdefault(check, set()).update(incidents)
        while len(self._proved) > AT_ONCE:
            del self._proved[next(iter(self._proved))]

    def hold(self, signed: Signed) -> None:
        """A check came back with its report; its outcome follows."""
        self._held[signed.check] = signed
        while len(self._held) > AT_ONCE:
            del self._held[next(iter(self._held))]

    def settle(self, check: str) -> None:
        """The check has been judged: keep what it proves, or let it go."""
        signed, incidents = self._held.pop(check, None), self._proved.pop(check, set())
        if signed is None:
            return
        at = rows.text(signed.at.wall)
        if not incidents and (self._days.get(signed.echo) == at[:10] or not signed.head):
            return
        self._days[signed.echo] = at[:10]
        self._keep(
            {
                "head": signed.head,
                "echo": signed.echo,
                "check": signed.check,
                "at": at,
                "incidents": json.dumps(sorted(incidents)),
                "report": signed.line,
            }
        )
