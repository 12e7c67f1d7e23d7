"""What the echoes are asked about beyond their lists: the sentinel's own doors, and what was configured.

A page that names machines must not be seen from outside, so each check asks about the ports it listens on, about
those of any page, and about ssh, whether it is on at this moment or not: it may be switched on without a word to
us. A page on loopback alone is no installed machine's, and cannot be reached. Our own go first; a configuration
that leaves them no room is a mistake, said when it is read (`sentinel.mistakes`).
"""

from dataclasses import replace
from ipaddress import ip_address

from sentinel.config import Config, Echo, Page

EXTRA_PORTS = 15
"""An echo takes 16 beyond its list; the IPv6 door test needs one of them."""
WEB = (80, 443)
SSH = 22


def own_ports(page: Page) -> tuple[int, ...]:
    """Ports of this machine that no stranger may reach, once each; none where the page is on loopback.

    Raises:
        ValueError: the page's host is no address.
    """
    if ip_address(page.host).is_loopback:
        return ()
    return tuple(port for port in dict.fromkeys((page.https_port, page.port, *WEB, SSH)) if port)


def asked_about(config: Config) -> Echo:
    """The section of the echoes, with our own ports ahead of the configured ones."""
    section = config.echo
    configured = {*section.extra_ports, *section.expect_open}
    own = (port for port in own_ports(config.page) if port not in configured)
    return replace(section, extra_ports=(*own, *section.extra_ports))
