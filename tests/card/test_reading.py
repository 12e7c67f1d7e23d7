"""A file as any editor may have saved it: a document, or one plain sentence that repeats nothing of it."""

import tomllib

import pytest
from hypothesis import given
from hypothesis import strategies as some

from sentinel.card.reading import reads, tables, text
from sentinel.card.refusal import NotTaken, Why
from tests.card.cards import SETTINGS


@pytest.mark.parametrize("codec", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "cp1252"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_every_editor_is_understood(codec, end):
    """Notepad's four ways of saving, with either system's line ends."""
    marks = {"utf-16-le": b"\xff\xfe", "utf-16-be": b"\xfe\xff"}
    raw = marks.get(codec, b"") + SETTINGS.replace("\n", end).encode(codec)

    assert tables(text(raw, "")[0], "") == tomllib.loads(SETTINGS)


@pytest.mark.parametrize(
    "raw",
    [b"\x89PNG\r\n\x1a\n\0\0", b"a = 1\0", b"\xff\xfe\0", b"\xef\xbb\xbf\xff", "a".encode("utf-32"), b"\x81"],
)
def test_what_is_no_text_is_refused(raw):
    """In one plain sentence."""
    with pytest.raises(NotTaken) as error:
        text(raw, "sentinel.toml")

    assert error.value.refused.why is Why.BINARY
    assert str(error.value).startswith("sentinel.toml: this is no text file.")


@pytest.mark.parametrize(
    ("words", "place"),
    [
        ("a = 'SECRET", "1:12"),
        ("a = 1\nb = SECRET\n", "2:5"),
        ("[a\n", "1:3"),
        ("a = " + "[" * 10_000, "?"),
        ("a = " + "9" * 5_000, "?"),
        ("a.b.c.d.e.f.g = 1", "?"),
        ("a = [[[[[[1]]]]]]", "?"),
    ],
)
def test_what_is_no_toml_is_told_by_its_place(words, place):
    """Never by what stands there."""
    with pytest.raises(NotTaken) as error:
        tables(words, "sentinel.toml")

    assert (error.value.refused.why, error.value.refused.detail) == (Why.SYNTAX, place)
    assert "SECRET" not in str(error.value)


@given(some.binary(max_size=200) | some.text(max_size=100).map(str.encode))
def test_whatever_lies_there_is_a_document_or_a_refusal(raw):
    """Nothing else comes of it."""
    if reads(raw):
        assert isinstance(tables(text(raw, "")[0], ""), dict)
