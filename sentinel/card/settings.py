"""What a card is configured with: the flasher's over the card's own, and over both what the card alone decides.

A file with a mistake leaves no dead sentinel: the last good one goes on, or the defaults, and the mistakes are
told.
"""

import ipaddress
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from sentinel import toml, written
from sentinel.card.handed import Handed, looked_up, merged
from sentinel.card.reading import Tables
from sentinel.card.refusal import NotTaken, Refused, Why
from sentinel.errors import ConfigurationError

DEFAULTS: Mapping[str, Any] = {"lamp": {"kind": "board"}, "store": {"batch_seconds": 180.0}}
"""Where a card differs from a laptop and the flasher may choose.

Batches of three minutes: in a busy practice those of one minute wrote 89 MB a day, in sectors of the device as
`./dev bench wear` counts them. What waits is kept by `listen` too, and incidents never wait.
"""
FIXED: Mapping[str, Any] = {
    "capture": {"user": "sentinel-listen"},
    "page": {"host": "::", "port": 80, "https_port": 443, "user": "sentinel-web"},
}
"""What the units, the firewall and the certificate rest on; `::` takes IPv4 too."""


@dataclass(frozen=True, slots=True, kw_only=True)
class InForce:
    """What the programs are started with."""

    tables: Tables
    """The whole document."""
    given: Tables | None = None
    """The flasher's, where there is a new one and it is good: to be kept."""
    refused: tuple[Refused, ...] = field(default=())


def in_force(handed: Handed, *, time_zone: str = "", claimed: bool = False) -> InForce:
    """The best configuration to be had; this never fails.

    Args:
        handed: `sentinel.toml` on the FAT and on the data partition.
        time_zone: of Imager; the practice's where the file names none.
        claimed: a password is set, and the code in the file is dead.
    """
    refused: list[Refused] = []
    under = merged(DEFAULTS, {"practice": {"time_zone": time_zone}} if time_zone else {})
    given = _given(handed, refused)
    for document in (given, handed.stored()):
        if document is None:
            continue
        whole = _whole(under, document, claimed=claimed)
        mistakes = _mistakes(whole)
        if not mistakes:
            is_new = document is given
            refused += _overruled(handed, document) if is_new else []
            return InForce(tables=whole, given=given if is_new else None, refused=tuple(refused))
        refused += [Refused(file=handed.file.name, why=Why.KEY, detail=each) for each in mistakes]
    return InForce(tables=_whole(under, {}, claimed=claimed), refused=tuple(refused))


def _given(handed: Handed, refused: list[Refused]) -> Tables | None:
    try:
        return handed.given()
    except NotTaken as error:
        refused.append(error.refused)
        return None


def _whole(under: Tables, document: Tables, *, claimed: bool) -> Tables:
    """What is no section stays what it is, for its mistake to be told."""
    whole = merged(under, document)
    for name, table in FIXED.items():
        if isinstance(whole.get(name, {}), dict):
            whole = merged(whole, {name: table})
    if claimed and isinstance(whole["page"], dict):
        whole["page"].pop("code", None)
    return whole


def _mistakes(whole: Tables) -> list[str]:
    """The sentences of `sentinel.toml`'s own reader, which repeats no secret."""
    try:
        toml.parse(written.document(whole))
    except ConfigurationError as error:
        return error.mistakes
    return []


def _overruled(handed: Handed, document: Tables) -> list[Refused]:
    """What the flasher chose and a card cannot leave open."""
    paths = [f"{section}.{name}" for section, table in FIXED.items() for name in table]
    return [
        Refused(file=handed.file.name, why=Why.FIXED, detail=path)
        for path in paths
        if not _agrees(looked_up(document, path), looked_up(FIXED, path))
    ]


def _agrees(said: Any, fixed: Any) -> bool:
    return said in (None, fixed) or (fixed == "::" and _is_everywhere(said))


def _is_everywhere(said: Any) -> bool:
    try:
        return ipaddress.ip_address(said).is_unspecified
    except ValueError:
        return False
