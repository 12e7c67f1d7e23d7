"""Who is told what and when: stopped clocks, whole months in a blink, and nothing told twice."""

import time
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sentinel.config import Practice
from sentinel.model.declared import View
from sentinel.model.finding import Code, Grade, Level, Story, StoryKind
from sentinel.model.incident import Incident, IncidentState
from sentinel.model.moment import Moment
from sentinel.model.notice import Notice, NoticeKind, Recipient
from sentinel.model.verdict import Assurance, Reason, Verdict
from sentinel.signals.ear import DAY, HOUR, Due
from sentinel.signals.schedule import Schedule

PARIS = ZoneInfo("Europe/Paris")
FRIDAY = datetime(2026, 11, 20, 19, 40, tzinfo=PARIS)
"""Nobody looks at the lamp, and the page cannot be read from home."""
MONDAY = datetime(2026, 11, 23, 10, 0, tzinfo=PARIS)
BOTH = frozenset(Recipient)
PRACTICE, TECHNICIAN = Recipient.PRACTICE, Recipient.TECHNICIAN
HOLIDAYS = Practice(holidays=("2026-11-16/2026-11-29",))
BOOTED = timedelta(hours=5)


def story(number: int = 1, **more: object) -> Incident:
    first = Moment(wall=FRIDAY.astimezone(UTC), boot=BOOTED)
    facts = {
        "number": number,
        "story": Story(kind=StoryKind.DOOR, about=f"machine {number}", port=104, family=4),
        "code": Code.DOOR_REACHABLE,
        "level": Level.ALARM,
        "grade": Grade.REACHABLE,
        "state": IncidentState.OPEN,
        "first": first,
        "last": first,
    }
    return Incident(**{**facts, **more})


@dataclass
class Life:
    """A practice whose clock only goes when it is told to; everything that was sent, by its hour."""

    now: datetime = FRIDAY
    practice: Practice = field(default_factory=Practice)
    reached: frozenset[Recipient] = BOTH
    schedule: Schedule = field(default_factory=Schedule)
    stories: dict[int, Incident] = field(default_factory=dict)
    others: list[tuple[Code, Level]] = field(default_factory=list)
    boot: timedelta = BOOTED
    sent: list[tuple[datetime, Due]] = field(default_factory=list)
    by_boot: list[tuple[timedelta, Due]] = field(default_factory=list)

    @property
    def at(self) -> Moment:
        return Moment(wall=self.now.astimezone(UTC), boot=self.boot)

    def verdict(self) -> Verdict:
        open_ = [each for each in self.stories.values() if each.state is not IncidentState.CLOSED]
        reasons = [
            Reason(
                code=Code.ALARM_READ if each.read and each.level is Level.ALARM else each.code,
                level=Level.ATTENTION if each.read else each.level,
                since=each.first,
                incident=each.number,
            )
            for each in open_
        ]
        reasons += [Reason(code=code, level=level, since=self.at) for code, level in self.others]
        reasons.sort(key=lambda each: -each.level)
        return Verdict(
            level=reasons[0].level if reasons else Level.CALM,
            reasons=tuple(reasons),
            at=self.at,
            view=View.MIRROR,
            assurance=Assurance.B,
            checked=None,
        )

    def look(self) -> list[Due]:
        found = self.schedule.look(self.verdict(), self.stories, self.practice, self.reached)
        self.sent += [(self.now, due) for due in found]
        self.by_boot += [(self.boot, due) for due in found]
        return found

    def goes(self, lasts: timedelta, step: timedelta = timedelta(seconds=30)) -> "Life":
        """Time passes, and is looked at."""
        over = self.boot + lasts
        while self.boot < over:
            self.look()
            self.boot += step
            self.now = (self.now.astimezone(UTC) + step).astimezone(PARIS)
        self.look()
        return self

    def alarm(self, *numbers: int, **more: object) -> "Life":
        self.stories |= {number: story(number, **more) for number in numbers}
        return self

    def change(self, number: int, **more: object) -> None:
        self.stories[number] = replace(self.stories[number], **more)

    def told(self, recipient: Recipient = PRACTICE, *kinds: NoticeKind) -> list[str]:
        """When each message went, by the clock on the wall."""
        return [
            f"{at:%a %H:%M}"
            for at, due in self.sent
            if due.recipient is recipient and (not kinds or due.kind in kinds)
        ]

    def kinds(self, recipient: Recipient = PRACTICE) -> list[NoticeKind]:
        return [due.kind for _, due in self.sent if due.recipient is recipient]


