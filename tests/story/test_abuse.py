"""Abuse: the threat table of the study, one test a row, on a real echo among real machines.

Shown here, each in the lab, with the packets at the victim counted by nftables:

| Row | | Row | |
|---|---|---|---|
| 1 | a third party is named | 7 | many keys, one address |
| 2 | forged headers, PROXY header | 8 | a question is sent twice |
| 3 | an address that may not be dialled | 9 | a stolen key |
| 4 | an IPv6 neighbour is named | 10 | somebody in between |
| 5 | a neighbour on a shared IPv4 address | 17 | ten thousand idle and half-open connections |
| 6 | amplification | 18 | a page on each probe address |

Shown elsewhere, because they are another part's: 3 for every prefix, `tests/echo/test_deny.py`; 10 to 13 and 19
on the sentinel's side, `test_unasked.py`, `test_liars.py` and, for an old report, `tests/reach/test_report.py`;
14, `test_second_leg.py::test_a_stranger_at_the_echos_address_is_a_stranger`; 15, `test_fragile.py`; 16,
`test_secrets.py`; 20, `test_failures.py::test_an_echo_that_goes_away_is_asked_in_vain_and_found_again`. What
the echo owes to rows 11 to 13 and 19 (a self-check and two decoys in every report, a nonce, a time under its
signature) is `tests/echo/test_service.py`.

Postponed by section 10 of the protocol: the prefix proof of row 4 (so every address but the caller's is refused),
and the listed balancer of row 2 (so every PROXY header is).
"""

import json
import socket
import struct
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import timedelta
from ipaddress import IPv4Address
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from sentinel import dsse
from sentinel.dsse import key_id, seal
from sentinel.echo import protocol
from sentinel.echo.book import Book
from sentinel.echo.books import open_books
from sentinel.echo.identity import identity
from sentinel.echo.porch import STANDING
from sentinel.echo.protocol import REQUEST, Target
from sentinel.model.exposure import PortList
from tests.echo.running import Caller, word
from tests.lab import plan
from tests.lab.cabinet import Cabinet
from tests.lab.host import Host

PORT = 8443
HALF_OPEN = 10_000
IDLE = STANDING + 500


@dataclass
class Place:
    """An echo as `Caller` wants to know it."""

    host: str
    port: int
    name: str
    folder: Path
    pid: int

    @property
    def settings(self) -> "Place":
        """Its name, for the question."""
        return self

    @property
    def book(self) -> Book:
        """What it remembers."""
        return open_books(self.folder, identity(self.folder, "").secret).book

    def know(self, alias: str = "practice") -> Ed25519PrivateKey:
        """A key of a practice, enrolled."""
        key = Ed25519PrivateKey.generate()
        self.book.invite(alias, alias, time.time() + 60)
        self.book.enrol(alias, key.public_key().public_bytes_raw(), time.time())
        return key


Serve = Callable[..., Place]


@pytest.fixture
def serve(cabinet: Cabinet, tmp_path: Path) -> Serve:
    """Starts an echo on the first echo host; as on the internet, with no leave to dial private addresses."""

    def served(*words: str, v6: bool = False) -> Place:
        host, folder = cabinet.echo1, tmp_path / "echo"
        address = str(host.v6 if v6 else host.v4)
        listen = f"[{address}]:{PORT}" if v6 else f"{address}:{PORT}"
        command = [sys.executable, "-m", "sentinel", "echo", "serve", "--dir", str(folder), "--name", host.role]
        process = host.start(
            [*command, "--listen", listen, *words],
            ready=(PORT,),
            patience=timedelta(seconds=20),
            log=tmp_path / "echo.log",
        )
        return Place(host=address, port=PORT, name=host.role, folder=folder, pid=process.pid)

    return served


@pytest.fixture
def echo(serve: Serve) -> Place:
    """One such echo."""
    return serve()


