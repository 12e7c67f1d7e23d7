"""Two witnesses: what the echo could open, what the mirror saw of it, and what ends a door's story."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from sentinel.judgement.casebook import Casebook
from sentinel.judgement.doors import ALIVE, SLEEPING, sleeping
from sentinel.judgement.expected import Accepted
from sentinel.judgement.judge import Judge, Terms
from sentinel.model.box import Mapping, Reading
from sentinel.model.connection import ConnectionState
from sentinel.model.declared import View
from sentinel.model.exposure import Answer, Application, Auth, Exposure, Kind, Outcome, Reach, Why
from sentinel.model.finding import Code, Finding, Grade, Level, StoryKind
from sentinel.model.incident import IncidentState
from sentinel.services import DOOR_TEST_PORT
from tests.builders import (
    ECHO_PORT,
    IMAGING,
    IMAGING_MAC,
    PUBLIC,
    connection,
    coverage,
    exposure,
    incident,
    knock,
    knock_heard,
    mapping,
    moment,
    networks,
    outcome,
    reading,
    sighting,
)

HOUR, DAY = 3600.0, 86_400.0
AWAKE = ALIVE.total_seconds()


class Practice:
    """A judge and its casebook, one check after the other."""

    def __init__(self, *, view: View = View.MIRROR, apart: bool = True, **terms: object) -> None:
        self.judge = Judge(networks(), Terms(view=view, **terms), moment(-DAY))
        self.casebook = Casebook()
        self._apart = apart
        self._checks = 0

    def see(self, at: float, *, proof: float | None = None, **more: object) -> None:
        """The capture's report; its mirror proved at that second unless told otherwise."""
        shown = moment(at if proof is None else proof)
        self._take(self.judge.see(coverage(moment(at), proof=shown, apart=self._apart, **more)))

    def alive(self, at: float) -> None:
        """The imaging server shows itself."""
        self.judge.sighting(sighting(moment(at)))

    def check(
        self,
        *cells: Exposure,
        at: float,
        heard: int | None = None,
        state: ConnectionState = ConnectionState.CLOSED,
        family: int = 4,
    ) -> list[Finding]:
        """One check that ends five seconds after `at`; `heard` is the inside port at which its knocks arrived."""
        self._checks += 1
        check = f"check-{self._checks}"
        self.judge.knock(knock(*(each.port for each in cells), check=check, at=moment(at), family=family))
        for n in range(len(cells) if heard is not None else 0):
            told = knock_heard(
                serial=900 + n, source_port=ECHO_PORT + n, at=moment(at + 1), state=state, family=family
            )
            self.judge.standing(replace(told, target_port=heard))
        findings = []
        for cell in cells:
            findings += list(self.judge.exposure(replace(cell, check=check, at=moment(at + 5))))
        self._take(findings)
        return findings

    def _take(self, findings) -> None:
        for each in findings:
            self.casebook.take(each)

    def open_doors(self) -> list[tuple[str, int, Level, IncidentState]]:
        return [(i.story.about, i.story.port, i.level, i.state) for i in self.casebook.told() if i.story.family]


def proved(**terms: object) -> Practice:
    """A practice whose mirror shows everything."""
    practice = Practice(**terms)
    practice.see(3)
    return practice


NAMED = (IMAGING_MAC, 4242, Level.ALARM, IncidentState.OPEN)
UNNAMED = (str(PUBLIC), 11112, Level.ALARM, IncidentState.OPEN)


# -- open --------------------------------------------------------------------------------------------------------


def test_open_and_heard_names_machine_and_inside_port_though_the_box_renumbers():
    """Outside 11112 leads to inside 4242."""
    (found,) = proved().check(exposure(port=11112), at=0, heard=4242)

    assert (found.code, found.level, found.grade) == (Code.DOOR_REACHABLE, Level.ALARM, Grade.REACHABLE)
    assert (found.machine, found.mac, found.port, found.outside_port) == (IMAGING, IMAGING_MAC, 4242, 11112)
    assert (found.story.about, found.story.port, found.story.family) == (IMAGING_MAC, 4242, 4)


