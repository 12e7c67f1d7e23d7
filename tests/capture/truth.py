"""What was told of hidden connections, held against what they were."""

from collections.abc import Iterable, Sequence

from sentinel.capture.doors import EPHEMERAL
from sentinel.capture.kind import Kind
from sentinel.model.connection import Connection, ConnectionState
from tests.capture.sensing import Sensed
from tests.capture.traffic import Hidden

VAIN = (ConnectionState.ATTEMPTED, ConnectionState.REFUSED)
ANSWERED = (ConnectionState.ANSWERED, ConnectionState.CONNECTED, ConnectionState.CLOSED)
Row = tuple[str, int, int]
"""Source, its port, target port."""


def finals(told: Iterable[Connection]) -> dict[Row, Connection]:
    """The last word on each.

    In a flood a SYN may be read when what it led to has been told and made room: it is told as an attempt besides.
    """
    found: dict[Row, Connection] = {}
    for each in told:
        row = (str(each.source), each.source_port, each.target_port)
        if each.state is not ConnectionState.ATTEMPTED or row not in found:
            found[row] = each
    return found


def row_of(each: Hidden, found: Sensed) -> Connection | None:
    """What was told of him last."""
    return finals(found.connections).get((str(each.source), each.source_port, each.target_port))


def wrong(strangers: Sequence[Hidden], found: Sensed) -> list[tuple[Hidden, Connection | None]]:
    """Those of which something else was told than what was.

    Of one that came to nothing a sum may tell; where attempts were dropped, a refusal may be among them, and what
    a client said after his SYN if he put an extension header before it: then his answers alone tell of him.
    """
    told = finals(found.connections)
    apart = []
    for each in strangers:
        row = told.get((str(each.source), each.source_port, each.target_port))
        if each.state in VAIN and (row is None or (found.lost and row.state in VAIN)):
            continue
        is_deaf = each.chained and found.losses[Kind.ATTEMPTS].dropped
        if is_deaf and row and row.state in ANSWERED and (row.dicom is not None) is each.dicom:
            continue
        gist = row and (row.state, row.bytes_in, row.bytes_out, row.dicom is not None)
        is_told = row and (row.label is each.label or (row.label is None and row.target_port >= EPHEMERAL))
        if not is_told or gist != (each.state, each.bytes_in, each.bytes_out, each.dicom):
            apart.append((each, row))
    return apart


def accused(strangers: Sequence[Hidden], found: Sensed) -> set[tuple[str, int]]:
    """Others that were told as speaking DICOM or anything that has a label: who, and at which door."""
    known = {(str(each.source), each.source_port, each.target_port) for each in strangers}
    return {
        (str(each.source), each.target_port)
        for row, each in finals(found.connections).items()
        if row not in known and (each.dicom or each.label)
    }


def vain(found: Sensed) -> tuple[int, int]:
    """Attempts and refusals that were told, in rows and sums."""
    rows = [each.state for each in finals(found.connections).values()]
    sums = found.sums.values()
    silent = rows.count(ConnectionState.ATTEMPTED) + sum(each.silent for each in sums)
    return silent, rows.count(ConnectionState.REFUSED) + sum(each.refused for each in sums)
