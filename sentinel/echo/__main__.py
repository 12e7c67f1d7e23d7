"""The operator's commands: run an echo, invite a practice, see who asks."""

import asyncio
import logging
import re
import secrets
import signal
import sqlite3
from base64 import b32encode
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import urlencode

import click

from sentinel.clock import now
from sentinel.echo.book import Book, KnownKey
from sentinel.echo.identity import Identity, identity
from sentinel.echo.protocol import PORT
from sentinel.echo.serving import serving
from sentinel.echo.settings import Settings, read_listen, read_network, read_source
from sentinel.errors import ConfigurationError, MissingDevice

T = TypeVar("T")

FOLDER = click.option(
    "--dir", "folder", type=click.Path(path_type=Path, file_okay=False), required=True, help="Keys and book."
)


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
@click.option("--lab", is_flag=True, help="A test: private addresses may be dialled.")
def serve(folder: Path, listen: Any, name: str, probe_from: Any, own: Any, silent: Any, lab: bool) -> None:
    """Run an echo until it is told to stop."""
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    settings = Settings(
        folder=folder, name=name.lower(), listen=listen, sources=probe_from, own=own, silent=silent, lab=lab
    )
    asyncio.run(_serve(settings))


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


@cli.command()
@FOLDER
@click.option("--alias", default="", help="Your own name for the practice; it never leaves this machine.")
@click.option("--expires", default="7d", show_default=True, help="How long it may be used: 7d, 12h, 30m.")
def invite(folder: Path, alias: str, expires: str) -> None:
    """Print an invitation for one sentinel."""
    click.echo(make_invitation(folder, alias, read_duration(expires)))


@cli.command()
@FOLDER
def keys(folder: Path) -> None:
    """List who enrolled, and when they last asked."""
    for key in _book(folder)[0].everybody():
        click.echo(_line(key))


@cli.command()
@FOLDER
@click.argument("who")
def revoke(folder: Path, who: str) -> None:
    """Take back the keys of an alias or a key id; effective at once."""
    count = _book(folder)[0].revoke(who, now().wall.timestamp())
    click.echo(f"{count} revoked")


def make_invitation(folder: Path, alias: str, lasts: timedelta) -> str:
    """A new invitation, to be used once.

    Raises:
        ConfigurationError: the echo of this folder was never started.
    """
    book, own = _book(folder)
    place = book.place()
    if place is None:
        raise ConfigurationError([f"{folder} does not know its name yet: start the echo once"])
    code = b32encode(secrets.token_bytes(10)).decode().lower()
    book.invite(code, alias, (now().wall + lasts).timestamp())
    host = f"[{place[0]}]" if ":" in place[0] else place[0]
    port = "" if place[1] == PORT else f":{place[1]}"
    return f"sentinel-echo://{host}{port}/?{urlencode({'k': own.key_id, 'c': code}, safe=':')}"


def _book(folder: Path) -> tuple[Book, Identity]:
    if not (folder / "echo.db").exists():
        raise ConfigurationError([f"{folder} holds no echo: start it once"])
    own = identity(folder, "")
    return Book(folder / "echo.db", own.secret), own


def _line(key: KnownKey) -> str:
    times = [_day(key.first), _day(key.last)]
    revoked = "  revoked" if key.revoked else ""
    return f"{key.alias or '-':<24} {key.id}  first {times[0]}  last {times[1]}  {key.checks} checks{revoked}"


def _day(seconds: float | None) -> str:
    if seconds is None:
        return "never"
    return datetime.fromtimestamp(seconds, UTC).isoformat(sep=" ", timespec="minutes").removesuffix("+00:00")


def read_duration(text: str) -> timedelta:
    """`7d`, `12h` or `30m`.

    Raises:
        BadParameter: it is none of them.
    """
    match = re.fullmatch(r"(\d{1,4})([dhm])", text)
    if match is None:
        raise click.BadParameter(f"{text!r} is not a duration, as in 7d, 12h or 30m", param_hint="--expires")
    unit = {"d": "days", "h": "hours", "m": "minutes"}[match[2]]
    return timedelta(**{unit: int(match[1])})


if __name__ == "__main__":
    cli()
