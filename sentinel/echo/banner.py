"""Recognising a service by the first bytes it says, whatever it was asked. Pure; nothing of the bytes goes on."""

import re

from sentinel.echo import dicom, page
from sentinel.model.exposure import Application, Kind

MOST_BYTES = 64
REMOTE_DESKTOP_REQUEST = bytes.fromhex("030000130ee000000000000100080003000000")
"""TPKT and X.224 connection request offering TLS and CredSSP (MS-RDPBCGR 2.2.1.1): how every client begins."""
CONFIRM_BYTES = 19
SIGNS = (
    (Kind.TLS, re.compile(rb"[\x15\x16]\x03[\x00-\x04]..", re.DOTALL)),  # RFC 8446 section 5.1: alert or handshake
    (Kind.SSH, re.compile(rb"SSH-")),
    (Kind.VNC, re.compile(rb"RFB ")),
    (Kind.FTP, re.compile(rb"220.*FTP", re.IGNORECASE)),  # a mail server says 220 too
    (Kind.TELNET, re.compile(rb"\xff[\xfb-\xfe]")),  # RFC 854: WILL, WONT, DO, DONT
    (Kind.SMB, re.compile(rb"....[\xfe\xff]SMB", re.DOTALL)),
    # TPKT and a connection confirm; a DICOM refusal begins alike, and is read before.
    (Kind.RDP, re.compile(rb"\x03\x00\x00[\x0b-\x40].\xd0", re.DOTALL)),
)


def spoken(raw: bytes) -> Application | None:
    """What said this; None when we do not know the words."""
    application = dicom.read_answer(raw) or page.read_head(raw)
    if application is not None:
        return application
    kind = next((kind for kind, sign in SIGNS if sign.match(raw)), None)
    return None if kind is None else Application(kind=kind)
