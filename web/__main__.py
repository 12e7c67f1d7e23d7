"""`python -m web`: the page's own process, on cheroot."""

import re
import signal
import ssl
import sys
import threading
import time
from pathlib import Path

import click
from flask import Flask

from sentinel import clock, systemd
from sentinel.config import Config
from sentinel.errors import MissingDevice, SentinelError
from sentinel.places import Places
from sentinel.toml import load
from web.answering import watch_over
from web.app import create_app
from web.serving import Server, Tls, server

LATE = 30
"""Seconds after which a certificate that is not there is worth a word."""


def serve(config: Config, places: Places) -> None:
    """Serve until SIGTERM or Ctrl-C: all on one port, or the sentence on one and the rest by TLS on another.

    Raises:
        MissingDevice: the address or a port is not to be had.
    """
    app, page = create_app(config, places, clock.now), config.page
    signal.signal(signal.SIGTERM, _leave)
    over, beating, pages = threading.Event(), systemd.Beating(), []
    thread = None
    try:
        for port in (page.port, page.https_port):
            if port:
                pages.append(_prepared(app, page.host, port))
        if page.https_port:
            thread = threading.Thread(target=_serve_secure, args=(pages[1], places, over))
            thread.start()
        systemd.tell(systemd.READY)
        watch_over(pages, over, beating)
        pages[0].serve()
    except (KeyboardInterrupt, SystemExit):
        pass
    finally:
        beating.stop()
        over.set()
        for each in pages:
            each.stop()
        if thread:
            thread.join()


def _prepared(app: Flask, host: str, port: int) -> Server:
    """A server that listens, and answers once it serves."""
    page = server(app, host, port)
    try:
        page.prepare()
    except OSError as error:
        where = f"{host} port {port}"
        why = re.search(r"Errno \d+\] ([^)]+)", str(error))  # cheroot keeps the cause in its words only
        raise MissingDevice(f"the page cannot listen on {where}: {why[1] if why else error}") from None
    return page


def _serve_secure(page: Server, places: Places, over: threading.Event) -> None:
    """Wait for the certificate, which `watch` makes at its first start, then serve; `/` is there already."""
    begun, told = time.monotonic(), False
    while not over.is_set():
        try:
            page.ssl_adapter = Tls(places.certificate, places.key)
        except (OSError, ssl.SSLError) as error:
            if not told and time.monotonic() - begun > LATE:
                click.echo(f"the page has no certificate yet, so nobody can log in: {error}", err=True)
                told = True
            over.wait(0.5)
        else:
            page.serve()


def _leave(*_: object) -> None:
    raise SystemExit(0)


@click.command()
@click.option("--config", "file", type=click.Path(path_type=Path), default=Path("sentinel.toml"))
@click.option("--dir", "lasting", type=click.Path(path_type=Path), default=Path("var"))
@click.option("--run", "passing", type=click.Path(path_type=Path), default=None)
def main(file: Path, lasting: Path, passing: Path | None) -> None:
    """The status page of one sentinel."""
    try:
        serve(load(file), Places(lasting=lasting, passing=passing or lasting / "run"))
    except SentinelError as error:
        click.echo(str(error), err=True)
        sys.exit(error.exit_code)


if __name__ == "__main__":
    main()
