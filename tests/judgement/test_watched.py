"""Who hangs on the box's own ports: heard, asking for the box, and never seen passing where others do."""

from datetime import timedelta
from ipaddress import ip_address

import pytest

from sentinel.judgement.itself import Itself
from sentinel.judgement.watched import MOST, TOLD, Watched
from sentinel.model.finding import Code, Finding, Level
from sentinel.model.incident import IncidentState
from sentinel.model.machine import HostSighting, SeenBy
from sentinel.model.networks import HomeNetwork
from tests.builders import incident, moment, networks

PC, OTHER, TELEPHONE, OURS = "3c:52:82:00:00:10", "3c:52:82:00:00:11", "da:a1:19:00:00:12", "dc:a6:32:00:00:05"
BOX = ip_address("192.168.1.1")
MINUTE, HOUR, DAY = 60, 3600, 86_400


class Days:
    """A practice whose other PC is at work all day."""

    def __init__(self, *, mirrored: bool = True) -> None:
        itself = Itself()
        itself.adopt(HomeNetwork(networks=networks(), families=(4,), at=moment(), macs=(OURS,)))
        self.watched = Watched(itself, mirrored=mirrored)

    def see(self, seconds: float, seen_by: SeenBy, mac: str = PC, address: str = "192.168.1.70") -> list[Finding]:
        sighting = HostSighting(mac=mac, address=ip_address(address), seen_by=seen_by, at=moment(seconds))
        return list(self.watched.see(sighting, networks(box=(BOX,))))

    def work(self, begin: int, end: int) -> None:
        """The other one passes every ten minutes."""
        for second in range(begin, end, 10 * MINUTE):
            assert self.see(second, SeenBy.PASSING, OTHER) == []

    def live(self, end: int, *, seen_by: SeenBy = SeenBy.ASKING, others: bool = True, **who: str) -> list[Finding]:
        """Heard every ten minutes until then."""
        told = []
        for second in range(0, end + 1, 10 * MINUTE):
            if others:
                assert self.see(second, SeenBy.PASSING, OTHER) == []
            told += self.see(second + 1, seen_by, **who)
        return told


def test_a_pc_on_the_boxs_own_port_is_told_within_the_hour_and_once():
    """It asks for the box, so it sends something out; nothing of it passes, and the others do."""
    days = Days()

    [told] = days.live(5 * HOUR)

    assert (told.code, told.level, told.mac, str(told.machine)) == (
        Code.NOT_WATCHED,
        Level.ATTENTION,
        PC,
        "192.168.1.70",
    )
    assert timedelta(hours=1) <= told.at.since(moment()) <= timedelta(hours=1, minutes=11)


def test_a_machine_that_passes_is_watched():
    """Once is enough for a week, however often it asks for the box."""
    days = Days()
    assert days.see(0, SeenBy.PASSING) == []

    assert days.live(6 * DAY) == []


def test_one_that_moves_to_the_box_is_told_after_a_week():
    """What passed long ago proves nothing of today."""
    days = Days()
    days.see(0, SeenBy.PASSING)

    assert [each.level for each in days.live(8 * DAY)] == [Level.ATTENTION]


def test_a_machine_that_wants_nothing_of_the_box_is_noted_after_a_day_and_never_yellow():
    """A printer on the right switch looks the same from here."""
    days = Days()

    assert days.live(23 * HOUR, seen_by=SeenBy.ARP) == []
    [told] = days.live(10 * DAY, seen_by=SeenBy.ARP)

    assert told.level is Level.NOTE


def test_a_noted_machine_that_asks_for_the_box_becomes_a_point_to_settle():
    """An hour after it first did."""
    days = Days()
    days.live(2 * DAY, seen_by=SeenBy.NDP)

    days.work(2 * DAY, 2 * DAY + 2 * HOUR)
    told = [each for hour in (0, 0.5, 1.1) for each in days.see(2 * DAY + hour * HOUR + 1, SeenBy.ASKING)]

    assert [each.level for each in told] == [Level.ATTENTION]


def test_while_nothing_passes_of_anybody_nobody_is_told():
    """A Sunday, or a mirror that is off: that has a finding of its own."""
    assert Days().live(3 * DAY, others=False) == []


def test_without_a_mirror_nobody_is_told():
    """What a switch floods by mistake is no mirror."""
    assert Days(mirrored=False).live(3 * DAY) == []


@pytest.mark.parametrize(
    "who",
    [
        {"mac": TELEPHONE},  # a made-up address
        {"mac": OURS},
        {"address": "192.168.1.1"},  # the box
    ],
)
def test_telephones_the_box_and_ourselves_are_never_told(who):
    """Nobody's comings and goings are followed."""
    assert Days().live(3 * DAY, **who) == []


def test_the_story_ends_when_the_machine_passes_at_last():
    """Somebody has plugged it in where it belongs."""
    days = Days()
    days.live(2 * HOUR)

    [ended] = days.see(2 * HOUR + 5, SeenBy.PASSING)

    assert (ended.code, ended.ends, ended.mac) == (Code.NOT_WATCHED, True, PC)
    assert days.live(3 * HOUR) == []


def test_the_story_ends_when_the_machine_was_not_heard_for_a_week():
    """It was taken away."""
    days = Days()
    days.live(2 * HOUR)

    assert list(days.watched.beat(moment(7 * DAY))) == []
    assert [each.ends for each in days.watched.beat(moment(7 * DAY + 3 * HOUR))] == [True]
    assert list(days.watched.beat(moment(8 * DAY))) == []


def test_after_a_restart_a_story_goes_on_and_ends_as_before():
    """It is not begun anew, and the machine that passes ends it."""
    days = Days()
    [told] = Days().live(2 * HOUR)
    story = incident(story=told.story, code=told.code, level=told.level, mac=PC, machine=told.machine, grade=None)
    days.watched.remember(story)

    assert days.live(5 * HOUR) == []
    assert [each.ends for each in days.see(6 * HOUR, SeenBy.PASSING)] == [True]


def test_a_story_that_was_over_before_the_restart_stays_over():
    """It may begin again like any other."""
    days = Days()
    [told] = Days().live(2 * HOUR)
    over = incident(story=told.story, code=told.code, mac=PC, machine=told.machine, state=IncidentState.CLOSED)
    days.watched.remember(over)

    assert len(days.live(2 * HOUR)) == 1


def test_a_neighbour_that_invents_machines_fills_no_book():
    """So many are remembered, and fewer are told."""
    days = Days()
    days.work(0, 2 * HOUR)
    macs = [f"3c:52:83:00:{number >> 8:02x}:{number & 255:02x}" for number in range(2 * MOST)]

    told = [
        each
        for batch in range(0, len(macs), MOST // 2)
        for second in (0, 1.1 * HOUR)
        for mac in macs[batch : batch + MOST // 2]
        for each in days.see(second, SeenBy.ASKING, mac)
    ]

    assert len(told) == TOLD
