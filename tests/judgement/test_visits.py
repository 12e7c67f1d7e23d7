"""Who came, how far, and how grave that is: red only for a client that really connected, on a red door."""

from dataclasses import replace
from ipaddress import ip_address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sentinel.judgement.visits import (
    CODES,
    RELEASE,
    Seen,
    Thresholds,
    answered_network,
    grade,
    level,
    private_network,
    stranger_at_a_door,
    summed,
    whose,
)
from sentinel.model.connection import Association, ConnectionState, DicomService
from sentinel.model.finding import Code, Grade, Level, StoryKind
from sentinel.model.passing import NetworkAnswer
from sentinel.model.standing import Standing
from tests.builders import IMAGING, IMAGING6, IMAGING_MAC, STRANGER, STRANGER6, attempts, connection, dicom, moment
from tests.builders import networks as practice

LIMITS = Thresholds(images_left=1_000_000)
NEW = Seen(new=True, grown=7)
REAL = (ConnectionState.CONNECTED, ConnectionState.CLOSED)


def asked(result: Association, *services: DicomService, size: int = 200):
    return replace(dicom(result, services or (DicomService.VERIFICATION,)), request_size=size)


# -- how far -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("state", "reached"),
    [
        (ConnectionState.ATTEMPTED, Grade.SCANNED),
        (ConnectionState.REFUSED, Grade.REFUSED),
        (ConnectionState.ANSWERED, Grade.ANSWERED),
        (ConnectionState.CONNECTED, Grade.CONNECTED),
        (ConnectionState.CLOSED, Grade.CONNECTED),
    ],
)
def test_the_state_of_a_connection_is_its_grade_without_dicom(state, reached):
    """Closed was connected before."""
    assert grade(connection(state=state), LIMITS) is reached


@pytest.mark.parametrize("state", REAL)
@pytest.mark.parametrize(
    ("result", "reached"),
    [
        (Association.PROPOSED, Grade.CONNECTED),
        (Association.REJECTED, Grade.CONNECTED),
        (Association.ABORTED, Grade.CONNECTED),
        (Association.ACCEPTED, Grade.ASSOCIATED),
    ],
)
def test_only_an_accepted_association_is_one(state, result, reached):
    """A request alone, or one that was rejected, is a client that connected."""
    assert grade(connection(state=state, dicom=asked(result)), LIMITS) is reached


@pytest.mark.parametrize("service", [DicomService.FIND, DicomService.GET, DicomService.MOVE])
@pytest.mark.parametrize(("more", "reached"), [(RELEASE, Grade.ASSOCIATED), (RELEASE + 1, Grade.QUERIED)])
def test_a_query_is_a_query_service_and_a_command_after_the_request(service, more, reached):
    """Whoever only associates and releases has asked nothing."""
    visit = connection(bytes_in=200 + more, dicom=asked(Association.ACCEPTED, service))

    assert grade(visit, LIMITS) is reached


@pytest.mark.parametrize(
    ("size", "in_", "reached"),
    [
        (200, 200 + RELEASE, Grade.ASSOCIATED),
        (200, 200 + RELEASE + 1, Grade.QUERIED),
        (0, RELEASE, Grade.ASSOCIATED),  # the request itself was not seen
        (0, RELEASE + 1, Grade.QUERIED),
    ],
)
@pytest.mark.parametrize("services", [(), (DicomService.STORE,), (DicomService.FIND,)])
def test_what_of_a_request_was_not_seen_counts_as_a_query(size, in_, reached, services):
    """Cut into pieces too small to be known by, or longer than its first segment: hiding it gains nothing."""
    told = replace(asked(Association.ACCEPTED, size=size), services=services, services_whole=False)

    assert grade(connection(bytes_in=in_, bytes_out=190, dicom=told), LIMITS) is reached


@pytest.mark.parametrize(
    ("size", "gave", "got", "services", "reached"),
    [
        (9_000, 400_000, 3_400, (DicomService.STORE,), Grade.ASSOCIATED),  # a scanner's hundred kinds of images
        (9_000, 3_500, 3_400, (DicomService.STORE,), Grade.ASSOCIATED),
        (9_000, 3_400, 3_400, (DicomService.STORE,), Grade.QUERIED),
        (9_000, 300, 4_900, (DicomService.STORE,), Grade.QUERIED),  # a question, and five answers
        (9_000, 400_000, 3_400, (DicomService.FIND, DicomService.STORE), Grade.QUERIED),
        (0, 400_000, 3_400, (), Grade.QUERIED),  # who hid the request itself gains nothing by it
    ],
)
def test_who_only_sends_is_not_said_to_have_asked_because_his_list_was_long(size, gave, got, services, reached):
    """Of a list longer than its first segment nobody saw all; whoever gave more than he got has sent."""
    told = replace(asked(Association.ACCEPTED, size=size), services=services, services_whole=False)
    visit = connection(bytes_in=size + RELEASE + gave, bytes_out=got, dicom=told)

    assert grade(visit, LIMITS) is reached


