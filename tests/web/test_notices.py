"""`/notices`: what was told, whether it arrived, the test and the drill; never an address."""

import re
import sys
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest
from furnished import CONFIG, Cabinet, incident, moment
from sqlite_utils import Database
from test_actions import send

from sentinel.config import Notices
from sentinel.model.finding import Code, Level, Story, StoryKind
from sentinel.model.incident import Chapter, Incident, IncidentState
from sentinel.model.notice import Notice, NoticeKind, Recipient, Told
from sentinel.store import rows, told
from sentinel.wire.requests import Answer, Reply, Verb
from web.notices import reached

SECRET = "hunter2"
REACHED = Notices(
    practice=(f"mailtos://durand:{SECRET}@example.org",),
    technician=(f"ntfys://{SECRET}/topic", f"json://{SECRET}@example.org/x", "mailto://a@example.org"),
)


def notice(number: int = 1, **more: object) -> Notice:
    facts = {
        "number": number,
        "kind": NoticeKind.ALARM,
        "recipient": Recipient.PRACTICE,
        "told": (Told(about="1"),),
        "due": moment(timedelta(minutes=75)),
    }
    return Notice(**{**facts, **more})


def arrived(number: int = 1, **more: object) -> Notice:
    at = moment(timedelta(minutes=74))
    return notice(number, **{"tries": 1, "tried": at, "arrived": at, "over": True, **more})


def failed(number: int = 1, **more: object) -> Notice:
    return notice(number, **{"tries": 2, "tried": moment(), "detail": "1 of 1 refused or did not answer", **more})


def keep(cabinet: Cabinet, *notices: Notice, drill: Incident | None = None) -> None:
    database = Database(cabinet.places.store)
    database["notices"].insert_all(told.notice_row(each) for each in notices)
    if drill is not None:
        database["incidents"].insert({**rows.incident_row(drill), "boot": ""})
    database.close()


def page(cabinet: Cabinet, language: str = "fr") -> str:
    """Its words, with ordinary spaces and without tags."""
    text = cabinet.insider().get(f"/notices?lang={language}").text
    words = re.sub(r"<[^>]+>", " ", text).replace("\u00a0", " ").replace("\u202f", " ")
    return " ".join(words.split()).replace(" .", ".")


def test_without_the_code_nobody_sees_who_was_told_what(cabinet: Cabinet):
    """Sent to give it, and back."""
    answer = cabinet.visitor().get("/notices")

    assert answer.status_code in (302, 303)
    assert "/code" in answer.headers["Location"]


def test_each_notice_says_whether_it_arrived(cabinet: Cabinet):
    """Delivered, never delivered, to be tried again, on its way: each in its words."""
    keep(
        cabinet,
        arrived(1),
        failed(2, recipient=Recipient.TECHNICIAN, over=True, tries=6),
        failed(3, recipient=Recipient.TECHNICIAN),
        notice(4, kind=NoticeKind.UNSURE, told=(Told(about="unsure"),)),
    )
    words = page(cabinet)

    assert "Remis 23 nov. 2026, 09:16:00" in words
    assert "Jamais remis, 6 essais 1 of 1 refused or did not answer" in words
    assert "Pas encore remis, nouvel essai prévu, 2 essais" in words
    assert "En cours d’envoi" in words
    assert "Alerte · Événement 1 Praticien" in words


def test_recipients_are_shown_by_kind_and_never_by_address(cabinet: Cabinet):
    """An address may hold a password; neither page nor source has a letter of it."""
    cabinet.config = replace(CONFIG, notices=REACHED)
    text = cabinet.insider().get("/notices").text

    assert "Praticien : 1 adresse (mail)" in page(cabinet)
    assert "Informaticien : 3 adresses (ntfy, JSON, mail)" in page(cabinet)
    assert SECRET not in text
    assert "example.org" not in text
    assert SECRET not in repr(reached(cabinet.config))


def test_who_has_no_address_is_named(cabinet: Cabinet):
    """Nobody should believe that they are told."""
    assert "Praticien : aucune adresse. Il n’est pas averti." in page(cabinet)


@pytest.mark.parametrize(
    ("path", "verb", "fields", "said"),
    [
        ("/notices/test", Verb.TEST_NOTICE, {}, "Avis d’essai en route"),
        ("/notices/drill", Verb.DRILL, {"who": "Camille"}, "Exercice commencé"),
    ],
)
def test_a_button_is_a_request_to_watch(
    cabinet: Cabinet, watch: Callable[[Answer], None], path, verb, fields, said
):
    """Which alone decides; the page only says what came of it."""
    browser = cabinet.insider()
    answer = send(browser, "/notices", path, **fields)

    assert (answer.status_code, answer.headers["Location"]) == (303, "/notices")
    [asked] = cabinet.heard
    assert (asked.verb, asked.who) == (verb, fields.get("who", ""))
    assert said in browser.get("/notices").text.replace("\u00a0", " ")


