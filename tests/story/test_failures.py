"""Failures of ourselves: the sentinel says within ten seconds that it does not know, recovers, and loses nothing.

What makes blind is met twice, by a sentinel that was calm and by one whose lamp was red: the alarm outlives it.
"""

import os
import shutil
import signal
import sqlite3
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest

from sentinel.clock import now
from sentinel.model.finding import Code, Level
from sentinel.text import say
from tests.lab.cabinet import Cabinet
from tests.lab.doors import Answer
from tests.story.sentinel import EchoHost, Sentinel
from tests.story.trouble import LIMIT, Story, Tell

pytestmark = pytest.mark.lab  # also where the cabinet is asked for by another fixture

FAKETIME = next(Path("/usr/lib").glob("*/faketime/libfaketimeMT.so.1"), None)
"""Debian's, wherever this processor's libraries lie."""


def _calm(sentinel: Sentinel) -> None:
    sentinel.wait(lambda: sentinel.level() is Level.CALM, "calm", 20)


@pytest.fixture
def calm_story(cabinet: Cabinet, with_echo: Sentinel, tell: Tell) -> Story:
    """A sentinel that is calm: it has an echo, was checked in full, and nothing is open."""
    _calm(with_echo)
    return Story(cabinet, with_echo, False, tell).live()


@pytest.fixture
def red_story(cabinet: Cabinet, sentinel: Sentinel, tell: Tell) -> Story:
    """A sentinel whose lamp is red, since a stranger came in."""
    return Story(cabinet, sentinel, True, tell).live()


@pytest.fixture(params=["calm_story", "red_story"], ids=["calm", "red"])
def story(request: pytest.FixtureRequest) -> Story:
    """The one, and then the other."""
    return request.getfixturevalue(request.param)  # type: ignore[no-any-return]


# The capture


def test_a_mirror_cable_pulled_out_is_a_lost_view(story: Story):
    """Which part, since when; back in, it is proved again by the first traffic that passes."""
    begun = time.monotonic()
    story.cabinet.switch.carrier(False)
    story.goes_blind(Code.VIEW_LOST, "mirror cable out", begun)

    begun = time.monotonic()
    story.cabinet.switch.carrier(True)
    story.refused()
    story.recovers("mirror cable out", begun, Code.VIEW_LOST, Code.CAPTURE_LOST)


def test_a_listen_killed_for_good_is_a_lost_capture(red_story: Story):
    """As long as nobody starts it again the sentinel does not listen, and says so; then that it missed some."""
    story = red_story
    with story.sentinel.frozen("run"):
        begun = time.monotonic()
        story.sentinel.signal("listen", signal.SIGKILL)
        story.goes_blind(Code.CAPTURE_LOST, "listen killed", begun)
    begun = time.monotonic()
    story.recovers("listen killed", begun, Code.CAPTURE_LOST)
    assert story.reason(Code.CAPTURE_INCOMPLETE)

    port = story.come_in()
    story.sentinel.wait(lambda: story.has_row_from(port), "the row of the next visitor", 3)


def test_a_listen_that_stands_still_is_a_lost_capture_and_what_passed_meanwhile_is_not_lost(story: Story):
    """The ring keeps what the filter lets through; whoever came meanwhile is told as soon as it moves again."""
    with story.sentinel.frozen("listen"):
        begun = time.monotonic()
        port = story.come_in()
        story.goes_blind(Code.CAPTURE_LOST, "listen standing still", begun)
        assert not story.has_row_from(port)
    begun = time.monotonic()
    story.recovers("listen standing still", begun, Code.CAPTURE_LOST)
    story.sentinel.wait(lambda: story.has_row_from(port), "the row of who came meanwhile", 3)


# The street


def test_a_watch_killed_for_good_is_dark_and_what_passed_meanwhile_is_not_lost(red_story: Story):
    """`listen` keeps its facts until somebody takes them; the next `watch` goes on where the last one was."""
    story = red_story
    with story.sentinel.frozen("run"):
        begun = time.monotonic()
        story.sentinel.signal("watch", signal.SIGKILL)
        port = story.come_in()
        story.goes_dark("watch killed", begun)
    begun = time.monotonic()
    story.recovers("watch killed", begun, Code.CAPTURE_LOST)
    story.sentinel.wait(lambda: story.has_row_from(port), "the row of who came meanwhile", 5)
    story.sentinel.wait(lambda: story.sentinel.level() is Level.ALARM, "his alarm", 5)


def test_a_watch_killed_once_is_back_before_anybody_looks(red_story: Story):
    """`run` starts it again at once; from kill to the first beat of the next."""
    story = red_story
    begun = time.monotonic()
    first = story.sentinel.process("watch")
    os.kill(first, signal.SIGKILL)
    started = story.sentinel.pulse()
    assert started is not None

    def beats_again() -> bool:
        last = story.sentinel.pulse()
        return last is not None and last.started.since(started.started) > timedelta(0)

    story.sentinel.wait(beats_again, "the next watch", LIMIT)
    story.recovers("watch killed once", begun)


