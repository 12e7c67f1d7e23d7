"""The closing page: what this sentinel recorded, and what is still to be done, when it goes out of service."""

from sentinel.evidence.facts import Closing
from sentinel.evidence.ink import Accent
from sentinel.evidence.sheet import Sheet
from sentinel.text.times import dated

STEPS = ("export", "keep", "wipe", "revoke", "watch")


def closing_page(facts: Closing) -> bytes:
    """The PDF."""
    sheet = Sheet(facts.head, "paper.closing", Accent.ALARM if facts.still_open else Accent.UNSURE)
    audience = facts.head.audience
    made = dated(audience.language, audience.now, audience.zone)
    sheet.title(sheet.say("paper.closing.title"))
    sheet.lead(sheet.say("paper.closing.lead", practice=facts.head.practice.name or "–", made=made))
    if facts.still_open:
        sheet.callout(sheet.say("paper.closing.open", count=facts.still_open))
    sheet.section(sheet.say("paper.closing.recorded"))
    sheet.facts((sheet.say(key), value) for key, value in _rows(facts, sheet))
    sheet.section(sheet.say("paper.closing.steps"))
    sheet.ticks(sheet.say(f"paper.closing.{step}") for step in STEPS)
    sheet.small(sheet.say("paper.closing.kept"))
    sheet.signatures(sheet.say("paper.certificate.practice"), sheet.say("paper.certificate.technician"))
    return sheet.pdf()


def _rows(facts: Closing, sheet: Sheet) -> list[tuple[str, str]]:
    audience = facts.head.audience
    language, zone = audience.language, audience.zone
    anchored = dated(language, facts.anchored, zone) if facts.anchored else sheet.say("paper.closing.unanchored")
    return [
        ("paper.closing.from", dated(language, facts.installed, zone) if facts.installed else ""),
        ("paper.closing.served", sheet.say("paper.closing.days", count=facts.served.days)),
        ("paper.closing.checks", sheet.say("paper.closing.checks.told", count=facts.checks, days=facts.days)),
        (
            "paper.closing.incidents",
            sheet.say("paper.closing.incidents.told", count=facts.incidents, alarms=facts.alarms),
        ),
        ("paper.closing.register", str(facts.registered)),
        ("paper.closing.papers", str(facts.papers)),
        ("paper.closing.entries", str(facts.entries)),
        ("paper.closing.head", facts.head_hash),
        ("paper.closing.anchored", anchored if facts.entries else ""),
    ]
