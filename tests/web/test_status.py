"""`/api/v1/status`: the first page's words for programs."""

from datetime import timedelta

import pytest
from furnished import MACHINE, STRANGER, Cabinet, door, moment, verdict

from sentinel.clock import boot_id
from sentinel.model.declared import View
from sentinel.model.finding import Code


def sentence(page: str) -> str:
    """The sentence of the first page."""
    from html import unescape
    from re import search, sub

    found = search(r'<h1 id="sentence"[^>]*>(.*?)</h1>', page, 16)
    assert found, page
    return " ".join(unescape(sub(r"<[^>]+>", "", found[1])).split())


@pytest.mark.parametrize("language", ["fr", "en"])
def test_it_says_what_the_first_page_says(cabinet: Cabinet, language):
    """Word for word, in the language asked for."""
    cabinet.beat(verdict(door(Code.STRANGER_ASSOCIATED)))
    browser = cabinet.visitor(language)

    told = browser.get("/api/v1/status").json

    assert " ".join(told["sentence"].split()) == sentence(browser.get("/").text)
    assert told["language"] == language
    assert (told["level"], told["view"], told["demo"]) == ("alarm", "mirror", False)
    assert told["since"] == "2026-11-23T08:15:00+00:00"
    assert told["checked"] == "2026-11-23T07:12:00+00:00"
    assert "Sophie Martin" in told["gesture"]


def test_without_a_login_it_names_no_machine_port_or_source(cabinet: Cabinet):
    """With one it says what the page says then."""
    cabinet.beat(verdict(door(Code.STRANGER_ASSOCIATED)))

    before, after = (each.get("/api/v1/status").text for each in (cabinet.visitor(), cabinet.insider()))

    for name in ("RADIO-PC", MACHINE, STRANGER, "4242", "11112"):
        assert name not in before
    assert "RADIO-PC" in after


def test_calm_is_calm_and_a_stopped_sentinel_is_dark(cabinet: Cabinet):
    """Never a level the page could not stand behind."""
    calm = cabinet.visitor().get("/api/v1/status").json
    assert (calm["level"], calm["since"]) == ("calm", None)
    cabinet.beat(verdict(view=View.LIMITED))
    assert cabinet.visitor().get("/api/v1/status").json["view"] == "limited"

    cabinet.beat(at=moment(timedelta(minutes=5)), boot=boot_id())
    dark = cabinet.visitor().get("/api/v1/status").json
    assert (dark["level"], dark["view"], dark["checked"]) == ("dark", None, None)
    assert dark["since"] == "2026-11-23T09:25:00+00:00"

    cabinet.beat()
    cabinet.places.store.unlink()
    assert cabinet.visitor().get("/api/v1/status").json["level"] == "unsure"


def test_it_is_never_kept_by_a_browser_that_is_logged_in(cabinet: Cabinet):
    """And asked anew by any other."""
    assert cabinet.insider().get("/api/v1/status").headers["Cache-Control"] == "no-store"
    assert cabinet.visitor().get("/api/v1/status").headers["Cache-Control"] == "private, no-cache"
