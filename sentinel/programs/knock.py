"""`sentinel knock`: asks the running sentinel for a check, and shows what a stranger could open."""

import time
from collections.abc import Callable

from sentinel.config import Config
from sentinel.places import Places
from sentinel.store.reading import Cell, LastCheck, opened
from sentinel.text import say
from sentinel.wire.requests import Reply, Request, Verb, ask

PATIENCE = 60.0
"""Seconds: a check takes 40 at most, and may have to wait its turn."""
QUIET = ("closed", "filtered")

Say = Callable[[str], None]


def knock(config: Config, places: Places, tell: Say) -> int:
    """Ask, wait, show.

    Returns:
        0: nothing open; 1: a door is open; 2: it could not be learnt.
    """
    before = _newest(places)
    answer = ask(places.requests, Request(verb=Verb.CHECK))
    if answer.reply is not Reply.DONE:
        tell(say(config.page.language, f"knock.{answer.reply.value}"))
        return 2
    tell(say(config.page.language, "knock.asked"))
    check = _wait(places, before)
    if check is None:
        tell(say(config.page.language, "knock.no_answer"))
        return 2
    if check.outcome != "checked" or check.check is None:
        tell(say(config.page.language, "knock.unknown", reason=check.outcome.replace("_", " ")))
        return 2
    with opened(places.store) as reader:
        cells = reader.cells_of(check.check)
    for line in _table(config, check, cells):
        tell(line)
    return int(any(cell.reach == "open" for cell in cells))


def _newest(places: Places) -> int:
    try:
        with opened(places.store) as reader:
            return max((check.number for check in reader.checks(most=1)), default=0)
    except OSError:
        return 0


def _wait(places: Places, before: int) -> LastCheck | None:
    """The first outcome written after we asked."""
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        with opened(places.store) as reader:
            newer = reader.checks(after=before)
        if newer:
            return newer[-1]
        time.sleep(0.2)
    return None


def _table(config: Config, check: LastCheck, cells: list[Cell]) -> list[str]:
    """Open and doubtful doors one by one, the rest as a count."""
    language = config.page.language
    quiet = [cell for cell in cells if cell.reach in QUIET and cell.verdict in (*QUIET, "door_closed")]
    lines = [say(language, "knock.head", address=check.address or "?", echo=check.echo)]
    for cell in cells:
        if cell in quiet:
            continue
        where = f"{cell.machine}:{cell.inside_port} ({config.labels.get(cell.mac or '') or cell.mac})"
        route = where if cell.machine else say(language, "knock.nobody")
        lines.append(f"  {cell.port:>5}  {cell.reach:<11} {cell.why:<9} {cell.verdict:<16} {route}")
    for cell in quiet:
        if cell.verdict == "door_closed":
            lines.append(f"  {cell.port:>5}  {cell.reach:<11} {cell.why:<9} {say(language, 'knock.proved')}")
    lines.append(say(language, "knock.closed", count=len(quiet), all=len(cells)))
    return lines
