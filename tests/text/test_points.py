"""One finding in words: what is particular about it, and what is never said without the code."""

from dataclasses import replace
from datetime import datetime

import pytest
from spoken import (
    AUDIENCE,
    MAC,
    MACHINE,
    UNNAMED,
    at_door,
    incident,
    known,
    moment,
    plain,
    reason,
    told,
    verdict,
)

from sentinel.model.finding import Code, Level
from sentinel.model.incident import Chapter
from sentinel.text.points import gesture, point_of_chapter, point_of_incident, record, sentence
from sentinel.text.sentences import verdict_words


@pytest.mark.parametrize(
    ("port", "said"),
    [
        (4242, "Le serveur d’images de RADIO-PC répond depuis Internet."),
        (3389, "Le bureau à distance de RADIO-PC est accessible depuis Internet."),
        (445, "Le disque réseau RADIO-PC répond depuis Internet."),
        (5432, "Une base de données de RADIO-PC répond depuis Internet."),
        (31337, "RADIO-PC répond depuis Internet."),
    ],
)
def test_an_open_door_is_told_by_what_stands_behind_it(port, said):
    """Images, remote desktop, share and database have words of their own."""
    words = verdict_words(verdict(at_door(Code.DOOR_REACHABLE, port=port)), AUDIENCE)

    assert plain(words.also[0][1].text("fr")) == said


def test_without_the_code_a_machine_is_one_of_the_practice():
    """And the gesture points at it without naming it."""
    said, todo = told(verdict(at_door(Code.STRANGER_ASSOCIATED)), UNNAMED)

    assert said == "Quelqu’un d’extérieur s’est connecté à un poste du cabinet."
    assert todo.startswith("Débranchez le câble réseau de ce poste entre deux patients")


@pytest.mark.parametrize(
    ("label", "said"), [("ORTHO-2", "d’ORTHO-2"), ("Échographe", "d’Échographe"), ("NAS", "de NAS")]
)
def test_french_elides_before_a_vowel(label, said):
    """« d’ORTHO-2 », « de NAS »."""
    audience = replace(AUDIENCE, labels={MAC: label})

    assert f"câble réseau {said}" in told(verdict(at_door(Code.STRANGER_CONNECTED)), audience)[1]


def test_a_machine_without_a_label_is_named_by_its_address():
    """To whoever gave the code."""
    assert "192.168.77.20" in told(verdict(at_door(Code.DOOR_REACHABLE)), replace(AUDIENCE, labels={}))[0]


def test_without_a_contact_the_gesture_still_says_whom_to_call():
    """The words name a role when nobody named a person."""
    assert "votre informaticien" in told(verdict(at_door(Code.DOOR_REACHABLE)), replace(AUDIENCE, contact=""))[1]


def test_a_finding_is_dated_by_when_it_was_made():
    """« acceptée à 8 h 30 », though somebody had knocked at half past seven."""
    words = verdict_words(verdict(at_door(Code.STRANGER_ASSOCIATED)), AUDIENCE, known(incident()))

    assert plain(words.also[0][1].text("fr")) == "Une machine inconnue a été acceptée par RADIO-PC à 8 h 30."


def test_images_that_left_are_measured():
    """The amount is rounded, and what it may be is said."""
    point = point_of_incident(record(incident(code=Code.IMAGES_LEFT, bytes_out=12_400_000), []))

    assert plain(sentence(point, AUDIENCE).text("fr")).startswith("Environ 12 Mo sont sortis de RADIO-PC")
    assert "la décision vous appartient" in plain(gesture(point, AUDIENCE).text("fr"))


BANNED = {
    *("echo", "mirror", "port", "knock", "dicom", "association", "upnp", "nat", "ledger", "coverage"),
    *("écho", "miroir", "couverture", "assurance", "incident"),
}
"""What a receptionist would not understand, in either language."""
SECRETS = (str(MACHINE), MAC, "RADIO-PC", "4242", "11112", "Anne")


