"""Asking who answers: real servers' recorded answers, and whatever else may be on the other end."""

import asyncio
import socket
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from ipaddress import ip_address
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sentinel.echo.dial import talking
from sentinel.echo.identify import Interview, Patience, Way, way
from sentinel.echo.planning import Ask
from sentinel.echo.talk import Talk
from sentinel.model.exposure import Answer, Application, Auth, Kind, Probe
from tests.echo import answers
from tests.echo.answers import Answering, bent, floods, hangs_up, inside_tls, resets, says, waits, when_told
from tests.echo.test_banner import in_fixed_words

MARK = "SNTJ2K4QW7XR3MTA"
DICOM, WEB, REMOTE, SHARE, ODD, PRINTER = 11112, 8042, 3389, 4900, 8006, 9100
BRIEF = Patience(dicom=0.9, web=0.6, listen=0.4)


def ask_of(server: Answering) -> Ask:
    home, target = ip_address("127.0.0.1"), ip_address(server.address)
    first, second, again = (
        Probe(source=home, source_port=sport, target=target, target_port=server.port)
        for sport in Random().sample(range(20_000, 30_000), 3)
    )
    return Ask(first=first, second=second, again=again)


def asked(server: Answering, *, tls: bool = False, patience: Patience = BRIEF, ends: float = 30.0) -> Application:
    async def asking() -> Application:
        interview = Interview(
            lambda probe: talking(probe, probe.source),
            mark=MARK,
            check="check-1",
            tls=tls,
            ends=asyncio.get_running_loop().time() + ends,
            patience=patience,
        )
        return await interview.ask(ask_of(server))

    return asyncio.run(asking())


@pytest.mark.parametrize(
    ("port", "expected"),
    [
        (104, Way.DICOM),
        (4242, Way.DICOM),
        (8042, Way.WEB),
        (443, Way.WEB),
        (5000, Way.WEB),
        (5001, Way.WEB),
        (3389, Way.REMOTE),
        (33_389, Way.REMOTE),
        (445, Way.LISTEN),
        (3306, Way.LISTEN),
        (22, Way.LISTEN),
        (2575, Way.LISTEN),
        (8006, Way.ODD),
        (9100, Way.LISTEN),
    ],
)
def test_a_port_is_asked_in_the_way_of_its_class(port: int, expected: Way):
    """A printer prints what it is sent, so it is sent nothing."""
    assert way(port) is expected


def dicom(answer: Answer, **words: object) -> Application:
    return Application(kind=Kind.DICOM, answer=answer, **words)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (says(answers.ASSOCIATED), dicom(Answer.ACCEPTED)),
        (hangs_up(answers.CALLED_UNKNOWN), dicom(Answer.REJECTED, rejection=(1, 1, 7))),
        (hangs_up(answers.CALLING_UNKNOWN), dicom(Answer.REJECTED, rejection=(1, 1, 3))),
        (hangs_up(answers.TOO_MANY), dicom(Answer.REJECTED, rejection=(2, 3, 2))),
        (hangs_up(answers.ABORT), dicom(Answer.ABORTED)),
        (hangs_up(answers.TWO_ABORTS), dicom(Answer.ABORTED)),
        (resets, Application(kind=Kind.RESETS)),
        (hangs_up(), Application(kind=Kind.CLOSES)),
        (waits, Application(kind=Kind.SILENT)),
        (hangs_up(answers.HANDSHAKE_FAILURE), Application(kind=Kind.TLS)),
        (hangs_up(b"\x00MEIER^ANNA 1961"), Application(kind=Kind.UNKNOWN)),
        (hangs_up(bytes.fromhex("0300000000044d4549")), Application(kind=Kind.UNKNOWN)),
        (hangs_up(b"\x03\x00\x00\x00\x00\x04\x00MEI"), dicom(Answer.REJECTED)),
    ],
)
def test_an_imaging_port_is_asked_for_an_association(answer: answers.Script, expected: Application):
    """The bytes are what Orthanc, DCMTK and pynetdicom sent; the last ones nobody's."""
    with Answering(DICOM, answer) as server:
        assert asked(server) == expected
    assert server.connections == 1


