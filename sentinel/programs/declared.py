"""From `sentinel.toml` to the terms of judgement: what somebody has declared, accepted or expects."""

from ipaddress import ip_network

from sentinel.config import Config, Expected
from sentinel.judgement.expected import Accepted, Terms
from sentinel.judgement.visits import Thresholds
from sentinel.services import Alarm, alarm


def declared(config: Config) -> Terms:
    """What `sentinel.toml` says is meant to be so."""
    return Terms(
        view=config.capture.view,
        accepted=tuple(_accepted(each) for each in config.expected),
        known=tuple(ip_network(text) for text in config.capture.private_networks),
        expect_open=frozenset(config.echo.expect_open),
        firewall=config.capture.firewall.lower(),
        thresholds=Thresholds(images_left=int(config.capture.images_left_mb * 1_000_000)),
    )


def _accepted(expected: Expected) -> Accepted:
    return Accepted(
        machine=expected.machine.lower(),
        port=expected.port,
        source=None if expected.source == "any" else ip_network(expected.source),
        until=expected.until,
    )


def is_broad(terms: Terms) -> bool:
    """A red door is open to everybody because somebody said so, in either way."""
    ports = [each.port for each in terms.accepted if each.is_for_anybody()]
    return any(alarm(port) is Alarm.OPEN for port in (*ports, *terms.expect_open))
