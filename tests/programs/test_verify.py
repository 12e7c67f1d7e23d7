"""Each thing somebody may do to a store with sqlite3, done to a real one: all of it is seen, and named."""

import json
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterable
from contextlib import closing
from dataclasses import astuple, replace
from datetime import timedelta
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization

from sentinel.config import Config, Language
from sentinel.errors import NotReadable
from sentinel.evidence.pack import unseal
from sentinel.evidence.verify import Point
from sentinel.model.acting import Acceptance, PaperKind, Withdrawal
from sentinel.model.finding import Code, Grade, Level, Story, StoryKind
from sentinel.model.incident import Chapter, Incident, IncidentState
from sentinel.model.ledger import TAKEN_OUT, EntryKind, Signed, body_hash, next_entry
from sentinel.model.passing import NetworkAnswer
from sentinel.places import Places
from sentinel.programs import verify
from sentinel.programs.drawing import draw
from sentinel.programs.ordering import Order
from sentinel.secret import write_secret
from sentinel.store.anchors import Anchors
from sentinel.store.archive import Archive
from sentinel.store.ledger import entries
from sentinel.text import LANGUAGES, has
from tests.builders import START, incident, moment
from tests.evidence.journals import countersigned, dossier, journal, rewritten
from tests.reach.signing import OUR_KEY, OURS

OTHER = Story(kind=StoryKind.MAPPING, about="192.168.1.67", port=80)


def take_out(db: sqlite3.Connection, numbers: Iterable[int]) -> None:
    """Leave of these bodies their hash, as a purge does."""
    for number in numbers:
        (body,) = db.execute("SELECT body FROM ledger WHERE number = ?", (number,)).fetchone()
        db.execute("UPDATE ledger SET body = ? WHERE number = ?", (TAKEN_OUT + body_hash(body), number))


def chapter(
    number: int, seconds: float = 0, code: Code = Code.STRANGER_CONNECTED, who: str | None = None
) -> Chapter:
    return Chapter(
        incident=number, code=code, grade=Grade.CONNECTED, level=Level.ALARM, at=moment(seconds), who=who
    )


