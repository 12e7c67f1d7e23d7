"""`/`: one sentence, one gesture, and never more than the reader may know."""

import html
import re
import sqlite3
from dataclasses import replace
from datetime import timedelta
from ipaddress import ip_address

import pytest
from furnished import HOSTILE, MAC, MACHINE, NOW, STRANGER, Cabinet, door, incident, moment, reason, told, verdict

from sentinel.model.declared import View
from sentinel.model.exposure import Outcome
from sentinel.model.finding import Code, Level
from sentinel.model.incident import IncidentState
from sentinel.model.passing import Progress
from sentinel.model.verdict import Missed, Verdict
from sentinel.signals.pulse import LIVES
from sentinel.store import rows
from sentinel.wire.requests import Answer, Reply

MISSED = [each for each in Outcome if each not in (Outcome.CHECKED, Outcome.NOT_OURS)]

LEVELS = {
    "calm": verdict(),
    "attention": verdict(reason(Code.WEB_UNIDENTIFIED, Level.ATTENTION)),
    "alarm": verdict(door(Code.STRANGER_ASSOCIATED)),
    "unsure": verdict(reason(Code.VIEW_LOST, Level.UNSURE)),
}
COLOURS = {
    "fr": {"calm": "Vert", "attention": "Jaune", "alarm": "Rouge", "unsure": "Bleu", "dark": "Éteint"},
    "en": {"calm": "Green", "attention": "Yellow", "alarm": "Red", "unsure": "Blue", "dark": "Dark"},
}
PERIMETER = {"fr": "Non surveillés", "en": "Not watched"}
UNSAID = re.compile(
    r"\b(écho|echo|miroir|mirror|ports?|sondes?|knocks?|dicom|associations?|upnp|nat|ledger|registre|couverture|"
    r"coverage|assurance|incidents?)\b",
    re.IGNORECASE,
)
"""Words the reader of the first page never heard."""
SECRETS = (MACHINE, MAC, "RADIO-PC", STRANGER, "203.0.113.9", "4242", "11112", "ORTHANC", "x()", "25.0.0.2")
"""All of it is in the store behind the page."""


def text(page: bytes) -> str:
    """A page as it is read: tags taken out, no-break spaces made plain."""
    words = html.unescape(re.sub(r"<[^>]+>", " ", page.decode()))
    return " ".join(words.split())


@pytest.mark.parametrize("language", ["fr", "en"])
@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize("insider", [False, True])
def test_each_level_has_its_lamp_its_word_and_the_perimeter(cabinet: Cabinet, language, level, insider):
    """In both languages, with and without the code."""
    cabinet.beat(LEVELS[level])
    browser = cabinet.insider(language) if insider else cabinet.visitor(language)

    page = browser.get("/")

    assert page.status_code == 200
    assert f'class="lamp lamp-{level}"' in page.text
    assert f"verdict-{level}" in page.text
    assert f"icons/{level}.svg" in page.text
    assert f"<title>{COLOURS[language][level]} ·" in page.text
    assert PERIMETER[language] in page.text
    assert f'<html lang="{language}">' in page.text


def test_nobody_is_called_for_an_exercise(cabinet: Cabinet):
    """It asks to be seen; a real alarm beside it asks for the person to call."""
    cabinet.beat(verdict(reason(Code.DRILL, Level.ALARM)))
    assert "tel:" not in cabinet.visitor().get("/").text

    cabinet.beat(verdict(door(Code.STRANGER_ASSOCIATED), reason(Code.DRILL, Level.NOTE)))
    assert "tel:" in cabinet.visitor().get("/").text


def drilled() -> Verdict:
    return verdict(reason(Code.DRILL, Level.ALARM, incident=1))


