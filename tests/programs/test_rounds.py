"""What `watch` looks at by the clock: each job posts what it found."""

from dataclasses import replace
from ipaddress import ip_address

import pytest

from sentinel.capture.surroundings import Surroundings
from sentinel.config import Capture, Config, Lamp
from sentinel.model.passing import Beat, Health, Part
from sentinel.places import Places
from sentinel.programs import rounds as module
from sentinel.programs.rounds import Rounds
from sentinel.signals.button import Button
from sentinel.signals.lamp import Lamp as Light
from tests.builders import moment

AROUND = Surroundings(interface="lan0", prefixes=("192.168.1.0/24",), gateways=("192.168.1.1",), families=(4,))


@pytest.fixture
def places(tmp_path):
    return Places(lasting=tmp_path, passing=tmp_path)


def test_a_beat_the_disk_and_the_lamp_are_facts(places):
    """With the time at which they were looked at."""
    rounds = Rounds(Config(), places, moment, AROUND)
    light = Light(Lamp(), moment, lambda *_: None)
    button = Button(Lamp(), moment, lambda *_: None)
    beat, disk, lamp = (next(iter(job.work())) for job in rounds.here(light, button))
    light.close()
    button.close()

    assert beat == Beat(at=moment())
    assert isinstance(disk, Health)
    assert (disk.part, disk.well, "MB left" in disk.detail) == (Part.DISK, True, True)
    assert lamp == Health(part=Part.LAMP, well=True, detail="", at=moment())


def test_what_was_declared_is_ours_and_its_box_is_the_box(places):
    """Before anything was looked at again."""
    config = Config(capture=Capture(prefixes=("10.20.0.0/24",), box=("10.20.0.1",)))
    rounds = Rounds(config, places, moment, AROUND)

    assert (rounds.box, rounds.families) == ((ip_address("10.20.0.1"),), (4,))
    assert [str(each) for each in rounds.networks(AROUND).own] == ["10.20.0.0/24", "192.168.1.0/24"]


@pytest.mark.parametrize("may", [True, False])
def test_an_echo_is_asked_only_once_it_may_be(places, may):
    """`listen` must see our talk with it from its first packet on; a re-test was pressed, and waits for nobody."""
    asked = []

    class Asking:
        def work(self, family, post):
            asked.append(family)

        def work_again(self, post):
            asked.append("again")

    class Looking:
        def work(self):
            return ()

    rounds = Rounds(Config(), places, moment, AROUND)
    jobs = {job.name: job for job in rounds.outside(Asking(), Looking(), lambda: may, print)}  # type: ignore[arg-type]
    for name in ("IPv4", "IPv6", "re-test", "box"):
        assert not [*jobs[name].work()]

    assert asked == ([4, 6, "again"] if may else ["again"])


@pytest.mark.parametrize("gateways", [("192.168.1.1",), ()])
def test_what_was_known_at_the_start_is_not_asked_again_at_once(places, monkeypatch, gateways):
    """A child with pyroute2 each time; but where there was no box yet, it is."""
    asked = []
    later = replace(AROUND, gateways=("192.168.1.254",))
    monkeypatch.setattr(module, "ask", lambda: asked.append(None) or later)
    rounds = Rounds(Config(), places, moment, replace(AROUND, gateways=gateways))
    jobs = {job.name: job for job in rounds.outside(None, None, bool, print)}  # type: ignore[arg-type]

    [home] = jobs["surroundings"].work()
    assert home.networks.box == (ip_address("192.168.1.1" if gateways else "192.168.1.254"),)
    assert len(asked) == (0 if gateways else 1)
    [home] = jobs["surroundings"].work()
    assert home.networks.box == rounds.box == (ip_address("192.168.1.254"),)
