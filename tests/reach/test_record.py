import json
from dataclasses import replace

import pytest

from sentinel.echo.protocol import PlannedAsk
from sentinel.errors import NotReadable
from sentinel.model.declared import Identify
from sentinel.model.exposure import Outcome
from sentinel.model.ledger import Signed
from sentinel.reach.record import Record, keeper, read_record, read_records, write_record
from tests.builders import START, moment
from tests.reach.signing import question, sealed_plan, sealed_report

RECORD = Record(asked_at=START, question=question(), plan=sealed_plan(), report=sealed_report())


def test_a_record_comes_back_as_it_was_written():
    """On one line, the envelopes byte for byte."""
    line = write_record(RECORD)

    assert b"\n" not in line
    assert read_record(line) == RECORD


def test_a_record_is_verified_again_without_echo_or_key():
    """Years later, by anybody."""
    announced, proof = read_record(write_record(RECORD)).verify()

    assert announced.check == proof.check == "check-1"
    assert proof.outcome is Outcome.CHECKED


def test_a_record_of_a_check_that_asked_who_answers_verifies_too():
    """Whether it was allowed to belongs to the question."""
    asks = [PlannedAsk(from_="198.51.100.20", port=104, sports=[21_000])]
    plan = sealed_plan(asks=asks, mark="SNTJ2K4QW7XR3MTA")
    asked = replace(RECORD, question=question(identify=Identify.NEW), plan=plan)

    announced, _ = read_record(write_record(asked)).verify()
    assert len(announced.asks) == 1
    assert replace(asked, question=question()).verify() is Outcome.NOT_OUR_QUESTION


@pytest.mark.parametrize(("field", "value"), [("nonce", "other"), ("aud", "ed25519:x"), ("address", "192.0.2.8")])
def test_a_record_that_was_changed_verifies_no_more(field, value):
    """What was asked is bound to what was signed."""
    bent = json.loads(write_record(RECORD)) | {field: value}

    assert read_record(json.dumps(bent).encode()).verify() is Outcome.NOT_OUR_QUESTION


def test_a_record_with_a_changed_report_verifies_no_more():
    """One cell from open to closed is enough."""
    forged = replace(RECORD, report=RECORD.report.replace(b'"sig":"', b'"sig":"AAAA', 1))

    assert read_record(write_record(forged)).verify() is Outcome.BAD_SIGNATURE
    assert replace(RECORD, plan=RECORD.report).verify() is Outcome.BAD_SIGNATURE


@pytest.mark.parametrize(
    "line", [b"", b"{}", b"\xff", b"[1]", write_record(RECORD).replace(b"192.0.2.7", b"nowhere")]
)
def test_what_is_no_record_is_said(line):
    """The file is not what it should be."""
    with pytest.raises(NotReadable):
        read_record(line)


def test_a_file_of_records():
    """Blank lines do not count."""
    line = write_record(RECORD)

    assert list(read_records(iter([line, b"\n", line]))) == [RECORD, RECORD]


def test_a_report_that_signed_our_head_is_kept_with_it():
    """And one that signed another, or none, is kept as the proof of a check and nothing more."""
    head = "a" * 64
    kept: list[Signed] = []
    for said in (head, "b" * 64, ""):
        record = replace(RECORD, report=sealed_report(ledger_head=said))
        keeper(head, moment, kept.append)(record)

    assert [each.head for each in kept] == [head, "", ""]
    assert {(each.check, each.echo, each.at) for each in kept} == {("check-1", question().echo, moment())}
    assert read_record(kept[0].line.encode()).verify() != Outcome.BAD_SIGNATURE


def test_a_report_that_is_no_answer_to_us_is_not_kept():
    """Whatever head it signs."""
    kept: list[Signed] = []
    forged = replace(RECORD, report=sealed_report(nonce="other", ledger_head="a" * 64))
    keeper("a" * 64, moment, kept.append)(forged)

    assert kept == []
