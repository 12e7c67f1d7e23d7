"""`./dev lab`: a whole cabinet with its sentinel, to play with; everything is taken down when it ends."""

import os
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import NoReturn

import click

from tests.lab import running
from tests.lab.cabinet import Cabinet
from tests.lab.conditions import why_not
from tests.lab.gestures import TRIES
from tests.lab.host import DidNotStartError
from tests.lab.telling import Telling

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Story(click.Group):
    """Lists its commands in the order of a story."""

    def list_commands(self, context: click.Context) -> list[str]:
        return list(self.commands)


@click.group(cls=Story, invoke_without_command=True, context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--language", type=click.Choice(("en", "fr")), default="en", help="Of the sentinel.  [default: en]")
@click.pass_context
def lab(context: click.Context, language: str) -> None:
    """A whole cabinet with its sentinel, to play with; without a command: raise it, until Ctrl-C."""
    if os.geteuid() != 0:
        raise click.ClickException("the lab makes network namespaces and needs root: sudo ./dev lab")
    if context.invoked_subcommand is None:
        raise_it(language)


@lab.command()
def sweep() -> None:
    """Take away what a killed lab has left."""
    if running.is_held():
        raise click.ClickException(
            "a lab or a test is alive on this computer: end it in its own terminal, by Ctrl-C"
        )
    found = Cabinet.sweep()
    click.echo(f"Taken away: {', '.join(found)}." if found else "There was nothing to take away.")


for gesture, _ in TRIES:
    lab.add_command(gesture)


def raise_it(language: str) -> None:
    """Raise the cabinet and everything in it, tell what happens, and take it down on a signal."""
    if reason := why_not():
        raise click.ClickException(reason)
    try:
        with _until_told(), _cabinet() as cabinet, running.everything(cabinet, language) as (state, sentinel):
            _welcome(state)
            _tell(language, sentinel)
    except (DidNotStartError, OSError, TimeoutError) as error:
        raise click.ClickException(f"{error}\nEverything is taken down.") from None
    click.echo("\nEverything is taken down.")


class _Leave(BaseException):
    """The first signal; nothing catches it on the way but what puts things back."""


@contextmanager
def _until_told() -> Iterator[None]:
    """The first Ctrl-C, SIGTERM or hangup ends the block; from then on nothing disturbs the taking down."""

    def leave(*_: object) -> NoReturn:
        for number in SIGNALS:
            signal.signal(number, lambda *_: None)
        click.echo("\nTaking everything down.")
        raise _Leave

    before = {number: signal.signal(number, leave) for number in SIGNALS}
    try:
        yield
    except _Leave:
        pass
    finally:
        for number, known in before.items():
            signal.signal(number, known)


@contextmanager
def _cabinet() -> Iterator[Cabinet]:
    """A fresh cabinet; of a living one of a test, the end is awaited.

    Raises:
        TimeoutError: another process keeps its own up.
    """
    if running.is_held():
        with suppress(running.NoLabError):
            raise click.ClickException(f"a lab is up already: its page is {running.state().page}")
        click.echo("A test has a cabinet up on this computer: waiting for its end.")
    with Cabinet() as cabinet:
        yield cabinet


def _welcome(state: running.State) -> None:
    sudo = "sudo " if "SUDO_UID" in os.environ else ""
    click.echo(
        f"The cabinet stands. Page: {state.page}   code: {state.code}\n\nThings to try from another terminal:"
    )
    lines = [(f"{each.name} {example}".rstrip(), each.get_short_help_str(100)) for each, example in TRIES]
    for line, sentence in lines:
        click.echo(f"  {sudo}./dev lab {line:<20} {sentence}")
    click.echo("\nWhat the sentinel says comes below, as it changes. Ctrl-C takes everything down.\n")


def _tell(language: str, sentinel: subprocess.Popen[str]) -> None:
    """Until a signal.

    Raises:
        DidNotStartError: the sentinel ended by itself.
    """
    telling = Telling(running.PLACES, language)
    while sentinel.poll() is None:
        for line in telling.news():
            click.echo(line)
        time.sleep(0.1)
    raise DidNotStartError(f"the sentinel ended by itself:\n{running.LOG.read_text()[-2000:]}")


if __name__ == "__main__":
    lab(prog_name="./dev lab")