@pytest.mark.parametrize(
    ("outside", "inside", "code", "level"),
    [
        (50_000, 4242, Code.DOOR_REACHABLE, Level.ALARM),
        (4242, 8080, Code.WEB_UNIDENTIFIED, Level.ATTENTION),
        (4242, 554, Code.DOOR_ATTENTION, Level.ATTENTION),
        (443, 3389, Code.DOOR_REACHABLE, Level.ALARM),
    ],
)
def test_the_inside_port_says_how_grave_an_open_door_is(outside, inside, code, level):
    """The number at the box can be anything."""
    (found,) = proved().check(exposure(port=outside), at=0, heard=inside)

    assert (found.code, found.level) == (code, level)


def test_open_and_not_seen_on_a_proved_mirror_is_the_box_itself():
    """Nothing came in: a weak point of the box, and no machine of the practice."""
    (found,) = proved().check(exposure(port=11112), at=0)

    assert (found.code, found.level, found.machine) == (Code.BOX_ANSWERS, Level.ATTENTION, None)


def unproved() -> Practice:
    return Practice()


def limited() -> Practice:
    practice = Practice(view=View.LIMITED)
    practice.see(3)
    return practice


def capture_dead() -> Practice:
    practice = Practice()
    practice.see(-60, proof=-60)
    return practice


def carrier_lost() -> Practice:
    practice = proved()
    practice.see(4, carrier=False)
    return practice


def proof_too_old() -> Practice:
    practice = Practice(apart=False)
    practice.see(-73 * HOUR)
    practice.see(3, proof=-73 * HOUR)
    return practice


def frames_lost() -> Practice:
    practice = proved()
    practice.see(4, dropped=10)
    return practice


def mirror_switched_off() -> Practice:
    practice = Practice()
    practice.see(-HOUR)
    practice.see(3, proof=-HOUR)
    return practice


@pytest.mark.parametrize(
    "blind", [unproved, limited, capture_dead, carrier_lost, proof_too_old, frames_lost, mirror_switched_off]
)
def test_without_a_mirror_that_could_contradict_an_open_red_door_is_red_and_unnamed(blind):
    """Blindness is no excuse for a door: a knock that nobody could have seen may have come in."""
    (found,) = blind().check(exposure(port=11112), at=0)

    assert (found.code, found.level, found.machine, found.story.about) == (
        Code.DOOR_REACHABLE,
        Level.ALARM,
        None,
        str(PUBLIC),
    )


def test_a_quiet_night_on_a_single_card_is_a_proved_mirror_still():
    """Where our own talk does not show, foreign frames of the last 72 hours prove it."""
    practice = Practice(apart=False)
    practice.see(-10 * HOUR)
    practice.see(3, proof=-10 * HOUR)

    (found,) = practice.check(exposure(port=11112), at=0)

    assert found.code is Code.BOX_ANSWERS


def test_the_doors_of_both_families_of_one_machine_are_two_stories():
    """And closing one leaves the other open."""
    practice = proved()
    practice.check(exposure(), at=0, heard=4242)
    practice.check(exposure(family=6), at=0, heard=4242, family=6)
    practice.alive(HOUR)
    practice.check(exposure(reach=Reach.CLOSED), at=HOUR)

    assert practice.open_doors() == [NAMED]
    assert [each.story.family for each in practice.casebook.told() if each.story.family] == [6]


def test_a_second_check_of_the_same_door_is_the_same_story():
    """One incident, however often the echo comes."""
    practice = proved()
    for hours in range(3):
        practice.see(hours * HOUR + 3)
        practice.check(exposure(port=11112), at=hours * HOUR, heard=4242)

    assert practice.open_doors() == [NAMED]


def test_a_visit_and_a_check_of_one_door_are_one_story():
    """The stranger came first; the echo adds the public port."""
    practice = proved()
    visit = connection()
    for each in practice.judge.connection(visit, practice.judge.standing(visit)):
        practice.casebook.take(each)
    practice.check(exposure(port=11112), at=10, heard=4242)

    (door,) = practice.casebook.told()
    assert (door.grade, door.port, door.outside_port) == (Grade.CONNECTED, 4242, 11112)


