"""One check from an echo host of the cabinet, made by the echo's own prober, and nmap's word on the same doors."""

import asyncio
import xml.etree.ElementTree as ET  # nmap's own output, on this machine
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from secrets import SystemRandom

from sentinel.echo.dial import Answer
from sentinel.echo.planning import Ask, Errand
from sentinel.echo.prober import Outing, Prober
from sentinel.echo.settings import SOURCE_PORTS, Source
from sentinel.echo.vantage import FAR, route_source
from sentinel.model.exposure import Application, Probe
from sentinel.model.moment import Address
from tests.echo.running import Notes
from tests.lab.host import Host

Door = tuple[Address, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """What the prober found of one door."""

    answer: Answer
    app: Application | None

    def __str__(self) -> str:
        return f"{self.answer.reach}/{self.answer.why} {self.answer.took.total_seconds() * 1000:.0f} ms"


def knocked(
    echo: Host, doors: Sequence[Door], *, asking: bool = False, tls: bool = False, decoys: Sequence[Door] = ()
) -> dict[Door, Seen]:
    """Every door of one errand, as that echo host sees it; doors of several addresses share it."""
    sports = iter(SystemRandom().sample(SOURCE_PORTS, 4 * len(doors) + len(decoys)))
    source = {4: echo.v4, 6: echo.v6}

    def probe(door: Door) -> Probe:
        here = source[door[0].version]
        return Probe(source=here, source_port=next(sports), target=door[0], target_port=door[1])

    seen: dict[Door, Seen] = {}
    for family in {address.version for address, _ in doors}:
        own = [door for door in doors if door[0].version == family]
        here = source[family]
        errand = Errand(
            check="check-1",
            nonce="n",
            target=own[0][0],
            source=Source(local=here, seen_as=here),
            listed=tuple(probe(door) for door in own),
            decoys=tuple(probe(door) for door in decoys),
            controls=(),
            out_of_share=(),
            asks=tuple(Ask(first=probe(door), second=probe(door), again=probe(door)) for door in own if asking),
            mark="SNTJ2K4QW7XR3MTA",
            tls=tls,
        )
        outing = Outing(errand, Notes())
        with echo.inside():
            asyncio.run(Prober(lambda _: True, _has_route).run(outing))
        for each in errand.listed:
            app = outing.application(each.target_port)
            seen[(each.target, each.target_port)] = Seen(answer=outing.answer(each), app=app)
    return seen


def _has_route(family: int) -> bool:
    return route_source(FAR[family]) is not None


def nmap(echo: Host, doors: Iterable[Door]) -> dict[Door, str]:
    """State and reason of each door, as `nmap -sT --reason` gives them from the same host."""
    by_address: dict[Address, list[int]] = {}
    for address, port in doors:
        by_address.setdefault(address, []).append(port)
    with ThreadPoolExecutor(4) as pool:
        scans = {address: pool.submit(_scan, echo, address, ports) for address, ports in by_address.items()}
    return {door: said for scan in scans.values() for door, said in scan.result().items()}


def _scan(echo: Host, address: Address, ports: list[int]) -> dict[Door, str]:
    # As patient as we are: the word of a box about a machine that is off comes after three seconds.
    patience = ["--initial-rtt-timeout", "4s", "--min-rtt-timeout", "4s", "--max-retries", "0"]
    family = ["-6"] if address.version == 6 else []
    wanted = ",".join(map(str, ports))
    argv = ["nmap", "-sT", "-Pn", "-n", "--reason", *family, *patience, "-p", wanted, "-oX", "-", str(address)]
    found = ET.fromstring(echo.run(argv, timeout=60).stdout)
    said = {}
    for port in found.iter("port"):
        state = port.find("state")
        assert state is not None
        said[(address, int(port.attrib["portid"]))] = f"{state.attrib['state']}/{state.attrib['reason']}"
    return said
