"""The judge: what must be remembered between facts, so that each is told once and nothing is excused wrongly."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address, ip_network

import pytest

from sentinel.judgement.expected import Accepted
from sentinel.judgement.judge import Judge, Terms
from sentinel.judgement.merging import came_in
from sentinel.model.connection import Association, Attempts, Connection, ConnectionState, DicomService
from sentinel.model.exposure import PortList, Reach
from sentinel.model.finding import Code, Finding, Grade, Level, StoryKind
from sentinel.model.passing import NetworkAnswer
from sentinel.model.standing import Standing
from tests.builders import (
    IMAGING_MAC,
    attempts,
    connection,
    dicom,
    exposure,
    knock,
    knock_heard,
    moment,
    outcome,
    sighting,
)
from tests.builders import networks as practice

BOX = ip_address("192.168.1.1")
TUNNEL = ip_address("10.8.0.9")


def judge(**terms: object) -> Judge:
    """A judge of the practice, whose box stands at its usual address."""
    return Judge(practice(box=(BOX,)), Terms(**terms), moment())


def told(by: Judge, fact: Connection | Attempts) -> list[Finding]:
    """What the judge finds, as the street asks."""
    if isinstance(fact, Attempts):
        return list(by.attempts(fact))
    return list(by.connection(fact, by.standing(fact)))


def accepted(**about: object) -> Accepted:
    facts: dict[str, object] = {
        "machine": IMAGING_MAC,
        "port": 4242,
        "source": None,
        "until": datetime(2027, 1, 1, tzinfo=UTC),
    }
    return Accepted(**{**facts, **about})


# -- who came ----------------------------------------------------------------------------------------------------


def test_a_connection_within_the_practice_is_nobodys_visit():
    """Recorded when it is imaging, and never an incident."""
    by = judge()
    inner = replace(connection(source=ip_address("192.168.1.67"), dicom=dicom()), direction="internal")

    assert by.standing(inner) is Standing.INSIDE
    assert told(by, inner) == []


def test_whoever_hides_behind_the_box_counts_as_a_stranger():
    """The box shows its own address: it could be anybody."""
    by = judge()
    visit = connection(source=BOX)

    assert by.standing(visit) is Standing.BOX
    assert [(each.code, each.level) for each in told(by, visit)] == [(Code.STRANGER_CONNECTED, Level.ALARM)]


def test_an_expected_visitor_is_a_row_and_no_incident():
    """Whatever they do there; in clear it is a weak point, told once an association."""
    by = judge(accepted=(accepted(source=ip_network("203.0.113.0/24")),))
    visit, images = connection(), connection(serial=2, dicom=dicom())

    assert by.standing(images) is Standing.EXPECTED
    assert told(by, visit) == []
    assert [each.code for each in told(by, images)] == [Code.DICOM_IN_CLEAR]
    assert told(by, replace(images, bytes_out=9_000_000)) == []
    by.forget_run()
    assert len(told(by, images)) == 1  # another run's second connection
    assert by.standing(connection(source=ip_address("198.51.100.9"))) is Standing.STRANGER


def test_our_own_knock_is_no_visitor_and_its_neighbour_is():
    """The very address of the echo, from another source port."""
    by = judge()
    list(by.knock(knock()))

    assert by.standing(knock_heard()) is Standing.OWN_CHECK
    assert told(by, knock_heard()) == []
    assert by.standing(knock_heard(source_port=50_002)) is Standing.STRANGER


def test_behind_a_nat_that_hid_our_knock_everybody_is_a_stranger():
    """The same private address that carried the knock may carry anybody."""
    by = judge()
    list(by.knock(knock()))
    hidden = replace(knock_heard(), source=TUNNEL)

    assert by.standing(hidden) is Standing.OWN_CHECK
    assert by.standing(connection(serial=2, source=TUNNEL)) is Standing.BOX
    assert [each.level for each in told(by, connection(serial=2, source=TUNNEL))] == [Level.ALARM]


def test_the_same_calling_title_from_outside_is_an_incident():
    """A title is a name anyone can take: only the source says who came."""
    by = judge()
    inner = replace(connection(source=ip_address("192.168.1.67"), dicom=dicom()), direction="internal")
    outer = connection(serial=2, dicom=dicom())

    assert told(by, inner) == []
    assert [each.code for each in told(by, outer)] == [Code.STRANGER_ASSOCIATED]


# -- private networks --------------------------------------------------------------------------------------------


def test_a_private_network_is_asked_about_by_its_network_and_not_by_its_machines():
    """Two clients of one VPN are one question."""
    by = judge()
    stories = {
        each.story
        for serial, last in enumerate((8, 9))
        for each in told(by, connection(serial=serial, source=ip_address(f"10.8.0.{last}")))
    }

    assert [(each.kind, each.about) for each in stories] == [(StoryKind.NETWORK, "10.8.0.0/24")]


@pytest.mark.parametrize("state", [ConnectionState.ATTEMPTED, ConnectionState.REFUSED])
def test_a_private_network_that_knocks_in_vain_asks_nothing(state):
    """Nothing answered, so there is nothing to allow."""
    assert told(judge(), connection(source=TUNNEL, state=state)) == []


def test_a_private_network_that_is_known_is_not_asked_about_again():
    """Declared in the file, or recognised by somebody."""
    declared = judge(known=(ip_network("10.8.0.0/16"),))
    recognised = judge()
    list(recognised.answer(NetworkAnswer(network="10.8.0.0/24", ours=True, who="Anne", at=moment())))

    for by in (declared, recognised):
        assert by.standing(connection(source=TUNNEL)) is Standing.KNOWN_NETWORK
        assert told(by, connection(source=TUNNEL)) == []


def test_a_private_network_can_be_disowned_again():
    """Somebody changed their mind, or was wrong."""
    by = judge()
    for ours in (True, False):
        list(by.answer(NetworkAnswer(network="10.8.0.0/24", ours=ours, who="Anne", at=moment())))

    assert by.standing(connection(source=TUNNEL)) is Standing.PRIVATE


# -- told once, and again when it climbs -------------------------------------------------------------------------


def test_a_connection_told_again_is_counted_once_and_told_when_it_climbs():
    """Answered, connected, associated: one visitor who came three rungs far."""
    by = judge()
    steps = [
        connection(state=ConnectionState.ANSWERED),
        connection(state=ConnectionState.CONNECTED),
        connection(state=ConnectionState.CONNECTED),
        connection(state=ConnectionState.CONNECTED, dicom=dicom()),
    ]

    findings = [each for step in steps for each in told(by, step)]

    assert [each.grade for each in findings] == [Grade.ANSWERED, Grade.CONNECTED, Grade.ASSOCIATED]
    assert [each.count for each in findings] == [1, 0, 0]


def test_bytes_that_leave_after_the_visit_was_told_are_told_too():
    """How much was taken is known at the end: the story must not stay at nothing."""
    by = judge()
    told(by, connection(bytes_out=0, dicom=dicom()))

    later = told(by, connection(state=ConnectionState.CLOSED, bytes_out=900_000, dicom=dicom()))
    last = told(by, connection(state=ConnectionState.CLOSED, bytes_out=900_000, dicom=dicom()))

    assert [(each.bytes_out, each.count) for each in later] == [(900_000, 0)]
    assert last == []


def test_images_that_go_on_leaving_are_told_as_they_grow():
    """A megabyte was the threshold, not the end."""
    by = judge()
    sizes = [2_000_000, 4_000_000, 8_000_000]
    findings = [each for size in sizes for each in told(by, connection(bytes_out=size, dicom=dicom()))]

    assert [each.bytes_out for each in findings] == [2_000_000, 2_000_000, 4_000_000]
    assert {each.code for each in findings} == {Code.IMAGES_LEFT}


def test_a_new_run_of_the_capture_begins_its_serials_anew():
    """Serial 1 of today is not serial 1 of yesterday, and its sums start from nothing."""
    by = judge()
    told(by, connection())
    told(by, attempts(answered=5, connected=5))
    by.forget_run()

    assert [each.count for each in told(by, connection())] == [1]
    assert [each.count for each in told(by, attempts(answered=2, connected=2))] == [2]


# -- sums --------------------------------------------------------------------------------------------------------


def test_sums_are_judged_by_their_growth():
    """The same sum is told again and again with higher counts: what is new is what counts."""
    by = judge()
    findings = [
        [(each.grade, each.count) for each in told(by, more)]
        for more in (
            attempts(silent=300, refused=2),
            attempts(silent=300, refused=2),
            attempts(silent=301, refused=2, answered=3, connected=1),
        )
    ]

    assert findings[0] == [(Grade.SCANNED, 300), (Grade.REFUSED, 2)]
    assert findings[1] == []
    assert findings[2] == [(Grade.SCANNED, 1), (Grade.ANSWERED, 2), (Grade.CONNECTED, 1)]


def test_a_new_hour_is_a_new_sum():
    """Counts begin again at nothing."""
    by = judge()
    told(by, attempts(silent=300))
    later = replace(attempts(silent=10), hour=attempts().hour + timedelta(hours=1))

    assert [each.count for each in told(by, later)] == [10]


@pytest.mark.parametrize("source", ["203.0.113.0/24", "192.168.1.0/24"])
def test_a_client_beyond_the_rows_is_red_whoever_hides_it(source):
    """A flood fills the rows of an hour; who connects after it is still seen, also through the box."""
    findings = told(judge(), attempts(source_network=source, answered=1, connected=1))

    assert [(each.code, each.level) for each in findings] == [(Code.STRANGER_CONNECTED, Level.ALARM)]


def test_a_private_network_beyond_the_rows_is_asked_about():
    """And one that is known is not."""
    flood = attempts(source_network="10.8.0.0/24", answered=4, connected=3)

    (asked,) = told(judge(), flood)

    assert (asked.code, asked.story.about, asked.count) == (Code.PRIVATE_NETWORK, "10.8.0.0/24", 4)
    assert told(judge(known=(ip_network("10.8.0.0/16"),)), flood) == []
    assert told(judge(), attempts(source_network="10.8.0.0/24", silent=40)) == []


@pytest.mark.parametrize("everywhere", ["0.0.0.0/0", "::/0"])
def test_a_sum_from_everywhere_is_judged_as_strangers_and_names_none(everywhere):
    """Private networks may be among them, but nobody can say that strangers are not: red, without 0.0.0.0."""
    findings = told(judge(), attempts(source_network=everywhere, silent=9, answered=3, connected=2))

    assert [(each.code, each.level, each.count) for each in findings] == [
        (Code.SCANNED, Level.NOTE, 9),
        (Code.DOOR_ANSWERED, Level.ATTENTION, 1),
        (Code.STRANGER_CONNECTED, Level.ALARM, 2),
    ]
    assert {each.source for each in findings} == {None}
    assert [came_in(each) for each in findings] == [False, False, True]


def test_expected_visitors_beyond_the_rows_are_no_strangers():
    """An accepted web door may have more than a thousand visitors an hour."""
    by = judge(accepted=(accepted(),))

    assert told(by, attempts(answered=50, connected=50)) == []
    assert told(by, replace(attempts(connected=1), target_port=4243)) != []


# -- the echo's word against ours --------------------------------------------------------------------------------


def contradicted(by: Judge, check: str = "check-1", at: float = 0, **about: object) -> list[Finding]:
    """The echo denies a knock that was answered inside."""
    list(by.knock(knock(check=check, at=moment(at))))
    by.standing(knock_heard(at=moment(at + 1)))
    return list(by.exposure(exposure(check=check, reach=Reach.FILTERED, at=moment(at + 5), **about)))


def denied(findings: list[Finding]) -> list[bool]:
    return [not each.ends for each in findings if each.code is Code.ECHO_CONTRADICTED]


def test_an_echo_that_denies_what_we_saw_is_not_believed():
    """Neither open nor closed: unsure."""
    (finding,) = contradicted(judge())

    assert (finding.code, finding.level, finding.ends) == (Code.ECHO_CONTRADICTED, Level.UNSURE, False)


def test_the_contradiction_ends_with_a_check_in_which_the_same_door_agrees():
    """The check that contradicts does not end it, nor one that did not ask about the door."""
    by = judge()
    contradicted(by)
    first = list(by.outcome(outcome(at=moment(6))))
    elsewhere = list(by.exposure(exposure(check="check-2", port=104, reach=Reach.CLOSED, at=moment(3600))))
    hourly = list(by.outcome(outcome(ports=PortList.HOURLY, at=moment(3601))))
    list(by.exposure(exposure(check="check-3", reach=Reach.CLOSED, at=moment(7200))))
    last = list(by.outcome(outcome(ports=PortList.HOURLY, at=moment(7201))))

    assert denied([*first, *elsewhere, *hourly]) == []
    assert denied(last) == [False]


def test_a_full_check_without_contradiction_ends_one_that_is_only_remembered():
    """After a restart nobody knows any more which door it was."""
    by = judge()

    assert denied(list(by.outcome(outcome(at=moment(6))))) == [False]
    assert denied(list(by.outcome(outcome(ports=PortList.HOURLY, at=moment(7))))) == []


def test_what_decoys_say_of_one_family_is_not_ended_by_the_other():
    """Everything answers over IPv4; that nothing does over IPv6 is another story."""
    by = judge()
    (four,) = [f for f in by.outcome(outcome(decoys_open=True)) if f.code is Code.OPEN_ALL]
    (six,) = [f for f in by.outcome(outcome(family=6)) if f.code is Code.OPEN_ALL]

    assert (four.ends, six.ends) == (False, True)
    assert four.story != six.story


def test_a_machine_that_is_seen_often_is_remembered_longest():
    """A flood of invented machines must not push out the one whose life proves a closing."""
    by = judge()
    for number in range(25_000):
        by.sighting(sighting(moment(0), mac=f"06:{number:010x}", address=ip_address("192.168.1.200")))
        if number % 1_000 == 0:
            by.sighting(sighting(moment(0)))

    list(by.knock(knock()))
    by.standing(knock_heard())
    list(by.exposure(exposure(at=moment(50))))
    (shut,) = by.exposure(exposure(reach=Reach.FILTERED, check="check-2", at=moment(70)))

    assert shut.ends


def test_a_query_is_told_with_its_title():
    """Who called, and what for."""
    asked = replace(dicom(Association.ACCEPTED, (DicomService.FIND,)), request_size=100)

    (found,) = told(judge(), connection(bytes_in=5_000, dicom=asked))

    assert (found.grade, found.calling) == (Grade.QUERIED, "ZZSTRANGER")
