"""The pages behind the code: events, connections, and what strangers can open."""

import csv
import io
import re
from dataclasses import replace
from datetime import timedelta
from html import escape
from ipaddress import ip_address

import pytest
from furnished import HOSTILE, MAC, STRANGER, Cabinet, cell, chapter, connection, incident, moment

from sentinel.model.connection import Association, ConnectionState, Dicom, DicomService, Label
from sentinel.model.exposure import CellVerdict, Reach, Why
from sentinel.model.finding import Code, Grade, Level, Story, StoryKind
from sentinel.model.incident import IncidentState
from sentinel.store import rows
from sentinel.text import say
from web.connections import PAGE, defused
from web.pictures import THIN, WIDTH

LINK_LOCAL = "fe80::20"


def words(page: str) -> str:
    """A page as it is read."""
    return " ".join(re.sub(r"<[^>]+>", " ", page).split())


@pytest.mark.parametrize("language", ["fr", "en"])
@pytest.mark.parametrize("code", Code)
def test_every_finding_can_be_told_as_an_event(cabinet: Cabinet, language, code):
    """In the list and alone, open and closed, with and without a machine."""
    story = Story(kind=StoryKind.CONDITION, about=code.value)
    cabinet.add("incidents", rows.incident_row(incident(7, code=code)))
    over = incident(
        8, code=code, story=story, state=IncidentState.CLOSED, closed=moment(), machine=None, mac=None, port=None
    )
    cabinet.add("incidents", rows.incident_row(over))
    browser = cabinet.insider(language)

    for path in ("/incidents", "/incidents/7", "/incidents/8"):
        assert browser.get(path).status_code == 200


def test_an_event_tells_its_route_its_facts_and_its_visits(cabinet: Cabinet):
    """From the internet's port through the box to the machine's."""
    page = cabinet.insider().get("/incidents/1").text
    told = words(page)

    assert "Internet : 11112 (dicom) → box → RADIO-PC 192.168.77.20:4242 (dicom)" in told
    assert "association DICOM acceptée" in told
    assert f"{STRANGER} × 2" in told
    assert told.count(escape(HOSTILE)) >= 4
    assert "12 Mo" in told
    assert "192.168.77.31" not in told, "a workstation of the practice is no visitor"


def test_a_timeline_is_newest_first_and_tells_ends(cabinet: Cabinet):
    """A part that failed and works again is over, though both lines carry one code."""
    story = Story(kind=StoryKind.CONDITION, about="view_lost")
    facts = {"story": story, "code": Code.VIEW_LOST, "level": Level.UNSURE, "machine": None, "mac": None}
    cabinet.add("incidents", rows.incident_row(incident(5, **facts, port=None, outside_port=None)))
    for hours in (3, 2):
        line = chapter(Code.VIEW_LOST, None, Level.UNSURE, timedelta(hours=hours))
        cabinet.add("chapters", rows.chapter_row(replace(line, incident=5)))

    told = words(cabinet.insider().get("/incidents/5").text)

    assert told.index("Terminé.") < told.rindex("La sentinelle ne voit plus les passages depuis 7 h 30")


def test_an_ipv6_machine_is_written_apart_from_its_port(cabinet: Cabinet):
    """In brackets, as everywhere."""
    cabinet.add("incidents", rows.incident_row(incident(6, machine=ip_address(LINK_LOCAL), mac=None)))

    assert f"[{LINK_LOCAL}]:4242" in cabinet.insider().get("/incidents/6").text


def test_a_way_in_that_is_not_known_is_not_made_up(cabinet: Cabinet):
    """Neither a machine nobody saw, nor a public port nobody knocked at; and a box ends it."""
    cabinet.add(
        "incidents",
        rows.incident_row(incident(2, code=Code.DOOR_REACHABLE, machine=None, mac=None)),
        rows.incident_row(incident(3, outside_port=None)),
        rows.incident_row(incident(4, code=Code.BOX_ANSWERS, machine=None, mac=None, outside_port=443)),
        rows.incident_row(incident(5, code=Code.DOOR_DORMANT, state=IncidentState.DORMANT)),
        rows.incident_row(incident(6, code=Code.OPEN_ALL, outside_port=0, port=None)),
        rows.incident_row(incident(7, machine=None)),
    )
    browser = cabinet.insider()
    told = {number: words(browser.get(f"/incidents/{number}").text) for number in range(2, 8)}

    assert "Internet : 11112 (dicom) → box → appareil pas encore connu" in told[2]
    assert "Le chemin depuis Internet n’est pas encore connu." in told[3]
    assert "Internet : 443 (https) → box la box répond elle-même Les faits" in told[4]
    assert "192.168.77.20:4242 (dicom) éteint" in told[5]
    assert "Internet : toutes les portes → box → RADIO-PC 192.168.77.20 Les faits" in told[6]
    assert f"→ RADIO-PC {MAC} Les faits" in told[7]