# -- a door that moves, and one that is only out of sight --------------------------------------------------------


def test_a_public_port_that_leads_elsewhere_ends_the_first_story_and_begins_another():
    """Two doors, one after the other."""
    practice = proved()
    practice.check(exposure(port=11112), at=0, heard=4242)
    practice.see(HOUR + 3)
    practice.check(exposure(port=11112), at=HOUR, heard=3389)

    assert practice.open_doors() == [(IMAGING_MAC, 3389, Level.ALARM, IncidentState.OPEN)]


def test_a_named_door_stays_named_when_the_mirror_goes_blind():
    """Its knock is no longer seen, and it is as open as before: the same story, no less grave."""
    practice = proved()
    practice.check(exposure(port=50_000), at=0, heard=4242)
    practice.see(HOUR + 3, carrier=False)
    practice.check(exposure(port=50_000), at=HOUR)

    assert practice.open_doors() == [NAMED]


@pytest.mark.parametrize("proof", [HOUR + 3, 0])
def test_a_named_door_whose_knock_was_missed_stays_named(proof):
    """Only another machine, or a proof of closing, ends its story."""
    practice = proved()
    practice.check(exposure(port=11112), at=0, heard=4242)
    practice.see(HOUR + 3, proof=proof)
    practice.check(exposure(port=11112), at=HOUR)

    assert practice.open_doors() == [NAMED]


def test_a_door_with_two_public_ports_is_open_while_one_of_them_is():
    """Closing one closes nothing; closing both ends the story."""
    practice = proved()
    practice.check(exposure(port=11112), exposure(port=104), at=0, heard=4242)
    practice.alive(HOUR)
    practice.check(exposure(port=11112), exposure(port=104, reach=Reach.CLOSED), at=HOUR)
    assert practice.open_doors() == [NAMED]

    practice.alive(2 * HOUR)
    practice.check(exposure(port=11112, reach=Reach.CLOSED), exposure(port=104, reach=Reach.CLOSED), at=2 * HOUR)

    assert practice.open_doors() == []


# -- shut --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("reach", [Reach.CLOSED, Reach.FILTERED, Reach.UNREACHABLE])
@pytest.mark.parametrize(
    ("seen", "state"),
    [
        (HOUR, None),
        (HOUR + 5 - AWAKE, None),
        (HOUR + 4 - AWAKE, IncidentState.DORMANT),
        (None, IncidentState.DORMANT),
    ],
)
def test_a_door_is_closed_only_when_its_machine_is_alive(reach, seen, state):
    """Seen at the check, within what a sighting may be late: closed. Otherwise dormant, and as red as before."""
    practice = proved()
    practice.check(exposure(port=11112), at=0, heard=4242)
    if seen is not None:
        practice.alive(seen)
    (found,) = practice.check(exposure(port=11112, reach=reach), at=HOUR)

    assert (found.code, found.ends) == ((Code.DOOR_DORMANT, False) if state else (Code.DOOR_CLOSED, True))
    assert practice.open_doors() == ([(IMAGING_MAC, 4242, Level.ALARM, state)] if state else [])


def test_a_refusal_seen_inside_is_living_proof():
    """The machine itself said no to our knock."""
    practice = proved()
    practice.check(exposure(port=11112), at=0, heard=4242)
    practice.check(exposure(port=11112, reach=Reach.CLOSED), at=HOUR, heard=4242, state=ConnectionState.REFUSED)

    assert practice.open_doors() == []


def test_a_router_that_cannot_find_the_machine_proves_that_it_sleeps():
    """« No such host » for a machine that somebody saw a minute ago: it has just been switched off."""
    practice = proved()
    practice.check(exposure(port=11112), at=0, heard=4242)
    practice.alive(HOUR)
    practice.check(exposure(port=11112, reach=Reach.UNREACHABLE, why=Why.ICMP_HOST), at=HOUR)

    assert practice.open_doors() == [(IMAGING_MAC, 4242, Level.ALARM, IncidentState.DORMANT)]


