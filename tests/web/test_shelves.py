"""`/incidents`: where each story stands, fifty a page, few questions to the store however many there are."""

import re
import sqlite3
from datetime import timedelta

import pytest
from furnished import MAC, Cabinet, incident, moment

from sentinel.model.acting import MeasureKind
from sentinel.model.finding import Code, Level
from sentinel.model.incident import IncidentState
from sentinel.store import reading, register, rows
from web.shelves import PAGE, SHELVES


def words(page: str) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", page).split())


def shown(page: str) -> list[int]:
    """The numbers of the stories of a page."""
    return [int(each) for each in re.findall(r'<li><a href="/incidents/(\d+)"', page)]


@pytest.fixture
def shelves(cabinet: Cabinet) -> Cabinet:
    """One of each."""
    over = moment(timedelta(hours=1))
    cabinet.add(
        "incidents",
        rows.incident_row(incident(2, state=IncidentState.DORMANT, code=Code.DOOR_DORMANT, level=Level.ATTENTION)),
        rows.incident_row(incident(3, state=IncidentState.CLOSED, closed=over)),
        rows.incident_row(incident(4, code=Code.SCANNED, level=Level.NOTE, calling=None, sources=())),
    )
    return cabinet


@pytest.mark.parametrize(
    ("asked", "numbers"),
    [
        ("", [1, 2, 3, 4]),
        ("?show=open", [1]),
        ("?show=dormant", [2]),
        ("?show=past", [3]),
        ("?show=notes", [4]),
        ("?show=invented", [1, 2, 3, 4]),
        ("?text=RADIO-PC", [1, 2, 3, 4]),
        ("?text=radio-pc&show=past", [3]),
        ("?text=203.0.113.9", [1, 2, 3]),
        ("?text=script", [1, 2, 3]),
        ("?text=%25", []),
        ("?text=' OR 1=1 --", []),
        ("?page=99", [1, 2, 3, 4]),
        ("?page=-3", [1, 2, 3, 4]),
    ],
)
def test_a_shelf_holds_what_it_says(shelves: Cabinet, asked, numbers):
    """By where a story stands, by the practice's name for a machine, by a source or an AE title."""
    assert shown(shelves.insider().get(f"/incidents{asked}").text) == numbers


def test_each_shelf_says_how_many_it_holds(shelves: Cabinet):
    """And which one is being read."""
    page = shelves.insider().get("/incidents?show=dormant").text

    assert "Tous 4 En cours 1 Appareil éteint 1 Terminés 1 Pour information 1 Registre 0" in words(page)
    assert re.findall(r'href="([^"]+)" aria-current="true"', page) == ["/incidents?show=dormant"]


def test_two_thousand_stories_are_forty_pages_and_few_questions(cabinet: Cabinet):
    """Neither a page that grows with the store nor a question for each story."""
    many = [rows.incident_row(incident(number)) for number in range(2, 2001)]
    cabinet.add("incidents", *many)
    browser = cabinet.insider()
    browser.get("/incidents")
    asked: list[str] = []

    def listen(connection: sqlite3.Connection) -> None:
        connection.set_trace_callback(asked.append)

    kept = reading.Reader.__init__

    def heard(self: reading.Reader, connection: sqlite3.Connection) -> None:
        listen(connection)
        kept(self, connection)

    reading.Reader.__init__ = heard  # type: ignore[method-assign]
    try:
        page = browser.get("/incidents?page=7").text
    finally:
        reading.Reader.__init__ = kept  # type: ignore[method-assign]

    assert len(shown(page)) == PAGE
    assert "Page 7 sur 40" in words(page)
    assert len(page.encode()) < 100_000
    assert len(asked) < 20, asked


def test_paging_keeps_what_was_asked(cabinet: Cabinet):
    """The next page of the same shelf, with the same words."""
    cabinet.add("incidents", *[rows.incident_row(incident(number)) for number in range(2, 120)])

    page = cabinet.insider().get("/incidents?show=open&text=RADIO-PC&page=2").text

    links = re.findall(r'<a href="(\?[^"]+)" rel', page)
    assert links == ["?show=open&amp;text=RADIO-PC&amp;page=1", "?show=open&amp;text=RADIO-PC&amp;page=3"]


def test_the_register_tells_three_times_and_outlives_the_log(cabinet: Cabinet):
    """It is read from its own table, when the rows of the log are gone."""
    kept = incident(
        1,
        shown=moment(timedelta(hours=2)),
        read=moment(timedelta(hours=1)),
        read_by="Anne",
        measured=moment(timedelta(minutes=30)),
        measure=MeasureKind.MACHINE_UNPLUGGED,
        measured_by="Paul",
        state=IncidentState.CLOSED,
        closed=moment(),
    )
    cabinet.add("incidents", rows.incident_row(kept))
    with sqlite3.connect(cabinet.places.store) as store:
        register.write(store, [1])
    store.close()
    cabinet.clear("chapters")
    cabinet.clear("incidents")

    page = words(cabinet.insider().get("/incidents/register").text)

    story = words(cabinet.insider().get("/incidents/1").text)
    assert "RADIO-PC a répondu à un inconnu" in story, "its page too is what the register keeps"
    for said in (
        "Machine inconnue acceptée · RADIO-PC",
        "08:30:00",
        "09:30:00 Anne",
        "10:30:00",
        "débranché, 23 nov. 2026, 10:00:00 Paul",
        "Registre 1",
    ):
        assert said in page


def test_an_empty_register_says_so(cabinet: Cabinet):
    """And what it is for."""
    page = words(cabinet.insider().get("/incidents/register").text)

    assert "RGPD, article 33" in page
    assert "Le registre est vide." in page


def test_every_shelf_has_its_name(cabinet: Cabinet):
    """Nothing is shown as a bare key."""
    assert set(SHELVES) == {"all", "open", "dormant", "past", "notes"}
    assert MAC not in cabinet.insider().get("/incidents").text
