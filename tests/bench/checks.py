"""The checks of a thousand practices, through everything of an echo but its TLS; says what they cost and found.

In a process of its own, so that its memory and its time are an echo's.
"""

import asyncio
import json
import os
import resource
import sys
import time
from dataclasses import asdict, dataclass, field
from ipaddress import IPv4Address, ip_address
from pathlib import Path
from tempfile import TemporaryDirectory

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from sentinel import dsse
from sentinel.clock import now
from sentinel.echo import protocol
from sentinel.echo.books import open_books
from sentinel.echo.challenges import Caller
from sentinel.echo.identity import identity
from sentinel.echo.prober import Outing
from sentinel.echo.protocol import Request, Target
from sentinel.echo.report import report
from sentinel.echo.service import Echo
from sentinel.echo.settings import Settings
from sentinel.model.exposure import PortList
from sentinel.services import port_list
from tests.bench import practices
from tests.bench.memory import peak
from tests.bench.practices import ECHO_ADDRESS


@dataclass
class Tally:
    """What came of the checks."""

    checks: int = 0
    probes: int = 0
    """Knocks with an answer; a second try counts once."""
    wrong: int = 0
    """Cells and decoys whose state is not the truth, or that have none."""
    wall: float = 0.0
    """From the first check to the last report, in seconds."""
    kinds: dict[str, int] = field(default_factory=dict)
    """Of the wrong ones: what was told instead of what."""
    cpu: float = 0.0
    """Of this process, user and system, in seconds."""
    peak: float = 0.0
    """The most memory it ever held (RSS), in megabytes."""
    fastest: float = 0.0
    """The most answers in one second."""


class Line(asyncio.Transport):
    """Stands for a connection."""


class Bench:
    """An echo, and practices that ask it one after the other."""

    def __init__(self, folder: Path, ports: PortList) -> None:
        settings = Settings(folder=folder, name="bench", listen=((ip_address(ECHO_ADDRESS), 8443),))
        own = identity(folder, "bench")
        self.echo = Echo(settings, own, open_books(folder, own.secret), now)
        self.ports = ports
        self.tally = Tally()
        self._per_second: dict[int, int] = {}

    async def run(self, count: int, rate: float) -> Tally:
        """Let so many practices ask, at so many knocks a second."""
        with self.echo.book.held():
            return await self._run(count, rate)

    async def _run(self, count: int, rate: float) -> Tally:
        await self.echo.lookout.look()
        keys = [self._enrolled(number) for number in range(count)]
        apart = (len(port_list(self.ports)) + 2) / rate
        began, cpu = time.monotonic(), _cpu()
        async with asyncio.TaskGroup() as group:
            for number, key in enumerate(keys):
                await asyncio.sleep(max(0.0, began + number * apart - time.monotonic()))
                group.create_task(self._check(practices.address(number), key))
        self.tally.wall, self.tally.cpu = time.monotonic() - began, _cpu() - cpu
        self.tally.peak = peak(os.getpid())
        self.tally.fastest = max(self._per_second.values())
        return self.tally

    def _enrolled(self, number: int) -> Ed25519PrivateKey:
        key = Ed25519PrivateKey.generate()
        self.echo.book.invite(str(number), str(number), self.echo.wall() + 600)
        self.echo.book.enrol(str(number), key.public_key().public_bytes_raw(), self.echo.wall())
        return key

    async def _check(self, practice: IPv4Address, key: Ed25519PrivateKey) -> None:
        caller = Caller(address=practice, port=40_000, arrived_at=ip_address(ECHO_ADDRESS), connection=Line())
        self.echo.admission.welcome(caller, self.echo.wall())
        admitted = self.echo.admission.admit(self._question(caller, key), caller, self.echo.wall())
        dsse.seal(protocol.PLAN, admitted.errand.plan(), self.echo.identity.current)
        outing, began = Outing(admitted.errand, admitted.memory), now()
        await self.echo.prober.run(outing)
        vantage = self.echo.lookout.vantage(4)
        said = report(outing, admitted.key, vantage, began=began, ended=now())
        dsse.seal(protocol.REPORT, said, self.echo.identity.current)
        self._count(practice, said, len(admitted.errand.probes))

    def _question(self, caller: Caller, key: Ed25519PrivateKey) -> bytes:
        request = Request(
            v=1,
            aud="bench",
            challenge=self.echo.challenges.issue(caller),
            nonce=protocol.token(),
            family=4,
            targets=[Target(addr=protocol.SELF)],
            ports=self.ports.value,
            tls_cert=self.echo.identity.certificate_hash,
        )
        return dsse.seal(protocol.REQUEST, request, key)

    def _count(self, practice: IPv4Address, said: protocol.Report, asked: int) -> None:
        told = [(cell.port, cell.state) for cell in (*said.cells, *said.decoys)]
        self.tally.checks += 1
        self.tally.probes += len(told)
        self.tally.wrong += asked - len(told)
        for port, state in told:
            wanted = practices.truth(practice, port).value
            if state != wanted:
                self.tally.wrong += 1
                kind = f"{state} for {wanted}"
                self.tally.kinds[kind] = self.tally.kinds.get(kind, 0) + 1
        second = int(time.monotonic())
        self._per_second[second] = self._per_second.get(second, 0) + len(told)


def _cpu() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def main() -> None:
    """COUNT RATE LIST; prints the tally as JSON."""
    count, rate, ports = int(sys.argv[1]), float(sys.argv[2]), PortList(sys.argv[3])
    with TemporaryDirectory() as folder:
        tally = asyncio.run(Bench(Path(folder), ports).run(count, rate))
    sys.stdout.write(json.dumps(asdict(tally)) + "\n")


if __name__ == "__main__":
    main()
