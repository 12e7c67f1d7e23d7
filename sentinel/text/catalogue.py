"""The catalogues: keys to sentences with blanks, compiled from `catalogues/*.po` when first asked."""

import warnings
from functools import cache
from gettext import GNUTranslations
from importlib.resources import files
from io import BytesIO

from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.numbers import format_decimal

LANGUAGES = ("fr", "en")

LOCALES = {"fr": "fr_FR", "en": "en_GB"}
"""The habits of date and number behind each language."""


class MissingWords(UserWarning):
    """A key or a blank the catalogues do not know: an error in the tests, a bare key on the page."""


@cache
def translations(language: str) -> GNUTranslations:
    """One language's catalogue, compiled.

    Raises:
        FileNotFoundError: there is no such language.
    """
    with files("sentinel.text").joinpath(f"catalogues/{language}.po").open("rb") as source:
        catalog = read_po(source, locale=language)
    compiled = BytesIO()
    write_mo(compiled, catalog)
    compiled.seek(0)
    return GNUTranslations(compiled)


def has(language: str, key: str) -> bool:
    """Whether there are words for `key`."""
    return _one(translations(language), key) != key


def pattern(language: str, key: str, count: int | None = None) -> str:
    """The sentence of `key`, blanks unfilled, in the plural that `count` asks for; the key when there is none."""
    words = translations(language)
    found = key if count is None else words.ngettext(key, key, count)
    if found == key:
        found = _one(words, key)
    if found == key:
        warnings.warn(f"no words for {key!r} in {language!r}", MissingWords, stacklevel=3)
    return found


def _one(words: GNUTranslations, key: str) -> str:
    """The words of one: gettext alone overlooks what has a plural in Python 3.11.2, which is Debian 12's."""
    found = words.gettext(key)
    return words.ngettext(key, key, 1) if found == key else found


def number(language: str, value: float) -> str:
    """A number with this language's separators, two digits after the comma at most."""
    return str(format_decimal(value, format="#,##0.##", locale=LOCALES[language]))


def filled(language: str, blanks: dict[str, object]) -> dict[str, object]:
    """The blanks as they are written: counts as this language writes numbers; a port is handed in as text."""
    return {
        name: number(language, value) if isinstance(value, int | float) else value
        for name, value in blanks.items()
    }


def say(language: str, key: str, **blanks: object) -> str:
    """The sentence of `key`; a blank named `count` also chooses the plural.

    What is missing is shown as its key, and never stops a page.
    """
    count = blanks.get("count")
    sentence = pattern(language, key, count if isinstance(count, int) else None)
    try:
        return sentence.format(**filled(language, blanks))
    except (KeyError, IndexError, ValueError) as error:
        warnings.warn(f"{key!r} in {language!r}: blank {error} not filled", MissingWords, stacklevel=2)
        return sentence
