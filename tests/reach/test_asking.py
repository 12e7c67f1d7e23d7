from dataclasses import replace
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from sentinel import dsse
from sentinel.clock import now
from sentinel.echo import protocol
from sentinel.echo.book import Entry
from sentinel.echo.identity import rotate
from sentinel.echo.protocol import Observed, Vantage
from sentinel.model.declared import Identify
from sentinel.model.exposure import (
    AfterProbe,
    Answer,
    Application,
    Exposure,
    Kind,
    Knock,
    Outcome,
    PortList,
    Reach,
)
from sentinel.reach import asking
from sentinel.reach.asking import MARGIN, Check, ask, last_line
from sentinel.reach.keys import Echo
from sentinel.reach.line import Line, NoAnswer
from sentinel.reach.record import read_record, write_record
from sentinel.services import port_list
from tests.echo import answers
from tests.echo.answers import Answering, hangs_up, when_told
from tests.echo.running import RunningEcho, free_port, listener
from tests.reach.signing import ECHO_KEY, OUR_KEY, PUBLIC, sealed_plan, sealed_report
from tests.reach.stub import Stub, answer


def enrolled(running):
    return Echo(
        host=running.settings.name,
        port=running.port,
        key_id=running.key_id,
        keys=tuple(running.echo.identity.public_keys),
        vantage="here",
    )


def check(echo, ports=PortList.HOURLY, family=4, **words):
    """What is asked, unless a test says otherwise."""
    return Check(echo=echo, family=family, ports=ports, **{"identify": Identify.NONE, **words})


class Asked:
    """One check, and everything it posted."""

    def __init__(self, echo, key, clock=now, learn=None, identify=Identify.NONE, **words):
        self.facts, self.progress, self.records = [], [], []
        self.outcome = ask(
            check(echo, identify=identify, **words),
            key=key,
            post=self.facts.append,
            clock=clock,
            progress=lambda done, of: self.progress.append((done, of)),
            record=self.records.append,
            learn=learn,
            settle=timedelta(0),
        )

    @property
    def knocks(self):
        return [fact for fact in self.facts if isinstance(fact, Knock)]

    @property
    def doors(self):
        return {fact.port: fact for fact in self.facts if isinstance(fact, Exposure)}


@pytest.mark.parametrize("address", ["127.0.0.1", "::1"])
@pytest.mark.parametrize("ports", [PortList.HOURLY, PortList.FULL])
def test_a_check_becomes_facts(tmp_path, address, ports):
    """One knock first, then every door; the outcome is for the caller to post, last."""
    key = Ed25519PrivateKey.generate()
    with RunningEcho(tmp_path, address) as running, listener(address) as door, listener(address) as vpn:
        running.know(key)
        extra, declared = door.getsockname()[1], vpn.getsockname()[1]
        asked = Asked(
            enrolled(running),
            key,
            ports=ports,
            family=6 if ":" in address else 4,
            extra_ports=(extra,),
            expect_open=(declared,),
        )

    assert asked.outcome.outcome is Outcome.CHECKED
    assert set(asked.doors) == {*port_list(ports), extra, declared}
    assert asked.doors[extra].reach is asked.doors[declared].reach is Reach.OPEN
    assert asked.outcome.tested == len(asked.doors)
    assert str(asked.outcome.address) == address
    assert not asked.outcome.decoys_open
    assert isinstance(asked.facts[0], Knock)
    assert len(asked.knocks) == 1
    assert {fact.check for fact in asked.facts} == {asked.outcome.check}
    assert asked.outcome.asked.boot < asked.knocks[0].opens.boot < asked.outcome.at.boot
    assert abs(asked.outcome.ahead) < timedelta(seconds=5)


def test_the_street_knows_of_every_knock_before_it_comes(running, key):
    """At the moment the knock is posted, nobody has knocked yet; and each comes from where it was announced."""
    with listener() as door:
        door.setblocking(False)
        facts = []

        def post(fact):
            if isinstance(fact, Knock):
                with pytest.raises(BlockingIOError):
                    door.accept()
            facts.append(fact)

        port = door.getsockname()[1]
        ask(check(enrolled(running), extra_ports=(port,)), key=key, post=post, clock=now, settle=timedelta(0))
        caller, peer = door.accept()
        caller.close()

    knock = facts[0]
    assert [(str(each.source), each.source_port) for each in knock.probes if each.target_port == port] == [peer]
    assert knock.lasts == timedelta(milliseconds=protocol.WINDOW_MS) + MARGIN


