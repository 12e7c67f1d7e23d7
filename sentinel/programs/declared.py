"""From `sentinel.toml` to the terms of judgement: what somebody has declared or expects; accepted doors are in
`doors`."""

from functools import partial
from ipaddress import ip_network

from sentinel.config import Config
from sentinel.judgement.expected import Terms
from sentinel.judgement.visits import Thresholds
from sentinel.signals import hours


def declared(config: Config) -> Terms:
    """What `sentinel.toml` says is meant to be so."""
    return Terms(
        view=config.capture.view,
        known=tuple(ip_network(text) for text in config.capture.private_networks),
        expect_open=frozenset(config.echo.expect_open),
        firewall=config.capture.firewall.lower(),
        thresholds=Thresholds(images_left=int(config.capture.images_left_mb * 1_000_000)),
        is_open=partial(hours.is_open, config.practice),
    )
