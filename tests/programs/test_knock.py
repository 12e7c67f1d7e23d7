"""`sentinel knock`: asks, waits for its own outcome, and says what a stranger could open."""

import os
import pty
import re
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from contextlib import closing, suppress
from dataclasses import replace
from pathlib import Path

import pytest

from sentinel.clock import now
from sentinel.config import Config, Language, Page
from sentinel.echo.protocol import STOP_S
from sentinel.model.declared import View
from sentinel.model.exposure import AfterProbe, Application, Auth, CellVerdict, Kind, Outcome, PortList, Reach
from sentinel.model.exposure import Answer as DicomAnswer
from sentinel.model.finding import Level
from sentinel.model.moment import Address
from sentinel.model.passing import Progress
from sentinel.model.verdict import Assurance, Verdict
from sentinel.places import Places
from sentinel.programs.knock import LOOK, NOTHING_OPEN, OPEN, UNKNOWN, Say, Screen, knock, patience
from sentinel.signals import pulse
from sentinel.store.archive import Archive
from sentinel.text import say
from sentinel.wire.requests import Answer, Reply, Request, listen_at, own_user
from tests.builders import IMAGING, IMAGING_MAC, exposure, outcome
from tests.wire.answering import answer_one

ROOT = Path(__file__).parents[2]
ENGLISH = Config(page=Page(language=Language.EN), labels={IMAGING_MAC: "RADIO-PC"})


@pytest.fixture
def places(tmp_path: Path) -> Places:
    made = Places(lasting=tmp_path, passing=tmp_path / "run")
    made.make()
    return made


def asked(
    places: Places, respond: Callable[[Request], Answer], config: Config = ENGLISH, redraw: Say | None = None
) -> tuple[int, str]:
    """The command, with a desk that answers one request."""
    line = listen_at(places.requests)

    def take() -> None:
        with suppress(OSError):
            answer_one(line, respond, own_user())

    desk = threading.Thread(target=take)
    desk.start()
    lines: list[str] = []
    code = knock(config, places, Screen(tell=lines.append, redraw=redraw))
    desk.join()
    line.close()
    return code, "\n".join(lines)


CellFacts = tuple[int, Reach, CellVerdict]
LEDTO = (IMAGING, IMAGING_MAC, 4242)


def keep(
    places: Places,
    *cells: CellFacts,
    result: Outcome = Outcome.CHECKED,
    app: Application | None = None,
    machine: tuple[Address, str | None, int] | None = LEDTO,
    **more: object,
) -> None:
    """One check, as `watch` keeps it: its cells, then its outcome."""
    with closing(Archive(places.store, "boot-1")) as archive:
        check = str(more.get("check", "check-1"))
        for port, reach, verdict in cells:
            is_open = reach is Reach.OPEN
            seen = exposure(port=port, reach=reach, at=now(), check=check, app=app if is_open else None)
            archive.exposure(seen, verdict, machine if is_open else None)
        archive.outcome(outcome(result, **{"asked": now(), "at": now(), "host": "echo.example", **more}))
        archive.commit()


def checking(places: Places, *cells: CellFacts, **more: object):
    """A desk whose check ends at once with these cells."""

    def respond(request: Request) -> Answer:
        keep(places, *cells, **more)
        return Answer(reply=Reply.DONE, checks=1)

    return respond


CLOSED = (104, Reach.CLOSED, CellVerdict.NOT_SEEN)
OPENED = (11112, Reach.OPEN, CellVerdict.EXPOSED)


def test_an_open_door_is_named_with_its_machine(places):
    """Public port, service, label, address and inside port, MAC; the closed ones are counted."""
    code, told = asked(places, checking(places, CLOSED, OPENED))

    assert code == OPEN
    assert re.search(r"^ +11112  dicom +open to anybody$", told, re.MULTILINE)
    assert f"internet:11112 → box → RADIO-PC {IMAGING}:4242" in told
    assert f"({IMAGING_MAC})" in told
    assert f"{say('en', 'knock.closed', closed=1, all=2)} The connection was refused: 1." in told
    assert "seen from outside by echo.example at" in told


