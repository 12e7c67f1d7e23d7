"""How the page is served: cheroot, a few threads, small limits, and no word about browsers that leave early."""

from contextlib import suppress

from cheroot import wsgi
from cheroot.server import HTTPConnection
from flask import Flask

from web.app import LONGEST

THREADS = 4
"""A page takes milliseconds and nothing is held open: four serve a whole practice."""


class Connection(HTTPConnection):
    """One browser's connection; what could not be sent to it is forgotten when it closes.

    Otherwise it is tried once more when the object is collected, and Python 3.13 reports that it failed.
    """

    def close(self) -> None:
        """Close, with whatever was left to say."""
        super().close()
        with suppress(OSError, ValueError):
            self.wfile.close()


def server(app: Flask, host: str, port: int) -> wsgi.Server:
    """The server of `app`, not yet listening."""
    made = wsgi.Server(
        (host, port),
        app,
        numthreads=THREADS,
        max=THREADS,
        server_name="sentinel",
        timeout=5,
        shutdown_timeout=1,
    )
    made.max_request_header_size = LONGEST
    made.max_request_body_size = LONGEST
    made.ConnectionClass = Connection
    return made
