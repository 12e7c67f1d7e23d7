"""Rare frames on their way to `dissect` and back: whole, in order, small, and refused when they are not."""

import io
import select

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sentinel.model.machine import OFFERS, VENDOR, Kind, Offer, Service
from sentinel.wire.dissection import LARGEST_ANSWER, LARGEST_FRAME, Answer, Answers, answer, question, questions
from tests.builders import moment, portrait, uplink

FULL = Answer(portraits=(portrait(),), uplinks=(uplink(),))


@given(st.lists(st.tuples(st.binary(max_size=LARGEST_FRAME), st.integers(0, 10**9)), max_size=5))
def test_questions_arrive_as_they_left(asked):
    """To the microsecond; until the pipe is closed."""
    frames = [(frame, moment(millis / 1000)) for frame, millis in asked]
    pipe = io.BytesIO(b"".join(question(*each) for each in frames))

    assert list(questions(pipe)) == frames


def test_a_question_fits_into_a_pipe_whole_or_not_at_all():
    """POSIX: what is no longer than PIPE_BUF is written in one piece; a frame is cut to that end."""
    largest = question(bytes(1500), moment())

    assert len(largest) <= select.PIPE_BUF
    assert len(next(questions(io.BytesIO(largest)))[0]) == LARGEST_FRAME


def test_a_question_that_was_cut_off_is_the_last():
    """The parent has died over it."""
    assert list(questions(io.BytesIO(question(b"x", moment())[:-2]))) == []


@given(st.integers(1, 700))
def test_answers_may_be_cut_anywhere(step):
    """The pipe gives bytes, not answers."""
    stream, inbox = answer(FULL) + answer(Answer(unread=True)) + answer(Answer()), Answers()

    got = [each for at in range(0, len(stream), step) for each in inbox.take(stream[at : at + step])]

    assert got == [FULL, Answer(unread=True), Answer()]
    assert got[0].facts == (uplink(), portrait())


def test_the_longest_answer_is_taken():
    """All that one frame can tell."""
    offers = tuple(Offer(service=Service.DICOM, port=65_000 + n, host="x" * 63) for n in range(OFFERS))
    said = Answer(
        portraits=(portrait(vendor="é" * VENDOR, kinds=tuple(Kind)[:8], offers=offers),), uplinks=(uplink(),)
    )

    assert len(answer(said)) <= LARGEST_ANSWER
    assert list(Answers().take(answer(said))) == [said]


@pytest.mark.parametrize(
    "said",
    [
        b"\xff\xff",
        b"\0\2no",
        b"\0\0",
        answer(FULL).replace(b"gi1/0/3", b"ZZTEST^"),
        answer(FULL).replace(b'"radio-pc"', b'"^JEANNE^"'),
    ],
)
def test_what_is_no_answer_is_refused(said):
    """Also a well-formed one that says what no frame may tell: whoever took over the child says it in vain."""
    with pytest.raises(ValueError, match=r"."):
        list(Answers().take(said))
