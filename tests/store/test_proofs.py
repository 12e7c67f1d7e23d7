"""A signed check is kept when it opened or closed an alarm, and once a day; the rest do not fill the store."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from sentinel.model.ledger import Signed
from sentinel.store.archive import Archive
from sentinel.store.proofs import AT_ONCE
from sentinel.store.reading import opened
from tests.builders import moment

DAY = 86_400.0


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "sentinel.db"


@pytest.fixture
def archive(path: Path) -> Iterator[Archive]:
    kept = Archive(path, "boot-1")
    yield kept
    kept.close()


def signed(check: str, seconds: float = 0, *, echo: str = "ed25519:a", head: str = "a" * 64) -> Signed:
    return Signed(check=check, echo=echo, head=head, line=f'{{"name":"{check}"}}', at=moment(seconds))


def judged(archive: Archive, fact: Signed, *incidents: int) -> None:
    archive.proofs.note(fact.check, incidents)
    archive.proofs.hold(fact)
    archive.proofs.settle(fact.check)
    archive.commit()


def kept(path: Path) -> list[str]:
    with opened(path) as reader:
        return [line[9:-2] for line in reader.anchors()]


def test_one_a_day_of_each_echo_is_kept(archive, path):
    """The first; a restart keeps no second one."""
    judged(archive, signed("monday"))
    judged(archive, signed("again", 60))
    judged(archive, signed("other", 60, echo="ed25519:b"))
    archive.close()
    again = Archive(path, "boot-2")
    judged(again, signed("later", 120))
    judged(again, signed("tuesday", DAY))
    again.close()

    assert kept(path) == ["monday", "other", "tuesday"]


def test_what_opened_or_closed_an_alarm_is_kept_and_found_by_it(archive, path):
    """Also on a day that has its own already, and where the echo signed no head."""
    judged(archive, signed("monday"))
    judged(archive, signed("opened", 60), 7, 8)
    judged(archive, signed("closed", 120, head=""), 7)
    judged(archive, signed("nothing", 180, head=""))

    with opened(path) as reader:
        assert list(reader.reports(7)) == ["opened", "closed"]
        assert list(reader.reports(8)) == ["opened"]
    assert kept(path) == ["monday", "opened"]


def test_an_outcome_without_a_report_keeps_nothing(archive, path):
    """There is nothing to show."""
    archive.proofs.note("lost", [7])
    archive.proofs.settle("lost")
    archive.commit()

    assert kept(path) == []


def test_checks_that_never_end_do_not_pile_up(archive, path):
    """The oldest of them are let go."""
    for number in range(AT_ONCE + 1):
        archive.proofs.note(f"c{number}", [1])
        archive.proofs.hold(signed(f"c{number}"))
    for number in range(AT_ONCE + 1):
        archive.proofs.settle(f"c{number}")
    archive.commit()

    assert kept(path) == [f"c{number}" for number in range(1, AT_ONCE + 1)]