@contextmanager
def calling(host: Host, echo: Place, key: Ed25519PrivateKey | None = None, **words: object) -> Iterator[Caller]:
    """A caller on that machine."""
    with host.inside():
        caller = Caller(echo, key, **words)
    with caller:
        yield caller


class Counter:
    """Counts at a machine what comes from the echo and is no answer to a question put to it."""

    def __init__(self, cabinet: Cabinet, host: Host, match: str = "") -> None:
        self._host = host
        v4 = ", ".join(str(each) for each in cabinet.echo1.nic.v4)
        v6 = ", ".join(str(each) for each in cabinet.echo1.nic.v6)
        host.run(
            ["nft", "-f", "-"],
            stdin=f"""
            table inet abuse {{
              counter came {{ }}
              chain in {{
                type filter hook prerouting priority -300;
                ip saddr {{ {v4} }} tcp sport != {PORT} {match} counter name came
                ip6 saddr {{ {v6} }} tcp sport != {PORT} {match} counter name came
              }}
            }}""",
        )

    def read(self) -> tuple[int, int]:
        """Packets and bytes so far; the bytes are those of IP."""
        listed = self._host.run(["nft", "-j", "list", "counter", "inet", "abuse", "came"]).stdout
        found = next(each["counter"] for each in json.loads(listed)["nftables"] if "counter" in each)
        return found["packets"], found["bytes"]

    @property
    def packets(self) -> int:
        """How many."""
        return self.read()[0]


def test_row_1_a_third_party_is_named(cabinet: Cabinet, echo: Place):
    """Nobody but the caller is dialled, whoever is named and however often."""
    victim, key = Counter(cabinet, cabinet.stranger), echo.know()
    named = Target(addr=str(cabinet.stranger.v4))
    for targets in ([named], [Target(addr="self"), named], [named, Target(addr="self")]):
        with calling(cabinet.pi, echo, key) as caller:
            assert caller.word(targets=targets) == "target_refused"
    box = Counter(cabinet, cabinet.box)
    with calling(cabinet.pi, echo, key) as caller:
        check = caller.plan()
        caller.go(check.check)

    assert check.target.addr == str(cabinet.box.v4)
    assert box.packets >= len(check.probes)
    assert victim.packets == 0


FORGED = ("X-Forwarded-For", "X-Real-IP", "Forwarded", "CF-Connecting-IP", "True-Client-IP")


def test_row_2_headers_are_not_believed(cabinet: Cabinet, echo: Place):
    """The address is the socket's, whatever a header says, at every question of a check."""
    victim, key = Counter(cabinet, cabinet.stranger), echo.know()
    address = str(cabinet.stranger.v4)
    headers = {name: f"for={address}" if name == "Forwarded" else address for name in FORGED}
    with calling(cabinet.pi, echo, key) as caller:
        observed = caller.challenge(headers)["observed"]
        _, body = caller.ask("POST", "/v1/check", seal(REQUEST, caller.request(), key), headers)
        promised = dsse.decode(dsse.decode(body, dsse.Envelope).payload, protocol.Plan)
        caller.ask("POST", f"/v1/check/{promised.check}/go", b"", headers)

    assert observed["addr"] == promised.target.addr == str(cabinet.box.v4)
    assert victim.packets == 0


@pytest.mark.parametrize("version", [1, 2])
def test_row_2_a_proxy_header_of_a_stranger_ends_the_connection(cabinet: Cabinet, echo: Place, version: int):
    """It is no TLS; nobody is listed as a balancer."""
    victim = Counter(cabinet, cabinet.workstation)
    named, here = cabinet.box.v4, cabinet.echo1.v4
    header = f"PROXY TCP4 {named} {here} 40000 {PORT}\r\n".encode()
    if version == 2:
        addresses = named.packed + here.packed + struct.pack("!HH", 40_000, PORT)
        header = b"\r\n\r\n\x00\r\nQUIT\n\x21\x11" + struct.pack("!H", len(addresses)) + addresses
    box = Counter(cabinet, cabinet.box)
    with cabinet.stranger.inside():
        line = socket.create_connection((echo.host, PORT), timeout=8)
    with line:
        line.sendall(header)
        said = b"".join(iter(lambda: _received(line), b""))

    assert b"HTTP" not in said
    assert (victim.packets, box.packets) == (0, 0)


