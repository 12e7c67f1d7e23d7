"""The answer to a request for an association."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sentinel.echo import dicom
from tests.echo import answers
from tests.echo.answers import bent


@given(st.one_of(st.binary(max_size=300), bent()))
def test_whether_an_answer_is_whole_is_always_known(raw: bytes):
    """And what is whole stays whole."""
    assert not dicom.is_whole(raw) or dicom.is_whole(raw + b"x")


def test_an_acceptance_is_read_to_its_end():
    """So that the release finds an empty line; known it is after ten bytes."""
    parts = [answers.ASSOCIATED[:size] for size in range(len(answers.ASSOCIATED))]

    assert not any(dicom.is_whole(part) for part in parts)
    assert dicom.is_whole(answers.ASSOCIATED)
    assert [dicom.read_answer(part) is not None for part in parts].index(True) == 10


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"\x02\x00\x7f\xff\xff\xff\x00\x01\x00\x00",  # 2 GiB long
        b"\x02\x00\x00\x00\x00\x04\x00\x01\x00\x00",  # too short for its titles
        b"\x03\x00\x00\x00\x00\x05\x00\x01\x01\x07",
        b"\x07\x01\x00\x00\x00\x04\x00\x00\x00\x00",
        b"\x04\x00\x00\x00\x00\x04\x00\x00\x00\x00",  # P-DATA
    ],
)
def test_what_only_resembles_dicom_is_not(raw: bytes):
    """Type, length and reserved byte must all be right."""
    assert dicom.read_answer(raw) is None
