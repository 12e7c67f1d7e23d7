"""What an operator decides about an echo: its name, where it listens, from where it knocks."""

from dataclasses import dataclass
from ipaddress import ip_address, ip_network
from pathlib import Path

from sentinel.echo.deny import Network
from sentinel.model.moment import Address

SOURCE_PORTS = range(20_000, 30_000)
"""Knocks come from these ports, so that the kernel gives none of them to anybody else."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """An address the echo knocks from."""

    local: Address
    seen_as: Address
    """What a stranger sees: another address where the hoster translates one to one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """One echo."""

    folder: Path
    """Keys, certificate and the book."""
    name: str
    """The host in its invitations, and the audience of every request."""
    listen: tuple[tuple[Address, int], ...]
    sources: tuple[Source, ...] = ()
    """Empty: the address on which the caller arrived."""
    own: tuple[Network, ...] = ()
    """Networks of the operator, never dialled."""
    silent: tuple[tuple[Address, int], ...] = ()
    """Where every knock is dropped; the self-check must find it silent."""
    blocked: frozenset[int] = frozenset()
    """Ports the hoster filters on the way out: told as not tested, never dialled."""
    http: tuple[tuple[Address, int], ...] = ()
    """Where the page for visitors is shown without TLS."""
    contact: str = ""
    """To whom visitors of that page may write."""
    lab: bool = False
    """A test: addresses no stranger could reach may be dialled."""

    def source(self, arrived_at: Address) -> Source:
        """From where to knock at a caller who arrived at this address of ours."""
        for source in self.sources:
            if source.local.version == arrived_at.version:
                return source
        return Source(local=arrived_at, seen_as=arrived_at)

    def is_ours(self, address: Address) -> bool:
        """Whether an address is this echo's: it knocks at others, not at itself."""
        own = {listening for listening, _ in (*self.listen, *self.http)}
        for source in self.sources:
            own |= {source.local, source.seen_as}
        return address in own


def read_listen(text: str) -> tuple[Address, int]:
    """`ADDR:PORT`, an IPv6 address in brackets.

    Raises:
        ValueError: it is neither.
    """
    host, colon, port = text.rpartition(":")
    if not colon or not port.isdecimal() or not 0 <= int(port) <= 65535:
        raise ValueError(f"{text!r} is not ADDRESS:PORT, as in 192.0.2.7:443 or [2001:db8::7]:443")
    return ip_address(host.removeprefix("[").removesuffix("]")), int(port)


def read_port(text: str) -> int:
    """A TCP port.

    Raises:
        ValueError: it is none.
    """
    if not text.isdecimal() or not 1 <= int(text) <= 65535:
        raise ValueError(f"{text!r} is not a port from 1 to 65535")
    return int(text)


def read_source(text: str) -> Source:
    """`ADDR`, or `ADDR=PUBLIC` behind a one-to-one translation.

    Raises:
        ValueError: it is neither.
    """
    local, _, seen_as = text.partition("=")
    return Source(local=ip_address(local), seen_as=ip_address(seen_as or local))


def read_network(text: str) -> Network:
    """A network or a single address.

    Raises:
        ValueError: it is neither.
    """
    return ip_network(text, strict=False)


def local_ports() -> range:
    """The ports the kernel hands out by itself."""
    low, high = Path("/proc/sys/net/ipv4/ip_local_port_range").read_text(encoding="ascii").split()
    return range(int(low), int(high) + 1)
