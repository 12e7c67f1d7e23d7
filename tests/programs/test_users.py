"""Users of other programs, by name."""

import os
import pwd

import pytest

from sentinel.errors import ConfigurationError
from sentinel.programs.users import user


def test_a_user_is_known_by_name():
    """With number and group."""
    here = pwd.getpwuid(os.getuid())

    assert user("page.user", here.pw_name) == here


def test_one_that_is_not_there_is_named_with_its_key():
    """So that whoever reads it knows the line."""
    with pytest.raises(ConfigurationError, match=r"capture\.user = 'nobody-here'"):
        user("capture.user", "nobody-here")
