"""What is promised to be impossible, tried: against the real programs where it counts, on every page elsewhere."""

import csv
import io
import json
import os
import re
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from hashlib import sha256
from html.parser import HTMLParser
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from besieged import CODE, ROOT, Besieged, Browser
from furnished import MAC, NOW, Cabinet, connection, door, incident, moment, verdict
from test_account import send

from sentinel.clock import now
from sentinel.config import Practice
from sentinel.evidence.listing import as_csv
from sentinel.model.acting import MeasureKind
from sentinel.model.connection import Association, Dicom
from sentinel.model.finding import Code
from sentinel.store import rows
from sentinel.store.sessions import TRIES_OF_ALL
from sentinel.wire.requests import Answer, Reply, Verb
from tests.evidence.cases import case, visit

Told = Callable[[Answer], None]
PASSWORD = "trois girafes bleues"
ATTACKER = "127.66.6.6"


@pytest.fixture(scope="module")
def besieged() -> Iterator[Besieged]:
    """One sentinel for this file; in a folder that other users can be given a way to."""
    with TemporaryDirectory(prefix="besieged-") as folder:
        sentinel = Besieged(Path(folder))
        yield sentinel
        sentinel.stop()


@pytest.fixture(scope="module")
def owner(besieged: Besieged) -> Browser:
    """Who claimed it: by the code, then by a password of its own."""
    browser = Browser(besieged)
    assert browser.login(CODE) == 303
    assert browser.send("/password", "/password", new=PASSWORD, again=PASSWORD)[0] == 303
    assert browser.is_inside
    return browser


def rules(cabinet: Cabinet, method: str) -> list[str]:
    """Every address of the page that takes this method, its blanks filled."""
    cabinet.page = cabinet.page or cabinet.app()
    found = [
        each.rule
        for each in cabinet.page.url_map.iter_rules()
        if method in (each.methods or ()) and each.endpoint != "static"
    ]
    return sorted({re.sub(r"<[^>]+>", "dossier-1.zip", re.sub(r"<int[^>]*>", "1", rule)) for rule in found})


# -- forms from elsewhere --------------------------------------------------------------------------------------


def test_no_form_from_elsewhere_does_anything(cabinet: Cabinet, watch: Told):
    """CSRF: every POST there is, without token, with an invented one, with another browser's; nothing is heard."""
    stranger, victim = cabinet.visitor(), cabinet.insider()
    page = stranger.get("/code").text
    foreign = page.partition('name="csrf_token" value="')[2].partition('"')[0]
    assert foreign
    paths = rules(cabinet, "POST")
    assert len(paths) > 15

    for path in paths:
        for token in (None, "", "invented", foreign):
            answer = victim.post(path, data={} if token is None else {"csrf_token": token})
            assert (path, token, answer.status_code) == (path, token, 400)
    assert cabinet.heard == []


def test_no_form_of_a_stranger_does_anything(cabinet: Cabinet, watch: Told):
    """With a token of his own, but without a login: every POST but the login's is sent to give the code."""
    stranger = cabinet.visitor()

    for path in rules(cabinet, "POST"):
        if path in ("/code", "/leave"):
            continue
        answer = send(stranger, "/code", path)
        assert (path, answer.status_code) == (path, 303)
        assert answer.headers["Location"].startswith("/code")
    assert cabinet.heard == []


def test_no_get_changes_anything(cabinet: Cabinet, watch: Told):
    """Every address there is, asked for by somebody logged in: no file changes, `watch` hears nothing."""
    browser, before = cabinet.insider(), _bytes(cabinet)

    for path in rules(cabinet, "GET"):
        for asked in (path, f"{path}?next=/&ours=yes&who=x&kind=all&incident=1&window=yes"):
            assert browser.get(asked).status_code in (200, 303, 304, 404, 410, 503), asked

    assert cabinet.heard == []
    assert _bytes(cabinet) == before


def _bytes(cabinet: Cabinet) -> dict[str, str]:
    files = [each for each in cabinet.places.lasting.rglob("*") if each.is_file()]
    return {str(each): sha256(each.read_bytes()).hexdigest() for each in files}


