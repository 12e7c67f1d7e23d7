"""A furnished practice, and a `watch` that answers on a real socket."""

import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from shutil import copyfile

import pytest
from cheroot import wsgi
from furnished import TOKEN, Cabinet
from playwright.sync_api import Browser, sync_playwright

from sentinel.places import Places
from sentinel.wire.requests import Answer, Reply, Request, listen_at, own_user
from tests.wire.answering import answer_one
from web import serving

CHROMIUM = Path("/usr/bin/chromium")
QUIET = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


def empty(folder: Path) -> Cabinet:
    """A practice with its two folders."""
    places = Places(lasting=folder / "var", passing=folder / "run")
    places.make()
    return Cabinet(places=places)


@pytest.fixture(scope="session")
def furnished_store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store made once and copied, since its migrations take longer than most tests."""
    made = empty(tmp_path_factory.mktemp("furnished"))
    made.furnish()
    return made.places.store


@pytest.fixture
def cabinet(tmp_path: Path, furnished_store: Path) -> Cabinet:
    """A furnished practice whose sentinel is calm."""
    made = empty(tmp_path)
    copyfile(furnished_store, made.places.store)
    made.beat()
    return made


@pytest.fixture
def watch(cabinet: Cabinet) -> Iterator[Callable[[Answer], None]]:
    """A `watch` that answers as it was last told to, on the real socket; the cabinet keeps the requests."""
    told = [Answer(reply=Reply.DONE, session=TOKEN)]
    line = listen_at(cabinet.places.requests)
    line.settimeout(0.05)
    over = threading.Event()

    def respond(request: Request) -> Answer:
        cabinet.heard.append(request)
        return told[-1]

    def serve() -> None:
        while not over.is_set():
            try:
                answer_one(line, respond, own_user())
            except TimeoutError:
                continue

    thread = threading.Thread(target=serve)
    thread.start()
    yield told.append
    over.set()
    thread.join()
    line.close()


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """One Chromium for all tests of the page."""
    if not CHROMIUM.exists():
        pytest.skip("Debian's chromium is not installed")
    with sync_playwright() as play:
        chromium = play.chromium.launch(executable_path=CHROMIUM, args=list(QUIET))
        yield chromium
        chromium.close()


@pytest.fixture
def server(cabinet: Cabinet) -> Iterator[wsgi.Server]:
    """The page on a real port, its clock stopped."""
    made = serving.server(cabinet.app(), "127.0.0.1", 0)
    made.prepare()
    thread = threading.Thread(target=made.serve)
    thread.start()
    yield made
    made.stop()
    thread.join()
