"""What is told on the terminals of `./dev lab`: each change of what the sentinel says, what a gesture did."""

import json
import subprocess
from collections.abc import Iterator
from datetime import datetime

import click

from sentinel.clock import boot_id, now
from sentinel.model.verdict import Reason, Verdict
from sentinel.places import Places
from sentinel.signals import pulse
from sentinel.text import say

PAINTS = {
    "green": {"bg": "green", "fg": "black"},
    "yellow": {"bg": "yellow", "fg": "black"},
    "red": {"bg": "red", "fg": "bright_white"},
    "blue": {"bg": "blue", "fg": "bright_white"},
}
RHYTHMS = {"green": "lit", "yellow": "slow", "red": "fast", "blue": "double"}


class Telling:
    """Remembers what was told last."""

    def __init__(self, places: Places, language: str) -> None:
        self._places = places
        self._language = language
        self._lamp = ""
        self._reasons: list[str] = []

    def news(self) -> Iterator[str]:
        """What has changed: the lamp with the verdict's words, each reason that came (+) or went (-)."""
        verdict, lamp = self._verdict(), self._colour()
        reasons = [self._sentence(reason) for reason in verdict.reasons] if verdict else []
        at = datetime.now().astimezone().strftime("%H:%M:%S")
        if lamp != self._lamp:
            yield f"{at}  {self._head(verdict, lamp)}"
        yield from (f"{at}    + {each}" for each in reasons if each not in self._reasons)
        yield from (f"{at}    - {each}" for each in self._reasons if each not in reasons)
        self._lamp, self._reasons = lamp, reasons

    def _head(self, verdict: Verdict | None, lamp: str) -> str:
        word = verdict.level.word if verdict else "dark"
        bulb = click.style(lamp, **PAINTS[lamp]) if lamp in PAINTS else lamp
        rhythm = f", {RHYTHMS[lamp]}" if lamp in RHYTHMS else ""
        return f"lamp {bulb}{rhythm}: {say(self._language, f'lamp.{word}.word')}"

    def _sentence(self, reason: Reason) -> str:
        title = say(self._language, f"finding.{reason.code.value}.title")
        where = f" ({reason.machine}:{reason.port})" if reason.machine and reason.port else ""
        return f"{reason.level.word}: {title}{where}"

    def _verdict(self) -> Verdict | None:
        last = pulse.read(self._places.pulse)
        return last.verdict if last and pulse.is_alive(last, now(), boot_id()) else None

    def _colour(self) -> str:
        """What the simulated lamp shows, at this moment lit or not."""
        try:
            return str(json.loads(self._places.lamp.read_bytes())["colour"])
        except (OSError, ValueError, KeyError):
            return "dark"


def tell(did: str, look_for: str) -> None:
    """One sentence each."""
    click.echo(f"{did}.\n  Look for: {look_for}.")


def last_words(done: subprocess.CompletedProcess[str]) -> str:
    """The tool's own last words on why not, such as `F: Reason: Called AE Title Not Recognized`."""
    lines = [line for line in (done.stdout + done.stderr).splitlines() if line.startswith(("F: ", "E: "))]
    return lines[-1].rpartition(": ")[2].strip(" .").lower() if lines else "nothing to be had"
