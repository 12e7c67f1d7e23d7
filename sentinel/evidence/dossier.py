"""The dossier of one incident as PDF: what is known, how it is known, what was done, and what cannot be known.

Its order is that of the questions a practitioner, an insurer, a lawyer or an authority asks.
"""

from collections import defaultdict
from collections.abc import Iterator

from reportlab.lib.colors import HexColor

from sentinel.evidence.facts import Case, Proof, Visit
from sentinel.evidence.ink import INK, Accent
from sentinel.evidence.perimeter import perimeter
from sentinel.evidence.picture import Mark, Scene, timeline
from sentinel.evidence.sheet import Sheet
from sentinel.evidence.telling import Telling
from sentinel.model.declared import View
from sentinel.model.exposure import Reach
from sentinel.model.finding import Code, Level
from sentinel.text.outside import answered, endpoint
from sentinel.text.times import size, stamp

ROWS = 24
"""Connections on paper; all of them are in the files beside it."""
SOURCES = 20
ENDS = 3
"""Checks on paper: so many of the first and of the last, and those at which the answer changed."""
MARKS = 14
"""Numbered lines of the timeline."""
COLOURS = {
    Level.ALARM: HexColor("#b3201a"),
    Level.ATTENTION: HexColor("#9a7200"),
    Level.UNSURE: HexColor("#1d4fa3"),
    Level.CALM: HexColor("#1f7a43"),
}


def dossier(case: Case) -> bytes:
    """The PDF of one incident."""
    return _Dossier(case).pdf()


