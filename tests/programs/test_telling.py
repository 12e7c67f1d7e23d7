"""The street and its notices: from a stranger on the wire to the letter in somebody's box."""

import queue
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

import pytest

from sentinel.config import Config, Notices, Practice
from sentinel.judgement.casebook import Casebook
from sentinel.judgement.judge import Judge, Terms
from sentinel.judgement.verdict import Outlook
from sentinel.model.acting import NoticeOutcome, Setting
from sentinel.model.connection import ConnectionState
from sentinel.model.declared import View
from sentinel.model.exposure import Reach
from sentinel.model.fact import Fact
from sentinel.model.finding import Code, Level, StoryKind
from sentinel.model.moment import Moment
from sentinel.model.notice import Notice, NoticeKind, Recipient
from sentinel.model.passing import Beat, Read
from sentinel.model.verdict import Verdict
from sentinel.pipeline import Street
from sentinel.programs.telling import BACK_OFF, Telling
from sentinel.signals import sending
from sentinel.signals.courier import Parcel
from sentinel.signals.sending import Sent
from sentinel.store.archive import Archive
from sentinel.store.reading import opened
from sentinel.text.points import point_of_chapter
from sentinel.wire.requests import Reply
from tests.builders import (
    IMAGING_MAC,
    connection,
    coverage,
    dicom,
    exposure,
    knock,
    knock_heard,
    moment,
    networks,
    outcome,
    sighting,
)
from tests.signals.receivers import Mails, http, mailto, nobody, smtp

BATCH = timedelta(seconds=5)
BOTH = Notices(practice=("json://practice/",), technician=("json://technician/",))
FIRST_TUESDAY = 97_200
"""Seconds from the tests' Monday, 2 March 2026, 10:00 in Paris, to its first Tuesday, 13:00."""


@dataclass
class Postman:
    """Takes every parcel, or as it is told."""

    parcels: list[Parcel] = field(default_factory=list)
    takes: Callable[[str], bool] = lambda address: True
    thinks: str = ""
    """An address whose server says nothing until it has `thought`."""
    thought: threading.Event = field(default_factory=threading.Event)

    def __call__(self, parcel: Parcel) -> Sent:
        if self.thinks in parcel.addresses:
            assert self.thought.wait(30)
        taken = tuple(self.takes(each) for each in parcel.addresses)
        self.parcels.append(parcel)
        return Sent(taken=taken, detail="" if all(taken) else "1 of 1 refused or did not answer")

    @property
    def subjects(self) -> list[str]:
        return [each.subject for each in self.parcels]


class Life:
    """What `watch` does with each fact, on a clock that goes when it is told to."""

    def __init__(
        self, folder: Path, notices: Notices = BOTH, *, send=None, at: float = 0, mute: bool = False
    ) -> None:
        self.now = at
        self.postman = Postman()
        self.folder = folder
        self.config = Config(
            notices=notices,
            practice=Practice(name="Durand", contact="Sophie", phone="01 23 45 67 89"),
            labels={IMAGING_MAC: "RADIO-PC"},
        )
        self.queue: queue.Queue[NoticeOutcome] = queue.Queue()
        self.shown: Verdict | None = None
        self.archive = Archive(folder / "sentinel.db", "boot-1")
        told = self.archive.incidents(self.clock())
        judge = Judge(networks(), Terms(), self.clock())
        judge.remember(told)
        self.street = Street(
            judge=judge,
            casebook=Casebook(told, self.archive.next_incident(), self.clock()),
            archive=self.archive,
            outlook=Outlook(started=moment(-300), view=View.MIRROR, echo=True),
            signal=self._signal,
            acknowledge=lambda *_: None,
            ask_soon=lambda: None,
            batch=BATCH,
        )
        self.street.begin(self.clock())
        self.telling = Telling(
            self.street, self.config, self.clock, self.queue.put, send=send or self.postman, mute=mute
        )

    def clock(self) -> Moment:
        return moment(self.now)

    def _signal(self, verdict: Verdict, _: object) -> None:
        self.shown = verdict

    def walk(self, *facts: Fact) -> None:
        """As `Watch._one`."""
        for fact in facts:
            self.telling.heed(fact)
            self.street.walk(fact)
            self.telling.look(self.shown)

    def goes(self, seconds: float, step: float = 1) -> None:
        """Time passes at a practice that is checked and listened to."""
        until = self.now + seconds
        self.walk(outcome(asked=self.clock(), at=self.clock()))
        while self.now < until:
            self.now = min(self.now + step, until)
            self.walk(coverage(self.clock(), proof=self.clock()), Beat(at=self.clock()))
            self.drain()

    def drain(self) -> None:
        """What came back by now."""
        while not self.queue.empty():
            self.walk(self.queue.get())

    def hear(self, count: int = 1) -> list[NoticeOutcome]:
        """So many outcomes, waited for."""
        found = [self.queue.get(timeout=40) for _ in range(count)]
        self.walk(*found)
        return found

    def stranger(self, serial: int = 1, **more: object) -> None:
        self.walk(connection(serial=serial, at=self.clock(), dicom=dicom(), **more))

    def notices(self) -> list[Notice]:
        """As a reader finds them on disk, oldest first."""
        with opened(self.folder / "sentinel.db") as reader:
            return list(reversed(reader.notices(most=500)))

    def close(self) -> None:
        self.telling.close()
        self.archive.close()


