"""`listen`: when a frame passed, and what the ear makes of it."""

from datetime import timedelta

from sentinel.model.connection import Connection
from sentinel.model.machine import HostSighting
from sentinel.model.packet import Unreadable
from sentinel.programs.listen import Ear, stamp
from tests.builders import Talk, moment, networks


def stamped(seconds: float) -> int:
    """As the kernel stamps a frame so many seconds after the tests' Monday morning."""
    return int(moment(seconds).wall.timestamp() * 1e9)


def test_a_frame_that_waited_in_the_ring_passed_when_it_was_stamped():
    """`listen` may have stood still for a minute: the frame did not."""
    assert stamp(stamped(0), moment(60)) == moment(0)


def test_a_stamp_of_another_clock_is_not_believed():
    """The wall clock was set between the frame and us: it passed now, neither tomorrow nor two days ago."""
    two_days = timedelta(days=2).total_seconds()

    assert stamp(stamped(two_days), moment(0)) == moment(0)
    assert stamp(stamped(-two_days), moment(0)) == moment(0)


def test_the_ear_tells_machines_and_connections_and_counts_what_it_cannot_read():
    """One stranger's answered visit, the machine that answered, and one frame of rubbish."""
    talk = Talk()
    ear = Ear(networks(), "02:00:00:00:00:99")
    told = [
        *ear.feed(talk.segment(talk.syn(), 0), moment(0)),
        *ear.feed(talk.segment(talk.syn_ack(), 1), moment(1)),
        *ear.feed(Unreadable(moment(2)), moment(2)),
    ]

    assert [type(each) for each in told] == [HostSighting, Connection]
    assert ear.undecodable == 1
    assert ear.heard == moment(2)
