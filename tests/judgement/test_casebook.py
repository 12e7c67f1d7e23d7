"""One story, one incident: how it begins, climbs, sleeps, closes, returns, and survives a restart."""

from dataclasses import replace
from ipaddress import ip_address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sentinel.judgement.casebook import STORIES, Casebook, Change
from sentinel.model.acting import Measure, MeasureKind
from sentinel.model.finding import Code, Finding, Grade, Level, Story, StoryKind
from sentinel.model.incident import Incident, IncidentState
from sentinel.model.passing import Read
from tests.builders import DOOR, STRANGER, finding, incident, moment

HOUR, DAY = 3600.0, 86_400.0
VISITS = Story(kind=StoryKind.VISITS, about=DOOR.about)


def taken(book: Casebook, *findings: Finding) -> list[Change]:
    return [change for each in findings if (change := book.take(each))]


def scan(at: float, source: str = str(STRANGER)) -> Finding:
    return finding(
        Code.SCANNED,
        story=VISITS,
        level=Level.NOTE,
        grade=Grade.SCANNED,
        at=moment(at),
        source=ip_address(source),
        port=None,
    )


def reachable(at: float, **more: object) -> Finding:
    """The echo found the door open."""
    facts = {"grade": Grade.REACHABLE, "source": None, "count": 0, "outside_port": 11112, **more}
    return finding(Code.DOOR_REACHABLE, at=moment(at), **facts)


def dormant(at: float) -> Finding:
    return replace(reachable(at, grade=None, level=Level.ATTENTION), code=Code.DOOR_DORMANT)


def closed(at: float) -> Finding:
    return replace(reachable(at, grade=None, level=Level.ATTENTION), code=Code.DOOR_CLOSED, ends=True)


def blind(at: float, *, ends: bool = False) -> Finding:
    return finding(
        Code.CAPTURE_LOST,
        story=Story(kind=StoryKind.CONDITION, about=Code.CAPTURE_LOST),
        level=Level.UNSURE,
        grade=None,
        source=None,
        ends=ends,
        at=moment(at),
    )


# -- one story ---------------------------------------------------------------------------------------------------


def test_fifty_strangers_at_one_door_are_one_incident():
    """Fifty are counted, the first twenty named, and the timeline stays readable."""
    book = Casebook()
    changes = taken(book, *(finding(at=moment(n), source=STRANGER + n) for n in range(50)))

    (told,) = book.told()
    assert (told.number, told.count, len(told.sources)) == (1, 50, 20)
    assert sum(1 for change in changes if change.chapter) == 20
    assert (told.first, told.last) == (moment(0), moment(49))


def test_sources_are_told_by_how_often_they_came():
    """The most frequent first."""
    book = Casebook()
    taken(book, finding(source=STRANGER + 1), *(finding(source=STRANGER, at=moment(n)) for n in range(3)))

    (told,) = book.told()
    assert told.sources == ((str(STRANGER), 3), (str(STRANGER + 1), 1))


def test_a_repeated_visit_counts_and_makes_no_new_line():
    """A chapter is for what is new; a count can wait for the next batch."""
    book = Casebook()
    first, second = taken(book, finding(), finding(at=moment(1)))

    assert (first.is_urgent, second.is_urgent) == (True, False)
    assert second.incident.count == 2


def test_a_finding_that_says_nothing_new_changes_nothing():
    """The echo finds the same door open every hour."""
    book = Casebook()
    taken(book, reachable(0))

    assert taken(book, reachable(HOUR), reachable(2 * HOUR)) == []


def test_the_ladder_is_climbed_and_never_descended():
    """Each rung is a line; the gravest names the incident."""
    book = Casebook()
    rungs = [
        (Code.DOOR_ANSWERED, Grade.ANSWERED, Level.ATTENTION),
        (Code.STRANGER_CONNECTED, Grade.CONNECTED, Level.ALARM),
        (Code.STRANGER_QUERIED, Grade.QUERIED, Level.ALARM),
        (Code.STRANGER_ASSOCIATED, Grade.ASSOCIATED, Level.ALARM),
        (Code.DOOR_ANSWERED, Grade.ANSWERED, Level.ATTENTION),
    ]
    changes = taken(
        book,
        *(finding(code, grade=grade, level=level, at=moment(n)) for n, (code, grade, level) in enumerate(rungs)),
    )

    (told,) = book.told()
    assert (told.code, told.grade, told.level) == (Code.STRANGER_QUERIED, Grade.QUERIED, Level.ALARM)
    assert [change.chapter.grade for change in changes if change.chapter] == [
        Grade.ANSWERED,
        Grade.CONNECTED,
        Grade.QUERIED,
    ]


