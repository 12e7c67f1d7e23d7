"""The operator's commands: run an echo, invite a practice, see who asks."""

import asyncio
import logging
import resource
import signal
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

from sentinel.echo import operator
from sentinel.echo.operator import FOLDER
from sentinel.echo.serving import serving
from sentinel.echo.settings import Settings, read_listen, read_network, read_port, read_source
from sentinel.errors import MissingDevice

T = TypeVar("T")

FILES = 10_500
"""Sockets of knocks and callers, and what is left for everything else."""


def _reading(read: Callable[[str], T]) -> Callable[[Any, Any, tuple[str, ...]], tuple[T, ...]]:
    """A click callback that reads each value, and says what is wrong with the first that does not fit."""

    def callback(_context: Any, _option: Any, texts: tuple[str, ...]) -> tuple[T, ...]:
        try:
            return tuple(read(text) for text in texts)
        except ValueError as error:
            raise click.BadParameter(str(error)) from None

    return callback


@click.group()
def cli() -> None:
    """The outside server that knocks at a practice's own address when asked."""


@cli.command()
@FOLDER
@click.option("--listen", multiple=True, required=True, callback=_reading(read_listen), help="ADDR:PORT.")
@click.option("--name", required=True, help="The host name in invitations.")
@click.option(
    "--probe-from",
    multiple=True,
    callback=_reading(read_source),
    help="Address to knock from, or ADDR=PUBLIC behind a translation. Default: where the caller arrived.",
)
@click.option("--own", multiple=True, callback=_reading(read_network), help="A network never to be dialled.")
@click.option(
    "--silent",
    multiple=True,
    callback=_reading(read_listen),
    help="ADDR:PORT that drops every knock, for the self-check.",
)
@click.option(
    "--blocked",
    multiple=True,
    callback=_reading(read_port),
    help="A port the hoster filters on the way out: told as not tested.",
)
@click.option(
    "--http", multiple=True, callback=_reading(read_listen), help="ADDR:PORT for the page without TLS, as ADDR:80."
)
@click.option("--contact", default="", help="On that page: to whom one may complain.")
@click.option("--lab", is_flag=True, help="A test: private addresses may be dialled.")
def serve(
    folder: Path, listen: Any, name: str, probe_from: Any, own: Any, silent: Any, blocked: Any, http: Any,
    contact: str, lab: bool,
) -> None:  # fmt: skip
    """Run an echo until it is told to stop."""
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    if http and not contact:
        raise click.UsageError("--http shows a page to strangers: --contact says to whom they may write")
    settings = Settings(
        folder=folder, name=name.lower(), listen=listen, sources=probe_from, own=own, silent=silent,
        blocked=frozenset(blocked), http=http, contact=contact, lab=lab,
    )  # fmt: skip
    _raise_the_limit_of_files()
    asyncio.run(_serve(settings))


def _raise_the_limit_of_files() -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = FILES if hard == resource.RLIM_INFINITY else min(FILES, hard)
    if wanted > soft:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
    if wanted < FILES:
        logging.getLogger("sentinel.echo").warning("only %d files may be open: %d are wanted", wanted, FILES)


async def _serve(settings: Settings) -> None:
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    try:
        async with serving(settings) as echo:
            logging.getLogger("sentinel.echo").info("%s answers as %s", echo.settings.name, echo.identity.key_id)
            await stop.wait()
    except (OSError, sqlite3.Error) as error:
        raise MissingDevice(f"the echo cannot start: {error}") from None


operator.add_to(cli)

if __name__ == "__main__":
    cli()
