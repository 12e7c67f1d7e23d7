"""What the page reads of accounts."""

from contextlib import closing
from datetime import timedelta
from pathlib import Path

from sentinel.store import reading
from sentinel.store.accounts import Login
from sentinel.store.archive import Archive
from sentinel.store.sessions import LASTS, Sessions
from tests.builders import START


def test_a_reader_knows_whether_it_is_claimed_and_who_is_logged_in(tmp_path: Path):
    """By address and time; never a token, and nobody whose login has ended."""
    path, later = tmp_path / "sentinel.db", START + timedelta(hours=1)
    with closing(Archive(path, "boot-1")) as archive:
        sessions = Sessions(archive, "ABCD-EF23")
        sessions.begin("192.168.1.20", START)
        with reading.opened(path) as reader:
            assert not reader.accounts.is_claimed
            assert reader.accounts.logins(START + LASTS) == []
            assert reader.accounts.logins(START) == [Login(client="192.168.1.20", made=START, until=START + LASTS)]

        sessions.set_password("scrypt$…", later)
        with reading.opened(path) as reader:
            assert reader.accounts.is_claimed
            assert reader.accounts.logins(later) == []
