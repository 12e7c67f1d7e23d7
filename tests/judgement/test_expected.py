"""Accepted doors: exactly the machine, the port, the source and the days that were said, and nothing more."""

from dataclasses import replace
from datetime import datetime, timedelta
from ipaddress import ip_address, ip_network

import pytest

from sentinel.judgement.expected import Accepted
from tests.builders import IMAGING, IMAGING_MAC, START, STRANGER, attempts, connection, moment

BEFORE, AFTER = START - timedelta(hours=1), START + timedelta(hours=1)


def accepted(**about: object) -> Accepted:
    facts: dict[str, object] = {"machine": IMAGING_MAC, "port": 4242, "source": None, "until": AFTER}
    return Accepted(**{**facts, **about})


@pytest.mark.parametrize(
    ("terms", "excused"),
    [
        ({}, True),
        ({"machine": str(IMAGING)}, True),
        ({"source": ip_network("203.0.113.0/24")}, True),
        ({"source": ip_network("203.0.113.7/32")}, True),
        ({"machine": "02:00:00:00:00:43"}, False),
        ({"port": 4243}, False),
        ({"source": ip_network("198.51.100.0/24")}, False),
        ({"source": ip_network("2001:db8::/32")}, False),
        ({"until": START}, False),
    ],
)
def test_every_condition_must_be_met(terms, excused):
    """Machine by MAC or address, inside port, source, and and not the moment of the end itself."""
    assert accepted(**terms).excuses(connection()) is excused


def test_an_exception_ends_at_its_moment():
    """It is when the connection began that counts: one that goes on was let in."""
    assert accepted().excuses(connection(at=moment(3599), changed=moment(7200)))
    assert not accepted().excuses(connection(at=moment(3600)))


def test_an_end_without_a_time_zone_is_no_end():
    """Midnight is another one in each of them."""
    with pytest.raises(ValueError, match="time zone"):
        accepted(until=datetime(2027, 1, 1))  # noqa: DTZ001 - that is the mistake


def test_a_machine_that_took_over_the_address_is_not_the_one_that_was_accepted():
    """The exception names a MAC: another card at the same address is another machine."""
    assert not accepted().excuses(replace(connection(), target_mac="02:00:00:00:00:99"))


def test_a_narrow_source_never_accepts_the_door_itself():
    """What the echo can open, everybody can."""
    narrow, broad = accepted(source=ip_network("203.0.113.7/32")), accepted()

    assert broad.accepts_door(IMAGING, IMAGING_MAC, 4242, moment())
    assert not narrow.accepts_door(IMAGING, IMAGING_MAC, 4242, moment())
    assert (broad.is_for_anybody(), narrow.is_for_anybody()) == (True, False)


def test_a_door_that_leads_to_nobody_known_is_not_accepted():
    """An exception names a machine."""
    assert not accepted().accepts_door(None, None, 4242, moment())
    assert not accepted(until=BEFORE).accepts_door(IMAGING, IMAGING_MAC, 4242, moment())


@pytest.mark.parametrize(
    ("source", "excused"),
    [(None, True), ("203.0.0.0/16", True), ("203.0.113.7/32", False), ("2001:db8::/32", False)],
)
def test_a_sum_is_excused_only_when_every_source_in_it_is(source, excused):
    """A /24 in which one address was accepted holds 255 others."""
    terms = accepted(source=ip_network(source) if source else None)

    assert terms.excuses_all(attempts(connected=1)) is excused
    assert not accepted(port=80).excuses_all(attempts(connected=1))
    assert STRANGER in ip_network("203.0.113.0/24")
    assert ip_address("203.0.113.8") in ip_network("203.0.113.0/24")
