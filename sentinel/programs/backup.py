"""`sentinel backup` and `sentinel restore`: everything a sentinel knows, in one file.

The store is copied as it is at one moment, while `watch` goes on writing. Keys leave the machine only under a
passphrase: whoever has them can speak to the echo in our name and sign in it.

Root does this by hand, in a folder that belongs to the service's user, who could lay a link there at any moment:
whatever is done in it is done as its owner, by whom nothing is reached that was not his. The file and the
configuration are of whoever gave the command.
"""

import io
import os
import shutil
import sqlite3
import tarfile
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import BinaryIO

from sentinel.clock import Clock, boot_id, now
from sentinel.errors import MissingDevice, NotReadable
from sentinel.evidence.verify import Chain
from sentinel.model.ledger import EntryKind
from sentinel.places import Places
from sentinel.programs.alone import alone
from sentinel.programs.sealing import CHUNK, WRONG, Opener, Sealer
from sentinel.secret import as_owner, write_secret
from sentinel.store.archive import Archive
from sentinel.store.whole import whole

STORE, CONFIG, ANCHORS, PAPERS = "sentinel.db", "sentinel.toml", "anchors.jsonl", "papers"
KEYS = ("sentinel.key", "echoes.json", "page.key", "page.crt")
PLAIN = "Not encrypted, and without the keys: whoever has this file can read the log and the notices' addresses."
SECRET = "Encrypted, the keys are in it: without the passphrase nobody can read it, you neither."  # noqa: S105

Tell = Callable[[str], object]


def backup(file: Path, config: Path, places: Places, passphrase: str, tell: Tell, clock: Clock = now) -> None:
    """Write the file, whole or not at all; `watch` may run.

    Raises:
        MissingDevice: there is no store, or the file cannot be written.
    """
    if not places.store.exists():
        raise MissingDevice(f"there is no store in {places.lasting}")
    draft = file.with_name(f".{file.name}.new")
    try:
        draft.unlink(missing_ok=True)
        settings = config.read_bytes() if config.is_file() else None
        with _private(draft) as out, _copied(places) as copy:
            with Sealer(out, clock().wall, passphrase) as sealer:
                _pack(sealer, copy, settings, places, keys=bool(passphrase))
            out.flush()
            os.fsync(out.fileno())
        draft.replace(file)
    except (OSError, sqlite3.Error) as error:
        draft.unlink(missing_ok=True)
        raise MissingDevice(f"{file} cannot be written: {error}") from None
    tell(f"{file}: {file.stat().st_size / 1e6:.1f} MB")
    tell(SECRET if passphrase else PLAIN)


def _private(path: Path) -> BinaryIO:
    """A new file that nobody else may read; a link in its place is no such file."""
    return os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb")


@contextmanager
def _copied(places: Places) -> Iterator[Path]:
    """A copy of the store, for as long as we are the folder's owner.

    Beside the store: a plain copy on the stick could be found there again after it is removed.
    """
    with as_owner(places.lasting), TemporaryDirectory(dir=places.lasting, prefix=".backup-") as folder:
        copy = Path(folder) / STORE
        _copy(places.store, copy)
        yield copy


def _copy(store: Path, to: Path) -> None:
    """One moment of it, in one step: a copy in several would begin anew at each write of `watch`."""
    way = "mode=ro" if store.with_name(f"{store.name}-wal").exists() else "mode=ro&immutable=1"
    place = f"{store.absolute().as_uri()}?{way}"
    with closing(sqlite3.connect(place, uri=True)) as db, closing(sqlite3.connect(to)) as copy:
        db.backup(copy)
        copy.execute("PRAGMA journal_mode = DELETE")


def _pack(sealer: Sealer, store: Path, settings: bytes | None, places: Places, *, keys: bool) -> None:
    with tarfile.open(fileobj=sealer, mode="w|gz") as archive:
        with store.open("rb") as copy:  # without it there is no backup
            _add(archive, STORE, copy)
        if settings is not None:
            _add(archive, CONFIG, io.BytesIO(settings))
        for path, name in _files(places, keys=keys):
            if not path.is_symlink() and path.is_file():
                archive.add(path, name, recursive=False, filter=_nameless)


def _add(archive: tarfile.TarFile, name: str, file: BinaryIO) -> None:
    info = tarfile.TarInfo(name)
    info.size = file.seek(0, os.SEEK_END)
    file.seek(0)
    archive.addfile(info, file)


def _files(places: Places, *, keys: bool) -> Iterator[tuple[Path, str]]:
    yield places.anchors, ANCHORS
    if keys:
        yield from ((places.lasting / name, name) for name in KEYS)
    if places.papers.is_dir():
        yield from ((path, f"{PAPERS}/{path.name}") for path in sorted(places.papers.iterdir()))


