"""What was set on the page holds on every page, at once."""

from dataclasses import replace

from furnished import CONFIG, MAC, Cabinet, door, verdict

from sentinel import codec
from sentinel.config import Language
from sentinel.model.finding import Code
from sentinel.settings import Reading


def settle(cabinet: Cabinet, section: str, value: object) -> None:
    """As `watch` keeps it."""
    row = {
        "section": section,
        "value": codec.encode(value).decode(),
        "who": "Anne",
        "at": "2026-11-23T08:00:00.0Z",
    }
    cabinet.add("settings", row)


def test_the_practice_of_the_page_covers_the_files(cabinet):
    """Name, contact and phone, from one request to the next."""
    cabinet.beat(verdict(door(Code.STRANGER_ASSOCIATED)))
    browser = cabinet.insider()
    assert 'href="tel:0123456789"' in browser.get("/").text

    settle(
        cabinet,
        "practice",
        replace(CONFIG.practice, name="Cabinet du Port", contact="Luc", phone="06 11 22 33 44"),
    )

    page = browser.get("/").text
    assert "Cabinet du Port" in page
    assert 'href="tel:0611223344"' in page
    assert "Sophie Martin" not in page


def test_a_label_of_the_page_names_the_machine_everywhere(cabinet):
    """Sentences, tables and the file for a spreadsheet."""
    settle(cabinet, "labels", {MAC: "Scanner"})
    browser = cabinet.insider()

    for path in ("/incidents", "/incidents/1", "/connections", "/connections.csv", "/outside"):
        assert "Scanner" in browser.get(path).text, path
        assert "RADIO-PC" not in browser.get(path).text, path


def test_the_language_of_the_page_is_the_practices(cabinet):
    """For a reader whose browser asks for none of ours."""
    assert '<html lang="fr">' in cabinet.visitor("de").get("/").text

    settle(cabinet, "reading", Reading(language=Language.EN))

    assert '<html lang="en">' in cabinet.visitor("de").get("/").text


def test_the_time_zone_of_the_page_is_the_practices(cabinet):
    """A practice overseas reads its own hours."""
    settle(cabinet, "practice", replace(CONFIG.practice, time_zone="Indian/Reunion"))

    assert "11 h 12" in cabinet.insider().get("/").text.replace("\u00a0", " ")


def test_a_section_that_cannot_be_read_covers_nothing(cabinet):
    """The contact stays callable."""
    cabinet.add("settings", {"section": "practice", "value": "{", "who": "", "at": ""})

    assert "Cabinet du Parc" in cabinet.visitor().get("/").text
