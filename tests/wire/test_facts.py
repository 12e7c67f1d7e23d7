"""Facts on the wire: whole or refused, numbered, sent again until they are on disk, bounded and counted."""

import socket
import struct
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from ipaddress import ip_address
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sentinel.model.connection import Association, DicomService, Label
from sentinel.model.coverage import Losses, Wrapping
from sentinel.model.exposure import Outcome
from sentinel.model.machine import SaidBy, Sought
from sentinel.wire.facts import KINDS, LARGEST, Inbox, Outbox, Parcel, Sender, Sent, receipt
from tests.builders import (
    IMAGING,
    IMAGING6,
    IMAGING_MAC,
    attempts,
    connection,
    coverage,
    dicom,
    exposure,
    knock,
    moment,
    outcome,
    portrait,
    sighting,
    uplink,
)

RUN = "run-1"
EVERY_KIND: tuple[Sent, ...] = (
    connection(),
    connection(
        target=IMAGING6,
        source=ip_address("2001:db8:bad::7"),
        dicom=replace(
            dicom(Association.REJECTED, (DicomService.FIND, DicomService.STORE)),
            rejection=(1, 1, 7),
            called='É"\\\n',
        ),
    ),
    connection(label=Label.MLLP, dicom=replace(dicom(), services_whole=False)),
    attempts(silent=3, connected=1),
    sighting(),
    Sought(address=IMAGING, at=moment(1)),
    portrait(),
    portrait(vendor="", kinds=(), offers=()),
    uplink(),
    uplink(vlan=20, port="", said_by=SaidBy.CDP),
    coverage(proof=moment(1)),
    coverage(proof=None, carrier=False),
    coverage(
        losses=Losses(missed=3, damaged=1), foreign=7, passed=moment(2), half=moment(1), wrapped=tuple(Wrapping)
    ),
    knock(1, 2, 3),
    exposure(),
    outcome(),
    outcome(Outcome.LATE, address=None, ahead=None, check=None),
)


def framed(body: bytes) -> bytes:
    return struct.pack("!I", len(body)) + body


# -- messages ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("fact", EVERY_KIND, ids=lambda fact: type(fact).__name__)
def test_every_kind_of_fact_arrives_as_it_left(fact):
    """Both families, empty fields, titles with quotes."""
    message = Outbox("run-1").put(fact)

    assert list(Inbox().parcels(message)) == [Parcel("run-1", 1, fact)]


def test_every_kind_that_may_cross_is_tried_here():
    """A new kind comes with its test."""
    assert {type(fact) for fact in EVERY_KIND} == set(KINDS.values())


@given(st.lists(st.sampled_from(EVERY_KIND), max_size=5), st.lists(st.integers(1, 40), min_size=1))
def test_a_stream_may_be_cut_anywhere(facts: list[Sent], cuts: list[int]):
    """The socket gives bytes, not messages."""
    outbox, inbox = Outbox("run-1"), Inbox()
    stream = b"".join(outbox.put(fact) for fact in facts)
    parcels: list[Parcel] = []
    place = n = 0
    while place < len(stream):
        step = cuts[n % len(cuts)]
        parcels += inbox.parcels(stream[place : place + step])
        place, n = place + step, n + 1

    assert [parcel.fact for parcel in parcels] == facts
    assert [parcel.number for parcel in parcels] == list(range(1, len(facts) + 1))


def _parcel(fact: Sent) -> bytes:
    return Outbox("r").put(fact)[4:]


GARBAGE = [
    b"",
    b"\xff\xfe",
    b"{}",
    b"[]",
    b"null",
    b'{"run":"r","number":1,"kind":"verdict","fact":{}}',
    b'{"run":"r","number":1,"kind":"connection","fact":{}}',
    b'{"run":"r","number":1,"kind":"connection","fact":{"serial":"one"}}',
    b'{"run":"r","number":"x","kind":"sighting","fact":{}}',
    _parcel(portrait()).replace(b'"radio-pc"', b'"ZZTEST^UNMISTAKABLE"'),
    _parcel(portrait()).replace(b"11112", b"70000"),
    _parcel(portrait()).replace(IMAGING_MAC.encode(), b"ZZTEST^UNMISTAKAB"),
    _parcel(portrait()).replace(b'"storage"', b'"Jeanne"'),
    _parcel(uplink()).replace(b"gi1/0/3", b"ZZTEST^UNMISTAKABLE"),
    _parcel(uplink()).replace(b"00:1b:54:aa:bb:cc", b"no such address!!"),
    b"[" * 100_000,
    b'{"run":"r","number":1,"kind":"connection","fact":' + b"[" * 100_000,
]


