"""The echo under load: a thousand practices, three doors of four silent, and nmap on the same work beside it."""

import json
import os
import resource
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path

from sentinel.model.exposure import PortList
from sentinel.services import port_list
from tests.bench import practices
from tests.bench.checks import Tally
from tests.bench.figure import Figure
from tests.bench.line import ECHO, FAR, laid, started, there
from tests.bench.practices import ECHO_ADDRESS
from tests.lab.host import REPOSITORY

PRACTICES = 1_080
RATE = 900.0
"""Knocks a second, of 48 ports and two decoys a practice: sixty seconds of checks begin."""
MEMORY = 300.0
"""Megabytes, at most."""
HANDSHAKES = 2_000
NMAP_S = 300
"""nmap gets so long."""
PORT = 8443


@dataclass(frozen=True, slots=True, kw_only=True)
class Scan:
    """What nmap needed, in seconds."""

    wall: float
    cpu: float
    finished: bool


def measure(folder: Path) -> list[Figure]:
    """One load, one scan of the same doors, and handshakes apart."""
    with laid():
        tally = load(PRACTICES, RATE, PortList.FULL)
        scan = nmap(folder, PRACTICES)
        hands, cpu = handshakes(folder, HANDSHAKES)
    return figures(tally, scan, hands, cpu)


def figures(tally: Tally, scan: Scan, hands: int, cpu: float) -> list[Figure]:
    """As the page shows them."""
    asked = f"{tally.checks} practices, {tally.probes} knocks, at most {tally.fastest:.0f} answers in a second"
    wrong = "".join(f"; {count} {kind}" for kind, count in sorted(tally.kinds.items()))
    told = "" if scan.finished else f"; nmap was ended after {NMAP_S} s, unfinished"
    return [
        Figure(name="echo: wrong states under load", value=tally.wrong, unit="cells", aim=0.5, note=asked + wrong),
        Figure(name="echo: its memory at the most (RSS)", value=tally.peak, unit="MB", aim=MEMORY),
        Figure(
            name="echo: CPU for 1,000 knocks",
            value=tally.cpu / tally.probes * 1000,
            unit="s",
            parts=(("nmap", scan.cpu / tally.probes * 1000),),
            note="of the echo with its book, plans and signed reports, without TLS" + told,
        ),
        Figure(
            name="echo: wall time of all these checks",
            value=tally.wall,
            unit="s",
            parts=(("nmap", scan.wall),),
            note=f"paced at {RATE:.0f} knocks a second; nmap -sT -T4 --max-retries 1 is not" + told,
        ),
        Figure(
            name="echo: TLS handshakes and challenges in a CPU second",
            value=hands / cpu,
            unit="/s",
            note=f"{hands} callers, of the echo's process",
        ),
    ]


def load(count: int, rate: float, ports: PortList) -> Tally:
    """So many practices ask, in a process of its own."""
    argv = there(ECHO, "tests.bench.checks", str(count), str(rate), ports.value)
    patience = 60 + count * (len(port_list(ports)) + 2) / rate * 2
    done = subprocess.run(argv, capture_output=True, text=True, cwd=REPOSITORY, timeout=patience, check=False)
    if done.returncode:
        raise AssertionError(f"the checks failed: {done.stderr[-2000:]}")
    return Tally(**json.loads(done.stdout))


def nmap(folder: Path, count: int) -> Scan:
    """The same doors of the same practices, by nmap."""
    targets = folder / "targets"
    targets.write_text("\n".join(str(practices.address(number)) for number in range(count)))
    ports = ",".join(str(port) for port in port_list(PortList.FULL))
    what = ["-n", "-Pn", "-p", ports, "-iL", str(targets), "-oG", os.devnull]
    before, began = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic()
    try:
        argv = ["ip", "netns", "exec", ECHO, "nmap", "-sT", "-T4", "--max-retries", "1", *what]
        subprocess.run(argv, check=True, capture_output=True, timeout=NMAP_S)
        finished = True
    except subprocess.TimeoutExpired:
        finished = False
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    used = after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime
    return Scan(wall=time.monotonic() - began, cpu=used, finished=finished)


def handshakes(folder: Path, count: int) -> tuple[int, float]:
    """How many callers were answered, and the CPU seconds of the echo's process for them."""
    serve = ["serve", "--dir", str(folder / "tls"), "--name", "bench", "--listen", f"{ECHO_ADDRESS}:{PORT}"]
    with started(ECHO, "sentinel.echo", *serve, stderr=subprocess.PIPE) as echo:
        if echo.stderr is None or "answers as" not in echo.stderr.readline():
            raise AssertionError("the echo does not start")
        time.sleep(5)  # its first look at itself is over
        before = cpu_of(echo.pid)
        argv = there(FAR, "tests.bench.handshakes", ECHO_ADDRESS, str(PORT), str(count))
        done = subprocess.run(argv, capture_output=True, text=True, cwd=REPOSITORY, timeout=120, check=False)
        used = cpu_of(echo.pid) - before
    if done.returncode:
        raise AssertionError(f"the callers failed: {done.stderr[-2000:]}")
    return int(done.stdout.split()[0]), used


def cpu_of(pid: int) -> float:
    """User and system seconds of a process so far."""
    words = Path("/proc", str(pid), "stat").read_text().rpartition(")")[2].split()
    return (int(words[11]) + int(words[12])) / os.sysconf("SC_CLK_TCK")  # proc(5): fields 14 and 15