@pytest.fixture
def life(tmp_path: Path) -> Iterator[Life]:
    made = Life(tmp_path)
    yield made
    made.close()


# -- by the real path --------------------------------------------------------------------------------------------


def test_a_stranger_on_the_wire_is_a_letter_in_both_boxes(tmp_path: Path):
    """A real mail server for the practice, a real receiver for the technician; each reads what is theirs."""
    mails: Mails = []
    bodies: list[dict[str, str]] = []
    with smtp(mails) as port, http(bodies) as other:
        notices = Notices(practice=(mailto(port),), technician=(f"json://127.0.0.1:{other}/",))
        life = Life(tmp_path, notices, send=sending.send)
        life.goes(5)
        life.stranger()
        life.goes(4)
        while len([each for each in life.notices() if each.arrived]) < 2:
            life.hear()
        rows = life.notices()
        life.close()

    assert [(each.kind, each.recipient, each.tries, each.over) for each in rows] == [
        (NoticeKind.ALARM, Recipient.PRACTICE, 1, True),
        (NoticeKind.ALARM, Recipient.TECHNICIAN, 1, True),
    ]
    [mail], [body] = mails, bodies
    assert mail["Subject"].startswith("ALERTE")
    assert "RADIO-PC" in mail.get_content()
    assert "192.168.1.66" not in mail.get_content()
    assert "192.168.1.66" in body["message"]
    assert "203.0.113.7" not in mail.get_content() + body["message"]


def test_a_test_goes_the_way_of_a_real_one(tmp_path: Path):
    """Same child, same rows; a dead receiver is told as such at once, and not tried again for hours."""
    bodies: list[dict[str, str]] = []
    with http(bodies) as port:
        notices = Notices(practice=(f"json://127.0.0.1:{port}/",), technician=(f"json://127.0.0.1:{nobody()}/",))
        life = Life(tmp_path, notices, send=sending.send)
        life.goes(2)
        assert life.telling.test(life.clock()) is Reply.DONE
        assert life.telling.test(life.clock()) is Reply.BUSY
        life.hear(2)
        practice, technician = life.notices()
        life.close()

    assert (practice.kind, practice.arrived is not None, practice.over) == (NoticeKind.TEST, True, True)
    assert (technician.arrived, technician.over) == (None, True)
    assert technician.detail == "1 of 1 refused or did not answer"
    assert [each["title"] for each in bodies] == ["Message d’essai · Durand"]


# -- what comes between ------------------------------------------------------------------------------------------


def settled(life: Life, count: int) -> None:
    """So many parcels were handed to the postman, and what came of them is known."""
    deadline = time.monotonic() + 20
    while len([each for each in life.notices() if each.tries]) < count:
        assert time.monotonic() < deadline, life.notices()
        time.sleep(0.005)
        life.drain()


