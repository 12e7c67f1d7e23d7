"""What one segment does to a connection: associations that nobody asked for as far as we saw, and labels."""

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sentinel.judgement.visits import Seen, Thresholds, grade, stranger_at_a_door
from sentinel.model.connection import (
    Association,
    Connection,
    ConnectionState,
    Dicom,
    DicomService,
    Direction,
    Label,
)
from sentinel.model.exposure import Nature
from sentinel.model.finding import Grade, Level
from sentinel.model.packet import Flags
from sentinel.tracking.connections import Tracker
from tests.builders import (
    ABORT,
    CT_IMAGE,
    STUDY_FIND,
    WORKSTATION,
    Talk,
    Word,
    associate_ac,
    associate_rj,
    associate_rq,
    connection,
    moment,
    networks,
    p_data,
)
from tests.tracking.test_connections import feed, knocks, last

DATA = Flags.PSH | Flags.ACK
GIB = 1 << 30
HIDDEN = [associate_rq()[at : at + 40] for at in range(0, len(associate_rq()), 40)]
"""A request in segments that no filter knows a request by."""
UNSEEN = Dicom(called="ORTHANC", calling="ZZSTRANGER", result=Association.ACCEPTED)


def final(talk: Talk, *words: Word) -> Dicom | None:
    """What was told last of the association."""
    tracker = Tracker(networks())
    return last(tracker, feed(tracker, talk, *words)).dicom


def test_an_acceptance_proves_an_association_though_its_request_came_in_pieces():
    """A door nobody knows becomes an imaging door, and its visitor an alarm."""
    talk, tracker = Talk(server_port=9_999), Tracker(networks())

    words = [*talk.handshake(), *map(talk.asks, HIDDEN), talk.answers(associate_ac())]
    told = last(tracker, feed(tracker, talk, *words))
    reached = grade(told, Thresholds())
    finding = stranger_at_a_door(told, reached, Seen(new=True, grown=0))

    assert (told.dicom, told.state) == (UNSEEN, ConnectionState.CONNECTED)
    assert (finding.level, finding.nature, reached) == (Level.ALARM, Nature.IMAGING, Grade.QUERIED)


@pytest.mark.parametrize("port", [104, 4242, 50_104])
def test_an_acceptance_alone_is_a_visit_though_nothing_before_it_was_seen(port):
    """We came later: whoever was answered so had finished the handshake and asked."""
    talk, tracker = Talk(server_port=port), Tracker(networks())
    talk.handshake()
    talk.skip(200, from_client=True)

    told = last(tracker, feed(tracker, talk, talk.answers(associate_ac())))

    assert (told.dicom, told.state) == (UNSEEN, ConnectionState.CONNECTED)
    assert (told.target_port, told.direction) == (port, Direction.INBOUND)
    assert grade(told, Thresholds()) is Grade.ASSOCIATED


def test_titles_that_are_not_printable_are_not_taken_from_an_acceptance():
    """A request that has such titles is none to us; its answer is one."""
    talk = Talk()
    request = associate_rq(called=b"EVIL\x1b[2J")

    dicom = final(talk, *talk.handshake(), talk.asks(request), talk.answers(b"\x02" + request[1:]))

    assert dicom is not None
    assert (dicom.called, dicom.calling, dicom.result) == ("", "ZZSTRANGER", Association.ACCEPTED)


@pytest.mark.parametrize(
    ("rejection", "is_proof"),
    [((1, 1, 7), True), ((2, 3, 2), True), ((0, 1, 1), False), ((1, 0, 1), False), ((1, 4, 1), False)],
)
def test_a_rejection_proves_one_if_its_fields_are_what_they_may_be(rejection, is_proof):
    """PS3.8 table 9-21."""
    talk = Talk()

    dicom = final(talk, *talk.handshake(), talk.asks(40), talk.answers(associate_rj(*rejection)))

    assert dicom == (
        Dicom(called="", calling="", result=Association.REJECTED, rejection=rejection) if is_proof else None
    )


@pytest.mark.parametrize(
    ("by_client", "answer"), [(True, associate_ac()), (True, associate_rj()), (True, ABORT), (False, ABORT)]
)
def test_an_abort_or_what_the_client_says_proves_none(by_client, answer):
    """A stranger cannot make a door an imaging door by what he sends: not by an answer to himself."""
    talk = Talk()

    assert final(talk, *talk.handshake(), talk.asks(40), talk.say(by_client, DATA, answer)) is None


