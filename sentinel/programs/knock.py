"""`sentinel knock`: asks the running sentinel for a check, shows how far it is, and what a stranger could open."""

import shutil
import sys
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime

import click

from sentinel.config import Config
from sentinel.model.exposure import CellVerdict, Outcome, PortList
from sentinel.model.passing import Progress
from sentinel.places import Places
from sentinel.programs.knocked import Terms, Tint, accused, failed, found, shared
from sentinel.reach.keys import echoes
from sentinel.reach.line import REPORT_S
from sentinel.signals import pulse
from sentinel.store.listed import Cell, LastCheck
from sentinel.store.reading import opened
from sentinel.text import say
from sentinel.wire.requests import Reply, Request, Verb, ask

TURN = REPORT_S + 15.0
"""Seconds for one echo: to be called, to draw up its plan, and to report."""
LOOK = 0.2
BAR = 10
NOTHING_OPEN, OPEN, UNKNOWN = 0, 1, 2
HARMLESS = (CellVerdict.NOT_SEEN, CellVerdict.NOT_OURS, CellVerdict.EXPECTED, CellVerdict.UNKNOWN)

Say = Callable[[str], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Screen:
    """Where the command speaks: lines that stay, one that is redrawn, and colour where there is any."""

    tell: Say
    redraw: Say | None = None
    """None: nobody watches, so nothing is redrawn."""
    tint: Tint = lambda words, _: words


def terminal() -> Screen:
    """The console; a pipe gets the lines alone."""
    if not sys.stdout.isatty():
        return Screen(tell=click.echo)
    return Screen(tell=click.echo, redraw=_redraw, tint=_tint)


def _redraw(line: str) -> None:
    width = shutil.get_terminal_size().columns - 1
    click.echo("\r" + line[:width].ljust(width) + "\r", nl=False)


def _tint(words: str, verdict: str) -> str:
    colour = {"exposed": "red", "open_all": "red", "not_seen": "green", "expected": "green"}.get(verdict, "yellow")
    return click.style(words, fg=colour, bold=colour == "red")


def knock(config: Config, places: Places, screen: Screen) -> int:
    """Ask, wait, show.

    Returns:
        0: nothing open; 1: a door is open; 2: it could not be learnt.
    """
    language = config.page.language
    asked = datetime.now(UTC)
    answer = ask(places.requests, Request(verb=Verb.CHECK))
    if answer.reply is not Reply.DONE:
        waits = answer.reply is Reply.BUSY and answer.wait_seconds
        key = "reply.wait" if waits else f"knock.{answer.reply.value}"
        screen.tell(say(language, key, count=max(1, -(-answer.wait_seconds // 60))))
        return UNKNOWN
    screen.tell(say(language, "knock.asked"))
    hosts = {echo.key_id: echo.host for echo in echoes(places.lasting)}
    checks = _wait(places, asked, answer.checks, _Meter(language, screen, hosts))
    codes = [_show(config, places, check, screen, hosts) for check in checks]
    if all(check.outcome == Outcome.NOT_OURS for check in checks):
        codes.append(UNKNOWN)  # nobody knocked anywhere
    if len(checks) < answer.checks:
        screen.tell(say(language, "knock.no_answer"))
        codes.append(UNKNOWN)
    # An open door is said whatever else could not be learnt.
    return OPEN if OPEN in codes else max(codes, default=UNKNOWN)


class _Meter:
    """The one line that is redrawn while a check runs."""

    def __init__(self, language: str, screen: Screen, hosts: Mapping[str, str]) -> None:
        self._language = language
        self._redraw = screen.redraw
        self._hosts = hosts

    def show(self, under_way: tuple[Progress, ...]) -> None:
        """How far each check is; nothing under way is an empty line."""
        if self._redraw is None:
            return
        if len(under_way) == 1:
            self._redraw(self._one(under_way[0]))
        else:  # one line holds no words for two
            self._redraw("   ".join(map(_brief, under_way)))

    def _one(self, progress: Progress) -> str:
        key = "checking.bar" if progress.of else "checking.begins"
        words = say(self._language, key, done=progress.done, of=progress.of, family=str(progress.family))
        return f"{_bar(progress, 2 * BAR)} {words} {self._hosts.get(progress.echo, '')}".rstrip()


def _brief(progress: Progress) -> str:
    return f"IPv{progress.family} {_bar(progress, BAR)} {progress.done}/{progress.of}"


def _bar(progress: Progress, width: int) -> str:
    filled = width * progress.done // progress.of if progress.of else 0
    return f"[{'#' * min(filled, width):.<{width}}]"


def _wait(places: Places, asked: datetime, wanted: int, meter: _Meter) -> list[LastCheck]:
    """The outcomes of questions that left after ours: one for each echo and family. Re-tests answer others."""
    deadline = time.monotonic() + patience(len(echoes(places.lasting)))
    newer: list[LastCheck] = []
    while time.monotonic() < deadline and len(newer) < wanted:
        time.sleep(LOOK)
        beat = pulse.read(places.pulse)
        meter.show(beat.asking if beat else ())
        with suppress(OSError), opened(places.store) as reader:  # locked, or just restarted: the next look tells
            newer = [check for check in reader.checks() if _answers(check, asked)]
    meter.show(())
    return sorted(newer, key=lambda check: (check.family, check.host))


def patience(count: int) -> float:
    """Seconds for `count` echoes: they are asked in a row, and a check under way comes first."""
    return (max(1, count) + 1) * TURN


def _answers(check: LastCheck, asked: datetime) -> bool:
    return check.asked >= asked and check.ports == PortList.FULL


def _show(config: Config, places: Places, check: LastCheck, screen: Screen, hosts: Mapping[str, str]) -> int:
    with opened(places.store) as reader:
        proofs = reader.last_proofs()
        cells = reader.cells_of(check.check) if check.check else []
    terms = Terms(
        language=config.page.language,
        echo=check.host or hosts.get(check.echo, "?"),
        labels=config.labels,
        now=datetime.now(UTC),
        tint=screen.tint,
    )
    lines, code = _told(check, cells, proofs.get((check.echo, check.family)), terms)
    for line in ("", *lines):
        screen.tell(line)
    return code


def _told(check: LastCheck, cells: list[Cell], proof: datetime | None, terms: Terms) -> tuple[list[str], int]:
    if check.outcome == Outcome.NOT_OURS:
        return shared(check, terms), NOTHING_OPEN
    if check.outcome == Outcome.CHECKED and check.check is not None:
        return found(check, cells, terms), _code({CellVerdict(cell.verdict) for cell in cells})
    lines = failed(check, proof, terms)
    accusing = [cell for cell in cells if cell.verdict not in HARMLESS]
    # What was seen open is open, whether or not the rest of the check counts.
    return ([*lines, *accused(check, accusing, terms)], OPEN) if accusing else (lines, UNKNOWN)


def _code(verdicts: set[CellVerdict]) -> int:
    if verdicts - set(HARMLESS):
        return OPEN
    return UNKNOWN if CellVerdict.UNKNOWN in verdicts or not verdicts else NOTHING_OPEN
