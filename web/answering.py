"""Whether the page really answers, asked of itself as a reader would: systemd starts a page anew that does not."""

import ssl
import threading
from collections.abc import Sequence
from http.client import HTTPConnection, HTTPException, HTTPSConnection

from sentinel import systemd
from sentinel.systemd import Beating
from web.serving import Server

ANY = {"0.0.0.0": "127.0.0.1", "::": "127.0.0.1"}  # noqa: S104 - only where to reach it from here
"""cheroot takes both families on `::`, and a machine may have no IPv6."""


def watch_over(pages: Sequence[Server], over: threading.Event, beating: Beating) -> None:
    """Tell systemd, four times within its patience, as long as every page answers; nothing where nobody waits."""
    pace = systemd.patience() / 4
    if pace:
        asks = (pages, over, beating, pace)
        threading.Thread(target=_ask_each, args=asks, name="answering", daemon=True).start()


def _ask_each(pages: Sequence[Server], over: threading.Event, beating: Beating, pace: float) -> None:
    while not over.is_set():
        plain, *secure = pages
        serving = [plain, *(page for page in secure if page.ssl_adapter)]  # the others wait for a certificate
        if all(answers(page, pace) for page in serving):
            beating.alive()
        over.wait(pace)


def answers(page: Server, within: float) -> bool:
    """Whether this one answers us within so many seconds, or anybody else: besieged is not hung."""
    before = page.answered
    return _answers_us(page, within) or page.answered > before


def _answers_us(page: Server, within: float) -> bool:
    line = _line(page, within)
    try:
        line.request("GET", "/healthz", headers={"Connection": "close"})
        return line.getresponse().status > 0
    except (OSError, HTTPException):
        return False
    finally:
        line.close()


def _line(page: Server, within: float) -> HTTPConnection:
    host, port = page.bind_addr[:2]
    where = ANY.get(host, host)
    if page.ssl_adapter:
        return HTTPSConnection(where, port, timeout=within, context=_trusting())
    return HTTPConnection(where, port, timeout=within)


def _trusting() -> ssl.SSLContext:
    """It is ourselves: whether the page answers is asked, not who it is."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context
