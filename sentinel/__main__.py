"""The command line. Each command imports its program when it is asked for, so that `--help` costs nothing."""

import functools
import logging
import os
import sys
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from ipaddress import ip_network
from pathlib import Path
from typing import Any

import click

from sentinel import __version__, appliance, safekeeping
from sentinel.config import Config, Language
from sentinel.errors import ConfigurationError, SentinelError
from sentinel.model.networks import Network
from sentinel.places import Places

FOLDER = click.Path(path_type=Path, readable=False)
"""`listen` passes through the one and never sees the other."""


@dataclass(frozen=True, slots=True)
class Setting:
    """What every command shares."""

    file: Path
    places: Places

    def config(self) -> Config:
        """The configuration; every mistake of the file is reported at once."""
        from sentinel import toml

        return toml.load(self.file)

    def language(self) -> Language:
        """The page's; French where there is no configuration."""
        return self.config().page.language if self.file.exists() else Language.FR


def plainly(command: Callable[..., Any]) -> Callable[..., Any]:
    """What a person can put right is one plain sentence and an exit code, never a traceback."""

    @functools.wraps(command)
    def wrapped(*arguments: Any, **keywords: Any) -> Any:
        try:
            return command(*arguments, **keywords)
        except ConfigurationError as error:
            click.echo("The configuration has mistakes:", err=True)
            for mistake in error.mistakes:
                click.echo(f"  {mistake}", err=True)
            sys.exit(error.exit_code)
        except SentinelError as error:
            click.echo(str(error), err=True)
            sys.exit(error.exit_code)

    return wrapped


class _Plain(click.Group):
    """Also of the commands that were made elsewhere, a mistake is one sentence."""

    def invoke(self, context: click.Context) -> Any:
        return plainly(super().invoke)(context)


@click.group(cls=_Plain, context_settings={"help_option_names": ["-h", "--help"]})
@click.option(
    "--config", "file", type=click.Path(path_type=Path), default=Path("sentinel.toml"), help="sentinel.toml"
)
@click.option(
    "--dir",
    "lasting",
    type=FOLDER,
    default=Path("var"),
    help="Store, keys, code.  [default: var]",
)
@click.option("--run", "passing", type=FOLDER, help="Pulse and sockets.  [default: DIR/run]")
@click.version_option(__version__)
@click.pass_context
def main(context: click.Context, file: Path, lasting: Path, passing: Path | None) -> None:
    """Cabinet Sentinel: tells a practice, the same day, when its imaging is open to the internet."""
    os.umask(0o027)  # store, keys, sockets and pulse are nobody else's
    context.obj = Setting(file, Places(lasting=lasting, passing=passing or lasting / "run"))


def _log(level: int = logging.INFO) -> None:
    logging.basicConfig(level=level, format="%(asctime)s %(levelname)s %(name)s: %(message)s", stream=sys.stderr)


@main.command()
@click.option("--demo", is_flag=True, help="Play the recorded day.")
@click.pass_obj
@plainly
def run(setting: Setting, demo: bool) -> None:
    """The whole sentinel on this machine, until Ctrl-C."""
    from sentinel.programs.run import run as start

    sys.exit(start(setting.file, setting.places, demo=demo))


@main.command()
@click.pass_obj
@plainly
def listen(setting: Setting) -> None:
    """Frames from the mirror port to facts (needs CAP_NET_RAW)."""
    from sentinel.capture.mapped import Mapped

    with closing(Mapped()) as mapped:  # the kernel makes the rings while the configuration is read
        from sentinel.programs.arming import arm

        _log()
        armed = arm(setting.config().capture, mapped)  # it hears already while the rest is imported
    from sentinel.programs.listen import listen as start

    start(armed, setting.places)


@main.command()
@click.option("--demo", is_flag=True, help="Take a recorded day's facts for the present.")
@click.pass_obj
@plainly
def watch(setting: Setting, demo: bool) -> None:
    """The street: judges, stores, lights the lamp, asks the echo."""
    from sentinel.programs.watch import watch as start

    _log()
    start(setting.config(), setting.places, demo=demo)


@main.command()
@click.pass_obj
@plainly
def web(setting: Setting) -> None:
    """The local page."""
    from web.__main__ import serve

    serve(setting.config(), setting.places)


@main.command(hidden=True)
@click.pass_obj
@plainly
def play(setting: Setting) -> None:
    """The recorded day, in place of `listen`."""
    from sentinel.programs.play import play as start

    _log()
    start(setting.config(), setting.places)