def test_an_exercise_says_that_it_is_one_and_where_to_answer(cabinet: Cabinet):
    """Whoever is not logged in is asked for the password on the way; its lamp asks nobody to call."""
    cabinet.beat(drilled())

    outside, inside = (each.get("/").text for each in (cabinet.visitor(), cabinet.insider()))

    assert 'href="/code?next=%2Fincidents%2F1">Répondre' in outside
    assert 'href="/incidents/1">Répondre' in inside
    for page in (outside, inside):
        assert "Rouge : exercice" in text(page.encode())
        assert "appelez maintenant" not in heard(page)


def test_an_alarm_is_answered_by_whoever_is_logged_in(cabinet: Cabinet):
    """One that was read already asks for nothing more."""
    cabinet.beat(verdict(door(Code.STRANGER_ASSOCIATED)))
    assert 'href="/incidents/1">Répondre' in cabinet.insider().get("/").text
    assert "Répondre" not in cabinet.visitor().get("/").text

    cabinet.beat(verdict(door(Code.ALARM_READ, Level.ATTENTION)))
    assert "Répondre" not in cabinet.insider().get("/").text


@pytest.mark.parametrize("page", ["/", "/lampe"])
def test_a_door_that_is_still_open_is_not_for_this_week(cabinet: Cabinet, page):
    """The alarm was read, and the lamp is yellow."""
    cabinet.beat(verdict(door(Code.ALARM_READ, Level.ATTENTION)))
    shown = heard(cabinet.visitor().get(page).text)
    assert "Jaune : alerte lue, porte encore ouverte" in shown
    assert "cette semaine" not in shown

    cabinet.beat(drilled())
    assert "appelez maintenant" not in heard(cabinet.visitor().get(page).text)


def heard(page: str) -> str:
    """Everything a person sees or hears of a page: its texts, and the names of its pictures and fields."""
    named = " ".join(re.findall(r'(?:aria-label|alt|title|placeholder)="([^"]*)"', page))
    return f"{text(page.encode())} {html.unescape(named)}"


@pytest.mark.parametrize("language", ["fr", "en"])
@pytest.mark.parametrize("code", Code)
def test_no_word_of_the_trade_stands_on_the_first_page(cabinet: Cabinet, language, code):
    """Whatever was found, in every colour, in both views, for everybody and for whoever gave the code."""
    missed = tuple(Missed(echo="ED7QXK", family=4, outcome=each, at=moment()) for each in MISSED)
    config = replace(cabinet.config, echo=replace(cabinet.config.echo, expect_open=(1194,)))
    practice = Cabinet(places=cabinet.places, config=config)
    for level, view, browser in (
        (Level.ALARM, View.MIRROR, practice.insider(language)),
        (Level.ALARM, View.LIMITED, practice.visitor(language)),
        (Level.UNSURE, View.LIMITED, practice.insider(language)),
        (Level.ATTENTION, View.MIRROR, practice.visitor(language)),
    ):
        found = (door(code, level), reason(code, level), replace(door(code, level), machine=None, mac=None))
        practice.beat(verdict(*found, view=view, missed=missed, not_ours=(4,)))
        assert UNSAID.findall(heard(browser.get("/").text)) == []


@pytest.mark.parametrize("language", ["fr", "en"])
@pytest.mark.parametrize("outcome", MISSED)
def test_nor_does_it_where_a_check_runs_fails_or_must_wait(cabinet: Cabinet, watch, language, outcome):
    """A check under way, one that has just ended in vain, and an answer of the button."""
    ended = told(outcome, timedelta(seconds=5), check=None, address=None, tested=0)
    cabinet.add("outcomes", rows.outcome_row(ended))
    cabinet.beat(asking=(Progress(echo="SECOND", family=6, done=3, of=50),))
    watch(Answer(reply=Reply.BUSY, wait_seconds=100))
    browser = cabinet.insider(language)
    token = re.search(r'name="csrf_token" value="([^"]+)"', browser.get("/").text)
    assert token
    browser.post("/check", data={"csrf_token": token[1], "next": "/"})

    page = browser.get("/").text

    assert UNSAID.findall(heard(page)) == []
    assert page.count('class="notice') >= 3, "what runs, what ended, what was answered"


