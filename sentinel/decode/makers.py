"""Who made a network card, by the first half of its address: scapy's table, packed into a twentieth of its memory.

As a dictionary of pairs the table takes 12 MB of a board that may have 512 MB in all. Here it is three rows of
numbers and one text; a question costs a bisection.
"""

from array import array
from bisect import bisect_left
from collections.abc import Mapping

NOBODY = "IEEE Registration Authority"
"""Stands in the table for a block that is shared out among many makers."""
WHOLE = len("00:00:00")


class Makers:
    """A packed table.

    Args:
        table: prefixes of hardware addresses, each with its maker's short and long name; longer prefixes than the
            first three bytes are left out, as scapy's own look-up leaves them.
    """

    def __init__(self, table: Mapping[str, tuple[str, str]]) -> None:
        names = sorted({long for _, long in table.values()})
        place = {name: number for number, name in enumerate(names)}
        rows = sorted(
            (_number(prefix), place[long]) for prefix, (_, long) in table.items() if len(prefix) == WHOLE
        )
        self._prefixes = array("I", (prefix for prefix, _ in rows))
        self._names = array("I", (number for _, number in rows))
        self._text = "".join(names)
        self._ends = array("I")
        for name in names:
            self._ends.append((self._ends[-1] if self._ends else 0) + len(name))

    def __getitem__(self, mac: str) -> str:
        """The long name; empty where nobody is known, or many may have made it."""
        prefix = _number(mac[:WHOLE])
        at = bisect_left(self._prefixes, prefix)
        if at == len(self._prefixes) or self._prefixes[at] != prefix:
            return ""
        number = self._names[at]
        name = self._text[self._ends[number - 1] if number else 0 : self._ends[number]]
        return "" if name == NOBODY else name


def _number(prefix: str) -> int:
    return int(prefix.replace(":", ""), 16)