@pytest.mark.parametrize("whole", [True, False])
def test_images_that_left_outweigh_whatever_was_proposed(whole):
    """One byte more than the threshold; a request that was not seen to its end changes nothing."""
    told = replace(asked(Association.ACCEPTED), services_whole=whole)

    assert grade(connection(bytes_out=1_000_001, dicom=told), LIMITS) is Grade.IMAGES_LEFT
    assert grade(connection(bytes_out=1_000_000, dicom=told), LIMITS) is Grade.ASSOCIATED


@pytest.mark.parametrize("result", [Association.PROPOSED, Association.REJECTED, Association.ABORTED])
def test_what_was_not_accepted_is_no_query_though_it_was_not_seen_whole(result):
    """Nothing can be asked on it."""
    told = replace(asked(result, size=0), services_whole=False)

    assert grade(connection(bytes_in=90_000, bytes_out=9_000_000, dicom=told), LIMITS) is Grade.CONNECTED


def test_a_command_of_another_service_is_no_query():
    """An echo, or an image sent in, takes nothing out."""
    visit = connection(bytes_in=90_000, dicom=asked(Association.ACCEPTED, DicomService.STORE))

    assert grade(visit, LIMITS) is Grade.ASSOCIATED


@pytest.mark.parametrize(("out", "reached"), [(1_000_000, Grade.ASSOCIATED), (1_000_001, Grade.IMAGES_LEFT)])
def test_images_left_when_more_than_the_threshold_went_out(out, reached):
    """By bytes alone: whichever service carried them."""
    assert grade(connection(bytes_out=out, dicom=asked(Association.ACCEPTED)), LIMITS) is reached


def test_bytes_without_an_association_are_not_images():
    """A web page of three megabytes is a connection."""
    assert grade(connection(bytes_out=3_000_000), LIMITS) is Grade.CONNECTED


def test_every_grade_a_visit_can_have_has_its_words():
    """`reachable` is the echo's to say."""
    assert set(Grade) - set(CODES) == {Grade.REACHABLE}


# -- how grave ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("port", [4242, 3389, 8080, 443, 554, 50_000])
@pytest.mark.parametrize("is_dicom", [True, False])
@pytest.mark.parametrize("reached", [Grade.SCANNED, Grade.REFUSED])
def test_a_knock_that_came_to_nothing_is_a_note(port, is_dicom, reached):
    """Scans never colour the lamp."""
    assert level(reached, port, dicom=is_dicom) is Level.NOTE


@pytest.mark.parametrize("port", [4242, 3389, 8080, 50_000])
def test_a_door_that_answered_a_scanner_is_never_red(port):
    """It is open, and nobody came in: attention, and a check at once."""
    assert level(Grade.ANSWERED, port, dicom=False) is Level.ATTENTION


@pytest.mark.parametrize(
    ("port", "how"),
    [
        (4242, Level.ALARM),
        (3389, Level.ALARM),
        (445, Level.ALARM),
        (8080, Level.ATTENTION),
        (554, Level.ATTENTION),
    ],
)
@pytest.mark.parametrize("reached", [each for each in Grade if each >= Grade.CONNECTED])
def test_a_client_that_connected_is_red_on_a_red_door_only(port, how, reached):
    """The table's column `alarm` decides."""
    assert level(reached, port, dicom=False) is how


def test_dicom_is_red_on_any_port():
    """A port nobody heard of, a web port: an association request makes it imaging."""
    assert level(Grade.CONNECTED, 50_104, dicom=True) is Level.ALARM
    assert level(Grade.CONNECTED, 443, dicom=True) is Level.ALARM


@given(st.sampled_from(ConnectionState), st.integers(1, 65_535), st.booleans())
def test_nothing_short_of_a_client_that_connected_is_red(state, port, is_dicom):
    """A forged or half-open visit can never turn the lamp red."""
    visit = connection(state=state, target_port=port, dicom=asked(Association.PROPOSED) if is_dicom else None)

    told = stranger_at_a_door(visit, grade(visit, LIMITS), NEW)

    assert told.level is not Level.ALARM or state in REAL


# -- which story -------------------------------------------------------------------------------------------------


