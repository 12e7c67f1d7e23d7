"""Takes secrets out of a file of the FAT partition, in place, so that every other line stays byte for byte.

A secret's line becomes a comment of the same length: nothing moves, no cluster is given up with the secret in it,
and a cut in the middle leaves a file that is cleaned at the next boot. Where the result does not read as the same
file without its secrets, or still holds one, everything is covered: the copy on the data partition has it all.
(What a flash card's own controller keeps of blocks it has replaced is beyond any program.)
"""

import os
import re
import tomllib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from sentinel.card.handed import COVER, Handed, looked_up
from sentinel.card.reading import Tables, text
from sentinel.card.statements import Statement, statements

SHORTEST = 4
"""Characters of a value that is looked for in what remains; a shorter one would be found everywhere."""


def clean(handed: Handed) -> None:
    """Take the secrets out of one file. The caller has made sure that the copy holds them.

    Raises:
        OSError: the card cannot be written.
        NotTaken: the file is no text, or too large.
    """
    raw = handed.raw()
    if raw is None:
        return
    begun = handed.is_half_cleaned(raw)
    cleaned = handed.sealed() if begun else without_secrets(raw, handed.secrets, handed.file.name)
    handed.put_seal(cleaned)
    if cleaned != raw:
        _overwrite(handed.file, cleaned)


def without_secrets(raw: bytes, secrets: Sequence[str], name: str) -> bytes:
    """The same bytes with each secret's lines covered; all lines where that is not sure.

    Raises:
        NotTaken: it is no text.
    """
    words, codec = text(raw, name)
    try:
        before = tomllib.loads(_unix(words))
        pieces = [_covered(each, codec) if _tells(each, secrets) else each.words for each in statements(words)]
        after = "".join(pieces)
        if _is_right(before, tomllib.loads(_unix(after)), after, secrets):
            return _saved(after, codec, raw)
    except (tomllib.TOMLDecodeError, RecursionError, ValueError):
        pass
    return _saved("".join(_cover(line, codec) for line in words.splitlines(keepends=True)), codec, raw)


def _tells(statement: Statement, secrets: Sequence[str]) -> bool:
    """Whether a statement gives a secret, or would without the mark that makes it a comment."""
    for words in (statement.body, statement.body.lstrip().lstrip("#")):
        try:
            found = tomllib.loads(_unix(f"{statement.header}\n{words}"))
        except (tomllib.TOMLDecodeError, RecursionError, ValueError):
            continue
        if any(_secrets_in(found, secrets)):
            return True
    return False


def _secrets_in(found: Tables, secrets: Sequence[str]) -> Iterator[str]:
    for path in secrets:
        value = looked_up(found, path)
        yield from _texts(value)


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str) and value:
        yield value
    elif isinstance(value, list):
        for each in value:
            yield from _texts(each)
    elif isinstance(value, dict):
        for each in value.values():
            yield from _texts(each)
    elif value not in (None, "") and not isinstance(value, str):
        yield str(value)


def _is_right(before: Tables, after: Tables, words: str, secrets: Sequence[str]) -> bool:
    """No secret is left, neither as a value nor as letters anywhere, and nothing was added."""
    if any(_secrets_in(after, secrets)):
        return False
    values = [each for each in _secrets_in(before, secrets) if len(each) >= SHORTEST]
    return not any(each in words for each in values) and _is_part(after, before)


def _is_part(after: Any, before: Any) -> bool:
    if isinstance(after, dict) and isinstance(before, dict):
        return all(name in before and _is_part(value, before[name]) for name, value in after.items())
    return bool(after == before)


def _covered(statement: Statement, codec: str) -> str:
    return "".join(_cover(line, codec) for line in statement.words.splitlines(keepends=True))


def _cover(line: str, codec: str) -> str:
    """A comment that takes as many bytes as the line did."""
    held = re.split(r"([\r\n]+)$", line, maxsplit=1)
    body, end = held[0], "".join(held[1:])
    room = _length(body, codec) // _length(" ", codec)
    return (COVER if room >= len(COVER) else "#" * min(room, 1)).ljust(room) + end


def _length(words: str, codec: str) -> int:
    return len(words.encode({"utf-8-sig": "utf-8", "utf-16": "utf-16-le"}.get(codec, codec)))


def _saved(words: str, codec: str, raw: bytes) -> bytes:
    """In the codec it came in, its mark included."""
    if codec == "utf-16":
        codec = "utf-16-be" if raw[:2] == b"\xfe\xff" else "utf-16-le"
        return raw[:2] + words.encode(codec)
    return words.encode(codec)


def _unix(words: str) -> str:
    return words.replace("\r\n", "\n").replace("\r", "\n")


def _overwrite(path: Path, content: bytes) -> None:
    """The same length over the same clusters, down to the card."""
    held = os.open(path, os.O_WRONLY)
    try:
        done = 0
        while done < len(content):
            done += os.pwrite(held, content[done:], done)
        os.ftruncate(held, len(content))
        os.fsync(held)
    finally:
        os.close(held)
