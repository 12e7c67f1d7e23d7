"""What a person may do, through a real socket: each deed is a request to `watch`, and none without a token."""

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest
from flask.testing import FlaskClient
from furnished import MAC, TOKEN, Cabinet, incident, moment
from werkzeug.test import TestResponse

from sentinel.model.finding import Code, Level, Story, StoryKind
from sentinel.model.moment import Moment
from sentinel.store import rows
from sentinel.wire.requests import Answer, Reply, Verb
from web.app import create_app

Told = Callable[[Answer], None]


def send(browser: FlaskClient, page: str, path: str, **fields: str) -> TestResponse:
    """Fill a form of `page` and send it, its hidden token with it."""
    found = re.search(r'name="csrf_token" value="([^"]+)"', browser.get(page).text)
    assert found, "the page has no form"
    return browser.post(path, data={"csrf_token": found[1], **fields})


DEEDS = ["/code", "/leave", "/check", "/incidents/1/check", "/incidents/1/read", "/incidents/1/network"]


@pytest.mark.parametrize("path", DEEDS)
@pytest.mark.parametrize("token", [None, "", "invented"])
def test_a_form_from_elsewhere_does_nothing(cabinet: Cabinet, watch: Told, path, token):
    """Without the token of our own page every deed is refused, also for somebody logged in."""
    answer = cabinet.insider().post(path, data={} if token is None else {"csrf_token": token})

    assert answer.status_code == 400
    assert "trop ancienne" in answer.text
    assert cabinet.heard == []


@pytest.mark.parametrize("path", DEEDS[2:])
def test_without_the_code_no_deed_is_done(cabinet: Cabinet, watch: Told, path):
    """The form is sent to give it."""
    answer = send(cabinet.visitor(), "/code", path)

    assert answer.status_code == 303
    assert answer.headers["Location"].startswith("/code")
    assert cabinet.heard == []


@pytest.mark.parametrize("path", DEEDS[1:])
def test_a_link_does_nothing(cabinet: Cabinet, watch: Told, path):
    """Deeds are POST only."""
    assert cabinet.insider().get(path).status_code == 405
    assert cabinet.heard == []


def test_i_have_seen_it_is_told_with_the_name(cabinet: Cabinet, watch: Told):
    """The page then says that it was noted, once."""
    browser = cabinet.insider()

    answer = send(browser, "/incidents/1", "/incidents/1/read", who="  Anne \n Sophie ")

    assert answer.headers["Location"] == "/incidents/1"
    [asked] = cabinet.heard
    assert (asked.verb, asked.incident, asked.who, asked.session) == (Verb.READ, 1, "Anne Sophie", TOKEN)
    assert asked.client, "only the command line has no client"
    assert "Noté" in browser.get("/incidents/1").text
    assert "Noté" not in browser.get("/incidents/1").text


@pytest.mark.parametrize(("answer", "ours"), [("yes", True), ("no", False), ("maybe", False)])
def test_a_network_is_recognised_or_not(cabinet: Cabinet, watch: Told, answer, ours):
    """Only a plain yes is a yes."""
    story = Story(kind=StoryKind.NETWORK, about="10.8.0.0/24")
    asked_once = incident(2, story=story, code=Code.PRIVATE_NETWORK, level=Level.ATTENTION, grade=None)
    cabinet.add("incidents", rows.incident_row(asked_once))
    browser = cabinet.insider()

    send(browser, "/incidents/2", "/incidents/2/network", network="10.8.0.0/24", ours=answer, who="Anne")

    [asked] = cabinet.heard
    assert (asked.verb, asked.network, asked.ours, asked.who) == (Verb.NETWORK, "10.8.0.0/24", ours, "Anne")


def test_a_weak_point_is_noted_as_meant_with_a_name_and_a_reason(cabinet: Cabinet, watch: Told):
    """No alarm is offered that way out; and once it is noted the page says so, and asks no more."""
    story = Story(kind=StoryKind.WEAK_POINT, about=f"{MAC} not_watched")
    weak = incident(2, story=story, code=Code.NOT_WATCHED, level=Level.ATTENTION, grade=None, calling=None)
    noted = replace(weak, number=3, false_alarm=moment())
    cabinet.add("incidents", rows.incident_row(weak), rows.incident_row(noted))
    browser = cabinet.insider()

    answer = send(browser, "/incidents/2", "/incidents/2/false-alarm", who="Anne", why="Poste d’accueil")

    assert answer.headers["Location"] == "/incidents/2"
    [asked] = cabinet.heard
    assert (asked.verb, asked.incident, asked.who, asked.why) == (Verb.FALSE_ALARM, 2, "Anne", "Poste d’accueil")
    pages = [browser.get(f"/incidents/{number}").text for number in (1, 2, 3)]
    assert ["C’est voulu" in page for page in pages] == [False, True, False]
    assert "noté comme voulu" in pages[2]


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (Answer(reply=Reply.DONE), "Contrôle demandé"),
        (Answer(reply=Reply.NO_ECHO), "Aucun contrôle de dehors n’est configuré."),
        (Answer(reply=Reply.BUSY), "Un contrôle est déjà en cours"),
        (Answer(reply=Reply.NO_SESSION), "Entrez de nouveau le code."),
    ],
)
def test_a_check_can_be_asked_for(cabinet: Cabinet, watch: Told, answer, said):
    """The answer is shown on the page it was asked from."""
    watch(answer)
    browser = cabinet.insider()

    reply = send(browser, "/outside", "/check", next="/outside")

    assert reply.headers["Location"] == "/outside"
    assert cabinet.heard[0].verb is Verb.CHECK
    assert said in browser.get("/outside").text.replace("\u00a0", " ")


