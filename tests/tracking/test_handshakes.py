"""Handshakes that begin inside: whole ones, halves, and halves that a stranger sent."""

from dataclasses import dataclass, field

import pytest

from sentinel.decode.frame import read_frame
from sentinel.model.packet import Flags, Segment
from sentinel.tracking.handshakes import MOST, Handshakes
from tests.builders import BOX_MAC, IMAGING, STRANGER, Talk, Word, moment, networks
from tests.lab.doors import Answer, Tap, door, knock
from tests.lab.plan import LAN4

SETTLED = 200.0
"""Seconds after the start: every SYN since is remembered."""


@dataclass
class Seen:
    """What passed, and what is made of it."""

    handshakes: Handshakes = field(default_factory=lambda: Handshakes(networks()))

    def __post_init__(self) -> None:
        self.handshakes.tick(moment(0))

    def passes(self, talk: Talk, word: Word, at: float = SETTLED) -> None:
        self.handshakes.feed(talk.segment(word, at))

    @property
    def counts(self) -> tuple[int, int]:
        """Whole ones and halves, once nothing more of them can come."""
        self.handshakes.tick(moment(SETTLED + 3))
        return self.handshakes.opened, self.handshakes.unopened


def call(number: int = 0) -> Talk:
    """A machine of ours calls somebody outside."""
    return Talk(client=IMAGING, client_port=40_000 + number, server=STRANGER, server_port=443)


def test_a_handshake_of_which_both_halves_pass_is_whole():
    """Each once, though SYN and SYN-ACK are sent again."""
    seen, talk = Seen(), call()
    syn, syn_ack = talk.syn(), talk.syn_ack()
    for word in (syn, syn, syn_ack):
        seen.passes(talk, word)

    assert seen.counts == (1, 0)


def test_a_syn_ack_without_its_syn_is_counted():
    """The mirror has lost the other half."""
    seen, talk = Seen(), call()
    talk.syn()
    seen.passes(talk, talk.syn_ack())

    assert seen.counts == (0, 1)


def test_each_lost_half_is_counted_and_no_whole_one():
    """One in ten of a hundred."""
    seen = Seen()
    for number in range(100):
        talk = call(number)
        syn = talk.syn()
        if number % 10:
            seen.passes(talk, syn)
        seen.passes(talk, talk.syn_ack())

    assert seen.counts == (90, 10)


def test_the_syn_may_be_read_after_its_answer():
    """They may come by two sockets."""
    seen, talk = Seen(), call()
    syn, syn_ack = talk.syn(), talk.syn_ack()
    seen.passes(talk, syn_ack)
    seen.passes(talk, syn, SETTLED + 1)

    assert seen.counts == (1, 0)


def test_an_answer_that_its_receiver_resets_answers_nobody():
    """A stranger sends SYN-ACKs to a machine that did not call: it says so itself."""
    seen, talk = Seen(), call()
    talk.syn()
    syn_ack = talk.syn_ack()
    seen.passes(talk, syn_ack)
    seen.passes(talk, talk.say(True, talk.rst(True, ack=False).flags, seq=syn_ack.ack))

    assert seen.counts == (0, 0)


def test_what_strangers_begin_is_not_looked_at():
    """They choose what they send, and the box keeps most of it outside."""
    seen, talk = Seen(), Talk()
    talk.syn()
    seen.passes(talk, talk.syn_ack())

    assert seen.counts == (0, 0)


def test_what_we_call_ourselves_is_not_looked_at():
    """Our own card sends without showing it to the capture, perhaps."""
    seen, talk = Seen(Handshakes(networks(), own_mac=BOX_MAC)), call()  # whom the frames of `Talk` go to
    talk.syn()
    seen.passes(talk, talk.syn_ack())

    assert seen.counts == (0, 0)


@pytest.mark.parametrize(("at", "halves"), [(100, 0), (118, 1)])
def test_a_syn_from_before_we_listened_is_not_missed(at, halves):
    """For as long as an answer may be sent again; counted two seconds later, when its SYN can come no more."""
    seen, talk = Seen(), call()
    talk.syn()
    seen.passes(talk, talk.syn_ack(), at)
    seen.handshakes.tick(moment(at + 3))

    assert seen.handshakes.unopened == halves