@pytest.mark.parametrize("reach", [Reach.UNTESTED, Reach.UNKNOWN])
def test_what_was_not_tested_closes_nothing(reach):
    """Not even dormant: nothing was learnt."""
    practice = proved()
    practice.check(exposure(port=11112), at=0, heard=4242)
    practice.alive(HOUR)

    assert practice.check(exposure(port=11112, reach=reach), at=HOUR) == []
    assert practice.open_doors() == [NAMED]


def test_a_dormant_door_wakes_with_its_machine():
    """Open again the next morning: the same story."""
    practice = proved()
    practice.check(exposure(port=11112), at=0, heard=4242)
    practice.check(exposure(port=11112, reach=Reach.FILTERED), at=HOUR)
    practice.see(2 * HOUR + 3)
    practice.check(exposure(port=11112), at=2 * HOUR, heard=4242)

    assert practice.open_doors() == [NAMED]


def look(practice: Practice, *mappings: Mapping, at: float, how: Reading = Reading.READ) -> None:
    """The box tells what it forwards."""
    practice._take(practice.judge.box.take(reading(*mappings, at=moment(at), reading=how)))


def door_states(practice: Practice) -> list[IncidentState]:
    return [each.state for each in practice.casebook.told() if each.story.kind is StoryKind.DOOR]


@pytest.mark.parametrize(
    ("how", "states"),
    [(Reading.READ, []), (Reading.PARTLY, [IncidentState.DORMANT]), (Reading.SILENT, [IncidentState.DORMANT])],
)
def test_a_door_whose_mapping_is_gone_is_closed_though_its_machine_sleeps(how, states):
    """Listed before, missing from a list read to its end, and found not open: nothing leads there any more."""
    practice = proved()
    practice.check(exposure(port=11112), at=0, heard=4242)
    look(practice, mapping(11112), at=45)
    look(practice, at=90, how=how)

    practice.check(exposure(port=11112, reach=Reach.FILTERED), at=3600)

    assert door_states(practice) == states


def test_a_dormant_door_is_closed_once_its_mapping_is_gone():
    practice = proved()
    look(practice, mapping(11112), at=0)
    practice.check(exposure(port=11112), at=1, heard=4242)
    practice.check(exposure(port=11112, reach=Reach.FILTERED), at=3600)
    assert door_states(practice) == [IncidentState.DORMANT]
    look(practice, at=3645)

    practice.check(exposure(port=11112, reach=Reach.FILTERED), at=7200)

    assert door_states(practice) == []


def test_a_mapping_that_was_never_listed_proves_nothing_by_its_absence():
    """A forward made by hand does not show."""
    practice = proved()
    practice.check(exposure(port=11112), at=0, heard=4242)
    look(practice, at=45)

    practice.check(exposure(port=11112, reach=Reach.FILTERED), at=3600)

    assert door_states(practice) == [IncidentState.DORMANT]


def test_a_router_that_looks_for_the_machine_still_forwards_whatever_its_list_says():
    practice = proved()
    look(practice, mapping(11112), at=0)
    practice.check(exposure(port=11112), at=1, heard=4242)
    look(practice, at=45)

    asleep = exposure(port=11112, reach=Reach.UNREACHABLE, why=Why.ICMP_HOST, took=3.1)
    practice.check(asleep, at=3600)

    assert door_states(practice) == [IncidentState.DORMANT]


def test_an_open_door_is_open_whatever_the_box_lists():
    practice = proved()
    look(practice, mapping(11112), at=0)
    practice.check(exposure(port=11112), at=1, heard=4242)
    look(practice, at=45)

    practice.check(exposure(port=11112), at=3600, heard=4242)

    assert door_states(practice) == [IncidentState.OPEN]


def test_a_week_of_checks_that_find_it_shut_ends_a_door_nobody_can_prove():
    """A machine that was sold, or a view that never named it: seven days, at least a check a day."""
    practice = limited()
    practice.check(exposure(port=11112), at=0)
    assert practice.open_doors() == [UNNAMED]
    for day in range(1, 8):
        practice.check(exposure(port=11112, reach=Reach.FILTERED), at=day * DAY)
        assert practice.open_doors() == [(*UNNAMED[:3], IncidentState.DORMANT)]

    practice.check(exposure(port=11112, reach=Reach.FILTERED), at=8 * DAY)

    assert practice.open_doors() == []