# -- sessions ---------------------------------------------------------------------------------------------------


def test_a_session_cannot_be_fixed_beforehand(owner: Browser, besieged: Besieged):
    """A cookie planted before the login is not taken over, each login has another, and a part of one is none."""
    victim = Browser(besieged, "127.0.0.21", {"__Host-sentinel_session": "planted", "sentinel_session": "planted"})
    assert victim.login(PASSWORD) == 303
    first = victim.cookies["__Host-sentinel_session"]
    assert victim.login(PASSWORD) == 303

    assert first != "planted"
    assert victim.cookies["__Host-sentinel_session"] != first
    for stolen in ("planted", "", first[:-1], first.swapcase()):
        assert not Browser(besieged, ATTACKER, {"__Host-sentinel_session": stolen}).is_inside
    assert not Browser(besieged, ATTACKER, {"sentinel_session": first}).is_inside, "under another name it is none"


def test_the_code_opens_nothing_once_a_password_is_set(owner: Browser, besieged: Besieged):
    """Not even where somebody photographed it."""
    assert Browser(besieged, "127.0.0.22").login(CODE) == 403


def test_passwords_cannot_be_tried_out(owner: Browser, besieged: Besieged):
    """Five a quarter of an hour; then the right one waits as well. The practice's own browsers go on."""
    attacker = Browser(besieged, ATTACKER)

    tried = [attacker.login(f"guess number {n}") for n in range(7)]

    assert tried == [403] * 5 + [429] * 2
    assert attacker.login(PASSWORD) == 429
    assert owner.is_inside
    assert Browser(besieged, "127.0.0.23").login(PASSWORD) == 303


def test_a_session_that_was_ended_everywhere_is_ended(owner: Browser, besieged: Besieged):
    """A phone was stolen: its cookie opens nothing after the owner's click."""
    phone, desk = Browser(besieged, "127.0.0.24"), Browser(besieged, "127.0.0.25")
    assert (phone.login(PASSWORD), desk.login(PASSWORD)) == (303, 303)
    stolen = dict(phone.cookies)

    assert desk.send("/account", "/account/leave")[0] == 303

    assert not Browser(besieged, "127.0.0.24", stolen).is_inside
    assert not owner.is_inside
    assert owner.login(PASSWORD) == 303


def test_what_was_tried_is_told(owner: Browser):
    """On the account page: whence, and what came of it."""
    page = owner.ask("/account")[1]

    assert page.count(ATTACKER) >= 6
    assert "code ou mot de passe faux" in page
    assert "guess number" not in page


# -- names of the internet, other ports -------------------------------------------------------------------------


@pytest.mark.parametrize(
    "host", ["evil.example", "sentinel.local.evil.example", "127.0.0.1.nip.io", "", "a b", "[::1].evil.example"]
)
@pytest.mark.parametrize("path", ["/", "/api/v1/status", "/healthz", "/code", "/static/live.js", "/nowhere"])
def test_a_rebound_name_learns_nothing(besieged: Besieged, owner: Browser, host, path):
    """DNS rebinding: a page of the internet that names our address its own comes with its own name. Both ports."""
    status, body, place = Browser(besieged, cookies=dict(owner.cookies)).ask(path, Host=host)
    plain = besieged.raw(f"GET {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n".encode())

    assert (status, place) == (400, "")
    assert "Cabinet" not in body
    assert plain.startswith(b"HTTP/1.1 400")
    assert b"Location" not in plain


def test_a_second_host_header_leads_nobody_away(besieged: Besieged):
    """The redirection goes to the name that was asked for, never to one from X-Forwarded-Host."""
    names = b"Host: sentinel.local\r\nX-Forwarded-Host: evil.example\r\nForwarded: host=evil.example\r\n"
    answer = besieged.raw(b"GET /code HTTP/1.1\r\n" + names + b"Connection: close\r\n\r\n")

    assert answer.startswith(b"HTTP/1.1 303")
    assert f"Location: https://sentinel.local:{besieged.private}/code\r\n".encode() in answer
    assert b"evil" not in answer


