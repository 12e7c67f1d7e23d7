"""What people say and do about an alarm: how it counts then, and what takes that back."""

from dataclasses import replace

import pytest

from sentinel.judgement.casebook import Casebook
from sentinel.judgement.verdict import weigh
from sentinel.model.acting import FalseAlarm, Measure, MeasureKind
from sentinel.model.finding import Code, Finding, Grade, Level, Story, StoryKind
from sentinel.model.incident import Incident, IncidentState
from sentinel.model.passing import Read
from sentinel.model.verdict import Reason
from tests.builders import finding, moment
from tests.judgement.test_casebook import closed, dormant, reachable
from tests.judgement.test_verdict import proved

HOUR, DAY = 3600.0, 86_400.0
PULLED = MeasureKind.MACHINE_UNPLUGGED


def visit(at: float, code: Code = Code.STRANGER_CONNECTED, **more: object) -> Finding:
    return finding(code, at=moment(at), **more)


def book(*findings: Finding) -> Casebook:
    made = Casebook()
    for each in findings:
        made.take(each)
    return made


def measure(at: float, kind: MeasureKind = PULLED, done: float | None = None) -> Measure:
    done_at = moment(at if done is None else done).wall
    return Measure(incident=1, kind=kind, done=done_at, who="Anne", at=moment(at))


def read(at: float) -> Read:
    return Read(incident=1, who="Paul", at=moment(at))


def false_alarm(at: float) -> FalseAlarm:
    return FalseAlarm(incident=1, why="notre VPN", who="Anne", at=moment(at))


def only(made: Casebook) -> Incident:
    (told,) = made.told()
    return told


def counts(made: Casebook, at: float) -> tuple[Code, Level]:
    """How the story counts in the verdict at that moment."""
    reasons: list[Reason] = [each for each in weigh(made.told(), proved(), moment(at)).reasons if each.incident]
    return reasons[0].code, reasons[0].level


RED, BLUE = (Code.DOOR_REACHABLE, Level.ALARM), (Code.UNPLUGGED, Level.UNSURE)
YELLOW = (Code.ALARM_READ, Level.ATTENTION)


# -- a cable that was pulled -------------------------------------------------------------------------------------


def test_an_alarm_whose_cable_was_pulled_is_blue_however_long():
    """Nobody has looked: it is not red, it is never green, and a day does not change that."""
    made = book(reachable(0))
    made.hear(read(60))
    made.hear(measure(300))

    for at in (301, DAY, 30 * DAY):
        assert counts(made, at) == BLUE


def test_whoever_pulled_the_cable_has_read_the_alarm():
    """The one time counts that came first."""
    made = book(reachable(0))
    made.hear(measure(300, done=120))
    told = only(made)

    assert (told.read, told.read_by) == (moment(300), "Anne")
    assert (told.measured, told.measure, told.measured_by) == (moment(120), PULLED, "Anne")

    made = book(reachable(0))
    made.hear(read(60))
    made.hear(measure(300))
    assert (only(made).read, only(made).read_by) == (moment(60), "Paul")


def test_the_reason_says_when_it_was_pulled_and_by_whom():
    """« Câble débranché à 10 h 02 par Anne »."""
    made = book(reachable(0))
    made.hear(measure(300, done=120))
    (reason,) = weigh(made.told(), proved(), moment(400)).reasons

    assert (reason.code, reason.since, reason.who) == (Code.UNPLUGGED, moment(120), "Anne")


@pytest.mark.parametrize(
    "again",
    [visit(400), reachable(400), visit(400, grade=Grade.ANSWERED, level=Level.ATTENTION, code=Code.DOOR_ANSWERED)],
    ids=["visitor", "knock", "answer"],
)
def test_whatever_is_seen_of_the_door_after_that_is_red_at_once(again):
    """The cable was put back, or another one was pulled; its timeline says so."""
    made = book(reachable(0))
    made.hear(measure(300))
    change = made.take(again)

    assert change is not None
    assert change.chapter is not None
    assert counts(made, 401)[1] is Level.ALARM


