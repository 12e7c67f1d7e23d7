"""The draft for the CNIL: the form's order, what is known, and lines for what is not ours to know."""

import re

from sentinel.evidence.notification import notification
from tests.evidence.cases import HOSTILE, case, incident, open_case, words

PARTS = (
    "1. Type de notification",
    "2. Organisme",
    "3. Dates",
    "4. Nature et origine",
    "5. Données et personnes concernées",
    "6. Mesures en place avant l’incident",
    "7. Conséquences possibles et gravité",
    "8. Mesures prises ou prévues",
    "9. Information des personnes et autres démarches",
)


def test_it_follows_the_order_of_the_form():
    """So that it is copied from top to bottom."""
    said = words(notification(case()))
    places = [said.index(part) for part in PARTS]

    assert places == sorted(places)


def test_it_says_that_nothing_is_sent_and_who_decides():
    """On top, before everything else."""
    said = words(notification(case()))

    assert "La sentinelle n’envoie jamais rien à la CNIL. La décision de notifier appartient au praticien" in said
    assert said.index("n’envoie jamais rien") < said.index(PARTS[0])
    assert "à vérifier sur place" in said


def test_it_fills_in_what_the_sentinel_knows():
    """Dates, nature, measures, and whose practice it is."""
    said = words(notification(case()))

    for known in (
        "Cabinet dentaire du Parc",
        "Dr Élise Moreau",
        "Première observation : vendredi 20 novembre 2026 à 20 h 30",
        "Date de la prise de connaissance vendredi 20 novembre 2026 à 20 h 32",
        "Fin de la violation mardi 24 novembre 2026 à 10 h 30",
        "Perte de confidentialité",
        "Alerte lue le lundi 23 novembre 2026",
    ):
        assert known in said


def test_nobodys_number_stands_beside_another_name():
    """The practitioner answers to the authority; the number we know is the technician's."""
    said = words(notification(case()))

    assert "Personne à contacter Dr Élise Moreau Son téléphone et son courriel" in said
    assert "01 23 45 67 89" not in said


def test_what_is_not_over_is_ongoing():
    """Unknown is no date."""
    assert "En cours : la fermeture n’est pas prouvée." in words(notification(open_case()))


def test_it_never_guesses_how_many_patients_there_are():
    """The number is in the practice's software, and the paper says so."""
    said = words(notification(case()))

    assert "La sentinelle ne connaît pas ces nombres" in said
    assert not re.search(r"Nombre de personnes\s+\d", said)


def test_it_hints_at_article_34_and_at_the_insurer():
    """Patients are told where the risk is high."""
    said = words(notification(case()))

    assert "Article 34 du RGPD" in said
    assert "assureur" in said


def test_an_english_draft_has_the_same_parts():
    """For a practitioner who reads English; the form itself is French."""
    said = words(notification(case("en")))

    assert "The sentinel never sends anything to the CNIL." in said
    assert [f"{number}. " in said for number in range(1, 10)] == [True] * 9


def test_a_strangers_name_is_no_markup():
    """The calling title comes from anywhere."""
    assert "Brouillon" in words(notification(case(incident=incident(calling=HOSTILE, read_by=HOSTILE))))