def test_bytes_that_left_are_added_up():
    """Ten visitors who took a little each have taken ten times as much."""
    book = Casebook()
    taken(book, *(finding(bytes_out=900_000, at=moment(n)) for n in range(10)))

    (told,) = book.told()
    assert told.bytes_out == 9_000_000


def test_the_public_port_is_added_to_a_strangers_story():
    """What one witness lacks the other brings."""
    book = Casebook()
    taken(book, finding(), reachable(1))

    (told,) = book.told()
    assert (told.grade, told.outside_port, told.last_visit) == (Grade.CONNECTED, 11112, moment(0))


def test_doors_conditions_and_visits_are_separate_stories():
    """Numbered in the order in which they began."""
    book = Casebook(next_number=40)
    taken(book, finding(), scan(1), blind(2), finding(story=replace(DOOR, family=6)))

    assert [each.number for each in book.told()] == [40, 41, 42, 43]


# -- sleeping, closing, returning --------------------------------------------------------------------------------


def test_a_door_falls_asleep_once_and_keeps_its_alarm():
    """One story a door, not one a night."""
    book = Casebook()
    changes = taken(book, reachable(0), *(dormant(n * HOUR) for n in range(1, 10)))

    (told,) = book.told()
    assert (told.state, told.level, told.code) == (IncidentState.DORMANT, Level.ALARM, Code.DOOR_REACHABLE)
    assert [change.chapter.code for change in changes if change.chapter] == [
        Code.DOOR_REACHABLE,
        Code.DOOR_DORMANT,
    ]


@pytest.mark.parametrize("waking", [reachable(2 * HOUR), finding(at=moment(2 * HOUR))])
def test_a_dormant_door_wakes_when_it_is_open_or_somebody_comes(waking):
    """With a line of its own."""
    book = Casebook()
    *_, change = taken(book, reachable(0), dormant(HOUR), waking)

    assert change.incident.state is IncidentState.OPEN
    assert change.is_urgent


def test_closing_ends_a_story_and_only_one_that_was_open():
    """With the moment of the proof; closing what is closed says nothing."""
    book = Casebook()
    assert taken(book, closed(0)) == []

    *_, change = taken(book, reachable(1), closed(HOUR), closed(2 * HOUR))

    assert (change.incident.state, change.incident.closed) == (IncidentState.CLOSED, moment(HOUR))
    assert list(book.told()) == []


@pytest.mark.parametrize(("days", "number"), [(7, 1), (7.01, 2)])
def test_a_door_that_opens_again_within_a_week_goes_on_under_its_number(days, number):
    """After that it is a new story."""
    book = Casebook()
    taken(book, reachable(0), closed(0), reachable(days * DAY))

    (told,) = book.told()
    assert (told.number, told.state, told.closed) == (number, IncidentState.OPEN, None)


def test_what_was_read_before_a_door_was_closed_was_read_of_the_past():
    """The door is open again, and nobody has seen that yet."""
    book = Casebook()
    taken(book, reachable(0))
    book.hear(Read(incident=1, who="Anne", at=moment(1)))
    taken(book, closed(2), reachable(3))

    (told,) = book.told()
    assert (told.read, told.read_by) == (None, None)


def test_a_closed_door_that_is_found_asleep_is_no_graver_than_that():
    """An alarm of the past was closed on proof; its cable and its reader belong to the past as well."""
    book = Casebook()
    taken(book, reachable(0))
    pulled = moment(60)
    kind = MeasureKind.MACHINE_UNPLUGGED
    book.hear(Measure(incident=1, kind=kind, done=pulled.wall, who="Anne", at=pulled))
    taken(book, closed(100), dormant(200))
    (told,) = book.told()

    assert (told.state, told.code, told.level) == (IncidentState.DORMANT, Code.DOOR_DORMANT, Level.ATTENTION)
    assert (told.closed, told.read, told.measured, told.measure) == (None, None, None, None)


def test_a_story_that_returns_is_as_grave_as_it_is_now():
    """Not as it once was; its timeline keeps the rest."""
    book = Casebook()
    taken(book, finding(Code.IMAGES_LEFT, grade=Grade.IMAGES_LEFT), closed(1), reachable(2))

    (told,) = book.told()
    assert (told.code, told.grade) == (Code.DOOR_REACHABLE, Grade.REACHABLE)


