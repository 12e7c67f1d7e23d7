"""`LISEZMOI.txt`: what lies in a dossier, and how a third person verifies it with one command."""

from sentinel.evidence.facts import Case
from sentinel.evidence.telling import Telling
from sentinel.text import say

FILES = ("dossier", "brouillon", "fiche", "incident", "connexions", "rapports", "journal", "ancres")


def guide(case: Case, name: str) -> bytes:
    """The text; `name` is that of the dossier's own file."""
    language, telling = case.head.audience.language, Telling(case)
    lines = [
        say(language, "paper.guide.title", number=str(case.incident.number)),
        case.head.practice.name,
        say(language, "paper.guide.made", made=telling.at(case.head.audience.now), version=case.head.version),
        "",
        telling.summary(),
        "",
        say(language, "paper.guide.holds"),
        *(say(language, f"paper.guide.{each}") for each in FILES),
        "",
        say(language, "paper.guide.verify"),
        f"    sentinel verify {name}",
        say(language, "paper.guide.how"),
        "",
        say(language, "paper.limits.content"),
        say(language, "paper.guide.care"),
    ]
    return ("\r\n".join(lines).replace("\u202f", "\u00a0") + "\r\n").encode("utf-8-sig")
