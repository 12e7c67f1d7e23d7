"""The laboratory is what it claims to be: otherwise nothing proved in it is proved."""

import signal
import subprocess
import sys
import time
from datetime import timedelta
from ipaddress import IPv4Address
from pathlib import Path

import pytest

from tests.lab import plan, wires
from tests.lab.cabinet import Cabinet, alone
from tests.lab.doors import Answer, Tap, connected, door, knock, visitor
from tests.lab.host import FOLDER, REPOSITORY, DidNotStartError, wait_until

LONG = timedelta(seconds=8)


def tcp_between(frames: list[bytes], one: plan.Address, other: plan.Address) -> list[bytes]:
    """The IPv4 frames from the first address to the second."""
    return [frame for frame in frames if frame[26:34] == one.packed + other.packed]


def mac(frame: bytes, start: int) -> str:
    return frame[start : start + 6].hex(":")


# The box


def test_what_the_lan_asks_outside_comes_from_the_public_address(cabinet):
    with (
        door(cabinet.echo1, 443) as listener,
        connected(cabinet.workstation, cabinet.echo1.v4, 443),
    ):
        assert visitor(listener)[0] == cabinet.box.v4


@pytest.mark.parametrize("vantage", ["v4", "second_v4", "v6", "second_v6"])
def test_each_echo_can_be_met_and_can_call_at_two_addresses(cabinet, vantage):
    for echo in (cabinet.echo1, cabinet.echo2):
        address = getattr(echo, vantage)
        public = cabinet.box.v4 if address.version == 4 else cabinet.box.v6
        with door(echo, 443):
            assert knock(cabinet.pi, address, 443) is Answer.OPEN
        assert knock(echo, public, 80, source=address) is Answer.REFUSED


def test_a_port_nobody_forwarded_is_refused_at_once_or_met_with_silence(cabinet):
    assert knock(cabinet.stranger, cabinet.box.v4, 4242) is Answer.REFUSED
    cabinet.box.box_drops(True)
    assert knock(cabinet.stranger, cabinet.box.v4, 4242) is Answer.SILENT
    cabinet.box.box_drops(False)
    assert knock(cabinet.stranger, cabinet.box.v4, 4242) is Answer.REFUSED


def test_a_forward_may_renumber_and_keeps_the_strangers_address_and_port(cabinet):
    cabinet.box.forward(11112, 4242)
    stranger, public = cabinet.stranger, cabinet.box.v4

    with (
        door(cabinet.imaging, 4242) as listener,
        connected(stranger, public, 11112, source_port=45678),
    ):
        assert visitor(listener) == (stranger.v4, 45678)


def test_a_forward_is_replaced_taken_back_and_leads_to_the_machine_it_names(cabinet):
    box, workstation = cabinet.box, cabinet.workstation
    box.forward(104)
    box.forward(104, 4242, workstation)
    box.forward(8042)
    assert box.forwards() == {104: (workstation.v4, 4242), 8042: (cabinet.imaging.v4, 8042)}

    with door(workstation, 4242):
        assert knock(cabinet.stranger, box.v4, 104) is Answer.OPEN
        box.unforward(104)
        assert knock(cabinet.stranger, box.v4, 104) is Answer.REFUSED
    box.unforward()
    assert box.forwards() == {}


def test_the_dmz_receives_what_no_forward_takes(cabinet):
    cabinet.box.forward(104, 4242)
    cabinet.box.dmz(cabinet.workstation)

    with door(cabinet.imaging, 4242), door(cabinet.workstation, 3389):
        assert knock(cabinet.stranger, cabinet.box.v4, 104) is Answer.OPEN
        assert knock(cabinet.stranger, cabinet.box.v4, 3389) is Answer.OPEN
        cabinet.box.dmz(None)
        assert knock(cabinet.stranger, cabinet.box.v4, 3389) is Answer.REFUSED


def test_a_machine_switched_off_is_reported_unreachable_after_the_box_asked_for_it(cabinet):
    cabinet.box.forward(4242)
    with door(cabinet.imaging, 4242):
        assert knock(cabinet.stranger, cabinet.box.v4, 4242) is Answer.OPEN
        cabinet.switch.switch_off(cabinet.imaging)
        before = time.monotonic()
        assert knock(cabinet.stranger, cabinet.box.v4, 4242, patience=LONG) is Answer.UNREACHABLE
        assert 2 < time.monotonic() - before < 6
        cabinet.switch.switch_on(cabinet.imaging)
        assert wait_until(lambda: knock(cabinet.stranger, cabinet.box.v4, 4242) is Answer.OPEN)