def test_what_does_not_arrive_is_tried_again_and_given_up_in_the_end(life):
    """After 1, 5, 15 minutes …; the page can say so at any time."""
    life.postman.takes = lambda address: False
    life.goes(5)
    life.walk(Setting(section="notices", value='{"practice": ["json://practice/"]}', who="Alice", at=life.clock()))
    life.goes(11)  # the settings of the page are heeded
    assert life.telling.test(life.clock()) is Reply.DONE
    settled(life, 1)
    assert life.telling.drilling.ask("Camille", life.clock()) is Reply.DONE  # no reminder comes between
    life.goes(4)
    settled(life, 2)
    assert [each.over for each in life.notices()] == [True, False]

    for n, wait in enumerate(BACK_OFF, 2):
        count = len(life.postman.parcels)
        life.now += wait.total_seconds() - 10
        life.goes(5)
        assert len(life.postman.parcels) == count
        life.goes(8)
        wait_until(life, lambda n=n: life.notices()[1].tries == n)

    last = life.notices()[1]
    assert (last.over, last.arrived) == (True, None)
    assert last.detail == "1 of 1 refused or did not answer"


def alarm(life: Life) -> int:
    return next(each.number for each in life.street.casebook.all() if each.story.kind is StoryKind.DOOR)


def wait_until(life: Life, holds: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 20
    while not holds():
        assert time.monotonic() < deadline, life.notices()
        time.sleep(0.005)
        life.drain()


def test_who_has_it_is_not_sent_it_again_for_the_sake_of_another(tmp_path: Path):
    """Two telephones, one of them dead: the living one rings once."""
    notices = Notices(practice=("json://living/", "json://dead/"))
    life = Life(tmp_path, notices)
    life.postman.takes = lambda address: "dead" not in address
    life.goes(3)
    life.telling.test(life.clock())
    life.stranger()
    life.goes(4)
    settled(life, 2)
    life.goes(62, step=5)
    wait_until(life, lambda: any(each.tries == 2 for each in life.notices()))
    addresses = [each.addresses for each in life.postman.parcels if each.subject.startswith("ALERTE")]
    life.close()

    assert addresses == [("json://living/", "json://dead/"), ("json://dead/",)]


def test_a_door_that_is_proved_closed_is_told_once(life):
    """Opened to the echo, closed at its next look with the machine alive: proved, and said so."""
    life.goes(5)
    life.walk(knock(4242, at=life.clock()), knock_heard(at=life.clock()), exposure(at=life.clock()))
    life.goes(4)
    settled(life, 2)
    life.goes(3590, step=4)
    life.walk(
        sighting(at=life.clock()),
        knock(4242, check="check-2", at=life.clock()),
        exposure(check="check-2", reach=Reach.CLOSED, at=life.clock()),
    )
    life.goes(4000, step=4)
    settled(life, 6)

    bodies = [each.body.replace("\u00a0", " ") for each in life.postman.parcels]
    closed = [each for each in bodies if "La porte vers RADIO-PC est fermée : c’est prouvé" in each]
    assert [each.kind for each in life.notices()].count(NoticeKind.CLOSED) == 2
    assert len(closed) == 2


def test_a_slow_receiver_delays_neither_the_lamp_nor_the_other_recipient(life):
    """The street walks on, and the technician is told, while the practice's server thinks."""
    life.postman.thinks = "json://practice/"
    life.goes(5)
    life.stranger()
    life.goes(4)

    assert life.shown is not None
    assert life.shown.level is Level.ALARM
    wait_until(life, lambda: [each.tries for each in life.notices()] == [0, 1])
    life.goes(60)
    life.postman.thought.set()
    settled(life, 2)
    assert all(each.arrived for each in life.notices())


def test_a_restart_tells_nothing_twice_and_what_was_on_its_way_once_more(tmp_path: Path):
    """The rows are read back: the arrived one is known, the other was not told."""
    life = Life(tmp_path)
    life.postman.takes = lambda address: "practice" in address
    life.goes(5)
    life.stranger()
    life.goes(4)
    settled(life, 2)
    now = life.now
    life.close()

    again = Life(tmp_path, at=now)
    again.goes(20)
    settled(again, 3)
    told = [(each.recipient, each.arrived is not None, each.detail) for each in again.notices()]
    again.close()

    assert told == [
        (Recipient.PRACTICE, True, ""),
        (Recipient.TECHNICIAN, False, "the sentinel stopped before it arrived"),
        (Recipient.TECHNICIAN, True, ""),
    ]


def test_what_never_left_is_due_after_every_restart_until_it_has_arrived(tmp_path: Path):
    """Twice the power goes before anybody could be told: the alarm still stands, and nobody knows of it."""
    life = Life(tmp_path)
    life.postman.takes = lambda address: False
    life.goes(5)
    life.stranger()
    life.goes(4)
    settled(life, 2)
    now = life.now
    life.close()
    second = Life(tmp_path, at=now)
    second.archive.commit()
    second.close()  # before anything was due again
    third = Life(tmp_path, at=now + 1)
    third.goes(20)
    settled(third, 4)
    arrived = [(each.kind, each.recipient) for each in third.notices() if each.arrived]
    third.close()

    assert arrived == [(NoticeKind.ALARM, Recipient.PRACTICE), (NoticeKind.ALARM, Recipient.TECHNICIAN)]


@pytest.mark.parametrize("how", ["read", "closed"])
def test_what_nobody_was_told_is_not_told_once_it_was_read_or_is_over(life, how):
    """« Personne n'a lu », hours after somebody has; or of a door that was proved closed meanwhile."""
    life.postman.takes = lambda address: False
    life.goes(5)
    life.walk(knock(4242, at=life.clock()), knock_heard(at=life.clock()), exposure(at=life.clock()))
    life.goes(4)
    settled(life, 2)
    if how == "read":
        life.walk(Read(incident=alarm(life), who="Camille", at=life.clock()))
    else:
        shut = exposure(check="check-2", reach=Reach.CLOSED, at=life.clock())
        life.walk(sighting(at=life.clock()), knock(4242, check="check-2", at=life.clock()), shut)
    life.postman.takes = lambda address: True
    life.goes(400, step=4)

    red = [each for each in life.notices() if each.kind in (NoticeKind.ALARM, NoticeKind.AGAIN)]
    assert [(each.over, each.arrived, each.tries) for each in red] == [(True, None, 1)] * 2
    assert [each for each in life.postman.parcels[2:] if each.subject.startswith("ALERTE")] == []


def test_what_was_read_and_has_gone_on_is_tried_again_all_the_same(life):
    """Somebody came since: the reading is outdated."""
    life.postman.takes = lambda address: False
    life.goes(5)
    life.stranger()
    life.goes(4)
    settled(life, 2)
    life.walk(Read(incident=alarm(life), who="Camille", at=life.clock()))
    life.goes(2)
    life.stranger(serial=2)
    life.postman.takes = lambda address: True
    life.goes(70)
    wait_until(life, lambda: len([each for each in life.notices() if each.arrived]) >= 2)

    assert {each.kind for each in life.notices()} == {NoticeKind.ALARM}


def test_an_alarm_is_told_though_the_store_has_failed(life):
    """Its tables are gone: the lamp is red, the telephone rings, and nothing of it is on disk."""
    life.goes(5)
    with closing(sqlite3.connect(life.folder / "sentinel.db")) as db:
        for table in ("settings", "notices", "chapters"):
            db.execute(f"DROP TABLE {table}")
        db.commit()
    life.goes(11)
    life.stranger()
    life.goes(4)
    deadline = time.monotonic() + 20
    while len(life.postman.parcels) < 2:
        assert time.monotonic() < deadline
        time.sleep(0.005)
    life.goes(5)

    assert life.shown is not None
    assert life.shown.level is Level.ALARM
    assert all(subject.startswith("ALERTE") for subject in life.postman.subjects)


def test_a_played_day_tells_nobody(tmp_path: Path):
    """Also who presses the button is told that it does not; and its calendar begins no drill."""
    life = Life(tmp_path, mute=True, at=FIRST_TUESDAY)
    life.goes(40)
    assert life.shown is not None
    assert life.shown.level is Level.CALM
    life.stranger()
    life.goes(1000, step=4)
    rows, answer = life.notices(), life.telling.test(life.clock())
    life.close()

    assert rows == []
    assert answer is Reply.NOT_ALLOWED
    assert life.postman.parcels == []


def test_without_an_address_a_test_says_so(tmp_path: Path):
    """And an alarm tells nobody, without a fuss."""
    life = Life(tmp_path, Notices())
    life.goes(5)
    life.stranger()
    life.goes(4)
    rows, answer = life.notices(), life.telling.test(life.clock())
    life.close()

    assert (rows, answer) == ([], Reply.NOT_FOUND)


def test_scans_and_starting_are_told_to_nobody(life):
    """A thousand robots, and a sentinel that has just begun."""
    for serial in range(1, 1000):
        life.walk(connection(serial=serial, at=life.clock(), state=ConnectionState.REFUSED))
    life.goes(300, step=4)

    assert life.notices() == []


def test_addresses_set_on_the_page_are_used_and_stand_in_no_row(life):
    """The page's section covers the file's; a notice names its recipient by kind only."""
    life.goes(3)
    life.walk(Setting(section="notices", value='{"practice": ["json://new:secret@x/"]}', who="A", at=life.clock()))
    life.goes(11)
    life.stranger()
    life.goes(4)
    settled(life, 1)

    assert [each.addresses for each in life.postman.parcels] == [("json://new:secret@x/",)]
    assert "secret" not in repr(life.notices())


# -- the drill ---------------------------------------------------------------------------------------------------


def test_a_drill_rings_both_and_ends_when_somebody_has_seen_it(life):
    """Judgement, lamp, notice, « J'ai vu »: the way of a real alarm, marked."""
    life.goes(5)
    assert life.telling.drilling.ask("Camille", life.clock()) is Reply.DONE
    assert life.shown is not None
    assert [(each.code, each.level) for each in life.shown.reasons] == [(Code.DRILL, Level.ALARM)]
    life.goes(4)
    settled(life, 2)
    assert life.postman.subjects == ["EXERCICE · Durand"] * 2
    assert life.telling.drilling.ask("Camille", life.clock()) is Reply.BUSY

    life.goes(200, step=4)
    [drill] = [each for each in life.street.casebook.told() if each.code is Code.DRILL]
    life.walk(Read(incident=drill.number, who="Alice", at=life.clock()))
    life.goes(2000, step=4)

    assert life.shown.level is Level.CALM
    with opened(life.folder / "sentinel.db") as reader:
        kept, register = reader.last_drill(), reader.register()
        [began, seen] = reader.chapters(drill.number)
    assert kept is not None
    assert [each.incident for each in register if each.incident.code is Code.DRILL] == [kept]
    assert [point_of_chapter(each, kept).code for each in (began, seen)] == [Code.DRILL] * 2
    assert (kept.read_by, kept.story.kind) == ("Alice", StoryKind.DRILL)
    assert [each.kind for each in life.notices()] == [NoticeKind.DRILL] * 2


def test_nobody_drills_while_something_real_stands(life):
    """Nor while the sentinel does not know."""
    assert life.telling.drilling.ask("Camille", life.clock()) is Reply.NOT_ALLOWED  # never checked yet
    life.goes(5)
    life.stranger()

    assert life.telling.drilling.ask("Camille", life.clock()) is Reply.NOT_ALLOWED


def test_a_real_alarm_during_a_drill_is_first_everywhere_and_told_at_once(life):
    """Sentence, lamp and letter."""
    life.goes(5)
    life.telling.drilling.ask("Camille", life.clock())
    life.goes(4)
    life.stranger()
    life.goes(4)
    settled(life, 4)

    assert life.shown is not None
    assert life.shown.level is Level.ALARM
    assert life.shown.reasons[0].code is Code.STRANGER_ASSOCIATED
    assert [each.kind for each in life.notices()] == [NoticeKind.DRILL] * 2 + [NoticeKind.ALARM] * 2


def test_the_calendar_begins_it_once_a_month_also_over_a_restart(tmp_path: Path):
    """On the first Tuesday at one; unread it is over after half an hour."""
    life = Life(tmp_path, at=FIRST_TUESDAY - 60)
    life.goes(55)
    assert not [each for each in life.street.casebook.all() if each.code is Code.DRILL]
    life.goes(40)
    assert [each.code for each in life.street.casebook.told()] == [Code.DRILL]
    settled(life, 2)
    now = life.now
    life.close()

    again = Life(tmp_path, at=now)
    again.goes(3300, step=4)
    drills = [each for each in again.street.casebook.all() if each.code is Code.DRILL]
    rows = [each.kind for each in again.notices()]
    again.close()

    assert len(drills) == 1
    assert (drills[0].read, drills[0].closed is not None) == (None, True)
    assert rows == [NoticeKind.DRILL] * 2


def test_while_an_alarm_stands_the_calendar_waits(tmp_path: Path):
    """A drill never hides a real one, nor rings beside it."""
    life = Life(tmp_path, at=FIRST_TUESDAY - 60)
    life.goes(5)
    life.stranger()
    life.goes(200, step=4)
    codes = {each.code for each in life.street.casebook.all()}
    life.close()

    assert Code.DRILL not in codes
