"""The head of a DICOM association: who calls whom, to do what, and the answer. Nothing after it.

PS3.8 section 9.3. The user-information item and everything behind it, where a password may stand, is not read.
"""

import struct

from sentinel.model.connection import Association, DicomService
from sentinel.model.packet import AssociationHead

RQ, AC, RJ, ABORT = 1, 2, 3, 7
BEGINS = (b"\x01", b"\x02", b"\x03", b"\x07")
"""What the first byte of a payload with such a head is."""
APPLICATION_CONTEXT = b"\x10\x00\x00\x151.2."
"""The item that must come first (PS3.8 section 9.3.2), and how every registered name begins."""
PROPOSED_CONTEXT, ABSTRACT_SYNTAX, USER_INFORMATION = 0x20, 0x30, 0x50
SHORTEST, LONGEST = 68, 0x20000
"""Of the length field: the fixed part alone; far beyond what any client proposes."""

VERIFICATION = "1.2.840.10008.1.1"
STORAGE = "1.2.840.10008.5.1.4.1.1."  # PS3.4 annex B.5
QUERIES = {"1": DicomService.FIND, "2": DicomService.MOVE, "3": DicomService.GET}  # PS3.4 annex C.6
QUERY_ROOTS = ("1.2.840.10008.5.1.4.1.2.1.", "1.2.840.10008.5.1.4.1.2.2.", "1.2.840.10008.5.1.4.1.2.3.")
WORKLIST = "1.2.840.10008.5.1.4.31"  # PS3.4 annex K: answers with patients' names


def association_head(payload: bytes) -> bytes:
    """The association PDU at the start of a payload, cut at its own end; empty when there is none.

    The kernel's filter draws the same line (`capture/keep.py`); a recorded file is cut here.
    """
    if len(payload) >= 82 and payload[0] in (RQ, AC):
        length = int.from_bytes(payload[2:6], "big")
        fixed = payload[1] == 0 and payload[6:10] == b"\x00\x01\x00\x00"
        if fixed and SHORTEST <= length <= LONGEST and payload[74:82] == APPLICATION_CONTEXT:
            return payload[: 6 + length]
    if len(payload) == 10 and payload[:6] in (b"\x03\x00\x00\x00\x00\x04", b"\x07\x00\x00\x00\x00\x04"):
        return payload
    return b""


def read_association(head: bytes) -> AssociationHead | None:
    """What `association_head` kept, in words; None when nothing was, or its fields are not what they should be."""
    if not head:
        return None
    if head[0] == RJ:
        return AssociationHead(Association.REJECTED, rejection=(head[7], head[8], head[9]))
    if head[0] == ABORT:
        return AssociationHead(Association.ABORTED)
    called, calling = _title(head[10:26]), _title(head[26:42])
    if head[0] == AC:
        return AssociationHead(Association.ACCEPTED)
    if called is None or calling is None or not called:
        return None
    return AssociationHead(
        Association.PROPOSED, called, calling, _services(head), size=6 + int.from_bytes(head[2:6], "big")
    )


def _title(raw: bytes) -> str | None:
    """An AE title: printable ASCII, padded with spaces (PS3.5 section 6.2); None when it is not one."""
    trimmed = raw.rstrip(b"\x00 ").lstrip(b" ")
    if any(not 0x20 <= byte < 0x7F for byte in trimmed):
        return None
    return trimmed.decode("ascii")


def _services(head: bytes) -> tuple[DicomService, ...]:
    """The proposed services whose items the first segment shows whole."""
    found = set()
    at = 74
    while at + 4 <= len(head):
        kind, length = head[at], int.from_bytes(head[at + 2 : at + 4], "big")
        if kind == USER_INFORMATION or at + 4 + length > len(head):
            break
        if kind == PROPOSED_CONTEXT and (syntax := _abstract_syntax(head[at + 8 : at + 4 + length])):
            found.add(_service(syntax))
        at += 4 + length
    return tuple(sorted(found))


def _abstract_syntax(items: bytes) -> str | None:
    if len(items) < 4 or items[0] != ABSTRACT_SYNTAX:
        return None
    (length,) = struct.unpack_from("!H", items, 2)
    return items[4 : 4 + length].rstrip(b"\x00").decode("ascii", "replace")


def _service(uid: str) -> DicomService:
    if uid == VERIFICATION:
        return DicomService.VERIFICATION
    if uid.startswith(STORAGE):
        return DicomService.STORE
    if uid == WORKLIST:
        return DicomService.FIND
    if uid.startswith(QUERY_ROOTS):
        return QUERIES.get(uid.rsplit(".", 1)[1], DicomService.OTHER)
    return DicomService.OTHER
