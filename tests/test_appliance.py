"""The commands of an installed machine, as they are typed or as its units type them."""

from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from sentinel.__main__ import main

pytestmark = pytest.mark.skipif(
    "sentinel.slot=" in Path("/proc/cmdline").read_text(), reason="this machine is a card, and would be updated"
)


def typed(folder: Path, *words: str) -> Result:
    """A command, with a folder of its own for what it keeps."""
    return CliRunner().invoke(main, ["--config", str(folder / "none.toml"), "--dir", str(folder), *words])


@pytest.mark.parametrize("words", [(), ("file", "--check"), ("--check", "--night"), ("file", "--night")])
def test_an_update_comes_from_one_place(tmp_path, words):
    """A file, or what is announced, or by night."""
    done = typed(tmp_path, "update", *words)

    assert done.exit_code == 2
    assert "either a FILE, or --check, or --night" in done.output


@pytest.mark.parametrize("words", [("file",), ("-",), ("--check",), ("--night",), ("--night", "--reboot")])
def test_here_an_update_is_refused_with_the_way_this_machine_is_updated(tmp_path, words):
    """In one sentence and with an exit code; nothing is restarted."""
    done = typed(tmp_path, "update", *words)

    assert done.exit_code == 69
    assert "run the ansible playbook sentinel.yml again" in done.output
    assert done.output.count("\n") == 1
    assert list(tmp_path.iterdir()) == []


def test_whoever_looks_for_help_finds_the_update_and_not_the_trial():
    """One is typed by people, the other by units."""
    told = CliRunner().invoke(main, ["--help"]).output

    assert "  update " in told
    assert "  trial " not in told


@pytest.mark.parametrize("part", ["keep", "gate", "settle"])
def test_a_trial_is_of_a_card(tmp_path, part):
    """Here there is no version it could be about."""
    done = typed(tmp_path, "trial", part)

    assert done.exit_code in (65, 69)
    assert done.output.count("\n") == 1
    assert list(tmp_path.iterdir()) == []
