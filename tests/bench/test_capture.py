"""The bench of the capture, shortly: it measures what it says, and its peers are asked to keep what we keep."""

import re
import shutil
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

from sentinel.model.packet import Flags
from sentinel.tracking import summing
from tests.bench import capture, costs, hidden, limits, peers, soak
from tests.bench.costs import OURS, Cost
from tests.bench.size import Size
from tests.builders import IMAGING, IMAGING6, INSIDE, STRANGER6, tcp_frame
from tests.capture import bpf, cable, traffic
from tests.capture.files import pcap

SHORT = Size(
    trials=1,
    frames=20_000,
    rate=20_000,
    slow_frames=200,
    rests=0,
    background=20_000,
    strangers=50,
    steps=6,
    swarm=6_000,
    flood=40_000,
)


def test_a_filter_of_libpcap_stands_for_ours(tmp_path):
    """Of visits in an office, a scan and IPv6 tcpdump keeps what we keep, but for data that dice choose."""
    if not shutil.which("tcpdump"):
        pytest.skip(peers.TCPDUMP.missing)
    v6 = [tcp_frame(STRANGER6, 4, IMAGING6, 104, flags) for flags in (Flags.SYN, Flags.FIN, Flags.ACK)]
    fragment = tcp_frame(traffic.PAGE, 443, IMAGING, 104, Flags.ACK, bytes(40), fragment=0x2000)
    frames = [*traffic.practice(4_000), *traffic.scan(100), *v6, fragment]
    ours = {each for each in frames if bpf.kept(each, INSIDE)}

    theirs = _kept(frames, tmp_path)

    assert ours - theirs == set()
    assert {each for each in theirs - ours if each[41]} == set()  # by their sequence numbers, in place of dice


def _kept(frames: list[bytes], folder: Path) -> set[bytes]:
    """By tcpdump, from a file to a file of its own."""
    given, found = folder / "given.pcap", folder / "found.pcap"
    given.write_bytes(pcap(frames))
    subprocess.run(["tcpdump", "-r", given, "-w", found, peers.ALIKE], check=True, capture_output=True, timeout=20)
    data, at, kept = found.read_bytes(), 24, set()
    while at < len(data):
        size = int.from_bytes(data[at + 8 : at + 12], "little")
        kept.add(data[at + 16 : at + 16 + size])
        at += 16 + size
    return kept


def test_ratios_are_told_of_the_peers_there_are(monkeypatch):
    """Ours over theirs; of one that is missing there is none, and it is said how to get it."""
    monkeypatch.setattr(shutil, "which", lambda program: None if program == "suricata" else program)
    process = {
        OURS: Cost(process=[300, 100, 200], user=0.5),
        peers.TCPDUMP.name: Cost(process=[10], user=0.8),
    }
    kernel = {OURS: [200.0], peers.TCPDUMP.name: [190.0]}

    own, both, whole = capture.ratios(process, kernel)

    assert (own.value, own.aim) == (12.5, 25)
    assert both.value == 20
    assert (whole.value, whole.aim) == (2, 1.8)
    assert whole.missed
    assert "apt-get install -t bookworm-backports suricata" in own.note


@pytest.mark.lab
def test_the_time_a_process_spends_is_asked_of_the_kernel():
    """To the nanosecond; one that has ended spends none."""
    with subprocess.Popen(["sh", "-c", "while :; do :; done"]) as busy:
        cable.wait_until(lambda: costs.spent([busy.pid]) > 0.05)
        busy.kill()
        busy.wait()
        assert costs.spent([busy.pid]) == 0


@pytest.mark.lab
def test_costs_are_measured_of_everybody(tmp_path, monkeypatch):
    """How much, only a quiet machine can say."""
    cable.need()
    monkeypatch.setattr(costs, "TAPS", 1)
    monkeypatch.setattr(costs, "DRAINS", 1.2)
    monkeypatch.setattr(costs, "TRAFFIC", {"office": costs.TRAFFIC["office"]})

    figures = capture.paid(costs.measure(tmp_path, SHORT), SHORT)

    told = {each.name.partition(", ")[2].partition(", median")[0] for each in figures if "wire" in each.name}
    assert told == {"office"}
    there = {peer.name for peer in (peers.TCPDUMP, peers.SURICATA) if not peer.missing}
    processes = [each for each in figures if each.name.startswith("CPU of listen for")]
    assert all(each.value > 20 and there <= dict(each.parts).keys() for each in processes)


@pytest.mark.lab
def test_what_scapy_saw_and_lost_is_what_it_was_given(tmp_path):
    """Without a filter it is given every frame, and again in each trial."""
    cable.need()
    _, seen, lost = costs.sniffed(tmp_path, SHORT, peers.SCAPY)

    assert seen + lost == SHORT.slow_frames


@pytest.mark.lab
@pytest.mark.parametrize("called", ["office", hidden.HALF])
def test_hidden_connections_are_counted_where_they_are_told_wrong(called, tmp_path):
    """And nothing is measured where it is not attempts that are dropped."""
    cable.need()
    found = hidden.case(tmp_path, hidden.CASES[called], SHORT, is_half=called == hidden.HALF)

    assert found.wrong == 0
    assert found.sent.frames > SHORT.background
    assert called in found.told(called)


@pytest.mark.lab
def test_limits_are_found(tmp_path, monkeypatch):
    """A rate of which nothing is lost, the first frame before the first word of it, memory with the rings."""
    cable.need()
    monkeypatch.setattr(limits, "LASTS", 0.2)

    scan = limits.scan(tmp_path / "scan", SHORT)
    heard, told = limits.start(tmp_path / "start", SHORT)
    memory = limits.memory(tmp_path / "memory", SHORT)

    assert 0 < scan.value < 1_000
    assert 0 < heard.value < told.value
    assert 10 < dict(memory.parts)["before"] <= memory.value


@pytest.mark.lab
def test_listen_stays_within_its_memory_in_the_worst_flood(tmp_path):
    """Every table full, of addresses of IPv6 as well, and nobody takes the facts; its rings among it."""
    cable.need()
    memory = limits.memory(tmp_path, replace(SHORT, swarm=90_000))

    assert dict(memory.parts)["rings"] > 11
    assert memory.value < limits.MEMORY_AIM
    _, _, forgotten, unsent = (
        int(each.replace(",", "")) for each in re.findall(r"\d[\d,]*(?= [a-z])", memory.note)
    )
    assert forgotten > summing.SUMS
    assert unsent > 0


@pytest.mark.lab
def test_a_short_soak_accounts_for_every_frame(tmp_path):
    """A round or two, with a pulled cable in each."""
    cable.need()
    memory, descriptors, frames = soak.measure(tmp_path, minutes=0.1, practice=6_000, scan=3_000)

    assert len(memory.parts) == 4
    assert descriptors.value <= 1
    assert frames.value == 0