def test_an_association_proposes_verification_and_is_released(capsys: pytest.CaptureFixture[str]):
    """Called ANY-SCP, calling the mark; what follows is a release, and not one command."""
    heard: list[bytes] = []

    def script(caller: object, told: bytes) -> None:
        heard.append(told)
        caller.sendall(answers.ASSOCIATED)  # type: ignore[attr-defined]
        heard.append(caller.recv(4096))  # type: ignore[attr-defined]
        caller.sendall(answers.RELEASED)  # type: ignore[attr-defined]
        heard.append(caller.recv(4096))  # type: ignore[attr-defined]

    with Answering(DICOM, script) as server:
        asked(server)

    request, release, rest = heard
    assert request[10:42] == b"ANY-SCP         " + MARK.encode()
    assert int.from_bytes(request[2:6], "big") == len(request) - 6
    assert (request.count(b"1.2.840.10008.1.1"), request.count(b"1.2.840.10008.5")) == (1, 0)
    assert (release, rest) == (bytes.fromhex("05000000000400000000"), b"")


def test_the_listeners_own_reader_understands_our_request():
    """What the mirror shows of it: our mark, verification, and how long it is."""
    from sentinel.decode.dicom import association_head, read_association
    from sentinel.echo.dicom import association_request
    from sentinel.model.connection import DicomService

    request = association_request(MARK)
    head = read_association(association_head(request))

    assert head is not None
    assert (head.calling, head.called, head.services) == (MARK, "ANY-SCP", (DicomService.VERIFICATION,))
    assert head.size == len(request)


def test_a_server_that_looks_for_our_name_is_waited_for():
    """storescp without a resolver answers after 15 s: here 15 times as fast, and so are we."""
    with Answering(DICOM, says(answers.ASSOCIATED, after=1.0)) as server:
        assert asked(server, patience=Patience(dicom=20 / 15)).answer is Answer.ACCEPTED


def test_what_there_was_no_time_to_wait_for_is_not_silence():
    """Silence under the whole patience is not "no DICOM"."""
    with Answering(DICOM, waits) as server:
        assert asked(server, ends=0.3) == Application(kind=Kind.UNKNOWN)


@pytest.mark.parametrize("tls", [False, True])
def test_dicom_inside_tls_is_found_only_where_a_handshake_is_allowed(tmp_path, tls: bool):
    """A server that cuts off the plain request is asked once more inside TLS, or left alone."""
    with Answering(2762, inside_tls(tmp_path, says(answers.ASSOCIATED))) as server:
        found = asked(server, tls=tls)

    assert found == (dicom(Answer.ACCEPTED, tls=True) if tls else Application(kind=Kind.RESETS))
    assert server.connections == (2 if tls else 1)


def test_a_device_of_another_age_is_asked_in_its_own_tls(tmp_path):
    """TLS 1.0, which Python by itself declines: unnamed, it would be nobody's imaging."""
    with Answering(2762, inside_tls(tmp_path, says(answers.ASSOCIATED), old=True)) as server:
        assert asked(server, tls=True) == dicom(Answer.ACCEPTED, tls=True)


def test_a_port_that_only_speaks_tls_is_that_and_no_more(tmp_path):
    """Inside, nothing we know."""
    with Answering(DICOM, inside_tls(tmp_path, waits)) as server:
        assert asked(server, tls=True) == Application(kind=Kind.TLS, tls=True)


