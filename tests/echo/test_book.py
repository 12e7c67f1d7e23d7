import sqlite3
import stat
from ipaddress import ip_address

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from sentinel.dsse import key_id
from sentinel.echo.book import Book, Entry
from sentinel.echo.refused import Refused

ONE, OTHER = (Ed25519PrivateKey.generate().public_key().public_bytes_raw() for _ in range(2))
HOME = ip_address("192.0.2.7")
DAY, HOUR = 86_400, 3_600


@pytest.fixture
def book(tmp_path):
    made = Book(tmp_path / "echo.db", b"secret")
    made.prepare()
    made.invite("code", "Dr. A", 1000)
    made.enrol("code", ONE, 10)
    return made


def entry(number=0, target=HOME, key="k", extra=()):
    return Entry(check=str(number), key=key, target=target, asked=16, extra=frozenset(extra))


def wait(book, now, **words):
    """Seconds to wait, or 0 once the entry is in."""
    try:
        book.enter(entry(**words), now)
    except Refused as refused:
        return refused.wait if refused.word == "quota" else refused.word
    return 0


def test_an_invitation_makes_one_key_known(book):
    """And its alias stays here."""
    assert book.public_key(key_id(ONE)) == ONE
    assert [key.alias for key in book.everybody()] == ["Dr. A"]


@pytest.mark.parametrize(("code", "key", "now"), [("code", OTHER, 10), ("other", OTHER, 10), ("code", ONE, 1001)])
def test_a_code_that_is_used_up_unknown_or_expired_is_refused(book, code, key, now):
    """Without saying which."""
    with pytest.raises(Refused, match="key_unknown"):
        book.enrol(code, key, now)


def test_the_same_key_may_bring_its_code_again(book):
    """Its first answer may have been lost on the way."""
    book.enrol("code", ONE, 20)

    assert book.everybody()[0].first == 10


@pytest.mark.parametrize("who", ["Dr. A", key_id(ONE)])
def test_a_revoked_key_is_unknown_at_once(book, who):
    """By alias or by id."""
    assert book.revoke(who, 20) == 1
    assert book.public_key(key_id(ONE)) is None
    assert book.everybody()[0].revoked


def test_a_key_asks_every_ten_minutes_with_a_burst_of_three(book):
    """The countdown is told."""
    assert [wait(book, 0, number=number) for number in range(4)] == [0, 0, 0, 600]
    assert wait(book, 600, number=5) == 0


def test_the_two_families_are_counted_apart(book):
    """One connection, one family, one check."""
    for number in range(3):
        assert wait(book, 0, number=number) == 0

    assert wait(book, 0, target=ip_address("2001:db8::7")) == 0


def test_a_key_asks_sixty_times_a_day(book):
    """However well it spaces them."""
    waits = [wait(book, number * 601) for number in range(61)]

    assert waits[:60] == [0] * 60
    assert waits[60] == DAY - 60 * 601


def test_a_key_has_four_addresses_a_day(book):
    """A line that changes its address daily is normal; a scanner is not."""
    homes = [ip_address(f"192.0.2.{number}") for number in range(6)]
    waits = [wait(book, number * HOUR, target=home) for number, home in enumerate(homes[:5])]

    assert waits == [0, 0, 0, 0, DAY - 4 * HOUR]
    assert wait(book, 5 * HOUR, target=homes[0]) == 0
    assert wait(book, DAY + 1 + HOUR, target=homes[5]) == 0


def test_an_address_is_knocked_at_twelve_times_an_hour_whoever_asks(book):
    """Fifty keys behind one address are still one target."""
    for number in range(12):
        assert wait(book, number, key=str(number)) == 0

    assert book.target_wait(HOME, 12) == HOUR - 12
    assert book.target_wait(ip_address("192.0.2.8"), 12) == 0
    assert book.target_wait(HOME, HOUR) == 0


def test_extra_ports_are_counted_once_a_day_each(book):
    """The same door every hour is one port, sixteen different ones are the limit."""
    for number in range(3):
        assert wait(book, number * HOUR, extra=range(1000, 1016)) == 0

    assert wait(book, 4 * HOUR, extra=[2000]) == 2 * HOUR + DAY - 4 * HOUR
    assert wait(book, 4 * HOUR) == 0
    assert wait(book, 2 * HOUR + DAY, extra=[2000]) == 0


def test_a_refused_check_is_not_counted(book):
    """Knocking at the quota does not push it away."""
    for number in range(3):
        wait(book, 0, number=number)
    for _ in range(5):
        wait(book, 300)

    assert wait(book, 600) == 0


def test_no_target_can_be_read_from_the_file(book, tmp_path):
    """Blinded with the echo's key; the log holds a /24."""
    wait(book, 0)
    book.finish("0", 1, 2.5)
    written = b"".join(path.read_bytes() for path in tmp_path.iterdir())

    assert b"192.0.2.0/24" in written
    assert b"192.0.2.7" not in written
    assert HOME.packed not in written


