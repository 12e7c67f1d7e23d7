"""A card is known by how its system was started; nothing of it is ever laid on another machine."""

import pytest
from click.testing import CliRunner

from sentinel.__main__ import main
from sentinel.card.partitions import Partitions
from sentinel.errors import MissingDevice
from tests.card.cards import card


def test_a_card_is_one(tmp_path):
    """Its firmware names the slot."""
    card(tmp_path).check()


def test_another_machine_is_none(tmp_path):
    """Whatever lies in its folders."""
    made = card(tmp_path)
    (made.root / "proc/cmdline").write_text("root=/dev/sda1 quiet\n")

    with pytest.raises(MissingDevice, match="memory card"):
        made.check()
    with pytest.raises(MissingDevice):
        Partitions(root=tmp_path / "nowhere").check()


@pytest.mark.parametrize("command", ["boot", "claimed"])
def test_on_another_machine_the_commands_refuse(tmp_path, command):
    """A curious root must not find a laptop renamed."""
    done = CliRunner().invoke(main, ["--dir", str(tmp_path / "var"), command])

    assert done.exit_code == 69
    assert "memory card" in done.output
    assert not (tmp_path / "var").exists()


def test_the_paths_of_the_card_are_those_of_the_image():
    """What people are told to look for."""
    made = Partitions()

    assert str(made.settings.file) == "/boot/firmware/sentinel.toml"
    assert str(made.preseed.file) == "/boot/firmware/rpi-preseed.toml"
    assert str(made.code) == "/boot/firmware/CODE-SENTINELLE.txt"
    assert str(made.settings.kept) == "/data/sentinel.toml"
