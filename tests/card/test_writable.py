"""The FAT partition is opened for writing as long as it takes, and closed again whatever happens."""

import os
import shutil
import subprocess
import sys
import textwrap

import pytest

from sentinel.card.writable import is_read_only, writable

MOUNTING = pytest.mark.skipif(
    os.geteuid() != 0 or not shutil.which("unshare"), reason="mounting needs root and util-linux's unshare"
)

MOUNTED = textwrap.dedent("""
    import sys, subprocess
    from pathlib import Path
    from sentinel.card.writable import is_read_only, writable

    card = Path(sys.argv[1])
    subprocess.run(["mount", "-t", "tmpfs", "-o", "ro,size=1m", "tmpfs", card], check=True)
    assert is_read_only(card)
    try:
        with writable(card):
            (card / "note").write_text("x")
            raise KeyError
    except KeyError:
        pass
    assert is_read_only(card)
    assert (card / "note").read_text() == "x"
    try:
        (card / "note").write_text("y")
    except OSError as error:
        print(error.errno)
""")

WITHOUT_ITS_DEVICE = textwrap.dedent("""
    import sys, subprocess
    from pathlib import Path
    from sentinel.card.writable import writable

    card, table = Path(sys.argv[1]), Path(sys.argv[1]).with_name("fstab")
    table.write_text(f"PARTUUID=5e471ae1-01 {card} tmpfs ro,nofail 0 2\\n")
    subprocess.run(["mount", "--bind", table, "/etc/fstab"], check=True)
    subprocess.run(["mount", "-t", "tmpfs", "-o", "ro,size=1m", "tmpfs", card], check=True)
    with writable(card):
        (card / "note").write_text("x")
""")
"""As in a unit with PrivateDevices=yes: what fstab names is not there, and for `nofail` mount calls that well."""

OTHER = """
import sys
from pathlib import Path
from sentinel.card.writable import writable
with writable(Path(sys.argv[1])):
    print("in")
"""


def alone(program, folder):
    """What this program says, in a mount table of its own."""
    command = ["unshare", "--mount", sys.executable, "-c", program, str(folder)]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)


@MOUNTING
def test_a_partition_is_read_only_again_also_after_a_failure(tmp_path):
    """A real mount."""
    done = alone(MOUNTED, tmp_path)

    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == "30"  # EROFS


@MOUNTING
def test_it_is_opened_also_where_its_device_cannot_be_seen(tmp_path):
    """The gate of a new version sees none: it could not have kept one that is well."""
    card = tmp_path / "card"
    card.mkdir()
    done = alone(WITHOUT_ITS_DEVICE, card)

    assert done.returncode == 0, done.stderr


@MOUNTING
def test_a_mount_that_did_nothing_is_an_error(tmp_path):
    """As of a card whose lock is on: `mount` calls that well, too."""
    idle = "from sentinel.card import writable as opening\nopening.MOUNT = '/bin/true'\n"
    done = alone(idle + MOUNTED, tmp_path)

    assert done.returncode == 1
    assert "cannot be remounted rw" in done.stderr


def test_a_folder_that_can_be_written_is_left_as_it_is(tmp_path):
    """On a laptop, and in the tests."""
    with writable(tmp_path):
        (tmp_path / "note").write_text("x")

    assert not is_read_only(tmp_path)


def test_two_programs_do_not_write_at_once(tmp_path):
    """The one that ends first would mount it read-only under the other's pen."""
    with writable(tmp_path):
        other = subprocess.Popen([sys.executable, "-c", OTHER, str(tmp_path)], stdout=subprocess.PIPE)
        with pytest.raises(subprocess.TimeoutExpired):
            other.wait(1.5)
    out, _ = other.communicate(timeout=30)

    assert out == b"in\n"


def test_a_partition_that_is_not_there_is_an_error(tmp_path):
    """For the caller to tell."""
    with pytest.raises(FileNotFoundError), writable(tmp_path / "none"):
        pass
