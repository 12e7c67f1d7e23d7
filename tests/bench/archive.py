"""A store as large as a practice ever has: half a year of connections and stories, straight into the tables."""

import random
from collections.abc import Iterator
from datetime import timedelta
from ipaddress import ip_address
from pathlib import Path

from sqlite_utils import Database

from sentinel.clock import now
from sentinel.model.connection import ConnectionState, Direction
from sentinel.model.exposure import Exposure, Outcome, PortList, Reach, ReachOutcome, Why
from sentinel.model.finding import Code, Grade, Level, Story, StoryKind
from sentinel.model.incident import Chapter, Incident, IncidentState
from sentinel.model.moment import Moment
from sentinel.model.standing import Standing
from sentinel.services import port_list
from sentinel.store import migrations, rows

CONNECTIONS = 1_000_000
INCIDENTS = 2_000
LINES = 6
"""Chapters of each story."""
SUMS = 50_000
DAYS = 180
MACHINES = 60
STATES = (ConnectionState.REFUSED, ConnectionState.ANSWERED, ConnectionState.CLOSED)
STANDINGS = (Standing.STRANGER, Standing.STRANGER, Standing.OWN_CHECK, Standing.EXPECTED, Standing.BOX)
AT_ONCE = 20_000


def fill(path: Path, connections: int = CONNECTIONS, incidents: int = INCIDENTS) -> None:
    """Make the store at `path`: the same one for the same numbers, but for its dates."""
    chance = random.Random(7)
    here = now()
    database = Database(path)
    try:
        migrations.apply(database)
        database.conn.execute("PRAGMA journal_mode=WAL")
        database.conn.execute("PRAGMA synchronous=OFF")  # a bench's own file
        with database.conn:
            for table, made in (
                ("connections", _connections(chance, here, connections)),
                ("incidents", _incidents(chance, here, incidents)),
                ("chapters", _chapters(chance, here, incidents)),
                ("attempts", _sums(chance, here)),
                ("exposures", _exposures(here)),
                ("outcomes", _outcomes(here)),
                ("machines", _machines(here)),
            ):
                database[table].insert_all(made, batch_size=AT_ONCE)
        database.conn.execute("ANALYZE")
    finally:
        database.close()


def _before(here: Moment, chance: random.Random) -> Moment:
    ago = timedelta(seconds=chance.uniform(60, DAYS * 86_400))
    return Moment(wall=here.wall - ago, boot=here.boot - ago)


def _mac(machine: int) -> str:
    return f"00:11:22:33:44:{machine:02x}"


def _address(machine: int) -> str:
    return f"192.168.1.{20 + machine}"


def _stranger(chance: random.Random) -> str:
    return f"198.51.{chance.randrange(256)}.{chance.randrange(1, 255)}"


def _connections(chance: random.Random, here: Moment, count: int) -> Iterator[rows.Row]:
    for serial in range(count):
        at, machine = _before(here, chance), chance.randrange(MACHINES)
        came = serial % 50 == 0
        when = rows.text(at.wall)
        yield {
            "run": "bench",
            "serial": serial,
            "standing": chance.choice(STANDINGS).value,
            "source": _stranger(chance),
            "source_port": chance.randrange(1024, 65_536),
            "target": _address(machine),
            "target_port": chance.choice((104, 4242, 11112, 443, 3389, 8042)),
            "source_mac": None,
            "target_mac": _mac(machine),
            "vlan": None,
            "direction": Direction.INBOUND.value,
            "state": chance.choice(STATES).value,
            "opened": when,
            "opened_boot": at.boot.total_seconds(),
            "changed": when,
            "changed_boot": at.boot.total_seconds(),
            "clock_trusted": 1,
            "bytes_in": chance.randrange(4000),
            "bytes_out": chance.randrange(90_000),
            "called": "ORTHANC" if came else None,
            "calling": "SCANNER" if came else None,
            "association": "accepted" if came else None,
            "services": None,
            "rejection": None,
        }


