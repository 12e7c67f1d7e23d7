"""`sentinel firewall`: fills the sets of the table `inet sentinel`.

The table with its rules is its unit's, and no other is touched. What is not known lets nobody in: a network that
is not connected now is in no set. One transaction, and none where nothing has changed.
"""

import json
import subprocess
from collections.abc import Callable, Iterable, Iterator
from ipaddress import collapse_addresses, ip_address, ip_network, summarize_address_range
from pathlib import Path
from typing import Any

from sentinel import lan
from sentinel.config import Config
from sentinel.errors import MissingDevice, MissingRight
from sentinel.model.networks import Network
from sentinel.places import Places
from sentinel.programs.effective import effective
from sentinel.readership import Readers, readers

FAMILY, TABLE = "inet", "sentinel"
SSH = 22
TIMEOUT = 20.0

Elements = tuple[str, ...]
"""Of one set, as nft reads them."""
Say = Callable[[str], object]


def firewall(config: Config, places: Places, tell: Say, key: Path | None = None) -> int:
    """Fill the sets: who may read the page, the box, and the port of ssh where there is a key.

    Args:
        config: the file's; what was set on the page covers it.
        places: where the store is.
        tell: one line for each set that changed.
        key: ssh is open while this file is there and not empty; None: it is closed.

    Returns:
        0.

    Raises:
        MissingDevice: nft or the table is not there.
        MissingRight: CAP_NET_ADMIN is needed.
    """
    wanted = sets(readers(effective(config, places), lan.look()), ssh=_has_content(key))
    there = look()
    changed = {name: each for name, each in wanted.items() if _meant(name, each) != there.get(name)}
    if changed:
        _nft("-f", "-", script="".join(_lines(changed)))
    for name, elements in changed.items():
        tell(f"{name}: {', '.join(elements) or 'nobody'}")
    return 0


def look() -> dict[str, frozenset[Any]]:
    """What is in the sets now, by name: networks, or ports.

    Raises:
        MissingDevice: nft or the table is not there.
        MissingRight: CAP_NET_ADMIN is needed.
    """
    return _read(_nft("-j", "list", "table", FAMILY, TABLE))


def sets(allowed: Readers, *, ssh: bool) -> dict[str, Elements]:
    """The sets of the table, by name."""
    made: dict[str, Elements] = {}
    for version in (4, 6):
        made[f"readers{version}"] = tuple(str(each) for each in allowed.networks if each.version == version)
        made[f"gateways{version}"] = tuple(str(each) for each in allowed.box if each.version == version)
    return made | {"ssh": (str(SSH),) if ssh else ()}


def _has_content(file: Path | None) -> bool:
    try:
        return file is not None and file.stat().st_size > 0
    except OSError:
        return False


def _lines(changed: dict[str, Elements]) -> Iterator[str]:
    for name, elements in changed.items():
        yield f"flush set {FAMILY} {TABLE} {name}\n"
        if elements:
            yield f"add element {FAMILY} {TABLE} {name} {{ {', '.join(elements)} }}\n"


def _meant(name: str, elements: Elements) -> frozenset[Any]:
    """What they say, however they are written: nft joins networks that touch."""
    return frozenset(elements) if name == "ssh" else _joined(ip_network(each) for each in elements)


def _read(listing: str) -> dict[str, frozenset[Any]]:
    """The sets of the table as nft tells them (libnftables-json(5))."""
    found = [each["set"] for each in json.loads(listing)["nftables"] if "set" in each]
    return {
        each["name"]: frozenset(map(str, each.get("elem", ())))
        if each["type"] == "inet_service"
        else _joined(network for element in each.get("elem", ()) for network in _networks(element))
        for each in found
    }


def _networks(element: Any) -> Iterable[Network]:
    match element:
        case {"prefix": {"addr": address, "len": length}}:
            return [ip_network(f"{address}/{length}")]
        case {"elem": {"val": inner}}:  # with a comment: somebody's own, which goes
            return _networks(inner)
        case {"range": [first, last]}:
            return summarize_address_range(ip_address(first), ip_address(last))
        case _:
            return [ip_network(element)]


def _joined(networks: Iterable[Network]) -> frozenset[Any]:
    return frozenset(collapse_addresses(networks))  # type: ignore[type-var]  # of one family each


def _nft(*words: str, script: str = "") -> str:
    """One call of nft; what it says.

    Raises:
        MissingDevice: it is not installed, or the table is not there.
        MissingRight: the kernel refused.
    """
    try:
        done = subprocess.run(
            ["nft", *words], input=script, capture_output=True, text=True, timeout=TIMEOUT, check=False
        )
    except OSError as error:
        raise MissingDevice(f"nft cannot be run: {error.strerror}") from None
    if "not permitted" in done.stderr:
        raise MissingRight("the firewall needs CAP_NET_ADMIN: run this as root, or through its unit")
    if done.returncode:
        raise MissingDevice(f"the table {FAMILY} {TABLE} cannot be used: {done.stderr.splitlines()[0]}")
    return done.stdout