def _received(line: socket.socket) -> bytes:
    try:
        return line.recv(4096)
    except ConnectionResetError:
        return b""


def test_row_3_a_network_that_may_not_be_dialled_is_refused_before_anything_is_read(
    cabinet: Cabinet, serve: Serve
):
    """Here one the operator calls his own; the list every echo has is tried prefix by prefix in its own tests."""
    echo = serve("--own", f"{cabinet.stranger.v4}/24")
    victim, key = Counter(cabinet, cabinet.stranger), echo.know()
    with calling(cabinet.stranger, echo, key) as caller:
        assert word(*caller.ask("POST", "/v1/check", b"no envelope at all")) == "target_refused"
    with calling(cabinet.stranger, echo, key) as caller:
        assert caller.word() == "target_refused"

    assert victim.packets == 0


def test_row_4_an_ipv6_neighbour_is_named(cabinet: Cabinet, serve: Serve):
    """The machine beside the caller in the same /64, and one far away: refused alike."""
    echo = serve(v6=True)
    cabinet.box.open_ipv6()
    victims = [Counter(cabinet, host) for host in (cabinet.imaging, cabinet.stranger)]
    key = echo.know()
    for host in (cabinet.imaging, cabinet.stranger):
        with calling(cabinet.pi, echo, key) as caller:
            assert caller.word(targets=[Target(addr=str(host.v6))]) == "target_refused"
    with calling(cabinet.pi, echo, key) as caller:
        check = caller.plan()
        caller.go(check.check)

    assert check.target.addr == str(cabinet.pi.v6)
    assert [victim.packets for victim in victims] == [0, 0]


def test_row_5_a_neighbours_ports_of_a_shared_address_are_not_dialled(cabinet: Cabinet, echo: Place):
    """Only the declared share is; with none, and two keys in two quarters, nothing. A false share is refused."""
    beyond = Counter(cabinet, cabinet.box, "tcp dport != 16384-32767")
    one, other = echo.know("one"), echo.know("other")
    home = str(cabinet.pi.v4)
    with calling(cabinet.pi, echo, one, source=home, source_port=20_000) as caller:
        report = caller.report(caller.plan(ports=PortList.FULL, port_share=(16_384, 32_767)).check)
    with calling(cabinet.pi, echo, one, source=home, source_port=50_000) as caller:
        assert caller.word(port_share=(16_384, 32_767)) == "target_refused"
    every = Counter(cabinet, cabinet.internet)
    with calling(cabinet.pi, echo, other, source=home, source_port=50_001) as caller:
        unasked = caller.report(caller.plan().check)

    told = {cell.port: cell.why for cell in report.cells}
    assert told[104] == "out_of_range"
    assert beyond.packets == 0
    assert {(cell.state, cell.why) for cell in unasked.cells} == {("untested", "shared_address")}
    assert every.packets == 0


def test_row_6_a_check_is_no_amplifier(cabinet: Cabinet, echo: Place, capsys: pytest.CaptureFixture[str]):
    """The longest list at a target where everything is silent, so that every SYN is repeated: below 16 kB."""
    cabinet.box.box_drops(True)
    target, key = Counter(cabinet, cabinet.box), echo.know()
    with calling(cabinet.pi, echo, key) as caller:
        check = caller.plan(ports=PortList.FULL)
        caller.go(check.check)
    packets, size = target.read()

    with capsys.disabled():
        print(f"\n  {len(check.probes)} silent ports: {packets} packets, {size} bytes", end="")
    assert packets >= 3 * len(check.probes)
    assert size < 16_000


