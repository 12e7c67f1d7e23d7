"""Who made a network card, by how its address begins: scapy's table, packed into a tenth of its memory.

As a dictionary of pairs the table takes 12 MB of a board that may have 512 MB in all. Here it is three rows of
numbers and one text; a question costs three bisections. Blocks shorter than half an address are looked up as well,
which scapy does not: makers of small series, as in dentistry, own no longer ones (IEEE MA-M and MA-S).
"""

from array import array
from bisect import bisect_left
from collections.abc import Mapping

NOBODY = "IEEE Registration Authority"
"""Stands in the table for a block that is shared out among many makers."""
WHOLE = 48
BLOCKS = (36, 28, 24)
"""Bits that an assignment fixes: small, medium, large; the smallest is asked first."""


class Makers:
    """A packed table.

    Args:
        table: how addresses begin, as `AA:BB:CC` or `AA:BB:CC:D0/28`; each with its maker's short and long name.
    """

    def __init__(self, table: Mapping[str, tuple[str, str]]) -> None:
        names = sorted({long for _, long in table.values()})
        place = {name: number for number, name in enumerate(names)}
        rows = sorted((_block(begins), place[long]) for begins, (_, long) in table.items())
        self._blocks = array("Q", (block for block, _ in rows))
        self._names = array("I", (number for _, number in rows))
        self._text = "".join(names)
        self._ends = array("I")
        for name in names:
            self._ends.append((self._ends[-1] if self._ends else 0) + len(name))

    def __getitem__(self, mac: str) -> str:
        """The long name; empty where nobody is known, or many may have made it."""
        address = int(mac.replace(":", ""), 16)
        found = (self._name(_key(address, bits)) for bits in BLOCKS)
        return next((name for name in found if name and name != NOBODY), "")

    def _name(self, block: int) -> str:
        at = bisect_left(self._blocks, block)
        if at == len(self._blocks) or self._blocks[at] != block:
            return ""
        number = self._names[at]
        return self._text[self._ends[number - 1] if number else 0 : self._ends[number]]


def _block(begins: str) -> int:
    digits, _, bits = begins.partition("/")
    digits = digits.replace(":", "")
    return _key(int(digits.ljust(WHOLE // 4, "0"), 16), int(bits or 4 * len(digits)))


def _key(address: int, bits: int) -> int:
    """The fixed bits, and how many they are, as one number."""
    return bits << WHOLE | address >> (WHOLE - bits)
