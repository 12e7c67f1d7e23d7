import asyncio
import errno
import json
import socket
import subprocess
import sys
import time
from contextlib import ExitStack
from ipaddress import ip_address

import pytest

from sentinel.echo import dial as module
from sentinel.echo.dial import dial, meaning
from sentinel.model.exposure import Probe, Reach, Why
from tests.echo.running import free_port, listener

LOCAL = {4: "127.0.0.1", 6: "::1"}
HOME = ip_address(LOCAL[4])


def knock(target, port, source_port=21_000, local=None):
    probe = Probe(
        source=ip_address(local or target), source_port=source_port, target=ip_address(target), target_port=port
    )
    return asyncio.run(dial(probe, ip_address(local or target)))


@pytest.mark.parametrize(
    ("number", "family", "reach", "why"),
    [
        (errno.ECONNREFUSED, 4, Reach.CLOSED, Why.REFUSED),
        (errno.ECONNREFUSED, 6, Reach.CLOSED, Why.REFUSED),
        (errno.EHOSTUNREACH, 4, Reach.UNREACHABLE, Why.ICMP_HOST),
        (errno.EHOSTUNREACH, 6, Reach.UNREACHABLE, Why.ICMP_HOST),
        (errno.ENETUNREACH, 4, Reach.UNREACHABLE, Why.ICMP_NET),
        (errno.ENETUNREACH, 6, Reach.UNREACHABLE, Why.ICMP_NET),
        (errno.EACCES, 6, Reach.UNREACHABLE, Why.ICMP_ADMIN),
        (errno.EACCES, 4, Reach.UNTESTED, Why.LIMIT),  # only our own firewall says so for IPv4
        (errno.ETIMEDOUT, 4, Reach.FILTERED, Why.TIMEOUT),
        (errno.EADDRNOTAVAIL, 4, Reach.UNTESTED, Why.LIMIT),
        (errno.EMFILE, 4, Reach.UNTESTED, Why.LIMIT),
        (errno.ENOBUFS, 6, Reach.UNTESTED, Why.LIMIT),
        (errno.EPERM, 4, Reach.UNTESTED, Why.LIMIT),
        (None, 4, Reach.UNTESTED, Why.LIMIT),
    ],
)
def test_what_the_kernel_says_is_never_guessed_at(number, family, reach, why):
    """Every row of the protocol's table; the rest is our own failure."""
    assert meaning(number, family=family, has_route=True) == (reach, why)


@pytest.mark.parametrize("family", [4, 6])
def test_no_route_from_here_is_not_unreachable_there(family):
    """The same errno has two meanings; the self-check tells them apart."""
    assert meaning(errno.ENETUNREACH, family=family, has_route=False) == (Reach.UNTESTED, Why.VANTAGE_NO_ROUTE)


@pytest.mark.parametrize("family", [4, 6])
def test_an_open_and_a_closed_door(family):
    """Both families, in milliseconds."""
    with listener(LOCAL[family]) as door:
        opened = knock(LOCAL[family], door.getsockname()[1])
    closed = knock(LOCAL[family], free_port(LOCAL[family]))

    assert (opened.reach, opened.why) == (Reach.OPEN, Why.SYNACK)
    assert (closed.reach, closed.why) == (Reach.CLOSED, Why.REFUSED)
    assert opened.took.total_seconds() < 0.5


def test_a_knock_comes_from_its_announced_port_and_sends_nothing():
    """Then it is gone by RST: no TIME_WAIT here, no half-open connection there."""
    with listener() as door:
        knock("127.0.0.1", door.getsockname()[1], source_port=21_007)
        caller, peer = door.accept()
        with caller, pytest.raises(ConnectionResetError):
            caller.recv(1)
    assert peer == ("127.0.0.1", 21_007)


def test_one_source_port_serves_many_doors():
    """So plans need no coordination between targets."""
    with ExitStack() as stack:
        doors = [stack.enter_context(listener()) for _ in range(20)]
        probes = [
            Probe(
                source=ip_address("127.0.0.1"),
                source_port=21_009,
                target=ip_address("127.0.0.1"),
                target_port=door.getsockname()[1],
            )
            for door in doors
        ]

        async def all_at_once():
            return await asyncio.gather(*(dial(probe, ip_address("127.0.0.1")) for probe in probes))

        answers = asyncio.run(all_at_once())
    assert {answer.reach for answer in answers} == {Reach.OPEN}


def test_a_source_port_in_use_is_our_own_failure():
    """Never the practice's."""
    with listener() as door, listener() as taken:
        answer = knock("127.0.0.1", door.getsockname()[1], source_port=taken.getsockname()[1])

    assert (answer.reach, answer.why) == (Reach.UNTESTED, Why.LIMIT)


def test_an_address_that_is_not_ours_is_our_own_failure():
    """A wrong --probe-from proves nothing about anybody."""
    answer = knock("127.0.0.1", 1, local="192.0.2.99")

    assert (answer.reach, answer.why) == (Reach.UNTESTED, Why.LIMIT)


# -- what a box far away does, told by ICMP or by nothing ---------------------------------------------------------

