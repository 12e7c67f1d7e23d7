"""Section 3 of the design, table by table: the ladder, the red doors, the networks, what calm needs, what wins."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from ipaddress import ip_address, ip_network

import pytest

from sentinel.judgement import conditions, doors, visits
from sentinel.judgement.conditions import condition
from sentinel.judgement.judge import Judge, Terms
from sentinel.judgement.knocks import Heard
from sentinel.judgement.outlook import Outlook, Proof
from sentinel.judgement.verdict import weigh
from sentinel.judgement.visits import Seen, Thresholds
from sentinel.model.connection import Association, ConnectionState, DicomService
from sentinel.model.declared import View
from sentinel.model.exposure import Application, Kind, Outcome, PortList
from sentinel.model.finding import Code, Finding, Grade, Level, Story, StoryKind
from sentinel.model.passing import Part
from sentinel.model.standing import Standing
from sentinel.model.verdict import Assurance, Reason
from sentinel.services import Alarm, alarm, known_ports, nature
from tests.builders import (
    IMAGING,
    IMAGING_MAC,
    STRANGER,
    connection,
    dicom,
    exposure,
    incident,
    knock,
    knock_heard,
    moment,
    networks,
    outcome,
)

PORTS = (*known_ports(), 31_337)
"""Every TCP row of `imaging_ports.csv`, and a port it does not know."""
SEEN = Seen(new=True, grown=0)


# -- the ladder of evidence --------------------------------------------------------------------------------------


def test_the_rungs_stand_in_the_designs_order():
    """With one between `refused` and `reachable`: a door that answered a scanner."""
    rungs = [grade.word for grade in sorted(Grade)]

    assert rungs == [
        "scanned",
        "refused",
        "answered",
        "reachable",
        "connected",
        "associated",
        "queried",
        "images_left",
    ]


FIND, STORE = (DicomService.FIND,), (DicomService.STORE,)
LADDER = [
    (ConnectionState.ATTEMPTED, None, 0, Grade.SCANNED),
    (ConnectionState.REFUSED, None, 0, Grade.REFUSED),
    (ConnectionState.ANSWERED, None, 0, Grade.ANSWERED),
    (ConnectionState.CONNECTED, None, 0, Grade.CONNECTED),
    (ConnectionState.CLOSED, None, 99_000_000, Grade.CONNECTED),  # bytes alone are no images
    (ConnectionState.CONNECTED, dicom(Association.PROPOSED, FIND), 0, Grade.CONNECTED),
    (ConnectionState.CONNECTED, dicom(Association.REJECTED, FIND), 0, Grade.CONNECTED),
    (ConnectionState.CONNECTED, dicom(), 0, Grade.ASSOCIATED),
    (ConnectionState.CLOSED, dicom(services=STORE), 0, Grade.ASSOCIATED),
    (ConnectionState.CONNECTED, dicom(services=FIND), 0, Grade.QUERIED),
    (ConnectionState.CLOSED, dicom(services=FIND), 1_000_001, Grade.IMAGES_LEFT),
]


@pytest.mark.parametrize("source", [STRANGER, ip_address("162.142.125.9")])
@pytest.mark.parametrize(("state", "association", "out", "grade"), LADDER)
def test_what_happened_is_the_grade_and_who_came_is_not(source, state, association, out, grade):
    """A known scanner climbs the same rungs: in Python and out of the box, its grade is a stranger's."""
    visit = connection(source=source, state=state, dicom=association, bytes_in=500, bytes_out=out)

    assert visits.grade(visit, Thresholds()) is grade


# -- which open doors are red ------------------------------------------------------------------------------------


RED = {
    Alarm.OPEN: (Level.ALARM, Level.ALARM),
    Alarm.IDENTIFIED: (Level.ATTENTION, Level.ATTENTION),
    Alarm.ATTENTION: (Level.ATTENTION, Level.ATTENTION),
}
"""By column `alarm`: proved open by the echo; an outsider connected."""


