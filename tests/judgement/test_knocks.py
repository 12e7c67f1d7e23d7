"""Our own knocks: announced source, source port and time; everything else from the echo is a stranger's."""

from dataclasses import replace
from datetime import timedelta
from ipaddress import ip_address

import pytest

from sentinel.judgement.knocks import EARLY, HEARS, KEPT, Knocks
from sentinel.model.connection import Connection, ConnectionState, Dicom, DicomService
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
    assert set(knocks.hiding) == {box}


def test_a_knock_seen_as_announced_betrays_nothing():
    """No source is hidden."""
    knocks = announced()
    knocks.recognise(knock_heard())

    assert not knocks.hiding


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


MARK = "SNTJ2K4QW7XR3MTA"
ASKING = ECHO_PORT + 500


def asking() -> Knocks:
    """One door knocked at, and perhaps asked who it is."""
    announcement = knock(11112)
    ask = replace(announcement.probes[0], source_port=ASKING)
    knocks = Knocks()
    knocks.announce(replace(announcement, asks=(ask,), mark=MARK))
    return knocks


def asks(**words: object) -> Connection:
    """A connection from the announced port, with words."""
    told = knock_heard(source_port=ASKING)
    return replace(told, **{"bytes_in": 200, **words})  # type: ignore[arg-type]


def ours(**words: object) -> Dicom:
    return replace(dicom(), **{"called": "ANY-SCP", "calling": MARK, "request_size": 200, **words})  # type: ignore[arg-type]


def test_an_announced_question_may_speak():
    """A page is asked for, a handshake made, an association proposed under our title and released."""
    assert asking().recognise(asks())
    assert asking().recognise(asks(bytes_in=0))
    assert asking().recognise(asks(dicom=ours()))
    assert asking().recognise(asks(dicom=ours(), bytes_in=211))


def test_only_an_announced_question_may_speak():
    """The knock beside it may not, nor anybody at another port or after the window."""
    knocks = asking()

    assert not knocks.recognise(asks(source_port=ECHO_PORT))
    assert not knocks.recognise(asks(source_port=ASKING + 1))
    assert not knocks.recognise(asks(source=STRANGER))
    assert not knocks.recognise(asks(opened=moment(31)))


@pytest.mark.parametrize(
    "words",
    [
        {"bytes_in": 4097},
        {"bytes_out": HEARS + 1},
        {"dicom": ours(), "bytes_out": HEARS + 1},
        {"dicom": ours(calling="ZZSTRANGER")},
        {"dicom": ours(services=(DicomService.FIND,))},
        {"dicom": ours(services=(DicomService.STORE, DicomService.VERIFICATION))},
        {"dicom": ours(), "bytes_in": 212},  # a command inside
    ],
)
def test_a_question_that_asks_for_more_is_a_strangers(words: dict[str, object]):
    """Somebody has the echo's address and port, and wants images."""
    assert not asking().recognise(asks(**words))


def test_our_title_is_known_though_the_box_changes_source_and_port():
    """Only this check knows it; and strangers come disguised there too."""
    knocks, box = asking(), ip_address("192.168.1.1")

    assert knocks.recognise(asks(source=box, source_port=61_000, dicom=ours()))
    assert set(knocks.hiding) == {box}
    assert not asking().recognise(asks(source=STRANGER, source_port=61_000, dicom=ours()))
    assert not asking().recognise(asks(source=box, source_port=61_000))


def test_a_title_that_was_not_announced_is_nobodys():
    """A check that asks nothing has no mark: an empty title is none."""
    assert not announced().recognise(asks(source_port=ECHO_PORT, dicom=ours(calling="")))


def test_a_question_says_nothing_of_where_a_knock_came_to():
    """Only the knock names the machine; the look afterwards would say refused where it was open."""
    knocks = asking()
    knocks.recognise(asks(state=ConnectionState.REFUSED, bytes_in=0))

    assert knocks.heard("check-1", 11112) is None


def test_of_several_knocks_at_a_door_the_one_that_came_furthest_counts():
    """The first one may have been lost on the way."""
    knocks = announced()
    knocks.recognise(knock_heard(state=ConnectionState.CLOSED))
    knocks.recognise(knock_heard(serial=901, state=ConnectionState.REFUSED, at=moment(20)))

    heard = knocks.heard("check-1", 4242)
    assert heard is not None
    assert heard.state is ConnectionState.CLOSED


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


def test_a_question_that_begins_to_take_images_is_a_strangers_from_then_on():
    """Whoever has the echo's key announces what it likes; what it takes is seen."""
    knocks = asking()

    assert knocks.recognise(asks(bytes_out=4096))
    assert not knocks.recognise(asks(bytes_out=500_000_000))