def test_a_reset_of_the_handshake_too_is_a_reset():
    """As Orthanc does with whatever is no DICOM."""
    with Answering(DICOM, resets) as server:
        assert asked(server, tls=True) == Application(kind=Kind.RESETS)


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (says(answers.TO_EXPLORER), {"status": 301, "auth": Auth.NONE, "product": "orthanc"}),
        (says(answers.SECURE_AREA), {"status": 401, "auth": Auth.BASIC, "product": "orthanc"}),
        (hangs_up(answers.BAD_REQUEST), {"status": 400, "auth": Auth.NONE}),
        (says(b"HTTP/1.1 200 OK\r\nServer: zztest\r\n\r\n<title>MEIER^ANNA"), {"status": 200, "auth": Auth.NONE}),
        (says(b"HTTP/1.1 200 OK\r\nServer: MEIER", b"^ANNA" * 900), {"status": 200, "auth": Auth.NONE}),
    ],
)
def test_a_web_port_is_asked_for_its_headers(answer: answers.Script, expected: dict[str, object]):
    """A status, who may enter, and a product of our own table."""
    with Answering(WEB, answer) as server:
        assert asked(server) == Application(kind=Kind.HTTP, **expected)  # type: ignore[arg-type]
    assert server.told == [b"GET / HTTP/1.0\r\nUser-Agent: sentinel-check/check-1\r\n\r\n"]


@pytest.mark.parametrize(
    "first", [hangs_up(), hangs_up(answers.BAD_REQUEST), hangs_up(answers.HANDSHAKE_FAILURE), resets]
)
@pytest.mark.parametrize("tls", [False, True])
def test_a_page_inside_tls_is_read_only_where_a_handshake_is_allowed(tmp_path, first: answers.Script, tls: bool):
    """An empty close, a bad request, an alert, a reset: what servers say that want TLS."""
    secured = inside_tls(tmp_path, says(answers.SECURE_AREA))
    with Answering(8443, first, secured) as server:
        found = asked(server, tls=tls)

    assert (found.tls, found.product) == ((True, "orthanc") if tls else (False, None))
    assert sum(told[:1] == b"\x16" for told in server.told) == (1 if tls else 0)


def test_a_page_that_was_read_is_never_asked_for_inside_tls():
    """Some servers die of a handshake; this one has answered."""
    with Answering(WEB, says(answers.TO_EXPLORER)) as server:
        asked(server, tls=True)

    assert server.connections == 1


def test_dicom_behind_a_web_port_is_found():
    """It cuts off whoever says GET, so it is asked for an association."""
    with Answering(8080, resets, says(answers.ASSOCIATED)) as server:
        assert asked(server, tls=True) == dicom(Answer.ACCEPTED)


def test_a_page_behind_an_imaging_port_is_found():
    """A web server declines the association request as a bad one, and is then asked for its headers."""
    with Answering(DICOM, hangs_up(answers.BAD_REQUEST), says(answers.TO_EXPLORER)) as server:
        assert asked(server).product == "orthanc"


def test_http_is_never_said_to_what_answered_dicom():
    """Not even to one that aborts."""
    with Answering(WEB, hangs_up(answers.ABORT)) as server:
        assert asked(server, tls=True) == dicom(Answer.ABORTED)
    assert server.connections == 1


def test_a_port_nobody_has_heard_of_may_be_an_imaging_server():
    """It is listened to first, and asked on the same connection."""
    with Answering(ODD, when_told(says(answers.ASSOCIATED))) as server:
        assert asked(server) == dicom(Answer.ACCEPTED)
    assert server.connections == 1


BANNERS = [
    (b"SSH-2.0-OpenSSH_9.2 MEIER\r\n", Kind.SSH),
    (b"220 (vsFTPd 3.0.3) MEIER\r\n", Kind.FTP),
    (b"220 mail.meier.example ESMTP\r\n", Kind.UNKNOWN),
    (b"RFB 003.008\n", Kind.VNC),
    (b"\xff\xfd\x18\xff\xfd\x20", Kind.TELNET),
    (b"\x00\x00\x00\x55\xfeSMB", Kind.SMB),
    (b"J\x00\x00\x00\n8.0.36 MEIER", Kind.UNKNOWN),
]