def test_a_week_without_checks_ends_nothing():
    """The echo was away: that is blindness, and an alarm outlives it."""
    practice = limited()
    practice.check(exposure(port=11112), at=0)
    for at in (DAY, 12 * DAY, 12 * DAY + HOUR):
        practice.check(exposure(port=11112, reach=Reach.FILTERED), at=at)

    assert practice.open_doors() == [(*UNNAMED[:3], IncidentState.DORMANT)]


def test_a_door_that_opens_within_the_week_begins_the_week_anew():
    """Six days shut, a day open: nothing is given up."""
    practice = limited()
    for at, reach in ((0, Reach.OPEN), (DAY, Reach.FILTERED), (2 * DAY, Reach.OPEN), (3 * DAY, Reach.FILTERED)):
        practice.check(exposure(port=11112, reach=reach), at=at)
    for day in range(4, 10):
        practice.check(exposure(port=11112, reach=Reach.FILTERED), at=day * DAY)

    assert practice.open_doors() == [(*UNNAMED[:3], IncidentState.DORMANT)]


def test_a_refusal_closes_a_door_that_was_never_named():
    """A machine that sleeps refuses nothing: somebody is there, and says no."""
    practice = limited()
    practice.check(exposure(port=11112), at=0)
    practice.check(exposure(port=11112, reach=Reach.CLOSED), at=HOUR)

    assert practice.open_doors() == []


def test_a_port_of_the_box_is_closed_as_soon_as_it_is_shut():
    """The box is alive: the check passed through it."""
    practice = proved()
    practice.check(exposure(port=8080), at=0)
    practice.check(exposure(port=8080, reach=Reach.FILTERED), at=HOUR)

    assert practice.open_doors() == []


# -- a forward to a machine that sleeps --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("why", "took", "told"),
    [
        (Why.ICMP_HOST, SLEEPING.total_seconds(), True),
        (Why.ICMP_HOST, SLEEPING.total_seconds() - 0.001, False),
        (Why.ICMP_NET, 3.0, False),
        (Why.TIMEOUT, 4.0, False),
    ],
)
def test_a_late_no_such_host_betrays_a_door_to_a_machine_that_is_off(why, took, told):
    """The router looked for it first: there is a rule. At once, there is none."""
    found = sleeping(exposure(reach=Reach.UNREACHABLE, why=why, took=took))

    assert (found is not None) is told
    if found:
        assert (found.code, found.level) == (Code.DOOR_DORMANT, Level.ATTENTION)


def test_a_sleeping_door_is_told_once_and_named_when_it_wakes():
    """One story a door, not one a night."""
    practice = proved()
    for hour in range(3):
        practice.check(exposure(port=11112, reach=Reach.UNREACHABLE, why=Why.ICMP_HOST, took=3), at=hour * HOUR)
    assert practice.open_doors() == [(str(PUBLIC), 11112, Level.ATTENTION, IncidentState.DORMANT)]

    practice.see(4 * HOUR + 3)
    practice.check(exposure(port=11112), at=4 * HOUR, heard=4242)

    assert practice.open_doors() == [NAMED]


# -- whom it serves ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("app", "serves"),
    [
        (None, False),
        (Application(kind=Kind.DICOM, answer=Answer.ACCEPTED), True),
        (Application(kind=Kind.DICOM, answer=Answer.REJECTED), False),
        (Application(kind=Kind.DICOM), False),
        (Application(kind=Kind.HTTP, product="orthanc", status=200, auth=Auth.NONE), True),
        (Application(kind=Kind.HTTP, product="orthanc", status=401, auth=Auth.BASIC), False),
        (Application(kind=Kind.HTTP, product="orthanc", status=302, auth=Auth.NONE), False),
        (Application(kind=Kind.HTTP, product="synology", status=200, auth=Auth.NONE), False),  # a form asks there
    ],
)
def test_a_service_that_asks_nobody_who_he_is_is_told_as_such(app, serves):
    """Anybody may have read its images, so the 72 hours run (GDPR art. 33); what was learnt once stays known."""
    practice = proved()
    practice.check(exposure(port=11112, app=app), at=0, heard=4242)
    practice.check(exposure(port=11112), at=3600, heard=4242)
    (told,) = (each for each in practice.casebook.told() if each.story.kind is StoryKind.DOOR)

    assert told.asks_nobody is serves


