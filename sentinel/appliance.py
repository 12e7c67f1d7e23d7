"""The commands of an installed machine: its update, and what its units start, which the help does not list."""

import logging
import subprocess
import sys
from pathlib import Path

import click

from sentinel.safekeeping import Shared


def add_to(main: click.Group) -> None:
    """Beside the others."""
    for command in (section, boot, claimed, update, trial):
        main.add_command(command)


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
    lay(Partitions(), shared.places, shared.file)


@click.command(hidden=True)
@click.pass_obj
def claimed(shared: Shared) -> None:
    """The card's FAT partition follows the claim: the code comes to it, the secrets leave it."""
    from sentinel.card.partitions import Partitions
    from sentinel.programs.claimed import settle

    logging.basicConfig(level=logging.INFO, format="%(levelname)s %(message)s")
    settle(Partitions(), shared.places, shared.config())


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
    from sentinel.programs.update import Updating

    if sum((file is not None, check, night)) != 1:
        raise click.UsageError("either a FILE, or --check, or --night")
    logging.basicConfig(level=logging.WARNING, format="%(levelname)s %(message)s")
    updating = Updating(config=shared.config(), places=shared.places, tell=click.echo)
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
    subprocess.run(["systemctl", "--no-block", "reboot"], check=True, timeout=60)
