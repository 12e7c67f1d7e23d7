"""No word of the other language on any page, and none of the trade on the first."""

import re
from html.parser import HTMLParser
from pathlib import Path

import pytest
from furnished import Cabinet, door, reason, verdict

from sentinel import lan
from sentinel.card.notes import board
from sentinel.model.finding import Code, Level

TRADE = {
    "fr": r"écho|miroir|ports?|dicom|associations?|upnp|nat|registre chaîné|couverture|assurance|incidents?|sonde",
    "en": r"echo|mirror|ports?|knocks?|dicom|associations?|upnp|nat|ledger|coverage|assurance|incidents?",
}
"""The first page is for people who never heard them."""
NOT_PAGES = re.compile(r"/(static/|healthz|api/|connections\.csv|sentinel\.txt)")
SAME = re.compile(
    r"[\d\W_]*|Cabinet Sentinel.*|.*(RADIO-PC|Sophie Martin|Cabinet du Parc|example|ORTHANC|<script|IPv[46]).*|"
    r"[\da-f.:]+(, [\da-f.:]+)*|\w+://.*|([\d.]+:)?\d+ \([\w-]+\)|[A-Z][a-z]+/\w+|eth\d|"
    r"(Bbox|Freebox|Livebox|SFR Box).*|(Dell Inc\.|Panasonic Communications)|"
    r"(Français|English|DICOM|TCP|MAC|box|Pages?|Messages?|Documents?|Notes?|Codes?|Sources?|Ports?|Dates?|"
    r"Assurance|Interface|Python|SQLite)|"
    r"Anne|SHA-256 [\da-f]+…|[a-z\d-]+\.(zip|pdf)|"
    r"\[capture\] firewall|sentinel enrol sentinel-echo://…|mailtos://…"
)
"""What is written alike in both: numbers, names, and words the languages share."""


class Words(HTMLParser):
    """The texts of a page, those of pictures and buttons too."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.found: set[str] = set()
        self._silent = 0
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._silent += tag in ("script", "style")
        self.found |= {
            value or "" for name, value in attrs if name in ("alt", "aria-label", "title", "placeholder")
        }

    def handle_endtag(self, tag: str) -> None:
        self._silent -= tag in ("script", "style")

    def handle_data(self, data: str) -> None:
        if not self._silent:
            self.found.add(" ".join(data.split()))


def pages(cabinet: Cabinet) -> list[str]:
    """Every address that is read as a page."""
    rules = sorted(rule.rule for rule in cabinet.app().url_map.iter_rules() if "GET" in (rule.methods or ()))
    filled = [re.sub(r"<int[^>]*:number>", "1", rule) for rule in rules]
    return [each for each in filled if "<" not in each and not NOT_PAGES.match(each)]


def test_no_english_stands_on_a_french_page(cabinet: Cabinet):
    """What both languages' pages have in common word for word is a name, a number, or known to be alike."""
    cabinet.beat(verdict(door(Code.STRANGER_ASSOCIATED), reason(Code.VIEW_LOST, Level.UNSURE)))
    own = {lan.host(), board(Path("/"), "").serial}
    alike = {}
    for path in pages(cabinet):
        said = {
            language: Words(cabinet.insider(language).get(f"{path}?lang={language}").get_data(as_text=True)).found
            for language in ("fr", "en")
        }
        both = {words for words in said["fr"] & said["en"] - own if not SAME.fullmatch(words)}
        alike |= {path: both} if both else {}

    assert alike == {}


@pytest.mark.parametrize("language", ["fr", "en"])
@pytest.mark.parametrize("code", Code)
def test_the_first_page_speaks_no_word_of_the_trade(cabinet: Cabinet, code: Code, language: str):
    """Whatever is found, in every colour it may have, for whoever has not given the code."""
    for level in (Level.ATTENTION, Level.UNSURE, Level.ALARM):
        cabinet.beat(verdict(door(code, level), reason(code, level)))
        said = " ".join(Words(cabinet.visitor(language).get("/").get_data(as_text=True)).found)

        assert re.findall(rf"\b(?:{TRADE[language]})\b", said, re.IGNORECASE) == []
