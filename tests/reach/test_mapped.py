"""Mapped ports are asked about beyond the list, without using up what an echo allows."""

from sentinel.model.box import Reading, Transport
from sentinel.reach.mapped import KEPT, MOST, Mapped
from tests.builders import mapping, moment, reading

DAY = KEPT.total_seconds()


def test_a_mapped_tcp_port_is_asked_about():
    told = reading(
        mapping(40_104, 104),
        mapping(500, 500, transport=Transport.UDP),
        mapping(50_000, 80, enabled=False),
    )

    assert Mapped().take(told) == {40_104: 104}


def test_a_port_is_asked_about_for_a_day_after_its_mapping_has_gone():
    """Only a check proves it closed."""
    mapped = Mapped()
    mapped.take(reading(mapping(40_104, 104)))

    assert mapped.take(reading(at=moment(DAY - 1), reading=Reading.SILENT)) == {40_104: 104}
    assert mapped.take(reading(at=moment(DAY + 1))) == {}


def test_a_program_that_asks_for_another_port_every_hour_uses_up_nothing():
    """Sixteen further ports a day is all an echo takes; eight of them stay the practice's own."""
    mapped, asked = Mapped(), set()
    for hour in range(23):
        asked |= {*mapped.take(reading(mapping(40_000 + hour, 6881), at=moment(3600 * hour)))}

    assert len(asked) == MOST


def test_red_doors_come_first():
    """Whoever takes only the beginning takes them."""
    forwards = [mapping(30_000 + number, 6881) for number in range(20)]

    assert next(iter(Mapped().take(reading(*forwards, mapping(40_104, 104))))) == 40_104


def test_a_port_that_is_asked_about_anyway_takes_nobodys_place():
    """Of those there are eight too: each is a reason to ask at once, and a day has few of them."""
    listed = frozenset(range(100, 120))
    mapped = Mapped(1, listed)
    forwards = [mapping(port, port) for port in (*listed, 40_104, 40_105)]

    told = mapped.take(reading(*forwards))

    assert len(listed & told.keys()) == MOST
    assert len(told) == MOST + 1


def test_the_port_inside_is_the_one_last_listed():
    """What the echo may be asked to send depends on it."""
    mapped = Mapped()
    mapped.take(reading(mapping(40_104, 104)))

    assert mapped.take(reading(mapping(40_104, 9100), at=moment(60))) == {40_104: 9100}