BOX = """
ip -n {echo} addr add 203.0.113.1/24 dev out; ip -n {echo} addr add 2001:db8:1::1/64 dev out nodad
ip -n {box} addr add 203.0.113.2/24 dev wan; ip -n {box} addr add 2001:db8:1::2/64 dev wan nodad
ip -n {box} link add lan type veth peer name nobody; ip -n {box} link set lan up; ip -n {box} link set nobody up
ip -n {box} addr add 192.168.50.1/24 dev lan; ip -n {box} addr add 2001:db8:50::1/64 dev lan nodad
ip -n {echo} link set out up; ip -n {box} link set wan up; ip -n {echo} link set lo up; ip -n {box} link set lo up
ip -n {echo} route add default via 203.0.113.2; ip -n {echo} -6 route add default via 2001:db8:1::2
ip netns exec {box} sysctl -qw net.ipv4.icmp_ratelimit=0 net.ipv4.ip_forward=1 net.ipv6.conf.all.forwarding=1
ip -n {box} route add blackhole 198.51.100.10; ip -n {box} -6 route add blackhole 2001:db8:9::10
ip -n {box} route add unreachable 198.51.100.11; ip -n {box} -6 route add unreachable 2001:db8:9::11
ip -n {box} route add prohibit 198.51.100.12; ip -n {box} -6 route add prohibit 2001:db8:9::12
"""
SCRIPT = """
import asyncio, json, sys
from ipaddress import ip_address
from sentinel.echo.dial import dial
from sentinel.model.exposure import Probe

async def knock(target, sport):
    local = ip_address("2001:db8:1::1" if ":" in target else "203.0.113.1")
    probe = Probe(source=local, source_port=sport, target=ip_address(target), target_port=104)
    answer = await dial(probe, local)
    return answer.reach.value, answer.why.value, answer.took.total_seconds()

async def every():
    return await asyncio.gather(*(knock(target, 22000 + n) for n, target in enumerate(sys.argv[1:])))

print(json.dumps(asyncio.run(every())))
"""
FAR = {
    "203.0.113.2": ("closed", "refused", 0, 0.5),
    "192.168.50.66": ("unreachable", "icmp_host", 2.5, 4.0),
    "198.51.100.10": ("filtered", "timeout", 3.9, 4.5),
    "198.51.100.11": ("unreachable", "icmp_host", 0, 0.5),
    "198.51.100.12": ("unreachable", "icmp_host", 0, 0.5),
    "192.0.2.1": ("unreachable", "icmp_net", 0, 0.5),
    "2001:db8:1::2": ("closed", "refused", 0, 0.5),
    "2001:db8:50::66": ("unreachable", "icmp_host", 2.5, 4.0),
    "2001:db8:9::10": ("filtered", "timeout", 3.9, 4.5),
    "2001:db8:9::11": ("unreachable", "icmp_net", 0, 1.5),  # Linux says "no route" there
    "2001:db8:9::12": ("unreachable", "icmp_admin", 0, 1.5),
    "2001:db8:ff::1": ("unreachable", "icmp_net", 0, 1.5),
}
"""Target: state, why, and between how many seconds; a machine that is off answers after 3.1 s."""


@pytest.fixture
def far_away(lab_possible):
    names = {side: f"dial-{side}-{time.monotonic_ns() % 10**8}" for side in ("echo", "box")}
    made = [
        "ip netns add {echo}",
        "ip netns add {box}",
        "ip -n {echo} link add out type veth peer name wan netns {box}",
    ]
    try:
        for line in [*made, *BOX.strip().splitlines()]:
            subprocess.run(["sh", "-ec", line.format(**names)], check=True)
        time.sleep(2)  # link-local addresses are still being tried for duplicates
        yield names["echo"]
    finally:
        for name in names.values():
            subprocess.run(["ip", "netns", "delete", name], check=False)


def test_what_a_box_far_away_says(far_away):
    """Real routers, real ICMP: every way of saying no, and the late one of a machine that is off."""
    command = ["ip", "netns", "exec", far_away, sys.executable, "-c", SCRIPT, *FAR]
    said = json.loads(subprocess.run(command, check=True, capture_output=True, text=True, timeout=30).stdout)

    found = dict(zip(FAR, said, strict=True))
    assert {target: tuple(answer[:2]) for target, answer in found.items()} == {
        target: wanted[:2] for target, wanted in FAR.items()
    }
    late = {
        target: answer[2] for target, answer in found.items() if not FAR[target][2] <= answer[2] <= FAR[target][3]
    }
    assert late == {}


@pytest.mark.parametrize(("opens", "reach"), [(True, Reach.OPEN), (False, Reach.CLOSED)])
def test_an_answer_that_came_while_we_stood_still_counts(monkeypatch, opens, reach):
    """A slow disk may hold this program for seconds: silence would then be its own.

    The door has no room, so the first SYN is dropped; the kernel's second, a second later, is answered while we
    stand still, after our own time has run out.
    """
    monkeypatch.setattr(module, "CONNECT_S", 0.5)

    async def standing_still(door):
        place = door.getsockname()
        probe = Probe(source=HOME, source_port=21_007, target=HOME, target_port=place[1])
        with socket.create_connection(place):
            knocking = asyncio.create_task(dial(probe, HOME))
            await asyncio.sleep(0.1)
            if opens:
                door.accept()[0].close()  # now there is room
            else:
                door.close()
            time.sleep(1.5)
            return await knocking

    with socket.socket() as door:
        door.bind(("127.0.0.1", 0))
        door.listen(0)
        assert asyncio.run(standing_still(door)).reach is reach