def test_after_asking_a_page_without_script_looks_again_soon(cabinet: Cabinet, watch: Told):
    """Until the check has begun; a refusal changes nothing."""
    browser, other = cabinet.insider(), cabinet.insider("en")
    send(browser, "/outside", "/check", next="/outside")
    watch(Answer(reply=Reply.NO_ECHO))
    send(other, "/outside", "/check", next="/outside")

    assert ['http-equiv="refresh" content="2"' in browser.get("/outside").text for _ in range(2)] == [True, True]
    assert 'http-equiv="refresh" content="20"' in other.get("/outside").text


def test_a_door_is_tested_again_from_its_event(cabinet: Cabinet, watch: Told):
    """Only this door, and back to where it was asked."""
    browser = cabinet.insider()

    reply = send(browser, "/incidents/1", "/incidents/1/check")

    assert reply.headers["Location"] == "/incidents/1"
    [asked] = cabinet.heard
    assert (asked.verb, asked.incident, asked.session) == (Verb.CHECK, 1, TOKEN)
    assert "Contrôle de cette porte demandé" in browser.get("/incidents/1").text


def test_only_a_door_is_tested_again(cabinet: Cabinet, watch: Told):
    """A network has none; an event that does not exist neither; one without public port gets the whole check."""
    story = Story(kind=StoryKind.NETWORK, about="10.8.0.0/24")
    cabinet.add(
        "incidents",
        rows.incident_row(incident(2, story=story, code=Code.PRIVATE_NETWORK, grade=None)),
        rows.incident_row(incident(3, outside_port=None)),
    )
    browser = cabinet.insider()

    assert [send(browser, "/", f"/incidents/{number}/check").status_code for number in (2, 99)] == [404, 404]
    assert cabinet.heard == []
    assert "/incidents/2/check" not in browser.get("/incidents/2").text
    assert 'action="/check"' in browser.get("/incidents/3").text


def test_while_an_echo_asks_us_to_wait_the_button_says_how_long(cabinet: Cabinet, watch: Told):
    """For this kind of check alone: the other button still works."""
    watch(Answer(reply=Reply.BUSY, wait_seconds=190))
    browser = cabinet.insider()

    send(browser, "/outside", "/check", next="/outside")
    page = browser.get("/outside").text.replace("\u00a0", " ")

    assert "possible dans 4 minutes" in page
    assert re.search(
        r"<button[^>]* disabled[^>]*>Contrôler maintenant<.button>\s*<small[^>]*>possible dans 4 min<", page
    )
    assert '<button class="secondary">Vérifier que c’est fermé' in browser.get("/incidents/1").text


def test_a_countdown_ends_by_the_boot_clock(cabinet: Cabinet, watch: Told):
    """Whatever the wall clock does meanwhile."""
    watch(Answer(reply=Reply.BUSY, wait_seconds=190))
    passed = [timedelta(0)]

    def clock() -> Moment:
        return Moment(wall=moment().wall - 9 * passed[-1], boot=moment().boot + passed[-1])

    browser = create_app(cabinet.config, cabinet.places, clock).test_client()
    browser.environ_base.update({"HTTP_HOST": "sentinel.local", "HTTP_ACCEPT_LANGUAGE": "fr"})
    browser.set_cookie("sentinel_session", TOKEN)
    send(browser, "/outside", "/check", next="/outside")

    told = {}
    for seconds in (0, 129, 131, 191):
        passed.append(timedelta(seconds=seconds))
        found = re.search("possible dans ([0-9]+)\u00a0min<", browser.get("/outside").text)
        told[seconds] = found and int(found[1])

    assert told == {0: 4, 129: 2, 131: 1, 191: None}


def test_a_form_that_is_too_long_is_refused(cabinet: Cabinet, watch: Told):
    """Before it is read."""
    answer = cabinet.insider().post("/code", data={"code": "0" * 20_000})

    assert answer.status_code in (400, 413)
    assert cabinet.heard == []
