"""Logins, the password and the audit, as requests ask for them."""

import pwd
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from sentinel.config import Page
from sentinel.errors import ConfigurationError
from sentinel.programs.desk import Asked, Desk
from sentinel.programs.entrance import Entrance, Slow, allowed
from sentinel.store import reading
from sentinel.store.archive import Archive
from sentinel.store.sessions import Sessions
from sentinel.wire.requests import Answer, Reply, Request, Verb, own_user
from tests.builders import moment

CODE, PHONE, LAPTOP = "ABCD-EF23", "192.168.1.20", "192.168.1.21"
ME = max(own_user())
FIRST, SECOND = "trois girafes bleues", "quatre loutres vertes"


@dataclass
class Door:
    """An entrance with a real store behind it; what is slow is done at once."""

    path: Path
    archive: Archive
    claimed: list[str] = field(default_factory=list)
    at: float = 0
    slow: int = 0

    def __post_init__(self) -> None:
        sessions = Sessions(self.archive, CODE, ("Cabinet du Parc",), lambda: self.claimed.append("told"))
        self.entrance = Entrance(sessions, lambda: moment(self.at))
        self.desk = Desk(None, sessions, None, lambda: moment(self.at))  # no street is asked

    def ask(self, verb: Verb, *, user: int = 65_534, **more: str) -> Answer:
        asked = Asked(Request(verb=verb, **{"client": PHONE, **more}), user)
        answer = self.desk.take(asked)
        if isinstance(answer, Slow):
            self.slow += 1
            answer = self.desk.take(Asked(asked.request, user, answer.done()))
        assert isinstance(answer, Answer)
        return answer

    def login(self, code: str, client: str = PHONE) -> Answer:
        return self.ask(Verb.LOGIN, code=code, client=client)

    def claim(self) -> str:
        """The first password; the session that comes of it."""
        return self.ask(Verb.PASSWORD, session=self.login(CODE).session, password=FIRST).session

    def knows(self, session: str) -> bool:
        return self.entrance.may(Request(verb=Verb.CHECK, session=session, client=PHONE), 65_534)

    def rows(self) -> list[tuple[str, str, str]]:
        with reading.opened(self.path) as reader:
            return [(each.client, each.verb, each.reply) for each in reader.accounts.deeds()][::-1]


@pytest.fixture
def door(tmp_path: Path) -> Iterator[Door]:
    path = tmp_path / "sentinel.db"
    archive = Archive(path, "boot-1")
    yield Door(path, archive)
    archive.close()


def test_the_code_opens_until_a_password_is_set(door):
    """Then the password alone; who came by the code is out, and who set it goes on under a new session."""
    by_code, other = door.login(CODE).session, door.login(CODE, LAPTOP).session

    answer = door.ask(Verb.PASSWORD, session=by_code, password=FIRST)

    assert answer.reply is Reply.DONE
    assert answer.session not in ("", by_code)
    assert [door.knows(each) for each in (answer.session, by_code, other)] == [True, False, False]
    assert door.claimed == ["told"]
    assert door.login(CODE).reply is Reply.WRONG_CODE
    assert door.login(FIRST).reply is Reply.DONE


def test_every_login_has_a_session_nobody_had_before(door):
    """Whatever the browser brought along is not taken over."""
    door.claim()
    tokens = {door.ask(Verb.LOGIN, code=FIRST, session="chosen-by-a-stranger").session for _ in range(2)}

    assert len(tokens) == 2
    assert not door.knows("chosen-by-a-stranger")


def test_a_change_needs_the_present_password_and_ends_every_session(door):
    """A browser left open cannot lock the practice out."""
    mine = door.claim()
    other = door.login(FIRST, LAPTOP).session

    wrong = door.ask(Verb.PASSWORD, session=mine, code=SECOND, password=SECOND)
    right = door.ask(Verb.PASSWORD, session=mine, code=FIRST, password=SECOND)

    assert (wrong.reply, right.reply) == (Reply.WRONG_CODE, Reply.DONE)
    assert [door.knows(each) for each in (mine, other, right.session)] == [False, False, True]
    assert door.login(FIRST).reply is Reply.WRONG_CODE
    assert door.login(SECOND).reply is Reply.DONE


def test_a_try_begun_before_a_change_does_not_come_in_after_it(door):
    """Whoever knew the old password is out, and stays out."""
    session = door.claim()
    asked = Asked(Request(verb=Verb.LOGIN, code=FIRST, client=LAPTOP), 65_534)
    begun = door.desk.take(asked)
    assert isinstance(begun, Slow)
    door.ask(Verb.PASSWORD, session=session, code=FIRST, password=SECOND)

    ended = door.desk.take(Asked(asked.request, asked.user, begun.done()))

    assert ended == Answer(reply=Reply.WRONG_CODE)


