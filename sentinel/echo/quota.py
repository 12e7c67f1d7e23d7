"""How often one may ask: arithmetic on past times, so that an echo cannot be turned into a scanner for hire."""

from collections import OrderedDict, deque
from collections.abc import Sequence
from ipaddress import ip_network

from sentinel.echo.deny import Network
from sentinel.model.moment import Address

DAY_S = 86_400.0
HOUR_S = 3_600.0

KEY_EVERY_S = 600.0
KEY_BURST = 3
KEY_PER_DAY = 60
KEY_ADDRESSES_PER_DAY = 4
"""All of these for one key and one family."""
TARGET_PER_HOUR = 12
"""Over all keys."""
RETEST_EVERY_S = 30.0
RETESTS_PER_HOUR = 30
"""Of doors already reported open; for one key and one family, and beside everything above."""
RETESTS_OF_TARGET_PER_HOUR = 60
"""Over all keys."""
NETWORK_PER_MINUTE = 60
"""New connections from one /24 or /64."""
NETWORKS_REMEMBERED = 65_536


def wait_for_rate(times: Sequence[float], now: float, *, every: float, burst: int) -> float:
    """Seconds until one more fits a steady rate with a burst (a leaky bucket, replayed); 0 when it fits now."""
    full_at = 0.0
    for time in times:
        full_at = max(full_at, time) + every
    return max(0.0, full_at - (burst - 1) * every - now)


def wait_for_count(times: Sequence[float], now: float, *, window: float, count: int) -> float:
    """Seconds until fewer than `count` of these lie in the window; 0 when that is so now."""
    recent = [time for time in times if time > now - window]
    if len(recent) < count:
        return 0.0
    return recent[-count] + window - now


def network_of(address: Address) -> Network:
    """The /24 or /64 somebody comes from: the smallest a stranger usually commands."""
    return ip_network((address, 24 if address.version == 4 else 64), strict=False)


def alone(address: Address) -> Network:
    """One address as a network."""
    return ip_network(address)


def cut(address: Address) -> Network:
    """What a log may hold of an address: its /24 or /48."""
    return ip_network((address, 24 if address.version == 4 else 48), strict=False)


class Turnstile:
    """Counts the connections of each network over the last minute; remembers a bounded number of networks."""

    def __init__(self, per_minute: int = NETWORK_PER_MINUTE) -> None:
        self._per_minute = per_minute
        self._seen: OrderedDict[Network, deque[float]] = OrderedDict()

    def lets_in(self, address: Address, now: float) -> bool:
        """Whether one more connection from here is welcome at `now`, in seconds of any steady clock."""
        times = self._times(network_of(address))
        while times and times[0] <= now - 60:
            times.popleft()
        if len(times) >= self._per_minute:
            return False
        times.append(now)
        return True

    def _times(self, network: Network) -> deque[float]:
        times = self._seen.setdefault(network, deque())
        self._seen.move_to_end(network)
        if len(self._seen) > NETWORKS_REMEMBERED:
            self._seen.popitem(last=False)
        return times
