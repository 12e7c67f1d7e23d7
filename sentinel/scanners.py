"""Known research scanners, from `scanners.csv`: whose an address is, by published network or by its name.

Who knocks changes the wording and nothing else. A robot that indexes the internet will publish the door it found:
a benign scanner is still a finding, of the same grade and the same colour.
"""

import csv
from functools import cache
from importlib.resources import files
from ipaddress import ip_network
from typing import NamedTuple

from sentinel.model.moment import Address
from sentinel.model.networks import Network


class _Known(NamedTuple):
    suffixes: dict[str, str]
    networks: tuple[tuple[Network, str], ...]


@cache
def _known() -> _Known:
    lines = files("sentinel").joinpath("scanners.csv").read_text(encoding="utf-8").splitlines()
    table = list(csv.DictReader(line for line in lines if not line.startswith("#")))
    return _Known(
        suffixes={row["suffix"]: row["organisation"] for row in table if row["suffix"]},
        networks=tuple((ip_network(row["network"]), row["organisation"]) for row in table if row["network"]),
    )


def by_network(address: Address) -> str:
    """The organisation that publishes a network with this address; empty: none we know."""
    return next((whose for network, whose in _known().networks if address in network), "")


def by_name(name: str) -> str:
    """The organisation behind a host name, which only a forward look-up proves; empty: none we know.

    A suffix counts from the right in whole labels: `evilshodan.io` is nobody's.
    """
    labels = name.rstrip(".").lower().split(".")
    ends = (".".join(labels[n:]) for n in range(len(labels)))
    return next((whose for end in ends if (whose := _known().suffixes.get(end))), "")


def organisations() -> frozenset[str]:
    """Every organisation of the table: the only names that may ever be said of a visitor."""
    known = _known()
    return frozenset([*known.suffixes.values(), *(whose for _, whose in known.networks)])
