"""What is said again within a second, and what is not that."""

from sentinel.capture.repeats import MOST, Repeats
from sentinel.capture.ring import SECOND, Frame
from tests.builders import IMAGING, WORKSTATION
from tests.capture.traffic import arp


def said(nanoseconds: int, words: bytes = arp(IMAGING), vlan: int | None = None) -> Frame:
    """As a ring hands it over."""
    return Frame(nanoseconds, words, len(words), vlan)


def test_the_same_words_within_a_second_are_counted_and_not_handed_on():
    """A second after they were last handed on they are news again, however often they came meanwhile."""
    repeats = Repeats()
    frames = [said(at) for at in (0, 1, SECOND // 2, SECOND - 1, SECOND, SECOND + 1)]

    assert repeats.news(frames) == [frames[0], frames[4]]
    assert repeats.known == 4


def test_other_words_and_the_same_of_another_network_are_news():
    """One address apart; and under another tag."""
    frames = [said(0), said(1, arp(WORKSTATION)), said(2, vlan=5), said(3, vlan=6)]

    assert Repeats().news(frames) == frames


def test_after_a_clock_was_set_back_everything_is_news():
    """Rather once too often than not for an hour."""
    frames = [said(3_600 * SECOND), said(0)]

    assert Repeats().news(frames) == frames


def test_a_neighbour_who_invents_machines_fills_no_memory():
    """All are forgotten then, and heard again."""
    repeats = Repeats()
    invented = [said(0, arp(IMAGING)[:-4] + number.to_bytes(4, "big")) for number in range(3 * MOST)]

    assert repeats.news(invented) == invented
    assert len(repeats._said) <= MOST
    assert repeats.news([said(1, invented[0].kept)])
