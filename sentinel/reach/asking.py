"""One check from question to facts: the knocks are announced before the echo may start, the answers after it ends.

Nothing raises: whatever goes wrong outside is the `Outcome` that is returned.
"""

import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta
from ipaddress import ip_address
from itertools import islice

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

import sentinel
from sentinel import dsse
from sentinel.clock import Clock
from sentinel.dsse import Garbled
from sentinel.echo import protocol
from sentinel.echo.protocol import SELF, Observed, Progress, Request, Target
from sentinel.model.declared import Identify
from sentinel.model.exposure import Exposure, Kind, Knock, Outcome, PortList, Reach, ReachOutcome
from sentinel.model.moment import Address, Moment
from sentinel.reach.enrol import read_challenge
from sentinel.reach.keys import Echo, own_key_id
from sentinel.reach.line import Line, NoAnswer
from sentinel.reach.record import Record
from sentinel.reach.report import Announced, Proof, Question, read_plan, read_report

MARGIN = timedelta(seconds=2)
"""Added to a plan's window: the box may hold a packet, and the mirror copies it later."""
SETTLE = timedelta(seconds=1)
"""From the report to its facts: the copies of the last knocks must have reached the street."""
LONGEST_RETRY_S = 86_400
LINES = 1000

Post = Callable[[Knock | Exposure], None]
Watch = Callable[[int, int], None]
Keep = Callable[[Record], None]
Learn = Callable[[Echo], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """What one check is to ask, and whom."""

    echo: Echo
    family: int
    """4 or 6."""
    ports: PortList
    extra_ports: tuple[int, ...] = ()
    """Beyond the list; with `expect_open` at most 16, and 16 different ones a day."""
    expect_open: tuple[int, ...] = ()
    """Doors declared open: unless all of them are found open, nothing is proved."""
    port_share: tuple[int, int] = protocol.ALL_PORTS
    """First and last port of ours, where the address is shared with neighbours."""
    identify: Identify = Identify.NEW_NO_TLS
    """Which open doors the echo asks who they are."""
    known: Mapping[int, Kind] = field(default_factory=dict)
    """What answered before, by public port: not asked again, but by `Identify.ALL`."""
    ledger_head: str = ""
    """Of our journal: it comes back under the echo's signature and with its time."""


def ask(
    check: Check,
    *,
    key: Ed25519PrivateKey,
    post: Post,
    clock: Clock,
    progress: Watch | None = None,
    record: Keep | None = None,
    learn: Learn | None = None,
    settle: timedelta = SETTLE,
) -> ReachOutcome:
    """Ask one echo about one family: seconds when all goes well, 103 s at worst.

    Posts one `Knock` before the echo may start, and once the report has come one `Exposure` for every port asked
    about. The outcome is returned, not posted: it must come after them. `learn` receives an echo whose keys have
    changed, said by itself under a key we trust.
    """
    attempt = _Attempt(check, key, clock, post, progress or _unwatched)
    asked, retry = clock(), None
    try:
        outcome = attempt.run()
    except NoAnswer as failed:
        outcome, retry = failed.outcome, _retry(failed.retry_s)
    if attempt.proof is not None:
        time.sleep(settle.total_seconds())
    concluded = attempt.conclude(outcome, asked, retry)
    if learn is not None and attempt.renewed is not None:  # after what was proved: both may write to a full disk
        learn(attempt.renewed)
    if record is not None and attempt.report:
        record(attempt.record(asked))
    return concluded


class _Attempt:
    """One check under way, and what is known of it whenever it ends."""

    def __init__(self, check: Check, key: Ed25519PrivateKey, clock: Clock, post: Post, watch: Watch) -> None:
        self._check = check
        self._key = key
        self._clock = clock
        self._post = post
        self._watch = watch
        self._question: Question | None = None
        self._announced: Announced | None = None
        self._plan = b""
        self.report = b""
        self.proof: Proof | None = None
        self._ahead: timedelta | None = None

    def run(self) -> Outcome:
        """Ask, over one connection.

        Raises:
            NoAnswer: the attempt ended early, and why.
        """
        echo = self._check.echo
        with Line(echo.host, echo.port, self._check.family, self._check.port_share) as line:
            question, announced = self._ask(line)
            self._post(self._knock(announced))
            self.report = last_line(line.stream(f"/v1/check/{announced.check}/go"), self._watch)
        proof = read_report(self.report, question, announced)
        if isinstance(proof, Outcome):
            return proof
        self.proof = proof
        self._ahead = None if proof.ended is None else self._clock().wall - proof.ended
        return proof.outcome

    def _ask(self, line: Line) -> tuple[Question, Announced]:
        """The signed question, and the plan that answers it."""
        challenge = read_challenge(line.get("/v1/challenge"))
        question = self._question = self._make_question(challenge.observed)
        request = self._request(question, challenge.challenge, line.certificate)
        self._plan = line.post("/v1/check", dsse.seal(protocol.REQUEST, request, self._key))
        announced = read_plan(self._plan, question)
        if isinstance(announced, Outcome):
            raise NoAnswer(announced)
        self._announced = announced
        return question, announced

    def _make_question(self, observed: Observed) -> Question:
        check = self._check
        return Question(
            nonce=protocol.token(),
            key_id=own_key_id(self._key),
            echo=check.echo.key_id,
            echo_keys=check.echo.keys,
            address=observed_address(observed, check.family),
            ports=check.ports,
            extra_ports=check.extra_ports,
            expect_open=check.expect_open,
            identify=check.identify,
            port_share=check.port_share,
        )

    def _request(self, question: Question, challenge: str, certificate: str) -> Request:
        return Request(
            v=protocol.VERSION,
            aud=self._check.echo.host,
            challenge=challenge,
            nonce=question.nonce,
            family=self._check.family,
            targets=[Target(addr=SELF)],
            ports=self._check.ports.value,
            tls_cert=certificate,
            extra_ports=list(self._check.extra_ports),
            expect_open=list(self._check.expect_open),
            port_share=self._check.port_share,
            identify=self._check.identify.value,
            known={str(port): kind.value for port, kind in self._check.known.items()},
            ledger_head=self._check.ledger_head,
            version=sentinel.__version__,
        )

    def _knock(self, announced: Announced) -> Knock:
        return Knock(
            check=announced.check,
            echo=self._check.echo.key_id,
            probes=announced.probes,
            opens=self._clock(),
            lasts=announced.window + MARGIN,
            asks=announced.asks,
            mark=announced.mark,
            decoys=announced.decoys,
        )

    @property
    def renewed(self) -> Echo | None:
        """The echo with the keys its plan told us, if they are others than we knew."""
        if self._announced is None or not self._announced.keys:
            return None
        return replace(self._check.echo, keys=self._announced.keys)

    def record(self, asked: Moment) -> Record:
        """The signed bytes, to be verified again; only once a report has come."""
        if self._question is None:
            raise ValueError("nothing was asked")
        return Record(asked_at=asked.wall, question=self._question, plan=self._plan, report=self.report)

    def conclude(self, outcome: Outcome, asked: Moment, retry: timedelta | None) -> ReachOutcome:
        """Post what was proved, and say how it ended."""
        ended, opened = self._clock(), set()
        if self.proof is not None and self._question is not None:
            for exposure in self.proof.exposures(self._question, ended):
                self._post(exposure)
                opened |= {exposure.port} if exposure.reach is Reach.OPEN else set()
        return ReachOutcome(
            echo=self._check.echo.key_id,
            family=self._check.family,
            ports=self._check.ports,
            outcome=outcome,
            asked=asked,
            at=ended,
            check=self._announced.check if self._announced else None,
            address=self._question.address if self._question else None,
            tested=self.proof.tested if self.proof else 0,
            decoys_open=self.proof.decoys_open if self.proof else False,
            decoys_refused=self.proof.decoys_refused if self.proof else False,
            opened=frozenset(opened),
            control=self.proof.control if self.proof else False,
            whole=self._check.port_share == protocol.ALL_PORTS,
            ahead=self._ahead,
            retry=retry,
            host=self._check.echo.host,
        )


def observed_address(observed: Observed, family: int) -> Address:
    """Our public address, as the echo says it sees us.

    Raises:
        NoAnswer: it is no address, or of another family than the connection.
    """
    try:
        address = ip_address(observed.addr)
    except ValueError:
        raise NoAnswer(Outcome.NOT_AN_ECHO) from None
    if address.version != family:
        raise NoAnswer(Outcome.NOT_AN_ECHO)
    return address


def last_line(lines: Iterable[bytes], watch: Watch) -> bytes:
    """The report at the end of a stream, once the lines of progress before it were passed on.

    Raises:
        NoAnswer: the stream ends before its report.
    """
    for line in islice(lines, LINES):
        if not line.endswith(b"\n"):
            break  # cut off in the middle
        progress = _progress(line)
        if progress is not None:
            watch(progress.done, progress.of)
        elif line.strip():
            return line
    raise NoAnswer(Outcome.UNREACHABLE)


def _progress(line: bytes) -> Progress | None:
    try:
        return dsse.decode(line, Progress)
    except Garbled:
        return None


def _unwatched(_done: int, _of: int) -> None:
    pass


def _retry(seconds: int | None) -> timedelta | None:
    """An unsigned wish, so a bounded one."""
    if seconds is None:
        return None
    return timedelta(seconds=min(max(seconds, 0), LONGEST_RETRY_S))
