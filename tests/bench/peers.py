"""Who else could listen: the sentinel's peers at a cable of their own, each as its manual says it should be run.

tcpdump stands for the floor: libpcap, the same kind of ring, and nothing done with what comes. It takes no filter
but its own expressions, so it has the nearest one (`ALIKE`). That lacks what has no words there: the second VLAN
tag, IPv6 extension headers, the random choice of data segments (those whose sequence number begins its last byte
anew stand for it) and the cut at the payload's first byte: 320 bytes are kept of each. A raw reader of our own
with our own filters would be the same kernel path once more, and nobody's measure.
"""

import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.bench.memory import family
from tests.capture import cable
from tests.capture.cable import CARD, Cable
from tests.capture.cable import cable as laid_cable
from tests.capture.listening import listening

_PAYLOAD = "((tcp[12] & 0xf0) >> 2)"
ALIKE = " or ".join(
    (
        "arp",
        "ether proto 0x88cc",
        "(icmp6 and (icmp6[0] = 135 or icmp6[0] = 136))",
        "(ether multicast and udp and (port 67 or port 68 or port 1900 or port 5353))",
        "(ip6 and tcp and ip6[53] & 7 != 0)",
        "(ip and tcp and (tcp[13] & 7 != 0 or ip[6:2] & 0x3fff != 0 or"
        f" (ip[2:2] - ((ip[0] & 0xf) << 2) - {_PAYLOAD} != 0 and (tcp[7] = 0"
        " or (tcp[13] & 8 != 0 and not src net 192.168.1.0/24 and dst portrange 1-32767)"
        f" or ((tcp[{_PAYLOAD}:2] = 0x0100 or tcp[{_PAYLOAD}:2] = 0x0200) and tcp[{_PAYLOAD} + 6:2] = 1)"
        "))))",
    )
)
"""What our own filters keep, as near as libpcap has words for it."""
RING = 11 << 10
"""Kilobytes: as much as our five have."""
SETTLES = 2.0
"""Seconds from the tap to the first frame: by then it has read its rules, or started its threads."""
RULES = """\
%YAML 1.1
---
outputs:
  - eve-log: {enabled: yes, filetype: regular, filename: flows.json, types: [flow]}
logging: {default-log-level: error, outputs: [{console: {enabled: yes}}]}
af-packet:
  - {interface: CARD, threads: 1, cluster-id: 99, cluster-type: cluster_flow, use-mmap: yes, tpacket-v3: yes}
app-layer: {protocols: {tls: {enabled: yes}, http: {enabled: yes}, smb: {enabled: yes}}}
stream: {checksum-validation: no}
"""
"""Of Suricata: its flow log and no rule. Our frames have no checksums, so that it looks at none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Peer:
    """A program that can be started at a cable."""

    name: str
    program: str
    package: str
    """How to get it."""
    command: Callable[[Path], Sequence[str]]
    """What is started, in a folder of its own."""

    @property
    def missing(self) -> str:
        """Why it is not measured; empty where it is."""
        return "" if shutil.which(self.program) else f"{self.name} is missing: {self.package}"


@dataclass(frozen=True, slots=True)
class Standing:
    """Somebody who listens at a cable of his own."""

    laid: Cable
    pids: tuple[int, ...] = ()


def _suricata(folder: Path) -> Sequence[str]:
    file = folder / "suricata.yaml"
    file.write_text(RULES.replace("CARD", CARD))
    return ("suricata", "-c", str(file), "-l", str(folder), "--af-packet", "--runmode=workers", "-k", "none")


def _tcpdump(_: Path) -> Sequence[str]:
    return ("tcpdump", "-i", CARD, "-n", "-s", "320", "-B", str(RING), "-w", "/dev/null", ALIKE)


def _scapy(expression: str) -> Callable[[Path], Sequence[str]]:
    return lambda folder: (sys.executable, "-m", "tests.bench.sniffing", CARD, str(folder / "seen"), expression)


TCPDUMP = Peer(name="tcpdump", program="tcpdump", package="apt-get install tcpdump", command=_tcpdump)
SURICATA = Peer(
    name="Suricata",
    program="suricata",
    package="apt-get install -t bookworm-backports suricata",
    command=_suricata,
)
SCAPY = Peer(name="scapy", program=sys.executable, package="", command=_scapy(""))
SCAPY_ALIKE = Peer(  # which has libpcap compile its filters
    name="scapy with a filter", program="tcpdump", package=TCPDUMP.package, command=_scapy(ALIKE)
)


@contextmanager
def standing(peer: Peer, folder: Path, copies: int = 1) -> Iterator[Standing]:
    """It listens at a cable of its own, as often as is asked.

    Raises:
        AssertionError: it ended.
    """
    with laid_cable() as laid:
        processes = [_started(peer, laid, folder / f"{peer.name}-{number}") for number in range(copies)]
        time.sleep(SETTLES)
        assert all(each.poll() is None for each in processes), f"{peer.name} has ended"
        yield Standing(laid, tuple(pid for each in processes for pid in family(each.pid)))


def _started(peer: Peer, laid: Cable, folder: Path) -> subprocess.Popen[bytes]:
    folder.mkdir(parents=True)
    before = taps(laid)
    process = laid.start("right", *peer.command(folder))
    cable.wait_until(lambda: taps(laid) > before or process.poll() is not None, 30)
    return process


@contextmanager
def ourselves(folder: Path, copies: int = 1) -> Iterator[Standing]:
    """`sentinel listen`, with somebody who takes its facts; what it costs is that of its child, too."""
    with ExitStack() as stack:
        laid = stack.enter_context(laid_cable())
        told = [stack.enter_context(listening(laid, folder / f"listen-{each}")) for each in range(copies)]
        time.sleep(SETTLES)
        yield Standing(laid, tuple(pid for each in told for pid in family(each.process.pid)))


def taps(laid: Cable) -> int:
    """Packet sockets at the right end: packet(7), /proc/net/packet."""
    with laid.at("right"):
        return len(Path("/proc/thread-self/net/packet").read_text().splitlines()) - 1
