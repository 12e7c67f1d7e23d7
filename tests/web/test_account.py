"""Logging in and out, the password, who is logged in and what was done."""

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest
from flask.testing import FlaskClient
from furnished import NOW, TOKEN, Cabinet
from werkzeug.test import TestResponse

from sentinel import certificate
from sentinel.store import rows
from sentinel.wire.requests import Answer, Reply, Verb
from web.account import about

Told = Callable[[Answer], None]
FIRST, SECOND = "trois girafes bleues", "quatre loutres vertes"


def send(browser: FlaskClient, page: str, path: str, **fields: str) -> TestResponse:
    """Fill a form of `page` and send it, its hidden token with it."""
    found = re.search(r'name="csrf_token" value="([^"]+)"', browser.get(page).text)
    assert found, "the page has no form"
    return browser.post(path, data={"csrf_token": found[1], **fields})


def plain(page: TestResponse) -> str:
    return page.text.replace("\u00a0", " ")


def claim(cabinet: Cabinet) -> None:
    """A password is set."""
    cabinet.add("password", {"one": 1, "hash": "scrypt$…", "at": rows.text(NOW)})


def test_the_right_code_opens_a_session_and_goes_back(cabinet: Cabinet, watch: Told):
    """The cookie is out of reach of scripts and of other sites."""
    browser = cabinet.visitor()

    answer = send(browser, "/code", "/code", code=" 3141-5926 ", next="/incidents/1")

    assert answer.status_code == 303
    assert answer.headers["Location"] == "/incidents/1"
    cookie = next(each for each in answer.headers.getlist("Set-Cookie") if each.startswith("sentinel_session="))
    assert f"sentinel_session={TOKEN}" in cookie
    assert "HttpOnly" in cookie
    assert "SameSite=Lax" in cookie
    assert "RADIO-PC" in browser.get("/incidents/1").text
    [asked] = cabinet.heard
    assert (asked.verb, asked.code, asked.client) == (Verb.LOGIN, " 3141-5926 ", "127.0.0.1"), (
        "a password is not trimmed"
    )


@pytest.mark.parametrize(
    ("answer", "status", "said"),
    [
        (Answer(reply=Reply.WRONG_CODE), 403, "Ce n’est pas le bon code."),
        (Answer(reply=Reply.TOO_MANY, wait_seconds=601), 429, "Réessayez dans 11 minutes."),
        (Answer(reply=Reply.TOO_MANY, wait_seconds=20), 429, "Réessayez dans 1 minute."),
        (Answer(reply=Reply.BUSY), 503, "La sentinelle est occupée"),
    ],
)
def test_a_wrong_code_says_why_and_opens_nothing(cabinet: Cabinet, watch: Told, answer, status, said):
    """Also how long to wait after too many."""
    watch(answer)
    browser = cabinet.visitor()

    page = send(browser, "/code", "/code", code="0000")

    assert page.status_code == status
    assert said in page.text.replace("\u00a0", " ")
    assert browser.get_cookie("sentinel_session") is None
    assert "0000" not in page.text


def test_without_watch_nobody_is_let_in(cabinet: Cabinet):
    """And the page says that nothing was done."""
    page = send(cabinet.visitor(), "/code", "/code", code="3141-5926")

    assert page.status_code == 503
    assert "rien n’a été fait" in page.text


@pytest.mark.parametrize(
    "elsewhere", ["https://evil.example/", "//evil.example", "/\\evil.example", "javascript:x", "", "/a b"]
)
def test_after_the_code_nobody_is_sent_elsewhere(cabinet: Cabinet, watch: Told, elsewhere):
    """A link that looks like ours cannot lead away."""
    answer = send(cabinet.visitor(), "/code", "/code", code="3141-5926", next=elsewhere)

    assert answer.headers["Location"] == "/"


def test_leaving_ends_the_session_on_both_sides(cabinet: Cabinet, watch: Told):
    """The cookie goes, and `watch` is told."""
    browser = cabinet.insider()

    answer = send(browser, "/", "/leave")

    assert answer.headers["Location"] == "/"
    assert (cabinet.heard[0].verb, cabinet.heard[0].session) == (Verb.LOGOUT, TOKEN)
    assert browser.get_cookie("sentinel_session") is None


