"""The truth matrix: whatever a box or a server does, the echo says it as it is, and nmap from there agrees."""

import time
from contextlib import ExitStack
from dataclasses import replace

import pytest

from sentinel.model.exposure import AfterProbe, Answer, Application, Auth, Kind, Reach, Why
from tests.echo import answers
from tests.echo.answers import Answering, hangs_up
from tests.lab import imaging
from tests.lab.cabinet import Cabinet
from tests.lab.host import Host
from tests.story.truth import Door, Seen, knocked, nmap

REJECTS = {
    9001: ("drop", "drop"),
    9002: ("reject with icmp type port-unreachable", "reject with icmpv6 type port-unreachable"),
    9003: ("reject with icmp type admin-prohibited", "reject with icmpv6 type admin-prohibited"),
    9004: ("reject with icmp type host-unreachable", "reject with icmpv6 type addr-unreachable"),
    9005: ("reject with icmp type net-unreachable", "reject with icmpv6 type no-route"),
}
"""What the box does with a port of its own, over IPv4 and IPv6."""
UP, DOWN, ABSENT = 4242, 4096, 4006


def _rules(cabinet: Cabinet) -> None:
    lines = []
    for port, (over_v4, over_v6) in REJECTS.items():
        for family, rule in (("ipv4", over_v4), ("ipv6", over_v6)):
            words = f"iifname wan0 meta nfproto {family} tcp dport {port} {rule}"
            lines.append(f"insert rule inet box input {words}")
    cabinet.box.run(["nft", "-f", "-"], stdin="\n".join(lines))


def _rows(cabinet: Cabinet) -> list[tuple[str, Door, Reach, Why, str]]:
    """Study 3.2: what, where, our word, and what nmap calls it."""
    box4, box6 = cabinet.box.v4, cabinet.box.v6
    opened = (Reach.OPEN, Why.SYNACK, "open/syn-ack")
    closed = (Reach.CLOSED, Why.REFUSED, "closed/conn-refused")
    silent = (Reach.FILTERED, Why.TIMEOUT, "filtered/no-response")
    no_host = (Reach.UNREACHABLE, Why.ICMP_HOST, "filtered/host-unreach")
    no_net = (Reach.UNREACHABLE, Why.ICMP_NET, "filtered/net-unreach")
    forbidden = (Reach.UNREACHABLE, Why.ICMP_ADMIN, "filtered/admin-prohibited")
    return [
        ("forwarded, service up", (box4, UP), *opened),
        ("forwarded, service down", (box4, DOWN), *closed),
        ("forwarded to an absent machine", (box4, ABSENT), *no_host),
        ("dropped", (box4, 9001), *silent),
        ("ICMP port-unreachable", (box4, 9002), *closed),
        ("ICMP admin-prohibited", (box4, 9003), *no_host),
        ("ICMP host-unreachable", (box4, 9004), *no_host),
        ("ICMP net-unreachable", (box4, 9005), *no_net),
        ("let in, service up", (cabinet.imaging.v6, UP), *opened),
        ("let in, service down", (cabinet.imaging.v6, DOWN), *closed),
        ("let in, absent machine", (cabinet.workstation.v6, ABSENT), *no_host),
        ("dropped", (box6, 9001), *silent),
        ("ICMPv6 port-unreachable", (box6, 9002), *closed),
        ("ICMPv6 admin-prohibited", (box6, 9003), *forbidden),
        ("ICMPv6 address-unreachable", (box6, 9004), *no_host),
        ("ICMPv6 no-route", (box6, 9005), *no_net),
    ]


@pytest.fixture
def table(capsys: pytest.CaptureFixture[str]):
    """Prints one row, also of a test that passes."""

    def row(what: str, door: Door, ours: object, theirs: object) -> None:
        with capsys.disabled():
            print(f"\n  {what:<34} {f'{door[0]} {door[1]}':<28} {ours!s:<38} nmap {theirs}", end="")

    return row