def test_an_event_that_is_read_or_over_has_no_button(cabinet: Cabinet):
    """« J’ai vu » is said once; a closed door needs nothing."""
    cabinet.add("incidents", rows.incident_row(incident(2, read=moment(), read_by="Anne")))
    closed = incident(3, state=IncidentState.CLOSED, closed=moment())
    cabinet.add("incidents", rows.incident_row(closed))
    browser = cabinet.insider()

    assert "/incidents/1/read" in browser.get("/incidents/1").text
    assert "/incidents/2/read" not in browser.get("/incidents/2").text
    assert "Anne" in browser.get("/incidents/2").text
    assert "/incidents/3/read" in browser.get("/incidents/3").text
    assert "/incidents/3/measure" in browser.get("/incidents/3").text
    assert "/incidents/3/accept" not in browser.get("/incidents/3").text


@pytest.mark.parametrize(
    "more",
    [
        {"read": moment(timedelta(minutes=3)), "read_by": "Anne"},
        {"level": Level.ATTENTION},
        {"last": moment(timedelta(days=8))},
    ],
)
def test_one_that_is_over_asks_for_no_more_once_it_was_read_or_is_long_past(cabinet: Cabinet, more):
    """The casebook has forgotten the last one."""
    closed = incident(3, state=IncidentState.CLOSED, **{"closed": moment(), "last": moment(), **more})
    cabinet.add("incidents", rows.incident_row(closed))

    assert "/incidents/3/read" not in cabinet.insider().get("/incidents/3").text


def test_an_alarm_that_is_read_late_is_still_proved_to_be_closed(cabinet: Cabinet):
    """And its timeline says of no door that it is open."""
    read = moment(timedelta(minutes=1))
    closed = incident(
        3, state=IncidentState.CLOSED, closed=moment(timedelta(minutes=5)), read=read, read_by="Anne"
    )
    cabinet.add("incidents", rows.incident_row(closed))
    proof = chapter(Code.DOOR_CLOSED, None, Level.ATTENTION, timedelta(minutes=5))
    late = chapter(Code.ALARM_READ, Grade.ASSOCIATED, Level.ALARM, timedelta(minutes=1), who="Anne")
    for each in (proof, late):
        cabinet.add("chapters", rows.chapter_row(replace(each, incident=3)))

    page = cabinet.insider().get("/incidents/3").text

    assert "la fermeture est prouvée" in page
    assert "après la fin" in page
    assert "encore ouverte" not in page


@pytest.mark.parametrize(("first", "closed"), [(30, 10), (300, 10)])
def test_the_picture_of_a_story_ends_where_the_story_does(cabinet: Cabinet, first, closed):
    """Its green is one mark at the right edge: nothing is painted that nobody has seen yet."""
    began, ended = moment(timedelta(minutes=first)), moment(timedelta(minutes=closed))
    story = incident(3, state=IncidentState.CLOSED, first=began, last=ended, closed=ended)
    cabinet.add("incidents", rows.incident_row(story))
    for code, level, before in ((Code.DOOR_ANSWERED, Level.ALARM, first), (Code.DOOR_CLOSED, Level.CALM, closed)):
        line = chapter(code, None, level, timedelta(minutes=before))
        cabinet.add("chapters", rows.chapter_row(replace(line, incident=3)))

    page = cabinet.insider().get("/incidents/3").text

    found = re.search(r'<path class="at-calm" d="M([\d.]+) 0.0h([\d.]+)v', page)
    assert found, "no green at all"
    assert (float(found[1]), float(found[2])) == (WIDTH - THIN, THIN)


