"""When a new system is well: all three for two minutes on end, and what one look sees of them."""

import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from sentinel.clock import boot_id, now
from sentinel.config import Config, Page
from sentinel.model.declared import View
from sentinel.model.finding import Level
from sentinel.model.renewal import Lack
from sentinel.model.verdict import Assurance, Verdict
from sentinel.places import Places
from sentinel.programs.trial import CONTENT, PATIENCE, Gate, aloud, lacking
from sentinel.signals import pulse
from tests.builders import coverage, moment


def after(**span: float) -> timedelta:
    return timedelta(**span)


def heard(*looks: tuple[Lack | None, float], run: str = "run") -> bool | None:
    """The gate's last word, after looks at these seconds."""
    gate, word = Gate(timedelta(0)), None
    for lack, at in looks:
        word = gate.heard(lack, run, after(seconds=at))
    return word


@pytest.mark.parametrize(
    ("looks", "word"),
    [
        ([(None, 0), (None, 119)], None),
        ([(None, 0), (None, 120)], True),
        ([(None, 0), (Lack.PAGE, 60), (None, 61), (None, 180)], None),
        ([(None, 0), (Lack.PAGE, 60), (None, 61), (None, 181)], True),
        ([(Lack.CAPTURE, 0), (Lack.CAPTURE, 599)], None),
        ([(Lack.CAPTURE, 0), (Lack.CAPTURE, 600)], False),
        ([(Lack.STORE, 479), (None, 480), (None, 600)], True),  # the last two minutes of its ten
        ([(Lack.STORE, 481), (None, 482), (None, 600)], False),
    ],
)
def test_two_minutes_on_end_within_ten(looks, word):
    """Not two in all."""
    assert heard(*looks) is word
    assert (after(minutes=2), after(minutes=10)) == (CONTENT, PATIENCE)


def test_a_watch_that_was_started_anew_was_not_well_in_between():
    """One that dies every minute looks well whenever somebody looks."""
    gate = Gate(timedelta(0))
    words = [gate.heard(None, f"run {second // 60}", after(seconds=second)) for second in range(0, 601, 10)]

    assert words[:-1] == [None] * 60
    assert words[-1] is False


def test_the_log_says_what_is_lacking_whenever_that_changes(caplog):
    """Who asks why a version did not stay finds it there."""
    caplog.set_level("INFO")
    seen = [(Lack.STORE, ""), (Lack.STORE, ""), (Lack.PAGE, "09"), (None, "09"), (None, "09"), (None, "10")]
    looks = iter(seen)
    look = aloud(lambda: next(looks))

    assert [look() for _ in seen] == seen
    assert caplog.messages == [
        "on trial: store is lacking; watch since never",
        "on trial: page is lacking; watch since 09",
        "on trial: well; watch since 09",
        "on trial: well; watch since 10",
    ]


# -- one look ----------------------------------------------------------------------------------------------------


@dataclass
class Spoken:
    """What a page answers."""

    status: int = 503
    first: int = 200
    """Of the first page."""
    told: object = field(default_factory=lambda: {"alive": True, "store_readable": True, "verdict": "unsure"})


@pytest.fixture
def page() -> Iterator[tuple[Config, Spoken]]:
    """A page on loopback that says what it is told to."""
    spoken = Spoken()

    class Answer(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response({"/healthz": spoken.status, "/": spoken.first}.get(self.path, 404))
            self.end_headers()
            told = spoken.told
            self.wfile.write(told if isinstance(told, bytes) else json.dumps(told).encode())

        def log_message(self, *_: object) -> None:
            """Nothing."""

    with HTTPServer(("127.0.0.1", 0), Answer) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield Config(page=Page(host="::", port=server.server_address[1])), spoken
        server.shutdown()
        thread.join()


def beat(places: Places, *, fresh: dict[str, bool] | None = None, **more: object) -> None:
    """The street's last one, at this moment."""
    verdict = Verdict(
        level=Level.UNSURE,
        reasons=(),
        at=now(),
        view=View.MIRROR,
        assurance=Assurance.NONE,
        checked=None,
        fresh={"capture": True, "store": True, "outside": False, **(fresh or {})},
    )
    last = pulse.Pulse(at=now(), boot=boot_id(), started=moment(), verdict=verdict, coverage=coverage(now()))
    pulse.write(replace(last, **more), places.pulse)


@pytest.fixture
def places(tmp_path) -> Places:
    made = Places(lasting=tmp_path / "lasting", passing=tmp_path / "passing")
    made.make()
    return made


def test_a_sentinel_that_works_lacks_nothing(places, page):
    """Also one that is unsure of the outside: no echo is no fault of the new version."""
    beat(places)

    assert lacking(page[0], places) == (None, moment().wall.isoformat())


def test_a_street_that_does_not_beat_has_no_store(places, page):
    """None, one of another boot, one that is old, one whose store is ill."""
    assert lacking(page[0], places) == (Lack.STORE, "")
    for more in (
        {"boot": "another"},
        {"at": replace(now(), boot=now().boot - after(seconds=11))},
        {"fresh": {"store": False}},
        {"parts": {"store": "disk full"}},
    ):
        beat(places, **more)
        assert lacking(page[0], places)[0] is Lack.STORE, more


@pytest.mark.parametrize("more", [{"coverage": None}, {"fresh": {"capture": False}}, {"parts": {"capture": "x"}}])
def test_a_capture_that_says_nothing_is_not_alive(places, page, more):
    """It has not reported yet, or no more."""
    beat(places, **more)

    assert lacking(page[0], places)[0] is Lack.CAPTURE


@pytest.mark.parametrize(
    "told",
    [
        {"alive": False, "store_readable": True},
        {"alive": True, "store_readable": False},
        {"alive": 1, "store_readable": 1},
        {},
        [],
        b"<html>502</html>",
        b"",
    ],
)
def test_a_page_that_does_not_see_the_sentinel_does_not_answer(places, page, told):
    """Whatever it says instead."""
    config, spoken = page
    beat(places)
    spoken.told = told

    assert lacking(config, places)[0] is Lack.PAGE


def test_a_page_that_is_not_there_does_not_answer(places):
    """Nobody listens."""
    beat(places)

    assert lacking(Config(page=Page(port=1)), places)[0] is Lack.PAGE


def test_a_sentinel_whose_first_page_is_broken_does_not_answer(places, page):
    """Though it says that it is well: people read that page."""
    config, spoken = page
    beat(places)
    spoken.first = 500

    assert lacking(config, places)[0] is Lack.PAGE
