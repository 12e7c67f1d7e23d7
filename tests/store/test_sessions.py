"""Who is let in: five tries in fifteen minutes, tokens kept as hashes, both surviving a restart."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest

from sentinel.model.ledger import EntryKind
from sentinel.store.archive import Archive
from sentinel.store.ledger import entries
from sentinel.store.sessions import LASTS, TRIES_OF_ALL, WINDOW, Sessions
from tests.builders import START, moment

CODE = "ABCD-EF23"
PHONE, LAPTOP = "192.168.1.20", "192.168.1.21"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "sentinel.db"


@pytest.fixture
def desk(path: Path) -> Iterator[Sessions]:
    with closing(Archive(path, "boot-1")) as archive:
        yield Sessions(archive, CODE)


@pytest.mark.parametrize("typed", [CODE, "abcdef23", " abcd ef23 ", "ABCD‑EF23"])
def test_a_code_is_taken_as_people_type_it(desk, typed):
    """Case, spaces and dashes do not count."""
    assert desk.knows(desk.enter(typed, PHONE, START).token, START)


@pytest.mark.parametrize("typed", ["", "ABCD", "ABCD-EF24", "ABCD-EF233", "-" * 9, "ÄBCD-EF23"])
def test_a_wrong_code_lets_nobody_in(desk, typed):
    """Without a word about what was wrong with it."""
    entry = desk.enter(typed, PHONE, START)

    assert (entry.token, entry.wait) == ("", timedelta(0))


def test_after_five_wrong_codes_even_the_right_one_waits(desk):
    """Until the first of them is fifteen minutes old; another client is not kept waiting."""
    for second in range(5):
        desk.enter("wrong", PHONE, START + timedelta(seconds=second))

    entry = desk.enter(CODE, PHONE, START + timedelta(seconds=10))

    assert (entry.token, entry.wait) == ("", timedelta(minutes=14, seconds=50))
    assert desk.enter(CODE, LAPTOP, START + timedelta(seconds=10)).token
    assert desk.enter(CODE, PHONE, START + timedelta(minutes=15)).token


def test_a_whole_network_of_invented_clients_cannot_try_all_day(desk):
    """All together have forty tries a quarter of an hour; somebody who is logged in is not kept out by them."""
    desk.enter(CODE, LAPTOP, START)
    for host in range(TRIES_OF_ALL):
        assert desk.enter("wrong", f"10.0.{host}.1", START).wait == timedelta(0)

    assert desk.enter(CODE, PHONE, START).wait == WINDOW
    assert desk.enter(CODE, LAPTOP, START).token
    for _ in range(5):
        desk.enter("wrong", LAPTOP, START)
    assert desk.enter(CODE, LAPTOP, START).wait == WINDOW, "its own tries count all the same"
    assert desk.enter(CODE, PHONE, START + WINDOW).token


@pytest.mark.parametrize(
    ("clients", "together"),
    [
        (["2001:db8:1:2::1", "2001:db8:1:2:ffff::9"], True),
        (["fe80::1%eth0", "fe80::2%eth0"], True),
        (["::ffff:192.168.1.9", "192.168.1.9"], True),
        (["2001:db8:1:2::1", "2001:db8:1:3::1"], False),
        (["192.168.1.9", "192.168.1.10"], False),
        (["page", "other"], False),
    ],
)
def test_the_addresses_one_device_may_invent_are_one_client(desk, clients, together):
    """A /64 of IPv6 holds more addresses than there are tries."""
    for _ in range(5):
        desk.enter("wrong", clients[0], START)

    assert bool(desk.enter(CODE, clients[1], START).wait) is together


def test_a_clock_that_was_put_back_keeps_nobody_waiting_for_years(desk):
    """Tries of the year 2100 are nobody's any more."""
    for _ in range(5):
        desk.enter("wrong", PHONE, START + timedelta(days=27_000))

    assert desk.enter(CODE, PHONE, START).token


def test_once_a_password_is_set_the_code_opens_nothing(desk, path):
    """Whoever was let in by it is out, and its file is told to go."""
    told = []
    with closing(Archive(path, "boot-1")) as archive:
        claimed = Sessions(archive, CODE, claimed=lambda: told.append("gone"))
        token = claimed.enter(CODE, PHONE, START).token
        claimed.set_password("scrypt$…", START)

        assert told == ["gone"]
        assert not claimed.knows(token, START)
        assert claimed.password == "scrypt$…"
        entry = claimed.enter(CODE, PHONE, START)
        assert (entry.token, entry.wait) == ("", timedelta(0))
        for _ in range(4):
            claimed.enter(CODE, PHONE, START)
        assert claimed.enter(CODE, PHONE, START).wait, "the code is a wrong try like any other"


