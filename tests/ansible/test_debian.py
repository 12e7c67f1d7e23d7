"""What is kept of the Debian in which a machine is installed."""

import os
import time
from pathlib import Path

from tests.ansible.debian import UNUSED, place, tarball


def test_one_of_other_packages_goes_when_nobody_has_used_it_for_three_weeks(tmp_path: Path) -> None:
    """Each takes a third of a gigabyte. One that is used is as good as new, however long ago it was made."""
    now = time.time()
    unused, other, base = (tmp_path / f"{name}.tar" for name in ("debian-0", "debian-1", "base-0"))
    for path, age in ((place(tmp_path), UNUSED), (unused, UNUSED), (other, UNUSED - 60), (base, 2 * UNUSED)):
        path.touch()
        os.utime(path, (now - age, now - 2 * UNUSED))

    assert tarball(tmp_path) == place(tmp_path)
    assert sorted(tmp_path.iterdir()) == sorted((place(tmp_path), other, base))
    assert place(tmp_path).stat().st_atime >= now
    assert place(tmp_path).stat().st_mtime < now - UNUSED