def test_every_behaviour_of_a_box_is_told_as_it_is(cabinet: Cabinet, table):
    """Study 3.2, both families: our states, beside nmap's from the same namespace; all of them."""
    imaging.orthanc(cabinet.imaging)
    imaging.answer_ipv6(cabinet.imaging, UP)
    cabinet.box.open_ipv6()
    for port, host in ((UP, cabinet.imaging), (DOWN, cabinet.imaging), (ABSENT, cabinet.workstation)):
        cabinet.box.forward(port, port, host)
    _rules(cabinet)
    cabinet.switch.switch_off(cabinet.workstation)
    rows = _rows(cabinet)

    seen = knocked(cabinet.echo1, [door for _, door, *_ in rows])
    cabinet.box.forget(cabinet.workstation)
    theirs = nmap(cabinet.echo1, [door for _, door, *_ in rows])

    for what, door, *_ in rows:
        table(what, door, seen[door], theirs[door])
    assert {door: (each.answer.reach, each.answer.why) for door, each in seen.items()} == {
        door: (reach, why) for _, door, reach, why, _ in rows
    }
    assert theirs == {door: said for _, door, _, _, said in rows}
    for door in ((cabinet.box.v4, ABSENT), (cabinet.workstation.v6, ABSENT)):
        assert 2.5 < seen[door].answer.took.total_seconds() < 4, "a machine that is off is told late"


def test_an_echo_without_a_route_accuses_nobody(cabinet: Cabinet, table):
    """What reads "network unreachable" here is our own line: untested, in both families."""
    doors: list[Door] = [(cabinet.box.v4, UP), (cabinet.imaging.v6, UP)]
    for family in ("-4", "-6"):
        cabinet.echo1.run(["ip", family, "route", "delete", "default"])

    seen = knocked(cabinet.echo1, doors)

    for door in doors:
        table("the echo has no route", door, seen[door], "(has none either)")
    assert {(each.answer.reach, each.answer.why) for each in seen.values()} == {
        (Reach.UNTESTED, Why.VANTAGE_NO_ROUTE)
    }


def dicom(answer: Answer = Answer.ACCEPTED, **words: object) -> Application:
    return Application(kind=Kind.DICOM, answer=answer, after_probe=AfterProbe.OPEN, **words)  # type: ignore[arg-type]


def web(status: int, auth: Auth, product: str | None = "orthanc") -> Application:
    return Application(kind=Kind.HTTP, status=status, auth=auth, product=product, after_probe=AfterProbe.OPEN)


def plain(kind: Kind) -> Application:
    return Application(kind=kind, after_probe=AfterProbe.OPEN)


WRONG_TITLE = dicom(Answer.REJECTED, rejection=(1, 1, 7))
"""Rejected for good, by the service user: called AE title not recognised (PS3.8 table 9-21)."""


PYNETDICOM = {4096: answers.CALLING_UNKNOWN, 5678: answers.TOO_MANY, 2345: answers.TWO_ABORTS}
"""Bytes recorded from pynetdicom 3.0.4."""


def _played(host: Host, port: int, raw: bytes) -> Answering:
    with host.inside():
        return Answering(port, hangs_up(raw), address=str(host.v4))