@pytest.mark.parametrize("body", GARBAGE, ids=range(len(GARBAGE)))
def test_what_does_not_decode_is_counted_and_the_next_message_is_read(body):
    """Never guessed, and never the end of the line."""
    inbox = Inbox()

    parcels = list(inbox.parcels(framed(body) + Outbox("run-1").put(connection())))

    assert [parcel.fact for parcel in parcels] == [connection()]
    assert inbox.refused == 1


@pytest.mark.parametrize(
    ("key", "value"),
    [
        (b'"port":4242', b'"port":70000'),
        (b"Z", b""),
        (b"25.0.0.2", b"25.0.0.256"),
        (b'"open"', b'"ajar"'),
    ],
)
def test_a_value_its_type_forbids_is_refused(key, value):
    """A port beyond 65535, a time without a zone, an address that is none, a word that is none."""
    message = Outbox("run-1").put(exposure())
    spoilt = framed(message[4:].replace(key, value))
    inbox = Inbox()
    assert spoilt != message

    assert list(inbox.parcels(spoilt)) == []
    assert inbox.refused == 1


@given(st.binary(max_size=300))
def test_random_bytes_are_counted_or_end_the_line(data: bytes):
    """Nothing else comes of them."""
    with suppress(ValueError):
        assert list(Inbox().parcels(data)) == []


def test_a_message_that_cannot_be_one_ends_the_line():
    """More than a megabyte is no fact; waiting for it would eat the memory."""
    with pytest.raises(ValueError, match="announced"):
        list(Inbox().parcels(struct.pack("!I", LARGEST + 1)))


def test_receipts_come_back_whole_and_garbage_ends_the_line():
    """The way back is as strict as the way there."""
    assert list(Inbox().receipts(receipt("a", 7) + receipt("a", 9))) == [("a", 7), ("a", 9)]
    with pytest.raises(ValueError, match=r".+"):
        list(Inbox().receipts(framed(b"[" * 100_000)))


# -- the outbox --------------------------------------------------------------------------------------------------


def test_a_fact_is_kept_until_it_is_acknowledged():
    """Oldest first, and none of them twice."""
    outbox = Outbox("run-1")
    messages = [outbox.put(connection(serial=n)) for n in range(5)]
    outbox.acknowledged(2)

    assert [message for _, message in outbox.after(0)] == messages[2:]
    assert [number for number, _ in outbox.after(3)] == [4, 5]
    assert len(outbox) == 3


def test_the_outbox_is_bounded_and_counts_what_it_gave_up():
    """The oldest goes; the report of the capture tells how many."""
    outbox = Outbox("run-1", kept=10)
    for serial in range(25):
        outbox.put(connection(serial=serial))

    assert (len(outbox), outbox.unsent) == (10, 15)
    assert next(outbox.after(0))[0] == 16


def test_a_newer_word_on_a_sum_takes_the_place_of_the_older():
    """Or a flood, told each second with higher counts, would push connections out while `watch` is away."""
    outbox = Outbox("run", kept=10)
    outbox.put(connection())
    for silent in range(1, 1_000):
        outbox.put(attempts(silent=silent))
    outbox.put(attempts(silent=5, source_network="198.51.100.0/24"))

    assert [number for number, _ in outbox.after(0)] == [1, 1_000, 1_001]
    assert outbox.unsent == 0


def test_what_is_told_anew_every_second_is_not_kept():
    """A report or a sighting from before is worth nothing later; it has a number all the same."""
    outbox = Outbox("run-1")
    outbox.put(coverage())
    outbox.put(sighting())
    outbox.put(connection())

    assert [number for number, _ in outbox.after(0)] == [3]


# -- the line ----------------------------------------------------------------------------------------------------


class Watcher:
    """The other end: takes parcels, acknowledges when told to."""

    def __init__(self, path: Path) -> None:
        path.unlink(missing_ok=True)
        self.door = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.door.bind(str(path))
        self.door.listen(1)
        self.line: socket.socket | None = None
        self.inbox = Inbox()
        self.lines = 0

    def read(self, most: int = 1_000) -> list[Parcel]:
        """What is there now, in so many draughts at most."""
        if self.line is None:
            self.door.settimeout(5)
            self.line, _ = self.door.accept()
            self.line.settimeout(0.05)
            self.inbox = Inbox()
            self.lines += 1
        found: list[Parcel] = []
        try:
            for _ in range(most):
                data = self.line.recv(65_536)
                found += self.inbox.parcels(data)
                if not data:
                    self.line.close()
                    self.line = None
                    break
        except TimeoutError:
            pass
        return found

    def acknowledge(self, number: int) -> None:
        assert self.line is not None
        self.line.sendall(receipt(RUN, number))

    def die(self) -> None:
        if self.line is not None:
            self.line.close()
        self.door.close()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "facts.sock"