def test_only_a_proof_is_called_one(cabinet: Cabinet):
    """A door that was given up after a week without visit is over, and nobody says that its closing was proved."""
    closed = incident(3, state=IncidentState.CLOSED, closed=moment())
    cabinet.add("incidents", rows.incident_row(closed))
    browser = cabinet.insider()
    assert "la fermeture est prouvée" not in browser.get("/incidents/3").text

    line = chapter(Code.DOOR_CLOSED, None, Level.ATTENTION, timedelta(0))
    cabinet.add("chapters", rows.chapter_row(replace(line, incident=3)))

    assert "la fermeture est prouvée" in browser.get("/incidents/3").text


@pytest.mark.parametrize(
    ("code", "said"),
    [
        (Code.DOOR_REACHABLE, "Porte ouverte sur Internet · RADIO-PC"),
        (Code.STRANGER_ASSOCIATED, "Une machine inconnue a été acceptée par RADIO-PC"),
    ],
)
def test_what_is_over_is_told_as_something_past(cabinet: Cabinet, code, said):
    """Nothing « répond » beside « terminé », on its page and in the list."""
    over = incident(3, code=code, state=IncidentState.CLOSED, closed=moment())
    cabinet.add("incidents", rows.incident_row(over))
    browser = cabinet.insider()

    [head] = re.findall(r"<h1>(.*?)</h1>", browser.get("/incidents/3").text)
    listed = words(browser.get("/incidents?show=past").text)

    assert words(head).startswith(said)
    assert said in listed
    assert "répond depuis" not in head + listed


def test_an_event_that_does_not_exist_is_404(cabinet: Cabinet):
    """Whatever the number."""
    browser = cabinet.insider()

    assert browser.get("/incidents/99").status_code == 404
    assert browser.get("/incidents/99999999999999999999999").status_code == 404
    assert browser.get("/incidents/x").status_code == 404


@pytest.mark.parametrize("path", ["/", "/incidents", "/incidents/1", "/connections", "/outside"])
def test_what_a_stranger_calls_himself_is_never_markup(cabinet: Cabinet, path):
    """AE titles are hostile."""
    page = cabinet.insider().get(path).text

    assert HOSTILE not in page
    assert "<script>" not in page


@pytest.mark.parametrize("label", ["<img src=x onerror=y>", '"><b>', "{{ 97713 * 10131 }}", "{machine}"])
def test_a_label_is_never_markup_nor_a_template(cabinet: Cabinet, label):
    """Nor is what the practice wrote itself."""
    hostile = Cabinet(places=cabinet.places, config=replace(cabinet.config, labels={MAC: label}))

    for path in ("/incidents", "/incidents/1", "/connections"):
        page = hostile.insider().get(path).text
        assert escape(label, quote=False) in page.replace("&#34;", '"')
        assert "<img" not in page
        assert "<b>" + label not in page or label.startswith("{")
        assert str(97713 * 10131) not in page


def test_robots_are_counted_and_not_shown_one_by_one(cabinet: Cabinet):
    """One line of the events page."""
    base = {"run": "r", "target": "192.168.77.20", "target_port": 4242, "target_mac": MAC, "hour": "h"}
    counts = {"answered": 0, "connected": 0, "bytes_in": 0, "bytes_out": 0, "first": "f", "last": "l"}
    cabinet.add("attempts", {**base, **counts, "source_network": "a", "silent": 12_000, "refused": 400})

    assert "12 400 essais de dehors" in words(cabinet.insider().get("/incidents").text)


@pytest.mark.parametrize(
    ("asked", "count"),
    [
        ("", 3),
        (f"text={STRANGER}", 2),
        ("text=script", 2),
        ("text=nobody", 0),
        ("port=4242", 3),
        ("port=80", 0),
        ("port=x", 3),
        ("state=closed", 3),
        ("state=refused", 0),
        ("state=<script>", 3),
        ("standing=stranger", 2),
        ("standing=inside&port=4242", 1),
        ("text=%27+OR+1%3D1--", 0),
        ("page=999", 3),
        ("page=-1", 3),
    ],
)
def test_connections_are_filtered(cabinet: Cabinet, asked, count):
    """By text, port, state and who; what is asked wrongly is not asked."""
    browser = cabinet.insider()

    page = browser.get(f"/connections?{asked}")
    table = list(csv.reader(io.StringIO(browser.get(f"/connections.csv?{asked}").text), delimiter=";"))

    assert page.status_code == 200
    assert page.text.count("<tr class=") == count
    assert len(table) == 1 + count


