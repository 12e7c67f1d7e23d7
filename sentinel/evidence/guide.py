"""`LISEZMOI.txt`: what lies in a dossier, and how a third person verifies it with one command."""

from collections.abc import Collection, Iterator

from sentinel.evidence import pack
from sentinel.evidence.facts import Case
from sentinel.evidence.telling import Telling
from sentinel.text import say

FIX_SHEET = "fiche-box.pdf"
FILES = {
    "dossier": pack.DOSSIER,
    "brouillon": pack.DRAFT,
    "fiche": FIX_SHEET,
    "incident": pack.INCIDENT,
    "connexions": pack.CONNECTIONS_CSV,
    "rapports": pack.REPORTS,
    "journal": pack.JOURNAL,
    "ancres": pack.ANCHORS,
}
"""By the words that tell of it: a file, or the beginning of several."""


def guide(case: Case, name: str, files: Collection[str]) -> bytes:
    """The text; `name` is that of the dossier's own file, `files` are those in it."""
    language, telling = case.head.audience.language, Telling(case)
    lines = [
        say(language, "paper.guide.title", number=str(case.incident.number)),
        case.head.practice.name,
        say(language, "paper.guide.made", made=telling.at(case.head.audience.now), version=case.head.version),
        "",
        telling.summary(),
        "",
        say(language, "paper.guide.holds"),
        *(say(language, f"paper.guide.{each}") for each in _held(files)),
        "",
        say(language, "paper.guide.verify", version=case.head.version),
        f"    ./dev sentinel verify {name}",
        say(language, "paper.guide.install"),
        "    pip install '.[verify]'",
        f"    sentinel verify {name}",
        say(language, "paper.guide.how"),
        "",
        say(language, "paper.limits.content"),
        say(language, "paper.guide.care"),
    ]
    return ("\r\n".join(lines).replace("\u202f", "\u00a0") + "\r\n").encode("utf-8-sig")


def _held(files: Collection[str]) -> Iterator[str]:
    return (word for word, begin in FILES.items() if any(each.startswith(begin) for each in files))