def _incidents(chance: random.Random, here: Moment, count: int) -> Iterator[rows.Row]:
    for number in range(1, count + 1):
        last, machine = _before(here, chance), number % MACHINES
        over = number % 40 != 0
        told = Incident(
            number=number,
            story=Story(kind=StoryKind.DOOR, about=_mac(machine), port=4242, family=4),
            code=Code.STRANGER_ASSOCIATED if number % 3 else Code.DOOR_REACHABLE,
            level=Level.ALARM,
            grade=Grade.ASSOCIATED if number % 3 else Grade.REACHABLE,
            state=IncidentState.CLOSED if over else IncidentState.OPEN,
            first=last,
            last=last,
            closed=last if over else None,
            machine=ip_address(_address(machine)),
            mac=_mac(machine),
            port=4242,
            outside_port=11112,
            count=500,
            sources=tuple((_stranger(chance), 20 - place) for place in range(20)),
            shown=last,
        )
        yield {**rows.incident_row(told), "boot": ""}


def _chapters(chance: random.Random, here: Moment, incidents: int) -> Iterator[rows.Row]:
    for number in range(1, incidents + 1):
        for _ in range(LINES):
            yield rows.chapter_row(
                Chapter(
                    incident=number,
                    code=Code.STRANGER_CONNECTED,
                    grade=Grade.CONNECTED,
                    level=Level.ALARM,
                    at=_before(here, chance),
                    source=ip_address(_stranger(chance)),
                )
            )


def _sums(chance: random.Random, here: Moment) -> Iterator[rows.Row]:
    for number in range(SUMS):
        at = _before(here, chance).wall
        yield {
            "run": "bench",
            "source_network": f"203.0.{number % 256}.0/24",
            "target": _address(number % MACHINES),
            "target_port": number % 65_000 + 1,
            "target_mac": _mac(number % MACHINES),
            "hour": rows.text(at.replace(minute=0, second=0, microsecond=0)),
            "silent": chance.randrange(100),
            "refused": chance.randrange(20),
            "answered": 0,
            "connected": 0,
            "bytes_in": 0,
            "bytes_out": 0,
            "first": rows.text(at),
            "last": rows.text(at),
        }


def _checks(here: Moment) -> Iterator[tuple[str, int, Moment]]:
    """One full list an hour for a week, over both families."""
    for hour in range(24 * 7):
        at = Moment(wall=here.wall - timedelta(hours=hour), boot=here.boot - timedelta(hours=hour))
        for family in (4, 6):
            yield f"check-{hour}-{family}", family, at


def _exposures(here: Moment) -> Iterator[rows.Row]:
    for check, family, at in _checks(here):
        for port in port_list(PortList.FULL):
            cell = Exposure(
                check=check,
                echo="BENCH",
                address=ip_address("192.0.2.7" if family == 4 else "2001:db8::7"),
                port=port,
                reach=Reach.FILTERED,
                why=Why.TIMEOUT,
                took=timedelta(seconds=4),
                source=ip_address("198.51.100.20"),
                source_port=20_417,
                at=at,
            )
            yield rows.exposure_row(cell, "not_seen", None)


def _outcomes(here: Moment) -> Iterator[rows.Row]:
    for check, family, at in reversed(list(_checks(here))):
        yield rows.outcome_row(
            ReachOutcome(
                echo="BENCH",
                host="echo.example",
                family=family,
                ports=PortList.FULL,
                outcome=Outcome.CHECKED,
                check=check,
                tested=48,
                asked=at,
                at=at,
            )
        )


def _machines(here: Moment) -> Iterator[rows.Row]:
    for machine in range(MACHINES):
        yield {
            "mac": _mac(machine),
            "address": _address(machine),
            "seen_by": "arp",
            "first": rows.text(here.wall - timedelta(days=DAYS)),
            "last": rows.text(here.wall),
        }
