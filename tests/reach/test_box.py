"""The child that reads the box: confined, given nothing, believed only when what it says is possible."""

import subprocess
import sys
import time
from dataclasses import replace
from http.server import BaseHTTPRequestHandler
from ipaddress import IPv4Address, ip_address
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sentinel import codec
from sentinel.model.box import BoxReading, Mapping, Reading, Transport, WanAddress, wan_address
from sentinel.model.moment import Moment
from sentinel.reach import box as reader
from sentinel.reach.box import read_box
from tests.builders import moment
from tests.reach.fakebox import ADDRESS, FakeBox, entry
from tests.reach.test_igd import HOSTILE
from tests.reach.test_pcp import WAN, announced, natpmp

NOW = moment(5)


def clock() -> Moment:
    return NOW


def test_a_box_is_read_through_the_child(capsys):
    """Everything it says, under the time of the one who asked."""
    box = FakeBox().is_honest(entry(), version=2, firewall=1)
    box.answers = lambda asked: [natpmp() if asked == b"\0\0" else announced()]
    begun = time.monotonic()
    with box.up():
        reading = read_box(ADDRESS, clock)

    with capsys.disabled():
        print(f"\n  the box read through its child: {time.monotonic() - begun:.1f} s", end="")
    assert reading == BoxReading(
        reading=Reading.READ,
        at=NOW,
        gateway=ADDRESS,
        igd=2,
        wan=ip_address("25.0.0.7"),
        mappings=(
            Mapping(
                transport=Transport.TCP,
                outside_port=11112,
                machine=ip_address("192.168.1.66"),
                inside_port=4242,
                text="Viewer",
            ),
        ),
        natpmp=True,
        pcp=True,
        ipv6_inbound=False,
    )


@pytest.mark.parametrize(
    ("wan", "code", "addressless"), [("25.0.0.7", 0, False), ("", 3, True), ("0.0.0.0", 3, True)]
)
def test_a_box_without_an_address_of_its_own_is_recognised(wan, code, addressless):
    """What miniupnpd says behind the provider's address sharing, in both of its languages."""
    box = FakeBox().is_honest(wan=wan)
    box.answers = lambda asked: [natpmp(code) if asked == b"\0\0" else announced()]
    with box.up():
        reading = read_box(ADDRESS)

    assert reading.reading is Reading.READ
    assert (reading.wan is None, reading.addressless) == (addressless, addressless)


@pytest.mark.parametrize("address", ["100.64.7.7", "192.0.0.2", "192.168.1.2", "10.0.0.2"])
def test_one_datagram_alone_is_a_doubt_and_no_sharing(address):
    """A machine of the LAN can forge it; what is said over a TCP connection to the box is the box's."""
    said = FakeBox().is_honest(wan=address)
    silent = FakeBox().is_honest(wan="")
    for box in (said, silent):
        box.answers = lambda asked: [natpmp(wan=IPv4Address(address)) if asked == b"\0\0" else announced()]
    with said.up():
        over_tcp = read_box(ADDRESS)
    with silent.up():
        alone = read_box(ADDRESS)

    assert (over_tcp.wan, over_tcp.addressless) == (ip_address(address), False)
    assert (alone.wan, alone.addressless, alone.natpmp) == (None, True, True)
    assert wan_address(alone, None) is WanAddress.BEHIND_ROUTER


def test_a_public_address_told_by_natpmp_alone_is_kept():
    """It can only say that the address is ours, which is what is taken for granted without it."""
    box = FakeBox().is_honest(wan="")
    box.answers = lambda asked: [natpmp() if asked == b"\0\0" else announced()]
    with box.up():
        reading = read_box(ADDRESS)

    assert (reading.wan, reading.addressless) == (WAN, False)


def test_a_gateway_that_says_nothing_is_silent():
    reading = read_box(IPv4Address("127.0.0.253"), clock)

    assert reading == BoxReading(reading=Reading.SILENT, at=NOW, gateway=IPv4Address("127.0.0.253"))


def test_a_gateway_known_by_ipv6_only_is_silent():
    assert read_box(ip_address("fe80::1")).reading is Reading.SILENT


def test_a_box_that_answers_nonsense_is_a_failure_and_still_offers_what_it_offers():
    box = FakeBox()
    box.paths["/desc.xml"] = b"<html>Please log in</html>"
    box.answers = lambda asked: [natpmp()] if asked == b"\0\0" else []
    with box.up():
        reading = read_box(ADDRESS)

    assert (reading.reading, reading.igd, reading.natpmp) == (Reading.FAILED, None, True)
    assert reading.detail


MEASURED = """
import runpy, sys
from pathlib import Path
runpy.run_module("sentinel.reach.box", run_name="__main__", alter_sys=True)
told = Path("/proc/self/status").read_text().splitlines()
sys.exit(next(line for line in told if line.startswith("VmHWM")))
"""
"""The child, and at its end the most memory it ever had; `ru_maxrss` would begin with that of its parent."""