@pytest.mark.parametrize(("said", "kind"), BANNERS)
@pytest.mark.parametrize("port", [SHARE, ODD])
def test_a_service_that_speaks_first_is_only_listened_to(port: int, said: bytes, kind: Kind):
    """And known by its first word."""
    with Answering(port, says(said)) as server:
        assert asked(server) == Application(kind=kind)
    assert server.told == [b""]


@pytest.mark.parametrize("port", [SHARE, PRINTER])
def test_a_service_that_waits_is_told_nothing(port: int):
    """A database, a share, a printer: silent."""
    with Answering(port, waits) as server:
        assert asked(server) == Application(kind=Kind.SILENT)
    assert server.told == [b""]


def test_a_remote_desktop_confirms():
    """It is asked what every client of it asks first."""
    confirm = bytes.fromhex("030000130ed000001234000209080002000000")
    with Answering(REMOTE, says(confirm)) as server:
        assert asked(server) == Application(kind=Kind.RDP)
    assert server.told == [bytes.fromhex("030000130ee000000000000100080003000000")]


@pytest.mark.parametrize(("port", "most"), [(DICOM, 4096), (WEB, 2048), (SHARE, 64)])
def test_a_flood_is_not_taken_in(port: int, most: int):
    """The connection ends after so many bytes, whatever more is sent."""
    taken = []

    class Counting(Interview):
        async def _hear(self, talk, question):  # type: ignore[no-untyped-def]
            heard = await super()._hear(talk, question)
            taken.append(len(heard.raw))
            return heard

    with Answering(port, floods) as server:
        began = time.monotonic()

        async def asking() -> Application:
            interview = Counting(
                lambda probe: talking(probe, probe.source),
                mark=MARK, check="c", tls=True, ends=asyncio.get_running_loop().time() + 30, patience=BRIEF,
            )  # fmt: skip
            return await interview.ask(ask_of(server))

        found = asyncio.run(asking())
        took = time.monotonic() - began

    assert found == Application(kind=Kind.UNKNOWN)
    assert max(taken) <= most
    assert took < 5


@pytest.mark.parametrize("port", [DICOM, WEB, SHARE, ODD, REMOTE])
def test_a_drip_is_not_waited_for(port: int):
    """The patience is for the whole answer, not for each byte."""
    began = time.monotonic()
    with Answering(port, says(*[b"\x00"] * 40, apart=0.1)) as server:
        found = asked(server)

    assert found.kind is Kind.UNKNOWN
    assert time.monotonic() - began < 6.5


def test_a_door_that_was_shut_meanwhile_is_unknown():
    """Whoever was asked before it may have been the same program."""
    with Answering(DICOM, waits) as server:
        gone = server
    assert asked(gone) == Application(kind=Kind.UNKNOWN)


@settings(deadline=None)
@given(
    st.sampled_from([DICOM, WEB, 8443, REMOTE, SHARE, ODD]),
    st.lists(bent(), min_size=2, max_size=2),
    st.booleans(),
)
def test_whatever_is_answered_becomes_fixed_words(port: int, said: list[bytes], tls: bool):
    """On either connection, inside a handshake too: nothing raises, nothing hangs, no text comes through."""
    left = list(said)

    @asynccontextmanager
    async def connect(_probe: Probe) -> AsyncIterator[Talk]:
        ours, theirs = socket.socketpair()
        with ours, theirs:
            ours.setblocking(False)
            theirs.sendall(left.pop(0))
            theirs.shutdown(socket.SHUT_WR)
            yield Talk(ours)

    async def asking() -> Application:
        ends = asyncio.get_running_loop().time() + 30
        interview = Interview(connect, mark=MARK, check="c", tls=tls, ends=ends, patience=BRIEF)
        return await interview.ask(Ask(first=_probe(port), second=_probe(port), again=_probe(port)))

    assert in_fixed_words(asyncio.run(asking()))


def _probe(port: int) -> Probe:
    home = ip_address("127.0.0.1")
    return Probe(source=home, source_port=20_000, target=home, target_port=port)