def test_connections_come_a_page_at_a_time(cabinet: Cabinet):
    """The filter stays while paging."""
    many = [rows.connection_row("more", connection(serial), "stranger", True) for serial in range(PAGE)]
    cabinet.add("connections", *many)
    browser = cabinet.insider()

    first = browser.get("/connections?port=4242").text
    second = browser.get("/connections?port=4242&page=2").text

    assert first.count("<tr class=") == PAGE
    assert 'href="?port=4242&amp;page=2"' in first
    assert second.count("<tr class=") == 3
    assert "Page 2 sur 2" in second


def test_the_file_opens_in_a_spreadsheet(cabinet: Cabinet):
    """UTF-8 with its mark, the language's separator, times with their zone, machines by name."""
    answer = cabinet.insider().get("/connections.csv")
    [head, first, *_] = list(csv.reader(io.StringIO(answer.data.decode("utf-8-sig")), delimiter=";"))

    assert answer.data.startswith(b"\xef\xbb\xbf")
    assert answer.mimetype == "text/csv"
    assert "attachment" in answer.headers["Content-Disposition"]
    assert answer.headers["Cache-Control"] == "no-store"
    assert head[0] == "Début"
    assert first[0] == "2026-11-23T10:29:00.000+01:00"
    assert "RADIO-PC" in first
    assert {"inconnu", "terminée", "acceptée"} <= {each.replace("\u00a0", " ") for each in first}
    assert "stranger" not in first
    assert b"Opened,Last change" in cabinet.insider("en").get("/connections.csv").data


@pytest.mark.parametrize(
    ("language", "label", "said"),
    [
        ("fr", Label.MLLP, "messages médicaux (HL7)"),
        ("en", Label.MLLP, "medical messages (HL7)"),
        ("fr", Label.RDP, "bureau à distance (RDP)"),
        ("en", Label.VNC, "remote control (VNC)"),
    ],
)
def test_what_is_spoken_is_in_the_list_and_in_its_file(cabinet: Cabinet, language, label, said):
    """In words, on a connection without DICOM; of an association its titles say more."""
    row = rows.connection_row("x", connection(51, dicom=None, label=label), "stranger", True)
    cabinet.add("connections", row)
    reader = cabinet.insider(language)

    assert said in words(reader.get("/connections").text)
    assert said in reader.get("/connections.csv").data.decode("utf-8-sig").replace("\u00a0", " ")


@pytest.mark.parametrize(("whole", "said"), [(True, False), (False, True)])
def test_a_request_that_was_not_seen_whole_is_called_so(cabinet: Cabinet, whole, said):
    """A grade may rest on what could have been in the rest; an answer alone has no titles, perhaps."""
    dicom = Dicom(called="", calling="", result=Association.ACCEPTED, services_whole=whole)
    cabinet.add("connections", rows.connection_row("x", connection(52, dicom=dicom), "stranger", True))

    told = words(cabinet.insider("en").get("/connections").text)
    file = cabinet.insider("en").get("/connections.csv").data.decode("utf-8-sig")

    assert "? → ? DICOM, accepted" in told
    assert ("? → ? DICOM, accepted, request seen in part" in told) is said
    assert ("request seen whole" in file) is whole


