"""Services that a question may hurt: what they are is told, and no harm is ever done twice."""

import time
from collections.abc import Callable
from pathlib import Path

import pytest

from sentinel.echo.protocol import Identify
from sentinel.model.exposure import AfterProbe, Answer, Application, Exposure, Kind, Reach, Why
from tests.lab import imaging
from tests.lab.cabinet import Cabinet
from tests.lab.host import wait_until
from tests.lab.running import forget_quota
from tests.story import asking
from tests.story.sentinel import EchoHost
from tests.story.trouble import Tell
from tests.story.truth import knocked

Ask = Callable[..., dict[int, Exposure]]
ALIVE = Application(kind=Kind.CLOSES, after_probe=AfterProbe.OPEN)
"""Plain HTTP where TLS is wanted: it hangs up."""


@pytest.fixture
def ask(cabinet: Cabinet, echo: EchoHost, tmp_path: Path) -> Ask:
    """One practice, from its Pi; it may ask as often as it likes."""
    invitation = echo.invite()

    def asked(identify: Identify, *ports: int) -> dict[int, Exposure]:
        forget_quota(echo.folder)
        return asking.asked(cabinet.pi, tmp_path / "practice", invitation, identify, *ports)

    return asked


def test_orthanc_with_https_dies_of_a_handshake_at_most_once(cabinet: Cabinet, ask: Ask, tell: Tell):
    """Debian's dies of any TLS handshake. By default none is made; a button may, and then never again."""
    key = imaging.certificate(cabinet.imaging)

    def orthanc() -> imaging.Orthanc:
        return imaging.orthanc(cabinet.imaging, http_port=8443, settings=key.for_https())

    running = orthanc()
    for port in (4242, 8443):
        cabinet.box.forward(port)

    first = ask(Identify.NEW_NO_TLS, 4242, 8443)
    assert running.process.poll() is None
    assert first[8443].app == ALIVE
    assert first[4242].app == Application(kind=Kind.DICOM, answer=Answer.ACCEPTED, after_probe=AfterProbe.OPEN)

    pressed = ask(Identify.ALL, 4242, 8443)
    assert wait_until(lambda: running.process.poll() is not None), "it should have died: is it another version?"
    assert {each.app.after_probe for each in pressed.values() if each.app} == {AfterProbe.GONE}
    assert pressed[8443].reach is pressed[4242].reach is Reach.OPEN
    assert pressed[8443].app is not None
    assert pressed[8443].app.kind is Kind.TLS
    assert {each.reach for each in ask(Identify.ALL, 4242, 8443).values()} == {Reach.CLOSED}

    again = orthanc()
    begun = time.monotonic()
    later = ask(Identify.ALL, 4242, 8443)
    tell("the button, with nobody left to ask", time.monotonic() - begun)
    assert again.process.poll() is None
    assert {(each.reach, each.app) for each in later.values()} == {(Reach.OPEN, None)}


def test_a_server_that_looks_for_our_name_for_15_seconds_is_known(cabinet: Cabinet, ask: Ask, tell: Tell):
    """storescp looks us up in vain, 15 s for the knock and 15 s for the question, and then accepts: in time."""
    imaging.without_names(cabinet.imaging)
    imaging.storescp(cabinet.imaging, 104)
    cabinet.box.forward(104)

    begun = time.monotonic()
    found = ask(Identify.NEW_NO_TLS, 104)[104]
    took = time.monotonic() - begun

    tell("the check of a server that takes its time", took)
    assert found.app == Application(kind=Kind.DICOM, answer=Answer.ACCEPTED, after_probe=AfterProbe.OPEN)
    assert took > 30, "it looked nobody up: nothing was shown"
    assert took < 48


def test_a_machine_that_is_off_is_neither_open_nor_asked(cabinet: Cabinet, ask: Ask):
    """Late "host unreachable": forwarded, asleep."""
    cabinet.box.forward(4242, 4242, cabinet.workstation)
    cabinet.switch.switch_off(cabinet.workstation)

    found = ask(Identify.ALL, 4242)[4242]

    assert (found.reach, found.why, found.app) == (Reach.UNREACHABLE, Why.ICMP_HOST, None)
    assert found.took.total_seconds() > 2.5


def test_a_door_is_asked_once_a_day(cabinet: Cabinet, ask: Ask):
    """The second check of the same hour knows that it is open, and leaves it alone."""
    imaging.orthanc(cabinet.imaging)
    cabinet.box.forward(4242)

    first, second = ask(Identify.NEW, 4242)[4242], ask(Identify.NEW, 4242)[4242]

    assert first.app is not None
    assert (second.reach, second.app) == (Reach.OPEN, None)


BAN = """
table inet ban {
  set banned { type ipv4_addr; flags dynamic; size 16; }
  chain prerouting {
    type filter hook prerouting priority raw;
    iifname wan0 ip saddr @banned drop
    iifname wan0 tcp dport 4242 tcp flags & psh == psh add @banned { ip saddr }
  }
}
"""
"""Whoever sends anything to 4242 is not heard again, at any port."""


def test_a_firewall_that_has_enough_of_us_is_not_a_service_that_stopped(cabinet: Cabinet):
    """The door is silent afterwards, and so are the decoys that refused us: nobody knows of the service."""
    imaging.orthanc(cabinet.imaging)
    cabinet.box.forward(4242)
    cabinet.box.run(["nft", "-f", "-"], stdin=BAN)
    door, decoy = (cabinet.box.v4, 4242), (cabinet.box.v4, 43_210)

    seen = knocked(cabinet.echo1, [door], asking=True, decoys=[decoy])[door]

    assert seen.answer.reach is Reach.OPEN
    assert seen.app == Application(kind=Kind.DICOM, answer=Answer.ACCEPTED, after_probe=None)
