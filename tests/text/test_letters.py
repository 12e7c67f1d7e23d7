"""What a message says to whom: it stands alone, and holds nothing that must stay in the house."""

from dataclasses import replace
from datetime import timedelta
from ipaddress import ip_address

import pytest
from spoken import AUDIENCE, MACHINE, NOW, at_door, incident, moment, plain, reason, verdict

from sentinel.config import Practice
from sentinel.model.declared import View
from sentinel.model.finding import Code, Grade, Level
from sentinel.model.incident import Incident, IncidentState
from sentinel.model.notice import UNSURE, Message, NoticeKind, Recipient
from sentinel.model.verdict import Verdict
from sentinel.text.letters import Callers, Written, callers, write

PRACTICE = Practice(
    name="Cabinet Durand",
    contact="Sophie Martin",
    phone="01 23 45 67 89",
    substitute="Karim Benali",
    substitute_phone="06 11 22 33 44",
)
SOURCE, TITLE = "203.0.113.77", "DR_DUPONT"
CAME = incident(
    sources=((SOURCE, 12), ("198.51.100.4", 1)),
    count=13,
    bytes_out=12_000_000,
    calling=TITLE,
    shown=moment(1),
)


def letter(
    kind: NoticeKind,
    *stories: Incident,
    shown: Verdict | None = None,
    recipient: Recipient = Recipient.PRACTICE,
    language: str = "fr",
    holiday: bool = False,
    **more: object,
) -> Written:
    message = Message(
        notice=1,
        kind=kind,
        recipient=recipient,
        about=tuple(str(each.number) for each in stories),
        stories=stories,
        verdict=shown or verdict(*(at_door(each.code, each.level) for each in stories)),
        at=moment(),
    )
    message = replace(message, **more)
    called = callers(PRACTICE, holiday=holiday)
    return write(message, replace(AUDIENCE, language=language, contact=called.first), called, PRACTICE.name)


@pytest.mark.parametrize("recipient", Recipient)
def test_an_alarm_says_what_where_which_cable_whom_to_call_and_until_when(recipient):
    """By the name they gave the machine; nothing else has to be opened."""
    said = letter(NoticeKind.ALARM, CAME, recipient=recipient)
    body = plain(said.body)

    assert "Une machine inconnue a été acceptée par RADIO-PC" in body
    assert "Débranchez maintenant le câble réseau de RADIO-PC. Laissez l’appareil allumé." in body
    assert "N’éteignez pas la box : le téléphone, l’alarme et le lecteur de cartes" in body
    assert "Appelez Sophie Martin (01 23 45 67 89) maintenant." in body
    assert "ne répond pas : Karim Benali (06 11 22 33 44)." in body
    assert "Échéance : jeudi à 9 h 30" in body
    assert "J’ai vu" in body


def test_the_subject_fits_the_screen_of_a_telephone():
    """Level, what, whose."""
    said = letter(NoticeKind.ALARM, CAME)

    assert plain(said.subject).startswith("ALERTE : ")
    assert said.subject.endswith("· Cabinet Durand")
    assert len(said.subject) <= 78  # RFC 5322 section 2.1.1: what a line should have at most


@pytest.mark.parametrize("kind", [NoticeKind.ALARM, NoticeKind.AGAIN, NoticeKind.CLOSED])
@pytest.mark.parametrize("recipient", Recipient)
@pytest.mark.parametrize("language", ["fr", "en"])
def test_no_stranger_s_address_and_no_title_of_a_peer_is_in_any_message(kind, recipient, language):
    """They may name people; who came stands on the page, behind the password."""
    story = replace(CAME, state=IncidentState.CLOSED, closed=moment()) if kind is NoticeKind.CLOSED else CAME
    said = letter(kind, story, recipient=recipient, language=language)

    for secret in (SOURCE, "198.51.100.4", TITLE):
        assert secret not in said.subject + said.body


