"""From a finger on the button to the row it leaves: mock pins, a real lamp, desk, street and store."""

import json
import queue
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest
from gpiozero.pins.mock import MockFactory

from sentinel.config import Config, LampKind, Language
from sentinel.config import Lamp as LampSection
from sentinel.judgement.casebook import Casebook
from sentinel.judgement.judge import Judge, Terms
from sentinel.judgement.verdict import Outlook
from sentinel.model.declared import View
from sentinel.model.finding import Code, Level
from sentinel.model.ledger import EntryKind
from sentinel.model.moment import Moment
from sentinel.model.passing import Beat
from sentinel.model.verdict import Verdict
from sentinel.pipeline import Street
from sentinel.places import Places
from sentinel.programs import pressing
from sentinel.programs.claim import reception, shown_code
from sentinel.programs.desk import Asked, Desk
from sentinel.programs.errand import Promised
from sentinel.programs.seen import Seen
from sentinel.signals import films
from sentinel.signals.button import Button
from sentinel.signals.lamp import Lamp
from sentinel.signals.lights import switched_on
from sentinel.signals.press import Pressed, Sign
from sentinel.store import reading
from sentinel.store.archive import Archive
from sentinel.store.ledger import entries
from sentinel.wire.requests import Answer, Reply, Request, Verb
from tests.builders import connection, dicom, moment, networks

SECTION = LampSection(kind=LampKind.PINS, pins=(17, 27, 22), button=23)
PHONE, PASSWORD = "192.168.1.20", "trois girafes bleues"


def eventually(condition: Callable[[], bool]) -> None:
    """Within twenty seconds."""
    deadline = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.002)


class Cabinet:
    """A street with its desk, its lamp and its button; what the button asks is answered when the test says so."""

    def __init__(self, folder: Path) -> None:
        self.places = Places(lasting=folder / "var", passing=folder / "run")
        self.places.make()
        self.archive = Archive(self.places.store, "boot-1")
        self.at = 0.0
        self.posted: list[Asked] = []
        self.told: list[tuple[str, bool]] = []
        self.pins = MockFactory()
        self.seen = Seen()
        self.street = Street(
            judge=Judge(networks(), Terms(), moment()),
            casebook=Casebook(),
            archive=self.archive,
            outlook=Outlook(started=moment(), view=View.MIRROR, echo=True),
            signal=self.signal,
            acknowledge=lambda *_: None,
            ask_soon=lambda: None,
            batch=timedelta(seconds=0),
        )
        self.lamp = Lamp(
            SECTION,
            lambda: moment(self.at),
            lambda *told: self.told.append(told[:2]),
            lambda section: switched_on(section, self.pins),
        )
        self.sessions = reception(self.archive, Config(), self.places)
        self.desk = Desk(self.street, self.sessions, self, lambda: moment(self.at), seen=self.seen)
        self.full = False
        self.heed = pressing.Heeding(self.lamp, self.post, lambda: Language.FR)
        self.looked = 0
        self.button = Button(SECTION, self.clock, self.heed, lambda _: self.pins, looks=0.01)

    def signal(self, verdict: Verdict, _: object) -> None:
        self.lamp.show(verdict.level, verdict.at)
        self.seen.take(verdict, moment(self.at))

    def post(self, asked: Asked) -> None:
        if self.full:
            raise queue.Full
        self.posted.append(asked)

    def soon(self) -> Promised:
        return Promised(checks=1)

    def retest(self, *_: object) -> Promised:
        return Promised(checks=1)

    def close(self) -> None:
        self.button.close()
        self.lamp.close()
        self.archive.close()

    def clock(self) -> Moment:
        """The button's own; every look of gpiozero's at it is counted."""
        self.looked += 1
        return moment(self.at)

    def press(self, lasts: float, pace: float = 0.0) -> list[Reply]:
        """So many seconds of the clock, a quarter of one at a time; what the desk answers afterwards."""
        pin = self.pins.pin(23)
        pin.drive_low()
        for _ in range(int(lasts * 4)):
            self.at += 0.25
            time.sleep(pace)
            seen = self.looked
            eventually(lambda seen=seen: self.looked >= seen + 2)
        pin.drive_high()
        return self._answers()

    def come_to(self, *signs: Sign, down: float = 0.0, waits: float = 0.0) -> list[Reply]:
        """The same, as if a press that began then had come to this, and its request had to wait."""
        for sign in signs:
            self.heed(Pressed(sign, moment(down), moment(self.at)))
        self.at += waits
        return self._answers()

    def _answers(self) -> list[Reply]:
        answers = [self.desk.take(asked) for asked in self.posted]
        self.posted.clear()
        return [answer.reply for answer in answers if isinstance(answer, Answer)]

    def ask(self, **more: object) -> Answer:
        return self.desk.answer(Request(client=PHONE, **more))

    def claim(self) -> str:
        """By its code, as a browser does; the session it is given."""
        session = self.ask(verb=Verb.LOGIN, code=shown_code(Config(), self.places)).session
        slow = self.ask(verb=Verb.PASSWORD, session=session, password=PASSWORD)
        return slow.done()().session

    def journal(self, kind: EntryKind) -> list[dict[str, object]]:
        self.archive.commit()
        with closing(sqlite3.connect(f"file:{self.places.store}?mode=ro", uri=True)) as db:
            return [json.loads(each.body) for each in entries(db) if each.kind == kind]

    def audit(self) -> list[tuple[str, str, str, str]]:
        with reading.opened(self.places.store) as reader:
            return [(each.verb, each.who, each.client, each.reply) for each in reader.accounts.deeds()]


