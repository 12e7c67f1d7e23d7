"""How the door is closed at the internet box: one sheet to hold beside the box's own page.

Nobody could check these menus on every firmware: each is marked « à vérifier ». No
sheet ever advises to open a port, and none claims that the sentinel changes the box: it never does.
"""

from sentinel.evidence.facts import Case
from sentinel.evidence.ink import Accent
from sentinel.evidence.sheet import Sheet
from sentinel.evidence.telling import Telling
from sentinel.text.boxes import known, steps


def fix_sheet(case: Case) -> bytes:
    """The sheet for the box that was recognised; for all of them where none was."""
    sheet, telling = Sheet(case.head, "paper.fix", Accent.ATTENTION), Telling(case)
    sheet.title(sheet.say("paper.fix.title"))
    sheet.lead(sheet.say("paper.fix.lead", machine=telling.machine))
    rows = [
        ("incident.route", telling.route),
        ("incident.outside_port", _port(case)),
        ("incident.machine", telling.machine),
    ]
    sheet.facts((sheet.say(key), value) for key, value in rows)
    sheet.callout(sheet.say("paper.fix.first"), sheet.say("paper.fix.photo"))
    for box in known(case.product):
        sheet.section(sheet.say(f"paper.fix.{box}"))
        sheet.small(sheet.say("paper.fix.check"))
        sheet.items(sheet.say(key) for key in steps(box))
    sheet.section(sheet.say("paper.fix.software"))
    sheet.text(sheet.say("paper.fix.software.what"))
    sheet.section(sheet.say("paper.fix.after"))
    sheet.text(sheet.say("paper.fix.after.what"))
    return sheet.pdf()


def _port(case: Case) -> str:
    port = case.incident.outside_port
    return "" if port is None else str(port)
