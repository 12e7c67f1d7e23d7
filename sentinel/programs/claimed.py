"""`sentinel claimed`: the card's FAT partition follows the claim.

Until somebody has set a password the code lies there, for whoever holds the card; a new code, made by the button,
comes there too. Once the sentinel is claimed nothing secret stays: neither the code nor what the flasher wrote.
"""

import logging
import shutil

from sentinel.card import cleaning, notes
from sentinel.card.handed import Handed
from sentinel.card.partitions import Partitions
from sentinel.card.refusal import NotTaken
from sentinel.card.writable import writable
from sentinel.config import Config
from sentinel.places import Places
from sentinel.programs.claim import claim_code, own_code
from sentinel.secret import give

log = logging.getLogger(__name__)

LEFT = ("CODE-SENTINELLE.txt", ".*.new", ".Trash*", "*.toml~", "*.toml.bak")
"""The code, and what a cut, a file manager or an editor leaves beside the files: copies of the same secrets."""


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
    due = [each for each in (card.settings, card.preseed) if _is_due(each)]
    left = [each for pattern in LEFT for each in card.fat.glob(pattern)]
    if not due and not left:
        return
    with writable(card.fat):
        for path in left:
            shutil.rmtree(path) if path.is_dir() else path.unlink()
        for each in due:
            cleaning.clean(each)
            log.info("no secret is left in %s", each.file)


def _is_due(handed: Handed) -> bool:
    """Whether secrets may be in it and the copy holds every one; a file that was refused waits to be put right."""
    try:
        raw, given = handed.raw(), handed.given()
    except NotTaken:
        return False
    if not raw or handed.is_sealed(raw):
        return False
    return given is None or given == handed.stored()
