"""`sentinel claimed`: the card's FAT partition follows the claim.

Until somebody has set a password the code lies there, for whoever holds the card; a new code, made by the button,
comes there too. Once the sentinel is claimed nothing secret stays: neither the code nor what the flasher wrote.
"""

import logging
from enum import Enum, auto

from sentinel.card import cleaning, leaving, notes
from sentinel.card.handed import Handed
from sentinel.card.partitions import Partitions
from sentinel.card.refusal import NotTaken, Refused
from sentinel.card.writable import writable
from sentinel.config import Config
from sentinel.places import Places
from sentinel.programs.claim import claim_code, own_code
from sentinel.secret import give

log = logging.getLogger(__name__)


def was_claimed(places: Places) -> bool:
    """Whether a password has ever been set: then the flasher's code opens nothing any more."""
    return places.claimed.exists()


def is_claimed(places: Places) -> bool:
    """Whether one is set now; the button may have taken it away and left a new code."""
    return was_claimed(places) and not places.code.exists()


def settle(card: Partitions, places: Places, config: Config) -> None:
    """Bring the FAT partition to what the claim says; nothing is written where it is so already.

    Raises:
        OSError: the card cannot be written.
        MissingDevice: the code can neither be read nor written.
    """
    if is_claimed(places):
        _clean(card)
    else:
        _show(card, _code(config, places))


def _code(config: Config, places: Places) -> str:
    """The code that opens the page now: the flasher's is dead once there was a password.

    Whoever owns the folder owns the file: root may come here first.
    """
    code = own_code(places) if was_claimed(places) else claim_code(config, places)
    if places.code.exists():
        give(places.code)
    return code


def _show(card: Partitions, code: str) -> None:
    name = (card.root / "etc/hostname").read_text(encoding="ascii").strip()
    note = notes.code_note(code, notes.board(card.root, name))
    if notes.is_new(note, card.code):
        with writable(card.fat):
            notes.put(note, card.code)
        log.info("the code lies on the card: %s", card.code)


def _clean(card: Partitions) -> None:
    files = (card.settings, card.preseed)
    due, refused = ([each for each in files if _is(each) is state] for state in (State.DUE, State.REFUSED))
    left = leaving.left(card.fat)
    copies = [(path, each) for each in files for path in leaving.copies(each)]
    if not (due or refused or left or copies):
        return
    before = _told(card)
    with writable(card.fat):
        for path in left:
            leaving.erase(path)
        for each in due:
            cleaning.clean(each)
            log.info("no secret is left in %s", each.file)
        for each in refused:
            leaving.cover(each)
            log.warning("%s was refused, and taken off the card", each.file)
        for path, each in copies:
            leaving.take_copy(path, each)
        _say_where(card, before)


def _told(card: Partitions) -> list[Refused]:
    return [*leaving.told(card.settings), *leaving.told(card.preseed)]


def _say_where(card: Partitions, before: list[Refused]) -> None:
    """Under what the start found wrong; the next one writes it all anew."""
    if new := [each for each in _told(card) if each not in before]:
        found = notes.saved(card.mistakes)
        notes.put("\n".join([*filter(None, [found]), notes.mistakes_note(new)]), card.mistakes)


class State(Enum):
    """Of a file of the flasher, once the sentinel is claimed."""

    SETTLED = auto()
    """There is none, or none of its secrets is in it."""
    DUE = auto()
    """Secrets may be in it, and the copy holds every one."""
    REFUSED = auto()
    """What is in it is nowhere else."""


def _is(handed: Handed) -> State:
    if not handed.file.is_file():
        return State.SETTLED
    try:
        raw, given = handed.raw(), handed.given()
    except NotTaken:
        return State.REFUSED
    if not raw or handed.is_sealed(raw):
        return State.SETTLED
    return State.DUE if given is None or given == handed.stored() else State.REFUSED
