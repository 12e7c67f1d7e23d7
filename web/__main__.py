"""`python -m web`: the page's own process, on cheroot."""

import re
import signal
import sys
from pathlib import Path

import click

from sentinel import clock
from sentinel.config import Config
from sentinel.errors import MissingDevice, SentinelError
from sentinel.places import Places
from sentinel.toml import load
from web.app import create_app
from web.serving import server


def serve(config: Config, places: Places) -> None:
    """Serve until SIGTERM or Ctrl-C.

    Raises:
        MissingDevice: the address or the port is not to be had.
    """
    page = server(create_app(config, places, clock.now), config.page.host, config.page.port)
    signal.signal(signal.SIGTERM, _leave)
    try:
        page.prepare()
    except OSError as error:
        where = f"{config.page.host} port {config.page.port}"
        why = re.search(r"Errno \d+\] ([^)]+)", str(error))  # cheroot keeps the cause in its words only
        raise MissingDevice(f"the page cannot listen on {where}: {why[1] if why else error}") from None
    try:
        page.serve()
    except (KeyboardInterrupt, SystemExit):
        pass
    finally:
        page.stop()


def _leave(*_: object) -> None:
    raise SystemExit(0)


@click.command()
@click.option("--config", "file", type=click.Path(path_type=Path), default=Path("sentinel.toml"))
@click.option("--dir", "lasting", type=click.Path(path_type=Path), default=Path("var"))
@click.option("--run", "passing", type=click.Path(path_type=Path), default=None)
def main(file: Path, lasting: Path, passing: Path | None) -> None:
    """The status page of one sentinel."""
    try:
        serve(load(file), Places(lasting=lasting, passing=passing or lasting / "run"))
    except SentinelError as error:
        click.echo(str(error), err=True)
        sys.exit(error.exit_code)


if __name__ == "__main__":
    main()
