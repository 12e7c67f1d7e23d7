"""The sentinel's own eyes and clock: what it cannot see or trust, since when, and what restores it."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import timedelta

import pytest

from sentinel.judgement.conditions import PARTS, Sight, Time, health
from sentinel.model.coverage import Losses, Wrapping
from sentinel.model.declared import View
from sentinel.model.exposure import Outcome
from sentinel.model.finding import Code, Finding, Level
from sentinel.model.moment import Moment
from sentinel.model.passing import Beat, Health, Part
from tests.builders import coverage, moment, outcome

HOUR = 3600.0


class Watched:
    """A sight, and which of its conditions hold."""

    def __init__(self, view: View = View.MIRROR) -> None:
        self.sight = Sight(view, moment(0))
        self.holds: dict[Code, Level] = {}

    def take(self, findings: Iterable[Finding]) -> None:
        for each in findings:
            if each.ends:
                self.holds.pop(each.code, None)
            else:
                self.holds[each.code] = each.level

    def report(self, at: float, proof: float | None = None, **more: object) -> None:
        self.take(self.sight.take(coverage(moment(at), proof=None if proof is None else moment(proof), **more)))

    def beat(self, at: float) -> None:
        self.take(self.sight.beat(moment(at)))

    def check(self, at: float, result: Outcome = Outcome.CHECKED, took: float = 10) -> None:
        self.sight.checked(outcome(result, asked=moment(at - took), at=moment(at)))


def seeing(**kind: object) -> Watched:
    """A mirror that was proved in the first second."""
    watched = Watched(**kind)
    watched.report(1, proof=1)
    watched.beat(1)
    return watched


# -- silence -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("seconds", "lost"), [(5, False), (5.1, True)])
def test_a_capture_silent_for_five_seconds_is_lost(seconds, lost):
    """Whether `listen` was killed, stopped or is stuck."""
    watched = seeing()
    watched.beat(1 + seconds)

    assert (Code.CAPTURE_LOST in watched.holds) is lost


def test_a_capture_that_never_spoke_is_lost_too():
    """Counted from the start of the street."""
    watched = Watched()
    watched.beat(5.1)

    assert watched.holds[Code.CAPTURE_LOST] is Level.UNSURE


def test_one_report_brings_the_capture_back():
    """It listens again, and nothing more is said of it."""
    watched = seeing()
    watched.beat(60)
    watched.report(61, proof=61)

    assert watched.holds == {}


# -- the view ----------------------------------------------------------------------------------------------------


def test_a_mirror_is_unproved_until_frames_for_others_pass_both_ways():
    """One direction alone is half a mirror."""
    watched = Watched()
    watched.report(1, inward=moment(1), outward=None)
    watched.beat(1)
    assert watched.holds == {Code.VIEW_UNPROVED: Level.UNSURE}

    watched.report(2, inward=moment(1), outward=moment(2))
    watched.beat(2)

    assert watched.holds == {}


def test_frames_from_before_the_start_prove_nothing():
    """The street was not there, and the cable may have been elsewhere."""
    watched = Watched()
    watched.report(1, proof=-1)
    watched.beat(1)

    assert Code.VIEW_UNPROVED in watched.holds


@pytest.mark.parametrize(("hours", "stale"), [(72, False), (72.01, True)])
def test_a_proved_mirror_stays_proved_for_three_days_of_silence(hours, stale):
    """A quiet week-end is not blindness; a quiet week might be."""
    watched = seeing()
    watched.report(1 + hours * HOUR, proof=1)
    watched.beat(1 + hours * HOUR)

    assert (Code.VIEW_UNPROVED in watched.holds) is stale


def test_a_cable_pulled_out_is_a_lost_view_at_once():
    """And not an unproved one as well: one cause, one story."""
    watched = seeing()
    watched.report(2, proof=1, carrier=False)
    watched.beat(2)

    assert watched.holds == {Code.VIEW_LOST: Level.UNSURE}


def test_old_frames_do_not_restore_a_lost_view():
    """The cable is in again: it is not lost, and only what passes from now on proves where it leads."""
    watched = seeing()
    watched.report(10, proof=9, carrier=False)
    watched.report(11, proof=9)
    watched.beat(11)
    assert watched.holds == {Code.VIEW_UNPROVED: Level.UNSURE}

    watched.report(12, proof=11.5)
    watched.beat(12)

    assert watched.holds == {}


def test_a_check_whose_own_talk_does_not_show_loses_the_view():
    """Two cards: what we said to the echo must have passed the mirrored port."""
    watched = seeing()
    watched.check(100)
    watched.report(101, proof=1)

    assert watched.holds == {Code.VIEW_LOST: Level.UNSURE}


def test_a_talk_from_before_the_capture_was_up_accuses_nobody():
    """At boot, and when `listen` was started anew: it cannot show what passed while nobody listened."""
    at_boot = Watched()
    at_boot.check(5, took=4)
    at_boot.report(6)
    at_boot.report(7)
    again = seeing()
    again.sight.forget_run()
    again.check(100, took=4)
    again.report(101, proof=1)

    assert Code.VIEW_LOST not in {*at_boot.holds, *again.holds}


def test_the_view_a_check_has_lost_is_not_restored_by_frames_from_before_it():
    """Nothing older than the doubt ends it; frames seen after it do."""
    watched = seeing()
    watched.check(100)
    watched.report(101, proof=89)
    watched.report(102, proof=89)
    watched.beat(102)
    assert watched.holds == {Code.VIEW_LOST: Level.UNSURE}

    watched.report(103, proof=102)

    assert watched.holds == {}


def test_a_check_that_shows_on_the_mirror_proves_it():
    """Every check is a proof of the view as well."""
    watched = seeing()
    watched.check(100)
    watched.report(101, proof=95)
    watched.beat(101)

    assert watched.holds == {}
    assert watched.sight.proved == moment(95)


def test_the_report_that_judges_a_check_is_the_first_one_made_after_it():
    """One that was on its way cannot show it yet."""
    watched = seeing()
    watched.check(100)
    watched.report(99.5, proof=1)
    assert watched.holds == {}

    watched.report(100.5, proof=95)

    assert watched.holds == {}


@pytest.mark.parametrize("result", [each for each in Outcome if each is not Outcome.CHECKED])
def test_a_check_that_failed_says_nothing_of_the_mirror(result):
    """Nothing may have left us at all."""
    watched = seeing()
    watched.check(100, result)
    watched.report(101, proof=1)

    assert watched.holds == {}


def test_a_single_card_does_not_see_its_own_talk_as_somebody_elses():
    """So a check proves nothing there, and loses nothing."""
    watched = Watched()
    watched.report(1, proof=1, apart=False)
    watched.check(100)
    watched.report(101, proof=1, apart=False)

    assert watched.holds == {}


def test_a_limited_view_is_never_lost_nor_unproved():
    """It was declared to see nothing of others."""
    watched = Watched(view=View.LIMITED)
    watched.report(1)
    watched.beat(2)
    watched.check(3)
    watched.report(4)

    assert watched.holds == {}
    assert not watched.sight.is_mirrored(moment(4))


def half(since: float) -> dict[str, object]:
    """For half an hour and more frames have passed in one direction only."""
    return {"inward": moment(since + 1_800), "outward": moment(1), "half": moment(since), "apart": False}


def test_a_mirror_that_has_come_to_show_one_direction_only_is_lost():
    """Until the other is seen again."""
    watched = seeing()
    for seconds in (1_802, 1_803):
        watched.report(seconds, **half(2))
        watched.beat(seconds)
        assert watched.holds == {Code.VIEW_LOST: Level.UNSURE}

    watched.report(1_804, proof=1_804, apart=False)
    watched.beat(1_804)

    assert watched.holds == {}


def test_half_a_mirror_that_was_never_proved_stays_unproved():
    """One cause, one story."""
    watched = Watched()
    watched.report(1_802, **{**half(2), "outward": None})
    watched.beat(1_802)

    assert watched.holds == {Code.VIEW_UNPROVED: Level.UNSURE}


def quiet(watched: Watched, at: float, foreign: int | None = 70) -> None:
    """One card, and the same count of foreign frames as before."""
    watched.report(at, proof=1, apart=False, foreign=foreign)


def wanting(*machines: str, foreign: int | None = 70) -> Watched:
    """A mirror proved long ago, and machines that have asked for the box since anything passed."""
    watched = Watched()
    quiet(watched, 1, foreign)
    for machine in machines:
        watched.sight.asks(machine, moment(50))
    return watched


@pytest.mark.parametrize(
    ("machines", "foreign", "after", "lost"),
    [
        (("a", "b"), 70, 70, True),
        (("a", "b"), 70, 71, False),  # something passed
        (("a",), 70, 70, False),  # one may have been moved
        (("a", "a"), 70, 70, False),
        ((), 70, 70, False),  # a quiet night
        (("a", "b"), None, None, False),  # nobody counts
    ],
)
def test_machines_that_want_something_while_nothing_passes_lose_the_view_at_the_next_check(
    machines, foreign, after, lost
):
    """The check proves that line and box work; a night in which nobody wants anything is no blindness."""
    watched = wanting(*machines, foreign=foreign)
    quiet(watched, 60, after)
    watched.check(100)
    quiet(watched, 101, after)
    watched.beat(101)

    assert watched.holds == ({Code.VIEW_LOST: Level.UNSURE} if lost else {})


@pytest.mark.parametrize("result", [each for each in Outcome if each is not Outcome.CHECKED])
def test_nobody_wants_anything_of_a_box_that_is_off(result):
    """They ask, and nothing can pass: the check has failed as well."""
    watched = wanting("a", "b")
    watched.check(100, result)
    quiet(watched, 101)

    assert watched.holds == {}


def test_who_asks_while_a_check_is_made_may_still_have_to_send():
    """Only who asked before it."""
    watched = wanting()
    for machine in "ab":
        watched.sight.asks(machine, moment(95))
    watched.check(100, took=10)
    quiet(watched, 101)

    assert watched.holds == {}


# -- wrapped -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("wrapped", "passing", "level"),
    [
        ((), True, None),
        ((Wrapping.TUNNEL,), True, Level.NOTE),
        ((Wrapping.PPPOE,), True, Level.NOTE),
        ((Wrapping.PPPOE,), False, Level.ATTENTION),
        ((Wrapping.COPY,), False, Level.ATTENTION),
        ((Wrapping.TUNNEL,), False, Level.NOTE),
    ],
)
def test_what_is_not_read_is_said_and_worth_attention_where_nothing_else_passes(wrapped, passing, level):
    """It ends when nothing comes wrapped any more."""
    watched = seeing()
    watched.report(600, proof=600 if passing else 1, apart=False, wrapped=wrapped)
    assert watched.holds.get(Code.VIEW_WRAPPED) == level

    watched.report(5_000, proof=5_000, apart=False)

    assert Code.VIEW_WRAPPED not in watched.holds


# -- losses ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "lost",
    [
        *({each: 3} for each in ("dropped", "forgotten", "unsent", "unseen", "pieces")),
        *({"losses": Losses(**{each: 1})} for each in ("missed", "fifo", "over", "damaged", "refused")),
    ],
)
def test_what_was_lost_leaves_a_mark_for_ten_minutes(lost):
    """Frames without room, table entries that had to go, facts that were overwritten: attention, not blindness."""
    watched = seeing()
    watched.report(2, proof=2, **lost)
    assert watched.holds == {Code.CAPTURE_INCOMPLETE: Level.ATTENTION}

    watched.report(602, proof=602, **lost)
    watched.beat(602)
    assert Code.CAPTURE_INCOMPLETE in watched.holds

    watched.report(602.1, proof=602, **lost)
    watched.beat(602.1)

    assert watched.holds == {}


def test_a_processor_that_puts_frames_off_or_drops_another_cards_has_lost_none_of_ours():
    """They wait, and are counted by the card if they must go."""
    watched = seeing()
    watched.report(2, proof=2, losses=Losses(squeezed=1_000, backlog=1_000))

    assert watched.holds == {}


def test_more_losses_begin_the_ten_minutes_anew():
    """The mark stays while frames go on being lost."""
    watched = seeing()
    for seconds in range(0, 1200, 60):
        watched.report(seconds, proof=seconds, dropped=1 + seconds)
        watched.beat(seconds)

        assert Code.CAPTURE_INCOMPLETE in watched.holds


def test_a_new_run_of_the_capture_counts_its_losses_from_nothing():
    """Fifty lost by the second `listen` are fifty, though the first had lost a hundred."""
    watched = seeing()
    watched.report(2, proof=2, dropped=100)
    watched.report(700, proof=700, dropped=100)
    watched.beat(700)
    watched.sight.forget_run()
    watched.report(701, proof=701, dropped=50)

    assert Code.CAPTURE_INCOMPLETE in watched.holds


def test_a_mark_left_by_an_earlier_street_goes_too():
    """The incident is in the store; nobody would end it otherwise."""
    watched = Watched()
    watched.holds[Code.CAPTURE_INCOMPLETE] = Level.ATTENTION
    watched.report(601, proof=601)
    watched.beat(601)

    assert watched.holds == {}


# -- the clock ---------------------------------------------------------------------------------------------------


def jumped(seconds: float, by: timedelta) -> Moment:
    """The wall clock alone was moved."""
    return replace(moment(seconds), wall=moment(seconds).wall + by)


@pytest.mark.parametrize(
    ("by", "wrong"),
    [
        (timedelta(days=-2), True),
        (timedelta(hours=1), True),
        (timedelta(seconds=6), True),
        (timedelta(seconds=5), False),
        (timedelta(seconds=-2), False),
    ],
)
def test_a_wall_clock_that_jumps_is_not_trusted(by, wrong):
    """Nobody knows whether it was wrong before or is wrong now; a small correction is no jump."""
    time = Time(moment(0))

    found = list(time.beat(jumped(1, by)))

    assert bool(found) is wrong
    assert time.trusted is not wrong


def test_a_jump_is_told_once_and_not_forgiven_by_time():
    """The clock goes on evenly from where it was put: that does not make it right."""
    time = Time(moment(0))
    told = [each for second in range(1, 100) for each in time.beat(jumped(second, timedelta(days=-2)))]

    assert [(each.code, each.ends) for each in told] == [(Code.CLOCK_WRONG, False)]
    assert not time.trusted


@pytest.mark.parametrize(
    ("ahead", "trusted"),
    [(0, True), (120, True), (-120, True), (121, False), (-121, False), (-172_800, False)],
)
def test_only_the_echos_time_restores_the_clock(ahead, trusted):
    """Two minutes apart at most, by its signed word."""
    time = Time(moment(0))
    list(time.beat(jumped(1, timedelta(days=-2))))

    (found,) = time.checked(outcome(ahead=timedelta(seconds=ahead)))

    assert (found.code, found.ends, time.trusted) == (Code.CLOCK_WRONG, trusted, trusted)
    assert time.confirmed is trusted


def test_a_clock_is_confirmed_by_an_echo_only_and_until_it_jumps():
    """Trusted is what nothing speaks against, confirmed what somebody outside has signed in this run."""
    time = Time(moment(0))
    assert (time.trusted, time.confirmed) == (True, False)
    list(time.checked(outcome(ahead=timedelta(0))))
    assert time.confirmed
    list(time.beat(jumped(1, timedelta(days=-2))))
    assert not time.confirmed


@pytest.mark.parametrize(
    "told", [outcome(Outcome.LATE), outcome(Outcome.BAD_SIGNATURE, ahead=timedelta(0)), outcome(ahead=None)]
)
def test_a_failed_check_says_nothing_of_the_clock(told):
    """Its time may be anybody's."""
    time = Time(moment(0))
    list(time.beat(jumped(1, timedelta(days=-2))))

    assert list(time.checked(told)) == []
    assert not time.trusted


# -- other parts -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("part", PARTS)
def test_every_part_that_reports_itself_fails_and_recovers_as_one_story(part):
    """Blue while it fails."""
    ill = health(Health(part=part, well=False, detail="no space", at=moment()))
    well = health(Health(part=part, well=True, at=moment(1)))

    assert (ill.level, ill.ends, well.ends) == (Level.UNSURE, False, True)
    assert ill.story == well.story


def test_the_clock_is_judged_by_its_own_rule():
    """Every other part has a code."""
    assert set(Part) - set(PARTS) == {Part.CLOCK}
    assert Beat(at=moment()).at == moment()
