import sqlite3
import time
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from sentinel import dsse
from sentinel.echo import protocol
from sentinel.echo.protocol import App, Progress
from sentinel.model.exposure import PortList
from sentinel.services import port_list
from tests.builders import moment
from tests.echo import answers
from tests.echo.answers import Answering, says, when_told
from tests.echo.running import Caller, RunningEcho, free_port, listener, word


@pytest.mark.parametrize("address", ["127.0.0.1", "::1"])
def test_a_whole_check(tmp_path, address):
    """Open, closed, a control, two decoys; signed, for the one who asked, in both families."""
    key = Ed25519PrivateKey.generate()
    with (
        RunningEcho(tmp_path, address) as running,
        listener(address) as door,
        listener(address) as declared,
        Caller(running, key) as caller,
    ):
        running.know(key)
        opened, closed, vpn = door.getsockname()[1], free_port(address), declared.getsockname()[1]
        plan = caller.plan(extra_ports=[opened, closed], expect_open=[vpn])
        lines = caller.go(plan.check)
        body = dsse.unseal(
            lines[-1], protocol.REPORT, protocol.REPORT_BYTES, [running.echo.identity.public_keys[0]]
        )

    report = dsse.decode(body, protocol.Report)
    told = {cell.port: cell.state for cell in report.cells}
    assert set(told) == {*port_list(PortList.HOURLY), opened, closed, vpn}
    assert (told[opened], told[closed], told[vpn]) == ("open", "closed", "open")
    assert [(control.port, control.state) for control in report.control] == [(vpn, "open")]
    assert [decoy.port for decoy in report.decoys] == plan.decoys
    assert (report.check, report.nonce, report.target) == (plan.check, plan.nonce, plan.target)
    assert report.target.addr == address
    assert report.aud == dsse.key_id(key.public_key().public_bytes_raw())
    assert report.vantage.selftest == "ok"
    assert {(cell.port, cell.sport) for cell in report.cells} <= {
        (probe.port, probe.sport) for probe in plan.probes
    }
    assert dsse.decode(lines[0], Progress) == Progress(done=0, of=len(plan.probes))


def test_nothing_is_dialled_before_go(running, key):
    """The sentinel first tells its own street who will come."""
    with listener() as door, Caller(running, key) as caller:
        plan = caller.plan(extra_ports=[door.getsockname()[1]])
        door.settimeout(0.5)
        with pytest.raises(TimeoutError):
            door.accept()
        caller.go(plan.check)
        door.accept()[0].close()


def test_an_open_door_is_asked_who_it_is_and_not_again_the_same_day(running, key):
    """Unless somebody presses the button."""
    port, titles = free_port(), []

    def script(caller, told):
        titles.append(told[26:42].decode())
        says(answers.ASSOCIATED)(caller, told)

    with Answering(port, when_told(script), address="127.0.0.1"):
        with Caller(running, key) as caller:
            plan = caller.plan(extra_ports=[port], identify="new_no_tls")
            report = caller.report(plan.check)
        with Caller(running, key) as caller:
            again = caller.plan(extra_ports=[port], identify="new_no_tls")
            caller.go(again.check)
        with Caller(running, key) as caller:
            pressed = caller.plan(extra_ports=[port], identify="all")

    [cell] = [cell for cell in report.cells if cell.port == port]
    assert cell.app == App(kind="dicom", assoc="accepted", after_probe="open")
    assert [port in {ask.port for ask in each.asks} for each in (plan, again, pressed)] == [True, False, True]
    assert titles == [plan.mark]


def test_nobody_is_asked_who_does_not_want_it(running, key):
    """A caller of the first days, whose request says nothing of it."""
    with listener() as door, Caller(running, key) as caller:
        plan = caller.plan(extra_ports=[door.getsockname()[1]])

    assert plan.asks == []


@pytest.mark.parametrize("header", ["X-Forwarded-For", "X-Real-IP", "Forwarded", "CF-Connecting-IP"])
def test_no_header_is_believed(running, key, header):
    """The address is the socket's."""
    forged = {header: "for=192.0.2.7" if header == "Forwarded" else "192.0.2.7"}
    with Caller(running, key) as caller:
        seen = caller.challenge(forged)["observed"]
        status, body = caller.ask("POST", "/v1/check", dsse.seal(protocol.REQUEST, caller.request(), key), forged)

    assert seen["addr"] == "127.0.0.1"
    assert status == 200
    assert b"192.0.2.7" not in dsse.decode(body, dsse.Envelope).payload


def test_a_cut_connection_stops_dialling(running, key):
    """Whoever does not wait for the answer is not knocked at any more."""
    doors = [listener() for _ in range(16)]
    with Caller(running, key) as caller:
        plan = caller.plan(ports=PortList.FULL.value, extra_ports=[door.getsockname()[1] for door in doors])
        caller.http.request("POST", f"/v1/check/{plan.check}/go", b"")
        answer = caller.http.getresponse()
        answer.readline()
        time.sleep(0.5)
        answer.close()
    time.sleep(0.2)
    before = [_knocks(door) for door in doors]
    time.sleep(1)
    after = [_knocks(door) for door in doors]
    for door in doors:
        door.close()

    assert sum(before) < 16
    assert sum(after) == 0
    with Caller(running, key) as caller:  # and its place is free again
        assert caller.word() == "ok"


def _knocks(door):
    door.setblocking(False)
    try:
        door.accept()[0].close()
    except BlockingIOError:
        return 0
    return 1


def test_a_plan_is_good_for_its_own_connection(running, key):
    """Who overhears its name can do nothing with it."""
    with Caller(running, key) as caller, Caller(running, key) as other:
        plan = caller.plan()
        assert word(*other.ask("POST", f"/v1/check/{plan.check}/go", b"")) == "challenge_invalid"


