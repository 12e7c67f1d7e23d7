"""What the echoes are asked about beyond their lists: what was configured, and the sentinel's own page.

A page that names machines must not be seen from outside, so each check asks about the ports it listens on, and
about those of any page; a page on loopback alone cannot be. As many as an echo still takes.
"""

from dataclasses import replace
from ipaddress import ip_address

from sentinel.config import Config, Echo
from sentinel.mistakes import EXTRA_PORTS

WEB = (80, 443)


def asked_about(config: Config) -> Echo:
    """The section of the echoes, with our own ports behind the configured ones."""
    section = config.echo
    configured = {*section.extra_ports, *section.expect_open}
    own = [port for port in dict.fromkeys((config.page.https_port, config.page.port, *WEB)) if port]
    new = [] if ip_address(config.page.host).is_loopback else [port for port in own if port not in configured]
    return replace(section, extra_ports=(*section.extra_ports, *new[: EXTRA_PORTS - len(configured)]))
