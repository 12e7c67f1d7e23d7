"""The store before and after a trial: copied before a new version touches it, put back where the old one must.

Where the old version can read what the new one left, it goes on with that. Else the copy comes back, with an entry
in the journal that says so, and the newer store is kept aside until the next trial. Every step can be cut and
begun anew: the copy goes only when the rest is done.
"""

import logging
import shutil
from datetime import UTC, datetime
from pathlib import Path

from sentinel.clock import boot_id, now
from sentinel.model.ledger import EntryKind
from sentinel.model.renewal import Lost
from sentinel.places import Places
from sentinel.secret import as_owner
from sentinel.store import kept
from sentinel.store.archive import Archive
from sentinel.store.reading import opened

BEFORE = ".before-"
ASIDE = "after-"

log = logging.getLogger(__name__)


def keep(places: Places, version: str, *, anew: bool) -> None:
    """Copy store and countersigned heads to `….before-VERSION`; an earlier try's copy stays unless `anew`.

    Raises:
        OSError: there is no room, or the store cannot be read.
    """
    with as_owner(places.lasting):
        if anew:
            forget(places)
            forget_aside(places)
        if copies(places) or not places.store.exists():
            return
        if places.anchors.exists():
            shutil.copyfile(places.anchors, places.anchors.with_name(f"{places.anchors.name}{BEFORE}{version}"))
        kept.copy(places.store, places.store.with_name(f"{places.store.name}{BEFORE}{version}"))


def copies(places: Places) -> list[Path]:
    """The copies of the store that are kept; one, or none."""
    found = sorted(places.lasting.glob(f"{places.store.name}{BEFORE}*"))
    return [path for path in found if not path.name.endswith((".new", "-journal"))]  # half a copy is none


def forget(places: Places) -> None:
    """The copies are needed no more."""
    for name in (places.store.name, places.anchors.name):
        for path in places.lasting.glob(f"{name}{BEFORE}*"):
            path.unlink()


def forget_aside(places: Places) -> None:
    """Nor what a trial before had stored."""
    for folder in places.lasting.glob(f"{ASIDE}[0-9]*"):
        shutil.rmtree(folder)


def put_back(places: Places, later: str) -> Lost | None:
    """The copy again, where this version cannot go on with the store that `later` left.

    Returns:
        What is out of sight now; none where nothing is.

    Raises:
        OSError: the folder cannot be written, or the copy not be read.
    """
    found = copies(places)
    aside = places.lasting / f"{ASIDE}{later or '0'}"
    if not found:
        return None
    with as_owner(places.lasting):
        if not places.store.exists() or not kept.is_ours(places.store):
            _exchange(places, found[0], aside)
        return _lost(aside, found[0], places)


def _exchange(places: Places, copy: Path, aside: Path) -> None:
    log.warning("the store was changed by a later version: the copy of before the update is put back")
    draft = places.store.with_name(f"{places.store.name}.back")
    for path in places.lasting.glob(f"{draft.name}*"):
        path.unlink()
    kept.copy(copy, draft)
    _tell(draft, copy)
    if not aside.exists():
        forget_aside(places)
        aside.mkdir()
    store = places.store.name
    for name in (store, f"{store}-wal", f"{store}-shm", places.anchors.name):  # first what would be taken for ours
        if (places.lasting / name).exists() and not (aside / name).exists():
            (places.lasting / name).rename(aside / name)
    anchors = copy.with_name(copy.name.replace(store, places.anchors.name, 1))
    if anchors.exists():
        shutil.copyfile(anchors, places.anchors)
    draft.rename(places.store)


def _tell(draft: Path, copy: Path) -> None:
    """The journal goes on from where the copy ends, and says why."""
    made = datetime.fromtimestamp(copy.stat().st_mtime, UTC)
    with opened(draft) as reader:
        head = reader.vitals().head
    archive = Archive(draft, boot_id())
    try:
        archive.tell(EntryKind.RESTORED, now(), made=f"{made:%Y-%m-%dT%H:%MZ}", head=head)
        archive.commit()
    finally:
        archive.close()


def _lost(aside: Path, copy: Path, places: Places) -> Lost | None:
    if not aside.exists():
        return None
    later, before = kept.held(aside / places.store.name), kept.held(copy)
    if later is None or before is None:
        return Lost(connections=None, incidents=None, aside=aside.name)
    return Lost(
        connections=max(0, later.connections - before.connections),
        incidents=max(0, later.incidents - before.incidents),
        aside=aside.name,
    )
