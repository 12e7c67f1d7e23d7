"""`sentinel enrol`: an invitation that leads nowhere is one sentence, and enrols nobody."""

import socket
from contextlib import closing
from pathlib import Path

import pytest

from sentinel.errors import ConfigurationError
from sentinel.places import Places
from sentinel.programs.enrol import NotTaken, enrol
from sentinel.reach import keys


@pytest.fixture
def places(tmp_path: Path) -> Places:
    return Places(lasting=tmp_path / "var", passing=tmp_path / "var" / "run")


def test_an_echo_that_is_not_there_did_not_take_the_invitation(places):
    """Nothing is kept but our own key, which is the practice's for good."""
    with closing(socket.socket()) as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    invitation = f"sentinel-echo://127.0.0.1:{port}/?k=ed25519:{'a' * 16}&c={'b' * 16}"

    with pytest.raises(NotTaken, match="did not take the invitation"):
        enrol(invitation, places)

    assert keys.echoes(places.lasting) == ()


def test_what_is_no_invitation_is_refused_with_all_its_mistakes(places):
    """As a mistake of the person who typed it: exit 2."""
    with pytest.raises(ConfigurationError) as refused:
        enrol("https://example.net", places)

    assert len(refused.value.mistakes) == 3