def test_a_visit_that_came_in_belongs_to_the_door():
    """Machine, inside port and family; the source, the title and the bytes come along."""
    visit = connection(dicom=asked(Association.ACCEPTED))

    told = stranger_at_a_door(visit, Grade.ASSOCIATED, NEW)

    assert (told.story.kind, told.story.about, told.story.port) == (StoryKind.DOOR, IMAGING_MAC, 4242)
    assert (told.source, told.calling, told.bytes_out, told.count) == (STRANGER, "ZZSTRANGER", 7, 1)
    assert (told.machine, told.mac, told.port) == (IMAGING, IMAGING_MAC, 4242)


def test_the_doors_of_the_two_families_are_two_stories():
    """Closing one of them says nothing of the other."""
    four = stranger_at_a_door(connection(), Grade.CONNECTED, NEW)
    six = stranger_at_a_door(connection(source=STRANGER6, target=IMAGING6), Grade.CONNECTED, NEW)

    assert four.story != six.story
    assert replace(four.story, family=6) == six.story


def test_knocks_in_vain_are_one_story_for_the_machine_whatever_the_port():
    """A thousand ports tried are one visitor at one house."""
    told = {
        stranger_at_a_door(connection(target_port=port, state=ConnectionState.REFUSED), Grade.REFUSED, NEW).story
        for port in range(1, 1000)
    }

    assert [(each.kind, each.port) for each in told] == [(StoryKind.VISITS, 0)]


def test_a_machine_whose_mac_is_not_known_is_named_by_its_address():
    """Better than no name at all."""
    told = stranger_at_a_door(replace(connection(), target_mac=None), Grade.CONNECTED, NEW)

    assert told.story.about == str(IMAGING)


def test_a_sum_tells_the_same_story_as_its_visits_would_have():
    """Rows ran out; the door is the same."""
    one = stranger_at_a_door(connection(), Grade.CONNECTED, NEW)
    (many,) = summed(attempts(answered=3, connected=3), None)

    assert (many.story, many.level, many.grade, many.count) == (one.story, one.level, one.grade, 3)
    (vain,) = summed(attempts(silent=9), None)
    assert (vain.story.kind, vain.story.port, vain.level) == (StoryKind.VISITS, 0, Level.NOTE)


# -- private networks --------------------------------------------------------------------------------------------


def test_a_private_network_is_asked_about_and_never_red_by_itself():
    """Even for an association: it may be the technician's VPN."""
    visit = connection(source=ip_address("10.8.0.9"), dicom=asked(Association.ACCEPTED))

    told = private_network(visit, "10.8.0.0/24", NEW)

    assert (told.code, told.level, told.story.about) == (Code.PRIVATE_NETWORK, Level.ATTENTION, "10.8.0.0/24")


def test_the_answer_settles_the_question_or_makes_it_an_alarm():
    """Ours: over. Not ours: somebody is inside who should not be."""
    ours, foreign = (
        answered_network(NetworkAnswer(network="10.8.0.0/24", ours=ours, who="Anne", at=moment()))
        for ours in (True, False)
    )

    assert (ours.ends, foreign.ends, foreign.level) == (True, False, Level.ALARM)
    assert ours.story == foreign.story


@pytest.mark.parametrize(
    ("source", "standing"),
    [
        ("203.0.113.7", Standing.STRANGER),
        ("2001:db8:bad::7", Standing.STRANGER),
        ("192.168.1.67", Standing.INSIDE),
        ("192.168.1.1", Standing.BOX),
        ("10.8.0.9", Standing.PRIVATE),
        ("100.64.0.9", Standing.PRIVATE),
        ("fd00::9", Standing.PRIVATE),
        ("10.9.0.9", Standing.BOX),
    ],
)
def test_a_source_is_known_by_where_it_stands(source, standing):
    """The box's own address hides somebody; so does one behind which our own knock was hidden."""
    home = practice(box=(ip_address("192.168.1.1"),))

    assert whose(ip_address(source), home, {ip_address("10.9.0.9")}) is standing


@pytest.mark.parametrize(
    ("before", "after", "told"),
    [
        ((1, 0), (1, 1), [(Grade.CONNECTED, 0)]),
        ((2, 0), (3, 2), [(Grade.CONNECTED, 1)]),
        ((2, 1), (5, 2), [(Grade.ANSWERED, 2), (Grade.CONNECTED, 1)]),
        ((3, 3), (3, 3), []),
    ],
)
def test_a_counted_visit_that_connects_after_it_was_told_is_a_visit_no_second_time(before, after, told):
    """The sum may be told between an answer and its acknowledgement: the grade grows, the count does not."""
    earlier, later = (attempts(answered=answered, connected=connected) for answered, connected in (before, after))

    assert [(each.grade, each.count) for each in summed(later, earlier)] == told
    assert sum(each.count for each in summed(later, earlier)) == after[0] - before[0]
