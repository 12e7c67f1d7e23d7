"""The statements of a TOML text, each with its lines as they stand: headers, keys with their values, comments.

Not a parser: it only knows where a statement ends, which strings and brackets decide. What it makes of a text is
never believed without `tomllib`.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

HEADER = re.compile(r"\s*\[")
# A string (of the four kinds, the long ones first) or a comment, where brackets and line ends mean nothing.
QUOTED = re.compile(
    r'"""(?:[^\\]|\\.)*?"{3,5}|\'\'\'.*?\'{3,5}|"(?:[^"\\\r\n]|\\.)*"|\'[^\'\r\n]*\'|#[^\r\n]*', re.DOTALL
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement:
    """Some lines that belong together."""

    words: str
    """As they stand, line ends included."""
    header: str
    """The section they stand in, as it was written; empty before the first."""

    @property
    def body(self) -> str:
        """What it says, without the white space around it."""
        return self.words.strip()


def statements(text: str) -> Iterator[Statement]:
    """Every line of a text, in order; their `words` together are the text."""
    header, place = "", 0
    while place < len(text):
        end = _end(text, place)
        words = text[place:end]
        if HEADER.match(words):
            header = words.strip()
        yield Statement(words=words, header="" if HEADER.match(words) else header)
        place = end


def _end(text: str, place: int) -> int:
    """Behind the line end that ends a statement: outside of strings and brackets."""
    depth = 0
    while place < len(text):
        quoted = QUOTED.match(text, place)
        if quoted:
            place = quoted.end()
            continue
        letter = text[place]
        place += 1
        if letter in "[{":
            depth += 1
        elif letter in "]}":
            depth -= 1
        elif letter == "\n" and depth <= 0:
            break
    return place
