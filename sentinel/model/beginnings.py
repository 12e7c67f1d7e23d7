"""How the first bytes of a connection tell what is spoken on it, and the lengths by which the kernel says so.

One table for two readers: the kernel's filter (`capture/labels.py`) looks at live frames, `decode` at those of a
recorded file. Every look is at fixed places, for a filter has no loops.

    TCP header ─ ports ─ numbers ─ offset ─ flags ─ window, checksum, urgent pointer ─ options ─ payload
                 0       4         12       13      14                                 20

Of a header only the first thirteen bytes matter to us, and the flags; of a labelled segment those are always the
same. So the kernel keeps thirteen bytes of it and as many more as its label's number: a full header has twenty at
least. A length is all that leaves the kernel, and not a byte of the payload.
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

SHORTEST: Final = 11
"""Bytes of payload: nothing that is looked for is shorter, and padding never makes a payload look so long."""
PUSHED: Final = int(Flags.PSH | Flags.ACK)
"""The flags of every segment that is labelled."""
FIRST: Final = 13
"""Bytes kept of the TCP header of a segment with the first label."""
KEPT: Final = {label: FIRST + number for number, label in enumerate(Label)}
LABELS: Final = {kept: label for label, kept in KEPT.items()}