def test_the_plain_port_knows_no_login(besieged: Besieged, owner: Browser):
    """A cookie sent there by mistake is worth nothing: no page behind the login, no form, no cookie of ours."""
    cookies = "; ".join(f"{k}={v}" for k, v in owner.cookies.items())
    answer = besieged.raw(
        f"GET / HTTP/1.1\r\nHost: sentinel.local\r\nCookie: {cookies}\r\nConnection: close\r\n\r\n".encode()
    )

    assert answer.startswith(b"HTTP/1.1 200")
    assert b"Set-Cookie" not in answer
    assert b"/account" not in answer
    assert b"csrf_token" not in answer


# -- files ------------------------------------------------------------------------------------------------------

UP = ["..", "%2e%2e", "..%2f..", "%2e%2e%2f", "..%5c..", "....//", "%252e%252e", "..;", "%c0%ae%c0%ae", "%00"]


@pytest.mark.parametrize("up", UP)
@pytest.mark.parametrize("base", ["/static/", "/papers/", "/"])
def test_no_address_leads_out_of_the_house(besieged: Besieged, owner: Browser, base, up):
    """Path traversal: neither the file with the code nor the store nor a key is ever handed out."""
    cookies = "; ".join(f"{k}={v}" for k, v in owner.cookies.items())
    for target in ("sentinel.toml", "var/sentinel.db", "var/page.key", "app.py"):
        for depth in (1, 3):
            path = base + "/".join([up] * depth) + f"/{target}"
            sent = f"GET {path} HTTP/1.1\r\nHost: sentinel.local\r\nCookie: {cookies}\r\nConnection: close\r\n\r\n"
            answer = besieged.raw(sent.encode())
            assert answer[:12] in (b"HTTP/1.1 400", b"HTTP/1.1 404", b"HTTP/1.1 303"), (path, answer[:80])
            status, body, _ = Browser(besieged, cookies=dict(owner.cookies)).ask(path)
            assert status in (400, 404), path
            assert CODE not in body
            assert "PRIVATE KEY" not in body


# -- words of strangers -----------------------------------------------------------------------------------------

EVIL = "<xss-a onx=1>\"'><xss-b>{{7*191}}${7*191}&lt;xss-c&gt;javascript:x"
SHORT = "<xss-a onx=1>\"'>"
"""As much of it as an AE title holds."""
KNOWN = frozenset(
    """
    html head meta title link script noscript body a header div p nav form input button main h1 h2 h3 ul ol li span
    small b strong em q code abbr kbd br hr table caption thead tbody tr th td footer time label select option
    optgroup textarea fieldset legend datalist output details summary progress dl dt dd figure figcaption article
    aside img section svg g path circle rect line text tspan polyline polygon defs pattern use desc
    """.split()  # noqa: SIM905 - words are read more easily than a list of them
)


