"""The asking side: doors proved open and closed, checks that fail each in its own words, and echoes that lie."""

import json
import os
import sqlite3
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from subprocess import Popen

import pytest

from sentinel.model.exposure import CellVerdict, Outcome, PortList
from sentinel.model.finding import Code, Grade, Level, StoryKind
from sentinel.model.incident import Incident, IncidentState
from sentinel.model.standing import Standing
from sentinel.model.verdict import Assurance
from sentinel.store.reading import opened
from sentinel.text import say
from sentinel.wire.requests import Reply, Request, Verb, ask
from tests.lab import imaging
from tests.lab.cabinet import Cabinet
from tests.lab.doors import connected, door, knock
from tests.lab.host import Host, end
from tests.lab.liar import LIED_ABOUT
from tests.story.sentinel import ECHO_PORT, EchoHost, Sentinel
from tests.story.test_failures import FAKETIME, FalseClock
from tests.story.trouble import Tell

pytestmark = pytest.mark.lab

RETEST_S = 20.0
DROPPED_S, REFUSED_S = 12.0, 4.0
BUSY = 3.0
"""Seconds a machine that does other work as well may take longer."""


def forget_quota(echo: EchoHost) -> None:
    """A story asks more often than any practice does."""
    with closing(sqlite3.connect(echo.folder / "echo.db")) as book, book:
        book.execute("DELETE FROM checks")


def calm(sentinel: Sentinel) -> None:
    sentinel.wait(lambda: sentinel.level() is Level.CALM, "calm", 25)


def told(sentinel: Sentinel, key: str, **blanks: object) -> bool:
    """Whether the first page, as anybody may read it, holds what comes before and after a sentence's time."""
    page = sentinel.page()[1]
    sentence = say("fr", key, **{"since": "|", "at": "|", "contact": "|", "machine": "|", **blanks})
    return all(part.replace("'", "&#39;") in page for part in sentence.split("|"))


def door_of(sentinel: Sentinel, outside: int, family: int = 4) -> Incident:
    """The story of a public port."""
    [found] = [
        each for each in sentinel.incidents() if each.outside_port == outside and each.story.family == family
    ]
    return found


@contextmanager
def liar(kind: str, echo: EchoHost) -> Iterator[Popen[str]]:
    """Another echo in the place of the first, with its key and its book."""
    echo.stop()
    host = echo.host
    words = [kind, str(echo.folder), host.role, f"{host.v4}:{ECHO_PORT}", f"[{host.v6}]:{ECHO_PORT}"]
    running = host.start(
        [sys.executable, "-m", "tests.lab.liar", *words], ready=(ECHO_PORT,), patience=timedelta(seconds=20)
    )
    try:
        yield running
    finally:
        end(running)


# -- line 2: opened, proved; closed, proved ----------------------------------------------------------------------


def test_a_door_is_proved_open_and_its_closing_is_proved_within_twenty_seconds(
    cabinet: Cabinet, with_echo: Sentinel, echo: EchoHost, tell: Tell
):
    """Named though the box renumbers it, red, and both times kept; a call from inside to it is nobody's visit."""
    imaging.orthanc(cabinet.imaging)
    calm(with_echo)
    cabinet.box.forward(11112, 4242, cabinet.imaging)
    with connected(cabinet.workstation, cabinet.box.v4, 11112):  # hairpin: by our own public address
        time.sleep(1.5)
    assert {row.standing for row in with_echo.connections()} <= {Standing.INSIDE}
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
    with opened(with_echo.places.store) as reader:
        assert reader.checks()[0].ports == PortList.RETEST


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


# -- line 3: could not ask ---------------------------------------------------------------------------------------


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


# -- line 4: echoes that lie, and a prober that is banned --------------------------------------------------------


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


# -- line 9: boxes and addresses of every kind -------------------------------------------------------------------


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
    sentinel = make_sentinel(f'[echo]\ninvitation = "{echo.invite()}"\nport_share = {list(share)}\n')
    calm(sentinel)

    cells = dict(sentinel.sql("SELECT port, verdict FROM exposures WHERE family = 4"))
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
