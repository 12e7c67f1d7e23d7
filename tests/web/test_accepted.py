"""Accepted doors: what holds, what ends soon, what is over; made and withdrawn by somebody with a name."""

import re
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from furnished import CONFIG, MAC, NOW, PANO, TOKEN, Cabinet
from werkzeug.datastructures import MultiDict
from werkzeug.test import TestResponse

from sentinel.config import Capture, Echo
from sentinel.store import rows
from sentinel.wire.requests import Answer, Reply, Verb

DAY = timedelta(days=1)
FORM = {
    "machine": MAC,
    "port": "1194",
    "source": "203.0.113.7",
    "window": "no",
    "until": "2027-01-11",
    "why": "télémaintenance",
    "who": "Anne",
}


def plain(page: str) -> str:
    """The page as it is read."""
    return " ".join(re.sub(r"<[^>]+>", " ", page).replace("\u00a0", " ").replace("\u202f", " ").split())


def kept(number: int, until: timedelta, **more: object) -> dict[str, object]:
    """One acceptance of the store."""
    facts = {
        "number": number,
        "machine": MAC,
        "port": 1194,
        "source": "203.0.113.7/32",
        "until": rows.text(NOW + until),
        "window": 0,
        "who": "Sophie",
        "why": "VPN du technicien",
        "at": rows.text(NOW - 20 * DAY),
        "from_file": 0,
        "withdrawn": None,
        "withdrawn_by": None,
    }
    return {**facts, **more}


def groups(cabinet: Cabinet) -> dict[str, str]:
    """Each group of the list by its heading, as it is read."""
    page = cabinet.insider().get("/accepted").text
    found = re.findall(r"<section><h2>(.*?)</h2>\s*<ul class=\"accepted\">(.*?)</ul>", page, re.DOTALL)
    return {plain(name): plain(entries) for name, entries in found}


def send(cabinet: Cabinet, path: str, **fields: str) -> TestResponse:
    """A form, with its hidden token."""
    browser = cabinet.insider()
    token = re.search(r'name="csrf_token" value="([^"]+)"', browser.get("/accepted").text)
    return browser.post(path, data=MultiDict({**fields, "csrf_token": token[1]}))


def test_what_holds_what_ends_soon_and_what_is_over_stand_apart(cabinet):
    """A window is always soon; a withdrawn one is over whatever its date."""
    gone = {"withdrawn": rows.text(NOW - DAY), "withdrawn_by": "Luc"}
    cabinet.add(
        "acceptances",
        kept(1, 200 * DAY, port=1),
        kept(2, 29 * DAY, port=2),
        kept(3, -DAY, port=3),
        kept(4, 200 * DAY, port=4, **gone),
        kept(5, DAY / 12, port=5, window=1),
    )

    told = groups(cabinet)

    ports = {name: re.findall(r"RADIO-PC · (\d)", entries) for name, entries in told.items()}
    assert ports == {
        "Se terminent dans les 30 jours": ["5", "2"],
        "En vigueur": ["1"],
        "Terminés ou retirés": ["4", "3"],
    }
    assert "Retiré par Luc" in told["Terminés ou retirés"]
    assert "fenêtre de maintenance, jusqu’à sa fin à 12 h 30" in told["Se terminent dans les 30 jours"]
    assert "depuis 203.0.113.7/32 seulement" in told["En vigueur"]


def test_one_that_ended_or_was_withdrawn_has_no_button(cabinet):
    """And one that holds has one."""
    cabinet.add(
        "acceptances", kept(1, DAY), kept(2, -DAY), kept(3, DAY, withdrawn=rows.text(NOW), withdrawn_by="")
    )

    page = cabinet.insider().get("/accepted").text

    assert re.findall(r'action="/accepted/(\d)/withdraw"', page) == ["1"]


def test_its_last_day_is_said_and_who_answers_for_it(cabinet):
    """An end at midnight is the day before."""
    until = datetime.fromisoformat("2027-01-12T00:00:00+01:00") - NOW
    cabinet.add("acceptances", kept(1, until), kept(2, until, from_file=1, source=None))

    said = groups(cabinet)["En vigueur"]

    assert said.count("jusqu’au lundi 11 janvier 2027 inclus") == 2
    assert "Autorisé par Sophie" in said
    assert "Dans le fichier, par Sophie" in said
    assert "pour n’importe qui" in said


def test_what_the_file_declares_stands_there_too(cabinet):
    """Doors each check must find open, and the firewall."""
    cabinet.config = replace(CONFIG, echo=Echo(expect_open=(1194,)), capture=Capture(firewall=PANO))

    page = plain(cabinet.insider().get("/accepted").text)

    assert "1194" in page
    assert f"Pare-feu du cabinet, à qui la box envoie tout : {PANO}" in page


