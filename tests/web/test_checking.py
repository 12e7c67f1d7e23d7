"""A check under way is seen on every page behind the code, and its end is told."""

import html
import re
from datetime import timedelta
from ipaddress import ip_address

import pytest
from furnished import MAC, MACHINE, Cabinet, cell, moment, told, verdict

from sentinel.model.exposure import Outcome, Reach, Why
from sentinel.model.passing import Progress
from sentinel.store import rows

NAMED = ["/", "/incidents", "/incidents/1", "/connections", "/outside", "/sentinel"]
HALF = Progress(echo="ED7QXK", family=4, done=31, of=50)


def words(page: str) -> str:
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", page)).split())


def refresh(page: str) -> str:
    found = re.search(r'http-equiv="refresh" content="(\d+)"', page)
    return found[1] if found else ""


@pytest.mark.parametrize("path", NAMED)
def test_every_page_behind_the_code_shows_how_far_a_check_is(cabinet: Cabinet, path):
    """A bar with its words, a page that renews itself soon, and a button that waits."""
    cabinet.beat(asking=(HALF, Progress(echo="SECOND", family=6, done=0, of=0)))

    page = cabinet.insider().get(path).text

    assert '<progress id="bar-1" value="31" max="50">' in page
    assert '<progress id="bar-2">' in page, "a check that has no plan yet is of unknown length"
    whose = ("", "") if path == "/" else (" echo.example", " second.example")  # its people know no echo
    assert f"31 portes sur 50, IPv4{whose[0]}" in words(page)
    assert f"préparation, IPv6{whose[1]}" in words(page)
    assert ("echo.example" in page) == (path != "/")
    assert refresh(page) == "2"
    assert len(re.findall("<button[^>]*disabled", page)) == page.count("un contrôle est en cours")


def test_without_the_code_no_check_is_seen(cabinet: Cabinet):
    """Not even the echo's name."""
    cabinet.beat(asking=(HALF,))

    page = cabinet.visitor().get("/").text

    assert "<progress" not in page
    assert "echo.example" not in page
    assert refresh(page) == "20"


def test_nothing_is_under_way_in_a_sentinel_that_does_not_run(cabinet: Cabinet):
    """Its last pulse may say so for ever."""
    cabinet.beat(verdict(), at=moment(timedelta(hours=3)), asking=(HALF,))

    assert "<progress" not in cabinet.insider().get("/outside").text


def keep(
    cabinet: Cabinet, outcome: Outcome, before: float, *ports: int, verdict: str = "exposed", **more: object
) -> None:
    """One more attempt, and the doors it found open."""
    ended = told(outcome, timedelta(seconds=before), **{"check": "c9", **more})
    cabinet.add("outcomes", rows.outcome_row(ended))
    door = (ip_address(MACHINE), MAC, 4242)
    for port in ports:
        found = cell(port, Reach.OPEN, Why.SYNACK, ended.at, check="c9")
        cabinet.add("exposures", rows.exposure_row(found, verdict, door))


def test_how_a_check_ended_is_told_for_a_minute(cabinet: Cabinet):
    """On every page, with what was found; then the matrix alone tells it."""
    keep(cabinet, Outcome.CHECKED, 59, 11112)
    page = words(cabinet.insider().get("/incidents").text)
    assert "Contrôle de dehors terminé IPv4, echo.example : 48 portes contrôlées, 1 ouverte" in page

    cabinet.clear("outcomes")
    keep(cabinet, Outcome.CHECKED, 61, 11112)
    assert "terminé" not in words(cabinet.insider().get("/outside").text)


@pytest.mark.parametrize("verdict", ["dormant", "contradicted"])
def test_a_door_in_doubt_is_counted_as_not_known(cabinet: Cabinet, verdict: str):
    """It is not open, and the check does not end calm."""
    keep(cabinet, Outcome.CHECKED, 5, 11112, verdict=verdict)

    page = words(cabinet.insider().get("/incidents").text)

    assert "48 portes contrôlées, aucune ouverte. On ne sait pas pour 1 porte." in page


def test_an_open_door_is_told_of_a_check_that_proves_nothing(cabinet: Cabinet):
    """Whatever else of it does not count."""
    keep(cabinet, Outcome.NOT_PROVED, 5, 11112)

    page = words(cabinet.insider().get("/incidents").text)

    assert "Portes vues : 1 ouverte. Pour les autres, on ne sait pas." in page


def test_a_check_that_told_nothing_ends_as_not_known(cabinet: Cabinet):
    """Never as calm, and with its reason."""
    keep(cabinet, Outcome.TLS_INTERCEPTED, 5, check=None, family=6, address=None, tested=0)

    page = words(cabinet.insider().get("/incidents").text)
    first = words(cabinet.insider().get("/").text)

    assert "IPv6, echo.example : liaison interceptée. On ne sait pas." in page
    assert "IPv6, serveur de contrôle : la liaison chiffrée a été ouverte en chemin. On ne sait pas." in first


def test_on_the_first_page_the_verdict_stands_above_the_check(cabinet: Cabinet):
    """A door is open: that is read first."""
    keep(cabinet, Outcome.CHECKED, 5, 11112)
    page = cabinet.insider().get("/").text

    assert page.index('id="sentence"') < page.index('class="gesture"') < page.index('id="ended"')
    assert page.count('id="asking"') == 1


def test_an_address_that_is_not_ours_is_no_missed_check(cabinet: Cabinet):
    """Nothing was asked, and nothing has to be."""
    keep(cabinet, Outcome.NOT_OURS, 5, check=None, address=None, tested=0)

    page = words(cabinet.insider().get("/outside").text)

    assert "IPv4 : adresse partagée avec d’autres abonnés" in page
    assert "Dernière tentative en IPv4, echo.example" not in page


def test_one_family_has_ended_while_the_other_goes_on(cabinet: Cabinet):
    """Each is told for itself."""
    keep(cabinet, Outcome.CHECKED, 5)
    cabinet.beat(asking=(Progress(echo="ED7QXK", family=6, done=3, of=51),))

    page = words(cabinet.insider().get("/outside").text)

    assert "3 portes sur 51, IPv6" in page
    assert "IPv4, echo.example : 48 portes contrôlées, aucune ouverte" in page
