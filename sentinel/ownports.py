"""What the echoes are asked about beyond their lists: what was configured, and the sentinel's own doors.

A page that names machines must not be seen from outside, so each check asks about the ports it listens on, about
those of any page, and about ssh, whether it is on at this moment or not: it may be switched on without a word to
us. A page on loopback alone is no installed machine's, and cannot be reached. As many as an echo still takes.
"""

from dataclasses import replace
from ipaddress import ip_address

from sentinel.config import Config, Echo
from sentinel.mistakes import EXTRA_PORTS

WEB = (80, 443)
SSH = 22


def asked_about(config: Config) -> Echo:
    """The section of the echoes, with our own ports behind the configured ones."""
    section = config.echo
    configured = {*section.extra_ports, *section.expect_open}
    own = [port for port in dict.fromkeys((config.page.https_port, config.page.port, *WEB, SSH)) if port]
    new = [] if ip_address(config.page.host).is_loopback else [port for port in own if port not in configured]
    return replace(section, extra_ports=(*section.extra_ports, *new[: EXTRA_PORTS - len(configured)]))