@pytest.mark.parametrize("body", HOSTILE.values(), ids=HOSTILE.keys())
def test_the_childs_memory_stays_bounded_whatever_it_is_told(body, capsys):
    """Measured by the kernel, for the whole life of the child."""
    if body is HOSTILE["slow"]:
        body = b"<a"  # being slow takes time, not memory
    box = FakeBox().is_honest(entry())
    box.paths["/desc.xml"] = body
    box.answers = lambda asked: [natpmp() if asked == b"\0\0" else announced()]
    begun = time.monotonic()
    with box.up():
        done = subprocess.run([sys.executable, "-c", MEASURED, str(ADDRESS)], capture_output=True, check=False)
    peak = int(done.stderr.split()[-2]) / 1024

    with capsys.disabled():
        print(f"\n  child: {peak:.0f} MB at most, {time.monotonic() - begun:.1f} s", end="")
    assert codec.decode(done.stdout, BoxReading).reading is Reading.FAILED
    assert peak < 100
    assert time.monotonic() - begun < reader.LASTS


def test_a_child_that_takes_too_long_is_ended():
    def never(_: BaseHTTPRequestHandler) -> None:
        time.sleep(3)

    box = FakeBox()
    box.paths["/desc.xml"] = never
    begun = time.monotonic()
    with box.up():
        reading = read_box(ADDRESS, clock, lasts=0.7)

    assert time.monotonic() - begun < 2
    assert reading == BoxReading(
        reading=Reading.FAILED, at=NOW, gateway=ADDRESS, detail="the reader ended with -9"
    )


def test_the_child_is_given_no_secret_and_is_confined(monkeypatch):
    """What its process really has, read while it waits for an answer."""
    seen: dict[str, str] = {}

    def look(request: BaseHTTPRequestHandler) -> None:
        request.close_connection = True
        for process in Path("/proc").glob("[0-9]*"):
            if str(ADDRESS).encode() in (process / "cmdline").read_bytes():
                seen["environment"] = (process / "environ").read_bytes().decode()
                seen["limits"] = (process / "limits").read_text()
                seen["files"] = " ".join(str(each.readlink()) for each in (process / "fd").iterdir())

    monkeypatch.setenv("SENTINEL_SECRET", "ZZSECRET")
    box = FakeBox()
    box.paths["/desc.xml"] = look
    with box.up(), Path(__file__).open():
        read_box(ADDRESS)

    assert "PATH=" in seen["environment"]
    assert "ZZSECRET" not in seen["environment"]
    assert Path(__file__).name not in seen["files"]
    limits = {line[:26].strip(): line[26:].split()[0] for line in seen["limits"].splitlines()}
    assert limits["Max address space"] == str(reader.MEMORY)
    assert limits["Max cpu time"] == str(reader.CPU)
    assert limits["Max open files"] == str(reader.FILES)
    assert limits["Max core file size"] == "0"


READ = BoxReading(reading=Reading.READ, at=moment(), gateway=ADDRESS, igd=1)
FORWARD = Mapping(transport=Transport.TCP, outside_port=1, machine=ip_address("192.168.1.66"), inside_port=1)


@pytest.mark.parametrize(
    "said",
    [
        b"",
        b"{}",
        b"\xff\xfe",
        b"[" * 100_000,
        codec.encode(replace(READ, gateway=ip_address("192.168.1.9"))),
        codec.encode(replace(READ, mappings=(FORWARD,) * 65)),
        codec.encode(replace(READ, mappings=(replace(FORWARD, text="x" * 81),))),
        codec.encode(replace(READ, mappings=(replace(FORWARD, text="\x1b[2J"),))),
        codec.encode(replace(READ, mappings=(replace(FORWARD, inside_port=0),))),
        codec.encode(replace(READ, mappings=(replace(FORWARD, outside_port=70_000),))),
        codec.encode(replace(READ, detail="x" * 1000)),
    ],
)
def test_a_child_that_says_the_impossible_is_not_believed(said):
    """It has read hostile answers, so it may be theirs."""
    assert reader._decoded(said, ADDRESS, clock).reading is Reading.FAILED


@given(st.binary(max_size=500))
def test_no_answer_of_the_child_crashes_its_parent(said):
    assert reader._decoded(said, ADDRESS, clock).at == NOW


def test_watch_never_loads_what_the_child_needs():
    """asyncio and aiohttp would live in the only writer of the store for ever."""
    source = (
        "import sys, sentinel.programs.watch; print(sorted({'aiohttp', 'asyncio', 'defusedxml'} & {*sys.modules}))"
    )
    done = subprocess.run([sys.executable, "-c", source], capture_output=True, text=True, check=True, timeout=60)

    assert done.stdout.strip() == "[]"
