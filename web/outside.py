"""`/outside`: what strangers can open, door by door, family by family, as each echo saw it."""

from flask import Blueprint, g, render_template
from flask.typing import ResponseReturnValue

from sentinel.model.exposure import CellVerdict
from sentinel.ownports import asked_about
from sentinel.store import reading
from web.guard import behind_code
from web.matrix import Terms, matrix
from web.scene import surroundings

pages = Blueprint("outside", __name__)


@pages.get("/outside")
@behind_code
def outside() -> ResponseReturnValue:
    """The whole in one line, each door, and what every echo last answered."""
    section = asked_about(surroundings().config)
    with reading.opened(surroundings().places.store) as reader:
        last, proofs = reader.last_checks(), reader.last_proofs()
        checks = reader.checks(most=10)
        cells = reader.cells()
    terms = Terms(expect_open=section.expect_open, extra_ports=section.extra_ports)
    return render_template(
        "outside.html",
        matrix=matrix(cells, last, terms, g.scene.audience.now),
        last=[(check, proofs.get((check.echo, check.family))) for check in last],
        checks=checks,
        verdicts=list(CellVerdict),
    )
