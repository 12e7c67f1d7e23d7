"""Segments to connections: every state and how it is reached, and what must never make a client real."""

from dataclasses import replace
from datetime import timedelta
from ipaddress import ip_address, ip_network
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sentinel.decode.frame import read_frame
from sentinel.model.connection import Association, Connection, ConnectionState, DicomService, Direction
from sentinel.model.packet import Flags, Segment
from sentinel.tracking.connections import DOUBTED, IDLE, LATE, LINGER, UNANSWERED, Tracker
from tests.builders import (
    ABORT,
    BOX_MAC,
    CT_IMAGE,
    IMAGING,
    IMAGING_MAC,
    STRANGER,
    STUDY_FIND,
    VERIFICATION,
    WORKSTATION,
    Talk,
    Word,
    associate_ac,
    associate_rj,
    associate_rq,
    moment,
    networks,
    p_data,
)

ATTEMPTED, REFUSED, ANSWERED, CONNECTED, CLOSED = ConnectionState
GIB = 1 << 30


def feed(tracker: Tracker, talk: Talk, *words: Word, start: float = 0) -> list[Connection]:
    """What is told of these words, a millisecond apart."""
    return [
        told
        for number, word in enumerate(words)
        for told in tracker.feed(talk.segment(word, start + number / 1_000))
    ]


def states(*words: Word, talk: Talk) -> list[ConnectionState]:
    return [told.state for told in feed(Tracker(networks()), talk, *words)]


def last(tracker: Tracker, told: list[Connection]) -> Connection:
    """The final word on the one connection there was."""
    told = [*told, *tracker.flush()]
    assert {each.serial for each in told} == {1}
    return told[-1]


# -- the ladder of states ----------------------------------------------------------------------------------------


def test_a_whole_connection_climbs_every_step_and_tells_each_once():
    """Answered, connected, closed; the attempt itself is only told when nothing follows."""
    talk = Talk()
    words = [*talk.handshake(), talk.asks(), talk.answers(), *talk.goodbye()]

    told = feed(Tracker(networks()), talk, *words)

    assert [each.state for each in told] == [ANSWERED, CONNECTED, CLOSED]
    final = told[-1]
    assert (final.source, final.source_port, final.target, final.target_port) == (STRANGER, 40_000, IMAGING, 4242)
    assert (final.source_mac, final.target_mac, final.direction) == (BOX_MAC, IMAGING_MAC, Direction.INBOUND)
    assert (final.opened, final.changed) == (moment(0), moment(0.006))


def test_an_attempt_that_nothing_answers_is_told_when_it_has_waited():
    """Once, with its retries counted into it."""
    talk, tracker = Talk(), Tracker(networks())
    syn = talk.syn()

    assert feed(tracker, talk, syn, syn, syn) == []
    assert list(tracker.expire(moment(UNANSWERED.total_seconds() - 1))) == []
    (told,) = tracker.expire(moment(UNANSWERED.total_seconds()))
    assert (told.state, told.opened) == (ATTEMPTED, moment(0))
    assert len(tracker) == 0


def test_a_refusal_is_told_at_once():
    """RST from the target."""
    talk = Talk()

    assert states(talk.syn(), talk.rst(), talk=talk) == [REFUSED]


@pytest.mark.parametrize("ack", [False, True])
def test_a_refusal_by_the_client_itself_says_nothing(ack):
    """It thought better of it; the door has not spoken."""
    talk = Talk()

    assert states(talk.syn(), talk.rst(True, ack=ack), talk=talk) == []


def test_a_syn_scan_of_an_open_door_stays_answered():
    """The scanner's system resets what it never asked for, without an acknowledgement."""
    talk, tracker = Talk(), Tracker(networks())

    told = feed(tracker, talk, talk.syn(), talk.syn_ack(), talk.rst(True, ack=False))

    assert [each.state for each in told] == [ANSWERED]
    assert last(tracker, told).state is ANSWERED


def test_a_scan_that_never_resets_stays_answered():
    """The server repeats its answer for a minute."""
    talk, tracker = Talk(), Tracker(networks())
    syn, answer = talk.syn(), talk.syn_ack()

    told = feed(tracker, talk, syn, answer, answer, syn, answer)

    assert last(tracker, told).state is ANSWERED


def test_a_client_that_resets_with_an_acknowledgement_was_connected():
    """A connect scan: its system had finished the handshake."""
    talk = Talk()

    assert states(talk.syn(), talk.syn_ack(), talk.rst(True), talk=talk) == [ANSWERED, CLOSED]


@pytest.mark.parametrize("end", ["data", "fin"])
def test_data_or_an_end_from_the_client_makes_it_connected(end):
    """Its bare acknowledgement stays in the kernel, so that alone is never waited for."""
    talk = Talk()
    words = [talk.syn(), talk.syn_ack(), talk.asks() if end == "data" else talk.fin()]

    assert states(*words, talk=talk) == [ANSWERED, CONNECTED]