def test_what_answered_is_said_and_what_stopped_answering(places):
    """In fixed words; and the harm our question may have done is not hidden."""
    app = Application(
        kind=Kind.DICOM, answer=DicomAnswer.REJECTED, rejection=(1, 1, 7), after_probe=AfterProbe.GONE
    )

    _, told = asked(places, checking(places, OPENED, app=app))

    assert "imaging (DICOM), association rejected (1/1/7)" in told
    assert say("en", "after_probe.gone") in told


def test_an_unknown_machine_is_said_to_be_unknown_and_a_box_to_be_the_end(places):
    """No way in is made up."""
    _, told = asked(places, checking(places, OPENED, machine=None))
    assert "internet:11112 → box → machine not yet known" in told

    places.store.unlink()
    _, told = asked(places, checking(places, (443, Reach.OPEN, CellVerdict.BOX_ANSWERS), machine=None))
    assert re.search(r"internet:443 → box$", told, re.MULTILINE)


@pytest.mark.parametrize("language", Language)
@pytest.mark.parametrize("verdict", CellVerdict)
def test_no_line_is_wider_than_eighty_columns_and_the_words_stand_in_one(places, language, verdict):
    """In both languages, whatever was found, with a long label and every reason."""
    config = Config(page=Page(language=language), labels={IMAGING_MAC: "Panoramique de la salle 2 (neuve)"})
    app = Application(kind=Kind.HTTP, auth=Auth.BASIC, product="openmediavault", tls=True)
    cells = [(port, reach, verdict) for port, reach in ((104, Reach.OPEN), (27017, Reach.FILTERED))]

    _, told = asked(places, checking(places, *cells, app=app), config)

    assert max(map(len, told.splitlines())) < 80
    seen, words = say(language, "knock.seen"), say(language, f"cell.{verdict.value}")
    heads = [line.index(seen) for line in told.splitlines() if line.endswith(seen)]
    rows = [line.index(words) for line in told.splitlines() if re.match(r" +\d+ .*" + re.escape(words), line)]
    tabled = verdict not in (CellVerdict.NOT_SEEN, CellVerdict.NOT_OURS)
    assert (len(heads), len(rows)) == ((1, 2) if tabled else (0, 0))
    assert len({*heads, *rows}) == tabled


def test_a_console_sees_how_far_the_check_is(places):
    """Knocks done out of those announced, as the pulse tells them; the line is empty at the end."""

    def respond(request: Request) -> Answer:
        def later() -> None:
            first = Progress(echo="echo-key", family=4, done=31, of=50)
            second = Progress(echo="echo-key", family=6, done=51, of=51)
            for under_way in ((replace(first, done=0, of=0),), (first,), (first, second)):
                beat(places, *under_way)
                time.sleep(3 * LOOK)
            keep(places, CLOSED)

        threading.Thread(target=later).start()
        return Answer(reply=Reply.DONE, checks=1)

    drawn: list[str] = []
    code, _ = asked(places, respond, redraw=drawn.append)

    assert code == NOTHING_OPEN
    begins, bar = say("en", "checking.begins", family="4"), say("en", "checking.bar", done=31, of=50, family="4")
    seen = [each for each in dict.fromkeys(drawn) if each]
    both = "IPv4 [######....] 31/50   IPv6 [##########] 51/51"
    assert seen == [f"[{'.' * 20}] {begins}", f"[{'#' * 12}{'.' * 8}] {bar}", both]
    assert drawn[-1] == ""


def beat(places: Places, *under_way: Progress) -> None:
    """A pulse with checks under way."""
    at = now()
    calm = Verdict(level=Level.CALM, reasons=(), at=at, view=View.MIRROR, assurance=Assurance.B, checked=None)
    pulse.write(pulse.Pulse(at=at, boot="b", started=at, verdict=calm, asking=under_way), places.pulse)


