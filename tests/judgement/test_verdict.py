"""The precedence table of the verdict, row by row: alarm, unsure, attention, calm."""

from dataclasses import replace
from datetime import timedelta
from ipaddress import ip_address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sentinel.judgement.verdict import Outlook, weigh
from sentinel.model.declared import View
from sentinel.model.exposure import Outcome, PortList
from sentinel.model.finding import Code, Grade, Level, Story, StoryKind
from sentinel.model.incident import Incident, IncidentState
from sentinel.model.moment import Moment
from sentinel.model.verdict import Assurance, Reason, Verdict
from tests.builders import incident, moment, outcome

HOUR = 3600.0
NOW = 100 * HOUR


def outlook(*, started: float = 0, families: tuple[int, ...] = (4,), echo: bool = True, **more: object) -> Outlook:
    """A sentinel that has run for days and has not asked anybody yet."""
    facts = {"started": moment(started), "view": View.MIRROR, "echo": echo, "families": families, **more}
    return Outlook(**facts)


def proved(
    *, full: float = 0, hourly: float | None = None, families: tuple[int, ...] = (4,), **more: object
) -> Outlook:
    """The same, its lists checked so many seconds ago."""
    known = outlook(families=families, **more)
    for family in families:
        known = known.learn(outcome(family=family, asked=moment(NOW - full)))
        if hourly is not None:
            known = known.learn(outcome(family=family, ports=PortList.HOURLY, asked=moment(NOW - hourly)))
    return known


def verdict(known: Outlook, *incidents: Incident, at: float = NOW) -> Verdict:
    return weigh(incidents, known, moment(at))


def codes(told: Verdict) -> list[Code]:
    return [reason.code for reason in told.reasons]


def condition(code: Code, level: Level = Level.UNSURE) -> Incident:
    """A part of the sentinel that does not work."""
    return incident(
        9, code=code, level=level, grade=None, story=Story(kind=StoryKind.CONDITION, about=code), last_visit=None
    )


# -- calm --------------------------------------------------------------------------------------------------------


def test_calm_is_a_full_list_and_an_hourly_list_fresh_enough_and_nothing_open():
    """Green says what was proved, how much stands behind it, and when."""
    told = verdict(proved(full=12 * HOUR, hourly=3 * HOUR))

    assert (told.level, told.reasons) == (Level.CALM, ())
    assert (told.assurance, told.doors, told.checked) == (Assurance.B, 48, moment(NOW - 12 * HOUR))
    assert all(told.fresh.values())


def test_a_full_list_is_an_hourly_list_too():
    """The fourteen are among the forty-eight."""
    assert verdict(proved(full=3 * HOUR)).level is Level.CALM


def test_a_story_worth_no_more_than_a_note_leaves_the_lamp_green():
    """Scans are the internet's weather."""
    scan = incident(code=Code.SCANNED, level=Level.NOTE, grade=Grade.SCANNED)

    assert verdict(proved(), scan).level is Level.CALM


def test_a_limited_view_can_be_calm_and_says_that_it_is_limited():
    """Closed from outside: the sentence says so, and the verdict carries it."""
    told = verdict(proved(view=View.LIMITED))

    assert (told.level, told.view) == (Level.CALM, View.LIMITED)


# -- the age of proof --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("full", "hourly", "level", "told"),
    [
        (12 * HOUR, 3 * HOUR, Level.CALM, []),
        (12 * HOUR, 3 * HOUR + 1, Level.ATTENTION, [Code.CHECK_AGEING]),
        (12 * HOUR + 1, 0, Level.UNSURE, [Code.NOT_CHECKED]),
        (12 * HOUR + 1, 3 * HOUR + 1, Level.UNSURE, [Code.NOT_CHECKED]),
        (3 * HOUR + 1, None, Level.ATTENTION, [Code.CHECK_AGEING]),
    ],
)
def test_green_is_lost_by_age_first_to_yellow_then_to_blue(full, hourly, level, told):
    """Three hours for the hourly list, twelve for the full one, to the second."""
    weighed = verdict(proved(full=full, hourly=hourly))

    assert (weighed.level, codes(weighed)) == (level, told)


def test_the_hourly_list_alone_never_proves_the_full_one():
    """Fourteen ports closed say nothing of the other thirty-four."""
    told = verdict(outlook().learn(outcome(ports=PortList.HOURLY, asked=moment(NOW))))

    assert (told.level, codes(told), told.assurance) == (Level.UNSURE, [Code.NOT_CHECKED], Assurance.NONE)


