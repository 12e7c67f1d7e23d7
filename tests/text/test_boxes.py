"""Every box's sheet has its words, and as many lines as it says."""

import pytest

from sentinel.text import LANGUAGES, has
from sentinel.text.boxes import BOXES, STEPS, known, steps


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("box", STEPS)
def test_every_line_of_every_box_is_written(language, box):
    """And none is left out at the end."""
    assert all(has(language, key) for key in steps(box))
    assert not has(language, f"paper.fix.{box}.{STEPS[box] + 1}")
    assert has(language, f"paper.fix.{box}")


def test_a_box_that_was_recognised_is_told_alone():
    """With what fits any other; all of them where none was, or one nobody has a sheet for."""
    assert known("freebox") == ("freebox", "other")
    assert known(None) == known("orthanc") == (*BOXES, "other")
