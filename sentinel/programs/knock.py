"""`sentinel knock`: asks the running sentinel for a check, and shows what a stranger could open."""

import time
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime

from sentinel.config import Config
from sentinel.model.exposure import CellVerdict, Outcome
from sentinel.places import Places
from sentinel.reach.keys import echoes
from sentinel.store.reading import Cell, LastCheck, opened
from sentinel.text import say
from sentinel.wire.requests import Reply, Request, Verb, ask

PATIENCE = 120.0
"""Seconds: a check takes 40 at most, and may have to wait its turn."""
NOTHING_OPEN, OPEN, UNKNOWN = 0, 1, 2

Say = Callable[[str], None]


def knock(config: Config, places: Places, tell: Say) -> int:
    """Ask, wait, show.

    Returns:
        0: nothing open; 1: a door is open; 2: it could not be learnt.
    """
    language = config.page.language
    asked = datetime.now(UTC)
    answer = ask(places.requests, Request(verb=Verb.CHECK))
    if answer.reply is not Reply.DONE:
        tell(say(language, f"knock.{answer.reply.value}"))
        return UNKNOWN
    tell(say(language, "knock.asked"))
    checks = _wait(places, asked, answer.checks)
    if len(checks) < answer.checks:
        tell(say(language, "knock.no_answer"))
        return UNKNOWN
    return max(_show(config, places, check, tell) for check in checks)


def _wait(places: Places, asked: datetime, wanted: int) -> list[LastCheck]:
    """The outcomes of questions that left after ours: one for each family."""
    deadline = time.monotonic() + PATIENCE
    newer: list[LastCheck] = []
    while time.monotonic() < deadline and len(newer) < wanted:
        time.sleep(0.2)
        with suppress(OSError), opened(places.store) as reader:  # locked, or just restarted: the next look tells
            newer = [check for check in reader.checks() if check.asked >= asked]
    return sorted(newer, key=lambda check: check.family)


def _show(config: Config, places: Places, check: LastCheck, tell: Say) -> int:
    language = config.page.language
    tell("")
    if check.outcome != Outcome.CHECKED or check.check is None:
        tell(say(language, "knock.unknown", family=check.family, reason=say(language, f"outcome.{check.outcome}")))
        return UNKNOWN
    with opened(places.store) as reader:
        cells = reader.cells_of(check.check)
    for line in _table(config, places, check, cells):
        tell(line)
    verdicts = {CellVerdict(cell.verdict) for cell in cells}
    if verdicts - {CellVerdict.NOT_SEEN, CellVerdict.EXPECTED, CellVerdict.UNKNOWN}:
        return OPEN
    return UNKNOWN if CellVerdict.UNKNOWN in verdicts else NOTHING_OPEN


def _table(config: Config, places: Places, check: LastCheck, cells: list[Cell]) -> list[str]:
    """What is not simply closed, one by one; the rest as a count."""
    language = config.page.language
    closed = [cell for cell in cells if cell.verdict == CellVerdict.NOT_SEEN]
    hosts = {echo.key_id: echo.host for echo in echoes(places.lasting)}
    return [
        say(
            language,
            "knock.head",
            family=check.family,
            address=check.address or "?",
            echo=hosts.get(check.echo, "?"),
        ),
        *(_line(config, cell) for cell in cells if cell not in closed),
        say(language, "knock.closed", closed=len(closed), all=len(cells)),
    ]


def _line(config: Config, cell: Cell) -> str:
    """Public port, verdict, why, and the machine that answered."""
    language = config.page.language
    words = [say(language, f"cell.{cell.verdict}"), say(language, f"why.{cell.why}")]
    head = f"  {cell.port:>5}  {words[0]}, {words[1]}"
    if cell.machine is None:
        return head
    label = config.labels.get(cell.mac or "")
    names = f"{label}, {cell.mac}" if label else f"{cell.mac}"
    return f"{head}  → {cell.machine}:{cell.inside_port} ({names})"
