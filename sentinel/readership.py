"""Who may read the page: one rule, for the page that answers and for the firewall before it."""

from dataclasses import dataclass
from ipaddress import ip_address, ip_network

from sentinel.config import Config
from sentinel.lan import Lan
from sentinel.model.moment import Address
from sentinel.model.networks import Network


@dataclass(frozen=True, slots=True, kw_only=True)
class Readers:
    """Networks, less what is never a reader."""

    networks: tuple[Network, ...]
    """Connected ones and those that were declared: the practice's, and the technician's."""
    box: tuple[Address, ...]
    """Whoever comes under the box's own address may be anybody of the internet behind its translation."""

    def __contains__(self, address: Address) -> bool:
        return address not in self.box and any(address in network for network in self.networks)


def readers(config: Config, here: Lan) -> Readers:
    """By the configuration as it holds, and by what the kernel's tables show now."""
    declared = (*config.capture.prefixes, *config.page.page_from)
    return Readers(
        networks=tuple(dict.fromkeys((*here.networks, *map(ip_network, declared)))),
        box=tuple(dict.fromkeys((*here.gateways, *map(ip_address, config.capture.box)))),
    )