def test_a_watch_that_stands_still_is_dark_on_the_page_and_in_the_terminal(calm_story: Story):
    """It is alive to the kernel and to nobody else; when it moves again it goes on with the same stories."""
    story = calm_story
    with story.sentinel.frozen("watch"):
        begun = time.monotonic()
        port = story.come_in()
        story.goes_dark("watch standing still", begun)
        word = say("fr", "lamp.dark.word")
        story.sentinel.wait(lambda: word in story.sentinel.tail().splitlines(), "the terminal's word", 1)
    begun = time.monotonic()
    story.recovers("watch standing still", begun, Code.CAPTURE_LOST)
    story.sentinel.wait(lambda: story.has_row_from(port), "the row of who came meanwhile", 3)


def test_a_watch_that_stands_still_for_good_is_started_anew(red_story: Story):
    """After half a minute `run` ends it, as a watchdog would; the next one has the same stories, and is red."""
    story = red_story
    with story.sentinel.frozen("watch"):
        begun = time.monotonic()
        port = story.come_in()
        story.goes_dark("watch standing still for good", begun)
        story.recovers("since it stood still: watch", begun, Code.CAPTURE_LOST, patience=40)
    story.sentinel.wait(lambda: story.has_row_from(port), "the row of who came meanwhile", 3)


# The store


def test_a_locked_store_is_told_and_what_came_meanwhile_is_written_afterwards(story: Story):
    """Somebody else holds the store for a quarter of a minute: the lamp does not wait for it, the rows do."""
    lock = sqlite3.connect(story.sentinel.places.store, isolation_level=None)
    with closing(lock):
        lock.execute("BEGIN EXCLUSIVE")
        begun = time.monotonic()
        assert story.refused() is Answer.REFUSED
        story.goes_blind(Code.STORE_FAILING, "store locked", begun)
        came = time.monotonic()
        port = story.come_in()
        story.sentinel.wait(lambda: story.sentinel.lamp()["colour"] == "red", "a red lamp", 2)
        story.tell("with the store locked, from a visitor to the red lamp", time.monotonic() - came)
        held = 5 if story.alarmed else 15
        time.sleep(max(0.0, held - (time.monotonic() - begun)))
        assert not story.has_row_from(port)
        lock.execute("ROLLBACK")
    begun = time.monotonic()
    story.recovers("store locked", begun, Code.STORE_FAILING)
    story.sentinel.wait(lambda: story.has_row_from(port), "the row of who came meanwhile", 3)
    story.sentinel.wait(lambda: any(each.port == 4242 for each in story.sentinel.incidents()), "his incident", 3)
    assert len(story.kept()) == len(story.rows) + 2


@contextmanager
def _small_disk(folder: Path, megabytes: int) -> Iterator[None]:
    folder.mkdir()
    size = ["-o", f"size={megabytes}m"]
    subprocess.run(["mount", "-t", "tmpfs", *size, "tmpfs", str(folder)], check=True)
    try:
        yield
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)


def _fill(folder: Path, *, leave: int) -> Path:
    file = folder / f"fill-{leave}"
    with file.open("wb") as much:
        os.posix_fallocate(much.fileno(), 0, shutil.disk_usage(folder).free - leave)
    return file


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """The sentinel's folder is a disk of its own, 64 MB large."""
    with _small_disk(tmp_path / "var", 64):
        yield tmp_path / "var"


def test_a_full_disk_is_told_and_then_dark_where_the_pulse_has_no_other_place(
    cabinet: Cabinet,
    small_disk: Path,
    echo: EchoHost,
    make_sentinel: Callable[[str], Sentinel],
    tell: Tell,
):
    """A laptop: told before the disk is full, dark when it is, and all is there once there is room."""
    made = make_sentinel(f'[echo]\ninvitation = "{echo.invite()}"\n')
    _calm(made)
    story = Story(cabinet, made, False, tell).live()
    nearly = nearly_full(story)

    begun = time.monotonic()
    full = _fill(small_disk, leave=0)
    port = story.come_in()
    story.goes_dark("disk full, no room for the pulse", begun)
    gets_room(story, port, nearly, full)
    made.stop()


def test_a_full_disk_is_told_while_the_alarm_goes_on(
    cabinet: Cabinet, small_disk: Path, make_sentinel: Callable[[str], Sentinel], tmp_path: Path, tell: Tell
):
    """A Pi, whose pulse lies in memory: the lamp stays red, the page says what is wrong, nothing is lost."""
    (tmp_path / "run").mkdir()
    (small_disk / "run").symlink_to(tmp_path / "run")
    made = make_sentinel("")
    story = Story(cabinet, made, True, tell).live()
    nearly = nearly_full(story)

    begun = time.monotonic()
    full = _fill(small_disk, leave=0)
    port = story.come_in()
    story.goes_blind(Code.STORE_FAILING, "disk full", begun)
    time.sleep(LIMIT + 1)  # longer than any order of the lamp lives
    assert made.lamp()["colour"] == "red"
    gets_room(story, port, nearly, full)
    made.stop()


