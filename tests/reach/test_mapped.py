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

    assert Mapped().take(told) == (40_104,)


def test_a_port_is_asked_about_for_a_day_after_its_mapping_has_gone():
    """Only a check proves it closed."""
    mapped = Mapped()
    mapped.take(reading(mapping(40_104, 104)))

    assert mapped.take(reading(at=moment(DAY - 1), reading=Reading.SILENT)) == (40_104,)
    assert mapped.take(reading(at=moment(DAY + 1))) == ()


def test_a_program_that_asks_for_another_port_every_hour_uses_up_nothing():
    """Sixteen further ports a day is all an echo takes; eight of them stay the practice's own."""
    mapped, asked = Mapped(), set()
    for hour in range(23):
        asked |= {*mapped.take(reading(mapping(40_000 + hour, 6881), at=moment(3600 * hour)))}

    assert len(asked) == MOST


def test_red_doors_come_first():
    forwards = [mapping(30_000 + number, 6881) for number in range(20)]

    assert 40_104 in Mapped().take(reading(*forwards, mapping(40_104, 104)))
