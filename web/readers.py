"""Who may read the page at all: this machine, the practice's networks, those it names; never the box.

Networks are read from the kernel at each request, so that the page knows its readers without `watch`; the unknown
is refused. The firewall keeps most others from asking at all, where there is one; this rule holds without it.
"""

from ipaddress import IPv6Address, ip_address

from sentinel import lan
from sentinel.config import Config
from sentinel.lan import Lan
from sentinel.model.moment import Address
from sentinel.readership import readers
from sentinel.settings import covered
from sentinel.store import reading
from web.scene import Surroundings


def may_read(client: str, around: Surroundings) -> bool:
    """Whether the page answers this address."""
    address = plain(client)
    if address is None or address.is_loopback:
        return address is not None
    return is_reader(address, lan.look(), _as_it_holds(around))


def is_reader(address: Address, here: Lan, config: Config) -> bool:
    """Whether an address is our own, or of a connected or declared network, and not the box's."""
    allowed = readers(config, here)
    return address in allowed or (address in here.addresses and address not in allowed.box)


def plain(client: str) -> Address | None:
    """An address without its zone, and as IPv4 where it is one in an IPv6 coat."""
    try:
        address = ip_address(client.partition("%")[0])
    except ValueError:
        return None
    return (isinstance(address, IPv6Address) and address.ipv4_mapped) or address


def _as_it_holds(around: Surroundings) -> Config:
    """The file's configuration, covered by what was set on the page; without a store, the file's word alone."""
    try:
        with reading.opened(around.places.store) as reader:
            return covered(around.config, reader.settings())
    except OSError:
        return around.config
