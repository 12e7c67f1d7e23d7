"""A question, and the plan and report an honest echo would sign for it; tests bend one thing at a time."""

from ipaddress import ip_address

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from sentinel import dsse
from sentinel.echo import protocol
from sentinel.echo.protocol import Cell, Control, Plan, PlannedProbe, PlannedTarget, Report, Vantage
from sentinel.model.exposure import PortList
from sentinel.reach.report import Announced, Question, read_plan
from sentinel.services import port_list

ECHO_KEY, NEXT_KEY, OUR_KEY = (Ed25519PrivateKey.from_private_bytes(bytes([number]) * 32) for number in (1, 2, 3))
PUBLIC = tuple(key.public_key().public_bytes_raw() for key in (ECHO_KEY, NEXT_KEY))
OURS = dsse.key_id(OUR_KEY.public_key().public_bytes_raw())
HOME = ip_address("192.0.2.7")
DECOYS = (38_211, 51_877)
VPN = 1194
LIST = port_list(PortList.HOURLY)


def question(**changes: object) -> Question:
    """The hourly list, and one declared door."""
    words: dict[str, object] = {
        "nonce": "nonce",
        "key_id": OURS,
        "echo": dsse.key_id(PUBLIC[0]),
        "echo_keys": PUBLIC,
        "address": HOME,
        "ports": PortList.HOURLY,
        "expect_open": (VPN,),
    }
    return Question(**(words | changes))


def sport(port: int) -> int:
    """Where the knock at a port comes from."""
    return 20_000 + port % 9_000


def plan(**changes: object) -> Plan:
    """Every door, the decoys and the declared door."""
    words: dict[str, object] = {
        "v": 1,
        "check": "check-1",
        "nonce": "nonce",
        "target": PlannedTarget(family=4, addr=str(HOME)),
        "probes": [
            PlannedProbe(from_="198.51.100.20", sport=sport(port), addr="self", port=port)
            for port in (*LIST, *DECOYS, VPN)
        ],
        "decoys": list(DECOYS),
        "window_ms": 42_000,
    }
    return Plan(**(words | changes))


def cell(port: int, state: str = "closed", why: str = "refused", **changes: object) -> Cell:
    """What one knock met."""
    words: dict[str, object] = {
        "addr": "self",
        "port": port,
        "state": state,
        "why": why,
        "ms": 3.0,
        "sport": sport(port),
    }
    return Cell(**(words | changes))


def report(*cells: Cell, **changes: object) -> Report:
    """All closed but the declared door, and what `cells` replace."""
    told = {port: cell(port) for port in LIST} | {VPN: cell(VPN, "open", "synack")}
    told |= {each.port: each for each in cells}
    words: dict[str, object] = {
        "v": 1,
        "check": "check-1",
        "nonce": "nonce",
        "aud": OURS,
        "vantage": Vantage(id="par1", selftest="ok", age_s=60),
        "target": PlannedTarget(family=4, addr=str(HOME)),
        "began": "2026-03-02T09:00:00+00:00",
        "ended": "2026-03-02T09:00:05+00:00",
        "cells": list(told.values()),
        "decoys": [Control(port=port, state="closed") for port in DECOYS],
        "control": [Control(port=VPN, state="open")],
    }
    return Report(**(words | changes))


def sealed_plan(key: Ed25519PrivateKey = ECHO_KEY, kind: str = protocol.PLAN, **changes: object) -> bytes:
    """The plan in its envelope."""
    return dsse.seal(kind, plan(**changes), key)


def sealed_report(
    *cells: Cell, key: Ed25519PrivateKey = ECHO_KEY, kind: str = protocol.REPORT, **changes: object
) -> bytes:
    """The report in its envelope."""
    return dsse.seal(kind, report(*cells, **changes), key)


def announced() -> Announced:
    """The plan, read."""
    found = read_plan(sealed_plan(), question())
    assert isinstance(found, Announced)
    return found
