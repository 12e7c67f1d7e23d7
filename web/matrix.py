"""Ports × family × echo: what each echo last said of each door, how old it is, and the whole in one line.

An answer counts as long as the verdict lets it count; older, or about an address we had before, it is shown for
what it is and proves nothing. Doors about which every echo says the same are one row.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sentinel.model.exposure import CellVerdict, Outcome, PortList
from sentinel.services import is_red, nature, port_list
from sentinel.store.listed import Cell, LastCheck
from sentinel.text.outside import is_asked, lasts


class Mark(StrEnum):
    """A shape for every verdict, so that no colour is needed; worst first."""

    ALARM = "alarm"
    UNSURE = "unsure"
    ATTENTION = "attention"
    EXPECTED = "expected"
    CALM = "calm"
    NOTE = "note"


MARKS = {
    CellVerdict.EXPOSED: Mark.ALARM,
    CellVerdict.OPEN_ALL: Mark.ATTENTION,
    CellVerdict.CONTRADICTED: Mark.UNSURE,
    CellVerdict.BOX_ANSWERS: Mark.ATTENTION,
    CellVerdict.DORMANT: Mark.UNSURE,
    CellVerdict.UNKNOWN: Mark.UNSURE,
    CellVerdict.NOT_OURS: Mark.NOTE,
    CellVerdict.NOT_SEEN: Mark.CALM,
    CellVerdict.EXPECTED: Mark.EXPECTED,
}
OPEN = (CellVerdict.EXPOSED, CellVerdict.OPEN_ALL, CellVerdict.BOX_ANSWERS)
IN_DOUBT = (CellVerdict.CONTRADICTED, CellVerdict.DORMANT)
"""Neither open nor closed, whatever other echoes say."""
DEFINITE = (*OPEN, CellVerdict.NOT_OURS, CellVerdict.NOT_SEEN, CellVerdict.EXPECTED)
ALONE = (
    CellVerdict.EXPOSED,
    CellVerdict.CONTRADICTED,
    CellVerdict.BOX_ANSWERS,
    CellVerdict.DORMANT,
    CellVerdict.EXPECTED,
)
"""Verdicts whose door has a row of its own."""
LEADING = (*OPEN, CellVerdict.DORMANT, CellVerdict.EXPECTED)
"""Verdicts whose way in is worth telling."""
RANK = {verdict.value: rank for rank, verdict in enumerate(CellVerdict)}
NEVER, NOT_ASKED = "never", "not_asked"


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """One cell of the matrix: what one echo last said of a door over one family."""

    verdict: str
    """A cell's verdict, or NEVER, or NOT_ASKED."""
    mark: Mark
    cell: Cell | None = None
    aged: bool = False
    elsewhere: bool = False
    """It was said of an address that is not ours any more."""
    whys: tuple[tuple[str, int], ...] = ()
    """The reasons, and for how many doors of the row each holds."""

    @property
    def counts(self) -> bool:
        """Whether it proves something now."""
        return self.cell is not None and not self.aged and not self.elsewhere and self.verdict in DEFINITE


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One door, or several about which everything is the same."""

    ports: tuple[int, ...]
    places: tuple[Place, ...]
    """In the order of the columns."""
    ways: tuple[Cell, ...] = ()
    """One cell for each different way in."""

    @property
    def mark(self) -> Mark:
        """The worst."""
        return min((place.mark for place in self.places), key=list(Mark).index)


@dataclass(frozen=True, slots=True, kw_only=True)
class Summary:
    """The whole in one line."""

    mark: Mark
    doors: int
    """With a definite answer that counts, in every family."""
    opened: int
    expected: int
    unsure: int
    echoes: int
    newest: datetime | None
    oldest: datetime | None
    """Of the answers that count."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Matrix:
    """Everything `/outside` draws."""

    columns: tuple[LastCheck, ...]
    rows: tuple[Row, ...]
    summary: Summary


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """What the configuration adds to the lists."""

    expect_open: tuple[int, ...] = ()
    extra_ports: tuple[int, ...] = ()


def matrix(cells: Sequence[Cell], checks: Iterable[LastCheck], terms: Terms, now: datetime) -> Matrix:
    """The matrix of the echoes that ever answered; one that never did is told apart from it."""
    heard = {cell.echo for cell in cells}
    columns = tuple(check for check in checks if check.echo in heard)
    known = {(cell.echo, cell.family, cell.port): cell for cell in cells}
    ports = {cell.port for cell in cells} | {*port_list(PortList.FULL), *terms.expect_open, *terms.extra_ports}
    doors = {
        port: tuple(_place(known.get((each.echo, each.family, port)), port, each, terms, now) for each in columns)
        for port in sorted(ports if columns else ())
    }
    return Matrix(columns=columns, rows=_rows(doors), summary=_summary(doors, columns))


def _place(cell: Cell | None, port: int, column: LastCheck, terms: Terms, now: datetime) -> Place:
    if column.outcome == Outcome.NOT_OURS:  # nobody can be sent to us there, whatever was said before
        return Place(verdict=CellVerdict.NOT_OURS.value, mark=Mark.NOTE)
    if cell is None:
        asked = is_asked(port, column.family, terms.expect_open, terms.extra_ports)
        return Place(verdict=NEVER, mark=Mark.UNSURE) if asked else Place(verdict=NOT_ASKED, mark=Mark.NOTE)
    aged = now - cell.at > lasts(port)
    elsewhere = column.address is not None and cell.address != column.address
    return Place(
        verdict=cell.verdict,
        mark=_mark(cell, outdated=aged or elsewhere),
        cell=cell,
        aged=aged,
        elsewhere=elsewhere,
        whys=((cell.why, 1),),
    )


