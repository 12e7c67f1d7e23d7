"""« Contrôler maintenant » in a whole cabinet: watched while it runs, and the way in told when it has ended."""

import html
import re
import time

from sentinel.wire.requests import Reply, Request, Verb, ask
from tests.lab import imaging
from tests.lab.cabinet import Cabinet
from tests.story.conftest import Tell
from tests.story.sentinel import CODE, Sentinel

CLIENT = "192.168.77.20"
PATIENCE = 60
BAR = r"(\d+) portes sur (\d+), IPv([46])"


def _words(page: str) -> str:
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", page)).split())


def test_a_check_is_watched_from_the_button_to_the_way_in(cabinet: Cabinet, with_echo: Sentinel, tell: Tell):
    """The page says how many doors have answered; at the end, which machine is behind the open one."""
    imaging.orthanc(cabinet.imaging)
    with_echo.wait(lambda: len(with_echo.sql("SELECT * FROM outcomes")) >= 2, "both families checked", 30)
    cabinet.box.forward(11112, 4242, cabinet.imaging)
    entry = ask(with_echo.places.requests, Request(verb=Verb.LOGIN, code=CODE, client=CLIENT))
    cookie = f"sentinel_session={entry.session}; sentinel_language=fr"

    known = len(with_echo.sql("SELECT * FROM outcomes"))

    answer = ask(with_echo.places.requests, Request(verb=Verb.CHECK, session=entry.session, client=CLIENT))
    assert (answer.reply, answer.checks) == (Reply.DONE, 2)
    begun, first, bars = time.monotonic(), 0.0, set[tuple[str, str, str]]()
    while len(with_echo.sql("SELECT * FROM outcomes")) < known + answer.checks:
        assert time.monotonic() - begun < PATIENCE, (bars, with_echo.tail())
        found = re.findall(BAR, _words(with_echo.page("/outside", cookie)[1]))
        first = first or (time.monotonic() - begun if found else 0.0)
        bars |= set(found)
        time.sleep(0.2)
    tell("from the button to the first bar", first)
    tell("from the button to the end of both families", time.monotonic() - begun)

    moving = {(int(done), int(of)) for done, of, _ in bars}
    assert [each for each in moving if 0 < each[0] < each[1]], bars
    assert min(of for _, of in moving) >= 48
    with_echo.wait(lambda: "48 portes contrôlées, 1 ouverte" in _words(with_echo.page("/", cookie)[1]), "its end")
    way = f"Internet : 11112 (dicom) → box → RADIO-PC {cabinet.imaging.v4}:4242 (dicom)"
    with_echo.wait(lambda: way in _words(with_echo.page("/outside", cookie)[1]), "the way in")
