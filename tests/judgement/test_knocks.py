"""Our own knocks: announced source, source port and time; everything else from the echo is a stranger's."""

from datetime import timedelta
from ipaddress import ip_address

import pytest

from sentinel.judgement.knocks import EARLY, KEPT, Knocks
from sentinel.model.connection import ConnectionState
from tests.builders import ECHO_PORT, IMAGING, IMAGING_MAC, STRANGER, connection, dicom, knock, knock_heard, moment


def announced(*ports: int) -> Knocks:
    knocks = Knocks()
    knocks.announce(knock(*ports))
    return knocks


def test_a_knock_is_ours_by_address_port_and_time():
    """And what it met inside is remembered under the public port it was aimed at."""
    knocks = announced(11112)

    assert knocks.recognise(knock_heard(port=4242))
    heard = knocks.heard("check-1", 11112)
    assert heard is not None
    assert (heard.machine, heard.mac, heard.port, heard.state) == (
        IMAGING,
        IMAGING_MAC,
        4242,
        ConnectionState.CLOSED,
    )
    assert knocks.heard("check-1", 4242) is None
    assert knocks.heard("check-2", 11112) is None


@pytest.mark.parametrize(
    ("seconds", "ours"), [(-0.5, True), (-0.6, False), (0, True), (30, True), (30.1, False), (3600, False)]
)
def test_outside_its_window_the_same_tuple_is_a_stranger(seconds, ours):
    """By the time of its SYN."""
    assert announced().recognise(knock_heard(at=moment(seconds))) is ours
    assert timedelta(milliseconds=500) == EARLY


def test_another_source_port_of_the_echos_address_is_a_stranger():
    """Whoever shares the echo's address, or forges it."""
    assert not announced().recognise(knock_heard(source_port=ECHO_PORT + 1))


def test_the_announced_source_port_of_another_address_is_a_stranger():
    """Anyone can choose a source port: documentation, benchmark and reserved ranges are no private networks."""
    for source in (STRANGER, ip_address("198.18.0.1"), ip_address("240.0.0.1"), ip_address("25.1.1.1")):
        assert not announced().recognise(connection(source=source, source_port=ECHO_PORT, at=moment(1)))


def test_a_knock_that_arrives_from_the_box_betrays_that_the_box_hides_sources():
    """Whoever comes from there is a stranger from now on."""
    knocks = announced()
    box = ip_address("192.168.1.1")

    assert knocks.recognise(connection(source=box, source_port=ECHO_PORT, at=moment(1)))
    assert knocks.hiding == {box}


def test_a_knock_seen_as_announced_betrays_nothing():
    """No source is hidden."""
    knocks = announced()
    knocks.recognise(knock_heard())

    assert knocks.hiding == set()


def test_a_hidden_source_keeps_its_family():
    """An IPv4 knock does not arrive over IPv6."""
    hidden = connection(source=ip_address("fd00::1"), source_port=ECHO_PORT, at=moment(1))

    assert not announced().recognise(hidden)


def test_a_knock_that_speaks_is_no_knock():
    """Our echo connects and leaves: one that sends, or asks for an association, is a stranger in its place."""
    knocks = announced()

    assert not knocks.recognise(connection(**_as_echo(), bytes_in=200, dicom=dicom()))
    assert not knocks.recognise(connection(**_as_echo(), bytes_in=2))
    assert knocks.recognise(connection(**_as_echo(), bytes_out=80))


def _as_echo() -> dict[str, object]:
    told = knock_heard()
    return {"source": told.source, "source_port": told.source_port, "at": told.opened}


def test_what_a_knock_met_is_kept_as_it_was_last_told():
    """Attempted, then refused: the machine is alive."""
    knocks = announced()
    for state in (ConnectionState.ATTEMPTED, ConnectionState.REFUSED):
        knocks.recognise(knock_heard(state=state))

    heard = knocks.heard("check-1", 4242)
    assert heard is not None
    assert heard.state is ConnectionState.REFUSED


def test_the_memory_of_announcements_is_bounded():
    """And with an announcement goes what was heard of it."""
    knocks = announced()
    knocks.recognise(knock_heard())
    for number in range(KEPT):
        knocks.announce(knock(check=f"later-{number}", at=moment(3600)))

    assert not knocks.recognise(knock_heard())
    assert knocks.heard("check-1", 4242) is None
