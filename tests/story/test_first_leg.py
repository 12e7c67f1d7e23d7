"""Inside: a stranger comes through a forwarded port, and within a second the lamp is red."""

import time
from contextlib import closing
from itertools import pairwise
from pathlib import Path

import pytest

from sentinel.model.finding import Code, Grade, Level
from sentinel.model.standing import Standing
from tests.lab import imaging
from tests.lab.cabinet import Cabinet
from tests.lab.doors import connected
from tests.story.sentinel import Sentinel


def _red_since(sentinel: Sentinel) -> float | None:
    """When the lamp first turned red, by the boot clock."""
    return next((at for at, colour, lit in sentinel.lamp()["edges"] if colour == "red"), None)


def test_a_strangers_association_is_a_red_lamp_within_a_second(cabinet: Cabinet, sentinel: Sentinel, capsys):
    """From the SYN to the lamp: one second at most; row, incident, verdict and page all say the same."""
    imaging.orthanc(cabinet.imaging)
    cabinet.box.forward(11112, 4242, cabinet.imaging)

    imaging.echoscu(cabinet.stranger, cabinet.box.v4, 11112, called="ORTHANC", calling="ZZSTRANGER")
    sentinel.wait(lambda: _red_since(sentinel), "a red lamp")
    red = _red_since(sentinel)
    sentinel.wait(lambda: [r for r in sentinel.connections() if r.state == "closed"], "the closed row")

    [(opened_boot,)] = sentinel.sql("SELECT opened_boot FROM connections WHERE standing = 'stranger'")
    assert red is not None
    with capsys.disabled():
        print(f"\n  from SYN to red lamp: {(red - opened_boot) * 1000:.0f} ms")
    assert 0 < red - opened_boot <= 1.0
    [row] = sentinel.connections()
    assert (row.called, row.calling, row.association) == ("ORTHANC", "ZZSTRANGER", "accepted")
    assert (row.standing, row.target, row.target_port) == (Standing.STRANGER, str(cabinet.imaging.v4), 4242)
    [door] = [each for each in sentinel.incidents() if each.level is Level.ALARM]
    assert (door.code, door.grade, door.count) == (Code.STRANGER_ASSOCIATED, Grade.ASSOCIATED, 1)
    assert sentinel.level() is Level.ALARM
    assert "lamp-alarm" in sentinel.page()[1]


def test_the_red_lamp_flashes_twice_a_second(cabinet: Cabinet, sentinel: Sentinel):
    """2 Hz, half on: four changes a second, none of them further off than one tick of gpiozero's thread."""
    imaging.orthanc(cabinet.imaging)
    cabinet.box.forward(11112, 4242, cabinet.imaging)
    imaging.echoscu(cabinet.stranger, cabinet.box.v4, 11112)
    sentinel.wait(lambda: _red_since(sentinel), "a red lamp")

    time.sleep(4)
    edges = [at for at, colour, _ in sentinel.lamp()["edges"] if colour == "red"][-13:]

    assert len(edges) == 13
    assert (edges[-1] - edges[0]) / 12 == pytest.approx(0.25, abs=0.02)
    assert all(0.1 < later - earlier < 0.4 for earlier, later in pairwise(edges))


def test_the_same_over_ipv6_once_the_boxs_firewall_is_open(cabinet: Cabinet, sentinel: Sentinel, capsys):
    """IPv6 needs no forward: an open firewall is enough, and the sentinel sees it the same way."""
    imaging.orthanc(cabinet.imaging)
    imaging.answer_ipv6(cabinet.imaging, 4242)
    near = imaging.call_ipv6(cabinet.stranger, cabinet.imaging.v6, 4242)
    cabinet.box.open_ipv6()

    imaging.echoscu(cabinet.stranger, near, 4242, called="ORTHANC", calling="ZZSTRANGER")
    sentinel.wait(lambda: _red_since(sentinel), "a red lamp")
    sentinel.wait(lambda: [r for r in sentinel.connections() if r.state == "closed"], "the closed row")

    red = _red_since(sentinel)
    assert red is not None
    [(opened_boot, target, called, calling, association)] = sentinel.sql(
        "SELECT opened_boot, target, called, calling, association FROM connections WHERE standing = 'stranger'"
    )
    with capsys.disabled():
        print(f"\n  from SYN to red lamp, IPv6: {(red - opened_boot) * 1000:.0f} ms")
    assert 0 < red - opened_boot <= 1.0
    assert (target, called, calling, association) == (
        str(cabinet.imaging.v6),
        "ORTHANC",
        "ZZSTRANGER",
        "accepted",
    )
    assert sentinel.level() is Level.ALARM


def test_a_client_that_speaks_and_stays_is_known_while_it_is_there(cabinet: Cabinet, sentinel: Sentinel):
    """No FIN, no association: the first pushed data of a stranger is enough to turn the lamp red."""
    imaging.orthanc(cabinet.imaging)
    cabinet.box.forward(8042, 8042, cabinet.imaging)

    with connected(cabinet.stranger, cabinet.box.v4, 8042) as line, closing(line):
        line.sendall(b"GET / HTTP/1.1\r\n")
        sentinel.wait(lambda: sentinel.level() is Level.ALARM, "an alarm", 3)

    assert Code.STRANGER_CONNECTED in sentinel.codes()


def test_one_card_is_enough_where_the_mirror_port_may_also_talk(one_nic_cabinet: Cabinet, tmp_path: Path):
    """The copies and the page share one card: the stranger is seen, once, and the lamp is red."""
    sentinel = Sentinel(one_nic_cabinet, tmp_path).start()
    try:
        imaging.orthanc(one_nic_cabinet.imaging)
        one_nic_cabinet.box.forward(11112, 4242, one_nic_cabinet.imaging)
        imaging.echoscu(one_nic_cabinet.stranger, one_nic_cabinet.box.v4, 11112)
        sentinel.wait(lambda: sentinel.level() is Level.ALARM, "an alarm")
        sentinel.wait(lambda: [r for r in sentinel.connections() if r.state == "closed"], "the closed row")
    finally:
        sentinel.stop()

    [row] = sentinel.connections()
    assert (row.association, row.target_port) == ("accepted", 4242)


def test_a_box_that_hides_its_callers_hides_nobody_from_the_sentinel(cabinet: Cabinet, sentinel: Sentinel):
    """Source translation makes every stranger the box itself: that is a stranger whose address is hidden."""
    imaging.orthanc(cabinet.imaging)
    cabinet.box.forward(11112, 4242, cabinet.imaging)
    cabinet.box.hide_sources(True)

    imaging.echoscu(cabinet.stranger, cabinet.box.v4, 11112)
    sentinel.wait(lambda: sentinel.level() is Level.ALARM, "an alarm")
    sentinel.wait(sentinel.connections, "the row")

    assert sentinel.connections()[0].standing is Standing.BOX
    assert sentinel.connections()[0].source == str(cabinet.box.lan_v4)