class Kept:
    """A store with an alarm that was read and closed and a weak point, its last head countersigned."""

    def __init__(self, folder: Path) -> None:
        self.places = Places(lasting=folder / "var", passing=folder / "run")
        self.places.make()
        pem = (serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
        write_secret(self.places.lasting / "sentinel.key", OUR_KEY.private_bytes(*pem))
        self.archive: Archive | None = Archive(self.places.store, "boot-1")
        self.archive.tell(EntryKind.STARTED, moment(), version="0", key=OURS)
        self.put(incident(), chapter(1))
        self.put(incident(number=2, story=OTHER, level=Level.ATTENTION), chapter(2, 1))
        self.put(
            incident(count=5, bytes_out=9_000, read=moment(2), read_by="Léa"),
            chapter(1, 2, Code.ALARM_READ, "Léa"),
        )
        self.decide()
        self.old = folder / "old.db"
        self.commit()
        self.copy(self.old)
        self.sign(moment(3))
        self.put(
            incident(
                count=5,
                bytes_out=9_000,
                read=moment(2),
                read_by="Léa",
                state=IncidentState.CLOSED,
                closed=moment(9),
            ),
            chapter(1, 9, Code.DOOR_CLOSED),
        )
        self.archive.tell(EntryKind.STOPPED, moment(10))
        self.commit()
        self.sign(moment(11))
        self.archive.close()

    def decide(self) -> None:
        """A door that was accepted and withdrawn, a network that is not ours."""
        assert self.archive is not None
        until = START + timedelta(days=30)
        door = Acceptance(number=1, machine="192.168.1.66", port=104, until=until, who="A", why="b", at=moment(2))
        self.archive.acceptance(door)
        self.archive.withdrawal(Withdrawal(number=1, who="B", at=moment(3)))
        self.archive.withdrawal(Withdrawal(number=1, who="C", at=moment(4)))
        self.archive.network(NetworkAnswer(network="10.99.0.0/24", ours=False, who="A", at=moment(2)))

    def put(self, story: Incident, line: Chapter | None) -> None:
        assert self.archive is not None
        self.archive.incident(story, line)

    def commit(self) -> None:
        assert self.archive is not None
        self.archive.commit()

    def copy(self, to: Path) -> None:
        with closing(sqlite3.connect(self.places.store)) as db, closing(sqlite3.connect(to)) as other:
            db.backup(other)

    def sign(self, at) -> None:
        """The echo countersigns what is on disk; beside the store as `watch` keeps it."""
        assert self.archive is not None
        head = self.archive.ledger.head
        line = countersigned(head, at.wall, check=f"check-{at.boot.total_seconds():.0f}")
        Anchors(self.places.anchors).add(Signed(check="c", echo="e", head=head, line=line, at=at))

    def keep(self, check: str) -> None:
        """A signed check that closed the alarm, in the store."""
        archive = Archive(self.places.store, "boot-1")
        line = countersigned(archive.ledger.head, moment(12).wall, check=check)
        archive.proofs.note(check, [1])
        archive.proofs.hold(Signed(check=check, echo="e", head=archive.ledger.head, line=line, at=moment(12)))
        archive.proofs.settle(check)
        archive.commit()
        archive.close()

    def sql(self, *statements: str) -> None:
        with closing(sqlite3.connect(self.places.store)) as db:
            db.execute("PRAGMA foreign_keys = OFF")
            for statement in statements:
                db.execute(statement)
            db.commit()

    def rewrite(self, change: Callable[[str], str]) -> None:
        """Every body through `change`, and the whole chain hashed anew: what somebody does who knows the rule."""
        with closing(sqlite3.connect(self.places.store)) as db:
            made = rewritten([replace(each, body=change(each.body)) for each in entries(db)])
            db.execute("DELETE FROM ledger")
            db.executemany(
                "INSERT INTO ledger VALUES (?, ?, ?, ?, ?, ?)",
                [(each.number, each.at, each.kind, each.body, each.before, each.hash) for each in made],
            )
            db.commit()

    def look(self, language: Language = Language.EN, anchors: Path | None = None) -> tuple[int, str]:
        said: list[str] = []
        code = verify.store(self.places, language, said.append, anchors)
        return code, "\n".join(said)


@pytest.fixture
def kept(tmp_path: Path) -> Kept:
    return Kept(tmp_path)


def test_a_store_that_nobody_touched_is_whole(kept):
    """Chain, anchor, rows and register; in both languages."""
    code, said = kept.look()

    assert code == verify.HOLDS
    assert "entries 1 to 10, none changed" in said
    assert "Up to entry 10" in said
    assert said.splitlines()[-1].startswith("WHOLE")
    assert kept.look(Language.FR)[1].splitlines()[-1].startswith("INTACT")


def test_without_a_countersigned_head_it_is_consistent_and_not_anchored(kept):
    """And says so by its exit code too."""
    kept.places.anchors.unlink()

    code, said = kept.look()
    assert code == verify.NOT_ANCHORED
    assert said.splitlines()[-1].startswith("CONSISTENT, NOT ANCHORED")


@pytest.mark.parametrize(
    ("statement", "named"),
    [
        ("UPDATE ledger SET body = replace(body, 'L\\u00e9a', 'Max') WHERE number = 4", "Entry 4 of the journal"),
        ("UPDATE ledger SET at = '2026-01-01T00:00:00.000000Z' WHERE number = 2", "Entry 2 of the journal"),
        ("DELETE FROM ledger WHERE number = 3", "Entry 3 of the journal was taken away"),
        ("DELETE FROM ledger WHERE number = 1", "Entry 1 of the journal was taken away"),
        ("DELETE FROM ledger", "There is no journal"),
        ("DELETE FROM ledger WHERE number >= 5", "What echo ed25519"),
        ("UPDATE incidents SET read_by = 'Max' WHERE number = 1", "Incident 1 does not say"),
        ("UPDATE incidents SET first = '2027' WHERE number = 1", "Incident 1 does not say"),
        ("UPDATE incidents SET level = 2 WHERE number = 1", "Incident 1 does not say"),
        ("UPDATE incidents SET bytes_out = 0 WHERE number = 1", "Incident 1 does not say"),
        ("UPDATE incidents SET sources = '[]' WHERE number = 2", "Incident 2 does not say"),
        ("DELETE FROM incidents WHERE number = 2", "Incident 2 was taken away"),
        ("CREATE TABLE t AS SELECT * FROM incidents WHERE number = 1; UPDATE t SET number = 3;"
         "INSERT INTO incidents SELECT * FROM t; DROP TABLE t", "Incident 3 was put in"),
        ("DELETE FROM chapters WHERE who IS NOT NULL", "A line of incident 1 was"),
        ("UPDATE chapters SET code = 'scanned' WHERE incident = 2", "A line of incident 2 was"),
        ("UPDATE chapters SET at = '2025' WHERE incident = 2", "A line of incident 2 was"),
        ("INSERT INTO chapters (incident, code, level, at, at_boot) VALUES (2, 'door_closed', 4, '2026', 0)",
         "A line of incident 2 was"),
        ("DELETE FROM register", "In the register, incident 1"),
        ("UPDATE register SET record = replace(record, '9000', '9')", "In the register, incident 1"),
        ("UPDATE register SET record = 'x'", "In the register, incident 1"),
        ("UPDATE incidents SET sources = 'x' WHERE number = 2", "Incident 2 does not say"),
        ("UPDATE register SET read = NULL", "In the register, incident 1"),
        ("UPDATE acceptances SET until = '2036-01-01T00:00:00.000000Z'", "Acceptance 1 was put in"),
        ("UPDATE acceptances SET withdrawn = NULL, withdrawn_by = NULL", "Acceptance 1 was put in"),
        ("DELETE FROM acceptances", "Acceptance 1 was put in"),
        ("CREATE TABLE t AS SELECT * FROM acceptances; UPDATE t SET number = 2, withdrawn = NULL;"
         "INSERT INTO acceptances SELECT * FROM t; DROP TABLE t", "Acceptance 2 was put in"),
        ("UPDATE networks SET ours = 1", "The answer about network 10.99.0.0/24"),
        ("INSERT INTO networks VALUES ('10.0.0.0/8', 1, 'x', '2026')", "The answer about network 10.0.0.0/8"),
        ("INSERT INTO register SELECT 9, first, shown, read, read_by, closed, record FROM register",
         "In the register, incident 9"),
    ],
)  # fmt: skip
def test_an_edit_with_sqlite3_is_seen_and_named(kept, statement, named):
    """The journal, an incident, a line of its timeline, the register."""
    kept.sql(*statement.split(";"))

    code, said = kept.look()
    assert code == verify.CHANGED
    assert f"{named}" in said, said
    assert said.splitlines()[-1].startswith("CHANGED")


def test_a_whole_chain_hashed_anew_is_seen_only_by_what_the_echo_signed(kept):
    """Rows, register and journal all rewritten to agree: without the anchor nobody could tell."""
    kept.rewrite(lambda body: body.replace("9000", "9"))
    kept.sql(
        "UPDATE incidents SET bytes_out = 9 WHERE number = 1",
        "UPDATE register SET record = replace(record, '9000', '9')",
    )

    code, said = kept.look()
    assert code == verify.CHANGED
    assert "rewritten, or an old copy" in said
    kept.places.anchors.unlink()
    assert kept.look()[0] == verify.NOT_ANCHORED


def test_an_old_database_put_back_is_seen_by_what_the_echo_signed(kept):
    """It is consistent in itself; the file beside it knows more."""
    shutil.copy(kept.old, kept.places.store)

    code, said = kept.look()
    assert code == verify.CHANGED
    assert "an old copy was put in its place" in said
    kept.places.anchors.unlink()
    assert kept.look()[0] == verify.NOT_ANCHORED


def test_an_old_folder_put_back_is_seen_by_signatures_kept_elsewhere(kept, tmp_path):
    """A dossier's `ancres.jsonl`, or that of a backup."""
    elsewhere = tmp_path / "ancres.jsonl"
    shutil.move(kept.places.anchors, elsewhere)
    shutil.copy(kept.old, kept.places.store)

    assert kept.look()[0] == verify.NOT_ANCHORED
    assert kept.look(anchors=elsewhere)[0] == verify.CHANGED


def test_what_moved_since_it_was_told_is_no_edit(kept):
    """Visits after the last word on a story: more of them, more bytes, a source more."""
    archive = Archive(kept.places.store, "boot-1")
    archive.incidents(moment(20))
    archive.incident(
        incident(
            number=2,
            story=OTHER,
            level=Level.ATTENTION,
            last=moment(20),
            sources=(("203.0.113.9", 1), ("203.0.113.7", 1)),
        ),
        None,
    )
    archive.commit()
    archive.close()

    assert kept.look()[0] == verify.HOLDS


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE incidents SET level = 2 WHERE number = 2; UPDATE incidents SET port = 81 WHERE number = 2",
        "UPDATE incidents SET count = 0 WHERE number = 2",
        "CREATE TABLE t AS SELECT * FROM incidents WHERE number = 2; UPDATE t SET number = 3;"
        "INSERT INTO incidents SELECT * FROM t; DROP TABLE t",
    ],
)
def test_an_edit_while_nothing_ran_is_told_by_the_next_start_and_stays_told(kept, statement):
    """What the street then writes anew washes nothing clean."""
    kept.sql(*statement.split(";"))
    for boot in ("boot-2", "boot-3"):
        archive = Archive(kept.places.store, boot)
        archive.incidents(moment(20))
        archive.commit()
        archive.close()

    code, said = kept.look()
    assert code == verify.CHANGED
    (bad,) = [line for line in said.splitlines() if line.startswith("✗")]
    assert bad.startswith("✗ At the start of 2026-03-02 09:00:20 UTC, incident"), said


