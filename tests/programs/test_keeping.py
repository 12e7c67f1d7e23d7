"""What `watch` does at each beat for later: starts, days, heads and the purge, none of it twice."""

import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from sentinel.config import Config, Store
from sentinel.model.acting import Setting
from sentinel.model.declared import View
from sentinel.model.finding import Code, Level
from sentinel.model.ledger import Entry, EntryKind, Signed
from sentinel.model.moment import Moment
from sentinel.model.passing import Beat
from sentinel.model.standing import Standing
from sentinel.model.verdict import Assurance, Reason, Verdict
from sentinel.places import Places
from sentinel.programs.keeping import Keeping
from sentinel.store import anchors
from sentinel.store.archive import Archive
from sentinel.store.ledger import entries
from tests.builders import connection, moment

DAY = 86_400.0


class Kept:
    """A `watch` without its street: an archive, a verdict, and beats."""

    def __init__(
        self, folder: Path, config: Config | None = None, at: float = 0, confirmed: bool | None = None
    ) -> None:
        self.places = Places(lasting=folder, passing=folder)
        self.archive = Archive(self.places.store, "boot")
        self.level: Level | None = Level.CALM
        self.code = Code.CAPTURE_LOST
        """What the verdict is about, where it is not calm."""
        self.confirmed = confirmed
        self.keeping = Keeping(
            self.archive, config or Config(), self.places, moment(at), self.verdict, lambda: self.confirmed
        )
        self.archive.commit()

    def verdict(self) -> Verdict | None:
        if self.level is None:
            return None
        reason = Reason(code=self.code, level=self.level, since=moment())
        reasons = () if self.level is Level.CALM else (reason,)
        about = {
            "reasons": reasons,
            "at": moment(),
            "view": View.MIRROR,
            "assurance": Assurance.B,
            "checked": None,
        }
        return Verdict(level=self.level, **about)  # type: ignore[arg-type]

    def beat(self, *seconds: float) -> None:
        for each in seconds:
            self.keeping.after(Beat(at=moment(each)))
            self.archive.commit()

    def told(self, kind: EntryKind) -> list[dict[str, Any]]:
        return [json.loads(each.body) for each in self.all() if each.kind == kind]

    def all(self) -> list[Entry]:
        with closing(sqlite3.connect(f"file:{self.places.store}?mode=ro", uri=True)) as db:
            return list(entries(db))

    def end(self, at: float | None = None) -> None:
        if at is not None:
            self.keeping.stop(moment(at))
            self.archive.commit()
        self.archive.close()


@pytest.fixture
def kept(tmp_path: Path) -> Iterator[Kept]:
    made = Kept(tmp_path)
    yield made
    made.end()


def test_a_start_tells_since_when_nothing_was_watched_and_whether_it_was_stopped(tmp_path):
    """The first knows of nothing before it; a crash and a clean stop are told apart; the key is named."""
    Kept(tmp_path).end(60)
    Kept(tmp_path, at=100).end()
    last = Kept(tmp_path, at=200)

    first, second, third = last.told(EntryKind.STARTED)
    assert "off_since" not in first
    assert first["key"].startswith("ed25519:")
    assert (second["off_since"], second["clean"]) == ("2026-03-02T09:01:00.000000Z", True)
    assert (third["off_since"], third["clean"]) == ("2026-03-02T09:01:40.000000Z", False)
    assert [each.kind for each in last.all()] == ["started", "stopped", "started", "started"]
    last.end()


def test_a_day_is_told_once_after_it_is_over(kept):
    """With the worst that was shown; the day under way is not told."""
    kept.beat(0, 60)
    kept.level = Level.UNSURE
    kept.beat(120)
    kept.level = Level.CALM
    assert kept.told(EntryKind.DAY) == []

    kept.beat(DAY, DAY + 1, DAY + 61, DAY + 3600)

    (day,) = kept.told(EntryKind.DAY)
    assert (day["day"], day["worst"]) == ("2026-03-02", Level.UNSURE)


def test_what_was_shown_as_not_known_is_a_gap_of_its_day(kept):
    """By every beat that said so, though no row of the store does; starting is none, nor an exercise anything."""
    kept.level = Level.UNSURE
    for code, begins in ((Code.UNPLUGGED, 0), (Code.UNPLUGGED, 3600), (Code.STARTING, 7200)):
        kept.code = code
        kept.beat(*range(begins, begins + 1200, 30))
    kept.level, kept.code = Level.ALARM, Code.DRILL
    kept.beat(9000)
    kept.level = Level.CALM
    kept.beat(DAY, DAY + 1)

    (day,) = kept.told(EntryKind.DAY)
    gaps = [(each["begin"][11:16], each["end"][11:16]) for each in day["gaps"] if each["why"] == "unplugged"]
    assert gaps == [("09:00", "09:19"), ("10:00", "10:19")]
    assert {each["why"] for each in day["gaps"]} == {"unasked", "unplugged"}
    assert day["worst"] == Level.UNSURE


