"""The doors of the file beside those of the page: kept when first read, withdrawn when taken out."""

from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from sentinel.config import Config, Expected
from sentinel.judgement.judge import Judge, Terms
from sentinel.model.acting import Withdrawal
from sentinel.model.exposure import CellVerdict, Reach
from sentinel.model.finding import Code
from sentinel.programs.doors import FILE, recall
from sentinel.store.acceptances import Listed
from sentinel.store.archive import Archive
from tests.builders import IMAGING_MAC, exposure, finding, moment, networks, outcome
from tests.judgement.test_granted import acceptance

DAY = 86_400.0
PARIS = ZoneInfo("Europe/Paris")


@pytest.fixture
def archive(tmp_path: Path) -> Iterator[Archive]:
    with closing(Archive(tmp_path / "sentinel.db", "boot-1")) as kept:
        yield kept


def entry(until: date = date(2026, 6, 2), **more: object) -> Expected:
    facts: dict[str, object] = {
        "machine": IMAGING_MAC.upper(),
        "port": 443,
        "source": "10.8.0.0/24",
        "who": "Dupont",
        "why": "VPN",
    }
    return Expected(until=until, **{**facts, **more})  # type: ignore[arg-type]


def start(archive: Archive, *expected: Expected, at: float = 0) -> Judge:
    judge = Judge(networks(), Terms(), moment(at))
    recall(judge, archive, Config(expected=expected), moment(at))
    archive.commit()
    return judge


def kept(archive: Archive) -> list[Listed]:
    return archive.acceptances(moment())


def test_an_entry_of_the_file_is_kept_once(archive):
    """However often the sentinel is started."""
    for day in range(3):
        (door,) = start(archive, entry(), at=day * DAY).granted
        assert (door.machine, door.port, str(door.source)) == (IMAGING_MAC, 443, "10.8.0.0/24")
        assert door.until == datetime(2026, 6, 3, tzinfo=PARIS)
    (only,) = kept(archive)

    assert (only.acceptance.from_file, only.acceptance.at.wall, only.withdrawn) == (True, moment().wall, None)


def test_an_entry_that_was_taken_out_is_withdrawn_with_it(archive):
    """And one that was prolonged is a new one, whose year begins anew."""
    start(archive, entry())
    (door,) = start(archive, entry(date(2026, 9, 1)), at=30 * DAY).granted
    assert door.until == datetime(2026, 9, 2, tzinfo=PARIS)
    assert list(start(archive, at=31 * DAY).granted) == []

    assert [(each.acceptance.number, each.withdrawn_by) for each in kept(archive)] == [(1, FILE), (2, FILE)]


def test_what_was_withdrawn_on_the_page_stays_so_while_the_file_says_it(archive):
    """Nobody's click is undone by a restart."""
    start(archive, entry())
    archive.withdrawal(Withdrawal(number=1, who="Anne", at=moment(60)))
    archive.commit()

    assert list(start(archive, entry(), at=DAY).granted) == []
    assert [each.withdrawn_by for each in kept(archive)] == ["Anne"]


@pytest.mark.parametrize(
    ("said", "until"),
    [
        (entry(date(2030, 1, 1)), datetime(2027, 3, 3, tzinfo=UTC)),
        (entry(date(2030, 1, 1), source="any", port=4242), datetime(2026, 5, 28, tzinfo=UTC)),
    ],
)
def test_an_entry_that_reaches_too_far_ends_when_it_must(archive, caplog, said, until):
    """A year, or 90 days for a red door open to everybody, from the day it was first read: also after restarts."""
    for at in (0, 20 * DAY):
        (door,) = start(archive, said, at=at).granted
        assert door.until.astimezone(PARIS).date() == until.date() + timedelta(days=1)

    assert caplog.text.count("is accepted until") == 1
    assert len(kept(archive)) == 1


def test_what_was_accepted_on_the_page_survives_a_restart(archive):
    """Beside the file's, and its number is never given again."""
    archive.acceptance(acceptance(7, days=30))
    archive.commit()
    judge = start(archive, entry())

    assert [door.who for door in judge.granted] == ["VPN Dupont", "Dupont"]
    assert judge.granted.next_number == 9
    assert start(archive, entry(), at=60).granted.next_number == 9


def test_a_new_store_finds_what_was_there_before_it(archive):
    """And one that has proved something knows what is new."""
    assert start(archive).installation.mark(finding(Code.DOOR_REACHABLE, source=None)).installation
    archive.begin_run("run-1", moment())
    archive.outcome(outcome())
    archive.commit()

    later = start(archive, at=DAY).installation
    assert not later.mark(finding(Code.DOOR_REACHABLE, source=None, at=moment(DAY))).installation
    young = start(archive, at=600).installation
    assert young.mark(finding(Code.DOOR_REACHABLE, source=None, at=moment(600))).installation


@pytest.mark.parametrize(
    ("reach", "verdict", "marked"),
    [
        (Reach.CLOSED, CellVerdict.NOT_SEEN, False),
        (Reach.CLOSED, CellVerdict.CONTRADICTED, True),
        (Reach.FILTERED, CellVerdict.NOT_SEEN, True),
    ],
)
def test_a_restart_within_the_first_hour_knows_what_was_refused(archive, reach, verdict, marked):
    """Whoever installs switches off and on; who was alive then, nobody knows any more."""
    archive.outcome(outcome(at=moment()))
    archive.exposure(exposure(reach=reach, at=moment()), verdict, None)
    archive.commit()

    assert start(archive, at=600).installation.mark(finding(at=moment(601))).installation is marked