@pytest.mark.parametrize(
    ("statement", "named"),
    [
        ("UPDATE acceptances SET withdrawn = NULL, withdrawn_by = NULL", "acceptance 1 was"),
        ("UPDATE networks SET ours = 1", "network 10.99.0.0/24 was"),
        (
            "INSERT INTO networks VALUES ('10.0.0.0/8', 1, 'x', '2026-01-01T00:00:00.000000Z')",
            "network 10.0.0.0/8 was",
        ),
    ],
)
def test_a_decision_that_was_edited_while_nothing_ran_is_put_back_and_told_for_good(kept, statement, named):
    """The street never obeys it: no lamp turns green by sqlite3."""
    kept.sql(statement)
    for boot in ("boot-2", "boot-3"):
        archive = Archive(kept.places.store, boot)
        archive.incidents(moment(20))
        assert [each.withdrawn is None for each in archive.acceptances(moment(20))] == [False]
        assert archive.known_networks() == []
        archive.close()

    code, said = kept.look()
    assert code == verify.CHANGED
    (bad,) = [line for line in said.splitlines() if line.startswith("✗")]
    assert named in bad, said


def test_what_nothing_binds_is_said(kept):
    """Connections and doors seen from outside: nobody may think that they were looked at."""
    assert "· The lists of connections and of doors seen from outside are bound by nothing" in kept.look()[1]


