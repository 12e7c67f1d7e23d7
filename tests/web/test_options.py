"""The forms of the settings: bounded, checked field by field, and silent about passwords."""

import re
from dataclasses import replace
from datetime import time

import pytest
from furnished import CONFIG, TOKEN, Cabinet
from werkzeug.datastructures import MultiDict

from sentinel.config import Config, Notices, Practice, Update
from sentinel.settings import covered, understood
from sentinel.wire.requests import LARGEST, Answer, Reply, Verb

SECRET = "mailtos://sophie:pass-word@smtp.example.org?to=sophie@example.org"
TOPIC = "ntfys://a-secret-topic"
GOOD = {
    "name": "Cabinet du Port",
    "contact": "Luc Besson-Léger",
    "phone": "06 11 22 33 44",
    "opens": "08:30",
    "closes": "18:00",
    "day": ["1", "2", "4"],
    "holiday_from": ["2026-12-24", ""],
    "holiday_to": ["2027-01-03", ""],
    "time_zone": "Indian/Reunion",
    "who": "Anne",
}
READING = {"language": "en", "months": "12", "page_from": "10.8.0.0/24\r\nfd00::/8", "who": "Anne"}


def send(cabinet: Cabinet, section: str, fields: dict[str, object]):
    """Fill a form and send it, its hidden token with it."""
    browser = cabinet.insider()
    token = re.search(r'name="csrf_token" value="([^"]+)"', browser.get("/settings").text)
    return browser.post(f"/settings/{section}", data=MultiDict({**fields, "csrf_token": token[1]}))


def test_a_filled_form_becomes_the_whole_section(cabinet, watch):
    """As the file would have it; with the name of whoever sent it."""
    answer = send(cabinet, "practice", GOOD)

    assert (answer.status_code, answer.headers["Location"]) == (303, "/settings")
    [wish] = cabinet.heard
    assert (wish.verb, wish.section, wish.who, wish.session) == (Verb.SETTING, "practice", "Anne", TOKEN)
    assert covered(Config(), {"practice": wish.value}).practice == replace(
        Practice(),
        name="Cabinet du Port",
        contact="Luc Besson-Léger",
        phone="06 11 22 33 44",
        opens=Practice().opens.replace(8, 30),
        closes=Practice().closes.replace(18),
        days=(1, 2, 4),
        holidays=("2026-12-24/2027-01-03",),
        time_zone="Indian/Reunion",
    )


@pytest.mark.parametrize(
    ("section", "fields", "said"),
    [
        ("practice", {"name": "A" * 81}, "80 caractères au plus"),
        ("practice", {"opens": "25:00"}, "la fermeture après l’ouverture"),
        ("practice", {"closes": "08:30"}, "la fermeture après l’ouverture"),
        ("practice", {"closes": "<script>"}, "la fermeture après l’ouverture"),
        ("practice", {"holiday_from": "2027-01-04"}, "La première date avant la seconde"),
        ("practice", {"time_zone": "../../etc/passwd"}, "champ est à corriger"),
        ("practice", {"day": "9"}, "au moins un jour"),
        ("practice", {"who": " "}, "Indiquez votre prénom"),
        ("reading", {"months": "13"}, "De 1 à 12"),
        ("reading", {"months": "six"}, "De 1 à 12"),
        ("reading", {"language": "de"}, "champ est à corriger"),
        ("reading", {"page_from": "0.0.0.0/0"}, "Aucun réseau public"),
        ("reading", {"page_from": "203.0.113.0/24"}, "Aucun réseau public"),
        ("reading", {"page_from": "here"}, "Aucun réseau public"),
        (
            "notices",
            {"practice_new": "sophie@example.org", "drill_at": "13:00", "drill_weekday": "2"},
            "mailtos://",
        ),
        ("notices", {"drill_at": "13:00", "drill_weekday": "7"}, "champ est à corriger"),
    ],
)
def test_a_wrong_field_is_named_and_nothing_is_kept(cabinet, watch, section, fields, said):
    """The rest of what was typed is still there."""
    good = {"practice": GOOD, "reading": READING, "notices": {"who": "Anne"}}[section]

    page = send(cabinet, section, {**good, **fields})

    assert page.status_code == 400
    assert cabinet.heard == []
    text = page.text.replace("\u00a0", " ")
    assert said in text
    assert "Rien n’a été enregistré" in text
    if section == "practice" and "name" not in fields:
        assert 'value="Cabinet du Port"' in text
    assert "<script>" not in text.replace("<script src=", "")


def test_language_readers_and_months_are_kept_together(cabinet, watch):
    """Networks one a line, as people paste them."""
    send(cabinet, "reading", READING)

    [wish] = cabinet.heard
    kept = understood("reading", wish.value)
    assert (kept.language, kept.months, kept.page_from) == ("en", 12, ("10.8.0.0/24", "fd00::/8"))


def furnish(cabinet: Cabinet) -> None:
    """Somebody is told already."""
    cabinet.config = replace(CONFIG, notices=Notices(practice=(SECRET,), technician=(TOPIC, SECRET)))


def test_no_address_of_a_notice_is_ever_shown_again(cabinet, watch):
    """Neither its password nor a topic that is one; not in the form, not when it comes back with a mistake."""
    furnish(cabinet)
    form = {"practice_new": "x://" + "y" * 600, "drill_at": "13:00", "drill_weekday": "2", "who": "Anne"}

    for page in (cabinet.insider().get("/settings").text, send(cabinet, "notices", form).text):
        assert "mailtos://…@smtp.example.org" in page
        assert "ntfys://…" in page
        assert not re.search("pass-word|sophie|secret-topic|yyyy", page)


