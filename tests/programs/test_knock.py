"""`sentinel knock`: asks, waits for its own outcome, and says what a stranger could open."""

import threading
import time
from collections.abc import Callable
from contextlib import closing, suppress
from pathlib import Path

import pytest

from sentinel.clock import now
from sentinel.config import Config, Language, Page
from sentinel.model.exposure import CellVerdict, Outcome, Reach
from sentinel.places import Places
from sentinel.programs.knock import NOTHING_OPEN, OPEN, UNKNOWN, knock
from sentinel.store.archive import Archive
from sentinel.text import say
from sentinel.wire.requests import Answer, Reply, Request, answer_one, listen_at, own_user
from tests.builders import IMAGING, IMAGING_MAC, exposure, outcome

ENGLISH = Config(page=Page(language=Language.EN), labels={IMAGING_MAC: "RADIO-PC"})


@pytest.fixture
def places(tmp_path: Path) -> Places:
    made = Places(lasting=tmp_path, passing=tmp_path / "run")
    made.make()
    return made


def asked(places: Places, respond: Callable[[Request], Answer]) -> tuple[int, str]:
    """The command, with a desk that answers one request."""
    line = listen_at(places.requests)

    def take() -> None:
        with suppress(OSError):
            answer_one(line, respond, own_user())

    desk = threading.Thread(target=take)
    desk.start()
    lines: list[str] = []
    code = knock(ENGLISH, places, lines.append)
    desk.join()
    line.close()
    return code, "\n".join(lines)


def checking(places: Places, *cells: tuple[int, Reach, CellVerdict], result: Outcome = Outcome.CHECKED):
    """A desk whose check ends at once with these cells."""

    def respond(request: Request) -> Answer:
        with closing(Archive(places.store, "boot-1")) as archive:
            for port, reach, verdict in cells:
                machine = (IMAGING, IMAGING_MAC, 4242) if reach is Reach.OPEN else None
                archive.exposure(exposure(port=port, reach=reach, at=now()), verdict, machine)
            archive.outcome(outcome(result, asked=now(), at=now()))
            archive.commit()
        return Answer(reply=Reply.DONE, checks=1)

    return respond


CLOSED = (104, Reach.CLOSED, CellVerdict.NOT_SEEN)


def test_an_open_door_is_named_with_its_machine(places):
    """Public port, label, MAC, address and inside port; the closed ones are counted."""
    code, told = asked(places, checking(places, CLOSED, (11112, Reach.OPEN, CellVerdict.EXPOSED)))

    assert code == OPEN
    assert "11112" in told
    assert f"{IMAGING}:4242 (RADIO-PC, {IMAGING_MAC})" in told
    assert say("en", "knock.closed", closed=1, all=2) in told


@pytest.mark.parametrize(
    ("cells", "code"),
    [
        ([CLOSED], NOTHING_OPEN),
        ([CLOSED, (1194, Reach.OPEN, CellVerdict.EXPECTED)], NOTHING_OPEN),
        ([CLOSED, (80, Reach.UNTESTED, CellVerdict.UNKNOWN)], UNKNOWN),
        ([CLOSED, (80, Reach.OPEN, CellVerdict.BOX_ANSWERS)], OPEN),
        ([CLOSED, (4242, Reach.FILTERED, CellVerdict.CONTRADICTED)], OPEN),
    ],
)
def test_the_exit_code_says_the_worst(places, cells, code):
    """Nothing open is said only of what was learnt."""
    assert asked(places, checking(places, *cells))[0] == code


@pytest.mark.parametrize("result", [each for each in Outcome if each is not Outcome.CHECKED])
def test_a_check_that_failed_is_unknown_and_says_why(places, result):
    """In words."""
    code, told = asked(places, checking(places, result=result))

    assert code == UNKNOWN
    assert say("en", f"outcome.{result.value}") in told


@pytest.mark.parametrize("reply", [Reply.NO_ECHO, Reply.BUSY, Reply.NOT_RUNNING])
def test_where_nobody_can_be_asked_it_says_so(places, reply):
    """And waits for nothing."""
    code, told = asked(places, lambda request: Answer(reply=reply))

    assert (code, told) == (UNKNOWN, say("en", f"knock.{reply.value}"))


def test_the_outcome_of_an_earlier_question_is_not_ours(places):
    """The check that was under way when we asked is not taken for the answer."""
    before = now()
    with closing(Archive(places.store, "boot-1")) as archive:
        archive.outcome(outcome(Outcome.LATE, asked=before, at=before))
        archive.commit()
    time.sleep(0.01)

    code, told = asked(places, checking(places, CLOSED))

    assert code == NOTHING_OPEN
    assert say("en", "outcome.late") not in told


def test_a_store_that_cannot_be_read_for_a_moment_is_read_at_the_next(places):
    """It may be made only after we asked."""

    def respond(request: Request) -> Answer:
        def later() -> None:
            time.sleep(0.5)
            checking(places, CLOSED)(request)

        threading.Thread(target=later).start()
        return Answer(reply=Reply.DONE, checks=1)

    assert asked(places, respond)[0] == NOTHING_OPEN
