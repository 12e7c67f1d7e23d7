"""The dossier of one incident answers the questions of the worst day, and says what it cannot know."""

import re
from dataclasses import replace

import pytest

from sentinel.evidence.dossier import dossier
from sentinel.model.acting import MeasureKind
from sentinel.model.declared import View
from sentinel.model.exposure import Reach
from sentinel.model.finding import Code, Level
from tests.evidence.cases import (
    HOSTILE,
    case,
    chapter,
    chapters,
    dossier_words,
    incident,
    open_case,
    pages,
    proof,
    visit,
    words,
)

ANSWERS = [
    "Dossier de l’incident nº 12",
    "Environ 12 Mo sont sortis de RADIO-PC vers une machine inconnue.",
    "Première observation : vendredi 20 novembre 2026 à 20 h 30 ; la porte pouvait être ouverte avant",
    "412 connexions sont venues de l’extérieur. Elles viennent d’au moins 2 adresses différentes.",
    "La fermeture a été prouvée le mardi 24 novembre 2026 à 10 h 30 par un contrôle de dehors.",
    "compté depuis l’affichage de l’alerte, vendredi 20 novembre 2026 à 20 h 32. Échéance : lundi 23 novembre 2026"
    " à 20 h 32, week-end compris.",
    "La décision de notifier vous appartient",
    "192.168.77.20",
    "Praticien responsable Dr Élise Moreau",
    "echo.example.net",
    "imagerie (DICOM), association acceptée",
    "198.51.100.23",
    "robot de recherche connu (Censys)",
    "Alerte lue le lundi 23 novembre 2026 à 9 h 30 par Élise.",
    "Câble réseau de l’appareil débranché le lundi 23 novembre 2026 à 10 h 30 par Sophie Martin. Ce n’est pas une"
    " fermeture prouvée.",
    "La sentinelle a compté les connexions et les octets. Elle ne lit pas le contenu : elle ne peut dire ni"
    " quelles images, ni combien de patients.",
    "Les accès par relais (TeamViewer, AnyDesk, QuickConnect et semblables)",
    "Les échanges UDP.",
    "37 connexions de plus ont été comptées par groupe",
    "388 autres connexions sont dans connexions.csv",
]


@pytest.mark.parametrize("answer", ANSWERS)
def test_it_answers_what_is_asked_on_the_worst_day(answer):
    """What, since when, who, what was done, until when, and what nobody can know."""
    assert answer in dossier_words()


def test_the_way_in_stands_there_from_the_internet_to_the_machine():
    """With both ports: the box may renumber."""
    said = dossier_words().replace(" ", "")

    assert "internet:11112" in said
    assert "RADIO-PC192.168.77.20:4242" in said


def test_it_is_told_in_english_where_the_page_is():
    """And holds nothing of the other language."""
    said = dossier_words("en")

    assert "Dossier of incident no. 12" in said
    assert "First seen: Friday 20 November 2026 at 20:30" in said
    assert "They end on Monday 23 November 2026 at 20:32, week-ends included." in said
    assert not any(french in said for french in (" porte ", "contrôle", "vendredi", "appareil"))


def test_on_paper_no_day_is_yesterday():
    """It is read years later: each moment carries its date."""
    assert not re.search(r"\b(hier|aujourd|il y a)\b", dossier_words())


def test_an_open_door_is_not_called_closed():
    """What is not proved is not written."""
    said = words(dossier(open_case()))

    assert "la fermeture n’est pas prouvée" in said
    assert "La fermeture a été prouvée" not in said
    assert "L’alerte n’a pas encore été lue." in said


def test_a_measure_alone_closes_nothing_on_paper_either():
    """The cable is out; the door was not checked."""
    said = words(dossier(open_case(measured=incident().measured, measure=MeasureKind.LINE_UNPLUGGED)))

    assert "Ce n’est pas une fermeture prouvée." in said
    assert "la fermeture n’est pas prouvée" in said


def test_a_limited_view_says_that_nobody_can_say_whether_anybody_came():
    """This changes the practitioner's decision."""
    facts = open_case(view=View.LIMITED, code=Code.DOOR_REACHABLE, grade=None, count=0, sources=(), bytes_out=0)
    said = words(dossier(replace(facts, visits=(), visits_in_all=0)))

    assert "elle ne peut dire ni si quelqu’un est venu, ni combien a été copié" in said
    assert "il est prudent de considérer la violation comme possible" in said
    assert "Aucune connexion venue de l’extérieur" not in said


