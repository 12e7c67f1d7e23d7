"""A verdict in words: the first reason decides, all are told, and nothing is named without the code."""

from dataclasses import replace

import pytest
from spoken import (
    AUDIENCE,
    UNNAMED,
    at_door,
    chapters,
    deadline,
    incident,
    known,
    moment,
    plain,
    reason,
    told,
    verdict,
)

from sentinel.model.declared import View
from sentinel.model.finding import Code, Grade, Level
from sentinel.model.incident import IncidentState
from sentinel.text.points import record
from sentinel.text.sentences import verdict_words


def test_calm_says_what_was_proved_and_when():
    """Never that all is well."""
    assert told(verdict()) == (
        "Rien d’ouvert : 48 portes contrôlées de dehors à 8 h 12, passages surveillés.",
        "Rien à faire.",
    )


def test_calm_in_a_limited_view_differs_in_its_first_words():
    """Green may not look like full green to whoever reads two words."""
    said, todo = told(verdict(view=View.LIMITED))

    assert said.startswith("Fermé vu de dehors : 48 portes")
    assert "ne voit pas qui passe (vue limitée)" in said
    assert "Sophie" in todo


@pytest.mark.parametrize("view", View)
def test_an_accepted_door_is_named_in_the_sentence(view):
    """Calm with an exception says whose it is; without the code, that there is one."""
    assert "sauf l’accès autorisé de VPN Dupont" in told(verdict(view=view), accepted=("VPN Dupont",))[0]
    unnamed = told(verdict(view=view), UNNAMED, accepted=("VPN Dupont",))[0]
    assert "sauf un accès autorisé" in unnamed
    assert "Dupont" not in unnamed


def test_calm_without_a_proof_is_not_told_as_calm():
    """A verdict that could not be would still not lie."""
    nothing = "La sentinelle ne peut rien affirmer pour l’instant."

    assert told(replace(verdict(), checked=None))[0] == nothing
    assert told(replace(verdict(), level=Level.ALARM))[0] == nothing


@pytest.mark.parametrize(
    ("reasons", "said"),
    [
        (
            [reason(Code.WEB_UNIDENTIFIED, Level.ATTENTION)],
            "Un point à régler, sans urgence : page web non identifiée.",
        ),
        (
            [reason(Code.WEB_UNIDENTIFIED, Level.ATTENTION), reason(Code.CHECK_AGEING, Level.ATTENTION)],
            "2 points à régler, sans urgence. D’abord : page web non identifiée.",
        ),
        ([at_door(Code.DOOR_REACHABLE)], "Une porte est ouverte sur Internet : RADIO-PC."),
        (
            [reason(Code.DOOR_REACHABLE, Level.ALARM)],
            "Une porte est ouverte sur Internet. La sentinelle ne sait pas encore vers quel appareil.",
        ),
        ([at_door(Code.STRANGER_ASSOCIATED)], "Quelqu’un d’extérieur s’est connecté à RADIO-PC."),
        (
            [reason(Code.NO_ECHO, Level.UNSURE)],
            "Aucun contrôle de dehors n’est configuré : la sentinelle ne peut rien affirmer.",
        ),
        (
            [reason(Code.NOT_CHECKED, Level.UNSURE, since=moment(26.3))],
            "Contrôle impossible depuis hier, 8 h 12. La sentinelle ne peut rien affirmer.",
        ),
        ([reason(Code.STARTING, Level.UNSURE)], "Démarrage : réponse dans trois minutes."),
        (
            [reason(Code.VIEW_LOST, Level.UNSURE)],
            "La sentinelle ne voit plus les passages depuis 9 h 30. Vu de dehors, rien d’ouvert à 8 h 12.",
        ),
        (
            [reason(Code.VIEW_LOST, Level.UNSURE), at_door(Code.WEB_UNIDENTIFIED, Level.ATTENTION)],
            "La sentinelle ne voit plus les passages depuis 9 h 30.",  # something is open: nothing is claimed
        ),
    ],
)
def test_the_first_reason_decides_the_sentence(reasons, said):
    """The words were agreed with the people who read them."""
    assert told(verdict(*reasons))[0] == said


def test_a_door_open_in_a_limited_view_says_what_cannot_be_known():
    """Neither which machine, nor whether anybody came; and the clock runs, to be on the safe side."""
    said = verdict(reason(Code.DOOR_REACHABLE, Level.ALARM), view=View.LIMITED)

    assert "ni si quelqu’un est venu" in told(said)[0]
    assert verdict_words(said, AUDIENCE).deadline is not None


def test_every_reason_is_told_beside_the_first():
    """An alarm does not hide that the sentinel is half blind."""
    words = verdict_words(verdict(at_door(Code.DOOR_REACHABLE), reason(Code.CAPTURE_LOST, Level.UNSURE)), AUDIENCE)

    assert [each.code for each, _ in words.also] == [Code.DOOR_REACHABLE, Code.CAPTURE_LOST]