class Inspector(HTMLParser):
    """Reads a page as a browser does and keeps what should not be there."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.wrong: list[str] = []
        self.words: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in KNOWN:
            self.wrong.append(f"<{tag}>")
        for name, value in attrs:
            if name.startswith("on") or name in ("style", "srcdoc") or '"' in name or "'" in name or "<" in name:
                self.wrong.append(f"{tag} {name}")
            if name in ("href", "src", "action", "formaction") and not (value or "").startswith(
                ("/", "#", "?", "tel:")
            ):
                self.wrong.append(f"{tag} {name}={value}")

    def handle_data(self, data: str) -> None:
        self.words.append(data)


def hostile(cabinet: Cabinet) -> Cabinet:
    """The same practice, every word of which an enemy wrote."""
    story = incident(
        calling=SHORT,
        read_by=EVIL,
        read=moment(),
        measure=MeasureKind.LINE_UNPLUGGED,
        measured_by=EVIL,
        measured=moment(),
        false_alarm=moment(),
    )
    cabinet.add("incidents", rows.incident_row(story))
    dicom = Dicom(called=SHORT, calling=SHORT, result=Association.ACCEPTED)
    cabinet.add("connections", rows.connection_row(EVIL, connection(60, dicom=dicom), "stranger", True))
    act = {"at": rows.text(NOW), "client": EVIL, "verb": EVIL, "who": EVIL, "detail": EVIL, "reply": EVIL}
    cabinet.add("audit", {"number": 1, **act})
    cabinet.add("acceptances", {
        "number": 1, "machine": MAC, "port": 4242, "source": EVIL, "until": rows.text(NOW + timedelta(days=3)),
        "window": 0, "from_file": 0, "who": EVIL, "why": EVIL, "at": rows.text(NOW),
    })  # fmt: skip
    paper = {
        "number": 1,
        "kind": "month",
        "name": EVIL,
        "sha256": EVIL,
        "incident": 1,
        "who": EVIL,
        "at": rows.text(NOW),
    }
    cabinet.add("papers", paper)
    _spoil(cabinet, "UPDATE outcomes SET host = ?")
    _spoil(cabinet, "UPDATE chapters SET calling = ?, said = ?", 2)
    practice = Practice(name=EVIL, contact=EVIL, practitioner=EVIL, phone=EVIL, substitute=EVIL)
    return Cabinet(places=cabinet.places, config=replace(cabinet.config, practice=practice, labels={MAC: EVIL}))


def _spoil(cabinet: Cabinet, statement: str, times: int = 1) -> None:
    with sqlite3.connect(cabinet.places.store) as db:
        db.execute(statement, (EVIL,) * times)
    db.close()


@pytest.mark.parametrize("language", ["fr", "en"])
def test_no_word_of_a_stranger_becomes_markup(cabinet: Cabinet, language):
    """XSS: AE titles, host names, labels, names, reasons, on every page there is; nothing becomes a tag, an
    attribute or a template, and what was written is there to be read."""
    enemy = hostile(cabinet)
    enemy.beat(verdict(door(Code.STRANGER_ASSOCIATED)))
    browser = enemy.insider(language)
    read = ""

    for path in [*rules(enemy, "GET"), "/connections?text=" + EVIL.replace("&", "%26"), "/nowhere" + EVIL]:
        answer = browser.get(path)
        if answer.mimetype != "text/html":
            continue
        inspector = Inspector()
        inspector.feed(answer.text)
        assert (path, inspector.wrong) == (path, [])
        read += " ".join(inspector.words)
        assert "1337" not in answer.text, "somebody calculated"

    assert read.count("<xss-a onx=1>") > 20


def test_programs_get_them_as_plain_words_too(cabinet: Cabinet):
    """JSON stays JSON, and says that it is no page."""
    enemy = hostile(cabinet)
    enemy.beat(verdict(door(Code.STRANGER_ASSOCIATED)))

    answer = enemy.insider().get("/api/v1/status")

    assert answer.mimetype == "application/json"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert EVIL.split(">", maxsplit=1)[0] in json.loads(answer.text)["sentence"]


@pytest.mark.parametrize("begins", ["=", "+", "-", "@", "\t=", "\r=", "|", "%", " =", "\n=", "＝"])
def test_no_cell_of_a_file_is_run_by_a_spreadsheet(cabinet: Cabinet, begins):
    """CSV formula injection, by whatever a stranger or the practice itself may write into it: of the page and of
    a dossier.
    """
    formula = f"{begins}HYPERLINK(1)"[:16]
    enemy = Cabinet(places=cabinet.places, config=replace(cabinet.config, labels={MAC: formula}))
    dicom = Dicom(called=formula, calling=formula, result=Association.ACCEPTED)
    cabinet.add("connections", rows.connection_row("x", connection(61, dicom=dicom), "stranger", True))

    for sheet in (
        enemy.insider().get("/connections.csv").data,
        as_csv(case(visits=(visit(1, called=formula, calling=formula, source=formula),))),  # the dossier's
    ):
        paper = io.StringIO(sheet.decode("utf-8-sig"), newline="")
        cells = [cell for line in csv.reader(paper, delimiter=";") for cell in line]
        assert not [cell for cell in cells if cell.strip()[:1] in tuple("=+-@|%＝")]
        assert any("HYPERLINK" in cell for cell in cells)


# -- too much, and too many -------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", ["/code", "/password", "/check", "/incidents/1/read"])
def test_a_body_beyond_all_measure_is_refused(besieged: Besieged, owner: Browser, path):
    """Before it is read: a form is sixteen kilobytes at most."""
    sent = f"POST {path} HTTP/1.1\r\nHost: sentinel.local\r\nContent-Length: {10**9}\r\nConnection: close\r\n\r\n"

    assert besieged.raw(sent.encode()).startswith(b"HTTP/1.1 413")
    with suppress(OSError):  # hung up on while it is still being sent
        assert owner.ask(path, {"code": "x" * 20_000})[0] in (400, 413)
    assert besieged.status()["level"] != "dark"


def test_a_header_beyond_all_measure_is_refused(besieged: Besieged):
    """And the page goes on."""
    answer = besieged.raw(b"GET / HTTP/1.1\r\nHost: localhost\r\nX: " + b"x" * 40_000 + b"\r\n\r\n")

    assert answer[:12] in (b"HTTP/1.1 413", b"HTTP/1.1 400", b"HTTP/1.1 414")
    assert besieged.status()["level"] != "dark"


def test_every_answer_carries_its_protection(cabinet: Cabinet, watch: Told):
    """Pages, files, programs' words, redirections and every refusal, whatever its number."""
    visitor, insider = cabinet.visitor(), cabinet.insider()
    tag = insider.get("/").headers["ETag"]
    answers = [
        *(insider.get(path) for path in rules(cabinet, "GET")),
        visitor.get("/incidents"),
        insider.get("/", headers={"If-None-Match": tag}),
        visitor.post("/code"),
        visitor.get("/", environ_overrides={"REMOTE_ADDR": "203.0.113.9"}),
        visitor.get("/", headers={"Host": "evil.example"}),
        visitor.get("/nowhere"),
        insider.get("/leave"),
        visitor.post("/code", data={"code": "0" * 40_000}),
        visitor.get("/static/live.js"),
        visitor.get("/static/nothing.js"),
    ]
    cabinet.places.store.unlink()
    answers.append(insider.get("/incidents"))

    assert {200, 303, 304, 400, 403, 404, 405, 413, 503} <= {each.status_code for each in answers}
    for answer in answers:
        assert "default-src 'none'" in answer.headers["Content-Security-Policy"], answer.request.path
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert answer.headers["X-Frame-Options"] == "DENY"
        assert answer.headers["Referrer-Policy"] == "no-referrer"
        assert "Server" not in answer.headers or answer.headers["Server"] == "sentinel"
        answer.close()


