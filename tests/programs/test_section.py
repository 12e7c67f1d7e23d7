"""`sentinel section` tells what was asked for, as it is read again, and nothing else."""

import pytest

from sentinel.errors import ConfigurationError
from sentinel.programs.section import section
from sentinel.toml import parse

FILE = """
[practice]
name = "Cabinet d’été"
opens = 08:30:00

[capture]
interface = "eth1"
prefixes = ["192.168.2.0/24", "192.168.3.0/24"]
names = false
images_left_mb = 2.5

[page]
code = "SECRET-CODE"
"""


def told(tmp_path, *names):
    file = tmp_path / "sentinel.toml"
    file.write_text(FILE, encoding="utf-8")
    lines = []
    assert section(file, names, lines.append) == 0
    return "\n".join(lines)


def test_a_section_is_read_again_as_it_was(tmp_path):
    """Text, numbers, lists, times: what is written is what the whole file says."""
    whole = parse(FILE)

    assert parse(told(tmp_path, "capture")).capture == whole.capture
    assert parse(told(tmp_path, "practice")).practice == whole.practice


def test_the_other_sections_stay_untold(tmp_path):
    """The program that reads what strangers send learns no code and no password."""
    assert "SECRET" not in told(tmp_path, "capture")
    assert parse(told(tmp_path, "capture")).page == parse("").page


def test_a_missing_file_has_empty_sections(tmp_path):
    """As for every program: then the defaults hold."""
    lines = []

    assert section(tmp_path / "none.toml", ["capture"], lines.append) == 0
    assert lines == ["[capture]"]


def test_a_file_with_a_mistake_is_refused_whole(tmp_path):
    """Half a configuration would be started with."""
    file = tmp_path / "sentinel.toml"
    file.write_text("[capture]\nprefixes = ['x']\n", encoding="utf-8")

    with pytest.raises(ConfigurationError):
        section(file, ["capture"], print)