@pytest.mark.parametrize("console", [True, False])
def test_the_command_draws_at_a_console_and_only_speaks_into_a_pipe(places, console):
    """The whole command, in a process of its own: a line redrawn and a red door, or plain text alone."""

    def respond(request: Request) -> Answer:
        def later() -> None:
            beat(places, Progress(echo="echo-key", family=4, done=31, of=50))
            time.sleep(3 * LOOK)
            keep(places, CLOSED, OPENED)

        threading.Thread(target=later).start()
        return Answer(reply=Reply.DONE, checks=1)

    line = listen_at(places.requests)
    desk = threading.Thread(target=answer_one, args=(line, respond, own_user()))
    desk.start()
    code, told = run_command(places, console=console)
    desk.join()
    line.close()

    assert code == OPEN
    assert ("\r[############........] 31 portes sur 50, IPv4" in told) == console
    assert ("\x1b[31m\x1b[1mouverte à tous\x1b[0m" in told) == console
    if not console:
        assert "ouverte à tous\n" in told
        assert not re.search(r"[\r\x1b]", told)


def run_command(places: Places, *, console: bool) -> tuple[int, str]:
    """`sentinel knock`, its words through a pseudo-terminal or a pipe."""
    ours, theirs = pty.openpty() if console else os.pipe()
    config = places.lasting / "sentinel.toml"
    config.write_text('[page]\nlanguage = "fr"\n', encoding="utf-8")
    command = [sys.executable, "-m", "sentinel", "--config", config, "--dir", places.lasting, "knock"]
    with subprocess.Popen(command, stdout=theirs, stdin=subprocess.DEVNULL, cwd=ROOT) as process:
        os.close(theirs)
        heard = b""
        with suppress(OSError):  # how a pseudo-terminal ends
            while more := os.read(ours, 4096):
                heard += more
        os.close(ours)
        code = process.wait(timeout=30)
    return code, heard.decode()


def test_every_outcome_that_was_asked_for_is_waited_for(places):
    """Two families: what the first found is shown with why the second told nothing, and the open door decides."""

    def respond(request: Request) -> Answer:
        keep(places, CLOSED, OPENED)

        def later() -> None:
            time.sleep(3 * LOOK)
            keep(places, result=Outcome.LATE, family=6, check=None, address=None)

        threading.Thread(target=later).start()
        return Answer(reply=Reply.DONE, checks=2)

    code, told = asked(places, respond)

    assert code == OPEN
    assert told.index("IPv4, seen") < told.index("IPv6, echo.example: no usable answer (answer too late).")
    assert say("en", "knock.proof.none") in " ".join(told.split())


def test_an_echo_that_asks_us_to_wait_is_told_with_the_minutes(places):
    """Begun minutes count whole."""
    code, told = asked(places, lambda request: Answer(reply=Reply.BUSY, wait_seconds=190))

    assert (code, told) == (UNKNOWN, say("en", "reply.wait", count=4))


@pytest.mark.parametrize(
    ("cells", "code"),
    [
        ([CLOSED], NOTHING_OPEN),
        ([CLOSED, (1194, Reach.OPEN, CellVerdict.EXPECTED)], NOTHING_OPEN),
        ([CLOSED, (80, Reach.UNTESTED, CellVerdict.UNKNOWN)], UNKNOWN),
        ([CLOSED, (80, Reach.OPEN, CellVerdict.BOX_ANSWERS)], OPEN),
        ([CLOSED, (4242, Reach.FILTERED, CellVerdict.CONTRADICTED)], OPEN),
        ([CLOSED, (80, Reach.UNTESTED, CellVerdict.NOT_OURS)], NOTHING_OPEN),
        ([], UNKNOWN),
    ],
)
def test_the_exit_code_says_the_worst(places, cells, code):
    """Nothing open is said only of what was learnt."""
    assert asked(places, checking(places, *cells))[0] == code


@pytest.mark.parametrize("result", [each for each in Outcome if each not in (Outcome.CHECKED, Outcome.NOT_OURS)])
def test_a_check_that_failed_is_unknown_and_says_why(places, result):
    """In words."""
    code, told = asked(places, checking(places, result=result))

    assert code == UNKNOWN
    assert say("en", f"outcome.{result.value}") in " ".join(told.split())


