"""What the store holds of one incident, gathered into the plain values a dossier is made of."""

import re
from collections.abc import Iterable
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from sentinel.config import Config
from sentinel.evidence.facts import Case, Letterhead, Proof, Visit
from sentinel.model.exposure import CellVerdict, Reach
from sentinel.model.incident import Chapter, Incident
from sentinel.model.ledger import write_lines
from sentinel.store.listed import Cell, ConnectionRow
from sentinel.store.reading import Reader
from sentinel.text.points import Audience
from sentinel.text.robots import organisation

BEFORE, AFTER = timedelta(hours=1), timedelta(days=1)
"""What belongs to an incident: from shortly before its first sight to the checks after its end."""
VISITS = 5000
"""Connections of one dossier; of more the first ones, and the number of all."""


def letterhead(config: Config, now: datetime, language: str = "") -> Letterhead:
    """Whose paper it is; in the practice's language unless another is asked for."""
    practice = config.practice
    name, phone = practice.contact, practice.phone
    audience = Audience(
        language=language or config.page.language.value,
        named=True,
        now=now,
        zone=ZoneInfo(practice.time_zone),
        contact=f"{name} ({phone})" if name and phone else name or phone,
        labels={mac.lower(): label for mac, label in config.labels.items()},
    )
    return Letterhead(practice=practice, audience=audience, view=config.capture.view)


def case(reader: Reader, head: Letterhead, number: int) -> Case | None:
    """Everything about one incident, also after the purge of its rows; None: there is no such incident."""
    known = _known(reader, number)
    if known is None:
        return None
    incident, chapters = known
    begins = incident.first.wall - BEFORE
    ends = (incident.closed.wall if incident.closed else head.audience.now) + AFTER
    cells = _cells(reader, incident, begins, ends)
    hosts = reader.holdings.hosts()
    visits, in_all, summed = _visits(reader, incident, begins, ends)
    return Case(
        head=head,
        incident=incident,
        chapters=tuple(chapters),
        proofs=tuple(_proof(each, hosts) for each in cells),
        visits=tuple(map(_visit, visits)),
        visits_in_all=in_all,
        summed=summed,
        installed=reader.holdings.installed(),
        product=_product(reader),
        has_reports=bool(reader.reports(number)),
        scanners={source: name for source, _ in incident.sources if (name := organisation(source, incident))},
    )


def pieces(reader: Reader, number: int, beside: Iterable[str] = ()) -> dict[str, bytes]:
    """What proves it: signed reports, the journal's excerpt, and its countersigned heads.

    `beside`: heads from the file beside the store, read before the journal is: the newest are only there.
    """
    anchors = dict.fromkeys((*reader.anchors(), *beside))
    reports = {_report(check): line.encode() + b"\n" for check, line in reader.reports(number).items()}
    return {
        **reports,
        "journal.jsonl": write_lines(reader.journal(number)),
        "ancres.jsonl": "".join(f"{line}\n" for line in anchors).encode(),
    }


def _report(check: str) -> str:
    """A file's name for a check, whose own name is an echo's word."""
    return "rapports/" + re.sub(r"[^A-Za-z0-9_-]", "_", check)[:80] + ".json"


def _known(reader: Reader, number: int) -> tuple[Incident, list[Chapter]] | None:
    incident = reader.incident(number)
    if incident is not None:
        return incident, reader.chapters(number)
    kept = reader.tallies.kept(number)
    return (kept.incident, list(kept.chapters)) if kept else None


def _cells(reader: Reader, incident: Incident, begins: datetime, ends: datetime) -> list[Cell]:
    """What checks said of its public port, over its family; both where none is known."""
    if incident.outside_port is None:
        return []
    families = (incident.story.family,) if incident.story.family else (4, 6)
    found = [reader.holdings.cells(family, incident.outside_port, begins, ends) for family in families]
    return sorted((cell for cells in found for cell in cells), key=lambda cell: cell.at)


def _proof(cell: Cell, hosts: dict[str, str]) -> Proof:
    return Proof(
        check=cell.check,
        echo=hosts.get(cell.echo) or cell.echo,
        family=cell.family,
        at=cell.at,
        address=cell.address,
        port=cell.port,
        reach=Reach(cell.reach),
        verdict=CellVerdict(cell.verdict),
        app=cell.app,
    )


def _visits(
    reader: Reader, incident: Incident, begins: datetime, ends: datetime
) -> tuple[list[ConnectionRow], int, int]:
    if incident.machine is None or incident.port is None:
        return [], 0, 0
    machine, port = str(incident.machine), incident.port
    found, in_all = reader.holdings.visits(machine, port, begins, ends, VISITS)
    return found, in_all, reader.holdings.summed(machine, port, begins, ends)


def _visit(row: ConnectionRow) -> Visit:
    return Visit(
        opened=row.opened,
        changed=row.changed,
        source=row.source,
        source_port=row.source_port,
        target=row.target,
        target_port=row.target_port,
        standing=row.standing.value,
        state=row.state.value,
        bytes_in=row.bytes_in,
        bytes_out=row.bytes_out,
        called=row.called,
        calling=row.calling,
        association=row.association,
        request=row.request,
        services=row.services,
        rejection=row.rejection,
        label=row.label,
    )


def _product(reader: Reader) -> str | None:
    """The box's name, where an echo recognised it behind one of its own doors."""
    own = (cell.app.product for cell in reader.cells() if cell.app and cell.verdict == CellVerdict.BOX_ANSWERS)
    return next((product for product in own if product), None)
