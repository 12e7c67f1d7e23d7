"""The one command: what it says, what it runs beside what, and how it is stopped."""

import itertools
import os
import re
import shutil
import signal
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import pytest

from tests.commands import FREE, PATIENCE, ROOT, run


def test_dev_alone_names_every_command():
    """The help is where a newcomer starts."""
    branches = re.findall(r"^  ([a-z-]+)\)$", (ROOT / "dev").read_text(), re.MULTILINE)
    done = run("sh", "dev")

    assert {"run", "test", "check", "bench", "lab", "sentinel"} <= set(branches)
    assert done.returncode == 0
    assert [branch for branch in branches if f"./dev {branch}" not in done.stdout] == []


def test_dev_refuses_what_it_does_not_know():
    """With the help, and a status a script can see."""
    done = run("sh", "dev", "rnu")

    assert done.returncode == 2
    assert "no such command: rnu" in done.stderr


@pytest.mark.parametrize(("version", "word"), [("3.10", "old"), ("3.14", "new")])
def test_dev_says_in_one_line_that_a_python_does_not_fit(tmp_path, version, word):
    """And leaves no .venv behind."""
    house = tmp_path / "house with spaces"
    shutil.copytree(ROOT / "requirements", house / "requirements")
    for file in ("dev", "pyproject.toml"):
        shutil.copy(ROOT / file, house)
    python = tmp_path / "python"
    python.write_text(f"#!/bin/sh\ncase $2 in *print*) echo {version} ;; *) exit 1 ;; esac\n")
    python.chmod(0o755)

    done = run("sh", "dev", "run", folder=house, PYTHON=str(python))

    assert done.returncode == 69
    assert done.stderr.count("\n") == 1
    assert f"Python {version} is too {word}" in done.stderr
    assert not (house / ".venv").exists()


# --- two lanes ---------------------------------------------------------------------------------------------------

SECTIONS = ("unit", "lab", "browser", "fresh", "ansible", "image")


class House:
    """A small house with our `dev` and our conftest, whose .venv is this one, and one test file a section."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder / "house with spaces"
        (self.folder / "tests").mkdir(parents=True)
        (self.folder / ".venv" / "bin").mkdir(parents=True)
        shutil.copytree(ROOT / "requirements", self.folder / "requirements")
        shutil.copy(ROOT / "dev", self.folder)
        shutil.copy(ROOT / "tests" / "conftest.py", self.folder / "tests")
        marks = "\n".join(f'  "{name}: x",' for name in SECTIONS[1:])
        (self.folder / "pyproject.toml").write_text(
            f'[tool.pytest.ini_options]\naddopts = "-p no:cacheprovider"\nmarkers = [\n{marks}\n]\n'
        )
        python = self.folder / ".venv" / "bin" / "python"
        python.write_text(f'#!/bin/sh\nexec {sys.executable} "$@"\n')
        python.chmod(0o755)
        (self.folder / ".venv" / ".place").write_text(f"{self.folder} {python}\n")
        for level in ("run", "dev"):
            pins = run("sh", "-c", self._pins(level), folder=self.folder).stdout
            (self.folder / ".venv" / f".pins-{level}").write_text(pins)

    def _pins(self, level: str) -> str:
        """The very line of `dev` that says what a .venv was made from."""
        found = re.search(rf"^    {level}\) (cat .*cksum) ;;$", (self.folder / "dev").read_text(), re.MULTILINE)
        assert found
        return found[1]

    def holds(self, section: str, body: str) -> None:
        """Put a test into that section."""
        mark = "" if section == "unit" else f"@pytest.mark.{section}\n"
        text = f"import os, time\nfrom pathlib import Path\nimport pytest\n\n{mark}def test_it():\n"
        (self.folder / "tests" / f"test_{section}.py").write_text(
            text + textwrap.indent(textwrap.dedent(body), "    ")
        )

    def test(self, *args: str, **environment: str) -> subprocess.CompletedProcess[str]:
        """`./dev test`."""
        return run("sh", "dev", "test", *args, folder=self.folder, **environment)


@pytest.fixture
def house(tmp_path: Path) -> House:
    return House(tmp_path)


MEET = """
    Path("{mine}").touch()
    for _ in range(300):
        if Path("{other}").exists():
            break
        time.sleep(0.1)
    else:
        raise AssertionError("never met {other}")
