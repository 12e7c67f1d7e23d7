"""Fixtures of the stories: a cabinet, an imaging server, an echo, a sentinel."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.lab.cabinet import Cabinet
from tests.story.sentinel import EchoHost, Sentinel
from tests.story.trouble import Tell


@pytest.fixture
def echo(cabinet: Cabinet, tmp_path: Path) -> Iterator[EchoHost]:
    """An echo on the first echo host."""
    host = EchoHost(cabinet.echo1, tmp_path / "echo").start()
    yield host
    host.stop()


@pytest.fixture
def make_sentinel(cabinet: Cabinet, tmp_path: Path) -> Iterator[Callable[[str], Sentinel]]:
    """Starts a sentinel with further settings."""
    made: list[Sentinel] = []

    def make(settings: str = "") -> Sentinel:
        made.append(Sentinel(cabinet, tmp_path, settings))
        return made[-1].start()

    yield make
    for sentinel in made:
        sentinel.stop()


@pytest.fixture
def sentinel(make_sentinel: Callable[[str], Sentinel]) -> Sentinel:
    """A sentinel without an echo."""
    return make_sentinel("")


@pytest.fixture
def with_echo(make_sentinel: Callable[[str], Sentinel], echo: EchoHost) -> Sentinel:
    """A sentinel whose file carries an invitation, once its first check has ended."""
    made = make_sentinel(f'[echo]\ninvitation = "{echo.invite()}"\n')
    made.wait(lambda: made.places.store.exists() and made.sql("SELECT * FROM outcomes"), "the first check", 30)
    return made


@pytest.fixture
def tell(capsys: pytest.CaptureFixture[str]) -> Tell:
    """Prints what was measured, also of a test that passes."""

    def told(what: str, seconds: float) -> None:
        with capsys.disabled():
            print(f"\n  {what}: {seconds:.1f} s", end="")

    return told
