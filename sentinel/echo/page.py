"""The one question to a web server, and what 2 KiB of its answer say: status, who may enter, which product.

Not HEAD: some imaging servers answer 404 to it even where they are wide open. Of what is read nothing is kept:
a header is compared with the table below, and only the table's own word goes on.
"""

import re

from sentinel.model.exposure import Application, Auth, Kind

MOST_BYTES = 2048
HEADERS = 64
STATUS_LINE = re.compile(rb"HTTP/1\.[01] ([1-5][0-9][0-9])(?=[ \r\n])")
SERVER, REALM, LOCATION, COOKIE = b"server", b"www-authenticate", b"location", b"set-cookie"
SCHEMES = {b"basic": Auth.BASIC, b"digest": Auth.DIGEST, b"bearer": Auth.BEARER}


def _row(product: str, header: bytes, pattern: bytes) -> tuple[str, bytes, re.Pattern[bytes]]:
    return product, header, re.compile(pattern, re.IGNORECASE)


SIGNS = (
    # Measured on Debian's Orthanc; the others are what these products are known to write of themselves.
    _row("orthanc", LOCATION, rb"(^|/)app/explorer\.html"),
    _row("orthanc", REALM, rb'realm="Orthanc'),
    _row("orthanc", SERVER, rb"^Orthanc"),
    _row("dcm4chee", LOCATION, rb"/dcm4chee-"),
    _row("dcm4chee", REALM, rb'realm="dcm4che'),
    _row("conquest", LOCATION, rb"/dgate(\.exe)?\b"),
    _row("horos", SERVER, rb"\bHoros\b"),
    _row("horos", REALM, rb'realm="Horos'),
    _row("osirix", SERVER, rb"\bOsiriX\b"),
    _row("osirix", REALM, rb'realm="OsiriX'),
    _row("weasis", LOCATION, rb"/weasis(-pacs-connector)?\b"),
    _row("ohif", LOCATION, rb"/(ohif|viewer\?StudyInstanceUIDs=)"),
    _row("kheops", LOCATION, rb"//kheops\b|/kheops\b"),
    _row("synology", SERVER, rb"\bSynology\b"),
    _row("synology", REALM, rb'realm="Synology'),
    _row("synology", LOCATION, rb"/webman/index\.cgi|/webman/3rdparty/"),
    _row("qnap", SERVER, rb"^(QNAP|QTS)\b"),
    _row("qnap", LOCATION, rb"/cgi-bin/QTS\.cgi|/redirect\.html\?count="),
    _row("truenas", LOCATION, rb"/ui/sessions/signin"),
    _row("openmediavault", COOKIE, rb"^(X-)?OPENMEDIAVAULT-"),
    _row("nextcloud", COOKIE, rb"^(oc_sessionPassphrase|(__Host-)?nc_sameSiteCookie)"),
    _row("guacamole", LOCATION, rb"/guacamole/"),
    _row("freebox", LOCATION, rb"//mafreebox\.freebox\.fr\b"),
    _row("freebox", SERVER, rb"\bFreebox\b"),
    _row("livebox", REALM, rb'realm="Livebox'),
    _row("livebox", SERVER, rb"\bLivebox\b"),
    _row("fritzbox", SERVER, rb"^(FRITZ!Box|AVM)\b"),
    _row("fritzbox", REALM, rb'realm="(FRITZ!Box|HTTPS Access)"'),
    _row("hikvision", SERVER, rb"^(App-webs|DNVRS-Webs|Hikvision-Webs|DVRDVS-Webs)\b"),
    _row("hikvision", LOCATION, rb"/doc/page/login\.asp"),
    _row("dahua", SERVER, rb"^(DH-?Web|Dahua)"),
    _row("axis", REALM, rb'realm="AXIS_'),
    _row("pfsense", SERVER, rb"^pfSense\b"),
    _row("opnsense", SERVER, rb"^OPNsense\b"),
    _row("fortigate", LOCATION, rb"^/remote/login"),
    _row("fortigate", COOKIE, rb"^APSCOOKIE_"),
)
"""Product of `services.PRODUCTS`, header, and what its value looks like there; of a cookie only the name."""


def page_request(check: str) -> bytes:
    """A `GET /` that says who asks."""
    return f"GET / HTTP/1.0\r\nUser-Agent: sentinel-check/{check}\r\n\r\n".encode("ascii")


def read_head(raw: bytes) -> Application | None:
    """What the head of an answer says; None when it is no web server's."""
    status = STATUS_LINE.match(raw)
    if status is None:
        return None
    headers = _headers(raw[:MOST_BYTES])
    number = int(status[1])
    return Application(kind=Kind.HTTP, status=number, auth=_auth(headers, number), product=_product(headers))


def is_whole(raw: bytes) -> bool:
    """Whether the blank line was reached."""
    return b"\r\n\r\n" in raw or b"\n\n" in raw


def _headers(raw: bytes) -> list[tuple[bytes, bytes]]:
    lines = re.split(rb"\r?\n", raw, maxsplit=HEADERS + 1)[1 : HEADERS + 1]
    found = []
    for line in lines:
        if not line:
            break  # the blank line: what follows is the page, and nobody's business
        name, _, value = line.partition(b":")
        value = value.strip()
        found.append((name.strip().lower(), value.partition(b"=")[0] if name.lower() == COOKIE else value))
    return found


def _auth(headers: list[tuple[bytes, bytes]], status: int) -> Auth:
    schemes = [value.split(maxsplit=1)[0].lower() for name, value in headers if name == REALM and value]
    if not schemes:
        return Auth.OTHER if status == 401 else Auth.NONE
    return next((SCHEMES[scheme] for scheme in schemes if scheme in SCHEMES), Auth.OTHER)


def _product(headers: list[tuple[bytes, bytes]]) -> str | None:
    for product, header, sign in SIGNS:
        if any(name == header and sign.search(value) for name, value in headers):
            return product
    return None