@pytest.mark.parametrize("language", ["fr", "en"])
def test_nor_does_it_when_the_sentinel_is_calm_stopped_or_cannot_be_read(cabinet: Cabinet, language):
    """With and without an accepted door."""
    for practice in (cabinet, cabinet.accepting("Dupont")):
        for view in View:
            practice.beat(verdict(view=view))
            assert UNSAID.findall(heard(practice.visitor(language).get("/").text)) == []
    break_store(cabinet, "garbage")
    assert UNSAID.findall(heard(cabinet.visitor(language).get("/").text)) == []
    cabinet.beat(verdict(), at=moment(timedelta(hours=3)))
    assert UNSAID.findall(heard(cabinet.visitor(language).get("/").text)) == []


@pytest.mark.parametrize(
    ("said", "lines"),
    [
        (verdict(), 4),
        (verdict(view=View.LIMITED), 5),
        (verdict(reason(Code.VIEW_LOST, Level.UNSURE)), 4),
    ],
)
def test_what_is_not_watched_is_said_line_by_line(cabinet: Cabinet, said, lines):
    """Four of them, a fifth where nothing is seen to pass; a full view sees who comes to a door off the list."""
    cabinet.beat(said)
    page = cabinet.visitor().get("/").text
    told = page[page.index('<ul class="perimeter">') :]

    assert told.count("<li>") == lines
    for word in ("TeamViewer", "UDP", "Wi-Fi de la box"):
        assert word in told
    assert ("tant que personne n’y vient" in text(page.encode())) == (said == verdict())


def test_on_a_holiday_the_substitute_is_called(cabinet: Cabinet):
    """From the first day to the last; without one the contact still is."""
    practice = replace(
        cabinet.config.practice,
        substitute="Paul Roy",
        substitute_phone="06 11 22 33 44",
        holidays=("2026-08-01/2026-08-20", "2026-11-20/2026-11-23"),
    )
    cabinet.beat(LEVELS["alarm"])

    def page(**more: object) -> str:
        config = replace(cabinet.config, practice=replace(practice, **more))
        return Cabinet(places=cabinet.places, config=config).visitor().get("/").text

    assert '<a href="tel:0611223344">Paul Roy' in page()
    assert "Sophie" not in page()
    assert "Sophie Martin" in page(holidays=("2026-11-24/2026-11-30",))
    assert "Sophie Martin" in page(substitute="", substitute_phone="")


def test_the_person_to_call_is_one_touch_away_in_every_colour(cabinet: Cabinet):
    """Calm too, though there is nothing to do."""
    for level, said in LEVELS.items():
        cabinet.beat(said)
        page = cabinet.visitor().get("/").text
        assert '<a href="tel:0123456789">' in page, level
    cabinet.beat(verdict(), at=moment(timedelta(hours=3)))
    assert '<a href="tel:0123456789">' in cabinet.visitor().get("/").text


@pytest.mark.parametrize("language", ["fr", "en"])
@pytest.mark.parametrize("code", Code)
def test_without_the_code_nothing_is_named(cabinet: Cabinet, language, code):
    """No machine, port, source or AE title, in text or mark-up, whatever was found."""
    cabinet.beat(verdict(door(code), door(code, Level.ATTENTION)))

    page = cabinet.visitor(language).get("/").text

    assert not [secret for secret in SECRETS if secret in page]
    assert html.escape(HOSTILE) not in page


def test_with_the_code_the_machine_is_named_and_the_event_is_a_link(cabinet: Cabinet):
    """What the IT person needs is one click away."""
    cabinet.beat(verdict(door(Code.STRANGER_ASSOCIATED), reason(Code.CAPTURE_LOST, Level.UNSURE)))

    page = cabinet.insider().get("/")

    assert "RADIO-PC" in page.text
    assert 'href="/incidents/1"' in page.text
    assert "La sentinelle n’écoute plus depuis 9 h 15" in text(page.data)


