"""What the watched port shows, in one value; and what counts as lost."""

from dataclasses import fields

import pytest

from sentinel.model.coverage import Losses, Shows, Wrapping
from tests.builders import coverage, moment

NOW = 10_000.0
COPY, PPPOE, TUNNEL = Wrapping.COPY, Wrapping.PPPOE, Wrapping.TUNNEL


def shows(
    *, inward: float | None = None, outward: float | None = None, passed: float | None = None, **more
) -> Shows:
    """The value of a port that showed these so many seconds ago."""
    ago = {"inward": inward, "outward": outward, "passed": passed}
    moments = {name: None if age is None else moment(NOW - age) for name, age in ago.items()}
    return coverage(moment(NOW), **{"apart": False, **moments, **more}).shows


@pytest.mark.parametrize(
    ("seen", "value"),
    [
        ({"inward": 1, "outward": 1}, Shows.MIRRORED),
        ({"inward": 300, "outward": 300}, Shows.MIRRORED),
        ({"inward": 1, "outward": 301}, Shows.ONLY_INWARD),
        ({"outward": 1}, Shows.ONLY_OUTWARD),
        ({"foreign": 5, "passed": 1}, Shows.ELSEWHERE),
        ({"foreign": 5, "passed": 301}, Shows.BROADCAST),
        ({"foreign": 0}, Shows.BROADCAST),
        ({}, Shows.NOTHING),
        ({"foreign": 5, "passed": 1, "wrapped": (PPPOE,)}, Shows.PPPOE),
        ({"foreign": 5, "passed": 1, "wrapped": (PPPOE, COPY)}, Shows.COPY),
        ({"foreign": 5, "passed": 1, "wrapped": (TUNNEL,)}, Shows.ELSEWHERE),
        ({"inward": 1, "outward": 1, "wrapped": (PPPOE, COPY)}, Shows.MIRRORED),
        ({"inward": 1, "outward": 1, "carrier": False}, Shows.NO_CARRIER),
        # a card of its own: only our own talk counts, and that is a check an hour
        ({"apart": True, "inward": 4_500, "outward": 4_500}, Shows.MIRRORED),
        ({"apart": True, "inward": 4_501, "outward": 4_500}, Shows.ONLY_OUTWARD),
        ({"apart": True, "foreign": 5, "passed": 1}, Shows.UNMET),
        ({"apart": True}, Shows.UNMET),
        ({"apart": True, "foreign": 5}, Shows.BROADCAST),
    ],
)
def test_the_port_shows_one_thing(seen, value):
    """Both directions or one, others that stay inside, what is sent to all, wrappings, or no cable."""
    assert shows(**seen) is value


@pytest.mark.parametrize("term", ["dropped", "forgotten", "unsent", "unseen", "pieces"])
def test_each_of_our_own_terms_is_a_loss(term):
    """By its count."""
    assert coverage(**{term: 3}).lost == 3


def test_every_frame_of_our_card_that_the_kernel_lost_is_a_loss_once():
    """What a processor's queue had no room for is among those that were refused, or is another card's; what one
    put off is not lost."""
    terms = {each.name: coverage(losses=Losses(**{each.name: 3})).lost for each in fields(Losses)}

    assert terms == {"missed": 3, "fifo": 3, "over": 3, "damaged": 3, "refused": 3, "backlog": 0, "squeezed": 0}