def test_a_purge_is_no_tampering(kept):
    """The weak point goes with its line and its text; the alarm and the register stay, and all of it verifies."""
    archive = Archive(kept.places.store, "boot-2")
    archive.incident(
        incident(number=2, story=OTHER, level=Level.ATTENTION, state=IncidentState.CLOSED, closed=moment(20)),
        chapter(2, 20),
    )
    archive.incident(incident(number=3), chapter(3))
    archive.commit()
    late = moment(400 * 86_400.0)
    for _ in archive.purge(late, timedelta(days=183)):
        archive.commit()
    archive.commit()
    kept.archive = archive
    assert kept.look()[0] == verify.NOT_ANCHORED  # nobody outside has seen the purge yet
    kept.sign(late)
    archive.close()

    code, said = kept.look()
    with closing(sqlite3.connect(kept.places.store)) as db:
        assert [row[0] for row in db.execute("SELECT number FROM incidents ORDER BY number")] == [1, 3]
        told = [
            json.loads(each.body)
            for each in entries(db)
            if not each.is_taken_out and each.kind in ("incident", "alarm")
        ]
    assert {body["incident"]["number"] for body in told} == {1, 3}
    assert code == verify.HOLDS, said


@pytest.mark.parametrize("at", ["2026-03-02T10:00:00.000000Z", "2030-03-02T10:00:00.000000Z"])
def test_an_alarm_that_a_made_up_purge_takes_away_is_missed(kept, at):
    """Its rows and its text deleted, and a purge appended that says so: the signed heads still match."""
    with closing(sqlite3.connect(kept.places.store)) as db:
        told = list(entries(db))
        alarm = [each.number for each in told if each.kind == EntryKind.ALARM]
        body = {"before": f"{int(at[:4]) - 1}{at[4:]}", "incidents": [1], "taken_out": alarm}
        purge = next_entry((told[-1].number, told[-1].hash), at, EntryKind.PURGED, body)
        take_out(db, alarm)
        db.execute("INSERT INTO ledger VALUES (?, ?, ?, ?, ?, ?)", astuple(purge))
        db.commit()
    kept.sql(
        *(
            f"DELETE FROM {table}"
            for table in ("register", "chapters WHERE incident = 1", "incidents WHERE number = 1")
        )
    )

    code, said = kept.look()
    assert code == verify.CHANGED
    assert f"The text of entry {alarm[0]} of the journal was erased" in said, said


