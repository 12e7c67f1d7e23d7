"""The table of first bytes: whoever reads it, a label is one length, and a length that no header has."""

from sentinel.model.beginnings import BANNERS, BEGINNINGS, FIRST, KEPT, LABELS, SHORTEST, WIDTHS
from sentinel.model.connection import Label


def test_every_label_has_its_beginning_and_its_length():
    """Between what `decode` reads of a segment without its flags, and the shortest TCP header."""
    assert set(BEGINNINGS) == set(KEPT) == set(Label)
    assert sorted(LABELS) == list(range(FIRST, 20))
    assert set(BANNERS) < set(Label)


def test_no_look_goes_beyond_the_shortest_payload_that_is_looked_at():
    """A load beyond the frame's end would end the filter, and what it would have kept were lost."""
    looks = [look for each in BEGINNINGS.values() for look in each]

    assert max(look.at + look.size for look in looks) <= SHORTEST
    assert {len(value) for look in looks for value in look.values} <= set(WIDTHS)
    assert all(len(value) == look.size for look in looks for value in look.values)