def test_days_that_ended_while_nobody_was_running_are_told_afterwards(tmp_path):
    """One a beat, oldest first, and not further back than a month."""
    Kept(tmp_path).end(60)
    late = Kept(tmp_path, at=40 * DAY, confirmed=True)
    late.beat(*(40 * DAY + second for second in range(40)))

    days = [each["day"] for each in late.told(EntryKind.DAY)]
    assert (days[0], days[-1], len(days)) == ("2026-03-10", "2026-04-10", 32)
    late.end()


def test_a_clock_nobody_trusts_tells_no_day_and_purges_nothing(kept):
    """A Pi that wakes up in 2038 must not throw its log away."""
    kept.archive.connection("run", connection(), Standing.STRANGER)
    kept.archive.clock_trusted = lambda: False
    kept.beat(4000 * DAY, 4000 * DAY + 120)

    assert kept.told(EntryKind.DAY) == []
    assert kept.archive.at_once("SELECT count(*) FROM connections", ()) == [(1,)]


def lost(kept: Kept) -> bool:
    return kept.archive.at_once("SELECT count(*) FROM connections", ()) == [(0,)]


def test_a_clock_that_no_echo_has_confirmed_in_this_run_purges_nothing(tmp_path):
    """It may have been wrong since the boot, with no jump to show it; the first check settles it."""
    kept = Kept(tmp_path, confirmed=False)
    kept.archive.connection("run", connection(), Standing.STRANGER)
    kept.beat(*(400 * DAY + second for second in range(20)))
    assert (kept.told(EntryKind.DAY), lost(kept)) == ([], False)

    kept.confirmed = True
    kept.beat(*(400 * DAY + 60 + second for second in range(20)))
    assert (len(kept.told(EntryKind.DAY)) > 0, lost(kept)) == (True, True)
    kept.end()


@pytest.mark.parametrize(("days", "purges"), [(-1, False), (4000, False), (20, True)])
def test_without_an_echo_a_start_must_follow_what_was_kept_last(tmp_path, days, purges):
    """Not before it, and not so long after it that everything would go at once."""
    first = Kept(tmp_path)
    first.archive.connection("run", connection(at=moment(-400 * DAY)), Standing.STRANGER)
    first.end(60)
    kept = Kept(tmp_path, at=days * DAY)
    kept.beat(*(days * DAY + second for second in range(20)))

    assert lost(kept) == purges
    kept.end()


def test_the_log_is_kept_as_long_as_was_set_on_the_page(tmp_path):
    """The page's months cover the file's; never more than twelve."""
    kept = Kept(tmp_path, Config(store=Store(months=12)))
    kept.archive.connection("run", connection(), Standing.STRANGER)
    reading = json.dumps({"language": "fr", "page_from": [], "months": 1})
    kept.archive.setting(Setting(section="reading", value=reading, who="Léa", at=moment()))
    kept.archive.commit()

    kept.beat(*(29 * DAY + second for second in range(20)))
    assert kept.archive.at_once("SELECT count(*) FROM connections", ()) == [(1,)]
    kept.beat(*(32 * DAY + second for second in range(20)))

    assert kept.archive.at_once("SELECT count(*) FROM connections", ()) == [(0,)]
    assert [each["rows"] for each in kept.told(EntryKind.PURGED)] == [{"connections": 1}]
    kept.end()


def test_a_countersigned_head_goes_into_the_file_beside_the_store(kept):
    """As it came."""
    fact = Signed(check="c", echo="e", head="a" * 64, line='{"asked_at":"2026"}', at=moment())
    kept.keeping.after(fact)
    kept.keeping.after(replace(fact, head=""))

    assert anchors.read(kept.places.anchors) == [fact.line]


def test_a_file_that_cannot_be_written_stops_no_street(kept):
    """The store says so where the disk is full; here a folder stands in the way."""
    kept.places.anchors.mkdir()

    kept.keeping.after(Signed(check="c", echo="e", head="a" * 64, line="x", at=moment()))


def test_a_locked_store_ends_a_purge_and_it_begins_again_within_the_hour(kept, caplog):
    """One line for the console."""
    kept.archive.connection("run", connection(), Standing.STRANGER)
    kept.archive.commit()
    late: Moment = moment(400 * DAY)
    with closing(sqlite3.connect(kept.places.store, isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")
        kept.keeping._go_on(late)
        other.execute("ROLLBACK")
    assert "the purge stopped" in caplog.text

    kept.beat(*(400 * DAY + 3600 + second for second in range(20)))

    assert kept.archive.at_once("SELECT count(*) FROM connections", ()) == [(0,)]
