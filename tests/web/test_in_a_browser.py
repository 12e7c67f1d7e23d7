"""The page as people meet it: in Debian's Chromium, wide and narrow, with and without script."""

import re
import time
from datetime import timedelta

import pytest
from cheroot import wsgi
from furnished import TOKEN, door, reason, told, verdict
from playwright.sync_api import Browser, Page

from sentinel.model.exposure import Outcome
from sentinel.model.finding import Code, Level
from sentinel.model.passing import Progress
from sentinel.store import rows

ALARM = verdict(door(Code.STRANGER_ASSOCIATED))
PAGES = [
    "/",
    "/incidents",
    "/incidents/1",
    "/incidents/register",
    "/lampe",
    "/connections",
    "/outside",
    "/sentinel",
    "/machines",
    "/settings",
    "/notices",
    "/papers",
    "/code",
]

pytestmark = pytest.mark.browser


def address(server: wsgi.Server) -> str:
    return f"http://127.0.0.1:{server.bind_addr[1]}"


def look(browser: Browser, server: wsgi.Server, path: str = "/", *, insider: bool = False, **how: object) -> Page:
    """A fresh window on a page, which fails the test if the page's script or policy complains."""
    window = browser.new_context(**{"locale": "fr-FR", "base_url": address(server), **how})
    window.set_default_timeout(20_000)
    if insider:
        window.add_cookies([{"name": "sentinel_session", "value": TOKEN, "url": address(server)}])
    page = window.new_page()
    page.goto(path)
    return page


def plain(words: str) -> str:
    """The same words with ordinary spaces."""
    return " ".join(words.split())


def colour(page: Page) -> tuple[int, ...]:
    """The ground of the verdict, as painted."""
    painted = page.locator(".verdict").evaluate("each => getComputedStyle(each).backgroundColor")
    return tuple(int(part) for part in painted.removeprefix("rgb(").removesuffix(")").split(","))


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_an_alarm_is_red_and_its_lamp_flashes_at_two_hertz(browser, server, cabinet, theme):
    """Red as painted, and never above three flashes a second."""
    cabinet.beat(ALARM)
    page = look(browser, server, color_scheme=theme)

    red, green, blue = colour(page)
    assert red > 150
    assert max(green, blue) < 60
    assert page.locator("h1").inner_text().startswith("Quelqu’un d’extérieur")
    flashes = page.locator(".verdict .light").evaluate(
        """async light => {
             let flashes = 0, lit = true;
             for (const end = performance.now() + 3000; performance.now() < end;) {
               await new Promise(requestAnimationFrame);
               const now = getComputedStyle(light).opacity > 0.5;
               if (now && !lit) flashes++;
               lit = now;
             }
             return flashes;
           }"""
    )
    assert 5 <= flashes <= 7
    page.context.close()


def test_whoever_asked_for_less_motion_sees_a_steady_lamp(browser, server, cabinet):
    """Colour, word and symbol say it as well."""
    cabinet.beat(ALARM)
    page = look(browser, server, reduced_motion="reduce")

    assert page.locator(".verdict .light").evaluate("each => getComputedStyle(each).animationName") == "none"
    page.context.close()


def test_a_change_shows_by_itself_without_reloading(browser, server, cabinet):
    """Within one round of asking; title, lamp and the words for screen readers follow."""
    page = look(browser, server)
    page.evaluate("window.sameWindow = true")
    assert page.title().startswith("Vert")

    cabinet.beat(ALARM)
    page.wait_for_selector(".verdict-alarm", timeout=8000)

    assert page.evaluate("window.sameWindow") is True
    assert page.title().startswith("Rouge")
    assert page.locator("#told").inner_text().startswith("Quelqu’un d’extérieur")
    page.context.close()


def test_what_somebody_is_typing_is_not_taken_away(browser, server, cabinet):
    """The rest of the page waits, the lamp in its head does not."""
    page = look(browser, server, "/incidents/1", insider=True)
    page.get_by_label("Votre prénom").first.fill("Ann")
    cabinet.beat(ALARM)
    page.wait_for_selector("#status .lamp-alarm", timeout=8000)

    assert page.get_by_label("Votre prénom").first.input_value() == "Ann"
    page.context.close()


def test_a_page_that_hears_nothing_says_so(browser, server, cabinet):
    """An open page on the reception's screen must not stay green for ever."""
    page = look(browser, server)
    page.clock.install()
    page.reload()
    page.clock.run_for(11_000)
    assert page.locator("#lost").is_hidden()

    server.stop()
    page.clock.run_for(21_000)
    page.wait_for_selector("#lost:not([hidden])")

    assert "is-lost" in page.locator("html").get_attribute("class")
    page.context.close()


