"""What proves a mirror: frames between others, and which way they went."""

import pytest

from sentinel.model.packet import Flags
from sentinel.tracking.view import MUCH, View
from tests.builders import BOX_MAC, IMAGING_MAC, Talk, mac_bytes, moment, networks

TALK = Talk()
INWARD, OUTWARD = TALK.syn(), TALK.syn_ack()


def test_a_frame_for_somebody_else_proves_its_direction():
    """One way each; the last time counts."""
    view = View(networks(), "02:00:00:00:00:99")

    view.feed(TALK.segment(INWARD, 1))
    assert (view.inward, view.outward) == (moment(1), None)
    view.feed(TALK.segment(OUTWARD, 2))
    view.feed(TALK.segment(INWARD, 3))
    assert (view.inward, view.outward) == (moment(3), moment(2))


def test_our_own_frames_prove_nothing():
    """Every card sees those, mirrored or not."""
    for own in (IMAGING_MAC, BOX_MAC):
        view = View(networks(), own)
        view.feed(TALK.segment(INWARD))
        view.feed(TALK.segment(OUTWARD))
        assert (view.inward, view.outward) == (None, None)


@pytest.mark.parametrize("target", ["ff:ff:ff:ff:ff:ff", "01:00:5e:7f:00:01", "33:33:00:00:00:01"])
def test_what_is_sent_to_everybody_proves_nothing(target):
    """It comes to every port, and anybody may have made it up."""
    view = View(networks(), "02:00:00:00:00:99")
    for word in (INWARD, OUTWARD):
        segment = TALK.segment(word)
        view.feed(segment._replace(macs=mac_bytes(target) + segment.macs[6:]))

    assert (view.inward, view.outward) == (None, None)


def test_frames_between_two_inside_machines_cross_no_boundary():
    """They may pass any switch port."""
    view = View(networks(), "02:00:00:00:00:99")
    local = Talk(client=TALK.server, server=TALK.server)

    view.feed(local.segment(local.syn()))

    assert (view.inward, view.outward) == (None, None)


def test_where_we_talk_through_another_card_only_our_own_talk_proves_the_mirror():
    """On the wrong port of the switch somebody's browsing passes too, and proves nothing of the box's port."""
    view = View(networks(), "02:00:00:00:00:99", talk_mac="02:00:00:00:00:77")
    view.feed(TALK.segment(INWARD))
    view.feed(TALK.segment(OUTWARD))
    assert (view.inward, view.outward) == (None, None)

    view.talk_mac = IMAGING_MAC
    view.feed(TALK.segment(INWARD, 1))
    view.feed(TALK.segment(OUTWARD, 2))
    assert (view.inward, view.outward) == (moment(1), moment(2))


# -- half a mirror -----------------------------------------------------------------------------------------------


def passing(view: View, *, inward: bool, minutes: float, frames: int = MUCH, start: float = 0) -> None:
    """So many answers that cross the boundary in one direction, evenly over the time."""
    word = TALK.say(inward, Flags.ACK | Flags.FIN)
    for number in range(frames):
        view.feed(TALK.segment(word, start + 60 * minutes * number / (frames - 1)))


def view_of_others() -> View:
    return View(networks(), "02:00:00:00:00:99")


@pytest.mark.parametrize("inward", [True, False])
def test_much_in_one_direction_and_nothing_in_the_other_is_half_a_mirror(inward):
    """For longer than a cut line takes to fall silent; since the first of them."""
    view = view_of_others()
    passing(view, inward=inward, minutes=30)

    assert view.half == moment(0)


@pytest.mark.parametrize(("minutes", "frames"), [(29, MUCH), (29, 500), (600, MUCH - 1)])
def test_a_cut_line_or_a_quiet_night_is_no_half_mirror(minutes, frames):
    """What dies in a quarter of an hour, and the few that end in a night."""
    view = view_of_others()
    passing(view, inward=True, minutes=minutes, frames=frames)

    assert view.half is None


@pytest.mark.parametrize("word", [INWARD, TALK.rst()])
def test_one_frame_of_the_other_direction_makes_it_whole(word):
    """Whatever it is: it passed."""
    view = view_of_others()
    passing(view, inward=not word.from_client, minutes=60)
    assert view.half is not None
    view.feed(TALK.segment(word, 3_601))

    assert view.half is None


def test_a_strangers_calls_that_nobody_answers_are_no_half_mirror():
    """A machine in the DMZ that stays silent, all night long."""
    view = view_of_others()
    for number in range(1_000):
        view.feed(TALK.segment(INWARD, 60 * number))

    assert view.half is None
