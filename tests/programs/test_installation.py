"""What `sentinel check` says of an installed machine; with its real users in tests/story/test_users.py."""

from pathlib import Path

from sentinel.config import Capture, Config, Page
from sentinel.places import Places
from sentinel.programs.installation import installation


def told(config: Config, folder: Path) -> list[tuple[bool, str]]:
    file = folder / "sentinel.toml"
    file.write_text("")
    return [*installation(config, Places(lasting=folder, passing=folder), file)]


def test_a_laptop_has_one_user_and_nothing_to_check(tmp_path):
    """Its programs share everything."""
    assert told(Config(), tmp_path) == []
    assert told(Config(page=Page(user="nobody")), tmp_path) == []


def test_a_user_that_is_not_there_is_one_sentence(tmp_path):
    """And the firewall is looked at all the same."""
    users, firewall = told(Config(capture=Capture(user="nobody-here"), page=Page(user="nobody")), tmp_path)

    assert users == (False, "users: capture.user = 'nobody-here': there is no such user on this machine")
    assert firewall[1].startswith("firewall: ")
    assert not firewall[0]


def test_a_folder_that_is_not_there_is_one_sentence(tmp_path):
    """As before the first boot."""
    places = Places(lasting=tmp_path / "lasting", passing=tmp_path)
    config = Config(capture=Capture(user="nobody"), page=Page(user="nobody"))
    first, _ = installation(config, places, tmp_path / "sentinel.toml")

    assert not first[0]
    assert "No such file" in first[1]
