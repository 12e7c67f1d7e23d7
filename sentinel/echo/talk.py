"""One connection on which a question is asked: bounded in bytes, plain or inside TLS; its bytes stay in memory.

Not asyncio's streams: those read ahead, and what a server sends unasked we do not want to hold at all.
"""

import asyncio
import socket
import ssl

READ_BYTES = 4096
HANDSHAKE_BYTES = 65_536
"""A long chain of certificates; they are not looked at."""


class Talk:
    """A connected socket; whoever made it closes it."""

    def __init__(self, connected: socket.socket) -> None:
        self._socket = connected
        self._loop = asyncio.get_running_loop()
        self._tls: ssl.SSLObject | None = None
        self._incoming, self._outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        self._first = b""

    @property
    def first(self) -> bytes:
        """The first bytes that came in answer to our TLS handshake."""
        return self._first

    async def send(self, raw: bytes) -> None:
        """Say something short.

        Raises:
            OSError: the other side is gone.
        """
        if self._tls is None:
            await self._loop.sock_sendall(self._socket, raw)
        else:
            self._tls.write(raw)
            await self._flush()

    async def receive(self, most: int) -> bytes:
        """Some bytes, `most` at most; none: the other side has closed.

        Raises:
            OSError: the other side has cut the connection, or speaks TLS no longer.
        """
        if self._tls is None:
            return await self._loop.sock_recv(self._socket, most)
        left = HANDSHAKE_BYTES
        while left > 0:
            try:
                return self._tls.read(most)
            except ssl.SSLWantReadError:
                left -= await self._feed()
            except (ssl.SSLZeroReturnError, ssl.SSLEOFError):
                break
        return b""

    async def secure(self) -> None:
        """Go on inside TLS; once, and not after anything else was said.

        Raises:
            OSError: it did not work out; `first` may show that the other side speaks TLS all the same.
        """
        tls = _context().wrap_bio(self._incoming, self._outgoing)
        left = HANDSHAKE_BYTES
        while left > 0:
            try:
                tls.do_handshake()
            except ssl.SSLWantReadError:
                await self._flush()
                left -= await self._feed()
            else:
                await self._flush()
                self._tls = tls
                return
        raise ssl.SSLError("the handshake does not end")

    async def _flush(self) -> None:
        pending = self._outgoing.read()
        if pending:
            await self._loop.sock_sendall(self._socket, pending)

    async def _feed(self) -> int:
        raw = await self._loop.sock_recv(self._socket, READ_BYTES)
        self._first = self._first or raw[:16]
        if raw:
            self._incoming.write(raw)
        else:
            self._incoming.write_eof()
        return len(raw) or 1  # an end counts too, so that every loop has one


def _context() -> ssl.SSLContext:
    """Any server, however old or self-signed: nothing we say inside is worth hiding."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    context.minimum_version = ssl.TLSVersion.MINIMUM_SUPPORTED  # the libraries of old devices know no TLS 1.2
    context.set_ciphers("DEFAULT:@SECLEVEL=0")
    return context