def test_the_practice_reads_no_address_and_no_port():
    """The technician does: address, ports, grade, how many sources, and the proof."""
    short, full = (plain(letter(NoticeKind.ALARM, CAME, recipient=each).body) for each in Recipient)

    assert str(MACHINE) not in short
    assert "11112" not in short
    assert "Appareil : RADIO-PC 192.168.77.20" in full
    assert "Port dans le réseau : 4242" in full
    assert "Port vu d’Internet : 11112" in full
    assert "Ce qui est prouvé : association DICOM acceptée" in full
    assert "Venu de 2 sources, 13 fois, 12 Mo sortis" in full
    assert "assurance B" in full
    assert len(short) < len(full)


def test_an_open_door_where_nobody_came_leaves_an_hour_to_answer():
    """And no clock runs."""
    door = incident(code=Code.DOOR_REACHABLE, grade=Grade.REACHABLE)
    body = plain(letter(NoticeKind.ALARM, door).body)

    assert "Sans réponse dans l’heure : débranchez le câble réseau de RADIO-PC." in body
    assert "72 heures" not in body


def test_where_the_machine_is_not_known_the_line_s_cable_is_named():
    """Limited view: no machine, and nobody knows whether somebody came, so the clock runs."""
    door = incident(code=Code.DOOR_REACHABLE, grade=Grade.REACHABLE, machine=None, mac=None, port=None)
    shown = verdict(reason(Code.DOOR_REACHABLE, Level.ALARM, incident=1), view=View.LIMITED)
    body = plain(letter(NoticeKind.ALARM, door, shown=shown).body)

    assert "débranchez le câble entre la box et le commutateur" in body
    assert "câble réseau d" not in body
    assert "72 heures" in body


def test_a_reminder_says_that_nobody_has_read():
    """So that it is not taken for a second event."""
    said = letter(NoticeKind.AGAIN, CAME)

    assert plain(said.subject).startswith("ALERTE non lue : ")
    assert said.body.startswith("Rappel")


def test_several_stories_are_one_message_and_a_flood_is_a_number():
    """Five are told, the rest is counted."""
    stories = tuple(
        incident(number=n, machine=ip_address(f"192.168.77.{n}"), mac=f"02:00:00:00:00:{n:02}")
        for n in range(1, 31)
    )
    shown = verdict(*(replace(at_door(Code.STRANGER_ASSOCIATED), incident=n, machine=stories[n - 1].machine,
                              mac=stories[n - 1].mac) for n in range(1, 31)))  # fmt: skip
    body = plain(letter(NoticeKind.ALARM, *stories, shown=shown, recipient=Recipient.TECHNICIAN, last=True).body)

    assert body.count("a été acceptée par") == 5
    assert "25 autres sujets sont sur la page" in body
    assert "celui-ci est le dernier pour le moment" in body
    assert len(body) < 4000


def test_a_closed_door_is_told_with_its_proof():
    """And the clock that had begun is not over."""
    closed = replace(CAME, state=IncidentState.CLOSED, closed=moment(0.1))
    body = plain(letter(NoticeKind.CLOSED, closed, shown=verdict(), ended=((1, Code.DOOR_CLOSED),)).body)

    assert "La porte vers RADIO-PC est fermée : c’est prouvé à 10 h 24." in body
    assert "débranchez" not in body
    assert "Échéance : jeudi à 9 h 30" in body


def test_what_ended_without_a_proof_is_not_called_proved():
    """A quiet week, a store that cannot be read, somebody's acceptance, or somebody's word."""
    over = replace(CAME, state=IncidentState.CLOSED, closed=moment(0.1))
    false = replace(over, false_alarm=moment(0.2))

    for story, ended, words in (
        (over, ((1, Code.STRANGER_ASSOCIATED),), "est terminée"),
        (over, (), "est terminée"),
        (over, ((1, Code.EXPECTED_BROAD),), "elle reste ouverte"),
        (false, ((1, Code.STRANGER_ASSOCIATED),), "fausse alerte"),
    ):
        body = plain(letter(NoticeKind.CLOSED, story, shown=verdict(), ended=ended).body)
        assert words in body
        assert "prouvé" not in body


