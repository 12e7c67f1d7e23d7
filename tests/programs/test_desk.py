"""The desk: what each request does, and for whom."""

import socket
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path

import pytest

from sentinel.judgement.casebook import Casebook
from sentinel.judgement.judge import Judge, Terms
from sentinel.judgement.verdict import Outlook
from sentinel.model.declared import View
from sentinel.model.finding import Code, Finding, Level
from sentinel.model.incident import IncidentState
from sentinel.pipeline import Street
from sentinel.programs.desk import Asked, Desk, serve
from sentinel.programs.entrance import Slow
from sentinel.programs.errand import Promised
from sentinel.store.archive import Archive
from sentinel.store.sessions import Sessions
from sentinel.wire.requests import WAIT, Answer, Reply, Request, Verb, ask, listen_at, own_user
from tests.builders import ECHO_PORT, connection, exposure, knock, knock_heard, moment, networks

CODE, PHONE = "ABCD-EF23", "192.168.1.20"


@dataclass
class Counter:
    """A desk with a real street and store behind it."""

    archive: Archive
    street: Street = field(init=False)
    desk: Desk = field(init=False)
    promised: Promised = field(default_factory=lambda: Promised(checks=1))
    retested: list[tuple[int, tuple[int, ...]]] = field(default_factory=list)
    at: float = 0

    def __post_init__(self) -> None:
        self.street = Street(
            judge=Judge(networks(), Terms(), moment()),
            casebook=Casebook(),
            archive=self.archive,
            outlook=Outlook(started=moment(), view=View.MIRROR, echo=True),
            signal=lambda *_: None,
            acknowledge=lambda *_: None,
            ask_soon=lambda: None,
            batch=timedelta(seconds=5),
        )
        sessions = Sessions(self.archive, CODE)
        self.desk = Desk(self.street, sessions, self, lambda: moment(self.at))

    def soon(self) -> Promised:
        return self.promised

    def retest(self, family: int, doors: tuple[int, ...]) -> Promised:
        self.retested.append((family, doors))
        return self.promised

    def opens(self, *ports: int) -> None:
        """The echo finds these public ports open; all lead to one door."""
        self.street.walk(knock(*ports))
        for n, port in enumerate(ports):
            self.street.walk(knock_heard(serial=900 + n, source_port=ECHO_PORT + n))
            self.street.walk(exposure(port=port))

    def login(self) -> str:
        return self.desk.answer(Request(verb=Verb.LOGIN, code=CODE, client=PHONE)).session

    def ask(self, verb: Verb, **more: object) -> Answer:
        """From a browser that is logged in."""
        return self.desk.answer(Request(verb=verb, session=self.login(), client=PHONE, **more))


@pytest.fixture
def counter(tmp_path: Path) -> Iterator[Counter]:
    archive = Archive(tmp_path / "sentinel.db", "boot-1")
    yield Counter(archive)
    archive.close()


@pytest.mark.parametrize("verb", [verb for verb in Verb if verb is not Verb.LOGIN])
@pytest.mark.parametrize("session", ["", "guessed"])
def test_a_browser_without_a_session_does_nothing(counter, verb, session):
    """Whatever it asks for."""
    counter.street.walk(connection())
    asked = Request(verb=verb, session=session, client=PHONE, incident=1, network="10.0.0.0/8", ours=True)

    assert counter.desk.answer(asked).reply is Reply.NO_SESSION
    assert [each.read for each in counter.street.casebook.told()] == [None]


@pytest.mark.parametrize("user", sorted(own_user()))
def test_the_command_line_may_ask_for_a_check(counter, user):
    """Without a session, for it is run by root or by the user who owns the store."""
    counter.promised = Promised(checks=2)

    assert counter.desk.answer(Request(verb=Verb.CHECK), user) == Answer(reply=Reply.DONE, checks=2)


@pytest.mark.parametrize("verb", [verb for verb in Verb if verb is not Verb.LOGIN])
@pytest.mark.parametrize("user", [-1, 65_534])
def test_another_user_without_a_session_is_no_command_line(counter, verb, user):
    """The page's own user may ask, but has no right of its own: not without a client either."""
    counter.street.walk(connection())

    assert (
        counter.desk.answer(Request(verb=verb, incident=1, password="trois girafes"), user).reply
        is Reply.NO_SESSION
    )


def test_an_order_for_a_paper_goes_to_whoever_has_it_made(counter):
    """With everything that was asked; the desk waits for nothing."""
    taken: list[Request] = []

    def take(request: Request) -> Reply:
        taken.append(request)
        return Reply.BUSY

    sessions = Sessions(counter.archive, CODE)
    desk = Desk(counter.street, sessions, counter, moment, paper=take)
    wish = Request(verb=Verb.PAPER, session=counter.login(), client=PHONE, kind="month", when="2026-03")

    assert desk.answer(wish).reply is Reply.BUSY
    assert taken == [wish]
    assert desk.answer(replace(wish, session="guessed")).reply is Reply.NO_SESSION
    assert taken == [wish]


def test_without_an_echo_there_is_nobody_to_ask(counter):
    """Said at once."""
    counter.promised = Promised()

    assert counter.ask(Verb.CHECK).reply is Reply.NO_ECHO