def test_a_check_asks_who_answers_unless_it_is_known(running, key):
    """By default, and never by a TLS handshake; the street hears of these connections beforehand too."""
    port = free_port()
    with Answering(port, when_told(hangs_up(answers.CALLED_UNKNOWN)), address="127.0.0.1"):
        first = Asked(enrolled(running), key, identify=Identify.NEW_NO_TLS, extra_ports=(port,))
        known = Asked(
            enrolled(running),
            key,
            identify=Identify.NEW,
            extra_ports=(port,),
            known=dict.fromkeys([port, *port_list(PortList.HOURLY)], Kind.DICOM),
        )

    assert first.doors[port].app == Application(
        kind=Kind.DICOM, answer=Answer.REJECTED, rejection=(1, 1, 7), after_probe=AfterProbe.OPEN
    )
    assert {probe.target_port for probe in first.knocks[0].asks} == {port, *port_list(PortList.HOURLY)}
    assert first.knocks[0].mark.startswith("SNT")
    assert (known.doors[port].app, known.knocks[0].asks, known.knocks[0].mark) == (None, (), "")


def test_progress_is_told_while_the_echo_knocks(running, key):
    """From none to all."""
    told = Asked(enrolled(running), key).progress

    assert told[0] == (0, 16)
    assert told[-1] == (16, 16)


def test_a_check_is_kept_as_it_was_signed(running, key):
    """And verifies again from its line."""
    asked = Asked(enrolled(running), key)
    announced, proof = read_record(write_record(asked.records[0])).verify()

    assert announced.probes == asked.knocks[0].probes
    assert proof.tested == asked.outcome.tested


def test_a_clock_of_1970_changes_nothing_and_is_noticed(running, key):
    """Ages use the boot clock; the echo's signed time judges the other."""

    def clock():
        return replace(now(), wall=datetime(1970, 1, 1, tzinfo=UTC))

    outcome = Asked(enrolled(running), key, clock=clock).outcome

    assert outcome.outcome is Outcome.CHECKED
    assert outcome.ahead < -timedelta(days=365 * 50)


def test_a_declared_door_that_is_not_open_takes_the_proof_away(running, key):
    """A firewall banned the prober midway, perhaps: closed doors are unknown."""
    asked = Asked(enrolled(running), key, expect_open=(free_port(),))

    assert asked.outcome.outcome is Outcome.NOT_PROVED
    assert {fact.reach for fact in asked.doors.values()} <= {Reach.UNKNOWN, Reach.OPEN}


def test_a_stale_vantage_takes_the_proof_away(running, key, monkeypatch):
    """The echo has not looked at itself for hours."""
    monkeypatch.setattr(
        running.echo.lookout, "vantage", lambda family: Vantage(id="v", selftest="stale", age_s=9000)
    )
    asked = Asked(enrolled(running), key)

    assert asked.outcome.outcome is Outcome.NOT_PROVED


def test_a_key_the_echo_does_not_know_is_refused(running):
    """Nothing is announced."""
    asked = Asked(enrolled(running), Ed25519PrivateKey.generate())

    assert asked.outcome.outcome is Outcome.REFUSED
    assert asked.facts == []


def test_a_quota_says_when_to_come_back(running, key):
    """And what was proved before stays proved."""
    for number in range(3):
        running.echo.book.enter(_entry(running, key, number), running.echo.wall())
    outcome = Asked(enrolled(running), key).outcome

    assert outcome.outcome is Outcome.QUOTA
    assert timedelta(minutes=9) < outcome.retry <= timedelta(minutes=11)


def _entry(running, key, number):
    name = dsse.key_id(key.public_key().public_bytes_raw())
    return Entry(check=str(number), key=name, target=ip_address("127.0.0.1"), asked=16, extra=frozenset())


def test_an_echo_with_another_key_is_not_believed(running, key):
    """Somebody took its name, or its operator lost its key: no knock is excused."""
    asked = Asked(replace(enrolled(running), keys=PUBLIC), key)

    assert asked.outcome.outcome is Outcome.BAD_SIGNATURE
    assert asked.facts == []


def test_somebody_in_between_is_named(running, key, tmp_path, monkeypatch):
    """The echo is told which certificate we saw."""
    monkeypatch.setattr(Line, "certificate", property(lambda line: "f" * 64))

    assert Asked(enrolled(running), key).outcome.outcome is Outcome.TLS_INTERCEPTED


def test_nobody_there():
    """Unknown, never closed."""
    echo = Echo(host="127.0.0.1", port=free_port(), key_id="ed25519:x", keys=PUBLIC, vantage="")
    asked = Asked(echo, ECHO_KEY)

    assert asked.outcome.outcome is Outcome.UNREACHABLE
    assert asked.outcome.tested == 0
    assert asked.facts == []


CHALLENGE = dsse.encode(
    protocol.Challenge(
        v=1,
        challenge="c",
        observed=Observed(family=4, addr="192.0.2.7", port=50_000),
        server_time="",
        vantage=Vantage(id="v", selftest="ok", age_s=0),
    )
)


def stubbed(tmp_path, *bodies, monkeypatch=None):
    """What is learnt from something that says just these things."""
    if monkeypatch:
        monkeypatch.setattr(protocol, "token", lambda: "nonce")
    with Stub(tmp_path, *(answer(body) for body in bodies)) as stub:
        echo = Echo(host="127.0.0.1", port=stub.port, key_id=dsse.key_id(PUBLIC[0]), keys=PUBLIC, vantage="")
        return Asked(echo, OUR_KEY, expect_open=(1194,))


