"""The data partition of a card, on a loop device: it reaches to the end, in the kernel and in the table."""

import fcntl
import os
import struct
import subprocess
from array import array
from collections.abc import Iterator
from pathlib import Path

import pytest

pytestmark = pytest.mark.image

GROW = Path(__file__).parents[2] / "image-build/rootfs/usr/lib/sentinel/grow"
MB = 1 << 20
ADD = 1
TABLE = "label: dos\nstart=2048,size=2048\nstart=4096,size=2048\nstart=6144,size=2048\nstart=8192,size=2048\n"


def add_fourth(disk: str) -> None:
    """What the kernel does by itself when a card is there, and not every kernel for a file."""
    wanted = array("B", struct.pack("qqi128s0q", 8192 * 512, MB, 4, b""))
    where, size = wanted.buffer_info()
    held = os.open(disk, os.O_RDWR)
    try:
        fcntl.ioctl(held, 0x1269, struct.pack("iiiP", ADD, 0, size, where))
    finally:
        os.close(held)


@pytest.fixture
def disk(tmp_path) -> Iterator[str]:
    """A card of 64 MB whose fourth partition has one."""
    card = tmp_path / "card"
    card.touch()
    os.truncate(card, 64 * MB)
    try:
        subprocess.run(["sfdisk", "-q", card], input=TABLE, text=True, check=True, capture_output=True)
        made = subprocess.run(["losetup", "-f", "--show", card], text=True, check=True, capture_output=True)
    except (FileNotFoundError, subprocess.CalledProcessError) as error:
        pytest.skip(f"there is no loop device for us here: {error}")
    disk = made.stdout.strip()
    try:
        add_fourth(disk)
        yield disk
    finally:
        subprocess.run(["partx", "-d", disk], check=False, capture_output=True)
        subprocess.run(["losetup", "-d", disk], check=True)


def seen(disk: str) -> tuple[int, int]:
    """Its size in MB by the kernel's word, and by the table's."""
    name = Path(disk).name
    kernel = int(Path(f"/sys/class/block/{name}p4/size").read_text()) * 512
    table = struct.unpack_from("<I", Path(disk).read_bytes()[:512], 506)[0] * 512
    return kernel // MB, table // MB


def test_the_data_partition_reaches_to_the_end_of_the_card_and_stays(disk):
    """A second start finds nothing to do; the other partitions are where they were."""
    before = Path(disk).read_bytes()[:MB]
    assert seen(disk) == (1, 1)

    for _ in range(2):
        subprocess.run(["python3", "-I", GROW, f"{disk}p4"], check=True, timeout=30)
        assert seen(disk) == (60, 60)

    after = Path(disk).read_bytes()[:MB]
    assert [place for place in range(MB) if before[place] != after[place]] in ([506, 507, 508], [507, 508])
