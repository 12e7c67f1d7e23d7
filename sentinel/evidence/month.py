"""The page of a month, for the practice's file: one A4 that says what was proved, and where it was not.

It never says more than was proved: a day counts when the journal tells no gap of it (`model.ledger.Day`), neither
in the checks from outside nor in what the sentinel could see, keep and believe; a day with some is drawn half, and
the longest gaps stand there with their reason.
"""

from collections.abc import Iterator

from reportlab.graphics.shapes import Drawing, Line, Rect, String
from reportlab.lib.colors import HexColor, white
from reportlab.lib.units import mm

from sentinel.evidence.facts import Day, DoorLine, Month, Stretch
from sentinel.evidence.ink import LINE, SOFT, WIDTH, Accent
from sentinel.evidence.perimeter import perimeter
from sentinel.evidence.sheet import Sheet
from sentinel.model.declared import View
from sentinel.text import has
from sentinel.text.points import title
from sentinel.text.times import dated, month, stamp

GAPS, STORIES, MACHINES, DRILLS, UPDATES = 5, 5, 12, 2, 4
"""Lines of each list: the page stays one page, and says what it left out."""
NAME = 24
"""Characters of a machine's or a person's name."""
GREEN, YELLOW, BLUE = HexColor("#2c8f50"), HexColor("#e0b321"), HexColor("#1d4fa3")


def month_page(facts: Month) -> bytes:
    """The PDF."""
    return _Page(facts).pdf()


class _Page:
    """The page, part by part."""

    def __init__(self, facts: Month) -> None:
        self._facts = facts
        self._counted = [day for day in facts.days if day.counts]
        self._proved = sum(day.is_proved for day in self._counted)
        whole = bool(self._counted) and self._proved == len(self._counted)
        accent = Accent.CALM if whole else Accent.ATTENTION if self._proved else Accent.UNSURE
        self._sheet = Sheet(facts.head, "paper.month", accent)
        self._language, self._zone = facts.head.audience.language, facts.head.audience.zone

    def pdf(self) -> bytes:
        sheet, facts = self._sheet, self._facts
        sheet.title(sheet.say("paper.month.title", month=month(self._language, facts.first)))
        sheet.lead(" ".join(self._lead()))
        sheet.picture(_strip(facts))
        sheet.small(sheet.say("paper.month.legend"))
        self._gaps()
        self._doors()
        self._rest()
        self._machines()
        sheet.section(sheet.say("perimeter.head"))
        for line in perimeter(facts.head):
            sheet.small(line)
        return sheet.pdf(one_page=True)

    def _lead(self) -> Iterator[str]:
        facts, say = self._facts, self._sheet.say
        view = "full" if facts.head.view is View.MIRROR else "limited"
        lead = "lead" if self._counted else "first"
        yield say(f"paper.month.{lead}.{view}", count=self._proved, days=len(self._counted))
        partly = sum(day.is_partly for day in self._counted)
        if partly:
            yield say("paper.month.partly", count=partly)
        if facts.checks:
            yield say("paper.month.checks", count=facts.checks, doors=facts.doors)
        for family in facts.shared:
            yield say("paper.month.shared", family=str(family))

    def _gaps(self) -> None:
        sheet, gaps = self._sheet, self._facts.gaps
        sheet.section(sheet.say("paper.month.gaps"))
        if not gaps:
            sheet.text(sheet.say("paper.month.gaps.none"))
            return
        sheet.items(self._gap(gap) for gap in gaps[:GAPS])
        if len(gaps) > GAPS:
            sheet.small(sheet.say("paper.month.gaps.more", count=len(gaps) - GAPS))

    def _gap(self, gap: Stretch) -> str:
        say, zone = self._sheet.say, self._zone
        keys = (f"paper.gap.{gap.why}", f"miss.{gap.why}", f"finding.{gap.why}.title")
        key = next((each for each in keys if has(self._language, each)), keys[0])
        begins, ends = (stamp(self._language, each, zone)[:-3] for each in (gap.begins, gap.ends))
        return say("paper.month.gap", begins=begins, ends=ends, why=say(key))

    def _doors(self) -> None:
        sheet, stories = self._sheet, self._facts.stories
        sheet.section(sheet.say("paper.month.doors"))
        if not stories:
            sheet.text(sheet.say("paper.month.doors.none"))
            return
        heads = ("paper.number", "paper.what", "incident.machine", "paper.month.opened", "paper.month.closed")
        sheet.table([sheet.say(each) for each in heads], map(self._door, stories[:STORIES]), (8, 50, 48, 32, 32))
        if len(stories) > STORIES:
            sheet.small(sheet.say("paper.month.doors.more", count=len(stories) - STORIES))

    def _door(self, line: DoorLine) -> tuple[str, ...]:
        what = title(line.code).text(self._language)
        port = f", {line.port}" if line.port else ""
        opened = stamp(self._language, line.opened, self._zone)[:-3]
        if line.closed is None:
            closed = self._sheet.say("paper.month.still")
        else:
            key = "paper.month.proved" if line.proved else "paper.month.over"
            closed = self._sheet.say(key, at=stamp(self._language, line.closed, self._zone)[:-3])
        return str(line.number), what[:1].upper() + what[1:], line.machine[:NAME] + port, opened, closed

    def _rest(self) -> None:
        """Who knocked in vain, and the exercise."""
        sheet, facts = self._sheet, self._facts
        sheet.section(sheet.say("paper.month.knocks"))
        if facts.head.view is View.LIMITED:
            sheet.text(sheet.say("paper.month.knocks.unseen"))
        else:
            quiet = sheet.say("paper.month.knocks.quiet") if not (facts.answered or facts.stories) else ""
            sheet.text(" ".join(filter(None, (sheet.say("paper.month.repelled", count=facts.repelled), quiet))))
        sheet.section(sheet.say("paper.month.drill"))
        if not facts.drills:
            sheet.text(sheet.say("paper.month.drill.none"))
        for drill in facts.drills[:DRILLS]:
            at = dated(self._language, drill.at, self._zone)
            who = drill.read_by[:NAME] or sheet.say("who.somebody")
            seen = dated(self._language, drill.read, self._zone) if drill.read else ""
            key = "paper.month.drill.read" if drill.read else "paper.month.drill.unread"
            sheet.text(sheet.say(key, at=at, seen=seen, who=who))
        if facts.updates:
            told = (
                f"{version} ({dated(self._language, at, self._zone)})" for version, at in facts.updates[-UPDATES:]
            )
            sheet.small(sheet.say("paper.month.updates", count=len(facts.updates), versions=", ".join(told)))

    def _machines(self) -> None:
        sheet, machines = self._sheet, self._facts.machines
        if self._facts.head.view is View.LIMITED or not machines:
            return
        sheet.section(sheet.say("paper.machines"))
        lists = {True: "paper.machines.watched", False: "paper.machines.not", None: "paper.machines.unsure"}
        for watched, key in lists.items():
            names = [each.name[:NAME] for each in machines if each.watched is watched]
            if names:
                more = len(names) - MACHINES
                rest = " " + sheet.say("paper.machines.more", count=more) if more > 0 else ""
                sheet.text(sheet.say(key, names=", ".join(names[:MACHINES])) + rest)