@pytest.mark.parametrize("code", [Code.EXPECTED_BROAD, Code.EXCEPTION_ENDS])
def test_an_accepted_door_leads_whoever_may_to_where_it_is_withdrawn(cabinet: Cabinet, code):
    """A visitor sees no way there."""
    cabinet.beat(verdict(reason(code, Level.ATTENTION, mac=MAC, port=3389, until=NOW)))

    assert re.search(r'class="reasons">.*<a href="/accepted">', cabinet.insider().get("/").text, re.DOTALL)
    assert 'href="/accepted"' not in cabinet.visitor().get("/").text


def test_a_wrong_session_is_no_session(cabinet: Cabinet):
    """A cookie somebody invented opens nothing."""
    cabinet.beat(LEVELS["alarm"])
    browser = cabinet.visitor()
    browser.set_cookie("sentinel_session", "invented")

    assert "RADIO-PC" not in browser.get("/").text


def test_the_contact_is_a_link_that_dials(cabinet: Cabinet):
    """The person, by name, one touch away."""
    cabinet.beat(LEVELS["alarm"])

    assert '<a href="tel:0123456789">Sophie Martin' in cabinet.visitor().get("/").text


def test_calm_names_whom_a_door_was_opened_for_only_with_the_code(cabinet: Cabinet):
    """An accepted door stays calm, and in the sentence."""
    accepting = cabinet.accepting("VPN Dupont")

    assert "sauf l’accès autorisé de VPN Dupont" in text(accepting.insider().get("/").data)
    assert "sauf un accès autorisé" in text(accepting.visitor().get("/").data)
    assert "Dupont" not in accepting.visitor().get("/").text


def test_a_declared_door_is_named_too_since_it_was_found_open(cabinet: Cabinet):
    """Each check must find it open: « rien d'ouvert » alone would be untrue."""
    config = replace(cabinet.config, echo=replace(cabinet.config.echo, expect_open=(1194,)))
    declaring = Cabinet(places=cabinet.places, config=config)

    assert "sauf l’accès autorisé de la porte 1194" in text(declaring.insider().get("/").data)
    assert "sauf un accès autorisé" in text(declaring.visitor().get("/").data)
    assert "1194" not in declaring.visitor().get("/").text


def test_the_last_proof_is_dated(cabinet: Cabinet):
    """Calm tells when it was earned; without any check the page says that too."""
    assert "Dernier contrôle complet de dehors à 8 h 12 (48 portes)." in text(cabinet.visitor().get("/").data)
    cabinet.beat(verdict(reason(Code.NO_ECHO, Level.UNSURE), checked=None))
    assert "Aucun contrôle complet de dehors" in text(cabinet.visitor().get("/").data)


def test_a_stopped_sentinel_is_never_calm(cabinet: Cabinet):
    """An old pulse: dark lamp, since when, and whom to call."""
    cabinet.beat(verdict(), at=moment(timedelta(hours=3)))

    page = cabinet.visitor().get("/")

    assert "lamp-dark" in page.text
    assert "lamp-calm" not in page.text
    assert "La sentinelle ne fonctionne pas depuis 7 h 30 : rien n’est surveillé." in text(page.data)


def test_a_pulse_lives_ten_seconds(cabinet: Cabinet):
    """Ten seconds are alive, eleven are not."""
    cabinet.beat(verdict(), at=moment(LIVES))
    assert "lamp-calm" in cabinet.visitor().get("/").text
    cabinet.beat(verdict(), at=moment(LIVES + timedelta(seconds=1)))
    assert "lamp-dark" in cabinet.visitor().get("/").text