def test_an_alarm_on_friday_evening_is_told_at_once_and_again_until_it_is_read():
    """After a quarter of an hour, an hour, four hours, then each morning at eight, week-end or not."""
    life = Life().alarm(1).goes(timedelta(days=3))

    expected = ["Fri 19:40", "Fri 19:55", "Fri 20:40", "Fri 23:40", "Sat 08:00", "Sun 08:00", "Mon 08:00"]
    assert life.told(PRACTICE) == life.told(TECHNICIAN) == expected
    assert life.kinds() == [NoticeKind.ALARM, *[NoticeKind.AGAIN] * 6]

    life.change(1, read=life.at)
    assert life.goes(timedelta(days=3)).told() == expected


def test_red_does_not_wait_longer_than_it_takes_to_gather_what_one_check_finds():
    """Three doors within two seconds: one message, after three seconds."""
    life = Life().alarm(1)
    assert life.look() == []
    life.alarm(1, 2, 3)
    life.goes(timedelta(seconds=3), step=timedelta(seconds=1))

    [practice, technician] = [due for _, due in life.sent]
    assert {practice.recipient, technician.recipient} == BOTH
    assert [each.about for each in practice.told] == ["1", "2", "3"]
    assert life.sent[0][0] - FRIDAY <= timedelta(seconds=3)


def test_new_stories_within_a_minute_are_one_more_message():
    """Forty doors, one a second."""
    life = Life()
    for number in range(1, 41):
        life.alarm(number)
        life.goes(timedelta(seconds=1), step=timedelta(seconds=1))
    life.goes(timedelta(minutes=2), step=timedelta(seconds=1))

    told = [due.told for _, due in life.sent if due.recipient is PRACTICE]
    assert len(told) == 2
    assert sorted(int(each.about) for message in told for each in message) == list(range(1, 41))


def test_a_flood_of_stories_is_never_a_flood_of_messages():
    """A new door every minute for two days: the most of an hour and of a day hold, and the last one says so."""
    life = Life()
    for number in range(1, 2880):
        life.stories = {number - 1: story(number - 1), number: story(number)}  # the verdict shows no more at once
        life.goes(timedelta(minutes=1))

    for recipient in Recipient:
        times = [at for at, due in life.sent if due.recipient is recipient]
        assert all(sum(timedelta(0) <= at - each < timedelta(hours=1) for each in times) <= HOUR for at in times)
        assert all(sum(timedelta(0) <= at - each < timedelta(days=1) for each in times) <= DAY for at in times)
        mine = [due for _, due in life.sent if due.recipient is recipient]
        assert [due.last for due in mine[:HOUR]] == [False] * (HOUR - 1) + [True]
    assert len(life.sent) >= 2 * DAY


def test_what_was_held_back_is_told_once_there_is_room_again():
    """Nothing is swallowed by the most."""
    life = Life()
    for number in range(1, 20):
        life.alarm(number)
        life.goes(timedelta(minutes=2))
    life.goes(timedelta(hours=2))

    assert {each.about for _, due in life.sent for each in due.told} == {str(n) for n in range(1, 20)}