def test_a_door_is_tested_again_by_every_public_port_that_leads_to_it(counter):
    """Closing one of two closes nothing; neither family answers for the other."""
    counter.opens(104, 11112)

    assert counter.ask(Verb.CHECK, incident=1).reply is Reply.DONE
    assert counter.retested == [(4, (104, 11112))]


def test_a_story_without_a_public_port_is_looked_for_with_everything(counter):
    """A stranger came in, and nobody has found his door yet."""
    counter.street.walk(connection())

    assert counter.ask(Verb.CHECK, incident=1) == Answer(reply=Reply.DONE, checks=1)
    assert counter.retested == []


def test_a_story_that_is_over_is_not_tested_again(counter):
    """Its number means nothing any more."""
    assert counter.ask(Verb.CHECK, incident=7).reply is Reply.NOT_FOUND


def test_an_echo_that_asks_us_to_wait_is_told_with_its_seconds(counter):
    """The button counts down instead of waiting in silence; so does the re-test."""
    counter.opens(104)
    counter.promised = Promised(wait=timedelta(seconds=29.2))

    assert counter.ask(Verb.CHECK) == Answer(reply=Reply.BUSY, wait_seconds=30)
    assert counter.ask(Verb.CHECK, incident=1) == Answer(reply=Reply.BUSY, wait_seconds=30)


def test_the_right_code_opens_and_five_wrong_ones_close(counter):
    """For a quarter of an hour, and to the second."""
    assert counter.login()
    for _ in range(5):
        assert counter.desk.answer(Request(verb=Verb.LOGIN, code="x", client=PHONE)).reply is Reply.WRONG_CODE
    counter.at = 899.5

    answer = counter.desk.answer(Request(verb=Verb.LOGIN, code=CODE, client=PHONE))

    assert (answer.reply, answer.session, answer.wait_seconds) == (Reply.TOO_MANY, "", 1)


def test_reading_an_alarm_is_kept_with_a_name(counter):
    """Eighty letters of it at most."""
    counter.street.walk(connection())

    assert counter.ask(Verb.READ, incident=1, who="A" * 200).reply is Reply.DONE
    (told,) = counter.street.casebook.told()
    assert told.read_by == "A" * 80
    assert counter.ask(Verb.READ, incident=99, who="Anne").reply is Reply.NOT_FOUND


def test_an_alarm_that_ended_before_anybody_read_it_is_read_all_the_same(counter):
    """It stays closed: the register has its third time, and nothing else happens."""
    counter.street.walk(connection())
    (told,) = counter.street.casebook.told()
    ended = Finding(code=Code.DOOR_CLOSED, story=told.story, level=told.level, at=moment(60), ends=True)
    counter.street.casebook.take(ended)
    counter.at = 120

    assert counter.ask(Verb.READ, incident=1, who="Anne").reply is Reply.DONE
    (over,) = counter.street.casebook.all()
    assert (over.state, over.closed) == (IncidentState.CLOSED, moment(60))
    assert (over.read, over.read_by) == (moment(120), "Anne")
    assert list(counter.street.casebook.told()) == []


@pytest.mark.parametrize("network", ["10.8.0.0/24", "192.168.9.0/24", "100.64.0.0/24", "fd00:1::/64"])
def test_whose_a_private_network_is_can_be_answered(counter, network):
    """Every network that can be asked about, those of a provider's or a VPN's shared range too."""
    assert counter.ask(Verb.NETWORK, network=network, ours=True, who="Anne").reply is Reply.DONE
    assert [str(each) for each in counter.archive.known_networks()] == [network]


@pytest.mark.parametrize(
    "network",
    ["203.0.113.0/24", "198.18.0.0/15", "8.8.8.0/24", "0.0.0.0/0", "::/0", "2001:db8::/32", "10.0.0.0/7", "x", ""],
)
def test_a_public_network_can_never_be_declared_ours(counter, network):
    """A hole in the page must not make strangers welcome; ranges for tests are not private."""
    assert counter.ask(Verb.NETWORK, network=network, ours=True, who="Anne").reply is Reply.NOT_UNDERSTOOD
    assert counter.archive.known_networks() == []


def test_a_network_that_is_not_ours_is_an_alarm(counter):
    """Somebody is inside who should not be."""
    counter.ask(Verb.NETWORK, network="10.8.0.0/24", ours=False, who="Anne")

    (told,) = counter.street.casebook.told()
    assert (told.code, told.level) == (Code.PRIVATE_NETWORK, Level.ALARM)


def test_what_people_do_goes_over_the_same_desk(counter):
    """A measure, a word, an accepted door and its end, each by a browser that is logged in."""
    counter.opens(104)
    said = {"who": "Anne", "why": "PACS en panne"}

    assert counter.ask(Verb.MEASURE, incident=1, kind="rule_removed", **said).reply is Reply.DONE
    assert counter.ask(Verb.FALSE_ALARM, incident=1, **said).reply is Reply.DONE
    assert counter.ask(Verb.ACCEPT, incident=1, when="2026-03-04", **said).reply is Reply.DONE
    assert counter.ask(Verb.ACCEPT, incident=1, when="2026-03-06", **said).reply is Reply.NOT_ALLOWED
    assert counter.ask(Verb.WITHDRAW, number=1, who="Anne").reply is Reply.DONE
    (told,) = counter.street.casebook.told()
    assert (told.read_by, told.measured_by, told.false_alarm) == ("Anne", "Anne", moment())