@pytest.mark.parametrize("content", [None, b"", b"{", b'{"at": 1}', b"\xff\x00" * 500])
def test_no_pulse_or_a_broken_one_is_a_stopped_sentinel(cabinet: Cabinet, content):
    """Nothing is guessed from a file that cannot be read."""
    cabinet.places.pulse.unlink()
    if content is not None:
        cabinet.places.pulse.write_bytes(content)

    page = cabinet.visitor().get("/")

    assert page.status_code == 200
    assert "lamp-dark" in page.text
    assert "La sentinelle ne fonctionne pas : rien n’est surveillé." in text(page.data)


def test_a_pulse_of_an_earlier_boot_is_dead(cabinet: Cabinet):
    """However young it seems."""
    cabinet.beat(verdict(), boot="another")

    assert "lamp-dark" in cabinet.visitor().get("/").text


def test_the_past_is_still_shown_when_the_sentinel_has_stopped(cabinet: Cabinet):
    """Behind the code, and said to be the past."""
    cabinet.beat(verdict(), at=moment(timedelta(hours=3)))

    page = cabinet.insider().get("/incidents")

    assert "RADIO-PC" in page.text
    assert "ne fonctionne pas depuis 7 h 30" in text(page.data)
    assert "le passé" in text(page.data)


def break_store(cabinet: Cabinet, how: str) -> None:
    """Make the store unreadable, one way or another."""
    if how == "missing":
        cabinet.places.store.unlink()
    elif how == "garbage":
        cabinet.places.store.write_bytes(b"this is not a database" * 300)
    else:
        cabinet.places.store.unlink()
        sqlite3.connect(cabinet.places.store).close()


@pytest.mark.parametrize("how", ["missing", "garbage", "empty"])
def test_a_store_that_cannot_be_read_ends_calm(cabinet: Cabinet, how):
    """Calm that nobody can look up is not shown: blue, and the reason."""
    break_store(cabinet, how)

    page = cabinet.visitor().get("/")

    assert page.status_code == 200
    assert "lamp-unsure" in page.text
    assert "Le journal de la sentinelle est illisible" in text(page.data)


def test_an_alarm_outlives_an_unreadable_store(cabinet: Cabinet):
    """Blindness never ends an alarm."""
    break_store(cabinet, "garbage")
    cabinet.beat(LEVELS["alarm"])

    page = cabinet.visitor().get("/").text

    assert "lamp-alarm" in page
    assert "RADIO-PC" not in page


@pytest.mark.parametrize("path", ["/incidents", "/incidents/1", "/connections", "/connections.csv", "/outside"])
def test_an_unreadable_store_is_said_on_every_other_page(cabinet: Cabinet, path):
    """Plainly, and without a traceback."""
    break_store(cabinet, "garbage")

    page = cabinet.insider().get(path)

    assert page.status_code == 503
    assert "illisible" in text(page.data)


def test_a_recorded_day_says_that_it_is_one(cabinet: Cabinet):
    """On every page, in both languages, with the time said to be compressed."""
    cabinet.beat(LEVELS["alarm"], demo=True)

    assert "Démonstration enregistrée" in cabinet.visitor("fr").get("/").text
    assert "Recorded demonstration" in cabinet.visitor("en").get("/").text
    assert "Démonstration enregistrée" in cabinet.insider("fr").get("/incidents").text


def test_a_limited_view_shows_the_deadline_though_nobody_was_seen(cabinet: Cabinet):
    """It cannot say whether anybody came."""
    cabinet.beat(verdict(reason(Code.DOOR_REACHABLE, Level.ALARM), view=View.LIMITED))

    assert "Échéance : jeudi à 9 h 15, week-end compris." in text(cabinet.visitor().get("/").data)


