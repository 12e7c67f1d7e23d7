"""The FAT partition is opened for writing as long as it takes, and closed again whatever happens."""

import os
import shutil
import subprocess
import sys
import textwrap

import pytest

from sentinel.card.writable import is_read_only, writable

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

OTHER = """
import sys
from pathlib import Path
from sentinel.card.writable import writable
with writable(Path(sys.argv[1])):
    print("in")
"""


@pytest.mark.skipif(
    os.geteuid() != 0 or not shutil.which("unshare"), reason="mounting needs root and util-linux's unshare"
)
def test_a_partition_is_read_only_again_also_after_a_failure(tmp_path):
    """A real mount, in a mount table of its own."""
    done = subprocess.run(
        ["unshare", "--mount", sys.executable, "-c", MOUNTED, str(tmp_path)],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )

    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == "30"  # EROFS


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