def test_mild_things_never_use_up_what_red_needs():
    """A hundred yellow stories, one every half hour, and then the door."""
    life = Life(now=MONDAY)
    for number in range(1, 19):
        life.alarm(number, level=Level.ATTENTION, code=Code.DOOR_ATTENTION)
        life.goes(timedelta(minutes=10))
    count = len(life.sent)
    life.alarm(99)
    life.goes(timedelta(seconds=30))

    assert [due.kind for _, due in life.sent[count:]] == [NoticeKind.ALARM] * 2


def test_yellow_is_told_once_and_then_belongs_to_the_monthly_page():
    """After half an hour, in opening hours; also when it ends and returns."""
    life = Life(now=MONDAY).alarm(1, level=Level.ATTENTION, code=Code.DOOR_ATTENTION)
    life.goes(timedelta(days=25), step=timedelta(minutes=5))
    assert life.told() == life.told(TECHNICIAN) == ["Mon 10:30"]

    life.change(1, state=IncidentState.CLOSED)
    life.goes(timedelta(hours=3))
    life.change(1, state=IncidentState.OPEN)
    assert life.goes(timedelta(days=3)).kinds() == [NoticeKind.ATTENTION]


def test_yellow_waits_until_the_practice_opens():
    """Friday evening's is Monday morning's."""
    life = Life().alarm(1, level=Level.ATTENTION, code=Code.DOOR_ATTENTION).goes(timedelta(days=4))

    assert life.told() == ["Mon 08:00"]


def test_what_heals_by_itself_is_told_to_nobody():
    """A check an hour late, a view lost for ten minutes."""
    life = Life(now=MONDAY)
    for code, level in ((Code.CHECK_AGEING, Level.ATTENTION), (Code.VIEW_LOST, Level.UNSURE)):
        life.others = [(code, level)]
        life.goes(timedelta(minutes=20))
        life.others = []
        life.goes(timedelta(minutes=20))

    assert life.sent == []


@pytest.mark.parametrize(
    ("begins", "technician", "practice"),
    [
        (MONDAY, ["Mon 10:30"], ["Tue 10:00"]),
        (MONDAY.replace(hour=17, minute=50), ["Mon 18:20"], ["Tue 17:50"]),
        (FRIDAY, ["Fri 23:40"], ["Mon 08:00"]),  # at night four hours of any time; the practice in its hours
        (MONDAY.replace(hour=19, minute=10), ["Mon 23:10"], ["Wed 08:00"]),
    ],
)
def test_not_knowing_is_told_to_the_technician_first_and_to_the_practice_after_a_day(begins, technician, practice):
    """Half an hour of opening time, or four hours of any."""
    life = Life(now=begins)
    life.others = [(Code.VIEW_LOST, Level.UNSURE)]
    life.goes(timedelta(days=5))

    assert life.told(TECHNICIAN) == technician
    assert life.told(PRACTICE) == practice
    assert set(life.kinds()) == {NoticeKind.UNSURE}


def test_that_it_knows_again_is_told_once_and_only_to_whom_blindness_was():
    """After five minutes of knowing; a flicker says nothing."""
    life = Life(now=MONDAY)
    life.others = [(Code.VIEW_LOST, Level.UNSURE)]
    life.goes(timedelta(hours=2))
    for minutes in (2, 2, 2):  # on and off
        life.others = []
        life.goes(timedelta(minutes=minutes))
        life.others = [(Code.VIEW_LOST, Level.UNSURE)]
        life.goes(timedelta(minutes=minutes))
    life.others = []
    life.goes(timedelta(days=2))

    assert life.kinds(TECHNICIAN) == [NoticeKind.UNSURE, NoticeKind.SEES]
    assert life.told(TECHNICIAN)[1] == "Mon 12:17"
    assert life.kinds(PRACTICE) == []


def test_starting_and_scans_are_told_to_nobody():
    """However long they last."""
    life = Life(now=MONDAY).alarm(1, level=Level.NOTE, code=Code.SCANNED)
    for code in (Code.STARTING, Code.UNPLUGGED, Code.BACKUP_LINE):  # somebody said so; the box said so
        life.others = [(code, Level.UNSURE)]
        assert life.goes(timedelta(days=2), step=timedelta(minutes=5)).sent == []


