"""The first hour: a page for each step, that can be left and taken up again, and shows what is proved."""

import re
from dataclasses import replace
from html import unescape

import pytest
from flask.testing import FlaskClient
from furnished import CONFIG, TOKEN, Cabinet, incident, moment, verdict
from werkzeug.datastructures import MultiDict
from werkzeug.test import TestResponse

from sentinel import codec
from sentinel.config import Echo, Update
from sentinel.model.finding import Code, Level, Story, StoryKind
from sentinel.model.incident import IncidentState
from sentinel.settings import Night, Reading, understood
from sentinel.store import rows
from sentinel.text import say
from sentinel.wire.requests import EVERY_MACHINE_ON, Answer, Reply, Verb
from web.steps import NAMES, Ended, noted

FORM = {
    "name": "Cabinet du Port",
    "contact": "Luc",
    "phone": "06 11 22 33 44",
    "opens": "08:30",
    "closes": "18:00",
    "day": "1",
    "time_zone": "Europe/Paris",
    "language": "fr",
}


def plain(page: str) -> str:
    """The page as it is read."""
    return " ".join(re.sub(r"<[^>]+>", " ", page).replace("\u00a0", " ").replace("\u202f", " ").split())


def send(browser: FlaskClient, path: str, **fields: str) -> TestResponse:
    """A form of the page that goes there, sent."""
    token = re.search(r'name="csrf_token" value="([^"]+)"', browser.get("/first").text)
    return browser.post(path, data=MultiDict({"who": "Anne", **fields, "csrf_token": token[1]}))


def settle(cabinet: Cabinet, **kept: str) -> None:
    """As `watch` keeps the steps."""
    value = codec.encode(kept).decode()
    cabinet.add(
        "settings", {"section": "steps", "value": value, "who": "Anne", "at": "2026-11-23T09:00:00.000000Z"}
    )


def ended(how: Ended = Ended.DONE) -> str:
    """A few minutes ago."""
    return noted(how, rows.wall("2026-11-23T09:12:00.000000Z"), "Anne")


def test_every_page_offers_the_first_hour_until_it_is_done(cabinet):
    """With the step it stands at; a reader without the code is offered nothing."""
    settle(cabinet, welcome=ended())
    browser = cabinet.insider()

    for path in ("/", "/incidents", "/machines", "/settings"):
        assert 'href="/first/practice"' in browser.get(path).text, path
    assert 'href="/first' not in cabinet.visitor().get("/").text

    settle(cabinet, **dict.fromkeys(NAMES, ended(Ended.SKIPPED)))
    assert "pas encore mise en route" not in browser.get("/").text


def test_it_can_be_put_off_and_taken_up_again(cabinet, watch):
    """Which is kept, with a name; the list of pages still leads there."""
    browser = cabinet.insider()
    send(browser, "/first", how="skipped")
    assert understood("steps", cabinet.heard[-1].value) == {"all": "skipped 2026-11-23T09:30Z Anne"}
    settle(cabinet, all=ended(Ended.SKIPPED))

    assert "pas encore mise en route" not in browser.get("/").text
    assert 'href="/first"' in browser.get("/").text
    send(browser, "/first", how="again")
    assert understood("steps", cabinet.heard[-1].value) == {"all": ""}


@pytest.mark.parametrize("name", [each for each in NAMES if each != "practice"])
@pytest.mark.parametrize("how", Ended)
def test_a_step_that_ended_is_kept_and_leads_to_the_next(cabinet, watch, name, how):
    """Done or skipped, when and by whom."""
    answer = send(cabinet.insider(), f"/first/{name}", how=how.value)

    [wish] = cabinet.heard
    assert (wish.verb, wish.section, wish.session) == (Verb.SETTING, "steps", TOKEN)
    assert understood("steps", wish.value) == {name: f"{how} 2026-11-23T09:30Z Anne"}
    after = NAMES[NAMES.index(name) + 1 :]
    assert answer.headers["Location"] == (f"/first/{after[0]}" if after else "/first")


def test_the_list_says_how_each_step_ended(cabinet):
    """A skipped one as skipped."""
    settle(cabinet, welcome=ended(), practice=ended(Ended.SKIPPED))

    page = plain(cabinet.insider().get("/first").text)

    assert "Fait à 10 h 12 par Anne." in page
    assert "Passé à 10 h 12 par Anne." in page
    assert "environ 9 minutes" in page


def test_the_practice_is_done_by_its_form(cabinet, watch):
    """Its own section, the language only where it changed, and the step."""
    answer = send(cabinet.insider(), "/first/practice", how="done", **FORM)

    assert answer.headers["Location"] == "/first/view"
    assert [wish.section for wish in cabinet.heard] == ["practice", "steps"]
    assert understood("practice", cabinet.heard[0].value).contact == "Luc"

    send(cabinet.insider(), "/first/practice", how="done", **{**FORM, "language": "en"})
    assert understood("reading", cabinet.heard[2].value) == Reading(language="en")