def test_blindness_says_since_when_and_what_to_look_at():
    """No address, no promise."""
    shown = verdict(reason(Code.VIEW_LOST, Level.UNSURE))
    said = letter(NoticeKind.UNSURE, shown=shown, about=(UNSURE,))

    assert "ne voit plus les passages" in plain(said.body)
    assert "Vérifiez que la box est allumée" in plain(said.body)
    assert "ne sait plus" in said.subject


def test_that_it_sees_again_says_what_is_proved_now():
    """Not « all is well »: the door count and its hour."""
    body = plain(letter(NoticeKind.SEES, shown=verdict(), about=(UNSURE,)).body)

    assert "Rien d’ouvert : 48 portes contrôlées de dehors" in body


def test_a_yellow_reason_without_an_incident_is_told_by_its_code():
    """A check that grows old belongs to no door."""
    shown = verdict(reason(Code.CHECK_AGEING, Level.ATTENTION))
    body = plain(letter(NoticeKind.ATTENTION, shown=shown, about=("check_ageing",)).body)

    assert "contrôle" in body.lower()
    assert "continuez à travailler" in body


@pytest.mark.parametrize(("language", "word"), [("fr", "EXERCICE"), ("en", "DRILL")])
@pytest.mark.parametrize("recipient", Recipient)
def test_a_drill_is_marked_and_asks_to_unplug_nothing(language, word, recipient):
    """In subject and body; nobody pulls a cable for it, and no 72 hours run, in a limited view neither."""
    drill = incident(code=Code.DRILL, grade=None, machine=None, mac=None, port=None, outside_port=None)
    shown = verdict(reason(Code.DRILL, Level.ALARM, incident=1), view=View.LIMITED)
    said = letter(NoticeKind.DRILL, drill, shown=shown, recipient=recipient, language=language)

    assert said.subject.startswith(word)
    assert "aucune porte n’est réellement ouverte" in said.body or "no door is really open" in said.body
    assert "Karim" not in said.body  # nobody is called
    assert "ne débranchez rien" in said.body or "unplug nothing" in said.body
    assert "72" not in said.body


def test_a_test_says_so_also_before_the_first_verdict():
    """The path is tried, not the wording."""
    message = Message(notice=1, kind=NoticeKind.TEST, recipient=Recipient.PRACTICE, at=moment())
    said = write(message, AUDIENCE, Callers(first=""), "")

    assert said.subject == "Message d’essai · le cabinet"
    assert "votre informaticien" in said.body


@pytest.mark.parametrize("kind", NoticeKind)
def test_a_hostile_name_adds_no_header_and_no_blank(kind):
    """The practice's own name comes from a form, and so do labels."""
    message = Message(
        notice=1, kind=kind, recipient=Recipient.TECHNICIAN, about=("1",), stories=(CAME,), at=moment(),
        verdict=verdict(at_door(CAME.code)),
    )  # fmt: skip
    hostile = replace(AUDIENCE, labels={CAME.mac: "{contact}\r\nBcc: x@example.org\x00"})
    said = write(message, hostile, Callers(first="{0}"), "Durand\r\nBcc: x@example.org\x00")

    assert said.subject.isprintable() or said.subject.replace("\u00a0", " ").isprintable()
    assert len(said.subject.splitlines()) == 1


def test_on_holiday_the_substitute_is_the_one_to_call():
    """The contact is the other one then."""
    assert callers(PRACTICE, holiday=True).first.startswith("Karim Benali")
    assert callers(PRACTICE, holiday=True).other.startswith("Sophie Martin")
    assert callers(replace(PRACTICE, substitute="", substitute_phone=""), holiday=True).first.startswith("Sophie")
    assert callers(Practice(), holiday=True) == Callers(first="")


def test_a_letter_is_signed_with_its_date_in_full():
    """« at 8:12 » alone would be wrong the next morning."""
    body = plain(letter(NoticeKind.ALARM, CAME).body)

    assert f"{NOW.astimezone(AUDIENCE.zone):%d} nov. 2026, 10:30:00" in body
    assert NOW - moment().wall == timedelta(0)