def test_leaving_ends_the_session(counter):
    """The next click asks for the code again."""
    session = counter.login()
    counter.desk.answer(Request(verb=Verb.LOGOUT, session=session, client=PHONE))

    asked = Request(verb=Verb.CHECK, session=session, client=PHONE)
    assert counter.desk.answer(asked).reply is Reply.NO_SESSION


def test_the_desk_is_answered_by_the_streets_own_thread(tmp_path):
    """One request after the other through the queue; a street that hangs answers nobody."""
    path = tmp_path / "requests.sock"
    line = listen_at(path)
    posted: list[Asked] = []

    def post(asked: Asked) -> None:
        posted.append(asked)
        if asked.request.verb is Verb.CHECK:
            asked.slot.put(Answer(reply=Reply.DONE, checks=1))

    serve(line, post, own_user())

    assert ask(path, Request(verb=Verb.CHECK)) == Answer(reply=Reply.DONE, checks=1)
    assert ask(path, Request(verb=Verb.READ, incident=1)).reply is Reply.NOT_RUNNING
    assert ask(path, Request(verb=Verb.CHECK)).reply in (Reply.DONE, Reply.NOT_RUNNING)
    assert [each.request.verb for each in posted][:2] == [Verb.CHECK, Verb.READ]
    line.shutdown(socket.SHUT_RDWR)
    line.close()


def test_what_nobody_waits_for_any_more_is_not_done(counter):
    """The page has said so: a street that wakes up does nothing behind its back."""
    counter.street.walk(connection())
    asked = Asked(Request(verb=Verb.READ, incident=1, who="Anne", session=counter.login(), client=PHONE))
    late = replace(asked, put=asked.put - WAIT - 0.1)

    assert counter.desk.take(late) == Answer(reply=Reply.NOT_RUNNING)
    assert [each.read for each in counter.street.casebook.told()] == [None]
    assert counter.desk.take(asked) == Answer(reply=Reply.DONE)


def test_what_is_slow_is_done_beside_the_street_and_beside_other_requests(tmp_path):
    """While one password is compared a check is asked for and answered; the outcome goes through the street."""
    path = tmp_path / "requests.sock"
    line = listen_at(path)
    compared, go = threading.Event(), threading.Event()

    def work() -> str:
        compared.set()
        go.wait(20)
        return "token"

    def post(asked: Asked) -> None:
        slow = Slow(work, lambda token: Answer(reply=Reply.DONE, session=token))
        if asked.rest:
            asked.slot.put(asked.rest())
        else:
            asked.slot.put(slow if asked.request.verb is Verb.LOGIN else Answer(reply=Reply.DONE, checks=1))

    serve(line, post, own_user())
    answers: list[Answer] = []
    browser = threading.Thread(target=lambda: answers.append(ask(path, Request(verb=Verb.LOGIN))))
    browser.start()
    assert compared.wait(20)

    assert ask(path, Request(verb=Verb.CHECK)).checks == 1
    assert answers == []
    go.set()
    browser.join(20)
    assert answers == [Answer(reply=Reply.DONE, session="token")]
    line.shutdown(socket.SHUT_RDWR)
    line.close()


def test_memory_that_is_not_to_be_had_ends_no_logins(tmp_path):
    """One comparison fails, and the next is made."""
    path = tmp_path / "requests.sock"
    line = listen_at(path)
    tries: list[int] = []

    def work() -> str:
        tries.append(1)
        if len(tries) == 1:
            raise MemoryError
        return "token"

    def post(asked: Asked) -> None:
        slow = Slow(work, lambda token: Answer(reply=Reply.DONE, session=token))
        asked.slot.put(asked.rest() if asked.rest else slow)

    serve(line, post, own_user())

    assert ask(path, Request(verb=Verb.LOGIN)).reply is Reply.BUSY
    assert ask(path, Request(verb=Verb.LOGIN)).session == "token"
    line.shutdown(socket.SHUT_RDWR)
    line.close()


def test_a_request_that_breaks_something_is_not_understood_and_leaves_its_row(counter):
    """It is no fact: nothing that passed was missed for it."""

    def break_down(_: Request) -> Reply:
        raise OverflowError("Python int too large to convert to SQLite INTEGER")

    desk = Desk(counter.street, Sessions(counter.archive, CODE), counter, moment, paper=break_down)
    asked = Asked(Request(verb=Verb.PAPER, kind="dossier", incident=10**30, session=counter.login(), client=PHONE))

    assert desk.take(asked) == Answer(reply=Reply.NOT_UNDERSTOOD)
    assert counter.street.casebook.forgotten == 0
    assert counter.archive.at_once("SELECT verb, reply FROM audit", ()) == [("paper", "not_understood")]
