"""How the store itself is doing: how far back its log reaches, and how far its journal."""

import sqlite3
from dataclasses import dataclass
from datetime import datetime

from sentinel.store import rows


@dataclass(frozen=True, slots=True, kw_only=True)
class Vitals:
    """What the health page says of the store."""

    oldest: datetime | None
    """Opening of the oldest connection that is still kept."""
    entries: int
    """Of the journal."""
    head: str
    """Hash of its last entry; empty before the first."""
    written: datetime | None
    """When that entry was made."""
    anchored: datetime | None
    """When an echo last signed a head of it."""


def vitals(db: sqlite3.Connection) -> Vitals:
    """Five answers, each from an index."""
    oldest = db.execute("SELECT min(opened) FROM connections").fetchone()[0]
    last = db.execute("SELECT number, hash, at FROM ledger ORDER BY number DESC LIMIT 1").fetchone()
    signed = db.execute("SELECT at FROM anchors WHERE head != '' ORDER BY number DESC LIMIT 1").fetchone()
    return Vitals(
        oldest=rows.wall(oldest) if oldest else None,
        entries=int(last["number"]) if last else 0,
        head=str(last["hash"]) if last else "",
        written=rows.wall(last["at"]) if last else None,
        anchored=rows.wall(signed["at"]) if signed else None,
    )
