"""The head of a DICOM association: who calls whom, to do what, and the answer. Nothing after it.

PS3.8 section 9.3. Of the user-information item, where a password may stand, the length is read and not a byte of
its content: what stands behind it may be a service that somebody proposes out of order.
"""

import struct
from collections.abc import Iterator
from typing import NamedTuple

from sentinel.model.connection import Association, DicomService
from sentinel.model.packet import AssociationHead

RQ, AC, RJ, ABORT = 1, 2, 3, 7
BEGINS = (b"\x01", b"\x02", b"\x03", b"\x07")
"""What the first byte of a payload with such a head is."""
APPLICATION_CONTEXT, NAMED = b"\x10\x00\x00\x15", b"1.2."
"""The item that must come first (PS3.8 section 9.3.2), and how every registered name begins."""
ITEMS = 74
"""Where the items of a request begin."""
PROPOSED_CONTEXT, ABSTRACT_SYNTAX, USER_INFORMATION = 0x20, 0x30, 0x50
SHORTEST, LONGEST = 68, 0x20000
"""Of the length field: the fixed part alone; far beyond what any client proposes."""

VERIFICATION = "1.2.840.10008.1.1"
STORAGE = "1.2.840.10008.5.1.4.1.1."  # PS3.4 annex B.5
QUERIES = {"1": DicomService.FIND, "2": DicomService.MOVE, "3": DicomService.GET}  # PS3.4 annexes C.6, Y, Z
QUERY_ROOTS = tuple(f"1.2.840.10008.5.1.4.1.2.{root}." for root in range(1, 6))
FINDS = {f"1.2.840.10008.5.1.4.{each}" for each in ("31", "34.6.2", "34.6.3", "34.6.5", "37.1", "37.2", "37.3")}
"""Worklists and relevant patient information (PS3.4 annexes K, CC, Q): answered with patients' names."""


def association_head(payload: bytes) -> bytes:
    """The association PDU at the start of a payload, cut at its own end; empty when there is none.

    The kernel's filter draws the same line (`capture/keep.py`); a recorded file is cut here.
    """
    if payload[ITEMS : ITEMS + 4] == APPLICATION_CONTEXT and payload[0] in (RQ, AC):
        length = int.from_bytes(payload[2:6], "big")
        fixed = payload[1] == 0 and payload[6:10] == b"\x00\x01\x00\x00"
        is_named = len(payload) < ITEMS + 8 or payload[ITEMS + 4 : ITEMS + 8] == NAMED
        if fixed and is_named and SHORTEST <= length <= LONGEST:
            return payload[: 6 + length]
    if len(payload) == 10 and payload[:6] in (b"\x03\x00\x00\x00\x00\x04", b"\x07\x00\x00\x00\x00\x04"):
        return payload
    return b""


def read_association(head: bytes) -> AssociationHead | None:
    """What `association_head` kept, in words; None when nothing was, or its fields are not what they should be.

    An acceptance repeats the titles it was asked with, and nobody has to test them (PS3.8 section 9.3.3): those
    that are printable are taken from it, for want of a request.
    """
    if not head:
        return None
    if head[0] == RJ:
        return AssociationHead(Association.REJECTED, rejection=(head[7], head[8], head[9]))
    if head[0] == ABORT:
        return AssociationHead(Association.ABORTED)
    called, calling = _title(head[10:26]), _title(head[26:42])
    if head[0] == AC:
        return AssociationHead(Association.ACCEPTED, called or "", calling or "")
    if called is None or calling is None or not called:
        return None
    size = 6 + int.from_bytes(head[2:6], "big")
    return AssociationHead(Association.PROPOSED, called, calling, *_services(head, size), size=size)


def _title(raw: bytes) -> str | None:
    """An AE title: printable ASCII, padded with spaces (PS3.5 section 6.2); None when it is not one."""
    trimmed = raw.rstrip(b"\x00 ").lstrip(b" ")
    if any(not 0x20 <= byte < 0x7F for byte in trimmed):
        return None
    return trimmed.decode("ascii")


class _Item(NamedTuple):
    """One item, or one of those within it (PS3.8 tables 9-12 to 9-15)."""

    kind: int
    at: int
    """Where its content begins."""
    end: int
    """Where it says that it ends, which may lie beyond what was seen."""


def _items(body: bytes, at: int, end: int) -> Iterator[_Item]:
    """Those whose header was seen, before `end`."""
    while at + 4 <= min(end, len(body)):
        (length,) = struct.unpack_from("!H", body, at + 2)
        yield _Item(body[at], at + 4, at + 4 + length)
        at += 4 + length


def _services(head: bytes, size: int) -> tuple[tuple[DicomService, ...], bool]:
    """The services whose items the first segment shows whole, and whether there can be no others.

    There are none when the items end where the PDU does; of user information, that it is the last is enough.
    """
    found: set[DicomService] = set()
    end, doubtful = ITEMS, False
    for kind, at, end in _items(head, ITEMS, size):
        if kind == USER_INFORMATION or end > len(head):
            doubtful = doubtful or kind != USER_INFORMATION
            break
        if kind == PROPOSED_CONTEXT:
            syntax = _abstract_syntax(head, at + 4, end)
            found |= {_service(syntax)} if syntax else set()
            doubtful = doubtful or not syntax
    return tuple(sorted(found)), end == size and not doubtful


def _abstract_syntax(head: bytes, at: int, end: int) -> str | None:
    """Of one presentation context; its only one stands first, where no one plays tricks."""
    named = [item for item in _items(head, at, end) if item.kind == ABSTRACT_SYNTAX and item.end <= end]
    if len(named) != 1:
        return None
    return head[named[0].at : named[0].end].rstrip(b"\x00 ").decode("ascii", "replace")


def _service(uid: str) -> DicomService:
    if uid == VERIFICATION:
        return DicomService.VERIFICATION
    if uid.startswith(STORAGE):
        return DicomService.STORE
    if uid in FINDS:
        return DicomService.FIND
    if uid.startswith(QUERY_ROOTS):
        return QUERIES.get(uid.rsplit(".", 1)[1], DicomService.OTHER)
    return DicomService.OTHER