@pytest.mark.parametrize(
    ("path", "reply", "said"),
    [
        ("/notices/test", Reply.NOT_FOUND, "Aucune adresse n’est enregistrée"),
        ("/notices/test", Reply.BUSY, "Attendez une minute"),
        ("/notices/test", Reply.NOT_ALLOWED, "Pendant la démonstration"),
        ("/notices/drill", Reply.NOT_ALLOWED, "Pas d’exercice maintenant"),
        ("/notices/drill", Reply.BUSY, "Réessayez dans dix minutes"),
    ],
)
def test_what_was_not_done_is_said_with_its_reason(
    cabinet: Cabinet, watch: Callable[[Answer], None], path, reply, said
):
    """In words of its own."""
    watch(Answer(reply=reply))
    browser = cabinet.insider()
    send(browser, "/notices", path, who="Camille")

    assert said in browser.get("/notices").text.replace("\u00a0", " ")


@pytest.mark.parametrize("path", ["/notices/test", "/notices/drill"])
def test_no_button_is_pressed_without_the_code_or_by_a_link(
    cabinet: Cabinet, watch: Callable[[Answer], None], path
):
    """No action by GET, none without a session."""
    assert cabinet.insider().get(path).status_code == 405
    send(cabinet.visitor(), "/code", path)
    assert cabinet.heard == []


def drill(**more: object) -> Incident:
    about = Story(kind=StoryKind.DRILL, about="2026-11-23T08:15:00")
    return incident(2, story=about, code=Code.DRILL, grade=None, machine=None, mac=None, port=None,
                    outside_port=None, sources=(), calling=None, count=0, bytes_out=0, **more)  # fmt: skip


def test_the_next_drill_and_the_outcome_of_the_last(cabinet: Cabinet):
    """This month's is done: the next is December's first Tuesday."""
    seen = moment(timedelta(minutes=70))
    keep(cabinet, drill=drill(state=IncidentState.CLOSED, read=seen, read_by="Alice", closed=seen))
    words = page(cabinet)

    assert "Prochain exercice : le mardi 1er décembre à 13 h 00." in words
    assert "Dernier exercice : à 9 h 15. Vu par Alice. Événement 2" in words


def test_a_drill_nobody_saw_is_told_as_that(cabinet: Cabinet):
    """On its own page with how long it lasted."""
    keep(cabinet, drill=drill(state=IncidentState.CLOSED, closed=moment(timedelta(minutes=45))))

    assert "Personne ne l’a vu." in page(cabinet)
    event = cabinet.insider().get("/incidents/2?lang=fr").text.replace("\u00a0", " ")
    assert "personne n’a appuyé sur « J’ai vu » en 30 minutes" in event


def test_the_event_of_a_drill_says_who_saw_it_and_how_fast(cabinet: Cabinet):
    """« Exercice terminé : vu par Alice en 4 minutes. »"""
    seen = moment(timedelta(minutes=71))
    keep(cabinet, drill=drill(state=IncidentState.CLOSED, read=seen, read_by="Alice", closed=seen))
    line = Chapter(incident=2, code=Code.ALARM_READ, grade=None, level=Level.ALARM, at=seen, who="Alice")
    cabinet.add("chapters", rows.chapter_row(line))

    event = cabinet.insider().get("/incidents/2?lang=fr").text.replace("\u00a0", " ")
    assert "Exercice terminé : vu par Alice en 4 minutes." in event
    assert "porte est encore ouverte" not in event


@pytest.mark.parametrize(
    ("notices", "whom"),
    [
        ((), []),
        ((arrived(1), notice(2)), []),  # on its way is no failure
        ((failed(1), arrived(2)), []),  # what arrived later is what counts
        ((arrived(1), failed(2)), [Recipient.PRACTICE]),
        ((failed(1), arrived(2, recipient=Recipient.TECHNICIAN)), [Recipient.PRACTICE]),
        ((failed(1), failed(2, recipient=Recipient.TECHNICIAN, over=True)), list(Recipient)),
    ],
)
def test_a_notice_that_did_not_arrive_is_a_line_for_any_page(cabinet: Cabinet, notices, whom):
    """By the last word on each recipient."""
    keep(cabinet, *notices)
    words = page(cabinet)
    lines = {
        Recipient.PRACTICE: "au praticien n’est pas arrivé",
        Recipient.TECHNICIAN: "à l’informaticien n’est pas",
    }

    assert [each for each in Recipient if lines[each] in words] == whom


def test_the_first_page_says_that_somebody_was_not_reached(cabinet: Cabinet):
    """To everybody: whoever stands there may be the only one who knows of the alarm."""
    assert "n’est pas arrivé" not in cabinet.visitor().get("/").text

    keep(cabinet, failed())

    assert "au praticien n’est pas arrivé" in cabinet.visitor().get("/").text


def test_a_hostile_reason_is_only_text(cabinet: Cabinet):
    """The console's words come from our own child; they are escaped all the same."""
    keep(cabinet, failed(1, detail="<script>x()</script>"))

    assert "<script>x()" not in cabinet.insider().get("/notices").text


def test_a_sentinel_that_cannot_send_says_so_first(cabinet: Cabinet, monkeypatch):
    """And what to install."""
    assert "L’envoi n’est pas installé" not in page(cabinet)
    monkeypatch.setitem(sys.modules, "apprise", None)

    assert "L’envoi n’est pas installé sur cette sentinelle : aucun avis ne peut partir." in page(cabinet)