def test_the_72_hours_are_counted_from_the_alarm_and_not_from_the_first_knock():
    """Both clocks are told: shown, and read."""
    said = verdict(at_door(Code.STRANGER_ASSOCIATED))
    unread = deadline(verdict_words(said, AUDIENCE, known(incident())))
    read = deadline(verdict_words(said, AUDIENCE, known(incident(read=moment(0.5), read_by="Anne"))))

    assert "l’affichage de l’alerte, à 8 h 30. Échéance : jeudi à 8 h 30, week-end compris." in unread
    assert "Alerte lue" not in unread
    assert "Alerte lue à 10 h 00." in read


@pytest.mark.parametrize(("code", "runs"), [(Code.STRANGER_ASSOCIATED, True), (Code.DOOR_REACHABLE, False)])
def test_an_alarm_that_was_read_keeps_its_clock_where_somebody_came(code, runs):
    """Reading an alarm changes the lamp, never the deadline."""
    story = incident(code=code, read=moment(0.5), read_by="Anne")
    words = verdict_words(verdict(at_door(Code.ALARM_READ, Level.ATTENTION)), AUDIENCE, known(story))

    assert (words.deadline is not None) is runs


def test_an_alarm_that_was_read_says_so_and_stays():
    """The first name of whoever read it is for those who gave the code."""
    said = verdict(at_door(Code.ALARM_READ, Level.ATTENTION))
    stories = known(incident(read=moment(0.5), read_by="Anne"))

    assert told(said, records=stories)[0] == "Alerte lue par Anne à 10 h 00. La porte est encore ouverte."
    assert told(said, UNNAMED, records=stories)[0] == (
        "Alerte lue par quelqu’un du cabinet à 10 h 00. La porte est encore ouverte."
    )


@pytest.mark.parametrize(
    ("code", "hours", "runs"),
    [
        (Code.STRANGER_QUERIED, 2, True),
        (Code.STRANGER_QUERIED, 71, True),
        (Code.STRANGER_QUERIED, 73, False),
        (Code.DOOR_REACHABLE, 2, False),
    ],
)
def test_closing_the_door_does_not_stop_the_72_hours(code, hours, runs):
    """Green again, and a decision still to take: the gesture says so instead of « Rien à faire »."""
    over = incident(code=code, state=IncidentState.CLOSED, closed=moment(1))
    records = {1: record(over, chapters((code, Level.ALARM, hours)))}
    words = verdict_words(verdict(), AUDIENCE, records)

    assert (words.deadline is not None) is runs
    assert ("72 heures" in plain(words.gesture.text("fr"))) is runs
    assert words.sentence.key == "verdict.calm.full.sentence"


@pytest.mark.parametrize("level", [Level.ATTENTION, Level.NOTE])
def test_a_stranger_on_a_harmless_door_starts_no_clock(level):
    """Only an alarm does."""
    assert verdict_words(verdict(at_door(Code.STRANGER_CONNECTED, level)), AUDIENCE).deadline is None


def test_a_door_whose_machine_sleeps_is_told_as_asleep():
    """It was proved open and stays red, but nothing answers now."""
    story = known(incident(code=Code.DOOR_REACHABLE, grade=Grade.REACHABLE, state=IncidentState.DORMANT))
    said, todo = told(verdict(at_door(Code.DOOR_REACHABLE)), records=story)

    assert said == "Une porte est ouverte vers un appareil éteint : RADIO-PC."
    assert "avant de le rallumer" in todo


def test_sleep_does_not_make_a_visit_undone():
    """Where somebody came, that is what is told."""
    story = known(incident(state=IncidentState.DORMANT))

    assert "Quelqu’un d’extérieur" in told(verdict(at_door(Code.STRANGER_ASSOCIATED)), records=story)[0]


def test_a_private_network_nobody_recognises_is_told_as_a_visit():
    """Once answered « not ours », it is no longer a question."""
    said, todo = told(verdict(at_door(Code.PRIVATE_NETWORK)))

    assert said.startswith("Un réseau privé que personne ne reconnaît s’est connecté à RADIO-PC")
    assert todo.startswith("Débranchez")


DRILL = reason(Code.DRILL, Level.ALARM, incident=9)


@pytest.mark.parametrize("audience", [AUDIENCE, UNNAMED])
@pytest.mark.parametrize("view", View)
def test_a_drill_says_that_it_is_one_and_starts_no_clock(audience, view):
    """For everybody who looks, in a limited view too."""
    words = verdict_words(verdict(DRILL, view=view), audience)

    assert plain(words.sentence.text("fr")) == "Exercice en cours : aucune porte n’est réellement ouverte."
    assert plain(words.gesture.text("fr")) == "Appuyez sur « J’ai vu », comme pour une vraie alerte."
    assert words.deadline is None


def test_beside_a_real_alarm_the_page_says_what_it_would_say_without_the_drill():
    """Sentence, gesture and clock; the drill is one more line below."""
    real = at_door(Code.STRANGER_ASSOCIATED)
    alone, both = (
        verdict_words(verdict(*each), AUDIENCE) for each in ((real,), (real, replace(DRILL, level=Level.NOTE)))
    )

    assert (both.sentence, both.gesture, both.deadline) == (alone.sentence, alone.gesture, alone.deadline)
    assert [each.code for each, _ in both.also] == [Code.STRANGER_ASSOCIATED, Code.DRILL]