# -- the socket of requests -------------------------------------------------------------------------------------

AS_SOMEBODY = """
import json, os, sys
told, asked = {}, json.loads(sys.argv[1])
sys.path.insert(0, asked["root"])
from pathlib import Path
from sentinel.wire.requests import Request, Verb, ask  # imported before the rights are dropped
os.setgroups([]); os.setgid(65534); os.setuid(asked["uid"])
for verb in asked["verbs"]:
    for kind, session in asked["sessions"].items():
        for client in asked["clients"]:
            wish = Request(verb=Verb(verb), session=session, client=client, code="x", password="trois loutres")
            told[f"{verb} {kind} {client}"] = ask(Path(asked["path"]), wish).reply
print(json.dumps(told))
"""


def asked_as(
    besieged: Besieged,
    uid: int,
    verbs: Sequence[str] = tuple(Verb),
    clients: Sequence[str] = ("", "192.168.1.20"),
    **sessions: str,
) -> dict[str, str]:
    """Every verb with these sessions, from a process of another user: what was answered."""
    assert os.getuid() == 0, "run as root, as everywhere in CI: a user must be changed to"
    asked = {"root": str(ROOT), "uid": uid, "verbs": verbs, "clients": clients, "sessions": sessions}
    words = json.dumps({**asked, "path": str(besieged.places.requests)})
    done = subprocess.run(
        [sys.executable, "-c", AS_SOMEBODY, words], capture_output=True, text=True, check=False, timeout=120
    )
    assert done.returncode == 0, done.stderr
    return dict(json.loads(done.stdout))


