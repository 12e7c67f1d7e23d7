"""What people decided, as the journal tells it: doors that are accepted, and whose a private network is.

These rows make the lamp green, so they are believed only as far as the journal told them: `verify` holds them
against it, and a start puts back what was edited meanwhile.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from sentinel.model.ledger import EntryKind

Row = Mapping[str, Any]

KINDS = (EntryKind.ACCEPTED, EntryKind.WITHDRAWN, EntryKind.NETWORK)


class Decided:
    """Gathers, entry by entry, the rows that are left to be true at the end; by their columns."""

    def __init__(self) -> None:
        self.acceptances: dict[int, Row] = {}
        self.networks: dict[str, Row] = {}

    def take(self, kind: str, at: str, body: Row) -> None:
        """One entry of `KINDS`; others tell nothing.

        Raises:
            KeyError, TypeError, ValueError: nobody can read it.
        """
        match kind:
            case EntryKind.ACCEPTED:
                self.acceptances[body["number"]] = {**body, "at": at, "withdrawn": None, "withdrawn_by": None}
            case EntryKind.WITHDRAWN:
                self._withdraw(body["number"], at, body["who"])
            case EntryKind.NETWORK:
                self.networks[body["network"]] = {**body, "ours": int(body["ours"]), "at": at}

    def _withdraw(self, number: int, at: str, who: str) -> None:
        row = self.acceptances.get(number)
        if row is not None and row["withdrawn"] is None:  # the first one counts
            self.acceptances[number] = {**row, "withdrawn": at, "withdrawn_by": who}


def other(told: Mapping[Any, Row], shown: Iterable[Row], key: str) -> list[Any]:
    """Keys of rows that were put in, taken away, or say something else than was told."""
    rows = {row[key]: dict(row) for row in shown}
    return sorted((each for each in told.keys() | rows.keys() if told.get(each) != rows.get(each)), key=str)
