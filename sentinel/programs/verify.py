"""`sentinel verify`: whether a dossier or a store is what it was when it was made.

0   everything holds, and an echo has countersigned it
3   everything holds, but no echo has, or not since the last entries about incidents, decisions or purges
1   something was changed, taken away or put in
65  it cannot be read at all
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

from sentinel.config import Language
from sentinel.dsse import key_id
from sentinel.errors import NotReadable
from sentinel.evidence import held, pack, verify
from sentinel.evidence.verify import Chain, Found, Point
from sentinel.places import Places
from sentinel.reach import keys
from sentinel.store import anchors
from sentinel.store.whole import Whole, whole
from sentinel.text import say

HOLDS, CHANGED, NOT_ANCHORED = 0, 1, 3
MARKS = {True: "✗", False: "✓"}

Tell = Callable[[str], object]


def dossier(file: Path, language: Language, tell: Tell, named: Iterable[str] = ()) -> int:
    """Look at a ZIP, on any machine; only echoes whose key ids are `named` count, if any are.

    Raises:
        NotReadable: it is not a dossier of ours.
    """
    try:
        raw = file.read_bytes() if file.stat().st_size <= pack.LARGEST else b""
    except OSError as error:
        raise NotReadable(f"{file} cannot be read: {error.strerror}") from None
    read = pack.unseal(raw)
    return _tell(verify.pack(read, key_id(read.by), frozenset(named)), language, tell)


def store(
    places: Places, language: Language, tell: Tell, others: Path | None = None, named: Iterable[str] = ()
) -> int:
    """Look at the store of this machine, also while `watch` runs.

    Args:
        places: where it lies.
        language: of what is told.
        tell: one line for people.
        others: an `anchors.jsonl` or `ancres.jsonl` that was kept elsewhere.
        named: key ids of echoes; any, where nobody named one.

    Raises:
        NotReadable: there is no store, or it cannot be read.
    """
    try:
        beside = anchors.read(places.anchors) + (anchors.read(others) if others else [])
        with whole(places.store) as found:
            chain = Chain().walk(found.entries())
            points = [Found(Point.STORE_DAMAGED, {"detail": found.damage})] if found.damage else []
            points += chain.points(excerpt=False)
            lines = dict.fromkeys((*found.anchors, *beside))
            points += verify.anchors(chain, lines, _own(places), frozenset(named))
            if chain.broken is None:
                points += held.rows(chain.told, _shown(found))
    except OSError as error:
        raise NotReadable(str(error)) from None
    return _tell(points, language, tell)


def _shown(found: Whole) -> held.Rows:
    return held.Rows(
        incidents=found.incidents,
        chapters=found.chapters,
        register=found.register,
        acceptances=found.acceptances,
        networks=found.networks,
    )


def _own(places: Places) -> frozenset[str]:
    """Our key id; a look makes no key."""
    if not (places.lasting / "sentinel.key").exists():
        return frozenset()
    return frozenset({keys.own_key_id(keys.own_key(places.lasting))})


def _plainly(about: Mapping[str, object]) -> dict[str, object]:
    """Times as people read them; whatever else a file says of itself moves no cursor."""
    told = {name: _printable(value) if isinstance(value, str) else value for name, value in about.items()}
    with suppress(KeyError, ValueError, TypeError, OverflowError):
        at = datetime.fromisoformat(str(told["at"])).astimezone(UTC)
        told["at"] = at.strftime("%Y-%m-%d %H:%M:%S UTC")
    return told


def _printable(text: str) -> str:
    return "".join(letter if letter.isprintable() else "?" for letter in text[:120])


def _tell(points: Sequence[Found], language: Language, tell: Tell) -> int:
    for each in points:
        mark = MARKS[each.is_bad] if each.point not in verify.NEUTRAL else "·"
        tell(f"{mark} {say(language, f'verify.{each.point.value}', **_plainly(each.about))}")
    if any(each.is_bad for each in points):
        code, word = CHANGED, "changed"
    elif any(each.point is Point.NOT_ANCHORED for each in points):
        code, word = NOT_ANCHORED, "consistent"
    elif any(each.point is Point.TAIL_TELLS for each in points):
        code, word = NOT_ANCHORED, "tail"
    else:
        code, word = HOLDS, "whole"
    tell(say(language, f"verify.verdict.{word}"))
    return code
