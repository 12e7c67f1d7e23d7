"""One life of a child: what is asked, what comes back, and what is believed of it."""

import sys
import time
from pathlib import Path

import pytest

from sentinel.programs.lifeline import OWED, PATIENCE, Child
from sentinel.wire.dissection import Answer, answer
from tests.builders import moment, portrait

DEAF = (sys.executable, "-c", "import time; time.sleep(60)")


def saying(said: bytes) -> tuple[str, ...]:
    """A child that writes this without being asked, and stays."""
    return (sys.executable, "-c", f"import os, time; os.write(1, {said!r}); time.sleep(60)")


@pytest.fixture
def child(request):
    """One life, ended afterwards."""
    made = Child(request.param, moment())
    yield made
    made.end()
    made.process.wait(5)


def wait(child: Child) -> list:
    """Its first answers."""
    end = time.monotonic() + 10
    while time.monotonic() < end:
        if got := list(child.answers()):
            return got
        time.sleep(0.02)
    raise TimeoutError


@pytest.mark.parametrize("child", [DEAF], indirect=True)
def test_a_child_that_takes_nothing_is_asked_so_much_and_no_more(child):
    """And in no time: the parent has a ring to drain."""
    begun = time.monotonic()
    asked = [child.ask(bytes(400), moment(), moment()) for _ in range(1000)]

    assert asked == [True] * OWED + [False] * (1000 - OWED)
    assert time.monotonic() - begun < 5
    assert list(child.answers()) == []
    assert not child.is_stuck(moment(PATIENCE.total_seconds()))
    assert child.is_stuck(moment(PATIENCE.total_seconds() + 1))


@pytest.mark.parametrize("child", [DEAF], indirect=True)
def test_a_child_that_was_asked_nothing_is_never_stuck(child):
    """However long it is silent."""
    assert not child.is_stuck(moment(86_400))


@pytest.mark.parametrize("child", [saying(answer(Answer(portraits=(portrait(moment(3)),))))], indirect=True)
def test_an_answer_belongs_to_its_question(child):
    """With its moment."""
    child.ask(b"x", moment(3), moment(4))

    assert wait(child) == [(True, (portrait(moment(3)),))]
    assert not child.owed


@pytest.mark.parametrize("child", [saying(answer(Answer(portraits=(portrait(moment(3)),))))], indirect=True)
def test_a_child_cannot_date_what_it_tells(child):
    """Into the future, say, where no purge would find it."""
    child.ask(b"x", moment(5), moment(5))

    with pytest.raises(ValueError, match="another frame"):
        wait(child)


@pytest.mark.parametrize("child", [saying(answer(Answer()))], indirect=True)
def test_a_child_cannot_speak_unasked(child):
    """Or one that was taken over could talk for ever."""
    with pytest.raises(ValueError, match="nobody asked"):
        wait(child)


@pytest.mark.parametrize("child", [(sys.executable, "-c", "")], indirect=True)
def test_a_child_that_has_ended_is_noticed_from_either_side(child):
    """By reading, or by asking."""
    child.process.wait(10)

    with pytest.raises(OSError, match=r"."):
        child.ask(b"x", moment(), moment())
    with pytest.raises(OSError, match=r"^$"):
        list(child.answers())


def test_what_cannot_be_started_leaves_nothing_open(tmp_path):
    """No descriptor of a child that never was."""
    before = len(list(Path("/proc/self/fd").iterdir()))
    for _ in range(20):
        with pytest.raises(OSError, match="No such file"):
            Child((str(tmp_path / "nothing"),), moment())

    assert len(list(Path("/proc/self/fd").iterdir())) == before
