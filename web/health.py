"""What `/sentinel` says beyond the pulse: echoes, box, store, versions."""

import platform
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from ipaddress import ip_address
from pathlib import Path

from flask import g

from sentinel import __version__, lan
from sentinel.card.notes import Board, board
from sentinel.model.box import BoxReading, wan_address
from sentinel.model.exposure import Outcome
from sentinel.store import reading
from sentinel.store.listed import LastCheck
from sentinel.store.vitals import Vitals
from sentinel.text import say
from sentinel.text.points import Phrase
from web.flashed import unused
from web.scene import surroundings


@dataclass(frozen=True, slots=True, kw_only=True)
class Health:
    """What the store and this process know of the sentinel."""

    checks: tuple[tuple[LastCheck, datetime | None], ...]
    """The last attempt with each echo and family, and the last complete check."""
    box: tuple[Phrase, ...]
    read: BoxReading | None
    vitals: Vitals
    size: int
    """Bytes of the store, with what is not folded in yet."""
    versions: tuple[tuple[str, str], ...]
    board: Board
    """What tells this device from another of its name."""
    addresses: tuple[str, ...]
    """Its own on the network."""
    unused: tuple[str, ...] = ()
    """What of a card's files could not be used."""


def health() -> Health:
    """Read anew for each page.

    Raises:
        OSError: the store cannot be read.
    """
    places = surroundings().places
    with reading.opened(places.store) as reader:
        last, proofs = reader.last_checks(), reader.last_proofs()
        box, vitals = reader.box(), reader.vitals()
    return Health(
        checks=tuple((each, proofs.get((each.echo, each.family))) for each in last),
        box=tuple(_box(box, last)) if box else (),
        read=box,
        vitals=vitals,
        size=sum(_size(places.store.with_name(places.store.name + end)) for end in ("", "-wal")),
        versions=(("Cabinet Sentinel", __version__), ("Python", platform.python_version()), ("SQLite", _sqlite())),
        board=board(Path("/"), lan.host()),
        addresses=tuple(map(str, lan.look().addresses)),
        unused=unused(places.mistakes, g.scene.audience.language),
    )


def _box(box: BoxReading, checks: list[LastCheck]) -> Iterator[Phrase]:
    """The sentences of `sentinel box`."""
    seen = (each.address for each in checks if each.family == 4 and each.outcome == Outcome.CHECKED)
    observed = next((ip_address(each) for each in seen if each), None)
    ipv6 = {True: "open", False: "closed", None: "untold"}[box.ipv6_inbound]
    answers = {"upnp": box.igd is not None, "pcp": box.pcp, "natpmp": box.natpmp}
    yes = {
        name: say(g.scene.audience.language, "box.yes" if answer else "box.no") for name, answer in answers.items()
    }
    yield Phrase(key=f"box.reading.{box.reading}", blanks={"version": box.igd or 0, "detail": box.detail})
    yield Phrase(key="box.wan", blanks={"wan": str(box.wan or "?"), "observed": str(observed or "?")})
    yield Phrase(key=f"box.whose.{wan_address(box, observed)}")
    yield Phrase(key=f"box.ipv6.{ipv6}")
    yield Phrase(key="box.openers", blanks=yes)


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return 0  # no -wal after a clean stop


def _sqlite() -> str:
    return sqlite3.sqlite_version