def test_a_door_open_again_is_read_again_and_not_red_every_hour():
    """The next knock that finds it open says nothing new."""
    made = book(reachable(0))
    made.hear(measure(300))
    made.take(reachable(400))
    made.hear(read(500))
    assert counts(made, 501) == YELLOW

    assert made.take(reachable(4000)) is None

    assert counts(made, 4001) == YELLOW
    assert counts(made, 500 + DAY + 1) == RED


def test_what_was_seen_in_the_minute_somebody_names_came_before():
    """People say « 20 h 05 », and a check that was under way ends after it."""
    made = book(reachable(0))
    made.hear(measure(300, done=240))
    made.take(visit(299))

    assert counts(made, 301) == BLUE


@pytest.mark.parametrize(
    ("asked", "told"),
    [(239, BLUE), (299, BLUE), (300, BLUE), (301, RED), (320, RED), (361, RED)],
)
def test_the_retest_that_a_pulled_cable_starts_can_contradict_it(asked, told):
    """Seconds after it was told, within the minute that was named; a check that was under way tells of before."""
    made = book(reachable(0))
    made.hear(measure(300, done=240))
    made.take(reachable(max(asked, 301) + 6, asked=moment(asked)))

    assert counts(made, 370) == told


def test_a_cable_named_long_ago_is_contradicted_by_whatever_was_asked_for_since():
    """It was pulled an hour ago, and the check that was under way when that was told found the door open."""
    made = book(reachable(0))
    made.hear(measure(2 * HOUR, done=HOUR))
    made.take(reachable(2 * HOUR + 3, asked=moment(2 * HOUR - 3)))

    assert counts(made, 2 * HOUR + 4) == RED


def test_a_machine_that_is_found_asleep_stays_blue_and_a_proof_ends_it():
    """A pulled cable makes the door dormant, never closed."""
    made = book(reachable(0))
    made.hear(measure(300))
    made.take(dormant(400))
    assert only(made).state is IncidentState.DORMANT
    assert counts(made, 401) == BLUE

    made.take(closed(500))

    assert list(made.told()) == []


@pytest.mark.parametrize(
    "kind", [each for each in MeasureKind if each not in (PULLED, MeasureKind.LINE_UNPLUGGED)], ids=str
)
def test_what_still_may_answer_is_read_and_no_more(kind):
    """A rule that was removed is proved by a check."""
    made = book(reachable(0))
    made.hear(measure(300, kind))

    assert counts(made, 301) == YELLOW
    assert counts(made, 301 + DAY) == RED


def test_a_further_measure_does_not_put_the_cable_back():
    """The cable is pulled, then the rule is removed: still nobody knows."""
    made = book(reachable(0))
    made.hear(measure(300))
    made.hear(measure(400, MeasureKind.RULE_REMOVED))

    assert (only(made).measure, only(made).measured) == (PULLED, moment(300))
    assert counts(made, 401) == BLUE


def test_a_door_that_was_closed_and_opens_again_has_no_measure():
    """What was done then was done about the past."""
    made = book(reachable(0))
    made.hear(measure(300))
    made.hear(false_alarm(310))
    made.take(closed(400))
    made.take(reachable(500))
    told = only(made)

    assert (told.measured, told.measure, told.measured_by, told.false_alarm) == (None, None, None, None)
    assert counts(made, 501) == RED


def test_a_weak_point_whose_cable_was_pulled_stays_a_weak_point():
    """It was never red: blue would be more than it was."""
    made = book(reachable(0, level=Level.ATTENTION))
    made.hear(measure(300))

    assert counts(made, 301) == (Code.DOOR_REACHABLE, Level.ATTENTION)


# -- a false alarm -----------------------------------------------------------------------------------------------


