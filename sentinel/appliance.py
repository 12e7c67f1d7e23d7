"""The commands of a card and of an installed machine's units; what nobody types the help does not list."""

import logging
import sys
from pathlib import Path

import click

from sentinel.safekeeping import Shared


def add_to(main: click.Group) -> None:
    """Beside the others."""
    for command in (card, section, boot, claimed, firewall, dark):
        main.add_command(command)


@click.command()
@click.argument("file", type=click.Path(path_type=Path))
@click.argument("folder", type=click.Path(path_type=Path, file_okay=False), required=False)
def card(file: Path, folder: Path | None) -> None:
    """Look at a practice's FILE (sentinel.toml) as a card will; with FOLDER, a card's FIRMWARE, lay it there."""
    from sentinel.programs.card import card as lay

    lay(file, folder, click.echo)


@click.command(hidden=True)
@click.argument("names", nargs=-1, required=True)
@click.pass_obj
def section(shared: Shared, names: tuple[str, ...]) -> None:
    """These sections of the configuration as TOML: what a program may know that must not read the secrets."""
    from sentinel.programs.section import section as tell

    sys.exit(tell(shared.file, names, click.echo))


@click.command(hidden=True)
@click.pass_obj
def boot(shared: Shared) -> None:
    """A card's start: what its flasher asked for, laid anew; it goes on whatever fails."""
    from sentinel.card.partitions import Partitions
    from sentinel.programs.boot import boot as lay

    logging.basicConfig(level=logging.INFO, format="%(levelname)s %(message)s")
    card = Partitions()
    card.check()
    lay(card, shared.places, shared.file)


@click.command(hidden=True)
@click.pass_obj
def claimed(shared: Shared) -> None:
    """The card's FAT partition follows the claim: the code comes to it, the secrets leave it."""
    from sentinel.card.partitions import Partitions
    from sentinel.programs.claimed import settle

    logging.basicConfig(level=logging.INFO, format="%(levelname)s %(message)s")
    card = Partitions()
    card.check()
    settle(card, shared.places, shared.config())


@click.command(hidden=True)
@click.option(
    "--ssh-if",
    "key",
    type=click.Path(path_type=Path, readable=False),
    envvar="SENTINEL_SSH_IF",
    help="Ssh is open while this file is not empty.",
)
@click.pass_obj
def firewall(shared: Shared, key: Path | None) -> None:
    """The sets of the table `inet sentinel`: who may read the page, the box, and ssh where a key was given."""
    from sentinel.programs.firewall import firewall as fill

    sys.exit(fill(shared.config(), shared.places, click.echo, key))


@click.command(hidden=True)
@click.pass_obj
def dark(shared: Shared) -> None:
    """The lamp out, and the board's LED: nobody gives a verdict now."""
    from sentinel.programs.dark import dark as put_out

    sys.exit(put_out(shared.file, click.echo))
