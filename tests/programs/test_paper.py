"""`sentinel paper`: a document at the console, with and without a sentinel that runs."""

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from sentinel.errors import NotReadable
from sentinel.model.acting import Paper, PaperKind
from sentinel.model.moment import Moment
from sentinel.places import Places
from sentinel.programs.paper import MADE, NOT_MADE, paper, wish
from sentinel.wire.requests import EVERY_MACHINE_ON, Answer, Reply, Request, listen_at, own_user
from tests.builders import moment
from tests.programs.furnished import CONFIG, NOW, furnished, writing
from tests.wire.answering import answer_one


def asked(kind: str = "dossier", about: str = "7", **more: object) -> Request:
    return wish(kind, about, **{"language": "", "who": "", "every_machine_on": False, **more})  # type: ignore[arg-type]


@pytest.fixture
def places(tmp_path: Path) -> Places:
    return furnished(tmp_path)


def told(places: Places, request: Request) -> tuple[int, list[str]]:
    lines: list[str] = []
    return paper(CONFIG, places, request, lines.append, lambda: Moment(wall=NOW, boot=moment().boot)), lines


@pytest.fixture
def watch(places: Places) -> Iterator[list[Answer]]:
    """A `watch` that answers once; with DONE it has the paper made at once."""
    replies = [Answer(reply=Reply.DONE)]
    line = listen_at(places.requests)
    line.settimeout(10)

    def respond(request: Request) -> Answer:
        if replies[-1].reply is Reply.DONE:
            with writing(places) as archive:
                kind = PaperKind(request.kind)
                archive.paper(Paper(kind=kind, name="made.zip", sha256="ab", who="", at=moment()))
        return replies[-1]

    def serve() -> None:
        try:
            answer_one(line, respond, own_user())
        except OSError:
            return

    thread = threading.Thread(target=serve)
    thread.start()
    yield replies
    line.close()
    thread.join()


def test_without_a_sentinel_that_runs_the_paper_is_made_here(places):
    """And it is said that nobody wrote it down."""
    code, lines = told(places, asked())

    assert code == MADE
    assert lines[0] == str(places.papers / "dossier-incident-7-2026-03-05.zip")
    assert "SHA-256" in lines[1]
    assert Path(lines[0]).is_file()


def test_a_running_sentinel_makes_it_and_its_place_is_said(places, watch):
    """The same order as the page's."""
    assert told(places, asked()) == (MADE, [str(places.papers / "made.zip")])


@pytest.mark.parametrize("reply", [Reply.BUSY, Reply.NOT_FOUND, Reply.NOT_ALLOWED, Reply.NOT_UNDERSTOOD])
def test_a_refusal_is_said_in_words(places, watch, reply):
    """Never a key, never a traceback."""
    watch.append(Answer(reply=reply))
    code, [line] = told(places, asked())

    assert code == NOT_MADE
    assert "reply." not in line
    assert len(line) > 20


def test_a_certificate_needs_the_word_that_every_machine_is_on(places):
    """At the console too."""
    assert asked("certificate", "").section == ""
    assert asked("certificate", "", every_machine_on=True).section == EVERY_MACHINE_ON


def test_without_a_sentinel_that_runs_nothing_is_certified(places):
    """« Surveillé », said by nobody."""
    for declared in (False, True):
        code, [line] = told(places, asked("certificate", "", every_machine_on=declared))
        assert code == NOT_MADE
        assert line.startswith("L’attestation ne peut pas être établie.")


def test_a_certificate_that_is_refused_is_refused_in_words_of_its_own(places, watch):
    """Another paper's reasons are not told."""
    watch.append(Answer(reply=Reply.NOT_ALLOWED))
    code, [line] = told(places, asked("certificate", "", every_machine_on=True))

    assert code == NOT_MADE
    assert line.startswith("L’attestation ne peut pas être établie.")


@pytest.mark.parametrize("about", ["", "seven", "-7", "7; rm"])
def test_a_dossier_is_about_a_number(about):
    """Said before anybody is asked."""
    with pytest.raises(NotReadable):
        asked("dossier", about)


@pytest.mark.parametrize("request_", [asked(about="99"), asked("month", "March")])
def test_what_is_not_there_is_one_sentence(places, request_):
    """And a status a script can see."""
    with pytest.raises(NotReadable):
        told(places, request_)


def test_without_a_store_it_is_said(tmp_path):
    """A folder that never was a sentinel's."""
    empty = Places(lasting=tmp_path / "var", passing=tmp_path / "run")
    empty.make()

    with pytest.raises(NotReadable, match="store"):
        told(empty, asked())