@pytest.mark.parametrize("port", PORTS)
def test_every_port_of_the_table_is_as_red_as_its_column_says(port):
    """Open at the echo, a visitor, a scanner, a knock in vain: each row, and the port no row knows."""
    reachable, connected = RED[alarm(port)]
    heard = Heard(machine=IMAGING, mac=IMAGING_MAC, port=port, state=ConnectionState.ANSWERED)

    assert doors.opened(exposure(port=9), heard, mirrored=True).level is reachable
    assert doors.opened(exposure(port=port), None, mirrored=False).level is reachable
    assert visits.level(Grade.CONNECTED, port, dicom=False) is connected
    assert visits.level(Grade.ANSWERED, port, dicom=False) is Level.ATTENTION
    assert {visits.level(grade, port, dicom=False) for grade in (Grade.SCANNED, Grade.REFUSED)} == {Level.NOTE}


@pytest.mark.parametrize("port", PORTS)
def test_imaging_seen_on_any_port_is_red(port):
    """Recognised by the echo's question, or on the wire."""
    leads_to = nature(Application(kind=Kind.DICOM))
    visit = connection(target_port=port, dicom=dicom(Association.REJECTED))

    assert doors.opened(exposure(port=port), None, mirrored=False, nature=leads_to).level is Level.ALARM
    assert visits.stranger_at_a_door(visit, Grade.CONNECTED, SEEN).level is Level.ALARM


@pytest.mark.parametrize(
    ("app", "level"),
    [
        (None, Level.ATTENTION),
        (Application(kind=Kind.TLS), Level.ATTENTION),
        (Application(kind=Kind.HTTP), Level.ATTENTION),
        *((Application(kind=Kind.HTTP, product=each), Level.ATTENTION) for each in ("hikvision", "livebox")),
        *(
            (Application(kind=Kind.HTTP, product=each), Level.ALARM)
            for each in ("orthanc", "synology", "guacamole")
        ),
        *((Application(kind=each), Level.ALARM) for each in (Kind.DICOM, Kind.RDP, Kind.VNC, Kind.SMB)),
    ],
)
def test_a_web_port_is_red_once_it_is_identified(app, level):
    """As imaging, as storage, as somebody's screen; else « page web non identifiée »."""
    finding = doors.opened(exposure(port=443), None, mirrored=False, nature=nature(app))

    assert finding.level is level
    assert (finding.code is Code.WEB_UNIDENTIFIED) is (level is Level.ATTENTION)


# -- inside, outside, private ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("source", "standing"),
    [
        ("203.0.113.7", Standing.STRANGER),
        ("2001:db8:bad::7", Standing.STRANGER),
        ("192.168.1.70", Standing.INSIDE),  # connected
        ("2001:db8:1::70", Standing.INSIDE),
        ("192.168.2.70", Standing.PRIVATE),  # RFC 1918 beyond the connected and declared ones
        ("10.8.0.2", Standing.PRIVATE),
        ("172.20.0.2", Standing.PRIVATE),
        ("100.64.0.2", Standing.PRIVATE),
        ("fd00::2", Standing.PRIVATE),
        ("192.168.1.1", Standing.BOX),
        ("10.9.0.2", Standing.BOX),  # our own knock came with that very source
    ],
)
def test_a_source_is_who_its_address_and_our_own_knocks_make_it(source, standing):
    """Asked once where it is private, a stranger where a NAT hides strangers."""
    here = networks(box=(ip_address("192.168.1.1"),))

    assert visits.whose(ip_address(source), here, {ip_address("10.9.0.2")}) is standing


def test_a_private_source_is_a_stranger_once_our_knock_came_with_it():
    """The guard of the rule above, with real facts."""
    judge = Judge(networks(), Terms(known=(ip_network("10.9.0.0/24"),)), moment())
    visit = connection(source=ip_address("10.9.0.2"), serial=5)
    assert judge.standing(visit) is Standing.KNOWN_NETWORK

    judge.knock(knock())
    judge.standing(knock_heard(seen_from=ip_address("10.9.0.2")))

    assert judge.standing(visit) is Standing.BOX


