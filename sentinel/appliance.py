"""The commands of an installed machine's units; nobody types them, so the help does not list them."""

import sys

import click

from sentinel.safekeeping import Shared


def add_to(main: click.Group) -> None:
    """Beside the others."""
    for command in (section,):
        main.add_command(command)


@click.command(hidden=True)
@click.argument("names", nargs=-1, required=True)
@click.pass_obj
def section(shared: Shared, names: tuple[str, ...]) -> None:
    """These sections of the configuration as TOML: what a program may know that must not read the secrets."""
    from sentinel.programs.section import section as tell

    sys.exit(tell(shared.file, names, click.echo))