def test_everything_works_without_script(browser, server, cabinet, watch):
    """Code, event, « J’ai vu », leaving; and the page renews itself."""
    cabinet.beat(ALARM)
    page = look(browser, server, java_script_enabled=False)
    assert page.locator('noscript meta[http-equiv="refresh"], meta[http-equiv="refresh"]').count() == 1

    page.get_by_role("link", name="Savoir quel poste : entrer le code").click()
    page.get_by_label("Code d’accès").fill("3141-5926")
    page.get_by_role("button", name="Entrer").click()
    assert "RADIO-PC" in page.locator("h1").inner_text()
    page.get_by_role("link", name="Événement 1").click()
    page.get_by_label("Votre prénom").first.fill("Anne")
    page.get_by_role("button", name="J’ai vu").click()
    assert page.get_by_text("Noté : alerte lue.").is_visible()
    page.get_by_role("button", name="Quitter").click()
    assert "RADIO-PC" not in page.content()

    assert [each.verb.value for each in cabinet.heard] == ["login", "read", "logout"]
    page.context.close()


@pytest.mark.parametrize("language", ["fr-FR", "en-GB"])
def test_no_page_is_wider_than_a_small_phone(browser, server, cabinet, language):
    """320 points, in both languages."""
    cabinet.beat(verdict(door(Code.STRANGER_ASSOCIATED), reason(Code.CAPTURE_LOST, Level.UNSURE)))
    page = look(browser, server, insider=True, locale=language, viewport={"width": 320, "height": 640})

    for path in PAGES:
        page.goto(path)
        assert page.evaluate("document.documentElement.scrollWidth") <= 320, path
    page.context.close()


def test_no_page_breaks_its_own_policy_or_fetches_from_outside(browser, server, cabinet):
    """No refused style or script, no error, and every request goes to the page's own address."""
    cabinet.beat(ALARM)
    page = look(browser, server, insider=True)
    complaints: list[str] = []
    asked: list[str] = []
    page.on("console", lambda each: complaints.append(each.text) if each.type in ("error", "warning") else None)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("request", lambda request: asked.append(request.url))

    for path in PAGES:
        page.goto(path)
    time.sleep(0.2)

    assert complaints == []
    assert all(each.startswith((address(server), "data:")) for each in asked)
    page.context.close()


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("code", ["calm", Code.WEB_UNIDENTIFIED, Code.STRANGER_ASSOCIATED, Code.VIEW_LOST])
def test_text_stands_out_from_its_ground(browser, server, cabinet, theme, code):
    """4.5 to 1 at least (WCAG 1.4.3), for every text of the verdict and around it."""
    level = {Code.WEB_UNIDENTIFIED: Level.ATTENTION, Code.STRANGER_ASSOCIATED: Level.ALARM}.get(code, Level.UNSURE)
    cabinet.beat(verdict() if code == "calm" else verdict(door(code, level), door(Code.DOOR_DORMANT, level)))
    page = look(browser, server, insider=True, color_scheme=theme)

    assert page.evaluate(CONTRAST) == []
    page.context.close()


def test_a_check_is_followed_from_the_button_to_its_end(browser, server, cabinet, watch):
    """Asked for, under way, and how it ended: without reloading, and told to whoever cannot see."""
    earlier = told(Outcome.CHECKED, timedelta(seconds=30), check="c2", family=6)
    cabinet.add("outcomes", rows.outcome_row(earlier))
    page = look(browser, server, "/outside", insider=True)
    page.get_by_role("button", name="Contrôler maintenant").click()
    page.wait_for_timeout(2500)  # an earlier check, still told of, is not taken for this one
    assert page.get_by_text("Contrôle demandé").is_visible()
    page.evaluate("window.sameWindow = true")

    cabinet.beat(asking=(Progress(echo="ED7QXK", family=4, done=0, of=0),))
    page.get_by_text("préparation, IPv4").wait_for(timeout=4000)
    assert page.get_by_text("Contrôle demandé").count() == 0
    assert page.get_by_role("button", name="Contrôler maintenant").is_disabled()

    for done in (12, 31):
        cabinet.beat(asking=(Progress(echo="ED7QXK", family=4, done=done, of=50),))
        page.get_by_text(f"{done} portes sur 50, IPv4").wait_for(timeout=4000)
        bar = page.get_by_role("progressbar", name=f"{done} portes sur 50, IPv4")
        assert bar.evaluate("each => each.position") == pytest.approx(done / 50)

    cabinet.add("outcomes", rows.outcome_row(told(Outcome.CHECKED, timedelta(0), check="c1")))
    cabinet.beat()
    page.locator("#ended", has_text="IPv4, echo.example").wait_for(timeout=4000)

    assert page.locator("progress").count() == 0
    assert page.get_by_role("button", name="Contrôler maintenant").is_enabled()
    assert "IPv4, echo.example : 48 portes contrôlées, 2 ouvertes" in plain(page.locator("#told").inner_text())
    assert page.evaluate("window.sameWindow") is True
    page.context.close()