def test_a_request_that_is_read_after_its_answer_fills_in_the_rest():
    """They come through two rings: the list, the titles, the length; the answer stays."""
    talk = Talk()
    words = [
        *talk.handshake(),
        talk.asks(associate_rq(syntaxes=(CT_IMAGE, STUDY_FIND))),
        talk.answers(associate_ac()),
    ]

    late, usual = final(talk, *words[:3], words[4], words[3]), final(talk, *words)

    assert late == usual
    assert late is not None
    assert (late.services, late.services_whole) == ((DicomService.FIND, DicomService.STORE), True)


def test_a_rejection_keeps_its_reason_when_the_request_is_read_later():
    """And a second answer changes neither."""
    talk = Talk()
    asked, said = talk.handshake(), [talk.asks(associate_rq()), talk.answers(associate_rj(1, 1, 3))]

    dicom = final(talk, *asked, said[1], said[0], talk.answers(associate_ac()))

    assert dicom is not None
    assert (dicom.result, dicom.rejection, dicom.calling) == (Association.REJECTED, (1, 1, 3), "ZZSTRANGER")


@pytest.mark.parametrize("answered", [True, False])
def test_a_harmless_request_behind_a_hidden_one_hides_nothing(answered):
    """Only what a client says first is what its server answers: of a later one nothing is relied upon."""
    talk = Talk()
    decoy = bytearray(associate_rq(calling="HARMLESS"))
    words = [*talk.handshake(), *map(talk.asks, HIDDEN)]
    words += [talk.answers(associate_ac())] if answered else []
    words += [talk.asks(bytes(decoy)), talk.answers(associate_ac()), talk.asks(p_data())]

    tracker = Tracker(networks())
    told = last(tracker, feed(tracker, talk, *words))

    assert told.dicom is not None
    assert (told.dicom.services_whole, told.dicom.request_size) == (False, 0)
    assert told.dicom.calling == ("ZZSTRANGER" if answered else "HARMLESS")
    assert grade(told, Thresholds()) is Grade.QUERIED


def test_of_a_request_from_the_middle_of_a_connection_nothing_is_relied_upon():
    """Another may have come before we did; sent twice, it is no more the first."""
    talk, tracker = Talk(), Tracker(networks())
    talk.handshake()
    request = talk.asks(associate_rq())

    told = last(tracker, feed(tracker, talk, request, request, talk.answers(associate_ac()), talk.asks(p_data())))

    assert told.dicom is not None
    assert (told.dicom.calling, told.dicom.services_whole, told.dicom.request_size) == ("ZZSTRANGER", False, 0)
    assert grade(told, Thresholds()) is Grade.QUERIED


def test_requests_behind_the_first_are_told_once():
    """A stranger could send a thousand on one connection, each with another title."""
    talk, tracker = Talk(), Tracker(networks())
    words = [*talk.handshake(), talk.asks(1)]
    words += [talk.asks(associate_rq(calling=f"N{number}")) for number in range(50)]

    told = feed(tracker, talk, *words)

    assert {each.dicom.calling for each in told if each.dicom} == {"N0"}
    assert len(told) == 3


@pytest.mark.parametrize("size", [500, 1_460])
def test_of_a_request_that_was_cut_the_list_is_not_whole(size):
    """The rest of it stays in the kernel; its length is known all the same."""
    talk = Talk()
    request = associate_rq(syntaxes=(CT_IMAGE,) * 40)
    words = [*talk.handshake(), talk.asks(request[:size]), talk.asks(request[size:]), talk.answers(associate_ac())]

    dicom = final(talk, *words)

    assert dicom is not None
    assert (dicom.services, dicom.services_whole) == ((DicomService.STORE,), False)
    assert dicom.request_size == len(request)


def test_an_association_between_two_of_ours_is_told_by_its_acceptance_too():
    """As by its request: they are told only once DICOM was seen on them."""
    talk = Talk(client=WORKSTATION)

    assert final(talk, *talk.handshake(), talk.asks(40), talk.answers(associate_ac())) == UNSEEN


# -- labels ------------------------------------------------------------------------------------------------------

HELLO = b"\x16\x03\x01\x02\x00\x01" + bytes(40)
WEB = b"GET / HTTP/1.1\r\n\r\n"
SPEAKS_SSH, SPEAKS_VNC = b"SSH-2.0-test_1.0\r\n", b"RFB 003.008\n"


def labels(talk: Talk, *words: Word) -> list[Label | None]:
    """As they were told."""
    return [each.label for each in feed(Tracker(networks()), talk, *words)]


