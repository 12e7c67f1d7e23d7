"""`/outside`: what strangers can open, as the last checks told it, door by door."""

from flask import Blueprint, render_template
from flask.typing import ResponseReturnValue

from sentinel.store import reading
from web.guard import behind_code
from web.scene import surroundings

pages = Blueprint("outside", __name__)

WORST_FIRST = (
    "exposed",
    "open_all",
    "contradicted",
    "box_answers",
    "dormant",
    "expected",
    "unknown",
    "not_ours",
    "not_seen",
)


@pages.get("/outside")
@behind_code
def outside() -> ResponseReturnValue:
    """The last checks, and the last word on each door, the worst first."""
    with reading.opened(surroundings().places.store) as reader:
        checks = reader.checks(most=10)
        cells = reader.cells()
    worst = {verdict: rank for rank, verdict in enumerate(WORST_FIRST)}
    cells.sort(key=lambda cell: (worst.get(cell.verdict, 0), cell.port, cell.address))
    return render_template("outside.html", checks=checks, cells=cells)
