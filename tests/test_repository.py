"""The house itself: its licence, its pins, its rooms, its two commands and its front pages."""

import ast
import fnmatch
import hashlib
import os
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent

# What would name a package registry or set one. A letter in brackets keeps this file from holding it.
REGISTRY = re.compile(
    r"""
      --(extra-)?[i]ndex-url | --default-[i]ndex | --[t]rusted-host                    # options of pip and uv
    | (?<!--no-index\ )--[f]ind-links                                                   # a folder alone names none
    | \b[i]ndex-url\s*= | \[tool\.uv\.[i]ndex\] | \b(PIP|UV)_(EXTRA_|DEFAULT_)?[I]NDEX  # their settings
    | "[r]esolved"\s*: | _[a]uthToken                                                    # npm's
    | \b[p]ypi\.org\b | \b[p]ythonhosted\.org\b | \b[r]egistry\.(npmjs|yarnpkg)\b        # hosts
    """,
    re.IGNORECASE | re.VERBOSE,
)

# Folders of tests that tell a story through several rooms, and so mirror none.
STORIES = {
    "bench": "figures, and that they can be measured",
    "lab": "a whole cabinet in network namespaces",
    "ansible": "an installed machine, made by the playbooks",
    "image": "the card, built and booted",
    "browser": "the page in a real browser",
    "story": "the street from end to end",
}
HOUSE = {
    "test_design.py": "what the design says of judgement, table by table",
    "test_situations.py": "what people meet in the field, from the fact to the sentence",
    "test_repository.py": "the house itself",
    "test_documents.py": "every command of the documents, and who types it",
    "test_screens.py": "the pictures of the documents",
    "test_dev.py": "the one command: what is run beside what, and how it is stopped",
    "test_skipping.py": "what a run may not leave out",
    "test_in_a_browser.py": "every page at once, as a person sees it",
    "test_languages.py": "every page in both languages, and the first without a word of the trade",
    "test_accessibility.py": "every page for everybody: keyboard, contrast, width, paper",
    "test_attacks.py": "what is promised to be impossible, tried",
    "test_answers.py": "what real servers say, read by every module of the echo that asks",
    "test_gate.py": "when a new system is well enough to stay",
    "test_night.py": "an update that comes by itself",
    "test_steps.py": "what is written of an update, step by step, and a power cut after any",
    "test_peers.py": "what we and our peers see of one SYN, wrapped in every way",
    "test_overload.py": "what the rings, the capture and its reader could not take, to the frame",
    "test_missed.py": "why a check was missed, from its outcome to its sentence",
}

# A package with a licence or a weight of its own stays where it was let in: design, "programs and rights".
ROOMS_OF_PACKAGES = {
    "scapy": (
        "sentinel/programs/dissect.py",
        "sentinel/decode/rare.py",
        "sentinel/decode/switch.py",
    ),
    "sqlite_utils": ("sentinel/store/",),
    "aiohttp": ("sentinel/echo/", "sentinel/reach/igd.py"),
    "async_upnp_client": ("sentinel/reach/igd.py",),
    "flask": ("web/",),
    "reportlab": ("sentinel/evidence/",),
    "gpiod": ("sentinel/signals/pins.py",),
    "gpiozero": ("sentinel/signals/",),
    "apprise": ("sentinel/signals/courier.py",),
}


@cache
def files() -> tuple[Path, ...]:
    """Every file that git would keep. Read from .gitignore, for a bare machine has no git."""
    ignored = [line.rstrip("/") for line in (ROOT / ".gitignore").read_text().split()] + [".git"]

    def walk(folder: Path) -> Iterator[Path]:
        for path in sorted(folder.iterdir()):
            if any(fnmatch.fnmatch(path.name, pattern) for pattern in ignored):
                continue
            if path.is_dir() and not path.is_symlink():
                yield from walk(path)
            elif path.is_file():
                yield path

    return tuple(walk(ROOT))


def modules() -> list[Path]:
    """The Python files of the two packages, without the tests."""
    return [path for path in files() if path.suffix == ".py" and path.relative_to(ROOT).parts[0] != "tests"]


def name(path: Path) -> str:
    """The path as the repository writes it."""
    return path.relative_to(ROOT).as_posix()