def _mark(cell: Cell, *, outdated: bool) -> Mark:
    """What was open stays an alarm until something newer is known; what was closed becomes unsure."""
    verdict = _verdict(cell)
    mark = MARKS[verdict] if verdict else Mark.UNSURE
    if verdict is CellVerdict.EXPOSED and not is_red(cell.inside_port or cell.port, nature(cell.app)):
        return Mark.ATTENTION
    return Mark.UNSURE if outdated and mark in (Mark.CALM, Mark.NOTE, Mark.EXPECTED) else mark


def _verdict(cell: Cell) -> CellVerdict | None:
    """The verdict, unless a later release wrote one that is not known here."""
    return CellVerdict(cell.verdict) if cell.verdict in RANK else None


def _rows(doors: Mapping[int, tuple[Place, ...]]) -> tuple[Row, ...]:
    """The doors worth a row of their own, the worst first; the others by what is said of them."""
    groups: dict[object, list[int]] = {}
    for port, places in doors.items():
        alone = any(place.verdict in ALONE for place in places)
        groups.setdefault(port if alone else tuple(map(_sameness, places)), []).append(port)
    rows = [_row(ports, [doors[port] for port in ports]) for ports in groups.values()]
    return tuple(sorted(rows, key=_order))


def _sameness(place: Place) -> object:
    """What two doors must share to be told as one: an answer of the same check with the same verdict."""
    cell = place.cell
    return (place.verdict, place.aged, place.elsewhere) + ((cell.check, cell.machine, cell.app) if cell else ())


def _row(ports: Sequence[int], all_places: Sequence[tuple[Place, ...]]) -> Row:
    merged = tuple(_merged(column) for column in zip(*all_places, strict=True))
    return Row(ports=tuple(ports), places=merged, ways=_ways(merged))


def _merged(places: Sequence[Place]) -> Place:
    """Several doors' places as one, their reasons counted."""
    first = places[0]
    whys = Counter(why for place in places for why, _ in place.whys)
    return Place(
        verdict=first.verdict,
        mark=min((place.mark for place in places), key=list(Mark).index),
        cell=first.cell,
        aged=first.aged,
        elsewhere=first.elsewhere,
        whys=tuple(whys.most_common()),
    )


def _order(row: Row) -> tuple[bool, int, int, int]:
    """Doors with a row of their own first; then the worst; then by number."""
    worst = min(RANK.get(place.verdict, RANK[CellVerdict.UNKNOWN]) for place in row.places)
    alone = any(place.verdict in ALONE for place in row.places)
    return not alone, list(Mark).index(row.mark), worst, row.ports[0]


def _ways(places: Iterable[Place]) -> tuple[Cell, ...]:
    """Each different way in, once; where one echo's knock was seen inside, the other's need not be told."""
    open_cells = [place.cell for place in places if place.cell and place.verdict in LEADING]
    named = {cell.family for cell in open_cells if cell.machine}
    different: dict[object, Cell] = {}
    for cell in open_cells:
        if cell.machine or cell.family not in named:
            different.setdefault((cell.family, cell.machine, cell.inside_port, cell.verdict), cell)
    return tuple(different.values())


def _summary(doors: Mapping[int, tuple[Place, ...]], columns: Sequence[LastCheck]) -> Summary:
    opened = {port for port, places in doors.items() if any(place.verdict in OPEN for place in places)}
    known = {port for port, places in doors.items() if _is_known(places, columns)}
    expected = {
        port for port in known - opened if any(each.verdict == CellVerdict.EXPECTED for each in doors[port])
    }
    counting = [
        (column.echo, place.cell.at)
        for places in doors.values()
        for column, place in zip(columns, places, strict=True)
        if place.counts and place.cell
    ]
    times = [at for _, at in counting]
    unsure = len(doors.keys() - known - opened)
    return Summary(
        mark=_whole(doors.values(), unsure=bool(unsure) or not counting),
        doors=len(known | opened),
        opened=len(opened),
        expected=len(expected),
        unsure=unsure,
        echoes=len({echo for echo, _ in counting}),
        newest=max(times, default=None),
        oldest=min(times, default=None),
    )


def _is_known(places: Sequence[Place], columns: Sequence[LastCheck]) -> bool:
    """Some echo's answer counts in every family in which the door is asked about, and none is in doubt."""
    theirs = {column.family for column in columns if column.outcome == Outcome.NOT_OURS}
    asked = [
        (column.family, place) for column, place in zip(columns, places, strict=True) if place.verdict != NOT_ASKED
    ]
    families = {family for family, _ in asked}
    answered = {family for family, place in asked if place.counts or family in theirs}
    return bool(families) and families == answered and all(p.verdict not in IN_DOUBT for _, p in asked)


def _whole(doors: Iterable[tuple[Place, ...]], *, unsure: bool) -> Mark:
    marks = {place.mark for places in doors for place in places} - {Mark.UNSURE, Mark.NOTE, Mark.EXPECTED}
    if unsure:
        marks.add(Mark.UNSURE)
    return min(marks, key=list(Mark).index, default=Mark.UNSURE)
