"""Files nobody else may read."""

from pathlib import Path

import pytest

from sentinel.secret import write_secret


def test_a_secret_is_whole_and_its_owners_alone(tmp_path: Path):
    """Whatever stood there before, and whatever its mode was."""
    path = tmp_path / "key.pem"
    path.write_bytes(b"older")
    path.chmod(0o644)

    write_secret(path, b"newer")

    assert path.read_bytes() == b"newer"
    assert path.stat().st_mode & 0o777 == 0o600
    assert list(tmp_path.iterdir()) == [path]


def test_a_draft_of_a_power_cut_is_in_nobodys_way(tmp_path: Path):
    """It is thrown away and written anew."""
    (tmp_path / "key.new").write_bytes(b"half")

    write_secret(tmp_path / "key.pem", b"whole")

    assert (tmp_path / "key.pem").read_bytes() == b"whole"


def test_a_folder_that_is_not_there_is_said(tmp_path: Path):
    """Nobody goes on believing that a key was kept."""
    with pytest.raises(OSError, match="nowhere"):
        write_secret(tmp_path / "nowhere" / "key.pem", b"key")
