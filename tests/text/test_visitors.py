"""Who came, how often and of how many addresses."""

from spoken import AUDIENCE, incident, moment, plain

from sentinel.model.incident import Incident
from sentinel.text.visitors import visitors


def said(story: Incident) -> list[str]:
    return [plain(each.text("fr")) for each in visitors(story, AUDIENCE)]


def test_ten_thousand_visits_are_three_sentences():
    """How many, from when to when; of how many addresses at least; and how many by those not named."""
    sources = tuple((f"203.0.113.{n}", 100) for n in range(20))
    story = incident(count=10_000, sources=sources, other_sources=480, first=moment(5), last_visit=moment(1))

    assert said(story) == [
        "10 000 visites : la première à 5 h 30, la dernière à 9 h 30.",
        "Elles viennent d’au moins 500 adresses.",
        "8 000 visites viennent d’adresses qui ne sont pas nommées ici.",
    ]


def test_one_visit_is_told_as_one():
    """In the singular, and of one address."""
    story = incident(count=1, sources=(("203.0.113.7", 1),))

    assert said(story) == ["Une visite, à 9 h 30.", "D’une seule adresse."]


def test_where_nobody_came_nothing_is_said():
    """The echo found the door; that is no visit."""
    assert said(incident(count=0)) == []
