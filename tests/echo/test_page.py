"""The head of a web server's answer."""

import pytest

from sentinel.echo import page
from sentinel.model.exposure import Auth
from sentinel.services import PRODUCTS


@pytest.mark.parametrize(
    ("header", "product"),
    [
        (b"Location: app/explorer.html", "orthanc"),
        (b"Location: https://pacs.example/dcm4chee-arc/ui2/", "dcm4chee"),
        (b"location: /cgi-bin/dgate.exe?mode=top", "conquest"),
        (b'WWW-Authenticate: Basic realm="Horos Web Portal"', "horos"),
        (b"Server: OsiriX", "osirix"),
        (b"Location: /weasis-pacs-connector/", "weasis"),
        (b"Location: /ohif/", "ohif"),
        (b"Location: /kheops/", "kheops"),
        (b'WWW-Authenticate: Basic realm="Synology Router"', "synology"),
        (b"Location: /cgi-bin/QTS.cgi", "qnap"),
        (b"Location: /ui/sessions/signin", "truenas"),
        (b"Set-Cookie: X-OPENMEDIAVAULT-SESSIONID=1; path=/", "openmediavault"),
        (b"Set-Cookie: oc_sessionPassphrase=x", "nextcloud"),
        (b"Set-Cookie: __Host-nc_sameSiteCookielax=true", "nextcloud"),
        (b"Location: /guacamole/", "guacamole"),
        (b"Location: http://mafreebox.freebox.fr/login.php", "freebox"),
        (b'WWW-Authenticate: Basic realm="Livebox"', "livebox"),
        (b"Server: FRITZ!Box", "fritzbox"),
        (b"Server: App-webs/", "hikvision"),
        (b"Server: DH-Web", "dahua"),
        (b'WWW-Authenticate: Digest realm="AXIS_ACCC8E000000", nonce="x"', "axis"),
        (b"Server: pfSense", "pfsense"),
        (b"Server: OPNsense", "opnsense"),
        (b"Location: /remote/login?lang=en", "fortigate"),
        (b"Server: nginx", None),
        (b"X-Location: app/explorer.html", None),
        (b"Set-Cookie: name=oc_sessionPassphrase", None),
        (b"Server: not-Orthanc", None),
    ],
)
def test_a_product_is_known_by_its_own_headers(header: bytes, product: str | None):
    """Of a cookie only the name is compared."""
    application = page.read_head(b"HTTP/1.1 200 OK\r\nDate: x\r\n" + header + b"\r\n\r\n")

    assert application is not None
    assert application.product == product


def test_every_product_of_the_table_can_be_recognised_and_no_other():
    """Or its word would promise what nobody looks for."""
    assert {product for product, _, _ in page.SIGNS} == set(PRODUCTS)


def test_what_stands_in_the_page_is_not_read():
    """After the blank line nothing counts."""
    application = page.read_head(b"HTTP/1.1 200 OK\r\n\r\nLocation: app/explorer.html\r\n")

    assert application is not None
    assert application.product is None


@pytest.mark.parametrize(
    ("header", "status", "auth"),
    [
        (b'WWW-Authenticate: Basic realm="x"', 401, Auth.BASIC),
        (b"www-authenticate: DIGEST qop=auth", 401, Auth.DIGEST),
        (b"WWW-Authenticate: Bearer", 401, Auth.BEARER),
        (b"WWW-Authenticate: Negotiate", 401, Auth.OTHER),
        (b"WWW-Authenticate: Negotiate\r\nWWW-Authenticate: Basic", 401, Auth.BASIC),
        (b"WWW-Authenticate:", 401, Auth.OTHER),
        (b"Server: x", 401, Auth.OTHER),
        (b"Server: x", 200, Auth.NONE),
    ],
)
def test_who_may_enter_is_said_by_one_header(header: bytes, status: int, auth: Auth):
    """In five words."""
    application = page.read_head(b"HTTP/1.1 %d x\r\n%s\r\n\r\n" % (status, header))

    assert application is not None
    assert (application.status, application.auth) == (status, auth)