def _strip(facts: Month) -> Drawing:
    """One box a day: full, half or empty, so that it is read without its colours too."""
    height, gap = 9 * mm, 0.9 * mm
    width = WIDTH / 31
    drawing = Drawing(WIDTH, height + 5 * mm)
    for place, day in enumerate(facts.days):
        x = place * width
        drawing.add(Rect(x, 5 * mm, width - gap, height, fillColor=white, strokeColor=_edge(day), strokeWidth=0.8))
        share = 1 if day.is_proved else 0.5 if day.is_partly else 0
        if share and day.installed:
            colour = GREEN if day.is_proved else YELLOW
            drawing.add(
                Rect(x, 5 * mm, width - gap, height * share, fillColor=colour, strokeColor=None, strokeWidth=0)
            )
        middle = x + (width - gap) / 2
        drawing.add(
            String(
                middle,
                1.4 * mm,
                str(day.date.day),
                fontName="Helvetica",
                fontSize=6.5,
                textAnchor="middle",
                fillColor=SOFT,
            )
        )
        if day.counts and not share:
            mark = String(
                middle, 5 * mm + height / 2 - 3, "?", fontName="Helvetica-Bold", fontSize=9, textAnchor="middle"
            )
            mark.fillColor = BLUE
            drawing.add(mark)
        elif not day.counts and not share:
            drawing.add(
                Line(x + 2, 5 * mm + height / 2, x + width - gap - 2, 5 * mm + height / 2, strokeColor=SOFT)
            )
    return drawing


def _edge(day: Day) -> HexColor:
    if not day.counts:
        return LINE
    return GREEN if day.is_proved else YELLOW if day.is_partly else BLUE
