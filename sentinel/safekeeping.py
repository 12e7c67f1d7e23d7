"""The commands for what a sentinel knows: look whether it is whole, copy it, put it back, and end it."""

import os
import sys
from pathlib import Path
from typing import Protocol

import click

from sentinel.config import Config, Language
from sentinel.errors import ConfigurationError
from sentinel.places import Places

PASSPHRASE = "SENTINEL_PASSPHRASE"  # noqa: S105 - the name of a variable
SHORTEST = 8

FILE = click.argument("file", type=click.Path(path_type=Path))
SECRET = click.option("--passphrase", is_flag=True, help=f"Asked for, or taken from {PASSPHRASE}.")


class Shared(Protocol):
    """What the command line knows before a command begins."""

    @property
    def file(self) -> Path:
        """`sentinel.toml`."""

    @property
    def places(self) -> Places:
        """The folders."""

    def config(self) -> Config:
        """The configuration."""

    def language(self) -> Language:
        """The page's; French where there is no configuration."""


def add_to(main: click.Group) -> None:
    """Beside the others."""
    for command in (verify, backup, restore, close):
        main.add_command(command)


@click.command()
@click.argument("file", type=click.Path(path_type=Path), required=False)
@click.option("--store", is_flag=True, help="The store of this machine, also while it runs.")
@click.option("--anchors", type=click.Path(path_type=Path), help="With --store: an ancres.jsonl kept elsewhere.")
@click.option("--echo", "echoes", multiple=True, help="Key id of an echo, as its operator says: only it counts.")
@click.option("--lang", type=click.Choice(["fr", "en"]), help="Language of what is told.  [default: the page's]")
@click.pass_obj
def verify(
    shared: Shared, file: Path | None, store: bool, anchors: Path | None, echoes: tuple[str, ...], lang: str | None
) -> None:
    """Whether a dossier (FILE) or the store is what it was.

    Exit 0: it is, and an echo bears witness; 3: it is, and none does; 1: something was changed; 65: not readable.
    """
    from sentinel.programs import verify as look

    if (file is None) == (not store):
        raise click.UsageError("either a FILE or --store")
    language = Language(lang) if lang else shared.language()
    if file is not None:
        sys.exit(look.dossier(file, language, click.echo, echoes))
    sys.exit(look.store(shared.places, language, click.echo, anchors, echoes))


@click.command()
@FILE
@SECRET
@click.pass_obj
def backup(shared: Shared, file: Path, passphrase: bool) -> None:
    """Everything in one FILE, also while the sentinel runs; the keys only with a passphrase."""
    from sentinel.programs.backup import backup as write

    write(file, shared.file, shared.places, _asked(passphrase, twice=True), click.echo)


@click.command()
@FILE
@SECRET
@click.option("--over", is_flag=True, help="Where there is a store already: move it aside.")
@click.pass_obj
def restore(shared: Shared, file: Path, passphrase: bool, over: bool) -> None:
    """Put a backup back; not under a running sentinel."""
    from sentinel.card.partitions import Partitions
    from sentinel.programs.backup import restore as put_back
    from sentinel.programs.card import outlives

    put_back(file, shared.file, shared.places, _asked(passphrase), click.echo, over=over)
    if shared.file.exists() and outlives(shared.file, Partitions()):
        click.echo(
            "On this card the configuration is kept for the next start too, unless its own sentinel.toml differs."
        )


@click.command()
@click.argument("folder", type=click.Path(path_type=Path, file_okay=False))
@click.option("--yes", is_flag=True, help="Do not ask for the practice's name.")
@click.pass_obj
def close(shared: Shared, folder: Path, yes: bool) -> None:
    """Take the sentinel out of service: what must be kept goes to FOLDER, the rest is wiped."""
    from sentinel.programs.closing import close as end

    end(folder, shared.config(), shared.places, click.echo, None if yes else _typed, file=shared.file)


def _asked(wanted: bool, *, twice: bool = False) -> str:
    if not wanted:
        return ""
    typed = os.environ.get(PASSPHRASE) or click.prompt("Passphrase", hide_input=True, confirmation_prompt=twice)
    if twice and len(typed) < SHORTEST:
        raise ConfigurationError([f"a passphrase has at least {SHORTEST} characters"])
    return str(typed)


def _typed(name: str) -> bool:
    """Whoever ends it types what it is called."""
    return bool(click.prompt(f"Type {name!r} to wipe this sentinel") == name)
