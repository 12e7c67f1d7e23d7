import stat
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest

from sentinel.errors import NotReadable
from sentinel.reach.keys import Echo, echoes, keep, own_key, own_key_id, renew

ECHO = Echo(host="echo.example.org", port=443, key_id="ed25519:a", keys=(b"1" * 32, b"2" * 32), vantage="par1")
OTHER = Echo(host="2001:db8::7", port=8443, key_id="ed25519:b", keys=(b"3" * 32,), vantage="fra1")


def test_our_key_is_made_once(tmp_path):
    """The echo knows us by it."""
    assert own_key_id(own_key(tmp_path)) == own_key_id(own_key(tmp_path))


def test_what_we_keep_is_closed_to_others(tmp_path):
    """The web page's process too."""
    own_key(tmp_path)
    keep(tmp_path, ECHO)

    assert {path.name: stat.S_IMODE(path.stat().st_mode) for path in tmp_path.iterdir()} == {
        "sentinel.key": 0o600,
        "echoes.json": 0o600,
    }


def test_the_newest_echo_comes_first(tmp_path):
    """A dead one must not stand before its successor. None yet is none."""
    assert echoes(tmp_path) == ()
    keep(tmp_path, ECHO)
    keep(tmp_path, OTHER)

    assert echoes(tmp_path) == (OTHER, ECHO)


def test_an_echo_enrolled_again_replaces_itself(tmp_path):
    """It moved to another port."""
    keep(tmp_path, Echo(host="old", port=1, key_id=ECHO.key_id, keys=(), vantage=""))
    keep(tmp_path, ECHO)

    assert echoes(tmp_path) == (ECHO,)


def test_one_server_under_two_keys_is_one_echo(tmp_path):
    """Two that agree are the best proof there is, and a server agrees with itself. Another port is another."""
    keep(tmp_path, OTHER)
    keep(tmp_path, ECHO)
    again = replace(ECHO, host="Echo.example.org", key_id="ed25519:c")
    beside = replace(ECHO, port=8443, key_id="ed25519:d")
    keep(tmp_path, again)
    assert echoes(tmp_path) == (again, OTHER)
    keep(tmp_path, beside)

    assert echoes(tmp_path) == (beside, again, OTHER)


@pytest.mark.parametrize("content", [b"", b"{}", b"[1]", b"\xff"])
def test_a_broken_file_is_said_and_left_alone(tmp_path, content):
    """Its keys may still be saved by a person."""
    (tmp_path / "echoes.json").write_bytes(content)

    with pytest.raises(NotReadable, match=r"echoes\.json"):
        keep(tmp_path, ECHO)
    assert (tmp_path / "echoes.json").read_bytes() == content


@pytest.mark.parametrize("content", [b"", b"nonsense"])
def test_a_broken_key_is_not_replaced_in_silence(tmp_path, content):
    """The echo would not know us any more."""
    (tmp_path / "sentinel.key").write_bytes(content)

    with pytest.raises(NotReadable, match=r"sentinel\.key"):
        own_key(tmp_path)


def test_an_echo_with_new_keys_keeps_its_place(tmp_path):
    """It is not the newest for that; and whom we do not know we do not learn."""
    keep(tmp_path, ECHO)
    keep(tmp_path, OTHER)
    renewed = replace(ECHO, keys=(b"3" * 32, b"4" * 32))
    renew(tmp_path, renewed)
    renew(tmp_path, replace(ECHO, key_id="ed25519:somebody"))

    assert echoes(tmp_path) == (OTHER, renewed)


def test_three_echoes_are_kept_and_the_oldest_makes_room(tmp_path):
    """More would teach nothing, and each costs the box fifty knocks an hour."""
    for name in "abcd":
        keep(tmp_path, Echo(host=name, port=1, key_id=name, keys=(), vantage=""))

    assert [echo.host for echo in echoes(tmp_path)] == ["d", "c", "b"]


def test_two_threads_that_learn_at_once_lose_nothing(tmp_path, monkeypatch):
    """IPv4, IPv6 and the re-tests each renew the echo they have just asked."""
    three = [replace(ECHO, key_id=name, host=name, keys=(b"1" * 32,)) for name in "abc"]
    for echo in three:
        keep(tmp_path, echo)

    def slowly(folder):
        found = echoes(folder)
        time.sleep(0.02)
        return found

    monkeypatch.setattr("sentinel.reach.keys.echoes", slowly)
    with ThreadPoolExecutor(3) as several:
        list(several.map(lambda echo: renew(tmp_path, replace(echo, keys=(b"2" * 32,))), three))

    assert [echo.keys for echo in echoes(tmp_path)] == [(b"2" * 32,)] * 3