@pytest.mark.parametrize(
    ("language", "said", "cells"),
    [
        ("fr", "DICOM, rejetée (1/1/7), recherche, transfert", ["recherche, transfert", "(1/1/7)"]),
        ("en", "DICOM, rejected (1/1/7), query, transfer", ["query, transfer", "(1/1/7)"]),
    ],
)
def test_what_was_proposed_and_why_it_was_rejected_is_in_the_list_and_in_its_file(
    cabinet: Cabinet, language, said, cells
):
    """Result, source and reason: 1/1/7 is « you call somebody who is not here »."""
    dicom = Dicom(
        called="ORTHANC",
        calling="X",
        result=Association.REJECTED,
        services=(DicomService.FIND, DicomService.MOVE),
        services_whole=True,
        rejection=(1, 1, 7),
    )
    cabinet.add("connections", rows.connection_row("x", connection(53, dicom=dicom), "stranger", True))
    reader = cabinet.insider(language)

    file = reader.get("/connections.csv").data.decode("utf-8-sig")
    sheet = csv.DictReader(io.StringIO(file), delimiter=";" if language == "fr" else ",")
    keys = [say(language, f"connections.{name}") for name in ("services", "rejection")]
    found = [[line[key] for key in keys] for line in sheet]

    assert said in words(reader.get("/connections").text)
    assert cells in found
    assert ["", ""] in found  # of connections without DICOM nothing is said


@pytest.mark.parametrize("title", ["=1+1", "+1", "-1", "@SUM(A1)", "|x", " =1", "\t=1", "%0A=1"])
def test_no_cell_is_taken_for_a_formula(cabinet: Cabinet, title):
    """A stranger chooses his AE title."""
    dicom = Dicom(called="ORTHANC", calling=title, result=Association.REJECTED)
    row = rows.connection_row("x", connection(50, dicom=dicom), "stranger", True)
    cabinet.add("connections", row)

    told = cabinet.insider().get("/connections.csv").data.decode("utf-8-sig")

    cells = [cell for line in csv.reader(io.StringIO(told), delimiter=";") for cell in line]
    assert f"'{title}" in cells
    assert title not in cells


@pytest.mark.parametrize("cell", ["", "ORTHANC", "192.168.77.20", "4242", "2026-11-23T10:29:00+01:00", "a=b"])
def test_a_harmless_cell_stays_as_it_is(cell):
    """Nothing is quoted for nothing."""
    assert defused(cell) == cell


def test_seen_from_outside_is_one_line_for_everybody(cabinet: Cabinet):
    """How many doors, how many open, how long ago, by how many echoes."""
    told = words(cabinet.insider().get("/outside").text)

    assert "48 portes contrôlées, 2 ouvertes, il y a 2 heures, par 2 échos." in told
    assert "48 doors checked, 2 open, 2 hours ago, by 2 echoes." in words(
        cabinet.insider("en").get("/outside").text
    )


def test_where_nothing_is_known_nothing_is_said_to_be_closed(cabinet: Cabinet):
    """Only old answers: no door is counted as checked, and none as closed."""
    cabinet.clear("exposures")
    old = cell(104, Reach.FILTERED, Why.TIMEOUT, moment(timedelta(days=2)))
    cabinet.add("exposures", rows.exposure_row(old, "not_seen", None))

    page = cabinet.insider().get("/outside").text
    line = page[page.index('<p class="summary') : page.index("</p>", page.index('<p class="summary'))]

    assert 'class="summary verdict-unsure"' in line
    assert words(line).strip() == "On ne sait pas pour 48 portes."
    assert "mark-calm" not in page


def test_seen_from_outside_the_worst_comes_first_with_what_answered_and_its_way_in(cabinet: Cabinet):
    """Why, what answered, whether it still does, the route and its age, all as text and none as a tooltip."""
    page = cabinet.insider().get("/outside").text
    told = words(page)

    assert told.index("8042 (http)") < told.index("11112 (dicom)") < told.index("46 portes")
    assert (
        "ouverte à tous imagerie (DICOM), association acceptée la poignée de main a abouti il y a 2 heures" in told
    )
    assert "page web, mot de passe demandé, Orthanc ne répond plus depuis notre question" in told
    assert "Internet : 11112 (dicom) → box → RADIO-PC 192.168.77.20:4242 (dicom)" in told
    assert "Internet : 8042 (http) → box → appareil pas encore connu" in told
    assert "rien n’a répondu à temps : 45, la connexion a été refusée : 1" in told
    assert "title=" not in page


def test_an_answer_that_is_too_old_is_faded_and_says_its_age(cabinet: Cabinet):
    """Fourteen hours over IPv6, for the second echo alone."""
    page = cabinet.insider().get("/outside").text

    assert page.count('class="place mark-unsure aged"') == 3
    assert words(page).count("vieux de 14 heures") == 3