"""


def table(text: str) -> dict[str, str]:
    """The summary at the end: what is said of each section."""
    rows = (re.fullmatch(r"  (\S+) +\d+ s   ?(.*)", line) for line in text.splitlines())
    return {row[1]: row[2] for row in rows if row}


def test_the_lab_runs_beside_the_rest(house):
    """Each waits for the other, which one after the other could not."""
    house.holds("unit", MEET.format(mine="unit", other="lab"))
    house.holds("lab", MEET.format(mine="lab", other="unit"))

    done = house.test()

    assert done.returncode == 0, done.stdout + done.stderr
    assert table(done.stdout)["unit"] == table(done.stdout)["lab"] == "1 passed, 0 failed, 0 skipped"
    assert table(done.stdout)["image"] == "nothing collected"
    assert "all" in table(done.stdout)


def test_what_a_section_says_stays_in_one_piece(house):
    """Though it was said while another spoke."""
    speak = 'for number in range(20):\n    print("{name} says", number, flush=True)\n    time.sleep(0.05)\n'
    for name, other in (("unit", "lab"), ("lab", "unit")):
        house.holds(name, textwrap.dedent(MEET.format(mine=name, other=other)) + speak.format(name=name))

    said = re.findall(r"(unit|lab) says \d+$", house.test("-s").stdout, re.MULTILINE)

    assert len(said) == 40
    assert sum(before != after for before, after in itertools.pairwise(said)) == 1


def test_a_section_that_fails_fails_the_whole(house):
    """The others are run all the same."""
    house.holds("unit", "assert False, 'as it must'")
    house.holds("browser", "pass")

    done = house.test()

    assert done.returncode == 1
    assert "as it must" in done.stdout
    assert table(done.stdout)["unit"] == "FAILED (0 passed, 1 failed, 0 skipped)"
    assert table(done.stdout)["browser"] == "1 passed, 0 failed, 0 skipped"


def test_where_not_one_test_is_found_it_says_so_as_pytest_does(house):
    """A mistyped name is no success."""
    assert house.test("-k", "nothing").returncode == 5


def test_the_image_waits_for_the_lab_and_for_its_base(house):
    """Its machines would take the processors from what measures times."""
    build = house.folder / "image-build" / "build.sh"
    build.parent.mkdir()
    build.write_text('[ "$1" = base ] && sleep 4 && touch base\n')
    house.holds("lab", "time.sleep(1); Path('lab').touch()")
    house.holds("image", "assert Path('lab').exists() and Path('base').exists()")
    for name in ("fresh", "ansible"):
        house.holds(name, "pass")

    done = house.test(SENTINEL_IMAGE="required")

    assert done.returncode == 0, done.stdout + done.stderr
    assert table(done.stdout)["base"] == "built beside the others"
    assert table(done.stdout)["image"] == "1 passed, 0 failed, 0 skipped"


def test_a_base_that_cannot_be_built_fails_the_whole(house):
    """With its own last words."""
    for name in ("fresh", "ansible", "image"):
        house.holds(name, "pass")
    (house.folder / "image-build").mkdir()
    (house.folder / "image-build" / "build.sh").write_text("echo no qemu here; exit 3\n")

    done = house.test(SENTINEL_IMAGE="required")

    assert done.returncode == 1
    assert "no qemu here" in done.stdout
    assert table(done.stdout)["base"] == "FAILED"


def test_what_is_required_may_not_be_empty(house):
    """Or a section that lost its tests would pass for good."""
    house.holds("unit", "pass")

    done = house.test(SENTINEL_LAB="required")

    assert done.returncode == 1
    assert table(done.stdout)["lab"] == "nothing collected: FAILED"
    assert table(done.stdout)["image"] == "nothing collected"


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize("how", ["to all, as a terminal does", "to dev alone"])
def test_stopping_it_ends_every_child_and_lets_each_put_away_what_it_made(house, number, how):
    """pytest hears Ctrl-C once, so that its fixtures can end in peace."""
    for name in ("unit", "lab"):
        house.holds(
            name,
            f"""
            Path("{name}.began").write_text(str(os.getpid()))
            try:
                time.sleep({PATIENCE})
            finally:
                time.sleep(1.5)
                Path("{name}.put-away").touch()
            """,
        )
    process = subprocess.Popen(
        ["sh", "dev", "test"],
        cwd=house.folder,
        env=os.environ | FREE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    began = [house.folder / f"{name}.began" for name in ("unit", "lab")]
    wait_for(lambda: all(each.exists() and each.read_text() for each in began))

    os.kill(process.pid, number) if "alone" in how else os.killpg(process.pid, number)

    assert process.wait(PATIENCE) == 128 + number
    assert [name for name in ("unit", "lab") if not (house.folder / f"{name}.put-away").exists()] == []
    assert [each for each in began if Path("/proc", each.read_text()).exists()] == []


def wait_for(condition) -> None:
    """Until it holds."""
    end = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.05)
