"""What is done about one incident: each form is one request, checked before it is put; `watch` keeps it."""

import re
from collections.abc import Callable
from datetime import timedelta
from ipaddress import ip_address

import pytest
from flask.testing import FlaskClient
from furnished import MAC, MACHINE, Cabinet, chapter, incident, moment
from werkzeug.test import TestResponse

from sentinel.model.acting import MeasureKind
from sentinel.model.finding import Code, Grade, Level, Story, StoryKind
from sentinel.model.incident import IncidentState
from sentinel.store import rows
from sentinel.wire.requests import Answer, Reply, Verb

Told = Callable[[Answer], None]
PAGE = "/incidents/1"


def send(browser: FlaskClient, path: str, **fields: str) -> TestResponse:
    """Fill a form of the incident's page and send it."""
    found = re.search(r'name="csrf_token" value="([^"]+)"', browser.get(PAGE).text)
    assert found, "the page has no form"
    return browser.post(path, data={"csrf_token": found[1], **fields})


def flashed(browser: FlaskClient) -> str:
    return browser.get(PAGE).text.replace("\u00a0", " ").replace("\u202f", " ")


@pytest.mark.parametrize("kind", MeasureKind)
def test_a_measure_says_what_was_done_when_and_by_whom(cabinet: Cabinet, watch: Told, kind):
    """The hour is the practice's, and carries its offset."""
    browser = cabinet.insider()

    answer = send(
        browser, f"{PAGE}/measure", kind=kind.value, when="2026-11-23T10:05", why="  câble\nnº 2 ", who=" Anne "
    )

    assert (answer.status_code, answer.headers["Location"]) == (303, PAGE)
    [wish] = cabinet.heard
    assert (wish.verb, wish.incident, wish.kind) == (Verb.MEASURE, 1, kind.value)
    assert (wish.when, wish.why, wish.who) == ("2026-11-23T10:05+01:00", "câble nº 2", "Anne")


@pytest.mark.parametrize(
    ("path", "fields"),
    [
        ("measure", {"kind": "other", "when": "", "who": "Anne"}),
        ("measure", {"kind": "other", "when": "yesterday", "who": "Anne"}),
        ("measure", {"kind": "nuked", "when": "2026-11-23T10:05", "who": "Anne"}),
        ("accept", {"until": "", "source": "203.0.113.7", "who": "Anne"}),
        ("accept", {"until": "2026-13-45", "anybody": "yes", "who": "Anne"}),
        ("accept", {"window": "yes", "hours": "48", "who": "Anne"}),
        ("accept", {"window": "yes", "hours": "", "who": "Anne"}),
    ],
)
def test_what_is_not_clear_is_not_put(cabinet: Cabinet, watch: Told, path, fields):
    """And the page says that nothing was noted."""
    browser = cabinet.insider()

    assert send(browser, f"{PAGE}/{path}", **fields).status_code == 303

    assert cabinet.heard == []
    assert "Rien n’a été noté" in flashed(browser)


def test_a_false_alarm_says_why_and_who(cabinet: Cabinet, watch: Told):
    """The reason goes to the register."""
    send(cabinet.insider(), f"{PAGE}/false-alarm", why="c’était notre technicien", who="Anne")

    [wish] = cabinet.heard
    assert (wish.verb, wish.incident, wish.why, wish.who) == (
        Verb.FALSE_ALARM,
        1,
        "c’était notre technicien",
        "Anne",
    )


def test_a_door_is_accepted_for_somebody_through_a_day(cabinet: Cabinet, watch: Told):
    """By its machine's MAC, its inside port, and the network that may come."""
    send(
        cabinet.insider(),
        f"{PAGE}/accept",
        source="203.0.113.0/24",
        until="2027-03-11",
        who="Anne",
        why="télé-soins",
    )

    [wish] = cabinet.heard
    assert (wish.verb, wish.machine, wish.port, wish.source) == (Verb.ACCEPT, MAC, 4242, "203.0.113.0/24")
    assert (wish.when, wish.window, wish.why) == ("2027-03-11", False, "télé-soins")