def test_why_the_last_attempt_failed_is_said_with_its_age(cabinet: Cabinet):
    """And since when nothing was proved."""
    said = "Dernière tentative en IPv6, second.example : écho injoignable, il y a 6 minutes."
    outside = words(cabinet.insider().get("/outside").text)

    assert said in outside
    assert "second.example IPv6 écho injoignable, il y a 6 minutes il y a 14 heures" in outside


def test_the_matrix_is_a_table_for_whoever_cannot_see_it(cabinet: Cabinet):
    """A caption, and every head says what it is the head of; roles outlive the narrow layout."""
    page = cabinet.insider().get("/outside").text
    table = page[page.index('<table class="matrix"') : page.index("</table>")]

    assert "<caption>" in table
    assert table.count('<th scope="col" role="columnheader">') == 1 + 4
    assert table.count('<th scope="row" role="rowheader">') == 3
    assert re.findall("<t[hd](?=[ >])(?![^>]*role=)", table) == []


@pytest.mark.parametrize("language", ["fr", "en"])
@pytest.mark.parametrize("verdict", CellVerdict)
def test_every_verdict_is_explained_in_the_legend(cabinet: Cabinet, language, verdict):
    """With the same word as in the cells."""
    page = words(cabinet.insider(language).get("/outside").text)
    explained = f"{say(language, f'cell.{verdict.value}')} {say(language, f'legend.{verdict.value}')}"

    assert " ".join(explained.split()) in page


def test_a_word_the_catalogues_do_not_know_is_shown_as_it_is(cabinet: Cabinet):
    """A store of a later version does not stop the page."""
    row = {"check": "c9", "echo": "ED7QXK", "address": "25.0.0.2", "port": 9, "reach": "odd", "why": "new<reason>"}
    more = {"took_ms": 1.0, "at": rows.text(moment().wall), "verdict": "later"}
    cabinet.add("exposures", {**row, **more, "machine": None, "mac": None, "inside_port": None})

    page = cabinet.insider().get("/outside").text

    assert "later" in page
    assert "new&lt;reason&gt;" in page


def test_an_empty_store_has_pages_too(cabinet: Cabinet):
    """The first minute of a sentinel's life."""
    for table in ("chapters", "incidents", "connections", "exposures", "outcomes"):
        cabinet.clear(table)
    browser = cabinet.insider()

    assert "Aucun événement" in browser.get("/incidents").text
    assert "Aucune connexion" in browser.get("/connections").text
    assert "Aucune porte contrôlée" in browser.get("/outside").text
    assert browser.get("/connections.csv").status_code == 200
    assert ConnectionState.CLOSED.value not in browser.get("/connections.csv").text


def test_a_picture_shows_who_came_in_the_last_days_with_its_numbers(cabinet: Cabinet):
    """A row of bars for everybody, the strangers' first, and the same as a table for whoever cannot see it."""
    old = connection(9, opened=moment(timedelta(days=3)), changed=moment(timedelta(days=3)))
    cabinet.add("connections", rows.connection_row("run", old, "stranger", True))

    page = cabinet.insider().get("/connections").text
    chart = words(page[page.index("<figure") : page.index("</figure>")])

    assert page.count('<svg class="bars"') == 2
    assert page.index("bar-stranger") < page.index("bar-inside")
    assert "Inconnu 3 en tout, au plus 2 en une heure (23 nov., 10 h 00)" in chart
    assert "23 nov. 2 1 20 nov. 1 0" in chart
    assert "style=" not in page


@pytest.mark.parametrize(
    ("days", "rows_", "hourly"), [("1", 2, True), ("7", 3, True), ("30", 4, False), ("0", 5, False)]
)
def test_a_period_bounds_list_and_picture(cabinet: Cabinet, days, rows_, hourly):
    """A day, a week, a month, the whole log; anything else is a week."""
    cabinet.clear("connections")
    ages = (timedelta(hours=1), timedelta(hours=20), timedelta(days=3), timedelta(days=20), timedelta(days=90))
    told = [connection(at, opened=moment(age), changed=moment(age)) for at, age in enumerate(ages, 1)]
    cabinet.add("connections", *(rows.connection_row("run", each, "stranger", True) for each in told))
    browser = cabinet.insider()

    page = browser.get(f"/connections?days={days}").text

    assert page.count('<tr class="standing-') == rows_
    assert ("chaque heure" in page) == hourly
    assert len(list(csv.reader(io.StringIO(browser.get(f"/connections.csv?days={days}").text)))) == 1 + rows_
    assert browser.get("/connections?days=5").text.count('<tr class="standing-') == 3