def test_go_is_said_once(running, key):
    """A plan is one check."""
    with Caller(running, key) as caller:
        plan = caller.plan()
        caller.go(plan.check)
        assert word(*caller.ask("POST", f"/v1/check/{plan.check}/go", b"")) == "challenge_invalid"


def test_a_plan_lapses(running, key, monkeypatch):
    """Its source ports are announced for a moment, not for ever."""
    monkeypatch.setattr(protocol, "LAPSE_S", 0.2)
    with Caller(running, key) as caller:
        plan = caller.plan()
        time.sleep(0.4)
        assert word(*caller.ask("POST", f"/v1/check/{plan.check}/go", b"")) == "challenge_invalid"


def test_one_check_at_a_time_for_an_address(running, key):
    """Fifty keys behind one address are one target; told before their question is read."""
    with Caller(running, key) as caller, Caller(running) as other:
        caller.plan()
        assert word(*other.ask("POST", "/v1/check", b"whatever")) == "target_busy"


def test_a_quota_names_the_wait(running, key):
    """Three at once, and then ten minutes."""
    for _ in range(3):
        with Caller(running, key) as caller:
            assert caller.word() == "ok"
        time.sleep(0.1)
    with Caller(running, key) as caller:
        status, body = caller.check()

    refusal = dsse.decode(body, protocol.Refusal)
    assert (status, refusal.error) == (429, "quota")
    assert 590 <= refusal.retry_after_s <= 601


def test_a_book_that_cannot_be_written_makes_the_echo_not_ready(running, key):
    """It never pretends to count; and recovers by itself."""
    holder = sqlite3.connect(running.settings.folder / "echo.db", isolation_level=None)
    holder.execute("BEGIN IMMEDIATE")
    with Caller(running, key) as caller:
        assert caller.word() == "not_ready"
    holder.close()

    with Caller(running, key) as caller:
        assert caller.word() == "ok"


def test_a_stale_vantage_says_so_in_every_report(tmp_path):
    """Nobody looked for two hours: its closed doors prove nothing."""

    class Clock:
        seconds = 0

        def __call__(self):
            return moment(self.seconds)

    clock, key = Clock(), Ed25519PrivateKey.generate()
    with RunningEcho(tmp_path, clock=clock) as running:
        running.know(key)
        clock.seconds = 7_300
        with Caller(running, key) as caller:
            report = caller.report(caller.plan().check)

    assert (report.vantage.selftest, report.vantage.age_s) == ("stale", 7_300)


def test_a_share_of_an_address_is_respected(running, key):
    """The neighbour's ports are told as out of range, and not dialled."""
    with Caller(running, key) as caller:
        own = caller.http.sock.getsockname()[1]
        plan = caller.plan(port_share=(own - 1000, own + 1000))
        report = caller.report(plan.check)

    assert len(plan.probes) == 2
    assert {(cell.state, cell.why) for cell in report.cells} == {("untested", "out_of_range")}


def test_the_ledgers_head_comes_back_signed_with_the_time(running, key):
    """Whoever rewrites the ledger later cannot rewrite this."""
    head = "0123456789abcdef" * 4
    with Caller(running, key) as caller:
        plan = caller.plan(ledger_head=head)
        line = caller.go(plan.check)[-1]
    body = dsse.unseal(line, protocol.REPORT, protocol.REPORT_BYTES, running.echo.identity.public_keys[:1])

    report = dsse.decode(body, protocol.Report)
    assert report.ledger_head == head
    assert abs(datetime.fromisoformat(report.ended) - datetime.now(UTC)) < timedelta(minutes=1)


def test_a_plan_carries_the_next_key(running, key):
    """Signed by the current one: so a later rotation finds everybody prepared."""
    with Caller(running, key) as caller:
        assert caller.plan().keys == running.echo.identity.public_keys


def test_what_the_hoster_filters_is_told_before_and_after(tmp_path):
    """Silence of ours, not of the practice."""
    key = Ed25519PrivateKey.generate()
    with RunningEcho(tmp_path, blocked=frozenset({104})) as running:
        running.know(key)
        with Caller(running, key) as caller:
            assert caller.challenge()["vantage"]["blocked"] == [104]
            plan = caller.plan()
            report = caller.report(plan.check)

    assert 104 not in {probe.port for probe in plan.probes}
    assert {(cell.state, cell.why) for cell in report.cells if cell.port == 104} == {
        ("untested", "vantage_blocked")
    }
    assert {cell.port for cell in report.cells} == set(port_list(PortList.HOURLY))


def test_a_key_is_heard_though_its_question_is_declined(running, key):
    """The dead man's list asks who is alive, not who was answered."""
    with Caller(running, key) as caller:
        assert caller.word(family=6, version="0.3.1") == "target_refused"

    [known] = running.echo.book.everybody()
    assert known.last is not None
    assert (known.version, known.checks) == ("0.3.1", 0)


def test_an_address_that_opted_out_is_not_dialled(running, key):
    """Told before a byte of the question is read; opted out in the middle, the rest is not dialled."""
    optouts, home = running.echo.books.optouts, ip_address("127.0.0.1")
    with Caller(running, key) as caller:
        plan = caller.plan()
        optouts.add(home, "page", 0)
        report = caller.report(plan.check)
    with Caller(running, key) as caller:
        assert word(*caller.ask("POST", "/v1/check", b"no envelope at all")) == "opted_out"

    assert {(cell.state, cell.why) for cell in report.cells} == {("untested", "policy")}
    optouts.remove(home)
    with Caller(running, key) as caller:
        assert caller.word() == "ok"
