"""What checks from outside said of one door, one after the other: the same word from the same echo is one line."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sentinel.model.exposure import Application, CellVerdict
from sentinel.store.listed import Cell
from web.matrix import OPEN

SHUT = (CellVerdict.NOT_SEEN, CellVerdict.NOT_OURS)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sighting:
    """One word, and every time it was said without another between."""

    echo: str
    family: int
    verdict: str
    why: str
    app: Application | None
    """What answered, when it was asked."""
    times: tuple[datetime, ...]
    """Newest first."""


def sightings(cells: Sequence[Cell]) -> list[Sighting]:
    """Newest first, as the cells are."""
    runs: list[list[Cell]] = []
    last: dict[tuple[str, int], list[Cell]] = {}
    for cell in cells:
        whose = (cell.echo, cell.family)
        run = last.get(whose)
        if run is None or run[0].verdict != cell.verdict:
            run = last[whose] = []
            runs.append(run)
        run.append(cell)
    return [_told(run) for run in runs]


def _told(run: Sequence[Cell]) -> Sighting:
    newest = run[0]
    return Sighting(
        echo=newest.echo,
        family=newest.family,
        verdict=newest.verdict,
        why=newest.why,
        app=next((each.app for each in run if each.app), None),
        times=tuple(each.at for each in run),
    )


def seen(verdict: str) -> str:
    """A cell's verdict as three words for a picture: `open`, `shut`, `doubt`."""
    if verdict in (*OPEN, CellVerdict.EXPECTED):
        return "open"
    return "shut" if verdict in SHUT else "doubt"
