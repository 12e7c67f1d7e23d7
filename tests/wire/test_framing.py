"""Messages in a stream: whole again however the stream was cut, and no longer than they may be."""

from itertools import pairwise
from struct import Struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sentinel.wire.framing import Unframed, framed

LENGTH, LARGEST = Struct("!H"), 300


@given(st.lists(st.binary(max_size=LARGEST), max_size=8), st.lists(st.integers(0, 2_500), max_size=12))
def test_messages_are_whole_again_however_the_stream_was_cut(messages, cuts):
    """Within a length, within a message, or many at once."""
    stream = b"".join(framed(LENGTH, each) for each in messages)
    edges = sorted({0, len(stream), *(cut for cut in cuts if cut < len(stream))})
    reader = Unframed(LENGTH, LARGEST)

    pieces = [stream[start:end] for start, end in pairwise(edges)]

    assert [each for piece in pieces for each in reader.take(piece)] == messages


def test_a_message_that_cannot_be_one_ends_the_stream():
    """By its announcement alone; what came whole before it is given."""
    reader = Unframed(LENGTH, LARGEST)
    given_first = reader.take(framed(LENGTH, b"first") + LENGTH.pack(LARGEST + 1))

    assert next(given_first) == b"first"
    with pytest.raises(ValueError, match="301 bytes"):
        next(given_first)
