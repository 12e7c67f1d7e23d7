"""A draft for the CNIL's form, in the form's order, with what is known filled in and lines for the rest.

Nothing is ever sent by the sentinel, and the decision is the practitioner's. The order is that of the authority's
own form, the content that of GDPR article 33(3); the live form may differ, and the paper says so.
"""

from sentinel.evidence.facts import Case
from sentinel.evidence.ink import Accent
from sentinel.evidence.sheet import Sheet
from sentinel.evidence.telling import Telling
from sentinel.model.incident import IncidentState

DATA = ("civil", "contact", "health", "nir", "other")
PEOPLE = ("patients", "staff", "other")
SEVERITIES = ("negligible", "limited", "significant", "maximal")
ORIGINS = ("publication", "intrusion", "internal", "external", "accidental", "malicious")


def notification(case: Case) -> bytes:
    """The draft."""
    return _Draft(case).pdf()


class _Draft:
    """The form, part by part."""

    def __init__(self, case: Case) -> None:
        self._case = case
        self._telling = Telling(case)
        self._sheet = Sheet(case.head, "paper.draft", Accent.UNSURE)

    def pdf(self) -> bytes:
        sheet = self._sheet
        sheet.title(sheet.say("paper.draft.title", number=str(self._case.incident.number)))
        sheet.callout(sheet.say("paper.draft.never"), sheet.say("paper.draft.order"))
        for part in (
            self._kind,
            self._organisation,
            self._dates,
            self._nature,
            self._data,
            self._before,
            self._consequences,
            self._measures,
            self._informed,
        ):
            part()
        return sheet.pdf()

    def _part(self, key: str, *rows: tuple[str, str]) -> None:
        sheet = self._sheet
        sheet.section(sheet.say(key))
        if rows:
            sheet.blanks([(sheet.say(name), value) for name, value in rows])

    def _ticks(self, prefix: str, names: tuple[str, ...]) -> None:
        self._sheet.ticks(self._sheet.say(f"paper.draft.{prefix}.{name}") for name in names)

    def _kind(self) -> None:
        self._part("paper.draft.1")
        self._ticks("kind", ("initial", "complete", "further"))

    def _organisation(self) -> None:
        practice = self._case.head.practice
        self._part(
            "paper.draft.2",
            ("paper.draft.name", practice.name),
            ("paper.draft.siren", ""),
            ("paper.draft.address", ""),
            ("paper.draft.controller", practice.practitioner),
            ("paper.draft.dpo", ""),
            ("paper.draft.contact", practice.practitioner),
            ("paper.draft.phone", ""),  # the number we know is that of the person to call, who is somebody else
        )

    def _dates(self) -> None:
        telling, incident = self._telling, self._case.incident
        over = incident.state is IncidentState.CLOSED and incident.closed is not None
        self._part(
            "paper.draft.3",
            ("paper.draft.begun", telling.since),
            ("paper.draft.ended", telling.at(incident.closed) if over else self._sheet.say("paper.draft.ongoing")),
            ("paper.draft.discovered", telling.at(telling.shown)),
            ("paper.draft.how", self._sheet.say("paper.draft.how.filled")),
            ("paper.draft.late", ""),
        )
        for line in telling.clock():
            self._sheet.small(line)

    def _nature(self) -> None:
        self._part(
            "paper.draft.4",
            ("paper.draft.nature", self._sheet.say("paper.draft.nature.filled")),
            ("paper.draft.what", self._telling.summary()),
            ("paper.draft.door", self._telling.route),
        )
        self._sheet.small(self._sheet.say("paper.draft.origin"))
        self._ticks("origin", ORIGINS)

    def _data(self) -> None:
        self._part("paper.draft.5")
        self._ticks("data", DATA)
        self._sheet.small(self._sheet.say("paper.draft.people"))
        self._ticks("people", PEOPLE)
        self._part("paper.draft.numbers", ("paper.draft.records", ""), ("paper.draft.persons", ""))
        self._sheet.small(self._sheet.say("paper.draft.numbers.hint"))

    def _before(self) -> None:
        self._part("paper.draft.6", ("paper.draft.before", ""), ("paper.draft.encrypted", ""))

    def _consequences(self) -> None:
        self._part("paper.draft.7", ("paper.draft.likely", self._sheet.say("paper.draft.likely.filled")))
        self._ticks("severity", SEVERITIES)

    def _measures(self) -> None:
        self._part(
            "paper.draft.8", ("paper.draft.taken", " ".join(self._telling.done())), ("paper.draft.planned", "")
        )

    def _informed(self) -> None:
        self._part(
            "paper.draft.9",
            ("paper.draft.informed", ""),
            ("paper.draft.why_not", ""),
            ("paper.draft.countries", ""),
            ("paper.draft.others", ""),
        )
        self._sheet.callout(self._sheet.say("paper.draft.article34"), self._sheet.say("paper.draft.insurer"))
