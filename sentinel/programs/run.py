"""`sentinel run`: the whole sentinel on one machine, its programs as children, its lamp in the terminal.

On a Pi each program is a unit of its own; here one parent starts them, starts again what dies, and ends them
all on Ctrl-C.
"""

import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from importlib.resources import files
from pathlib import Path

from sentinel.capture import rights
from sentinel.clock import boot_id, now
from sentinel.config import Config, LampKind, Page
from sentinel.model.finding import Level
from sentinel.model.moment import Moment
from sentinel.places import Places
from sentinel.programs.claim import shown_code
from sentinel.programs.effective import effective
from sentinel.signals import pulse
from sentinel.text import say
from sentinel.toml import load

PATIENCE = 1.5
"""Seconds for the children to leave; what has not left by then is killed."""
HEEDED = 10
"""Seconds until what was set on the page is heeded in the terminal."""
BACK_OFF = (0.5, 1.0, 2.0, 5.0)
SYMBOLS = {
    "green": "\x1b[42;30m",
    "yellow": "\x1b[43;30m",
    "red": "\x1b[41;97m",
    "blue": "\x1b[44;97m",
    "white": "\x1b[107;30m",
}
DARK = "\x1b[100;97m"
PLAIN = "\x1b[0m"


@dataclass(slots=True)
class Child:
    """One program, and how often it had to be started again."""

    name: str
    arguments: Sequence[str]
    process: subprocess.Popen[bytes] | None = None
    falls: int = 0
    again_at: float = field(default=0.0)
    steady_at: float = field(default=0.0)

    def tend(self, at: float) -> None:
        """Start it if it is not running and its pause is over."""
        if self.process is not None and self.process.poll() is None:
            if at > self.steady_at:
                self.falls = 0
            return
        if self.process is not None:
            self._fell(self.process.returncode, at)
        if self.process is None and at >= self.again_at:
            self.process = subprocess.Popen(self.arguments, preexec_fn=rights.end_with_parent)  # noqa: PLW1509 - no threads here
            self.steady_at = at + 30

    def _fell(self, code: int, at: float) -> None:
        pause = BACK_OFF[min(self.falls, len(BACK_OFF) - 1)]
        print(f"{self.name} ended ({code}); again in {pause:g} s", file=sys.stderr)
        self.falls += 1
        self.again_at = at + pause
        self.process = None


def run(file: Path, places: Places, *, demo: bool) -> int:
    """Run until Ctrl-C or SIGTERM; 0 when everything has ended.

    Without the right to capture, or when asked, the recorded day is played: with its own configuration and its own
    store, which begins anew each time.
    """
    config = load(file)
    recorded = demo or not rights.can_capture()
    if recorded:
        if not demo:
            print("No right to capture here (CAP_NET_RAW): playing the recorded day instead.", flush=True)
        file, places = _demonstration(config.page, places)
        config = load(file)
    places.make()
    children = [Child(name, arguments) for name, arguments in _programs(file, places, recorded)]
    stop = _Stop()
    _announce(config, places, recorded)
    try:
        _tend(children, stop, config, places)
    finally:
        _end(children)
    return 0


def _demonstration(page: Page, places: Places) -> tuple[Path, Places]:
    """The recorded day's file and its own folder, emptied; only the page's place is the user's."""
    lasting = places.lasting / "demo"
    shutil.rmtree(lasting, ignore_errors=True)
    fresh = Places(lasting=lasting, passing=lasting / "run")
    fresh.make()
    day = files("sentinel.recorded").joinpath("day.toml").read_text(encoding="utf-8")
    where = f'[page]\nhost = "{page.host}"\nport = {page.port}\nlanguage = "{page.language}"\ncode = "DEMO"\n'
    file = lasting / "day.toml"
    file.write_text(f"{day}\n{where}", encoding="utf-8")
    return file, fresh


def _programs(file: Path, places: Places, recorded: bool) -> list[tuple[str, list[str]]]:
    base = [sys.executable, "-m", "sentinel", "--config", str(file)]
    base += ["--dir", str(places.lasting), "--run", str(places.passing)]
    mode = ["--demo"] if recorded else []
    source = ("play", [*base, "play"]) if recorded else ("listen", [*base, "listen"])
    return [("watch", [*base, "watch", *mode]), source, ("web", [*base, "web"])]


class _Stop:
    """Set by the first signal."""

    def __init__(self) -> None:
        self.now = False
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, self._set)

    def _set(self, *_: object) -> None:
        self.now = True


def _tend(children: list[Child], stop: _Stop, config: Config, places: Places) -> None:
    show = sys.stdout.isatty() and config.lamp.kind is LampKind.SIMULATED
    told, heart = "", _Heart()
    said, again = config, 0.0
    while not stop.now:
        at = time.monotonic()
        if at >= again:
            said, again = effective(config, places), at + HEEDED
        for child in children:
            child.tend(at)
        heart.listen(children[0], places)
        told = _show(said, places, told, live=show)
        time.sleep(0.1)
    if show:
        print()


class _Heart:
    """Ends a street that has not beaten for three of its lives, as systemd's watchdog would.

    Counted on our own monotonic clock, which stands still with everything else while a laptop sleeps.
    """

    def __init__(self) -> None:
        self._beat: Moment | None = None
        self._since = time.monotonic()
        self._process: object = None

    def listen(self, child: Child, places: Places) -> None:
        """Look at the pulse once."""
        last = pulse.read(places.pulse)
        beat = last.at if last else None
        if beat != self._beat or child.process is not self._process:
            self._beat, self._process, self._since = beat, child.process, time.monotonic()
        elif child.process and time.monotonic() - self._since > 3 * pulse.LIVES.total_seconds():
            places.pulse.unlink(missing_ok=True)
            child.process.kill()


def _show(config: Config, places: Places, told: str, *, live: bool) -> str:
    """The lamp and its word: redrawn on a terminal, a line for each change elsewhere."""
    last = pulse.read(places.pulse)
    alive = pulse.is_alive(last, now(), boot_id())
    level = last.verdict.level if last and alive else None
    word = say(config.page.language, f"lamp.{level.word if level else 'dark'}.word")
    if live:
        print(f"\r{_bulb(places, level)} {word}\x1b[K", end="", flush=True)
    elif word != told:
        print(word, flush=True)
    return word


def _bulb(places: Places, level: Level | None) -> str:
    if level is None:
        return f"{DARK}   {PLAIN}"
    with contextlib.suppress(OSError, ValueError, KeyError):
        lamp = json.loads(places.lamp.read_bytes())
        if lamp["lit"]:
            return f"{SYMBOLS[lamp['colour']]} ● {PLAIN}"
    return f"{DARK} ○ {PLAIN}"


def _announce(config: Config, places: Places, recorded: bool) -> None:
    host = f"[{config.page.host}]" if ":" in config.page.host else config.page.host
    if recorded:
        print(say(config.page.language, "page.demo"), flush=True)
    code = shown_code(config, places)
    print(f"http://{host}:{config.page.port}" + (f"   code: {code}" if code else ""), flush=True)


def _end(children: list[Child]) -> None:
    """Ask everybody to leave, then insist."""
    running = [child.process for child in children if child.process and child.process.poll() is None]
    for process in running:
        process.terminate()
    deadline = time.monotonic() + PATIENCE
    for process in running:
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(max(0.0, deadline - time.monotonic()))
    for process in running:
        if process.poll() is None:
            os.kill(process.pid, signal.SIGKILL)
            process.wait()
