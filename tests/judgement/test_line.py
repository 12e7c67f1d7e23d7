"""Another address is noted; a backup line is blue for a day, in its own words, and then it is none."""

from ipaddress import ip_address

import pytest

from sentinel.judgement.line import Line
from sentinel.model.box import Reading
from sentinel.model.exposure import Outcome
from sentinel.model.finding import Code, Finding, Level
from tests.builders import PUBLIC, moment, outcome, reading

DAY = 86_400
CGNAT, PRIVATE, OTHER = (ip_address(text) for text in ("100.64.9.9", "10.61.0.4", "25.7.0.9"))


def told(found) -> list[tuple[Code, bool, Level]]:
    """Code, whether it holds, level."""
    return [(each.code, not each.ends, each.level) for each in found]


HOLDS, OVER = (Code.BACKUP_LINE, True, Level.UNSURE), (Code.BACKUP_LINE, False, Level.UNSURE)


def ours() -> Line:
    """The box has the address the echo met."""
    line = Line()
    assert [*line.checked(outcome(at=moment())), *line.take(reading(wan=PUBLIC))] == []
    return line


@pytest.mark.parametrize("wan", [CGNAT, PRIVATE])
def test_the_same_box_behind_an_address_nobody_can_meet_is_on_its_backup_line(wan):
    """Told once, and over when its own line is back."""
    line = ours()

    assert told(line.take(reading(wan=wan, at=moment(60)))) == [HOLDS]
    assert told(line.take(reading(wan=wan, at=moment(120)))) == []
    assert told(line.take(reading(wan=PUBLIC, at=moment(180)))) == [OVER]
    assert told(line.take(reading(wan=wan, at=moment(240)))) == [HOLDS]


def test_a_line_that_says_it_has_no_address_at_all_is_one_too():
    """So do boxes that fall back on a tunnel."""
    assert told(ours().take(reading(wan=None, addressless=True, at=moment(60)))) == [HOLDS]


def test_a_box_that_never_had_the_address_has_no_backup_line():
    """A second router, or a shared address since ever: told as what it is."""
    line = Line()
    list(line.checked(outcome(at=moment())))

    assert told(line.take(reading(wan=CGNAT, at=moment(60)))) == []


def test_what_lasts_longer_than_a_day_is_no_backup():
    """It ends by itself, and does not begin again."""
    line = ours()
    list(line.take(reading(wan=CGNAT, at=moment(60))))

    assert told(line.beat(moment(DAY))) == []
    assert told(line.beat(moment(DAY + 61))) == [OVER]
    assert told(line.take(reading(wan=CGNAT, at=moment(DAY + 120)))) == []


def test_another_box_is_no_backup_line():
    """That has a finding of its own."""
    line = ours()
    list(line.take(reading(wan=CGNAT, at=moment(60))))

    assert told(line.replaced(moment(120))) == [OVER]
    assert told(line.take(reading(wan=CGNAT, at=moment(180)))) == []


@pytest.mark.parametrize("silent", [Reading.SILENT, Reading.FAILED])
def test_a_box_that_says_nothing_has_changed_nothing(silent):
    """Neither begun nor over."""
    line = ours()
    assert told(line.take(reading(reading=silent, wan=None, at=moment(60)))) == []
    list(line.take(reading(wan=CGNAT, at=moment(120))))

    assert told(line.take(reading(reading=silent, wan=None, at=moment(180)))) == []


def changed(line: Line, at: float, **more: object) -> list[Finding]:
    return list(line.checked(outcome(at=moment(at), **more)))


def test_another_public_address_is_noted_for_a_day():
    """Never a colour: some providers give a new one each night."""
    line = ours()

    assert told(changed(line, 60, address=OTHER)) == [(Code.ADDRESS_CHANGED, True, Level.NOTE)]
    assert told(changed(line, 120, address=OTHER)) == []
    assert told(line.beat(moment(DAY))) == []
    assert told(line.beat(moment(DAY + 61))) == [(Code.ADDRESS_CHANGED, False, Level.NOTE)]


@pytest.mark.parametrize("more", [{"family": 6}, {"result": Outcome.UNREACHABLE}, {"address": None}])
def test_only_a_check_over_ipv4_tells_the_lines_address(more):
    """Over IPv6 the address is the sentinel's own, and changes daily."""
    assert changed(ours(), 60, **{"address": OTHER, **more}) == []
