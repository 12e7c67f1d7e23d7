"""As a newcomer: in a Debian that has nothing, what README.md and docs/echo.md say to type does what they say."""

import platform
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.ansible.machine import Machine, machine, why_not
from tests.documents import ROOT, chapter, in_blocks
from tests.fresh.typed import BOOK, BY_HAND, ECHO, HOUSE, OPERATOR, README, Typed
from tests.test_repository import files

pytestmark = pytest.mark.fresh
PIP = "PIP_NO_INDEX=1 PIP_FIND_LINKS=/srv/wheels PIP_ROOT_USER_ACTION=ignore"
"""The machine has no internet: its packages lie beside it."""


@pytest.fixture(scope="module")
def fresh() -> Iterator[Machine]:
    """It is on, with a clean clone in it and the wheels of every package."""
    if reason := why_not():
        pytest.skip(reason)
    made = subprocess.run(
        ["./dev", "wheels", "3.13", platform.machine()],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert made.returncode == 0, made.stderr
    ours, others = (ROOT / line for line in made.stdout.split())
    with machine() as debian:
        home = debian.root / "srv"
        (debian.root / "etc/resolv.conf").unlink(
            missing_ok=True
        )  # or apt would wait long for whoever is named there
        _clone(debian.root / HOUSE.lstrip("/"))
        (home / "wheels").mkdir()
        shutil.unpack_archive(others, home / "wheels", "tar")
        _fetch_builders(home / "wheels")
        shutil.copy(ours, home)
        shutil.copy(Path(__file__).with_name("page_of.py"), home)
        yield debian


def _fetch_builders(folder: Path) -> None:
    """What `pip install .` builds with: pinned, and the same for every machine."""
    command = [sys.executable, "-m", "pip", "download", "-q", "--no-deps", "--require-hashes", "--dest", folder]
    subprocess.run([*command, "-r", ROOT / "requirements/build.txt"], check=True, timeout=120)


def _clone(house: Path) -> None:
    """What git would bring, with the modes it would have."""
    for file in files():
        place = house / file.relative_to(ROOT)
        place.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(file, place)


def type_in(made: Machine, line: Typed, folder: str) -> None:
    """Type it there, and look at what came of it."""
    command = f"cd {folder} && export {PIP} && {{ {line.typed or line.said}\n}} 2>&1; echo ended with $?"
    told = made.run(command, check=False, within=line.within)

    assert told.rstrip().endswith(f"ended with {line.status}"), told
    assert re.search(line.words, told), told


@pytest.mark.parametrize("line", README, ids=lambda line: line.said)
def test_a_newcomer_types_what_the_readme_says(fresh: Machine, line: Typed):
    """In its order; the first line that needs packages installs them, Debian's own python3-venv among them."""
    type_in(fresh, line, HOUSE)


def test_an_echo_is_up_after_ten_minutes_of_typing(fresh: Machine):
    """Every block of that chapter, word for word; the machine has the addresses that stand for one's own."""
    lines = list(in_blocks(chapter((ROOT / "docs/echo.md").read_text(), BY_HAND)))
    looks = next(number for number, line in enumerate(lines) if line.startswith("journalctl"))
    for address in ("192.0.2.7/32", "2001:db8::7/128"):
        fresh.run(f"ip address add {address} dev lo")

    said = type_all(fresh, lines[:looks])
    fresh.until(lambda: "echo.example.org answers as ed25519:" in type_all(fresh, [lines[looks]]))
    invited = type_all(fresh, lines[looks + 1 :])

    assert fresh.is_active("sentinel-echo"), said
    assert "sentinel-echo://" in invited
    assert "notrack" in fresh.run("nft list ruleset")


def type_all(made: Machine, lines: list[str]) -> str:
    """In one terminal, with a yes to every question; what was said."""
    (made.root / "srv/typed").write_text("\n".join(["cd /srv", f"export {PIP}", *lines, ""]))
    return made.run("yes | sh /srv/typed 2>&1", within=90)


def test_a_practice_takes_the_invitation_that_was_printed(fresh: Machine):
    """By the program of the clean clone, over the machine's own network."""
    invitation = re.findall(
        r"sentinel-echo://\S+", type_all(fresh, [f"{ECHO} echo invite {BOOK} --alias 'Dr. A'"])
    )[0]
    with (fresh.root / "etc/hosts").open("a") as hosts:
        hosts.write("192.0.2.7 echo.example.org\n")

    told = type_all(fresh, [f"cd {HOUSE}", f"./dev sentinel enrol '{invitation}'"])

    assert "echo.example.org" in told
    assert "Dr. A" in type_all(fresh, [f"{ECHO} echo keys {BOOK}"]), told


@pytest.mark.parametrize("line", OPERATOR, ids=lambda line: line.said)
def test_an_operator_types_what_the_page_says(fresh: Machine, line: Typed):
    """In its order: the alias is changed before it is taken back."""
    type_in(fresh, line, "/srv")
