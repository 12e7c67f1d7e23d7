"""The head of an association: what is read, and everything that must not be."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sentinel.decode.dicom import association_head, read_association
from sentinel.model.connection import Association, DicomService
from tests.builders import (
    ABORT,
    CT_IMAGE,
    RELEASE_RQ,
    STUDY_FIND,
    STUDY_GET,
    STUDY_MOVE,
    VERIFICATION,
    associate_ac,
    associate_rj,
    associate_rq,
    item,
    p_data,
    user_information,
)


def test_a_request_tells_who_calls_whom_and_to_do_what():
    """Titles are unpadded; services are sorted, each once."""
    request = associate_rq("ORTHANC", "ZZSTRANGER", (CT_IMAGE, STUDY_FIND, VERIFICATION, CT_IMAGE))

    head = read_association(association_head(request))

    assert head is not None
    assert (head.kind, head.called, head.calling) == (Association.PROPOSED, "ORTHANC", "ZZSTRANGER")
    assert head.services == (DicomService.FIND, DicomService.STORE, DicomService.VERIFICATION)
    assert head.size == len(request)


@pytest.mark.parametrize(
    ("syntax", "service"),
    [
        (VERIFICATION, DicomService.VERIFICATION),
        (CT_IMAGE, DicomService.STORE),
        (STUDY_FIND, DicomService.FIND),
        (STUDY_MOVE, DicomService.MOVE),
        (STUDY_GET, DicomService.GET),
        ("1.2.840.10008.5.1.4.31", DicomService.FIND),  # worklist: answers with names too
        ("1.2.840.10008.5.1.4.34.6.3", DicomService.FIND),  # so does a unified one
        ("1.2.840.10008.5.1.4.37.1", DicomService.FIND),  # and what else is known of a patient
        ("1.2.840.10008.5.1.4.1.2.4.2", DicomService.MOVE),  # of single images
        ("1.2.840.10008.5.1.4.1.2.5.3", DicomService.GET),  # all but their pixels
        (STUDY_FIND + " ", DicomService.FIND),  # padded as no identifier should be
        ("1.2.840.10008.1.20.1", DicomService.OTHER),  # storage commitment
        ("1.2.840.10008.5.1.4.1.2.2.9", DicomService.OTHER),
        ("", None),
    ],
)
def test_each_abstract_syntax_is_one_service(syntax, service):
    """PS3.4 annexes A, B, C and K."""
    head = read_association(associate_rq(syntaxes=[syntax]))

    assert head is not None
    assert head.services == ((service,) if service else ())


@pytest.mark.parametrize(
    ("answer", "kind", "titles", "rejection"),
    [
        (associate_ac(), Association.ACCEPTED, ("ORTHANC", "ZZSTRANGER"), None),
        (associate_rj(1, 1, 7), Association.REJECTED, ("", ""), (1, 1, 7)),
        (ABORT, Association.ABORTED, ("", ""), None),
    ],
)
def test_each_answer_has_its_word(answer, kind, titles, rejection):
    """An acceptance repeats the titles it was asked with (PS3.8 section 9.3.3)."""
    head = read_association(association_head(answer))

    assert head is not None
    assert (head.kind, (head.called, head.calling), head.rejection) == (kind, titles, rejection)
    assert not head.whole


@pytest.mark.parametrize("title", [b"EVIL\x1b[2J", b"\xff\xfe", b"A\nB"])
def test_a_title_that_an_acceptance_repeats_is_taken_only_if_it_is_printable(title):
    """Nobody has to test what stands there: it is an acceptance all the same."""
    head = read_association(association_head(associate_rq(called=title, kind=2)))

    assert head is not None
    assert (head.kind, head.called, head.calling) == (Association.ACCEPTED, "", "ZZSTRANGER")


def test_what_is_pipelined_behind_an_association_stays_behind():
    """The head ends with its own PDU."""
    request = associate_rq()

    assert association_head(request + p_data()) == request
    assert association_head(associate_ac() + p_data()) == associate_ac()


@pytest.mark.parametrize("pdu", [p_data(), RELEASE_RQ, p_data(associate_rq()), b"", b"\x01", b"\x01\x00"])
def test_nothing_else_has_a_head(pdu):
    """A data set that itself holds an association request is still a data set."""
    assert association_head(pdu) == b""
    assert read_association(association_head(pdu)) is None


def test_a_rejection_is_ten_bytes_alone():
    """Image data may begin with those bytes; only a segment of nothing else is an answer."""
    assert association_head(associate_rj()) == associate_rj()
    assert association_head(associate_rj() + b"\x00") == b""
    assert association_head(associate_rj()[:9]) == b""
    assert association_head(associate_rj() + p_data()) == b""


@pytest.mark.parametrize("title", [b"EVIL\x1b[2J", b"A\nB", b"\xff\xfe", b"", b"   "])
def test_a_called_title_that_is_not_printable_is_no_title(title):
    """Control bytes would reach a terminal, a page, a log (PS3.5 section 6.2)."""
    assert read_association(associate_rq(called=title)) is None


def test_a_calling_title_with_control_bytes_is_refused_and_an_empty_one_is_not():
    """Careless tools send none at all."""
    assert read_association(associate_rq(calling=b"EVIL\x07")) is None
    head = read_association(associate_rq(calling=b""))
    assert head is not None
    assert head.calling == ""


def test_titles_padded_with_noughts_are_read():
    """Some devices pad so, against the standard."""
    head = read_association(associate_rq(called=b"PACS".ljust(16, b"\x00")))

    assert head is not None
    assert head.called == "PACS"


def test_a_password_in_the_request_is_not_in_what_was_read():
    """User identity stands in the user-information item (PS3.7 annex D.3.3.7)."""
    head = read_association(associate_rq(secret=b"NEVERSTORE-PASSWORD"))

    assert "NEVERSTORE" not in repr(head)


@pytest.mark.parametrize("seen", range(82, 400, 7))
def test_a_request_cut_anywhere_names_no_service_it_does_not_propose(seen):
    """Long requests span several segments: half an identifier is not another service."""
    syntaxes = (CT_IMAGE, STUDY_FIND, STUDY_MOVE)

    head = read_association(association_head(associate_rq(syntaxes=syntaxes)[:seen]))

    assert head is not None
    assert set(head.services) <= {DicomService.STORE, DicomService.FIND, DicomService.MOVE}


@pytest.mark.parametrize("seen", range(78, 416))
def test_a_list_of_services_is_whole_once_user_information_begins_or_the_request_ends(seen):
    """Not a byte earlier; of user information its length must have been seen, and none of its content."""
    request = associate_rq(syntaxes=(CT_IMAGE, STUDY_FIND, STUDY_MOVE))
    users = len(request) - len(user_information())

    head = read_association(association_head(request[:seen]))

    assert head is not None
    assert (len(request), head.size) == (users + 21, len(request))
    assert head.whole is (min(seen, len(request)) >= users + 4)
    assert not head.whole or len(head.services) == 3


def rewritten(*items: bytes) -> bytes:
    """A request of these items behind its application context."""
    start = associate_rq()[: 74 + 25]
    body = start[6:] + b"".join(items)
    return start[:2] + len(body).to_bytes(4, "big") + body


def proposed(*within: bytes) -> bytes:
    """A presentation context with these items."""
    return item(0x20, b"\x01\x00\x00\x00" + b"".join(within))


ECHO, FIND = proposed(item(0x30, VERIFICATION.encode())), proposed(item(0x30, STUDY_FIND.encode()))
TRANSFER = item(0x40, b"1.2.840.10008.1.2")


@pytest.mark.parametrize(
    ("request_", "services", "whole"),
    [
        (rewritten(ECHO), "verification", True),  # it ends there, against the standard
        (rewritten(ECHO, user_information()), "verification", True),
        (rewritten(ECHO, user_information(), FIND), "verification", False),  # most servers take it in any order
        (rewritten(ECHO, user_information()) + bytes(9), "verification", True),  # not of this PDU
        (rewritten(ECHO, user_information()[:-4]), "verification", False),  # longer than what holds it
        (rewritten(proposed(TRANSFER, item(0x30, STUDY_FIND.encode()))), "find", True),
        (rewritten(proposed(item(0x30, VERIFICATION.encode()), item(0x30, STUDY_FIND.encode()))), "", False),
        (rewritten(proposed(TRANSFER), ECHO), "verification", False),
        (rewritten(proposed(item(0x30, VERIFICATION.encode()), TRANSFER[:9])), "verification", True),
        (rewritten(ECHO, proposed(item(0x30, b"1.2.3")[:-1])), "verification", False),
        (rewritten(ECHO, b"\x20\x00\x00"), "verification", False),
        (rewritten(ECHO, item(0x99, bytes(5))), "verification", True),
        (rewritten(), "", True),
    ],
)
def test_no_trick_of_order_or_length_makes_a_list_look_whole(request_, services, whole):
    """What could hide a query leaves the list open; what could not, does not."""
    head = read_association(association_head(request_))

    assert head is not None
    assert (" ".join(head.services), head.whole) == (services, whole)


@pytest.mark.parametrize("seen", range(100))
def test_a_head_of_78_bytes_is_known_and_a_shorter_one_is_not(seen):
    """Up to there and not further stands what tells it from anything else."""
    assert association_head(associate_rq()[:seen]) == (associate_rq()[:seen] if seen >= 78 else b"")


def test_an_item_that_claims_more_than_there_is_ends_the_reading():
    """Strangers choose these lengths."""
    request = bytearray(associate_rq(syntaxes=[STUDY_FIND]))
    request[74 + 25 + 2 : 74 + 25 + 4] = b"\xff\xff"

    head = read_association(association_head(bytes(request)))

    assert head is not None
    assert (head.services, head.whole) == ((), False)


def test_of_100_000_random_payloads_none_is_taken_for_an_association():
    """Half of them begin like one: image data can."""
    dice = random.Random(7)
    beginnings = (b"", b"\x01\x00", b"\x02\x00", b"\x03\x00", b"\x07\x00", b"\x04\x00")

    heads = [
        association_head(dice.choice(beginnings) + dice.randbytes(dice.choice((8, 8, 100, 300))))
        for _ in range(100_000)
    ]

    assert not any(heads)


@given(st.binary(max_size=400))
def test_any_head_can_be_read(content):
    """Whatever follows the fixed part."""
    start = associate_rq()[:99]
    request = start[:2] + (len(content) + 93).to_bytes(4, "big") + start[6:] + content

    assert read_association(association_head(request)) is not None
    read_association(association_head(content))