def test_every_imaging_server_is_known_for_what_it_is(cabinet: Cabinet, tmp_path, table):
    """Study 3.1 with the real servers; no TLS handshake is made, and all of them live."""
    key = imaging.certificate(cabinet.imaging)
    tls = {"DicomTlsEnabled": True, "DicomTlsRemoteCertificateRequired": False, **key.for_orthanc()}
    imaging.orthanc(cabinet.imaging)
    fragile = imaging.orthanc(cabinet.imaging, dicom_port=2761, http_port=8443, settings=key.for_https())
    imaging.orthanc(cabinet.imaging, dicom_port=104, http_port=8000, check_called=True, careless=False)
    imaging.orthanc(
        cabinet.imaging, dicom_port=105, http_port=8081, check_called=True, aet="ANY-SCP",
        settings={"DicomAlwaysAllowEcho": False},
    )  # fmt: skip
    imaging.orthanc(cabinet.imaging, dicom_port=2762, http_port=8888, settings=tls)
    imaging.storescp(cabinet.imaging, 11112)
    for port in (4242, 8042):
        imaging.answer_ipv6(cabinet.imaging, port)
    cabinet.box.open_ipv6()

    def forwarded(outside: int, inside: int) -> Door:
        cabinet.box.forward(outside, inside)
        return cabinet.box.v4, outside

    rows = [
        ("Orthanc, any title", forwarded(4242, 4242), dicom()),
        ("the same over IPv6", (cabinet.imaging.v6, 4242), dicom()),
        ("Orthanc checks the called title", forwarded(104, 104), WRONG_TITLE),
        ("right title, unknown caller", forwarded(105, 105), dicom()),
        ("GET to the DICOM port, then RQ", forwarded(8080, 4242), dicom()),
        ("nothing said to the DICOM port", forwarded(4900, 4242), plain(Kind.SILENT)),
        ("the DICOM port behind an odd one", forwarded(33_104, 4242), dicom()),
        ("DICOM over TLS, plain RQ", forwarded(2762, 2762), plain(Kind.RESETS)),
        ("HTTP, no password", forwarded(8042, 8042), web(301, Auth.NONE)),
        ("the same over IPv6", (cabinet.imaging.v6, 8042), web(301, Auth.NONE)),
        ("HTTP, password", forwarded(8000, 8000), web(401, Auth.BASIC)),
        ("HTTPS, plain GET", forwarded(8443, 8443), plain(Kind.CLOSES)),
        ("RQ to the HTTPS port", forwarded(11113, 8443), plain(Kind.CLOSES)),
        ("RQ to the HTTP port, then GET", forwarded(33_105, 8042), web(301, Auth.NONE)),
        ("storescp", forwarded(11112, 11112), dicom()),
        ("GET to storescp, then RQ", forwarded(8888, 11112), dicom()),
        ("pynetdicom, unknown caller", forwarded(4096, 4096), dicom(Answer.REJECTED, rejection=(1, 1, 3))),
        ("pynetdicom, too many", forwarded(5678, 5678), dicom(Answer.REJECTED, rejection=(2, 3, 2))),
        ("pynetdicom, not understood", forwarded(2345, 2345), dicom(Answer.ABORTED)),
    ]
    doors = [door for _, door, _ in rows]

    with ExitStack() as played:
        for port, raw in PYNETDICOM.items():
            played.enter_context(_played(cabinet.imaging, port, raw))
        begun = time.monotonic()
        seen = knocked(cabinet.echo1, doors, asking=True)
        took = time.monotonic() - begun
        theirs = nmap(cabinet.echo1, doors)

    for what, door, _ in rows:
        table(what, door, _told(seen[door]), theirs[door])
    table("both families took", doors[0], f"{took:.1f} s", "")
    assert {door: each.app for door, each in seen.items()} == {door: app for _, door, app in rows}
    assert set(theirs.values()) == {"open/syn-ack"}
    assert fragile.process.poll() is None, "its HTTPS dies of any handshake"


def test_dicom_inside_tls_is_found_where_a_handshake_is_allowed(cabinet: Cabinet, table):
    """Study 3.1: accepted inside TLS, or refused for its title; a plain server is asked in plain words."""
    key = imaging.certificate(cabinet.imaging)
    tls = {"DicomTlsEnabled": True, "DicomTlsRemoteCertificateRequired": False, **key.for_orthanc()}
    imaging.orthanc(cabinet.imaging)
    imaging.orthanc(cabinet.imaging, dicom_port=2762, http_port=8888, settings=tls)
    imaging.orthanc(cabinet.imaging, dicom_port=2761, http_port=8081, check_called=True, settings=tls)
    rows = [
        ("DICOM over TLS", (cabinet.box.v4, 2762), dicom(tls=True)),
        ("the same checks the called title", (cabinet.box.v4, 2761), replace(WRONG_TITLE, tls=True)),
        ("plain DICOM", (cabinet.box.v4, 4242), dicom()),
    ]
    for _, (_, port), _ in rows:
        cabinet.box.forward(port)

    seen = knocked(cabinet.echo1, [door for _, door, _ in rows], asking=True, tls=True)

    for what, door, _ in rows:
        table(what, door, _told(seen[door]), "")
    assert {door: each.app for door, each in seen.items()} == {door: app for _, door, app in rows}


def _told(seen: Seen) -> str:
    app = seen.app
    if app is None:
        return "not asked"
    words = (app.kind, "tls" if app.tls else None, app.answer, app.rejection, app.status, app.auth, app.product)
    return " ".join(str(word) for word in words if word is not None)