@pytest.mark.parametrize("by_client", [True, False])
@pytest.mark.parametrize("ack", [True, False])
def test_a_reset_ends_a_connection_from_either_side(by_client, ack):
    """With or without an acknowledgement."""
    talk = Talk()
    words = [*talk.handshake(), talk.asks(), talk.rst(by_client, ack=ack)]

    assert states(*words, talk=talk) == [ANSWERED, CONNECTED, CLOSED]


def test_a_server_that_gives_up_on_a_silent_client_leaves_it_answered():
    """Nobody came: the door was open, no more."""
    talk, tracker = Talk(), Tracker(networks())

    told = feed(tracker, talk, talk.syn(), talk.syn_ack(), talk.rst())

    assert last(tracker, told).state is ANSWERED


# -- no red without a client that really connected ---------------------------------------------------------------


@pytest.mark.parametrize("flags", [Flags.FIN, Flags.FIN | Flags.ACK, Flags.FIN | Flags.PSH, Flags.PSH | Flags.ACK])
@pytest.mark.parametrize("answer", ["rst", "silence"])
def test_scans_by_fin_or_data_never_connect(flags, answer):
    """A closed door resets, an open one keeps silent."""
    talk, tracker = Talk(), Tracker(networks())
    words = [talk.say(True, flags, 5)] * 3 + ([talk.rst()] if answer == "rst" else [])

    told = [*feed(tracker, talk, *words), *tracker.expire(moment(60))]

    assert [each.state for each in told] == [REFUSED if answer == "rst" else ATTEMPTED]


def blind_words(talk: Talk) -> dict[str, list[Word]]:
    """What somebody can send who never sees the server's answers."""
    data = Flags.PSH | Flags.ACK
    early = talk.say(True, data, 5, seq=talk.client_isn + 1, ack=1)
    syn, answer = talk.syn(), talk.syn_ack()
    guesses = [talk.say(True, data, 5, ack=ack) for ack in (0, 1, talk.server_isn - 5, 1 << 30, 3 << 30)]
    return {
        "data behind the SYN": [syn, answer, *guesses],
        "data before the SYN": [early, syn, answer, early, *guesses],
        "FIN behind the SYN": [syn, answer, talk.say(True, Flags.FIN | Flags.ACK, ack=7)],
        "RST with a guess": [syn, answer, talk.say(True, Flags.RST | Flags.ACK, ack=7)],
        "a guess far ahead, then one that follows it": [
            syn,
            answer,
            talk.say(True, data, 5, ack=talk.server_isn + GIB - 5),
            talk.say(True, data, 5, ack=talk.server_isn + GIB),
        ],
    }


@pytest.mark.parametrize("name", blind_words(Talk()).keys())
def test_a_forged_address_never_connects(name):
    """Only one who received the SYN-ACK can acknowledge it; the bytes it claims are not believed either."""
    talk, tracker = Talk(), Tracker(networks())

    told = feed(tracker, talk, *blind_words(talk)[name])

    final = last(tracker, told)
    assert final.state is ANSWERED
    assert final.bytes_out == 0


def test_a_reset_provoked_beforehand_does_not_hide_a_connection():
    """Data to an open door is reset by its system; the SYN that fits that data is then no copy of anything."""
    talk, tracker = Talk(), Tracker(networks())
    early = talk.say(True, Flags.PSH | Flags.ACK, 1, seq=talk.client_isn + 1, ack=1)

    told = feed(tracker, talk, early, talk.rst(), *talk.handshake(), talk.asks(associate_rq()))

    assert [each.state for each in told][:2] == [REFUSED, ANSWERED]
    final = last(tracker, told)
    assert final.state is CONNECTED
    assert final.dicom is not None


def test_a_second_connection_with_the_first_ones_number_is_seen():
    """A scanner that resets and comes back on the same port with the same number: the server counts anew."""
    first, second = Talk(), Talk(server_isn=3_000_000_000)
    tracker = Tracker(networks())

    told = feed(tracker, first, first.syn(), first.syn_ack(), first.rst(True, ack=False))
    told += feed(tracker, second, *second.handshake(), second.asks())

    assert last(tracker, told).state is CONNECTED


def test_a_reset_the_server_did_not_believe_hides_nothing():
    """A client may reset outside the window and go on (RFC 5961 section 3)."""
    talk, tracker = Talk(), Tracker(networks())

    told = feed(tracker, talk, talk.syn(), talk.syn_ack(), talk.rst(True, ack=False), talk.asks(), *talk.goodbye())

    assert [each.state for each in told] == [ANSWERED, CONNECTED, CLOSED]


@pytest.mark.parametrize("end", ["data", "fin", "rst"])
def test_a_server_that_acknowledges_its_client_proves_it(end):
    """Where a mirror shows one direction only, or the client's data stayed in the kernel, as on a high port."""
    talk = Talk()
    talk.syn()
    words = [talk.syn_ack()]
    talk.asks(30)
    words.append({"data": talk.answers, "fin": lambda: talk.fin(False), "rst": talk.rst}[end]())

    told = feed(Tracker(networks()), talk, *words)

    assert [each.state for each in told] == [ANSWERED, CLOSED if end == "rst" else CONNECTED]
    assert (told[-1].source, told[-1].bytes_in) == (STRANGER, 30)


