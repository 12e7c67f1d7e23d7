"""Orders for papers: who may have which, one at a time, and what the calendar wants by itself."""

import time
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path

import pytest
from sqlite_utils import Database

from sentinel.model.acting import Paper, PaperKind
from sentinel.model.declared import View
from sentinel.model.finding import Code, Level
from sentinel.model.moment import Moment
from sentinel.model.verdict import Assurance, Reason, Verdict
from sentinel.places import Places
from sentinel.programs.ordering import BEGUN
from sentinel.programs.papers import A_DAY, WAITING, Papers
from sentinel.wire.requests import EVERY_MACHINE_ON, Reply, Request, Verb
from tests.builders import moment
from tests.programs.furnished import CONFIG, NOW, furnished, writing

DOSSIER = Request(verb=Verb.PAPER, kind="dossier", incident=7, who="Anne")
MONTH = Request(verb=Verb.PAPER, kind="month", when="2026-03")


class Clock:
    """A clock that a test sets."""

    def __init__(self, wall: datetime) -> None:
        self.wall = wall

    def __call__(self) -> Moment:
        return Moment(wall=self.wall, boot=timedelta(days=9))


@pytest.fixture
def places(tmp_path: Path) -> Places:
    return furnished(tmp_path)


@pytest.fixture
def clock() -> Clock:
    return Clock(NOW)


@pytest.fixture
def made() -> list[Paper]:
    return []


def verdict(*reasons: tuple[Code, Level]) -> Verdict:
    """What is shown, the gravest first."""
    return Verdict(
        level=reasons[0][1] if reasons else Level.CALM,
        reasons=tuple(Reason(code=code, level=level, since=moment()) for code, level in reasons),
        at=moment(),
        view=View.MIRROR,
        assurance=Assurance.B,
        checked=moment(),
    )


@pytest.fixture
def shown() -> list[Verdict | None]:
    """What is said at this moment: the last one."""
    return [verdict()]


@pytest.fixture
def papers(places: Places, clock: Clock, made: list[Paper], shown: list[Verdict | None]) -> Papers:
    return Papers(CONFIG, places, clock, made.append, lambda: shown[-1])


def soon(is_so: Callable[[], object], seconds: float = 60.0) -> None:
    """Wait for a child."""
    deadline = time.monotonic() + seconds
    while not is_so():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_an_order_is_made_by_a_child_and_told_to_the_street(papers, places, made):
    """With its hash, and who asked; the file lies there before the fact does."""
    assert papers.take(DOSSIER) is Reply.DONE
    assert papers.state == "making"
    soon(lambda: made)

    [paper] = made
    assert (paper.kind, paper.incident, paper.who) == (PaperKind.DOSSIER, 7, "Anne")
    assert paper.sha256 == sha256((places.papers / paper.name).read_bytes()).hexdigest()
    soon(lambda: papers.state == "")


def test_an_order_is_taken_at_once_and_not_waited_for(papers):
    """The street has a lamp to light."""
    begun = time.monotonic()
    papers.take(DOSSIER)

    assert time.monotonic() - begun < 0.5


def test_who_orders_too_much_is_told_to_wait(papers, made):
    """One is made, so many wait, the others are refused; none is lost."""
    replies = [papers.take(replace(MONTH, who=str(n))) for n in range(WAITING + 4)]

    assert Reply.BUSY in replies
    done = replies.count(Reply.DONE)
    assert WAITING <= done <= WAITING + 2
    soon(lambda: len(made) == done)


@pytest.mark.parametrize(
    ("request_", "reply"),
    [
        (replace(DOSSIER, incident=99), Reply.NOT_FOUND),
        (replace(DOSSIER, incident=0), Reply.NOT_UNDERSTOOD),
        (replace(DOSSIER, incident=-7), Reply.NOT_UNDERSTOOD),
        (replace(DOSSIER, kind="../../etc"), Reply.NOT_UNDERSTOOD),
        (replace(DOSSIER, kind=""), Reply.NOT_UNDERSTOOD),
        (replace(DOSSIER, value="de"), Reply.NOT_UNDERSTOOD),
        (replace(MONTH, when="2026-3"), Reply.NOT_UNDERSTOOD),
        (replace(MONTH, when="2026-13"), Reply.NOT_UNDERSTOOD),
        (replace(MONTH, when="../2026"), Reply.NOT_UNDERSTOOD),
        (replace(MONTH, when="2026-04"), Reply.NOT_ALLOWED),
        (replace(MONTH, kind="certificate"), Reply.NOT_ALLOWED),
        (replace(MONTH, kind="certificate", section="practice"), Reply.NOT_ALLOWED),
    ],
)
def test_what_cannot_be_made_is_refused_before_a_child_begins(papers, made, request_, reply):
    """A certificate needs the word that every machine is on; a month must have begun."""
    assert papers.take(request_) is reply
    assert papers.state == ""


def test_an_unknown_number_costs_the_street_no_look_at_the_whole_register(papers, places):
    """Here a record nobody can read stands for ten thousand: only the one that is asked for is looked at."""
    database = Database(places.store)
    database.execute("INSERT INTO register VALUES (1, '2026', NULL, NULL, NULL, NULL, '{}')")
    database.conn.commit()
    database.close()

    assert papers.take(replace(DOSSIER, incident=99)) is Reply.NOT_FOUND