def test_the_stub_can_pass_for_an_echo(tmp_path, monkeypatch):
    """Or the tests below would prove nothing."""
    asked = stubbed(tmp_path, CHALLENGE, sealed_plan(), sealed_report() + b"\n", monkeypatch=monkeypatch)

    assert asked.outcome.outcome is Outcome.CHECKED


@pytest.mark.parametrize(
    ("bodies", "outcome"),
    [
        ([b"<html>portal</html>"], Outcome.NOT_AN_ECHO),
        ([CHALLENGE.replace(b"192.0.2.7", b"home")], Outcome.NOT_AN_ECHO),
        ([CHALLENGE.replace(b"192.0.2.7", b"2001:db8::7")], Outcome.NOT_AN_ECHO),
        ([CHALLENGE, b"<html>portal</html>"], Outcome.NOT_AN_ECHO),
        ([CHALLENGE, sealed_plan(nonce="old")], Outcome.NOT_OUR_QUESTION),
        ([CHALLENGE, sealed_plan()], Outcome.UNREACHABLE),
        ([CHALLENGE, sealed_plan(), b""], Outcome.UNREACHABLE),
        ([CHALLENGE, sealed_plan(), b'{"done":1,"of":17}\n'], Outcome.UNREACHABLE),
        ([CHALLENGE, sealed_plan(), sealed_report()[:200]], Outcome.UNREACHABLE),
        ([CHALLENGE, sealed_plan(), b"<html>\n"], Outcome.NOT_AN_ECHO),
        ([CHALLENGE, sealed_plan(), sealed_report(nonce="old") + b"\n"], Outcome.NOT_OUR_QUESTION),
        ([CHALLENGE, sealed_plan(), sealed_plan() + b"\n"], Outcome.BAD_SIGNATURE),
        (
            [CHALLENGE, sealed_plan(), sealed_report(key=Ed25519PrivateKey.generate()) + b"\n"],
            Outcome.BAD_SIGNATURE,
        ),
    ],
)
def test_whatever_is_not_a_signed_answer_is_unknown(tmp_path, monkeypatch, bodies, outcome):
    """Not one door becomes a fact."""
    asked = stubbed(tmp_path, *bodies, monkeypatch=monkeypatch)

    assert asked.outcome.outcome is outcome
    assert asked.doors == {}


@given(st.lists(st.binary(max_size=40).map(lambda line: line.replace(b"\n", b"") + b"\n"), max_size=20))
def test_no_stream_raises_anything_else(lines):
    """A last line, or no answer."""
    try:
        found = last_line(lines, lambda done, of: None)
    except NoAnswer as failed:
        found = failed.outcome

    assert found is Outcome.UNREACHABLE or found in lines


def test_an_endless_stream_ends():
    """Lines of progress for ever."""
    with pytest.raises(NoAnswer):
        last_line((b'{"done":1,"of":2}\n' for _ in range(10**9)), lambda done, of: None)


def test_the_wait_an_echo_wishes_for_is_bounded():
    """It is not even signed."""
    assert asking._retry(10**12) == timedelta(days=1)
    assert asking._retry(-5) == timedelta(0)


def test_a_rotation_is_learnt_from_the_plan_before_it_and_survived(tmp_path):
    """The former next key signs, which we know; and with its first plan we learn the one after it."""
    key, learnt = Ed25519PrivateKey.generate(), []
    with RunningEcho(tmp_path) as running:
        running.know(key)
        before = enrolled(running)
        assert Asked(before, key, learn=learnt.append).outcome.outcome is Outcome.CHECKED
    assert learnt == []
    rotate(tmp_path)
    with RunningEcho(tmp_path) as running:
        moved = replace(before, port=running.port)
        asked = Asked(moved, key, learn=learnt.append)
        now_known = enrolled(running).keys

    assert asked.outcome.outcome is Outcome.CHECKED
    assert learnt == [replace(moved, keys=now_known)]
    assert now_known[0] == before.keys[1]


def test_what_was_proved_is_posted_before_new_keys_are_written(tmp_path):
    """A disk that is full then must not take back an open door."""
    key, posted = Ed25519PrivateKey.generate(), []

    def cannot_learn(_echo):
        assert {fact.port for fact in posted if isinstance(fact, Exposure)} == set(port_list(PortList.HOURLY))
        raise OSError("no space left")

    with RunningEcho(tmp_path) as running:
        running.know(key)
        before = enrolled(running)
    rotate(tmp_path)
    words = {"post": posted.append, "clock": now, "settle": timedelta(0)}
    with RunningEcho(tmp_path) as running:
        moved = replace(before, port=running.port)
        with pytest.raises(OSError, match="no space left"):
            ask(check(moved), key=key, learn=cannot_learn, **words)
