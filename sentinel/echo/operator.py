"""What an operator does beside running the echo: invite, see who asks, take back, opt out, rotate."""

import io
import os
import re
import secrets
from base64 import b32encode
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from urllib.parse import urlencode

import click

from sentinel.clock import now
from sentinel.echo import identity as keyring
from sentinel.echo.book import KnownKey
from sentinel.echo.books import FILE, Books, open_books
from sentinel.echo.identity import Identity, identity
from sentinel.echo.optouts import OptedOut
from sentinel.echo.protocol import PORT
from sentinel.errors import ConfigurationError
from sentinel.model.moment import Address

FOLDER = click.option(
    "--dir", "folder", type=click.Path(path_type=Path, file_okay=False), required=True, help="Keys and book."
)


def add_to(cli: click.Group) -> None:
    """The operator's commands, beside `serve`."""
    for command in (invite, keys, alias, revoke, rotate, optout):
        cli.add_command(command)


@click.command()
@FOLDER
@click.option("--alias", "name", default="", help="Your own name for the practice; it never leaves this machine.")
@click.option("--expires", default="7d", show_default=True, help="How long it may be used: 7d, 12h, 30m.")
@click.option("--qr", is_flag=True, help="Also as a square to be photographed from the screen.")
def invite(folder: Path, name: str, expires: str, qr: bool) -> None:
    """Print an invitation for one sentinel."""
    text = make_invitation(folder, name, read_duration(expires))
    if qr:
        click.echo(square(text))
    click.echo(text)


@click.command()
@FOLDER
@click.option("--silent", help="Only keys not heard for so long, as 26h; the exit status is 1 if there are any.")
def keys(folder: Path, silent: str | None) -> None:
    """List who enrolled, when they last asked, and with which version."""
    known = _books(folder)[0].book.everybody()
    if silent is not None:
        since = (now().wall - read_duration(silent, "--silent")).timestamp()
        known = [key for key in known if key.silent_since(since)]
    for key in known:
        click.echo(_line(key))
    if silent is not None and known:
        raise SystemExit(1)


@click.command()
@FOLDER
@click.argument("who")
@click.argument("name")
def alias(folder: Path, who: str, name: str) -> None:
    """Give the keys of an alias or a key id another alias."""
    _told(_books(folder)[0].book.rename(who, name), "renamed", who)


@click.command()
@FOLDER
@click.argument("who")
def revoke(folder: Path, who: str) -> None:
    """Take back the keys of an alias or a key id; effective at once."""
    _told(_books(folder)[0].book.revoke(who, now().wall.timestamp()), "revoked", who)


def _told(count: int, done: str, who: str) -> None:
    click.echo(f"{count} {done}")
    if not count:
        raise click.ClickException(f"no key has the alias or the id {who!r}")


@click.command()
@FOLDER
def rotate(folder: Path) -> None:
    """Sign with the next key from the next start on; whoever asked since the last rotation keeps trusting."""
    before = _books(folder)[1]
    keyring.rotate(folder)
    after = _identity(folder)
    click.echo(f"{before.key_id} is replaced by {after.key_id}: restart the echo now")


@click.group()
def optout() -> None:
    """Addresses that are not knocked at."""


@optout.command("list")
@FOLDER
def list_(folder: Path) -> None:
    """Where, since when, and who wanted it; the addresses themselves are not kept."""
    for line in _books(folder)[0].optouts.everybody():
        click.echo(_opted_out(line))


@optout.command()
@FOLDER
@click.argument("address")
def add(folder: Path, address: str) -> None:
    """Never knock at an address again; over IPv6 at its /64."""
    _books(folder)[0].optouts.add(_address(address), "operator", now().wall.timestamp())


@optout.command()
@FOLDER
@click.argument("address")
def remove(folder: Path, address: str) -> None:
    """Knock again when asked."""
    if not _books(folder)[0].optouts.remove(_address(address)):
        raise click.ClickException(f"{address} is not on the list")


def make_invitation(folder: Path, name: str, lasts: timedelta) -> str:
    """A new invitation, to be used once.

    Raises:
        ConfigurationError: the echo of this folder was never started.
    """
    books, own = _books(folder)
    place = books.book.place()
    if place is None:
        raise ConfigurationError([f"{folder} does not know its name yet: start the echo once"])
    code = b32encode(secrets.token_bytes(10)).decode().lower()
    books.book.invite(code, name, (now().wall + lasts).timestamp())
    host = f"[{place[0]}]" if ":" in place[0] else place[0]
    port = "" if place[1] == PORT else f":{place[1]}"
    return f"sentinel-echo://{host}{port}/?{urlencode({'k': own.key_id, 'c': code}, safe=':')}"


def square(text: str) -> str:
    """A QR code in half blocks, as wide as a terminal."""
    import segno

    drawn = io.StringIO()
    segno.make(text, micro=False).terminal(drawn, compact=True)
    return drawn.getvalue()


def _books(folder: Path) -> tuple[Books, Identity]:
    if not (folder / FILE).exists():
        raise ConfigurationError([f"{folder} holds no echo: start it once"])
    own = _identity(folder)
    return open_books(folder, own.secret), own


def _identity(folder: Path) -> Identity:
    """The echo's; what root makes here belongs to the folder's owner, or the running echo could not read it."""
    own, owner = identity(folder, ""), folder.stat()
    if os.geteuid() == 0:
        for path in (*folder.glob("*.key"), *folder.glob("*.crt")):  # SQLite does the same for its own
            os.chown(path, owner.st_uid, owner.st_gid)
    return own


def _line(key: KnownKey) -> str:
    times = f"first {_day(key.first)}  last {_day(key.last)}"
    revoked = "  revoked" if key.revoked else ""
    return f"{key.alias or '-':<24} {key.id}  {times}  {key.version or '-':<12} {key.checks} checks{revoked}"


def _opted_out(line: OptedOut) -> str:
    return f"{line.network:<24} {_day(line.at)}  by the {line.by}"


def _day(seconds: float | None) -> str:
    if seconds is None:
        return "never"
    return datetime.fromtimestamp(seconds, UTC).isoformat(sep=" ", timespec="minutes").removesuffix("+00:00")


def _address(text: str) -> Address:
    try:
        return ip_address(text)
    except ValueError:
        raise click.BadParameter(f"{text!r} is no address") from None


def read_duration(text: str, option: str = "--expires") -> timedelta:
    """`7d`, `12h` or `30m`.

    Raises:
        BadParameter: it is none of them.
    """
    match = re.fullmatch(r"(\d{1,4})([dhm])", text)
    if match is None:
        raise click.BadParameter(f"{text!r} is not a duration, as in 7d, 12h or 30m", param_hint=option)
    unit = {"d": "days", "h": "hours", "m": "minutes"}[match[2]]
    return timedelta(**{unit: int(match[1])})
