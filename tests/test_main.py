"""The command line: plain sentences and exit codes, never a traceback; help that costs nothing."""

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from sentinel import __version__
from sentinel.__main__ import main

COMMANDS = {
    "card",
    "run",
    "listen",
    "watch",
    "web",
    "box",
    "check",
    "replay",
    "status",
    "knock",
    "enrol",
    "echo",
    "password",
    "paper",
    "verify",
    "backup",
    "restore",
    "update",
    "close",
}
HEAVY = {"flask", "cheroot", "gpiozero", "pyroute2", "scapy", "sqlite_utils", "aiohttp", "cryptography", "babel"}


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder to work in."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def said(*words: str | Path) -> Result:
    return CliRunner().invoke(main, [str(word) for word in words])


def plainly(result: Result, code: int) -> str:
    """What was said, once it is sure that nothing was raised."""
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    assert "Traceback" not in result.output
    assert result.exit_code == code, result.output
    return result.output


def test_every_command_has_its_place_in_the_help(folder):
    """And a line that says what it is for."""
    told = plainly(said("--help"), 0)

    assert {line.split()[0] for line in told.split("Commands:")[1].splitlines() if line.strip()} == COMMANDS
    for command in COMMANDS:
        assert "Usage" in plainly(said(command, "--help"), 0)


def test_the_version_is_the_packages(folder):
    """One place."""
    assert __version__ in plainly(said("--version"), 0)


def test_help_imports_no_program():
    """Within half a second, and none of the packages that a room brings."""
    code = "import sys, sentinel.__main__ as m; m.main(['--help'], standalone_mode=False); print(*sys.modules)"
    begun = time.monotonic()
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    took = time.monotonic() - begun

    loaded = {name.partition(".")[0] for name in done.stdout.splitlines()[-1].split()}
    assert loaded & HEAVY == set()
    assert not any(name.startswith("sentinel.programs.") for name in done.stdout.splitlines()[-1].split())
    assert took < 2  # half a second on a quiet machine


@pytest.mark.parametrize("command", ["run", "listen", "watch", "web", "check", "status", "knock"])
def test_a_broken_configuration_is_told_whole_and_ends_with_two(folder, command):
    """By every command that reads it, and before it leaves anything behind."""
    (folder / "sentinel.toml").write_text("[page]\nport = 'x'\n[practise]\n")

    told = plainly(said(command), 2)

    assert "page.port = 'x'" in told
    assert "did you mean practice?" in told
    assert not (folder / "var").exists()


@pytest.mark.parametrize("content", [b"\xff\xfe", b"[", b"a = " + b"[" * 9_000])
def test_a_configuration_that_is_no_text_or_no_toml_is_told_in_one_line(folder, content):
    """Truncated, garbage, nested without end."""
    (folder / "sentinel.toml").write_bytes(content)

    assert len(plainly(said("check"), 2).splitlines()) == 2


def test_a_sentinel_that_does_not_run_is_said_not_to(folder):
    """Status and knock, each in one sentence."""
    assert len(plainly(said("status"), 4).splitlines()) == 1
    assert plainly(said("status", "--json"), 4).strip() == '{"alive": false}'
    assert len(plainly(said("knock"), 2).splitlines()) == 1


def test_check_tries_everything_and_says_what_is_missing(folder):
    """Each with a line of its own; without an echo something is missing."""
    (folder / "sentinel.toml").write_text("[capture]\ninterface = 'nowhere0'\n")

    told = plainly(said("check"), 1).splitlines()

    assert told[0].startswith("configuration:")
    tried = ["interface", "view", "rights", "store", "lamp", "page", "echo", "notices"]
    assert [line.split()[1].rstrip(":") for line in told[1:]] == tried
    assert "MISSING  interface: there is no 'nowhere0' here" in told
    assert any(line.startswith("MISSING  view: nobody could look") for line in told)
    assert any(line.startswith("MISSING  echo") for line in told)
    assert [each.name for each in (folder / "var").iterdir() if each.suffix == ".tmp"] == []


@pytest.mark.skipif(os.getuid() == 0, reason="root may write everywhere")
def test_check_says_which_folder_cannot_be_written(folder):
    """The store's."""
    folder.chmod(0o550)
    assert "MISSING  store" in plainly(said("check"), 1)
    folder.chmod(0o750)


@pytest.mark.parametrize("command", [["watch"], ["enrol", "x"], ["run", "--demo"]])
def test_a_folder_that_cannot_be_made_is_one_sentence(folder, command):
    """A file stands where the folder should be."""
    (folder / "var").write_text("no folder")

    told = plainly(said(*command), 69)

    assert len([line for line in told.splitlines() if not line.startswith("No right")]) <= 2


def test_listen_on_a_card_that_is_not_there_is_one_sentence(folder):
    """Whether the card or the right is missing first."""
    (folder / "sentinel.toml").write_text("[capture]\ninterface = 'nowhere0'\n")

    result = said("listen")

    assert result.exit_code in (69, 77), result.output
    assert len(plainly(result, result.exit_code).splitlines()) == 1


@pytest.mark.parametrize(
    "invitation", ["", "x", "https://example.net", "sentinel-echo://", "sentinel-echo://x?y#z"]
)
def test_what_is_no_invitation_is_refused_in_words(folder, invitation):
    """As a mistake of the person who typed it."""
    assert plainly(said("enrol", invitation), 2).strip()


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (["replay", "none.pcap", "--inside", "192.168.1.0/24"], 65),
        (["replay", "none.pcap", "--inside", "192.168.1.1/24"], 2),
        (["replay", "none.pcap"], 2),
        (["explode"], 2),
        (["status", "--yaml"], 2),
        (["--config"], 2),
    ],
)
def test_what_cannot_be_done_is_said_in_words(folder, words, code):
    """A file that is not there, a network that is none, a word that is unknown."""
    assert plainly(said(*words), code).strip()


def test_the_echos_commands_are_there_with_its_packages(folder):
    """Serve, invite and keys, under one word."""
    told = plainly(said("echo", "--help"), 0)

    assert {"serve", "invite", "keys"} <= set(told.split())
