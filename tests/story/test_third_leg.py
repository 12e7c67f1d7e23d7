"""The asking side: doors proved open and closed again in seconds, and boxes and addresses of every kind."""

import time
from collections.abc import Callable
from datetime import datetime

import pytest

from sentinel.model.exposure import CellVerdict, PortList
from sentinel.model.finding import Code, Grade, Level, StoryKind
from sentinel.model.incident import IncidentState
from sentinel.model.standing import Standing
from sentinel.model.verdict import Assurance
from sentinel.wire.requests import Reply, Request, Verb, ask
from tests.lab import imaging
from tests.lab.cabinet import Cabinet
from tests.lab.doors import connected, door, knock
from tests.lab.host import Host
from tests.story.outside import calm, door_of, forget_quota
from tests.story.sentinel import EchoHost, Sentinel
from tests.story.trouble import Tell

pytestmark = pytest.mark.lab

RETEST_S = 20.0
DROPPED_S, REFUSED_S = 12.0, 4.0
BUSY = 3.0
"""Seconds a machine that does other work as well may take longer."""


# -- opened, proved; closed, proved -----------------------------------------------------------------------------


def test_a_door_is_proved_open_and_its_closing_is_proved_within_twenty_seconds(
    cabinet: Cabinet, with_echo: Sentinel, echo: EchoHost, tell: Tell
):
    """Named though the box renumbers it, red, and both times kept; a call from inside to it is nobody's visit."""
    imaging.orthanc(cabinet.imaging)
    calm(with_echo)
    cabinet.box.forward(11112, 4242, cabinet.imaging)
    with connected(cabinet.workstation, cabinet.box.v4, 11112):  # hairpin: by our own public address
        with_echo.wait(with_echo.connections, "our own visit's row")
        time.sleep(1.5)
    assert {row.standing for row in with_echo.connections()} == {Standing.INSIDE}
    assert [each for each in with_echo.incidents() if each.story.kind is StoryKind.DOOR] == []

    assert with_echo.command("knock")[0] == 1
    with_echo.wait(lambda: with_echo.level() is Level.ALARM, "the alarm")
    found = door_of(with_echo, 11112)
    assert (found.machine, found.port, found.grade) == (cabinet.imaging.v4, 4242, Grade.REACHABLE)

    cabinet.box.unforward(11112)
    knock(cabinet.imaging, cabinet.echo2.v4, 443)  # it shows that it is awake
    begun = time.monotonic()
    answer = ask(with_echo.places.requests, Request(verb=Verb.CHECK, incident=found.number))
    assert answer.reply is Reply.DONE
    with_echo.wait(lambda: door_of(with_echo, 11112).state is IncidentState.CLOSED, "the closing", RETEST_S)
    took = time.monotonic() - begun
    tell("from the click to the proof of closing", took)
    assert took <= RETEST_S
    shut = door_of(with_echo, 11112)
    assert shut.closed is not None
    assert shut.first.boot < shut.closed.boot
    with_echo.wait(lambda: with_echo.level() is Level.CALM, "calm again")
    # the end of a story does not wait for the row of the check that proved it
    with_echo.wait(lambda: with_echo.sql(f"SELECT 1 FROM outcomes WHERE ports = '{PortList.RETEST}'"), "its row")


def test_a_door_over_ipv6_is_proved_and_closed_alike(cabinet: Cabinet, with_echo: Sentinel, tell: Tell):
    """The Pi's own address is the one an echo may knock at: a door there, through a firewall that lets IPv6 in."""
    calm(with_echo)
    cabinet.box.open_ipv6()
    with door(cabinet.pi, 11112):
        assert with_echo.command("knock")[0] == 1
        found = door_of(with_echo, 11112, 6)
        assert (found.machine, found.level) == (cabinet.pi.v6, Level.ALARM)
        cabinet.box.close_ipv6()
        begun = time.monotonic()
        assert ask(with_echo.places.requests, Request(verb=Verb.CHECK, incident=found.number)).checks == 1
        with_echo.wait(
            lambda: door_of(with_echo, 11112, 6).state is not IncidentState.OPEN, "the answer", RETEST_S
        )
    tell("over IPv6, from the click to its answer", time.monotonic() - begun)
    assert door_of(with_echo, 11112, 6).state is IncidentState.CLOSED