def test_a_client_is_labelled_by_what_it_says_first():
    """Told with the news that it is real, and kept to the end."""
    talk = Talk()
    words = [*talk.handshake(), talk.asks(HELLO), talk.answers(900), talk.asks(WEB), *talk.goodbye()]

    assert labels(talk, *words) == [None, Label.TLS, Label.TLS]


@pytest.mark.parametrize(("banner", "label"), [(SPEAKS_SSH, Label.SSH), (SPEAKS_VNC, Label.VNC)])
def test_a_server_is_labelled_where_servers_speak_first(banner, label):
    """At once: a scanner that only reads the banner has heard it too."""
    talk = Talk(server_port=5_900)

    assert labels(talk, *talk.handshake(), talk.answers(banner)) == [None, label]


@pytest.mark.parametrize("answer", [WEB, HELLO])
def test_a_server_that_answers_in_a_clients_words_is_not_labelled_by_them(answer):
    """It gives back what it was sent, or it calls somebody itself."""
    talk = Talk()

    assert set(labels(talk, *talk.handshake(), talk.asks(5), talk.answers(answer))) == {None}


def test_only_the_first_bytes_of_a_side_tell():
    """In the middle of an image anything may stand; whoever sends them again says nothing new."""
    talk = Talk()
    first = talk.handshake()
    later = [talk.asks(5), talk.asks(WEB), talk.answers(5), talk.answers(SPEAKS_SSH)]

    assert set(labels(talk, *first, *later)) == {None}


def test_an_image_whose_middle_looks_like_a_hello_has_no_label():
    """What is not pushed is looked at too, since a hello may be longer than a segment: only a first one is one."""
    talk = Talk()
    shaken, begun = talk.handshake(), talk.say(True, Flags.ACK, HELLO + bytes(1_300))
    assert begun.length > 1_300
    assert labels(talk, *shaken, begun, talk.asks(600), *talk.goodbye())[-1] is Label.TLS

    other = Talk()
    shaken = other.handshake()
    image = [other.say(True, Flags.ACK, start + bytes(1_300)) for start in (b"", HELLO, WEB, HELLO)]
    assert set(labels(other, *shaken, *image, *other.goodbye())) == {None}


def test_a_request_that_is_sent_again_may_be_the_one_that_we_see():
    """Its first copy was lost on the way to us, or was one of those that are sampled."""
    talk = Talk()
    shaken, request = talk.handshake(), talk.asks(WEB)
    words = [*shaken, talk.answers(5), request, request]

    assert labels(talk, *words)[-1] is Label.HTTP


def test_a_connection_from_its_middle_has_no_label():
    """Nobody knows which of its bytes were the first."""
    talk = Talk()
    talk.handshake()
    request = talk.asks(WEB)

    assert set(labels(talk, request, request, talk.answers(900), *talk.goodbye())) == {None}


def test_a_label_is_no_visit():
    """A stranger who sends a request to a door that does not answer has still only tried it."""
    talk, tracker = Talk(), Tracker(networks())

    assert feed(tracker, talk, talk.syn(), talk.asks(WEB), talk.asks(WEB)) == []
    assert [each.state for each in tracker.flush()] == [ConnectionState.ATTEMPTED]


@given(st.sampled_from(list(Label)), st.sampled_from(list(ConnectionState)), st.sampled_from([4242, 443, 50_000]))
def test_a_label_changes_no_grade_and_no_level(label, state, port):
    """Wording only."""
    plain = connection(state=state, target_port=port)
    told = replace(plain, label=label)
    reached = grade(plain, Thresholds())

    assert grade(told, Thresholds()) is reached
    new = Seen(new=True, grown=0)
    assert stranger_at_a_door(told, reached, new) == stranger_at_a_door(plain, reached, new)


# -- whoever says something before, beside or after ------------------------------------------------------------


def knock(tracker: Tracker, talk: Talk, opening: str, now: float = 0) -> list[Connection]:
    """Its SYN: read singly, in a flood, or lost on the way to us."""
    if opening == "flood":
        knocks(tracker, talk, seconds=now)
        return []
    syn = talk.syn()
    return feed(tracker, talk, syn, start=now) if opening == "SYN" else []