def test_until_it_is_claimed_the_page_asks_for_the_code_and_then_for_the_password(cabinet: Cabinet, watch: Told):
    """In the words of each, wrong tries too; and the reminder to choose one goes."""
    watch(Answer(reply=Reply.WRONG_CODE))
    before = cabinet.visitor().get("/code")
    assert "Code d’accès" in before.text
    assert "CODE-SENTINELLE.txt" in before.text
    assert "choisissez un mot de passe" in cabinet.insider().get("/first").text

    claim(cabinet)
    after = cabinet.visitor().get("/code")

    assert "Mot de passe" in after.text
    assert "CODE-SENTINELLE.txt" not in after.text
    assert "Ce n’est pas le bon mot de passe." in send(cabinet.visitor(), "/code", "/code", code="x").text
    assert "choisissez un mot de passe" not in cabinet.insider().get("/first").text


def test_a_demonstration_asks_nobody_to_choose_a_password(cabinet: Cabinet):
    """It is thrown away."""
    cabinet.beat(demo=True)

    assert "choisissez un mot de passe" not in cabinet.insider().get("/first").text


def test_the_first_password_needs_no_other_and_brings_a_new_session(cabinet: Cabinet, watch: Told):
    """The cookie of the code is worth nothing any more."""
    watch(Answer(reply=Reply.DONE, session="a-new-token"))
    browser = cabinet.insider()
    assert 'name="present"' not in browser.get("/password").text

    answer = send(browser, "/password", "/password", new=FIRST, again=FIRST)

    assert answer.headers["Location"] == "/account"
    assert "sentinel_session=a-new-token" in "".join(answer.headers.getlist("Set-Cookie"))
    [asked] = cabinet.heard
    assert (asked.verb, asked.session, asked.code, asked.password) == (Verb.PASSWORD, TOKEN, "", FIRST)
    assert asked.client


def test_a_change_asks_for_the_present_one(cabinet: Cabinet, watch: Told):
    """What was typed goes to `watch` as it was typed, and nowhere else."""
    claim(cabinet)
    browser = cabinet.insider()
    assert 'name="present"' in browser.get("/password").text

    send(browser, "/password", "/password", present=f" {FIRST} ", new=SECOND, again=SECOND)

    [asked] = cabinet.heard
    assert (asked.code, asked.password) == (f" {FIRST} ", SECOND)


@pytest.mark.parametrize(
    ("answer", "status", "said"),
    [
        (Answer(reply=Reply.WRONG_CODE), 403, "Ce n’est pas le bon mot de passe."),
        (Answer(reply=Reply.NOT_ALLOWED), 400, "trop court ou trop facile à deviner"),
        (Answer(reply=Reply.TOO_MANY, wait_seconds=601), 429, "Réessayez dans 11 minutes."),
        (Answer(reply=Reply.NO_SESSION), 403, "Entrez de nouveau le code."),
        (Answer(reply=Reply.BUSY), 503, "rien n’a été fait"),
    ],
)
def test_a_password_that_is_not_taken_is_said_why(cabinet: Cabinet, watch: Told, answer, status, said):
    """And is not shown again."""
    watch(answer)

    page = send(cabinet.insider(), "/password", "/password", new=FIRST, again=FIRST)

    assert page.status_code == status
    assert said in plain(page)
    assert FIRST not in page.text
    assert "Set-Cookie" not in page.headers or "sentinel_session" not in page.headers["Set-Cookie"]


def test_two_entries_that_differ_are_not_even_asked(cabinet: Cabinet, watch: Told):
    """A slip of the finger locks nobody out."""
    page = send(cabinet.insider(), "/password", "/password", new=FIRST, again=SECOND)

    assert page.status_code == 400
    assert "pas les mêmes" in page.text
    assert cabinet.heard == []


def test_every_browser_can_be_logged_out(cabinet: Cabinet, watch: Told):
    """This one too; where `watch` does not answer nothing is pretended."""
    browser = cabinet.insider()
    answer = send(browser, "/account", "/account/leave")

    assert (cabinet.heard[0].verb, cabinet.heard[0].kind) == (Verb.LOGOUT, "all")
    assert answer.headers["Location"] == "/"
    assert browser.get_cookie("sentinel_session") is None

    watch(Answer(reply=Reply.BUSY))
    other = cabinet.insider()
    assert send(other, "/account", "/account/leave").headers["Location"] == "/account"
    assert other.get_cookie("sentinel_session") is not None