def test_a_bar_that_moves_moves_nothing_else(browser, server, cabinet):
    """The lamp keeps its rhythm and a link its focus, though the page looks again every second."""
    page = look(browser, server, insider=True)
    page.evaluate("document.getElementById('content').same = document.getElementById('status').same = true")
    for done in (5, 25):
        cabinet.beat(asking=(Progress(echo="ED7QXK", family=4, done=done, of=50),))
        page.get_by_text(f"{done} portes sur 50").wait_for(timeout=8000)
        page.get_by_role("link", name="Événements").focus()
        if done == 5:  # from now on the button waits: main has changed once
            page.evaluate("document.getElementById('content').same = true")

    for part in ("content", "status"):
        assert page.evaluate(f"document.getElementById('{part}').same") is True
    assert page.evaluate("document.activeElement.textContent").strip() == "Événements"
    page.context.close()


def test_a_form_still_works_after_the_page_was_started_again(browser, server, cabinet, watch):
    """What was not exchanged has a token of the new process all the same."""
    page = look(browser, server, "/incidents/1", insider=True)
    before = page.locator("[name=csrf_token]").first.input_value()
    page.wait_for_timeout(1100)  # a token is of its second
    cabinet.beat(ALARM)
    page.wait_for_selector("#status .lamp-alarm", timeout=8000)

    after = set(page.locator("[name=csrf_token]").evaluate_all("all => all.map(each => each.value)"))
    assert len(after) == 1
    assert before not in after
    page.context.close()


def test_a_check_is_followed_without_script(browser, server, cabinet):
    """The page renews itself every two seconds while one runs."""
    cabinet.beat(asking=(Progress(echo="ED7QXK", family=6, done=7, of=51),))
    page = look(browser, server, insider=True, java_script_enabled=False)
    assert page.get_by_text("7 portes sur 51, IPv6").is_visible()

    cabinet.beat(asking=(Progress(echo="ED7QXK", family=6, done=40, of=51),))
    page.get_by_text("40 portes sur 51, IPv6").wait_for(timeout=8000)
    page.context.close()


@pytest.mark.parametrize("width", [320, 375, 1280])
def test_the_matrix_is_read_on_a_phone_as_on_a_screen(browser, server, cabinet, width):
    """Nothing is wider than the window; each answer stands under its echo's name, with the way in."""
    page = look(browser, server, "/outside", insider=True, viewport={"width": width, "height": 700})

    assert page.evaluate("document.documentElement.scrollWidth") <= width
    matrix = page.get_by_role("table", name="Chaque porte, vue par chaque écho")
    door = matrix.get_by_role("row", name=re.compile(r"^11112 \(dicom\)"))
    assert door.get_by_role("cell").count() == 4
    first = door.get_by_role("cell").first
    for said in ("ouverte à tous", "imagerie (DICOM), association acceptée", "il y a 2 heures"):
        assert first.get_by_text(said).is_visible()
    label = first.locator(".column")
    assert label.is_visible() == (width < 768)
    assert plain(label.text_content() or "") == "IPv4 echo.example"
    way = matrix.get_by_role("list").filter(has_text="RADIO-PC")
    assert plain(way.inner_text()) == "Internet : 11112 (dicom) → box → RADIO-PC 192.168.77.20:4242 (dicom)"
    box = way.bounding_box()
    assert box
    assert box["x"] >= 0
    assert box["x"] + box["width"] <= width
    page.context.close()