@pytest.mark.parametrize(
    "url",
    [
        "pover://user@zz5ecret",
        "pover://user@zz5ecret/device",
        "ntfys://zz5ecret/topic",
        "ntfys://name:pass@ntfy.sh/zz5ecret",
        "tgram://zz5ecret/12345",
        "slack://bot@zz5ecret/b/c/#channel",
        "json://user:pass@zz5ecret/",
    ],
)
def test_of_an_address_that_is_no_mail_only_its_kind_is_shown(cabinet, watch, url):
    """Behind the « @ », or in the place of a server, stands a token with many services."""
    cabinet.config = replace(CONFIG, notices=Notices(practice=(url,)))

    page = cabinet.insider().get("/settings").text

    assert f"{url.partition('://')[0]}://…" in page
    assert not re.search("zz5ecret|pass@|user@|name:", page, re.IGNORECASE)


def test_addresses_stay_until_they_are_taken_out_one_by_one(cabinet, watch):
    """By a mark from which nobody learns them."""
    furnish(cabinet)
    form = {
        "drill": "yes",
        "drill_at": "12:30",
        "drill_weekday": "4",
        "who": "Anne",
        "technician_new": " json://a ",
    }
    send(cabinet, "notices", form)
    page = cabinet.insider().get("/settings").text
    marks = re.findall(r'name="remove" value="([0-9a-f]{16})"', page)
    send(cabinet, "notices", {**form, "remove": marks[1]})

    first, second = (understood("notices", wish.value) for wish in cabinet.heard)
    assert (first.practice, first.technician) == ((SECRET,), (TOPIC, SECRET, "json://a"))
    assert second.technician == (SECRET, "json://a")
    assert (first.drill, first.drill_weekday, f"{first.drill_at:%H:%M}") == (True, 4, "12:30")


def test_the_largest_form_fits_into_one_request(cabinet, watch):
    """Five addresses of each kind, as long as may be."""
    urls = tuple(f"json://{n}" + "a" * 490 for n in range(5))
    cabinet.config = replace(CONFIG, notices=Notices(practice=urls[:4], technician=urls))

    send(
        cabinet,
        "notices",
        {"practice_new": "json://z" + "a" * 490, "drill_at": "13:00", "drill_weekday": "2", "who": "A"},
    )

    [wish] = cabinet.heard
    assert 5000 < len(wish.value) < LARGEST - 500


def test_what_watch_refuses_is_said(cabinet, watch):
    """In the page's words, whatever the reason."""
    watch(Answer(reply=Reply.NOT_ALLOWED))
    browser = cabinet.insider()
    token = re.search(r'name="csrf_token" value="([^"]+)"', browser.get("/settings").text)

    browser.post("/settings/reading", data={**READING, "csrf_token": token[1]})

    assert "La sentinelle a refusé" in browser.get("/settings").text


@pytest.mark.parametrize("path", ["/settings", "/settings/practice", "/settings/notices", "/settings/reading"])
def test_settings_are_behind_the_code(cabinet, path):
    """To read and to change."""
    assert cabinet.visitor().get(path).headers["Location"].startswith("/code")
    assert cabinet.insider().get(path).status_code == 200


def test_a_section_nobody_sets_is_no_page(cabinet):
    """Not what judgement rests on."""
    assert cabinet.insider().get("/settings/capture").status_code == 404


def test_the_name_is_asked_once(cabinet, watch):
    """This browser's next form is filled in with it."""
    browser = cabinet.insider()
    token = re.search(r'name="csrf_token" value="([^"]+)"', browser.get("/settings").text)
    browser.post("/settings/reading", data={**READING, "who": '"><b>Anne', "csrf_token": token[1]})

    assert 'value="&#34;&gt;&lt;b&gt;Anne"' in browser.get("/settings").text


FROM = Update(source="https://example.org/sentinel")


def test_updates_are_offered_where_there_is_a_place_they_come_from(cabinet, watch):
    """The place itself is the file's: nobody can name another one on the page."""
    cabinet.config = replace(CONFIG, update=FROM)
    page = cabinet.insider().get("/settings").text
    assert "mises à jour de sécurité" in page
    assert FROM.source not in page

    fields = {
        "automatic": "yes",
        "opens": "23:30",
        "closes": "04:00",
        "who": "Anne",
        "source": "https://evil.example",
    }
    send(cabinet, "update", fields)

    [wish] = cabinet.heard
    assert (wish.section, wish.who) == ("update", "Anne")
    kept = covered(cabinet.config, {"update": wish.value}).update
    assert kept == replace(FROM, automatic=True, opens=time(23, 30), closes=time(4))


@pytest.mark.parametrize("fields", [{"opens": "25:00"}, {"closes": "02:00"}, {"closes": ""}])
def test_a_night_that_never_comes_is_not_kept(cabinet, watch, fields):
    """It begins and ends at two different hours."""
    cabinet.config = replace(CONFIG, update=FROM)

    page = send(cabinet, "update", {"opens": "02:00", "closes": "05:00", "who": "Anne", **fields})

    assert (page.status_code, cabinet.heard) == (400, [])
    assert "Rien n’a été enregistré" in page.text.replace("\u00a0", " ")


def test_updates_from_nowhere_cannot_be_ticked(cabinet, watch):
    """Whatever form somebody makes."""
    assert "mises à jour de sécurité" not in cabinet.insider().get("/settings").text

    page = send(cabinet, "update", {"automatic": "yes", "opens": "02:00", "closes": "05:00", "who": "Anne"})

    assert (page.status_code, cabinet.heard) == (400, [])