@pytest.mark.parametrize(
    ("said", "status"),
    [
        (verdict(), 200),
        (verdict(door(Code.STRANGER_ASSOCIATED)), 200),  # an alarm is the sentinel doing its work
        (verdict(reason(Code.NO_ECHO, Level.UNSURE), fresh={"outside": False}), 503),
        (verdict(reason(Code.CAPTURE_LOST, Level.UNSURE), fresh={"capture": False}), 503),
    ],
)
def test_healthz_tells_programs_whether_every_part_is_well(cabinet: Cabinet, said, status):
    """200 or 503, and nothing about machines."""
    cabinet.beat(said)

    answer = cabinet.visitor().get("/healthz")

    assert answer.status_code == status
    assert answer.json["alive"] is True
    assert answer.json["verdict"] == said.level.word
    assert answer.json["parts"] == said.fresh
    assert not [secret for secret in SECRETS if secret in answer.text]


def test_healthz_of_a_stopped_sentinel_or_a_lost_store_is_503(cabinet: Cabinet):
    """Both are said."""
    break_store(cabinet, "missing")
    lost = cabinet.visitor().get("/healthz")
    cabinet.places.pulse.unlink()
    stopped = cabinet.visitor().get("/healthz")

    assert (lost.status_code, lost.json["store_readable"], lost.json["alive"]) == (503, False, True)
    assert (stopped.status_code, stopped.json["alive"], stopped.json["verdict"]) == (503, False, None)


def test_the_page_of_the_sentinel_tells_which_part_is_ill_and_why(cabinet: Cabinet):
    """The console's reason, for whoever gave the code."""
    ill = verdict(reason(Code.CAPTURE_LOST, Level.UNSURE), fresh={"capture": False, "store": True})
    cabinet.beat(ill, parts={"capture": "eth1 is down"})

    page = text(cabinet.insider().get("/sentinel").data)

    assert "La sentinelle n’écoute plus depuis 9 h 15" in page
    assert "malade eth1 is down" in page
    assert "eth1 is down" not in cabinet.visitor().get("/").text
    assert "120 345" in page


def test_a_reason_without_a_time_of_its_own_is_given_one(cabinet: Cabinet):
    """Every reason says since when."""
    machine = ip_address(MACHINE)
    cabinet.beat(verdict(reason(Code.DOOR_REACHABLE, Level.ALARM, machine=machine, mac=MAC, port=4242)))

    assert "Le serveur d’images de RADIO-PC répond depuis Internet. depuis 9 h 15" in text(
        cabinet.insider().get("/").data
    )
    assert NOW.hour == 9


def test_after_the_closing_the_deadline_is_still_shown(cabinet: Cabinet):
    """The lamp is green again; somebody came, and the three days run on."""
    over = incident(state=IncidentState.CLOSED, closed=moment(timedelta(minutes=2)))
    cabinet.add("incidents", rows.incident_row(over))

    page = text(cabinet.visitor().get("/").data)

    assert "Vert : vérifié" in page
    assert "Échéance : jeudi à 9 h 16" in page
    assert "La porte est fermée. Décidez avec Sophie Martin" in page


def test_a_door_found_at_installation_is_never_said_to_be_open_since(cabinet: Cabinet):
    """Nobody knows since when; an end that is told by its date has no « since » either."""
    found = replace(reason(Code.DOOR_REACHABLE, Level.ALARM), installation=True)
    ends = replace(reason(Code.EXCEPTION_ENDS, Level.ATTENTION), who="VPN Dupont", until=NOW + timedelta(days=20))
    cabinet.beat(verdict(found, ends))
    said = text(cabinet.insider().get("/").data)

    assert "première observation : " in said
    assert "L’accès autorisé de VPN Dupont se termine le dimanche 13 décembre. Prolonger ou fermer ?" in said
    assert "fermer ? depuis" not in said


def test_an_incident_says_in_sentences_how_often_somebody_came(cabinet: Cabinet):
    """And of how many addresses, before it names them."""
    said = text(cabinet.insider().get("/incidents/1").data)

    assert "3 visites : la première à 9 h 15, la dernière à 10 h 28. Elles viennent de 2 adresses." in said
