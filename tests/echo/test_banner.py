"""Reading what a server says: fixed words come out, whatever goes in."""

from dataclasses import astuple

from hypothesis import given
from hypothesis import strategies as st

from sentinel.echo import banner
from sentinel.echo.banner import spoken
from sentinel.model.exposure import Answer, Application, Auth, Kind
from sentinel.services import PRODUCTS
from tests.echo.answers import bent


def in_fixed_words(application: Application) -> bool:
    """Whether every field is one of our words, an HTTP status, or a code of PS3.8."""
    values = astuple(application)
    return all(value is None or _is_word(value) or _is_status(value) or _is_code(value) for value in values)


def _is_word(value: object) -> bool:
    return isinstance(value, bool | Kind | Answer | Auth) or value in PRODUCTS


def _is_status(value: object) -> bool:
    return isinstance(value, int) and 100 <= value <= 599


def _is_code(value: object) -> bool:
    return isinstance(value, tuple) and value[0] in (1, 2) and value[1] in (1, 2, 3) and value[2] <= 10


@given(st.one_of(st.binary(max_size=300), bent()))
def test_only_fixed_words_come_out(raw: bytes):
    """Of a server's own text nothing can."""
    assert in_fixed_words(spoken(raw) or Application(kind=Kind.UNKNOWN))


def test_the_remote_desktop_question_is_one_whole_packet():
    """Its two lengths say so."""
    said = banner.REMOTE_DESKTOP_REQUEST

    assert int.from_bytes(said[2:4], "big") == len(said) == said[4] + 5