def test_starting_again_is_no_recovery():
    """After a restart it does not know yet; that it knows is told when it does."""
    life = Life(now=MONDAY)
    life.others = [(Code.NOT_CHECKED, Level.UNSURE)]
    life.goes(timedelta(hours=1))
    life.others = [(Code.STARTING, Level.UNSURE)]
    life.goes(timedelta(minutes=10))

    assert life.kinds(TECHNICIAN) == [NoticeKind.UNSURE]


def test_a_closed_door_is_told_once_to_whom_the_alarm_was():
    """And the repeats end."""
    life = Life().alarm(1).goes(timedelta(hours=2))
    life.change(1, state=IncidentState.CLOSED, closed=life.at)
    life.goes(timedelta(days=3))

    assert life.kinds()[-1] is NoticeKind.CLOSED
    assert life.kinds().count(NoticeKind.CLOSED) == 1
    assert life.told()[-1] == "Fri 21:40"


def test_an_alarm_that_ends_before_it_was_told_is_not_told_as_ended():
    """Within the three seconds."""
    life = Life().alarm(1)
    life.look()
    life.change(1, state=IncidentState.CLOSED, closed=life.at)

    assert life.goes(timedelta(days=1)).sent == []


def test_a_story_that_climbs_the_ladder_is_told_at_once_and_anew():
    """The door was known; that images left changes everything."""
    life = Life().alarm(1).goes(timedelta(hours=2))
    life.change(1, grade=Grade.IMAGES_LEFT, code=Code.IMAGES_LEFT)
    life.goes(timedelta(minutes=30))

    assert life.told() == ["Fri 19:40", "Fri 19:55", "Fri 20:40", "Fri 21:40", "Fri 21:55"]
    assert life.kinds()[3] is NoticeKind.ALARM


def test_an_alarm_that_was_read_and_is_red_again_is_told_at_once():
    """Somebody came since, or a day has passed."""
    life = Life().alarm(1).goes(timedelta(minutes=10))
    life.change(1, read=life.at)
    life.goes(timedelta(minutes=2))
    seen = life.stories[1].read
    life.change(1, read=None)  # the verdict counts it as an alarm again …
    verdict, stories = life.verdict(), {1: replace(life.stories[1], read=seen)}  # … though it stays read

    assert {due.kind for due in life.schedule.look(verdict, stories, life.practice, BOTH)} == {NoticeKind.ALARM}


def test_a_door_that_opens_and_closes_all_evening_is_not_told_each_time():
    """Open, closed, open: within an hour it is the same story."""
    life = Life().alarm(1)
    for _ in range(10):
        life.change(1, state=IncidentState.OPEN)
        life.goes(timedelta(minutes=3))
        life.change(1, state=IncidentState.CLOSED)
        life.goes(timedelta(minutes=3))

    assert life.kinds().count(NoticeKind.ALARM) == 1
    assert len(life.kinds()) <= 6


def test_on_holiday_the_second_person_is_told_and_the_practice_after_four_hours_unread():
    """And from then on each morning."""
    life = Life(practice=HOLIDAYS).alarm(1).goes(timedelta(days=2))

    assert life.told(TECHNICIAN)[:4] == ["Fri 19:40", "Fri 19:55", "Fri 20:40", "Fri 23:40"]
    assert life.told(PRACTICE) == ["Fri 23:40", "Sat 08:00", "Sun 08:00"]


def test_what_was_read_on_holiday_never_reaches_the_practice():
    """The second person has taken it."""
    life = Life(practice=HOLIDAYS).alarm(1).goes(timedelta(hours=3))
    life.change(1, read=life.at)

    assert life.goes(timedelta(days=3)).told(PRACTICE) == []


