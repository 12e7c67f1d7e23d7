"""A fake imaging server that tells everybody its patients: none of it stays with the echo or with the sentinel.

Each place has a secret of its own, so that a find says where it leaked. That the servers were understood, and said
everything, is part of the test: otherwise finding nothing would prove nothing.
"""

import base64
import json
import time
from contextlib import ExitStack
from pathlib import Path

from sentinel.echo.identity import identity
from sentinel.echo.protocol import Identify
from sentinel.model.exposure import Answer, Auth, Kind
from tests.echo import answers
from tests.echo.answers import Answering, Script, hangs_up, inside_tls, says
from tests.lab.cabinet import Cabinet
from tests.lab.doors import Tap
from tests.lab.running import forget_quota
from tests.story import asking
from tests.story.sentinel import EchoHost, Sentinel
from tests.story.test_privacy import files_under, found_in, pages_of

NAME = b"ZZSECRET"
TITLE, VERSION, IMAGE = b"ZZSECRET^TITLE  ", b"ZZSECRET^VERSION", b"ZZSECRET^IMAGE" * 200
HEADER, COOKIE, REALM, BODY = b"ZZSECRET-HEADER", b"ZZSECRET-COOKIE", b"ZZSECRET REALM", b"<title>ZZSECRET BODY"
BANNER, REJECTION, CERTIFICATE = b"ZZSECRET BANNER", b"ZZS", "zzsecret-certificate"
ASSOCIATION = answers.ASSOCIATED.replace(answers.ASSOCIATED[10:26], TITLE).replace(
    b"OFFIS_DCMTK_367", VERSION[:15]
)
PAGE = (
    b"HTTP/1.1 401 ZZSECRET REASON\r\nServer: " + HEADER + b"\r\nSet-Cookie: " + COOKIE + b"=1\r\n"
    b'WWW-Authenticate: Basic realm="' + REALM + b'"\r\nLocation: app/explorer.html?ZZSECRET\r\n\r\n' + BODY * 300
)


def _servers(cabinet: Cabinet, folder: Path) -> ExitStack:
    """DICOM, a page, a banner, and the first two inside TLS; each on its own port of the imaging server."""
    scripts: dict[int, Script] = {
        104: says(ASSOCIATION + IMAGE),
        105: hangs_up(b"\x03\x00\x00\x00\x00\x04\x00" + REJECTION + IMAGE),
        2762: inside_tls(folder, says(ASSOCIATION + IMAGE)),
        8042: says(PAGE),
        8443: inside_tls(folder, says(PAGE)),
        22: says(b"SSH-2.0-" + BANNER + b"\r\n"),
        4900: says(BANNER * 20),
    }
    running = ExitStack()
    for port, script in scripts.items():
        with cabinet.imaging.inside():
            server = Answering(port, script, address=str(cabinet.imaging.v4))
        running.enter_context(server)
        cabinet.box.forward(port)
    return running


def _report(folder: Path) -> bytes:
    """The report as it was signed, and its own bytes."""
    raw = (folder / "report.json").read_bytes()
    return raw + base64.b64decode(json.loads(raw)["payload"])


def test_no_byte_a_server_sends_stays_with_echo_or_sentinel(
    cabinet: Cabinet, echo: EchoHost, with_echo: Sentinel, tmp_path: Path
):
    """Not in a report, a log, the echo's book, the sentinel's store, its pulse, its records or its pages."""
    practice = tmp_path / "practice"
    with _servers(cabinet, _certified(tmp_path / "certificate")), Tap(cabinet.pi, "mirror0") as tap:
        with_echo.command("knock")
        forget_quota(echo.folder)
        found = asking.asked(
            cabinet.pi, practice, echo.invite(), Identify.ALL, 104, 105, 2762, 8042, 8443, 22, 4900
        )
        time.sleep(1)  # the street writes in batches of half a second
        pages = pages_of(with_echo)
        assert NAME in b"".join(tap.frames()), "the secrets passed the sentinel's eyes"
    with_echo.stop()

    told = {port: each.app for port, each in found.items() if each.app}
    assert [told[port].answer for port in (104, 2762, 105)] == [*[Answer.ACCEPTED] * 2, Answer.REJECTED]
    assert {(told[port].auth, told[port].product) for port in (8042, 8443)} == {(Auth.BASIC, "orthanc")}
    assert (told[2762].tls, told[8443].tls, told[22].kind, told[4900].kind) == (True, True, Kind.SSH, Kind.UNKNOWN)
    assert told[105].rejection is None

    places = [echo.folder, echo.folder.with_suffix(".log"), practice, with_echo.folder / "var", with_echo.log]
    files = list(files_under(*places))
    assert {"echo.db", "report.json", "sentinel.db", "echo.log"} <= {file.name for file in files}
    words = [NAME, NAME.lower(), NAME.decode().encode("utf-16-le")]
    leaks = {str(file): found_in(file.read_bytes(), words) for file in files}
    leaks |= {page: found_in(text.encode(), words) for page, text in pages.items()}
    leaks["the report"] = found_in(_report(practice), words)
    assert {place: words for place, words in leaks.items() if words} == {}


def _certified(folder: Path) -> Path:
    """A folder in which the servers find a certificate in a patient's name."""
    folder.mkdir()
    identity(folder, CERTIFICATE)
    return folder