# -- what calm needs, and what wins ------------------------------------------------------------------------------


def proof(hours: float, **more: object) -> Proof:
    return Proof(asked=moment(-3600 * hours), doors=48, **{"decoys_open": False, **more})


def outlook(full: float = 1, hourly: float = 1, **more: object) -> Outlook:
    """One honest echo, so many hours ago; the sentinel has run for a day."""
    kept = {("echo", 4, PortList.FULL): proof(full), ("echo", 4, PortList.HOURLY): proof(hourly)}
    return Outlook(**{"started": moment(-86_400), "view": View.MIRROR, "echo": True, "proofs": kept, **more})


def stories(*findings: Finding) -> list:
    """As the casebook would keep them."""
    return [
        incident(n, story=each.story, code=each.code, level=each.level, grade=each.grade)
        for n, each in enumerate(findings, 1)
    ]


def weak(code: Code) -> Finding:
    story = Story(kind=StoryKind.WEAK_POINT, about=f"{IMAGING_MAC} {code.value}")
    return Finding(code=code, story=story, level=Level.ATTENTION, at=moment())


def red(grade: Grade = Grade.CONNECTED) -> Finding:
    return visits.stranger_at_a_door(connection(), grade, SEEN)


def blind(code: Code) -> Finding:
    return condition(code, moment(), holds=True)


MISSING: dict[str, tuple[Callable[[], Outlook], list[Finding], Level]] = {
    "nothing": (outlook, [], Level.CALM),
    "a full list within 12 hours": (lambda: outlook(full=12.1), [], Level.UNSURE),
    "the hourly list within 3 hours": (lambda: outlook(full=4, hourly=3.1), [], Level.ATTENTION),
    "an echo": (lambda: outlook(echo=False), [], Level.UNSURE),
    "any check": (lambda: outlook(proofs={}), [], Level.UNSURE),
    "decoys that are shut": (
        lambda: outlook(proofs={("echo", 4, PortList.FULL): proof(1, decoys_open=True)}),
        [],
        Level.ATTENTION,
    ),
    "the other family": (lambda: outlook(families=(4, 6)), [], Level.UNSURE),
    "the view": (outlook, [blind(Code.VIEW_LOST)], Level.UNSURE),
    "a proved view": (outlook, [blind(Code.VIEW_UNPROVED)], Level.UNSURE),
    "the capture": (outlook, [blind(Code.CAPTURE_LOST)], Level.UNSURE),
    "a trusted clock": (outlook, [blind(Code.CLOCK_WRONG)], Level.UNSURE),
    "a store": (outlook, [blind(conditions.PARTS[Part.STORE])], Level.UNSURE),
    "a lamp": (outlook, [blind(conditions.PARTS[Part.LAMP])], Level.UNSURE),
    "an echo that agrees with the mirror": (outlook, [blind(Code.ECHO_CONTRADICTED)], Level.UNSURE),
    "its own line": (outlook, [blind(Code.BACKUP_LINE)], Level.UNSURE),
    "everything in its place": (outlook, [weak(Code.NOT_WATCHED)], Level.ATTENTION),
    "secrets on the way": (outlook, [weak(Code.DICOM_IN_CLEAR)], Level.ATTENTION),
    "an answered door": (outlook, [red(Grade.ANSWERED)], Level.ATTENTION),
    "a stranger who stayed out": (outlook, [red()], Level.ALARM),
}


@pytest.mark.parametrize(("known", "told", "level"), MISSING.values(), ids=MISSING.keys())
def test_calm_is_what_remains_when_nothing_is_missing(known, told, level):
    """Take one thing away, and it is another colour."""
    assert weigh(stories(*told), known(), moment()).level is level


RANKED = [
    ([weak(Code.NOT_WATCHED)], Level.ATTENTION),
    ([weak(Code.NOT_WATCHED), blind(Code.VIEW_LOST)], Level.UNSURE),
    ([weak(Code.NOT_WATCHED), blind(Code.VIEW_LOST), red()], Level.ALARM),
    ([red(), blind(Code.CLOCK_WRONG), blind(Code.CAPTURE_LOST)], Level.ALARM),
]


