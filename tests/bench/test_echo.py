"""The load bench of the echo, in small: what it counts is what is there."""

from collections import Counter
from pathlib import Path

from sentinel.model.exposure import PortList, Reach
from sentinel.services import port_list
from tests.bench import echo, practices
from tests.bench.checks import Tally
from tests.bench.line import laid


def test_three_doors_of_four_are_silent_and_the_rest_is_mixed():
    """Over all practices together; a practice has some of each."""
    doors = Counter(
        practices.truth(practices.address(number), port)
        for number in range(1_000)
        for port in port_list(PortList.FULL)
    )

    assert 0.74 < doors[Reach.FILTERED] / doors.total() < 0.76
    assert 0.08 < doors[Reach.OPEN] / doors.total() < 0.17
    assert len({practices.address(number) for number in range(1_080)}) == 1_080


def test_what_the_checks_say_is_counted_against_the_truth(lab_possible: None, tmp_path: Path):
    """A dozen practices and their knocks, no state wrong; and handshakes, each answered."""
    with laid():
        tally = echo.load(12, 900, PortList.HOURLY)
        hands, cpu = echo.handshakes(tmp_path, 60)

    assert (tally.checks, tally.probes, tally.wrong) == (12, 12 * 16, 0)
    assert tally.peak < echo.MEMORY
    assert hands == 60
    assert cpu > 0


def test_a_wrong_state_is_a_missed_aim():
    """And a scan that was ended is said to be unfinished."""
    told = Tally(checks=1, probes=16, wrong=1, wall=1.0, cpu=0.1, peak=70.0, fastest=16)
    scan = echo.Scan(wall=300.0, cpu=1.0, finished=False)
    found = echo.figures(told, scan, 100, 0.5)

    assert found[0].missed
    assert not found[1].missed
    assert "unfinished" in found[3].note
    assert found[4].value == 200
