import asyncio
import errno
from contextlib import suppress
from datetime import timedelta
from ipaddress import ip_address

import pytest

from sentinel.echo import vantage
from sentinel.echo.settings import Settings, Source
from sentinel.echo.vantage import Lookout, route_source
from tests.builders import moment
from tests.echo.running import listener


class Clock:
    seconds = 0.0

    def __call__(self):
        return moment(self.seconds)


@pytest.fixture
def clock():
    return Clock()


def lookout(tmp_path, clock, addresses=("127.0.0.1", "::1"), silence=False, **words):
    settings = Settings(
        folder=tmp_path, name="e", listen=tuple((ip_address(text), 443) for text in addresses), lab=True, **words
    )
    made = Lookout(settings, clock)
    asyncio.run(made.look(silence=silence))
    return made


@pytest.mark.parametrize("family", [4, 6])
def test_a_healthy_vantage_tells_open_from_closed(tmp_path, clock, family):
    """By knocking at a door of its own, in each family."""
    found = lookout(tmp_path, clock)

    assert found.vantage(family).selftest == "ok"
    assert found.has_route(family)


def test_a_healthy_vantage_tells_silence_too(tmp_path, clock):
    """By knocking at a door of its own that has no room left; it takes four seconds, so the start is without."""
    with listener() as door:
        silent = (ip_address("127.0.0.1"), door.getsockname()[1])
        assert lookout(tmp_path, clock, silent=(silent,)).vantage(4).selftest == "ok"

    found = lookout(tmp_path, clock, silence=True)
    assert {found.vantage(family).selftest for family in (4, 6)} == {"ok"}


def test_a_second_own_address_is_knocked_at_from_the_first(tmp_path, clock):
    """Where there are two."""
    pair = tuple(Source(local=ip_address(text), seen_as=ip_address(text)) for text in ("127.0.0.1", "127.0.0.2"))

    assert lookout(tmp_path, clock, sources=pair).vantage(4).selftest == "ok"


def test_a_look_that_fails_is_no_end_to_looking(tmp_path, clock, monkeypatch, caplog):
    """No socket for a moment: not vouched for meanwhile, and looked at again."""
    monkeypatch.setattr(vantage, "EVERY", timedelta(seconds=0.05))
    settings = Settings(folder=tmp_path, name="e", listen=((ip_address("127.0.0.1"), 443),), lab=True)
    made, seen, tries = Lookout(settings, clock), [], []

    async def sees(local, other):
        tries.append(local)
        if len(tries) == 1:
            raise OSError(errno.EMFILE, "Too many open files")
        return True

    async def hears_nothing(local, other):
        seen.append(made.vantage(4).selftest)
        return True

    async def looking():
        with suppress(TimeoutError):
            await asyncio.wait_for(made.keep_looking(), 0.5)

    monkeypatch.setattr(vantage, "_sees", sees)
    monkeypatch.setattr(vantage, "_hears_nothing", hears_nothing)
    asyncio.run(looking())

    assert seen[0] == "failed"
    assert made.vantage(4).selftest == "ok"
    assert "cannot look at itself over IPv4" in caplog.text


def test_a_family_nobody_listens_in_is_not_vouched_for(tmp_path, clock):
    """Nothing was looked at."""
    found = lookout(tmp_path, clock, addresses=("127.0.0.1",))

    assert found.vantage(6).selftest == "failed"
    assert not found.has_route(6)


def test_an_address_that_is_not_ours_is_found_out(tmp_path, clock):
    """A wrong --probe-from would see every practice closed, or none."""
    wrong = (Source(local=ip_address("192.0.2.99"), seen_as=ip_address("192.0.2.99")),)

    assert lookout(tmp_path, clock, sources=wrong).vantage(4).selftest == "failed"


def test_a_silent_place_that_answers_is_found_out(tmp_path, clock):
    """Somebody on the way answers for others: nothing this vantage sees is worth anything."""
    with listener() as door:
        found = lookout(tmp_path, clock, silence=True, silent=((ip_address("127.0.0.1"), door.getsockname()[1]),))

    assert found.vantage(4).selftest == "failed"
    assert found.vantage(6).selftest == "ok"


@pytest.mark.parametrize(("age", "word"), [(7_200, "ok"), (7_201, "stale")])
def test_a_look_is_good_for_two_hours(tmp_path, clock, age, word):
    """By the boot clock; after that it counts for nothing."""
    found = lookout(tmp_path, clock)
    clock.seconds = age

    assert found.vantage(4).selftest == word
    assert found.vantage(4).age_s == age


def test_the_route_is_asked_for_without_a_packet():
    """Loopback leads to itself."""
    assert route_source(ip_address("127.0.0.1")) == ip_address("127.0.0.1")
    assert route_source(ip_address("::1")) == ip_address("::1")