def test_a_door_nobody_came_through_is_a_weakness_and_not_always_a_breach():
    """Both halves of the sentence stand there: the decision is not ours."""
    facts = open_case(code=Code.DOOR_REACHABLE, grade=None, count=0, sources=(), bytes_out=0)
    said = words(dossier(replace(facts, visits=(), visits_in_all=0)))

    assert "Une porte ouverte n’est pas toujours une violation" in said
    assert "même sans preuve de copie" in said


def test_what_never_was_an_alarm_starts_no_clock():
    """A note is no breach."""
    facts = open_case(level=Level.ATTENTION, shown=None)
    quiet = replace(facts, chapters=(chapter(Code.DOOR_ANSWERED, Level.ATTENTION, days=1),))

    assert "aucun délai n’est compté" in words(dossier(quiet))


def test_what_a_person_wrote_is_quoted():
    """A reason goes with its name."""
    because = chapter(Code.ALARM_READ, Level.ALARM, days=1, who="Élise", said="C’était notre VPN.")

    assert "« C’était notre VPN. »" in words(dossier(case(chapters=(*chapters(), because))))


@pytest.mark.parametrize("hostile", [HOSTILE, "\u202e<script>", "x" * 400])
def test_strangers_words_are_printed_as_they_are_and_stop_nothing(hostile):
    """AE titles, labels and reasons come from anywhere."""
    facts = case(
        incident=incident(calling=hostile[:16]),
        chapters=(chapter(Code.ALARM_READ, Level.ALARM, days=1, who=hostile, said=hostile, calling=hostile),),
        visits=(visit(1, calling=hostile, called=hostile, source=hostile[:60]),),
    )
    labelled = replace(facts.head, audience=replace(facts.head.audience, labels={"00:11:22:33:44:55": hostile}))
    made = dossier(replace(facts, head=labelled))

    assert pages(made) <= 5
    assert hostile.replace("\u202e", "").replace(" ", "")[:12] in words(made).replace(" ", "")


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ({"calling": "FINDSCU", "called": "ANY-SCP", "request": "whole"}, "FINDSCU / ANY-SCP"),
        ({"request": "partial"}, "FINDSCU / ANY-SCP (demande vue en partie)"),
        ({"services": ("find", "move")}, "FINDSCU / ANY-SCP (recherche, transfert)"),
        (
            {"association": "rejected", "rejection": "1/1/7", "services": ("store",), "request": "partial"},
            "FINDSCU / ANY-SCP (rejetée (1/1/7), envoi, demande vue en partie)",
        ),
        ({"calling": "", "called": ""}, "? / ?"),
        ({"association": None, "label": "mllp"}, "messages médicaux (HL7)"),
    ],
)
def test_of_each_connection_stands_what_was_spoken(row, said):
    """A request that was seen in part is called so: the grade may rest on what was not seen."""
    told = words(dossier(case(visits=(visit(1, **row),))))

    assert said in told
    assert ("vue en partie" in told) is ("partie" in said)


def test_a_long_story_is_shortened_and_says_so():
    """A robot that comes for months must not make a book; the files beside it hold every line."""
    facts = case(
        chapters=tuple(chapter(Code.STRANGER_CONNECTED, Level.ALARM, minutes=n) for n in range(300)),
        proofs=tuple(proof(hours, Reach.OPEN if hours != 50 else Reach.FILTERED) for hours in range(100)),
        visits=tuple(visit(n) for n in range(2000)),
        visits_in_all=12_400,
    )
    made = dossier(facts)

    assert pages(made) <= 6
    assert "286 autres lignes sont dans incident.json." in words(made)
    assert "chk049" in words(made)  # both sides of the change are shown
    assert "chk050" in words(made)
    assert "chk030" not in words(made)


def test_a_story_without_a_door_has_a_dossier_too():
    """A private network, or a machine nobody knows yet."""
    bare = incident(machine=None, mac=None, port=None, outside_port=None, sources=(), grade=None, shown=None)

    assert "Dossier de l’incident nº 12" in words(
        dossier(case(incident=bare, proofs=(), visits=(), visits_in_all=0))
    )


def test_the_same_case_gives_the_same_bytes():
    """Made again from the same rows, it has the same hash."""
    assert dossier(case()) == dossier(case())


@pytest.mark.parametrize(
    ("kept", "said"),
    [(True, "sont dans le dossier « rapports »"), (False, "Aucune réponse signée n’a été conservée")],
)
def test_signed_answers_are_announced_only_where_they_are(kept, said):
    """Whoever opens the ZIP finds what the paper names."""
    assert said in words(dossier(case(has_reports=kept)))
