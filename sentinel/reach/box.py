"""The box from inside: read in a short-lived child, which holds asyncio, aiohttp and the answers of the LAN.

`watch` starts the child, gives it nothing but an address, reads at most 128 KiB of JSON from it, and ends it after
a dozen seconds. Whatever goes wrong in there is `Reading.FAILED`.
"""

import os
import resource
import signal
import sys
from dataclasses import replace
from ipaddress import IPv4Address, ip_address
from subprocess import DEVNULL, PIPE, Popen
from threading import Timer

from sentinel import codec
from sentinel.clock import Clock, now
from sentinel.model.box import BoxReading, Mapping, Reading, is_not_public
from sentinel.model.moment import Address

LASTS = 14.0
"""Seconds until the child is ended: ten of reading, and the start of Python on a small computer."""
SAID = 128 << 10
"""Bytes of its answer: 64 mappings take 20 KiB."""
MEMORY = 512 << 20
"""Bytes of address space, most of which is libraries."""
CPU = 8
"""Seconds of computing."""
FILES = 64
KEPT = ("PATH", "PYTHONPATH", "PYTHONHOME", "LD_LIBRARY_PATH")
"""What of our environment the child is given: nothing else of it concerns the box."""
MAPPINGS, TEXT = 64, 80


def read_box(gateway: Address, clock: Clock = now, *, lasts: float = LASTS) -> BoxReading:
    """Read the box; a few seconds, and never an exception."""
    begun = [sys.executable, "-m", "sentinel.reach.box", str(gateway)]
    given = {name: os.environ[name] for name in KEPT if name in os.environ}
    try:
        with Popen(begun, stdin=DEVNULL, stdout=PIPE, stderr=DEVNULL, env=given) as child:
            said = _hear(child, lasts)
    except OSError as error:
        return _failed(gateway, clock, f"the reader cannot be started: {error.strerror}")
    if child.returncode:
        return _failed(gateway, clock, f"the reader ended with {child.returncode}")
    return _decoded(said, gateway, clock)


def _hear(child: "Popen[bytes]", lasts: float) -> bytes:
    """What the child says in its time, as far as it is kept."""
    end = Timer(lasts, child.kill)
    end.start()
    try:
        said = child.stdout.read(SAID + 1) if child.stdout else b""
        if len(said) > SAID:
            child.kill()
        child.wait()
    finally:
        end.cancel()
    return said


def _decoded(said: bytes, gateway: Address, clock: Clock) -> BoxReading:
    try:
        reading = codec.decode(said, BoxReading)
    except ValueError:
        return _failed(gateway, clock, "the reader said nothing that is a reading")
    if reading.gateway != gateway or not _is_plausible(reading):
        return _failed(gateway, clock, "the reader said something impossible")
    return replace(reading, at=clock())


def _is_plausible(reading: BoxReading) -> bool:
    """The child has read hostile answers: its own limits are checked again."""
    fits = len(reading.mappings) <= MAPPINGS and len(reading.detail) <= 4 * TEXT
    return fits and all(_is_mapping(each) for each in reading.mappings)


def _is_mapping(mapping: Mapping) -> bool:
    ports = 0 < mapping.outside_port < 65_536 and 0 < mapping.inside_port < 65_536
    return ports and len(mapping.text) <= TEXT and (not mapping.text or mapping.text.isprintable())


def _failed(gateway: Address, clock: Clock, why: str) -> BoxReading:
    return BoxReading(reading=Reading.FAILED, at=clock(), gateway=gateway, detail=why)


# -- the child ---------------------------------------------------------------------------------------------------


def look(gateway: Address) -> BoxReading:
    """Ask the box everything it may be asked, in this very process."""
    from sentinel.reach import pcp, ssdp

    if not isinstance(gateway, IPv4Address):
        return BoxReading(reading=Reading.SILENT, at=now(), gateway=gateway, detail="it has no IPv4 address here")
    try:
        openers = pcp.openers(gateway)
        url = ssdp.description(gateway)
    except OSError as error:
        return _failed(gateway, now, f"there is no way to it: {error.strerror}")
    unsure = openers.wan is not None and is_not_public(openers.wan)
    found = BoxReading(
        reading=Reading.SILENT,
        at=now(),
        gateway=gateway,
        wan=None if unsure else openers.wan,
        addressless=openers.addressless or unsure,  # one datagram, which may be forged, is a doubt and no sharing
        natpmp=openers.natpmp,
        pcp=openers.pcp,
    )
    return found if url is None else _with_igd(found, url, gateway)


def _with_igd(found: BoxReading, url: str, gateway: IPv4Address) -> BoxReading:
    from sentinel.reach import igd  # half a second, and only where there is something to read

    told = igd.read_igd(url, gateway)
    reading = Reading.FAILED if told.igd is None else Reading.READ if told.complete else Reading.PARTLY
    wan = told.wan or found.wan
    return replace(
        found,
        reading=reading,
        igd=told.igd,
        wan=wan,
        addressless=wan is None and (told.connected or found.addressless),
        mappings=tuple(told.mappings),
        ipv6_inbound=told.ipv6_inbound,
        detail="; ".join(told.trouble)[: 4 * TEXT],
    )


def confine() -> None:
    """Bound this process: what a hostile answer makes it do ends here."""
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (CPU, CPU))
    resource.setrlimit(resource.RLIMIT_NOFILE, (FILES, FILES))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    signal.alarm(int(LASTS))


if __name__ == "__main__":
    confine()
    sys.stdout.buffer.write(codec.encode(look(ip_address(sys.argv[1]))))
