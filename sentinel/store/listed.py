"""Rows of the store as readers see them: connections, doors seen from outside, attempts to ask the echo."""

import sqlite3
from dataclasses import dataclass
from datetime import datetime

from sentinel import codec
from sentinel.model.connection import ConnectionState
from sentinel.model.exposure import Application
from sentinel.model.standing import Standing
from sentinel.store import rows


@dataclass(frozen=True, slots=True, kw_only=True)
class ConnectionRow:
    """One connection as it is listed; addresses stay text, since nothing computes with them."""

    opened: datetime
    changed: datetime
    source: str
    source_port: int
    target: str
    target_port: int
    target_mac: str | None
    standing: Standing
    state: ConnectionState
    bytes_in: int
    bytes_out: int
    called: str | None
    calling: str | None
    association: str | None
    request: str | None
    """`whole`, or `partial`: of what its association proposes not all was seen; None where nobody looked."""
    services: tuple[str, ...]
    """What its association proposes, as far as it was seen: words of `DicomService`."""
    rejection: str | None
    """Result, source and reason of a rejected association (PS3.8 table 9-21), as 1/1/7."""
    label: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """What the last check said of one public port."""

    address: str
    port: int
    reach: str
    why: str
    verdict: str
    at: datetime
    machine: str | None
    mac: str | None
    inside_port: int | None
    echo: str
    """Key id of the echo that knocked."""
    family: int
    check: str
    app: Application | None
    """What answered, when it was asked."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LastCheck:
    """One attempt to ask the echo."""

    number: int
    echo: str
    family: int
    ports: str
    outcome: str
    address: str | None
    tested: int
    asked: datetime
    at: datetime
    check: str | None
    host: str
    """The echo's name for people; empty where nobody kept it."""


def connection(row: sqlite3.Row) -> ConnectionRow:
    """The connection a row holds."""
    return ConnectionRow(
        opened=rows.wall(row["opened"]),
        changed=rows.wall(row["changed"]),
        source=row["source"],
        source_port=row["source_port"],
        target=row["target"],
        target_port=row["target_port"],
        target_mac=row["target_mac"],
        standing=Standing(row["standing"]),
        state=ConnectionState(row["state"]),
        bytes_in=row["bytes_in"],
        bytes_out=row["bytes_out"],
        called=row["called"],
        calling=row["calling"],
        association=row["association"],
        request={0: "partial", 1: "whole"}.get(row["services_whole"]),
        services=tuple((row["services"] or "").split()),
        rejection=row["rejection"],
        label=row["label"],
    )


def cell(row: sqlite3.Row) -> Cell:
    """The door a row holds."""
    return Cell(
        address=row["address"],
        port=row["port"],
        reach=row["reach"],
        why=row["why"],
        verdict=row["verdict"],
        at=rows.wall(row["at"]),
        machine=row["machine"],
        mac=row["mac"],
        inside_port=row["inside_port"],
        echo=row["echo"],
        family=row["family"],
        check=row["check"],
        app=None if row["app"] is None else codec.decode(row["app"].encode(), Application),
    )


def check(row: sqlite3.Row) -> LastCheck:
    """The attempt a row holds."""
    return LastCheck(
        number=row["number"],
        echo=row["echo"],
        family=row["family"],
        ports=row["ports"],
        outcome=row["outcome"],
        address=row["address"],
        tested=row["tested"],
        asked=rows.wall(row["asked"]),
        at=rows.wall(row["at"]),
        check=row["check"],
        host=row["host"],
    )