@pytest.mark.parametrize("language", ["fr", "en"])
@pytest.mark.parametrize("level", [Level.ATTENTION, Level.UNSURE, Level.ALARM])
@pytest.mark.parametrize("code", Code)
def test_no_sentence_names_anything_or_uses_a_technical_word(language, level, code):
    """Whatever the finding: anybody on the practice's Wi-Fi may read it, and the receptionist understands it."""
    audience = replace(UNNAMED, language=language)
    stories = known(incident(code=code, read=moment(0.2), read_by="Anne", calling="STRANGER", bytes_out=10**7))
    for reasons in ([at_door(code, level)], [reason(code, level)]):
        words = verdict_words(verdict(*reasons), audience, stories)
        phrases = [words.sentence, words.gesture, words.deadline, *(said for _, said in words.also)]
        everything = " ".join(each.text(language) for each in phrases if each)

        assert not any(secret in everything for secret in SECRETS)
        assert "STRANGER" not in everything
        letters = "".join(each if each.isalnum() else " " for each in everything.lower()).split()
        assert not BANNED & set(letters), everything


# -- what people do ----------------------------------------------------------------------------------------------


def test_a_pulled_cable_is_told_with_who_and_when_and_promises_nothing():
    """Blue: it is not closed yet."""
    pulled = replace(at_door(Code.UNPLUGGED, Level.UNSURE), since=moment(0.25), who="Anne")
    said, todo = told(verdict(pulled), records=known(incident(read=moment(0.2), read_by="Paul")))

    assert said == "Câble débranché à 10 h 15 par Anne. Porte non vérifiée : ce n’est pas encore fermé."
    assert todo.startswith("Ne rebranchez pas RADIO-PC avant que Sophie")
    assert "par quelqu’un du cabinet" in told(verdict(pulled), UNNAMED)[0]


def test_a_measure_is_told_at_the_time_somebody_names():
    """Its line in the timeline may be written an hour later."""
    line = Chapter(
        incident=1,
        code=Code.UNPLUGGED,
        grade=None,
        level=Level.ALARM,
        at=moment(0),
        who="Anne",
        done=moment(1).wall,
    )

    said = sentence(point_of_chapter(line, incident()), AUDIENCE).text("fr")
    assert plain(said).startswith("Câble débranché à 9 h 30 par Anne.")


def test_a_line_of_the_timeline_denies_nothing_of_the_next_one():
    """A port answers and is connected to within one second; only the whole story tells that nobody came in."""
    line = Chapter(incident=1, code=Code.DOOR_ANSWERED, grade=None, level=Level.ATTENTION, at=moment(0))

    said = plain(sentence(point_of_chapter(line, incident()), AUDIENCE).text("fr"))
    assert said.startswith("RADIO-PC a répondu à un inconnu venu d’Internet")
    assert "entré" not in said
    robot = replace(point_of_chapter(line, incident()), robot="Censys")
    assert "entré" not in sentence(robot, AUDIENCE).text("fr")
    alone = incident(code=Code.DOOR_ANSWERED)
    assert "Il n’est pas entré." in plain(sentence(point_of_incident(known(alone)[1]), AUDIENCE).text("fr"))


def test_an_acceptance_that_ends_is_told_with_its_last_day():
    """Midnight of the 13th ends the 12th; without the code nobody is named."""
    ends = replace(
        reason(Code.EXCEPTION_ENDS, Level.ATTENTION),
        who="VPN Dupont",
        until=datetime(2027, 3, 13, tzinfo=AUDIENCE.zone),
    )
    words = verdict_words(verdict(ends), AUDIENCE)
    unnamed = verdict_words(verdict(ends), UNNAMED)

    assert plain(words.also[0][1].text("fr")) == (
        "L’accès autorisé de VPN Dupont se termine le vendredi 12 mars 2027. Prolonger ou fermer ?"
    )
    assert plain(unnamed.also[0][1].text("fr")) == (
        "Un accès autorisé se termine le vendredi 12 mars 2027. Prolonger ou fermer ?"
    )
    assert plain(words.sentence.text("fr")).endswith("sans urgence : accès autorisé qui se termine.")


@pytest.mark.parametrize("code", [Code.WINDOW_OVER, Code.ACCEPTANCE_OVER])
def test_a_door_whose_acceptance_is_over_is_not_known_to_be_anything(code):
    """Until the echo has knocked again."""
    said, _ = told(verdict(at_door(code, Level.UNSURE)))

    assert "RADIO-PC" in said
    assert said.endswith("La porte est contrôlée de nouveau ; d’ici là, la sentinelle ne peut rien affirmer.")