@main.command()
@click.pass_obj
@plainly
def check(setting: Setting) -> None:
    """Try everything the sentinel needs here, and say what is missing."""
    from sentinel.programs.check import check as try_everything

    sys.exit(0 if try_everything(setting.config(), setting.places, click.echo, setting.file) else 1)


@main.command()
@click.option("--json", "as_json", is_flag=True, help="The pulse as it is.")
@click.pass_obj
@plainly
def status(setting: Setting, as_json: bool) -> None:
    """What the sentinel says at this moment; exit 0 only when calm."""
    from sentinel.programs.status import status as tell

    sys.exit(tell(setting.config(), setting.places, click.echo, as_json=as_json))


@main.command()
@click.pass_obj
@plainly
def password(setting: Setting) -> None:
    """Set the page's password anew, for whoever stands at the device: every session ends."""
    from sentinel.programs.password import password as change

    given = click.prompt("New password", hide_input=True, confirmation_prompt=True)
    sys.exit(change(setting.places, given, click.echo))


@main.command()
@click.pass_obj
@plainly
def knock(setting: Setting) -> None:
    """Ask the echo now, and show what it could open."""
    from sentinel.programs.knock import knock as ask
    from sentinel.programs.knock import terminal

    sys.exit(ask(setting.config(), setting.places, terminal()))


@main.command()
@click.option("--json", "as_json", is_flag=True, hidden=True, help="The reading as it is.")
@click.pass_obj
@plainly
def box(setting: Setting, as_json: bool) -> None:
    """What the internet box says of itself, read from inside: its forwards, its address."""
    from sentinel.programs.box import box as look

    sys.exit(look(setting.config(), setting.places, click.echo, as_json=as_json))


@main.command(hidden=True)
@plainly
def notify() -> None:
    """One message on stdin, to its addresses."""
    from sentinel.signals.courier import main as deliver

    sys.exit(deliver(click.echo))


@main.command()
@click.argument("kind", type=click.Choice(["dossier", "month", "certificate", "closing", "wall-card"]))
@click.argument("about", default="")
@click.option("--language", type=click.Choice(["fr", "en"]), help="Of the paper.  [default: the practice's]")
@click.option("--who", default="", help="Who asks; it stands on the paper.")
@click.option("--every-machine-on", is_flag=True, help="For a certificate: no machine was off during the check.")
@click.pass_obj
@plainly
def paper(setting: Setting, kind: str, about: str, language: str | None, who: str, every_machine_on: bool) -> None:
    """Make a document: dossier NUMBER, month 2026-11, certificate, closing, or wall-card FOLDER."""
    from sentinel.programs.paper import paper as make
    from sentinel.programs.paper import wish
    from sentinel.programs.wallcard import wall_card

    if kind == "wall-card":
        wall_card(setting.config(), setting.places, Path(about), click.echo, language or "")
        return
    asked = wish(kind, about, language=language or "", who=who, every_machine_on=every_machine_on)
    sys.exit(make(setting.config(), setting.places, asked, click.echo))


@main.command()
@click.argument("invitation")
@click.pass_obj
@plainly
def enrol(setting: Setting, invitation: str) -> None:
    """Use an invitation of an echo."""
    from sentinel.programs.enrol import enrol as use

    click.echo(use(invitation, setting.places))


@main.command()
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--inside", multiple=True, required=True, help="A network of the practice, as 192.168.1.0/24.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line.")
@click.option("--all", "every", is_flag=True, help="Also what is outbound, internal or foreign.")
@plainly
def replay(file: Path, inside: tuple[str, ...], as_json: bool, every: bool) -> None:
    """A recorded capture through the same street."""
    from sentinel.programs.replay import replay as send

    send(file, _networks(inside), sys.stdout, as_json=as_json, every=every)


def _networks(texts: tuple[str, ...]) -> list[Network]:
    try:
        return [ip_network(text) for text in texts]
    except ValueError as error:
        raise click.BadParameter(f"{error}", param_hint="--inside") from None


class _Echo(_Plain):
    """The echo's own commands, there when its packages are."""

    def list_commands(self, context: click.Context) -> list[str]:
        return self._load().list_commands(context)

    def get_command(self, context: click.Context, name: str) -> click.Command | None:
        return self._load().get_command(context, name)

    def _load(self) -> click.Group:
        try:
            from sentinel.echo.__main__ import cli
        except ModuleNotFoundError as error:
            raise click.ClickException(
                f"the echo needs its packages: pip install 'cabinet-sentinel[echo]' ({error.name})"
            ) from None
        return cli


safekeeping.add_to(main)
appliance.add_to(main)
main.add_command(_Echo("echo", help="The outside server that knocks at a practice's own address when asked."))

if __name__ == "__main__":
    main()
