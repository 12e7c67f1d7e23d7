"""The update file, `sentinel-VERSION.update`: a tar of manifest, signature, boot files and root file system.

It is read in one pass and never held. Manifest and signature come first: nothing of the rest is looked at before
somebody we trust has signed how much it is and what it must be. `latest.json` beside it tells of the newest one,
under the same signature. Makers call `python -m sentinel.card.bundle`.
"""

import argparse
import base64
import json
import tarfile
from collections.abc import Collection, Generator
from contextlib import closing
from datetime import UTC, datetime
from hashlib import file_digest, sha256
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from sentinel.card.manifest import FORMAT, MOST, SIGNATURE, Part, verified
from sentinel.card.tape import Read, Tape
from sentinel.card.zstd import pack, unpacked
from sentinel.errors import NotReadable

MANIFEST: Final = "manifest.json"
SIGNED: Final = "manifest.sig"
BOOT: Final = "boot.tar.zst"
ROOT: Final = "root.img.zst"
LATEST: Final = "latest.json"
WHAT: Final = "the update file"


class Bundle:
    """An update as it comes: `boot`, then `root`, then `end`; each once, each whole."""

    def __init__(self, read: Read, keys: Collection[Ed25519PublicKey]) -> None:
        """Read and verify the manifest.

        Raises:
            NotReadable: it is no update, or none that a key of `keys` signed.
        """
        self._tape = Tape(read, WHAT)
        raw, signature = self._small(MANIFEST, MOST), self._small(SIGNED, SIGNATURE)
        self.manifest = verified(raw, signature, keys)

    def boot(self) -> Generator[bytes]:
        """The bytes of `boot.tar`, as `_part` gives them."""
        return self._part(BOOT, self.manifest.boot)

    def root(self) -> Generator[bytes]:
        """The bytes of `root.img`, as `_part` gives them."""
        return self._part(ROOT, self.manifest.root)

    def end(self) -> None:
        """Nothing follows.

        Raises:
            NotReadable: something does.
        """
        if found := self._tape.member():
            raise NotReadable(f"{WHAT} holds {found[0]:.40}, which belongs in none")

    def _small(self, name: str, most: int) -> bytes:
        self._next(name)
        return self._tape.whole(most)

    def _part(self, name: str, part: Part) -> Generator[bytes]:
        """Never more than was signed; at the end they are what was signed, or it raises NotReadable."""
        packed = self._next(name)
        if packed > part.size + part.size // 64 + 4096:  # Zstandard adds less than this to what it cannot shrink
            raise NotReadable(f"{WHAT} holds a {name} of {packed} bytes for a part of {part.size}")
        digest, size = sha256(), 0
        with closing(unpacked(self._tape.content(), name)) as pieces:
            for piece in pieces:
                size += len(piece)
                if size > part.size:
                    raise NotReadable(f"{name} holds more than the {part.size} bytes that were signed")
                digest.update(piece)
                yield piece
        if digest.hexdigest() != part.sha256:  # of fewer bytes, too
            raise NotReadable(f"{name} does not hold what was signed")

    def _next(self, name: str) -> int:
        found = self._tape.member()
        if found is None or found[0] != name:
            raise NotReadable(f"{WHAT} holds {found[0] if found else 'nothing':.40} where {name} belongs")
        return found[1]


def write(update: Path, *, version: str, root: Path, boot: Path, key: Path, made: datetime) -> None:
    """Make an update of a root file system and the boot files (a tar, or the folder), and `latest.json` beside it.

    The same parts, key and time give the same bytes.

    Raises:
        OSError, ValueError: a part or the private key (PEM, Ed25519) cannot be read, or the folder not be written.
    """
    with TemporaryDirectory(dir=update.parent, prefix=".update-") as folder:
        draft = Path(folder)
        tar = _tarred(boot, draft / "boot.tar") if boot.is_dir() else boot
        manifest = _told(version, made, tar, root)
        signature = _private(key).sign(manifest)
        pack(tar, draft / BOOT)
        pack(root, draft / ROOT)
        (draft / MANIFEST).write_bytes(manifest)
        (draft / SIGNED).write_bytes(signature)
        _joined([draft / name for name in (MANIFEST, SIGNED, BOOT, ROOT)], draft / "done").replace(update)
    told = {"manifest": _text(manifest), "signature": _text(signature), "file": update.name}
    update.with_name(LATEST).write_text(json.dumps(told, indent=1) + "\n")


def _told(version: str, made: datetime, boot: Path, root: Path) -> bytes:
    told = {
        "format": FORMAT,
        "version": version,
        "made": f"{made.astimezone(UTC):%Y-%m-%dT%H:%M:%S}+00:00",
        "boot": _measured(boot),
        "root": _measured(root),
    }
    return json.dumps(told, indent=1).encode() + b"\n"


def _measured(path: Path) -> dict[str, object]:
    with path.open("rb") as file:
        return {"size": path.stat().st_size, "sha256": file_digest(file, "sha256").hexdigest()}


def _private(key: Path) -> Ed25519PrivateKey:
    found = load_pem_private_key(key.read_bytes(), None)
    if not isinstance(found, Ed25519PrivateKey):
        raise ValueError(f"{key} is not an Ed25519 key")
    return found


def _tarred(folder: Path, tar: Path) -> Path:
    return _joined(sorted(path for path in folder.iterdir() if path.is_file()), tar)


def _joined(files: list[Path], tar: Path) -> Path:
    with tarfile.open(tar, "w", format=tarfile.USTAR_FORMAT) as archive:
        for path in files:
            info = tarfile.TarInfo(path.name)  # nobody's, made at the beginning of time
            info.size = path.stat().st_size
            with path.open("rb") as file:
                archive.addfile(info, file)
    return tar


def _text(raw: bytes) -> str:
    return base64.b64encode(raw).decode()


def main() -> None:
    """The makers' command."""
    ask = argparse.ArgumentParser(prog="python -m sentinel.card.bundle", description="Make a signed update.")
    ask.add_argument("update", type=Path, help="sentinel-VERSION.update; latest.json is written beside it")
    ask.add_argument("--version", required=True, help="such as 0.2.0")
    ask.add_argument("--root", type=Path, required=True, help="root.img")
    ask.add_argument("--boot", type=Path, required=True, help="boot.tar, or the folder it is made of")
    ask.add_argument("--key", type=Path, required=True, help="private key, PEM")
    ask.add_argument("--made", type=int, required=True, help="seconds since 1970, as SOURCE_DATE_EPOCH")
    told = vars(ask.parse_args())
    write(told.pop("update"), **{**told, "made": datetime.fromtimestamp(told["made"], UTC)})


if __name__ == "__main__":
    main()
