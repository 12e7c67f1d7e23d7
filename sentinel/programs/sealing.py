"""A stream in one file, under a passphrase or without: one changed bit and it is not read.

    SENTINEL-BACKUP
    {"v": 1, "made": …, "version": …, "sealed": …, "salt": …, "prefix": …, "n": …, "r": …, "p": …}
    …

What follows are chunks of 64 KiB: four bytes of length, then ChaCha20-Poly1305 under a key that scrypt makes of
the passphrase; without one it is made of the salt, for all to read. The nonce counts the chunks and marks the
last: none can be moved, no end can be cut off. The first two lines are bound to each.
"""

import io
import json
import os
import struct
from base64 import b64decode, b64encode
from datetime import datetime
from hashlib import sha256
from typing import IO, Any, Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt

import sentinel
from sentinel.errors import NotReadable

MAGIC: Final = b"SENTINEL-BACKUP\n"
VERSION: Final = 1
CHUNK: Final = 64 << 10
N, R, P = 1 << 15, 8, 1
"""scrypt: 32 MB and about a tenth of a second on a laptop."""
LONGEST_HEADER: Final = 4096
_length = struct.Struct("!I")

WRONG = "the passphrase is wrong, or the file is damaged"


class Sealer(io.RawIOBase):
    """Takes a stream and writes the file.

    Args:
        file: where it goes; left open.
        made: aware, for the first lines.
        passphrase: empty: nothing is encrypted.
    """

    def __init__(self, file: IO[bytes], made: datetime, passphrase: str) -> None:
        self._file = file
        salt, self._prefix = os.urandom(16), os.urandom(7)
        told = {
            "v": VERSION,
            "made": made.isoformat(),
            "version": sentinel.__version__,
            "sealed": bool(passphrase),
            "salt": b64encode(salt).decode(),
            "prefix": b64encode(self._prefix).decode(),
            "n": N,
            "r": R,
            "p": P,
        }
        self._head = MAGIC + json.dumps(told).encode() + b"\n"
        self._cipher = _cipher(passphrase, salt, N, R, P)
        self._rest = bytearray()
        self._count = 0
        file.write(self._head)

    def writable(self) -> bool:
        """It is."""
        return True

    def write(self, data: Any) -> int:
        """Some more of the stream."""
        self._rest += data
        while len(self._rest) > CHUNK:  # the last chunk is not known before the end
            self._put(bytes(self._rest[:CHUNK]), last=False)
            del self._rest[:CHUNK]
        return len(data)

    def _put(self, chunk: bytes, *, last: bool) -> None:
        sealed = self._cipher.encrypt(_nonce(self._prefix, self._count, last=last), chunk, self._head)
        self._file.write(_length.pack(len(sealed)) + sealed)
        self._count += 1

    def close(self) -> None:
        """The last chunk."""
        if not self.closed:
            self._put(bytes(self._rest), last=True)
            self._rest.clear()
        super().close()


class Opener(io.RawIOBase):
    """Reads a file back as the stream it was.

    Raises:
        NotReadable: not such a file, one of a later release, or not with this passphrase; also while reading.
    """

    def __init__(self, file: IO[bytes], passphrase: str) -> None:
        self._file = file
        magic, line = file.readline(LONGEST_HEADER), file.readline(LONGEST_HEADER)
        self._head = magic + line
        told = _understood(magic, line)
        self.made = str(told["made"])
        self.is_sealed = bool(told["sealed"])
        if self.is_sealed and not passphrase:
            raise NotReadable("this backup has a passphrase: give it with --passphrase")
        self._prefix = b64decode(told["prefix"])
        numbers = told["n"], told["r"], told["p"]
        self._cipher = _cipher(passphrase if self.is_sealed else "", b64decode(told["salt"]), *numbers)
        self._rest = b""
        self._count = 0
        self._ended = False

    def readable(self) -> bool:
        """It is."""
        return True

    def read(self, size: int = -1) -> bytes:
        """Some more of the stream; nothing at its end."""
        while not self._ended and (size < 0 or len(self._rest) < size):
            self._rest += self._next()
        wanted = len(self._rest) if size < 0 else size
        taken, self._rest = self._rest[:wanted], self._rest[wanted:]
        return taken

    def _next(self) -> bytes:
        head = self._file.read(_length.size)
        size = _length.unpack(head)[0] if len(head) == _length.size else 0
        if not 16 <= size <= CHUNK + 16:
            raise NotReadable(WRONG)
        sealed = self._file.read(size)
        if len(sealed) < size:
            raise NotReadable(WRONG)
        for last in (False, True):
            try:
                chunk = self._cipher.decrypt(_nonce(self._prefix, self._count, last=last), sealed, self._head)
            except InvalidTag:
                continue
            self._ended, self._count = last, self._count + 1
            if last and self._file.read(1):
                break
            return chunk
        raise NotReadable(WRONG)


def _understood(magic: bytes, line: bytes) -> dict[str, Any]:
    try:
        told: dict[str, Any] = json.loads(line) if magic == MAGIC else {}
        n, r, p = (int(told[name]) for name in ("n", "r", "p"))
        bound = 1 < n <= 1 << 17 and n & (n - 1) == 0 and 0 < r <= R and 0 < p <= 4  # 128 MB at most
        lengths = [len(b64decode(told[name], validate=True)) for name in ("salt", "prefix")]
        version, _ = told["v"], (told["made"], told["sealed"])
    except (ValueError, KeyError, TypeError, RecursionError):
        raise NotReadable("this is no backup of a sentinel") from None
    if version != VERSION or not bound or lengths != [16, 7]:
        raise NotReadable(f"this backup was made by a later release ({told.get('version')})")
    return told


def _cipher(passphrase: str, salt: bytes, n: int, r: int, p: int) -> ChaCha20Poly1305:
    """Without a passphrase the key is in the file: it keeps nobody out, and finds each changed bit."""
    if not passphrase:
        return ChaCha20Poly1305(sha256(salt).digest())
    return ChaCha20Poly1305(Scrypt(salt=salt, length=32, n=n, r=r, p=p).derive(passphrase.encode()))


def _nonce(prefix: bytes, count: int, *, last: bool) -> bytes:
    return prefix + count.to_bytes(4, "big") + bytes([last])