def test_an_event_has_its_picture_and_what_was_seen_from_outside(cabinet: Cabinet):
    """With a text in its place, and each word of an echo once, however often it was said."""
    for number in range(3):
        seen = cell(11112, Reach.OPEN, Why.SYNACK, moment(timedelta(minutes=70 - number)), check=f"x{number}")
        cabinet.add("exposures", rows.exposure_row(seen, "exposed", None))
    shut = cell(11112, Reach.FILTERED, Why.TIMEOUT, moment(timedelta(minutes=5)), check="y")
    cabinet.add("exposures", rows.exposure_row(shut, "not_seen", None))

    page = cabinet.insider().get("/incidents/1").text
    told = words(page)

    assert 'role="img" aria-label="Le récit dans le temps' in page
    for kind in ("at-attention", "at-alarm", "seen-open", "seen-shut", "visit"):
        assert f'class="{kind}"' in page, kind
    assert "Rien d’ouvert rien n’a répondu à temps · IPv4, echo.example 1 fois" in told
    assert told.index("Rien d’ouvert") < told.index("Ouverte à tous")
    assert re.search(r"3 fois, du 23 nov\. 2026, 09:20:00 au 23 nov\. 2026, 09:22:00", told)


def test_the_three_times_and_the_clock_stand_together(cabinet: Cabinet):
    """First seen, shown, read by whom; the 72 hours from when it was shown, past or not."""
    shown = moment(timedelta(hours=2))
    cabinet.add("incidents", rows.incident_row(incident(1, shown=shown, read=moment(), read_by="Anne")))
    cabinet.add("incidents", rows.incident_row(incident(2, shown=moment(timedelta(hours=80)))))
    cabinet.add("incidents", rows.incident_row(incident(3, shown=shown, code=Code.DOOR_REACHABLE)))
    browser = cabinet.insider()
    first, past, closed = (words(browser.get(f"/incidents/{number}").text) for number in (1, 2, 3))

    assert "Première observation 23 nov. 2026, 09:15:00 Alerte affichée 23 nov. 2026, 08:30:00" in first
    assert "Alerte lue 23 nov. 2026, 10:30:00 Anne Délai de 72 heures 26 nov. 2026, 08:30:00" in first
    assert "Alerte lue pas encore" in past
    assert "dépassé : notifiez en donnant les raisons du retard" in past
    assert "Délai de 72 heures" not in closed, "nobody came, and the view would have shown it"


def test_what_was_found_at_installation_has_its_own_steps(cabinet: Cabinet):
    """Photograph, keep, close, test again; and nobody says since when."""
    cabinet.add("incidents", rows.incident_row(incident(1, installation=True)))
    page = words(cabinet.insider().get("/incidents/1").text)

    assert "Elle l’était peut-être bien avant l’arrivée de la sentinelle." in page
    steps = [page.index(each) for each in ("Photographiez", "Gardez la preuve", "Supprimez l’ouverture")]
    assert steps == sorted(steps)


def test_ten_thousand_visits_are_one_screen(cabinet: Cabinet):
    """The newest ten, a link to the rest, and a page that does not grow."""
    many = [rows.connection_row("many", connection(serial), "stranger", True) for serial in range(1, 2001)]
    cabinet.add("connections", *many)
    chapters = [rows.chapter_row(chapter(Code.STRANGER_CONNECTED, None, Level.ALARM, timedelta(0)))] * 900
    cabinet.add("chapters", *chapters)

    page = cabinet.insider().get("/incidents/1").text

    assert page.count('<tr class="standing-stranger') == 10
    assert 'href="/connections?text=192.168.77.20&amp;port=4242&amp;days=0"' in page
    assert "702 lignes plus anciennes" in words(page)
    assert len(page.encode()) < 100_000