@pytest.fixture
def reachable(besieged: Besieged) -> Iterator[Besieged]:
    """Every door on the way to the socket stands open, so that only the desk itself can refuse."""
    way = [besieged.places.requests, *besieged.places.requests.parents]
    before = {each: each.stat().st_mode for each in way if Path("/tmp") in each.parents}
    for each, mode in before.items():
        each.chmod(mode | 0o777)
    yield besieged
    for each, mode in before.items():
        each.chmod(mode)


def test_another_users_process_is_hung_up_on(reachable: Besieged, owner: Browser):
    """By the kernel's word on who calls: whatever it asks, and with a real session too."""
    session = owner.cookies["__Host-sentinel_session"]

    told = asked_as(reachable, 61_234, real=session, none="")

    assert set(told.values()) == {Reply.NOT_RUNNING.value}
    answered = asked_as(reachable, 65_534, verbs=["read"], clients=["192.168.1.20"], none="")
    assert list(answered.values()) == [Reply.NO_SESSION.value], "the way was open: it is the user that was refused"
    assert owner.is_inside


def test_the_way_to_the_socket_is_shut_to_others(besieged: Besieged):
    """The folder and the socket are the sentinel's own and its group's."""
    assert besieged.places.requests.stat().st_mode & 0o007 == 0
    assert besieged.places.passing.stat().st_mode & 0o007 == 0
    for file in (besieged.places.key, besieged.places.store):
        assert file.stat().st_mode & 0o007 == 0


def test_a_page_that_was_taken_over_can_ask_for_nothing_its_sessions_may_not(reachable: Besieged, owner: Browser):
    """`web` under its own user, in an enemy's hand: with no session, a forged, an ended or one that has run out,
    every verb is refused, whether it names a browser or pretends to be the command line."""
    thrown_out = Browser(reachable, "127.0.0.31")
    assert thrown_out.login(PASSWORD) == 303
    ended = thrown_out.cookies["__Host-sentinel_session"]
    assert thrown_out.send("/account", "/leave")[0] == 303
    over = rows.text(now().wall - timedelta(seconds=1))
    expired = (sha256(b"expired-token").hexdigest(), "2020-01-01T00:00:00.000Z", over)
    _write(reachable, "INSERT INTO sessions (token, made, until) VALUES (?, ?, ?)", expired)

    told = asked_as(reachable, 65_534, none="", forged="A" * 43, ended=ended, expired="expired-token")

    login = {key: reply for key, reply in told.items() if key.startswith("login ")}
    others = {key: reply for key, reply in told.items() if key not in login}
    assert set(others.values()) == {Reply.NO_SESSION.value}
    assert len(others) == (len(Verb) - 1) * 4 * 2
    assert set(login.values()) <= {Reply.WRONG_CODE.value, Reply.TOO_MANY.value}
    assert owner.is_inside, "nothing of it changed the password or ended a session"


def test_forged_addresses_cannot_try_all_day(reachable: Besieged, owner: Browser):
    """A page in an enemy's hand invents a browser for each try: forty a quarter of an hour, then all wait."""
    moments = [(f"10.9.{n}.1", rows.text(now().wall)) for n in range(TRIES_OF_ALL - 3)]
    _write(reachable, "INSERT INTO wrong_codes (client, at) VALUES (?, ?)", *moments)

    told = asked_as(reachable, 65_534, verbs=["login"], clients=[f"10.8.{n}.1" for n in range(6)], none="")

    replies = list(told.values())
    assert replies.count(Reply.WRONG_CODE.value) <= 3
    assert replies[3:] == [Reply.TOO_MANY.value] * 3
    assert Browser(reachable, "127.0.0.33").login(PASSWORD) == 429, "a machine nobody knows waits with them"
    assert Browser(reachable, owner.address).login(PASSWORD) == 303, "the practice's own is spared"


def _write(besieged: Besieged, statement: str, *values: tuple[object, ...]) -> None:
    """Rows straight into the store, as if they had come about."""
    with sqlite3.connect(besieged.places.store, timeout=10) as db:
        db.executemany(statement, values)
    db.close()
