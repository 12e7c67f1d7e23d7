"""Files nobody else may read."""

import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from sentinel.secret import read_plain, write_secret


def test_a_secret_is_whole_and_its_owners_alone(tmp_path: Path):
    """Whatever stood there before, and whatever its mode was."""
    path = tmp_path / "key.pem"
    path.write_bytes(b"older")
    path.chmod(0o644)

    write_secret(path, b"newer")

    assert path.read_bytes() == b"newer"
    assert path.stat().st_mode & 0o777 == 0o600
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.skipif(os.geteuid() != 0, reason="only root makes files for another")
def test_what_root_writes_is_of_whom_the_folder_is(tmp_path: Path):
    """`sudo sentinel enrol` writes keys that `watch`, a user of its own, must read."""
    os.chown(tmp_path, 12_345, 12_346)

    write_secret(tmp_path / "key.pem", b"whole")

    made = (tmp_path / "key.pem").stat()
    assert (made.st_uid, made.st_gid, made.st_mode & 0o777) == (12_345, 12_346, 0o600)


def test_a_draft_of_a_power_cut_is_in_nobodys_way(tmp_path: Path):
    """Another is made."""
    (tmp_path / "key.new").write_bytes(b"half")
    (tmp_path / ".key.pem.abcdefgh.new").write_bytes(b"half")

    write_secret(tmp_path / "key.pem", b"whole")

    assert (tmp_path / "key.pem").read_bytes() == b"whole"


def test_two_who_write_at_once_do_not_write_into_each_other(tmp_path: Path):
    """Whoever is last stands there, whole, and no draft is left."""
    path, contents = tmp_path / "key.pem", [bytes([number]) * 50_000 for number in range(8)]

    with ThreadPoolExecutor(8) as several:
        list(several.map(lambda content: write_secret(path, content), contents * 4))

    assert path.read_bytes() in contents
    assert list(tmp_path.iterdir()) == [path]


def test_a_full_disk_leaves_what_stood_there_and_no_draft(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Or every try would make it fuller."""
    path = tmp_path / "key.pem"
    write_secret(path, b"older")

    def full(_file: int) -> None:
        raise OSError("no space left")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(OSError, match="no space left"):
        write_secret(path, b"newer")

    assert path.read_bytes() == b"older"
    assert list(tmp_path.iterdir()) == [path]


def test_a_folder_that_is_not_there_is_said(tmp_path: Path):
    """Nobody goes on believing that a key was kept."""
    with pytest.raises(OSError, match="nowhere"):
        write_secret(tmp_path / "nowhere" / "key.pem", b"key")


def test_a_link_a_pipe_and_a_folder_are_no_file_of_ours(tmp_path: Path):
    """Root reads in folders of others: what they put there must not lead it elsewhere, nor hold it up."""
    kept, here = tmp_path / "kept", tmp_path / "code"
    kept.write_bytes(b"somebody's key")

    assert read_plain(here) is None
    for put in (
        lambda: here.symlink_to(kept),
        lambda: here.symlink_to(tmp_path / "nowhere"),
        lambda: here.hardlink_to(kept),
        lambda: os.mkfifo(here),
    ):
        put()
        assert read_plain(here) is None
        here.unlink()
    here.mkdir()
    assert read_plain(here) is None
    here.rmdir()
    here.write_bytes(b"ours")
    assert read_plain(here) == b"ours"


def test_a_mode_is_given_before_the_file_has_its_name(tmp_path: Path):
    """Changed afterwards by name, it could be another's file."""
    write_secret(tmp_path / "told", b"whole", 0o644)

    assert (tmp_path / "told").stat().st_mode & 0o777 == 0o644