def test_48_ports_over_both_families_take_seconds(cabinet: Cabinet, with_echo: Sentinel, tell: Tell):
    """All refused, and all dropped: from the first question to the last fact, as the store has them."""

    def span() -> float:
        rows = with_echo.sql("SELECT outcome, asked, at, tested FROM outcomes ORDER BY number DESC LIMIT 2")
        assert [row[0] for row in rows] == ["checked"] * 2
        assert min(row[3] for row in rows) >= 48
        times = [[datetime.fromisoformat(each) for each in row[1:3]] for row in rows]
        return (max(at for _, at in times) - min(asked for asked, _ in times)).total_seconds()

    calm(with_echo)
    assert with_echo.command("knock")[0] == 0
    refused = span()
    tell("48 ports, both families, all refused", refused)
    assert refused <= REFUSED_S + BUSY

    cabinet.box.box_drops(True)
    begun = time.monotonic()
    code, table = with_echo.command("knock")
    assert code == 0, table
    tell("48 ports, both families, all dropped", span())
    tell("the same by `sentinel knock`", time.monotonic() - begun)
    assert span() <= DROPPED_S + BUSY


# -- boxes and addresses of every kind -------------------------------------------------------------------


def test_of_a_shared_address_only_our_ports_are_knocked_at(
    cabinet: Cabinet, echo: EchoHost, make_sentinel: Callable[[str], Sentinel]
):
    """A+P: a quarter of the ports is ours; not one packet of the echo comes to a neighbour's."""
    share = (16_384, 32_767)
    cabinet.box.run(
        ["nft", "-f", "-"],
        stdin=f"""table inet share {{
          chain out {{ type nat hook postrouting priority srcnat - 1;
            oifname wan0 meta nfproto ipv4 meta l4proto tcp masquerade to :{share[0]}-{share[1]}
          }}
          chain in {{ type filter hook prerouting priority raw;
            ip saddr {echo.host.v4} tcp flags syn / syn,ack tcp dport != {share[0]}-{share[1]} counter
          }}
        }}""",
    )
    declared = f'port_share = {list(share)}\ndeclared_by = "Sophie, 2026-11-23"\n'
    sentinel = make_sentinel(f'[echo]\ninvitation = "{echo.invite()}"\n{declared}')
    calm(sentinel)

    told = "SELECT port, verdict FROM exposures WHERE family = 4"
    both = {CellVerdict.NOT_SEEN, CellVerdict.NOT_OURS}  # the lamp does not wait for the rows
    sentinel.wait(lambda: both <= {verdict for _, verdict in sentinel.sql(told)}, "the cells of the check")
    cells = dict(sentinel.sql(told))
    inside = {port: verdict for port, verdict in cells.items() if share[0] <= port <= share[1]}
    assert inside
    assert set(inside.values()) == {CellVerdict.NOT_SEEN}
    assert {verdict for port, verdict in cells.items() if port not in inside} == {CellVerdict.NOT_OURS}
    assert "packets 0" in cabinet.box.run(["nft", "list", "table", "inet", "share"]).stdout
    assert sentinel.verdict().assurance is Assurance.B  # type: ignore[union-attr]


def everything_answers(host: Host, port: int) -> None:
    """Whatever port of that machine is knocked at, this one answers."""
    rules = f"""table ip every {{
          chain in {{ type nat hook prerouting priority dstnat;
      ip saddr != 192.168.77.0/24 tcp dport 1-65535 redirect to :{port}
          }}
        }}"""
    host.run(["nft", "-f", "-"], stdin=rules)


def test_a_dmz_to_the_declared_firewall_is_calm_and_to_anybody_else_is_an_alarm(
    cabinet: Cabinet, echo: EchoHost, make_sentinel: Callable[[str], Sentinel]
):
    """The firewall refuses and is named as allowed; then everything is sent to a machine that answers it all."""
    cabinet.box.dmz(cabinet.workstation)
    # A door that says nothing is listened to for twenty seconds: nobody is asked here.
    sentinel = make_sentinel(f'[echo]\ninvitation = "{echo.invite()}"\nidentify = "none"\n')
    sentinel.wait(lambda: Code.ALL_FORWARDED in sentinel.codes(), "the DMZ", 25)
    assert sentinel.level() is Level.ATTENTION
    sentinel.stop()

    text = sentinel.file.read_text().replace("[page]", f'firewall = "{cabinet.workstation.mac}"\n[page]', 1)
    sentinel.file.write_text(text)
    forget_quota(echo)
    sentinel.start()
    calm(sentinel)
    assert "sauf un accès autorisé" in sentinel.page()[1]

    with door(cabinet.imaging, 4242):
        everything_answers(cabinet.imaging, 4242)
        cabinet.box.dmz(cabinet.imaging)
        sentinel.command("knock")
        sentinel.wait(lambda: sentinel.level() is Level.ALARM, "the alarm")
    [story] = [each for each in sentinel.incidents() if each.level is Level.ALARM]
    assert (story.code, story.machine) == (Code.ALL_FORWARDED, cabinet.imaging.v4)
