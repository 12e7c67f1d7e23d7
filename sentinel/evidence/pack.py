"""One file that proves itself: a ZIP whose manifest names each file by its hash and is signed by the sentinel.

    MANIFESTE.json   {"v": 1, "made": …, "by": …, "head": …, "files": {name: SHA-256 in hex}}
    MANIFESTE.sig    64 bytes: Ed25519 over the very bytes of MANIFESTE.json

`by` is the public key (32 bytes, base64), `head` the hash of the journal's last entry when the file was made. What
comes from elsewhere is read as a stranger's: bounded, and nothing of it is ever written under a name it chose.
"""

import json
import re
import zipfile
import zlib
from base64 import b64decode, b64encode
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from io import BytesIO
from typing import Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from sentinel.errors import NotReadable

MANIFEST: Final = "MANIFESTE.json"
SIGNATURE: Final = "MANIFESTE.sig"
README: Final = "LISEZMOI.txt"
DOSSIER: Final = "dossier.pdf"
DRAFT: Final = "brouillon-cnil.pdf"
INCIDENT: Final = "incident.json"
CONNECTIONS_CSV: Final = "connexions.csv"
CONNECTIONS_JSON: Final = "connexions.json"
REPORTS: Final = "rapports/"
"""Folder of the signed checks, each `rapports/<check>.json`: one line of `reach.record`."""
JOURNAL: Final = "journal.jsonl"
ANCHORS: Final = "ancres.jsonl"

NAME: Final = re.compile(r"(?!.*\.\.)[A-Za-z0-9_][A-Za-z0-9_.-]{0,99}(/[A-Za-z0-9_-][A-Za-z0-9_.-]{0,99})?")
LARGEST: Final = 64 << 20
"""Bytes of the ZIP, and of everything in it unpacked."""
MOST: Final = 2000
"""Files."""
TIGHTEST: Final = 200
"""How much smaller than itself a file may be packed; deflate reaches 1032, and honest text 30."""

DAMAGED = (zipfile.BadZipFile, NotImplementedError, RuntimeError, ValueError, OSError, EOFError, zlib.error)
"""What `zipfile` raises over a forged file: NotImplementedError for a compression it has not, RuntimeError for a
password."""


class NotAPack(NotReadable):
    """The file is no such ZIP; the sentence says why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pack:
    """What was read: nothing of it is believed before `wrong` is empty."""

    files: Mapping[str, bytes]
    """Without manifest and signature."""
    made: datetime
    by: bytes
    """Ed25519 public key, raw."""
    head: str
    is_signed: bool
    """The manifest's signature is that of `by`."""
    wrong: tuple[str, ...]
    """Names of files that are missing, too many, or other than the manifest says."""


