"""Outside: the echo knocks at the public address, the mirror shows where, and closing needs living proof."""

import time
from collections.abc import Callable

from sentinel.model.finding import Code, Grade, Level
from sentinel.model.incident import Incident, IncidentState
from sentinel.model.standing import Standing
from tests.lab import imaging
from tests.lab.cabinet import Cabinet
from tests.lab.doors import connected, door, knock
from tests.story.sentinel import Sentinel


def _door(sentinel: Sentinel) -> Incident:
    [found] = [each for each in sentinel.incidents() if each.port == 4242 or each.outside_port == 11112]
    return found


def _wake(cabinet: Cabinet, sentinel: Sentinel) -> None:
    """The imaging machine shows on the LAN that it is alive, and a street fact later the sentinel knows."""
    knock(cabinet.imaging, cabinet.echo2.v4, 443)
    time.sleep(1)


def _browse(cabinet: Cabinet) -> None:
    """Ordinary traffic both ways: the mirror is proved."""
    with door(cabinet.echo2, 443), connected(cabinet.workstation, cabinet.echo2.v4, 443):
        time.sleep(0.2)


def test_without_an_echo_the_sentinel_is_unsure_and_says_so(cabinet: Cabinet, sentinel: Sentinel):
    """A quiet wire proves nothing of the outside."""
    _browse(cabinet)
    time.sleep(2)

    assert sentinel.level() is Level.UNSURE
    assert Code.NO_ECHO in sentinel.codes()
    assert "Aucun contrôle de dehors" in sentinel.page()[1]


def test_a_closed_practice_with_a_proved_mirror_is_calm(cabinet: Cabinet, with_echo: Sentinel):
    """Green is earned: both families checked in full, the mirror seen at work, nothing open."""
    with_echo.wait(lambda: with_echo.level() is Level.CALM, "calm", 20)

    verdict = with_echo.verdict()
    assert verdict is not None
    assert verdict.doors == 48
    assert verdict.checked is not None
    with_echo.wait(lambda: with_echo.lamp()["colour"] == "green", "a green lamp", 1)
    assert "lamp-calm" in with_echo.page()[1]


def test_a_knock_at_an_open_door_names_the_machine_though_the_box_renumbers(cabinet: Cabinet, with_echo: Sentinel):
    """11112 outside is 4242 inside: the report and the mirror together name address, MAC and port."""
    imaging.orthanc(cabinet.imaging)
    with_echo.wait(lambda: with_echo.level() is Level.CALM, "calm", 20)
    cabinet.box.forward(11112, 4242, cabinet.imaging)

    code, table = with_echo.command("knock")

    assert code == 1, table
    assert f"{cabinet.imaging.v4}:4242" in table
    assert cabinet.imaging.mac in table
    found = _door(with_echo)
    assert (found.code, found.grade, found.level) == (Code.DOOR_REACHABLE, Grade.REACHABLE, Level.ALARM)
    assert (found.machine, found.mac, found.port, found.outside_port) == (
        cabinet.imaging.v4,
        cabinet.imaging.mac,
        4242,
        11112,
    )
    with_echo.wait(lambda: with_echo.level() is Level.ALARM, "the alarm")


def test_our_own_knock_is_no_stranger(cabinet: Cabinet, with_echo: Sentinel):
    """The knock is a row marked as our own check, and nobody is said to have come."""
    imaging.orthanc(cabinet.imaging)
    cabinet.box.forward(11112, 4242, cabinet.imaging)

    with_echo.command("knock")
    with_echo.wait(with_echo.connections, "the knock's row")

    assert {row.standing for row in with_echo.connections()} == {Standing.OWN_CHECK}
    assert (_door(with_echo).count, _door(with_echo).sources) == (0, ())


def test_a_stranger_at_the_echos_address_is_a_stranger(cabinet: Cabinet, with_echo: Sentinel):
    """Only the announced source ports are ours: another port of the same address is somebody else."""
    imaging.orthanc(cabinet.imaging)
    cabinet.box.forward(11112, 4242, cabinet.imaging)
    with_echo.command("knock")

    imaging.echoscu(cabinet.echo1, cabinet.box.v4, 11112, called="ORTHANC", calling="ZZSTRANGER")
    with_echo.wait(lambda: Code.STRANGER_ASSOCIATED in with_echo.codes(), "the stranger")

    assert _door(with_echo).sources == ((str(cabinet.echo1.v4), 1),)


