"""One finding in words: what is particular about it, and what is never said without the code."""

from dataclasses import replace

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
from sentinel.text.points import gesture, point_of_incident, record, sentence
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
