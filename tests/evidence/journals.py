"""A journal, and an echo that countersigns it, for tests that then change something."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from sentinel.evidence.pack import seal
from sentinel.model.ledger import FIRST, Entry, EntryKind, hashed, next_entry, write_lines
from sentinel.reach.record import Record, write_record
from tests.builders import START
from tests.reach.signing import ECHO_KEY, OUR_KEY, OURS, question, sealed_plan, sealed_report

PUBLIC = OUR_KEY.public_key().public_bytes_raw()


def journal(count: int = 6, word: str = "told") -> list[Entry]:
    """So many entries, an hour apart."""
    made: list[Entry] = []
    last = (0, FIRST)
    for number in range(count):
        at = (START + timedelta(hours=number)).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
        made.append(next_entry(last, at, EntryKind.PAPER, {"name": word, "number": number}))
        last = made[-1].number, made[-1].hash
    return made


def rewritten(entries: Iterable[Entry], start: tuple[int, str] = (0, FIRST)) -> list[Entry]:
    """The same bodies with every hash made anew: what somebody does who knows the rule."""
    last, made = start, list[Entry]()
    for entry in entries:
        made.append(
            Entry(number=last[0] + 1, at=entry.at, kind=entry.kind, body=entry.body, before=last[1], hash="")
        )
        made[-1] = _hashed(made[-1])
        last = made[-1].number, made[-1].hash
    return made


def _hashed(entry: Entry) -> Entry:
    return replace(entry, hash=hashed(entry.number, entry.at, entry.kind, entry.body, entry.before))


def countersigned(
    head: str, at: datetime = START, *, key: Ed25519PrivateKey = ECHO_KEY, check: str = "check-1", aud: str = OURS
) -> str:
    """A line of `anchors.jsonl`: an honest echo's report with this head."""
    ended = at.astimezone(UTC).isoformat()
    changes = {"check": check, "aud": aud, "ended": ended, "ledger_head": head}
    record = Record(
        asked_at=at,
        question=question(key_id=aud),
        plan=sealed_plan(key=key, check=check),
        report=sealed_report(key=key, **changes),
    )
    return write_record(record).decode()


def dossier(entries: list[Entry], anchors: Iterable[str] = (), **files: bytes) -> bytes:
    """A ZIP as the sentinel seals it."""
    packed = {
        "journal.jsonl": write_lines(entries),
        "ancres.jsonl": "".join(f"{line}\n" for line in anchors).encode(),
        "dossier.pdf": b"%PDF-1.7",
        **{name.replace("__", "/").replace("_json", ".json"): content for name, content in files.items()},
    }
    head = entries[-1].hash if entries else FIRST
    return seal(packed, made=START, head=head, sign=OUR_KEY.sign, public_key=PUBLIC)


def bent(envelope: str) -> str:
    """One letter of the signed payload is another."""
    place = envelope.rindex('"payload":"') + 60
    letter = "B" if envelope[place] == "A" else "A"
    return envelope[:place] + letter + envelope[place + 1 :]