def test_each_family_is_proved_by_itself():
    """IPv4 closed says nothing of IPv6."""
    known = outlook(families=(4, 6)).learn(outcome(family=4, asked=moment(NOW)))

    assert verdict(known).level is Level.UNSURE
    assert verdict(known.learn(outcome(family=6, asked=moment(NOW)))).level is Level.CALM


def test_the_older_family_gives_the_age_that_is_shown():
    """The weakest proof is the one that counts."""
    known = outlook(families=(4, 6))
    known = known.learn(outcome(family=4, asked=moment(NOW)))
    known = known.learn(outcome(family=6, asked=moment(NOW - 2 * HOUR), tested=40))

    assert verdict(known).checked == moment(NOW - 2 * HOUR)
    assert verdict(known).doors == 40


def test_a_practice_that_no_family_reaches_is_not_a_closed_practice():
    """The line is down: nobody can ask, so nobody knows."""
    assert verdict(proved(families=())).level is Level.UNSURE


def test_without_an_echo_the_sentinel_is_unsure_and_says_why():
    """A blue lamp with a sentence of its own."""
    told = verdict(outlook(echo=False))

    assert (told.level, codes(told)) == (Level.UNSURE, [Code.NO_ECHO])


WHOSE = (Outcome.NOT_OURS, Outcome.ADDRESS_DOUBTFUL)


@pytest.mark.parametrize("failure", [each for each in Outcome if each not in (Outcome.CHECKED, *WHOSE)])
def test_a_failed_attempt_neither_proves_nor_takes_a_proof_away(failure):
    """Only age decides: an echo that cannot be reached lets green grow old."""
    known = proved(full=2 * HOUR)
    after = known.learn(outcome(failure, asked=moment(NOW)))

    assert after.proofs == known.proofs
    assert outlook().learn(outcome(failure, asked=moment(NOW))).proofs == {}


def test_a_new_public_address_takes_the_proofs_of_the_old_one():
    """What was proved was proved of another address."""
    known = proved(families=(4, 6))
    moved = known.learn(outcome(ports=PortList.HOURLY, asked=moment(NOW), address=ip_address("25.0.0.99")))

    assert verdict(moved).level is Level.UNSURE
    assert moved.complete(6) == known.complete(6)
    again = moved.learn(outcome(asked=moment(NOW), address=ip_address("25.0.0.99")))
    assert verdict(again).level is Level.CALM


def test_a_new_public_address_is_learnt_from_a_check_that_failed_too():
    """It did not say what is open there, but it said that we are elsewhere."""
    moved = proved().learn(outcome(Outcome.NOT_PROVED, asked=moment(NOW), address=ip_address("25.0.0.99")))

    assert verdict(moved).level is Level.UNSURE


def test_another_ipv6_address_of_the_same_network_is_no_move():
    """Privacy addresses change every day; the box's firewall is the same for the whole network."""
    moved = proved(families=(6,)).learn(
        outcome(family=6, ports=PortList.HOURLY, asked=moment(NOW), address=ip_address("2001:db8:1::abcd"))
    )

    assert verdict(moved).level is Level.CALM


# -- assurance ---------------------------------------------------------------------------------------------------


def test_where_decoys_answer_nothing_is_proved_and_yellow_is_the_best_there_is():
    """Assurance C, since the check that found it."""
    told = verdict(outlook().learn(outcome(asked=moment(NOW - 60), decoys_open=True)))

    assert (told.level, told.assurance, codes(told)) == (Level.ATTENTION, Assurance.C, [Code.WEAK_ASSURANCE])
    assert told.reasons[0].since == moment(NOW - 60)


def test_one_family_whose_decoys_answer_weakens_the_whole():
    """The verdict is one value."""
    known = proved(families=(4, 6)).learn(outcome(family=6, asked=moment(NOW), decoys_open=True))

    assert verdict(known).assurance is Assurance.C


def test_a_red_door_accepted_for_anybody_is_never_green():
    """It was accepted, and it is still open to the whole internet."""
    broad = Reason(code=Code.EXPECTED_BROAD, level=Level.ATTENTION, since=moment(NOW - 60))
    told = weigh((), proved(), moment(NOW), [broad])

    assert (told.level, codes(told)) == (Level.ATTENTION, [Code.EXPECTED_BROAD])