def test_a_part_that_fails_again_fails_since_now():
    """« Blind since Monday » would be untrue of a capture that listened until a second ago."""
    book = Casebook()
    taken(book, blind(0), blind(1, ends=True), blind(DAY))

    (told,) = book.told()
    assert (told.number, told.first) == (1, moment(DAY))


# -- stories that end by themselves ------------------------------------------------------------------------------


@pytest.mark.parametrize(("seconds", "over"), [(DAY, False), (DAY + 1, True)])
def test_knocks_in_vain_are_over_after_a_quiet_day(seconds, over):
    """The next one is told under the same number for a week."""
    book = Casebook()
    taken(book, scan(0))

    assert bool(list(book.beat(moment(seconds)))) is over


@pytest.mark.parametrize(("seconds", "over"), [(7 * DAY, False), (7 * DAY + 1, True)])
def test_a_door_whose_public_port_nobody_knows_is_given_up_after_a_quiet_week(seconds, over):
    """The echo cannot prove it closed: it does not know where to knock."""
    book = Casebook(started=moment(0))
    taken(book, finding())

    assert bool(list(book.beat(moment(seconds)))) is over


def test_a_door_the_echo_knows_never_ends_by_itself():
    """Only proof ends it."""
    book = Casebook()
    taken(book, reachable(0))

    assert list(book.beat(moment(1000 * DAY))) == []


def test_blind_days_are_not_quiet_days():
    """Nobody was seen because nobody looked: the week begins when the eyes are open again."""
    book = Casebook(started=moment(0))
    taken(book, finding(), blind(DAY))
    assert list(book.beat(moment(10 * DAY))) == []
    taken(book, blind(10 * DAY, ends=True))
    assert list(book.beat(moment(17 * DAY))) == []

    (change,) = book.beat(moment(17 * DAY + 1))

    assert change.incident.state is IncidentState.CLOSED


def test_days_without_power_are_not_quiet_days():
    """The sentinel was off: an alarm from before is as red as it was."""
    book = Casebook([incident(at=moment(0))], 2, started=moment(30 * DAY))

    assert list(book.beat(moment(30 * DAY + 10))) == []
    assert [each.level for each in book.told()] == [Level.ALARM]


def test_a_condition_never_ends_by_itself():
    """A part works again when it says so."""
    book = Casebook()
    taken(book, blind(0))

    assert list(book.beat(moment(1000 * DAY))) == []


def test_a_story_long_closed_is_forgotten():
    """It is in the store; a new one begins with a new number."""
    book = Casebook()
    taken(book, reachable(0), closed(1))
    list(book.beat(moment(8 * DAY)))
    taken(book, reachable(8 * DAY))

    (told,) = book.told()
    assert told.number == 2


# -- « J'ai vu » -------------------------------------------------------------------------------------------------


def test_reading_is_a_line_with_a_name():
    """Who saw it, and when."""
    book = Casebook()
    taken(book, finding())

    change = book.hear(Read(incident=1, who="Anne", at=moment(5)))

    assert change is not None
    assert change.chapter is not None
    assert (change.chapter.code, change.chapter.who) == (Code.ALARM_READ, "Anne")
    assert (change.incident.read, change.incident.read_by) == (moment(5), "Anne")


def test_what_is_unknown_cannot_be_read():
    """There is nothing to acknowledge; what ended lately can, and stays closed."""
    book = Casebook()
    taken(book, reachable(0), closed(1))

    assert book.hear(Read(incident=1, who="Anne", at=moment(2))) is not None
    assert book.find(1) is None
    assert book.hear(Read(incident=9, who="Anne", at=moment(2))) is None


def test_a_real_client_moves_the_last_visit_and_a_scanner_does_not():
    """The internet knocks all day: only who comes in makes a read alarm red again."""
    book = Casebook()
    taken(book, finding())
    answered = finding(Code.DOOR_ANSWERED, grade=Grade.ANSWERED, level=Level.ATTENTION, at=moment(10))
    taken(book, answered, reachable(11), dormant(12))
    (told,) = book.told()
    assert told.last_visit == moment(0)

    taken(book, finding(at=moment(20)))

    (told,) = book.told()
    assert told.last_visit == moment(20)


# -- after a restart ---------------------------------------------------------------------------------------------

