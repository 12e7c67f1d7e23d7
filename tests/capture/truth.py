"""What was told of hidden connections, held against what they were."""

from collections.abc import Iterable, Sequence

from sentinel.capture.doors import EPHEMERAL
from sentinel.model.connection import Connection, ConnectionState
from tests.capture.sensing import Sensed
from tests.capture.traffic import Hidden

VAIN = (ConnectionState.ATTEMPTED, ConnectionState.REFUSED)
Row = tuple[str, int, int]
"""Source, its port, target port."""


def finals(told: Iterable[Connection]) -> dict[Row, Connection]:
    """The last word on each."""
    return {(str(each.source), each.source_port, each.target_port): each for each in told}


def wrong(strangers: Sequence[Hidden], found: Sensed) -> list[tuple[Hidden, Connection | None]]:
    """Those of which something else was told than what was.

    Of one that came to nothing a sum may tell; where attempts were dropped, a refusal may be among them.
    """
    told = finals(found.connections)
    apart = []
    for each in strangers:
        row = told.get((str(each.source), each.source_port, each.target_port))
        if each.state in VAIN and (row is None or (found.lost and row.state in VAIN)):
            continue
        gist = row and (row.state, row.bytes_in, row.bytes_out, row.dicom is not None)
        is_told = row and (row.label is each.label or (row.label is None and row.target_port >= EPHEMERAL))
        if not is_told or gist != (each.state, each.bytes_in, each.bytes_out, each.dicom):
            apart.append((each, row))
    return apart


def vain(found: Sensed) -> tuple[int, int]:
    """Attempts and refusals that were told, in rows and sums."""
    rows = [each.state for each in finals(found.connections).values()]
    sums = found.sums.values()
    silent = rows.count(ConnectionState.ATTEMPTED) + sum(each.silent for each in sums)
    return silent, rows.count(ConnectionState.REFUSED) + sum(each.refused for each in sums)