def test_the_log_is_kept_for_fourteen_days(book, tmp_path):
    """Then it goes with the next check."""
    wait(book, 0)
    wait(book, 15 * DAY, number=1)

    with sqlite3.connect(tmp_path / "echo.db") as db:
        rows = db.execute("SELECT id FROM checks").fetchall()
    db.close()
    assert rows == [("1",)]


def test_the_file_is_closed_to_others(book, tmp_path):
    """Nobody else on the machine may list the practices."""
    assert stat.S_IMODE((tmp_path / "echo.db").stat().st_mode) == 0o600


def test_a_file_that_was_taken_away_is_noticed(book, tmp_path):
    """An echo never pretends to count."""
    for path in tmp_path.iterdir():
        path.unlink()

    with pytest.raises(sqlite3.Error):
        book.enter(entry(), 0)


def test_a_file_that_cannot_be_written_is_noticed(book, tmp_path):
    """Here another program holds it; a full disk is told the same way."""
    holder = sqlite3.connect(tmp_path / "echo.db", isolation_level=None)
    holder.execute("BEGIN EXCLUSIVE")

    with pytest.raises(sqlite3.Error):
        book.enter(entry(), 0)
    holder.close()


def test_a_file_of_an_older_echo_receives_what_is_missing(tmp_path):
    """No practice has to enrol again."""
    with sqlite3.connect(tmp_path / "old.db") as db:
        db.execute(
            "CREATE TABLE keys (id TEXT PRIMARY KEY, public BLOB, alias TEXT, first REAL, last REAL,"
            " checks INTEGER DEFAULT 0, revoked REAL)"
        )
        db.execute("INSERT INTO keys VALUES (?, ?, 'Dr. A', 1, 2, 3, NULL)", (key_id(ONE), ONE))
    db.close()
    book = Book(tmp_path / "old.db", b"secret")
    for _ in range(2):
        book.prepare()

    assert book.public_key(key_id(ONE)) == ONE
    assert book.everybody()[0].version == ""
    book.heard(key_id(ONE), "0.3.1", 5)
    assert (book.everybody()[0].version, book.everybody()[0].last) == ("0.3.1", 5)


@pytest.mark.parametrize(
    ("said", "kept"), [("0.3.1", "0.3.1"), ("x" * 99, "x" * 20), ("\x1b[31m1.0\n", "[31m1.0"), ("1\u202e0é", "10")]
)
def test_a_version_is_twenty_printable_letters(book, said, kept):
    """It is shown on the operator's terminal."""
    book.heard(key_id(ONE), said, 5)

    assert book.everybody()[0].version == kept


@pytest.mark.parametrize(("heard", "silent"), [(None, True), (19, True), (20, False)])
def test_a_key_that_was_not_heard_is_silent(book, heard, silent):
    """One that never asked counts from its enrolment."""
    if heard is not None:
        book.heard(key_id(ONE), "", heard)

    assert book.everybody()[0].silent_since(20) is silent


def test_nobody_waits_for_a_key_that_was_taken_back(book):
    """It is meant to be silent."""
    book.revoke("Dr. A", 11)

    assert not book.everybody()[0].silent_since(20)


def test_an_alias_can_be_changed(book):
    """By id or by the old one."""
    assert book.rename("Dr. A", "Dr. B") == 1
    assert book.rename(key_id(ONE), "Dr. C") == 1
    assert book.rename("Dr. A", "Dr. D") == 0
    assert book.everybody()[0].alias == "Dr. C"


def test_a_mark_is_for_one_door_of_one_caller(book):
    """Another kind, key, address or port is another door; and it ages."""
    book.mark("gone", "k", HOME, 4242, 1000)

    assert book.marked_among("gone", "k", HOME, [4242], 1000)
    assert not book.marked_among("gone", "k", HOME, [4242], 1001)
    assert book.marked_among("gone", "k", HOME, [104, 4242], 0) == {4242}
    for other in (
        ("asked", "k", HOME),
        ("gone", "l", HOME),
        ("gone", "k", ip_address("192.0.2.8")),
    ):
        assert not book.marked_among(*other, [4242], 0)


def test_a_mark_made_again_is_as_young_as_the_last(book):
    """Whatever order the clock gives them in."""
    for moment in (1000, 2000, 500):
        book.mark("gone", "k", HOME, 4242, moment)

    assert book.marked_among("gone", "k", HOME, [4242], 2000)


def test_marks_name_no_door_and_do_not_stay(book, tmp_path):
    """A reader of the file finds a kind, a number and a time; after 90 days not even those."""
    book.mark("gone", "ed25519:k", HOME, 4242, 1000)
    with sqlite3.connect(tmp_path / "echo.db") as db:
        [(kind, mark, at)] = db.execute("SELECT kind, mark, at FROM marks").fetchall()
        assert (kind, len(mark), at) == ("gone", 16, 1000)
        assert HOME.packed not in mark
        book.enter(entry(), 1001 + 90 * DAY)
        assert db.execute("SELECT count(*) FROM marks").fetchone() == (0,)
    db.close()