# -- the first minutes -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("age", "told"), [(0, Code.STARTING), (180, Code.STARTING), (181, Code.NOT_CHECKED)])
def test_the_first_three_minutes_are_called_starting(age, told):
    """After that, not having been checked is what it is."""
    weighed = verdict(outlook(started=NOW - age))

    assert (weighed.level, codes(weighed)) == (Level.UNSURE, [told])


def test_starting_stands_for_an_unproved_view_as_well_and_hides_nothing_else():
    """A lost view, a failing store, a stranger: told from the first second."""
    known = outlook(started=NOW - 1)
    incidents = [condition(code) for code in (Code.VIEW_UNPROVED, Code.VIEW_LOST, Code.STORE_FAILING)]

    told = verdict(known, *incidents, incident())

    assert set(codes(told)) == {Code.STARTING, Code.VIEW_LOST, Code.STORE_FAILING, Code.STRANGER_CONNECTED}
    assert told.level is Level.ALARM


def test_a_check_that_ends_within_the_first_minutes_ends_the_start():
    """Green may come after ten seconds."""
    assert verdict(proved(started=NOW - 10)).level is Level.CALM


# -- unsure ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("code", "part"),
    [
        (Code.CAPTURE_LOST, "capture"),
        (Code.VIEW_LOST, "view"),
        (Code.VIEW_UNPROVED, "view"),
        (Code.STORE_FAILING, "store"),
        (Code.DISK_FULL, "store"),
        (Code.CLOCK_WRONG, "clock"),
        (Code.ECHO_CONTRADICTED, "outside"),
    ],
)
def test_a_part_that_fails_is_blue_and_is_named(code, part):
    """However fresh the proof from outside."""
    told = verdict(proved(), condition(code))

    assert (told.level, codes(told)) == (Level.UNSURE, [code])
    assert [name for name, well in told.fresh.items() if not well] == [part]


def test_blindness_is_said_before_a_weak_point():
    """Unsure over attention: both are told, in this order."""
    told = verdict(proved(full=4 * HOUR), condition(Code.VIEW_LOST))

    assert codes(told) == [Code.VIEW_LOST, Code.CHECK_AGEING]


# -- alarm -------------------------------------------------------------------------------------------------------


def test_an_alarm_outlives_every_blindness():
    """Red stays red when the capture dies, the store fails and the echo is silent; all of it is told."""
    blind = [condition(code) for code in (Code.CAPTURE_LOST, Code.STORE_FAILING, Code.CLOCK_WRONG)]

    told = verdict(outlook(echo=False), incident(), *blind)

    assert told.level is Level.ALARM
    assert codes(told)[0] is Code.STRANGER_CONNECTED
    assert set(codes(told)[1:]) == {Code.CAPTURE_LOST, Code.STORE_FAILING, Code.CLOCK_WRONG, Code.NO_ECHO}


def test_a_dormant_door_keeps_its_alarm():
    """A machine that sleeps is not a closed door."""
    assert verdict(proved(), incident(state=IncidentState.DORMANT)).level is Level.ALARM


def test_the_gravest_story_comes_first():
    """Images that left before a door that could be opened."""
    left = incident(2, grade=Grade.IMAGES_LEFT, code=Code.IMAGES_LEFT, first=moment(10))
    reachable = incident(1, grade=Grade.REACHABLE, code=Code.DOOR_REACHABLE, first=moment(10))

    assert codes(verdict(proved(), reachable, left)) == [Code.IMAGES_LEFT, Code.DOOR_REACHABLE]


def test_a_reason_names_the_machine_its_port_and_its_story():
    """The page leads from the sentence to the incident."""
    (reason,) = verdict(proved(), incident(7)).reasons

    assert (reason.incident, str(reason.machine), reason.port) == (7, "192.168.1.66", 4242)


@pytest.mark.parametrize(
    ("age", "level", "code"),
    [
        (0, Level.ATTENTION, Code.ALARM_READ),
        (24 * HOUR, Level.ATTENTION, Code.ALARM_READ),
        (24 * HOUR + 1, Level.ALARM, Code.STRANGER_CONNECTED),
    ],
)
def test_an_alarm_that_was_read_is_yellow_for_a_day_and_then_red_again(age, level, code):
    """« J'ai vu » is not « c'est fermé »."""
    told = verdict(proved(), incident(last_visit=moment(0), read=moment(NOW - age)))

    assert (told.level, codes(told)) == (level, [code])


