"""What is written is on the card, and what is read next comes from there."""

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from sentinel.card.pen import Pen

MIB = 1 << 20


@pytest.fixture
def loop(tmp_path) -> Iterator[tuple[Path, Path]]:
    """A block device, and the file that it is."""
    backing = tmp_path / "backing"
    backing.write_bytes(bytes(4 * MIB))
    made = subprocess.run(
        ["losetup", "--show", "-f", backing], capture_output=True, text=True, check=False, timeout=20
    )
    if made.returncode:
        pytest.skip(f"no loop device can be made here: {made.stderr.strip()}")
    device = Path(made.stdout.strip())
    yield device, backing
    subprocess.run(["losetup", "-d", device], check=True, timeout=20)


def test_bytes_land_where_they_are_put(tmp_path):
    """In a file that was there, and in one that was not."""
    pen, path = Pen(), tmp_path / "file"
    pen.put(path, b"abcdef", 0)
    pen.put(path, b"XY", 2)
    pen.settle(path)

    assert path.read_bytes() == b"abXYef"


def test_what_is_held_is_opened_once(tmp_path):
    """Each end of writing has udev read a device anew, and an update is a thousand pieces."""
    pen, path = Pen(), tmp_path / "file"
    with pen.holding(path):
        pen.put(path, b"abc", 0)
        path.rename(tmp_path / "other")  # what is open is the same
        pen.put(path, b"def", 3)
        pen.settle(path)
    assert (tmp_path / "other").read_bytes() == b"abcdef"
    assert not path.exists()

    pen.put(path, b"x", 0)  # let go: by its name again
    assert path.read_bytes() == b"x"


def test_a_device_that_is_held_is_nobody_elses_until_it_is_let_go(loop):
    """Nothing can be mounted there between two pieces; and it is on the card before the end as after it."""
    device, backing = loop
    pen = Pen()
    with pen.holding(device):
        pen.put(device, b"new", 0)
        pen.settle(device)
        assert backing.read_bytes()[:3] == b"new"
        with pytest.raises(OSError, match="busy"):
            os.open(device, os.O_RDONLY | os.O_EXCL)
    os.close(os.open(device, os.O_RDONLY | os.O_EXCL))


def test_a_device_is_written_and_read_anew(loop):
    """After settling, what its file holds is read, and not what memory remembers."""
    device, backing = loop
    Pen().put(device, b"new" * 1000, MIB)
    Pen().settle(device)
    assert backing.read_bytes()[MIB : MIB + 3000] == b"new" * 1000

    with backing.open("r+b") as file:
        os.pwrite(file.fileno(), b"OTHER", MIB)  # the card did not keep it
        os.fsync(file.fileno())
    with device.open("rb", buffering=0) as file:
        file.seek(MIB)
        assert file.read(5) == b"OTHER"


def test_a_device_that_is_in_use_is_not_written(loop):
    """As the root a system runs from is."""
    device, backing = loop
    subprocess.run(["mkfs.ext4", "-q", device], check=True, timeout=60)
    before = backing.read_bytes()
    held = os.open(device, os.O_RDONLY | os.O_EXCL)  # what a mount does
    try:
        with pytest.raises(OSError, match="busy"):
            Pen().put(device, b"x", 0)
    finally:
        os.close(held)
    assert backing.read_bytes() == before