@pytest.mark.parametrize(("full", "hourly"), [(1, 1), (4, 3.5), (13, 13)])
def test_a_backup_line_explains_what_cannot_be_checked_and_hides_nothing_else(full, hourly):
    """However old the proofs have become: blue, for one reason; a stranger inside is as red as ever."""
    line, seen = blind(Code.BACKUP_LINE), weigh(stories(blind(Code.BACKUP_LINE)), outlook(full, hourly), moment())

    assert (seen.level, [each.code for each in seen.reasons]) == (Level.UNSURE, [Code.BACKUP_LINE])
    assert not seen.fresh["outside"]
    assert weigh(stories(line, red()), outlook(full, hourly), moment()).level is Level.ALARM
    assert Code.VIEW_LOST in {
        each.code for each in weigh(stories(line, blind(Code.VIEW_LOST)), outlook(), moment()).reasons
    }


def test_an_exception_that_is_too_broad_is_yellow():
    """Whatever else was proved: a red door is open to everybody because somebody said so."""
    broad = Reason(code=Code.EXPECTED_BROAD, level=Level.ATTENTION, since=moment())

    assert weigh([], outlook(), moment(), [broad]).level is Level.ATTENTION


@pytest.mark.parametrize(("told", "level"), RANKED)
def test_alarm_is_before_unsure_before_attention_and_all_are_told(told, level):
    """Blindness ends no alarm; and the page shows everything that applies."""
    verdict = weigh(stories(*told), outlook(), moment())

    assert verdict.level is level
    assert {reason.code for reason in verdict.reasons} == {each.code for each in told}
    assert [reason.level for reason in verdict.reasons] == sorted((each.level for each in told), reverse=True)


def test_a_weak_point_somebody_wants_so_is_no_colour_and_stays_in_the_book():
    """Who said so, and why, is in its timeline."""
    [story] = stories(weak(Code.NOT_WATCHED))

    assert weigh([replace(story, false_alarm=moment())], outlook(), moment()).level is Level.CALM
    assert weigh([replace(story, read=moment())], outlook(), moment()).level is Level.ATTENTION


ASSURANCE = [
    ({("one", 4, PortList.FULL): proof(1)}, Assurance.B),
    ({("one", 4, PortList.FULL): proof(1, control=True)}, Assurance.A),
    ({("one", 4, PortList.FULL): proof(1), ("two", 4, PortList.FULL): proof(2)}, Assurance.A),
    (
        {("one", 4, PortList.FULL): proof(1, opened=frozenset({9})), ("two", 4, PortList.FULL): proof(2)},
        Assurance.B,
    ),
    ({("one", 4, PortList.FULL): proof(1, decoys_open=True), ("two", 4, PortList.FULL): proof(2)}, Assurance.C),
    ({("one", 4, PortList.FULL): proof(1, is_ours=False)}, Assurance.C),
    ({("one", 4, PortList.FULL): proof(1, control=True, whole=False)}, Assurance.B),
    ({("one", 4, PortList.HOURLY): proof(1)}, Assurance.NONE),
    ({}, Assurance.NONE),
]


@pytest.mark.parametrize(("proofs", "assurance"), ASSURANCE)
def test_how_much_stands_behind_nothing_open(proofs, assurance):
    """A: two that agree, or one with a positive control. B: one. C: less. A shared address is never A."""
    assert outlook(proofs=proofs).assurance(moment()) is assurance


def test_a_failure_of_any_kind_is_no_proof():
    """Only a check that ended as it should, or an address that is nobody's to ask about, counts."""
    nothing = outlook(proofs={})
    for result in Outcome:
        known = nothing.learn(outcome(result, at=moment(-60)))
        proved = result in (Outcome.CHECKED, Outcome.NOT_OURS)
        assert (known.complete(4) is not None) is proved
        assert known.assurance(moment() if proved else moment(timedelta(days=1).total_seconds())) in (
            (Assurance.B, Assurance.C) if proved else (Assurance.NONE,)
        )