def test_on_holiday_the_same_yellow_is_not_told_each_day():
    """Once, to the second person; blue is not the practice's either."""
    life = Life(now=MONDAY, practice=HOLIDAYS)
    life.others = [(Code.CHECK_AGEING, Level.ATTENTION), (Code.VIEW_LOST, Level.UNSURE)]
    life.goes(timedelta(days=6))

    assert life.kinds(TECHNICIAN) == [NoticeKind.ATTENTION, NoticeKind.UNSURE]
    assert life.kinds(PRACTICE) == []


def test_without_a_second_person_the_practice_is_told_at_once_also_on_holiday():
    """A notice is never kept for want of somebody better."""
    life = Life(practice=HOLIDAYS, reached=frozenset({PRACTICE})).alarm(1).goes(timedelta(minutes=20))

    assert life.told(PRACTICE) == ["Fri 19:40", "Fri 19:55"]


def as_rows(life: Life) -> Iterator[Notice]:
    """What the store holds, its moments of this boot."""
    for number, ((at, due), (boot, _)) in enumerate(zip(life.sent, life.by_boot, strict=True), 1):
        moment = Moment(wall=at.astimezone(UTC), boot=boot)
        yield Notice(
            number=number, kind=due.kind, recipient=due.recipient, told=due.told, due=moment, arrived=moment
        )


@pytest.mark.parametrize("after", [timedelta(minutes=n) for n in (0, 5, 16, 70, 250, 900)])
def test_a_restart_tells_nothing_twice_and_forgets_nothing(after):
    """Wherever in the series it falls; what comes later comes at its hour."""
    whole = Life().alarm(1).goes(timedelta(days=2))
    life = Life().alarm(1).goes(after)
    life.schedule = Schedule().restored(as_rows(life))
    life.goes(timedelta(days=2) - after)

    assert life.told() == whole.told()


def test_a_restart_remembers_blindness_yellow_endings_and_drills():
    """Each was told once."""
    life = Life(now=MONDAY).alarm(1).alarm(2, level=Level.ATTENTION, code=Code.DOOR_ATTENTION)
    life.others = [(Code.VIEW_LOST, Level.UNSURE)]
    life.goes(timedelta(hours=2))
    life.change(1, state=IncidentState.CLOSED)
    life.goes(timedelta(minutes=5))
    count = len(life.sent)
    life.schedule = Schedule().restored(as_rows(life))

    assert life.goes(timedelta(hours=3)).sent[count:] == []


@pytest.mark.parametrize("jump", [timedelta(days=-400), timedelta(days=3), timedelta(days=365 * 10)])
def test_a_jump_of_the_wall_clock_tells_nothing_twice(jump):
    """The repeats follow the boot clock."""
    life = Life().alarm(1).goes(timedelta(minutes=70))
    count = len(life.sent)
    life.now += jump
    life.goes(timedelta(hours=2))
    assert life.sent[count:] == []

    life.goes(timedelta(hours=1))
    assert {due.told[0].step for _, due in life.sent[count:]} == {3}


def test_summer_time_does_not_move_eight_o_clock():
    """The night of 25 October 2026 has an hour more."""
    life = Life(now=datetime(2026, 10, 24, 19, 0, tzinfo=PARIS)).alarm(1).goes(timedelta(days=2))

    assert life.told()[-2:] == ["Sun 08:00", "Mon 08:00"]


def test_a_drill_is_told_to_both_once_and_counts_for_nothing():
    """Also on the day of a flood."""
    life = Life(now=MONDAY)
    drill = Story(kind=StoryKind.DRILL, about="2026-11-23T12:00:00")
    life.alarm(7, code=Code.DRILL, story=drill, grade=None).goes(timedelta(minutes=29))

    assert life.kinds(PRACTICE) == life.kinds(TECHNICIAN) == [NoticeKind.DRILL]


