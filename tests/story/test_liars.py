"""Echoes that lie, and a prober that is banned: contradicted, not to be confirmed, unknown."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from sentinel.model.exposure import CellVerdict
from sentinel.model.finding import Code, Level
from sentinel.model.verdict import Assurance
from sentinel.text import say
from tests.lab import imaging
from tests.lab.cabinet import Cabinet
from tests.lab.doors import door
from tests.lab.liar import LIED_ABOUT
from tests.story.outside import calm, door_of, forget_quota, liar, told
from tests.story.sentinel import EchoHost, Sentinel

pytestmark = pytest.mark.lab


# -- echoes that lie, and a prober that is banned --------------------------------------------------------


def test_an_echo_that_denies_what_we_saw_is_not_believed(cabinet: Cabinet, with_echo: Sentinel, echo: EchoHost):
    """It knocks, the imaging server answers, and it says closed: contradicted, unsure; honest again, red."""
    imaging.orthanc(cabinet.imaging)
    calm(with_echo)
    cabinet.box.forward(11112, 4242, cabinet.imaging)
    with liar("closed", echo):
        with_echo.command("knock")
    with_echo.wait(lambda: Code.ECHO_CONTRADICTED in with_echo.codes(), "the contradiction")
    assert with_echo.level() is Level.UNSURE
    assert told(with_echo, "finding.echo_contradicted.sentence")
    assert (CellVerdict.CONTRADICTED,) in with_echo.sql("SELECT verdict FROM exposures WHERE port = 11112")

    forget_quota(echo)
    echo.start()
    with_echo.command("knock")
    with_echo.wait(lambda: with_echo.level() is Level.ALARM, "the alarm")
    assert Code.ECHO_CONTRADICTED not in with_echo.codes()


def test_an_echo_that_invents_a_door_cannot_be_confirmed_until_another_agrees(
    cabinet: Cabinet, echo: EchoHost, make_sentinel: Callable[[str], Sentinel], tmp_path: Path
):
    """Nothing came in on a proved mirror, and the second echo found nothing: attention; two honest ones are A."""
    second = EchoHost(cabinet.echo2, tmp_path / "echo2").start()
    invitations = json.dumps([echo.invite(), second.invite()])
    sentinel = make_sentinel(f"[echo]\ninvitations = {invitations}\n")
    calm(sentinel)
    sentinel.wait(lambda: sentinel.verdict().assurance is Assurance.A, "assurance A", 20)  # type: ignore[union-attr]

    with liar("open", echo):
        assert sentinel.command("knock")[0] == 1
    assert sentinel.level() is Level.ATTENTION
    assert door_of(sentinel, LIED_ABOUT).code is Code.BOX_ANSWERS
    assert say("fr", "finding.box_answers.title").replace("'", "&#39;") in sentinel.page()[1]
    second.stop()


def test_a_prober_that_is_banned_midway_proves_nothing(
    cabinet: Cabinet, echo: EchoHost, make_sentinel: Callable[[str], Sentinel]
):
    """After some knocks the box drops whatever the echo sends: the declared door, asked last, gives it away."""
    cabinet.box.forward(1194, 1194)
    with door(cabinet.imaging, 1194):
        sentinel = make_sentinel(
            f'[echo]\ninvitation = "{echo.invite()}"\nexpect_open = [1194]\nidentify = "none"\n'
        )
        calm(sentinel)
        ban = f"""table inet ban {{
          chain in {{ type filter hook prerouting priority raw;
          ip saddr {echo.host.v4} tcp flags syn / syn,ack quota over 1200 bytes drop
          }}
        }}"""
        cabinet.box.run(["nft", "-f", "-"], stdin=ban)
        code, table = sentinel.command("knock")

    assert code == 2, table
    sentinel.wait(lambda: told(sentinel, "miss.line", why=say("fr", "miss.not_proved")), "the missed proof")
    last = sentinel.sql('SELECT "check" FROM outcomes WHERE family = 4 ORDER BY number DESC LIMIT 1')[0][0]
    verdicts = {each for (each,) in sentinel.sql(f"SELECT verdict FROM exposures WHERE \"check\" = '{last}'")}
    assert CellVerdict.NOT_SEEN not in verdicts
    assert CellVerdict.UNKNOWN in verdicts