def test_row_7_fifty_keys_behind_one_address_are_one_target(cabinet: Cabinet, echo: Place):
    """One check runs; the others are told to wait and cost the target nothing. Twenty knocks a second at most."""
    target = Counter(cabinet, cabinet.box)
    keys = [echo.know(str(number)) for number in range(50)]
    with ExitStack() as stack:
        callers = [stack.enter_context(calling(cabinet.pi, echo, key)) for key in keys]
        first, *others = callers
        check = first.plan()
        words = [caller.word(challenge="unread") for caller in others]
        began = time.monotonic()
        first.go(check.check)
        took = time.monotonic() - began

    assert words == ["target_busy"] * 49
    look = 2  # places knocked at once more, to see whether we were banned midway
    assert target.packets == len(check.probes) + look  # refused at once: one SYN each
    assert took >= (len(check.probes) - 1) / 20


def test_row_8_a_question_is_answered_once(cabinet: Cabinet, echo: Place):
    """The same envelope again is a replay, and from elsewhere it is nothing."""
    key, elsewhere = echo.know(), Counter(cabinet, cabinet.stranger)
    with calling(cabinet.pi, echo, key) as caller, calling(cabinet.stranger, echo) as thief:
        sealed = seal(REQUEST, caller.request(), key)
        assert word(*thief.ask("POST", "/v1/check", sealed)) == "address_changed"
        _, body = caller.ask("POST", "/v1/check", sealed)
        promised = dsse.decode(dsse.decode(body, dsse.Envelope).payload, protocol.Plan)
        caller.go(promised.check)
        target = Counter(cabinet, cabinet.box)
        assert word(*caller.ask("POST", "/v1/check", sealed)) == "replay"
    with calling(cabinet.pi, echo, key) as caller:
        assert word(*caller.ask("POST", "/v1/check", sealed)) == "replay"

    assert (target.packets, elsewhere.packets) == (0, 0)


def test_row_9_a_stolen_key_sees_only_the_thief_and_can_be_taken_back(cabinet: Cabinet, echo: Place):
    """Its owner's address is not dialled for it; once it is revoked nobody's is."""
    key, owner = echo.know(), Counter(cabinet, cabinet.box)
    with calling(cabinet.stranger, echo, key) as thief:
        check = thief.plan()
        thief.go(check.check)
    words = ["-m", "sentinel", "echo", "revoke", "--dir", str(echo.folder), key_id(_public(key))]
    cabinet.echo1.python(*words)
    thiefs = Counter(cabinet, cabinet.stranger)
    with calling(cabinet.stranger, echo, key) as thief:
        assert thief.word() == "key_unknown"

    assert check.target.addr == str(cabinet.stranger.v4)
    assert (owner.packets, thiefs.packets) == (0, 0)


def _public(key: Ed25519PrivateKey) -> bytes:
    return key.public_key().public_bytes_raw()


def test_row_10_somebody_in_between_is_told_and_nothing_is_dialled(cabinet: Cabinet, echo: Place):
    """The caller signs the certificate he was shown: it is not ours."""
    key, target = echo.know(), Counter(cabinet, cabinet.box)
    with calling(cabinet.pi, echo, key) as caller:
        assert caller.word(tls_cert="0" * 64) == "tls_intercepted"

    assert target.packets == 0


def test_row_17_a_crowd_at_the_door_keeps_no_practice_out(
    cabinet: Cabinet, echo: Place, capsys: pytest.CaptureFixture[str]
):
    """Ten thousand half-open connections, then more idle ones than the echo lets stand: a check is still made."""
    key = echo.know()
    _half_open(cabinet, HALF_OPEN)
    with calling(cabinet.pi, echo, key) as caller:
        half_open = _states(cabinet.echo1).count("03")  # include/net/tcp_states.h: TCP_SYN_RECV
        began = time.monotonic()
        assert len(caller.report(caller.plan().check).cells) == 14
        through = time.monotonic() - began
    with _idle(cabinet, IDLE) as idle:
        began = time.monotonic()
        with calling(cabinet.pi, echo, key) as caller:
            assert len(caller.report(caller.plan().check).cells) == 14
        past = time.monotonic() - began
        files = len(list(Path("/proc", str(echo.pid), "fd").iterdir()))
        memory = _resident(echo.pid)
        assert idle

    with capsys.disabled():
        print(
            f"\n  {half_open} of {HALF_OPEN} half-open kept by the kernel, a check in {through:.1f} s; "
            f"with {IDLE} idle in {past:.1f} s, {files} files and {memory:.0f} MB",
            end="",
        )
    assert half_open > 500
    assert max(through, past) < 20
    assert files < STANDING + 200
    assert memory < 300