def test_a_real_alarm_during_a_drill_is_told_at_once():
    """A drill delays nothing."""
    life = Life(now=MONDAY)
    drill = Story(kind=StoryKind.DRILL, about="2026-11-23T12:00:00")
    life.alarm(7, code=Code.DRILL, story=drill, grade=None).goes(timedelta(seconds=20), step=timedelta(seconds=1))
    life.alarm(8).goes(timedelta(seconds=4), step=timedelta(seconds=1))

    assert life.kinds() == [NoticeKind.DRILL, NoticeKind.ALARM]
    assert life.sent[-1][1].told[0].about == "8"


def test_a_month_is_looked_at_in_well_under_a_second():
    """Every five minutes of it, at a calm practice."""
    life = Life(now=MONDAY)
    verdict, begun = life.verdict(), time.process_time()
    for minute in range(0, 43_200, 5):
        at = Moment(wall=life.at.wall + timedelta(minutes=minute), boot=BOOTED + timedelta(minutes=minute))
        life.schedule.look(replace(verdict, at=at), {}, life.practice, BOTH)

    assert time.process_time() - begun < 1  # seconds of the processor; 0.1 on a quiet machine


GRADES = (Grade.REACHABLE, Grade.CONNECTED, Grade.IMAGES_LEFT)
GESTURES = st.one_of(
    st.tuples(st.just("open"), st.integers(1, 6), st.sampled_from(GRADES)),
    st.tuples(st.sampled_from(["close", "read", "sleep"]), st.integers(1, 6), st.none()),
    st.tuples(st.just("wait"), st.sampled_from([1, 7, 40, 200, 900]), st.none()),
    st.tuples(st.just("jump"), st.sampled_from([-400, -1, 1, 400]), st.none()),
    st.tuples(st.just("restart"), st.just(0), st.none()),
)  # fmt: skip


def do(life: Life, gesture: tuple[str, int, Grade | None]) -> None:
    what, number, grade = gesture
    known = life.stories.get(number)
    if what == "open" and (known is None or known.state is IncidentState.CLOSED):
        life.alarm(number, grade=grade)
    elif what == "open" and known and (grade or 0) > (known.grade or 0):
        life.change(number, grade=grade)
    elif what in ("close", "sleep") and known:
        state = IncidentState.CLOSED if what == "close" else IncidentState.DORMANT
        life.change(number, state=state, closed=life.at if what == "close" else None)
    elif what == "read" and known and known.state is not IncidentState.CLOSED:
        life.change(number, read=life.at)
    elif what == "jump":
        life.now += timedelta(hours=number)
    elif what == "restart":
        life.schedule = Schedule().restored(as_rows(life))
    life.goes(timedelta(minutes=number if what == "wait" else 1), step=timedelta(minutes=1))


@settings(max_examples=40, deadline=None)
@given(st.lists(GESTURES, max_size=25), st.booleans())
def test_whatever_happens_the_most_holds_and_what_stands_unread_was_told(gestures, holidays):
    """Doors open, climb, close and sleep; clocks jump; it restarts: never a flood, never silence."""
    life = Life(practice=HOLIDAYS if holidays else Practice())
    for gesture in gestures:
        do(life, gesture)
    life.goes(timedelta(hours=26), step=timedelta(minutes=5))

    for recipient in Recipient:
        boots = [boot for boot, due in life.by_boot if due.recipient is recipient]
        for each in boots:
            assert sum(timedelta(0) <= each - other < timedelta(hours=1) for other in boots) <= HOUR
            assert sum(timedelta(0) <= each - other < timedelta(days=1) for other in boots) <= DAY
        told = {one.about for _, due in life.sent if due.recipient is recipient for one in due.told}
        red = [each for each in life.stories.values() if each.state is not IncidentState.CLOSED and not each.read]
        assert {str(each.number) for each in red} <= told
    ended = [one.about for _, due in life.sent if due.kind is NoticeKind.CLOSED for one in due.told]
    assert set(ended) <= {one.about for _, due in life.sent if due.kind is NoticeKind.ALARM for one in due.told}