def test_a_weak_point_that_a_made_up_purge_takes_away_is_not_called_whole(kept):
    """Dated so that it may: nobody outside has signed it, and when somebody does, its date is false."""
    with closing(sqlite3.connect(kept.places.store)) as db:
        told = list(entries(db))
        body = {"before": "2029-01-01T00:00:00.000000Z", "incidents": [2], "taken_out": [3]}
        last = (told[-1].number, told[-1].hash)
        purge = next_entry(last, "2030-01-01T00:00:00.000000Z", EntryKind.PURGED, body)
        take_out(db, [3])
        db.execute("INSERT INTO ledger VALUES (?, ?, ?, ?, ?, ?)", astuple(purge))
        db.commit()
    kept.sql("DELETE FROM chapters WHERE incident = 2", "DELETE FROM incidents WHERE number = 2")

    code, said = kept.look()
    assert (code, said.splitlines()[-1][:16]) == (verify.NOT_ANCHORED, "ANCHORED IN PART")
    kept.archive = Archive(kept.places.store, "boot-2")
    kept.sign(moment(30))
    kept.archive.close()
    assert kept.look()[0] == verify.CHANGED


def test_a_store_that_is_damaged_is_said(kept):
    """By SQLite's own check."""
    kept.sql("CREATE TABLE bent (a)", "INSERT INTO bent VALUES (1)")
    kept.sql("PRAGMA writable_schema = ON", "UPDATE sqlite_schema SET rootpage = 3 WHERE name = 'bent'")

    assert kept.look()[0] == verify.CHANGED


def test_no_store_is_one_sentence(tmp_path):
    """And a look makes neither a store nor a key."""
    places = Places(lasting=tmp_path, passing=tmp_path)

    with pytest.raises(NotReadable, match="cannot be read"):
        verify.store(places, Language.EN, print)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_point_has_its_sentence(language):
    """A new point comes with its words, or this fails."""
    assert [each for each in Point if not has(language, f"verify.{each.value}")] == []


def test_a_dossier_of_a_real_store_holds_with_its_journal_its_head_and_its_signed_check(kept, tmp_path):
    """Drawn as `watch` has it drawn, while somebody goes on writing; looked at with nothing but the file."""
    kept.keep("check-9")
    made = draw(Order(kind=PaperKind.DOSSIER, incident=1), Config(), kept.places, moment(60).wall)
    file = shutil.copy(kept.places.papers / made.name, tmp_path)
    said: list[str] = []

    code = verify.dossier(Path(file), Language.EN, said.append)

    told = "\n".join(said)
    assert code == verify.HOLDS, told
    for known in ("Sealed on 2026-03-02 09:01:00 UTC", "entries 1 to 10", "Up to entry 10", "1 check signed"):
        assert known in told, told
    assert "192.168.1.67" not in unseal(Path(file).read_bytes()).files["journal.jsonl"].decode()


def command(*words: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "sentinel", *map(str, words)],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


def test_a_dossier_is_verified_on_a_machine_that_has_nothing(tmp_path):
    """One command, no store, no configuration; the exit code says it to a script."""
    told = journal()
    file = tmp_path / "dossier.zip"
    file.write_bytes(dossier(told, [countersigned(told[-1].hash, START)]))
    bare = tmp_path / "bare.zip"
    bare.write_bytes(dossier(told))
    bad = tmp_path / "bad.zip"
    bad.write_bytes(dossier([*told[:2], *told[3:]]))

    done = [command("--dir", tmp_path / "none", "verify", each, "--lang", "en") for each in (file, bare, bad)]
    stranger = command("verify", file, "--echo", "ed25519:other")

    assert [each.returncode for each in (*done, stranger)] == [0, 3, 1, 1]
    assert "Entry 3 of the journal was taken away" in done[2].stdout
    assert not (tmp_path / "none").exists()


def test_what_is_no_dossier_is_one_sentence(tmp_path):
    """Exit 65, no traceback; and one of FILE and --store must be there."""
    file = tmp_path / "x.zip"
    file.write_bytes(b"PK\x03\x04 no")

    wrong, none = command("verify", file), command("verify")
    assert (wrong.returncode, "Traceback" in wrong.stderr) == (65, False)
    assert none.returncode == 2


def test_a_file_name_moves_no_cursor(tmp_path, capsys):
    """What a manifest says of itself is told as letters only."""
    assert verify._plainly({"name": "\x1b[2J\u202ex", "at": "nonsense", "count": 3}) == {
        "name": "?[2J?x",
        "at": "nonsense",
        "count": 3,
    }