def test_everybody_can_be_logged_out(desk):
    """On every device."""
    tokens = [desk.enter(CODE, PHONE, START).token for _ in range(3)]
    desk.leave_all()

    assert not any(desk.knows(token, START) for token in tokens)


def test_four_wrong_codes_are_forgiven(desk):
    """People mistype."""
    for _ in range(4):
        desk.enter("wrong", PHONE, START)

    assert desk.enter(CODE, PHONE, START).token


def test_the_count_survives_a_restart(path):
    """Pulling the plug is no way around it."""
    with closing(Archive(path, "boot-1")) as archive:
        for _ in range(5):
            Sessions(archive, CODE).enter("wrong", PHONE, START)
    with closing(Archive(path, "boot-2")) as archive:
        assert Sessions(archive, CODE).enter(CODE, PHONE, START).wait


def test_a_login_lasts_thirty_days_and_ends_when_it_is_left(desk):
    """And a restart does not end it."""
    token = desk.enter(CODE, PHONE, START).token

    assert desk.knows(token, START + LASTS - timedelta(seconds=1))
    assert not desk.knows(token, START + LASTS)
    desk.leave(token)
    assert not desk.knows(token, START)
    assert not desk.knows("", START)


def test_tokens_are_long_and_kept_as_hashes(desk, path):
    """A copy of the store opens no page."""
    tokens = {desk.enter(CODE, PHONE, START).token for _ in range(20)}

    assert len(tokens) == 20
    assert all(len(token) >= 43 for token in tokens)
    with closing(sqlite3.connect(path)) as db:
        kept = {token for (token,) in db.execute("SELECT token FROM sessions")}
    assert not kept & tokens


def test_where_tries_cannot_be_recorded_nobody_is_let_in(desk, path):
    """A locked store must not become a way to try forever."""
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")
        for typed in ("wrong", CODE):
            with pytest.raises(OSError, match="locked"):
                desk.enter(typed, PHONE, START)
        other.execute("ROLLBACK")


def test_a_login_does_not_write_what_waits_for_its_batch(path):
    """The desk's statement is committed alone."""
    from sentinel.model.standing import Standing
    from tests.builders import connection

    with closing(Archive(path, "boot-1")) as archive:
        archive.connection("run-1", connection(), Standing.STRANGER)
        Sessions(archive, CODE).enter(CODE, PHONE, START)
        with closing(sqlite3.connect(path)) as db:
            assert db.execute("SELECT count(*) FROM connections").fetchone() == (0,)
        assert len(archive) == 1


@pytest.mark.parametrize("cut", ["DELETE ON sessions", "INSERT ON ledger"])
def test_a_password_is_forgotten_with_its_sessions_and_its_line_or_not_at_all(path, cut):
    """Whatever a power cut comes between: no session outlives the password that gave it."""
    with (
        closing(Archive(path, "boot-1")) as archive,
        closing(sqlite3.connect(path, isolation_level=None)) as other,
    ):
        desk = Sessions(archive, CODE, anew=lambda: "WXYZ-2345")
        desk.set_password("scrypt$…", START)
        token = desk.begin(PHONE, START)
        archive.tell(EntryKind.NETWORK, moment(0), network="10.0.0.0/8")
        other.execute(f"CREATE TRIGGER cut BEFORE {cut} BEGIN SELECT RAISE(ABORT, 'cut'); END")
        with pytest.raises(OSError, match="cut"):
            desk.forget_password(moment(1), "x")
        assert (desk.password, desk.knows(token, START)) == ("scrypt$…", True)

        other.execute("DROP TRIGGER cut")
        desk.forget_password(moment(2), "x")
        assert (desk.is_forgotten, desk.knows(token, START)) == (True, False)
        assert [kind for (kind,) in other.execute("SELECT kind FROM ledger")] == [EntryKind.FORGOTTEN]
        archive.commit()
        chain = list(entries(other))
        assert [each.kind for each in chain] == [EntryKind.FORGOTTEN, EntryKind.NETWORK]
        assert (chain[1].before, archive.ledger.head) == (chain[0].hash, chain[1].hash)


def test_a_new_password_ends_the_sessions_or_does_not_come(path):
    """One transaction as well."""
    with (
        closing(Archive(path, "boot-1")) as archive,
        closing(sqlite3.connect(path, isolation_level=None)) as other,
    ):
        desk = Sessions(archive, CODE)
        token = desk.begin(PHONE, START)
        other.execute("CREATE TRIGGER cut BEFORE DELETE ON sessions BEGIN SELECT RAISE(ABORT, 'cut'); END")
        with pytest.raises(OSError, match="cut"):
            desk.set_password("scrypt$…", START)

        assert (desk.password, desk.knows(token, START)) == ("", True)
