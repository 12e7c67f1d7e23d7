"""Model values to JSON and back: what does not fit is refused, never guessed."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from ipaddress import IPv4Address, IPv6Address, ip_address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sentinel import codec
from sentinel.model.moment import Address, Moment

WALLS = st.datetimes(datetime(1970, 1, 1), datetime(2200, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001 - bounds
MOMENTS = st.builds(Moment, wall=WALLS, boot=st.timedeltas(timedelta(0), timedelta(days=40_000)))


class Colour(StrEnum):
    RED = "red"


@dataclass(frozen=True, slots=True, kw_only=True)
class Thing:
    """One field of each sort."""

    address: Address
    maybe: Address | None = None
    at: Moment
    took: timedelta = timedelta(0)
    colour: Colour = Colour.RED
    many: tuple[Address, ...] = ()


@given(
    st.builds(
        Thing,
        address=st.ip_addresses(),
        maybe=st.none() | st.ip_addresses(),
        at=MOMENTS,
        took=st.timedeltas(timedelta(0), timedelta(days=400)),
        many=st.lists(st.ip_addresses(), max_size=3).map(tuple),
    )
)
def test_a_value_comes_back_as_it_went(thing: Thing):
    """Both families of addresses, times to the microsecond, words."""
    assert codec.decode(codec.encode(thing), Thing) == thing
    assert codec.convert(codec.plain(thing), Thing) == thing
    assert b"\n" not in codec.encode(thing)


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b"\xff",
        b"null",
        b"[]",
        b"[" * 100_000,
        b'{"address":"192.0.2.1"}',
        b'{"address":"192.0.2.256","at":{"wall":"2026-01-01T00:00:00Z","boot":"PT0S"}}',
        b'{"address":3,"at":{"wall":"2026-01-01T00:00:00Z","boot":"PT0S"}}',
        b'{"address":"192.0.2.1","at":{"wall":"2026-01-01T00:00:00","boot":"PT0S"}}',
        b'{"address":"192.0.2.1","at":{"wall":"2026-01-01T00:00:00Z","boot":"PT0S"},"colour":"blue"}',
    ],
    ids=range(10),
)
def test_what_is_no_such_value_is_refused_with_one_exception(text):
    """Bytes that are no JSON, fields that miss, addresses and words that are none, times without a zone."""
    with pytest.raises(ValueError, match=r".+"):
        codec.decode(text, Thing)


@given(st.binary(max_size=200))
def test_random_bytes_are_refused(data: bytes):
    """Nothing else is ever raised."""
    with pytest.raises(ValueError, match=r".*"):
        codec.decode(data, Thing)


def test_an_address_keeps_its_family():
    """Neither is guessed from the other."""
    at = Moment(wall=datetime(2026, 1, 1, tzinfo=UTC), boot=timedelta(1))
    for text, kind in (("192.0.2.1", IPv4Address), ("::ffff:192.0.2.1", IPv6Address)):
        thing = Thing(address=ip_address(text), at=at)
        assert type(codec.decode(codec.encode(thing), Thing).address) is kind


def test_what_has_no_place_in_json_is_our_own_mistake():
    """Said at once, when it is written."""
    with pytest.raises(TypeError, match="no place"):
        codec.encode({"x": object()})
