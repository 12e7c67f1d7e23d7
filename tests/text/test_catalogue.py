"""The catalogues say the same things in both languages, and are written as each language is printed."""

import re
from enum import StrEnum
from pathlib import Path
from string import Formatter

import pytest
from babel.messages.pofile import read_po

from sentinel.model.acting import MeasureKind, PaperKind
from sentinel.model.connection import Association, ConnectionState, DicomService, Label
from sentinel.model.coverage import Shows, Wrapping
from sentinel.model.declared import View
from sentinel.model.exposure import Answer, Auth, CellVerdict, Kind, Outcome, PortList, Reach, Why
from sentinel.model.finding import Code, Grade, Level
from sentinel.model.incident import IncidentState
from sentinel.model.passing import Part
from sentinel.model.renewal import Came, Lack
from sentinel.model.standing import Standing
from sentinel.model.verdict import Assurance
from sentinel.text import LANGUAGES, has, say
from sentinel.text.catalogue import MissingWords, files
from sentinel.wire.requests import Reply, Verb

PLAIN_SPACE_BEFORE = re.compile(r"(?<![\u00a0\u202f])[;!?»]|(?<![\u00a0\u202f]):(?=\s|$)|«(?!\u00a0)")


def entries(language: str) -> dict[str, tuple[str, ...]]:
    """Every key with its sentence, or its two plurals."""
    with files("sentinel.text").joinpath(f"catalogues/{language}.po").open("rb") as source:
        catalog = read_po(source, locale=language)
    return {
        message.id if isinstance(message.id, str) else message.id[0]: (
            (message.string,) if isinstance(message.string, str) else tuple(message.string)
        )
        for message in catalog
        if message.id
    }


def blanks(sentence: str) -> set[str]:
    """The names of a sentence's blanks."""
    return {name for _, name, _, _ in Formatter().parse(sentence) if name}


FRENCH, ENGLISH = entries("fr"), entries("en")


def test_both_languages_have_the_same_keys():
    """A sentence that exists in one language only would be a bare key in the other."""
    assert FRENCH.keys() == ENGLISH.keys()


def test_both_languages_have_the_same_blanks_and_plurals():
    """What a sentence is told, it may use in both languages."""
    for key, french in FRENCH.items():
        english = ENGLISH[key]
        assert len(french) == len(english), key
        assert set().union(*map(blanks, french)) == set().union(*map(blanks, english)), key
        assert all((*french, *english)), key


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("code", Code)
@pytest.mark.parametrize("what", ["title", "sentence", "gesture"])
def test_every_code_has_its_words(language, code, what):
    """A new code comes with its words, or this fails."""
    assert has(language, f"finding.{code.value}.{what}")


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_value_a_table_shows_has_its_word(language):
    """A new state, reason or outcome comes with its word, or this fails."""
    shown: dict[str, type[StrEnum]] = {
        "connection": ConnectionState,
        "standing": Standing,
        "association": Association,
        "spoken": Label,
        "state": IncidentState,
        "why": Why,
        "cell": CellVerdict,
        "legend": CellVerdict,
        "kind": Kind,
        "dicom_answer": Answer,
        "dicom_service": DicomService,
        "auth": Auth,
        "outcome": Outcome,
        "list": PortList,
        "view": View,
        "assurance": Assurance,
        "part": Part,
        "papers.kind": PaperKind,
        "first.view": Shows,
        "wrapped": Wrapping,
        "paper.reach": Reach,
        "paper.measure": MeasureKind,
        "renewal.came": Came,
        "renewal.lack": Lack,
    }
    keys = [f"{prefix}.{each.value}" for prefix, values in shown.items() for each in values]
    keys += [f"grade.{each.word}" for each in Grade] + [f"level.{each.word}" for each in Level]
    keys += [f"first.view.{each.value}.gesture" for each in Shows]
    keys += [f"reply.{each.value}" for each in Reply if each is not Reply.DONE]
    keys += [f"audited.{each.value}" for each in Verb] + [f"came.{each.value}" for each in Reply]
    keys += [
        f"reply.{each.value}.done"
        for each in (Verb.LOGIN, Verb.LOGOUT, Verb.CHECK, Verb.READ, Verb.NETWORK, Verb.SETTING)
    ]

    assert [key for key in keys if not has(language, key)] == []


def test_french_is_written_as_french_is_printed():
    """No-break spaces before the high punctuation and inside « », curly apostrophes and quotes."""
    for key, sentences in FRENCH.items():
        for sentence in sentences:
            assert not PLAIN_SPACE_BEFORE.search(sentence), key
            assert not {"'", '"'} & set(sentence), key


def test_english_uses_curly_quotes_and_no_french_spaces():
    """The other language's habits are not copied."""
    for key, sentences in ENGLISH.items():
        for sentence in sentences:
            assert not {"'", '"'} & set(sentence), key
            assert not re.search(r"\s[:;!?]", sentence), key


def test_every_key_a_page_or_a_program_names_has_words():
    """And every sentence is used somewhere: what nobody says is taken out."""
    root = Path(__file__).parents[2]
    sources = [*root.glob("web/**/*.py"), *root.glob("web/**/*.html"), *root.glob("sentinel/**/*.py")]
    written = " ".join(each.read_text(encoding="utf-8") for each in sources)
    named = set(re.findall(r"""\b(?:t|say)\(\s*(?:language, )?["']([a-z_.]+[a-z_])["']""", written))
    put_together = set(re.findall(r"""["']([a-z_]+)\.[a-z_.]*(?:\{|["'] ~)|\bword\(["']([a-z_]+)""", written))
    prefixes = tuple(f"{each or other}." for each, other in put_together)
    prefixes += ("verdict.", "machine.", "size.", "time.")  # chosen by variants, lists and dictionaries

    assert {each for each in named if "." in each} <= FRENCH.keys()
    assert [key for key in FRENCH if key not in written and not key.startswith(prefixes)] == []


def test_nothing_ever_promises_that_all_is_well():
    """The page says what was proved and when; a careful doctor would file anything more as proof."""
    everything = " ".join(" ".join(each) for each in (*FRENCH.values(), *ENGLISH.values())).lower()

    assert "tout va bien" not in everything
    assert "all is well" not in everything


def test_counts_choose_the_plural_and_are_written_in_the_language():
    """French counts zero with one; thousands are apart by a thin space, or a comma."""
    assert say("fr", "connections.count", count=0) == "0 connexion"
    assert say("fr", "connections.count", count=1) == "1 connexion"
    assert say("fr", "connections.count", count=12400) == "12\u202f400 connexions"
    assert say("en", "connections.count", count=0) == "0 connections"
    assert say("en", "connections.count", count=12400) == "12,400 connections"


def test_a_missing_key_is_shown_and_is_an_error_in_the_tests():
    """A page with a bare key still tells the rest."""
    with pytest.warns(MissingWords, match=r"no\.such\.key"):
        assert say("fr", "no.such.key", at="8 h") == "no.such.key"


def test_a_missing_blank_is_shown_and_is_an_error_in_the_tests():
    """The sentence comes unfilled rather than not at all."""
    with pytest.warns(MissingWords, match="name"):
        assert say("en", "machine.of") == "of {name}"