def test_ipv6_lets_the_lan_out_and_nobody_in_until_it_is_opened(cabinet):
    target = cabinet.imaging.v6
    with door(cabinet.imaging, 4242), door(cabinet.echo1, 443):
        assert knock(cabinet.imaging, cabinet.echo1.v6, 443) is Answer.OPEN
        assert knock(cabinet.stranger, target, 4242) is Answer.REFUSED
        cabinet.box.box_drops(True)
        assert knock(cabinet.stranger, target, 4242) is Answer.SILENT
        cabinet.box.open_ipv6()
        assert knock(cabinet.stranger, target, 4242) is Answer.OPEN
        cabinet.box.close_ipv6()
        assert knock(cabinet.stranger, target, 4242) is Answer.SILENT


def test_a_client_of_the_vpn_reaches_the_lan_under_its_own_private_address(cabinet):
    with (
        door(cabinet.imaging, 4242) as listener,
        connected(cabinet.vpn_client, cabinet.imaging.v4, 4242),
    ):
        assert visitor(listener)[0] == cabinet.vpn_client.v4


def test_a_box_may_hide_every_stranger_behind_its_own_address(cabinet):
    cabinet.box.forward(4242)
    cabinet.box.hide_sources(True)
    with (
        door(cabinet.imaging, 4242) as listener,
        connected(cabinet.stranger, cabinet.box.v4, 4242),
    ):
        assert visitor(listener)[0] == cabinet.box.lan_v4


def test_the_lan_reaches_its_own_forwards_by_the_public_address(cabinet):
    cabinet.box.forward(4242)
    with door(cabinet.imaging, 4242):
        assert knock(cabinet.workstation, cabinet.box.v4, 4242) is Answer.OPEN


def test_a_new_public_address_takes_the_forwards_along(cabinet):
    cabinet.box.forward(4242)
    cabinet.box.new_address(IPv4Address("25.0.0.3"))
    assert cabinet.box.v4 == IPv4Address("25.0.0.3")
    with door(cabinet.imaging, 4242):
        assert knock(cabinet.stranger, cabinet.box.v4, 4242) is Answer.OPEN
        assert knock(cabinet.stranger, IPv4Address("25.0.0.2"), 4242, patience=LONG) is Answer.UNREACHABLE


def test_fifty_strangers_come_from_fifty_networks(cabinet):
    cabinet.box.forward(4242)
    strangers = cabinet.strangers(50)
    assert len({address.packed[:3] for address in strangers}) == 50
    with door(cabinet.imaging, 4242):
        for address in strangers:
            assert knock(cabinet.stranger, cabinet.box.v4, 4242, source=address) is Answer.OPEN


def test_four_hundred_knocks_are_all_answered(cabinet):
    """What the echo asks is not what the laboratory's own limits answer."""
    cabinet.box.forward(4242)
    with door(cabinet.imaging, 4242):
        answers = {port: knock(cabinet.echo1, cabinet.box.v4, port) for port in range(4000, 4400)}
    assert {port for port, answer in answers.items() if answer is Answer.OPEN} == {4242}
    assert set(answers.values()) == {Answer.OPEN, Answer.REFUSED}


# The switch


def test_the_mirror_shows_every_frame_of_a_connection_once_and_both_ways(cabinet):
    cabinet.box.forward(11112, 4242)
    stranger, imaging = cabinet.stranger, cabinet.imaging
    with door(imaging, 4242) as listener, Tap(cabinet.pi, "mirror0") as tap:
        with connected(stranger, cabinet.box.v4, 11112) as caller:
            caller.sendall(b"A-ASSOCIATE")
            visitor(listener)
        frames = tap.frames()

    inward = tcp_between(frames, stranger.v4, imaging.v4)
    outward = tcp_between(frames, imaging.v4, stranger.v4)
    assert inward
    assert outward
    assert len({*inward, *outward}) == len(inward) + len(outward)
    assert sum(b"A-ASSOCIATE" in frame for frame in frames) == 1
    assert {(mac(frame, 0), mac(frame, 6)) for frame in inward} == {(imaging.mac, cabinet.box.mac)}
    assert {(mac(frame, 0), mac(frame, 6)) for frame in outward} == {(cabinet.box.mac, imaging.mac)}