# -- declared and accepted doors ---------------------------------------------------------------------------------


def accepted(**about: object) -> Accepted:
    facts: dict[str, object] = {
        "machine": IMAGING_MAC,
        "port": 4242,
        "source": None,
        "until": datetime(2027, 1, 1, tzinfo=UTC),
        **about,
    }
    return Accepted(**facts)


def test_a_declared_door_is_no_story():
    """The VPN of the technician is meant to be open."""
    assert proved(expect_open=frozenset({1194})).check(exposure(port=1194), at=0, heard=1194) == []
    assert limited_with(expect_open=frozenset({1194})).check(exposure(port=1194), at=0) == []


def limited_with(**terms: object) -> Practice:
    practice = Practice(view=View.LIMITED, **terms)
    practice.see(3)
    return practice


def test_a_declared_port_that_leads_to_a_red_door_is_an_alarm():
    """1194 was said to be the VPN; somebody made it lead to the imaging server."""
    practice = proved(expect_open=frozenset({1194}))

    practice.check(exposure(port=1194), at=0, heard=4242)

    assert practice.open_doors() == [NAMED]


def test_an_accepted_door_is_no_story_and_only_where_it_was_accepted():
    """Machine and inside port, as the mirror names them."""
    assert proved(accepted=(accepted(),)).check(exposure(port=11112), at=0, heard=4242) == []
    assert proved(accepted=(accepted(port=80),)).check(exposure(port=11112), at=0, heard=4242) != []
    assert (
        proved(accepted=(accepted(until=datetime(2026, 1, 1, tzinfo=UTC)),)).check(exposure(), at=0, heard=4242)
        != []
    )


def test_a_door_accepted_after_it_was_found_ends_its_story():
    """It is open, and it is no longer a question."""
    before = proved()
    before.check(exposure(port=11112), at=0, heard=4242)
    after = proved(accepted=(accepted(),))
    after.casebook = Casebook(before.casebook.told())
    after.judge.remember(before.casebook.told())
    after.check(exposure(port=11112), at=10, heard=4242)

    assert after.open_doors() == []


# -- after a restart ---------------------------------------------------------------------------------------------


def test_known_doors_are_remembered_from_the_store():
    """A door that is shut after a restart is closed with proof, as it would have been before it."""
    practice = proved()
    known = incident(outside_port=11112, at=moment(-HOUR))
    practice.judge.remember([known])
    practice.casebook = Casebook([known], 2)
    practice.alive(0)

    practice.check(exposure(port=11112, reach=Reach.CLOSED), at=0)

    assert practice.open_doors() == []


def test_a_closed_door_is_not_remembered_as_a_door():
    """What is over has no public port any more."""
    practice = proved()
    practice.judge.remember([incident(outside_port=11112, state=IncidentState.CLOSED)])

    assert practice.check(exposure(port=11112, reach=Reach.CLOSED), at=0) == []


# -- the IPv6 door test ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("reach", "ends"), [(Reach.OPEN, False), (Reach.FILTERED, True), (Reach.CLOSED, True), (Reach.UNTESTED, None)]
)
def test_our_own_listener_reached_over_ipv6_says_that_the_box_lets_everybody_in(reach, ends):
    """It is no door of a machine: attention for the whole network, until the box is shut."""
    found = proved().check(exposure(port=DOOR_TEST_PORT, reach=reach, family=6), at=0, family=6)

    assert [(each.code, each.level, each.ends) for each in found] == (
        [] if ends is None else [(Code.IPV6_LETS_IN, Level.ATTENTION, ends)]
    )


def test_a_failed_check_says_nothing_of_decoys():
    """A control that failed proves neither the one nor the other."""
    practice = proved()

    assert list(practice.judge.outcome(outcome(Outcome.NOT_PROVED, tested=3, ahead=None))) == []
