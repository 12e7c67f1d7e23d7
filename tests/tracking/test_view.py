"""What proves a mirror: frames between others, and which way they went."""

from sentinel.tracking.view import View
from tests.builders import BOX_MAC, IMAGING_MAC, Talk, moment, networks

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