def test_a_form_becomes_a_request(cabinet, watch):
    """Machine, port, source, the day it holds through, who and why."""
    answer = send(cabinet, "/accepted", **FORM)

    assert answer.headers["Location"] == "/accepted"
    [wish] = cabinet.heard
    assert (wish.verb, wish.session, wish.machine, wish.port) == (Verb.ACCEPT, TOKEN, MAC, 1194)
    assert (wish.source, wish.when, wish.window) == ("203.0.113.7", "2027-01-11", False)
    assert (wish.who, wish.why) == ("Anne", "télémaintenance")


def test_a_window_ends_in_so_many_hours(cabinet, watch):
    """By the sentinel's own clock; only lengths that are offered."""
    send(cabinet, "/accepted", **{**FORM, "window": "yes", "hours": "4"})
    send(cabinet, "/accepted", **{**FORM, "window": "yes", "hours": "9999999999"})

    first, second = cabinet.heard
    assert (first.window, first.when) == (True, "2026-11-23T13:30:00+00:00")
    assert second.when == ""


@pytest.mark.parametrize(
    ("fields", "source"),
    [({"source": ""}, "nobody"), ({"source": "  "}, "nobody"), ({"source": "", "anybody": "yes"}, "any")],
)
def test_an_empty_source_is_no_permission_for_everybody(cabinet, watch, fields, source):
    """That takes a tick of its own; what is no network is refused by `watch`."""
    send(cabinet, "/accepted", **{**FORM, **fields})

    assert cabinet.heard[0].source == source


@pytest.mark.parametrize("port", ["0x50", "-1", "1e3", "999999", "٣"])
def test_a_port_that_is_none_is_sent_as_none(cabinet, watch, port):
    """`watch` understands no such door."""
    send(cabinet, "/accepted", **{**FORM, "port": port})

    assert cabinet.heard[0].port == 0


@pytest.mark.parametrize("reply", [Reply.NOT_ALLOWED, Reply.NOT_UNDERSTOOD])
def test_what_is_refused_can_be_put_right_in_the_same_form(cabinet, watch, reply):
    """What was typed is still there, as text."""
    watch(Answer(reply=reply))

    page = send(cabinet, "/accepted", **{**FORM, "why": '"><script>x()'})

    assert page.status_code == 400
    assert 'role="alert"' in page.text
    assert 'value="2027-01-11"' in page.text
    assert "&#34;&gt;&lt;script&gt;x()" in page.text


def test_a_machine_is_called_by_the_name_the_practice_gave(cabinet, watch):
    """The list offers it, and `watch` is told the address."""
    assert '<option value="RADIO-PC">' in cabinet.insider().get("/accepted").text

    send(cabinet, "/accepted", **{**FORM, "machine": " radio-pc "})

    assert cabinet.heard[0].machine == MAC


@pytest.mark.parametrize(
    ("reply", "fields", "wrong"),
    [
        (Reply.NOT_UNDERSTOOD, {"machine": "la radio"}, {"machine"}),
        (Reply.NOT_UNDERSTOOD, {"port": "0", "source": "ici"}, {"port", "source"}),
        (Reply.NOT_UNDERSTOOD, {"until": "", "why": " "}, {"until", "why"}),
        (Reply.NOT_ALLOWED, {"source": "203.0.0.0/8"}, {"source"}),
        (Reply.NOT_ALLOWED, {"until": "2027-01-15"}, {"until"}),
    ],
)
def test_the_field_behind_a_refusal_is_marked(cabinet, watch, reply, fields, wrong):
    """And what is expected stands beside it."""
    watch(Answer(reply=reply))

    page = send(cabinet, "/accepted", **{**FORM, **fields}).text

    assert set(re.findall(r'aria-invalid="true" aria-describedby="accept-(\w+)"', page)) == wrong
    assert set(re.findall(r'<small id="accept-(\w+)" class="wrong">', page)) == wrong


def test_withdrawing_asks_for_a_name(cabinet, watch):
    """And tells `watch` which one."""
    send(cabinet, "/accepted/7/withdraw", who="Anne")

    [wish] = cabinet.heard
    assert (wish.verb, wish.number, wish.who, wish.session) == (Verb.WITHDRAW, 7, "Anne", TOKEN)


def test_a_link_fills_in_machine_and_port(cabinet):
    """From wherever a door is shown."""
    page = cabinet.insider().get(f"/accepted?machine={MAC}&port=104").text

    assert f'value="{MAC}"' in page
    assert 'value="104"' in page


def test_accepted_doors_are_behind_the_code(cabinet):
    """They name machines and people."""
    assert cabinet.visitor().get("/accepted").headers["Location"].startswith("/code")