def seal(
    files: Mapping[str, bytes],
    *,
    made: datetime,
    head: str,
    sign: Callable[[bytes], bytes],
    public_key: bytes,
) -> bytes:
    """The ZIP: the same files, time and key give the same bytes again.

    Args:
        files: by name, as `dossier.pdf` or `rapports/<check>.json`; at most one folder deep.
        made: aware; it becomes the manifest's and every file's time.
        head: of the journal, in hex.
        sign: the sentinel's own key: `reach.keys.own_key(folder).sign`.
        public_key: its public half, raw: `own_key(folder).public_key().public_bytes_raw()`.

    Raises:
        ValueError: a name that a reader would refuse, or too much in all.
    """
    bad = [name for name in files if not NAME.fullmatch(name) or name in (MANIFEST, SIGNATURE)]
    if bad or len(files) > MOST or sum(map(len, files.values())) > LARGEST:
        raise ValueError(f"this cannot be packed: {bad[:3] or 'too much'}")
    manifest = _manifest(files, made, head, public_key)
    everything = {MANIFEST: manifest, SIGNATURE: sign(manifest), **dict(sorted(files.items()))}
    drawn = BytesIO()
    with zipfile.ZipFile(drawn, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in everything.items():
            info = zipfile.ZipInfo(name, made.astimezone(UTC).timetuple()[:6])
            info.compress_type = zipfile.ZIP_DEFLATED
            info.external_attr = 0o640 << 16
            archive.writestr(info, content)
    return drawn.getvalue()


def _manifest(files: Mapping[str, bytes], made: datetime, head: str, public_key: bytes) -> bytes:
    told = {
        "v": 1,
        "made": made.astimezone(UTC).isoformat(timespec="seconds"),
        "by": b64encode(public_key).decode(),
        "head": head,
        "files": {name: sha256(content).hexdigest() for name, content in sorted(files.items())},
    }
    return json.dumps(told, indent=1, ensure_ascii=True).encode() + b"\n"


def unseal(raw: bytes) -> Pack:
    """Read a ZIP from anywhere, in bounded memory; what does not agree with the manifest is in `Pack.wrong`.

    Raises:
        NotAPack: it is not such a ZIP, or it is made to harm: names that leave the folder or come twice, links,
            more than `LARGEST` bytes unpacked.
    """
    found = _read(raw)
    manifest, signature = found.pop(MANIFEST, None), found.pop(SIGNATURE, None)
    if manifest is None or signature is None:
        raise NotAPack(f"there is no {MANIFEST if manifest is None else SIGNATURE} in it")
    made, by, head, named = _understood(manifest)
    hashes = {name: sha256(content).hexdigest() for name, content in found.items()}
    return Pack(
        files=found,
        made=made,
        by=by,
        head=head,
        is_signed=_is_signed(manifest, signature, by),
        wrong=tuple(sorted(name for name in named.keys() | hashes.keys() if named.get(name) != hashes.get(name))),
    )


def _read(raw: bytes) -> dict[str, bytes]:
    if len(raw) > LARGEST or not raw.startswith(b"PK\x03\x04"):
        raise NotAPack("it is not a ZIP file, or too large a one")
    try:
        with zipfile.ZipFile(BytesIO(raw)) as archive:
            _look(archive.infolist())
            return {info.filename: archive.read(info) for info in archive.infolist()}
    except DAMAGED as error:
        raise NotAPack(f"the ZIP file is damaged: {error}") from None


def _look(infos: list[zipfile.ZipInfo]) -> None:
    """Everything a file says of itself, before a byte is unpacked; `zipfile` reads no more than that."""
    names = [info.filename.lower() for info in infos]
    if len(infos) > MOST or len(set(names)) < len(names):
        raise NotAPack("a name comes twice, or there are too many files")
    if sum(info.file_size for info in infos) > LARGEST:
        raise NotAPack(f"unpacked it is more than {LARGEST >> 20} MB")
    for info in infos:
        _look_at(info)


def _look_at(info: zipfile.ZipInfo) -> None:
    kind = info.external_attr >> 28
    if not NAME.fullmatch(info.filename) or info.filename != info.orig_filename or kind not in (0, 0o10):
        raise NotAPack(f"a file in it may not be called or be what it is: {info.filename!r:.80}")
    if info.file_size > 1 << 20 and info.file_size > TIGHTEST * info.compress_size:
        raise NotAPack(f"{info.filename} is packed as no honest file is")


def _understood(manifest: bytes) -> tuple[datetime, bytes, str, dict[str, str]]:
    try:
        told = json.loads(manifest)
        if told["v"] != 1:
            raise NotAPack("it was made by a later release")
        made, by, files = datetime.fromisoformat(told["made"]), b64decode(told["by"], validate=True), told["files"]
        if made.tzinfo is None or len(by) != 32 or not isinstance(files, dict):
            raise ValueError("a field is not what it should be")
        return made, by, str(told["head"]), {str(name): str(digest) for name, digest in files.items()}
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise NotAPack(f"its {MANIFEST} cannot be read: {error}") from None


def _is_signed(manifest: bytes, signature: bytes, by: bytes) -> bool:
    try:
        Ed25519PublicKey.from_public_bytes(by).verify(signature, manifest)
    except (InvalidSignature, ValueError):
        return False
    return True