def test_the_mirror_shows_frames_as_a_wire_carries_them(cabinet):
    """Not the large segments of one computer talking to itself, and with their checksums."""
    cabinet.box.forward(4242)
    with door(cabinet.imaging, 4242) as listener, Tap(cabinet.pi, "mirror0") as tap:
        with connected(cabinet.stranger, cabinet.box.v4, 4242):
            served = listener.accept()[0]
            with served:
                served.sendall(bytes(20_000))
        frames = tap.frames()

    assert max(map(len, frames)) == 1514
    outward = tcp_between(frames, cabinet.imaging.v4, cabinet.stranger.v4)
    assert [tcp_checksum(frame) for frame in outward] == [0xFFFF] * len(outward)


def tcp_checksum(frame: bytes) -> int:
    """The sum over the segment of an IPv4 frame without options; 0xFFFF when its checksum is right."""
    length = int.from_bytes(frame[16:18]) - 20
    summed = frame[26:34] + bytes((0, 6)) + length.to_bytes(2) + frame[34 : 34 + length] + bytes(length % 2)
    total = sum(int.from_bytes(summed[at : at + 2]) for at in range(0, len(summed), 2))
    while total > 0xFFFF:
        total = (total & 0xFFFF) + (total >> 16)
    return total


def test_a_mirror_may_be_silent_or_show_one_direction_only(cabinet):
    stranger, imaging = cabinet.stranger, cabinet.imaging
    cabinet.box.forward(4242)
    seen = []
    with door(imaging, 4242), Tap(cabinet.pi, "mirror0") as tap:
        for directions in ([False], [True, "ingress"], [True, "egress"], [True]):
            cabinet.switch.mirror(*directions)
            assert knock(stranger, cabinet.box.v4, 4242) is Answer.OPEN
            frames = tap.frames()
            inward = tcp_between(frames, stranger.v4, imaging.v4)
            seen.append((bool(inward), bool(tcp_between(frames, imaging.v4, stranger.v4))))

    assert seen == [(False, False), (True, False), (False, True), (True, True)]


def test_an_unplugged_mirror_cable_is_a_lost_carrier_and_harms_nobody(cabinet):
    def carrier() -> str:
        return cabinet.pi.run(["cat", "/sys/class/net/mirror0/carrier"]).stdout.strip()

    assert carrier() == "1"
    cabinet.switch.carrier(False)
    assert carrier() == "0"
    with door(cabinet.echo1, 443):
        assert knock(cabinet.imaging, cabinet.echo1.v4, 443) is Answer.OPEN
    cabinet.switch.carrier(True)
    assert wait_until(lambda: carrier() == "1")
    with Tap(cabinet.pi, "mirror0") as tap:
        assert knock(cabinet.imaging, cabinet.echo1.v4, 443) is Answer.REFUSED
        assert tcp_between(tap.frames(), cabinet.imaging.v4, cabinet.echo1.v4)


def test_the_mirror_card_says_nothing_and_has_no_address(cabinet):
    with Tap(cabinet.switch, "mirror") as tap:
        assert knock(cabinet.pi, cabinet.box.lan_v4, 80) is Answer.REFUSED
        assert tap.frames() == []
    assert "inet" not in cabinet.pi.run(["ip", "address", "show", "mirror0"]).stdout


def test_with_one_card_the_pi_sees_the_strangers_and_still_talks(one_nic_cabinet):
    cabinet = one_nic_cabinet
    assert cabinet.pi.run(["ls", "/sys/class/net"]).stdout.split() == ["lan0", "lo"]
    cabinet.box.forward(4242)
    with (
        door(cabinet.imaging, 4242),
        door(cabinet.echo1, 443),
        Tap(cabinet.pi, "lan0") as tap,
    ):
        assert knock(cabinet.stranger, cabinet.box.v4, 4242) is Answer.OPEN
        frames = tap.frames()
        assert knock(cabinet.pi, cabinet.echo1.v4, 443) is Answer.OPEN

    assert tcp_between(frames, cabinet.stranger.v4, cabinet.imaging.v4)
    assert tcp_between(frames, cabinet.imaging.v4, cabinet.stranger.v4)


# The machines and their programs


def test_a_program_that_does_not_start_says_why(cabinet):
    with pytest.raises(DidNotStartError, match="no such thing"):
        cabinet.pi.start([sys.executable, "-c", "raise SystemExit('no such thing')"], ready=[4242])


