"""Why it could not be asked, in words: every failure its own sentence, none in the trade's jargon."""

from dataclasses import replace

import pytest
from spoken import AUDIENCE, UNNAMED, at_door, incident, known, moment, plain, reason, told, verdict

from sentinel.model.declared import View
from sentinel.model.exposure import Nature, Outcome
from sentinel.model.finding import Code, Grade, Level
from sentinel.model.verdict import Missed
from sentinel.text.points import Point, point_of_incident, sentence
from sentinel.text.sentences import verdict_words

FAILURES = [each for each in Outcome if each not in (Outcome.CHECKED, Outcome.NOT_OURS)]
INTERFERENCE = [
    Outcome.NOT_AN_ECHO,
    Outcome.BAD_SIGNATURE,
    Outcome.NOT_OUR_QUESTION,
    Outcome.TLS_INTERCEPTED,
]
TRADE = ("écho", "echo", "dicom", "miroir", "nat", "upnp", "port ", "quota")


def whole(said) -> str:
    words = verdict_words(said, UNNAMED)
    return plain(" ".join(phrase.text("fr") for phrase in (words.sentence, words.gesture, *words.missed)))


def test_every_failure_has_a_sentence_of_its_own():
    """No two read the same, whether green is lost, about to be, or nobody answers for the echo."""
    for code in (Code.NOT_CHECKED, Code.CHECK_AGEING):
        said = [told(verdict(reason(code, Level.UNSURE, outcome=each)), UNNAMED)[0] for each in FAILURES]
        assert len(set(said)) == len(FAILURES)
    troubled = [
        told(verdict(reason(Code.CHECK_TROUBLED, Level.ATTENTION, outcome=each)), UNNAMED)[0]
        for each in INTERFERENCE
    ]
    assert len(set(troubled)) == len(INTERFERENCE)


@pytest.mark.parametrize("failure", FAILURES)
def test_whoever_has_no_code_reads_no_word_of_the_trade(failure):
    """« Le serveur de contrôle », never « l’écho »."""
    said = verdict(
        reason(Code.NOT_CHECKED, Level.UNSURE, outcome=failure),
        reason(Code.CHECK_TROUBLED, Level.ATTENTION, outcome=failure),
    )
    read = f" {whole(said).lower()} "

    assert [word for word in TRADE if f" {word}" in read] == []


def test_a_missed_check_is_told_while_the_page_is_still_green():
    """When and why; of several echoes and families each reason once, the last time."""
    misses = tuple(
        Missed(echo=echo, family=family, outcome=result, at=moment(hours))
        for echo, family, result, hours in (
            ("a", 4, Outcome.UNREACHABLE, 2),
            ("a", 6, Outcome.UNREACHABLE, 1),
            ("b", 4, Outcome.QUOTA, 0.5),
        )
    )
    words = verdict_words(replace(verdict(), missed=misses), UNNAMED)

    assert words.sentence.key == "verdict.calm.full.sentence"
    assert [plain(each.text("fr")) for each in words.missed] == [
        "Contrôle manqué à 9 h 30 : le serveur de contrôle ne répond pas.",
        "Contrôle manqué à 10 h 00 : le serveur de contrôle demande d’attendre.",
    ]


def test_somebody_who_answers_for_the_echo_is_the_headline_of_a_yellow_page():
    """Not « un point à régler »: what it is."""
    said, todo = told(verdict(reason(Code.CHECK_TROUBLED, Level.ATTENTION, outcome=Outcome.TLS_INTERCEPTED)))

    assert said == (
        "Quelque chose ouvre les liaisons chiffrées entre le cabinet et le serveur de contrôle depuis 9 h 30."
    )
    assert "Sophie" in todo


def test_a_clock_that_was_never_set_is_told_as_that():
    """A board without a battery starts in 1970: « depuis » such a date would be nonsense."""
    never = replace(moment(), wall=moment().wall.replace(year=1970))
    said = told(verdict(reason(Code.CLOCK_WRONG, Level.UNSURE, since=never)))[0]

    assert said == "L’heure de la sentinelle n’est pas réglée : elle ne peut pas dater ses contrôles."


@pytest.mark.parametrize("view", View)
def test_a_calm_page_says_that_an_address_is_shared(view):
    """It counts as closed, and is shown as what it is."""
    said = told(replace(verdict(view=view), not_ours=(4,)), accepted=("VPN Dupont",))[0]

    assert "sauf l’accès autorisé de VPN Dupont : 48 portes" in said
    assert said.endswith("selon la box ou votre déclaration. Elle n’a pas été contrôlée.")


@pytest.mark.parametrize(
    ("nature", "said"),
    [
        (Nature.IMAGING, "Le serveur d’images de RADIO-PC répond depuis Internet."),
        (Nature.REMOTE, "Le bureau à distance de RADIO-PC est accessible depuis Internet."),
        (Nature.STORAGE, "Le disque réseau RADIO-PC répond depuis Internet."),
        (None, "RADIO-PC répond depuis Internet."),
    ],
)
def test_a_door_is_called_what_was_recognised_behind_it(nature, said):
    """Whatever its number."""
    story = incident(code=Code.DOOR_REACHABLE, grade=Grade.REACHABLE, port=9999, outside_port=9999, nature=nature)
    point = point_of_incident(known(story)[1])

    assert plain(sentence(point, AUDIENCE).text("fr")) == said
    assert plain(sentence(point, UNNAMED).text("fr")) == "Un poste du cabinet répond depuis Internet."


def test_everything_sent_to_one_machine_is_told_as_that():
    """With the machine for those who gave the code."""
    said, todo = told(verdict(at_door(Code.ALL_FORWARDED)))

    assert said == "La box envoie tout ce qui vient d’Internet vers RADIO-PC (mode DMZ)."
    assert "Si RADIO-PC est votre pare-feu, Sophie" in todo
    unknown = sentence(Point(code=Code.ALL_FORWARDED, at=moment().wall), UNNAMED)
    assert "pas encore connu" in unknown.text("fr")
