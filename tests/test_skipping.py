"""Where it is required, nothing of a section may be skipped, however it is done."""

import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.commands import ROOT, run

SKIPPERS = {
    "a test": "import pytest\n@pytest.mark.{marker}\ndef test_x():\n    pytest.skip('no nft here')\n",
    "a marker": "import pytest\n@pytest.mark.{marker}\n@pytest.mark.skip('no nft here')\ndef test_x(): ...\n",
    "an expected failure": "import pytest\n@pytest.mark.{marker}\n@pytest.mark.xfail(reason='no nft here')\n"
    "def test_x():\n    raise OSError\n",
    "a module": "import pytest\npytest.skip('no nft here', allow_module_level=True)\n",
}
REQUIRED = {
    "SENTINEL_LAB": ("lab", "browser", "zstd"),
    "SENTINEL_IMAGE": ("fresh", "ansible", "image", "zstd"),
}


def required() -> Iterator[tuple[str, str, str]]:
    """Each way of skipping, once for each variable; each marker once."""
    for variable, markers in REQUIRED.items():
        for number, source in enumerate(SKIPPERS.values()):
            yield variable, markers[number % len(markers)], source


@pytest.mark.parametrize(("variable", "marker", "source"), list(required()))
def test_where_it_is_required_nothing_of_it_is_skipped(tmp_path, variable, marker, source):
    """However the skip was made, it fails with its reason; elsewhere it stays a skip."""
    alone(tmp_path, source.format(marker=marker))

    free = run(*PYTEST, tmp_path, folder=tmp_path)
    asked = run(*PYTEST, tmp_path, folder=tmp_path, **{variable: "required"})

    assert free.returncode in (0, 5), free.stdout  # 5: a module that skips itself leaves no test
    assert asked.returncode in (1, 2), asked.stdout
    assert f"{variable}=required: " in asked.stdout
    assert "no nft here" in asked.stdout


@pytest.mark.parametrize(("variable", "mark"), [("SENTINEL_LAB", ""), ("SENTINEL_IMAGE", "@pytest.mark.lab")])
def test_where_something_is_required_other_tests_may_still_be_skipped(tmp_path, variable, mark):
    """Only what the variable stands for is asked for."""
    alone(tmp_path, f"import pytest\n{mark}\ndef test_x():\n    pytest.skip('not on this machine')\n")

    done = run(*PYTEST, tmp_path, folder=tmp_path, **{variable: "required"})

    assert done.returncode == 0, done.stdout


PYTEST = (sys.executable, "-m", "pytest", "-p", "no:cacheprovider")


def alone(folder: Path, source: str) -> None:
    """A folder with our conftest and that one test file."""
    shutil.copy(ROOT / "tests/conftest.py", folder)
    markers = "".join(f"    {marker}: x\n" for each in REQUIRED.values() for marker in each)
    (folder / "pytest.ini").write_text(f"[pytest]\naddopts = -ra\nmarkers =\n{markers}")
    (folder / "test_skipper.py").write_text(source)