def test_a_machine_without_mac_is_accepted_by_its_address(cabinet: Cabinet, watch: Told):
    """It is all that is known of it."""
    cabinet.add("incidents", rows.incident_row(incident(1, mac=None)))
    send(cabinet.insider(), f"{PAGE}/accept", anybody="yes", until="2027-02-18", who="Anne", why="x")

    assert [(wish.machine, wish.source) for wish in cabinet.heard] == [(MACHINE, "")]


def test_an_empty_field_is_no_permission_for_everybody(cabinet: Cabinet, watch: Told):
    """Whoever lets in anybody ticks it."""
    browser = cabinet.insider()
    send(browser, f"{PAGE}/accept", source=" ", until="2027-02-18", who="Anne", why="x")

    assert cabinet.heard == []
    assert "dites qui peut venir" in flashed(browser)


def test_a_maintenance_window_ends_in_some_hours(cabinet: Cabinet, watch: Told):
    """Two hours from now, and the answer tells the hour."""
    browser = cabinet.insider()
    send(
        browser,
        f"{PAGE}/accept",
        window="yes",
        anybody="yes",
        hours="2",
        who="Sophie",
        why="mise à jour",
    )

    [wish] = cabinet.heard
    assert (wish.verb, wish.window, wish.when) == (Verb.ACCEPT, True, "2026-11-23T11:30:00+00:00")
    assert "Elle se referme seule à 12 h 30" in flashed(browser)


def test_a_window_is_opened_for_somebody_or_with_a_tick_for_everybody(cabinet: Cabinet, watch: Told):
    """Its form asks who may come; an empty field is no permission here either."""
    browser = cabinet.insider()
    send(browser, f"{PAGE}/accept", window="yes", hours="24", source="", who="Sophie", why="x")
    assert cabinet.heard == []

    send(browser, f"{PAGE}/accept", window="yes", hours="24", source="203.0.113.7", who="Sophie", why="x")
    assert [(wish.source, wish.window) for wish in cabinet.heard] == [("203.0.113.7", True)]


@pytest.mark.parametrize("path", ["measure", "false-alarm", "accept"])
@pytest.mark.parametrize("token", [None, "invented"])
def test_a_form_from_elsewhere_does_nothing(cabinet: Cabinet, watch: Told, path, token):
    """Also for somebody logged in."""
    answer = cabinet.insider().post(f"{PAGE}/{path}", data={} if token is None else {"csrf_token": token})

    assert answer.status_code == 400
    assert cabinet.heard == []


@pytest.mark.parametrize("path", ["measure", "false-alarm", "accept"])
def test_without_the_code_and_by_a_link_nothing_is_done(cabinet: Cabinet, watch: Told, path):
    """A visitor is sent to give the code; a link does nothing."""
    visitor = cabinet.visitor()
    found = re.search(r'name="csrf_token" value="([^"]+)"', visitor.get("/code").text)
    assert found

    answer = visitor.post(f"{PAGE}/{path}", data={"csrf_token": found[1], "who": "Eve"})

    assert answer.headers["Location"].startswith("/code")
    assert cabinet.insider().get(f"{PAGE}/{path}").status_code in (404, 405)
    assert cabinet.heard == []
    assert visitor.get_cookie("sentinel_who") is None


def test_an_incident_that_does_not_exist_cannot_be_accepted(cabinet: Cabinet, watch: Told):
    """404, and nothing put."""
    assert send(cabinet.insider(), "/incidents/99/accept", anybody="yes", until="2027-02-18").status_code == 404
    assert cabinet.heard == []


def test_the_answer_of_watch_is_told(cabinet: Cabinet, watch: Told):
    """A refusal above all."""
    watch(Answer(reply=Reply.NOT_RUNNING))
    browser = cabinet.insider()
    send(browser, f"{PAGE}/false-alarm", why="x", who="Anne")

    assert "La sentinelle ne répond pas : rien n’a été fait." in flashed(browser)


