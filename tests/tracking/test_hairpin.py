"""A call from inside to our own public address, which the box turns back: nobody came from outside."""

from dataclasses import replace
from datetime import timedelta

import pytest

from sentinel.judgement.judge import Judge, Terms
from sentinel.model.finding import Code
from sentinel.model.standing import Standing
from sentinel.tracking.connections import Tracker
from sentinel.tracking.hairpin import MOST, TURN, Hairpins
from tests.builders import IMAGING, PUBLIC, STRANGER, WORKSTATION, Talk, moment, networks, outcome

BOX = WORKSTATION + 200
NETWORKS = networks(box=(BOX,))


def turned(*, called=PUBLIC, isn: int = 7, back: int = 7, after: float = 0.002, source=BOX):
    """The workstation calls a public address; the box brings a call to the imaging server."""
    tracker = Tracker(NETWORKS)
    out = Talk(client=WORKSTATION, server=called, server_port=11112, client_isn=isn)
    inward = Talk(client=source, server=IMAGING, server_port=4242, client_isn=back)
    told = []
    for word in out.handshake()[:1]:
        told += tracker.feed(out.segment(word))
    for word in (*inward.handshake(), inward.asks()):
        told += tracker.feed(inward.segment(word, after))
    return told[-1]


def standing(connection) -> tuple[Standing, set[Code]]:
    judge = Judge(NETWORKS, Terms(), moment())
    list(judge.outcome(outcome()))
    found = judge.standing(connection)
    return found, {each.code for each in judge.connection(connection, found)}


def test_a_call_to_our_own_address_that_comes_back_is_nobodys_visit():
    """The same initial sequence number, within a second, under the box's own address."""
    connection = turned()

    assert connection.hairpin == PUBLIC
    assert standing(connection) == (Standing.INSIDE, set())


@pytest.mark.parametrize(
    "other",
    [{"back": 8}, {"after": TURN.total_seconds() + 0.1}, {"source": STRANGER}],
    ids=["another connection", "too late", "not the box"],
)
def test_whatever_else_the_box_brings_is_a_strangers(other):
    """A stranger would have to guess 32 bits in a second."""
    connection = turned(**other)

    assert connection.hairpin is None
    assert standing(connection)[1] == {Code.STRANGER_CONNECTED}


def test_a_stranger_whose_server_we_call_does_not_come_in_by_that_call():
    """He knows its number and could use it against a box that hides sources; but it was his address we called."""
    connection = turned(called=STRANGER)

    assert connection.hairpin == STRANGER
    assert standing(connection) == (Standing.BOX, {Code.STRANGER_CONNECTED})


def test_calls_are_remembered_for_a_second_and_in_bounded_number():
    """Nobody is watched: what was called is forgotten at once."""
    kept, talk = Hairpins(), Talk(client=WORKSTATION, server=PUBLIC)
    syn = talk.segment(talk.syn())
    for number in range(MOST + 100):
        kept.leaves(syn._replace(seq=number))
    assert len(kept._calls) == MOST

    kept.leaves(syn._replace(seq=1, at=replace(syn.at, boot=syn.at.boot + 2 * TURN + timedelta(0))))
    assert list(kept._calls) == [1]