def test_a_mistake_in_the_practice_ends_no_step(cabinet, watch):
    """It is shown; skipping needs no form."""
    page = send(cabinet.insider(), "/first/practice", how="done", **{**FORM, "closes": "08:00"})

    assert page.status_code == 400
    assert "la fermeture après l’ouverture" in plain(page.text)
    assert cabinet.heard == []
    assert send(cabinet.insider(), "/first/practice", how="skipped").headers["Location"] == "/first/view"


def test_what_watch_does_not_keep_is_not_done(cabinet, watch):
    """The page says so, and stays."""
    watch(Answer(reply=Reply.BUSY))
    browser = cabinet.insider()

    answer = send(browser, "/first/practice", how="done", **FORM)

    assert answer.headers["Location"] == "/first/practice"
    assert "occupée" in browser.get("/first/practice").text
    assert send(browser, "/first/view", how="done").headers["Location"] == "/first/view"


def test_the_hour_of_the_sentinel_stands_on_every_step(cabinet):
    """A watch beside it shows at once whether the clock is right."""
    for name in NAMES:
        assert "à la sentinelle, il est 10 h 30" in plain(cabinet.insider().get(f"/first/{name}").text), name


def test_a_full_view_is_shown_as_one(cabinet):
    """From the pulse of this moment; without one nothing is claimed."""
    assert "Vue complète, deux sens" in plain(cabinet.insider().get("/first/view").text)

    cabinet.places.pulse.unlink()

    assert "Vue complète, deux sens" not in plain(cabinet.insider().get("/first/view").text)


def test_a_private_network_is_asked_about_beside_the_machines(cabinet, watch):
    """And what was answered stands there."""
    story = incident(
        2,
        story=Story(kind=StoryKind.NETWORK, about="10.8.0.0/24"),
        code=Code.PRIVATE_NETWORK,
        level=Level.ATTENTION,
        mac=None,
        machine=None,
        port=None,
    )
    cabinet.add("incidents", rows.incident_row(story))
    cabinet.add(
        "networks", {"network": "10.9.0.0/24", "ours": 1, "who": "Luc", "at": "2026-11-23T08:00:00.000000Z"}
    )
    browser = cabinet.insider()
    page = plain(browser.get("/first/machines").text)

    assert "10.8.0.0/24" in page
    assert "10.9.0.0/24 : le nôtre, dit par Luc" in page
    answer = send(browser, "/first/machines/network", network="10.8.0.0/24", ours="yes")
    assert answer.headers["Location"] == "/first/machines"
    [wish] = cabinet.heard
    assert (wish.verb, wish.network, wish.ours, wish.who) == (Verb.NETWORK, "10.8.0.0/24", True, "Anne")


def test_each_door_that_is_open_is_a_link_and_a_closed_one_is_none(cabinet):
    """And without a complete check nothing is said to be closed."""
    assert 'href="/incidents/1"' in cabinet.insider().get("/first/doors").text

    cabinet.add("incidents", rows.incident_row(incident(state=IncidentState.CLOSED)))
    assert "Aucune porte ouverte connue" in plain(cabinet.insider().get("/first/doors").text)

    cabinet.clear("outcomes")
    page = plain(cabinet.insider().get("/first/doors").text)
    assert "Aucune porte ouverte connue" not in page
    assert "on ne peut rien dire" in page


def test_the_first_check_shows_each_echo_or_how_to_get_one(cabinet):
    """With ages; a sentinel nobody invited says what it takes."""
    assert "echo.example" in cabinet.insider().get("/first/outside").text

    cabinet.clear("outcomes")

    assert "sentinel enrol" in cabinet.insider().get("/first/outside").text
    cabinet.config, cabinet.page = (
        replace(CONFIG, echo=Echo(invitation="sentinel-echo://echo.example/token")),
        None,
    )
    page = cabinet.insider().get("/first/outside").text
    assert "Une invitation est dans le fichier" in page
    assert "token" not in page.replace("csrf_token", "")


@pytest.mark.parametrize("path", ["/first", *(f"/first/{name}" for name in NAMES)])
def test_the_first_hour_is_behind_the_code(cabinet, path):
    """Nobody sets up a sentinel without it."""
    assert cabinet.visitor().get(path).headers["Location"].startswith("/code")
    assert cabinet.insider().get(path).status_code == 200


def test_the_drill_is_asked_for_and_its_end_is_shown(cabinet, watch):
    """When it was, and who saw it."""
    browser = cabinet.insider()
    assert "Aucun exercice" in plain(browser.get("/first/drill").text)

    assert send(browser, "/first/drill/start").headers["Location"] == "/first/drill"
    [wish] = cabinet.heard
    assert (wish.verb, wish.who, wish.session) == (Verb.DRILL, "Anne", TOKEN)
    drill = incident(2, story=Story(kind=StoryKind.DRILL, about="drill"), code=Code.DRILL, mac=None, machine=None)
    cabinet.add("incidents", rows.incident_row(drill))
    assert "Dernier exercice : à 9 h 15." in plain(browser.get("/first/drill").text)
    cabinet.add("incidents", rows.incident_row(replace(drill, read=moment(), read_by="Anne")))
    assert "Dernier exercice à 9 h 15, vu par Anne." in plain(browser.get("/first/drill").text)