def test_somebody_who_comes_after_the_alarm_was_read_makes_it_red_at_once():
    """A new association, or more bytes: the story has moved on."""
    told = verdict(proved(), incident(read=moment(NOW - 60), last_visit=moment(NOW - 59)))

    assert told.level is Level.ALARM


# -- the property everything else serves -------------------------------------------------------------------------

AGES = st.one_of(st.none(), st.floats(0, 30 * HOUR))
DOUBTS = st.sampled_from(
    [
        Code.CAPTURE_LOST,
        Code.VIEW_LOST,
        Code.VIEW_UNPROVED,
        Code.STORE_FAILING,
        Code.DISK_FULL,
        Code.CLOCK_WRONG,
        Code.ECHO_CONTRADICTED,
    ]
)


@given(
    echo=st.booleans(),
    families=st.lists(st.sampled_from([4, 6]), unique=True).map(tuple),
    full=st.fixed_dictionaries({4: AGES, 6: AGES}),
    hourly=st.fixed_dictionaries({4: AGES, 6: AGES}),
    decoys=st.sets(st.sampled_from([4, 6])),
    doubts=st.lists(DOUBTS, max_size=3),
    up=st.floats(0, 50 * HOUR),
    view=st.sampled_from(View),
)
def test_nothing_missing_stale_or_doubtful_is_ever_green(echo, families, full, hourly, decoys, doubts, up, view):
    """Calm means: an echo, every family, both lists in time, honest decoys, and no part in doubt."""
    known = outlook(started=NOW - up, families=families, view=view)
    for kind, ages in ((PortList.FULL, full), (PortList.HOURLY, hourly)):
        for family, age in ages.items():
            if age is not None:
                asked = moment(NOW - age)
                known = known.learn(outcome(family=family, ports=kind, asked=asked, decoys_open=family in decoys))
    known = replace(known, echo=echo)

    told = verdict(known, *(condition(code) for code in doubts))

    def fresh(family: int) -> bool:
        listed = [age for age in (full[family], hourly[family]) if age is not None]
        return full[family] is not None and full[family] <= 12 * HOUR and min(listed) <= 3 * HOUR

    earned = echo and families and all(fresh(each) and each not in decoys for each in families) and not doubts
    assert (told.level is Level.CALM) == bool(earned)


@given(st.lists(st.tuples(st.sampled_from(Level), st.floats(0, NOW)), max_size=6))
def test_the_verdict_is_the_gravest_of_its_reasons(stories: list[tuple[Level, float]]):
    """Reasons are told gravest first, and the lamp shows the first."""
    incidents = [incident(n, level=level, first=moment(since)) for n, (level, since) in enumerate(stories)]

    told = weigh(incidents, proved(), Moment(wall=moment(NOW).wall, boot=moment(NOW).boot + timedelta(seconds=1)))

    levels = [reason.level for reason in told.reasons]
    assert levels == sorted(levels, reverse=True)
    assert told.level == max([Level.CALM, *(level for level, _ in stories if level >= Level.ATTENTION)])


# -- a door the box has opened since ---------------------------------------------------------------------------


def mapping(last: float, level: Level = Level.ATTENTION, about: str = "a machine") -> Incident:
    """The box said that it maps a port."""
    story = Story(kind=StoryKind.MAPPING, about=about, port=8000, family=4)
    return incident(
        code=Code.MAPPING_OPENED, story=story, level=level, grade=None, at=moment(last), last_visit=None
    )


def test_a_new_mapping_is_blue_until_a_complete_check_has_known_of_it():
    """The last check did not ask about that port."""
    told = verdict(proved(full=600), mapping(NOW - 60))
    since = verdict(proved(full=30), mapping(NOW - 60))

    assert (told.level, told.reasons[0].code, told.reasons[0].since) == (
        Level.UNSURE,
        Code.NOT_CHECKED,
        moment(NOW - 60),
    )
    assert (since.level, codes(since)) == (Level.ATTENTION, [Code.MAPPING_OPENED])


@pytest.mark.parametrize("known", [mapping(NOW - 60, Level.NOTE), mapping(NOW - 60, about="a machine udp")])
def test_a_mapping_no_check_can_say_anything_of_leaves_the_proof_alone(known):
    """The provider's television, and UDP."""
    assert Code.NOT_CHECKED not in codes(verdict(proved(full=600), known))
