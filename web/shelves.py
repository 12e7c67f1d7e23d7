"""`/incidents`: every story, by where it stands, fifty a page; and the register, which outlives the log."""

from flask import Blueprint, g, render_template, request
from flask.typing import ResponseReturnValue

from sentinel.model.finding import Level
from sentinel.model.incident import IncidentState
from sentinel.store import reading
from sentinel.store.reading import Reader
from sentinel.store.tallies import Shelf
from web.guard import behind_code
from web.scene import surroundings
from web.stories import Told, records, told

pages = Blueprint("shelves", __name__)
PAGE = 50

SHELVES: dict[str, Shelf] = {
    "all": Shelf(),
    "open": Shelf(states=(IncidentState.OPEN,), matters=True),
    "dormant": Shelf(states=(IncidentState.DORMANT,), matters=True),
    "past": Shelf(states=(IncidentState.CLOSED,), matters=True),
    "notes": Shelf(matters=False),
}


@pages.get("/incidents")
@behind_code
def incidents() -> ResponseReturnValue:
    """Every story: what goes on, what sleeps, what is over, and what never mattered."""
    name = request.args.get("show", "all")
    name = name if name in SHELVES else "all"
    text = request.args.get("text", "")[:64].strip()
    wanted = SHELVES[name]
    wanted = Shelf(states=wanted.states, matters=wanted.matters, text=mac_of(text))
    with reading.opened(surroundings().places.store) as reader:
        count = reader.tallies.count_shelf(wanted)
        page, last = paged(count, PAGE)
        known = records(reader, reader.tallies.shelf(wanted, most=PAGE, skip=(page - 1) * PAGE))
        counts = _counts(reader)
        silent, refused = reader.attempts()
    return render_template(
        "incidents.html",
        shelf=name,
        text=text,
        groups=_groups([told(each) for each in known]),
        counts=counts,
        count=count,
        page=page,
        last=last,
        robots=silent + refused,
    )


@pages.get("/incidents/register")
@behind_code
def register() -> ResponseReturnValue:
    """The register of breaches (GDPR art. 33(5)): what stays when the log is purged."""
    with reading.opened(surroundings().places.store) as reader:
        count = reader.tallies.count_registered()
        page, last = paged(count, PAGE)
        known = records(reader, reader.tallies.registered(most=PAGE, skip=(page - 1) * PAGE))
        counts = _counts(reader)
    return render_template(
        "register.html",
        shelf="register",
        entries=[told(each) for each in known],
        counts=counts,
        count=count,
        page=page,
        last=last,
    )


def paged(count: int, size: int) -> tuple[int, int]:
    """The page that is asked for, and the last one there is."""
    last = max(1, -(-count // size))
    return min(max(request.args.get("page", 1, type=int), 1), last), last


def mac_of(text: str) -> str:
    """The machine somebody calls by the practice's own name; anything else as it was written."""
    labels = g.scene.audience.labels
    return next((mac for mac, name in labels.items() if text and name.lower() == text.lower()), text)


def _counts(reader: Reader) -> dict[str, int]:
    stand = reader.tallies.by_state()
    counts = {
        name: sum(
            count
            for (state, matters), count in stand.items()
            if shelf.matters in (None, matters) and (not shelf.states or state in shelf.states)
        )
        for name, shelf in SHELVES.items()
    }
    return {**counts, "register": reader.tallies.count_registered()}


def _groups(found: list[Told]) -> list[tuple[str, list[Told]]]:
    groups: dict[str, list[Told]] = {"open": [], "dormant": [], "past": [], "notes": []}
    names = {IncidentState.OPEN: "open", IncidentState.DORMANT: "dormant", IncidentState.CLOSED: "past"}
    for each in found:
        matters = each.incident.level > Level.CALM
        groups[names[each.incident.state] if matters else "notes"].append(each)
    return [(name, group) for name, group in groups.items() if group]
