"""What people do about incidents and doors, from a request to a fact: checked here, and nowhere else.

Who did it and why are asked for, since both go to the practice's file; a request that lacks them is not
understood. What is understood and may not be (an end at a week-end, a door that nobody can name) is refused as
such.
"""

from datetime import date, datetime, timedelta
from ipaddress import ip_address, ip_network
from typing import Protocol
from zoneinfo import ZoneInfo

from sentinel import accepting
from sentinel.clock import Clock
from sentinel.config import Config
from sentinel.mistakes import MAC
from sentinel.model.acting import LONGEST_WORDS, Acceptance, FalseAlarm, Measure, MeasureKind, Withdrawal
from sentinel.model.finding import Code, StoryKind
from sentinel.model.incident import Incident, IncidentState
from sentinel.model.moment import Moment
from sentinel.model.networks import Network, is_narrow
from sentinel.pipeline import Street
from sentinel.programs.errand import Promised
from sentinel.settings import covered
from sentinel.wire.requests import Reply, Request, Verb

LONGEST_NAME = 80
AHEAD = timedelta(minutes=2)
"""Browsers' clocks are not ours: so far ahead of it « now » is understood as now."""
LONG_AGO = timedelta(days=31)
"""A measure from before is not remembered to the minute."""
VERBS = frozenset({Verb.MEASURE, Verb.FALSE_ALARM, Verb.ACCEPT, Verb.WITHDRAW})


class Asks(Protocol):
    """Whoever asks the echoes."""

    def soon(self) -> Promised:
        """Everything."""

    def retest(self, family: int, doors: tuple[int, ...]) -> Promised:
        """Whether these public ports are closed now."""


class Refused(Exception):
    """A request that is not carried out, and how that is answered."""

    def __init__(self, reply: Reply) -> None:
        super().__init__(reply.value)
        self.reply = reply


