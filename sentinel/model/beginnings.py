"""How the first bytes of a connection tell what is spoken on it, and the lengths by which the kernel says so.

One table for two readers: the kernel's filter (`capture/labels.py`) looks at live frames, `decode` at those of a
recorded file. Every look is at fixed places, for a filter has no loops.

    TCP header ─ ports ─ numbers ─ offset ─ flags ─ window, checksum, urgent pointer ─ options ─ payload
                 0       4         12       13      14                                 20

Of a header only the first thirteen bytes matter to us, and the flags; of most labelled segments those are always
the same. So the kernel keeps thirteen bytes of it and as many more as its label's number: a full header has twenty
at least. A length is all that leaves the kernel, and not a byte of the payload.

Whatever a client says in one segment it pushes. What is longer than a segment is pushed with its last one, and its
first, which tells the label, says no more than ACK, as do the middle ones of an image. So those are looked at for
what is ever so long, and no others; that it is the first of its side is known to `tracking`.
"""

from typing import Final, NamedTuple

from sentinel.model.connection import Label
from sentinel.model.packet import Flags

WIDTHS: Final = {1: "byte", 2: "half", 4: "word"}


class Look(NamedTuple):
    """Some bytes at the beginning of a payload, and what they may be."""

    at: int
    values: tuple[bytes, ...]
    """All of one length: one, two or four bytes."""

    @property
    def size(self) -> int:
        """Of each value, in bytes."""
        return len(self.values[0])


METHODS: Final = (
    b"GET ",
    b"POST",
    b"HEAD",
    b"PUT ",
    b"OPTI",
    b"DELE",
    b"CONN",
    b"PATC",
    b"TRAC",
    b"PROP",
    b"PRI ",
)
"""RFC 9110 section 9, RFC 5789, RFC 4918 section 9.1; the last opens HTTP/2 (RFC 9113 section 3.4)."""

BEGINNINGS: Final[dict[Label, tuple[Look, ...]]] = {
    Label.HTTP: (Look(0, METHODS),),
    Label.SSH: (Look(0, (b"SSH-",)),),  # RFC 4253 section 4.2
    Label.VNC: (Look(0, (b"RFB ",)),),  # RFC 6143 section 7.1.1: the server first, and the client after it
    Label.MLLP: (Look(0, (b"\x0bMSH", b"\x0bFHS", b"\x0bBHS")),),  # HL7 v2: a block, and a header segment
    Label.TLS: (Look(0, (b"\x16\x03",)), Look(5, (b"\x01",))),  # RFC 8446 sections 4, 5.1: a ClientHello
    Label.RDP: (  # RFC 1006 section 6; [MS-RDPBCGR] 2.2.1.1: a connection request between references 0 and 0
        Look(0, (b"\x03\x00",)),
        Look(5, (b"\xe0",)),
        Look(6, (bytes(4),)),
    ),
    Label.SMB: (Look(0, (b"\x00",)), Look(4, (b"\xffSMB", b"\xfeSMB"))),  # [MS-SMB2] 2.1, 2.2.1
}
"""In the order in which the filter looks. Where RDP has the length of its TPKT an A-ASSOCIATE-RJ has noughts, and
its sixth byte is another."""

BANNERS: Final = (Label.SSH, Label.VNC)
"""By these a server can be known too: it speaks first, or as its client does."""

LONG: Final = (Label.TLS, Label.HTTP, Label.MLLP)
"""Requests that may be longer than a segment: a hello with a hybrid key, cookies, a message about a patient."""
FULL: Final = 78
"""Bytes of payload of a segment that is looked at though it is not pushed. No network makes a first one shorter:
536 pass everywhere (RFC 9293 section 3.7.1). A client that does so itself has no label."""

SHORTEST: Final = 11
"""Bytes of payload: nothing that is looked for is shorter, and padding never makes a payload look so long."""
PUSHED: Final = int(Flags.PSH | Flags.ACK)
"""The flags of a segment that is labelled, but for the first one of those in `LONG`: `BEGUN`."""
BEGUN: Final = int(Flags.ACK)
FIRST: Final = 13
"""Bytes kept of the TCP header of a segment with the first label: not its flags, which are always the same."""
KEPT: Final = {label: FIRST + number for number, label in enumerate(sorted(Label, key=LONG.__contains__))}
LABELS: Final = {kept: label for label, kept in KEPT.items()}