def _half_open(cabinet: Cabinet, count: int) -> None:
    """SYNs from as many addresses of which nobody will answer the SYN-ACK."""
    here = cabinet.echo1.v4
    with cabinet.stranger.inside():
        raw = socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_RAW)
    with raw:
        for number in range(count):
            source = plan.STRANGERS4[(number % 250) * 256 + 1 + number // 250]
            raw.sendto(_syn(source, here, 1_024 + number), (str(here), 0))


def _syn(source: IPv4Address, target: IPv4Address, port: int) -> bytes:
    """RFC 9293 section 3.1; the kernel completes the IP header."""
    head = struct.pack("!HHIIBBHHH", port, PORT, 1, 0, 0x50, 0x02, 64_240, 0, 0)
    pseudo = source.packed + target.packed + struct.pack("!BBH", 0, socket.IPPROTO_TCP, len(head))
    total = sum(struct.unpack(f"!{(len(pseudo) + len(head)) // 2}H", pseudo + head))
    total = (total & 0xFFFF) + (total >> 16)
    checksum = ~(total + (total >> 16)) & 0xFFFF
    ip = struct.pack("!BBHHHBBH", 0x45, 0, 0, 0, 0, 64, socket.IPPROTO_TCP, 0) + source.packed + target.packed
    return ip + head[:16] + struct.pack("!H", checksum) + head[18:]


@contextmanager
def _idle(cabinet: Cabinet, count: int) -> Iterator[list[socket.socket]]:
    """So many connections from 250 networks that say nothing."""
    with ExitStack() as stack:
        lines = []
        for address in cabinet.strangers(count, per_network=-(-count // 250)):
            with cabinet.stranger.inside():
                line = stack.enter_context(socket.socket())
            line.setblocking(False)
            line.bind((str(address), 0))
            line.connect_ex((str(cabinet.echo1.v4), PORT))
            lines.append(line)
        time.sleep(1)
        yield lines


def _states(host: Host) -> list[str]:
    with host.inside():
        rows = Path("/proc/thread-self/net/tcp").read_text().splitlines()[1:]
    return [row.split()[3] for row in rows]


def _resident(pid: int) -> float:
    """Megabytes."""
    lines = Path("/proc", str(pid), "status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmRSS:")) * 1024 / 1e6


def test_row_18_every_probe_address_has_a_page(cabinet: Cabinet, serve: Serve):
    """Whoever finds an address of ours in a log finds there what it is and whom to write to, and may opt out."""
    host = cabinet.echo1
    pages = [word for address in host.nic.v4 for word in ("--http", f"{address}:80")]
    echo = serve("--listen", f"{host.second_v4}:{PORT}", *pages, "--contact", "abuse@echo.example.org")
    script = "import sys, urllib.request as u; print(u.urlopen(sys.argv[1], timeout=5).read().decode())"
    told = [cabinet.stranger.python("-c", script, f"http://{address}/").stdout for address in host.nic.v4]
    for address in host.nic.v4:
        with calling(cabinet.stranger, Place(str(address), PORT, echo.name, echo.folder, echo.pid)) as caller:
            told.append(caller.ask("GET", "/")[1].decode())

    assert len(told) == 4
    assert all("abuse@echo.example.org" in page for page in told)
    assert all(f"<code>{cabinet.stranger.v4}</code>" in page for page in told)