@pytest.fixture
def watcher(path: Path) -> Iterator[Watcher]:
    end = Watcher(path)
    yield end
    end.die()


@pytest.fixture
def sender(path: Path) -> Iterator[Sender]:
    line = Sender(str(path), Outbox("run-1"))
    yield line
    line.close()


def numbers(parcels: list[Parcel]) -> list[int]:
    return [parcel.number for parcel in parcels]


def test_facts_cross_and_receipts_come_back(sender, watcher):
    """What is acknowledged is kept no longer."""
    for serial in range(3):
        sender.send(connection(serial=serial))
    sender.flush()
    assert numbers(watcher.read()) == [1, 2, 3]

    watcher.acknowledge(2)
    sender.flush()

    assert len(sender.outbox) == 1


def test_a_report_never_overtakes_what_was_seen_before_it(sender, watcher):
    """It says that the mirror works: then what the mirror showed must already be known."""
    sender.flush()
    for serial in range(50):
        sender.send(connection(serial=serial))
        sender.send(coverage())
    sender.flush()

    assert numbers(watcher.read()) == list(range(1, 101))


def test_a_watch_that_is_away_costs_nothing(sender):
    """Facts wait; nothing blocks, nothing raises."""
    for serial in range(100):
        sender.send(connection(serial=serial))
        sender.flush()

    assert len(sender.outbox) == 100


def test_a_watch_that_died_gets_everything_it_had_not_committed(sender, watcher, path):
    """In order, on a new line."""
    for serial in range(5):
        sender.send(connection(serial=serial))
    sender.flush()
    watcher.read()
    watcher.acknowledge(2)
    sender.flush()
    watcher.die()
    sender.send(connection(serial=5))
    sender.flush()
    sender.flush()

    again = Watcher(path)
    sender.flush()

    assert numbers(again.read()) == [3, 4, 5, 6]
    again.die()


def test_a_watch_that_answers_nonsense_is_called_again(sender, watcher):
    """Its receipts decide what is forgotten: one that does not decode ends the line."""
    sender.send(connection())
    sender.flush()
    watcher.read()
    assert watcher.line is not None
    watcher.line.sendall(framed(b"garbage"))
    sender.flush()
    sender.flush()

    assert watcher.read() == []
    assert numbers(watcher.read()) == [1]


def test_ten_thousand_facts_cross_on_one_line_while_the_capture_goes_on(sender, watcher):
    """A watch that comes back after long is not hung up on because there is much to tell it."""
    for serial in range(10_000):
        sender.send(connection(serial=serial, dicom=dicom()))
    found: list[int] = []
    deadline = time.monotonic() + 10
    while len(found) < 10_000 and time.monotonic() < deadline:
        sender.send(coverage())
        sender.flush()
        found += [parcel.number for parcel in watcher.read(1) if parcel.number <= 10_000]

    assert found == list(range(1, 10_001))
    assert watcher.lines == 1


def test_a_watch_that_takes_no_calls_does_not_hold_up_the_capture(sender, watcher):
    """Stopped before it answered: its queue of callers is full, and a call is not waited for."""
    callers = []
    for _ in range(4):
        caller = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        caller.setblocking(False)
        with suppress(BlockingIOError):
            caller.connect(watcher.door.getsockname())
        callers.append(caller)
    begun = time.monotonic()
    sender.send(connection())
    sender.flush()

    assert time.monotonic() - begun < 0.5
    for caller in callers:
        caller.close()


def test_a_watch_that_stops_reading_neither_blocks_nor_fills_the_memory(sender, watcher):
    """Stopped, and later gone on: what waited comes, and what was given up is counted."""
    sender.outbox = Outbox("run-1", kept=2_000)
    sender.send(connection())
    sender.flush()
    watcher.read()
    for serial in range(6_000):
        sender.send(connection(serial=serial))
        sender.flush()
    assert len(sender.outbox) == 2_000

    found: list[Parcel] = []
    for _ in range(40):
        sender.flush()
        found += watcher.read()
        if found and found[-1].number == 6_001:
            break

    assert numbers(found)[-1] == 6_001
    assert numbers(found) == sorted(set(numbers(found)))
    assert sender.outbox.unsent == 6_001 - 2_000
    assert watcher.lines == 1
