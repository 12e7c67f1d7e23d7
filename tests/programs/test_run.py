"""`sentinel run`: children that are started again with patience, and all gone at the end."""

import sys
import time
from pathlib import Path

from sentinel.places import Places
from sentinel.programs.run import BACK_OFF, PATIENCE, Child, _end, _programs

LIVES = [sys.executable, "-c", "import time; time.sleep(60)"]
DIES = [sys.executable, "-c", "raise SystemExit(3)"]
DEAF = [
    sys.executable,
    "-c",
    "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print(flush=True); time.sleep(60)",
]


def test_a_child_is_started_once_while_it_lives():
    """However often it is looked after."""
    child = Child("listen", LIVES)
    child.tend(0)
    first = child.process
    child.tend(1)

    assert child.process is first
    _end([child])


def test_a_child_that_dies_is_started_again_after_longer_and_longer_pauses(capsys):
    """Said once each time; never given up."""
    child = Child("listen", DIES)
    at = 0.0
    pauses = []
    for _ in range(6):
        child.tend(at)
        assert child.process is not None
        child.process.wait()
        child.tend(at)
        assert child.process is None
        pauses.append(child.again_at - at)
        at = child.again_at

    assert tuple(pauses[:4]) == BACK_OFF
    assert pauses[4:] == [BACK_OFF[-1]] * 2
    assert capsys.readouterr().err.count("listen ended (3)") == 6


def test_a_child_that_lived_long_is_forgiven():
    """Half a minute: the next fall is the first one again."""
    child = Child("listen", LIVES, falls=3)
    child.tend(0)
    child.tend(31)

    assert child.falls == 0
    _end([child])


def test_everybody_leaves_and_whoever_does_not_is_made_to():
    """Within two seconds together."""
    children = [Child("watch", LIVES), Child("web", DEAF), Child("listen", DIES), Child("never", LIVES)]
    for child in children[:3]:
        child.tend(0)
    time.sleep(0.5)
    begun = time.monotonic()
    _end(children)

    assert time.monotonic() - begun < PATIENCE + 0.5
    for child in children[:3]:
        assert child.process is not None
        assert child.process.poll() is not None


def test_every_program_gets_the_same_folders(tmp_path: Path):
    """Only the source of frames differs in a demonstration, and only `watch` is told of it."""
    places = Places(lasting=tmp_path, passing=tmp_path / "run")
    live, recorded = (dict(_programs(tmp_path / "sentinel.toml", places, recorded)) for recorded in (False, True))

    assert (list(live), list(recorded)) == (["watch", "listen", "web"], ["watch", "play", "web"])
    for words in (*live.values(), *recorded.values()):
        assert words[words.index("--dir") + 1] == str(tmp_path)
        assert words[words.index("--run") + 1] == str(tmp_path / "run")
    assert [name for name, words in recorded.items() if "--demo" in words] == ["watch"]
