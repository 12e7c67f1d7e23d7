"""What machines tell of themselves, told on once an hour."""

from sentinel.model.machine import Kind, SaidBy
from sentinel.tracking.introductions import AGAIN, AN_HOUR, MOST, Introductions
from tests.builders import moment, portrait, uplink


def test_the_same_words_are_told_once_an_hour():
    """A switch repeats itself every half minute."""
    told = Introductions()
    times = [at for at in range(0, 7200, 30) if told.feed(portrait(moment(at))) and told.feed(uplink(moment(at)))]

    assert times == [0, AGAIN.total_seconds(), 2 * AGAIN.total_seconds()]


def test_other_words_of_the_same_machine_are_told_at_once():
    """It says what it is in one frame, and what it offers in another; neither makes the other news again."""
    told, other = Introductions(), portrait(kinds=(Kind.PRINTER,), offers=())

    assert [told.feed(each) is not None for each in (portrait(), other, portrait(), other)] == [
        True,
        True,
        False,
        False,
    ]


def test_moved_to_another_port_and_back_is_news_twice():
    """Only the last word of a switch holds; each protocol has its own."""
    told = Introductions()
    words = (uplink(), uplink(said_by=SaidBy.CDP, port="Gi 0/3"), uplink(), uplink(port="gi1/0/4"), uplink())

    assert [told.feed(each) is not None for each in words] == [True, True, False, True, True]


def test_somebody_who_invents_machines_is_told_of_so_often_and_no_more():
    """What was left out is counted; the next hour has its own share."""
    told = Introductions()
    invented = [portrait(moment(n), mac=f"00:00:00:00:{n >> 8:02x}:{n & 255:02x}") for n in range(MOST + 1000)]

    assert sum(told.feed(each) is not None for each in invented) == AN_HOUR
    assert told.forgotten == len(invented) - AN_HOUR
    assert told.feed(portrait(moment(3700))) is not None
    assert len(told._told) <= MOST