def test_what_was_opened_stays_open_while_the_page_renews_itself(browser, server, cabinet):
    """The list of checks does not fold up under the reader's eyes."""
    page = look(browser, server, "/outside", insider=True)
    page.get_by_text("Derniers contrôles", exact=True).first.click()
    cabinet.beat(asking=(Progress(echo="ED7QXK", family=4, done=5, of=50),))
    page.get_by_text("5 portes sur 50").wait_for(timeout=8000)

    assert page.get_by_role("columnheader", name="Demandé").is_visible()
    page.context.close()


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_the_matrix_stands_out_from_its_ground(browser, server, cabinet, theme):
    """Also what is faded: 4.5 to 1."""
    page = look(browser, server, "/outside", insider=True, color_scheme=theme)

    assert page.locator(".aged").count() == 3
    assert page.evaluate(CONTRAST) == []
    page.context.close()


def test_the_whole_screen_lamp_follows_the_real_one_and_goes_dark_unheard(browser, server, cabinet):
    """At 2 Hz like the lamp; when nothing is heard any more, nothing of the last colour is left in sight."""
    cabinet.beat(ALARM)
    page = look(browser, server, "/lampe", viewport={"width": 1280, "height": 800})
    rhythm = page.locator("main .light").evaluate("each => getComputedStyle(each).animationDuration")
    assert rhythm == "0.5s"
    assert page.evaluate("document.documentElement.scrollHeight") <= 800
    assert page.locator("h1").evaluate("each => parseFloat(getComputedStyle(each).fontSize)") >= 50

    cabinet.beat(verdict())
    page.wait_for_selector("main.verdict-calm", timeout=8000)
    page.clock.install()
    page.reload()
    server.stop()
    page.clock.run_for(21_000)
    page.wait_for_selector("#lost:not([hidden])")

    assert page.locator("main").evaluate("each => getComputedStyle(each).visibility") == "hidden"
    assert page.locator("#lost").evaluate("each => getComputedStyle(each).backgroundColor") == "rgb(0, 0, 0)"
    page.context.close()


def test_what_was_typed_stays_also_when_the_reader_looks_elsewhere(browser, server, cabinet):
    """A form half filled is not taken away by the next news; an untouched page is renewed."""
    page = look(browser, server, "/incidents/1", insider=True)
    page.get_by_text("C’est une fausse alerte", exact=True).click()
    page.get_by_label("Pourquoi").last.fill("notre technicien")
    page.get_by_role("link", name="Connexions", exact=True).focus()
    cabinet.beat(ALARM)
    page.wait_for_selector("#status .lamp-alarm", timeout=8000)
    page.wait_for_timeout(6000)

    assert page.get_by_label("Pourquoi").last.input_value() == "notre technicien"
    page.context.close()


def test_a_measure_is_noted_without_script(browser, server, cabinet, watch):
    """Opened, filled and sent by plain HTML, and the name is there the next time."""
    page = look(browser, server, "/incidents/1", insider=True, java_script_enabled=False)
    page.get_by_text("Noter une mesure prise", exact=True).click()
    form = page.locator("form[action$='/measure']")
    form.get_by_label("Quoi").select_option("line_unplugged")
    form.get_by_label("Votre prénom").fill("Anne")
    form.get_by_role("button", name="Noter").click()

    assert page.get_by_text("La porte reste à vérifier").is_visible()
    assert page.locator("form[action$='/read'] [name=who]").input_value() == "Anne"
    [wish] = cabinet.heard
    assert (wish.verb.value, wish.kind, wish.when) == ("measure", "line_unplugged", "2026-11-23T10:30+01:00")
    page.context.close()


CONTRAST = """() => {
  const parse = text => text.match(/[\\d.]+/g).map(Number);
  const light = ([r, g, b]) => [r, g, b].map(c => (c /= 255) <= .04045 ? c / 12.92 : ((c + .055) / 1.055) ** 2.4)
    .reduce((sum, c, i) => sum + c * [.2126, .7152, .0722][i], 0);
  const ground = element => {
    for (let each = element; each; each = each.parentElement) {
      const colour = parse(getComputedStyle(each).backgroundColor);
      if (colour.length === 3 || colour[3] > 0) return colour;
    }
    return [255, 255, 255];
  };
  const faint = [];
  for (const each of document.querySelectorAll("main *, header *")) {
    const own = [...each.childNodes].some(node => node.nodeType === 3 && node.textContent.trim());
    if (!own || !each.checkVisibility()) continue;
    const [high, low] = [light(parse(getComputedStyle(each).color)), light(ground(each))].sort((a, b) => b - a);
    const ratio = (high + .05) / (low + .05);
    if (ratio < 4.5) faint.push(`${ratio.toFixed(2)} ${each.textContent.trim().slice(0, 40)}`);
  }
  return faint;
}"""