@pytest.mark.parametrize("port", [4242, 40_123])
@pytest.mark.parametrize("opening", ["SYN", "flood", "lost"])
@pytest.mark.parametrize("ahead", [-4, 5, 1 << 20])
def test_what_was_said_before_the_handshake_hides_no_answer(ahead, opening, port):
    """A goodbye or a byte that a listener ignores or resets, under a number that is near the one to come."""
    for flags, payload in ((Flags.FIN, b""), (DATA, b"x")):
        talk, tracker = Talk(server_port=port), Tracker(networks())
        early = talk.say(True, flags, payload, seq=talk.client_isn + ahead, ack=1)
        told = feed(tracker, talk, early)
        if flags is DATA:
            told += feed(tracker, talk, talk.say(False, Flags.RST, seq=1))
        told += knock(tracker, talk, opening)
        told += feed(tracker, talk, talk.syn_ack(), talk.rst(True, ack=False))

        assert told[-1].state is ConnectionState.ANSWERED


@pytest.mark.parametrize("words", [0, 1])
def test_another_visit_under_the_numbers_of_one_that_stands_is_another_row(words):
    """Its server had said goodbye and forgotten it, its client never did; he chooses his port and his number."""
    first, second, tracker = Talk(), Talk(server_isn=3_000_000_000), Tracker(networks())
    said = [word for _ in range(words) for word in (first.asks(20), first.answers(50))]
    told = feed(tracker, first, *first.handshake(), *said, first.fin(False))
    visit = [*second.handshake(), second.asks(300), second.answers(9_000_000), *second.goodbye()]

    told = [*told, *feed(tracker, second, *visit, start=300)]

    assert {each.serial for each in told} == {1, 2}
    assert (told[-1].state, told[-1].bytes_out) == (ConnectionState.CLOSED, 9_000_000)


@pytest.mark.parametrize("ahead", [20, 100, 1 << 20, 1 << 27, (1 << 30) - 1])
@pytest.mark.parametrize("flags", [DATA, Flags.FIN | Flags.ACK])
def test_what_a_client_claims_far_ahead_does_not_keep_him_from_his_end(flags, ahead):
    """Outside any window, or with a hole before it that is never filled: his server takes no notice of it."""
    talk, tracker = Talk(), Tracker(networks())
    claim = talk.say(
        True, flags, 10 if flags is DATA else b"", seq=talk.client_isn + 1 + ahead, ack=talk.server_isn + 1
    )
    told = feed(tracker, talk, *talk.handshake(), talk.asks(20), claim, talk.answers(50), *talk.goodbye())
    told += tracker.expire(moment(3_600))

    assert told[-1].state is ConnectionState.CLOSED
    assert told[-1].bytes_out == 50
    assert 20 <= told[-1].bytes_in < 20 + (1 << 24)
    if flags is DATA:
        assert told[-1].bytes_in == 20


@pytest.mark.parametrize("claims", [[100], [1 << 27], [GIB - 1, 2 * GIB - 2]])
def test_what_a_client_claims_to_have_received_does_not_keep_a_server_from_its_end(claims):
    """A goodbye of our own is one, and says how much there was."""
    talk, tracker = Talk(), Tracker(networks())
    said = [*talk.handshake(), talk.asks(20), talk.answers(50)]
    said += [talk.say(True, DATA, 10, ack=talk.server_isn + 1 + ahead) for ahead in claims]
    told = feed(tracker, talk, *said, *talk.goodbye())

    assert (told[-1].state, told[-1].bytes_out) == (ConnectionState.CLOSED, 50)
    assert told[-1].bytes_in == 20 + 10 * len(claims)


def test_a_goodbye_said_again_to_nobody_does_not_swallow_the_next_visit():
    """We have forgotten him before his server has; then he is back, under the number of a SYN that it ignored."""
    old, new, tracker = Talk(), Talk(client_isn=100, server_isn=3_000_000_000), Tracker(networks())
    feed(tracker, old, *old.handshake(), old.asks(20), old.fin())
    goodbye = old.fin(False)
    feed(tracker, old, goodbye)
    for second in range(1, 60):
        list(tracker.expire(moment(second)))
    feed(tracker, new, new.syn(), start=60)
    feed(tracker, old, goodbye, start=61)
    words = [new.syn_ack(), new.asks(300), new.answers(9_000_000), *new.goodbye()]
    told = feed(tracker, new, *words, start=130)

    assert (told[-1].state, told[-1].bytes_out) == (ConnectionState.CLOSED, 9_000_000)


def test_who_leaves_late_or_goes_on_after_a_goodbye_is_still_the_same_visit():
    """A browser closes its end of an idle line when it likes; an upload may go on with half of it."""
    talk, tracker = Talk(), Tracker(networks())
    told = feed(tracker, talk, *talk.handshake(), talk.asks(20), talk.answers(50), talk.fin(False))
    for minute in range(1, 30):
        told += tracker.expire(moment(60 * minute))
    assert told[-1].state is ConnectionState.CLOSED
    told += feed(tracker, talk, talk.asks(3_000_000), talk.fin(), start=1_800)
    told += tracker.expire(moment(1_900))
    told += tracker.expire(moment(9_000))

    assert {each.serial for each in told} == {1}
    assert (told[-1].bytes_in, told[-1].bytes_out) == (3_000_020, 50)
    assert len(tracker) == 0