def imports(source: str) -> set[str]:
    """The top-level names of what a source imports, wherever in the file."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            found |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            found.add(node.module.partition(".")[0])
    return found


def pins(level: str) -> dict[str, tuple[str, bool]]:
    """Of a requirements file: package to its pin, and whether hashes follow."""
    logical = (ROOT / f"requirements/{level}.txt").read_text().replace("\\\n", " ").splitlines()
    entries = (re.fullmatch(r"(\S+)==(\S+)(.*)", line.strip()) for line in logical if line.strip())
    return {entry[1]: (entry[2], "--hash=sha256:" in entry[3]) for entry in entries if entry}


def run(*command: str | Path, folder: Path = ROOT, **environment: str) -> subprocess.CompletedProcess[str]:
    """One command of the house, its words kept."""
    return subprocess.run(
        [str(word) for word in command],
        cwd=folder,
        env=os.environ | environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )


def test_no_file_names_a_package_registry_or_sets_one():
    """Where packages come from is the business of the machine that installs them."""
    found = [
        f"{name(path)}:{number}"
        for path in files()
        for number, line in enumerate(path.read_text(errors="replace").splitlines(), 1)
        if REGISTRY.search(line)
    ]

    assert found == []


@pytest.mark.parametrize("level", ["run", "echo", "dev", "build"])
def test_requirements_hold_pins_and_hashes_and_nothing_else(level):
    """No address, no option line, and no package without a hash."""
    text = (ROOT / f"requirements/{level}.txt").read_text()
    logical = [line for line in text.replace("\\\n", " ").splitlines() if line.strip()]

    assert "://" not in text
    assert len(pins(level)) == len(logical)
    assert [package for package, (_, hashed) in pins(level).items() if not hashed] == []


@pytest.mark.parametrize("level", ["run", "echo"])
def test_the_developers_pins_contain_the_others(level):
    """`dev` takes a .venv made for tests as good for `./dev run` too."""
    assert pins(level).items() <= pins("dev").items()


def test_the_licence_is_the_text_of_the_gpl_2():
    """Word for word, as Debian carries it."""
    licence = (ROOT / "LICENSE").read_bytes()
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]

    assert (
        hashlib.sha256(licence).hexdigest() == "8177f97513213526df2cf6184d8ff986c675afb514d4e68a404010521b880643"
    )
    assert project["license"] == "GPL-2.0-or-later"


def test_every_vendored_folder_carries_its_licence_and_its_origin():
    """What others wrote keeps their name and their terms."""
    folders = [path for path in (ROOT / "web/static/vendor").iterdir() if path.is_dir()]

    assert [path.name for path in folders if not list(path.glob("LICENSE*"))] == []
    assert [path.name for path in folders if not (path / "README.md").is_file()] == []


def test_every_module_says_what_it_is_for():
    """A module opens with a docstring, and its first sentence ends."""
    opening = {path: (ast.get_docstring(ast.parse(path.read_text())) or "").split("\n\n")[0] for path in modules()}

    assert [name(path) for path, words in opening.items() if not words.endswith((".", "?"))] == []


def test_the_tests_mirror_the_house():
    """A test file stands where the module it is about stands."""
    strays = []
    for path in files():
        inside = path.relative_to(ROOT)
        if inside.parts[0] != "tests" or not path.name.startswith("test_") or path.suffix != ".py":
            continue
        room = inside.parent.relative_to("tests")
        if path.name in HOUSE or set(room.parts[:1]) & STORIES.keys():
            continue
        module = path.stem.removeprefix("test_")
        base = ROOT if room.parts[:1] == ("web",) else ROOT / "sentinel"
        twins = (
            base / room / f"{module}.py",
            base / room / module / "__init__.py",
            base / room / f"__{module}__.py",
        )
        if not any(twin.is_file() for twin in twins):
            strays.append(name(path))

    assert strays == []


@pytest.mark.parametrize(("package", "rooms"), ROOMS_OF_PACKAGES.items(), ids=ROOMS_OF_PACKAGES.keys())
def test_a_package_stays_in_its_rooms(package, rooms):
    """Read from the sources, so an import hidden in a function counts too."""
    users = [name(path) for path in modules() if package in imports(path.read_text())]

    assert [user for user in users if not user.startswith(rooms)] == []


def test_only_dissect_reads_rare_frames():
    """`decode.rare` carries scapy, and nobody has it in his process but the child that is made for it."""
    found = {name(path): re.findall(r"\bdecode\.(?:rare|switch) import", path.read_text()) for path in modules()}

    assert {user for user, uses in found.items() if uses} == {
        "sentinel/programs/dissect.py",
        "sentinel/decode/rare.py",
    }


def test_the_import_contracts_hold():
    """The floors and the purity of the middle, as pyproject.toml states them."""
    done = run(Path(sys.executable).with_name("lint-imports"), "--no-cache")

    assert done.returncode == 0, done.stdout + done.stderr
    assert re.search(r"Contracts: [1-9]\d* kept, 0 broken", done.stdout), done.stdout


@pytest.mark.parametrize("command", ["./dev run", "./dev test"])
def test_the_readme_names_the_two_commands(command):
    """On a line of their own, as they are typed."""
    assert re.search(rf"^ *{re.escape(command)}\b", (ROOT / "README.md").read_text(), re.MULTILINE)


FRENCH = "README.fr.md"
FOR_THE_PRACTICE = [FRENCH, *(f"docs/fr/{each.name}" for each in (ROOT / "docs/fr").glob("*.md"))]


def test_the_practitioners_page_uses_no_technical_word():
    """The words that stay off the page stay off this one."""
    words = "écho echo miroir mirror port knock dicom association upnp nat ledger coverage assurance incident"
    text = (ROOT / FRENCH).read_text()

    assert re.findall(rf"\b(?:{words.replace(' ', '|')})s?\b", text, re.IGNORECASE) == []


@pytest.mark.parametrize("page", FOR_THE_PRACTICE)
def test_what_the_practitioner_reads_is_set_as_french_is(page):
    """A no-break space inside « », before : ; ! ? and behind n°, and curly apostrophes."""
    text = re.sub(
        r"```.*?```|`[^`]*`|\([^)]*\.(?:md|png)\)|!\[|^\|[-|]+$", "", (ROOT / page).read_text(), flags=re.S | re.M
    )

    assert re.findall(r".{0,20}[^\u00a0\u202f][;!?»]", text) == []
    assert re.findall(r".{0,20}[^\u00a0\u202f]:(?=\s)", text) == []
    assert re.findall(r"«[^\u00a0\u202f].{0,20}", text) == []
    assert re.findall(r".{0,20}\w'\w.{0,20}", text) == []
    assert re.findall(r".{0,20}\bn(?:o ?\d|°[^\u00a0]).{0,20}", text) == []


@pytest.mark.parametrize("example", [each.name for each in (ROOT / "docs/examples").iterdir()])
def test_an_example_speaks_french_with_curly_apostrophes(example):
    """TOML's own quotes and the English possessive stay as they are."""
    text = (ROOT / "docs/examples" / example).read_text(encoding="utf-8")

    assert "’" in text
    assert re.findall(r"\b(?:[cdjlmnst]|jusqu|lorsqu|qu)'\w.{0,20}", text, re.IGNORECASE) == []
