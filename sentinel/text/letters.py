"""What a message says. It stands alone, for it is read at home, where the page cannot be opened: what, which
machine by the name they gave it, what to do with which cable, whom to call, until when.

The practice reads a few sentences. The technician reads the same and then addresses inside, ports, the grade, how
many sources came, and the proof. No address of a stranger and no title of a DICOM peer leaves the house in a
message: who came stands on the page, behind the password.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from sentinel.config import Practice
from sentinel.model.finding import Code, Level
from sentinel.model.incident import Incident
from sentinel.model.notice import Message, NoticeKind, Recipient
from sentinel.model.verdict import Reason
from sentinel.services import service
from sentinel.text import times
from sentinel.text.catalogue import say
from sentinel.text.deadline import CAME
from sentinel.text.outside import endpoint
from sentinel.text.points import (
    Audience,
    Phrase,
    Record,
    machine_blanks,
    machine_name,
    point_of_incident,
    title,
)
from sentinel.text.sentences import Words, verdict_words

MOST = 5
"""Stories told in one message; more are counted."""
RED = (NoticeKind.ALARM, NoticeKind.AGAIN)


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """A message in words."""

    subject: str
    body: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Callers:
    """Whom to call first, and who else; on holiday the substitute comes first."""

    first: str
    other: str = ""


def callers(practice: Practice, *, holiday: bool) -> Callers:
    """Names and phones, as far as they are known."""
    known = [_person(practice.contact, practice.phone), _person(practice.substitute, practice.substitute_phone)]
    named = [each for each in (reversed(known) if holiday else known) if each]
    return Callers(first=named[0] if named else "", other=named[1] if len(named) > 1 else "")


def _person(name: str, phone: str) -> str:
    whole = phone.replace(" ", "\u00a0")
    return f"{name} ({whole})" if name and whole else name or whole


def write(message: Message, audience: Audience, called: Callers, practice: str = "") -> Written:
    """The message in words; `practice` is its name, for whoever looks after several."""
    letter = _Letter(message, audience, called)
    name = practice or say(audience.language, "notice.practice")
    paragraphs = [each for each in letter.paragraphs() if each]
    one_line = re.sub(r"[\x00-\x1f\x7f]+", " ", letter.subject(name))  # a name from a form must add no header
    return Written(subject=one_line, body="\n\n".join(paragraphs) + "\n")


class _Letter:
    """One message while it is written."""

    def __init__(self, message: Message, audience: Audience, called: Callers) -> None:
        self._message = message
        self._audience = audience
        self._language = audience.language
        self._called = called
        self._records = {each.number: _record(each) for each in message.stories}
        verdict = message.verdict
        self._words: Words | None = verdict_words(verdict, audience, self._records) if verdict else None

    def subject(self, practice: str) -> str:
        """Short: a telephone shows some forty characters."""
        words: dict[str, object] = {"practice": practice}
        if self._message.kind in (*RED, NoticeKind.ATTENTION, NoticeKind.UNSURE, NoticeKind.CLOSED):
            words["subject"] = title(self._first_code()).text(self._language)
        return say(self._language, f"notice.{self._message.kind.value}.subject", **words)

    def paragraphs(self) -> Iterator[str]:
        """The body, in the order in which it is needed."""
        kind = self._message.kind
        if kind is NoticeKind.AGAIN:
            yield self._say("notice.unread")
        yield "\n".join(self._told())
        yield self._gesture(kind)
        if kind in RED:
            yield from self._cable()
        yield self._call()
        if self._words and self._words.deadline and kind in (*RED, NoticeKind.CLOSED):
            yield self._words.deadline.text(self._language)
        if kind in RED:
            yield self._say("notice.alarm.read")
        if self._message.last:
            yield self._say("notice.last")
        if self._message.recipient is Recipient.TECHNICIAN and kind not in (NoticeKind.TEST, NoticeKind.DRILL):
            yield "\n".join(self._details())
        audience = self._audience
        yield self._say("notice.signed", stamp=times.stamp(self._language, self._message.at.wall, audience.zone))

    # -- what happened ---------------------------------------------------------------------------------------

    def _told(self) -> Iterator[str]:
        kind = self._message.kind
        if kind is NoticeKind.TEST:
            yield self._say("notice.test.sentence")
        elif kind is NoticeKind.DRILL:
            yield self._say("finding.drill.sentence")
        elif kind is NoticeKind.SEES and self._words:
            yield self._words.sentence.text(self._language)
        elif kind is NoticeKind.CLOSED:
            yield from self._few([self._ended(each) for each in self._message.stories])
        else:
            yield from self._few([phrase.text(self._language) for _, phrase in self._reasons()])

    def _few(self, sentences: list[str]) -> Iterator[str]:
        """Each sentence once, and how many more there are."""
        found = list(dict.fromkeys(sentences))
        yield from found[:MOST]
        if len(found) > MOST:
            yield self._say("notice.others", count=len(found) - MOST)

    def _reasons(self) -> list[tuple[Reason, Phrase]]:
        """What the verdict says of the things this message is about; of all of them where it does not know."""
        also = self._words.also if self._words else ()
        if self._message.kind is NoticeKind.UNSURE:
            return [each for each in also if each[0].level is Level.UNSURE]
        about = self._message.about
        found = [each for each in also if (str(each[0].incident or "") or each[0].code.value) in about]
        return sorted(found, key=lambda each: -each[0].level)

    def _ended(self, story: Incident) -> str:
        """How an alarm ended: proved, said, or no longer there."""
        closed = story.closed or self._message.at
        at = times.at(self._language, closed.wall, self._audience.now, self._audience.zone)
        machine = self._machine(story)
        if story.false_alarm is not None:
            return self._say("notice.closed.false", machine=machine)
        ended = dict(self._message.ended).get(story.number)
        if ended is Code.EXPECTED_BROAD:
            return self._say("notice.closed.accepted", machine=machine)
        if ended is not Code.DOOR_CLOSED:  # a quiet week, a mapping that is gone, or nobody knows
            return self._say("notice.closed.over", machine=machine, at=at)
        key = (
            "finding.door_closed.sentence"
            if story.machine or story.mac
            else "finding.door_closed.unknown.sentence"
        )
        return self._say(key, machine=machine, at=at)

    def _first_code(self) -> Code:
        reasons = self._reasons()
        if reasons:
            return reasons[0][0].code
        if self._message.stories:
            return self._message.stories[0].code
        return Code.NOT_CHECKED

    # -- what to do ------------------------------------------------------------------------------------------

    def _gesture(self, kind: NoticeKind) -> str:
        key = "alarm" if kind in RED else kind.value
        return self._say(f"notice.{key}.gesture", contact=self._first_caller())

    def _cable(self) -> Iterator[str]:
        """Which cable, machine by machine; the line's where none is known, or nobody is there."""
        named = [each for each in self._message.stories if each.machine or each.mac]
        came = any(each.code in CAME for each in self._message.stories)
        lines = [
            self._say(f"notice.alarm.{'came' if each.code in CAME else 'open'}", of_machine=self._of_machine(each))
            for each in sorted(named, key=lambda each: each.code not in CAME)
            if each.code in CAME or not came
        ]
        yield "\n".join(list(dict.fromkeys(lines))[:MOST])
        yield self._say("notice.alarm.line")

    def _call(self) -> str:
        """Who else, where the first does not answer; nobody is to be called for an exercise or a test."""
        if not self._called.other or self._message.kind in (NoticeKind.DRILL, NoticeKind.TEST):
            return ""
        return self._say("notice.other", contact=self._called.first, other=self._called.other)

    def _first_caller(self) -> str:
        return self._called.first or self._say("contact.none")

    # -- for the technician ----------------------------------------------------------------------------------

    def _details(self) -> Iterator[str]:
        yield self._say("notice.detail.head")
        for story in self._message.stories[:MOST]:
            yield ""
            yield from self._detail(story)
        verdict = self._message.verdict
        if verdict is None:
            return
        checked = times.stamp(self._language, verdict.checked.wall, self._audience.zone) if verdict.checked else ""
        yield ""
        yield self._say(
            "notice.detail.proof",
            checked=checked or self._say("notice.detail.unproved"),
            view=self._say(f"view.{verdict.view.value}"),
            assurance=self._say(f"assurance.{verdict.assurance.value}"),
        )

    def _detail(self, story: Incident) -> Iterator[str]:
        yield self._say("notice.detail.incident", number=str(story.number))
        address = str(story.machine) if story.machine else story.mac
        label = self._audience.labels.get((story.mac or "").lower(), "")
        grade = self._say(f"grade.{story.grade.word}") if story.grade else ""
        stamps = (
            times.stamp(self._language, each.wall, self._audience.zone) for each in (story.first, story.last)
        )
        first, last = stamps
        for name, value in (
            ("machine", endpoint(label, address, None) if address else ""),
            ("port", _port(story.port)),
            ("outside", _port(story.outside_port)),
            ("grade", grade),
            ("first", first),
            ("last", last),
        ):
            if value:
                yield self._say(f"notice.detail.{name}", value=value)
        if story.sources:
            size = times.size(self._language, story.bytes_out)
            yield self._say("notice.detail.sources", count=len(story.sources), visits=story.count, size=size)

    # -- words -----------------------------------------------------------------------------------------------

    def _machine(self, story: Incident) -> str:
        return machine_name(point_of_incident(self._records[story.number]), self._audience)

    def _of_machine(self, story: Incident) -> str:
        return machine_blanks(point_of_incident(self._records[story.number]), self._audience)["of_machine"]

    def _say(self, key: str, **blanks: object) -> str:
        return say(self._language, key, **blanks)


def _record(story: Incident) -> Record:
    """Without its timeline: a message must not wait for the store, which may be what fails."""
    alarmed = story.shown.wall if story.shown else None
    return Record(incident=story, began=story.first.wall, alarmed=alarmed)


def _port(number: int | None) -> str:
    known = service(number) if number else None
    return f"{number} ({known.name})" if known else str(number or "")
