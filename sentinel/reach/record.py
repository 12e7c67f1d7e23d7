"""One check kept as signed bytes, on one line, so that anybody can verify it again without us or the echo."""

from base64 import b64decode, b64encode
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from ipaddress import ip_address

import msgspec

from sentinel import dsse
from sentinel.clock import Clock
from sentinel.echo import protocol
from sentinel.echo.protocol import ALL_PORTS
from sentinel.errors import NotReadable
from sentinel.model.declared import Identify
from sentinel.model.exposure import Outcome, PortList
from sentinel.model.ledger import Signed
from sentinel.model.moment import Moment
from sentinel.reach.report import Announced, Proof, Question, read_plan, read_report


class _Line(msgspec.Struct, frozen=True):
    """How it is written: one JSON object on one line; the envelopes exactly as they came."""

    asked_at: str
    nonce: str
    aud: str
    address: str
    ports: str
    plan: msgspec.Raw
    report: msgspec.Raw
    echo: str
    echo_keys: list[str]
    extra_ports: list[int] = []
    expect_open: list[int] = []
    identify: str = Identify.NONE.value
    port_share: tuple[int, int] = ALL_PORTS


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """What was asked, and the two envelopes that answered it."""

    asked_at: datetime
    question: Question
    plan: bytes
    report: bytes

    def verify(self) -> tuple[Announced, Proof] | Outcome:
        """Read it again as if it had just arrived."""
        announced = read_plan(self.plan, self.question)
        if isinstance(announced, Outcome):
            return announced
        proof = read_report(self.report, self.question, announced)
        return proof if isinstance(proof, Outcome) else (announced, proof)


def signed(record: Record, head: str, at: Moment) -> Signed | None:
    """What is kept of a check, if its report is an answer to our question.

    Args:
        record: as it came back.
        head: of the journal, as it was sent along.
        at: now.
    """
    if isinstance(record.verify(), Outcome):
        return None
    body = dsse.unseal(record.report, protocol.REPORT, protocol.REPORT_BYTES, record.question.echo_keys)
    report = protocol.read(body, protocol.Report)
    return Signed(
        check=report.check,
        echo=record.question.echo,
        head=head if report.ledger_head == head else "",
        line=write_record(record).decode(),
        at=at,
    )


def keeper(head: str, clock: Clock, post: Callable[[Signed], None]) -> Callable[[Record], None]:
    """Posts what is kept of a check that was asked with this head."""

    def keep(record: Record) -> None:
        told = signed(record, head, clock())
        if told is not None:
            post(told)

    return keep


def write_record(record: Record) -> bytes:
    """The record on one line, without its end."""
    question = record.question
    line = _Line(
        asked_at=record.asked_at.isoformat(),
        nonce=question.nonce,
        aud=question.key_id,
        address=str(question.address),
        ports=question.ports.value,
        plan=msgspec.Raw(record.plan.strip()),
        report=msgspec.Raw(record.report.strip()),
        echo=question.echo,
        echo_keys=[b64encode(key).decode() for key in question.echo_keys],
        extra_ports=list(question.extra_ports),
        expect_open=list(question.expect_open),
        identify=question.identify.value,
        port_share=question.port_share,
    )
    return msgspec.json.encode(line)


def read_record(line: bytes) -> Record:
    """A record from its line.

    Raises:
        NotReadable: the line is not a record.
    """
    try:
        return _record(msgspec.json.decode(line, type=_Line))
    except (msgspec.MsgspecError, ValueError) as error:
        raise NotReadable(f"not a recorded check: {error}") from None


def read_records(lines: Iterator[bytes]) -> Iterator[Record]:
    """Every record of a file; blank lines are skipped."""
    return (read_record(line) for line in lines if line.strip())


def _record(line: _Line) -> Record:
    question = Question(
        nonce=line.nonce,
        key_id=line.aud,
        echo=line.echo,
        echo_keys=tuple(b64decode(key, validate=True) for key in line.echo_keys),
        address=ip_address(line.address),
        ports=PortList(line.ports),
        extra_ports=tuple(line.extra_ports),
        expect_open=tuple(line.expect_open),
        identify=Identify(line.identify),
        port_share=line.port_share,
    )
    return Record(
        asked_at=datetime.fromisoformat(line.asked_at),
        question=question,
        plan=bytes(line.plan),
        report=bytes(line.report),
    )
