"""A known scanner is told as one, where nobody else came and somebody may be named."""

from dataclasses import replace
from ipaddress import ip_address

import pytest
from spoken import AUDIENCE, UNNAMED, at_door, chapters, incident, plain, told, verdict

from sentinel.model.finding import Code
from sentinel.text.points import point_of_chapter, point_of_incident, record, sentence
from sentinel.text.robots import only_robots, organisation

CENSYS, OTHER = "162.142.125.9", "203.0.113.7"
WALKED = incident(code=Code.STRANGER_CONNECTED, sources=((CENSYS, 3),), count=3)


def headline(story, audience=AUDIENCE):
    """What stands over the page while this story goes on."""
    return told(verdict(at_door(story.code)), audience, records={1: record(story, [])})[0]


def test_a_published_network_is_told_by_its_organisation():
    """On the page behind the password."""
    said = sentence(point_of_incident(record(WALKED, [])), AUDIENCE)

    assert headline(WALKED) == (
        "Un robot d’indexation connu (Censys) s’est connecté à RADIO-PC : "
        "il publie les portes qu’il trouve ouvertes."
    )
    assert plain(said.text("fr")).startswith("Un robot d’indexation connu (Censys) s’est connecté à RADIO-PC")


def test_without_the_code_nobody_is_named():
    """A source is a source, also a harmless one."""
    assert headline(WALKED, UNNAMED) == "Quelqu’un d’extérieur s’est connecté à un poste du cabinet."


@pytest.mark.parametrize("code", [Code.STRANGER_QUERIED, Code.IMAGES_LEFT])
def test_whoever_asks_for_images_is_no_robot_that_indexes(code):
    """Whatever its address says: no research needs them."""
    assert headline(replace(WALKED, code=code)) == "Quelqu’un d’extérieur s’est connecté à RADIO-PC."


@pytest.mark.parametrize(
    ("sources", "count", "said"),
    [
        (((CENSYS, 3),), 3, "Censys"),
        (((CENSYS, 3),), 4, ""),  # somebody came whose address was not kept
        (((CENSYS, 3), (OTHER, 1)), 4, ""),
        (((CENSYS, 1), ("64.62.156.9", 1)), 2, "Censys, Shadowserver"),
        (((CENSYS, 1), ("64.62.156.9", 1), ("195.184.76.9", 1)), 3, "Censys, ONYPHE, …"),
        ((), 0, ""),
    ],
)
def test_one_stranger_among_robots_is_told_of_as_a_stranger(sources, count, said):
    """The words are calmed only where everybody is known."""
    assert only_robots(incident(sources=sources, count=count)) == said


def test_a_proved_name_counts_like_a_network_and_for_this_source_only():
    """As the story keeps it."""
    story = incident(sources=((OTHER, 1),), count=1, robots=((OTHER, "Shodan"),))

    assert only_robots(story) == "Shodan"
    assert organisation("203.0.113.8", story) == ""


def test_a_line_of_the_timeline_names_the_robot_that_came_then():
    """And the stranger who came after it stays one."""
    begun = chapters((Code.STRANGER_CONNECTED, WALKED.level, 2))[0]
    said = [
        plain(sentence(point_of_chapter(replace(begun, source=source), WALKED), AUDIENCE).text("fr"))
        for source in map(ip_address, (CENSYS, OTHER))
    ]

    assert said[0].startswith("Un robot d’indexation connu (Censys) s’est connecté à RADIO-PC")
    assert said[1].startswith("Quelqu’un d’extérieur s’est connecté à RADIO-PC")