def test_a_server_that_speaks_first_for_long_does_not_hide_its_client():
    """A download over a data connection: the client's first kept word is its FIN, far behind."""
    talk = Talk()
    words = [talk.syn(), talk.syn_ack(), talk.answers(5 * GIB // 8), talk.fin(False), talk.fin()]

    told = feed(Tracker(networks()), talk, *words[:2], words[3], words[4])  # the data stayed in the kernel

    assert [each.state for each in told] == [ANSWERED, CLOSED]
    assert told[-1].bytes_out == 5 * GIB // 8


# -- bytes -------------------------------------------------------------------------------------------------------


def test_bytes_are_exact_at_the_end_though_all_data_stayed_in_the_kernel():
    """Sequence numbers of the two FIN say it all."""
    talk, tracker = Talk(), Tracker(networks())
    opening = talk.handshake()
    talk.asks(12_345)
    talk.answers(67_890)

    told = feed(tracker, talk, *opening, *talk.goodbye())

    assert (told[-1].state, told[-1].bytes_in, told[-1].bytes_out) == (CLOSED, 12_345, 67_890)


def test_an_acknowledgement_counts_what_was_not_seen():
    """While it lasts, it is the only count there is."""
    talk, tracker = Talk(), Tracker(networks())
    opening = [*talk.handshake(), talk.asks(10)]
    talk.answers(5_000)

    told = feed(tracker, talk, *opening, talk.asks(10))

    assert last(tracker, told).bytes_out == 5_000


@pytest.mark.parametrize("order", [(0, 1, 2), (1, 0, 2), (2, 0, 1), (2, 1, 0)])
def test_the_fins_are_no_bytes_in_whatever_order_they_pass(order):
    """A mirror may let the acknowledgement overtake what it acknowledges."""
    talk, tracker = Talk(), Tracker(networks())
    opening = [*talk.handshake(), talk.asks(100), talk.answers(200)]
    end = talk.goodbye()

    told = feed(tracker, talk, *opening, *(end[place] for place in order))

    final = last(tracker, told)
    assert (final.state, final.bytes_in, final.bytes_out) == (CLOSED, 100, 200)


def test_a_transfer_of_ten_gibibytes_is_counted_through_its_wraps():
    """From the samples of one segment in 256, and of one direction only."""
    talk, tracker = Talk(server_isn=(1 << 32) - 5), Tracker(networks())
    opening = [*talk.handshake(), talk.asks(50)]
    samples = []
    for _ in range(20):
        talk.answers(GIB // 2 - 1_000)
        samples.append(talk.answers(1_000))

    told = feed(tracker, talk, *opening, *samples, *talk.goodbye())

    assert (told[-1].bytes_in, told[-1].bytes_out) == (50, 10 * GIB)


def test_a_reset_that_acknowledges_counts_what_it_acknowledges():
    """Its own text, if any, is no payload."""
    talk, tracker = Talk(), Tracker(networks())
    opening = [*talk.handshake(), talk.asks(10)]
    talk.answers(3_000)
    reset = talk.say(True, Flags.RST | Flags.ACK, 20)

    told = feed(tracker, talk, *opening, reset)

    assert (told[-1].state, told[-1].bytes_in, told[-1].bytes_out) == (CLOSED, 10, 3_000)


def test_what_was_on_its_way_when_it_ended_is_told_in_the_end():
    """The last word on a connection holds all its bytes."""
    talk, tracker = Talk(), Tracker(networks())
    told = feed(tracker, talk, *talk.handshake(), talk.asks(10), talk.rst(True), talk.answers(500))

    assert told[-1].bytes_out == 0
    assert [each.bytes_out for each in tracker.expire(moment(60))] == [500]


def test_a_segment_from_far_outside_the_window_says_nothing():
    """Or a stranger could invent gigabytes."""
    talk, tracker = Talk(), Tracker(networks())
    stray = talk.say(True, Flags.PSH | Flags.ACK, 5, seq=talk.client_isn + 2 * GIB)

    told = feed(tracker, talk, *talk.handshake(), talk.asks(10), stray)

    assert last(tracker, told).bytes_in == 10


# -- copies, order, old numbers ----------------------------------------------------------------------------------


def conversation(talk: Talk) -> list[Word]:
    """An association with everything to it."""
    return [
        *talk.handshake(),
        talk.asks(associate_rq()),
        talk.answers(associate_ac()),
        talk.asks(p_data()),
        talk.answers(700),
        *talk.goodbye(),
    ]


def test_every_frame_twice_gives_the_same_result():
    """A mirror of two ports shows what passes between them two times."""
    talk = Talk()
    words = conversation(talk)

    once = feed(Tracker(networks()), talk, *words)
    twice = feed(Tracker(networks()), talk, *(word for word in words for _ in range(2)))

    def gist(told: list[Connection]) -> list[object]:
        return [(each.serial, each.state, each.bytes_in, each.bytes_out, each.dicom) for each in told]

    assert gist(once) == gist(twice)


@pytest.mark.parametrize("again", range(10))
def test_a_late_copy_of_any_frame_changes_nothing(again):
    """Even of the SYN, behind the end."""
    talk, tracker = Talk(), Tracker(networks())
    words = conversation(talk)

    told = feed(tracker, talk, *words, words[again])

    assert feed(Tracker(networks()), talk, *words) == told
    assert list(tracker.flush()) == []


@pytest.mark.parametrize("place", range(9))
def test_two_neighbouring_frames_in_the_wrong_order_give_the_same_end(place):
    """Two directions may come from two queues of the switch."""
    talk, tracker = Talk(), Tracker(networks())
    words = conversation(talk)
    words[place : place + 2] = words[place + 1], words[place]

    final = last(tracker, feed(tracker, talk, *words))

    right = Talk()
    assert (final.state, final.source, final.target_port) == (CLOSED, STRANGER, 4242)
    assert (final.bytes_in, final.bytes_out) == (
        sum(word.length for word in conversation(right) if word.from_client),
        sum(word.length for word in conversation(right) if not word.from_client),
    )
    assert final.dicom is not None
    assert final.dicom.result is Association.ACCEPTED


def test_a_port_used_again_is_a_second_connection():
    """While the first is still open, or after its end."""
    first, second = Talk(), Talk(client_isn=77_000)
    tracker = Tracker(networks())

    told = feed(tracker, first, *first.handshake(), first.asks())
    told += feed(tracker, second, *second.handshake(), second.asks(), *second.goodbye(), start=1)

    assert [(each.serial, each.state) for each in told] == [
        (1, ANSWERED),
        (1, CONNECTED),
        (1, CLOSED),
        (2, ANSWERED),
        (2, CONNECTED),
        (2, CLOSED),
    ]


def test_an_answer_to_another_syn_is_a_second_connection():
    """The second SYN was lost on its way to us, or dropped with a flood: its SYN-ACK alone makes a row."""
    for is_over in (False, True):
        first, second = Talk(), Talk(client_isn=900_000_000, server_isn=77_000)
        tracker = Tracker(networks())

        told = feed(tracker, first, *first.handshake(), first.asks(), *(first.goodbye() if is_over else []))
        told += feed(tracker, second, *second.handshake()[1:], second.asks(), *second.goodbye(), start=1)

        assert [each.state for each in told if each.serial == 2] == [ANSWERED, CONNECTED, CLOSED]
        assert [each.state for each in told if each.serial == 1] == [ANSWERED, CONNECTED, CLOSED]


def test_a_connection_back_over_the_same_ports_is_a_second_one():
    """The former server calls the former client."""
    talk = Talk()
    back = Talk(client=talk.server, client_port=talk.server_port, server=talk.client, server_port=talk.client_port)
    tracker = Tracker(networks(), every=True)

    told = feed(tracker, talk, *talk.handshake(), talk.asks(), *talk.goodbye())
    told += feed(tracker, back, *back.handshake(), back.asks(), start=1)

    assert {each.serial for each in told} == {1, 2}
    assert told[-1].direction is Direction.OUTBOUND


# -- from the middle ---------------------------------------------------------------------------------------------


def test_a_connection_older_than_the_sentinel_is_known_by_both_ends_speaking():
    """Whoever has the lower port is the server."""
    talk = Talk()
    talk.handshake()

    told = feed(Tracker(networks()), talk, talk.answers(), talk.asks(), *talk.goodbye())

    assert [each.state for each in told] == [ANSWERED, CONNECTED, CLOSED]
    assert (told[-1].source, told[-1].bytes_in, told[-1].bytes_out) == (STRANGER, 1, 1)


def test_a_lost_syn_is_named_by_its_answer():
    """Who answers is the server, whatever the ports; all bytes are counted."""
    talk, tracker = Talk(client_port=80, server_port=50_000), Tracker(networks())
    talk.syn()

    told = feed(tracker, talk, talk.syn_ack(), talk.asks(40), *talk.goodbye())

    assert [each.state for each in told] == [ANSWERED, CONNECTED, CLOSED]
    assert (told[-1].source_port, told[-1].bytes_in) == (80, 40)


@pytest.mark.parametrize("seen", ["request", "answer"])
def test_an_association_names_its_client_whatever_the_ports(seen):
    """A stranger may call from a port below the door's."""
    talk, tracker = Talk(client_port=1_000), Tracker(networks())
    talk.handshake()
    words = {"request": talk.asks(associate_rq()), "answer": talk.answers(associate_ac())}

    feed(tracker, talk, words[seen])
    (told,) = tracker.flush()

    assert (told.source, told.source_port, told.direction) == (STRANGER, 1_000, Direction.INBOUND)


def test_a_syn_from_the_guessed_server_corrects_the_guess():
    """A copy of an older connection's data came first, and the lower port was the client's."""
    talk, tracker = Talk(client_port=80, server_port=50_000), Tracker(networks(), every=True)
    old = talk.asks()

    told = feed(tracker, talk, old, *talk.handshake(), talk.asks())

    assert (told[-1].source, told[-1].source_port, told[-1].state) == (STRANGER, 80, CONNECTED)


@pytest.mark.parametrize("flags", [Flags.ACK, Flags.RST, Flags.RST | Flags.ACK])
def test_an_acknowledgement_or_a_reset_alone_begins_nothing(flags):
    """Half of the internet sends them by mistake."""
    talk, tracker = Talk(), Tracker(networks())

    assert feed(tracker, talk, talk.say(True, flags), talk.say(False, flags)) == []
    assert len(tracker) == 0


# -- associations ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("answer", "by_client", "result", "rejection"),
    [
        (associate_ac(), False, Association.ACCEPTED, None),
        (associate_rj(1, 1, 7), False, Association.REJECTED, (1, 1, 7)),
        (ABORT, False, Association.ABORTED, None),
        (ABORT, True, Association.ABORTED, None),
        (associate_ac(), True, Association.PROPOSED, None),  # a client cannot accept itself
        (associate_rj(), True, Association.PROPOSED, None),
        (p_data(), False, Association.PROPOSED, None),
    ],
)
def test_an_association_is_what_the_server_answered(answer, by_client, result, rejection):
    """Or what either end aborted (PS3.8 section 9.2)."""
    talk = Talk()
    request = associate_rq(syntaxes=(CT_IMAGE, STUDY_FIND))
    words = [*talk.handshake(), talk.asks(request), talk.say(by_client, Flags.PSH | Flags.ACK, answer)]

    dicom = feed(Tracker(networks()), talk, *words)[-1].dicom

    assert dicom is not None
    assert (dicom.called, dicom.calling, dicom.result) == ("ORTHANC", "ZZSTRANGER", result)
    assert dicom.services == (DicomService.FIND, DicomService.STORE)
    assert (dicom.rejection, dicom.request_size) == (rejection, len(request))


def test_an_abort_behind_the_acceptance_takes_nothing_back():
    """The stranger was let in."""
    talk = Talk()
    words = [*talk.handshake(), talk.asks(associate_rq()), talk.answers(associate_ac()), talk.asks(ABORT)]

    dicom = feed(Tracker(networks()), talk, *words)[-1].dicom

    assert dicom is not None
    assert dicom.result is Association.ACCEPTED


def test_an_association_that_carries_much_is_told_as_it_grows():
    """From one megabyte, at every doubling: the images are leaving now, not when they have left."""
    talk, tracker = Talk(), Tracker(networks())
    words = [*talk.handshake(), talk.asks(associate_rq()), talk.answers(associate_ac())]
    feed(tracker, talk, *words)

    told = feed(tracker, talk, *(talk.answers(100_000) for _ in range(100)))

    carried = [each.bytes_in + each.bytes_out for each in told]
    assert len(carried) == 4
    assert carried[0] >= 1 << 20
    assert all(after >= 2 * before for before, after in pairwise(carried))


# -- what is followed --------------------------------------------------------------------------------------------


def between(client, server) -> Talk:
    return Talk(client=client, server=server)


@pytest.mark.parametrize("talk", [between(WORKSTATION, STRANGER), between(STRANGER, STRANGER + 1)])
def test_what_the_staff_does_outside_is_not_even_remembered(talk):
    """Nor what strangers do among themselves."""
    tracker = Tracker(networks())

    assert feed(tracker, talk, *conversation(talk)) == []
    assert len(tracker) == 0


def test_an_internal_connection_is_told_only_once_dicom_is_seen_on_it():
    """The sentinel is not there to watch the staff."""
    plain, imaging = between(WORKSTATION, IMAGING), between(WORKSTATION, IMAGING)
    imaging.client_port = 40_001
    tracker = Tracker(networks())

    assert feed(tracker, plain, *plain.handshake(), plain.asks(), *plain.goodbye()) == []
    told = feed(tracker, imaging, *conversation(imaging))
    assert {each.direction for each in told} == {Direction.INTERNAL}
    assert told[-1].state is CLOSED


@pytest.mark.parametrize(
    ("client", "server", "direction"),
    [
        (STRANGER, IMAGING, Direction.INBOUND),
        (WORKSTATION, STRANGER, Direction.OUTBOUND),
        (WORKSTATION, IMAGING, Direction.INTERNAL),
        (STRANGER, STRANGER + 1, Direction.FOREIGN),
    ],
)
def test_a_recorded_file_may_be_followed_whole(client, server, direction):
    """To be compared with what other tools see."""
    talk = between(client, server)

    told = feed(Tracker(networks(), every=True), talk, *conversation(talk))

    assert {each.direction for each in told} == {direction}


# -- bounds ------------------------------------------------------------------------------------------------------


def test_attempts_without_room_are_told_early_and_none_is_lost():
    """A flood costs memory no more than once, and each of it is an attempt to be counted."""
    tracker = Tracker(networks(), waiting=80)
    told = []
    for port in range(1_000, 1_250):
        talk = Talk(client_port=port)
        told += feed(tracker, talk, talk.syn())
        assert len(tracker) <= 90
    told += tracker.flush()

    assert [each.source_port for each in told] == list(range(1_000, 1_250))
    assert {each.state for each in told} == {ATTEMPTED}
    assert tracker.forgotten == 0


def test_a_client_that_is_real_outlives_any_number_of_knocks():
    """What a stranger alone said makes room first, then what is over, then what was merely answered."""
    tracker = Tracker(networks(), most=100)
    real = Talk()
    feed(tracker, real, *real.handshake(), real.asks())
    for port in range(1_000, 1_150):
        talk = Talk(client_port=port)
        feed(tracker, talk, talk.syn(), talk.syn_ack())
    for port in range(50_000, 50_050):  # data to nobody, which opens nothing
        talk = Talk(client_port=port)
        feed(tracker, talk, talk.asks())

    assert len(tracker) == 100
    assert tracker.forgotten == 51 + 50
    assert [each.state for each in feed(tracker, real, *real.goodbye())] == [CLOSED]


def test_a_finished_connection_is_remembered_a_while_and_then_dropped():
    """In silence."""
    talk, tracker = Talk(), Tracker(networks())
    feed(tracker, talk, *conversation(talk))

    assert list(tracker.expire(moment(LINGER.total_seconds() - 1))) == []
    assert len(tracker) == 1
    assert list(tracker.expire(moment(LINGER.total_seconds() + 1))) == []
    assert len(tracker) == 0


def test_a_silent_connection_is_given_up_after_a_week_as_closed():
    """The cable was pulled, or the end was lost."""
    talk, tracker = Talk(), Tracker(networks())
    feed(tracker, talk, *talk.handshake(), talk.asks())
    week = IDLE.total_seconds()

    assert list(tracker.expire(moment(week - 1))) == []
    (told,) = tracker.expire(moment(week + 1))
    assert (told.state, told.changed) == (CLOSED, moment(week + 1))


def test_a_connection_that_still_speaks_is_not_given_up():
    """A line between two devices may stand for months."""
    talk, tracker = Talk(), Tracker(networks())
    feed(tracker, talk, *talk.handshake(), talk.asks())
    day = timedelta(days=1).total_seconds()

    told = []
    for number in range(1, 30):
        told += feed(tracker, talk, talk.asks(), start=number * day)
        told += tracker.expire(moment(number * day + 1))

    assert told == []
    assert len(tracker) == 1


def words() -> st.SearchStrategy[list[tuple[int, int, int, int, int, int, bytes]]]:
    """Segments among few ends and few numbers, so that they meet."""
    numbers = st.sampled_from([0, 1, 2, 1_000, 1_001, 1_289, 500_000, 500_001, 1 << 31, (1 << 32) - 1])
    payloads = st.sampled_from([b"", b"x", associate_rq(), associate_ac(), associate_rj(), ABORT, p_data()])
    ports = st.sampled_from([104, 4242, 40_000])
    word = st.tuples(st.booleans(), ports, ports, st.integers(0, 63), numbers, numbers, payloads)
    return st.lists(word, max_size=40)


@settings(max_examples=1_000, deadline=None)
@given(words())
def test_no_sequence_of_segments_raises_or_grows_beyond_its_bounds(given_words):
    """And a state never goes back down, except that a refused client may try again."""
    tracker = Tracker(networks(), every=True, most=3, waiting=8)
    reached: dict[int, int] = {}
    for number, (from_client, client_port, server_port, flags, seq, ack, payload) in enumerate(given_words):
        talk = Talk(client_port=client_port, server_port=server_port)
        frame = talk.frame(Word(from_client, Flags(flags), seq, ack, payload))
        segment = read_frame(frame, moment(number * 11))
        assert isinstance(segment, Segment)
        for told in [*tracker.feed(segment), *tracker.expire(moment(number * 11))]:
            step = list(ConnectionState).index(told.state)
            assert step >= reached.get(told.serial, 0)
            reached[told.serial] = step
            assert 0 <= told.bytes_in < 1 << 34
            assert 0 <= told.bytes_out < 1 << 34
        assert len(tracker) <= 3 + 9
    list(tracker.flush())


# -- attempts that came by the thousand, and answers that came first ------------------------------------------


def knocks(tracker: Tracker, *talks: Talk, seconds: float = 0) -> None:
    """Their SYNs, as a flood is read."""
    syns = [talk.segment(talk.syn(), seconds) for talk in talks]
    tracker.openings.feed_many([syn.way for syn in syns], [syn.macs for syn in syns], moment(seconds))


def test_a_connection_out_of_a_flood_is_what_it_would_have_been_alone():
    """Opened when the flood passed, with all its bytes; its neighbours are attempts."""
    talk, others = Talk(), [Talk(client_port=port) for port in range(50_000, 50_100)]
    tracker = Tracker(networks())

    knocks(tracker, talk, *others)
    words = [talk.syn_ack(), talk.ack(), talk.asks(50), talk.answers(70), *talk.goodbye()]
    told = feed(tracker, talk, *words, start=1)

    assert [each.state for each in told] == [ANSWERED, CONNECTED, CLOSED]
    assert (told[-1].opened, told[-1].bytes_in, told[-1].bytes_out) == (moment(0), 50, 70)
    assert told[-1].source_mac == BOX_MAC
    assert [each.state for each in tracker.expire(moment(25))] == [ATTEMPTED] * 100


def test_an_answer_that_is_read_before_its_syn_makes_the_same_connection():
    """They come through two rings; what was answered is no attempt any more, however late its SYN is read."""
    talk, again = Talk(), Talk()
    tracker = Tracker(networks())

    syn = talk.syn()
    told = feed(tracker, talk, talk.syn_ack(), talk.asks(50), start=1)
    assert feed(tracker, talk, syn) == []
    knocks(tracker, again)
    told += feed(tracker, talk, *talk.goodbye(), start=2)

    assert [each.state for each in told] == [ANSWERED, CONNECTED, CLOSED]
    assert (told[-1].opened, told[-1].bytes_in) == (moment(0), 50)
    assert list(tracker.expire(moment(25))) == []


def test_ports_used_again_in_a_flood_are_two_connections_though_the_flood_is_read_first():
    """A flood waits for nobody: the second SYN is read before the end of the first connection."""
    talk, again = Talk(), Talk(client_isn=70_000, server_isn=90_000)
    tracker = Tracker(networks())

    told = feed(tracker, talk, *talk.handshake(), talk.asks(50))
    knocks(tracker, again, seconds=1)
    told += feed(tracker, talk, *talk.goodbye(), start=0.9)
    again.syn()
    told += feed(tracker, again, again.syn_ack(), again.ack(), again.asks(70), *again.goodbye(), start=1.1)

    assert [each.state for each in told] == [ANSWERED, CONNECTED, CLOSED] * 2
    assert [each.bytes_in for each in told if each.state is CLOSED] == [50, 70]


@pytest.mark.parametrize(("later", "told"), [(2e-6, []), (0.01, [ATTEMPTED])])
def test_a_knock_in_a_flood_just_after_an_end_is_another_one_from_the_next_hundredth_on(later, told):
    """Within one it is the SYN that began it; the boot clock of a stamp is not exact to the microsecond."""
    talk = Talk()
    tracker = Tracker(networks())

    words = [*talk.handshake(), *talk.goodbye()]
    feed(tracker, talk, *words)
    knocks(tracker, Talk(), seconds=(len(words) - 1) / 1_000 + later)

    assert [each.state for each in tracker.expire(moment(25))] == told


def test_a_port_that_is_used_again_is_told_by_its_answer_alone():
    """The second SYN was in a flood, or was dropped there: its answer acknowledges another number."""
    first, second = Talk(), Talk(client_isn=77_000, server_isn=900_000)
    tracker = Tracker(networks())

    told = feed(tracker, first, *first.handshake(), first.asks(10), *first.goodbye())
    second.syn()
    told += feed(tracker, second, second.syn_ack(), second.asks(20), *second.goodbye(), start=1)

    assert [(each.serial, each.state) for each in told] == [
        (1, ANSWERED),
        (1, CONNECTED),
        (1, CLOSED),
        (2, ANSWERED),
        (2, CONNECTED),
        (2, CLOSED),
    ]
    assert told[-1].bytes_in == 20


def test_a_flood_to_somebody_else_is_nothing_to_tell():
    """What only passes by goes neither to us nor from us."""
    tracker = Tracker(networks())
    knocks(tracker, Talk(server=STRANGER + 1), Talk(client_port=50_001))

    assert [each.source_port for each in tracker.expire(moment(25))] == [50_001]


def test_whose_network_becomes_ours_while_he_waits_was_never_a_stranger():
    """A tunnel to another practice is learnt a minute after it stands: neither of a flood nor alone is he told."""
    tracker = Tracker(networks())
    near = ip_address("198.51.100.9")
    knocks(tracker, Talk(), Talk(client=near, client_port=50_001))
    talk = Talk(client=near, client_port=50_002)
    feed(tracker, talk, talk.syn())

    before = tracker.networks
    tracker.networks = replace(before, own=(*before.own, ip_network("198.51.100.0/28")))

    assert [each.source_port for each in tracker.expire(moment(25))] == [Talk().client_port]


@pytest.mark.parametrize(
    ("talk", "halves"), [(Talk(), 1), (Talk(client=WORKSTATION), 0), (Talk(client=IMAGING, server=STRANGER), 0)]
)
def test_a_visit_that_was_answered_without_its_syn_is_counted_once(talk, halves):
    """The mirror has lost half of it; whom our own machines call is `handshakes`' to count."""
    tracker = Tracker(networks())
    talk.syn()
    answer = talk.syn_ack()
    feed(tracker, talk, answer, answer, talk.asks(), *talk.goodbye())
    whole = Talk(client_port=40_001)
    feed(tracker, whole, *whole.handshake())
    assert tracker.unseen == 0
    list(tracker.give_up(moment(LATE.total_seconds() + 1)))
    list(tracker.give_up(moment(LATE.total_seconds() + 2)))

    assert tracker.unseen == halves


# -- what a server ignores and we must not believe ------------------------------------------------------------


def ignored(talk: Talk) -> dict[str, list[Word]]:
    """Segments of a client whose server takes no notice, in the middle of a connection (RFC 5961)."""
    data, far = Flags.PSH | Flags.ACK, 1 << 27
    return {
        "a SYN with another number": [talk.say(True, Flags.SYN, seq=talk.client_isn + far)],
        "a hundred of them": [talk.say(True, Flags.SYN, seq=talk.client_isn + far * n) for n in range(1, 20)],
        "a SYN-ACK": [talk.say(True, Flags.SYN | Flags.ACK, seq=talk.client_isn + far)],
        "a reset with a wrong number": [talk.say(True, Flags.RST, seq=talk.client_isn + far)],
        "a reset that acknowledges, too": [talk.say(True, Flags.RST | Flags.ACK, seq=talk.client_isn + far)],
        "a FIN behind what was sent": [talk.say(True, Flags.FIN | Flags.ACK, seq=talk.client_isn + 5)],
        "a FIN ahead of it": [talk.say(True, Flags.FIN | Flags.ACK, seq=talk.client_isn + 1_000)],
        "old data": [talk.say(True, data, 5, seq=talk.client_isn + 1)],
    }


@pytest.mark.parametrize("later", [1.0, 40.0, 600.0])
@pytest.mark.parametrize("name", ignored(Talk()).keys())
def test_what_a_server_ignores_hides_nothing_of_a_connection(name, later):
    """Its client goes on, at once or when it thinks itself forgotten; one row holds all, and the association."""
    talk, tracker = Talk(), Tracker(networks())
    opening = [*talk.handshake(), talk.asks(associate_rq()), talk.answers(associate_ac())]
    told = feed(tracker, talk, *opening, *ignored(talk)[name])
    for second in range(1, int(later)):
        told += tracker.expire(moment(second))
    for _ in range(12):
        talk.answers(1_000_000)
        told += feed(tracker, talk, talk.asks(1_400), start=later)
    told += feed(tracker, talk, *talk.goodbye(), start=later)
    told += tracker.expire(moment(later + 60))

    rows = {each.serial: each for each in told if each.state in (CONNECTED, CLOSED)}
    (row,) = rows.values()
    assert row.state is CLOSED
    assert row.dicom is not None
    assert row.dicom.result is Association.ACCEPTED
    assert row.bytes_out == 12_000_000 + len(associate_ac())
    assert row.bytes_in == 12 * 1_400 + len(associate_rq())


def test_who_goes_on_after_he_was_forgotten_is_met_at_a_door_that_answered():
    """From the middle the lower port would be the server's; a stranger may choose his own below ours."""
    talk, tracker = Talk(client_port=20, server_port=50_445), Tracker(networks())
    feed(tracker, talk, *talk.handshake(), talk.asks(), talk.rst(True))
    list(tracker.expire(moment(2 * DOUBTED.total_seconds())))
    assert len(tracker) == 0

    told = feed(tracker, talk, talk.asks(100), talk.answers(9_000), start=3 * DOUBTED.total_seconds())

    assert [(each.source, each.target_port, each.state) for each in told[-1:]] == [(STRANGER, 50_445, CONNECTED)]


def test_a_refusal_of_another_call_on_the_same_ports_ends_the_old_connection():
    """Its server has forgotten it."""
    first, second = Talk(), Talk(client_isn=900_000)
    tracker = Tracker(networks())
    told = feed(tracker, first, *first.handshake(), first.asks())
    told += feed(tracker, second, second.syn(), second.say(False, Flags.RST | Flags.ACK, seq=0), start=1)

    assert [(each.serial, each.state) for each in told[-2:]] == [(1, CLOSED), (2, REFUSED)]


def test_a_syn_that_was_lost_with_many_others_is_no_fault_of_the_mirror():
    """Our own ring had no room for it, or a flood was read by the thousand: that is counted there."""
    talk, tracker = Talk(), Tracker(networks())
    talk.syn()
    tracker.doubt(moment(0))
    feed(tracker, talk, talk.syn_ack(), start=30)
    list(tracker.give_up(moment(40)))

    assert tracker.unseen == 0


@pytest.mark.parametrize("forged", [ABORT, associate_rq(syntaxes=(VERIFICATION,))])
def test_what_a_client_pretends_before_its_server_answers_lowers_nothing(forged):
    """An abort that the server never obeyed, or a harmless request it never had, among the true ones."""
    talk = Talk()
    request = associate_rq(syntaxes=(STUDY_FIND,))
    pretended = talk.say(True, Flags.PSH | Flags.ACK, forged, seq=talk.client_isn + 1)
    opening = talk.handshake()
    words = [*opening, pretended, talk.asks(request), pretended, talk.answers(associate_ac())]

    dicom = feed(Tracker(networks()), talk, *words)[-1].dicom

    assert dicom is not None
    assert dicom.result is Association.ACCEPTED
    assert DicomService.FIND in dicom.services
