"""The sentinel's own page, forwarded by the box: red in its own words, and closed with proof like any door."""

from contextlib import closing
from http.client import HTTPConnection
from ipaddress import IPv4Address

from sentinel.model.finding import Code, Level
from sentinel.model.incident import IncidentState
from sentinel.text import say
from tests.lab.cabinet import Cabinet
from tests.lab.doors import door
from tests.lab.host import Host
from tests.story.outside import forget_quota
from tests.story.sentinel import EchoHost, Sentinel


def test_a_forward_to_our_own_page_is_red_and_proved_closed_again(
    cabinet: Cabinet, with_echo: Sentinel, echo: EchoHost
):
    """8080 is a web port, yellow anywhere else; here it shows the page that names the machines."""
    with_echo.wait(lambda: with_echo.level() is Level.CALM, "calm", 20)
    cabinet.box.forward(8080, 8080, with_echo.pi)

    code, table = with_echo.command("knock")

    assert code == 1, table
    with_echo.wait(lambda: with_echo.level() is Level.ALARM, "the alarm")
    assert with_echo.codes() == {Code.SELF_VISIBLE}
    assert say("fr", "finding.self_visible.sentence") in with_echo.page()[1]
    [told] = [each for each in with_echo.incidents() if each.code is Code.SELF_VISIBLE]
    assert (told.machine, told.port, told.outside_port) == (with_echo.pi.v4, 8080, 8080)

    cabinet.box.unforward(8080)
    forget_quota(echo)
    with_echo.command("knock")
    with_echo.wait(lambda: with_echo.level() is Level.CALM, "calm again", 20)
    [told] = [each for each in with_echo.incidents() if each.code is Code.SELF_VISIBLE]
    assert told.state is IncidentState.CLOSED


def test_our_own_ssh_is_red_as_well(cabinet: Cabinet, with_echo: Sentinel):
    """On a card with a key it is open to the LAN; 22 of any other machine would be a weak point."""
    with_echo.wait(lambda: with_echo.level() is Level.CALM, "calm", 20)

    with door(cabinet.pi, 22):
        cabinet.box.forward(22, 22, with_echo.pi)
        code, table = with_echo.command("knock")

    assert code == 1, table
    with_echo.wait(lambda: with_echo.level() is Level.ALARM, "the alarm")
    [told] = [each for each in with_echo.incidents() if each.code is Code.SELF_VISIBLE]
    assert (told.machine, told.port) == (with_echo.pi.v4, 22)


def read(host: Host, address: IPv4Address, path: str) -> tuple[int, str]:
    """The page as a browser of that machine gets it."""
    with host.inside():
        line = HTTPConnection(str(address), 8080, timeout=5)
        line.connect()
    with closing(line):
        line.request("GET", path, headers={"Host": "sentinel.local"})
        answer = line.getresponse()
        return answer.status, answer.read().decode()


def test_a_page_that_was_forwarded_tells_a_stranger_nothing(cabinet: Cabinet, sentinel: Sentinel):
    """The practice reads it; a stranger does not, nor one whom the box's own address hides, nor the box itself."""
    cabinet.box.forward(8080, 8080, sentinel.pi)
    refused = say("fr", "refused.network")

    for path in ("/", "/code", "/api/v1/status", "/static/live.js"):
        assert read(cabinet.workstation, sentinel.pi.v4, path)[0] == 200
        for hidden in (False, True):
            cabinet.box.hide_sources(hidden)
            assert read(cabinet.stranger, cabinet.box.v4, path) == (403, f"{refused}\n")
        assert read(cabinet.box, sentinel.pi.v4, path) == (403, f"{refused}\n")