@pytest.mark.parametrize("password", ["court", "motdepasse1", "Cabinet du Parc 1", CODE + "!!", "x" * 300])
def test_a_weak_one_is_refused_before_anything_is_compared(door, password):
    """And nothing has changed."""
    session = door.login(CODE).session

    assert door.ask(Verb.PASSWORD, session=session, password=password).reply is Reply.NOT_ALLOWED
    assert door.slow == 0
    assert door.knows(session)
    assert door.claimed == []


def test_wrong_passwords_are_counted_before_they_are_hashed(door):
    """The sixth costs nothing, from whatever form it comes, and the right one waits as well."""
    session = door.claim()
    hashed = door.slow
    for _ in range(3):
        assert door.login("wrong").reply is Reply.WRONG_CODE
    for _ in range(2):
        assert door.ask(Verb.PASSWORD, session=session, code="wrong", password=SECOND).reply is Reply.WRONG_CODE
    assert door.slow == hashed + 5

    late = [door.login(FIRST), door.ask(Verb.PASSWORD, session=session, code=FIRST, password=SECOND)]

    assert [each.reply for each in late] == [Reply.TOO_MANY, Reply.TOO_MANY]
    assert late[0].wait_seconds == 900
    assert door.slow == hashed + 5
    door.at = 901
    assert door.login(FIRST).reply is Reply.DONE


def test_a_try_that_is_cut_short_was_a_wrong_one(door):
    """Whoever pulls the plug while it is compared gains no try."""
    door.claim()
    for _ in range(5):
        half = door.desk.take(Asked(Request(verb=Verb.LOGIN, code="wrong", client=PHONE)))
        assert isinstance(half, Slow)

    assert door.login(FIRST).reply is Reply.TOO_MANY


@pytest.mark.parametrize("user", sorted(own_user()))
def test_at_the_console_a_lost_password_is_set_anew(door, user):
    """Without the old one; every session ends, and the console gets none."""
    session = door.claim()

    answer = door.ask(Verb.PASSWORD, user=user, client="", password=SECOND)

    assert answer == Answer(reply=Reply.DONE)
    assert not door.knows(session)
    assert door.login(SECOND).reply is Reply.DONE


@pytest.mark.parametrize(("user", "client", "session"), [(65_534, "", ""), (ME, PHONE, ""), (ME, "", "guessed")])
def test_only_the_console_itself_may_do_so(door, user, client, session):
    """Not the page's user, not our own user with a browser behind it, not with a session that is none."""
    door.claim()

    refused = door.ask(Verb.PASSWORD, user=user, client=client, session=session, password=SECOND)

    assert refused.reply is Reply.NO_SESSION
    assert door.login(FIRST).reply is Reply.DONE


def test_everybody_can_be_logged_out_at_once(door):
    """A phone was lost."""
    mine = door.claim()
    phone = door.login(FIRST).session

    assert door.ask(Verb.LOGOUT, session=mine).reply is Reply.DONE
    assert [door.knows(mine), door.knows(phone)] == [False, True]
    assert door.ask(Verb.LOGOUT, session=phone, kind="all").reply is Reply.DONE
    assert not door.knows(phone)


def test_each_act_and_each_failed_login_leaves_a_row(door):
    """With who, whence and what came of it; never a code, a password, a session or a reason."""
    session = door.claim()
    door.login("wrong-password")
    door.ask(Verb.READ, session="forged")
    door.ask(Verb.LOGOUT, session=session, kind="all", why="une raison")

    assert door.rows() == [
        (PHONE, "login", "done"),
        (PHONE, "password", "done"),
        (PHONE, "login", "wrong_code"),
        (PHONE, "read", "no_session"),
        (PHONE, "logout", "done"),
    ]
    written = door.path.read_bytes() + door.path.with_name("sentinel.db-wal").read_bytes()
    for secret in (CODE, FIRST, "wrong-password", "forged", session, "une raison"):
        assert secret.encode() not in written


def test_a_long_request_leaves_a_short_row(door):
    """Whatever is sent."""
    many = dict.fromkeys(("who", "network", "machine", "source", "client", "kind"), "x" * 1000)
    door.ask(Verb.NETWORK, **many)

    with reading.opened(door.path) as reader:
        [row] = reader.accounts.deeds()
    assert (len(row.client), len(row.who), len(row.detail)) == (64, 80, 200)


def test_the_pages_user_may_ask_where_the_file_names_one():
    """Beside root and ourselves; a user that does not exist is a mistake of the file."""
    nobody = pwd.getpwnam("nobody").pw_uid

    assert allowed(Page()) == own_user()
    assert allowed(Page(user="nobody")) == own_user() | {nobody}
    with pytest.raises(ConfigurationError, match=r"page\.user = 'nobody-here'"):
        allowed(Page(user="nobody-here"))
