"""What the sentinel writes to its card in a typical day: sectors of the device, with the settings of the card."""

import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

from sentinel.card.settings import DEFAULTS
from sentinel.store.writing import open_store
from tests.bench import card
from tests.bench.day import ACCEPTED, Day
from tests.bench.figure import Figure
from tests.lab import doors, imaging
from tests.lab.cabinet import Cabinet
from tests.story.sentinel import CODE, EchoHost, Sentinel

AIM = 50.0
"""Megabytes a day."""
SETTLES = 60.0
"""Seconds from the first complete check until it is counted: a start writes more, and is rare."""
BATCH = float(DEFAULTS["store"]["batch_seconds"])
"""Seconds that routine rows wait for one another on the card."""
A_DAY = 86_400
PROGRAMS = ("watch", "listen", "web")
FRAMES = 1100
"""A little more than the 1,000 pages after which SQLite begins at the front again."""
NOBODY = (
    *("setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"),
    *("--inh-caps=+dac_read_search", "--ambient-caps=+dac_read_search"),
)
"""Whoever reads the store may not write it; the source may lie in a folder of somebody's own."""
MEMORY = "/dev/shm"
"""Pulse and sockets lie in memory, as under /run on the card."""


def measure(_: Path, minutes: float = 60.0, settles: float = SETTLES, batch: float = BATCH) -> list[Figure]:
    """One figure: megabytes a day, with what each program of it has handed to the kernel."""
    with ExitStack() as stack:
        place = Path(stack.enter_context(tempfile.TemporaryDirectory()))  # the page's user must get there
        passing = Path(stack.enter_context(tempfile.TemporaryDirectory(dir=MEMORY)))
        inserted = stack.enter_context(card.inserted(place))
        cabinet = stack.enter_context(Cabinet())
        sentinel = stack.enter_context(_watching(cabinet, inserted.folder, passing, place, batch))
        stack.enter_context(doors.door(cabinet.imaging, ACCEPTED))
        stack.enter_context(doors.door(cabinet.echo2, ACCEPTED))
        day = Day(cabinet, place / "images")
        day.play(settles)
        return [_figure(inserted, sentinel, day, minutes * 60)]


def called(minutes: float, *, checked: bool) -> str:
    """The row's name: from how much of a day it was reckoned, and whether a check was among it."""
    among = "and a check" if checked else "without a check"
    return f"written to the card in a day, from {minutes:g} minutes of a busy one, {among}"


def _figure(inserted: card.Card, sentinel: Sentinel, day: Day, seconds: float) -> Figure:
    day.begin_anew()
    before, by_program, checks = inserted.written(), _handed(sentinel), _checks(sentinel)
    begun = time.monotonic()
    day.play(seconds / 2)
    sentinel.command("knock")  # by itself it asks once in 60 to 75 minutes, and an hour may pass without
    day.play(seconds / 2)
    after = inserted.written()
    share = A_DAY / (time.monotonic() - begun) / 1e6
    handed = _handed(sentinel)
    parts = [(name, (handed[name] - by_program[name]) * share) for name in PROGRAMS]
    return Figure(
        name=called(seconds / 60, checked=_checks(sentinel) > checks),
        value=(after[0] - before[0]) * share,
        unit="MB",
        aim=AIM,
        parts=tuple(parts),
        note=f"{after[1] - before[1]} requests, the journal of the file system among them; {day.told()}",
    )


class Installed(Sentinel):
    """Its page has a user of its own: as root SQLite sets the owner of what it opens, which is written too."""

    def _command(self, *words: str) -> list[str]:
        command = super()._command(*words)
        return [*NOBODY, *command] if words == ("web",) else command


@contextmanager
def _watching(cabinet: Cabinet, lasting: Path, passing: Path, scratch: Path, batch: float) -> Iterator[Sentinel]:
    """The three programs as the units start them, an echo that has been asked, and a page open to everybody."""
    imaging.orthanc(cabinet.imaging)
    cabinet.box.forward(ACCEPTED, ACCEPTED, cabinet.imaging)
    cabinet.switch.mirror_port_of(cabinet.imaging, True)
    invitation = EchoHost(cabinet.echo1, scratch / "echo").start().invite()
    for folder in (scratch, passing):
        folder.chmod(0o755)  # `mkdtemp` has closed them to others
    (lasting / "sentinel").mkdir(mode=0o755)
    sentinel = Installed(cabinet, scratch, lasting=lasting / "sentinel", passing=passing)
    sentinel.file.write_text(_settings(cabinet, invitation, batch), encoding="utf-8")
    sentinel.file.chmod(0o644)
    with _long_journal(sentinel.places.store):
        sentinel.start_apart()
    try:
        sentinel.wait(lambda: len(sentinel.sql("SELECT * FROM outcomes")) == 2, "two checks", 120)
        yield sentinel
    finally:
        sentinel.stop()


@contextmanager
def _long_journal(store: Path) -> Iterator[None]:
    """SQLite's write-ahead file as it is after the first hours: as long as it ever gets, and written over from its
    beginning. While it grows each commit costs twice as much, which says nothing of a day."""
    with closing(open_store(store)) as db:
        db.execute("PRAGMA wal_autocheckpoint = 0")
        db.execute("PRAGMA synchronous = OFF")
        for number in range(FRAMES):
            db.execute(f"PRAGMA user_version = {number}")
        db.execute("PRAGMA wal_checkpoint(FULL)")
        yield  # with nobody there it would be deleted


def _settings(cabinet: Cabinet, invitation: str, batch: float) -> str:
    """As the card has them."""
    until = datetime.now(UTC).date() + timedelta(days=60)
    while until.weekday() > 3:  # never from Friday to Sunday
        until -= timedelta(days=1)
    return f"""\
[practice]
name = "Cabinet des Tilleuls"
contact = "Camille Martin"
[capture]
interface = "mirror0"
names = false
[page]
host = "{cabinet.pi.v4}"
code = "{CODE}"
[store]
batch_seconds = {batch}
[echo]
invitation = "{invitation}"
[[expected]]
machine = "{cabinet.imaging.mac}"
port = {ACCEPTED}
until = {until}
who = "Dr Martin"
why = "the practice's own page"
"""


def _checks(sentinel: Sentinel) -> int:
    """What came of them is a row for each family."""
    return len(sentinel.sql("SELECT * FROM outcomes"))


def _handed(sentinel: Sentinel) -> dict[str, int]:
    """Bytes each program has caused to be written to a device: proc_pid_io(5), `write_bytes`."""
    found = {}
    for name in PROGRAMS:
        rows = Path("/proc", str(sentinel.process(name)), "io").read_text().splitlines()
        found[name] = int(next(row for row in rows if row.startswith("write_bytes")).split()[1])
    return found