@pytest.mark.parametrize(("seconds", "halves"), [(119, 0), (122, 1)])
def test_a_syn_is_remembered_for_two_minutes(seconds, halves):
    """A server repeats its answer for about that long."""
    handshakes, talk = Handshakes(networks()), call()
    handshakes.tick(moment(0))
    handshakes.feed(talk.segment(talk.syn(), SETTLED))
    handshakes.tick(moment(SETTLED + seconds))
    handshakes.feed(talk.segment(talk.syn_ack(), SETTLED + seconds))
    handshakes.tick(moment(SETTLED + seconds + 3))

    assert handshakes.unopened == halves


def test_a_machine_that_calls_everybody_fills_no_memory():
    """The oldest make room: they were answered, or never are."""
    handshakes = Handshakes(networks())
    for number in range(2 * MOST):
        talk = Talk(client=IMAGING, client_port=1_024 + number % 60_000, server=STRANGER, client_isn=number)
        handshakes.feed(talk.segment(talk.syn()))

    assert len(handshakes._syns) == MOST


@pytest.mark.parametrize(("later", "halves"), [(1.0, 0), (3.0, 1)])
def test_a_call_that_had_to_make_room_before_it_could_be_answered_is_not_missed(later, halves):
    """A worm calls thousands a second: for two minutes nobody says that a mirror has lost one. After two seconds a
    call that makes room was answered, or never is; an answer that comes all the same is a hint too many."""
    handshakes, called = Handshakes(networks()), call()
    handshakes.tick(moment(0))
    handshakes.feed(called.segment(called.syn(), SETTLED))
    for number in range(MOST):
        talk = Talk(client=IMAGING, client_port=1_024 + number, server=STRANGER, client_isn=number)
        handshakes.feed(talk.segment(talk.syn(), SETTLED + later))
    handshakes.feed(called.segment(called.syn_ack(), SETTLED + later))
    handshakes.tick(moment(SETTLED + later + 3))

    assert handshakes.unopened == halves


# -- in the laboratory: a mirror that loses copies ---------------------------------------------------------------

LOST = 8
"""One segment in so many is not copied: those whose sequence number ends in three zero bits."""


def lose_copies(cabinet) -> None:
    """As a switch without room for them: chosen by what TCP draws at random, so that each loss is known."""
    lines = ["qdisc del dev to-box clsact", "qdisc add dev to-box clsact"]
    for way in ("ingress", "egress"):
        to_box = f"filter add dev to-box {way}"
        chosen = f"match ip protocol 6 0xff match u8 0 {LOST - 1:#x} at 27"  # IPv4's 20 bytes, then seq's last
        lines.append(f"{to_box} protocol ip prio 1 u32 {chosen} flowid :1")
        lines.append(f"{to_box} protocol all prio 2 u32 match u32 0 0 action mirred egress mirror dev mirror")
    cabinet.switch.run(["tc", "-batch", "-"], stdin="\n".join([*lines, ""]))


def segments(tap: Tap) -> list[Segment]:
    packets = [read_frame(frame, moment(SETTLED)) for frame in tap.frames()]
    return [packet for packet in packets if isinstance(packet, Segment)]


def called(cabinet, calls: int) -> tuple[Handshakes, list[Segment]]:
    """The workstation calls the echo so often: what the mirror card makes of it, and every answer that came."""
    handshakes = Handshakes(networks(LAN4))
    handshakes.tick(moment(0))
    with Tap(cabinet.pi, "mirror0") as tap, Tap(cabinet.workstation, "lan0") as truth:
        for _ in range(calls // 50):
            with door(cabinet.echo1, 443):  # nobody is shown in, and the porch has room for so many
                answered = {knock(cabinet.workstation, cabinet.echo1.v4, 443) for _ in range(50)}
            assert answered == {Answer.OPEN}
        for segment in segments(tap):
            handshakes.feed(segment)
        answers = [each for each in segments(truth) if each.flags & Flags.SYN]
    handshakes.tick(moment(SETTLED + 3))
    return handshakes, answers


def test_what_a_mirror_loses_shows_in_the_handshakes_to_the_segment(cabinet):
    """No counter of the card can tell; each SYN that was not copied is missed, where its answer was."""
    whole, answers = called(cabinet, 100)
    assert (whole.opened, whole.unopened, len(answers)) == (100, 0, 100)

    lose_copies(cabinet)
    lossy, answers = called(cabinet, 400)

    copied = [each for each in answers if each.seq % LOST]
    halves = [each for each in copied if (each.ack - 1) % LOST == 0]
    assert len(answers) == 400
    assert halves
    assert (lossy.opened, lossy.unopened) == (len(copied) - len(halves), len(halves))