def nearly_full(story: Story) -> Path:
    """Less is left than the sentinel wants to have spare; it says so."""
    begun = time.monotonic()
    file = _fill(story.sentinel.places.lasting, leave=30 << 20)
    story.goes_blind(Code.DISK_FULL, "disk nearly full", begun)
    return file


def gets_room(story: Story, port: int, *files: Path) -> None:
    """Somebody tidies up: whoever came by that port meanwhile is in the store, and is an alarm."""
    begun = time.monotonic()
    for file in files:
        file.unlink()
    story.recovers("disk full", begun, Code.DISK_FULL, Code.STORE_FAILING)
    story.sentinel.wait(lambda: story.has_row_from(port), "the row of who came meanwhile", 3)
    story.sentinel.wait(lambda: story.sentinel.level() is Level.ALARM, "his alarm", 3)
    story.sentinel.wait(lambda: story.sentinel.lamp()["colour"] == "red", "a red lamp", 3)


# The clock

SLEEP_AGAIN = """
# The preloaded library knows no sleep by the monotonic clock (it ends in EINVAL); `select` is such a sleep.
import select, time
time.sleep = lambda seconds: select.select([], [], [], seconds)
"""


@dataclass
class FalseClock:
    """A wall clock of its own for one program; the clocks that count from boot stay true, as on a real machine."""

    folder: Path

    def environment(self) -> dict[str, str]:
        """For the program that shall believe it."""
        self.set("+0")
        (self.folder / "sitecustomize.py").write_text(SLEEP_AGAIN)
        return {
            "LD_PRELOAD": str(FAKETIME),
            "FAKETIME_TIMESTAMP_FILE": str(self.folder / "clock"),
            "FAKETIME_NO_CACHE": "1",
            "FAKETIME_DONT_FAKE_MONOTONIC": "1",
            "PYTHONPATH": str(self.folder),
        }

    def set(self, offset: str) -> None:
        """Jump, as `-2d` or back to `+0`."""
        fresh = self.folder / "clock.new"
        fresh.write_text(offset)
        fresh.replace(self.folder / "clock")


@pytest.mark.parametrize("alarmed", [False, True], ids=["calm", "red"])
def test_a_clock_that_jumps_two_days_back_is_told_and_stops_nothing(
    cabinet: Cabinet, echo: EchoHost, tmp_path: Path, tell: Tell, alarmed: bool
):
    """The jobs go on by the boot clock, the lamp is re-armed, who comes is seen; the echo's time settles it."""
    if FAKETIME is None:
        pytest.skip("needs Debian's faketime")
    clock = FalseClock(tmp_path)
    settings = "" if alarmed else f'[echo]\ninvitation = "{echo.invite()}"\n'
    sentinel = Sentinel(cabinet, tmp_path, settings).start_apart(watch=clock.environment())
    try:
        if not alarmed:
            _calm(sentinel)
        story = Story(cabinet, sentinel, alarmed, tell).live()
        begun = time.monotonic()
        clock.set("-2d")
        story.goes_blind(Code.CLOCK_WRONG, "clock two days back", begun)
        beat = sentinel.pulse()
        assert beat is not None
        assert timedelta(days=1.9) < now().wall - beat.at.wall < timedelta(days=2.1)

        time.sleep(2 if alarmed else 12)  # longer than any order of the lamp lives
        assert sentinel.level() is story.level
        port = story.come_in()
        sentinel.wait(lambda: story.has_row_from(port), "the row of who came under the wrong clock", 3)
        sentinel.wait(lambda: sentinel.lamp()["colour"] == "red", "a red lamp", 2)

        begun = time.monotonic()
        clock.set("+0")
        time.sleep(3)
        assert sentinel.pulse() is not None
        if not alarmed:
            story.recovers("clock two days back", begun, Code.CLOCK_WRONG, patience=30)
    finally:
        sentinel.stop()


# The echo


def test_an_echo_that_goes_away_is_asked_in_vain_and_found_again(
    cabinet: Cabinet, with_echo: Sentinel, echo: EchoHost, tell: Tell
):
    """The last proof stays a proof while it is fresh; each attempt is kept with its reason; nothing restarts."""
    _calm(with_echo)
    watch = with_echo.process("watch")
    echo.stop()
    begun = time.monotonic()
    code, table = with_echo.command("knock")
    tell("echo gone, until the attempt is told to have failed", time.monotonic() - begun)
    assert code == 2, table
    assert with_echo.level() is Level.CALM
    assert "unreachable" in {outcome for (outcome,) in with_echo.sql("SELECT outcome FROM outcomes")}

    echo.start()
    begun = time.monotonic()
    code, table = with_echo.command("knock")
    tell("echo back, until checked", time.monotonic() - begun)
    assert code == 0, table
    assert with_echo.process("watch") == watch