def _nameless(info: tarfile.TarInfo) -> tarfile.TarInfo:
    info.uid = info.gid = 0
    info.uname = info.gname = ""
    return info


def restore(file: Path, config: Path, places: Places, passphrase: str, tell: Tell, *, over: bool = False) -> None:
    """Put everything back, once it has been looked at as a whole; nothing is overwritten, what was there is moved.

    Raises:
        NotReadable: it is no backup, not with this passphrase, damaged, or its journal does not hold.
        MissingDevice: a sentinel is running here, or there is a store already and `over` does not say so.
    """
    places.make()
    with _read(file) as raw, as_owner(places.lasting), alone(places):
        if places.store.exists() and not over:
            raise MissingDevice(f"there is a store in {places.lasting} already: --over moves it aside")
        with TemporaryDirectory(dir=places.lasting, prefix=".restore-") as folder:
            made = _unpack(file, raw, Path(folder), passphrase)
            head = _looked_at(Path(folder) / STORE)
            settings = _settings(Path(folder) / CONFIG)
            _put_back(Path(folder), places, tell)
        with _opened(places) as archive:
            archive.at_once("DELETE FROM sessions", ())  # whoever was logged in then is not now
            archive.tell(EntryKind.RESTORED, now(), made=made, head=head)
            archive.commit()
    if settings is not None:
        place = config.with_name(f"{config.name}.restored") if config.exists() else config
        write_secret(place, settings)
        tell(f"The configuration is in {place}.")
    tell(f"Restored as of {made}.")


def _read(file: Path) -> BinaryIO:
    try:
        return file.open("rb")
    except OSError as error:
        raise NotReadable(f"{file}: {error}") from None


def _unpack(file: Path, raw: BinaryIO, folder: Path, passphrase: str) -> str:
    try:
        opener = Opener(raw, passphrase)
        with tarfile.open(fileobj=opener, mode="r|gz") as archive:
            for info in archive:
                _take(archive, info, folder)
        while opener.read(CHUNK):  # to its end, or a cut would not be seen
            pass
        return opener.made
    except (OSError, EOFError, tarfile.TarError, ValueError) as error:
        raise NotReadable(f"{file}: {WRONG if isinstance(error, tarfile.TarError) else error}") from None


def _take(archive: tarfile.TarFile, info: tarfile.TarInfo, folder: Path) -> None:
    """Only what we pack, under the names we give."""
    parts = Path(info.name).parts
    known = info.name in (STORE, CONFIG, ANCHORS, *KEYS) or (
        len(parts) == 2 and parts[0] == PAPERS and info.name == f"{PAPERS}/{parts[1]}"
    )
    source = archive.extractfile(info) if known and info.isreg() else None
    if source is None or ".." in parts:
        raise NotReadable(f"there is something in it that no backup holds: {info.name!r:.60}")
    (folder / info.name).parent.mkdir(exist_ok=True)
    with _private(folder / info.name) as out:
        shutil.copyfileobj(source, out)
        if parts[0] == PAPERS:
            os.fchmod(out.fileno(), 0o640)  # the page hands them out, so its group reads them


def _looked_at(store: Path) -> str:
    """The head of its journal, which holds; the store is sound."""
    if not store.exists():
        raise NotReadable("there is no store in it")
    with whole(store) as found:
        chain = Chain().walk(found.entries())
    if found.damage or chain.broken is not None or chain.last is None:
        raise NotReadable("the store in it is damaged, or its journal does not hold: nothing was restored")
    return chain.last.hash


def _settings(held: Path) -> bytes | None:
    return held.read_bytes() if held.exists() else None


def _put_back(folder: Path, places: Places, tell: Tell) -> None:
    aside = places.lasting / f"before-{datetime.now(UTC):%Y%m%d-%H%M%S}"
    for name in (STORE, f"{STORE}-wal", f"{STORE}-shm", ANCHORS, PAPERS, *KEYS):
        new, old = folder / name, places.lasting / name
        if old.exists() and (new.exists() or name.startswith(STORE)):
            aside.mkdir(exist_ok=True)
            old.rename(aside / name)
        if new.exists():
            new.rename(old)
    if aside.exists():
        tell(f"What was here before is in {aside}.")
    if not (places.lasting / KEYS[0]).exists():
        tell("There were no keys in it: each echo needs a new invitation.")


@contextmanager
def _opened(places: Places) -> Iterator[Archive]:
    """Brought to the present schema."""
    try:
        archive = Archive(places.store, boot_id())
        try:
            yield archive
        finally:
            archive.close()
    except OSError as error:
        raise NotReadable(f"the store cannot be opened: {error}") from None