def test_the_account_page_tells_logins_deeds_and_the_fingerprint(cabinet: Cabinet):
    """Each deed in words, at the device or from where; what was typed is never markup."""
    act = {"at": rows.text(NOW), "who": "<b>Anne", "detail": "incident=1", "reply": "done", "verb": "read"}
    cabinet.add("audit", {"number": 1, **act, "client": "192.168.77.31"})
    cabinet.add("audit", {"number": 2, **act, "client": "", "verb": "password", "reply": "not_allowed"})
    made, _ = certificate.make(["sentinel.local"], [], NOW)
    cabinet.places.certificate.write_bytes(made)

    page = plain(cabinet.insider().get("/account"))

    assert "« J’ai vu »" in page
    assert "&lt;b&gt;Anne" in page
    assert "192.168.77.31" in page
    assert "sur l’appareil" in page
    assert "événement 1" in page
    assert certificate.fingerprint(cabinet.places.certificate) in page
    assert len(certificate.fingerprint(cabinet.places.certificate).split(":")) == 32
    assert TOKEN not in page


def test_without_a_certificate_there_is_no_fingerprint_to_show(cabinet: Cabinet):
    """A laptop has none."""
    assert "SHA-256" not in cabinet.insider().get("/account").text


def test_with_a_certificate_the_cookie_never_goes_over_the_plain_port(cabinet: Cabinet, watch: Told):
    """It is Secure, and its name lets no plain page set it (RFC 6265bis, `__Host-`)."""
    page = replace(cabinet.config.page, https_port=8443)
    private = Cabinet(places=cabinet.places, config=replace(cabinet.config, page=page), heard=cabinet.heard)
    browser, https = private.visitor(), {"base_url": "https://sentinel.local:8443"}
    token = re.search(r'name="csrf_token" value="([^"]+)"', browser.get("/code", **https).text)
    assert token

    answer = browser.post("/code", data={"csrf_token": token[1], "code": "3141-5926"}, **https)

    cookies = [each for each in answer.headers.getlist("Set-Cookie") if "session" in each or "form" in each]
    assert cookies
    for cookie in cookies:
        assert cookie.startswith("__Host-sentinel_")
        assert {"Secure", "HttpOnly", "SameSite=Lax", "Path=/"} <= set(cookie.split("; "))
        assert "Domain" not in cookie
    assert "RADIO-PC" in browser.get("/incidents/1", **https).text
    assert "Se connecter" in browser.get("/").text, "sent over the plain port it would be worth nothing"


def test_deeds_are_bounded(cabinet: Cabinet):
    """The last hundred."""
    row = {"client": "", "verb": "check", "who": "", "detail": "", "reply": "done"}
    many = [{"number": n, "at": rows.text(NOW + timedelta(seconds=n)), **row} for n in range(1, 151)]
    cabinet.add("audit", *many)

    assert cabinet.insider().get("/account").text.count("contrôle demandé") == 100


@pytest.mark.parametrize(
    ("detail", "told"),
    [
        ("kind=month when=2026-10", "genre Page du mois, date octobre 2026"),
        ("section=steps", "rubrique première heure"),
        ("source=any when=2027-03-11", "source pour n’importe qui, date jeudi 11 mars 2027"),
        ("when=2026-11-23T09:05+00:00 window=True", "date 23 nov. 2026, 10:05:00, maintenance oui"),
        ("kind=machine_unplugged", "genre câble de l’appareil débranché"),
        ("kind=<b> when=demain", "genre &lt;b&gt;, date demain"),
    ],
)
def test_what_an_act_was_about_is_told_in_words(cabinet: Cabinet, detail, told):
    """No name of a field's value, no moment of Greenwich; what has no word stays as it is, escaped."""
    act = {"at": rows.text(NOW), "who": "Anne", "detail": detail, "reply": "done", "verb": "setting"}
    cabinet.add("audit", {"number": 1, **act, "client": "192.168.77.31"})

    page = plain(cabinet.insider().get("/account"))
    assert told in re.sub(r"</?(?:time|small)[^>]*>", "", page)


@pytest.mark.parametrize(
    ("detail", "told"),
    [
        ("", []),
        ("incident=3", [("incident", "3")]),
        ("network=10.8.0.0/24 ours=True", [("network", "10.8.0.0/24"), ("ours", "True")]),
        ("who knows", []),
        ("machine=a b=c d", [("machine", "a"), ("b", "c d")]),
    ],
)
def test_what_a_row_tells_is_taken_apart(detail, told):
    """Whatever is in it."""
    assert about(detail) == told