def test_a_door_closed_while_its_machine_is_alive_is_closed_with_proof(
    cabinet: Cabinet, with_echo: Sentinel, capsys
):
    """The echo says refused and the machine was seen alive: the alarm ends, and the page keeps both times."""
    imaging.orthanc(cabinet.imaging)
    cabinet.box.forward(11112, 4242, cabinet.imaging)
    with_echo.command("knock")
    with_echo.wait(lambda: with_echo.level() is Level.ALARM, "the alarm")

    cabinet.box.unforward(11112)
    _wake(cabinet, with_echo)
    begun = time.monotonic()
    code, table = with_echo.command("knock")
    with capsys.disabled():
        print(f"\n  from the question to the proof of closing: {time.monotonic() - begun:.1f} s")

    assert code == 0, table
    found = _door(with_echo)
    assert (found.state, found.closed is not None) == (IncidentState.CLOSED, True)
    with_echo.wait(lambda: with_echo.level() is Level.CALM, "calm again")


def test_a_door_whose_machine_is_off_is_dormant_and_stays_red(cabinet: Cabinet, with_echo: Sentinel):
    """Nobody answers because the machine sleeps: that is neither open nor closed, and the alarm stays."""
    imaging.orthanc(cabinet.imaging)
    cabinet.box.forward(11112, 4242, cabinet.imaging)
    with_echo.command("knock")
    with_echo.wait(lambda: with_echo.level() is Level.ALARM, "the alarm")

    cabinet.switch.switch_off(cabinet.imaging)
    code, table = with_echo.command("knock")

    assert code == 1, table  # nothing answered, and yet it is not closed:
    assert _door(with_echo).state is IncidentState.DORMANT
    assert with_echo.level() is Level.ALARM


def test_a_stranger_makes_the_sentinel_ask_at_once(cabinet: Cabinet, with_echo: Sentinel):
    """Somebody came through a door nobody knew: the echo is asked, and names the public port."""
    imaging.orthanc(cabinet.imaging)
    with_echo.wait(lambda: len(with_echo.sql("SELECT * FROM outcomes")) >= 2, "both families checked", 20)
    cabinet.box.forward(11112, 4242, cabinet.imaging)

    imaging.echoscu(cabinet.stranger, cabinet.box.v4, 11112, called="ORTHANC", calling="ZZSTRANGER")

    with_echo.wait(
        lambda: any(each.outside_port == 11112 for each in with_echo.incidents()), "the public port", 20
    )
    assert _door(with_echo).grade is Grade.ASSOCIATED


def test_a_mirror_switched_off_is_noticed_at_the_next_check(cabinet: Cabinet, with_echo: Sentinel):
    """The cable is in, but our own talk with the echo no longer shows: the sentinel is blind and says so."""
    with_echo.wait(lambda: with_echo.level() is Level.CALM, "calm", 20)
    cabinet.switch.mirror(False)

    with_echo.command("knock")

    with_echo.wait(lambda: Code.VIEW_LOST in with_echo.codes(), "a lost view")
    assert with_echo.level() is Level.UNSURE


def test_a_sentinel_enrolled_by_hand_checks_within_seconds(
    cabinet: Cabinet, make_sentinel: Callable[[str], Sentinel], echo: object
):
    """`sentinel enrol` with an invitation, while it runs, is enough."""
    made = make_sentinel("")
    code, said = made.command("enrol", echo.invite())  # type: ignore[attr-defined]

    assert code == 0, said
    made.wait(lambda: made.sql("SELECT * FROM outcomes WHERE outcome = 'checked'"), "a check", 20)


def test_a_box_that_lets_ipv6_in_is_never_calm(cabinet: Cabinet, with_echo: Sentinel):
    """The Pi's own ports are all closed, and yet every machine beside it can be reached: attention."""
    with_echo.wait(lambda: with_echo.level() is Level.CALM, "calm", 20)
    cabinet.box.open_ipv6()

    with_echo.command("knock")

    with_echo.wait(lambda: Code.IPV6_LETS_IN in with_echo.codes(), "the door test")
    assert with_echo.level() is Level.ATTENTION
