"""The installation certificate: what was found and proved on one day, signed by hand by both.

A full and a limited view differ from their first word on, so that nobody files one for the other; where a door is
open or an alarm stands, that comes before either. It is made only after somebody has declared that every machine
was switched on, for a machine that sleeps hides its doors, and while the sentinel knows (`programs.papers`).
"""

from reportlab.lib.units import mm

from sentinel.evidence.facts import Checked, DoorLeft, DoorLine, Installation
from sentinel.evidence.ink import Accent
from sentinel.evidence.perimeter import perimeter
from sentinel.evidence.sheet import Sheet
from sentinel.model.declared import View
from sentinel.text.points import title
from sentinel.text.times import dated, stamp, whole_day

EMPTY = "–"
WATCHED = {True: "paper.machines.yes", False: "paper.machines.no", None: "paper.machines.unknown"}


def certificate(facts: Installation) -> bytes:
    """The PDF."""
    return _Certificate(facts).pdf()


class _Certificate:
    """The paper, part by part."""

    def __init__(self, facts: Installation) -> None:
        self._facts = facts
        self._view = "full" if facts.head.view is View.MIRROR else "limited"
        good = facts.checks and not (facts.open_stories or facts.alarms)
        self._sheet = Sheet(facts.head, "paper.certificate", Accent.CALM if good else Accent.ATTENTION)
        self._language, self._zone = facts.head.audience.language, facts.head.audience.zone

    def pdf(self) -> bytes:
        sheet, facts = self._sheet, self._facts
        made = dated(self._language, facts.head.audience.now, self._zone)
        sheet.title(sheet.say("paper.certificate.title"))
        self._open()
        sheet.lead(
            sheet.say(f"paper.certificate.{self._view}", practice=facts.head.practice.name or EMPTY, made=made)
        )
        self._checks()
        self._machines()
        self._left()
        self._how()
        sheet.section(sheet.say("perimeter.head"))
        for line in perimeter(facts.head):
            sheet.small(line)
        sheet.small(sheet.say("paper.certificate.ends"))
        sheet.signatures(sheet.say("paper.certificate.practice"), sheet.say("paper.certificate.technician"))
        return sheet.pdf()

    def _open(self) -> None:
        """What is not closed, and any other alarm, stands before everything else."""
        sheet, facts = self._sheet, self._facts
        if facts.open_stories:
            lines = list(map(self._story, facts.open_stories))
            sheet.callout(sheet.say("paper.certificate.open", count=len(lines)), *lines)
        if facts.alarms:
            lines = list(map(self._story, facts.alarms))
            sheet.callout(sheet.say("paper.certificate.alarm", count=len(lines)), *lines)

    def _story(self, story: DoorLine) -> str:
        return self._sheet.say(
            "paper.certificate.open.line",
            number=str(story.number),
            what=title(story.code).text(self._language),
            machine=story.machine,
            opened=stamp(self._language, story.opened, self._zone),
        )

    def _checks(self) -> None:
        sheet, checks = self._sheet, self._facts.checks
        sheet.section(sheet.say("paper.certificate.checks"))
        if not checks:
            sheet.callout(sheet.say("paper.certificate.unchecked"))
            return
        heads = ("paper.when", "paper.echo", "paper.certificate.address", "paper.certificate.tested")
        sheet.table([sheet.say(each) for each in heads], map(self._check, checks), (46, 50, 52, 22))

    def _check(self, check: Checked) -> tuple[str, ...]:
        at = stamp(self._language, check.at, self._zone)
        return at, check.echo, f"{check.address} (IPv{check.family})", str(check.tested)

    def _machines(self) -> None:
        sheet = self._sheet
        sheet.section(sheet.say("paper.machines"))
        sheet.text(sheet.say("paper.certificate.on"))
        if self._view == "limited":
            sheet.text(sheet.say("paper.machines.limited"))
        heads = ("incident.machine", "incident.address", "paper.machines.seen")
        rows = [
            (each.name, each.address, sheet.say(WATCHED[each.watched if self._view == "full" else False]))
            for each in self._facts.machines
        ]
        sheet.table([sheet.say(each) for each in heads], rows, (70, 60, 40))

    def _left(self) -> None:
        sheet, left = self._sheet, self._facts.left
        sheet.section(sheet.say("paper.certificate.left"))
        if not left:
            sheet.text(sheet.say("paper.certificate.left.none"))
            return
        heads = (
            "incident.machine",
            "paper.door",
            "paper.certificate.from",
            "paper.certificate.until",
            "paper.by",
            "paper.why",
        )
        sheet.table([sheet.say(each) for each in heads], map(self._door, left), (38, 14, 28, 32, 26, 32))

    def _door(self, left: DoorLeft) -> tuple[str, ...]:
        source = left.source or self._sheet.say("paper.certificate.anybody")
        return left.machine, str(left.port), source, self._until(left), left.who, left.why

    def _until(self, left: DoorLeft) -> str:
        if left.window is None:
            return whole_day(self._language, left.until)
        return self._sheet.say("paper.certificate.window", at=dated(self._language, left.window, self._zone))

    def _how(self) -> None:
        """The exercise, the page's own certificate, how long the log is kept."""
        sheet, facts = self._sheet, self._facts
        sheet.section(sheet.say("paper.certificate.how"))
        drill = facts.drills[-1] if facts.drills else None
        told = dated(self._language, drill.at, self._zone) if drill else sheet.say("paper.certificate.no_drill")
        rows = [
            ("paper.certificate.drill", told),
            ("paper.certificate.contact", facts.head.audience.contact),
            ("paper.certificate.practitioner", facts.head.practice.practitioner),
            ("paper.certificate.by", facts.who),
            ("paper.certificate.fingerprint", facts.fingerprint),
            ("paper.certificate.kept", sheet.say("paper.certificate.months", count=facts.stored_months)),
        ]
        sheet.facts(((sheet.say(key), value) for key, value in rows), label=62 * mm)
