"""Who has just been talking to whom, for how long that holds, and whom a stranger can make us remember."""

from ipaddress import ip_network

import pytest

from sentinel.model.networks import Networks
from sentinel.model.packet import Flags, Segment
from sentinel.tracking.pairs import LASTS, MOST, Pairs
from tests.builders import IMAGING, STRANGER, WORKSTATION, Talk, networks

LASTED = LASTS.total_seconds()


def visit(**ends: object) -> Talk:
    """One of ours outside."""
    return Talk(client=IMAGING, client_port=40_000, server=STRANGER, server_port=443, **ends)  # type: ignore[arg-type]


def met(talk: Talk, seconds: float = 0) -> Pairs:
    """They have just begun to talk."""
    pairs = Pairs(networks())
    pairs.meet(talk.segment(talk.syn(), seconds))
    return pairs


def test_a_visit_outside_is_known_in_both_directions():
    """Which way it goes, and that it is one."""
    talk = visit()
    pairs = met(talk)

    there, back = pairs.line(talk.segment(talk.syn())), pairs.line(talk.segment(talk.syn_ack()))

    assert there is not None
    assert back is not None
    assert (there.crosses, there.inward, there.with_stranger) == (True, False, True)
    assert (back.crosses, back.inward, back.with_stranger) == (True, True, True)


def test_talk_within_the_practice_crosses_nothing_and_is_no_visit():
    """It may be an association."""
    talk = Talk(client=WORKSTATION, server=IMAGING)
    line = met(talk).line(talk.segment(talk.syn_ack()))

    assert line is not None
    assert (line.crosses, line.with_stranger) == (False, False)


def test_a_pair_is_met_anew_after_some_seconds():
    """By the frames' own clock."""
    talk = visit()
    pairs = met(talk, 5)

    assert pairs.line(talk.segment(talk.syn(), 5 + LASTED))
    assert pairs.line(talk.segment(talk.syn(), 5 + LASTED + 0.1)) is None


def test_the_same_addresses_behind_another_card_are_another_pair():
    """Somebody may have taken the address: his machine is to be told."""
    talk = visit()
    pairs, segment = met(talk), talk.segment(talk.syn())

    assert pairs.line(segment._replace(macs=segment.macs[:6] + b"\x02\x00\x00\x00\x00\x99")) is None


def test_a_stranger_makes_no_pair_until_one_of_ours_speaks():
    """He may come under a million addresses."""
    talk = Talk()
    pairs = met(talk)
    assert pairs.line(talk.segment(talk.syn())) is None

    pairs.meet(talk.segment(talk.syn_ack()))
    line = pairs.line(talk.segment(talk.ack()))

    assert line is not None
    assert (line.inward, line.with_stranger) == (True, True)


def test_refusals_that_strangers_provoke_fill_no_memory():
    """All pairs are met anew then."""
    pairs, talk = Pairs(networks()), Talk()
    refusal = talk.segment(talk.say(False, Flags.RST | Flags.ACK))
    for number in range(3 * MOST):
        pairs.meet(_to(refusal, number))

    assert len(pairs._lines) <= 2 * MOST
    assert pairs.line(_to(refusal, 3 * MOST - 1))


def _to(segment: Segment, number: int) -> Segment:
    return segment._replace(way=segment.way[:4] + number.to_bytes(4, "big") + segment.way[8:])


@pytest.mark.parametrize("own", ["192.168.1.0/24", "192.168.2.0/24"])
def test_with_other_networks_all_are_met_anew(own):
    """What was outside may be inside now."""
    talk = visit()
    pairs = met(talk)
    pairs.adopt(Networks(own=(ip_network(own),)))

    assert pairs.line(talk.segment(talk.syn())) is None
