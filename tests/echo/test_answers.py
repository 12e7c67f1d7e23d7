"""Reading what a server says: fixed words come out, whatever goes in."""

from dataclasses import astuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sentinel.echo import banner, dicom, page
from sentinel.echo.banner import spoken
from sentinel.model.exposure import Answer, Application, Auth, Kind
from sentinel.services import PRODUCTS
from tests.echo import answers

RECORDED = [
    answers.ASSOCIATED,
    answers.CALLED_UNKNOWN,
    answers.TOO_MANY,
    answers.TWO_ABORTS,
    answers.BAD_REQUEST,
    answers.TO_EXPLORER,
    answers.SECURE_AREA,
    answers.HANDSHAKE_FAILURE,
    bytes.fromhex("030000130ed000001234000209080002000000"),
    b"SSH-2.0-x\r\n",
    b"\x00\x00\x00\x55\xfeSMB",
]


@st.composite
def bent(draw: st.DrawFn) -> bytes:
    """A recorded answer cut, and with other bytes in the middle."""
    raw = draw(st.sampled_from(RECORDED))
    begin = draw(st.integers(0, len(raw)))
    end = draw(st.integers(begin, len(raw)))
    return raw[:begin] + draw(st.binary(max_size=40)) + raw[end:]


def in_fixed_words(application: Application) -> bool:
    """Whether every field is one of our words, an HTTP status, or a code of PS3.8."""
    values = astuple(application)
    return all(value is None or _is_word(value) or _is_status(value) or _is_code(value) for value in values)


def _is_word(value: object) -> bool:
    return isinstance(value, bool | Kind | Answer | Auth) or value in PRODUCTS


def _is_status(value: object) -> bool:
    return isinstance(value, int) and 100 <= value <= 599


def _is_code(value: object) -> bool:
    return isinstance(value, tuple) and value[0] in (1, 2) and value[1] in (1, 2, 3) and value[2] <= 10


@given(st.one_of(st.binary(max_size=300), bent()))
def test_only_fixed_words_come_out(raw: bytes):
    """Of a server's own text nothing can."""
    assert in_fixed_words(spoken(raw) or Application(kind=Kind.UNKNOWN))


@given(st.one_of(st.binary(max_size=300), bent()))
def test_whether_an_answer_is_whole_is_always_known(raw: bytes):
    """And what is whole stays whole."""
    for is_whole in (dicom.is_whole, page.is_whole):
        assert not is_whole(raw) or is_whole(raw + b"x")


def test_an_acceptance_is_read_to_its_end():
    """So that the release finds an empty line; known it is after ten bytes."""
    parts = [answers.ASSOCIATED[:size] for size in range(len(answers.ASSOCIATED))]

    assert not any(dicom.is_whole(part) for part in parts)
    assert dicom.is_whole(answers.ASSOCIATED)
    assert [dicom.read_answer(part) is not None for part in parts].index(True) == 10


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"\x02\x00\x7f\xff\xff\xff\x00\x01\x00\x00",  # 2 GiB long
        b"\x02\x00\x00\x00\x00\x04\x00\x01\x00\x00",  # too short for its titles
        b"\x03\x00\x00\x00\x00\x05\x00\x01\x01\x07",
        b"\x07\x01\x00\x00\x00\x04\x00\x00\x00\x00",
        b"\x04\x00\x00\x00\x00\x04\x00\x00\x00\x00",  # P-DATA
    ],
)
def test_what_only_resembles_dicom_is_not(raw: bytes):
    """Type, length and reserved byte must all be right."""
    assert dicom.read_answer(raw) is None


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


def test_the_remote_desktop_question_is_one_whole_packet():
    """Its two lengths say so."""
    said = banner.REMOTE_DESKTOP_REQUEST

    assert int.from_bytes(said[2:4], "big") == len(said) == said[4] + 5