STEPS = st.sampled_from(["visit", "other", "scan", "open", "sleep", "close", "blind", "see", "read", "beat"])


def walk(book: Casebook, step: str, at: float) -> list[Change]:
    made = {
        "visit": finding(at=moment(at)),
        "other": finding(at=moment(at), source=STRANGER + 1, bytes_out=5),
        "scan": scan(at),
        "open": reachable(at),
        "sleep": dormant(at),
        "close": closed(at),
        "blind": blind(at),
        "see": blind(at, ends=True),
    }
    if step in made:
        return taken(book, made[step])
    if step == "read":
        change = book.hear(Read(incident=1, who="Anne", at=moment(at)))
        return [change] if change else []
    return list(book.beat(moment(at)))


@given(st.lists(STEPS, max_size=12), st.lists(STEPS, max_size=8))
def test_a_restart_from_the_store_tells_the_same_stories(before: list[str], after: list[str]):
    """Whatever happened before and comes after: the same incidents, numbers and counts."""
    lived = Casebook(started=moment(0))
    kept: dict[int, Incident] = {}
    for n, step in enumerate(before):
        for change in walk(lived, step, n * HOUR):
            kept[change.incident.number] = change.incident
    again = Casebook(kept.values(), max(kept, default=0) + 1, started=moment(0))
    for n, step in enumerate(after, len(before)):
        walk(lived, step, n * HOUR)
        walk(again, step, n * HOUR)

    assert sorted(lived.told(), key=lambda each: each.number) == sorted(again.told(), key=lambda each: each.number)


@given(st.lists(STEPS, max_size=15))
def test_an_alarm_is_never_ended_by_blindness(steps: list[str]):
    """Only a proof of closing takes an alarm off the list, whatever else happens within the day."""
    book = Casebook(started=moment(0))
    book.take(reachable(0))
    for n, step in enumerate(steps, 1):
        walk(book, step, n * HOUR)
        if step == "close":
            return
        assert Level.ALARM in [each.level for each in book.told()]


def test_the_book_is_bounded_and_what_had_no_place_is_counted():
    """A machine that answers at every port is not a thousand incidents a second; an alarm still has a place."""
    book = Casebook()
    for port in range(1, STORIES + 11):
        story = replace(DOOR, port=port)
        book.take(finding(Code.DOOR_ANSWERED, story=story, level=Level.ATTENTION, port=port))

    assert len(list(book.told())) == STORIES
    assert book.forgotten == 10
    assert book.take(finding(story=replace(DOOR, port=60_000), level=Level.ALARM, port=60_000)) is not None
    assert book.take(blind(0)) is not None


def test_stories_that_are_over_make_room_for_those_that_are_not():
    """Somebody who opens and closes a thousand doors must not hide the next."""
    book = Casebook()
    for port in range(1, 2 * STORIES + 1):
        story = replace(DOOR, port=port)
        book.take(finding(story=story, level=Level.ALARM, port=port))
        book.take(finding(Code.DOOR_CLOSED, story=story, level=Level.ATTENTION, port=port, ends=True))

    assert list(book.told()) == []
    assert book.take(finding(story=replace(DOOR, port=60_000), level=Level.ALARM, port=60_000)) is not None
    assert book.take(finding(story=replace(DOOR, port=60_001), level=Level.ATTENTION, port=60_001)) is not None
    assert book.forgotten == 0


def test_a_probable_machine_is_one_line_of_a_story_that_changes_by_nothing_else():
    """No colour, no name, no time: it was not seen there."""
    book = Casebook()
    unnamed = reachable(0, machine=None, mac=None, port=None)
    [begun] = taken(book, unnamed)
    remark = finding(Code.MACHINE_PROBABLE, at=moment(9), level=Level.NOTE, grade=None, source=None, count=0)
    [told] = taken(book, remark)

    assert told.incident == begun.incident
    assert told.chapter is not None
    assert (told.chapter.code, told.chapter.source) == (Code.MACHINE_PROBABLE, remark.machine)


@pytest.mark.parametrize("before", [(), (reachable(0),), (reachable(0, machine=None), reachable(1, ends=True))])
def test_nothing_is_guessed_of_a_story_that_is_not_told_or_names_its_machine(before):
    """It neither begins one, nor wakes one, nor doubts what was seen."""
    book = Casebook()
    taken(book, *before)

    assert (
        taken(book, finding(Code.MACHINE_PROBABLE, at=moment(9), level=Level.NOTE, grade=None, source=None)) == []
    )
