"""`./dev screens`: the pictures of docs/screens, from a furnished practice, in Debian's Chromium."""

import json
import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from ipaddress import ip_address
from pathlib import Path

from cheroot import wsgi
from conftest import CHROMIUM, QUIET, empty
from furnished import (
    CONFIG,
    NOW,
    STRANGER,
    TOKEN,
    Cabinet,
    chapter,
    connection,
    door,
    incident,
    moment,
    reason,
    verdict,
)
from playwright.sync_api import Browser, sync_playwright

from sentinel.model.connection import Association, Dicom
from sentinel.model.finding import Code, Grade, Level
from sentinel.model.verdict import Verdict
from sentinel.store import rows
from web import serving
from web.steps import ALL

CALLING = "FINDSCU"
OPENED = timedelta(minutes=138)
"""When the first echo found the door open."""
FOLDER = Path(__file__).resolve().parents[2] / "docs" / "screens"
CALM = verdict()
ALARM = verdict(door(Code.STRANGER_ASSOCIATED))
WEEK = verdict(door(Code.WEB_UNIDENTIFIED, Level.ATTENTION))
BLIND = verdict(reason(Code.VIEW_LOST, Level.UNSURE))

Picture = tuple[str, str, Verdict, str, str, int, int, bool]

PICTURES: tuple[Picture, ...] = (
    # name, page, what is said, language, theme, width, height, logged in
    ("calm", "/", CALM, "fr", "light", 1280, 720, False),
    ("alarm", "/", ALARM, "fr", "light", 1280, 900, True),
    ("alarm-phone", "/", ALARM, "fr", "dark", 375, 812, False),
    ("attention-phone", "/", WEEK, "fr", "light", 375, 812, False),
    ("unsure-phone", "/", BLIND, "fr", "light", 375, 812, False),
    ("lampe", "/lampe", ALARM, "fr", "light", 1280, 720, False),
    ("incident", "/incidents/1", ALARM, "fr", "light", 1280, 0, True),
    ("incident-phone", "/incidents/1", ALARM, "en", "dark", 375, 0, True),
    ("outside", "/outside", ALARM, "fr", "light", 1280, 0, True),
    ("connections", "/connections", ALARM, "fr", "light", 1280, 0, True),
    ("machines", "/machines", CALM, "fr", "light", 1280, 0, True),
    ("notices", "/notices", CALM, "fr", "light", 1280, 0, True),
    ("papers", "/papers", CALM, "fr", "light", 1280, 0, True),
    ("first", "/first/view", CALM, "fr", "light", 1280, 0, True),
    ("sentinel", "/sentinel", CALM, "fr", "dark", 1280, 0, True),
)
"""Height 0: the whole page."""


@contextmanager
def served(cabinet: Cabinet) -> Iterator[str]:
    """The page on a real port; its address."""
    server: wsgi.Server = serving.server(cabinet.app(), "127.0.0.1", 0)
    server.prepare()
    thread = threading.Thread(target=server.serve)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.bind_addr[1]}"
    finally:
        server.stop()
        thread.join()


def furnished(folder: Path, *, quiet: bool) -> Cabinet:
    """A practice that was set up; quiet: where nothing ever happened."""
    cabinet = empty(folder)
    cabinet.config = replace(CONFIG, practice=replace(CONFIG.practice, phone="01 99 00 12 34"))
    cabinet.furnish()
    done = {"section": "steps", "value": json.dumps({ALL: "done"}), "who": "Anne", "at": rows.text(NOW)}
    cabinet.add("settings", done)
    cabinet.add("password", {"one": 1, "hash": "", "at": rows.text(NOW)})
    for table in ("chapters", "incidents", "connections"):
        cabinet.clear(table)
    if not quiet:
        _tell(cabinet)
    return cabinet


def _tell(cabinet: Cabinet) -> None:
    """One morning: found open by an echo, then a stranger who is accepted and takes images."""
    came = timedelta(minutes=74)
    story = incident(first=moment(OPENED), calling=CALLING, shown=moment(OPENED), sources=((STRANGER, 3),))
    cabinet.add("incidents", rows.incident_row(story))
    by = {"source": ip_address(STRANGER), "calling": CALLING, "outside_port": 11112}
    cabinet.add(
        "chapters",
        rows.chapter_row(chapter(Code.DOOR_REACHABLE, Grade.REACHABLE, Level.ALARM, OPENED, outside_port=11112)),
        rows.chapter_row(chapter(Code.STRANGER_ASSOCIATED, Grade.ASSOCIATED, Level.ALARM, came, **by)),
    )
    dicom = Dicom(called="ORTHANC", calling=CALLING, result=Association.ACCEPTED)
    visits = [connection(serial, opened=moment(came / serial), dicom=dicom) for serial in (1, 2, 3)]
    cabinet.add("connections", *(rows.connection_row("run", each, "stranger", True) for each in visits))


def draw(browser: Browser, cabinet: Cabinet, folder: Path, *, quiet: bool) -> None:
    """Every picture of one practice."""
    with served(cabinet) as address:
        for each in PICTURES:
            if (each[2] is not ALARM) is quiet:
                _draw(browser, address, cabinet, folder, each)


def _draw(browser: Browser, address: str, cabinet: Cabinet, folder: Path, picture: Picture) -> None:
    name, path, said, language, theme, width, height, insider = picture
    cabinet.beat(said)
    window = browser.new_context(
        base_url=address,
        locale=f"{language}-FR",
        color_scheme=theme,
        viewport={"width": width, "height": height or 800},
        reduced_motion="reduce",
    )
    if insider:
        window.add_cookies([{"name": "sentinel_session", "value": TOKEN, "url": address}])
    page = window.new_page()
    page.goto(f"{path}?lang={language}")
    page.screenshot(path=folder / f"{name}.png", full_page=not height)
    window.close()


def main(folder: Path) -> None:
    """Draw them all into `folder`."""
    folder.mkdir(parents=True, exist_ok=True)
    with sync_playwright() as play:
        browser = play.chromium.launch(executable_path=CHROMIUM, args=list(QUIET))
        for quiet in (True, False):
            with tempfile.TemporaryDirectory() as place:
                draw(browser, furnished(Path(place), quiet=quiet), folder, quiet=quiet)
        browser.close()


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else FOLDER)