@pytest.mark.parametrize("end", ["server resets", "server leaves"])
@pytest.mark.parametrize("ahead", [1 << 10, 1 << 23])
def test_what_a_client_claims_and_his_server_never_took_is_not_counted(ahead, end):
    """Or a question that got more than it gave would look like a sender's."""
    talk, tracker = Talk(), Tracker(networks())
    said = [*talk.handshake(), talk.asks(20)]
    claim = talk.say(True, DATA, 10, seq=talk.client_isn + 21 + ahead, ack=talk.server_isn + 1)
    words = [*said, claim, talk.answers(50), talk.rst() if end == "server resets" else talk.fin(False)]
    told = feed(tracker, talk, *words)
    told += tracker.expire(moment(700))

    assert (told[-1].state, told[-1].bytes_in, told[-1].bytes_out) == (ConnectionState.CLOSED, 20, 50)


NOISE = st.tuples(
    st.sampled_from([DATA, Flags.FIN | Flags.ACK, Flags.FIN, Flags.PSH, Flags.RST, Flags.RST | Flags.ACK])
    | st.sampled_from([Flags.SYN | Flags.ACK, Flags.SYN, Flags.SYN | Flags.FIN, Flags.SYN | Flags.RST]),
    st.sampled_from([0, 1, 5, 100, 60_000, 1 << 27, (1 << 32) - 1, (1 << 32) - 70_000, 1 << 31]),
    st.sampled_from([0, 1, 9_000]),
    st.booleans(),
)
VISITS = st.tuples(
    st.lists(NOISE, max_size=4),
    st.sampled_from([1_000, 71_000, 3_000_000_000]),
    st.sampled_from(["SYN", "flood", "lost"]),
    st.booleans(),
    st.sampled_from(["server resets", "client leaves", "server leaves", "nobody leaves"]),
    st.sampled_from([131, 200, 4_000]),
    st.booleans(),
)


@settings(max_examples=1_000, deadline=None)
@given(st.lists(VISITS, min_size=1, max_size=4), st.sampled_from([4242, 40_123]))
def test_whatever_a_stranger_says_each_answer_to_him_is_told(visits, port):
    """On one pair of ports: noise before, the handshake, noise in the midst, one end or none, and again; perhaps
    as the server says the last words of before once more."""
    tracker, now = Tracker(networks()), 0.0
    late: list[tuple[Talk, Word]] = []
    for number, (noise, isn, opening, speaks, ending, pause, is_late) in enumerate(visits):
        talk = Talk(server_port=port, client_isn=isn, server_isn=(number + 1) * 900_000_001 % (1 << 32))
        heckle(tracker, talk, noise, now)
        knock(tracker, talk, opening, now + 0.5)
        for other, word in late if is_late else []:
            feed(tracker, other, word, start=now + 0.55)

        told = feed(tracker, talk, talk.syn_ack(), start=now + 0.6)

        assert any(each.state in (ConnectionState.ANSWERED, ConnectionState.CONNECTED) for each in told)
        if speaks:
            feed(tracker, talk, talk.asks(10), talk.answers(20), start=now + 0.7)
        heckle(tracker, talk, [each for each in noise if each[1] >= 1 << 27], now + 0.8)
        endings = {
            "server resets": [talk.rst()],
            "server leaves": [talk.fin(False)],
            "client leaves": talk.goodbye(),
        }
        last_words = endings.get(ending, [])
        feed(tracker, talk, *last_words, start=now + 0.9)
        late = [(talk, word) for word in last_words if not word.from_client]
        now += pause
        list(tracker.expire(moment(now)))


def heckle(tracker: Tracker, talk: Talk, noise: list[tuple[Flags, int, int, bool]], now: float) -> None:
    """He says this; an open door that knows him not resets what acknowledges."""
    for flags, ahead, ack, is_reset in noise:
        said = talk.say(True, flags, b"x" if flags & Flags.PSH else b"", seq=talk.client_isn + ahead, ack=ack)
        feed(tracker, talk, said, start=now)
        if is_reset and flags & Flags.ACK and not flags & Flags.RST and ahead < 1 << 27:
            feed(tracker, talk, talk.say(False, Flags.RST, seq=ack), start=now)
