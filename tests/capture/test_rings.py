"""Connections hidden in other traffic: not one is missed, and of none is anything told wrong."""

from collections.abc import Sequence
from pathlib import Path

import pytest

from sentinel.capture.keep import EPHEMERAL
from sentinel.capture.route import Kind
from sentinel.model.connection import Connection, ConnectionState
from tests.capture import cable, traffic
from tests.capture.generator import Generator
from tests.capture.sensing import Sensed, sensing
from tests.capture.traffic import Hidden

pytestmark = pytest.mark.lab

ATTEMPTED, REFUSED, ANSWERED, CONNECTED, CLOSED = ConnectionState
VAIN = (ATTEMPTED, REFUSED)


def sensed(room: Path, frames: Sequence[bytes], rate: float = 0) -> tuple[Sensed, float]:
    """What the capture told of these frames, and the rate at which they came."""
    with cable.cable() as laid:
        with sensing(laid, room) as (_, results), laid.at("left"):
            generator = Generator(cable.CARD, frames)
            reached = generator.send(rate)
            generator.close()
        return results[0], reached


def finals(told: Sequence[Connection]) -> dict[tuple[str, int, int], Connection]:
    """The last word on each."""
    return {(str(each.source), each.source_port, each.target_port): each for each in told}


def wrong(strangers: Sequence[Hidden], found: Sensed) -> list[tuple[Hidden, Connection | None]]:
    """Those of which something else was told than what was; of one that came to nothing a sum may tell."""
    told = finals(found.connections)
    apart = []
    for each in strangers:
        row = told.get((str(each.source), each.source_port, each.target_port))
        if row is None and each.state in VAIN:
            continue
        gist = row and (row.state, row.bytes_in, row.bytes_out, row.dicom is not None)
        is_told = row and (row.label is each.label or (row.label is None and row.target_port >= EPHEMERAL))
        if not is_told or gist != (each.state, each.bytes_in, each.bytes_out, each.dicom):
            apart.append((each, row))
    return apart


def vain(found: Sensed) -> tuple[int, int]:
    """Attempts and refusals that were told, in rows and sums."""
    rows = [each.state for each in finals(found.connections).values()]
    silent = rows.count(ATTEMPTED) + sum(each.silent for each in found.sums.values())
    return silent, rows.count(REFUSED) + sum(each.refused for each in found.sums.values())


@pytest.mark.parametrize("kind", ["office", "flood", "bulk"])
def test_hidden_connections_are_all_told_as_they_were(kind, tmp_path):
    """Among pages and shares, 64-byte frames, or images: state, bytes, DICOM and label of each."""
    cable.need()
    strangers = traffic.hidden(200)
    frames = traffic.woven(getattr(traffic, kind)(20_000), strangers)

    found, _ = sensed(tmp_path, frames, rate=20_000)

    assert found.lost == 0
    assert wrong(strangers, found) == []
    states = [each.state for each in strangers]
    assert vain(found) == (states.count(ATTEMPTED), states.count(REFUSED))


def test_hidden_connections_are_all_told_in_the_midst_of_a_scan(tmp_path):
    """Each attempt of the scan is told too, in a row or in a sum, unless the kernel counted it as dropped."""
    cable.need()
    strangers = traffic.hidden(200)
    scan = traffic.scan(50_000)
    frames = traffic.woven(scan, strangers)

    found, _ = sensed(tmp_path, frames)

    assert wrong(strangers, found) == []
    states = [each.state for each in strangers]
    silent, refused = vain(found)
    attempts = len({frame[26:38] for frame in scan}) + states.count(ATTEMPTED)
    assert found.forgotten == 0
    assert abs(attempts - silent) <= found.lost
    assert abs(states.count(REFUSED) - refused) <= found.lost
    assert sum(loss.dropped for kind, loss in found.losses.items() if kind is not Kind.ATTEMPTS) == 0