def test_a_certificate_is_made_once_somebody_has_declared_every_machine_on(papers, made):
    """A machine that sleeps hides its doors."""
    assert papers.take(Request(verb=Verb.PAPER, kind="certificate", section=EVERY_MACHINE_ON)) is Reply.DONE
    soon(lambda: made)
    assert made[0].name == "attestation-2026-03-05.pdf"


CERTIFICATE = Request(verb=Verb.PAPER, kind="certificate", section=EVERY_MACHINE_ON)


@pytest.mark.parametrize(
    "said",
    [
        None,
        verdict((Code.NOT_CHECKED, Level.UNSURE)),
        verdict((Code.STARTING, Level.UNSURE)),
        verdict((Code.DOOR_REACHABLE, Level.ALARM), (Code.CAPTURE_LOST, Level.UNSURE)),
    ],
)
def test_nobody_certifies_what_the_sentinel_does_not_know(papers, shown, said):
    """« Contrôlé » and « surveillé » stand above two signatures; a red reason hides no blue one."""
    shown.append(said)

    assert papers.take(CERTIFICATE) is Reply.NOT_ALLOWED
    assert papers.state == ""


def test_nothing_is_certified_before_a_check_was_complete(tmp_path, clock):
    """Whatever the lamp shows."""
    places = Places(lasting=tmp_path / "new", passing=tmp_path / "new/run")
    places.make()
    with writing(places):
        pass

    assert Papers(CONFIG, places, clock, lambda _: None, verdict).take(CERTIFICATE) is Reply.NOT_ALLOWED


def test_an_alarm_may_be_certified_for_the_paper_says_so_first(papers, shown, made):
    """What is open is known."""
    shown.append(verdict((Code.DOOR_REACHABLE, Level.ALARM)))

    assert papers.take(CERTIFICATE) is Reply.DONE
    soon(lambda: made)


def test_a_day_has_only_so_many_papers(papers, places):
    """A hole in the page must not fill the card."""
    with writing(places) as archive:
        for number in range(A_DAY):
            paper = Paper(kind=PaperKind.MONTH, name=f"x{number}", sha256="", who="", at=moment(3 * 86_400 - 60))
            archive.paper(paper)

    assert papers.take(DOSSIER) is Reply.BUSY


def test_a_child_that_fails_is_told_and_the_next_order_is_made(papers, places, made):
    """A folder that cannot be made, then one that can."""
    places.papers.write_text("in the way")
    papers.take(DOSSIER)
    soon(lambda: papers.state == "failed")
    places.papers.unlink()

    assert papers.take(DOSSIER) is Reply.DONE
    soon(lambda: made and papers.state == "")


def test_what_a_child_left_half_done_is_swept_away(places, clock):
    """The power went while one was written."""
    places.papers.mkdir()
    (places.papers / f"{BEGUN}abc").write_text("half")
    (places.papers / "mois-2026-02.pdf").write_text("whole")
    Papers(CONFIG, places, clock, lambda _: None, verdict)

    assert [path.name for path in places.papers.iterdir()] == ["mois-2026-02.pdf"]


def test_a_name_is_one_line_of_eighty_letters(papers, made):
    """It goes to the table, to the journal and to the page."""
    papers.take(replace(MONTH, who="A\nB\t" + "x" * 200))
    soon(lambda: made)

    assert made[0].who.startswith("A B xxx")
    assert len(made[0].who) == 80


# -- the calendar ------------------------------------------------------------------------------------------------

FIRST = datetime(2026, 4, 1, 4, 30, tzinfo=UTC)
"""Half past six in Paris."""


def monthly(papers: Papers) -> None:
    for job in papers.jobs():
        assert list(job.work()) == []


def test_the_month_before_is_made_on_the_first_by_itself_and_once(papers, places, clock, made):
    """Nobody has to think of it."""
    clock.wall = FIRST
    monthly(papers)
    soon(lambda: made)

    assert (made[0].name, made[0].who) == ("mois-2026-03.pdf", "")
    with writing(places) as archive:
        archive.paper(made[0])
    clock.wall += timedelta(hours=1)
    monthly(papers)
    assert papers.state == ""


def test_a_page_made_while_the_month_went_on_is_not_the_months_page(papers, places, clock, made):
    """It told of half of it."""
    with writing(places) as archive:
        early = Paper(kind=PaperKind.MONTH, name="mois-2026-03.pdf", sha256="", who="Anne", at=moment(86_400))
        archive.paper(early)
    clock.wall = FIRST
    monthly(papers)
    soon(lambda: made)

    assert made[0].name == "mois-2026-03.pdf"


@pytest.mark.parametrize("wall", [FIRST - timedelta(hours=1), NOW])
def test_before_dawn_of_the_first_and_before_a_month_has_passed_nothing_is_made(papers, clock, wall):
    """The last day is told shortly after midnight; of the time before installation there is nothing to tell."""
    clock.wall = wall
    monthly(papers)

    assert papers.state == ""


def test_a_sentinel_that_was_off_on_the_first_makes_it_when_it_is_back(papers, clock, made):
    """Holidays end."""
    clock.wall = FIRST + timedelta(days=20)
    monthly(papers)
    soon(lambda: made)

    assert made[0].name == "mois-2026-03.pdf"
