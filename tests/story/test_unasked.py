"""It could not be asked: whatever goes wrong has its own words, is never calm, and ends no alarm."""

import os
import sys
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from sentinel.model.exposure import Outcome
from sentinel.model.finding import Code, Level
from sentinel.text import say
from tests.lab.cabinet import Cabinet
from tests.lab.doors import connected, door
from tests.lab.host import end
from tests.story.outside import calm, forget_quota, liar, told
from tests.story.sentinel import ECHO_PORT, EchoHost, Sentinel
from tests.story.test_failures import FAKETIME, FalseClock

pytestmark = pytest.mark.lab


# -- could not ask ---------------------------------------------------------------------------------------


def test_whatever_answers_in_an_echos_place_is_said_in_its_own_words(
    cabinet: Cabinet, with_echo: Sentinel, echo: EchoHost
):
    """A portal, a wrong signature, an old report: never calm; the next clean check ends it, and no alarm."""
    calm(with_echo)
    for kind, outcome in (
        ("portal", Outcome.NOT_AN_ECHO),
        ("forged", Outcome.BAD_SIGNATURE),
        ("old", Outcome.NOT_OUR_QUESTION),
    ):
        forget_quota(echo)
        with liar(kind, echo):
            code, table = with_echo.command("knock")
        assert code == 2, table
        with_echo.wait(lambda: Code.CHECK_TROUBLED in with_echo.codes(), f"the trouble of {kind}")
        assert told(with_echo, f"finding.check_troubled.{outcome.value}.sentence"), kind
        assert with_echo.level() is Level.ATTENTION

    cabinet.box.forward(11112, 4242)
    with door(cabinet.imaging, 4242), connected(cabinet.stranger, cabinet.box.v4, 11112) as line:
        line.sendall(b"hello")
        with_echo.wait(lambda: with_echo.level() is Level.ALARM, "the alarm of a stranger")
    cabinet.box.unforward(11112)
    assert Code.CHECK_TROUBLED in with_echo.codes()

    forget_quota(echo)
    echo.start()
    with_echo.command("knock")
    with_echo.wait(lambda: Code.CHECK_TROUBLED not in with_echo.codes(), "the end of the trouble")
    assert with_echo.level() is Level.ALARM


@pytest.fixture
def between(cabinet: Cabinet, echo: EchoHost, tmp_path: Path) -> Iterator[Callable[[bool], None]]:
    """A proxy on the box that opens what is encrypted; it stands between or steps aside."""
    running = []
    for port, there, any_address in (
        (9443, f"{echo.host.v4}:{ECHO_PORT}", "0.0.0.0"),
        (9444, f"[{echo.host.v6}]:{ECHO_PORT}", "[::]"),
    ):
        words = ["proxy", str(tmp_path / f"proxy-{port}"), there, f"{any_address}:{port}"]
        argv = [sys.executable, "-m", "tests.lab.liar", *words]
        running.append(cabinet.box.start(argv, ready=(port,), patience=timedelta(seconds=20)))

    def stand(between: bool) -> None:
        rules = f"""
        table inet proxy {{
          chain in {{ type nat hook prerouting priority dstnat - 1;
          iifname lan0 ip daddr {echo.host.v4} tcp dport {ECHO_PORT} redirect to :9443
          iifname lan0 ip6 daddr {echo.host.v6} tcp dport {ECHO_PORT} redirect to :9444
          }}
        }}"""
        cabinet.box.run(["nft", "-f", "-"], stdin=rules if between else "delete table inet proxy")

    yield stand
    for process in running:
        end(process)


def test_an_opened_tls_connection_is_said_and_so_is_an_echo_that_is_away(
    cabinet: Cabinet, with_echo: Sentinel, echo: EchoHost, between: Callable[[bool], None]
):
    """A real proxy with a certificate of its own; then nobody; and a mirror that was switched off meanwhile."""
    calm(with_echo)
    between(True)
    assert with_echo.command("knock")[0] == 2
    with_echo.wait(lambda: Code.CHECK_TROUBLED in with_echo.codes(), "the interception")
    assert told(with_echo, "finding.check_troubled.tls_intercepted.sentence")
    assert with_echo.level() in (Level.ATTENTION, Level.UNSURE)  # over IPv6 the proxy's address is another place
    between(False)

    cabinet.switch.mirror(False)
    forget_quota(echo)
    with_echo.command("knock")
    with_echo.wait(lambda: Code.VIEW_LOST in with_echo.codes(), "a lost view")
    assert told(with_echo, "finding.view_lost.sentence")
    assert (with_echo.level(), Code.CHECK_TROUBLED in with_echo.codes()) == (Level.UNSURE, False)

    echo.stop()
    assert with_echo.command("knock")[0] == 2
    with_echo.wait(lambda: told(with_echo, "miss.line", why=say("fr", "miss.unreachable")), "the missed check")
    os.kill(with_echo.process("watch"), 15)
    with_echo.wait(lambda: Code.STARTING in with_echo.codes(), "the next watch")
    with_echo.wait(lambda: told(with_echo, "miss.line", why=say("fr", "miss.unreachable")), "its missed check")
    assert with_echo.level() is Level.UNSURE


def test_a_clock_at_1970_is_never_calm_says_so_and_recovers(cabinet: Cabinet, echo: EchoHost, tmp_path: Path):
    """A board without a battery: everything is checked, nothing can be dated; set, it is calm by itself."""
    if FAKETIME is None:
        pytest.skip("needs Debian's faketime")
    clock = FalseClock(tmp_path)
    environment = clock.environment()
    clock.set(f"-{int(time.time())}")
    sentinel = Sentinel(cabinet, tmp_path, f'[echo]\ninvitation = "{echo.invite()}"\n')
    try:
        sentinel.start_apart(watch=environment)
        sentinel.wait(lambda: Code.CLOCK_WRONG in sentinel.codes(), "a wrong clock", 25)
        assert sentinel.level() is Level.UNSURE
        assert told(sentinel, "finding.clock_wrong.unset.sentence")
        forget_quota(echo)
        clock.set("+0")
        calm(sentinel)
    finally:
        sentinel.stop()
