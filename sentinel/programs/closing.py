"""`sentinel close`: the end of a sentinel, in the order in which nothing is lost.

First the last entry of the journal and the closing page, then everything that must be kept to a folder, then the
wiping. The register and the journal are the practice's: they leave, the log does not.
"""

import json
import shutil
from collections.abc import Callable, Iterable
from pathlib import Path

from sentinel.clock import Clock, boot_id, now
from sentinel.config import Config
from sentinel.errors import MissingDevice, NotReadable, SentinelError
from sentinel.model.acting import PaperKind
from sentinel.model.ledger import EntryKind, write_lines
from sentinel.places import Places
from sentinel.programs.alone import alone
from sentinel.programs.effective import effective
from sentinel.programs.ordering import Order
from sentinel.reach import keys
from sentinel.store import anchors
from sentinel.store.archive import Archive
from sentinel.store.whole import whole

REGISTER, JOURNAL, HEADS, PAPERS = "registre.json", "journal.jsonl", "ancres.jsonl", "papiers"
NAMELESS = "cabinet"
"""What is typed where the practice has no name."""
WIPED = ("sentinel.db", "sentinel.db-wal", "sentinel.db-shm", "sentinel.key", "echoes.json", "anchors.jsonl")
ALSO = ("page.key", "page.crt", "CODE-SENTINELLE.txt", "claimed", "watch.lock")

Tell = Callable[[str], object]


def close(
    folder: Path,
    config: Config,
    places: Places,
    tell: Tell,
    confirm: Callable[[str], bool] | None = None,
    clock: Clock = now,
    file: Path | None = None,
) -> None:
    """Export, then wipe.

    Args:
        folder: new, or empty.
        config: the file's; what was set on the page covers it.
        places: where the sentinel keeps its things.
        tell: one line for people.
        confirm: is told the practice's name and says whether to go on; None: go on.
        clock: the present.
        file: `sentinel.toml`. It is the technician's, and may be the next machine's: it is named and not removed.

    Raises:
        MissingDevice: a sentinel is running here, there is no store, or the folder cannot be written.
        NotReadable: the name was not typed, or the store cannot be read: nothing was wiped.
    """
    if not places.store.exists():
        raise MissingDevice(f"there is no store in {places.lasting}")
    with alone(places):
        name = effective(config, places).practice.name or NAMELESS
        if confirm is not None and not confirm(name):
            raise NotReadable("another name was typed: nothing was wiped")
        _keep(folder, config, places, tell, clock)
        revoking = list(_revoking(places))
        _wipe(places)
    for line in ("Wiped: store, keys, papers, codes. A memory card keeps traces: destroy it.", *revoking):
        tell(line)
    if file is not None and file.exists():
        tell(
            f"{file} is still there. It holds the page's code, the echoes' invitations, mail passwords: remove it."
        )


def _keep(folder: Path, config: Config, places: Places, tell: Tell, clock: Clock) -> None:
    """The last entry and page, and all that leaves."""
    try:
        folder.mkdir(mode=0o750, parents=True, exist_ok=True)
        if any(folder.iterdir()):
            raise MissingDevice(f"{folder} is not empty")
        _last_page(config, places, tell, clock)
        _export(folder, places)
    except OSError as error:
        raise MissingDevice(f"nothing was wiped, {folder} cannot be written: {error}") from None
    tell(f"Kept in {folder}: {', '.join(sorted(each.name for each in folder.iterdir()))}.")


def _last_page(config: Config, places: Places, tell: Tell, clock: Clock) -> None:
    archive = Archive(places.store, boot_id())
    try:
        archive.tell(EntryKind.CLOSED_DOWN, clock())
        archive.commit()
    finally:
        archive.close()
    try:
        from sentinel.programs.drawing import draw

        draw(Order(kind=PaperKind.CLOSING), config, places, clock().wall)
    except ModuleNotFoundError as error:
        tell(f"No closing page: its packages are not installed ({error.name}).")


def _export(folder: Path, places: Places) -> None:
    with whole(places.store) as found:
        register = json.dumps(list(found.register.values()), indent=1, ensure_ascii=False)
        (folder / REGISTER).write_text(register + "\n", encoding="utf-8")
        (folder / JOURNAL).write_bytes(write_lines(found.entries()))
        lines = dict.fromkeys((*found.anchors, *anchors.read(places.anchors)))
        (folder / HEADS).write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    if places.papers.is_dir():
        shutil.copytree(places.papers, folder / PAPERS, symlinks=True)  # root follows no link of the service's


def _revoking(places: Places) -> Iterable[str]:
    """What the operator of each echo does, so that our key opens nothing any more."""
    try:
        own, known = keys.own_key_id(keys.own_key(places.lasting)), keys.echoes(places.lasting)
    except SentinelError:
        return
    for echo in known:
        yield f"At {echo.host}, its operator runs: sentinel echo revoke --dir FOLDER {own}"


def _wipe(places: Places) -> None:
    for name in (*WIPED, *ALSO):
        (places.lasting / name).unlink(missing_ok=True)
    shutil.rmtree(places.papers, ignore_errors=True)
    shutil.rmtree(places.passing, ignore_errors=True)
    for aside in places.lasting.glob("before-*"):
        shutil.rmtree(aside, ignore_errors=True)
    for broken_off in places.lasting.glob(".backup-*"):
        shutil.rmtree(broken_off, ignore_errors=True)
