"""What one check found, as a table for a terminal of eighty columns: a door a block, the closed ones counted."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from textwrap import wrap

from sentinel.model.exposure import AfterProbe, CellVerdict
from sentinel.services import service
from sentinel.store.listed import Cell, LastCheck
from sentinel.text import say, times
from sentinel.text.outside import answered, endpoint, route

WIDTH = 79
MARGIN = "  "
CLOSED = (CellVerdict.NOT_SEEN, CellVerdict.NOT_OURS)

Tint = Callable[[str, str], str]
"""Words and a cell's verdict to the same words, coloured where there is colour."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """Who reads, and what the practice calls its machines."""

    language: str
    echo: str
    """The echo's name for people."""
    labels: Mapping[str, str]
    """MAC address, lower case, to the name the practice gave."""
    now: datetime
    tint: Tint


def failed(check: LastCheck, proof: datetime | None, terms: Terms) -> list[str]:
    """Why nothing was learnt, and since when nothing was."""
    language = terms.language
    reason = say(language, f"outcome.{check.outcome}")
    known = say(language, "knock.proof", ago=_ago(proof, terms)) if proof else say(language, "knock.proof.none")
    said = say(language, "knock.unknown", family=str(check.family), echo=terms.echo, reason=reason)
    return wrap(f"{said} {known}", WIDTH, break_on_hyphens=False)


def shared(check: LastCheck, terms: Terms) -> list[str]:
    """Nobody can be sent to us at an address that is our neighbours' too."""
    return wrap(say(terms.language, "outside.not_ours", family=str(check.family)), WIDTH, break_on_hyphens=False)


def found(check: LastCheck, cells: Sequence[Cell], terms: Terms) -> list[str]:
    """Each door that is not simply closed, the worst first; then how many are, and how they said so."""
    told = [cell for cell in cells if cell.verdict not in CLOSED]
    closed = [cell for cell in cells if cell.verdict in CLOSED]
    return [
        *accused(check, told, terms),
        *_count(closed, len(cells), terms.language),
    ]


def accused(check: LastCheck, cells: Sequence[Cell], terms: Terms) -> list[str]:
    """Who saw these doors from where, and the doors, the worst first."""
    rank = {verdict.value: place for place, verdict in enumerate(CellVerdict)}
    head = say(
        terms.language,
        "knock.head",
        family=str(check.family),
        address=check.address or "?",
        echo=terms.echo,
        ago=_ago(check.at, terms),
    )
    told = sorted(cells, key=lambda cell: (rank[cell.verdict], cell.port))
    return [*wrap(head, WIDTH, break_on_hyphens=False), *_table(told, terms)]


def _table(cells: Sequence[Cell], terms: Terms) -> Iterator[str]:
    if not cells:
        return
    language = terms.language
    heads = [say(language, f"knock.{name}") for name in ("port", "service", "seen")]
    names = [_service(cell.port) for cell in cells]
    wide = max(map(len, [heads[1], *names]))
    indent = len(f"{MARGIN}{'':>5}  {'':<{wide}}  ")
    yield ""
    yield f"{MARGIN}{heads[0]:>5}  {heads[1]:<{wide}}  {heads[2]}"
    for cell, name in zip(cells, names, strict=True):
        first, *more = _lines(cell, terms, WIDTH - indent)
        yield f"{MARGIN}{cell.port:>5}  {name:<{wide}}  {terms.tint(first, cell.verdict)}"
        yield from (" " * indent + line for line in more)
    yield ""


def _service(port: int) -> str:
    known = service(port)
    return known.name if known else ""


def _lines(cell: Cell, terms: Terms, width: int) -> list[str]:
    """The verdict; then why, what answered, whether it still does, and the way in."""
    language = terms.language
    said: Iterable[str] = (
        say(language, f"cell.{cell.verdict}"),
        say(language, f"why.{cell.why}"),
        answered(language, cell.app),
        _gone(cell, language),
        _way(cell, terms),
    )
    return [line for each in said if each for line in wrap(each, width, break_on_hyphens=False)]


def _gone(cell: Cell, language: str) -> str:
    gone = cell.app is not None and cell.app.after_probe is AfterProbe.GONE
    return say(language, "after_probe.gone") if gone else ""


def _way(cell: Cell, terms: Terms) -> str:
    """The route, when somebody could come in by it: through the box, to a machine or to one not yet known."""
    if cell.verdict == CellVerdict.BOX_ANSWERS:
        return say(terms.language, "route.box", port=str(cell.port))
    if cell.machine is None and cell.verdict in (CellVerdict.UNKNOWN, CellVerdict.EXPECTED):
        return ""
    machine = endpoint(terms.labels.get((cell.mac or "").lower(), ""), cell.machine, cell.inside_port)
    return route(terms.language, cell.port, machine) + (f" ({cell.mac})" if cell.machine and cell.mac else "")


def _count(closed: Sequence[Cell], of: int, language: str) -> list[str]:
    """How many are closed, and in which ways."""
    whys = Counter(cell.why for cell in closed).most_common()
    ways = ", ".join(
        say(language, "outside.some", why=say(language, f"why.{why}"), count=count) for why, count in whys
    )
    total = say(language, "knock.closed", closed=len(closed), all=of)
    return wrap(f"{total} {ways[:1].upper()}{ways[1:]}." if ways else total, WIDTH, break_on_hyphens=False)


def _ago(when: datetime, terms: Terms) -> str:
    return times.ago(terms.language, max(terms.now - when, timedelta(0)))