@pytest.mark.parametrize(
    ("verdict", "reach"),
    [
        (CellVerdict.EXPOSED, Reach.OPEN),
        (CellVerdict.OPEN_ALL, Reach.OPEN),
        (CellVerdict.BOX_ANSWERS, Reach.OPEN),
        (CellVerdict.DORMANT, Reach.FILTERED),
        (CellVerdict.CONTRADICTED, Reach.FILTERED),
    ],
)
def test_an_open_door_of_a_check_that_proves_nothing_is_shown(places, verdict, reach):
    """What was closed is not told of such a check; what accuses is, and decides."""
    unknown = (104, Reach.UNKNOWN, CellVerdict.UNKNOWN)
    code, told = asked(places, checking(places, unknown, (11112, reach, verdict), result=Outcome.NOT_PROVED))

    assert code == OPEN
    assert say("en", f"outcome.{Outcome.NOT_PROVED.value}") in " ".join(told.split())
    assert re.search(rf"^ +11112  dicom +{say('en', f'cell.{verdict.value}')}$", told, re.MULTILINE)
    assert not re.search(r"^ +104 ", told, re.MULTILINE)


def test_a_retest_of_the_page_is_not_the_answer(places):
    """It says of one door what it may; we asked for all of them."""

    def respond(request: Request) -> Answer:
        keep(places, (4242, Reach.CLOSED, CellVerdict.NOT_SEEN), check="again", ports=PortList.RETEST)
        threading.Timer(3 * LOOK, keep, (places, CLOSED, OPENED)).start()
        return Answer(reply=Reply.DONE, checks=1)

    code, told = asked(places, respond)

    assert code == OPEN
    assert "11112" in told


def test_patience_grows_with_the_echoes():
    """Three in a row, after a check that was under way, each as long as it may be."""
    assert patience(3) >= 4 * STOP_S
    assert patience(0) == patience(1) >= 2 * STOP_S


def test_an_address_that_is_not_ours_is_shown_as_what_it_is_and_proves_nothing_alone(places):
    """Nobody can be sent to us there (design, section 3); but nobody has knocked at all."""
    code, told = asked(places, checking(places, result=Outcome.NOT_OURS, check=None))

    assert code == UNKNOWN
    assert say("en", "outside.not_ours", family="4") in " ".join(told.split())


def test_an_address_that_is_not_ours_leaves_the_answer_to_the_other_family(places):
    """It counts as closed."""

    def respond(request: Request) -> Answer:
        keep(places, result=Outcome.NOT_OURS, check=None)
        keep(places, CLOSED, family=6)
        return Answer(reply=Reply.DONE, checks=2)

    assert asked(places, respond)[0] == NOTHING_OPEN


@pytest.mark.parametrize("reply", [Reply.NO_ECHO, Reply.BUSY, Reply.NOT_RUNNING])
def test_where_nobody_can_be_asked_it_says_so(places, reply):
    """And waits for nothing."""
    code, told = asked(places, lambda request: Answer(reply=reply))

    assert (code, told) == (UNKNOWN, say("en", f"knock.{reply.value}"))


def test_the_outcome_of_an_earlier_question_is_not_ours(places):
    """The check that was under way when we asked is not taken for the answer."""
    before = now()
    with closing(Archive(places.store, "boot-1")) as archive:
        archive.outcome(outcome(Outcome.LATE, asked=before, at=before))
        archive.commit()
    time.sleep(0.01)

    code, told = asked(places, checking(places, CLOSED))

    assert code == NOTHING_OPEN
    assert say("en", "outcome.late") not in told


def test_a_store_that_cannot_be_read_for_a_moment_is_read_at_the_next(places):
    """It may be made only after we asked."""

    def respond(request: Request) -> Answer:
        def later() -> None:
            time.sleep(0.5)
            checking(places, CLOSED)(request)

        threading.Thread(target=later).start()
        return Answer(reply=Reply.DONE, checks=1)

    assert asked(places, respond)[0] == NOTHING_OPEN
