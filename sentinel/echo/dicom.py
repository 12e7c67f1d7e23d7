"""The one DICOM question and what answers it: an association for verification, and nothing inside it. Pure.

PS3.8 section 9.3. No command ever follows, not even C-ECHO: an association that was accepted is released again.
"""

import struct

from sentinel.model.exposure import Answer, Application, Kind

AC, RJ, ABORT = 2, 3, 7
CALLED = "ANY-SCP"
APPLICATION_CONTEXT = b"1.2.840.10008.3.1.1.1"
VERIFICATION = b"1.2.840.10008.1.1"
IMPLICIT_VR_LITTLE_ENDIAN = b"1.2.840.10008.1.2"
IMPLEMENTATION = b"2.25.163842067733052106842930562190437118465"
"""A UUID of our own, as PS3.5 annex B.2 writes one."""
RELEASE = bytes.fromhex("05000000000400000000")
HEAD_BYTES = 10
"""All of a refusal, and enough of an acceptance to know it."""
MOST_BYTES = 4096
SHORTEST, LONGEST = 68, 0x10000
"""Of an acceptance's length field."""


def association_request(mark: str) -> bytes:
    """An A-ASSOCIATE-RQ that proposes verification only, called by the mark of the plan."""
    proposed = b"\x01\x00\x00\x00" + _item(0x30, VERIFICATION) + _item(0x40, IMPLICIT_VR_LITTLE_ENDIAN)
    user = _item(0x51, struct.pack("!I", 16_384)) + _item(0x52, IMPLEMENTATION)
    titles = CALLED.ljust(16).encode("ascii") + mark.ljust(16)[:16].encode("ascii")
    items = _item(0x10, APPLICATION_CONTEXT) + _item(0x20, proposed) + _item(0x50, user)
    body = b"\x00\x01\x00\x00" + titles + bytes(32) + items
    return struct.pack("!BxI", 1, len(body)) + body


def _item(kind: int, content: bytes) -> bytes:
    return struct.pack("!BxH", kind, len(content)) + content


def read_answer(raw: bytes) -> Application | None:
    """What a server said to a request for an association; None while it is no such answer."""
    if len(raw) < HEAD_BYTES or raw[1] != 0:
        return None
    length = int.from_bytes(raw[2:6], "big")
    if raw[0] == AC and SHORTEST <= length <= LONGEST and raw[7] & 1:
        return Application(kind=Kind.DICOM, answer=Answer.ACCEPTED)
    if raw[0] == RJ and length == 4:
        return Application(kind=Kind.DICOM, answer=Answer.REJECTED, rejection=_rejection(raw))
    if raw[0] == ABORT and length == 4:
        return Application(kind=Kind.DICOM, answer=Answer.ABORTED)
    return None


def _rejection(raw: bytes) -> tuple[int, int, int] | None:
    """Result, source and reason, where PS3.8 table 9-21 knows them: other numbers might be anybody's words."""
    result, source, reason = raw[7], raw[8], raw[9]
    known = result in (1, 2) and source in (1, 2, 3) and reason <= 10
    return (result, source, reason) if known else None


def is_whole(raw: bytes) -> bool:
    """Whether an answer needs no further byte: an acceptance is read to its end, so that we may leave politely."""
    if len(raw) < HEAD_BYTES:
        return False
    accepted = raw[0] == AC and read_answer(raw) is not None
    return not accepted or len(raw) >= min(6 + int.from_bytes(raw[2:6], "big"), MOST_BYTES)
