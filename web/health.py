"""What `/sentinel` says beyond the pulse: echoes, box, store, versions."""

import platform
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from ipaddress import ip_address
from pathlib import Path

from flask import g

from sentinel import __version__, codec, lan
from sentinel.card.notes import Board, board
from sentinel.model.box import BoxReading, wan_address
from sentinel.model.exposure import Outcome
from sentinel.model.renewal import Came, Lost, Renewal
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
    renewal: tuple[Phrase, ...]
    """What came of the last update, of a card only."""
    renewed: Renewal | None
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
    renewal = _last_update(places.renewal)
    with reading.opened(places.store) as reader:
        last, proofs = reader.last_checks(), reader.last_proofs()
        box, vitals = reader.box(), reader.vitals()
    return Health(
        checks=tuple((each, proofs.get((each.echo, each.family))) for each in last),
        box=tuple(_box(box, last)) if box else (),
        read=box,
        vitals=vitals,
        size=sum(_size(places.store.with_name(places.store.name + end)) for end in ("", "-wal")),
        renewal=tuple(_renewal(renewal)) if renewal else (),
        renewed=renewal,
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


def _last_update(path: Path) -> Renewal | None:
    """None where there was none, or a later version has said it in its own words."""
    try:
        return codec.decode(path.read_bytes(), Renewal)
    except (OSError, ValueError):
        return None


def _renewal(last: Renewal) -> Iterator[Phrase]:
    """How far it came; what was lacking; what is out of sight since."""
    unnamed = last.came is Came.REFUSED and not last.version
    yield Phrase(
        key="renewal.came.unnamed" if unnamed else f"renewal.came.{last.came}",
        blanks={"version": last.version, "before": last.before},
    )
    if last.lack is not None:
        yield Phrase(key=f"renewal.lack.{last.lack}")
    if last.lost is not None:
        yield _out_of_sight(last.lost)


def _out_of_sight(lost: Lost) -> Phrase:
    """As one sentence, each number with its noun."""
    if lost.connections is None or lost.incidents is None:
        return Phrase(key="renewal.lost.uncounted", blanks={"aside": lost.aside})
    language = g.scene.audience.language
    connections = say(language, "connections.count", count=lost.connections)
    incidents = say(language, "renewal.lost.incidents", count=lost.incidents)
    return Phrase(
        key="renewal.lost", blanks={"connections": connections, "incidents": incidents, "aside": lost.aside}
    )


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return 0  # no -wal after a clean stop


def _sqlite() -> str:
    return sqlite3.sqlite_version