def test_a_false_alarm_counts_as_read_while_the_door_is_not_proved_closed():
    """Somebody's word ends no alarm: yellow for a day, then red again."""
    made = book(reachable(0))
    made.hear(false_alarm(60))

    assert only(made).false_alarm == moment(60)
    assert counts(made, 61) == YELLOW
    assert counts(made, 61 + DAY) == RED


@pytest.mark.parametrize(
    "findings",
    [
        [visit(0)],
        [visit(0, bytes_out=2_000_000_000, port=445)],
        [visit(0, story=Story(kind=StoryKind.DOOR, about="a machine", port=4000, family=4), port=4000)],
        [visit(0), reachable(10)],
        [visit(0, grade=Grade.ASSOCIATED, code=Code.STRANGER_ASSOCIATED)],
        [visit(0, grade=Grade.IMAGES_LEFT, code=Code.IMAGES_LEFT)],
        [visit(0, story=Story(kind=StoryKind.NETWORK, about="10.8.0.0/24"), grade=None)],
    ],
    ids=["visitors", "two gigabytes of a NAS", "another port", "a public port", "accepted", "images", "a network"],
)
def test_no_alarm_ends_by_a_word(findings):
    """Only a proof of closing ends one; what was said is in its timeline."""
    made = book(*findings)
    change = made.hear(false_alarm(3 * HOUR))

    assert change is not None
    assert change.chapter is not None
    assert change.chapter.code is Code.FALSE_ALARM
    assert (only(made).state, only(made).read) == (IncidentState.OPEN, moment(3 * HOUR))
    assert counts(made, 3 * HOUR + 1) == YELLOW
    assert counts(made, 3 * HOUR + DAY + 1)[1] is Level.ALARM


def test_whoever_comes_again_after_a_false_alarm_is_red_at_once():
    """Somebody's word was about those who had come."""
    made = book(visit(0))
    made.hear(false_alarm(3 * HOUR))

    made.take(visit(4 * HOUR))

    assert counts(made, 4 * HOUR + 1) == (Code.STRANGER_CONNECTED, Level.ALARM)


def test_nothing_is_said_of_a_story_that_is_long_past():
    """Its number means nothing any more."""
    made = book(reachable(0), closed(1))
    list(made.beat(moment(8 * DAY)))

    assert made.hear(read(8 * DAY)) is None
    assert made.hear(measure(8 * DAY)) is None


# -- what was said before it was red ------------------------------------------------------------------------------


NETWORK = Story(kind=StoryKind.NETWORK, about="10.8.0.0/24")
SILENT = {"source": None, "count": 0}
CLIMBS = {
    "a window that is over": (
        visit(0, Code.WINDOW_OVER, level=Level.UNSURE, grade=None, **SILENT),
        reachable(200),
    ),
    "a door that answered": (
        visit(0, Code.DOOR_ANSWERED, level=Level.ATTENTION, grade=Grade.ANSWERED),
        reachable(200),
    ),
    "a page that is recognised": (
        replace(reachable(0, level=Level.ATTENTION), code=Code.WEB_UNIDENTIFIED),
        reachable(200),
    ),
    "a network that is not ours": (
        visit(0, Code.PRIVATE_NETWORK, story=NETWORK, level=Level.ATTENTION, grade=None),
        visit(200, Code.PRIVATE_NETWORK, story=NETWORK, grade=None, **SILENT),
    ),
}


@pytest.mark.parametrize(("before", "red"), CLIMBS.values(), ids=list(CLIMBS))
@pytest.mark.parametrize(
    "said", [read(60), measure(60, MeasureKind.OTHER), false_alarm(60)], ids=["read", "measure", "false alarm"]
)
def test_what_was_said_of_less_does_not_silence_the_red(before, red, said):
    """Nobody has seen it red: it is, until somebody reads that; and the three days run from when it was shown."""
    made = book(before)
    made.hear(said)
    assert list(made.show(moment(61))) == []

    made.take(red)

    assert counts(made, 201)[1] is Level.ALARM
    assert (only(made).read, only(made).read_by, only(made).false_alarm) == (None, None, None)
    assert [each.incident.shown for each in made.show(moment(202))] == [moment(202)]
    made.hear(read(203))
    assert counts(made, 204) == YELLOW


