"""Headers, host names, tags, languages: what every answer carries, and what is refused."""

import pytest
from furnished import Cabinet, door, verdict

from sentinel.model.finding import Code
from web.guard import is_local_name

BEHIND = ["/incidents", "/incidents/1", "/connections", "/connections.csv", "/outside", "/sentinel"]


@pytest.mark.parametrize("path", BEHIND)
def test_every_other_page_asks_for_the_code_and_comes_back(cabinet: Cabinet, path):
    """Nothing of it is shown before."""
    answer = cabinet.visitor().get(path)

    assert answer.status_code == 303
    assert answer.headers["Location"] == "/code?next=" + path.replace("/", "%2F")
    assert "RADIO-PC" not in answer.text


@pytest.mark.parametrize("path", [*BEHIND, "/", "/code"])
def test_every_page_carries_the_headers(cabinet: Cabinet, path):
    """Nothing from elsewhere runs, frames it, or learns where the reader came from."""
    answer = cabinet.insider().get(path)

    assert answer.status_code == 200
    policy = answer.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Referrer-Policy"] == "no-referrer"
    assert answer.headers["Cache-Control"] == "no-store"


def test_what_anybody_may_read_may_be_kept_but_is_asked_again(cabinet: Cabinet):
    """`/` without the code."""
    assert cabinet.visitor().get("/").headers["Cache-Control"] == "private, no-cache"


@pytest.mark.parametrize("path", [*BEHIND[:2], "/", "/code", "/connections", "/outside", "/sentinel", "/nowhere"])
def test_no_page_has_a_script_or_a_style_of_its_own(cabinet: Cabinet, path):
    """The policy would refuse it."""
    page = cabinet.insider().get(path).text

    assert " style=" not in page
    assert "<style" not in page
    assert "javascript:" not in page
    assert page.count("<script") == page.count('<script src="/static/live.js" defer></script>')


@pytest.mark.parametrize(
    "host",
    [
        "localhost",
        "localhost:8080",
        "127.0.0.1:8080",
        "[::1]:8080",
        "[::1]",
        "192.168.77.5",
        "sentinel",
        "sentinel.local",
        "Sentinel.LAN:80",
        "sentinel.home",
        "sentinel.local.",
        "sentinel.lan.:443",
        "xn--sntinel-bya.local",
        "[fd77::5]:8443",
    ],
)
def test_the_names_of_the_practice_are_ours(host):
    """Addresses, short names, and the endings boxes give."""
    assert is_local_name(host)


@pytest.mark.parametrize(
    "host",
    [
        "",
        "evil.example",
        "sentinel.local.evil.example",
        "evil.example:8080",
        "192.168.77.5.nip.io",
        "local",
        "[evil]",
        "a b",
        "x@localhost.evil",
        "evil.example.",
        "evil.example.local.evil.example.",
        "séntinel.local",
        "sentinel.local:80:80",
        "sentinel.local:999999",
        "sentinel.local\x00.evil.example",
        "sentinel_local.evil",
        "127.0.0.1.evil.example",
        "[::1].evil.example",
    ],
)
def test_a_name_of_the_internet_is_not(host):
    """« local » alone is a short name and harmless; everything else with a dot is somebody's."""
    assert is_local_name(host) is (host == "local")


def test_a_rebound_name_gets_nothing(cabinet: Cabinet):
    """Not even the sentence."""
    answer = cabinet.visitor().get("/", headers={"Host": "evil.example"})

    assert answer.status_code == 400
    assert "Cabinet" not in answer.text
    assert answer.headers["X-Content-Type-Options"] == "nosniff"


@pytest.mark.parametrize("insider", [False, True])
@pytest.mark.parametrize("path", ["/", "/incidents/1", "/sentinel"])
def test_an_unchanged_page_is_304_and_a_changed_one_is_not(cabinet: Cabinet, insider, path):
    """Though form tokens and the time of printing differ at each rendering."""
    browser = cabinet.insider() if insider else cabinet.visitor()
    tag = browser.get(path).headers.get("ETag")
    if not insider and path != "/":
        assert tag is None
        return
    again = browser.get(path, headers={"If-None-Match": tag})
    cabinet.beat(verdict(door(Code.STRANGER_ASSOCIATED)))
    changed = browser.get(path, headers={"If-None-Match": tag})

    assert (again.status_code, again.data) == (304, b"")
    assert changed.status_code == 200
    assert changed.headers["ETag"] != tag


def test_a_restart_changes_every_tag(cabinet: Cabinet):
    """The forms of a page made before it no longer work."""
    before = cabinet.visitor().get("/").headers["ETag"]
    cabinet.page = None

    assert cabinet.visitor().get("/").headers["ETag"] != before


def test_the_language_asked_for_is_remembered(cabinet: Cabinet):
    """Over the browser's own."""
    browser = cabinet.visitor("fr")

    assert '<html lang="en">' in browser.get("/?lang=en").text
    assert '<html lang="en">' in browser.get("/").text
    assert '<html lang="fr">' in browser.get("/?lang=fr").text


@pytest.mark.parametrize(
    ("accepted", "language"),
    [("fr-CA,fr;q=0.9", "fr"), ("en-US", "en"), ("de", "fr"), ("", "fr"), ("de,en;q=0.5", "en")],
)
def test_the_browser_chooses_else_the_practice(cabinet: Cabinet, accepted, language):
    """French by default."""
    assert f'<html lang="{language}">' in cabinet.visitor(accepted).get("/").text


def test_a_language_nobody_speaks_is_not_remembered(cabinet: Cabinet):
    """Nor written anywhere."""
    answer = cabinet.visitor("fr").get("/?lang=<script>")

    assert "Set-Cookie" not in answer.headers
    assert "<script>" not in answer.text


def test_an_address_that_is_nothing_is_said_in_words(cabinet: Cabinet):
    """404 with the page's own look."""
    answer = cabinet.visitor().get("/nowhere")

    assert answer.status_code == 404
    assert "Il n’y a rien à cette adresse." in answer.text


def test_style_and_script_are_served_from_here(cabinet: Cabinet):
    """Nothing is fetched from outside: the page must work on the day the line is down."""
    browser = cabinet.visitor()
    page = browser.get("/").text

    for path in ("/static/vendor/pico/pico.min.css", "/static/sentinel.css", "/static/live.js"):
        assert f'"{path}"' in page
        with browser.get(path) as served:
            assert served.status_code == 200
    assert "http://" not in page
    assert "https://" not in page
    assert "//" not in page.replace("<!doctype", "").replace("://", "")
