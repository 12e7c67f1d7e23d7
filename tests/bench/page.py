"""How long the page takes to be made, and how large it is, over a store of half a year: every page there is."""

import time
from dataclasses import replace
from datetime import timedelta
from hashlib import sha256
from pathlib import Path
from statistics import median

from flask import Flask
from flask.testing import FlaskClient
from sqlite_utils import Database

from sentinel.clock import boot_id, now
from sentinel.config import Config
from sentinel.model.declared import View
from sentinel.model.finding import Code, Level
from sentinel.model.incident import IncidentState
from sentinel.model.verdict import Assurance, Reason, Verdict
from sentinel.places import Places
from sentinel.signals import pulse
from sentinel.signals.pulse import Pulse
from sentinel.store import reading, rows
from tests.bench import archive, purge
from tests.bench.figure import Figure
from web.app import create_app

TIMES = 9
AIM_MS = 100.0
AIM_KB = 100.0
TOKEN = "bench"
ASKED = (
    "page=50",
    "days=30",
    "days=0",
    "days=0&page=100",
    "text=198.51.7.&standing=stranger",
    "days=0&text=198.",
    "days=0&text=198.51.7.",
    "days=0&text=nobody",
)
"""What is looked for among a million connections."""
OTHER = ("/static/", "/connections.csv", "/papers/")
"""Not pages: pictures and style, a file of 20,000 rows, documents."""


def measure(
    folder: Path, connections: int = archive.CONNECTIONS, incidents: int = archive.INCIDENTS
) -> list[Figure]:
    """The slowest and the largest of all pages, each with what the others took; and the purge of all of it."""
    places = Places(lasting=folder / "page", passing=folder / "page" / "run")
    places.make()
    archive.fill(places.store, connections, incidents)
    _log_in(places.store)
    app = create_app(Config(), places, now)
    took, sizes = {}, {}
    for address in addresses(app):
        took[address], sizes[address] = _visit(_browser(app), address, places)
    size = f"{connections:,} connections, {incidents:,} incidents"
    return [
        _figure(f"the slowest page, median of {TIMES}, {size}", took, "ms", AIM_MS),
        _figure(f"the largest page, {size}", sizes, "kB", AIM_KB),
        purge.measure(places.store),
    ]


def addresses(app: Flask) -> list[str]:
    """Every page that is read: each rule for GET, with one incident where it asks for a number."""
    rules = sorted(rule.rule for rule in app.url_map.iter_rules() if "GET" in (rule.methods or ()))
    filled = [rule.replace("<int(max=999999999):number>", "40") for rule in rules]
    pages = [each for each in filled if not each.startswith(OTHER) and "<" not in each]
    return [*pages, *(f"/connections?{asked}" for asked in ASKED)]


def _visit(browser: FlaskClient, address: str, places: Places) -> tuple[float, float]:
    """Median milliseconds, and kilobytes.

    Raises:
        AssertionError: it is not answered as a page is.
    """
    took = []
    for _ in range(TIMES):
        _beat(places)
        begun = time.perf_counter()
        answer = browser.get(address)
        took.append((time.perf_counter() - begun) * 1000)
        assert answer.status_code in (200, 302, 303, 503), f"{address}: {answer.status}"
        assert answer.status_code != 503 or address == "/healthz", f"{address}: {answer.status}"
    return median(took), len(answer.get_data()) / 1000


def _browser(app: Flask) -> FlaskClient:
    browser = app.test_client()
    browser.environ_base.update({"HTTP_HOST": "sentinel.local", "HTTP_ACCEPT_LANGUAGE": "fr"})
    browser.set_cookie("sentinel_session", TOKEN)
    return browser


def _log_in(store: Path) -> None:
    database = Database(store)
    here = now().wall
    row = {
        "token": sha256(TOKEN.encode()).hexdigest(),
        "made": rows.text(here),
        "until": rows.text(here + timedelta(days=1)),
    }
    database["sessions"].insert(row)
    database.close()


def _beat(places: Places) -> None:
    """A street that lives, and tells of as many open stories as a page shows."""
    at = now()
    with reading.opened(places.store) as reader:
        told = [each for each in reader.incidents(most=50) if each.state is IncidentState.OPEN]
    reasons = tuple(
        Reason(
            code=Code.STRANGER_ASSOCIATED,
            level=Level.ALARM,
            since=replace(each.first, boot=at.boot),
            incident=each.number,
            machine=each.machine,
            mac=each.mac,
            port=each.port,
        )
        for each in told
    )
    said = Verdict(
        level=Level.ALARM, reasons=reasons, at=at, view=View.MIRROR, assurance=Assurance.B, checked=at, doors=48
    )
    pulse.write(Pulse(at=at, boot=boot_id(), started=at, verdict=said), places.pulse)


def _figure(name: str, each: dict[str, float], unit: str, aim: float) -> Figure:
    parts = sorted(each.items(), key=lambda part: -part[1])
    return Figure(name=name, value=parts[0][1], unit=unit, aim=aim, parts=tuple(parts[:6]))