def test_a_cable_pulled_before_the_red_quiets_it_only_once_it_is_read():
    """The cable is still said to be pulled, and nobody had seen the red."""
    made = book(visit(0, Code.PRIVATE_NETWORK, story=NETWORK, level=Level.ATTENTION, grade=None))
    made.hear(measure(60, MeasureKind.LINE_UNPLUGGED))
    made.take(visit(200, Code.PRIVATE_NETWORK, story=NETWORK, grade=None, **SILENT))
    assert counts(made, 201) == (Code.PRIVATE_NETWORK, Level.ALARM)

    made.hear(read(300))

    assert counts(made, 301) == BLUE


def test_a_story_shown_red_long_ago_is_shown_anew_when_it_is_red_again():
    """It came back yellow while the three days ran, and climbed when they were over."""
    made = book(reachable(0))
    list(made.show(moment(1)))
    made.take(closed(HOUR))
    made.take(reachable(2 * HOUR, level=Level.ATTENTION))
    assert only(made).shown == moment(1)

    made.take(reachable(4 * DAY))

    assert [each.incident.shown for each in made.show(moment(4 * DAY + 1))] == [moment(4 * DAY + 1)]


def test_a_weak_point_that_is_meant_to_be_so_is_told_when_it_is_worse():
    """Somebody wanted the note, and nobody the yellow."""
    weak = Story(kind=StoryKind.WEAK_POINT, about="igd")
    noted = visit(0, Code.BOX_CHANGED, story=weak, level=Level.NOTE, grade=None, **SILENT)
    made = book(noted)
    made.hear(false_alarm(60))

    made.take(replace(noted, level=Level.ATTENTION, at=moment(200)))

    assert counts(made, 201) == (Code.BOX_CHANGED, Level.ATTENTION)


# -- shown -------------------------------------------------------------------------------------------------------


def test_an_alarm_is_shown_once():
    """The three days are counted from that moment, whatever comes later."""
    made = book(reachable(0))
    (change,) = made.show(moment(1))
    assert change.incident.shown == moment(1)

    made.take(visit(60))

    assert list(made.show(moment(61))) == []
    assert only(made).shown == moment(1)


def test_what_was_never_an_alarm_was_not_shown_as_one():
    """Until it becomes one."""
    made = book(reachable(0, level=Level.ATTENTION))
    assert list(made.show(moment(1))) == []

    made.take(visit(60))

    assert [each.incident.shown for each in made.show(moment(61))] == [moment(61)]


def test_nothing_is_shown_before_it_was_seen():
    """A verdict of the last beat may be a second older than the visit that it shows."""
    made = book(reachable(1))

    assert [each.incident.shown for each in made.show(moment(0))] == [moment(1)]


@pytest.mark.parametrize(("back", "shown"), [(71 * HOUR, moment(1)), (73 * HOUR, None)])
def test_a_story_that_returns_does_not_begin_a_clock_anew_that_still_runs(back, shown):
    """After its three days it is a new alarm, with three days of its own."""
    made = book(reachable(0))
    list(made.show(moment(1)))
    made.take(closed(10))
    made.take(reachable(back))

    assert only(made).shown == shown


def test_what_is_said_of_a_story_that_is_over_opens_nothing():
    """Read and measured late, it ends when it ended; a false alarm does not move its end either."""
    made = book(reachable(0), closed(60))
    made.hear(read(120))
    made.hear(measure(180, done=30))
    made.hear(false_alarm(240))

    (over,) = made.all()
    assert (over.state, over.closed, over.last) == (IncidentState.CLOSED, moment(60), moment(60))
    assert (over.read_by, over.measured) == ("Anne", moment(30))
    assert list(made.told()) == []
