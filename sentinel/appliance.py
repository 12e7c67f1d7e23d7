"""The commands of a card and of an installed machine's units; what nobody types the help does not list."""

import logging
import sys
from pathlib import Path

import click

from sentinel.safekeeping import Shared


def add_to(main: click.Group) -> None:
    """Beside the others."""
    for command in (card, update, section, boot, claimed, trial, fetch, firewall, dark):
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

    sys.exit(put_out(shared.file, shared.places.driven, click.echo))


@click.command()
@click.argument("file", required=False, type=click.Path(path_type=Path, allow_dash=True))
@click.option("--check", is_flag=True, help="Only tell whether there is a newer version; exit 1 if there is.")
@click.option(
    "--night", is_flag=True, help="What the timer asks: only if ticked, at night, and while all is quiet."
)
@click.option("--reboot", is_flag=True, help="Restart to try it, once it is written.")
@click.pass_obj
def update(shared: Shared, file: Path | None, check: bool, night: bool, reboot: bool) -> None:
    """A newer system from a signed FILE (or -) beside the one that runs; the next start tries it."""
    from sentinel.programs.carrying import Carried
    from sentinel.programs.fetching import Source
    from sentinel.programs.update import Updating

    if sum((file is not None, check, night)) != 1:
        raise click.UsageError("either a FILE, or --check, or --night")
    logging.basicConfig(level=logging.WARNING, format="%(levelname)s %(message)s")
    source = Carried if night else Source
    updating = Updating(config=shared.config(), places=shared.places, tell=click.echo, source=source)
    if check:
        sys.exit(updating.check())
    if night:
        is_written = updating.by_night()
    else:
        updating.from_file(file if str(file) != "-" else None)
        is_written = True
    if is_written and reboot:
        _reboot()


@click.command(hidden=True)
def fetch() -> None:
    """One file for who has rights, by who has none: on the socket that systemd hands us."""
    import socket

    from sentinel.programs.carrying import GIVEN, serve

    with socket.socket(fileno=GIVEN) as entrance:
        try:
            serve(entrance)
        except OSError as error:  # he has refused the update by then, or was ended: no unit of ours has failed
            click.echo(f"whoever asked went away: {error}")


@click.command(hidden=True)
@click.argument("part", type=click.Choice(["keep", "gate", "settle"]))
@click.pass_obj
def trial(shared: Shared, part: str) -> None:
    """A new system proves itself, or the old one comes back."""
    from sentinel.card.slots import Card
    from sentinel.programs.renewing import running_version
    from sentinel.programs.trial import Tried, lacking

    logging.basicConfig(level=logging.INFO, format="%(levelname)s %(message)s")
    tried = Tried(card=Card(), places=shared.places, version=running_version(), reboot=_reboot)
    if part == "gate":
        tried.gate(lambda: lacking(shared.config(), shared.places))
    elif part == "keep":
        tried.keep()
    else:
        tried.settle()


def _reboot() -> None:
    import subprocess  # every other command, `listen` first of all, would wait for it

    subprocess.run(["systemctl", "--no-block", "reboot"], check=True, timeout=60)
