"""The sentinel's own page, forwarded by the box: red in its own words, and closed with proof like any door."""

from sentinel.model.finding import Code, Level
from sentinel.model.incident import IncidentState
from sentinel.text import say
from tests.lab.cabinet import Cabinet
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
