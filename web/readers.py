"""Who may read the page at all: this machine, the practice's networks, those it names; never the box.

Whoever comes under the gateway's own address may be anybody of the internet behind its translation. Networks are
read from the kernel at each request, so that the page knows its readers without `watch`; the unknown is refused.
"""

from collections.abc import Iterable
from ipaddress import IPv6Address, ip_address, ip_network

from sentinel import lan
from sentinel.lan import Lan
from sentinel.model.moment import Address
from sentinel.settings import covered
from sentinel.store import reading
from web.scene import Surroundings


def may_read(client: str, around: Surroundings) -> bool:
    """Whether the page answers this address."""
    address = plain(client)
    if address is None or address.is_loopback:
        return address is not None
    box, declared = _declared(around)
    return is_reader(address, lan.look(), box, declared)


def is_reader(address: Address, here: Lan, box: Iterable[str], declared: Iterable[str]) -> bool:
    """Whether an address is of a connected or declared network, and not the box's."""
    if address in (*here.gateways, *map(ip_address, box)):
        return False
    return address in here.addresses or any(
        address in each for each in (*here.networks, *map(ip_network, declared))
    )


def plain(client: str) -> Address | None:
    """An address without its zone, and as IPv4 where it is one in an IPv6 coat."""
    try:
        address = ip_address(client.partition("%")[0])
    except ValueError:
        return None
    return (isinstance(address, IPv6Address) and address.ipv4_mapped) or address


def _declared(around: Surroundings) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The box's addresses and the networks that were named, in the file or on the page."""
    config = around.config
    try:
        with reading.opened(around.places.store) as reader:
            config = covered(config, reader.settings())
    except OSError:
        pass  # the file's word alone
    return config.capture.box, (*config.capture.prefixes, *config.page.page_from)
