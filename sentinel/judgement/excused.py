"""Accepted doors that are open: what would be told of them, should their acceptance end."""

from collections.abc import Iterator

from sentinel.judgement import doors
from sentinel.judgement.expected import Accepted
from sentinel.judgement.granted import Granted
from sentinel.model.finding import Finding
from sentinel.model.moment import Address, Moment

Key = tuple[int, int]
"""Family and public port."""


class Excused:
    """Doors found open at their last check, and accepted then; as many as an echo is asked about."""

    def __init__(self, granted: Granted) -> None:
        self._granted = granted
        self._found: dict[Key, Finding] = {}

    def accepts(self, machine: Address | None, mac: str | None, port: int, at: Moment) -> bool:
        """Whether somebody accepts that this inside port is open to everybody."""
        return any(each.accepts_door(machine, mac, port, at) for each in self._granted)

    def note(self, key: Key, finding: Finding) -> None:
        """It was found open, and is accepted."""
        self._found[key] = finding

    def forget(self, key: Key) -> None:
        """It was found not open, or is judged like any other."""
        self._found.pop(key, None)

    def over(self, ended: Accepted, at: Moment) -> Iterator[tuple[Key, Finding]]:
        """An acceptance has ended: the doors only it excused are nobody's wish any more.

        Whether they are still open nobody knows before the echo has knocked again; so each story begins unsure,
        turns red with the first knock that finds the door open, and is over with the first proof that it is
        closed.
        """
        for key, finding in list(self._found.items()):
            place = (finding.machine, finding.mac, finding.port or finding.story.port)
            if ended.is_at(*place) and not self.accepts(*place, at):
                del self._found[key]
                yield key, doors.over(finding, ended, at)