def test_python_runs_in_the_machine_it_is_asked_in(cabinet):
    code = "import socket; print(sorted(name for _, name in socket.if_nameindex()))"
    assert cabinet.pi.python("-c", code).stdout.strip() == "['lan0', 'lo', 'mirror0']"


def test_a_program_ends_with_the_cabinet_and_so_do_its_children(lab_possible):
    with Cabinet() as cabinet:
        process = cabinet.pi.start(["sh", "-c", "sleep 600 & setsid sleep 600 & wait"])
        assert wait_until(lambda: len(pids("cab-pi")) == 3)
        inside = pids("cab-pi")
    assert process.poll() is not None
    assert wait_until(lambda: not any(Path("/proc", pid).exists() for pid in inside))


def test_no_machine_of_the_cabinet_leads_to_this_computer(cabinet):
    """The test's own computer, and whatever it reaches, has no route from inside."""
    for host in (cabinet.pi, cabinet.internet, cabinet.stranger):
        assert knock(host, IPv4Address("9.9.9.9"), 443) is Answer.UNREACHABLE


# Raised, found, and taken away


def test_another_process_finds_the_cabinet_and_acts_on_it(cabinet):
    code = (
        "from tests.lab.cabinet import Cabinet\n"
        "found = Cabinet.attach()\n"
        "found.box.forward(11112, 4242)\n"
        "found.close()\n"
    )
    subprocess.run([sys.executable, "-c", code], cwd=REPOSITORY, check=True, timeout=20)
    with door(cabinet.imaging, 4242):
        assert knock(cabinet.stranger, cabinet.box.v4, 11112) is Answer.OPEN


def test_attaching_tells_the_one_card_cabinet_from_the_other(one_nic_cabinet):
    assert Cabinet.attach().one_nic


def test_nothing_is_attached_where_nothing_is_up(lab_possible):
    with alone(), pytest.raises(LookupError):
        Cabinet.attach()


def test_one_process_raises_one_cabinet_only(cabinet):
    with pytest.raises(RuntimeError), Cabinet():
        pass


def test_a_second_process_waits_for_the_first_and_gives_up_in_time(cabinet):
    code = (
        "from datetime import timedelta\n"
        "from tests.lab.cabinet import Cabinet\n"
        "Cabinet(patience=timedelta(seconds=0.2)).__enter__()\n"
    )
    second = subprocess.run(
        [sys.executable, "-c", code], cwd=REPOSITORY, capture_output=True, text=True, timeout=20, check=False
    )
    assert "TimeoutError: another process keeps a cabinet up" in second.stderr
    assert knock(cabinet.stranger, cabinet.box.v4, 80) is Answer.REFUSED


def test_the_leftovers_of_a_crash_are_swept_away(lab_possible):
    crashed = raised_elsewhere()
    crashed.send_signal(signal.SIGKILL)
    crashed.wait(5)
    left = pids("cab-imaging")
    assert left, "the program survives its parent: otherwise this test proves nothing"

    swept = Cabinet.sweep()

    # Another run that waited for the lock may have been quicker, and swept before it raised its own.
    assert set(swept) in ({plan.PREFIX + host for host in plan.HOSTS}, set())
    assert wait_until(lambda: not any(Path("/proc", pid).exists() for pid in left))
    with alone():
        assert not list(wires.NAMESPACES.glob(f"{plan.PREFIX}*"))
        assert not list(wires.NAME_SERVICE.glob(f"{plan.PREFIX}*"))
        assert not FOLDER.exists()


def raised_elsewhere() -> subprocess.Popen[str]:
    """Another process that holds a cabinet with a program running in it."""
    code = (
        "import time\n"
        "from tests.lab.cabinet import Cabinet\n"
        "with Cabinet() as cabinet:\n"
        "    cabinet.imaging.start(['sleep', '600'])\n"
        "    print('up', flush=True)\n"
        "    time.sleep(600)\n"
    )
    process = subprocess.Popen([sys.executable, "-c", code], cwd=REPOSITORY, text=True, stdout=subprocess.PIPE)
    assert process.stdout
    with process.stdout as words:
        assert words.readline() == "up\n"
    return process


def pids(namespace: str) -> list[str]:
    listed = subprocess.run(["ip", "netns", "pids", namespace], capture_output=True, text=True, check=False)
    return listed.stdout.split()
