"""What runs in the cabinet of `./dev lab`, and how another process finds it: by the files in `FOLDER`, no more."""

import json
import os
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import asdict, dataclass
from datetime import timedelta
from pathlib import Path

import click

from sentinel.places import Places
from sentinel.signals import pulse
from tests.lab import imaging, relay
from tests.lab.cabinet import Cabinet, alone
from tests.lab.host import FOLDER, Host, wait_until
from tests.lab.images import Image, study
from tests.story.sentinel import EchoHost

STATE = FOLDER / "lab.json"
"""Exists while everything of `./dev lab` runs, and after it was killed."""
HOME = FOLDER / "sentinel"
FILE = HOME / "sentinel.toml"
ECHO = FOLDER / "echo"
"""The echo's key and its book."""
PLACES = Places(lasting=HOME / "var", passing=HOME / "var" / "run")
LOG = FOLDER / "sentinel.log"
DICOM_PORT = 4242
PAGE_PORT = 8080
"""In the namespace; on this computer it is the first free one from there on."""
PAGE_PORTS = range(8080, 8100)
LEAVE = timedelta(seconds=3)


@dataclass(frozen=True, slots=True, kw_only=True)
class State:
    """What a second process must know of a running lab."""

    page: str
    """Address of the page on this computer."""
    code: str
    """Opens the detailed pages."""


class NoLabError(click.ClickException):
    """No lab is up; the text is one sentence for the person at the console."""


def is_held() -> bool:
    """Whether a living process, a lab or a test, has a cabinet up."""
    with suppress(TimeoutError), alone(timedelta(0)):
        return False
    return True


def state() -> State:
    """The lab that is up.

    Raises:
        NoLabError: none is, or its process was killed and has left things behind.
    """
    try:
        found = State(**json.loads(STATE.read_text()))
    except FileNotFoundError:
        raise NoLabError("No lab is up: start one with ./dev lab in another terminal.") from None
    if not is_held():
        raise NoLabError(
            "The lab was killed and has left things behind: ./dev lab sweep clears them, or a new ./dev lab."
        )
    return found


def attached() -> Cabinet:
    """The cabinet of the lab that is up.

    Raises:
        NoLabError: there is none.
    """
    state()
    return Cabinet.attach()


def sentinel(*words: str) -> list[str]:
    """One of the sentinel's commands, for the Pi."""
    return [sys.executable, "-m", "sentinel", "--config", str(FILE), "--dir", str(PLACES.lasting), *words]


@contextmanager
def everything(cabinet: Cabinet, language: str) -> Iterator[tuple[State, subprocess.Popen[str]]]:
    """Orthanc, an echo, the whole sentinel with its invitation, and the page brought to this computer.

    Raises:
        DidNotStartError: one of them did not.
        OSError: no port is left for the page.
    """
    imaging.orthanc(cabinet.imaging)
    imaging.answer_ipv6(cabinet.imaging, DICOM_PORT)
    invitation = echo(cabinet.echo1).start().invite()
    HOME.mkdir()
    FILE.write_text(_settings(cabinet, language, invitation), encoding="utf-8")
    # Its words are wanted as they come, not when a buffer of Python is full.
    running = cabinet.pi.start(
        sentinel("run"), ready=_beats, log=LOG, env={"PYTHONUNBUFFERED": "1"}, patience=timedelta(seconds=20)
    )
    try:
        with relay.relayed(cabinet.pi, cabinet.pi.v4, PAGE_PORT, PAGE_PORTS) as page:
            found = State(page=page, code=PLACES.code.read_text(encoding="utf-8").strip())
            STATE.write_text(json.dumps(asdict(found)))
            yield found, running
    finally:
        _leave(running)


def echo(host: Host) -> EchoHost:
    """The echo on that host, running or not; its identity is in its folder."""
    return EchoHost(host, ECHO)


def forget_quota(folder: Path = ECHO) -> None:
    """Let the echo forget how often it was asked: whoever plays asks more than three times in half an hour.

    And from where: two keys behind one box, met for the first time, may look like neighbours at a shared address.
    """
    with closing(sqlite3.connect(folder / "echo.db")) as book, book:
        for table in ("checks", "retests", "quarters"):
            book.execute(f"DELETE FROM {table}")


def end_echo(host: Host) -> None:
    """End the echo on that host, whoever started it."""
    # Nothing else runs on an echo host.
    for pid in pids(host.name):
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGTERM)
    if not wait_until(lambda: not pids(host.name), LEAVE):
        raise click.ClickException(f"the echo does not end: {pids(host.name)}")


def pids(namespace: str) -> set[int]:
    """The processes in that namespace."""
    listed = subprocess.run(["ip", "netns", "pids", namespace], capture_output=True, text=True, check=True)
    return {int(pid) for pid in listed.stdout.split()}


def first_forward(cabinet: Cabinet) -> int | None:
    """The public port a stranger tries: one that leads to DICOM before any other."""
    known = cabinet.box.forwards()
    by_use = sorted(known, key=lambda port: (known[port][1] != DICOM_PORT, port))
    return by_use[0] if by_use else None


def images(folder: str) -> list[Image]:
    """2.6 MB: enough to count, once they go out, as images that left."""
    return study(Path(folder), count=5, side=512)


def _beats() -> bool:
    last = pulse.read(PLACES.pulse)
    return last is not None and last.coverage is not None and PAGE_PORT in Host("pi").listening()


def _leave(running: subprocess.Popen[str]) -> None:
    """As Ctrl-C at its terminal would; what stays is ended with the cabinet."""
    running.send_signal(signal.SIGINT)
    wait_until(lambda: running.poll() is not None, LEAVE)


def _settings(cabinet: Cabinet, language: str, invitation: str) -> str:
    return f"""\
[practice]
name = "The laboratory"
contact = "Camille Martin"
phone = "+33 1 99 00 12 34"

[capture]
interface = "mirror0"

[labels]
"{cabinet.imaging.mac}" = "RADIO-PC"
"{cabinet.workstation.mac}" = "FRONT-DESK"

[echo]
invitation = "{invitation}"

[page]
host = "{cabinet.pi.v4}"
port = {PAGE_PORT}
language = "{language}"

[store]
batch_seconds = 0.5
"""