class _Dossier:
    """The paper, section by section."""

    def __init__(self, case: Case) -> None:
        self._case = case
        self._telling = Telling(case)
        self._sheet = Sheet(case.head, "paper.dossier", Accent.of(case.incident.level))
        self._language = case.head.audience.language
        self._zone = case.head.audience.zone

    def pdf(self) -> bytes:
        sheet, telling = self._sheet, self._telling
        sheet.title(sheet.say("paper.dossier.title", number=str(self._case.incident.number)))
        sheet.lead(telling.summary())
        sheet.callout(*telling.clock())
        self._where()
        self._timeline()
        self._outside()
        self._inside()
        self._who()
        self._done()
        self._limits()
        return sheet.pdf()

    def _where(self) -> None:
        """The machine, the door, and the way in."""
        sheet, incident = self._sheet, self._case.incident
        sheet.section(sheet.say("paper.where"))
        rows = [
            ("incident.machine", self._telling.machine),
            ("incident.address", str(incident.machine or "")),
            ("incident.mac", incident.mac or ""),
            ("incident.port", str(incident.port or "")),
            ("incident.outside_port", "" if incident.outside_port is None else str(incident.outside_port)),
            ("incident.route", self._telling.route),
            ("incident.first", self._telling.at(incident.first)),
            ("incident.last", self._telling.at(incident.last)),
            ("incident.calling", incident.calling or ""),
            ("paper.certificate.practitioner", self._case.head.practice.practitioner),
        ]
        sheet.facts((sheet.say(key), value) for key, value in rows)

    def _timeline(self) -> None:
        """The picture, and its numbers in words."""
        sheet, case = self._sheet, self._case
        sheet.section(sheet.say("paper.timeline"))
        told = case.chapters[:MARKS]
        sheet.picture(timeline(self._scene()))
        sheet.small(sheet.say("paper.timeline.read"))
        rows = [
            (
                str(number),
                stamp(self._language, each.at.wall, self._zone),
                self._telling.told(each),
                each.who or "",
            )
            for number, each in enumerate(told, 1)
        ]
        heads = ("paper.number", "paper.when", "paper.what", "paper.by")
        sheet.table([sheet.say(each) for each in heads], rows, (7, 37, 102, 24))
        if len(case.chapters) > MARKS:
            sheet.small(sheet.say("paper.timeline.more", count=len(case.chapters) - MARKS))

    def _scene(self) -> Scene:
        case, incident = self._case, self._case.incident
        say = self._sheet.say
        return Scene(
            names=(say("paper.lane.outside"), say("paper.lane.came"), say("paper.lane.events")),
            begins=incident.first.wall,
            ends=incident.closed.wall if incident.closed else None,
            made=case.head.audience.now,
            seen=[(each.at, each.reach is Reach.OPEN) for each in case.proofs],
            visits=[each.opened for each in case.visits],
            marks=[
                Mark(at=each.at.wall, number=number, colour=COLOURS.get(_colour(each.code, each.level), INK))
                for number, each in enumerate(case.chapters[:MARKS], 1)
            ],
            zone=self._zone,
        )

    def _outside(self) -> None:
        """What strangers could open, by the word of each signed check."""
        sheet, proofs = self._sheet, self._case.proofs
        sheet.section(sheet.say("paper.outside"))
        if not proofs:
            sheet.text(sheet.say("paper.outside.none"))
            return
        kept = "paper.outside.kept" if self._case.has_reports else "paper.outside.not_kept"
        sheet.text(f"{sheet.say('paper.outside.read')} {sheet.say(kept)}")
        heads = ("paper.when", "paper.echo", "paper.door", "paper.said", "paper.answered", "paper.check")
        shown = _telling(proofs)
        sheet.table([sheet.say(each) for each in heads], map(self._proof, shown), (37, 32, 29, 22, 33, 17))
        if len(shown) < len(proofs):
            sheet.small(sheet.say("paper.outside.more", count=len(proofs) - len(shown)))

    def _proof(self, proof: Proof) -> tuple[str, ...]:
        return (
            stamp(self._language, proof.at, self._zone),
            proof.echo,
            endpoint("", proof.address, proof.port),
            self._sheet.say(f"paper.reach.{proof.reach.value}"),
            answered(self._language, proof.app),
            proof.check[:8],
        )

    def _inside(self) -> None:
        """Connections as the copy of the box's cable showed them."""
        sheet, visits = self._sheet, self._case.visits
        sheet.section(sheet.say("paper.inside"))
        if not visits:
            key = "paper.inside.blind" if self._case.head.view is View.LIMITED else "paper.inside.none"
            sheet.text(sheet.say(key))
            return
        sheet.text(sheet.say("paper.inside.read", count=self._case.visits_in_all))
        heads = ("paper.when", "connections.source", "connections.state", "paper.bytes", "connections.label")
        sheet.table([sheet.say(each) for each in heads], map(self._visit, visits[:ROWS]), (37, 42, 25, 32, 34))
        if self._case.visits_in_all > ROWS:
            sheet.small(sheet.say("paper.inside.more", count=self._case.visits_in_all - ROWS))
        if self._case.summed:
            sheet.small(sheet.say("paper.inside.summed", count=self._case.summed))

    def _visit(self, visit: Visit) -> tuple[str, ...]:
        return (
            stamp(self._language, visit.opened, self._zone),
            f"{visit.source} {visit.source_port}",
            self._sheet.say(f"connection.{visit.state}"),
            f"{size(self._language, visit.bytes_in)} / {size(self._language, visit.bytes_out)}",
            self._spoken(visit),
        )

    def _spoken(self, visit: Visit) -> str:
        """The titles of an association, what became of its request and what was seen of it; else the label."""
        if not visit.association:
            return self._sheet.say(f"spoken.{visit.label}") if visit.label else ""
        titles = f"{visit.calling or '?'} / {visit.called or '?'}"
        details = ", ".join(self._details(visit))
        return f"{titles} ({details})" if details else titles

    def _details(self, visit: Visit) -> Iterator[str]:
        if visit.rejection:
            yield f"{self._sheet.say('association.rejected')} ({visit.rejection})"
        yield from (self._sheet.say(f"dicom_service.{each}") for each in visit.services)
        if visit.request == "partial":
            yield self._sheet.say("spoken.partial")

    def _who(self) -> None:
        """Sources with their counts; a known robot is named as such, and counts all the same."""
        sheet, sources = self._sheet, self._case.incident.sources[:SOURCES]
        if not sources:
            return
        sheet.section(sheet.say("paper.who"))
        out: dict[str, int] = defaultdict(int)
        for visit in self._case.visits:
            out[visit.source] += visit.bytes_out
        rows = [
            (source, str(count), size(self._language, out[source]) if source in out else "", self._known(source))
            for source, count in sources
        ]
        heads = ("connections.source", "paper.times", "incident.bytes_out", "paper.known")
        sheet.table([sheet.say(each) for each in heads], rows, (56, 22, 34, 58))
        sheet.small(sheet.say("paper.who.read"))

    def _known(self, source: str) -> str:
        scanner = self._case.scanners.get(source)
        return self._sheet.say("paper.scanner", name=scanner) if scanner else self._sheet.say("paper.stranger")

    def _done(self) -> None:
        """What people did, and the three times that count."""
        sheet, telling, incident = self._sheet, self._telling, self._case.incident
        sheet.section(sheet.say("paper.done"))
        sheet.items(telling.done())
        sheet.section(sheet.say("paper.times3"))
        unread = sheet.say("paper.unread")
        read = f"{telling.at(incident.read)}, {incident.read_by or ''}".rstrip(", ") if incident.read else unread
        sheet.facts(
            [
                (sheet.say("paper.times3.first"), telling.at(incident.first)),
                (sheet.say("paper.times3.shown"), telling.at(telling.shown) or sheet.say("paper.unshown")),
                (sheet.say("paper.times3.read"), read),
            ]
        )

    def _limits(self) -> None:
        """What nobody should read into this paper."""
        sheet = self._sheet
        sheet.section(sheet.say("paper.limits"))
        sheet.items(self._unknowable())
        sheet.section(sheet.say("perimeter.head"))
        sheet.items(perimeter(self._case.head))
        sheet.section(sheet.say("paper.verify"))
        sheet.text(sheet.say("paper.verify.how"))

    def _unknowable(self) -> Iterator[str]:
        yield self._sheet.say("paper.limits.content")
        if self._case.head.view is View.LIMITED:
            yield self._sheet.say("paper.limits.view")
        if self._telling.is_old:
            yield self._sheet.say("paper.limits.before")
        yield self._sheet.say("paper.limits.patients")


def _telling(proofs: tuple[Proof, ...]) -> list[Proof]:
    """The first checks, the last ones, and both sides of every change."""
    last = len(proofs) - 1
    turns = {n for n in range(last) if proofs[n].reach is not proofs[n + 1].reach}
    kept = {*range(ENDS), *turns, *(n + 1 for n in turns), *range(last - ENDS + 1, last + 1)}
    return [proof for n, proof in enumerate(proofs) if n in kept]


def _colour(code: Code, level: Level) -> Level:
    return Level.CALM if code is Code.DOOR_CLOSED else level
