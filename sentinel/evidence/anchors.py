"""A head of the journal under an echo's signature, believed only as far as it is signed."""

import json
from base64 import b64decode
from dataclasses import dataclass
from datetime import UTC, datetime

from sentinel import dsse
from sentinel.dsse import Forged, Garbled, key_id
from sentinel.echo import protocol
from sentinel.echo.protocol import REPORT, REPORT_BYTES, Report


@dataclass(frozen=True, slots=True, kw_only=True)
class Anchor:
    """What the echo signed."""

    check: str
    head: str
    """Empty: this report proves a check and says nothing of the journal."""
    at: datetime
    """By the echo's own clock."""
    signer: str
    """Key id of the key that signed; whether it is the echo's only its operator can say."""
    asked_by: str
    """Key id of the sentinel it was signed for."""


def read(line: str) -> Anchor | None:
    """From a line of `reach.record`; None where the signature is none, or the line is not such a line."""
    try:
        told = json.loads(line)
        keys = [b64decode(key, validate=True) for key in told["echo_keys"]]
        raw = json.dumps(told["report"]).encode()
        report = protocol.read(dsse.unseal(raw, REPORT, REPORT_BYTES, keys), Report)
        at = datetime.fromisoformat(report.ended)
        return Anchor(
            check=report.check,
            head=report.ledger_head,
            at=at.astimezone(UTC) if at.tzinfo else at.replace(tzinfo=UTC),
            signer=_signer(raw, keys),
            asked_by=report.aud,
        )
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError, OverflowError, Garbled, Forged):
        return None


def _signer(raw: bytes, keys: list[bytes]) -> str:
    """Which of the keys it was."""
    for key in keys:
        try:
            dsse.unseal(raw, REPORT, REPORT_BYTES, [key])
        except Forged:
            continue
        return key_id(key)
    raise Forged