def test_a_name_is_typed_once(cabinet: Cabinet, watch: Told):
    """The browser fills it into the next form, on every page, and escapes it; scripts cannot read it."""
    browser = cabinet.insider()
    answer = send(browser, f"{PAGE}/read", who='Anne "x" <b>é')

    cookie = next(each for each in answer.headers.getlist("Set-Cookie") if each.startswith("sentinel_who="))
    assert "HttpOnly" in cookie
    assert "SameSite=Lax" in cookie
    page = browser.get(PAGE).text
    assert 'value="Anne &#34;x&#34; &lt;b&gt;é"' in page
    assert "<b>é" not in page


def test_the_forms_a_story_has_are_those_that_fit_it(cabinet: Cabinet):
    """A closed door is read late at most; a condition or our own page is never accepted; one reading is enough."""
    over = incident(2, state=IncidentState.CLOSED, closed=moment())
    ill = incident(
        3, story=Story(kind=StoryKind.CONDITION, about="view_lost"), code=Code.VIEW_LOST, level=Level.UNSURE
    )
    told = incident(4, read=moment(), read_by="Anne", false_alarm=moment())
    ours = incident(5, code=Code.SELF_VISIBLE)
    cabinet.add("incidents", *(rows.incident_row(each) for each in (over, ill, told, ours)))
    browser = cabinet.insider()

    def forms(number: int) -> set[str]:
        found = re.findall(rf'action="/incidents/{number}/([a-z-]+)"', browser.get(f"/incidents/{number}").text)
        return set(found)

    assert forms(1) == {"read", "check", "measure", "accept", "false-alarm", "dossier"}
    assert forms(2) == {"read", "measure", "dossier"}, "nobody had read it"
    assert forms(3) == set()
    assert forms(4) == {"check", "measure", "accept", "dossier"}
    assert forms(5) == {"read", "check", "measure", "false-alarm", "dossier"}


def test_every_form_works_without_script(cabinet: Cabinet):
    """Each has its address, its token and its button; every field its label."""
    page = cabinet.insider().get(PAGE).text
    answers = page[
        page.index('<section class="answers"') : page.index("</section>", page.index('class="answers"'))
    ]

    forms = re.findall(r"<form.*?</form>", answers, re.DOTALL)
    assert len(forms) == 6
    for form in forms:
        assert 'method="post"' in form
        assert "csrf_token" in form
        assert "<button" in form
        assert len(re.findall(r"<(?:input(?! type=\"hidden\")|select)", form)) == form.count("<label")


def test_the_day_proposed_is_never_at_the_end_of_a_week(cabinet: Cabinet):
    """Ninety days from that Monday is a Sunday: the Thursday before it is proposed, and a year at most."""
    page = cabinet.insider().get(PAGE).text

    assert '<input type="date" name="until" required value="2027-02-18" max="2027-11-24"' in page
    assert '<input type="datetime-local" name="when" required value="2026-11-23T10:30">' in page


def test_what_was_done_and_said_stands_in_the_story(cabinet: Cabinet):
    """The measure with its warning, and each remark in the chronology, escaped."""
    measured = incident(
        1, measured=moment(timedelta(hours=1)), measure=MeasureKind.MACHINE_UNPLUGGED, measured_by="Anne <b>"
    )
    cabinet.add("incidents", rows.incident_row(measured))
    line = chapter(
        Code.STRANGER_ASSOCIATED,
        Grade.ASSOCIATED,
        Level.ALARM,
        timedelta(0),
        who="Anne <b>",
        said="vu <i>avec</i> B",
    )
    cabinet.add("chapters", rows.chapter_row(line))

    page = flashed(cabinet.insider())

    assert "Câble de l’appareil débranché à 9 h 30 par Anne &lt;b&gt;." in page
    assert "Porte non vérifiée : ce n’est pas encore fermé." in page
    assert '<span class="remark">vu &lt;i&gt;avec&lt;/i&gt; B</span>' in page
    assert "<i>avec" not in page
    assert ip_address(MACHINE) == measured.machine
