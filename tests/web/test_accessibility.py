"""Every page there is, for everybody: languages, themes, widths, keyboard alone, without script, on paper.

The pages are those of the app's own map of addresses, so that a new one cannot be forgotten here.
"""

import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from cheroot import wsgi
from furnished import TOKEN, Cabinet, door, reason, verdict
from playwright.sync_api import Browser, BrowserContext, Page

from sentinel.model.finding import Code, Level

pytestmark = pytest.mark.browser

WIDTHS = (320, 768, 1280)
NOT_PAGES = re.compile(r"/(static/|healthz|api/|connections\.csv|sentinel\.txt)")
"""Files and answers for programs."""
RULES = {
    "runOnly": {"type": "tag", "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]},
    "resultTypes": ["violations"],
}
TROUBLED = verdict(
    door(Code.STRANGER_ASSOCIATED),
    reason(Code.VIEW_LOST, Level.UNSURE),
    reason(Code.CHECK_AGEING, Level.ATTENTION),
)


def pages(cabinet: Cabinet) -> list[str]:
    """Every address that is read as a page, with the furnished incident where it asks for a number."""
    rules = sorted(rule.rule for rule in cabinet.app().url_map.iter_rules() if "GET" in (rule.methods or ()))
    filled = [re.sub(r"<int[^>]*:number>", "1", rule) for rule in rules]
    return [each for each in filled if "<" not in each and not NOT_PAGES.match(each)]


def address(server: wsgi.Server) -> str:
    return f"http://127.0.0.1:{server.bind_addr[1]}"


@pytest.fixture
def insider(browser: Browser, server: wsgi.Server) -> Iterator[BrowserContext]:
    """Windows of somebody who is logged in."""
    window = browser.new_context(locale="fr-FR", base_url=address(server))
    window.set_default_timeout(20_000)
    window.add_cookies([{"name": "sentinel_session", "value": TOKEN, "url": address(server)}])
    yield window
    window.close()


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("language", ["fr", "en"])
def test_no_page_breaks_a_rule_of_wcag_2_2_aa(insider, cabinet, theme, language):
    """axe finds nothing, at any width, and no page is wider than its window."""
    cabinet.beat(TROUBLED)
    page = insider.new_page()
    page.emulate_media(color_scheme=theme)
    axe, found = Axe(), []
    for path in pages(cabinet):
        for width in WIDTHS:
            page.set_viewport_size({"width": width, "height": 800})
            answer = page.goto(f"{path}?lang={language}")
            assert answer
            assert answer.status == 200, path
            found += [
                f"{path} at {width}: {each['id']}: {node['html'][:120]} {node['failureSummary'][:200]}"
                for each in axe.run(page, options=RULES).response["violations"]
                for node in each["nodes"]
            ]
            wide = page.evaluate("document.documentElement.scrollWidth")
            found += [f"{path} is {wide} wide at {width}"] if wide > width else []

    assert found == []


def test_every_page_is_used_by_keyboard_alone(insider, cabinet):
    """Tab reaches everything that can be used, in the page's order, and where it stands can be seen."""
    cabinet.beat(TROUBLED)
    page = insider.new_page()
    for path in pages(cabinet):
        page.goto(path)
        wanted = page.evaluate(REACHABLE)
        if path == "/lampe":
            assert wanted == [], "a screen to be looked at"
            continue
        page.locator(".skip, a").first.focus()  # some form may have taken the focus by itself
        page.keyboard.press("Shift+Tab")
        reached = [_tab(page) for _ in range(len(wanted))]

        assert [each["name"] for each in reached] == wanted, path
        assert all(each["seen"] for each in reached), (path, [each for each in reached if not each["seen"]])


def _tab(page: Page) -> dict[str, object]:
    """The next that can be used: a date or a time has several stops of its own."""
    page.evaluate("window.before = document.activeElement")
    for _ in range(6):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement !== window.before"):
            break
    found: dict[str, object] = page.evaluate(FOCUSED)
    return found


def test_every_page_says_the_same_without_script(browser, server, cabinet):
    """Its words are there before any script has run."""
    cabinet.beat(TROUBLED)
    said = {}
    for script in (True, False):
        window = browser.new_context(
            locale="fr-FR", base_url=address(server), java_script_enabled=script, reduced_motion="reduce"
        )
        window.add_cookies([{"name": "sentinel_session", "value": TOKEN, "url": address(server)}])
        page = window.new_page()
        for path in pages(cabinet):
            page.goto(path)
            said[path, script] = page.locator("main").inner_text()
        window.close()

    assert [path for path in pages(cabinet) if said[path, True] != said[path, False]] == []


def test_every_page_prints_in_black_on_white(insider, cabinet, tmp_path: Path):
    """Chromium's PDF of each: no navigation, when it was made, and text that can be read."""
    cabinet.beat(TROUBLED)
    page = insider.new_page()
    for path in pages(cabinet):
        page.goto(path)
        page.emulate_media(media="print", color_scheme="dark")
        if path != "/lampe":
            assert page.locator("header nav").first.is_hidden(), path
        ground = page.evaluate("getComputedStyle(document.body).backgroundColor")
        assert ground in ("rgb(255, 255, 255)", "rgba(0, 0, 0, 0)"), (path, ground)
        file = tmp_path / "page.pdf"
        page.pdf(path=file, format="A4")
        text = subprocess.run(["pdftotext", file, "-"], capture_output=True, text=True, check=True).stdout
        assert len(text.split()) > 5, path


REACHABLE = """() => {
  const group = each => [...document.getElementsByName(each.name)];
  const stops = each => each.type !== 'radio' || each.checked
    || (!group(each).some(other => other.checked) && each === group(each)[0]);
  return [...document.querySelectorAll('a[href], button, input, select, textarea, summary, [tabindex="0"]')]
    .filter(each => each.type !== 'hidden' && !each.disabled && each.checkVisibility() && stops(each))
    .map(each => each.tagName + ' ' + (each.getAttribute('name') || each.textContent.trim()).slice(0, 40));
}"""
FOCUSED = """() => {
  const each = document.activeElement, style = getComputedStyle(each);
  const box = each.getBoundingClientRect();
  const outlined = style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) >= 1;
  return {
    name: each.tagName + ' ' + (each.getAttribute('name') || each.textContent.trim()).slice(0, 40),
    seen: (outlined || style.boxShadow !== 'none') && box.width > 0 && box.height > 0,
  };
}"""