@pytest.fixture
def cabinet(tmp_path: Path) -> Iterator[Cabinet]:
    with closing(Cabinet(tmp_path)) as made:
        yield made


def test_a_short_press_shows_each_colour_once_and_asks_for_nothing(cabinet):
    """And then the verdict again: the green of a test is gone with it."""
    cabinet.street.walk(connection(dicom=dicom()))
    cabinet.street.walk(Beat(at=moment(0)))
    assert cabinet.press(0) == []

    for _ in range(60):
        time.sleep(0.06)
        cabinet.at += 0.1
    shown = [name for name, lit in cabinet.told if lit]
    tested = shown[shown.index("yellow") - 1 : shown.index("blue") + 1]

    assert tested == ["red", "yellow", "green", "blue"]
    assert set(shown[shown.index("blue") + 1 :]) == {"red"}
    assert cabinet.audit() == []


def test_a_long_press_reads_every_alarm_that_is_shown(cabinet):
    """As the page's « J'ai vu » does: the lamp turns yellow, a row of the audit, a line of the journal."""
    cabinet.street.walk(connection(dicom=dicom()))
    cabinet.street.walk(connection(serial=2, dicom=dicom(), target_port=11_112))
    alarms = [each.number for each in cabinet.street.casebook.told() if each.level is Level.ALARM]
    assert len(alarms) == 2
    cabinet.at += 1

    assert cabinet.press(4) == [Reply.DONE]

    assert {each.read_by for each in cabinet.street.casebook.told()} == {"quelqu’un (bouton)"}
    assert cabinet.street.verdict(moment(cabinet.at)).level is not Level.ALARM
    assert cabinet.audit() == [("read", "quelqu’un (bouton)", "", "done")]
    read = [
        line
        for entry in cabinet.journal(EntryKind.ALARM)
        for line in entry["chapters"]
        if line["code"] == Code.ALARM_READ
    ]
    assert [line["who"] for line in read] == ["quelqu’un (bouton)"] * 2


def test_a_long_press_where_nothing_is_alarming_is_answered_as_such(cabinet):
    """And is in the audit all the same."""
    assert cabinet.come_to(Sign.READ) == [Reply.NOT_FOUND]
    assert cabinet.audit() == [("read", "quelqu’un (bouton)", "", "not_found")]


def test_a_very_long_press_forgets_the_password(cabinet):
    """Sessions end, a new code claims it, and it is told in audit and journal."""
    first, session = shown_code(Config(), cabinet.places), cabinet.claim()
    assert not cabinet.places.code.exists()

    assert cabinet.press(12) == [Reply.DONE]

    code = shown_code(Config(), cabinet.places)
    assert code == cabinet.places.code.read_text().strip() not in ("", first)
    assert cabinet.ask(verb=Verb.CHECK, session=session).reply is Reply.NO_SESSION
    assert cabinet.ask(verb=Verb.LOGIN, code=PASSWORD).reply is Reply.WRONG_CODE
    assert cabinet.audit()[0][:4] == ("forget", "quelqu’un (bouton)", "", "done")
    assert cabinet.journal(EntryKind.FORGOTTEN) == [{"who": "quelqu’un (bouton)"}]
    assert cabinet.claim()
    assert not cabinet.places.code.exists()


def test_a_press_that_is_let_go_while_the_lamp_warns_does_nothing(cabinet):
    """The warning is there to be heeded."""
    session = cabinet.claim()

    assert cabinet.press(8.5, 0.1) == []
    assert ("white", True) in cabinet.told
    assert cabinet.ask(verb=Verb.CHECK, session=session).reply is Reply.DONE
    assert not cabinet.places.code.exists()


def test_who_is_not_at_the_device_has_no_password_forgotten(cabinet):
    """Not even with a session: whoever found an open browser could shut the practice out."""
    session = cabinet.claim()

    assert cabinet.ask(verb=Verb.FORGET, session=session).reply is Reply.NOT_ALLOWED
    assert cabinet.desk.answer(Request(verb=Verb.FORGET), 65_534).reply is Reply.NO_SESSION
    assert cabinet.ask(verb=Verb.CHECK, session=session).reply is Reply.DONE