class Deeds:
    """Carries them out. Lives in the street's thread.

    Args:
        config: the practice, in whose time zone people say when; what was set on the page covers it.
    """

    def __init__(self, street: Street, asking: Asks, clock: Clock, config: Config) -> None:
        self._street = street
        self._asking = asking
        self._clock = clock
        self._config = config

    def do(self, request: Request) -> Reply:
        """One request of `VERBS`."""
        acts = {
            Verb.MEASURE: self._measure,
            Verb.FALSE_ALARM: self._false_alarm,
            Verb.ACCEPT: self._accept,
            Verb.WITHDRAW: self._withdraw,
        }
        try:
            acts[request.verb](request, self._clock())
        except Refused as refused:
            return refused.reply
        return Reply.DONE

    def _measure(self, request: Request, at: Moment) -> None:
        """Told, and a door that is not known to be closed is tested again at once: that is what proves it."""
        incident = self._recalled(request.incident)
        if request.kind not in set(MeasureKind):
            raise Refused(Reply.NOT_UNDERSTOOD)
        done = self._moment(request.when) if request.when else at.wall
        if not at.wall - LONG_AGO <= done <= at.wall + AHEAD:
            raise Refused(Reply.NOT_ALLOWED)
        measure = Measure(
            incident=incident.number,
            kind=MeasureKind(request.kind),
            done=min(done, at.wall),
            said=_words(request.why, LONGEST_WORDS),
            who=_needed(request.who, LONGEST_NAME),
            at=at,
        )
        self._street.walk(measure)
        if incident.state is not IncidentState.CLOSED:
            self._look_again(incident)

    def _false_alarm(self, request: Request, at: Moment) -> None:
        incident = self._known(request.incident)
        why, who = _needed(request.why, LONGEST_WORDS), _needed(request.who, LONGEST_NAME)
        self._street.walk(FalseAlarm(incident=incident.number, why=why, who=who, at=at))

    def _accept(self, request: Request, at: Moment) -> None:
        """Told, and its stories are looked at again: accepted for everybody they end, else they do not."""
        machine, port = self._place(request)
        source, until, zone = _source(request.source), self._until(request), self._zone
        if self._street.judge.itself.is_named(machine):
            raise Refused(Reply.NOT_ALLOWED)  # our own page names the machines of the practice
        may_be = is_narrow(source) and accepting.is_manned(until, zone)
        if not may_be or not accepting.is_short_enough(
            until, at.wall, zone, port=port, source=source, window=request.window
        ):
            raise Refused(Reply.NOT_ALLOWED)
        acceptance = Acceptance(
            number=self._street.judge.granted.next_number,
            machine=machine,
            port=port,
            source=None if source is None else str(source),
            until=until,
            window=request.window,
            who=_needed(request.who, LONGEST_NAME),
            why=_needed(request.why, LONGEST_WORDS),
            at=at,
        )
        self._street.walk(acceptance)
        for incident in [*self._street.casebook.told()]:
            if incident.port == port and machine in (incident.mac, str(incident.machine)):
                self._look_again(incident)

    def _withdraw(self, request: Request, at: Moment) -> None:
        """The street asks whether the door is still open."""
        if self._street.judge.granted.find(request.number) is None:
            raise Refused(Reply.NOT_FOUND)
        who = _needed(request.who, LONGEST_NAME)
        self._street.walk(Withdrawal(number=request.number, who=who, at=at))

    @property
    def _zone(self) -> ZoneInfo:
        return ZoneInfo(covered(self._config, self._street.archive.settings()).practice.time_zone)

    def _look_again(self, incident: Incident) -> None:
        doors = self._street.judge.outside.public_ports(incident.story)
        if doors:
            self._asking.retest(incident.story.family, doors)

    # -- what was meant ------------------------------------------------------------------------------------

    def _known(self, number: int) -> Incident:
        incident = self._street.casebook.find(number)
        if incident is None:
            raise Refused(Reply.NOT_FOUND)
        return incident

    def _recalled(self, number: int) -> Incident:
        """Also one that ended lately: what was done about it belongs to it."""
        incident = self._street.casebook.recall(number)
        if incident is None:
            raise Refused(Reply.NOT_FOUND)
        return incident

    def _place(self, request: Request) -> tuple[str, int]:
        """The machine, by its MAC where that is known, and the inside port."""
        if request.incident:
            incident = self._known(request.incident)
            machine, port = incident.mac or incident.machine, incident.port
            if incident.story.kind not in (StoryKind.DOOR, StoryKind.MAPPING) or machine is None or not port:
                raise Refused(Reply.NOT_ALLOWED)  # nobody accepts he does not know what
            if incident.code is Code.SELF_VISIBLE:
                raise Refused(Reply.NOT_ALLOWED)
            return str(machine), port
        if not 1 <= request.port <= 65_535:
            raise Refused(Reply.NOT_UNDERSTOOD)
        return self._machine(request.machine.strip().lower()), request.port

    def _machine(self, text: str) -> str:
        if MAC.fullmatch(text):
            return text
        try:
            address = ip_address(text)
        except ValueError:
            raise Refused(Reply.NOT_UNDERSTOOD) from None
        return self._street.judge.box.mac(address) or str(address)

    def _until(self, request: Request) -> datetime:
        """A day is meant to its end; a moment as it is said."""
        try:
            return _in_our_time(accepting.end_of(date.fromisoformat(request.when), self._zone))
        except (ValueError, OverflowError):
            return self._moment(request.when)

    def _moment(self, text: str) -> datetime:
        try:
            moment = datetime.fromisoformat(text)
        except ValueError:
            raise Refused(Reply.NOT_UNDERSTOOD) from None
        return _in_our_time(moment if moment.tzinfo else moment.replace(tzinfo=self._zone))


def _in_our_time(moment: datetime) -> datetime:
    """Years at the ends of the calendar cannot be counted with."""
    if not 2000 <= moment.year <= 2200:
        raise Refused(Reply.NOT_ALLOWED)
    return moment


def _source(text: str) -> Network | None:
    if text.strip() in ("", "any"):
        return None
    try:
        return ip_network(text.strip())
    except ValueError:
        raise Refused(Reply.NOT_UNDERSTOOD) from None


def _words(text: str, most: int) -> str:
    """What a person wrote, on one line; what is too long was written by none."""
    words = " ".join("".join(letter if letter.isprintable() else " " for letter in text).split())
    if len(words) > most:
        raise Refused(Reply.NOT_UNDERSTOOD)
    return words


def _needed(text: str, most: int) -> str:
    words = _words(text, most)
    if not words:
        raise Refused(Reply.NOT_UNDERSTOOD)
    return words