@pytest.mark.parametrize(("ticked", "section"), [({"every_machine_on": "yes"}, EVERY_MACHINE_ON), ({}, "")])
def test_the_certificate_carries_the_declaration_only_where_it_was_ticked(cabinet, watch, ticked, section):
    """Without it `watch` makes none."""
    send(cabinet.insider("en"), "/first/certificate/paper", **ticked)

    [wish] = cabinet.heard
    assert (wish.verb, wish.kind, wish.section, wish.who) == (Verb.PAPER, "certificate", section, "Anne")


def test_a_certificate_that_is_refused_says_what_it_takes(cabinet, watch):
    """The declaration, and a sentinel that knows."""
    watch(Answer(reply=Reply.NOT_ALLOWED))
    browser = cabinet.insider()
    send(browser, "/first/certificate/paper", every_machine_on="yes")

    assert "L’attestation ne peut pas être établie." in plain(browser.get("/first/certificate").text)


def test_the_certificate_that_was_made_is_handed_out(cabinet):
    """The last one; another paper is none."""
    browser = cabinet.insider()
    paper = {"number": 1, "name": "month-2026-11.pdf", "sha256": "0" * 64, "incident": 0, "who": "Anne"}
    paper["at"] = "2026-11-23T09:00:00.000000Z"
    cabinet.add("papers", {**paper, "kind": "month"})
    assert "Aucune attestation" in plain(browser.get("/first/certificate").text)

    cabinet.add("papers", {**paper, "number": 2, "kind": "certificate", "name": "certificate-1.pdf"})

    page = browser.get("/first/certificate").text
    assert 'href="/papers/certificate-1.pdf"' in page
    assert "Attestation établie à 10 h 00 par Anne" in plain(page)


def test_a_store_that_is_calm_does_not_end_a_step(cabinet):
    """Green is not the proof of a step."""
    cabinet.beat(verdict())

    assert "Fait" not in plain(cabinet.insider().get("/first").text)


def test_a_name_typed_among_the_machines_is_kept_with_the_step(cabinet, watch):
    """One form for both: « C'est fait » loses nothing."""
    page = cabinet.insider().get("/first/machines").text
    assert re.search(r'<button form="labels" formaction="/first/machines" name="how" value="done">', page)

    answer = send(cabinet.insider(), "/first/machines", how="done", **{"label-00:80:f0:11:22:33": "PANO"})

    assert answer.headers["Location"] == "/first/outside"
    assert [wish.section for wish in cabinet.heard] == ["labels", "steps"]
    assert codec.decode(cabinet.heard[0].value.encode(), dict[str, str]) == {"00:80:f0:11:22:33": "PANO"}


def test_a_name_that_is_refused_keeps_the_step_open(cabinet, watch):
    """And says so."""
    watch(Answer(reply=Reply.NOT_ALLOWED))

    answer = send(cabinet.insider(), "/first/machines", how="done", **{"label-00:80:f0:11:22:33": "PANO"})

    assert answer.headers["Location"] == "/first/machines"
    assert [wish.section for wish in cabinet.heard] == ["labels"]


def test_the_last_step_is_finished_and_names_the_note_for_the_staff(cabinet):
    """There is no step after it, and no card to put up."""
    page = plain(cabinet.insider().get("/first/certificate").text)

    assert "Terminer" in page
    assert "étape suivante" not in page
    assert "note-equipe.md" in page
    assert "carte murale" not in page


def test_updates_are_ticked_in_the_first_hour_unless_somebody_unticks_them(cabinet, watch):
    """Five hundred boxes that nobody updates are worse than one restart at night."""
    page = "/first/practice"
    cabinet.config = replace(cabinet.config, update=Update(source="https://example.org/sentinel"))
    shown = unescape(cabinet.insider().get(page).text)
    assert 'name="automatic" value="yes" checked' in shown
    assert say("fr", "first.practice.no_updates") not in shown

    send(cabinet.insider(), page, how="done", **FORM, automatic="yes")
    assert [wish.section for wish in cabinet.heard] == ["update", "practice", "steps"]
    assert understood("update", cabinet.heard[0].value) == Night(automatic=True)

    send(cabinet.insider(), page, how="done", **FORM)
    assert [wish.section for wish in cabinet.heard[3:]] == ["practice", "steps"]


def test_where_updates_come_from_nowhere_nobody_is_asked(cabinet):
    """A laptop, or a machine that ansible looks after; and a card whose file names no place, which is told."""
    page = unescape(cabinet.insider().get("/first/practice").text)

    assert 'name="automatic"' not in page
    assert say("fr", "first.practice.no_updates") in page


def test_whoever_unticked_updates_finds_them_unticked(cabinet):
    """The step has ended: what it shows is what was kept."""
    cabinet.config = replace(cabinet.config, update=Update(source="https://example.org/sentinel"))
    settle(cabinet, practice=ended())

    assert 'name="automatic" value="yes">' in cabinet.insider().get("/first/practice").text