def test_before_it_is_claimed_there_is_nothing_to_forget(cabinet):
    """The code that is on the sticker goes on being the code."""
    code = shown_code(Config(), cabinet.places)

    assert cabinet.come_to(Sign.WARNING, Sign.FORGET) == [Reply.NOT_FOUND]
    assert shown_code(Config(), cabinet.places) == code


def test_every_sign_has_its_film():
    """Whoever presses sees that he was understood."""
    assert set(pressing.FILMS) == set(Sign)


def test_a_press_reads_only_what_was_shown_before_it(cabinet):
    """Nobody has seen an alarm that came while his finger was down: it stays red."""
    cabinet.street.walk(connection(dicom=dicom()))
    cabinet.at = 2
    cabinet.street.walk(connection(serial=2, dicom=dicom(), target_port=11_112))
    cabinet.at = 5
    assert cabinet.come_to(Sign.READ, down=1) == [Reply.DONE]

    alarms = [each for each in cabinet.street.casebook.told() if each.code is Code.STRANGER_ASSOCIATED]
    assert sorted((each.port, bool(each.read)) for each in alarms) == [(4242, True), (11_112, False)]
    assert cabinet.street.verdict(moment(5)).level is Level.ALARM
    assert cabinet.come_to(Sign.READ, down=1) == [Reply.NOT_FOUND]


def test_a_press_that_waited_for_too_long_is_dropped(cabinet, caplog):
    """Whoever pressed has seen that nothing happened, and may have gone; the password stands as well."""
    cabinet.street.walk(connection(dicom=dicom()))
    session = cabinet.claim()
    cabinet.at = 5
    assert cabinet.come_to(Sign.READ, down=1, waits=10.1) == [Reply.BUSY]
    assert cabinet.come_to(Sign.WARNING, Sign.FORGET, down=5, waits=10.1) == [Reply.BUSY]

    assert caplog.text.count("had to wait for too long") == 2
    assert cabinet.street.verdict(moment(cabinet.at)).level is Level.ALARM
    assert cabinet.ask(verb=Verb.CHECK, session=session).reply is Reply.DONE


def test_where_too_much_waits_a_press_is_dropped_and_nothing_is_confirmed(cabinet, played, caplog):
    """The button's only ear never waits for room."""
    cabinet.full = True
    assert cabinet.come_to(Sign.READ) == []
    assert cabinet.come_to(Sign.WARNING, Sign.FORGET) == []

    assert caplog.text.count("too much is waiting") == 2
    assert played == [films.NOTHING, films.WARNING, films.NOTHING]


@pytest.fixture
def played(cabinet, monkeypatch) -> list[films.Film]:
    """Every film the lamp is given."""
    told: list[films.Film] = []
    monkeypatch.setattr(cabinet.lamp, "play", told.append)
    return told


def test_the_lamp_confirms_what_is_done_and_nothing_else(cabinet, played):
    """Not before `watch` has answered, and not what it refused."""
    cabinet.claim()
    cabinet.heed(Pressed(Sign.WARNING, moment(0), moment(6)))
    cabinet.heed(Pressed(Sign.FORGET, moment(0), moment(10)))
    assert played == [films.WARNING, films.NOTHING]

    assert cabinet._answers() == [Reply.DONE]
    assert played.pop() is films.DONE
    played.clear()
    assert cabinet.come_to(Sign.WARNING, Sign.FORGET) == [Reply.NOT_FOUND]
    assert cabinet.come_to(Sign.READ) == [Reply.NOT_FOUND]
    assert played == [films.WARNING, films.NOTHING, films.NOTHING]

    cabinet.street.walk(connection(dicom=dicom()))
    cabinet.at += 2
    assert cabinet.come_to(Sign.READ, down=1) == [Reply.DONE]
    assert played[3:] == [films.NOTHING, films.SEEN]


@pytest.mark.parametrize("faults", [("no chip", "no chip"), ("no chip", ""), ("", "no chip")])
def test_where_the_lamp_cannot_warn_no_password_is_forgotten(cabinet, played, caplog, faults):
    """At the warning's beginning and at its end: it would happen unseen."""
    session = cabinet.claim()
    for sign, fault in zip((Sign.WARNING, Sign.FORGET), faults, strict=True):
        cabinet.lamp.fault = fault
        assert cabinet.come_to(sign) == []
    cabinet.lamp.fault = ""

    assert "no lamp could show the warning" in caplog.text
    assert films.DONE not in played
    assert cabinet.ask(verb=Verb.CHECK, session=session).reply is Reply.DONE


def test_a_simulated_lamp_warns_nobody_at_a_button():
    """It is in a terminal, or on the page."""
    with closing(Lamp(LampSection(), moment, lambda *_: None)) as simulated:
        assert not simulated.can_warn


def test_a_noisy_wire_tests_the_lamp_twice_a_minute_and_no_more(cabinet, played):
    """A contact that never rests would hide an alarm for ever."""
    for _ in range(600):
        cabinet.come_to(Sign.TEST, waits=0.1)

    assert played == [films.TEST] * 2
    assert films.TEST.lasts < 5
