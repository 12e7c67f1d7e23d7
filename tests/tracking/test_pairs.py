"""Who has just been talking to whom, for how long that holds, and whom a stranger can make us remember."""

from ipaddress import ip_network

import pytest

from sentinel.model.networks import Networks
from sentinel.model.packet import Segment
from sentinel.tracking.pairs import LASTS, MOST, Pairs
from tests.builders import IMAGING, STRANGER, WORKSTATION, Talk, moment, networks

LASTED = LASTS.total_seconds()
BOX = WORKSTATION + 187


def visit() -> Talk:
    """One of ours outside."""
    return Talk(client=IMAGING, client_port=40_000, server=STRANGER, server_port=443)


def met(talk: Talk, seconds: float = 0) -> Pairs:
    """The client has just said something."""
    pairs = Pairs(networks(box=(BOX,)))
    pairs.meet(talk.segment(talk.asks(), seconds))
    return pairs


def test_a_visit_outside_is_known_in_both_directions():
    """Which way it goes, and that a stranger is there."""
    talk = visit()
    pairs = met(talk)

    there, back = pairs.line(talk.segment(talk.asks())), pairs.line(talk.segment(talk.answers()))

    assert there is not None
    assert back is not None
    assert (there.crosses, there.inward, there.with_stranger) == (True, False, True)
    assert (back.crosses, back.inward, back.with_stranger) == (True, True, True)


def test_talk_within_the_practice_crosses_nothing_and_is_no_visit():
    """It may be an association."""
    talk = Talk(client=WORKSTATION, server=IMAGING)
    line = met(talk).line(talk.segment(talk.asks()))

    assert line is not None
    assert (line.crosses, line.with_stranger) == (False, False)


@pytest.mark.parametrize(("server", "is_met"), [(IMAGING, True), (BOX, False)])
def test_one_of_ours_who_answers_is_met_when_he_does(server, is_met):
    """He is to be sighted, too: that somebody talks to him says nothing of him. The box never is met."""
    talk = Talk(client=WORKSTATION, server=server)
    pairs, answer = met(talk), talk.segment(talk.answers())
    assert pairs.line(answer) is None

    pairs.meet(answer)

    assert (pairs.line(answer) is not None) is is_met


def test_a_pair_is_met_anew_after_some_seconds():
    """By the frames' own clock."""
    talk = visit()
    pairs = met(talk, 5)

    assert pairs.line(talk.segment(talk.asks(), 5 + LASTED))
    assert pairs.line(talk.segment(talk.asks(), 5 + LASTED + 0.1)) is None


def test_whom_somebody_visited_is_not_remembered_any_longer():
    """Nobody looks where the staff goes."""
    pairs = met(visit(), 5)
    pairs.tick(moment(5 + LASTED))
    assert len(pairs._lines) == 2

    pairs.tick(moment(5 + LASTED + 0.1))

    assert pairs._lines == {}


def test_the_same_addresses_behind_another_card_are_another_pair():
    """Somebody may have taken the address: his machine is to be told."""
    talk = visit()
    pairs, segment = met(talk), talk.segment(talk.asks())

    assert pairs.line(segment._replace(macs=segment.macs[:6] + b"\x02\x00\x00\x00\x00\x99")) is None


def test_neither_a_stranger_makes_a_pair_nor_what_he_provokes():
    """He may come under a million addresses, and is refused or answered under each."""
    talk, pairs = Talk(), Pairs(networks())
    for word in (talk.syn(), talk.syn_ack(), talk.rst(), talk.asks()):
        pairs.meet(talk.segment(word))
    assert pairs._lines == {}

    pairs.meet(talk.segment(talk.answers()))

    line = pairs.line(talk.segment(talk.asks()))
    assert line is not None
    assert (line.inward, line.with_stranger) == (True, True)


def test_ever_new_pairs_fill_no_memory():
    """All are met anew then."""
    pairs, talk = Pairs(networks()), Talk()
    answer = talk.segment(talk.answers())
    for number in range(3 * MOST):
        pairs.meet(_to(answer, number))

    assert len(pairs._lines) <= MOST + 2
    assert pairs.line(_to(answer, 3 * MOST - 1))


def _to(segment: Segment, number: int) -> Segment:
    return segment._replace(way=segment.way[:4] + number.to_bytes(4, "big") + segment.way[8:])


@pytest.mark.parametrize("own", ["192.168.1.0/24", "192.168.2.0/24"])
def test_with_other_networks_all_are_met_anew(own):
    """What was outside may be inside now."""
    talk = visit()
    pairs = met(talk)
    pairs.adopt(Networks(own=(ip_network(own),)))

    assert pairs.line(talk.segment(talk.asks())) is None
